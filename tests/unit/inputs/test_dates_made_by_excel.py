"""Dates that Excel made of what was typed, and footnotes that ran into it: the right reading, or words that say so."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import pytest

from local_indicators.flows.checking.validate_files import ValidationResult, validate_files
from local_indicators.inputs.layouts.partner_layouts import Partner, load_partners
from local_indicators.inputs.parsing.return_identification import Origin
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.observations import CheckContext
from tests.support.small_returns import book

TODAY = date(2012, 5, 20)
PARTNER = r"""
id = "tester"
name = "A partner made by a test"
email = "tester@example.org"

[[collection]]
id = "tall"
title = "A row for each figure"
files = ["tall*"]
[[collection.layout]]
[[collection.layout.table]]
header = { find = "Area" }
area = { column = "Area" }
period = { column = "When" }
indicator = { column = "Measure", map = { "Absence" = "absence-primary", "Budget" = "childrens-services-budget-change", "NEET" = "neet-16-18-september", "Referrals" = "substance-misuse-referrals" } }
value = [{ column = "Value" }]

[[collection]]
id = "years"
title = "A column a year"
files = ["years*"]
[[collection.layout]]
[[collection.layout.table]]
header = { find = "Area" }
area = { column = "Area" }
indicator = "absence-primary"
period = { header = '^(\d{4}/\d{2})' }
value = [{ match = '^\d{4}/\d{2}', scale = "percent" }]

[[collection]]
id = "months"
title = "A column a month"
files = ["months*"]
[[collection.layout]]
[[collection.layout.table]]
header = { find = "Area" }
area = { column = "Area" }
indicator = "childrens-centres"
period = { header = '(\w+ \d{4}|\w{3}-\d\d)$' }
value = [{ match = '(\w+ \d{4}|\w{3}-\d\d)$' }]
"""
Judge = Callable[[str, Sequence[Sequence[Any]]], ValidationResult]
Found = list[tuple[str, str | None, str]]


@pytest.fixture(scope="module")
def partners(tmp_path_factory: pytest.TempPathFactory, definitions: Definitions) -> Mapping[str, Partner]:
    folder = tmp_path_factory.mktemp("partners")
    (folder / "tester.toml").write_text(PARTNER, encoding="utf-8")
    return load_partners(definitions, folder)


@pytest.fixture(scope="module")
def judged(partners: Mapping[str, Partner], definitions: Definitions) -> Judge:
    """Judges a sheet of rows as a workbook or, by the ending of its name, as a csv file."""

    def run(name: str, rows: Sequence[Sequence[Any]]) -> ValidationResult:
        if name.endswith(".csv"):
            text = io.StringIO()
            csv.writer(text).writerows(rows)
            content = text.getvalue().encode()
        else:
            content = book({"Figures": rows})
        origin = Origin("tester", name, TODAY)
        ((judgement,),) = validate_files([(origin, lambda: content)], partners, definitions, CheckContext(TODAY))
        return judgement

    return run


def tall(measure: str, when: object, value: object, area: str = "Nottingham") -> list[list[Any]]:
    return [["Area", "When", "Measure", "Value"], [area, when, measure, value]]


def found(judgement: ValidationResult) -> Found:
    return [(finding.rule, finding.cell, finding.found) for finding in judgement.findings]


def read(judgement: ValidationResult) -> list[tuple[Any, ...]]:
    assert judgement.table is not None
    return judgement.table.frame.select("area_code", "time_period", "value").rows()


MADE = "cell.made-a-date"


@pytest.mark.parametrize(
    ("name", "rows", "at", "shown", "meant"),
    [
        ("tall.xlsx", tall("NEET", date(2011, 9, 10), 4.1), "B2", "10 September 2011", "September 2010"),
        ("tall.csv", tall("NEET", "10/09/2011", 4.1), "B2", "10/09/2011", "September 2010"),
        ("tall.csv", tall("NEET", "10-Sep", 4.1), "B2", "10-Sep", "September 2010"),
        ("tall.xlsx", tall("Absence", date(2009, 10, 1), 6.1), "B2", "1 October 2009", "2009/10"),
        ("tall.csv", tall("Absence", "Oct-09", 6.1), "B2", "Oct-09", "2009/10"),
        ("tall.xlsx", tall("Absence", date(2012, 10, 9), 6.1), "B2", "9 October 2012", "2009/10"),
        ("tall.xlsx", tall("Referrals", "2009/10", date(2012, 4, 1)), "D2", "1 April 2012", "1-4"),
        ("tall.csv", tall("Referrals", "2009/10", "01-Apr"), "D2", "01-Apr", "1-4"),
        ("tall.xlsx", tall("Referrals", "2009/10", date(1900, 8, 2)), "D2", "2 August 1900", "215"),
        ("tall.xlsx", tall("Referrals", "2009/10", date(2011, 3, 15)), "D2", "15 March 2011", "40617"),
        ("years.xlsx", [["Area", "2007/08", date(2008, 9, 1)], ["Derby", 7.7, 8.2]], "C1", "1 September 2008", "2008/09"),
        ("years.csv", [["Area", "2007/08", "Sep-08"], ["Derby", 7.7, 8.2]], "C1", "Sep-08", "2008/09"),
        ("months.xlsx", [["Area", date(2012, 4, 11)], ["Derby", 7]], "B1", "11 April 2012", "April 2011"),
        ("months.csv", [["Area", "11-Apr-12"], ["Derby", 7]], "B1", "11-Apr-12", "April 2011"),
    ],
)  # fmt: skip
def test_a_date_that_excel_made_is_named_with_what_was_meant(
    judged: Judge, name: str, rows: Sequence[Sequence[Any]], at: str, shown: str, meant: str
) -> None:
    judgement = judged(name, rows)
    assert found(judgement) == [(MADE, at, shown)]
    assert judgement.status == "rejected"
    assert meant in judgement.findings[0].expected
    assert "Text" in judgement.findings[0].fix
    assert "Remove" not in judgement.findings[0].fix


def test_where_every_year_has_become_a_date_each_is_named_and_nothing_else(judged: Judge) -> None:
    judgement = judged("years.xlsx", [["Area", date(2008, 9, 1), date(2009, 10, 1)], ["Derby", 7.7, 8.2]])
    assert found(judgement) == [(MADE, "B1", "1 September 2008"), (MADE, "C1", "1 October 2009")]


def test_a_heading_that_may_well_be_a_date_only_warns_and_says_what_excel_does(judged: Judge) -> None:
    for heading, below in ((date(2010, 6, 30), 5.5), (date(2009, 10, 1), "checked")):
        judgement = judged("years.xlsx", [["Area", "2007/08", heading], ["Derby", 7.7, below]])
        assert [finding.rule for finding in judgement.findings] == ["layout.column-unmapped"]
        assert judgement.status == "accepted-with-warnings"


@pytest.mark.parametrize(
    "when", [date(2010, 9, 1), date(2010, 9, 30), "30/09/2010", "as at 15 September 2010", "Sep-10"]
)
def test_the_first_and_the_last_day_of_a_month_still_stand_for_it(judged: Judge, when: object) -> None:
    judgement = judged("tall.xlsx", tall("NEET", when, 4.1))
    assert MADE not in {finding.rule for finding in judgement.findings}
    assert read(judgement) == [("E06000018", "2010", 4.1)]


@pytest.mark.parametrize(
    ("area", "when", "at"),
    [("Nottingham1", "2009/10", "A2"), ("Nottingham (E)", "2009/10", "A2"), ("Nottingham 2", "2009/10", "A2"),
     ("Nottingham", "2009/101", "B2"), ("Nottingham", "2009/1012", "B2")],
)  # fmt: skip
def test_a_footnote_that_ran_into_an_area_or_a_year_is_read_and_noted(
    judged: Judge, area: str, when: str, at: str
) -> None:
    judgement = judged("tall.xlsx", tall("Absence", when, 6.1, area))
    assert [(finding.rule, finding.cell) for finding in judgement.findings] == [("cell.footnote-read", at)]
    assert judgement.status == "accepted-with-warnings"
    assert read(judgement) == [("E06000018", "200910", 6.1)]


@pytest.mark.parametrize("when", [20102.0, "20102"])
def test_a_footnote_that_ran_into_a_calendar_year_is_read_in_a_number_too(judged: Judge, when: object) -> None:
    judgement = judged("tall.xlsx", tall("Budget", when, 4.1))
    assert [finding.rule for finding in judgement.findings] == ["cell.footnote-read"]
    assert read(judgement) == [("E06000018", "2010", 4.1)]


@pytest.mark.parametrize(
    ("measure", "when", "area", "rule"),
    [
        ("Budget", 201011.0, "Nottingham", "period.unknown"),
        ("Budget", "2010 3", "Nottingham", "period.unknown"),
        ("Absence", "20102", "Nottingham", "period.unknown"),
        ("Absence", "2009/10", "E060000182", "area.unknown"),
        ("Absence", "2009/10", "8922", "area.unknown"),
        ("Absence", "2009/10", "Lincolnshire (N)", "area.unknown"),
        ("Absence", "2009/10", "Nottm1", "area.unknown"),
    ],
)
def test_no_footnote_is_read_where_something_else_may_be_meant(
    judged: Judge, measure: str, when: object, area: str, rule: str
) -> None:
    assert [finding.rule for finding in judged("tall.xlsx", tall(measure, when, 6.1, area)).findings] == [rule]
