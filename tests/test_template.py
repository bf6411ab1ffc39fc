"""Templates: what may be typed into one is what the check accepts, and its stamp tells whose it is."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from flows.checking import check_files
from flows.cli import main
from flows.judging import judge
from flows.settings import settings
from flows.templates import template_of
from inputs.cells import Cells, Sheet
from inputs.identify import Origin
from inputs.layouts import Layout, Partner, load_partners
from inputs.parse import parse
from inputs.read import read
from inputs.replies.template import Template
from inputs.replies.template_book import write
from inputs.stamps import NOTES_SHEET, TEMPLATE, VERSION, stamp_of, stamped
from schemas.checks import check
from schemas.definitions import Definitions
from schemas.findings import Finding
from schemas.tables import Context
from tests.makers import PARTNER, write_partner
from tests.workbooks import Filled, rows_to_fill

DAY = date(2011, 5, 26)
COLLECTIONS = (
    "absence", "budgets", "child-measurement", "childcare-quality", "childrens-centres", "domestic-violence",
    "foundation-stage", "key-stages", "level-2-and-3", "neet", "road-casualties", "school-inspections",
    "social-care-referrals", "substance-misuse", "year-end-facts",
)  # fmt: skip
ROWS_TOGETHER = {"key.duplicate", "companion.missing", "area.replaced"}
"""Rules that no cell's validation can know of."""
NO_MARKS = ("about 50", "12 or so", "#N/A", "-")
TEXTS = ("c", "x", "Z", "low", "..", "*", "<5", "n/a", *NO_MARKS)
_made: dict[str, tuple[Template, bytes]] = {}


def made(collection: str) -> tuple[Template, bytes]:
    """The template of a shipped return, drawn once."""
    if collection not in _made:
        template = template_of(collection, settings(today=DAY))
        _made[collection] = template, write(template)
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
    """Fill the open cells of a row, all but the one that is given."""
    cells = [cell for cell in sheet[row] if not cell.protection.locked and cell.coordinate != given]
    for _ in range(3):  # a drop-down may wait for another cell
        for cell in cells:
            if cell.value is None and (words := book.words(sheet, cell.coordinate)):
                cell.value = words[0]
    for cell in cells:
        if cell.value is not None:
            continue
        for value in (50, 100, 10_000, 0.5, 1, 0, 3) if book.rule(sheet, cell.coordinate) else ("as stated",):
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
    ends = {0.0, 100.0, *(end for one in template.indicators for end in one.range)}
    around = {end + step for end in ends for step in (-1, -0.001, 0, 0.001, 1)}
    return sorted({*around, 0.5, 1.5, 50})


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_template_filled_in_is_accepted(
    collection: str, partners: Mapping[str, Partner], definitions: Definitions
) -> None:
    template, content = made(collection)
    filled = fill(Filled(content)).saved()
    owner = template.occasion.layout.partner
    origin = Origin(owner, f"{owner}/a name that says nothing.xlsx", template.occasion.horizon)
    ((one,),) = judge([(origin, lambda: filled)], partners, definitions, Context(template.occasion.horizon))
    assert (one.status, one.collection, one.findings) == ("accepted", collection, ())
    assert one.rows > 0


def test_every_shipped_return_is_tried(partners: Mapping[str, Partner]) -> None:
    assert sorted(c.id for p in partners.values() for c in p.says.collection) == sorted(COLLECTIONS)


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_what_a_cell_allows_is_what_the_check_accepts(collection: str, definitions: Definitions) -> None:
    template, content = made(collection)
    book = fill(Filled(content))
    tried: list[tuple[str, Any, bool]] = []
    parsed = []
    for sheet in book.sheets:
        layout, cells = alone(template.occasion.layout, cells_of(book), sheet.title)
        for row, address, value in trials(book, sheet, numbers_of(template)):
            allowed = all(book.allows(sheet, cell.coordinate) for cell in sheet[row])
            tried.append((f"{sheet.title}!{address}", value, allowed))
            parsed.append(parse(with_row(cells, sheet, row), layout, template.file_name))
    checked = check([table for table, _ in parsed], definitions, Context(template.occasion.horizon))
    differ = []
    for (where, value, allowed), (_, shape), rest in zip(tried, parsed, checked, strict=True):
        against = [f for f in (*shape, *rest) if f.is_error and f.rule not in ROWS_TOGETHER]
        if allowed is bool(against):
            differ.append((where, value, allowed, [(f.rule, f.cell, f.expected) for f in against]))
    assert not differ
    assert {allowed for _, _, allowed in tried} == {True, False}


def trials(book: Filled, sheet: Worksheet, numbers: Sequence[float]) -> Iterator[tuple[int, str, Any]]:
    """Every value worth trying in every kind of cell of a sheet: row, address and value, while the value stands there.
    Where other cells depend on a cell they are filled in again."""
    begun, free = rows_to_fill(sheet)
    kinds = {tuple(str(book.rule(sheet, c.coordinate)) for c in sheet[row]): row for row in begun}
    for row in [*kinds.values(), *(free[:1] if begun else [])]:
        held = [cell.value for cell in sheet[row]]
        fill_row(book, sheet, row)
        before = [cell.value for cell in sheet[row]]
        for cell in [c for c in sheet[row] if not c.protection.locked and book.rule(sheet, c.coordinate)]:
            for value in values_to_try(book, sheet, cell.coordinate, numbers):
                cell.value = value
                if book.allows(sheet, cell.coordinate) and decides(book, sheet, cell.coordinate):
                    put_row(sheet, row, [value if one is cell else None for one in sheet[row]])
                    fill_row(book, sheet, row, cell.coordinate)
                yield row, cell.coordinate, value
                put_row(sheet, row, before)
        put_row(sheet, row, held)


def put_row(sheet: Worksheet, row: int, values: Sequence[Any]) -> None:
    for cell, value in zip(sheet[row], values, strict=True):
        cell.value = value


def decides(book: Filled, sheet: Worksheet, address: str) -> bool:
    """Whether what may be typed into other cells of the row depends on a cell."""
    column, row = re.fullmatch(r"([A-Z]+)(\d+)", address).groups()  # type: ignore[union-attr]
    rules = [book.rule(sheet, cell.coordinate) for cell in sheet[int(row)] if cell.coordinate != address]
    return any(rule is not None and re.search(rf"=\${column}\d+\)\*", rule.formula1 or "") for rule in rules)


def values_to_try(book: Filled, sheet: Worksheet, address: str, numbers: Sequence[float]) -> list[Any]:
    """Values around the limits of any indicator, and what people type instead of a number; the ends and the middle of a
    drop-down, and what is not in it."""
    rule, words = book.rule(sheet, address), book.words(sheet, address)
    assert rule is not None
    if words is not None:
        chosen = [*words[:4], words[len(words) // 2], *words[-3:]]
        return [*chosen, *(("Mottingham", "last year", "after-school clubs") if rule.showErrorMessage else ())]
    scale = 100 if sheet[address].number_format.endswith("%") else 1
    # Where marks have a column of their own, a cell for numbers takes nothing else.
    return [*(number / scale for number in numbers), *(TEXTS if rule.type == "custom" else NO_MARKS)]
