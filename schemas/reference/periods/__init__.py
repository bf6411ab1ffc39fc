"""Periods: the kinds there are, and every notation in which partners give one.

Identifiers and `time_period` codes are those of the Department for Education's tidy-data standard (200910 for an
academic year, 2010 with September for a month). What it has no one identifier for has one here, and codes of our own:
every week (2010W36), every month (201009), every quarter (201011Q2, 2010Q3), several years together, twelve months, a
year to date, and an irregular span, the "Reporting window" (200709-201012, or 200909- while it is open).
"""

from local_indicators.schemas.reference.periods.dates_made_by_excel import (
    MadeDate,
    date_in_place_of_period,
    date_made_by_excel,
    is_within_month,
    number_probably_typed,
    period_probably_typed,
    word_probably_typed,
)
from local_indicators.schemas.reference.periods.day_notations import day_in_words, is_first_or_last_of_month
from local_indicators.schemas.reference.periods.footnote_digits import without_footnote
from local_indicators.schemas.reference.periods.period_kinds import (
    CALENDAR_QUARTER,
    EXPECTED,
    FINANCIAL_QUARTER,
    IDENTIFIERS,
    MONTHLY,
    MONTHS,
    POOLED,
    QUARTERS,
    ROLLING,
    SERIES,
    SINGLE_YEARS,
    SPLIT_YEARS,
    TERMS,
    TO_DATE,
    WEEKLY,
    WINDOW,
    Period,
    build_period,
    period_ending,
    period_starting,
    pooled_years,
    reporting_window,
    week_containing,
)
from local_indicators.schemas.reference.periods.period_notations import read_period, without_revision_marks

__all__ = [
    "CALENDAR_QUARTER",
    "EXPECTED",
    "FINANCIAL_QUARTER",
    "IDENTIFIERS",
    "MONTHLY",
    "MONTHS",
    "POOLED",
    "QUARTERS",
    "ROLLING",
    "SERIES",
    "SINGLE_YEARS",
    "SPLIT_YEARS",
    "TERMS",
    "TO_DATE",
    "WEEKLY",
    "WINDOW",
    "MadeDate",
    "Period",
    "build_period",
    "date_in_place_of_period",
    "date_made_by_excel",
    "day_in_words",
    "is_first_or_last_of_month",
    "is_within_month",
    "number_probably_typed",
    "period_ending",
    "period_probably_typed",
    "period_starting",
    "pooled_years",
    "read_period",
    "reporting_window",
    "week_containing",
    "without_footnote",
    "without_revision_marks",
    "word_probably_typed",
]  # fmt: skip
