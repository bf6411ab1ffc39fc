"""Templates of the example returns, filled in cell by cell and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from openpyxl.worksheet.worksheet import Worksheet

from local_indicators.flows.checking.validate_files import ValidationResult, validate_files
from local_indicators.flows.commands.template import template_of
from local_indicators.flows.settings import settings
from local_indicators.inputs.layouts.partner_layouts import Layout, Partner
from local_indicators.inputs.parsing.return_identification import Origin
from local_indicators.inputs.readers.cells import Cells, Sheet
from local_indicators.replies.templates.pages.page_layout import Template
from local_indicators.replies.templates.workbook.excel_workbook import write_workbook
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.observations import CheckContext
from tests.support.excel_validation import Filled, rows_to_fill

DAY = date(2011, 5, 26)
COLLECTIONS = (
    "absence", "budgets", "child-measurement", "childcare-quality", "childrens-centres", "domestic-violence",
    "foundation-stage", "key-stages", "level-2-and-3", "neet", "road-casualties", "school-inspections",
    "social-care-referrals", "substance-misuse", "year-end-facts",
)  # fmt: skip
UNDRAWN = "action-log"
"""A return whose sheet holds several tables side by side, of which no blank workbook is drawn; that is said in words."""
_made: dict[str, tuple[Template, bytes]] = {}


def made(collection: str) -> tuple[Template, bytes]:
    """The template of a shipped return, drawn once."""
    if collection not in _made:
        template = template_of(collection, settings(today=DAY))
        _made[collection] = template, write_workbook(template)
    return _made[collection]


def fill(book: Filled) -> Filled:
    """Fill in a template with what its own validations allow: every open cell of the rows that are begun, or where none
    is, of one row for each thing that it can be about."""
    for sheet in book.sheets:
        begun, free = rows_to_fill(sheet)
        for row in begun or free[:1]:
            fill_row(book, sheet, row)
    return book


def fill_row(book: Filled, sheet: Worksheet, row: int, given: str = "") -> None:
    """Fill the open cells of a row, all but the one that is given. Where parts must make their total, all are 0."""
    cells = [cell for cell in sheet[row] if not cell.protection.locked and cell.coordinate != given]
    for _ in range(3):  # a drop-down may wait for another cell
        for cell in cells:
            if cell.value is None and (words := book.words(sheet, cell.coordinate)):
                cell.value = words[0]
    for cell in cells:
        if cell.value is not None:
            continue
        first = (0,) if sheet.title in ("Centres", "Inspections") else ()
        for value in (
            (*first, 50, 100, 25, 10_000, 0.5, 1, 0, 3) if book.rule(sheet, cell.coordinate) else ("as stated",)
        ):
            cell.value = value
            if book.allows(sheet, cell.coordinate):
                break
        assert book.allows(sheet, cell.coordinate), f"{sheet.title}!{cell.coordinate} takes no value"


def cells_of(book: Filled) -> Cells:
    """The workbook as the reader gives it, without writing and reading a file for every value tried."""
    sheets = []
    for sheet in book.sheets:
        rows = [list(row) for row in sheet.iter_rows(values_only=True)]
        while rows and not any(value is not None for value in rows[-1]):
            rows.pop()
        merged = tuple((m.min_row - 1, m.min_col - 1, m.max_row - 1, m.max_col - 1) for m in sheet.merged_cells.ranges)
        sheets.append(Sheet(sheet.title, rows, merged))
    return Cells("xlsx", tuple(sheets))


def with_row(cells: Cells, sheet: Worksheet, row: int) -> Cells:
    """One sheet's cells with one row as it stands in the workbook now."""
    (held,) = cells.sheets
    now = [cell.value for cell in sheet[row]]
    return Cells("xlsx", (replace(held, rows=[*held.rows[: row - 1], now, *held.rows[row:]]),))


def alone(layout: Layout, cells: Cells, name: str) -> tuple[Layout, Cells]:
    """One sheet, and the layout of what lies on it."""
    tables = tuple(table for table in layout.says.table if table.takes_sheet(name))
    sheets = tuple(sheet for sheet in cells.sheets if sheet.name == name)
    return replace(layout, says=replace(layout.says, table=tables)), Cells("xlsx", sheets)


def numbers_of(template: Template) -> list[float]:
    """Numbers around everything that is a limit of some indicator of a return, and some that are nobody's limit."""
    ends = {0.0, 100.0, *(end for indicator in template.indicators for end in indicator.range)}
    around = {end + step for end in ends for step in (-1, -0.001, 0, 0.001, 1)}
    return sorted({*around, 0.5, 1.5, 50})


def put_row(sheet: Worksheet, row: int, values: Sequence[Any]) -> None:
    for cell, value in zip(sheet[row], values, strict=True):
        cell.value = value


def judged(content: bytes, partners: Mapping[str, Partner], definitions: Definitions, folder: str) -> ValidationResult:
    origin = Origin(folder, f"{folder}/Book1.xlsx", DAY)
    ((one,),) = validate_files([(origin, lambda: content)], partners, definitions, CheckContext(DAY))
    return one
