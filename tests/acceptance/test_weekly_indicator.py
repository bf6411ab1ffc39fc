"""A weekly indicator, from the notations of partners to what is published and compared."""

from __future__ import annotations

import io
import os
import shutil
import time
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from local_indicators.flows.commands.template import write_template
from local_indicators.flows.settings import settings
from local_indicators.schemas.reference.periods import read_period, week_containing
from tests.support.places import DEFINITION_FILES, HOME, Place
from tests.support.small_returns import book

READ = [
    *[(typed, ()) for typed in (
        "2010W36", "2010-W36", "2010 W36", "W36 2010", "Week 36 2010", "wk 36, 2010", "week 36 of 2010",
        "week ending 12 September 2010", "w/e 12/09/10", "W/E Sunday 12th Sept 2010", "week ending Friday 10 September 2010",
        "week commencing 6 September 2010", "w/c 06/09/2010", "week beginning Mon 6 Sep 10", "6-12 September 2010",
        "6 September 2010 to 12 September 2010", "06/09/2010 - 10/09/2010", "12/09/2010", "2010-09-06",
        date(2010, 9, 6), datetime(2010, 9, 12),  # noqa: DTZ001 (a cell has no time zone)
    )],
    (date(2010, 9, 10), ("Week ending",)), ("10/09/2010", ("W/E",)), (date(2010, 9, 6), ("Week commencing",)),
]  # fmt: skip
REFUSED = [
    *[(typed, ()) for typed in (
        "Week 53 2010", "Week 0 2010", "Week 36", "Week 36 2010/11", "201036", 201036, "w/e 12 Sep", "w/e 11/09/2010",
        "w/c 07/09/2010", "w/e Monday 12 September 2010", "7-13 September 2010", "September 2010", "2010", date(2010, 9, 10),
    )],
    (date(2010, 9, 12), ("Week commencing",)), (date(2010, 9, 6), ("Week ending",)),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "headings"), READ)
def test_a_week_is_read(typed: str | date, headings: tuple[str, ...]) -> None:
    assert read_period(typed, "Week", headings=headings) == week_containing(date(2010, 9, 8))


@pytest.mark.parametrize(("typed", "headings"), REFUSED)
def test_what_is_no_such_week_is_refused(typed: str | int | date, headings: tuple[str, ...]) -> None:
    assert read_period(typed, "Week", headings=headings) is None


def test_a_week_is_of_the_year_of_most_of_its_days_and_follows_the_one_before() -> None:
    first = week_containing(date(2010, 1, 4))
    before = first.previous()
    assert before is not None
    assert (before.time_period, str(before.start), str(before.end)) == ("2009W53", "2009-12-28", "2010-01-03")


INDICATOR = """
[absence-week]
title = "Absence in the week"
definition = "Share of possible sessions that were missed in a week."
kind = "number"
unit = "%"
polarity = "lower"
decimals = 1
range = [0, 40]
time_identifier = "Week"
accumulation = "discrete"
area_types = ["Local authority", "National"]
breakdowns = {}
total = true
numerator = ""
denominator = ""
additive = false
source_return = "Local return"
replaces = ""
objective = ""
priority = ""
officer = ""
data_owner = "weekly"
authority = ""
disclosure = "none"
lifecycle = "adopted"
versions = [{ version = "1", valid_from = 2009-09-01, broke = "" }]
"""
PARTNER = """
id = "weekly"
name = "A partner with weekly figures"
email = "weekly@example.org"

[[collection]]
id = "weekly-absence"
title = "Absence week by week"
files = ["absence*"]
expect = [{ period = "Week 37 2010", due = 2010-09-24 }]
[[collection.layout]]
[[collection.layout.table]]
header = { find = "Area" }
area = { column = "Area" }
period = { column = "Week ending" }
indicator = "absence-week"
value = [{ column = "Absent", scale = "percent" }]
"""


@pytest.fixture
def workspace(tmp_path: Path) -> dict[str, Any]:
    """The definitions as they are shipped with one weekly indicator more, and the partner that sends it."""
    partners, definitions = tmp_path / "partners", tmp_path / "definitions"
    shutil.copytree(DEFINITION_FILES, definitions)
    (definitions / "indicators" / "weekly.toml").write_text(INDICATOR, encoding="utf-8")
    partners.mkdir()
    shutil.copytree(HOME / "inputs" / "partners", partners, dirs_exist_ok=True)
    (partners / "weekly.toml").write_text(PARTNER, encoding="utf-8")
    return {"definitions": definitions, "partners": partners}


def _send(place: Place, rows: list[list[Any]]) -> None:
    path = place.inbox / "weekly" / "absence.xlsx"
    path.parent.mkdir()
    path.write_bytes(book({"Weeks": rows}))
    settled = time.time() - 60  # a file that has lain a minute need not be waited for
    os.utime(path, (settled, settled))


def test_a_weekly_return_is_published_and_compared_with_the_week_before(
    place: Place, workspace: dict[str, Any]
) -> None:
    weeks: list[list[Any]] = [["Area", "Week ending", "Absent"]]
    for area, values in (("Nottingham", (6.1, 6.4, 5.9)), ("England", (5.0, 5.2, 5.4))):
        days = ("w/e 03/09/2010", date(2010, 9, 10), date(2010, 9, 19))
        weeks += [[area, day, value] for day, value in zip(days, values, strict=True)]
    _send(place, weeks)
    report = place.night(today=date(2010, 9, 22), **workspace)
    assert [(line.status, line.rows) for line in report.returns if line.partner == "weekly"] == [("accepted", 6)]
    latest = place.ask(
        """SELECT time_period, period_end, value, previous_value, change, direction, england_gap
           FROM mart.latest WHERE indicator_id = 'absence-week' AND area_code = 'E06000018'"""
    )
    assert latest == [("2010W37", date(2010, 9, 19), 5.9, 6.4, -0.5, "improving", 0.5)]
    trend = place.ask(
        "SELECT time_period FROM mart.trend WHERE indicator_id = 'absence-week' AND area_code = 'E06000018'"
    )
    assert [period for (period,) in trend] == ["2010W35", "2010W36", "2010W37"]
    returns = place.ask("SELECT period, status FROM mart.returns WHERE collection = 'weekly-absence'")
    assert returns == [("Week 37 2010", "accepted")]


def test_a_week_left_out_is_not_compared_across(place: Place, workspace: dict[str, Any]) -> None:
    rows: list[list[Any]] = [
        ["Area", "Week ending", "Absent"],
        ["Nottingham", "Week 53 2009", 6.0],
        ["Nottingham", "Week 2 2010", 7.0],
    ]
    _send(place, rows)
    place.night(today=date(2010, 2, 1), **workspace)
    asked = "SELECT previous_value, not_comparable_because FROM mart.latest WHERE indicator_id = 'absence-week'"
    ((previous, reason),) = place.ask(asked)
    assert previous is None
    assert "is held for Week 1 2010; the newest before it is for Week 53 2009" in reason


def test_the_template_of_a_weekly_return_can_be_filled_in(workspace: dict[str, Any], tmp_path: Path) -> None:
    out = write_template("weekly-absence", settings(today=date(2010, 9, 22), **workspace), tmp_path / "blank.xlsx")
    held = openpyxl.load_workbook(io.BytesIO(out.read_bytes()))
    said = [str(cell.value) for sheet in held for row in sheet.iter_rows() for cell in row if cell.value]
    assert "Week 37 2010" in said
