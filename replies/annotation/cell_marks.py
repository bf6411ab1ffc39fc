"""From findings to what a copy shows of them: the lines of its list, the colours of cells and their comments.

Runs on untrusted bytes, so only in the child process.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, product
from typing import Any

from local_indicators.common.cell_references import COLUMNS, position_of_address
from local_indicators.replies.annotation.findings_sheet import MAX_LINES, CellRange, FindingLine
from local_indicators.replies.annotation.sheet_edits.sheet_edit_plan import Place

MAX_COLOURED = 100_000
"""Cells that are coloured; a workbook with more of them has one cause for them."""
MAX_COMMENTED = 50
"""Cells of one finding that are commented; all are coloured."""
FindingRecord = Mapping[str, Any]
"""A finding as JSON has it, with the keys `says`, `period` and `title` besides."""
_LINE_KEYS = ("period", "severity", "says", "found", "expected", "fix", "rule", "title")


@dataclass
class SheetMarks:
    """What is marked on one sheet: the severity of each coloured cell, and the texts of comments."""

    colours: dict[Place, str] = field(default_factory=dict)
    comments: dict[Place, list[str]] = field(default_factory=dict)


def finding_lines(
    findings: Iterable[FindingRecord], sheets: Sequence[str], aliases: Mapping[str, str]
) -> list[FindingLine]:
    """Return findings as lines, in the order in which an owner works through the workbook.

    First what is wrong with the whole of it, then sheet by sheet, row by row, cell by cell. `sheets` are the sheets of
    the copy in order, `aliases` their names by those that findings use, where these differ.
    """
    order = {name: number for number, name in enumerate(sheets)}
    lines = [_line(finding, order, aliases) for finding in findings]

    def place(line: FindingLine) -> tuple[int, int, int, bool, str]:
        sheet, cells = line.ranges[0] if line.ranges else (line.sheet or "", (-1, -1, -1, -1))
        return (order.get(sheet, -1), cells[0], cells[1], line.severity != "error", line.rule)

    return sorted(lines, key=place)


def _line(finding: FindingRecord, order: Mapping[str, int], aliases: Mapping[str, str]) -> FindingLine:
    own_sheet = finding["sheet"]
    ranges = [_cell_range(address, own_sheet, order, aliases) for address in finding["cells"]]
    return FindingLine(
        sheet=aliases.get(own_sheet, own_sheet) if own_sheet else None,
        ranges=tuple(cells for cells in ranges if cells is not None),
        addresses=tuple(finding["cells"]),
        **{key: finding[key] for key in _LINE_KEYS},
    )


def _cell_range(
    address: str, own_sheet: str | None, order: Mapping[str, int], aliases: Mapping[str, str]
) -> tuple[str, CellRange] | None:
    """Return the sheet of the copy and the cells that an address of a finding names.

    `'Other sheet'!B2` is on another sheet. None where it names no cells of the copy.
    """
    sheet, separator, cells = address.rpartition("!")
    unquoted = sheet[1:-1] if sheet.startswith("'") and sheet.endswith("'") else sheet
    names = [unquoted, unquoted.replace("''", "'")] if separator else [own_sheet or ""]
    copied = next((alias for name in names if (alias := aliases.get(name, name)) in order), None)
    corners = [position_of_address(corner) for corner in cells.split(":")]
    if copied is None or not 1 <= len(corners) <= 2 or corners[0] is None or corners[-1] is None:
        return None
    (top, left), (bottom, right) = divmod(corners[0], COLUMNS), divmod(corners[-1], COLUMNS)
    return copied, (min(top, bottom), min(left, right), max(top, bottom), max(left, right))


def marks_by_sheet(lines: Sequence[FindingLine], notes: list[str]) -> dict[str, SheetMarks]:
    """Return what is marked on each sheet; `notes` gets a sentence where not all cells can be coloured."""
    marks: dict[str, SheetMarks] = {}
    room = MAX_COLOURED
    for line in lines[:MAX_LINES]:
        for number, (sheet, cells) in enumerate(line.ranges):
            sheet_marks = marks.setdefault(sheet, SheetMarks())
            colours = sheet_marks.colours
            for place in islice(_places(cells), room):
                room -= place not in colours
                if colours.get(place) != "error":
                    colours[place] = line.severity
            if number < MAX_COMMENTED and cells[:2] in colours:
                comment = _comment(line, is_first=number == 0)
                sheet_marks.comments.setdefault((cells[0], cells[1]), []).append(comment)
    if room <= 0:
        notes.append(f"Only the first {MAX_COLOURED:,} cells are coloured; every finding is listed above.")
    return marks


def _places(cells: CellRange) -> Iterator[Place]:
    return product(range(cells[0], cells[2] + 1), range(cells[1], cells[3] + 1))


def _comment(line: FindingLine, *, is_first: bool) -> str:
    """Return the comment on the first cell of a finding, or on one of its others."""
    if not is_first:
        return f"{line.says} See {line.addresses[0]}.\nWhat to do: {line.fix}"
    parts = [
        line.says,
        f"Found: {line.found}" if line.found else "",
        f"Expected: {line.expected}" if line.expected else "",
    ]
    return "\n".join([*(part for part in parts if part), f"What to do: {line.fix}"])
