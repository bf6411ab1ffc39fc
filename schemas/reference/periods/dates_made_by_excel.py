"""Dates that Excel makes of what is typed into it, and what was probably typed.

Excel reads Apr-11 as the 11th of April of the year it is typed in, 1-4 as the 1st of April, 2009/10 as October 2009.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from local_indicators.schemas.reference.periods.day_notations import (
    MONTH_NAME,
    day_in_words,
    full_year,
    is_first_or_last_of_month,
    month_number,
    read_day,
)
from local_indicators.schemas.reference.periods.period_kinds import MONTHLY, MONTHS, ROLLING, TO_DATE, WEEKLY, WINDOW
from local_indicators.schemas.reference.periods.period_notations import read_period

_DAY_MONTH = re.compile(rf"^(\d{{1,2}})-({MONTH_NAME})$", re.I)
_MONTH_YEAR = re.compile(rf"^({MONTH_NAME})-(\d{{2}})$", re.I)
_UNSPACED = re.compile(r"^\S+(?: \d{1,2}:\d{2}\S*)?$")

_OF_MONTHS = frozenset({MONTHLY, *MONTHS, ROLLING, *TO_DATE, WINDOW})
OLDEST_MEANT = 1950
"""Dates of years before it are taken for numbers in cells that are formatted as dates: 215 shows as 2 August 1900."""
MONTHS_OF_YEAR = 12
FIRST_OF_MARCH_1900 = 61
"""Excel counts a 29th of February 1900, so its numbers of the days before this one are one less."""


@dataclass(frozen=True)
class MadeDate:
    """A date that may not be what was typed: in a cell, or as a csv file saved by Excel shows it. `year` is None where
    it is not shown."""

    day: int
    month: int
    year: int | None
    shown: str
    in_cell: bool = False
    """Whether a cell holds it as a number that is formatted as a date, and not as text."""

    @property
    def stands_for_month(self) -> bool:
        """Whether the date can have been meant as its month."""
        return self.year is not None and is_first_or_last_of_month(self.year, self.month, self.day)

    def typed(self) -> Iterator[str]:
        """What Excel makes this date of, the likeliest first."""
        name, short = MONTHS[self.month - 1], MONTHS[self.month - 1][:3]
        if self.day == 1 and self.year is not None:
            two = f"{self.year % 100:02d}"
            yield from (f"{self.year}/{self.month:02d}", f"{self.year}-{self.month:02d}")
            yield from (f"{short}-{two}", f"{short} {two}", f"{short} {self.year}", f"{name} {self.year}")
        if self.year is None or 2000 + self.day <= self.year:
            yield from (f"{name} {2000 + self.day}", f"{short}-{self.day:02d}", f"{short} {self.day:02d}")
        pairs = ((self.day, self.month), (self.month, self.day))
        for first, second in sorted(pairs, key=lambda pair: pair[0] > pair[1]):
            for sign in "-/":
                yield from (f"{first}{sign}{second}", f"{first:02d}{sign}{second:02d}")
        if self.day == 1 and self.year is not None and self.year % 100 > 12:
            yield from (f"{self.month}-{self.year % 100:02d}", f"{self.month}/{self.year % 100:02d}")


@lru_cache(maxsize=4096)
def date_made_by_excel(cell: Hashable) -> MadeDate | None:
    """The date in a cell, or in a text as Excel writes one it has made: 11-Apr, Oct-09, 01/10/2009; None if there is
    none."""
    if isinstance(cell, date):
        return MadeDate(cell.day, cell.month, cell.year, day_in_words(cell), in_cell=True)
    if not isinstance(cell, str):
        return None
    text = " ".join(cell.split())
    if match := _DAY_MONTH.match(text):
        return MadeDate(int(match[1]), month_number(match[2]), None, text)
    if match := _MONTH_YEAR.match(text):
        return MadeDate(1, month_number(match[1]), full_year(match[2]), text)
    if _UNSPACED.match(text) and (day := read_day(text)) is not None:
        return MadeDate(day.day, day.month, day.year, text)
    return None


def date_in_place_of_period(cell: Hashable, identifier: str) -> MadeDate | None:
    """The date that stands where a period of an identifier belongs and is none, if Excel may have made it: any date in
    a cell, and one in a text that is either no whole month or what Excel makes of such a period."""
    made = date_made_by_excel(cell)
    if made is None or identifier == WEEKLY or not isinstance(cell, (str, date)) or read_period(cell, identifier):
        return None
    if isinstance(cell, date) or period_probably_typed(made, identifier):
        return made
    monthly = identifier == MONTHLY or identifier in MONTHS
    return made if monthly and not made.stands_for_month else None


def is_within_month(cell: Hashable, identifier: str) -> bool:
    """Whether a date stands in a cell that is no month, although a layout may take one out of its words."""
    return identifier in _OF_MONTHS and (made := date_made_by_excel(cell)) is not None and not made.stands_for_month


def period_probably_typed(made: MadeDate, identifier: str) -> str:
    """The period of an identifier that Excel has probably made a date of; empty if none can be told."""
    read = (read_period(text, identifier) for text in made.typed())
    return next((period.label for period in read if period), "")


def number_probably_typed(made: MadeDate) -> str:
    """What belongs where a date stands in place of a number, with what was probably typed, if that can be told."""
    meant = range_probably_typed(made)
    old = made.year is not None and made.year < OLDEST_MEANT
    unlikely = made.in_cell and (not meant or made.day > MONTHS_OF_YEAR)
    if made.year is not None and (old or unlikely):
        days = (date(made.year, made.month, made.day) - date(1899, 12, 30)).days
        serial = days - (days < FIRST_OF_MARCH_1900)
        held = f"a number, such as {serial} if the cell is only formatted as a date"
        return f"{held}, or {meant} if that was typed" if meant and not old else held
    return f"a number, or {meant} if that was typed" if meant else "a number"


def word_probably_typed(cell: Hashable, words: Iterable[str]) -> tuple[MadeDate, str] | None:
    """The date that Excel has made of one of some words, such as the ages 5-9, and that word; None if it is none."""
    made = date_made_by_excel(cell)
    forms = set(made.typed()) if made else set()
    word = next((word for word in words if re.sub(r"\s*(?:–|-|to)\s*", "-", word) in forms), None)
    return (made, word) if made and word is not None else None


def range_probably_typed(made: MadeDate) -> str:
    """The range of small numbers that Excel may have made a date of, 1-4 or 10-15; empty if it is none."""
    low, high = sorted((made.day, made.month))
    said = [f"{low}-{high}"] if low < high else []
    if made.day == 1 and made.year is not None and 12 < made.year % 100 <= 31 and made.month > 1:
        said.append(f"{made.month}-{made.year % 100}")
    return " or ".join(said)
