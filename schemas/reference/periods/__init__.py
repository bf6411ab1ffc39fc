"""Periods: the kinds there are, and every notation in which partners give one.

Identifiers and `time_period` codes are those of the Department for Education's tidy-data standard (200910 for an
academic year, 2010 with September for a month). What it has no one identifier for has one here, and codes of our own:
every week (2010W36), every month (201009), every quarter (201011Q2, 2010Q3), several years together, twelve months, a
year to date, and an irregular span, the "Reporting window" (200709-201012, or 200909- while it is open).
"""

from schemas.reference.periods.dates_made_by_excel import (
    MadeDate,
    is_within_month,
    made_date,
    made_of_period,
    number_meant,
    period_meant,
    word_meant,
)
from schemas.reference.periods.day_notations import in_full, is_edge
from schemas.reference.periods.footnote_digits import without_footnote
from schemas.reference.periods.period_kinds import (
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
    build,
    ending_in,
    pooled,
    starting,
    week_of,
    window,
)
from schemas.reference.periods.period_notations import marked, read_period

__all__ = [
    "CALENDAR_QUARTER", "EXPECTED", "FINANCIAL_QUARTER", "IDENTIFIERS", "MONTHLY", "MONTHS", "POOLED", "QUARTERS",
    "ROLLING", "SERIES", "SINGLE_YEARS", "SPLIT_YEARS", "TERMS", "TO_DATE", "WEEKLY", "WINDOW", "MadeDate", "Period",
    "build", "ending_in", "in_full", "is_edge", "is_within_month", "made_date", "made_of_period", "marked",
    "number_meant", "period_meant", "pooled", "read_period", "starting", "week_of", "window", "without_footnote",
    "word_meant",
]  # fmt: skip
