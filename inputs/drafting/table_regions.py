"""Where the tables of a sheet are: rows of headings, and the rows of figures below them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from local_indicators.common.cell_references import column_letters
from local_indicators.inputs.drafting.cell_kinds import Kind, kind_of
from local_indicators.inputs.layouts.layout_language import Header
from local_indicators.inputs.layouts.text_comparison import normalised_without_footnotes
from local_indicators.inputs.parsing.tables.headings import Heading, headings_of_row
from local_indicators.inputs.readers.cells import Sheet
from local_indicators.inputs.readers.heading_text import heading_text

MOST_HEADING_ROWS = 8
MOST_TABLES = 12
"""Tables of one sheet that are looked for."""
_SAMPLE = 12
"""Rows of figures that say where the values of a table stand."""


@dataclass(frozen=True, eq=False)
class TableRegion:
    """A table as it lies on a sheet, all counted from 0. `header_at` is the row of headings that is looked for, with
    `above` and `below` further rows of them; `figures` are the rows that hold figures; `columns` are the first and the
    last. `fill`: upper headings stand once over several columns without being merged. `repeat`: the same headings come
    again further down; `across`: further right. `shared`: the sheet has other tables beside this one."""

    sheet: Sheet
    header_at: int
    above: int
    below: int
    figures: tuple[int, ...]
    columns: tuple[int, int]
    fill: bool = False
    repeat: bool = False
    across: bool = False
    shared: bool = False

    @property
    def first(self) -> int:
        """The first row below the headings."""
        return self.header_at + self.below + 1

    @property
    def last(self) -> int:
        """The last row of figures."""
        return self.figures[-1]

    @property
    def top(self) -> int:
        """The first row of the headings."""
        return self.header_at - self.above

    @property
    def letters(self) -> str:
        """The columns as the layout writes them: A:F."""
        return f"{column_letters(self.columns[0])}:{column_letters(self.columns[1])}"

    @cached_property
    def headings(self) -> dict[int, Heading]:
        """The headings by column, as the parser reads them."""
        header = Header(row=self.header_at + 1, above=self.above, below=self.below, fill=self.fill)
        every = headings_of_row(self.sheet, header, self.header_at)
        return {column: one for column, one in every.items() if self.columns[0] <= column <= self.columns[1]}


class SheetKinds:
    """The kinds of the cells of a sheet, and where headings that are merged are seen."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.kinds: list[list[Kind]] = [[kind_of(cell) for cell in row] for row in sheet.rows]
        self.measures = [[c for c, kind in enumerate(row) if kind == "number"] for row in self.kinds]
        self._covered: dict[int, set[int]] = {}
        self.titles: set[int] = set()
        wide = max(map(len, sheet.rows), default=0)
        for top, left, bottom, right in sheet.merged:
            if top >= len(self.kinds) or not self.is_words(top, left):
                continue
            if right - left + 1 >= max(3, 0.8 * wide):
                self.titles.add(top)
            for row in range(top, min(bottom, top + MOST_HEADING_ROWS) + 1):
                self._covered.setdefault(row, set()).update(range(left, min(right, left + 500) + 1))

    def kind(self, row: int, column: int) -> Kind:
        """The kind of a cell; blank beyond the sheet."""
        line = self.kinds[row] if 0 <= row < len(self.kinds) else []
        return line[column] if column < len(line) else "blank"

    def is_words(self, row: int, column: int) -> bool:
        """Whether a cell holds what a heading may: words, a year or a day."""
        return self.kind(row, column) in ("text", "year", "date")

    def heads(self, row: int, column: int) -> bool:
        """Whether a heading is seen in a cell, be it one that is merged over it."""
        return self.is_words(row, column) or column in self._covered.get(row, ())

    def is_blank(self, row: int) -> bool:
        """Whether nothing stands in a row."""
        return all(kind == "blank" for kind in self.kinds[row])

    def filled(self, row: int) -> list[int]:
        """The columns of a row that hold something."""
        return [column for column, kind in enumerate(self.kinds[row]) if kind != "blank"]


def find_regions(sheet: Sheet) -> list[TableRegion]:
    """The tables of a sheet from top to bottom, at most MOST_TABLES; none where nothing looks like headings over
    figures."""
    kinds = SheetKinds(sheet)
    regions: list[TableRegion] = []
    start = 0
    while len(regions) < MOST_TABLES and (region := _next_region(kinds, start)) is not None:
        start = region.last + 1
        if regions and _same_headings(regions[-1], region):
            before = regions.pop()
            rows = before.figures + region.figures
            columns = min(before.columns[0], region.columns[0]), max(before.columns[1], region.columns[1])
            region = replace(before, figures=rows, columns=columns, repeat=True)
        regions.append(region)
    return [part for region in regions for part in _side_by_side(kinds, replace(region, shared=len(regions) > 1))]


def _same_headings(before: TableRegion, after: TableRegion) -> bool:
    """Whether two tables have the same rows of headings, so that they are blocks of one."""

    def said(region: TableRegion) -> list[str]:
        row = region.sheet.rows[region.header_at]
        return [normalised_without_footnotes(heading_text(cell)) for cell in row]

    one, other = said(before), said(after)
    return (before.above, before.below) == (after.above, after.below) and bool(one) and _trimmed(one) == _trimmed(other)


def _trimmed(words: list[str]) -> list[str]:
    while words and not words[-1]:
        words = words[:-1]
    return words


def _next_region(kinds: SheetKinds, start: int) -> TableRegion | None:
    """The first table that begins at or below a row."""
    for row in range(start, len(kinds.kinds)):
        if not kinds.measures[row]:
            continue
        rows = _rows_of_figures(kinds, row, row + _SAMPLE * 3)[:_SAMPLE]
        valued = _value_columns(kinds, rows)
        heading = _heading_rows(kinds, row, start, valued)
        if heading is not None:
            top, bottom = heading
            return _region(kinds, top, bottom, row, valued)
    return None


def _rows_of_figures(kinds: SheetKinds, first: int, end: int) -> list[int]:
    return [row for row in range(first, min(end, len(kinds.kinds))) if kinds.measures[row]]


def _value_columns(kinds: SheetKinds, rows: Sequence[int]) -> list[int]:
    """The columns in which rows hold numbers, those of at least a few of the rows."""
    counted: dict[int, int] = {}
    for row in rows:
        for column in kinds.measures[row]:
            counted[column] = counted.get(column, 0) + 1
    often = [column for column, times in counted.items() if times * 4 >= len(rows)]
    return sorted(often or counted)


def _heading_rows(kinds: SheetKinds, figures: int, start: int, valued: Sequence[int]) -> tuple[int, int] | None:
    """The first and the last row of the headings over some columns; None where nothing stands over most of them."""
    above = range(figures - 1, max(start, figures - 2 * MOST_HEADING_ROWS) - 1, -1)
    bottom = next((row for row in above if _covers(kinds, row, valued) >= 0.6 and row not in kinds.titles), None)
    if bottom is None:
        return None
    top = bottom
    for row in range(bottom - 1, max(start, bottom - MOST_HEADING_ROWS) - 1, -1):
        if kinds.measures[row] or row in kinds.titles:
            break
        if kinds.is_blank(row):
            if row - 1 < start or not _is_upper(kinds, row - 1, valued) or _covers(kinds, row - 1, valued) < 0.5:
                break
            continue
        if not _is_upper(kinds, row, valued):
            break
        top = row
    return top, bottom


def _covers(kinds: SheetKinds, row: int, valued: Sequence[int]) -> float:
    """The share of some columns over which a heading is seen in a row."""
    return sum(kinds.heads(row, column) for column in valued) / len(valued)


def _is_upper(kinds: SheetKinds, row: int, valued: Sequence[int]) -> bool:
    """Whether a row may be an upper one of several rows of headings: words over the columns of values, and not a title
    that only begins there."""
    if row in kinds.titles or kinds.measures[row]:
        return False
    filled = [column for column in kinds.filled(row) if kinds.is_words(row, column)]
    over = [column for column in filled if valued[0] <= column <= valued[-1]]
    if not over or any(len(heading_text(kinds.sheet.cell(row, column))) > 120 for column in filled):
        return False
    return len(filled) > 1 or over[0] > 0


def _region(kinds: SheetKinds, top: int, bottom: int, row: int, valued: list[int]) -> TableRegion:
    """The table below some rows of headings: it ends above the next headings of the sheet."""
    figures: list[int] = []
    for at in range(row, len(kinds.kinds)):
        if kinds.measures[at] and any(column in valued for column in kinds.measures[at]):
            figures.append(at)
        elif figures and _begins_headings(kinds, at, valued):
            break
    figures = _without_straggling(kinds, figures)
    filled = {c for at in (*range(top, bottom + 1), *figures[:200]) for c in kinds.filled(at)}
    rows = range(top, bottom + 1)
    main = max(rows, key=lambda at: (len({heading_text(kinds.sheet.cell(at, c)) for c in kinds.filled(at)}), at))
    merged = {area[0] for area in kinds.sheet.merged if area[3] > area[1]}
    fill = any(_is_open(kinds, at, bottom, valued) for at in range(top, bottom) if at not in merged)
    within = _marked_rows(kinds, figures)
    return TableRegion(
        sheet=kinds.sheet,
        header_at=main,
        above=main - top,
        below=bottom - main,
        figures=tuple(within),
        columns=(min(filled), max(filled)),
        fill=fill,
    )


def _marked_rows(kinds: SheetKinds, figures: list[int]) -> list[int]:
    """Rows of figures, and the rows between them that hold marks in their place."""
    known = set(figures)
    return [
        row
        for row in range(figures[0], figures[-1] + 1)
        if row in known or (any(kind in ("mark", "year") for kind in kinds.kinds[row]) and len(kinds.filled(row)) > 1)
    ]


def _without_straggling(kinds: SheetKinds, figures: list[int]) -> list[int]:
    """Rows of figures without those far below the table, such as a note with a number in it."""
    for place in range(len(figures) - 1, 0, -1):
        gap = range(figures[place - 1] + 1, figures[place])
        alone = len(figures) - place <= 2 and len(kinds.measures[figures[place]]) < len(kinds.measures[figures[0]])
        if sum(kinds.is_blank(row) for row in gap) >= 1 and alone:
            return figures[:place]
        if len(figures) - place > 2:
            break
    return figures


def _begins_headings(kinds: SheetKinds, row: int, valued: Sequence[int]) -> bool:
    """Whether a row below figures heads another table: words over most columns of values, and numbers soon below."""
    if kinds.measures[row] or len(kinds.filled(row)) < 2:
        return False
    seen = sum(kinds.is_words(row, column) for column in valued)
    many = seen >= 2 or (len(valued) == 1 and seen == 1)
    words = sum(kinds.kind(row, column) == "text" for column in valued) or _is_run_of_years(kinds, row, valued)
    below = any(kinds.measures[at] for at in range(row + 1, min(row + 6, len(kinds.kinds))))
    return many and bool(words) and below


def _is_run_of_years(kinds: SheetKinds, row: int, valued: Sequence[int]) -> bool:
    years = [heading_text(kinds.sheet.cell(row, c)) for c in valued if kinds.kind(row, c) == "year"]
    return len(years) > 1 and len(set(years)) == len(years) and years in (sorted(years), sorted(years, reverse=True))


def _is_open(kinds: SheetKinds, row: int, bottom: int, valued: Sequence[int]) -> bool:
    """Whether a heading of an upper row stands over columns that it is not merged over."""
    seen = [column for column in valued if kinds.heads(row, column)]
    open_to_right = [column for column in valued if seen and column > seen[0] and not kinds.heads(row, column)]
    return any(kinds.heads(bottom, column) for column in open_to_right) and row < bottom


def _side_by_side(kinds: SheetKinds, region: TableRegion) -> Iterator[TableRegion]:
    """The tables that stand side by side in one region: each with a heading for its rows and values of its own."""
    rows = (*range(region.top, region.header_at + region.below + 1), *region.figures[:60])
    used = {column for row in rows for column in kinds.filled(row)}
    parts: list[tuple[int, int]] = []
    for column in range(region.columns[0], region.columns[1] + 1):
        if column in used:
            if parts and parts[-1][1] == column - 1:
                parts[-1] = parts[-1][0], column
            else:
                parts.append((column, column))
    parts = _joined(kinds, region, parts)
    if len(parts) < 2:
        yield region
        return
    firsts = {normalised_without_footnotes(heading_text(kinds.sheet.cell(region.header_at, left))) for left, _ in parts}
    if len(firsts) == 1 and "" not in firsts:
        yield replace(region, across=True, columns=parts[0])
        return
    for left, right in parts:
        figures = [row for row in region.figures if any(left <= c <= right for c in kinds.measures[row])]
        yield replace(region, figures=tuple(figures), columns=(left, right), shared=True)


def _is_name(kinds: SheetKinds, row: int, column: int) -> bool:
    """Whether a cell names something, as a place or a month does; an interval typed as text does not."""
    text = heading_text(kinds.sheet.cell(row, column))
    return kinds.kind(row, column) in ("text", "date") and sum(sign.isalpha() for sign in text) > 2


def _joined(kinds: SheetKinds, region: TableRegion, parts: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Groups of columns, those joined to the group on their left that cannot be tables of their own."""
    joined: list[tuple[int, int]] = []
    for left, right in parts:
        sample = region.figures[:30]
        numbers = any(left < c <= right for row in sample for c in kinds.measures[row])
        names = sum(_is_name(kinds, row, left) for row in sample)
        if joined and not (numbers and names * 2 >= len(sample) and kinds.heads(region.header_at, left)):
            joined[-1] = joined[-1][0], right
        else:
            joined.append((left, right))
    return joined
