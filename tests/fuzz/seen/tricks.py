"""Tricks on a whole sheet: stray cells, hidden parts, contradictions, dates for periods."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from local_indicators.common.cell_references import cell_position

if TYPE_CHECKING:
    from tests.fuzz.seen.workbooks import Made

STRAY = (5310, 0.25, "1,234", 12.5, "54.1%", -3)
STRAY_CODES = ("General", "0.0%", "#,##0,", ";;;", "0")
HEADINGS = 3
"""The row of the headings."""

Trick = Callable[[Any, Any, "Made", random.Random], None]


def _stray(cell: Any, chance: random.Random) -> None:
    cell.value, cell.number_format = chance.choice(STRAY), chance.choice(STRAY_CODES)


def stray_beside(book: Any, sheet: Any, made: Made, chance: random.Random) -> None:
    _stray(sheet.cell(chance.randint(HEADINGS, sheet.max_row), sheet.max_column + chance.randint(1, 2)), chance)


def stray_below(book: Any, sheet: Any, made: Made, chance: random.Random) -> None:
    _stray(sheet.cell(sheet.max_row + chance.randint(1, 3), chance.randint(1, 5)), chance)


def stray_above(book: Any, sheet: Any, made: Made, chance: random.Random) -> None:
    _stray(sheet.cell(chance.choice((1, 2)), chance.randint(2, 5)), chance)


def heading_forgotten(book: Any, sheet: Any, made: Made, chance: random.Random) -> None:
    sheet.cell(HEADINGS, sheet.max_column).value = None


def heading_blank(book: Any, sheet: Any, made: Made, chance: random.Random) -> None:
    sheet.cell(HEADINGS, sheet.max_column).value = chance.choice((" ", "\u200b", "\u00a0"))


def hidden_row(book: Any, sheet: Any, made: Made, chance: random.Random) -> None:
    sheet.row_dimensions[chance.randint(HEADINGS + 1, sheet.max_row)].hidden = True


def hidden_column(book: Any, sheet: Any, made: Made, chance: random.Random) -> None:
    sheet.column_dimensions[get_column_letter(sheet.max_column)].hidden = True


def hidden_sheet(book: Any, sheet: Any, made: Made, chance: random.Random) -> None:
    other = book.create_sheet("Old", chance.choice((0, 1)))
    other.append(["Area", "Year", 17])
    other.sheet_state = chance.choice(("hidden", "veryHidden"))


def merged_title(book: Any, sheet: Any, made: Made, chance: random.Random) -> None:
    sheet.merge_cells(start_row=1, end_row=1, start_column=1, end_column=max(sheet.max_column, 2))


def merged_down(book: Any, sheet: Any, made: Made, chance: random.Random) -> None:
    """Two cells below each other become one, as people do with an area or a year; the second's value goes."""
    if sheet.max_row < HEADINGS + 2:
        return
    row, column = chance.randint(HEADINGS + 1, sheet.max_row - 1), chance.randint(1, sheet.max_column)
    sheet.cell(row + 1, column).value = None
    sheet.merge_cells(start_row=row, end_row=row + 1, start_column=column, end_column=column)
    made.merged[cell_position(row, column - 1)] = cell_position(row - 1, column - 1)


def row_struck(book: Any, sheet: Any, made: Made, chance: random.Random) -> None:
    row = sheet[chance.randint(HEADINGS + 1, sheet.max_row)]
    for cell in row:
        cell.font = Font(strike=True)
    made.owed.append(("a row struck out", (row[0].coordinate,)))


def other_place(book: Any, sheet: Any, made: Made, chance: random.Random) -> None:
    """A code beside the name of another place."""
    if made.kind == "coded":
        sheet["B4"] = chance.choice(("Wolverhampton", "Leicestershire", "Coventry"))
        made.owed.append(("code and name of different areas", ("A4", "B4")))


def other_year(book: Any, sheet: Any, made: Made, chance: random.Random) -> None:
    """A title of another year than the figures'."""
    if made.kind in ("share", "parts", "coded"):
        sheet["A1"] = chance.choice(("Results 2008/09", "Results, 2007/08"))
        made.owed.append(("title and column of different years", ("A1",)))


def date_for_a_period(book: Any, sheet: Any, made: Made, chance: random.Random) -> None:
    cell = _period(sheet, made)
    cell.value = datetime(2009, 10, chance.choice((1, 11, 31)))  # noqa: DTZ001
    cell.number_format = chance.choice(("mmm-yy", "yyyy/mm", "d-mmm", "yyyy"))


def number_for_a_period(book: Any, sheet: Any, made: Made, chance: random.Random) -> None:
    """A year that is a number, under a format that makes something else of it."""
    cell = _period(sheet, made)
    cell.value = chance.choice((2010, 2010, 2009.9999999999998, 2011, 40087))
    cell.number_format = chance.choice(
        ("0", "General", '0"/11"', "#,##0", '0"p"', "0,", "0%", "yyyy", "@", "00", '"FY"0', "0;;;")
    )


def _period(sheet: Any, made: Made) -> Any:
    return sheet.cell(3, 2) if made.kind == "wide" else sheet.cell(4, 3 if made.kind == "coded" else 2)


def invisible(book: Any, sheet: Any, made: Made, chance: random.Random) -> None:
    cell = sheet[chance.choice(("A4", "A3", "B3", "B4"))]
    if isinstance(cell.value, str) and not isinstance(cell.value, CellRichText):
        half = len(cell.value) // 2
        sign = chance.choice(("\u200b", "\u200e", "\u00ad", "\ufeff", "\u2060"))
        cell.value = sign + cell.value[:half] + sign + cell.value[half:]


def note_on_a_key(book: Any, sheet: Any, made: Made, chance: random.Random) -> None:
    """A raised note behind an area, a year or a heading, or a part of it struck out."""
    cell = sheet[chance.choice(("A4", "B4", "A3", "B3", "C3"))]
    if not isinstance(cell.value, str) or isinstance(cell.value, CellRichText):
        return
    made.seen[cell.coordinate] = str(cell.value)
    raised = TextBlock(InlineFont(vertAlign="superscript"), chance.choice(("1", "2", "a")))
    old = TextBlock(InlineFont(strike=True), chance.choice(("Derby", "2008/09", "1")))
    cell.value = CellRichText([cell.value, raised] if chance.random() < 0.6 else [old, " " + cell.value])


def zeros_hidden(book: Any, sheet: Any, made: Made, chance: random.Random) -> None:
    sheet.views.sheetView[0].showZeros = False


def column_style(book: Any, sheet: Any, made: Made, chance: random.Random) -> None:
    """A format of a whole column: cells that are there keep their own."""
    sheet.column_dimensions[get_column_letter(sheet.max_column)].number_format = "0.0%"


def line_in_a_name(book: Any, sheet: Any, made: Made, chance: random.Random) -> None:
    cell = sheet["B4" if made.kind == "coded" else "A4"]
    cell.value = str(cell.value).replace(" ", "\n")


TRICKS: tuple[Trick, ...] = (
    stray_beside, stray_below, stray_above, heading_forgotten, heading_blank, hidden_row, hidden_column, hidden_sheet, merged_title,
    merged_down, row_struck, other_place, other_year, date_for_a_period, number_for_a_period, invisible, note_on_a_key, zeros_hidden,
    column_style, line_in_a_name,
)  # fmt: skip
