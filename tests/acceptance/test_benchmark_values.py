"""Ranks, quartiles and neighbour averages of every authority agree with an independent computation.

The benchmark is loaded by an ordinary layout through a whole night. Real values are read where they lie beside the
project, and skipped where they do not; a made-up benchmark of the same form is always tested.
"""

from __future__ import annotations

import csv
import random
import shutil
import statistics
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from local_indicators.schemas.definitions.loader import SHIPPED_REFERENCE
from tests.support.places import DEFINITION_FILES, HOME, Place

REFERENCE = HOME.parent / "shared" / "reference"
BENCHMARK = HOME / "tests" / "acceptance" / "benchmark"
NOTTINGHAM = "892"
MARCH, AUGUST, DECEMBER = (3, 31), (8, 31), (12, 31)
Row = dict[str, str]


def read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


MEASURES: dict[str, dict[str, Any]] = {
    name: {**tomllib.loads((BENCHMARK / "indicators.toml").read_text(encoding="utf-8"))["defaults"], **said}
    for name, said in tomllib.loads((BENCHMARK / "indicators.toml").read_text(encoding="utf-8")).items()
    if name != "defaults"
}
NAMES: dict[str, str] = tomllib.loads((BENCHMARK / "partner.toml").read_text(encoding="utf-8"))["collection"][0][
    "layout"
][0]["table"][0]["indicator"]["map"]
AUTHORITIES = [
    row for row in read(SHIPPED_REFERENCE / "areas.csv") if row["area_type"] == "Local authority" and row["dfe_code"]
]


# -- a benchmark made up for the test


def made_up(path: Path) -> Path:
    """Four measures of every authority of today, with ties and with missing neighbours, invented."""
    chance = random.Random(18)  # noqa: S311 (made-up figures, no secret)
    today = [a for a in AUTHORITIES if not a["valid_to"]]
    missing = {("Level2Age19", "352"), ("16-17 NEET", "330"), ("16-17 NEET", "373"), ("PriTotAbs", "391")}
    rows = []
    for measure, years in (
        ("Level2Age19", ("2023", "2024")),  # to August 2024: the list of 2021
        ("16-17 NEET", ("2024", "2025")),  # to March 2025: the list of 2021
        ("PriTotAbs", ("2024", "2025")),  # to August 2025: the list of 2025
        ("CPP_Total_Rateper10,000", ("2025",)),  # no polarity, no rank
        ("LAC_EngMaths9-4", ("2025",)),  # fewer than half of the authorities
    ):
        for year in years:
            for n, area in enumerate([*today, {"name": "England", "dfe_code": "970"}]):
                few = measure.startswith("LAC") and n % 2 == 0 and area["dfe_code"] != NOTTINGHAM
                value = "-" if few or (measure, area["dfe_code"]) in missing else f"{chance.randint(20, 400) / 4:g}"
                rows.append((measure, year, area["name"], f"{area['dfe_code']}.0", value))
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("short_desc", "years", "area", "la_number", "value_raw"), *rows])
    return path


# -- the independent computation


@dataclass(frozen=True)
class Standing:
    """What is expected of Nottingham's newest value of one measure."""

    value: float | None
    england: float | None
    rank: int | None
    rank_of: int | None
    quartile: str | None
    neighbours: float | None
    neighbours_n: int | None
    list_from: str | None


def standing(rows: Iterable[Row], measure: str, peers: list[Row]) -> Standing:
    mine = [row for row in rows if row["short_desc"] == measure and "(Pre LG)" not in row["area"]]
    year = max(row["years"] for row in mine)
    values = {
        row["la_number"].removesuffix(".0"): float(row["value_raw"])
        for row in mine
        if row["years"] == year and row["value_raw"] != "-"
    }
    end = period_end(year, MEASURES[NAMES[measure]]["time_identifier"])
    valid = [p for p in peers if p["valid_from"] <= end and (not p["valid_to"] or end <= p["valid_to"])]
    by_code = {a["area_code"]: a["dfe_code"] for a in AUTHORITIES}
    near = [values[code] for p in valid if (code := by_code[p["member"]]) in values]
    held = values.get(NOTTINGHAM)
    ranked = {code: v for code, v in values.items() if code in by_code.values()}
    total = len([a for a in AUTHORITIES if a["valid_from"] <= end and (not a["valid_to"] or end <= a["valid_to"])])
    polarity = MEASURES[NAMES[measure]]["polarity"]
    place = held is not None and polarity != "neutral" and 2 * len(ranked) >= total
    return Standing(
        value=held,
        england=values.get("970"),
        rank=rank(held, ranked.values(), polarity) if place and held is not None else None,
        rank_of=len(ranked) if place else None,
        quartile=band(held, list(ranked.values()), polarity) if place and held is not None else None,
        neighbours=statistics.fmean(near) if near else None,
        neighbours_n=len(near) or None,
        list_from=valid[0]["valid_from"] if valid and near else None,
    )


def period_end(year: str, identifier: str) -> str:
    """The last day of the year that ends in `year`; of 2023/24 and 2020-22 too."""
    last = int(year[:2] + year[-2:])
    month, day = {"Academic year": AUGUST, "Financial year": MARCH}.get(identifier, DECEMBER)
    return date(last, month, day).isoformat()


def rank(value: float, among: Iterable[float], polarity: str) -> int:
    return 1 + sum(v > value if polarity == "higher" else v < value for v in among)


def band(value: float, among: list[float], polarity: str) -> str:
    cuts = statistics.quantiles(among, n=4, method="inclusive")  # R's type 7
    which = sum(value > cut for cut in cuts)
    return "DCBA"[which] if polarity == "higher" else "ABCD"[which]


def neighbours(path: Path, member: str) -> list[Row]:
    return [{**row, "member": row[member]} for row in read(path) if row["group_code"] == "statistical_neighbours"]


# -- the same through a whole night


@dataclass(frozen=True)
class Loaded:
    rows: list[Row]
    peers: list[Row]
    place: Place


def sets() -> Iterator[Any]:
    real = REFERENCE / "benchmark_values.csv"
    yield "made up"
    missing = pytest.mark.skipif(not real.is_file(), reason="the real benchmark is not here")
    yield pytest.param("real", marks=[missing, pytest.mark.long])


NOT_HELD = """
[[relation]]
kind = "not-held"
indicator = "{}"
reason = "The benchmark holds the gap alone."
"""


@pytest.fixture(scope="module", params=list(sets()))
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """The benchmark, loaded and published."""
    place = Place(tmp_path_factory.mktemp("benchmark"))
    shutil.copytree(DEFINITION_FILES, place.root / "definitions")
    shutil.copy(BENCHMARK / "indicators.toml", place.root / "definitions" / "indicators" / "benchmark.toml")
    with (place.root / "definitions" / "relations.toml").open("a", encoding="utf-8") as relations:
        relations.writelines(NOT_HELD.format(name) for name in ("benchmark-l3age19gap", "benchmark-l2age19gap"))
    (place.root / "partners").mkdir()
    shutil.copy(BENCHMARK / "partner.toml", place.root / "partners" / "benchmark.toml")
    file = place.inbox / "benchmark" / "benchmark.csv"
    file.parent.mkdir(parents=True)
    if request.param == "real":
        shutil.copy(REFERENCE / "benchmark_values.csv", file)
        peers = neighbours(REFERENCE / "peer_groups.csv", "member_gss_code")
    else:
        made_up(file)
        peers = neighbours(SHIPPED_REFERENCE / "peers.csv", "member_code")
    report = place.night(
        today=date(2025, 12, 1), definitions=place.root / "definitions", partners=place.root / "partners"
    )
    assert [line.errors for line in report.returns] == [0]  # codes that have been replaced since are told
    assert report.publication.state == "published", report.publication.verdict.reasons
    return Loaded(read(file), peers, place)


def published(place: Place, indicator: str) -> dict[str, Any]:
    names = (
        "value, england_value, rank, rank_of, quartile, neighbours_value, neighbours_n, neighbours_of,"
        " neighbours_version, not_comparable_because"
    )
    (row,) = place.ask(f"SELECT {names} FROM mart.latest WHERE indicator_id = ? AND area_code = 'E06000018'", indicator)
    return dict(zip(names.replace(" ", "").split(","), row, strict=True))


def test_nottingham_stands_where_it_should(loaded: Loaded) -> None:
    measures = sorted({row["short_desc"] for row in loaded.rows})
    lists: dict[str, set[str]] = {}
    for measure in measures:
        expected, found = standing(loaded.rows, measure, loaded.peers), published(loaded.place, NAMES[measure])
        assert found["value"] == expected.value, measure
        assert found["england_value"] == expected.england, measure
        assert (found["rank"], found["rank_of"], found["quartile"]) == (
            expected.rank,
            expected.rank_of,
            expected.quartile,
        ), measure
        assert found["neighbours_n"] == expected.neighbours_n, measure
        assert found["neighbours_value"] == pytest.approx(expected.neighbours, rel=1e-12), measure
        if expected.list_from:
            assert found["neighbours_of"] == "E06000018"
            lists.setdefault(expected.list_from, set()).add(found["neighbours_version"])
        if expected.rank is None:
            assert "rank" in found["not_comparable_because"]
    assert lists == {"2021-04-01": {"2021-04"}, "2025-05-01": {"2025-05"}}  # both lists were used
    missing = [m for m in measures if (standing(loaded.rows, m, loaded.peers).neighbours_n or 0) < 10]
    assert missing  # with a neighbour missing too


def test_every_rank_of_a_measure_agrees(loaded: Loaded) -> None:
    for measure in ("Level2Age19", "PriTotAbs"):
        newest = max(row["years"] for row in loaded.rows if row["short_desc"] == measure)
        codes = {a["dfe_code"] for a in AUTHORITIES}
        values = {
            code: float(row["value_raw"])
            for row in loaded.rows
            if (row["short_desc"], row["years"]) == (measure, newest) and row["value_raw"] != "-"
            if "(Pre LG)" not in row["area"] and (code := row["la_number"].removesuffix(".0")) in codes
        }
        polarity = MEASURES[NAMES[measure]]["polarity"]
        expected = sorted(
            (v, rank(v, values.values(), polarity), band(v, list(values.values()), polarity)) for v in values.values()
        )
        found = loaded.place.ask(
            """SELECT value, rank, quartile FROM mart.latest
               WHERE indicator_id = ? AND area_type = 'Local authority' AND rank IS NOT NULL
                 AND period_end = (SELECT max(period_end) FROM mart.latest AS l WHERE l.indicator_id = latest.indicator_id)
               ORDER BY ALL""",
            NAMES[measure],
        )
        assert found == expected
