"""How long reading and checking takes for each of 10, 100 and 1,000 returns, and what it takes done one by one.

    python -m bench.returns [COUNT ...] [--big COUNT] [--dask]

A night judges the returns: two processes read, one validation checks a batch, tables and findings are staged and the
ledger is written. Beside it: the same with a validation for each file; and the plain way, in which each of a few of the
files gets a process of its own that reads it with openpyxl and validates it with pandera, and says nothing of cells.
`--big` judges returns of some 13,000 rows and shows the peak of memory; `--dask` judges the returns through two workers
on this machine as well. The returns are made up and have 40 rows each, one file in twenty with a mistake in it.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import openpyxl

from local_indicators.flows.checking import validate_files
from local_indicators.flows.checking.dask_workers import staging_function
from local_indicators.flows.pipeline.night_steps import collect
from local_indicators.flows.pipeline.validate_step import validate
from local_indicators.flows.run_context import RunContext, prepare_run
from local_indicators.flows.settings import settings
from local_indicators.schemas.definitions.loader import load_definitions
from tests.support.places import DEFINITION_FILES

ROOT = Path(__file__).resolve().parent.parent
TODAY = date(2024, 5, 31)
HEADINGS = ("Area", "Measure", "Year", "Per cent")
PARTNER = """
id = "{id}"
name = "A partner made up for a measurement"
email = "{id}@example.org"

[[collection]]
id = "{id}-figures"
title = "Figures"
files = ["figures*"]
expect = []

[[collection.layout]]
[[collection.layout.table]]
header = {{ find = "Area" }}
area = {{ column = "Area" }}
period = {{ column = "Year" }}
provenance = "illustrative"
value = [{{ column = "Per cent", scale = "percent" }}]
[collection.layout.table.indicator]
column = "Measure"
[collection.layout.table.indicator.map]
"Baccalaureate" = "english-baccalaureate"
"Two sciences" = "ks4-two-sciences"
"Absence" = "absence-primary"
"Level 3" = "level-3-at-19"
"Healthy weight" = "healthy-weight"
"Level 2" = "level-2-at-19"
"""
MEASURES = ("Baccalaureate", "Two sciences", "Absence", "Level 3", "Healthy weight", "Level 2")
YEARS = tuple(f"{year}/{(year + 1) % 100:02d}" for year in range(2007, 2023))
ONE_BY_ONE = """
import sys
import openpyxl, polars as pl, pandera.polars as pa
book = openpyxl.load_workbook(sys.argv[1], read_only=True, data_only=True)
(head, *rows) = book.worksheets[0].iter_rows(min_row=3, values_only=True)
frame = pl.DataFrame([row for row in rows if row[0]], schema=["area", "measure", "year", "value"], orient="row")
schema = pa.DataFrameSchema({
    "area": pa.Column(pl.String, pa.Check.str_length(3, 60)),
    "measure": pa.Column(pl.String, pa.Check.str_length(3, 60)),
    "year": pa.Column(pl.String, pa.Check.str_matches(r"^\\\\d{4}/\\\\d{2}$")),
    "value": pa.Column(pl.Float64, pa.Check.in_range(0, 100)),
}, unique=["area", "measure", "year"])
schema.validate(frame.cast({"value": pl.Float64}), lazy=True)
"""
PARTNERS = 10
A_FEW = 10
"""Files that the plain way is measured on: it takes the same time for each."""
SMALL = 40


def return_lines() -> list[tuple[str, str, str]]:
    """Return every area, measure and year of a return."""
    areas = load_definitions(DEFINITION_FILES).geography.areas
    of_old = [a for a in areas if a.area_type == "Local authority" and a.valid_to is None]
    names = [a.area_code for a in of_old if a.valid_from is None or a.valid_from < date(2009, 4, 2)]
    return [(area, measure, year) for year in YEARS for area in names for measure in MEASURES]


def write_return(path: Path, lines: list[tuple[str, str, str]], number: int) -> None:
    """Write a return; every twentieth has a mistake in it."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Figures")
    for heading in (("Made up, for a measurement",), (f"Return {number}",), HEADINGS):
        sheet.append(heading)
    for row, line in enumerate(lines):
        value = "about 50" if number % 20 == 7 and row == 3 else 40 + (row * 7 + number) % 200 / 10
        sheet.append((*line, value))
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)


def prepared_night(root: Path, count: int, lines: list[tuple[str, str, str]]) -> RunContext:
    """Return a night in an empty place, with so many returns waiting."""
    (root / "partners").mkdir(parents=True)
    for number in range(PARTNERS):
        (root / "partners" / f"p{number}.toml").write_text(PARTNER.format(id=f"p{number}"), encoding="utf-8")
    for number in range(count):
        write_return(root / "inbox" / f"p{number % PARTNERS}" / f"figures-{number}.xlsx", lines, number)
    places = {"warehouse": root / "w" / "indicators.duckdb", "outbox": root / "outbox", "archive": root / "archive"}
    given = settings(inbox=root / "inbox", partners=root / "partners", today=TODAY, **places)
    night = prepare_run(given, "bench")
    time.sleep(1.1)  # a file that has just been written is waited for
    collect(night)
    return night


Cost = tuple[float, float]
"""Seconds by the clock, and of processors (those of child processes too)."""


def current_cost() -> Cost:
    """Return what this process and its children have cost so far."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return time.perf_counter(), own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def cost_since(began: Cost) -> Cost:
    """Return what has been spent since then."""
    now = current_cost()
    return now[0] - began[0], now[1] - began[1]


def cost_of_night(
    count: int, lines: list[tuple[str, str, str]], runner: str = "threads", batch: int | None = None
) -> Cost:
    """Return what it costs a night to read, check, stage and record so many returns."""
    usual = validate_files.BATCH_FILES
    validate_files.BATCH_FILES = batch or usual
    try:
        with tempfile.TemporaryDirectory(prefix="bench-returns-") as folder:
            night = prepared_night(Path(folder), count, lines)
            night = replace(
                night, stage_submissions=staging_function(night.settings.model_copy(update={"runner": runner}))
            )
            began = current_cost()
            outcomes = validate(night)
            took = cost_since(began)
            refused = sum(1 for outcome in outcomes if not outcome.accepted)
            if (len(outcomes), refused) != (count, sum(1 for n in range(count) if n % 20 == 7)):
                raise AssertionError(f"{refused} of {len(outcomes)} refused")
            if night.notes:
                print(*night.notes, sep="\n")
            return took
    finally:
        validate_files.BATCH_FILES = usual


def cost_one_by_one(lines: list[tuple[str, str, str]]) -> Cost:
    """Return what the plain way costs for a few files, each in a process of its own, one after the other."""
    with tempfile.TemporaryDirectory(prefix="bench-returns-") as folder:
        files = [Path(folder) / f"{number}.xlsx" for number in range(A_FEW)]
        for number, file in enumerate(files):
            write_return(file, lines, number)
        began = current_cost()
        for file in files:
            command = [sys.executable, "-c", ONE_BY_ONE, str(file)]
            subprocess.run(command, cwd=ROOT, capture_output=True, check=False)  # noqa: S603
        return cost_since(began)


def cost_with_workers(count: int, lines: list[tuple[str, str, str]]) -> Cost:
    """Return what a night costs with two workers of this machine, their start included."""
    from prefect import flow
    from prefect.testing.utilities import prefect_test_harness

    @flow
    def measured() -> Cost:
        return cost_of_night(count, lines, runner="dask")

    with prefect_test_harness(server_startup_timeout=180):
        return measured()


def main() -> None:
    """Measure what the command line asks for and print it."""
    asked = argparse.ArgumentParser(description="Measure reading and checking of many returns.")
    asked.add_argument("counts", nargs="*", type=int, default=[10, 100, 1000])
    asked.add_argument("--big", type=int, default=0)
    asked.add_argument("--dask", action="store_true")
    given = asked.parse_args()
    whole = return_lines()
    small = whole[:SMALL]
    ways = ["a night", "a validation a file", "a process a file", *(["two Dask workers"] if given.dask else [])]
    print("Milliseconds a file, by the clock / of processors:")
    print(f"{'files':>8}" + "".join(f"{way:>22}" for way in ways), flush=True)
    for count in given.counts:
        costs = [cost_of_night(count, small), cost_of_night(count, small, batch=1), cost_one_by_one(small)]
        costs += [cost_with_workers(count, small)] if given.dask else []
        of = (count, count, A_FEW, count)
        cells = (f"{1000 * clock / n:,.0f} / {1000 * cpu / n:,.0f}" for (clock, cpu), n in zip(costs, of, strict=False))
        print(f"{count:>8,}" + "".join(f"{cell:>22}" for cell in cells), flush=True)
    if given.big:
        clock, cpu = cost_of_night(given.big, whole)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(f"{given.big:,} returns of {len(whole):,} rows: {clock:,.0f} s by the clock, {cpu:,.0f} s of processors;")
        print(f"  peak of memory of the night's own process {peak:.2f} GB")


if __name__ == "__main__":
    main()
