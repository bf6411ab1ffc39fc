"""Random workbooks: small returns of which some cells show something else than they hold."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import openpyxl
from openpyxl.cell.cell import Cell
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from tests.seen.partner import AREAS, KINDS, Kind

PLAIN = (
    "General",
    "0",
    "0.0",
    "0.00",
    "#,##0",
    "#,##0.0",
    "@",
    "0.00E+00",
    "£#,##0.00",
    "[$£-809]#,##0",
    "000",
    "#",
    '_-* #,##0.0_-;-* #,##0.0_-;_-* "-"??_-;_-@_-',
    "#,##0.0_);(#,##0.0)",
    "+0.0;-0.0;0.0",
    "[Blue]0.0",
    "0.0;-0.0",
)
"""Formats that show the number itself."""
PERCENT = ("0%", "0.0%", "0.00%", "0.0%;-0.0%", "0.0%;(0.0%)", "[Red]0.0%", "0.0 %")
OTHERS = ("#,##0,", "#,##0.0,", "0.0,,", '0.0"k"', '0.0"m"', '0" pupils"', '0.0" %"', '0.0"%"', '0"p"', '"<"0', '0",000"',
          ";;;", "0;-0;;@", "0.0;;", '[<5]"c";0', "[>=1000]#,##0,\"k\";0", "[Red]0;[Red]0", "0;0", "dd/mm/yyyy", "mmm-yy",
          "d-mmm", "h:mm", "# ?/?", "# ??/??", "?/?", "# ?/8", '"about "0', '0"-9"', '0"/10"', "0\\.000", "#,##0 \"thousand\"",
          '"n/a"', "0.0_-;[=0]\"-\";0.0", '0"r"', '0"*"')  # fmt: skip
TEXTS = ("0,541", "54,1", "1,234", "1.234,5", "54.1%", "£1,234", "(12)", "410\n395", "5\u200b4.1", "\u200e31", "1\u00a0234",
         "1 234", "<5", "c", "x", "12.3p", "12.3*", "45²", "about 50", "12 3", "5.2k", "-3.5", "−3.5", "1e3", "5-1", "", " ")  # fmt: skip
WAYS = ("plain", "percent", "other", "text", "dust", "rich", "struck", "blank")
WILD, MILD = (30, 14, 26, 10, 6, 8, 3, 3), (50, 25, 0, 0, 10, 10, 3, 2)
STRAY = (5310, 0.25, "1,234", 12.5)


@dataclass
class Made:
    """A workbook, the return it answers, what a person sees in cells whose text is formatted inside, by address,
    the tricks in it."""

    name: str
    kind: str
    content: bytes
    seen: dict[str, str] = field(default_factory=dict)
    tricks: set[str] = field(default_factory=set)
    mild: bool = False


def make(seed: int) -> Made:
    """The random workbook of a seed."""
    chance = random.Random(seed)  # noqa: S311
    kind = chance.choice(list(KINDS))
    made = Made(f"{kind}_{seed:06d}.xlsx", kind, b"", mild=chance.random() < 0.5)
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Figures"
    _table(sheet, KINDS[kind], made, chance)
    for trick in chance.sample(TRICKS, chance.choice((0, 0, 1, 1, 2))):
        trick(book, sheet, made, chance)
        made.tricks.add(trick.__name__.strip("_").replace("_", " "))
    whole = io.BytesIO()
    book.save(whole)
    made.content = whole.getvalue()
    return made


def _table(sheet: Any, kind: Kind, made: Made, chance: random.Random) -> None:
    sheet["A1"] = chance.choice(("Return", "Figures of the council", "Return, second edition"))
    sheet.append([])
    sheet.append(list(kind.headings))
    for code, name in chance.sample(AREAS, chance.randint(1, 4)):
        key = [code, name, kind.year] if kind.headings[0] == "Code" else [name, kind.year]
        sheet.append(key[: kind.figures[0]])
        for column in kind.figures:
            _figure(sheet.cell(sheet.max_row, column + 1), kind, made, chance)


def _figure(cell: Cell, kind: Kind, made: Made, chance: random.Random) -> None:
    """Fill a cell with a figure, plain or as one of the tricks."""
    value: float = round(chance.uniform(1, 99), chance.choice((0, 1, 1, 2)))
    way = chance.choices(WAYS, MILD if made.mild else WILD)[0]
    made.tricks.add(way)
    if way in ("plain", "struck"):
        cell.value, cell.number_format = value * chance.choice((1, 1, -1)), chance.choice(PLAIN)
        cell.font = Font(strike=way == "struck")
    elif way == "percent":
        cell.value, cell.number_format = value / 100 * chance.choice((1, 1, 1, 100)), chance.choice(PERCENT)
    elif way == "other":
        cell.value = chance.choice((value, round(value), value * 1000, round(value) * 1_000_000, 0, 3, -value))
        cell.number_format = chance.choice(OTHERS)
    elif way == "text":
        cell.value = chance.choice(TEXTS) or None
    elif way == "dust":
        cell.value = chance.choice((28.999999999999996, 100.00000000000001, 12.299999999999999, -1.4e-14, 0.1 + 0.2))
        cell.number_format = chance.choice(("General", "0.0", "0"))
    elif way == "rich":
        _rich(cell, value, made, chance)


def _rich(cell: Cell, value: float, made: Made, chance: random.Random) -> None:
    """A text of which a part is a note or withdrawn; what a person sees is kept beside."""
    shown = f"{value:g}"
    note, old = InlineFont(vertAlign=chance.choice(("superscript", "subscript"))), InlineFont(strike=True)
    mark = TextBlock(note, chance.choice(("1", "2", "(a)", "1,2", "r")))
    parts: list[Any] = [shown, mark]
    if chance.random() < 0.4:
        parts = [TextBlock(old, f"{value + 7:g}"), TextBlock(InlineFont(), chance.choice(("", " ")) + shown)]
    elif chance.random() < 0.3:
        parts = [shown + "%", mark]
        shown += "%"
    cell.value = CellRichText(parts)
    made.seen[cell.coordinate] = shown


# -- tricks on the sheet


def _stray_beside(book: Any, sheet: Any, made: Made, chance: random.Random) -> None:
    sheet.cell(chance.randint(4, sheet.max_row), sheet.max_column + chance.randint(1, 2), chance.choice(STRAY))


def _stray_below(book: Any, sheet: Any, made: Made, chance: random.Random) -> None:
    sheet.cell(sheet.max_row + chance.randint(2, 3), chance.randint(1, 4), chance.choice(STRAY))


def _stray_above(book: Any, sheet: Any, made: Made, chance: random.Random) -> None:
    sheet.cell(chance.choice((1, 2)), chance.randint(2, 5), chance.choice(STRAY))


def _heading_forgotten(book: Any, sheet: Any, made: Made, chance: random.Random) -> None:
    sheet.cell(3, sheet.max_column).value = None


def _hidden_row(book: Any, sheet: Any, made: Made, chance: random.Random) -> None:
    sheet.row_dimensions[chance.randint(4, sheet.max_row)].hidden = True


def _hidden_column(book: Any, sheet: Any, made: Made, chance: random.Random) -> None:
    sheet.column_dimensions[get_column_letter(sheet.max_column)].hidden = True


def _hidden_sheet(book: Any, sheet: Any, made: Made, chance: random.Random) -> None:
    other = book.create_sheet("Old")
    other.append(["Area", "Year", 17])
    other.sheet_state = "hidden"


def _merged_title(book: Any, sheet: Any, made: Made, chance: random.Random) -> None:
    sheet.merge_cells(start_row=1, end_row=1, start_column=1, end_column=max(sheet.max_column, 2))


def _row_struck(book: Any, sheet: Any, made: Made, chance: random.Random) -> None:
    for cell in sheet[chance.randint(4, sheet.max_row)]:
        cell.font = Font(strike=True)


def _other_place(book: Any, sheet: Any, made: Made, chance: random.Random) -> None:
    """A code beside the name of another place."""
    if sheet["A3"].value == "Code":
        sheet["B4"] = "Wolverhampton"


def _date_for_a_period(book: Any, sheet: Any, made: Made, chance: random.Random) -> None:
    cell = sheet.cell(3, 2) if made.kind == "wide" else sheet.cell(4, 3 if made.kind == "coded" else 2)
    cell.value, cell.number_format = datetime(2009, 10, chance.choice((1, 11))), "mmm-yy"  # noqa: DTZ001


def _zero_width(book: Any, sheet: Any, made: Made, chance: random.Random) -> None:
    sheet["A4"] = "\u200b" + str(sheet["A4"].value) + "\ufeff"


def _zeros_hidden(book: Any, sheet: Any, made: Made, chance: random.Random) -> None:
    sheet.views.sheetView[0].showZeros = False


TRICKS: tuple[Callable[[Any, Any, Made, random.Random], None], ...] = (
    _stray_beside, _stray_below, _stray_above, _heading_forgotten, _hidden_row, _hidden_column, _hidden_sheet,
    _merged_title, _row_struck, _other_place, _date_for_a_period, _zero_width, _zeros_hidden,
)  # fmt: skip
