"""Faults in good returns: each is in the cells of exactly one error, and there is no other error."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local_indicators.flows.commands.check import check_files
from local_indicators.inputs.layouts.partner_layouts import Partner, load_partners
from local_indicators.schemas.definitions.models import Definitions
from tests.support.places import INCOMING, PARTNERS, TODAY, Place
from tests.support.planted_faults import Good, good_returns, judge_planted, mix
from tests.support.small_returns import BUSY_PARTNER, book, busy_rows

EVERY = 1 if os.environ.get("INDICATORS_TEST_LONG") else 11
"""Of the faults that one cell can have, every how many is tried (`make faults` tries them all)."""

ABSENCE = "schools-learning/Absence_2010-11.xlsx"
NEET = "careers/NEET_September_2010.xlsx"
NCMP = "health/NCMP_Nottingham_2009-10.xlsx"
INSPECTIONS = "schools-learning/Ofsted_inspections_2010.xlsx"
PA = "Primary persistent absence"

FAULTS: list[tuple[str, str, str, Any, str]] = [
    (ABSENCE, PA, "E6", "six", "cell.not-a-number"),
    (ABSENCE, PA, "D6", "1197 or so", "cell.not-a-number"),
    (ABSENCE, PA, "C6", "many", "cell.not-a-number"),
    (ABSENCE, PA, "E6", 167, "value.above-maximum"),
    (ABSENCE, PA, "E6", -1, "value.below-minimum"),
    (ABSENCE, PA, "D6", -5, "value.below-minimum"),
    (ABSENCE, PA, "D6", 11.5, "value.not-whole"),
    (ABSENCE, PA, "B6", "Nottingshire", "area.unknown"),
    (ABSENCE, PA, "B6", "Mottingham", "area.unknown"),
    (ABSENCE, PA, "B6", None, "cell.blank"),
    (ABSENCE, PA, "A6", "last year", "period.unknown"),
    (ABSENCE, PA, "A6", "2007-09", "period.unknown"),
    (ABSENCE, PA, "A6", "Autumn term 2007/08", "period.unknown"),
    (ABSENCE, PA, "A6", None, "cell.blank"),
    (ABSENCE, PA, "A6", "2008/09", "key.duplicate"),
    (ABSENCE, PA, "E6", None, "cell.blank"),
    (ABSENCE, PA, "D6", None, "cell.blank"),
    (ABSENCE, PA, "C6", None, "cell.blank"),
    (ABSENCE, PA, "D6", 19001, "value.numerator-above-denominator"),
    (ABSENCE, PA, "C6", 1000, "value.numerator-above-denominator"),
    (ABSENCE, PA, "E6", 7.3, "value.does-not-match"),
    (ABSENCE, PA, "D6", 1300, "value.does-not-match"),
    (ABSENCE, PA, "F6", "guess", "provenance.unknown"),
    (ABSENCE, "Primary absence", "D5", "7.9 ish", "cell.not-a-number"),
    (ABSENCE, "Primary absence", "A5", "Overall absence, some year", "indicator.unknown"),
    (ABSENCE, "Primary absence", "D5", "=1/0", "cell.not-calculated"),
    (ABSENCE, "Schools", "B6", "Free schools", "breakdown.unknown"),
    (ABSENCE, "Schools", "B6", "All", "key.duplicate"),
    (ABSENCE, "Secondary PA", "C6", "n", "cell.not-a-number"),
    (NEET, "NEET", "D6", "unknown", "cell.not-a-number"),
    (NEET, "NEET", "C5", "October 2010", "period.unknown"),
    (NCMP, "2009-10", "B6", "Nottingham", "area.wrong-type"),
    (NCMP, "2009-10", "C6", 1130, "value.above-maximum"),
    (INSPECTIONS, "Judgements", "D5", "fair", "value.not-in-scale"),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f"{f[1]}!{f[2]}={f[3]}")
def test_one_fault_is_one_error_that_names_its_cell(
    fault: tuple[str, str, str, Any, str], tmp_path: Path, place: Place
) -> None:
    source, sheet, cell, value, rule = fault
    book = openpyxl.load_workbook(INCOMING / source)
    assert book[sheet][cell].value != value
    book[sheet][cell].value = value
    path = tmp_path / Path(source).name
    book.save(path)
    (result,) = check_files([path], place.settings(), partner=source.split("/")[0])
    errors = [one for one in result["findings"] if one["severity"] == "error"]
    assert [(error["rule"], error["sheet"]) for error in errors] == [(rule, sheet)]
    assert cell in errors[0]["cells"]
    assert result["status"] == "rejected"


@pytest.fixture(scope="module")
def partners(definitions: Definitions, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Partner]:
    """The example partners, and one of the test's own with a busy return."""
    folder = tmp_path_factory.mktemp("partners")
    (folder / "tester.toml").write_text(BUSY_PARTNER, encoding="utf-8")
    return {**load_partners(definitions, PARTNERS), **load_partners(definitions, folder)}


@pytest.fixture(scope="module")
def good(
    partners: Mapping[str, Partner], definitions: Definitions, tmp_path_factory: pytest.TempPathFactory
) -> list[Good]:
    """The example returns that are accepted, and a busy one."""
    busy = tmp_path_factory.mktemp("busy") / "tester" / "figures.xlsx"
    busy.parent.mkdir()
    busy.write_bytes(book({"Figures": busy_rows()}))
    return good_returns([*sorted(INCOMING.rglob("*.*")), busy], partners, definitions, TODAY)


@pytest.mark.long
def test_any_one_fault_in_any_cell_is_one_error(
    good: list[Good], tmp_path: Path, partners: Mapping[str, Partner], definitions: Definitions
) -> None:
    assert len(good) == 16
    jobs = [(one, [plant]) for one in good for plant in one.plants][::EVERY]
    said = judge_planted(jobs, tmp_path, partners, definitions, TODAY)
    assert len(said) > 1000 / EVERY
    assert [words for one in said for words in one] == []


@settings(max_examples=60 if EVERY == 1 else 6, deadline=None, suppress_health_check=list(HealthCheck))
@given(chance=st.randoms(use_true_random=False))
@pytest.mark.long
def test_any_mix_of_faults_is_as_many_errors(
    chance: random.Random,
    good: list[Good],
    tmp_path: Path,
    partners: Mapping[str, Partner],
    definitions: Definitions,
) -> None:
    jobs = [(one, mix(one, chance, 15)) for one in (*good, *good[-1:])]
    assert [words for one in judge_planted(jobs, tmp_path, partners, definitions, TODAY) for words in one] == []


def test_the_bad_example_is_wrong_in_eleven_ways_and_each_is_named_once(place: Place) -> None:
    path = INCOMING / "early-years" / "Childcare_quality_2010.xlsx"
    (result,) = check_files([path], place.settings())
    found = [(one["rule"], one["cell"]) for one in result["findings"]]
    assert sorted(found) == sorted(
        [
            ("period.unknown", "C6"),
            ("area.unknown", "B7"),
            ("value.above-maximum", "F8"),
            ("value.numerator-above-denominator", "D9"),
            ("cell.error-value", "F10"),
            ("value.does-not-match", "F11"),
            ("period.unknown", "C12"),
            ("cell.not-a-number", "F13"),
            ("key.duplicate", "F16"),
            ("cell.blank", "F17"),
            ("indicator.unknown", "A18"),
        ]
    )
    assert result["not_checked"] == ["history"]


def test_a_period_that_has_not_begun_is_in_the_future(tmp_path: Path, place: Place) -> None:
    book = openpyxl.load_workbook(INCOMING / ABSENCE)
    book[PA]["A6"].value = "2010/11"
    book.save(tmp_path / "Absence.xlsx")
    for today, rules in ((date(2010, 8, 31), ["period.in-future"]), (TODAY, [])):
        (result,) = check_files([tmp_path / "Absence.xlsx"], place.settings(today=today), partner="schools-learning")
        found = [one["rule"] for one in result["findings"] if one["sheet"] == PA]
        assert found == rules


@pytest.mark.long
def test_a_file_is_told_by_its_contents_where_its_name_says_nothing(tmp_path: Path, place: Place) -> None:
    copies: list[tuple[Path, Path]] = []
    for source in sorted(INCOMING.rglob("*.*")):
        path = tmp_path / f"{len(copies)}{source.suffix}"
        path.write_bytes(source.read_bytes())
        copies.append((source, path))
    results = check_files([path for _, path in copies], place.settings())
    judged = {result["file"]: result for result in results}
    for source, path in copies:
        (original,) = check_files([source], place.settings())
        assert judged[str(path)]["collection"] == original["collection"]
        assert judged[str(path)]["findings"] == original["findings"]


def test_a_return_in_another_partners_folder_is_shown_to_nobody(tmp_path: Path, place: Place) -> None:
    path = tmp_path / "careers" / "Absence_2010-11.xlsx"
    path.parent.mkdir()
    path.write_bytes((INCOMING / ABSENCE).read_bytes())
    (result,) = check_files([path], place.settings())
    assert [one["rule"] for one in result["findings"]] == ["return.wrong-folder"]
    assert "Absence" not in str(result["findings"])
