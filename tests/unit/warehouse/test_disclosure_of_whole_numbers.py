"""Disclosure control against a reader who knows that people are counted in whole numbers: each door of a small number,
as the published file shows it after build and gate."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from local_indicators.common.errors import DefinitionError
from local_indicators.schemas.definitions.loader import load_definitions
from local_indicators.schemas.definitions.models import Definitions, IndicatorRelation
from tests.support.places import DEFINITION_FILES
from tests.support.publication_histories import COUNT, SHARE, History, figure

DEFINITIONS = load_definitions(DEFINITION_FILES)
LEVEL_3 = "level-3-at-19"
COVERAGE = ("Maintained", "Academies", "Maintained and academies")
NOTHING = (None,) * 6
Shown = dict[tuple[str, ...], tuple[Any, ...]]


def with_indicators(**changed: Mapping[str, Any]) -> Definitions:
    """The definitions with some fields of some indicators changed; `_` in a name stands for a hyphen."""
    names = {name.replace("_", "-"): fields for name, fields in changed.items()}
    made = {name: replace(DEFINITIONS.indicators[name], **fields) for name, fields in names.items()}
    return replace(DEFINITIONS, indicators={**DEFINITIONS.indicators, **made})


def shown(history: History) -> Shown:
    """What the published file tells of each row: value, low, high, text, numerator, denominator."""
    rows = history.ask(
        """SELECT indicator_id, area_code, time_period, breakdown, value, value_low, value_high, value_text, numerator,
                  denominator FROM mart.observations"""
    )
    return {tuple(row[:4]): tuple(row[4:]) for row in rows}


def published(folder: Path, figures: Sequence[dict[str, Any]], definitions: Definitions = DEFINITIONS) -> set[Any]:
    """What is hidden of figures in a file that was built, passed the gate and was published: by what tells them apart."""
    history = History(folder, definitions)
    with history.open:
        history.load(figures)
        assert history.publish().state == "published"
        told = shown(history)
    hidden = {key for key, row in told.items() if row == NOTHING}
    apart = [n for n in range(4) if len({key[n] for key in told}) > 1]
    return {tuple(key[n] for n in apart) if len(apart) > 1 else key[apart[0]] if apart else key for key in hidden}


def level(value: float | None, indicator: str = LEVEL_3, breakdown: str = "Total", **more: Any) -> dict[str, Any]:
    return figure(value, breakdown, indicator=indicator, **more)


@pytest.mark.long
def test_a_share_of_people_whom_another_indicator_numbers(tmp_path: Path) -> None:
    base = level(60.0, SHARE, numerator=120, denominator=200)
    assert published(tmp_path / "few", [base, level(1.0)]) == {LEVEL_3}
    assert published(tmp_path / "many", [base, level(10.0)]) == set()
    assert published(tmp_path / "rest", [base, level(98.5)]) == {LEVEL_3}
    other = with_indicators(level_3_at_19={"denominator_of": "somebody else"})
    assert published(tmp_path / "apart", [base, level(1.0)], other) == set()


@pytest.mark.long
def test_printed_shares_of_parts_give_the_numbers_of_another(tmp_path: Path) -> None:
    def parts(rest: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [
            level(21.3, SHARE, numerator=10, denominator=47),
            level(22.5, SHARE, "FSM=Not eligible"),
            level(rest.get("value"), SHARE, "FSM=Eligible", **{k: v for k, v in rest.items() if k != "value"}),
        ]

    given: dict[str, dict[str, Any]] = {
        "numbers": {"value": 14.3, "numerator": 1, "denominator": 7},
        "mark": {"conf_status": "c"},
    }
    for name, rest in given.items():
        assert published(tmp_path / name, parts(rest)) == {"FSM=Eligible", "FSM=Not eligible"}
    shares = [level(21.3, SHARE, numerator=10, denominator=47), level(22.5, SHARE, "FSM=Not eligible"),
              level(14.3, SHARE, "FSM=Eligible")]  # fmt: skip
    assert published(tmp_path / "shares", shares)
    large = [level(21.3, SHARE, numerator=1000, denominator=4700), level(22.5, SHARE, "FSM=Not eligible"),
             level(14.3, SHARE, "FSM=Eligible")]  # fmt: skip
    assert published(tmp_path / "large", large) == set()


@pytest.mark.long
def test_the_senders_own_ranges(tmp_path: Path) -> None:
    wide = with_indicators(schools_high_persistent_absence={"breakdowns": {"Coverage": COVERAGE}})
    few: dict[str, Any] = {"value_low": 0.0, "value_high": 4.0, "conf_status": "c"}
    marks = [figure(8.0), figure(None, "Coverage=Maintained", **few), figure(None, "Coverage=Academies", **few)]
    hidden = published(tmp_path / "marks", marks, wide)
    assert hidden == {"Coverage=Maintained", "Coverage=Academies"}  # from 1 to 7 each, and no end is told
    told = [figure(8.0), figure(None, "Coverage=Maintained", value_low=4.0, value_high=6.0),
            figure(None, "Coverage=Academies", conf_status="c")]  # fmt: skip
    assert "Coverage=Maintained" in published(tmp_path / "range", told, wide)


@pytest.mark.long
@pytest.mark.parametrize(
    ("said", "is_hidden"),
    [({"value_low": 2.0, "value_high": 2.0}, True), ({"value_low": 2.0, "value_high": 3.0}, True),
     ({"value_high": 4.0}, True), ({"value_low": 20.0, "value_high": 30.0}, False), ({"value_text": "two children"}, True),
     ({"value_text": "Fewer than five"}, True), ({"value_text": "one or two"}, True), ({"value_text": "none"}, False),
     ({"value_text": "about 40 pupils in year 6"}, False), ({"value": 12.0, "value_text": "of whom 3 in care"}, True)],
)  # fmt: skip
def test_ends_and_words_are_as_small_as_the_number_that_they_give_away(
    said: Mapping[str, Any], is_hidden: bool, tmp_path: Path
) -> None:
    history = History(tmp_path, DEFINITIONS)
    with history.open:
        history.load([figure(**{"value": None, **said})])
        assert history.publish().state == "published"
        (row,) = shown(history).values()
    assert (row == NOTHING) == is_hidden


@pytest.mark.long
def test_what_was_hidden_stays_hidden_when_it_is_sent_as_a_range(tmp_path: Path) -> None:
    history = History(tmp_path, DEFINITIONS)
    with history.open:
        for said in ({"value": 3.0}, {"value": None, "value_low": 3.0, "value_high": 3.0}):
            history.load([figure(**said)])
            history.publish()
            assert set(shown(history).values()) == {NOTHING}


def test_a_row_marked_c_is_hidden_whole_and_stops_nothing(tmp_path: Path) -> None:
    figures = [level(4.0, numerator=40, denominator=1000, conf_status="c"),
               level(None, SHARE, numerator=30, denominator=100, value_low=1.0, conf_status="c")]  # fmt: skip
    assert published(tmp_path, figures) == {LEVEL_3, SHARE}


ADDITIVE = with_indicators(
    schools_high_persistent_absence={"additive": True, "area_types": tuple(DEFINITIONS.geography.area_types)}
)


@pytest.mark.long
@pytest.mark.parametrize(
    ("outer", "inner"),
    [("E11000001", [a.area_code for a in DEFINITIONS.geography.areas if "E11000001" in a.lies_in.split()]),
     ("E23000019", ["E06000018", "E10000024"]), ("PCT:5EM", ["E06000018"]),
     ("E13000001", [a.area_code for a in DEFINITIONS.geography.areas if "E13000001" in a.lies_in.split()])],
)  # fmt: skip
def test_areas_that_overlap_without_a_declared_sum(outer: str, inner: Sequence[str], tmp_path: Path) -> None:
    """All but one of the inner areas are shown and add up to 3 less than the outer one, or all of them are."""
    numbers = [20.0] * len(inner)
    total = sum(numbers)
    rows = [figure(number, area=code) for code, number in zip(inner, numbers, strict=True)]
    few = published(
        tmp_path / "few", [figure(total - 17.0, area=outer), *rows[:-1], figure(3.0, area=inner[-1])], ADDITIVE
    )
    assert inner[-1] in few
    assert len(few) > 1
    assert published(tmp_path / "many", [figure(total, area=outer), *rows], ADDITIVE) == set()
    if len(inner) > 1:
        assert published(tmp_path / "left", [figure(total - 17.0, area=outer), *rows[:-1]], ADDITIVE)


def test_a_police_area_a_county_and_a_region_cut_a_place_in_different_ways(tmp_path: Path) -> None:
    region = [a.area_code for a in DEFINITIONS.geography.areas if a.parent_code == "E12000004" and a.valid_to is None
              and a.area_type == "Local authority" and (a.valid_from is None or a.valid_from.year <= 2009)]  # fmt: skip
    figures = [figure(30.0, area="E12000004"), figure(27.0, area="E23000019"), figure(13.0, area="E06000018")]
    assert published(tmp_path, figures, ADDITIVE)  # what is left of the region lies in the other forces
    assert len(region) > 2


EMA = "ema-claimants"
FLOWS = with_indicators(
    ema_claimants={"time_identifier": "Reporting window", "accumulation": "rolling"},
)


def window(value: float, identifier: str, period: str, **more: Any) -> dict[str, Any]:
    return figure(value, indicator=EMA, identifier=identifier, period=period, **more)


@pytest.mark.long
@pytest.mark.parametrize(
    ("figures", "leaks"),
    [([("Reporting window", "200709-201009", 40.0), ("Reporting window", "200709-201012", 43.0)], True),
     ([("Reporting window", "200709-201009", 40.0), ("Reporting window", "200709-201012", 50.0)], False),
     ([("Reporting window", "200709-201012", 43.0), ("Reporting window", "200809-201012", 40.0)], True),
     ([("Pooled calendar years", "2007-2009", 40.0), ("Pooled calendar years", "2008-2010", 33.0),
       ("Calendar year", "2007", 10.0)], True),
     ([("Pooled calendar years", "2007-2009", 40.0), ("Pooled calendar years", "2008-2010", 40.0),
       ("Calendar year", "2007", 10.0)], False),
     ([("Calendar year", "2010", 40.0), ("Calendar quarter", "2010Q1", 10.0), ("Calendar quarter", "2010Q2", 14.0),
       ("Calendar quarter", "2010Q3", 14.0)], True),
     ([("Calendar quarter", "2010Q1", 20.0), ("Month", "201001", 9.0), ("Month", "201002", 9.0)], True),
     ([("Twelve months", "201012", 40.0), ("Calendar year", "2010", 40.0)], False),
     ([("Calendar year to date", "201003", 20.0), ("Calendar year to date", "201006", 22.0)], True)],
)  # fmt: skip
def test_windows_that_overlap_do_not_yield_what_lies_between(
    figures: Sequence[tuple[str, str, float]], leaks: bool, tmp_path: Path
) -> None:
    hidden = published(tmp_path, [window(value, name, period) for name, period, value in figures], FLOWS)
    assert bool(hidden) == leaks


@pytest.mark.long
def test_a_window_that_is_still_open_does_not_tell_who_came_since(tmp_path: Path) -> None:
    history = History(tmp_path, FLOWS)
    with history.open:
        for value, is_shown in ((20.0, True), (22.0, False), (30.0, True)):
            history.load([window(value, "Reporting window", "200909-")])
            history.publish()
            assert (NOTHING not in shown(history).values()) == is_shown


def test_small_numbers_implied_by_a_range_of_a_known_base(tmp_path: Path) -> None:
    def share(base: float, **more: Any) -> set[Any]:
        row = level(None, SHARE, denominator=base, **more)
        return published(tmp_path / f"{base}{more['value_low']}", [row, level(50.0, breakdown="Total")])

    assert share(20, value_low=5.0, value_high=10.0) == {SHARE}
    assert share(400, value_low=5.0, value_high=10.0) == set()
    assert share(20, value_low=90.0, value_high=95.0) == {SHARE}


def test_a_change_over_years_gives_back_what_is_hidden(tmp_path: Path) -> None:
    related = replace(
        DEFINITIONS,
        relations=(*DEFINITIONS.relations, IndicatorRelation("change", "ks1-level-2-change", (LEVEL_3,), periods=3)),
        indicators={**DEFINITIONS.indicators, "ks1-level-2-change": replace(
            DEFINITIONS.indicators["ks1-level-2-change"], total=True, breakdowns={})},
    )  # fmt: skip
    figures = [level(3.0, numerator=3, denominator=100), level(50.0, numerator=50, denominator=100, period="200607"),
               level(-47.0, "ks1-level-2-change")]  # fmt: skip
    hidden = published(tmp_path, figures, related)
    assert (LEVEL_3, "200910") in hidden
    assert len(hidden) == 2


@pytest.mark.parametrize(
    ("file", "right", "wrong", "named"),
    [("indicators/attainment.toml", 'change_of = "ks4-two-sciences"', "", "ks4-two-sciences-change.change_of"),
     ("relations.toml", 'indicator = "without-level-2-at-19"\nof = ["level-2-at-19"]',
      'indicator = "neet-16-18"\nof = ["level-3-at-19"]', "without-level-2-at-19.change_of"),
     ("relations.toml", 'indicator = "level-2-at-19-fsm-gap"\n', 'indicator = "neet-16-18"\n', "level-2-at-19-fsm-gap.change_of"),
     ("relations.toml", "periods = 5", "periods = 0", "over so many periods"),
     ("relations.toml", 'reason = "The share at level 2 is not held, only its change."', "", "gives the reason"),
     ("areas.csv", "E23000019 PCT:5EM", "E23000019 PCT:6EM", "PCT:6EM is not another area of the list")],
)  # fmt: skip
def test_what_is_worked_out_of_others_must_say_of_which(
    file: str, right: str, wrong: str, named: str, tmp_path: Path
) -> None:
    folder = tmp_path / "definitions"
    shutil.copytree(DEFINITION_FILES, folder)
    text = (folder / file).read_text(encoding="utf-8")
    assert right in text
    (folder / file).write_text(text.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(DefinitionError, match=named):
        load_definitions(folder)


def test_counts_without_a_reader_to_fear_are_shown(tmp_path: Path) -> None:
    """What tells nothing small stays public: nobody is served by hiding everything."""
    figures = [level(60.0, SHARE, numerator=120, denominator=200), level(40.0, numerator=80, denominator=200),
               figure(20.0), figure(12.0, "Coverage=Maintained"), figure(8.0, "Coverage=Academies")]  # fmt: skip
    assert published(tmp_path, figures) == set()
    assert COUNT in DEFINITIONS.indicators
