"""How long a whole publication takes, from the store to the exports, and how much memory each of its stages needs.

    python -m bench.build 1 3 10       millions of made-up observations, each in a folder that is thrown away

Every step is the night's own: returns of some 150,000 rows are loaded, a first version is published, one return comes
again with one figure in a hundred changed, and a second version is published beside the first; then a third night finds
nothing new. One indicator in ten is given with numerators and denominators that add up by breakdown, region and
country, so that disclosure control has work to do; the others are printed percentages, as national benchmarks are.
Nothing of it is published elsewhere. A run that needs more than twelve gigabytes is ended. Not part of the tests.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import polars as pl

from bench.mart import DAY, PARTS, YEARS, neighbour, waiting_seconds
from local_indicators.common.cell_references import cell_position
from local_indicators.schemas.definitions.loader import load_definitions
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.observations import TIDY
from local_indicators.schemas.reference.geography import ENGLAND
from local_indicators.schemas.reference.periods import build_period
from local_indicators.schemas.return_calendar import RegisterEntry
from local_indicators.schemas.submissions import Outcome, Submission
from local_indicators.warehouse.publication.publish import publish_candidate
from local_indicators.warehouse.store import loading, private_store
from tests.support.places import DEFINITION_FILES

MAX_BYTES = 12_000_000_000
BATCH = 10
"""Indicators in one return: one with numbers counted, nine with printed percentages."""
TODAY = date(2024, 1, 31)
BEGUN = datetime(2024, 1, 1, tzinfo=UTC)
CELLS = tuple(f"{sex}; {meal}" for sex in PARTS[:2] for meal in PARTS[2:])
PLACES = {breakdown: [n for n, cell in enumerate(CELLS) if set(breakdown.split("; ")) <= set(cell.split("; "))]
          for breakdown in (*PARTS, *CELLS)} | {"Total": list(range(len(CELLS)))}  # fmt: skip


class Watch:
    """Wall clock, processor and the peak of resident memory, stage by stage. Ends the run where it needs too much."""

    def __init__(self) -> None:
        self.stage, self.began, self.worked, self.peak = "", 0.0, 0.0, 0
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        while True:
            self.peak = max(self.peak, now := _resident())
            if now > MAX_BYTES:
                print(f"    {self.stage}: needs more than {MAX_BYTES / 1e9:g} GB; ended", flush=True)
                os._exit(1)
            time.sleep(0.02)

    def __call__(self, stage: str) -> None:
        """Begin a stage, and print what the stage before it took."""
        if self.stage:
            took, worked = time.perf_counter() - self.began, time.process_time() - self.worked
            print(f"    {self.stage:32} {took:7.1f} s {worked:7.1f} CPU-s {self.peak / 1e9:5.1f} GB", flush=True)
        self.stage, self.began, self.worked, self.peak = stage, time.perf_counter(), time.process_time(), 0


def _resident() -> int:
    """Return the bytes of memory that this process uses now; where the system does not say, the most it ever used."""
    try:
        with Path("/proc/self/statm").open(encoding="ascii") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def made_up_definitions(millions: float) -> tuple[Definitions, list[list[str]], list[str]]:
    """Return definitions with as many more indicators as that takes, those by return, and the areas that they are of:
    councils, regions and England."""
    definitions = load_definitions(DEFINITION_FILES)
    geography = definitions.geography
    councils = [a.area_code for a in geography.areas if a.held(DAY) and a.area_type == "Local authority"]
    regions = [a.area_code for a in geography.areas if a.held(DAY) and a.area_type == "Region"]
    areas = [*councils, *regions, ENGLAND]
    each = len(areas) * len(YEARS) * len(PLACES)
    names = [f"made-up-{n:05d}" for n in range(max(BATCH, round(millions * 1_000_000 / each)))]
    returns = [names[n : n + BATCH] for n in range(0, len(names), BATCH)]
    like = definitions.indicators["ks4-five-good-gcses"]
    made = {
        name: replace(
            like, id=name, title=name, replaces="", polarity=("higher", "lower")[n % 2], authority=f"return-{group}",
            numerator=f"counted of {name}", denominator=f"all of {name}",
            versions=(replace(like.versions[0], valid_to=None),),
            breakdowns={"Sex": ("Girls", "Boys"), "FSM": ("Eligible", "Not eligible")},
        )
        for group, of in enumerate(returns)
        for n, name in enumerate(of)
    }  # fmt: skip
    peers = tuple(
        neighbour(code, n, other)
        for place, code in enumerate(councils)
        for n in range(1, 11)
        for other in [councils[(place + n) % len(councils)]]
    )
    made_up = replace(definitions, indicators={**definitions.indicators, **made}, peers=peers, targets=())
    return made_up, returns, areas


def made_up_return(names: list[str], definitions: Definitions, areas: list[str], seed: int) -> pl.DataFrame:
    """Return the tidy table of one return: cells drawn at random, everything else added up from them."""
    chance = np.random.default_rng(seed)
    councils = [code for code in areas if code.startswith(("E06", "E08", "E09", "E10"))]
    region = np.array([areas.index(definitions.geography.region_of(code) or ENGLAND) for code in councils])
    shape = (len(names), len(councils), len(YEARS), len(CELLS))
    size = chance.lognormal(6.5, 0.9, (len(councils), 1, 1)) * np.array([0.1, 0.4, 0.1, 0.4])
    among = np.zeros((len(names), len(areas), *shape[2:]))
    of = np.zeros_like(among)
    among[:, : len(councils)] = chance.poisson(size, shape)
    of[:, : len(councils)] = chance.binomial(among[:, : len(councils)].astype(int), chance.uniform(0.2, 0.8, shape))
    for table in (among, of):
        for number in set(region):
            table[:, number] = table[:, : len(councils)][:, region == number].sum(axis=1)
        table[:, -1] = table[:, : len(councils)].sum(axis=1)
    periods = [build_period("Academic year", year) for year in YEARS]
    parts = [(np.stack([t[..., c].sum(axis=-1) for c in PLACES.values()], axis=-1)).ravel() for t in (of, among)]
    keys = pl.DataFrame({"indicator_id": names}).join(pl.DataFrame({"area_code": areas}), how="cross")
    about = {"time_period": [p.time_period for p in periods], "period_start": [p.start for p in periods],
             "period_end": [p.end for p in periods]}  # fmt: skip
    frame = keys.join(pl.DataFrame(about), how="cross").join(pl.DataFrame({"breakdown": list(PLACES)}), how="cross")
    counted = pl.col("indicator_id") == names[0]
    frame = frame.with_columns(
        pl.Series("of", parts[0]), pl.Series("among", parts[1]), pl.int_range(pl.len()).alias("line")
    ).with_columns((100 * pl.col("of") / pl.col("among")).fill_nan(None).alias("value"))
    columns = {
        "definition_version": pl.lit("1"), "time_identifier": pl.lit("Academic year"),
        "value": pl.when(counted).then(pl.col("value")).otherwise(pl.col("value").round(1)),
        "numerator": pl.when(counted).then(pl.col("of")), "denominator": pl.when(counted).then(pl.col("among")),
        "obs_status": pl.when(pl.col("value").is_null()).then(pl.lit("z")),
        "provenance": pl.lit("reported"), "sheet": pl.lit("Figures"),
        "at_value": pl.lit(cell_position(1, 1)) + pl.col("line"), "keyed": pl.lit(value=True),
        "faulty": pl.lit(value=False),
    }  # fmt: skip
    frame = frame.with_columns(**columns)
    empty = [pl.lit(None, kind).alias(name) for name, kind in TIDY.items() if name not in frame.columns]
    return frame.with_columns(*empty).select(pl.col(name).cast(kind) for name, kind in TIDY.items())


class Bench:
    """A store and a published file in a folder, and a clock that moves on by an hour."""

    def __init__(self, folder: Path, definitions: Definitions, watch: Watch) -> None:
        self.folder, self.definitions, self.watch, self.hours = folder, definitions, watch, 0
        self.outcomes: list[Outcome] = []

    @property
    def live(self) -> Path:
        """The published file."""
        return self.folder / "indicators.duckdb"

    def load(self, con: duckdb.DuckDBPyConnection, collection: str, frame: pl.DataFrame) -> None:
        """Load a tidy table as one accepted return of a collection."""
        self.hours += 1
        when, digest = BEGUN + timedelta(hours=self.hours), f"{self.hours:064x}"
        submission = Submission(
            id=f"S{self.hours:06d}",
            sequence=self.hours,
            partner="bench",
            path=f"bench/{collection}.csv",
            digest=digest,
            size=1,
            first_seen=when,
            night=when.date(),
        )
        outcome = Outcome(
            submission=submission.id,
            partner="bench",
            collection=collection,
            status="accepted",
            rows=frame.height,
            findings=(),
            not_checked=(),
            periods=(),
            table=None,
            definitions="",
            layouts="",
            validated_at=when,
        )
        loading.load(con, submission, outcome, frame, when)
        self.outcomes.append(outcome)

    def publish(self, con: duckdb.DuckDBPyConnection) -> str:
        """Publish what the store holds; return what became of it."""
        self.hours += 1
        publication = publish_candidate(
            con,
            self.live,
            self.definitions,
            [RegisterEntry("bench", outcome.collection, None, outcome) for outcome in self.outcomes],
            {
                outcome.submission: (outcome.validated_at.replace(tzinfo=None), f"{int(outcome.submission[1:]):064x}")
                for outcome in self.outcomes
            },
            today=TODAY,
            run=f"run-{self.hours}",
            published_at=BEGUN + timedelta(hours=self.hours),
            has_examples=True,
            step=lambda step: self.watch(f"  {step}"),
        )
        self.watch("")
        if publication.state == "refused":
            print("    refused:", "; ".join(publication.verdict.reasons)[:400])
        return publication.state


@contextmanager
def inside(watch: Watch) -> Iterator[None]:
    """Print what each step of a build takes while the block lasts."""
    from local_indicators.warehouse.disclosure import disclosure_control
    from local_indicators.warehouse.mart import build_mart
    from local_indicators.warehouse.store import row_history

    steps = (
        (row_history, "create_row_versions"), (disclosure_control, "rows_to_withhold"),
        (row_history, "create_row_history"), (build_mart, "_remember"), (build_mart, "fill_derived_tables"),
        (build_mart, "fill_latest"), (build_mart, "fill_trend"), (build_mart, "fill_scorecard"),
    )  # fmt: skip
    before = [(module, name, getattr(module, name)) for module, name in steps]
    for module, name, function in before:

        def begin(*args: object, _name: str = name, _function: object = function, **more: object) -> object:
            watch(f"    build: from {_name}")
            return _function(*args, **more)  # type: ignore[operator]

        setattr(module, name, begin)
    try:
        yield
    finally:
        for module, name, function in before:
            setattr(module, name, function)


def measure(millions: float) -> None:
    """Load so many rows, publish them three times and print what each stage took."""
    definitions, returns, areas = made_up_definitions(millions)
    watch = Watch()
    with tempfile.TemporaryDirectory(prefix="bench-build-") as folder, inside(watch):
        bench = Bench(Path(folder), definitions, watch)
        total = 0
        with private_store.open_store(bench.folder / "store.duckdb") as con:
            watch("load")
            for number, names in enumerate(returns):
                frame = made_up_return(names, definitions, areas, number)
                total += frame.height
                bench.load(con, f"return-{number}", frame)
            print(f"  {total / 1e6:.2f} million rows in {len(returns)} returns", flush=True)
            for night in ("first publication", "one return again, second publication", "nothing new"):
                watch(f"load: {night}")
                if night.startswith("one"):
                    frame = made_up_return(returns[0], definitions, areas, 0)
                    changes = pl.int_range(pl.len()) % 100 == 7
                    bumped = pl.when(changes & pl.col("numerator").is_null()).then(
                        pl.col("value").clip(1, 99) + 0.1).otherwise(pl.col("value"))  # fmt: skip
                    bench.load(con, "return-0", frame.with_columns(bumped))
                print(f"  {night}:", bench.publish(con), flush=True)
        size = bench.live.stat().st_size / 1e6
        area, series = waiting_seconds(bench.live)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"  published file {size:.0f} MB; peak of memory {peak:.1f} GB; latest of one area {area * 1000:.0f} ms,")
    print(f"  trend of one series {series * 1000:.0f} ms", flush=True)


if __name__ == "__main__":
    for size in sys.argv[1:] or ("1", "3", "10"):
        measure(float(size))
