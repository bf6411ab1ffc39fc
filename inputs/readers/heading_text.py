"""A cell as the words of a heading or label."""

from __future__ import annotations

from datetime import date

from local_indicators.inputs.readers.cells import Cell, ErrorValue, FormattedNumber, Uncalculated
from local_indicators.schemas.reference.periods import day_in_words, is_first_or_last_of_month


def heading_text(cell: Cell) -> str:
    """A cell as the words of a heading or label: 2010 for 2010.0; for a date September 2010 on the first or last day of
    the month, 10 September 2010 on any other."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, date):
        return f"{cell:%B %Y}" if is_first_or_last_of_month(cell.year, cell.month, cell.day) else day_in_words(cell)
    if isinstance(cell, FormattedNumber):
        return cell.look.text
    if isinstance(cell, ErrorValue):
        return cell.text
    if cell is None or isinstance(cell, Uncalculated):
        return ""
    return " ".join(str(cell).split())
