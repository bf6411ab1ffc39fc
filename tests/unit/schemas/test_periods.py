"""Periods as partners write them: each notation, and what it must not be taken for."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from local_indicators.schemas.reference.periods import read_period, without_revision_marks

AY, FY, CY = "Academic year", "Financial year", "Calendar year"
READ = [
    *[(typed, AY, "200910", "2009-09-01", "2010-08-31") for typed in (
        "2009/10", "2009-10", "200910", 200910, 200910.0, "09/10", "2009/2010", "2009-2010", "2009 to 2010", "AY 2009/10",
        "AY2009/10", "Academic year 2009-10", "2009/10 (Rev)", "2009/10 (OT)", "2009/10²", "2009/10 [note 3]", "2009/10p",
        "September 2009 to August 2010", "Sep 2009 - Aug 2010", "year ending August 2010", " 2009 / 10 ", "200910.0", "2009\u221210",
    )],
    *[(typed, FY, "200910", "2009-04-01", "2010-03-31") for typed in (
        "2009/10", "FY2009/10", "Financial year 2009-10", "year ending March 2010", "YE Mar-10", "year to 31 March 2010",
        "1 April 2009 to 31 March 2010", "01/04/2009 - 31/03/2010", "2009-10r",
    )],
    ("1999/00", FY, "199900", "1999-04-01", "2000-03-31"),
    *[(typed, CY, "2010", "2010-01-01", "2010-12-31") for typed in ("2010", "2010.0", "2009.9999999999998")],
    ("Jan - Dec 2010", CY, "2010", "2010-01-01", "2010-12-31"),
    *[(typed, "September", "2010", "2010-09-01", "2010-09-30") for typed in (
        "Sep-10", "Sept 2010", "September 2010", "as at 30 September 2010", "30/09/2010", "30.09.10", "2010-09-30", "2010-09",
        "2010", "September 2010/11", datetime(2010, 9, 1, tzinfo=UTC), date(2010, 9, 30), "as at 15 September 2010", "end of September 2010",
    )],
    ("March 2010/11", "Month", "201103", "2011-03-01", "2011-03-31"),
    ("FY May 2010/11", "Month", "201005", "2010-05-01", "2010-05-31"),
    ("Sep-10", "Month", "201009", "2010-09-01", "2010-09-30"),
    *[(typed, "Autumn term", "201011", "2010-09-01", "2010-12-31") for typed in (
        "Autumn Term 2010-11", "Autumn 2010/11", "2010/11 autumn term", "Autumn 2010", "HT1-2 2010/11", "201011",
    )],
    ("Spring 2011", "Spring term", "201011", "2011-01-01", "2011-04-30"),
    ("HT1-4 2009/10", "Autumn and spring term", "200910", "2009-09-01", "2010-04-30"),
    *[(typed, "Financial quarter", "201011Q2", "2010-07-01", "2010-09-30") for typed in (
        "Q2 2010/11", "2010/11 Q2", "2010-11 Quarter 2", "Qtr 2 (Jul-Sep) 2010/11", "2nd quarter 2010/11", "Q2, 2010-11",
        "Jul-Sep 2010", "July to September 2010", "Financial year Q2 201011", "201011Q2", "Q2 FY2010/11",
    )],
    ("Q4 2010/11", "Financial quarter", "201011Q4", "2011-01-01", "2011-03-31"),
    ("Q2 2010/11", "Financial year Q2", "201011", "2010-07-01", "2010-09-30"),
    ("Q3 2010", "Calendar quarter", "2010Q3", "2010-07-01", "2010-09-30"),
    ("2007-09", "Pooled calendar years", "2007-2009", "2007-01-01", "2009-12-31"),
    ("2009 - 11", "Pooled calendar years", "2009-2011", "2009-01-01", "2011-12-31"),
    ("2009/10 - 11/12", "Pooled financial years", "200910-201112", "2009-04-01", "2012-03-31"),
    ("2015/2016 - 2019/2020", "Pooled financial years", "201516-201920", "2015-04-01", "2020-03-31"),
    *[(typed, "Twelve months", "201009", "2009-10-01", "2010-09-30") for typed in (
        "12 months to Sep 10", "twelve months to September 2010", "Oct 2009 - Sep 2010", "year ending September 2010",
    )],
    ("YTD to Dec 2010", "Financial year to date", "201012", "2010-04-01", "2010-12-31"),
    ("Apr-Dec 2010", "Financial year to date", "201012", "2010-04-01", "2010-12-31"),
    ("Dec 2010 to Feb 2011", "Reporting window", "201012-201102", "2010-12-01", "2011-02-28"),
    ("Dec - Feb 2011", "Reporting window", "201012-201102", "2010-12-01", "2011-02-28"),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "identifier", "code", "start", "end"), READ, ids=[f"{r[0]} {r[1]}" for r in READ])
def test_a_period_is_read(typed: str | int | float | date, identifier: str, code: str, start: str, end: str) -> None:
    period = read_period(typed, identifier)
    assert period is not None
    assert (period.time_period, period.time_identifier) == (code, identifier)
    assert (str(period.start), str(period.end)) == (start, end)


@pytest.mark.parametrize(
    ("typed", "identifier"),
    [("2007-09", AY), ("2007-09", CY), ("2008-09", CY), ("2010", AY), ("2009/11", AY), ("FY 2009/10", AY), ("AY 2009/10", FY),
     ("year ending March 2010", AY), ("April 2009 to December 2010", FY), ("Q2 2010", "Financial quarter"), ("Q5 2010/11", "Financial quarter"),
     ("Q2 2010/11", "Calendar quarter"), ("Q2 2010/11", "Financial year Q3"), ("Aug-Oct 2010", "Financial quarter"), ("May 2010/11", "Month"),
     ("2010-11", "November"), ("October 2010", "September"), ("31/09/2010", "September"), ("0", AY), ("last year", AY), ("YTD to Dec", "Financial year to date"),
     ("2007", "Pooled calendar years"), ("Spring 2011", "Autumn term"), ("Apr 2009 - Feb 2010", "Twelve months"), (date(2010, 9, 1), AY)],
)  # fmt: skip
def test_what_is_no_such_period_is_refused(typed: str | date, identifier: str) -> None:
    assert read_period(typed, identifier) is None


def test_a_single_year_ends_a_split_year_only_where_the_layout_says_so() -> None:
    period = read_period("2010", FY, ending=True)
    assert period is not None
    assert period.time_period == "200910"


@pytest.mark.parametrize(
    ("typed", "text", "status"),
    [("2024 (Rev)", "2024", "r"), ("2025 (prov)", "2025", "p"), ("2016-17 (OT)", "2016-17", None), ("2006-07r", "2006-07", "r"),
     ("2010/11 [p]", "2010/11", "p"), ("2012/13*", "2012/13", None)],
)  # fmt: skip
def test_a_mark_behind_a_period_is_its_status(typed: str, text: str, status: str | None) -> None:
    assert without_revision_marks(typed) == (text, status)
