"""What became of the cells of a sheet that is read: so that no number on it vanishes in silence.

While a table is read, each block notes the columns it knows and the rows it leaves out, and by which key of the layout.
What is then in none of them and in no finding is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from local_indicators.common.cell_references import COLUMNS, address_of_position, cell_position, column_letters
from local_indicators.inputs.parsing.cell_values.numbers import read_number
from local_indicators.inputs.readers.cells import Cell, FormattedNumber, Sheet
from local_indicators.inputs.readers.heading_text import heading_text
from local_indicators.schemas.findings import Finding, cells_of_finding, make_finding
from local_indicators.schemas.observations import MEASURES

KEYS = {
    "only": "row left out by `only`",
    "skip": "row left out by `skip`",
    "stop": "row that ends the table (`stop`)",
    "hidden_rows": "hidden row left out by `hidden_rows`",
    "ignore": "column left out by `ignore`",
    "ignore_cells": "left out by `ignore_cells`",
    "below": "below a blank row",
    "read": "column that the layout reads for what it says of a row",
    "cell": "cell that the layout reads for what it says of a table",
    "heading": "heading",
    "banner": "banner",
    "note": "note",
}
"""What becomes of cells that hold no figure, by the key of the layout or the part of the table, in words."""
_PLACES = ("at_indicator", "at_area", "at_period", "at_breakdown", *(f"at_{name}" for name in MEASURES))
SHOWN = 40
"""Ranges of cells that one finding lists."""


@dataclass(frozen=True)
class TableBody:
    """The rows of one block: its headings from `top`, its figures from `first` up to and without `end`. Of the columns
    from `left` to `right` the table knows some, and leaves out those `ignored`."""

    top: int
    first: int
    end: int
    left: int
    right: int
    known: frozenset[int]
    ignored: frozenset[int]


@dataclass
class CellAccount:
    """What the tables that read one sheet say of its cells."""

    bodies: list[TableBody] = field(default_factory=list)
    left: dict[int, str] = field(default_factory=dict)
    aside: list[tuple[int, int, int, int]] = field(default_factory=list)
    cells: dict[int, str] = field(default_factory=dict)
    counting: dict[int, bool] = field(default_factory=dict)

    def leave(self, row: int, key: str) -> None:
        """Note that a row is left out by a key of the layout."""
        self.left.setdefault(row, key)

    def last_end(self, row: int) -> int:
        """The row below the last block that ends above a row; 0 where there is none."""
        return max((body.end for body in self.bodies if body.end <= row), default=0)

    def body_at(self, row: int, column: int) -> TableBody | None:
        """The block whose rows and columns a cell is among."""
        return next((b for b in self.bodies if b.first <= row < b.end and b.left <= column <= b.right), None)

    def reason(self, sheet: Sheet, row: int, column: int) -> str:
        """By which key of the layout, or as what part of a table, a cell is left out; blank if by none."""
        cell = sheet.cell(row, column)
        if (place := cell_position(row, column)) in self.cells:
            return self.cells[place]
        if any(top <= row <= bottom and left <= column <= right for top, left, bottom, right in self.aside):
            return "ignore_cells"
        for body in self.bodies:
            if not body.left <= column <= body.right:
                continue
            if body.first <= row < body.end:
                if row in self.left:
                    return self.left[row]
                if column in body.ignored:
                    return "ignore"
                if column in body.known:
                    return "read"
            elif body.top <= row < body.first and self._may_head(sheet, row, cell):
                return "heading"
        return self.left.get(row, "") if self.left.get(row) in ("below", "banner", "stop") else ""

    def _may_head(self, sheet: Sheet, row: int, cell: Cell) -> bool:
        """Whether a number can be a heading: a year, or one of a row that counts its columns, which is asked of a row
        once."""
        number = _whole(cell)
        if number is None:
            return False
        if row not in self.counting:
            self.counting[row] = _counts_columns(sheet.rows[row])
        return self.counting[row] or 1900 <= number <= 2100 or 190_001 <= number <= 210_099


def _counts_columns(row: Sequence[Cell]) -> bool:
    """Whether the whole numbers of a row count its columns: 1, 2, 3 and so on."""
    counted = [n for one in row if one is not None and (n := _whole(one)) is not None]
    return len(counted) > 1 and counted[0] in (0, 1) and counted == list(range(counted[0], counted[0] + len(counted)))


def _whole(cell: Cell) -> int | None:
    number = cell.number if isinstance(cell, FormattedNumber) else cell
    if isinstance(number, str):
        return int(number) if number.isdecimal() and len(number) < 9 else None
    return int(number) if isinstance(number, (int, float)) and float(number).is_integer() else None


def find_unaccounted_numbers(sheet: Sheet, account: CellAccount, findings: Sequence[Finding]) -> list[Finding]:
    """A finding for each part of a sheet that holds numbers which no table read and no finding names."""
    named: set[int] | None = None
    groups: dict[tuple[str, int], list[int]] = {}
    for row, column, cell in _outside(sheet, account):
        if account.reason(sheet, row, column):
            continue
        if not is_number(cell) and not (_is_hidden_number(cell) and account.body_at(row, column)):
            continue
        if named is None:
            named = {place for one in findings for name, place in cells_of_finding(one) if name == sheet.name}
        if (place := cell_position(row, column)) not in named:
            groups.setdefault(_where(account, row, column), []).append(place)
    return [_finding(sheet, where, column, cells) for (where, column), cells in groups.items()]


def _outside(sheet: Sheet, account: CellAccount) -> Iterator[tuple[int, int, Cell]]:
    """The filled cells that stand in no column that a block knows."""
    for number, row in enumerate(sheet.rows):
        within = [b.known for b in account.bodies if b.first <= number < b.end]
        known: frozenset[int] = frozenset().union(*within) if len(within) > 1 else within[0] if within else frozenset()
        for column, cell in enumerate(row):
            if cell is not None and column not in known:
                yield number, column, cell


def is_number(cell: Cell) -> bool:
    """Whether a person sees a number in a cell, be it one with a decimal comma; or would, if its format did not hide
    it."""
    if isinstance(cell, FormattedNumber):
        return True
    reading = read_number(cell.lstrip(" %") if isinstance(cell, str) else cell, "as given", {})
    return reading is not None and (reading.value is not None or reading.rule == "cell.decimal-comma")


def _is_hidden_number(cell: Cell) -> bool:
    """Whether a cell holds a number that is hidden, such as <5. Such a sign beside figures is one of them; in a key
    below the table it is none."""
    reading = (
        read_number(cell, "as given", {}) if isinstance(cell, str) and cell.lstrip()[:1] in tuple("<>≤≥") else None
    )
    return reading is not None and reading.rule is None


def _where(account: CellAccount, row: int, column: int) -> tuple[str, int]:
    if account.body_at(row, column) is not None:
        return "unheaded", column
    if any(b.first <= row < b.end for b in account.bodies):
        return "beside", -1
    if any(b.top <= row < b.first for b in account.bodies):
        return "heading", -1
    return ("above" if any(row < b.top for b in account.bodies) else "below"), -1


_SAYS = {
    "beside": "beside the table",
    "heading": "in the rows of the headings",
    "above": "above the headings",
    "below": "below the table",
}


def _finding(sheet: Sheet, where: str, column: int, cells: Sequence[int]) -> Finding:
    first = [heading_text(sheet.cell(*divmod(place, COLUMNS))) or "hidden by its format" for place in cells[:3]]
    says = f"under no heading in column {column_letters(column)}" if where == "unheaded" else _SAYS[where]
    many = f"{len(cells)} number{'' if len(cells) == 1 else 's'}"
    return make_finding(
        "layout.number-unread",
        sheet=sheet.name,
        cells=list(address_ranges(cells))[:SHOWN],
        field="cells",
        found=f"{many} {says}: {', '.join(first)}{', ...' if len(cells) > 3 else ''}",
        expected="numbers only where the template has a place for them",
    )


def address_ranges(cells: Iterable[int]) -> Iterator[str]:
    """Cells by position as addresses, those below each other joined: B4:B9."""
    by_column = sorted((place % COLUMNS, place // COLUMNS) for place in cells)
    run: list[tuple[int, int]] = []
    for column, row in by_column:
        if run and (column, row) != (run[-1][0], run[-1][1] + 1):
            yield _range(run)
            run = []
        run.append((column, row))
    if run:
        yield _range(run)


def _range(run: Sequence[tuple[int, int]]) -> str:
    (column, first), (_, last) = run[0], run[-1]
    return (
        address_of_position(cell_position(first, column))
        if first == last
        else f"{address_of_position(cell_position(first, column))}:{address_of_position(cell_position(last, column))}"
    )


def find_struck_out_cells(sheet: Sheet, rows: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    """A finding for each row of a sheet that was read although cells of it have a line through them."""
    used = {
        row[name]
        for row in rows
        if row["sheet"] == sheet.name
        for name in _PLACES
        if row[name] is not None and divmod(row[name], COLUMNS) in sheet.struck
    }
    by_row: dict[int, list[int]] = {}
    for place in sorted(used):
        by_row.setdefault(place // COLUMNS, []).append(place)
    for cells in by_row.values():
        typed = ", ".join(heading_text(sheet.cell(*divmod(place, COLUMNS))) for place in cells)
        expected = "figures that count, without a line through them"
        addresses = [address_of_position(place) for place in cells]
        yield make_finding("cell.struck-out", sheet=sheet.name, cells=addresses, found=typed, expected=expected)
