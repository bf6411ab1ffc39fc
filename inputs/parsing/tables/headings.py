"""Finding the headings of a table on a sheet, and the blocks of rows that belong to it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from local_indicators.common.cell_references import COLUMNS, cell_position, column_letters, column_number
from local_indicators.inputs.layouts.layout_language import Header, TableLayout
from local_indicators.inputs.layouts.text_comparison import normalised, normalised_without_footnotes
from local_indicators.inputs.readers.cells import Cell, Sheet
from local_indicators.inputs.readers.heading_text import heading_text

JOIN = " | "
WIDEST_MERGE = 1000
_LETTER = re.compile(r"^\[([A-Z]{1,3})\]$")


@dataclass(frozen=True)
class Heading:
    """The heading of one column: its parts from top to bottom, where it stands, which is where the last of them does,
    and where each of them stands."""

    parts: tuple[str, ...]
    at: int
    places: tuple[int, ...] = ()

    @property
    def text(self) -> str:
        """The parts of the heading from top to bottom, joined."""
        return JOIN.join(self.parts)

    def place_of(self, sign: int) -> int:
        """Where the part stands to which a sign of the text belongs."""
        end = 0
        for part, place in zip(self.parts, self.places, strict=False):
            end += len(part) + len(JOIN)
            if sign < end:
                return place
        return self.at


@dataclass(frozen=True)
class TableBlock:
    """Headings, and the rows that may belong to them: from `first` up to and without `end`. Banners for the block may
    stand from row `begun` up to and without `top`, the first row of the headings. `sheet` is what the block may see:
    blank outside its columns, which are `within`, the first and the last."""

    sheet: Sheet
    header_at: int
    headings: Mapping[int, Heading]
    begun: int
    top: int
    first: int
    end: int
    within: tuple[int, int] = (0, COLUMNS)


def find_blocks(sheet: Sheet, table: TableLayout) -> Iterator[TableBlock]:
    """The blocks of a table on a sheet: one, or where headings repeat one for each time they come."""
    header = table.header
    seen = columns_of_table(sheet, table)
    views: dict[tuple[int, int], Sheet] = {}
    outer = table.column_range or (0, COLUMNS)
    begun, found = 0, find_header_row(seen, header)
    while found is not None:
        first = found + header.below + 1
        following = find_header_row(seen, header, first) if header.repeat else None
        end = len(seen.rows) if following is None else following - header.above
        for left, right in _across(seen.rows[found], header):
            if header.across and (left, right) not in views:
                views[left, right] = _within(seen, left, right)
            part = views.get((left, right), seen)
            headings = headings_of_row(part, header, found)
            within = max(left, outer[0]), min(right, outer[1])
            yield TableBlock(
                sheet=part,
                header_at=found,
                headings=headings,
                begun=begun,
                top=found - header.above,
                first=first,
                end=end,
                within=within,
            )
        begun, found = first, following


def columns_of_table(sheet: Sheet, table: TableLayout) -> Sheet:
    """A sheet as a table sees it: blank outside the table's columns."""
    return sheet if table.column_range is None else _within(sheet, *table.column_range)


def _across(row: list[Cell], header: Header) -> list[tuple[int, int]]:
    """The first and last column of each of the blocks side by side; one of them where they do not go across."""
    wanted = normalised_without_footnotes(header.find)
    starts = [
        column
        for column, cell in enumerate(row)
        if (
            header.match.search(heading_text(cell))
            if header.match
            else normalised_without_footnotes(heading_text(cell)) == wanted
        )
        and cell is not None
    ]
    if not header.across or not starts:
        return [(0, COLUMNS)]
    return list(zip([0, *starts[1:]], [*(start - 1 for start in starts[1:]), COLUMNS], strict=True))


def _within(sheet: Sheet, left: int, right: int) -> Sheet:
    """A sheet with nothing outside some columns; what is merged into them from the left is seen in the first."""
    rows = [[None] * left + row[left : right + 1] for row in sheet.rows]
    merged = []
    for top, first, bottom, last in sheet.merged:
        if last < left or first > right:
            continue
        if first < left and top < len(rows) and left < len(rows[top]):
            rows[top][left] = sheet.cell(top, first)
        merged.append((top, max(first, left), bottom, min(last, right)))
    return replace(sheet, rows=rows, merged=tuple(merged))


def find_header_row(sheet: Sheet, header: Header, start: int = 0) -> int | None:
    """The row, from 0, that holds what a layout looks for, at or below a row; None if there is none."""
    if header.row:
        return header.row - 1 if start < header.row <= len(sheet.rows) else None
    if header.after is not None and start == 0:
        after = next((n for n, row in enumerate(sheet.rows) if _any(row, header.after)), None)
        if after is None:
            return None
        start = after + 1
    wanted = normalised_without_footnotes(header.find)
    for number in range(start, len(sheet.rows)):
        row = sheet.rows[number]
        if header.match is not None and _any(row, header.match):
            return number
        if header.find and any(
            cell is not None and normalised_without_footnotes(heading_text(cell)) == wanted for cell in row
        ):
            return number
    return None


def _any(row: list[Cell], pattern: re.Pattern[str]) -> bool:
    return any(isinstance(cell, str) and pattern.search(cell) for cell in row)


def headings_of_row(sheet: Sheet, header: Header, found_at: int) -> dict[int, Heading]:
    """Headings by column, filled right and down through merged cells."""
    first, last = max(found_at - header.above, 0), found_at + header.below
    grid: dict[tuple[int, int], tuple[str, int]] = {}
    for row in range(first, last + 1):
        for column, cell in enumerate(sheet.rows[row] if row < len(sheet.rows) else []):
            if text := heading_text(cell):
                grid[row, column] = (text, cell_position(row, column))
    for top, left, bottom, right in sheet.merged:
        if top > last or bottom < first or (top, left) not in grid:
            continue
        for row in range(max(top, first), min(bottom, last) + 1):
            for column in range(left, min(right, left + WIDEST_MERGE) + 1):
                grid.setdefault((row, column), grid[top, left])
    if header.fill:
        _fill_right(grid, first, last)
    headings: dict[int, Heading] = {}
    for column in sorted({c for _, c in grid}):
        said = [grid[row, column] for row in range(first, last + 1) if (row, column) in grid]
        parts: dict[str, int] = {}
        for text, place in said:
            parts.setdefault(text, place)
        if parts:
            headings[column] = Heading(tuple(parts), said[-1][1], tuple(parts.values()))
    return headings if header.lead is None else _led(headings, header.lead)


def _led(headings: Mapping[int, Heading], lead: re.Pattern[str]) -> dict[int, Heading]:
    """Headings with those that lead a block of columns put above the others of their block."""
    led: dict[int, Heading] = {}
    above = Heading((), 0)
    for column, heading in headings.items():
        leads = bool(lead.search(heading.text))
        over = (
            heading if leads else Heading((*above.parts, *heading.parts), heading.at, (*above.places, *heading.places))
        )
        led[column] = over
        above = heading if leads else above
    return led


def _fill_right(grid: dict[tuple[int, int], tuple[str, int]], first: int, last: int) -> None:
    """Carry the headings of all rows but the last to the right, over cells that are blank."""
    widest = max((column for _, column in grid), default=0)
    for row in range(first, last):
        held: tuple[str, int] | None = None
        for column in range(widest + 1):
            held = grid.get((row, column), held)
            if held is not None and (last, column) in grid:
                grid.setdefault((row, column), held)


def find_headings(sheet: Sheet, table: TableLayout) -> dict[int, Heading]:
    """The headings that a table layout finds first on a sheet, by column; empty if it finds none."""
    seen = columns_of_table(sheet, table)
    row = find_header_row(seen, table.header)
    return {} if row is None else headings_of_row(seen, table.header, row)


def columns_under(headings: Mapping[int, Heading], label: str) -> list[int]:
    """The columns that a layout names: by letter as [C], by all parts of a heading, or by its last part. Footnote marks
    make a difference only where a heading fits without leaving them out."""
    if letter := _LETTER.match(label.strip()):
        return [column_number(letter[1])]
    for alike in (normalised, normalised_without_footnotes):
        wanted = alike(label)
        whole = [column for column, heading in headings.items() if alike(heading.text) == wanted]
        last = [column for column, heading in headings.items() if alike(heading.parts[-1]) == wanted]
        if whole or last:
            return whole or last
    return []


def column_name(headings: Mapping[int, Heading], column: int) -> str:
    """A column in words: its heading, or its letter where it has none."""
    return headings[column].text if column in headings else f"column {column_letters(column)}"


def is_label(cell: Cell, wanted: str) -> bool:
    """Whether a cell is the label that is wanted, as it is compared and without a colon."""
    return isinstance(cell, str) and normalised_without_footnotes(cell).rstrip(": ") == wanted


def position_beside_label(sheet: Sheet, label: str, *, under: bool = False) -> int | None:
    """The position of the first filled cell to the right of, or under, the first cell that reads a label; of the cell
    next to the label where none is filled, and None where no cell reads it."""
    wanted = normalised_without_footnotes(label).rstrip(": ")
    for row, cells in enumerate(sheet.rows):
        for column, cell in enumerate(cells):
            if not is_label(cell, wanted):
                continue
            if under:
                places = [(r, column) for r in range(row + 1, len(sheet.rows))]
            else:
                places = [(row, c) for c in range(column + 1, len(cells))]
            filled = next((place for place in places if sheet.cell(*place) is not None), None)
            return cell_position(*(filled or ((row + 1, column) if under else (row, column + 1))))
    return None


def likeliest_header_row(sheet: Sheet) -> int:
    """The row near the top that looks most like headings: the one with most text cells."""
    counts = [sum(isinstance(cell, str) for cell in row) for row in sheet.rows[:40]]
    return counts.index(max(counts)) if counts else 0
