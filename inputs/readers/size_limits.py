"""What a file may hold beside its number of cells: so many sheets, each of its own name, merged ranges that lie on
their sheet, texts that a person can read.

Runs on untrusted bytes, so only in the child process (inputs.sandbox.child_process).
"""

from __future__ import annotations

from collections.abc import Sequence

from local_indicators.common.cell_references import column_letters
from local_indicators.inputs.readers.cells import Area, Cell, Cells
from local_indicators.inputs.readers.refusals import MOST_COLUMNS, MOST_ROWS, Refused, SizeBounds, refuse_damaged

MOST_SHEETS = 1_000
MOST_MERGED = 100_000
MOST_TEXT = 200_000
"""Characters of one cell; Excel's own limit is 32,767."""


def refuse_too_many_sheets(names: Sequence[str]) -> None:
    """Raise Refused where there are more sheets than are read, or two of one name, of which no finding could say which
    it is about."""
    if len(names) > MOST_SHEETS:
        raise Refused("return.too-large", f"{len(names):,} sheets; at most {MOST_SHEETS:,} are read")
    seen: set[str] = set()
    for name in names:
        if name.casefold() in seen:
            refuse_damaged(f"a workbook with two sheets called {name[:60]}", name)
        seen.add(name.casefold())


def clear_merged_cells(rows: list[list[Cell]], areas: Sequence[Area], bounds: SizeBounds, sheet: str) -> None:
    """Only the first cell of a merged range is seen; what the file still holds under the others is stale and goes.
    Raises Refused where the ranges are too many, or reach beyond the sheet."""
    if len(areas) > MOST_MERGED:
        found = f"{len(areas):,} merged ranges on sheet {sheet}; at most {MOST_MERGED:,} are read"
        raise Refused("return.too-large", found, sheet=sheet)
    under = 0
    for top, left, bottom, right in areas:
        if bottom >= MOST_ROWS or right >= MOST_COLUMNS or not (0 <= top <= bottom and 0 <= left <= right):
            first, last = f"{column_letters(left)}{top + 1}", f"{column_letters(right)}{bottom + 1}"
            refuse_damaged(f"merged cells outside the sheet: {first}:{last}", sheet, first)
        for number in range(top, min(bottom + 1, len(rows))):
            row = rows[number]
            begin, end = left + (number == top), min(right + 1, len(row))
            under += max(end - begin, 0) + 1
            if end > begin:
                row[begin:end] = [None] * (end - begin)
        if under > bounds.cells:
            found = f"merged ranges on sheet {sheet} that lie over each other"
            raise Refused("return.too-large", found, sheet=sheet)


def refuse_too_long_texts(cells: Cells) -> Cells:
    """The same cells. Raises Refused for the first text that is longer than any reader of a cell could read."""
    for sheet in cells.sheets:
        for number, row in enumerate(sheet.rows):
            for column, cell in enumerate(row):
                if type(cell) is str and len(cell) > MOST_TEXT:
                    found = f"a text of more than {MOST_TEXT:,} characters in one cell"
                    raise Refused(
                        "return.too-large", found, sheet=sheet.name, cell=f"{column_letters(column)}{number + 1}"
                    )
    return cells
