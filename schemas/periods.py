"""Periods: every notation that partners use, read as identifier, start and end.

Identifiers and `time_period` codes are those of the Department for Education's tidy-data standard (200910 for an
academic year, 2010 with September for a month). What it has no one identifier for has one here, and codes of our own:
every month (201009), every quarter (201011Q2, 2010Q3), several years together, twelve months, a year to date, and an
irregular span, the "Reporting window" (200709-201012, or 200909- while it is open).
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

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
FINANCIAL_QUARTER, CALENDAR_QUARTER = "Financial quarter", "Calendar quarter"
SERIES = {MONTHLY: MONTHS, FINANCIAL_QUARTER: tuple(QUARTERS)}
"""Identifiers of a figure for every month or quarter, with the identifiers that a table may call each of them by."""
IDENTIFIERS = (
    *SPLIT_YEARS, *SINGLE_YEARS, *TERMS, *QUARTERS, *MONTHS, MONTHLY, FINANCIAL_QUARTER, CALENDAR_QUARTER, *POOLED,
    ROLLING, *TO_DATE, WINDOW,
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
            return pooled(first, first + years - 1, self.time_identifier)
        if self.time_identifier == ROLLING or self.time_identifier in TO_DATE:
            return ending_in(self.time_identifier, self.end.year - 1, self.end.month)
        if self.time_identifier in (MONTHLY, CALENDAR_QUARTER, FINANCIAL_QUARTER):
            return starting(self.time_identifier, *_earlier(self.start, 1 if self.time_identifier == MONTHLY else 3))
        if self.time_identifier in QUARTERS and not self.time_identifier.endswith("Q1"):
            quarter = QUARTERS[self.time_identifier] - 1
            return build(f"Financial year Q{quarter}", int(self.time_period[:4]))
        if self.time_identifier in QUARTERS:
            return build("Financial year Q4", int(self.time_period[:4]) - 1)
        return build(self.time_identifier, int(self.time_period[:4]) - 1)

    @property
    def label(self) -> str:
        """As a reader writes it: 2009/10, September 2010, Autumn term 2010/11."""
        code, name = self.time_period, self.time_identifier
        if name in POOLED:
            return " to ".join(_split(part) for part in code.split("-"))
        if name == ROLLING or name in TO_DATE:
            said = f"{MONTHS[int(code[4:]) - 1]} {code[:4]}"
            return f"twelve months to {said}" if name == ROLLING else f"{name} {said}"
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


def build(identifier: str, year: int) -> Period:
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


def starting(identifier: str, year: int, month: int) -> Period:
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


def _earlier(day: date, months: int) -> tuple[int, int]:
    """The year and month some months before a day's."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return year, month + 1


def pooled(first: int, last: int, identifier: str = "Pooled calendar years") -> Period:
    """Several years together, by the calendar years that the first and the last of them begin in: 2007-2009,
    200708-200910."""
    month = POOLED[identifier]
    if month == 1:
        return Period(f"{first}-{last}", identifier, date(first, 1, 1), date(last, 12, 31))
    code = f"{first}{(first + 1) % 100:02d}-{last}{(last + 1) % 100:02d}"
    return Period(code, identifier, date(first, month, 1), _month_end(last + 1, month - 1))


def ending_in(identifier: str, year: int, month: int) -> Period:
    """Twelve months, or a year to date, that end with a month; the code is that month's, 201009."""
    if identifier == ROLLING:
        start = date(year, 1, 1) if month == 12 else date(year - 1, month + 1, 1)
    else:
        begins = TO_DATE[identifier]
        start = date(year if month >= begins else year - 1, begins, 1)
    return Period(f"{year}{month:02d}", identifier, start, _month_end(year, month))


def window(first: tuple[int, int], last: tuple[int, int] | None) -> Period | None:
    """A reporting window from a (year, month) to another, or still open; None if it ends before it begins."""
    code = f"{first[0]:04d}{first[1]:02d}-"
    if last is None:
        return Period(code, WINDOW, date(*first, 1), None)
    if last < first:
        return None
    return Period(f"{code}{last[0]:04d}{last[1]:02d}", WINDOW, date(*first, 1), _month_end(*last))


_PREFIXES = {
    "ay": "Academic year", "academic year": "Academic year", "fy": "Financial year", "financial year": "Financial year",
    "tax year": "Tax year", "cy": "Calendar year", "calendar year": "Calendar year", "reporting year": "Reporting year",
    "year": "", "period": "",
}  # fmt: skip
_WITHIN = {
    "Academic year": TERMS.keys(),
    "Financial year": {*QUARTERS, FINANCIAL_QUARTER, MONTHLY, *MONTHS},
    "Calendar year": {CALENDAR_QUARTER, MONTHLY, *MONTHS},
}
"""What else than the year itself may be said with the name of a kind of year before it."""
_PREFIX = re.compile(rf"^({'|'.join(_PREFIXES)})(?:\b[ :]*|(?=\d))(?!to date)", re.I)
_TWO_YEARS = re.compile(r"^(\d{4}|\d{2})\s*(?:[/–-]|to)\s*(\d{4}|\d{2})$|^(\d{4})(\d{2})$")
_MONTH = "|".join([*MONTHS, *(m[:3] for m in MONTHS), "Sept"])
_DAY = r"(?:\d{1,2}(?:st|nd|rd|th)?[ -])?"
_MONTH_YEAR = re.compile(
    rf"^(?:(?:as )?at (?:the )?(?:end (?:of )?)?|end (?:of )?)?{_DAY}({_MONTH})\.?,?[ '-]+(\d{{4}}|\d{{2}})$"
    rf"|^({_MONTH})\.?,? (\d{{4}}\s?[/–-]\s?\d{{2,4}})$|^(\d{{4}}) ({_MONTH})$",
    re.I,
)
_NUMERIC = re.compile(r"^(?:as at )?(?:(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})|(\d{4})-(\d{2})(?:-(\d{2}))?)$")
_SPAN = re.compile(
    rf"^(?:from |between )?{_DAY}({_MONTH})\.?,?[ ']*(\d{{4}}|\d{{2}})?\s*(?:-|–|to|and|until)\s*"
    rf"{_DAY}({_MONTH})\.?,?[ '-]*(\d{{4}}|\d{{2}})$",
    re.I,
)
_YEAR_ENDING = re.compile(
    rf"^(?:the )?(?:year|YE|(?:12|twelve) months)(?: ending| ended| to)?(?: in| on)? {_DAY}({_MONTH})\.?"
    rf"[ -](\d{{4}}|\d{{2}})$",
    re.I,
)
_SINCE = re.compile(rf"^since ({_MONTH})\.? ?(\d{{4}})$|^since (\d{{4}})$", re.I)
_TERM_NAME = r"(autumn and spring|autumn|spring|summer)(?: terms?)?"
_TERM = re.compile(rf"^{_TERM_NAME}[ ,]+(?P<after>.+)$|^(?P<before>.+?)[ ,]+{_TERM_NAME}$", re.I)
_QUARTER_NAME = r"(?:(?:Q|qtr|quarter)\.? ?([1-4])|([1-4])(?:st|nd|rd|th) (?:quarter|qtr))(?: ?\([^)]*\))?"
_QUARTER = re.compile(rf"^{_QUARTER_NAME}[ ,:/-]+(?P<after>.+)$|^(?P<before>.+?)[ ,:/-]*{_QUARTER_NAME}$", re.I)
_POOLED = re.compile(r"^(\d{4})\s*(?:-|–|to|/)\s*(\d{4}|\d{2})$", re.I)
_POOLED_SPLIT = re.compile(r"^(\d{4}\s?[/–-]\s?\d{2,4}|\d{6})\s*(?:-|–|to)\s*(\d{2,4}\s?[/–-]\s?\d{2,4}|\d{6})$", re.I)
_TO_MONTH = re.compile(
    rf"^(?:rolling year to|YTD(?: to)?|year to date(?: to)?|"
    rf"(?:financial|academic|calendar) year to date(?: to)?)? ?{_DAY}({_MONTH})\.?[ -](\d{{4}}|\d{{2}})$",
    re.I,
)
_CODE_MONTH = re.compile(r"^((?:19|20)\d{2})(0[1-9]|1[0-2])$")
_HALF_TERMS = {"1-2": "autumn term", "1-4": "autumn and spring term", "3-4": "spring term", "5-6": "summer term"}
_HALF = re.compile(r"^HT ?(\d) ?[-–] ?(\d)[ ,]+(.+)$", re.I)
_NOTES = re.compile(r"(?:\s*(?:\[note \d+\]|\[\d{1,2}\]|\(\d{1,2}\)|[¹²³⁰⁴-⁹*†‡]))+$")
_MARK = re.compile(r"\s*\((rev|revised|r|prov|provisional|p|[A-Z]{2,4})\)$|\s*\[([rp])\]$|(?<=\d) ?([rp])$", re.I)
_CODE_WINDOW = re.compile(r"^(\d{4})(\d{2})-(?:(\d{4})(\d{2}))?$")

Month = tuple[int, int]
"""A year and a month."""


@lru_cache(maxsize=4096)
def read_period(value: str | int | float | date, identifier: str, *, ending: bool = False) -> Period | None:
    """Read what a partner typed as a period of the indicator's declared identifier; None where it is not one.

    `ending` lets a single year stand for the academic or financial year that ends in it. Without it a single year is
    refused for such an indicator, because half of all tables mean one thing by it and half the other.
    """
    try:
        return _read(value, identifier, ending=ending)
    except (ValueError, OverflowError):  # a year that no calendar has
        return None


def _read(value: str | int | float | date, identifier: str, *, ending: bool) -> Period | None:
    if isinstance(value, date):
        return _of_span((value.year, value.month), (value.year, value.month), identifier)
    if isinstance(value, float):
        if not value.is_integer():
            return None
        value = int(value)
    text = marked(" ".join(str(value).replace("\u2010", "-").replace("\u2011", "-").split()))[0]
    if span := _span(text):
        return _of_span(*span, identifier)
    if identifier == ROLLING or identifier in TO_DATE:
        return _to_month(text, identifier)
    says, text = _kind_of_year(text)
    if says not in ("", identifier) and identifier not in _WITHIN.get(says, ()):
        return None
    if identifier in SPLIT_YEARS:
        return _split_year(text, identifier, ending=ending)
    if identifier in SINGLE_YEARS:
        return build(identifier, int(text)) if _is_year(text) else None
    if identifier in MONTHS or identifier == MONTHLY:
        return _month(text, identifier, says)
    if identifier in POOLED:
        return _pooled(text, identifier)
    return _read_window(text) if identifier == WINDOW else _part_of_year(text, identifier)


def _kind_of_year(text: str) -> tuple[str, str]:
    """The kind of year that a text begins with, if it names one, and the rest."""
    match = _PREFIX.match(text)
    return (_PREFIXES[match[1].casefold()], text[match.end() :].strip()) if match else ("", text.strip())


# -- spans of months


def _span(text: str) -> tuple[Month, Month] | None:
    """The first and the last month of a span such as April 2009 to March 2010, or the year ending March 2010."""
    if match := _YEAR_ENDING.match(text):
        last = _full_year(match[2]), _month_number(match[1])
        return _earlier(date(*last, 1), 11), last
    if match := _SPAN.match(text):
        last = _full_year(match[4]), _month_number(match[3])
        month = _month_number(match[1])
        year = _full_year(match[2]) if match[2] else last[0] - (month > last[1])
        return (year, month), last
    first, separator, second = text.partition(" to ") if " to " in text else text.partition(" - ")
    if separator and (begins := _date(first)) and (ends := _date(second)):
        return begins, ends
    return None


def _of_span(first: Month, last: Month, identifier: str) -> Period | None:
    """A span of months as a period of an identifier, if it is exactly one."""
    months = (last[0] - first[0]) * 12 + last[1] - first[1] + 1
    if identifier == WINDOW:
        return window(first, last)
    if months == 1 and (identifier in MONTHS or identifier == MONTHLY):
        return _of_month(*first, identifier)
    if identifier == ROLLING:
        return ending_in(identifier, *last) if months in (1, 12) else None
    if identifier in TO_DATE:
        return (
            ending_in(identifier, *last) if months == 1 or (first[1] == TO_DATE[identifier] and months <= 12) else None
        )
    if months == 3 and first[1] in (1, 4, 7, 10):
        if identifier in (FINANCIAL_QUARTER, CALENDAR_QUARTER):
            return starting(identifier, *first)
        year = first[0] if first[1] >= 4 else first[0] - 1
        return build(identifier, year) if QUARTERS.get(identifier) == ((first[1] + 2) // 3 - 1 or 4) else None
    begins = SPLIT_YEARS.get(identifier, 1 if identifier in SINGLE_YEARS else None)
    if months == 12 and first[1] == begins:
        return build(identifier, first[0])
    if identifier in POOLED and months > 12 and months % 12 == 0 and first[1] == POOLED[identifier]:
        return pooled(first[0], first[0] + months // 12 - 1, identifier)
    return None


# -- months, terms, quarters and years


def _month(text: str, identifier: str, says: str) -> Period | None:
    if identifier in MONTHS and _is_year(text):
        return build(identifier, int(text))
    if match := _CODE_MONTH.match(text):
        return _of_month(int(match[1]), int(match[2]), identifier)
    when = _date(text)
    if when is None and (match := _MONTH_YEAR.match(text)) and match[3]:
        when = _month_of_split_year(_month_number(match[3]), match[4], says)
    return _of_month(*when, identifier) if when else None


def _date(text: str) -> Month | None:
    """The year and month of a date or a month: 31 March 2010, Mar-10, 2010 March, 31/03/2010, 2010-03-31."""
    if match := _MONTH_YEAR.match(text.strip()):
        if match[5]:
            return int(match[5]), _month_number(match[6])
        return (_full_year(match[2]), _month_number(match[1])) if match[1] else None
    match = _NUMERIC.match(text.strip())
    if match is None:
        return None
    if match[1]:
        when = date(_full_year(match[3]), int(match[2]), int(match[1]))
        return when.year, when.month
    year, month = int(match[4]), int(match[5])
    if not match[6] and month == (year + 1) % 100:  # 2010-11 may be a year
        return None
    return date(year, month, int(match[6] or 1)).year, month


def _month_of_split_year(month: int, years: str, says: str) -> Month | None:
    """The month of a year such as 2010/11. Without the kind of year, only where both kinds agree on it."""
    first = _first_year(years)
    if first is None or (4 <= month <= 8 and says not in ("Academic year", "Financial year")):
        return None
    return (first if month >= (9 if says == "Academic year" else 4) else first + 1), month


def _part_of_year(text: str, identifier: str) -> Period | None:
    """A term or a quarter: by its name and year, or by the year alone."""
    if half := _HALF.match(text):
        text = f"{_HALF_TERMS.get(f'{half[1]}-{half[2]}', 'no term')} {half[3]}"
    if match := _TERM.match(text):
        name = (match[1] or match[4]).casefold()
        named, year = f"{name.capitalize()} term", _term_year(name, match["after"] or match["before"])
        return build(identifier, year) if year and named == identifier else None
    if match := _QUARTER.match(text):
        number = int(next(filter(None, (match[1], match[2], match[5], match[6]))))
        return _quarter(number, _kind_of_year(match["after"] or match["before"])[1], identifier)
    whole = identifier in TERMS or identifier in QUARTERS
    return build(identifier, year) if whole and (year := _first_year(text)) else None


def _quarter(number: int, text: str, identifier: str) -> Period | None:
    """A quarter by its number: of 2010/11 one of the financial year, of 2010 one of the calendar year."""
    if identifier == CALENDAR_QUARTER:
        return starting(identifier, int(text), number * 3 - 2) if _is_year(text) else None
    year = _first_year(text)
    if year is None:
        return None
    if identifier == FINANCIAL_QUARTER:
        return starting(identifier, *((year, number * 3 + 1) if number < 4 else (year + 1, 1)))
    return build(identifier, year) if QUARTERS.get(identifier) == number else None


def _term_year(name: str, text: str) -> int | None:
    """The year in which a term's academic year begins: of 2010/11, or of the calendar year that the term is in."""
    text = _kind_of_year(text)[1]
    if _is_year(text) and name != "autumn and spring":
        return int(text) - (name != "autumn")
    return _first_year(text)


def _split_year(text: str, identifier: str, *, ending: bool) -> Period | None:
    year = _first_year(text)
    if year is None and ending and _is_year(text):
        year = int(text) - 1
    return build(identifier, year) if year else None


def _first_year(text: str) -> int | None:
    """The calendar year in which 2009/10, 09/10, 2009-2010 or 200910 begins; None unless the years follow on."""
    match = _TWO_YEARS.match(text.strip())
    if not match:
        return None
    first, second = (match[1], match[2]) if match[1] else (match[3], match[4])
    year = _full_year(first)
    return year if int(second) % 100 == (year + 1) % 100 and len(second) <= len(str(year)) else None


def _full_year(text: str) -> int:
    year = int(text)
    if len(text) > 2:
        return year
    return year + (1900 if year >= 70 else 2000)


def _is_year(text: str) -> bool:
    return bool(re.fullmatch(r"(?:19|20)\d{2}", text))


def _month_number(name: str) -> int:
    return [m[:3].lower() for m in MONTHS].index(name[:3].lower()) + 1


def _of_month(year: int, month: int, identifier: str) -> Period | None:
    if identifier == MONTHLY:
        return starting(identifier, year, month)
    return build(identifier, year) if MONTHS[month - 1] == identifier else None


def marked(text: str) -> tuple[str, str | None]:
    """A period without the footnote marks and the mark of revision that publishers put behind it, and the status that
    this stands for: r for (Rev), p for (prov), none for others such as (OT)."""
    text = _NOTES.sub("", text)
    match = _MARK.search(text)
    if match is None:
        return text, None
    word = (match[1] or match[2] or match[3]).casefold()
    status = word[0] if word in ("r", "rev", "revised", "p", "prov", "provisional") else None
    return text[: match.start()].strip(), status


def _pooled(text: str, identifier: str) -> Period | None:
    if POOLED[identifier] == 1:
        match = _POOLED.match(text)
        first = int(match[1]) if match else None
        last = None if match is None or first is None else _same_century(first, match[2])
    else:
        match = _POOLED_SPLIT.match(text)
        first, last = (_first_year(match[1]), _first_year(match[2])) if match else (None, None)
    return pooled(first, last, identifier) if first and last and first < last <= first + 10 else None


def _same_century(first: int, text: str) -> int:
    return int(text) if len(text) == 4 else first // 100 * 100 + int(text)


def _to_month(text: str, identifier: str) -> Period | None:
    match = _CODE_MONTH.match(text)
    if match:
        return ending_in(identifier, int(match[1]), int(match[2]))
    match = _TO_MONTH.match(text)
    return ending_in(identifier, _full_year(match[2]), _month_number(match[1])) if match else None


def _read_window(text: str) -> Period | None:
    if match := _CODE_WINDOW.match(text):
        if not (1 <= int(match[2]) <= 12 and (not match[4] or 1 <= int(match[4]) <= 12)):
            return None
        return window((int(match[1]), int(match[2])), (int(match[3]), int(match[4])) if match[3] else None)
    if match := _SINCE.match(text):
        return window((int(match[3]), 1), None) if match[3] else window((int(match[2]), _month_number(match[1])), None)
    when = _date(text)
    return window(when, when) if when else None


EXPECTED = {
    **dict.fromkeys(SPLIT_YEARS, "a year such as 2009/10"),
    **dict.fromkeys(SINGLE_YEARS, "a year such as 2010"),
    **{name: f"a term such as {name} 2010/11" for name in TERMS},
    **{name: f"a quarter such as {name[-2:]} 2010/11" for name in QUARTERS},
    **{name: f"a month such as {name} 2010" for name in MONTHS},
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
