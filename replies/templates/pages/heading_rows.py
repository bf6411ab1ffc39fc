"""The rows of headings of a template's sheet: each heading in its place, with a note that says what it means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from local_indicators.inputs.layouts.pattern_words import matching_texts
from local_indicators.inputs.layouts.text_comparison import normalised_without_footnotes
from local_indicators.inputs.parsing.tables.headings import JOIN
from local_indicators.replies.templates.pages.columns import Column, Columns, FigureColumn, KeyColumn
from local_indicators.replies.templates.pages.page_layout import Area, Cells, TemplateCell, describe

KEYS_TITLE = "What the figure is about"
STATUS_NOTE = (
    "p provisional, r revised, e estimated. Where there is no figure, leave it blank and say why here: c confidential, "
    "x not available, z not applicable, low rounds to nought."
)
KEY_NOTES = {
    "area": "The full name of an area, or its code.",
    "status": STATUS_NOTE,
    "indicator": "Which figure the row gives.",
    "period": "The period that the figure is for.",
    "provenance": "reported, or illustrative where a figure is invented.",
    "identifier": "The kind of period.",
}
MAX_DESCRIBED = 4
"""Indicators that the note on a heading describes."""


def add_headings(cells: Cells, columns: Columns, top: int) -> list[Area]:
    """Put the headings of all columns into `cells`, from row `top` down; return the areas to merge."""
    scope = columns.scope
    marked_row, last_row = top + scope.table.header.above, top + scope.depth - 1
    merged: list[Area] = []
    is_marked = False
    for column, number in columns.placed:
        parts, note = _heading(column)
        first = marked_row if len(parts) == 1 else last_row + 1 - len(parts)
        lowest = first + len(parts) - 1
        for row, part in enumerate(parts, start=first):
            cells[row, number] = TemplateCell("heading", part, note=note if row == lowest else "")
            is_marked = is_marked or (row == marked_row and _marks_headings(columns, part))
        if first > top and isinstance(column, KeyColumn) and len(parts) == 1:
            cells[top, number] = TemplateCell("heading", KEYS_TITLE)
        if lowest < last_row:
            merged.append((lowest, number, last_row, number))
    if not is_marked and not scope.table.header.row:
        _add_marking_heading(cells, columns, marked_row)
    return merged + _merge_alike(cells, range(top, last_row), merged)


def _heading(column: Column) -> tuple[tuple[str, ...], str]:
    """Return the headings of a column from top to bottom, and the note on the lowest."""
    if isinstance(column, FigureColumn):
        note = "\n".join(describe(indicator) for indicator in column.indicators[:MAX_DESCRIBED])
        if column.spec.heading.startswith("["):
            return (column.indicators[0].title if column.indicators else column.spec.measure,), note
        return column.headings, note
    label = column.field.capitalize() if column.label.startswith("[") else column.label
    return tuple(part.strip() for part in label.split(JOIN)), _key_note(column)


def _key_note(key: KeyColumn) -> str:
    return KEY_NOTES.get(key.field, f"Which part: {key.field}." if key.source is not None else "")


def _marks_headings(columns: Columns, text: str) -> bool:
    """Return whether a text is what the layout looks for to find the row of headings."""
    header = columns.scope.table.header
    return (
        bool(header.match.search(text))
        if header.match
        else normalised_without_footnotes(text) == normalised_without_footnotes(header.find)
    )


def _add_marking_heading(cells: Cells, columns: Columns, row: int) -> None:
    """Put what the layout looks for into the row of headings, where no column is headed so."""
    header = columns.scope.table.header
    text = header.find or next(iter(matching_texts(header.match) if header.match else []), "")
    by_letter = next((number for column, number in columns.placed if column.number is not None), None)
    beside = max(number for _, number in columns.placed) + 1
    cells[row, beside if by_letter is None else by_letter] = TemplateCell("heading", text)


def _merge_alike(cells: Cells, rows: range, merged: Sequence[Area]) -> list[Area]:
    """Take out of `cells` equal headings that lie beside the first of them; return the areas to merge."""
    areas: list[Area] = []
    for row in rows:
        for group in _equal_neighbours(cells, row):
            reaches_down = any(area[0] == row and area[1] in group for area in (*merged, *areas))
            if len(group) > 1 and not reaches_down:
                areas.append((row, group[0], row, group[-1]))
                for number in group[1:]:
                    del cells[row, number]
    return areas


def _equal_neighbours(cells: Cells, row: int) -> Iterator[list[int]]:
    """Yield the numbers of columns side by side whose headings in a row are equal, together."""
    headings = {number: cell.text for (r, number), cell in cells.items() if r == row and cell.style == "heading"}
    group: list[int] = []
    for number in sorted(headings):
        if group and (number != group[-1] + 1 or headings[number] != headings[group[-1]]):
            yield group
            group = []
        group.append(number)
    if group:
        yield group
