"""How long mart takes to derive from many observations, and how long a dashboard then waits for one area.

    python -m bench.mart 1 3 10        millions of made-up observations, each in a folder that is thrown away

Made up of every authority, region and England, ten years and nine breakdowns for as many indicators as are needed, each
with numerator and denominator. Nothing of it is published. Not part of the tests.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import polars as pl

from local_indicators.schemas.definitions.loader import load_definitions
from local_indicators.schemas.definitions.models import Definitions, Peer
from local_indicators.schemas.reference.geography import ENGLAND
from local_indicators.schemas.reference.periods import build_period
from local_indicators.warehouse.mart.build_mart import fill_derived_tables
from local_indicators.warehouse.mart.mart_tables import MART, create_table_sql
from local_indicators.warehouse.mart.reference_tables import create_reference_tables
from local_indicators.warehouse.store.connection import connect
from local_indicators.warehouse.store.current_rows import MOST_ROWS
from tests.support.places import DEFINITION_FILES

YEARS = range(2014, 2024)
PARTS = ("Sex=Girls", "Sex=Boys", "FSM=Eligible", "FSM=Not eligible")
BREAKDOWNS = ("Total", *PARTS, *(f"{sex}; {meal}" for sex in PARTS[:2] for meal in PARTS[2:]))
DAY = date(2023, 8, 31)


def made_up(millions: float) -> tuple[Definitions, pl.DataFrame]:
    """Return definitions with as many indicators as that takes, and the rows as disclosure control would leave them."""
    definitions = load_definitions(DEFINITION_FILES)
    listed = [a for a in definitions.geography.areas if a.held(DAY) and a.area_type in ("Local authority", "Region")]
    areas = [ENGLAND, *(a.area_code for a in listed)]
    each = len(areas) * len(YEARS) * len(BREAKDOWNS)
    like = replace(
        definitions.indicators["ks4-five-good-gcses"],
        versions=(replace(definitions.indicators["ks4-five-good-gcses"].versions[0], valid_to=None),),
        breakdowns={"Sex": ("Girls", "Boys"), "FSM": ("Eligible", "Not eligible")},
        replaces="",
    )
    names = [f"made-up-{n:05d}" for n in range(max(1, round(millions * 1_000_000 / each)))]
    indicators = {name: replace(like, id=name, polarity=("higher", "lower")[n % 2]) for n, name in enumerate(names)}
    peers = [neighbour(a, n, m) for a, n, m in _neighbours(areas[1:])]
    return replace(definitions, indicators=indicators, peers=tuple(peers), targets=()), _rows(names, areas)


def neighbour(area_code: str, order: int, member_code: str) -> Peer:
    """Return a statistical neighbour of an area."""
    return Peer(
        area_code=area_code,
        group_code="statistical_neighbours",
        group_title="",
        group_version="2014",
        valid_from=date(2014, 4, 1),
        order=order,
        member_code=member_code,
        member_name=member_code,
    )


def _neighbours(areas: list[str]) -> list[tuple[str, int, str]]:
    councils = [code for code in areas if not code.startswith("E12")]
    return [(code, n, councils[(at + n) % len(councils)]) for at, code in enumerate(councils) for n in range(1, 11)]


def _rows(names: list[str], areas: list[str]) -> pl.DataFrame:
    periods = [build_period("Academic year", year) for year in YEARS]
    about = pl.DataFrame(
        {
            "time_period": [p.time_period for p in periods],
            "period_start": [p.start for p in periods],
            "period_end": [p.end for p in periods],
        }
    )
    rows = (
        pl.DataFrame({"indicator_id": names})
        .join(pl.DataFrame({"area_code": areas}), how="cross")
        .join(pl.DataFrame({"breakdown": BREAKDOWNS}), how="cross")
        .join(about, how="cross")
    )
    chance = pl.int_range(pl.len())
    base = (20 + chance.hash(1) % 4000).cast(pl.Float64)
    of = (base * (200 + chance.hash(2) % 600).cast(pl.Float64) / 1000).round()
    nothing = [pl.lit(None, kind).alias(name) for name, kind in (
        ("value_low", pl.Float64), ("value_high", pl.Float64), ("value_text", pl.String), ("obs_status", pl.String),
        ("conf_status", pl.String))]  # fmt: skip
    return rows.with_columns(
        pl.lit("1").alias("definition_version"),
        pl.lit("Academic year").alias("time_identifier"),
        of.alias("numerator"),
        base.alias("denominator"),
        (100 * of / base).alias("value"),
        pl.lit("reported").alias("provenance"),
        (pl.lit("S") + pl.col("indicator_id").str.slice(-5)).alias("submission"),
        pl.lit("0" * 64).alias("digest"),
        (pl.lit("made-up/") + pl.col("indicator_id") + ".xlsx").alias("source_file"),
        pl.lit("Figures").alias("sheet"),
        (pl.lit("C") + pl.int_range(pl.len()).cast(pl.String)).alias("cell"),
        pl.lit(datetime(2024, 1, 1), pl.Datetime("us")).alias("recorded_at"),  # noqa: DTZ001
        *nothing,
    )


def row_batches(rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Yield the rows as a build takes them out of the store: some indicators at a time."""
    each = len(YEARS) * len(BREAKDOWNS) * rows["area_code"].n_unique()
    for at in range(0, rows.height, step := each * max(1, MOST_ROWS // each)):
        yield rows.slice(at, step)


def measure(millions: float) -> None:
    """Derive mart from so many rows and print what it took."""
    definitions, rows = made_up(millions)
    with tempfile.TemporaryDirectory(prefix="bench-mart-") as folder:
        path = Path(folder) / "made-up.duckdb"
        con = connect(str(Path(folder) / "store.duckdb"))
        con.execute(f"ATTACH '{path}' AS out")
        con.execute("CREATE SCHEMA out.mart")
        for table in MART:
            for statement in create_table_sql(table, "out.mart"):
                con.execute(statement)
        began, worked = time.perf_counter(), time.process_time()
        create_reference_tables(con, definitions, rows)
        fill_derived_tables(con, definitions, row_batches(rows))
        con.execute("CHECKPOINT out")
        took, cpu = time.perf_counter() - began, time.process_time() - worked
        con.close()
        size = path.stat().st_size / 1e6
        area, series = waiting_seconds(path)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    millions = rows.height / 1e6
    print(
        f"{millions:5.1f} million rows in {took:6.1f} s, of processors {cpu:6.1f} s: {cpu / millions:5.2f} s a million;"
    )
    print(f"  {size:6.0f} MB, peak of memory {peak:4.1f} GB;", end=" ")
    print(f"latest of one area {area * 1000:3.0f} ms, trend of one series {series * 1000:3.0f} ms", flush=True)


def waiting_seconds(path: Path) -> tuple[float, float]:
    """Return how long a fresh connection waits for an area's whole profile, and for one series."""
    con = connect(str(path), read_only=True)
    began = time.perf_counter()
    con.execute("SELECT * FROM mart.latest WHERE area_code = 'E06000018'").fetchall()
    first = time.perf_counter()
    con.execute(
        "SELECT * FROM mart.trend"
        " WHERE indicator_id = 'made-up-00001' AND area_code = 'E06000018' AND breakdown = 'Total'"
    ).fetchall()
    second = time.perf_counter()
    con.close()
    return first - began, second - first


if __name__ == "__main__":
    for size in sys.argv[1:] or ("1", "3", "10"):
        measure(float(size))
