"""A template filled in with legal values, to check that its layout reads it before anybody is sent it."""

from __future__ import annotations

from collections.abc import Mapping

from local_indicators.inputs.readers.cells import Cell, Cells, Sheet
from local_indicators.replies.templates.entries.allowed_entries import (
    AnyText,
    Choice,
    DependentEntry,
    FixedEntry,
    Number,
)
from local_indicators.replies.templates.pages.page_layout import Page, Template

WHOLE_SHARE = 100.0
"""A share of all, in per cent."""


def filled_in(template: Template) -> Cells:
    """Return the cells that a sender would send who filled in the template as it says."""
    return Cells("xlsx", tuple(_filled_sheet(page) for page in template.pages))


def _filled_sheet(page: Page) -> Sheet:
    """Return a page with every row filled in that waits for figures; without any, with free rows for each indicator."""
    width = max(column for _, column in page.cells) + 1
    free = page.free[: max(_case_count(page), 0 if page.asked else 1)]
    lines_above = (row for row, _ in page.cells if row < page.heading_rows[0])
    last = max((*page.asked, *free, page.heading_rows[1], *lines_above))
    rows: list[list[Cell]] = [[None] * width for _ in range(last + 1)]
    for (row, column), cell in page.cells.items():
        if row <= last and row not in page.free:
            rows[row][column] = cell.text
    for row in page.asked:
        _fill_row(page, row, 0, rows[row])
    for number, row in enumerate(free if not page.asked else ()):
        _fill_row(page, row, number, rows[row])
    return Sheet(page.name, rows, page.merged)


def _case_count(page: Page) -> int:
    """Return how many free rows it takes to give each indicator of a page once."""
    entries = [cell.entry for (row, _), cell in page.cells.items() if page.free and row == page.free[0]]
    return max((len(entry.cases) for entry in entries if isinstance(entry, DependentEntry)), default=1)


def _fill_row(page: Page, row: int, case: int, values: list[Cell]) -> None:
    """Fill one row; a key on which other entries depend takes its word with the number `case`."""
    entries = {column: cell.entry for (r, column), cell in sorted(page.cells.items()) if r == row}
    key_columns = {entry.key_column for entry in entries.values() if isinstance(entry, DependentEntry)}
    fixed: dict[int, FixedEntry] = {}
    for column in sorted(entries, key=lambda column: column not in key_columns):
        entry = entries[column]
        if isinstance(entry, DependentEntry):
            entry = dict(entry.cases)[str(values[entry.key_column])]
        if entry is None or values[column] is not None:
            continue
        fixed[column] = entry
        if isinstance(entry, Choice):
            values[column] = entry.words[case if column in key_columns else 0] if entry.words else None
        elif isinstance(entry, AnyText):
            values[column] = "as stated"
    _fill_numbers(fixed, values)


def _fill_numbers(entries: Mapping[int, FixedEntry], values: list[Cell]) -> None:
    """Fill the numbers of a row: the lowest allowed, or the middle of shares, which makes complements agree, and where
    negative ones are; quotients agree."""
    numbers = {column: entry for column, entry in entries.items() if isinstance(entry, Number)}
    for column, number in numbers.items():
        is_share = number.low == 0 and number.high * number.factor == WHOLE_SHARE
        middle = (max(number.low, -1e6) + min(number.high, 1e6)) / 2
        value = middle if number.low < 0 or is_share else number.low
        values[column] = float(round(value * number.factor)) / number.factor if number.whole else value
    for column, number in numbers.items():
        quotient = number.quotient
        if quotient is not None and column == quotient.value:
            filled = values[column]
            share = filled if isinstance(filled, float) else number.low
            count = round(1000 * (share * number.factor / quotient.per))
            values[quotient.denominator], values[quotient.numerator] = 1000.0, float(count)
            values[column] = quotient.per * count / 1000 / number.factor
