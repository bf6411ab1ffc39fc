"""Lays out one table of a layout on one page: lines above, headings, rows to fill in, rows for more."""

from __future__ import annotations

from local_indicators.inputs.layouts.layout_language import sources_of
from local_indicators.inputs.layouts.pattern_words import matching_texts
from local_indicators.inputs.layouts.text_comparison import normalised_without_footnotes
from local_indicators.replies.templates.pages.cell_entries import figure_entry, is_optional, key_entry
from local_indicators.replies.templates.pages.columns import Columns, FigureColumn, KeyColumn, columns_of
from local_indicators.replies.templates.pages.heading_rows import add_headings
from local_indicators.replies.templates.pages.page_layout import Cells, Page, Style, TemplateCell, describe
from local_indicators.replies.templates.pages.planned_rows import FREE_ROW, PlannedRow, RowKey, planned_rows
from local_indicators.replies.templates.pages.row_words import words_let_in
from local_indicators.replies.templates.pages.sheet_scope import SheetScope, with_addressed_cells

FREE_ROWS = 25
"""Rows under those filled in beforehand, for further areas and periods."""
OPEN_KEYS = ("area", "period", "provenance")
"""Keys that may be overtyped in a row that is filled in beforehand."""


def build_page(scope: SheetScope, taken: set[RowKey]) -> Page:
    """Return the page of a table. `taken` are the keys of rows on earlier pages, and grows.

    Raises UsageError where a heading cannot be found that the layout reads.
    """
    scope, cells = with_addressed_cells(scope)
    columns = columns_of(scope)
    rows = planned_rows(columns, taken)
    top = _add_lines(cells, scope, asked=bool(rows))
    merged = add_headings(cells, columns, top)
    first = top + scope.depth
    asked = _add_rows(cells, columns, rows, first)
    below = asked[-1] + 1 if asked else first
    free = _add_free_rows(cells, columns, below) if scope.row_sources else []
    return Page(
        name=scope.name,
        cells=cells,
        merged=tuple(merged),
        heading_rows=(top, first - 1),
        asked=tuple(asked),
        free=tuple(free),
    )


# -- the lines above the headings -------------------------------------------------------------------------------------


def _add_lines(cells: Cells, scope: SheetScope, *, asked: bool) -> int:
    """Put the lines over the headings into `cells`; return the row at which the headings begin."""
    header = scope.table.header
    lines = [scope.request.layout.title, _instruction(scope, asked=asked)]
    lowest = max((row for row, _ in cells), default=-1)
    if header.row:
        top = header.row - 1 - header.above
        lines = lines[: max(top - 1, 0)]
    else:
        before_headings = matching_texts(header.after)[:1] if header.after else []
        top = max(len(lines) + 1, lowest + 2) + len(before_headings)
        for text in before_headings:
            cells[top - 1, 0] = TemplateCell("line", text)
    for row, line in enumerate(lines):
        if (row, 0) not in cells and not _is_misread(scope, line):
            cells[row, 0] = TemplateCell("title" if row == 0 else "line", line)
    return top


def _instruction(scope: SheetScope, *, asked: bool) -> str:
    expected, due = scope.request.expected_period, scope.request.due
    if not asked:
        period = f" for {expected}" if expected else ""
        return f"Nothing is expected on this sheet{period}. Use its rows if there is something to report."
    by = f", due {due:%-d %B %Y}" if due else ""
    period = f"Period expected: {expected}{by}. " if expected else ""
    return f"{period}Fill in the yellow cells. The pale rows under them are for anything more."


def _is_misread(scope: SheetScope, line: str) -> bool:
    """Return whether the layout would take a line for a heading or a banner."""
    header = scope.table.header
    banners = [source.banner for part in scope.table.scopes for source in sources_of(part)]
    patterns = [header.match, header.after, *banners]
    return normalised_without_footnotes(line) == normalised_without_footnotes(header.find) or any(
        pattern is not None and pattern.search(line) for pattern in patterns
    )


# -- the rows ---------------------------------------------------------------------------------------------------------


def _add_rows(cells: Cells, columns: Columns, rows: list[PlannedRow], first: int) -> list[int]:
    """Put rows into `cells`, the first in row `first`, under their banners; return the rows in which they stand."""
    asked: list[int] = []
    number = first
    banners: tuple[str, ...] = ()
    for row in rows:
        for banner in row.banners if row.banners != banners else ():
            cells[number, 0] = TemplateCell("line", banner)
            number += 1
        banners = row.banners
        _add_row(cells, columns, number, row, free=False)
        asked.append(number)
        number += 1
    return asked


def _add_free_rows(cells: Cells, columns: Columns, first: int) -> list[int]:
    """Put FREE_ROWS equal rows into `cells`, of which nothing is given; return the rows in which they stand."""
    _add_row(cells, columns, first, FREE_ROW, free=True)
    row_cells = {column: cell for (row, column), cell in cells.items() if row == first}
    numbers = list(range(first, first + FREE_ROWS))
    for number in numbers[1:]:
        cells.update({(number, column): cell for column, cell in row_cells.items()})
    return numbers


def _add_row(cells: Cells, columns: Columns, number: int, row: PlannedRow, *, free: bool) -> None:
    for column, place in columns.placed:
        if isinstance(column, FigureColumn):
            style: Style = "spare" if free or is_optional(columns, column, row) else "input"
            cells[number, place] = TemplateCell(style, None, figure_entry(columns, column, row))
        else:
            cells[number, place] = _key_cell(columns, column, row, row.prefilled.get(place), free=free)


def _key_cell(columns: Columns, key: KeyColumn, row: PlannedRow, prefilled: str | None, *, free: bool) -> TemplateCell:
    """Return the cell of a key in a row; `prefilled` is the word that it is filled in with beforehand."""
    text = prefilled
    if key.field == "identifier" and not free and row.prefilled:
        text = (row.indicator or columns.scope.indicators[0]).time_identifier
    if key.field == "test" and not free:
        text = next(iter(words_let_in(columns, key.label)), None)
    if not free and text is not None and key.field not in OPEN_KEYS:
        note = describe(row.indicator) if key.field == "indicator" and row.indicator else ""
        return TemplateCell("given", text, None, note)
    is_spare = free or (text is None and (not key.is_main or key.field == "status"))
    return TemplateCell("spare" if is_spare else "input", text, key_entry(columns, key, row, free=free))
