"""Real workbooks, each loaded by a layout of its own with no Python: figures read off the sheets agree.

The workbooks are not part of the project. They are read where they lie beside it, and skipped where they do not. The
layouts, in tests/acceptance/real, load without them and double as worked examples.
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

from local_indicators.common.cell_references import address_of_position
from local_indicators.flows.checking.validate_files import ValidationResult, validate_files
from local_indicators.inputs.layouts.partner_layouts import Partner, load_partners
from local_indicators.inputs.parsing.return_identification import Origin
from local_indicators.schemas.definitions.loader import load_definitions
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.observations import CheckContext
from tests.support.places import DEFINITION_FILES, HOME

pytestmark = pytest.mark.long


REAL = HOME.parent / "shared" / "real"
SETS = sorted(path.parent for path in (HOME / "tests" / "acceptance" / "real").glob("*/partner.toml"))
TODAY = date(2026, 11, 23)
real = pytest.mark.skipif(not REAL.is_dir(), reason="the real workbooks are not here")


@dataclass(frozen=True)
class Bench:
    """The sets of layouts, with the definitions they need."""

    definitions: Definitions
    partners: Mapping[str, Partner]


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """The shipped definitions with those of every set added."""
    folder = tmp_path_factory.mktemp("real")
    shutil.copytree(DEFINITION_FILES, folder / "definitions")
    (folder / "partners").mkdir()
    for here in SETS:
        shutil.copy(here / "indicators.toml", folder / "definitions" / "indicators" / f"real-{here.name}.toml")
        shutil.copy(here / "partner.toml", folder / "partners" / f"{here.name}.toml")
    with (folder / "definitions" / "breakdowns.toml").open("a", encoding="utf-8") as file:
        file.write("\n" + (HOME / "tests" / "acceptance" / "real" / "breakdowns.toml").read_text(encoding="utf-8"))
    definitions = load_definitions(folder / "definitions")
    return Bench(definitions, load_partners(definitions, folder / "partners"))


def rows_of(name: str) -> list[tuple[str, dict[str, str]]]:
    """The rows of a csv of each set, with the set's name."""
    found = []
    for here in SETS:
        with (here / name).open(encoding="utf-8", newline="") as file:
            found += [(here.name, row) for row in csv.DictReader(file)]
    return found


EXPECTED, SUMS = rows_of("expected.csv"), rows_of("sums.csv")
FILES = sorted({(partner, row["file"]) for partner, row in EXPECTED})
_judged: dict[str, ValidationResult] = {}


def judged(bench: Bench, partner: str, file: str) -> ValidationResult:
    """A real file judged by its layout, once."""
    if file not in _judged:
        path = REAL / file
        origin = Origin(partner, f"{partner}/{path.name}", arrival(path))
        ((one,),) = validate_files([(origin, path.read_bytes)], bench.partners, bench.definitions, CheckContext(TODAY))
        _judged[file] = one
    return _judged[file]


def arrival(path: Path) -> date:
    """The day a file arrives: by the year in its name where its layout has versions by date."""
    years = [int(word) for word in path.stem.replace("_", " ").split() if word.isdigit() and len(word) == 4]
    return date(years[0], 12, 1) if years and 2000 < years[0] < 2027 else TODAY


def test_the_layouts_load(bench: Bench) -> None:
    assert sorted(bench.partners) == [here.name for here in SETS]
    assert len(FILES) >= 18


@real
@pytest.mark.parametrize(("partner", "file"), FILES, ids=[file for _, file in FILES])
def test_a_real_file_is_read_without_an_error(partner: str, file: str, bench: Bench) -> None:
    one = judged(bench, partner, file)
    assert [f for f in one.findings if f.is_error] == []
    assert one.rows > 0


@real
@pytest.mark.parametrize(
    ("partner", "row"), EXPECTED, ids=[f"{row['file']} {row['sheet']}!{row['cell']}" for _, row in EXPECTED]
)
def test_a_figure_read_off_the_sheet_agrees(partner: str, row: dict[str, str], bench: Bench) -> None:
    one = judged(bench, partner, row["file"])
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
    measure = row["measure"] or "value"
    assert got[measure] == (pytest.approx(float(row["value"])) if row["value"] else None)
    assert (got["obs_status"] or "", got["conf_status"] or "") == (row["obs_status"], row["conf_status"])
    assert (got["sheet"], address_of_position(got[f"at_{measure}"])) == (row["sheet"], row["cell"])


@real
@pytest.mark.parametrize(
    ("partner", "row"), SUMS, ids=[f"{row['file']} {row['sheet']}!{row['cell']}" for _, row in SUMS]
)
def test_a_printed_total_is_the_sum_of_what_was_loaded(partner: str, row: dict[str, str], bench: Bench) -> None:
    """`of` names the kinds of area, or the areas, that are added up, and `breakdowns` what they are broken down by."""
    one = judged(bench, partner, row["file"])
    assert one.table is not None
    geography = bench.definitions.geography
    wanted = {name.strip() for name in row["of"].split(";")}
    parts = one.table.frame.filter(
        (pl.col("indicator_id") == row["indicator_id"])
        & (pl.col("time_period") == row["time_period"])
        & (pl.col("sheet") == row["sheet"])
        & pl.col("breakdown").str.contains(row["breakdowns"] or "^Total$")
    ).filter(
        pl.col("area_code").map_elements(
            lambda code: bool({geography.area(code).area_type, geography.area(code).name} & wanted),  # type: ignore[union-attr]
            return_dtype=pl.Boolean,
        )
    )
    assert parts.height > 1
    assert parts.get_column("value").sum() == pytest.approx(float(row["total"]), abs=float(row["rounded_to"] or 0))


@real
def test_records_of_children_are_refused_and_none_of_them_is_shown(bench: Bench) -> None:
    path = REAL / "d2i" / "903_fake_episodes.csv"
    origin = Origin("education", f"education/{path.name}", TODAY)
    ((one,),) = validate_files([(origin, path.read_bytes)], bench.partners, bench.definitions, CheckContext(TODAY))
    assert [f.rule for f in one.findings] == ["return.person-level"]
    said = str([f.as_dict() for f in one.findings])
    held = {
        cell for line in path.read_text(encoding="utf-8").splitlines()[1:] for cell in line.split(",") if len(cell) > 4
    }
    assert one.table is None
    assert not [cell for cell in held if cell in said]
