"""Every notation that partners use for a period, read as identifier, start and end."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

from local_indicators.schemas.reference.periods.day_notations import (
    MONTH_NAME,
    full_year,
    is_first_or_last_of_month,
    month_number,
)
from local_indicators.schemas.reference.periods.period_kinds import (
    CALENDAR_QUARTER,
    FINANCIAL_QUARTER,
    MONTHLY,
    MONTHS,
    POOLED,
    QUARTERS,
    ROLLING,
    SINGLE_YEARS,
    SPLIT_YEARS,
    TERMS,
    TO_DATE,
    WEEKLY,
    WINDOW,
    Period,
    build_period,
    months_before,
    period_ending,
    period_starting,
    pooled_years,
    reporting_window,
)
from local_indicators.schemas.reference.periods.week_notations import read_week

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
_DAY = r"(?:\d{1,2}(?:st|nd|rd|th)?[ -])?"
_A_DAY, _B_DAY = (rf"(?:(?P<{name}>\d{{1,2}})(?:st|nd|rd|th)?[ -])?" for name in ("day", "last_day"))
_MONTH_YEAR = re.compile(
    rf"^(?P<at>(?:as )?at (?:the )?(?:end (?:of )?)?|end (?:of )?)?{_A_DAY}"
    rf"(?P<month>{MONTH_NAME})\.?,?[ '-]+(?P<year>\d{{4}}|\d{{2}})$"
    rf"|^(?P<month_of>{MONTH_NAME})\.?,? (?P<split>\d{{4}}\s?[/–-]\s?\d{{2,4}})$"
    rf"|^(?P<year_first>\d{{4}}) (?P<month_second>{MONTH_NAME})$",
    re.I,
)
_NUMERIC = re.compile(
    r"^(?P<at>as at )?(?:(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})|(\d{4})-(\d{2})(?:-(\d{2}))?)$", re.I
)
_SPAN = re.compile(
    rf"^(?:from |between )?{_A_DAY}(?P<first>{MONTH_NAME})\.?,?[ ']*(?P<year>\d{{4}}|\d{{2}})?"
    rf"\s*(?:-|–|to|and|until)\s*"
    rf"{_B_DAY}(?P<last>{MONTH_NAME})\.?,?[ '-]*(?P<last_year>\d{{4}}|\d{{2}})$",
    re.I,
)
_YEAR_ENDING = re.compile(
    rf"^(?:the )?(?:year|YE|(?:12|twelve) months)(?: ending| ended| to)?(?: in| on)? {_DAY}({MONTH_NAME})\.?"
    rf"[ -](\d{{4}}|\d{{2}})$",
    re.I,
)
_SINCE = re.compile(rf"^since ({MONTH_NAME})\.? ?(\d{{4}})$|^since (\d{{4}})$", re.I)
_TERM_NAME = r"(autumn and spring|autumn|spring|summer)(?: terms?)?"
_TERM = re.compile(rf"^{_TERM_NAME}[ ,]+(?P<after>.+)$|^(?P<before>.+?)[ ,]+{_TERM_NAME}$", re.I)
_QUARTER_NAME = r"(?:(?:Q|qtr|quarter)\.? ?([1-4])|([1-4])(?:st|nd|rd|th) (?:quarter|qtr))(?: ?\([^)]*\))?"
_QUARTER = re.compile(rf"^{_QUARTER_NAME}[ ,:/-]+(?P<after>.+)$|^(?P<before>.+?)[ ,:/-]*{_QUARTER_NAME}$", re.I)
_POOLED = re.compile(r"^(\d{4})\s*(?:-|–|to|/)\s*(\d{4}|\d{2})$", re.I)
_POOLED_SPLIT = re.compile(r"^(\d{4}\s?[/–-]\s?\d{2,4}|\d{6})\s*(?:-|–|to)\s*(\d{2,4}\s?[/–-]\s?\d{2,4}|\d{6})$", re.I)
_TO_MONTH = re.compile(
    rf"^(?P<to>rolling year to|YTD(?: to)?|year to date(?: to)?|"
    rf"(?:financial|academic|calendar) year to date(?: to)?)? ?{_A_DAY}"
    rf"(?P<month>{MONTH_NAME})\.?[ -](?P<year>\d{{4}}|\d{{2}})$",
    re.I,
)
_CODE_MONTH = re.compile(r"^((?:19|20)\d{2})(0[1-9]|1[0-2])$")
_HALF_TERMS = {"1-2": "autumn term", "1-4": "autumn and spring term", "3-4": "spring term", "5-6": "summer term"}
_HALF = re.compile(r"^HT ?(\d) ?[-–] ?(\d)[ ,]+(.+)$", re.I)
_NOTES = re.compile(r"(?:\s*(?:\[note \d+\]|\[\d{1,2}\]|\(\d{1,2}\)|[¹²³⁰⁴-⁹*†‡]))+$")
_MARK = re.compile(r"\s*\((rev|revised|r|prov|provisional|p|[A-Z]{2,4})\)$|\s*\[([rp])\]$|(?<=\d) ?([rp])$", re.I)
_WITH_DECIMALS = re.compile(r"^(?:19|20)\d{2}(?:\d{2})?\.(?:0+|\d{9,})$")
"""A year as programs write it that take it for a measurement: 2010.0 and 2009.9999999999998."""
_HYPHENS = dict.fromkeys(map(ord, "\u2010\u2011\u2212"), "-")
_CODE_WINDOW = re.compile(r"^(\d{4})(\d{2})-(?:(\d{4})(\d{2}))?$")

Month = tuple[int, int]
"""A year and a month."""


@lru_cache(maxsize=4096)
def read_period(
    value: str | int | float | date, identifier: str, *, ending: bool = False, headings: tuple[str, ...] = ()
) -> Period | None:
    """Read what a partner typed as a period of the indicator's declared identifier; None where it is not one.

    `ending` lets a single year stand for the academic or financial year that ends in it. Without it a single year is
    refused for such an indicator, because half of all tables mean one thing by it and half the other. `headings` are
    the words over or beside it, which can say what a date is the end or the beginning of.

    A date stands for a month only on the first or the last day of it: Excel makes 11 April of this year of Apr-11.
    """
    try:
        return _read(value, identifier, ending=ending, headings=headings)
    except (ValueError, OverflowError):  # a year that no calendar has
        return None


def _as_text(value: str | int | float) -> str | None:
    """What was typed, without footnotes and with one kind of hyphen; None for a number that is not whole."""
    if isinstance(value, str) and _WITH_DECIMALS.match(value.strip()):
        value = float(f"{float(value):.15g}")
    if isinstance(value, float):
        if not value.is_integer():
            return None
        value = int(value)
    return without_revision_marks(" ".join(str(value).translate(_HYPHENS).split()))[0]


def _read(
    value: str | int | float | date, identifier: str, *, ending: bool, headings: tuple[str, ...]
) -> Period | None:
    if isinstance(value, date):
        return _of_day(value, identifier, headings)
    text = _as_text(value)
    if text is None:
        return None
    if identifier == WEEKLY:
        return read_week(text, headings)
    if span := _span(text, within=identifier == WINDOW):
        return _of_span(*span, identifier)
    if identifier == ROLLING or identifier in TO_DATE:
        return _to_month(text, identifier)
    says, text = _kind_of_year(text)
    if says not in ("", identifier) and identifier not in _WITHIN.get(says, ()):
        return None
    if identifier in SPLIT_YEARS:
        return _split_year(text, identifier, ending=ending)
    if identifier in SINGLE_YEARS:
        return build_period(identifier, int(text)) if _is_year(text) else None
    if identifier in MONTHS or identifier == MONTHLY:
        return _month(text, identifier, says)
    if identifier in POOLED:
        return _pooled(text, identifier)
    return _read_window(text) if identifier == WINDOW else _part_of_year(text, identifier)


def _of_day(day: date, identifier: str, headings: tuple[str, ...]) -> Period | None:
    if identifier == WEEKLY:
        return read_week(day, headings)
    month = day.year, day.month
    return _of_span(month, month, identifier) if is_first_or_last_of_month(*month, day.day) else None


def _kind_of_year(text: str) -> tuple[str, str]:
    """The kind of year that a text begins with, if it names one, and the rest."""
    match = _PREFIX.match(text)
    return (_PREFIXES[match[1].casefold()], text[match.end() :].strip()) if match else ("", text.strip())


# -- spans of months


def _span(text: str, *, within: bool) -> tuple[Month, Month] | None:
    """The first and the last month of a span such as April 2009 to March 2010, or the year ending March 2010. Where it
    is given by days they are the first and last of months, unless it may lie `within` its months."""
    if match := _YEAR_ENDING.match(text):
        last = full_year(match[2]), month_number(match[1])
        return months_before(date(*last, 1), 11), last
    if match := _SPAN.match(text):
        last = full_year(match["last_year"]), month_number(match["last"])
        month = month_number(match["first"])
        year = full_year(match["year"]) if match["year"] else last[0] - (month > last[1])
        whole = int(match["day"] or 1) == 1 and (not match["last_day"] or _ends(*last, int(match["last_day"])))
        return ((year, month), last) if whole or (within and (year, month) != last) else None
    first, separator, second = text.partition(" to ") if " to " in text else text.partition(" - ")
    if separator and (begins := _date(first, within=within)) and (ends := _date(second, within=within)):
        return begins, ends
    return None


def _ends(year: int, month: int, day: int) -> bool:
    return day > 1 and is_first_or_last_of_month(year, month, day)


def _of_span(first: Month, last: Month, identifier: str) -> Period | None:
    """A span of months as a period of an identifier, if it is exactly one."""
    months = (last[0] - first[0]) * 12 + last[1] - first[1] + 1
    if identifier == WINDOW:
        return reporting_window(first, last)
    if months == 1 and (identifier in MONTHS or identifier == MONTHLY):
        return _of_month(*first, identifier)
    if identifier == ROLLING:
        return period_ending(identifier, *last) if months in (1, 12) else None
    if identifier in TO_DATE:
        return (
            period_ending(identifier, *last)
            if months == 1 or (first[1] == TO_DATE[identifier] and months <= 12)
            else None
        )
    if months == 3 and first[1] in (1, 4, 7, 10):
        if identifier in (FINANCIAL_QUARTER, CALENDAR_QUARTER):
            return period_starting(identifier, *first)
        year = first[0] if first[1] >= 4 else first[0] - 1
        return build_period(identifier, year) if QUARTERS.get(identifier) == ((first[1] + 2) // 3 - 1 or 4) else None
    begins = SPLIT_YEARS.get(identifier, 1 if identifier in SINGLE_YEARS else None)
    if months == 12 and first[1] == begins:
        return build_period(identifier, first[0])
    if identifier in POOLED and months > 12 and months % 12 == 0 and first[1] == POOLED[identifier]:
        return pooled_years(first[0], first[0] + months // 12 - 1, identifier)
    return None


# -- months, terms, quarters and years


def _month(text: str, identifier: str, says: str) -> Period | None:
    if identifier in MONTHS and _is_year(text):
        return build_period(identifier, int(text))
    if match := _CODE_MONTH.match(text):
        return _of_month(int(match[1]), int(match[2]), identifier)
    when = _date(text)
    if when is None and (match := _MONTH_YEAR.match(text)) and match["split"]:
        when = _month_of_split_year(month_number(match["month_of"]), match["split"], says)
    return _of_month(*when, identifier) if when else None


def _date(text: str, *, within: bool = False) -> Month | None:
    """The year and month of a month or of a date that stands for one: Mar-10, 2010 March, 31 March 2010, 31/03/2010,
    2010-03-31. A day `within` the month stands for it only where that is said, as in "as at 15 March 2010"."""
    if match := _MONTH_YEAR.match(text.strip()):
        if match["year_first"]:
            return int(match["year_first"]), month_number(match["month_second"])
        if not match["month"]:
            return None
        when, day = (full_year(match["year"]), month_number(match["month"])), match["day"]
        return when if not day or within or match["at"] or is_first_or_last_of_month(*when, int(day)) else None
    match = _NUMERIC.match(text.strip())
    if match is None:
        return None
    if match[2]:
        on = date(full_year(match[4]), int(match[3]), int(match[2]))
    elif not match[7] and int(match[6]) == (int(match[5]) + 1) % 100:  # 2010-11 may be a year
        return None
    else:
        on = date(int(match[5]), int(match[6]), int(match[7] or 1))
    return (
        (on.year, on.month) if within or match["at"] or is_first_or_last_of_month(on.year, on.month, on.day) else None
    )


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
        return build_period(identifier, year) if year and named == identifier else None
    if match := _QUARTER.match(text):
        number = int(next(filter(None, (match[1], match[2], match[5], match[6]))))
        return _quarter(number, _kind_of_year(match["after"] or match["before"])[1], identifier)
    whole = identifier in TERMS or identifier in QUARTERS
    return build_period(identifier, year) if whole and (year := _first_year(text)) else None


def _quarter(number: int, text: str, identifier: str) -> Period | None:
    """A quarter by its number: of 2010/11 one of the financial year, of 2010 one of the calendar year."""
    if identifier == CALENDAR_QUARTER:
        return period_starting(identifier, int(text), number * 3 - 2) if _is_year(text) else None
    year = _first_year(text)
    if year is None:
        return None
    if identifier == FINANCIAL_QUARTER:
        return period_starting(identifier, *((year, number * 3 + 1) if number < 4 else (year + 1, 1)))
    return build_period(identifier, year) if QUARTERS.get(identifier) == number else None


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
    return build_period(identifier, year) if year else None


def _first_year(text: str) -> int | None:
    """The calendar year in which 2009/10, 09/10, 2009-2010 or 200910 begins; None unless the years follow on."""
    match = _TWO_YEARS.match(text.strip())
    if not match:
        return None
    first, second = (match[1], match[2]) if match[1] else (match[3], match[4])
    year = full_year(first)
    return year if int(second) % 100 == (year + 1) % 100 and len(second) <= len(str(year)) else None


def _is_year(text: str) -> bool:
    return bool(re.fullmatch(r"(?:19|20)\d{2}", text))


def _of_month(year: int, month: int, identifier: str) -> Period | None:
    if identifier == MONTHLY:
        return period_starting(identifier, year, month)
    return build_period(identifier, year) if MONTHS[month - 1] == identifier else None


def without_revision_marks(text: str) -> tuple[str, str | None]:
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
    return pooled_years(first, last, identifier) if first and last and first < last <= first + 10 else None


def _same_century(first: int, text: str) -> int:
    return int(text) if len(text) == 4 else first // 100 * 100 + int(text)


def _to_month(text: str, identifier: str) -> Period | None:
    match = _CODE_MONTH.match(text)
    if match:
        return period_ending(identifier, int(match[1]), int(match[2]))
    match = _TO_MONTH.match(text)
    if match is None:
        return None
    year, month, day = full_year(match["year"]), month_number(match["month"]), match["day"]
    return (
        period_ending(identifier, year, month)
        if not day or match["to"] or is_first_or_last_of_month(year, month, int(day))
        else None
    )


def _read_window(text: str) -> Period | None:
    if match := _CODE_WINDOW.match(text):
        if not (1 <= int(match[2]) <= 12 and (not match[4] or 1 <= int(match[4]) <= 12)):
            return None
        return reporting_window((int(match[1]), int(match[2])), (int(match[3]), int(match[4])) if match[3] else None)
    if match := _SINCE.match(text):
        return (
            reporting_window((int(match[3]), 1), None)
            if match[3]
            else reporting_window((int(match[2]), month_number(match[1])), None)
        )
    when = _date(text)
    return reporting_window(when, when) if when else None
