"""Weeks as partners write them: by their number in the year of ISO 8601, or by the day on which they begin or end.

A week runs from Monday to Sunday. A week that is said to end on a Friday is the working week within it. What begins or
ends on any other day is not a week of the calendar and is refused: half of such weeks lie in the one before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Literal

from local_indicators.schemas.reference.periods.day_notations import MONTH_NAME, day_in_words, read_day
from local_indicators.schemas.reference.periods.period_kinds import Period, week_containing

Sense = Literal["ending", "beginning", ""]

MONDAY, FRIDAY, SUNDAY = 0, 4, 6
_FITS: dict[str, tuple[int, ...]] = {"ending": (FRIDAY, SUNDAY), "beginning": (MONDAY,), "": (MONDAY, SUNDAY)}
_WEEK = r"(?:iso )?(?:week|wk|w)\.?"
_NUMBERED = re.compile(
    rf"^{_WEEK} ?(?:no\.? ?|number )?(\d{{1,2}})(?:[ ,/-]+|,? of )(\d{{4}})$|^(\d{{4}})[ ,/-]*{_WEEK} ?(\d{{1,2}})$",
    re.I,
)
_ENDING = re.compile(r"^(?:the )?(?:(?:week|wk|w)[ /-]?(?:ending|ended|ends|end|e|to)\b|we\b)(?: on)?[ :]*", re.I)
_BEGINNING = re.compile(
    r"^(?:the )?(?:(?:week|wk|w)[ /-]?(?:beginning|commencing|starting|begins|commences|starts|from|c|b)\b|w[cb]\b)"
    r"(?: on)?[ :]*",
    re.I,
)
_SPAN = re.compile(r"^(?:from )?(.+?)\s*(?: to | until |–| - )\s*(.+)$", re.I)
_SAME_MONTH = re.compile(
    rf"^(\d{{1,2}})(?:st|nd|rd|th)?\s?[-–]\s?(\d{{1,2}}(?:st|nd|rd|th)? (?:{MONTH_NAME})\.? .+)$", re.I
)


def read_week(value: str | date, headings: Iterable[str] = ()) -> Period | None:
    """The week that a text or the date in a cell stands for; None if it is none.

    A date alone is a Monday or a Sunday, unless one of the headings that it stands under says which day of the week it
    is, as "Week ending" does. Raises ValueError for a year without the week.
    """
    if isinstance(value, date):
        return _at(value, next(filter(None, map(_sense, headings)), ""))
    if match := _NUMBERED.match(value):
        year, number = (match[2], match[1]) if match[1] else (match[3], match[4])
        return week_containing(date.fromisocalendar(int(year), int(number), 1))
    if (day := read_day(value)) is not None:
        return read_week(day, headings)
    if sense := _sense(value):
        day = read_day((_ENDING if sense == "ending" else _BEGINNING).sub("", value))
        return None if day is None else _at(day, sense)
    return _between(value)


def _sense(text: str) -> Sense:
    """Whether a text speaks of the end of a week or of its beginning."""
    text = " ".join(text.split())
    return "ending" if _ENDING.match(text) else "beginning" if _BEGINNING.match(text) else ""


def _at(day: date, sense: Sense) -> Period | None:
    # datetimes are dates too, and a week has no hours
    return week_containing(date(day.year, day.month, day.day)) if day.weekday() in _FITS[sense] else None


def _between(text: str) -> Period | None:
    """A week from its Monday to its Friday or Sunday."""
    if match := _SAME_MONTH.match(text):
        last = read_day(match[2])
        first = None if last is None else last.replace(day=int(match[1]))
    elif match := _SPAN.match(text):
        last = read_day(match[2])
        first = None if last is None else read_day(match[1]) or read_day(f"{match[1]} {last.year}")
        if first is None and last is not None:
            first = read_day(f"{match[1]} {day_in_words(last).partition(' ')[2]}")
    else:
        return None
    if first is None or last is None or first.weekday() != MONDAY:
        return None
    return week_containing(first) if last - first in (timedelta(days=4), timedelta(days=6)) else None
