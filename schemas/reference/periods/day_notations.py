"""Months and days in words and digits, as people write them."""

from __future__ import annotations

import calendar
import re
from datetime import date

from local_indicators.schemas.reference.periods.period_kinds import MONTHS

MONTH_NAME = "|".join([*MONTHS, *(m[:3] for m in MONTHS), "Sept"])
_WEEKDAY = r"(?:(mon|tue|wed|thu|fri|sat|sun)[a-z]*,? )?"
_TIME = r"(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.0+)?)?)?"
_IN_WORDS = re.compile(
    rf"^{_WEEKDAY}(\d{{1,2}})(?:st|nd|rd|th)?(?: of)?[ -]({MONTH_NAME})\.?,?[ '-]+(\d{{4}}|\d{{2}})$", re.I
)
_IN_DIGITS = re.compile(
    rf"^{_WEEKDAY}(?:(\d{{1,2}})[/.-](\d{{1,2}})[/.-](\d{{4}}|\d{{2}})|(\d{{4}})[/-](\d{{2}})[/-](\d{{2}})){_TIME}$",
    re.I,
)


def full_year(text: str) -> int:
    """The year that four digits or two stand for: 1970 to 2069."""
    year = int(text)
    if len(text) > 2:
        return year
    return year + (1900 if year >= 70 else 2000)


def month_number(name: str) -> int:
    """The number of a month by its name or the first three letters of it."""
    return [m[:3].lower() for m in MONTHS].index(name[:3].lower()) + 1


def is_first_or_last_of_month(year: int, month: int, day: int) -> bool:
    """Whether a day is the first or the last of its month, and so can stand for the month."""
    return day == 1 or day >= calendar.monthrange(year, month)[1]


def day_in_words(day: date) -> str:
    """A day in words that nobody can take for another: 11 April 2012."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def read_day(text: str) -> date | None:
    """The day that a text is: 12 September 2010, Sun 12 Sep 10, 12/09/2010, 2010-09-12; None if it is none, or not the
    day of the week that it says."""
    words, digits = _IN_WORDS.match(text.strip()), _IN_DIGITS.match(text.strip())
    try:
        if words:
            day, weekday = date(full_year(words[4]), month_number(words[3]), int(words[2])), words[1]
        elif digits and digits[2]:
            day, weekday = date(full_year(digits[4]), int(digits[3]), int(digits[2])), digits[1]
        elif digits:
            day, weekday = date(int(digits[5]), int(digits[6]), int(digits[7])), digits[1]
        else:
            return None
    except ValueError:
        return None
    return day if not weekday or calendar.day_abbr[day.weekday()].lower() == weekday.lower() else None
