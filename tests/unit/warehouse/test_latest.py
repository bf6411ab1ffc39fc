"""mart.latest: what is compared, with what, how surely, and why not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from local_indicators.schemas.definitions.models import Definitions, Peer, Target
from local_indicators.schemas.reference.periods import build_period
from tests.support.small_marts import (
    DERBY,
    EAST_MIDLANDS,
    ENGLAND,
    LEICESTER,
    NOTTINGHAM,
    latest,
    made_from,
    row,
    with_indicator,
)


@pytest.fixture(scope="module")
def made(definitions: Definitions) -> Definitions:
    return with_indicator(definitions)


# -- the guard


GUARDED: list[tuple[str, dict[str, Any], str]] = [
    ("another breakdown", {"breakdown": "FSM=Eligible"}, "England is held for FSM=Eligible and this one for Total"),
    ("another period", {"year": 2008}, "No value for England for 2009/10 is held; the newest is for 2008/09"),
    ("illustrative", {"provenance": "illustrative"}, "The value for England for 2009/10 is illustrative"),
    ("confidential", {"value": None, "conf_status": "c"}, "The value for England for 2009/10 is confidential"),
    ("missing", {"value": None, "numerator": None, "obs_status": "x"}, "The value for England for 2009/10 is missing (x)"),
]  # fmt: skip


@pytest.mark.parametrize(("differs", "reason"), [case[1:] for case in GUARDED], ids=[case[0] for case in GUARDED])
def test_what_differs_is_never_compared(differs: dict[str, Any], reason: str, made: Definitions) -> None:
    england = row(**{"area": ENGLAND, "value": 60.0, "numerator": 600, "denominator": 1000, **differs})
    found = latest(made, [row(numerator=50, denominator=100), england])
    assert (found["england_value"], found["england_gap"], found["england_significance"]) == (None, None, "not tested")
    assert reason in found["not_comparable_because"]
    alike = latest(made, [row(numerator=50, denominator=100), row(area=ENGLAND, value=60.0)])
    assert (alike["england_value"], alike["england_gap"], alike["england_significance"]) == (60, -10, "worse")


@pytest.mark.parametrize(
    ("differs", "reason"),
    [
        ({"year": 2007}, "held for 2008/09; the newest before it is for 2007/08"),
        ({"provenance": "illustrative"}, "The value for 2008/09 is illustrative"),
        ({"breakdown": "FSM=Eligible"}, "The value for 2008/09 is for FSM=Eligible and this one for Total"),
        ({"value": None, "conf_status": "c"}, "The value for 2008/09 is confidential"),
    ],
)
def test_last_year_is_exactly_one_period_earlier_and_alike(
    differs: dict[str, Any], reason: str, made: Definitions
) -> None:
    found = latest(made, [row(value=50.0), row(**{"year": 2008, "value": 48.0, **differs})])
    assert (found["previous_value"], found["change"], found["direction"]) == (None, None, "not comparable")
    assert reason in found["not_comparable_because"]


def test_a_new_version_is_not_compared_with_the_old(made: Definitions) -> None:
    old = row(area=ENGLAND, year=2013, value=60.0)
    found = latest(made, [row(year=2013, value=50.0, definition_version="2"), old])
    assert (found["england_value"], found["england_gap"]) == (None, None)
    assert "England is held under definition version 1 and this one under version 2" in found["not_comparable_because"]
    found = latest(made, [row(year=2012, value=60.0), row(year=2013, value=50.0, definition_version="2")])
    assert (found["time_period"], found["change"]) == ("201314", None)
    assert "2012/13 is under definition version 1 and this one under version 2" in found["not_comparable_because"]


def test_a_term_is_not_set_against_a_year(made: Definitions) -> None:
    term = replace(made.indicators["made"], time_identifier="Autumn term")
    made = replace(made, indicators={**made.indicators, "made": term})
    found = latest(
        made, [row(value=7.9, period=build_period("Autumn term", 2010)), row(area=ENGLAND, year=2010, value=5.2)]
    )
    assert (found["england_value"], found["england_gap"]) == (None, None)
    assert (
        "No value for England for Autumn term 2010/11 is held; the newest is for 2010/11"
        in (found["not_comparable_because"])
    )


def test_a_health_trust_stands_beside_england_and_never_beside_councils(made: Definitions) -> None:
    listed = [
        Peer("PCT:5EM", "statistical_neighbours", "", "2009", date(2009, 1, 1), 1, DERBY, "Derby"),
        *made.peers,
    ]
    found = latest(
        replace(made, peers=tuple(listed)),
        [row(area="PCT:5EM", value=21.9), row(area=DERBY, value=20.0), row(area=ENGLAND, value=18.7)],
        area="PCT:5EM",
    )
    assert (found["england_value"], found["england_gap"]) == (18.7, 3.2)
    assert (found["neighbours_value"], found["neighbours_n"], found["rank"]) == (None, None, None)
    assert "of councils, and this area is none (NHS trust)" in found["not_comparable_because"]


def test_the_region_comes_from_what_is_loaded(made: Definitions) -> None:
    assert latest(made, [row(value=50.0), row(area=EAST_MIDLANDS, value=51.0)])["region_value"] == 51
    without = latest(made, [row(value=50.0), row(area=DERBY, value=51.0)])
    assert without["region_value"] is None
    assert "No value for the region for 2009/10 is held." in without["not_comparable_because"]


# -- intervals and tests


def test_intervals_rest_on_numerator_and_denominator_alone(made: Definitions) -> None:
    found = latest(made, [row(numerator=14, denominator=35)])
    assert [round(found[name], 1) for name in ("lower_ci", "upper_ci")] == [25.6, 56.4]
    printed = latest(made, [row(value=40.0)])
    assert (printed["lower_ci"], printed["upper_ci"]) == (None, None)
    hidden = latest(made, [row(conf_status="c")])
    assert (hidden["lower_ci"], hidden["upper_ci"]) == (None, None)
    rate = replace(made.indicators["made"], unit="rate per 10,000")
    made = replace(made, indicators={**made.indicators, "made": rate})
    found = latest(made, [row(value=20.0, numerator=20, denominator=10000)])
    assert [round(found[name], 3) for name in ("lower_ci", "upper_ci")] == [12.211, 30.890]


def test_a_small_base_is_marked_where_nothing_else_is_said(made: Definitions) -> None:
    assert latest(made, [row(numerator=14, denominator=29)])["obs_status"] == "u"
    assert latest(made, [row(numerator=14, denominator=30)])["obs_status"] is None
    assert latest(made, [row(numerator=14, denominator=29, obs_status="p")])["obs_status"] == "p"
    assert latest(made, [row(value=50.0)])["obs_status"] is None


@pytest.mark.parametrize(
    ("numerator", "polarity", "expected"),
    [
        (450, "higher", "worse"),
        (500, "higher", "similar"),
        (550, "higher", "better"),
        (450, "lower", "better"),
        (550, "lower", "worse"),
        (550, "neutral", "not tested"),
    ],
)
def test_significance_against_england(numerator: int, polarity: str, expected: str, definitions: Definitions) -> None:
    made = with_indicator(definitions, polarity=polarity)
    rows = [row(numerator=numerator, denominator=1000), row(area=ENGLAND, value=50.0)]
    assert latest(made, rows)["england_significance"] == expected


def test_only_what_is_counted_is_tested(made: Definitions) -> None:
    before = row(year=2008, numerator=400, denominator=1000)
    tested = latest(made, [row(numerator=500, denominator=1000), before])
    assert (tested["change_significance"], tested["direction"]) == ("significant", "improving")
    assert latest(made, [row(numerator=410, denominator=1000), before])["change_significance"] == "not"
    for now in (row(value=50.0), row(numerator=500, denominator=1000, provenance="illustrative")):
        assert latest(made, [now, before])["change_significance"] == "not tested"
    invented = [row(numerator=500, denominator=1000, provenance="illustrative"), row(area=ENGLAND, value=10.0)]
    assert latest(made, invented)["england_significance"] == "not tested"


# -- ranks


def councils(definitions: Definitions, count: int) -> list[str]:
    day = date(2010, 8, 31)
    held = [a.area_code for a in definitions.geography.areas if a.area_type == "Local authority" and a.held(day)]
    return [NOTTINGHAM, *[code for code in held if code != NOTTINGHAM]][:count]


def test_ranks_carry_their_number_and_obey_polarity(definitions: Definitions) -> None:
    rows = [row(area=code, value=float(n // 2)) for n, code in enumerate(councils(definitions, 100))]
    for polarity, rank, quartile in (("lower", 1, "A"), ("higher", 99, "D")):
        found = latest(with_indicator(definitions, polarity=polarity), rows)
        assert (found["rank"], found["rank_of"], found["quartile"]) == (rank, 100, quartile)
    neutral = latest(with_indicator(definitions, polarity="neutral"), rows)
    assert (neutral["rank"], neutral["rank_of"], neutral["quartile"]) == (None, None, None)
    assert "no rank" in neutral["not_comparable_because"]


def test_no_rank_from_fewer_than_half_the_authorities(made: Definitions) -> None:
    rows = [row(area=code, value=float(n)) for n, code in enumerate(councils(made, 76))]
    assert latest(made, rows)["rank_of"] == 76
    fewer = latest(made, rows[:75])
    assert (fewer["rank"], fewer["rank_of"], fewer["quartile"]) == (None, None, None)
    assert "Only 75 of 152 authorities have a value for 2009/10, too few to rank." in fewer["not_comparable_because"]
    # An illustrative value neither ranks nor counts.
    invented = [*rows[:75], row(area=councils(made, 76)[75], value=1.0, provenance="illustrative")]
    assert latest(made, invented)["rank"] is None
    mine = [row(value=0.0, provenance="illustrative"), *rows[1:], row(area=councils(made, 77)[76], value=3.0)]
    assert latest(made, mine)["rank"] is None
    others = made_from(made, mine).execute("SELECT max(rank_of) FROM mart.latest").fetchall()
    assert others == [(76,)]


# -- peers


def test_neighbours_are_those_of_the_list_valid_at_the_periods_end(made: Definitions) -> None:
    made = replace(
        made,
        indicators={
            **made.indicators,
            "made": replace(made.indicators["made"], versions=(made.indicators["made"].versions[0],)),
        },
    )
    birmingham, manchester, oldham = "E08000025", "E08000003", "E08000004"  # Oldham is in the list of 2025 alone
    for year, version, n, value in ((2023, "2021-04", 2, 25.0), (2024, "2025-05", 3, 30.0)):
        rows = [
            row(year=year, value=1.0),
            row(year=year, area=birmingham, value=20.0),
            row(year=year, area=manchester, value=30.0),
            row(year=year, area=oldham, value=40.0),
            row(year=year, area="E08000019", value=None, obs_status="x"),
        ]
        found = latest(made, rows)
        assert (found["neighbours_value"], found["neighbours_n"], found["neighbours_version"]) == (value, n, version)
        assert found["neighbours_of"] == NOTTINGHAM
        assert (found["core_cities_value"]) == 25
    before = latest(made, [row(year=2009, value=1.0), row(year=2009, area=birmingham, value=20.0)])
    assert (before["neighbours_value"], before["neighbours_n"], before["neighbours_version"]) == (None, None, None)
    assert "No list of statistical neighbours is held that was valid" in before["not_comparable_because"]


def test_a_neighbour_is_found_under_the_code_it_has_now(made: Definitions) -> None:
    sheffield = "E08000039"  # listed as E08000019, which ended in March 2025
    found = latest(made, [row(year=2025, value=1.0), row(year=2025, area=sheffield, value=20.0)])
    assert (found["neighbours_value"], found["neighbours_n"]) == (20, 1)


def test_a_place_with_a_new_code_goes_on(made: Definitions) -> None:
    con = made_from(made, [row(year=2011, area="E08000020", value=48.0), row(year=2012, area="E08000037", value=50.0)])
    rows = con.execute("SELECT area_code, previous_value, change FROM mart.latest ORDER BY 1").fetchall()
    assert rows == [("E08000020", None, None), ("E08000037", 48, 2)]


def test_a_printed_average_stands_where_no_neighbour_is_held(made: Definitions) -> None:
    found = latest(made, [row(value=67.0), row(area="SN:E06000018", value=70.0)])
    assert (found["neighbours_value"], found["neighbours_n"], found["neighbours_version"]) == (
        70,
        None,
        "printed average",
    )


# -- targets


def aimed(made: Definitions, operator: str, value: float, **other: Any) -> Definitions:
    target = Target("made", "CYPP 2010-14", NOTTINGHAM, "Total", "200910", "Academic year", operator, value, **other)  # type: ignore[arg-type]
    return replace(made, targets=(target,))


@pytest.mark.parametrize(
    ("held", "operator", "value", "other", "status"),
    [
        (22.0, "<=", 22, {}, "met"),
        (22.0, "<", 22, {}, "missed"),
        (22.0, ">=", 22, {}, "met"),
        (22.0, ">", 22, {}, "missed"),
        (22.4, "<", 22, {"tolerance": 0.5}, "within tolerance"),
        (22.6, "<", 22, {"tolerance": 0.5}, "missed"),
        (20.0, "band", 20, {"upper": 25.0}, "met"),
        (25.0, "band", 20, {"upper": 25.0}, "met"),
        (25.1, "band", 20, {"upper": 25.0}, "missed"),
        (25.1, "band", 20, {"upper": 25.0, "tolerance": 0.1}, "within tolerance"),
        (22.0, ">", 0, {"relative_to": "england"}, "missed"),
        (31.0, ">", 0, {"relative_to": "england"}, "met"),
        (31.0, ">=", 2, {"relative_to": "england"}, "missed"),
        (31.0, ">", 0, {"relative_to": "neighbours"}, "no target"),
        (None, ">", 0, {}, "no target"),
    ],
)
def test_targets_take_the_forms_that_targets_take(
    held: float | None, operator: str, value: float, other: dict[str, Any], status: str, made: Definitions
) -> None:
    found = latest(aimed(made, operator, value, **other), [row(value=held), row(area=ENGLAND, value=30.0)])
    assert found["target_status"] == status


def test_a_target_above_the_neighbours_is_worked_out_and_said(made: Definitions) -> None:
    rows = [row(value=67.0), row(area="SN:E06000018", value=70.0)]
    found = latest(aimed(made, ">", 0, relative_to="neighbours"), rows)
    assert (found["target"], found["target_text"], found["target_status"]) == (
        70,
        "above the neighbours' average",
        "missed",
    )
    without = latest(aimed(made, ">", 0, relative_to="neighbours"), rows[:1])
    assert (without["target"], without["target_status"]) == (None, "no target")
    assert "The target is relative to a value that is not held." in without["not_comparable_because"]


def test_target_significance_and_direction_are_three_answers(made: Definitions) -> None:
    rows = [
        row(numerator=450, denominator=1000),
        row(year=2008, numerator=400, denominator=1000),
        row(area=ENGLAND, value=50.0),
    ]
    found = latest(aimed(made, ">=", 44), rows)
    names = ("target_status", "direction", "change_significance", "england_significance")
    assert [found[name] for name in names] == ["met", "improving", "significant", "worse"]


def test_one_row_a_series_whatever_is_held(made: Definitions) -> None:
    rows = [
        row(area=area, year=year, value=50.0, breakdown=breakdown, definition_version=version)
        for area in (NOTTINGHAM, DERBY, LEICESTER, ENGLAND, EAST_MIDLANDS, "E08000019", "E08000039", "SN:E06000018")
        for year in (2009, 2010, 2013, 2025)
        for breakdown in ("Total", "FSM=Eligible", "FSM=Not eligible")
        for version in ("1", "2")
    ]
    con = made_from(made, rows)
    (counted,) = con.execute("SELECT count(*), count(DISTINCT (area_code, breakdown)) FROM mart.latest").fetchall()
    assert counted == (24, 24)
    assert con.execute("SELECT count(*) FROM mart.trend WHERE indicator_id = 'made'").fetchall() == [(len(rows),)]
