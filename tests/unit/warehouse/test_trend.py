"""mart.trend: the way to a target, marks of breaks, and control limits through what can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from local_indicators.common.errors import DefinitionError
from local_indicators.schemas.definitions.loader import load_definitions
from local_indicators.schemas.definitions.models import Definitions, Framework, Target
from local_indicators.warehouse.mart.scorecard import fill_scorecard
from tests.support.places import DEFINITION_FILES
from tests.support.small_marts import ENGLAND, NOTTINGHAM, latest, made_from, row, trend, with_indicator

Given = dict[str, Any]


@pytest.fixture(scope="module")
def made(definitions: Definitions) -> Definitions:
    return with_indicator(definitions)


# -- the way to a target


def target(period: str, value: float, **other: Any) -> Target:
    said = {"operator": ">=", "framework": "CYPP 2010-14", **other}
    return Target(
        indicator_id="made",
        area_code=NOTTINGHAM,
        breakdown="Total",
        time_period=period,
        time_identifier="Academic year",
        value=value,
        **said,
    )


def way(made: Definitions, rows: Sequence[Given], *targets: Target) -> list[Given]:
    return [one for one in trend(replace(made, targets=targets), rows) if one["indicator_id"] == "made"]


def told(rows: list[Given], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(one[name] for name in ("time_period", *names)) for one in rows]


def test_the_way_is_a_straight_line_from_its_base_through_its_targets(made: Definitions) -> None:
    rows = [row(year=2008, value=40.0), row(year=2009, value=43.0)]
    found = way(made, rows, target("201011", 50, base_period="200809", base_value=40.0), target("201213", 54))
    assert told(found, "value", "target", "target_status", "expected_value", "next_target", "next_target_period") == [
        ("200809", 40, None, "no target", 40, 50, "2010/11"),
        ("200910", 43, None, "no target", 45, 50, "2010/11"),
        ("201011", None, 50, "no target", 50, 54, "2012/13"),
        ("201112", None, None, "no target", 52, 54, "2012/13"),
        ("201213", None, 54, "no target", 54, None, None),
    ]
    assert told(found, "required_annual_change", "achieved_annual_change")[:2] == [
        ("200809", 5, None),
        ("200910", 7, 3),
    ]
    assert [one["provenance"] for one in found] == ["reported", "reported", None, None, None]


def test_a_base_without_a_value_is_what_is_held_there(made: Definitions) -> None:
    goal = target("201011", 50, base_period="200809")
    held = [row(year=2008, value=40.0), row(year=2009, value=43.0)]
    assert told(way(made, held, goal), "expected_value", "achieved_annual_change")[1] == ("200910", 45, 3)
    unusable: tuple[Given, ...] = ({"value": None, "conf_status": "c"}, {"provenance": "illustrative"})
    for hidden in unusable:
        rows = [row(**{"year": 2008, "value": 40.0, **hidden}), held[1]]
        assert told(way(made, rows, goal), "expected_value", "achieved_annual_change")[1] == ("200910", None, None)


def test_no_way_leads_through_a_new_definition(made: Definitions) -> None:
    """Version 2 of the indicator begins in September 2013."""
    rows = [row(year=2012, value=60.0), row(year=2013, value=50.0, definition_version="2")]
    found = way(made, rows, target("201415", 66, base_period="201112", base_value=58.0))
    assert told(found, "expected_value", "required_annual_change", "achieved_annual_change") == [
        ("201112", 58, None, None),
        ("201213", None, None, 2),
        ("201314", None, 16, None),
        ("201415", 66, None, None),
    ]


def test_a_relative_target_is_that_of_its_own_period(made: Definitions) -> None:
    rows = [row(year=2009, value=43.0), row(year=2010, value=52.0), row(area=ENGLAND, year=2010, value=51.0)]
    found = way(made, rows, target("201011", 0, operator=">", relative_to="england"))
    assert told(found, "target", "target_text", "target_status", "expected_value") == [
        ("200910", None, None, "no target", None),
        ("201011", 51, "above England", "met", None),
    ]


def test_a_band_has_no_way_and_two_plans_have_one_target_a_period(made: Definitions) -> None:
    both = [
        target("200910", 1, framework="Another plan"),
        target("201112", 2, framework="Another plan"),
        target("200910", 40, operator="band", upper=45.0),
    ]
    found = way(made, [row(year=2009, value=43.0)], *both)
    assert told(found, "target_framework", "target", "target_text", "target_status", "expected_value") == [
        ("200910", "CYPP 2010-14", 40, "from 40 to 45", "met", None),
        ("201011", "Another plan", None, None, "no target", 1.5),
        ("201112", "Another plan", 2, "at least 2", "no target", 2),
    ]
    newest = latest(replace(made, targets=tuple(both)), [row(year=2009, value=43.0)])
    assert (newest["target"], newest["target_status"]) == (40, "met")
    others = latest(replace(made, targets=tuple(both[:1])), [row(year=2009, value=43.0)])
    assert (others["target"], others["target_status"]) == (None, "no target")  # the scorecard has those


def scored(made: Definitions, rows: Sequence[Given], *targets: Target) -> list[tuple[Any, ...]]:
    """The scorecard's answer for each framework of its targets."""
    frameworks = [Framework("Another plan", "Another plan", date(2009, 4, 1))]
    con = made_from(replace(made, targets=targets, frameworks=tuple(frameworks)), rows)
    fill_scorecard(con, replace(made, targets=targets, frameworks=tuple(frameworks)), date(2011, 5, 31))
    return con.execute(
        """SELECT framework, latest, target, target_text, target_period, target_status FROM mart.scorecard
           WHERE indicator_id = 'made' AND area_code = ? ORDER BY 1""",
        [NOTTINGHAM],
    ).fetchall()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"operator": "band", "value": 40, "upper": 45.0}, (40, "from 40 to 45", "met")),
        ({"operator": "band", "value": 30, "upper": 42.0, "tolerance": 1}, (30, "from 30 to 42", "within tolerance")),
        ({"operator": ">", "value": 0, "relative_to": "england"}, (44, "above England", "missed")),
        ({"operator": ">=", "value": -2, "relative_to": "england"}, (42, "at least England less 2", "met")),
        ({"operator": ">=", "value": 0, "relative_to": "neighbours"}, (None, "at least the neighbours' average", "no target")),
        ({"operator": "<", "value": 43, "tolerance": 0.5}, (43, "below 43", "within tolerance")),
    ],
)  # fmt: skip
def test_the_scorecard_judges_every_framework_by_every_form_of_target(
    given: Given, expected: tuple[Any, ...], made: Definitions
) -> None:
    rows = [row(year=2009, value=43.0), row(area=ENGLAND, year=2009, value=44.0)]
    goal = {**given, "period": "200910"}
    both = [
        target(**goal),
        target("200910", 50, framework="Another plan"),
        target("201011", 60, framework="Another plan"),
    ]
    own = replace(made.indicators["made"], priority="Raising attainment")
    made = replace(made, indicators={**made.indicators, "made": own})
    assert scored(made, rows, *both) == [
        ("Another plan", 43, 50, "at least 50", "200910", "missed"),
        ("CYPP 2010-14", 43, expected[0], expected[1], "200910", expected[2]),
    ]
    swapped = [target(**{**goal, "framework": "Another plan"}), target("201011", 60)]
    assert scored(made, rows, *swapped) == [
        ("Another plan", 43, expected[0], expected[1], "200910", expected[2]),
        ("CYPP 2010-14", 43, 60, "at least 60", "201011", "no target"),
    ]


HEADING = (
    "indicator_id,framework,area_code,breakdown,time_period,time_identifier,operator,value,tolerance,source,upper,"
    "relative_to,base_period,base_value\n"
)
OF = "ks4-five-good-gcses,CYPP 2010-14,E06000018,Total,"
REFUSED = [
    (OF + "201011,Academic year,band,20,,,,,,\n", "upper", "a band needs an upper end"),
    (OF + "201011,Academic year,>=,20,,,25,,,\n", "upper", "no other target has one"),
    (OF + "201011,Academic year,band,20,,,19,,,\n", "upper", "above its value"),
    (OF + "201011,Academic year,band,20,,,25,england,,\n", "relative_to", "a band cannot be relative"),
    (OF + "201011,Academic year,>=,20,-1,,,,,\n", "tolerance", "must not be below 0"),
    (OF + "201011,Academic year,>=,20,,,,,,40\n", "base_period", "a base value needs the period"),
    (OF + "201011,Academic year,>=,20,,,,,201112,40\n", "base_period", "must be an earlier"),
    (2 * (OF + "201011,Academic year,>=,20,,,,,,\n"), "201011", "has two targets in CYPP 2010-14"),
    (
        OF + "201011,Academic year,>=,20,,,,,200809,40\n" + OF + "201112,Academic year,>=,20,,,,,200809,41\n",
        "base_period",
        "begins elsewhere",
    ),
    (OF + "201011,Academic year,about,20,,,,,,\n", "operator", "band"),
]


@pytest.mark.parametrize(("rows", "key", "reason"), REFUSED, ids=[reason for _, _, reason in REFUSED])
def test_a_wrong_target_is_refused_at_start(rows: str, key: str, reason: str, tmp_path: Path) -> None:
    for path in DEFINITION_FILES.rglob("*"):
        if path.suffix in (".toml", ".csv"):
            copy = tmp_path / path.relative_to(DEFINITION_FILES)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    (tmp_path / "targets.csv").write_text(HEADING + rows, encoding="utf-8")
    with pytest.raises(DefinitionError) as refused:
        load_definitions(tmp_path)
    assert "targets.csv" in str(refused.value)
    assert key in str(refused.value)
    assert reason in str(refused.value)


# -- breaks


def test_breaks_are_marked_where_they_are(made: Definitions) -> None:
    found = trend(
        made,
        [
            row(year=2011, value=50.0),
            row(year=2012, value=50.0, obs_status="b"),
            row(year=2013, value=40.0, definition_version="2"),
            row(year=2014, value=41.0, definition_version="2"),
        ],
    )
    marks = [one["break_mark"] for one in found if one["indicator_id"] == "made"]
    assert marks[0] is None
    assert marks[1] == "The sender marks a break in the series."
    assert marks[2] == "Definition version 2: " + made.indicators["made"].versions[1].broke
    assert marks[3] is None


# -- control charts

TREND = [50.0, 51.0, 50.5, 50.0, *(50.2 + 0.4 * n for n in range(8))]


def charted(definitions: Definitions, rows: Sequence[Given], **indicator: Any) -> list[tuple[Any, ...]]:
    made = with_indicator(definitions, **indicator)
    found = [one for one in trend(made, rows) if one["indicator_id"] == "made"]
    return [(one["spc_points"], one["spc_limits"], one["spc_signal"], one["spc_variation"]) for one in found]


def test_a_signal_is_good_or_bad_by_polarity(definitions: Definitions) -> None:
    rows = [row(year=1990 + n, value=value) for n, value in enumerate(TREND)]
    for polarity, told_as in (("higher", "improvement"), ("lower", "concern"), ("neutral", "neutral")):
        found = charted(definitions, rows, polarity=polarity)
        assert found[7] == (12, "settled", "trend of seven", told_as)
    assert charted(definitions, rows[:11])[7][:2] == (11, "trial")


@pytest.mark.parametrize(
    "broken",
    [
        None,
        {"value": None, "conf_status": "c"},
        {"provenance": "illustrative"},
        {"definition_version": "2"},
        {"obs_status": "b"},
    ],
    ids=["a gap", "a hidden value", "an illustrative value", "another version", "a break"],
)
def test_a_chart_runs_only_through_what_can_be_compared(broken: Given | None, definitions: Definitions) -> None:
    """Twelve rising points are one chart; broken in the middle they are two, neither with seven rising points."""
    rows = [row(year=1990 + n, value=50.0 + n + 0.3 * (n % 2)) for n in range(12)]
    assert [points for points, *_ in charted(definitions, rows)] == [12] * 12
    parted = [r for r in rows if broken is not None or r["time_period"] != "199697"]
    if broken:
        parted[6] = {**parted[6], **broken}
    found = charted(definitions, parted)
    assert {signal for _, _, signal, _ in found} <= {None, "none", "outside limits"}
    assert max(points or 0 for points, *_ in found) == 6
    assert {limits for _, limits, *_ in found} <= {None, "trial"}


def test_series_are_charted_apart(definitions: Definitions) -> None:
    rows = [
        row(year=1990 + n, value=value + off, breakdown=breakdown, area=area)
        for n, value in enumerate(TREND)
        for breakdown, off in (("Total", 0), ("FSM=Eligible", -20))
        for area in (NOTTINGHAM, ENGLAND)
    ]
    found = [one for one in trend(with_indicator(definitions), rows) if one["indicator_id"] == "made"]
    assert {one["spc_points"] for one in found} == {12}
    assert len({round(one["spc_mean"], 6) for one in found}) == 2


def test_four_points_are_too_few(definitions: Definitions) -> None:
    rows = [row(year=1990 + n, value=value) for n, value in enumerate(TREND[:4])]
    assert set(charted(definitions, rows)) == {(None, None, None, None)}
