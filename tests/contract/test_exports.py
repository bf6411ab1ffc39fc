"""Exports: what the published file shows, as tidy csv that the screener of the standard would take, and as Parquet."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import duckdb
import pytest

from local_indicators.flows.pipeline.night_summary import NightReport
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.warehouse.publication.exports import FOLDER, GROUPS, LATEST
from tests.support.places import Place
from tests.support.publication_histories import COUNT, History, figure

Example = tuple[Place, NightReport]
SYMBOLS = {"z", "x", "c", "low", "u"}
PLACES = {"country_code", "country_name", "region_code", "region_name", "old_la_code", "new_la_code", "la_name",
          "lad_code", "lad_name", "ward_code", "ward_name"}  # fmt: skip


@pytest.fixture(scope="module")
def exported(example_night: Example) -> Path:
    place, _ = example_night
    return place.published.parent / FOLDER / LATEST


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_file_is_tidy_as_the_standard_wants(exported: Path) -> None:
    files = sorted(path for path in exported.glob("*.csv") if not path.name.endswith(".meta.csv"))
    assert "academic_year.csv" in [path.name for path in files]
    for path in files:
        rows, meta = table(path), table(path.with_suffix(".meta.csv"))
        columns = list(rows[0])
        assert columns[:5] == ["time_period", "time_identifier", "geographic_level", "country_code", "country_name"]
        filters = [one["col_name"] for one in meta if one["col_type"] == "Filter"]
        numbers = [one["col_name"] for one in meta if one["col_type"] == "Indicator"]
        assert set(columns) == {"time_period", "time_identifier", "geographic_level", *filters, *numbers} | (
            PLACES & set(columns)
        )
        assert all(re.fullmatch(r"[a-z][a-z0-9_]{0,49}", name) for name in columns)
        units = [tuple(v for k, v in row.items() if k not in numbers) for row in rows]
        assert len(set(units)) == len(units)
        assert {row["time_identifier"] for row in rows} <= set(GROUPS[path.stem])
        assert {len(row["time_period"]) for row in rows} <= {4, 6}
        assert all(row["time_period"].isdigit() and row["country_code"] for row in rows)
        for row in rows:
            assert all(row[n] in SYMBOLS or re.fullmatch(r"-?\d+(\.\d+)?", row[n]) for n in numbers)
            assert row["data_version"] == "1"
            if row["geographic_level"] == "Local authority":
                assert (row["new_la_code"], row["region_code"], row["old_la_code"]) == ("E06000018", "E12000004", "892")
        assert all("Total" in {row[name] for row in rows} for name in filters if len(files) == 1)


def test_the_csv_says_what_the_published_file_says(exported: Path, example_night: Example) -> None:
    place, _ = example_night
    rows = [
        row
        for row in table(exported / "academic_year.csv")
        if row["la_name"] == "Nottingham" and row["time_period"] == "200910"
    ]
    (total,) = [row for row in rows if {row["fsm"], row["coverage"], row["subject"]} == {"Total"}]
    assert (total["level_2_at_19_percent"], total["eyfs_good_level_percent"]) == ("68.4", "54.1")
    assert total["schools_high_persistent_absence_count"] == "c"
    with duckdb.connect() as con:
        parquet = f"'{exported / 'indicators.parquet'}'"
        assert con.execute(f"SELECT DISTINCT data_version FROM {parquet}").fetchall() == [(1,)]
        told = con.execute(f"SELECT * EXCLUDE data_version FROM {parquet} ORDER BY ALL").fetchall()
        said = con.execute(f"SELECT key, value FROM parquet_kv_metadata({parquet})").fetchall()
    assert told == place.ask("SELECT * FROM mart.observations ORDER BY ALL")
    assert (b"data_version", b"1") in said


@pytest.mark.long
def test_a_reader_always_finds_one_whole_version(tmp_path: Path, definitions: Definitions) -> None:
    past = History(tmp_path, definitions)
    root = tmp_path / FOLDER
    with past.open:
        for version in range(1, 6):
            past.load([figure(20.0 + version)])
            past.publish()
            rows = table(root / LATEST / "academic_year.csv")
            assert [(row["data_version"], row[f"{COUNT.replace('-', '_')}_count"]) for row in rows] == [
                (str(version), str(20 + version))
            ]
        assert sorted(path.name for path in root.iterdir()) == ["latest", "v000003", "v000004", "v000005"]
        (root / LATEST).unlink()  # a night that died before it had moved the link
        (root / ".making-v000006").mkdir()
        past.publish()
        assert (root / LATEST).resolve().name == "v000005"
        assert not list(root.glob(".making*"))
