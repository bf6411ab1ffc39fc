"""Real workbooks, each loaded by a layout of its own with no Python: figures read off the sheets agree.

The workbooks are not part of the project. They are read where they lie beside it, and skipped where they do not.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows.judging import Judgement, judge
from inputs.identify import Origin
from inputs.layouts import Partner, load_partners
from schemas.definitions import HERE, Definitions, load_definitions
from schemas.findings import a1
from schemas.tables import Context
from tests.conftest import HOME

REAL = HOME.parent / "shared" / "real"
SETS = sorted(path.parent for path in (HOME / "tests" / "real").glob("*/partner.toml"))
pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="the real workbooks are not here")


@dataclass(frozen=True)
class Bench:
    """One set of layouts, with the definitions they need."""

    definitions: Definitions
    partners: Mapping[str, Partner]


@pytest.fixture(scope="session", params=SETS, ids=[path.name for path in SETS])
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """The shipped definitions with those of a set added."""
    here: Path = request.param
    folder = tmp_path_factory.mktemp(f"real-{here.name}")
    shutil.copytree(HERE, folder / "definitions")
    shutil.copy(here / "indicators.toml", folder / "definitions" / "indicators" / f"real-{here.name}.toml")
    with (folder / "definitions" / "breakdowns.toml").open("a", encoding="utf-8") as file:
        file.write("\n" + (here / "breakdowns.toml").read_text(encoding="utf-8"))
    (folder / "partners").mkdir()
    shutil.copy(here / "partner.toml", folder / "partners" / f"{here.name}.toml")
    definitions = load_definitions(folder / "definitions")
    return Bench(definitions, load_partners(definitions, folder / "partners"))


def rows_of(here: Path, name: str) -> list[dict[str, str]]:
    path = here / name
    return list(csv.DictReader(path.open(encoding="utf-8", newline=""))) if path.exists() else []


EXPECTED = [(here, row) for here in SETS for row in rows_of(here, "expected.csv")]
SUMS = [(here, row) for here in SETS for row in rows_of(here, "sums.csv")]
FILES = sorted({(here, row["file"]) for here, row in EXPECTED})
_judged: dict[tuple[str, str], Judgement] = {}


def judged(bench: Bench, here: Path, file: str) -> Judgement:
    """A real file judged by its layout, once."""
    key = (here.name, file)
    if key not in _judged:
        path = REAL / file
        origin = Origin(here.name, f"{here.name}/{path.name}", arrival(path))
        context = Context(date(2026, 11, 23))
        ((one,),) = judge([(origin, path.read_bytes)], bench.partners, bench.definitions, context)
        _judged[key] = one
    return _judged[key]


def arrival(path: Path) -> date:
    """The day a file arrives: by the year in its name where its layout has versions by date."""
    years = [int(word) for word in path.stem.replace("_", " ").split() if word.isdigit() and len(word) == 4]
    return date(years[0], 12, 1) if years and 2000 < years[0] < 2027 else date(2026, 11, 23)


@pytest.mark.parametrize(("here", "file"), FILES, ids=[file for _, file in FILES])
def test_a_real_file_is_read_without_an_error(here: Path, file: str, bench: Bench) -> None:
    if here.name not in bench.partners:
        pytest.skip("of the other set")
    one = judged(bench, here, file)
    assert [f for f in one.findings if f.is_error] == []
    assert one.rows > 0


@pytest.mark.parametrize(("here", "row"), EXPECTED, ids=[f"{r['file']} {r['sheet']}!{r['cell']}" for _, r in EXPECTED])
def test_a_figure_read_off_the_sheet_agrees(here: Path, row: dict[str, str], bench: Bench) -> None:
    if here.name not in bench.partners:
        pytest.skip("of the other set")
    one = judged(bench, here, row["file"])
    assert one.table is not None
    area = bench.definitions.geography.find(row["area"])
    assert area is not None
    found = one.table.frame.filter(
        (pl.col("indicator_id") == row["indicator_id"])
        & (pl.col("area_code") == area.area_code)
        & (pl.col("time_period") == row["time_period"])
        & (pl.col("time_identifier") == row["time_identifier"])
        & (pl.col("breakdown") == (row["breakdown"] or "Total"))
    )
    assert found.height == 1
    got: dict[str, Any] = found.row(0, named=True)
    assert got["value"] == (pytest.approx(float(row["value"])) if row["value"] else None)
    assert (got["obs_status"] or "", got["conf_status"] or "") == (row["obs_status"], row["conf_status"])
    assert (got["sheet"], a1(got["at_value"])) == (row["sheet"], row["cell"])


@pytest.mark.parametrize(("here", "row"), SUMS, ids=[f"{r['file']} {r['sheet']}!{r['cell']}" for _, r in SUMS])
def test_a_printed_total_is_the_sum_of_what_was_loaded(here: Path, row: dict[str, str], bench: Bench) -> None:
    if here.name not in bench.partners:
        pytest.skip("of the other set")
    one = judged(bench, here, row["file"])
    assert one.table is not None
    parts = one.table.frame.filter(
        (pl.col("indicator_id") == row["indicator_id"])
        & (pl.col("time_period") == row["time_period"])
        & (pl.col("breakdown") == (row["breakdown"] or "Total"))
    )
    if row["of"] != "all":
        parts = parts.filter(pl.col("area_code").is_in([code.strip() for code in row["of"].split(",")]))
    assert parts.get_column("value").sum() == pytest.approx(float(row["total"]))
