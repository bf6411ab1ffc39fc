"""Disclosure control: no small number can be read from what is published, nor worked out from it."""

from __future__ import annotations

import os
import random
import shutil
import stat
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from local_indicators.schemas.definitions.loader import SHIPPED_REFERENCE, load_definitions
from local_indicators.schemas.definitions.models import Definitions, IndicatorRelation
from local_indicators.schemas.reference.geography import ENGLAND, Area, Geography
from local_indicators.warehouse.disclosure.disclosure_control import rows_to_withhold, suppress_and_round
from local_indicators.warehouse.publication.exports import FOLDER, LATEST
from tests.support.places import DEFINITION_FILES
from tests.support.publication_histories import COUNT, SHARE, History, figure, tidy
from tests.support.suppression_attacker import Attack

DEFINITIONS = load_definitions(DEFINITION_FILES)
LEAST = 5
HISTORIES = int(os.environ.get("HISTORIES", "2"))  # make histories: 20
COVERAGE = {"Coverage": ("Maintained", "Academies")}


def states(figures: Sequence[dict[str, Any]], definitions: Definitions = DEFINITIONS) -> pl.DataFrame:
    """Rows that are about to be published for the first time."""
    return tidy(figures, definitions).with_columns(
        load=pl.lit(1, pl.Int64), since=pl.lit(1, pl.Int64), until=pl.lit(None, pl.Int64),
        shown_from=pl.lit(None, pl.Int64),
    )  # fmt: skip


def hidden(figures: Sequence[dict[str, Any]], definitions: Definitions = DEFINITIONS) -> set[tuple[str, str]]:
    """The areas and breakdowns that may not be shown."""
    return set(rows_to_withhold(states(figures, definitions), definitions).select("area_code", "breakdown").rows())


def parts_hidden(definitions: Definitions = DEFINITIONS, **counts: float | None) -> set[str]:
    """Which parts may not be shown of a count; the part Total is the undivided one."""
    figures = [figure(v, name if name == "Total" else f"Coverage={name}") for name, v in counts.items()]
    return {breakdown.removeprefix("Coverage=") for _, breakdown in hidden(figures, definitions)}


def with_indicators(**changed: Mapping[str, Any]) -> Definitions:
    """The definitions with some fields of some indicators changed; `_` in a name stands for a hyphen."""
    names = {name.replace("_", "-"): fields for name, fields in changed.items()}
    made = {name: replace(DEFINITIONS.indicators[name], **fields) for name, fields in names.items()}
    return replace(DEFINITIONS, indicators={**DEFINITIONS.indicators, **made})


def test_total_four_and_three_academies_never_yield_one() -> None:
    assert parts_hidden(Total=4, Academies=3) == {"Total", "Academies"}
    assert parts_hidden(Total=20, Academies=17) == {"Academies"}
    assert parts_hidden(Total=20, Academies=3, Maintained=17) == {"Academies", "Maintained"}
    assert parts_hidden(Total=20, Academies=10, Maintained=10) == set()
    assert parts_hidden(Total=20, Academies=0, Maintained=20) == set()
    assert parts_hidden(Total=6, Academies=3, Maintained=3) == {"Academies", "Maintained"}


def test_several_hidden_parts_of_a_remainder_that_gives_them_away_take_another_with_them() -> None:
    one = "childrens-centre-inspections"
    strict = with_indicators(childrens_centre_inspections={"disclosure": "small-counts"})
    parts = {"Total": 23.0, "Judgement=Outstanding": 1.0, "Judgement=Good": 1.0, "Judgement=Satisfactory": 1.0}
    figures = [
        figure(v, b, indicator=one, identifier="April", period="2011")
        for b, v in {**parts, "Judgement=Inadequate": 20.0}.items()
    ]
    assert {b for _, b in hidden(figures, strict)} == set(parts) - {"Total"} | {"Judgement=Inadequate"}


def with_wards(definitions: Definitions, *codes: str) -> Definitions:
    """The definitions with wards of Nottingham in their list of areas."""
    wards = [Area(code, f"Ward {code}", "Ward", "E06000018") for code in codes]
    listed = Geography([*definitions.geography.areas, *wards], SHIPPED_REFERENCE / "areas.csv")
    return replace(definitions, geography=listed)


WARDS = ("E05000001", "E05000002", "E05000003")


def test_wards_are_parts_of_the_area_that_the_list_places_them_in() -> None:
    additive = with_indicators(schools_high_persistent_absence={"additive": True})
    placed = with_wards(additive, *WARDS)
    city = figure(50.0)
    figures = [city, *(figure(v, area=ward) for ward, v in zip(WARDS, (3.0, 20.0, 27.0), strict=True))]
    assert {area for area, _ in hidden(figures, placed)} == {WARDS[0], WARDS[1]}
    assert hidden([city, figure(47.0, area=WARDS[1])], placed)  # what it leaves is small, whoever lives there
    assert not hidden([city, figure(40.0, area=WARDS[1])], placed)
    region = figure(50.0, area="E12000004")
    assert hidden([region, figure(47.0, area=WARDS[1])], placed)  # in the nearest area above that is held


def test_an_area_whose_place_nobody_here_knows_is_hidden_where_it_could_give_something_away() -> None:
    figures = [figure(50.0), *(figure(20.0, area=ward) for ward in WARDS)]
    assert {area for area, _ in hidden(figures)} == set(WARDS)
    counted: dict[str, Any] = {"indicator": SHARE, "numerator": 200, "denominator": 400, "area": WARDS[0]}
    assert hidden([figure(50.0, **counted)])
    assert not hidden([figure(50.0, indicator=SHARE, area=WARDS[0])])  # a printed share tells no number of people
    assert not hidden(figures, with_indicators(schools_high_persistent_absence={"disclosure": "none"}))


def test_councils_and_police_areas_divide_a_region_apart() -> None:
    additive = with_indicators(schools_high_persistent_absence={"additive": True})
    police = [a.area_code for a in DEFINITIONS.geography.areas
              if a.area_type == "Police force area" and a.parent_code == "E12000004"]  # fmt: skip
    figures = [figure(100.0, area="E12000004"), *(figure(100.0 / len(police), area=code) for code in police)]
    assert not hidden(figures, additive)
    assert hidden([*figures, figure(97.0)], additive)


def test_what_a_sender_hid_is_not_given_away_by_the_rest() -> None:
    figures = [figure(20.0), figure(None, "Coverage=Academies", conf_status="c"), figure(9.0, "Coverage=Maintained")]
    assert hidden(figures) == {("E06000018", "Coverage=Maintained")}


def test_a_share_hides_by_its_numbers_never_by_its_own_size() -> None:
    def share(value: float, numerator: float | None, denominator: float | None) -> bool:
        return bool(hidden([figure(value, indicator=SHARE, numerator=numerator, denominator=denominator)]))

    assert not share(3.0, None, None)
    assert not share(3.0, 30, 1000)
    assert share(3.0, 3, 100)
    assert share(97.0, 97, 100)
    assert share(50.0, 4, 8)
    assert share(3.0, None, 100)  # three of a hundred, whoever divides it


def test_a_hidden_share_is_not_found_in_its_complement_its_gap_or_its_change() -> None:
    def row(value: float, breakdown: str, indicator: str = SHARE, **other: Any) -> dict[str, Any]:
        return figure(value, breakdown, indicator=indicator, **other)

    small = row(3.0, "FSM=Eligible", numerator=3, denominator=100)
    rest = row(60.0, "FSM=Not eligible", numerator=540, denominator=900)
    told = rows_to_withhold(states([small, rest, row(97.0, "FSM=Eligible", "without-level-2-at-19")]), DEFINITIONS)
    assert ("without-level-2-at-19", "FSM=Eligible") in set(told.select("indicator_id", "breakdown").rows())
    told = rows_to_withhold(states([small, rest, row(57.0, "Total", "level-2-at-19-fsm-gap")]), DEFINITIONS)
    assert len(told) == 2
    changes = [
        figure(3.0, indicator=SHARE, numerator=3, denominator=100),
        figure(50.0, indicator=SHARE, period="200809", numerator=50, denominator=100),
        figure(-47.0, indicator="level-2-at-19-change"),
    ]
    assert len(rows_to_withhold(states(changes), DEFINITIONS)) == 2


def test_a_numerator_that_is_an_indicator_of_its_own_is_hidden_there_too() -> None:
    linked = with_indicators(level_2_at_19={"numerator": DEFINITIONS.indicators[COUNT].title})
    linked = replace(
        linked, indicators={**linked.indicators, COUNT: replace(linked.indicators[COUNT], disclosure="none")}
    )
    figures = [figure(3.0), figure(3.0, indicator=SHARE, numerator=3, denominator=100)]
    assert len(rows_to_withhold(states(figures, linked), linked)) == 2


def test_a_sum_of_indicators_is_declared() -> None:
    summed = replace(
        with_indicators(academies_open={"disclosure": "small-counts"}),
        relations=(IndicatorRelation("sum", COUNT, ("academies-open", "ema-claimants")),),
    )
    figures = [figure(20.0), figure(3.0, indicator="academies-open"), figure(17.0, indicator="ema-claimants")]
    assert len(rows_to_withhold(states(figures, summed), summed)) == 2


def test_months_of_a_year_to_date_do_not_yield_a_small_month() -> None:
    moving = with_indicators(ema_claimants={"time_identifier": "Financial year to date"})
    figures = [
        figure(v, indicator="ema-claimants", identifier="Financial year to date", period=p)
        for p, v in (("201004", 20.0), ("201005", 22.0), ("201006", 40.0))
    ]
    assert len(rows_to_withhold(states(figures, moving), moving)) >= 1
    figures[1]["value"] = 30.0
    assert not len(rows_to_withhold(states(figures, moving), moving))


def test_rounding_rounds_every_count_and_works_out_shares_of_rounded_ones() -> None:
    rounding = replace(
        DEFINITIONS,
        disclosure={k: replace(v, round_base=10 if k != "none" else 0) for k, v in DEFINITIONS.disclosure.items()},
    )
    rows = states(
        [figure(24.0), figure(25.0, period="200809"), figure(33.3, indicator=SHARE, numerator=333, denominator=1004)]
    )
    told = suppress_and_round(rows, rows_to_withhold(rows, rounding), rounding)
    assert told["value"].to_list() == [20.0, 30.0, 33.0]
    assert told["numerator"].to_list() == [None, None, 330.0]


def test_an_indicator_without_a_policy_of_suppression_shows_small_numbers() -> None:
    assert (
        parts_hidden(with_indicators(schools_high_persistent_absence={"disclosure": "none"}), Total=4, Academies=3)
        == set()
    )


# -- the attack

AREAS = {"E06000018": "E12000004", "E06000015": "E12000004", "E06000016": "E12000004", "E12000004": ENGLAND}
WIDE: dict[str, Any] = {
    "area_types": ("National", "Region", "Local authority"),
    "breakdowns": {"Sex": ("Girls", "Boys"), "FSM": ("Eligible", "Not eligible")},
    "additive": True,
    "total": True,
}
PARTS: Mapping[str, Sequence[str]] = WIDE["breakdowns"]
CELLS = [f"Sex={s}; FSM={f}" for s in ("Girls", "Boys") for f in ("Eligible", "Not eligible")]


def two_way(cells: Sequence[float], area: str) -> dict[tuple[str, str], float]:
    """A table of two dimensions with its margins and its total."""
    made = dict(zip(CELLS, cells, strict=True))
    for name, values in PARTS.items():
        for value in values:
            made[f"{name}={value}"] = sum(v for b, v in made.items() if f"{name}={value}" in b.split("; ") and ";" in b)
    made["Total"] = sum(cells)
    return {(area, breakdown): value for breakdown, value in made.items()}


def country(cells: Mapping[str, Sequence[float]]) -> list[dict[str, Any]]:
    """Every table of three councils, their region and England."""
    tables = {key: v for area, numbers in cells.items() for key, v in two_way(numbers, area).items()}
    for upper in ("E12000004", ENGLAND):
        for breakdown in [b for a, b in tables if a == "E06000018"]:
            tables[upper, breakdown] = sum(tables[area, breakdown] for area in cells)
    return [figure(value, breakdown, area=area) for (area, breakdown), value in tables.items()]


def secondary(definitions: Definitions, on: bool) -> Definitions:
    policies = {k: replace(v, secondary=on and v.secondary) for k, v in definitions.disclosure.items()}
    return replace(definitions, disclosure=policies)


def attack(folder: Path, definitions: Definitions, loads: Sequence[Sequence[dict[str, Any]]]) -> Attack:
    """An attacker that has read every version that is published of a series of loads, exports and all."""
    past = History(folder, definitions)
    exported: dict[Path, Path] = {}
    with past.open:
        for figures in loads:
            past.load(figures)
            past.publish()
            newest = folder / FOLDER / LATEST
            exported[past.copies[-1][1]] = Path(shutil.copytree(newest.resolve(), folder / f"export-{len(exported)}"))
        made = Attack([copy for _, copy in past.copies], AREAS, PARTS)
        for copy, exports in exported.items():
            made.export(exports, copy)
    private = {
        path.name: stat.S_IMODE(path.stat().st_mode) & 0o077 for path in (folder / "kept", folder / "store.duckdb")
    }
    assert set(private.values()) == {0}  # what else lies there is nobody's to read
    return made


def series(chance: random.Random) -> list[list[dict[str, Any]]]:
    """Three versions of one country: random cells, some small, some corrected later."""
    councils = [area for area, parent in AREAS.items() if parent == "E12000004"]
    cells = {area: [float(chance.choice((2, 3, 7, 9, 15, 40))) for _ in CELLS] for area in councils}
    loads = [country(cells)]
    for _ in range(2):
        cells = {a: [v if chance.random() < 0.8 else float(chance.randint(1, 40)) for v in n] for a, n in cells.items()}
        loads.append(country(cells))
    return loads


@pytest.mark.long
@pytest.mark.parametrize("seed", range(HISTORIES))
def test_an_attacker_with_every_version_recovers_nothing(seed: int, tmp_path: Path) -> None:
    definitions = with_indicators(schools_high_persistent_absence=WIDE)
    loads = series(random.Random(seed))  # noqa: S311
    careful = attack(tmp_path / "on", definitions, loads)
    assert careful.recovered() == {}
    small = {
        (one["indicator_id"], one["area_code"], one["breakdown"])
        for figures in loads
        for one in figures
        if 0 < one["value"] < LEAST
    }
    held = {k: most for k, most in careful.at_most().items() if (k[0], k[2], k[5]) in small and k[-1] == "value"}
    assert len(held) > 3
    assert min(held.values()) >= LEAST - 1e-6  # nobody can tell that it is small
    careless = attack(tmp_path / "off", secondary(definitions, on=False), loads)
    assert any(0 < number < LEAST for number in careless.recovered().values())
