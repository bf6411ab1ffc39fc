"""Rows of a text table that have more fields than the table has headings, and values with which such a text ends."""

from __future__ import annotations

import re
from collections.abc import Sequence

from local_indicators.common.cell_references import COLUMNS, address_of_position, cell_position, position_of_address
from local_indicators.inputs.parsing.tables.finding_notes import FindingNotes
from local_indicators.inputs.parsing.tables.headings import TableBlock
from local_indicators.inputs.parsing.tables.value_cells import Row
from local_indicators.inputs.readers.cells import Cell, Cells, Sheet
from local_indicators.inputs.readers.heading_text import heading_text
from local_indicators.schemas.findings import Finding, make_finding
from local_indicators.schemas.observations import MEASURES

_FIRST = re.compile(r"-?£?[1-9]\d{0,2}")
_REMARKS = re.compile(r"\b(?:foot)?notes?\b|\bcomments?\b|\bremarks?\b|\bcaveats?\b", re.I)
"""Headings of columns that hold words: of what looks like 5,200 without quotation marks, 200 is no remark."""
_REST = re.compile(r"\d{3}(?:\.\d+)?")


class SurplusFields:
    """The fields of the rows of one block. In a text table a sign too many moves all that follows it to the right, so
    nothing that a row of too many fields says can be believed."""

    def __init__(self, cells: Cells, sheet: Sheet, block: TableBlock, notes: FindingNotes) -> None:
        self._sheet, self._notes = sheet, notes
        heads = sheet.rows[block.top : block.first]
        self._most = max((_count(sheet, block.top + at) for at in range(len(heads))), default=0)
        self._remarks = any(
            _REMARKS.search(heading_text(sheet.cell(row, self._most - 1))) for row in range(block.top, block.first)
        )
        self._written = max(map(len, heads), default=0)
        self._counts = cells.kind == "csv" and self._most > 0

    def too_many(self, number: int) -> bool:
        """Whether a row has more fields than there are headings, which is noted on its cells. Blank fields at its end
        are none, unless two fields before them look like one number that its comma has divided."""
        if not self._counts:
            return False
        row, count = self._sheet.rows[number], _count(self._sheet, number)
        pairs = [column for column in range(len(row) - 1) if _is_divided(row[column], row[column + 1])]
        if self._remarks and count == self._most and count - 2 in pairs:
            return self._note_divided(number, count - 2)
        divided = len(row) > self._written and bool(pairs)
        if count <= self._most and not divided:
            return False
        filled = [column for column, cell in enumerate(row) if cell is not None]
        cells = [
            address_of_position(cell_position(number, c)) for c in sorted(filled, key=lambda c: (c < self._most, c))
        ]
        fields = row[: max(count, len(row) if divided else 0)]
        found = f"{len(fields)} fields: {' | '.join(map(heading_text, fields))}"
        most = self._written if divided and count <= self._most else self._most
        expected = f"{most} fields, one under each heading; the row could not be judged"
        self._notes.add("layout.too-many-fields", position_of_address(cells[0]), "row", found, expected, cells)
        return True

    def _note_divided(self, number: int, column: int) -> bool:
        filled = [c for c, cell in enumerate(self._sheet.rows[number]) if cell is not None]
        cells = [
            address_of_position(cell_position(number, c))
            for c in sorted(filled, key=lambda c: (c not in (column, column + 1), c))
        ]
        parts = [heading_text(cell) for cell in self._sheet.rows[number][column : column + 2]]
        expected = f'"{",".join(parts)}" in quotation marks if it is one number; the row could not be judged'
        self._notes.add(
            "layout.too-many-fields", position_of_address(cells[0]), "row", " | ".join(parts), expected, cells
        )
        return True


def _is_divided(cell: Cell, other: Cell) -> bool:
    """Whether two fields side by side look like the parts of a number such as 5,200."""
    return bool(isinstance(cell, str) and isinstance(other, str) and _FIRST.fullmatch(cell) and _REST.fullmatch(other))


def _count(sheet: Sheet, number: int) -> int:
    """The fields of a row up to the last that holds something."""
    row = sheet.rows[number]
    return next((column + 1 for column in range(len(row) - 1, -1, -1) if row[column] is not None), 0)


def find_cut_off_figure(cells: Cells, rows: Sequence[Row]) -> list[Finding]:
    """The finding on a figure with which a text ends in the middle of its last row; none where no figure does."""
    if cells.ended:
        return []
    sheet = cells.sheets[0]
    number = len(sheet.rows) - 1
    last = cell_position(number, _count(sheet, number) - 1)
    field = next((name for row in rows for name in MEASURES if row[f"at_{name}"] == last), "")
    if not field:
        return []
    found = sheet.rows[number][last % COLUMNS]
    expected = f"{max(map(len, sheet.rows))} fields in the row, or a line end behind it"
    return [
        make_finding(
            "cell.may-be-cut",
            sheet=sheet.name,
            cells=[address_of_position(last)],
            field=field,
            found=found,
            expected=expected,
        )
    ]
