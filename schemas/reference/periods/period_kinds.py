"""The kinds of period there are, each with its code, its days, its label and the one before it."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

MONTHS = tuple(calendar.month_name)[1:]
SPLIT_YEARS = {"Academic year": 9, "Financial year": 4, "Tax year": 4}
"""Identifiers of years that begin in one calendar year and end in the next, with the month they begin in."""
TERMS = {
    "Autumn term": ((0, 9, 1), (0, 12, 31)),
    "Spring term": ((1, 1, 1), (1, 4, 30)),
    "Summer term": ((1, 5, 1), (1, 8, 31)),
    "Autumn and spring term": ((0, 9, 1), (1, 4, 30)),
}
"""Terms, as (years after the first calendar year, month, day) of their start and end. Published tables give no exact
days; these are the usual ones."""
QUARTERS = {f"Financial year Q{n}": n for n in range(1, 5)}
SINGLE_YEARS = ("Calendar year", "Reporting year")
WINDOW = "Reporting window"
POOLED = {"Pooled calendar years": 1, "Pooled financial years": 4, "Pooled academic years": 9}
"""Identifiers of several years together, with the month that each of the years begins in."""
ROLLING = "Twelve months"
TO_DATE = {"Financial year to date": 4, "Academic year to date": 9, "Calendar year to date": 1}
"""Identifiers of spans that began with the year and are still growing, with the month they began in."""
MONTHLY = "Month"
WEEKLY = "Week"
"""A week of ISO 8601: it runs from Monday to Sunday, and is of the year that most of its days are in."""
FINANCIAL_QUARTER, CALENDAR_QUARTER = "Financial quarter", "Calendar quarter"
SERIES = {
    WEEKLY: tuple(f"Week {number}" for number in range(1, 54)),
    MONTHLY: MONTHS,
    FINANCIAL_QUARTER: tuple(QUARTERS),
}
"""Identifiers of a figure for every week, month or quarter, with what a table may call each of them by."""
IDENTIFIERS = (
    *SPLIT_YEARS, *SINGLE_YEARS, *TERMS, *QUARTERS, *MONTHS, WEEKLY, MONTHLY, FINANCIAL_QUARTER, CALENDAR_QUARTER,
    *POOLED, ROLLING, *TO_DATE, WINDOW,
)  # fmt: skip


@dataclass(frozen=True)
class Period:
    """A span of time as an indicator measures it. `end` is None only for a reporting window that is still open."""

    time_period: str
    time_identifier: str
    start: date
    end: date | None

    def previous(self) -> Period | None:
        """The period exactly one earlier under the same identifier; None for a reporting window, which has none."""
        if self.time_identifier == WINDOW or self.end is None:
            return None
        if self.time_identifier in POOLED:
            years = self.end.year - self.start.year + (1 if POOLED[self.time_identifier] == 1 else 0)
            first = self.start.year - years
            return pooled_years(first, first + years - 1, self.time_identifier)
        if self.time_identifier == ROLLING or self.time_identifier in TO_DATE:
            return period_ending(self.time_identifier, self.end.year - 1, self.end.month)
        if self.time_identifier == WEEKLY:
            return week_containing(self.start - timedelta(days=7))
        if self.time_identifier in (MONTHLY, CALENDAR_QUARTER, FINANCIAL_QUARTER):
            return period_starting(
                self.time_identifier, *months_before(self.start, 1 if self.time_identifier == MONTHLY else 3)
            )
        if self.time_identifier in QUARTERS and not self.time_identifier.endswith("Q1"):
            quarter = QUARTERS[self.time_identifier] - 1
            return build_period(f"Financial year Q{quarter}", int(self.time_period[:4]))
        if self.time_identifier in QUARTERS:
            return build_period("Financial year Q4", int(self.time_period[:4]) - 1)
        return build_period(self.time_identifier, int(self.time_period[:4]) - 1)

    @property
    def label(self) -> str:
        """As a reader writes it: 2009/10, September 2010, Week 36 2010, Autumn term 2010/11."""
        code, name = self.time_period, self.time_identifier
        if name in POOLED:
            return " to ".join(_split(part) for part in code.split("-"))
        if name == ROLLING or name in TO_DATE:
            said = f"{MONTHS[int(code[4:]) - 1]} {code[:4]}"
            return f"twelve months to {said}" if name == ROLLING else f"{name} {said}"
        if name == WEEKLY:
            return f"Week {int(code[5:])} {code[:4]}"
        if name == MONTHLY:
            return f"{MONTHS[int(code[4:]) - 1]} {code[:4]}"
        if name in (FINANCIAL_QUARTER, CALENDAR_QUARTER):
            return f"Q{code[-1]} {_split(code[:-2])}"
        if name == WINDOW:
            first, last = code[:6], code[7:]
            said = f"{MONTHS[int(first[4:]) - 1]} {first[:4]}"
            return f"{said} to {MONTHS[int(last[4:]) - 1]} {last[:4]}" if last else f"since {said}"
        year = _split(code)
        return year if name in SPLIT_YEARS or name in SINGLE_YEARS else f"{name} {year}"


def _split(code: str) -> str:
    return f"{code[:4]}/{code[4:]}" if len(code) == 6 else code


def build_period(identifier: str, year: int) -> Period:
    """The period of an identifier that begins in a calendar year (for a term or quarter: whose year begins then)."""
    two = f"{year}{(year + 1) % 100:02d}"
    if identifier in SPLIT_YEARS:
        month = SPLIT_YEARS[identifier]
        day = 6 if identifier == "Tax year" else 1
        end = date(year + 1, month, day - 1) if day > 1 else _month_end(year + 1, month - 1)
        return Period(two, identifier, date(year, month, day), end)
    if identifier in TERMS:
        (a, b, c), (d, e, f) = TERMS[identifier]
        return Period(two, identifier, date(year + a, b, c), date(year + d, e, f))
    if identifier in QUARTERS:
        quarter = QUARTERS[identifier]
        first = year + (1 if quarter == 4 else 0), (1 if quarter == 4 else 1 + 3 * quarter)
        return Period(two, identifier, date(*first, 1), _month_end(first[0], first[1] + 2))
    if identifier in SINGLE_YEARS:
        return Period(f"{year}", identifier, date(year, 1, 1), date(year, 12, 31))
    if identifier in MONTHS:
        month = MONTHS.index(identifier) + 1
        return Period(f"{year}", identifier, date(year, month, 1), _month_end(year, month))
    raise ValueError(f"no period of one year is called {identifier!r}")


def _month_end(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])


def week_containing(day: date) -> Period:
    """The week that a day lies in."""
    year, number, _ = day.isocalendar()
    first = date.fromisocalendar(year, number, 1)
    return Period(f"{year:04d}W{number:02d}", WEEKLY, first, first + timedelta(days=6))


def period_starting(identifier: str, year: int, month: int) -> Period:
    """The month or quarter that begins with a month. Raises ValueError where no quarter does."""
    if identifier == MONTHLY:
        return Period(f"{year}{month:02d}", identifier, date(year, month, 1), _month_end(year, month))
    if month not in (1, 4, 7, 10):
        raise ValueError(f"no quarter begins in month {month}")
    quarter = (month + 2) // 3
    if identifier == FINANCIAL_QUARTER:
        first = year if month >= 4 else year - 1
        code = f"{first}{(first + 1) % 100:02d}Q{quarter - 1 or 4}"
    else:
        code = f"{year}Q{quarter}"
    return Period(code, identifier, date(year, month, 1), _month_end(year, month + 2))


def months_before(day: date, months: int) -> tuple[int, int]:
    """The year and month some months before a day's."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return year, month + 1


def pooled_years(first: int, last: int, identifier: str = "Pooled calendar years") -> Period:
    """Several years together, by the calendar years that the first and the last of them begin in: 2007-2009,
    200708-200910."""
    month = POOLED[identifier]
    if month == 1:
        return Period(f"{first}-{last}", identifier, date(first, 1, 1), date(last, 12, 31))
    code = f"{first}{(first + 1) % 100:02d}-{last}{(last + 1) % 100:02d}"
    return Period(code, identifier, date(first, month, 1), _month_end(last + 1, month - 1))


def period_ending(identifier: str, year: int, month: int) -> Period:
    """Twelve months, or a year to date, that end with a month; the code is that month's, 201009."""
    if identifier == ROLLING:
        start = date(year, 1, 1) if month == 12 else date(year - 1, month + 1, 1)
    else:
        begins = TO_DATE[identifier]
        start = date(year if month >= begins else year - 1, begins, 1)
    return Period(f"{year}{month:02d}", identifier, start, _month_end(year, month))


def reporting_window(first: tuple[int, int], last: tuple[int, int] | None) -> Period | None:
    """A reporting window from a (year, month) to another, or still open; None if it ends before it begins."""
    code = f"{first[0]:04d}{first[1]:02d}-"
    if last is None:
        return Period(code, WINDOW, date(*first, 1), None)
    if last < first:
        return None
    return Period(f"{code}{last[0]:04d}{last[1]:02d}", WINDOW, date(*first, 1), _month_end(*last))


EXPECTED = {
    **dict.fromkeys(SPLIT_YEARS, "a year such as 2009/10"),
    **dict.fromkeys(SINGLE_YEARS, "a year such as 2010"),
    **{name: f"a term such as {name} 2010/11" for name in TERMS},
    **{name: f"a quarter such as {name[-2:]} 2010/11" for name in QUARTERS},
    **{name: f"a month such as {name} 2010" for name in MONTHS},
    WEEKLY: "a week such as Week 36 2010, week ending 12 September 2010, or the date of its Monday or Sunday",
    MONTHLY: "a month such as September 2010",
    FINANCIAL_QUARTER: "a quarter such as Q2 2010/11 or July to September 2010",
    CALENDAR_QUARTER: "a quarter such as Q3 2010 or July to September 2010",
    "Pooled calendar years": "several years such as 2007-09",
    **dict.fromkeys(("Pooled financial years", "Pooled academic years"), "several years such as 2007/08 - 2009/10"),
    ROLLING: "twelve months such as 12 months to September 2010",
    **{name: f"a month that it runs to, such as YTD to December 2010 ({name})" for name in TO_DATE},
    WINDOW: "a span of months such as September 2007 to December 2010, or since September 2009",
}
"""What to type for each identifier, for messages."""
