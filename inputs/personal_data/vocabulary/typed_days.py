"""Days, in every form in which people type them, so that dates of birth are told from periods and counts."""

from __future__ import annotations

import re
from datetime import date

from local_indicators.inputs.readers.cells import Cell, FormattedNumber

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)[a-z]{0,6}\.?"
_TH = r"(?:st|nd|rd|th)?"
DAY = (
    rf"(?:\d{{1,2}}[/.\- ]\d{{1,2}}[/.\- ](?:19|20)?\d{{2}}|(?:19|20)\d{{2}}[/.-]\d{{1,2}}[/.-]\d{{1,2}}"
    rf"|\d{{1,2}}{_TH}[ ./-]?(?:of )?{_MONTH}[ ,./-]{{0,2}}(?:19|20|')?\d{{2}}"
    rf"|{_MONTH} \d{{1,2}}{_TH},? (?:19|20|')?\d{{2}}|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:19|20)\d{{2}})"
)
"""A day within a text, as a regular expression."""
_WHOLE = re.compile(rf"(?:\w{{3,9}},? )?{DAY}(?:[T ]\d{{1,2}}:\d{{2}}(?::\d{{2}})?\S*)?", re.I)
_DIGITS = re.compile(
    r"(?:(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d{2})"
)
_SERIAL = range(7_000, 60_000)
"""Days as Excel counts them, from 1919 to 2064."""


def is_day(cell: Cell) -> bool:
    """Whether a cell is one day, whatever stands over it."""
    if isinstance(cell, FormattedNumber):
        return False
    return isinstance(cell, date) or (isinstance(cell, str) and bool(_WHOLE.fullmatch(cell.strip())))


def may_be_day(cell: Cell) -> bool:
    """Whether a cell is a day where a heading says that days stand under it: also 12032007, 120307 or 39153."""
    if is_day(cell):
        return True
    number = cell.number if isinstance(cell, FormattedNumber) else cell
    if isinstance(number, int | float) and not isinstance(number, bool):
        if number in _SERIAL:
            return True
        number = f"{number:08.0f}" if number >= 1_000_000 else f"{number:06.0f}"
    return isinstance(number, str) and bool(
        _DIGITS.fullmatch(number.strip())
        or re.fullmatch(r"[1-5]\d{4}", number.strip())
        or re.fullmatch(DAY, number.strip(), re.I)
    )


def comparable_day(cell: Cell) -> str:
    """A day as it is compared with others of its column."""
    return cell.isoformat()[:10] if isinstance(cell, date) else str(cell).strip()
