"""Sheets as calamine reads them, with what it does not tell put in its place.

calamine gives blanks for error values and for formulas that were never calculated, knows no hidden rows, and may show
what lies under a merged cell. The scanners of each format (xlsx, xls, xlsb) find those; here they are joined.
Runs on untrusted bytes, so only in the child process (inputs.sandbox.child_process).
"""

from __future__ import annotations

import io
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from math import isfinite

import python_calamine as calamine

from local_indicators.inputs.readers.appearance.number_formats import (
    DAY_ZERO,
    LAST_DAY,
    always_changes_what_is_seen,
    round_to_fifteen_digits,
    shows_day,
    shows_number_itself,
)
from local_indicators.inputs.readers.appearance.rich_text import TextRun, read_runs
from local_indicators.inputs.readers.cells import Area, Cell, ErrorValue, FormattedNumber, Sheet, Uncalculated
from local_indicators.inputs.readers.refusals import (
    MOST_COLUMNS,
    SizeBounds,
    refuse_damaged,
    refuse_encrypted,
    refuse_too_many_cells,
)
from local_indicators.inputs.readers.size_limits import clear_merged_cells

ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!",
          0x2A: "#N/A", 0x2B: "#GETTING_DATA"}  # fmt: skip
"""Error values by the code that the binary formats hold ([MS-XLS] 2.5.10)."""
HIDDEN = ";;;"
"""A number format that shows nothing."""
DAY_ZERO_1904 = datetime.fromisoformat("1904-01-01")
DAY = 86_400


@dataclass
class SheetParser:
    """What the scanner of a format found on one sheet; positions count from 0. `rows` and `columns` are how far the
    cells that hold something reach. `formats` are the positions of cells by the number format that may show them as
    something else, `texts` what is read of cells with formatting inside, `struck` the cells struck out as a whole."""

    name: str
    hidden: bool = False
    marks: dict[tuple[int, int], ErrorValue | Uncalculated | str] = field(default_factory=dict)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    merged: list[Area] | None = None
    formats: dict[str, array[int]] = field(default_factory=dict)
    texts: dict[tuple[int, int], str] = field(default_factory=dict)
    struck: set[tuple[int, int]] = field(default_factory=set)
    hides_zeros: bool = False
    day_zero: datetime = DAY_ZERO
    rows: int = 0
    columns: int = 0

    def reach(self, row: int, column: int) -> None:
        """Note that the sheet reaches at least this far."""
        self.rows, self.columns = max(self.rows, row + 1), max(self.columns, column + 1)

    def format(self, row: int, column: int, code: str) -> None:
        """Note that a number format may show a cell as something else than its number."""
        if code not in self.formats:
            self.formats[code] = array("q")
        self.formats[code].append(row * MOST_COLUMNS + column)

    def read_as(self, row: int, column: int, runs: Sequence[TextRun]) -> None:
        """Note what is read of a text with fonts inside, whatever the font of its cell."""
        reading = read_runs(runs)
        if any(run.told for run in runs):
            self.texts[row, column] = reading.text
        (self.struck.add if reading.struck else self.struck.discard)((row, column))


def open_workbook(content: bytes) -> calamine.CalamineWorkbook:
    """A workbook that calamine opens. Raises Refused."""
    try:
        return calamine.load_workbook(io.BytesIO(content))
    except calamine.PasswordError:
        refuse_encrypted()
    except (calamine.CalamineError, calamine.ZipError, calamine.XmlError, OSError) as error:
        if "password" in str(error).lower():
            refuse_encrypted()
        refuse_damaged()


def build_sheet(
    book: calamine.CalamineWorkbook, index: int, scan: SheetParser, bounds: SizeBounds, before: int
) -> tuple[Sheet, int]:
    """A sheet by its place in the book, whole and begun at A1, and the cells counted with it. Raises Refused."""
    refuse_too_many_cells(bounds, scan.rows, scan.columns, before, sheet=scan.name)
    try:
        found = book.get_sheet_by_index(index)
        end = found.end or (-1, -1)
        total = refuse_too_many_cells(
            bounds, max(end[0] + 1, scan.rows), max(end[1] + 1, scan.columns), before, sheet=scan.name
        )
        rows: list[list[Cell]] = [[_cell(value) for value in row] for row in found.to_python(skip_empty_area=False)]
        merged = scan.merged
        if merged is None:
            merged = [(a[0], a[1], b[0], b[1]) for a, b in found.merged_cell_ranges or ()]
    except (calamine.CalamineError, calamine.ZipError, calamine.XmlError, OSError):
        refuse_damaged()
    for (row, column), mark in scan.marks.items():
        _place(rows, row, column, mark)
    replace_by_appearance(rows, scan)
    clear_merged_cells(rows, merged, bounds, scan.name)
    hidden_rows, hidden_columns = frozenset(scan.hidden_rows), frozenset(scan.hidden_columns)
    struck = frozenset(scan.struck)
    return Sheet(
        name=scan.name,
        rows=rows,
        merged=tuple(merged),
        hidden=scan.hidden,
        hidden_rows=hidden_rows,
        hidden_columns=hidden_columns,
        struck=struck,
    ), total


def _cell(value: object) -> Cell:
    """What calamine gives as we keep it; a number too large to be one is an error, and never a blank."""
    if type(value) is float:
        return as_excel_keeps(value)
    return None if value == "" else value  # type: ignore[return-value]


def as_excel_keeps(number: float) -> float | ErrorValue:
    """A number as Excel keeps it; one too large to be one is an error."""
    return round_to_fifteen_digits(number) if isfinite(number) else ErrorValue("#NUM!")


def replace_by_appearance(rows: list[list[Cell]], scan: SheetParser) -> None:
    """Put what is seen in the place of texts with formatting inside, and of numbers that a format shows otherwise."""
    for (row, column), text in scan.texts.items():
        if row < len(rows) and column < len(rows[row]) and isinstance(rows[row][column], str):
            rows[row][column] = text or None
    for code, positions in scan.formats.items():
        never = always_changes_what_is_seen(code)
        for position in positions:
            row, column = divmod(position, MOST_COLUMNS)
            line = rows[row] if row < len(rows) else []
            if column >= len(line):
                continue
            value = line[column]
            line[column] = (
                FormattedNumber(value, code)
                if never and type(value) is float
                else apply_number_format(value, code, scan.day_zero)
            )
    if scan.hides_zeros:
        for line in rows:
            for column, value in enumerate(line):
                if type(value) in (int, float) and value == 0:
                    line[column] = FormattedNumber(0.0, HIDDEN)


def apply_number_format(value: Cell | time | timedelta, code: str, day_zero: datetime = DAY_ZERO) -> Cell:
    """What a number format makes of a value: a day, the number itself, or what the number is shown as. What calamine
    takes for a day or time need not be one, and the other way round."""
    if isinstance(value, datetime):
        number = (value - day_zero).total_seconds() / DAY
    elif isinstance(value, time):
        number = (datetime.combine(DAY_ZERO, value) - DAY_ZERO).total_seconds() / DAY
    elif isinstance(value, timedelta):
        number = value.total_seconds() / DAY
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        number = float(value)
    else:
        return value
    if shows_day(number, code):
        is_day = isinstance(value, (int, float)) and 1 <= number <= LAST_DAY
        return day_zero + timedelta(days=number) if is_day else _unless_number(value, code)
    number = round_to_fifteen_digits(number)
    return number if shows_number_itself(number, code) else FormattedNumber(number, code)


def _unless_number(value: Cell | time | timedelta, code: str) -> Cell:
    return FormattedNumber(float(value), code) if isinstance(value, (int, float)) else value  # type: ignore[return-value]


def _place(rows: list[list[Cell]], row: int, column: int, mark: ErrorValue | Uncalculated | str) -> None:
    while len(rows) <= row:
        rows.append([])
    rows[row].extend([None] * (column + 1 - len(rows[row])))
    rows[row][column] = mark
