"""Past one machine: what workers on the Dask runner stage is what one process would have, to the row."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from flows.ledger import read_ledger
from flows.night import Report
from tests.conftest import INCOMING, TODAY, Place


def rows_of(place: Place) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of mart, without the instants at which things happened and the name of the run."""
    columns = place.ask(
        """SELECT table_name, list(column_name ORDER BY ordinal_position) FROM information_schema.columns
           WHERE table_schema = 'mart' AND data_type NOT LIKE 'TIMESTAMP%' AND column_name <> 'run' GROUP BY ALL"""
    )
    return {table: place.ask(f"SELECT {', '.join(names)} FROM mart.{table} ORDER BY ALL") for table, names in columns}


def recorded(place: Place) -> list[dict[str, Any]]:
    """The outcomes in the order of the ledger, without the instants."""
    return [{**one.as_dict(), "judged_at": None} for one in read_ledger(place.archive).recorded]


def kill_a_worker(staging: Path, killed: list[int]) -> None:
    """Kill one of the workers that this process has started, once something is staged."""
    import psutil

    for _ in range(6000):
        if list(staging.glob("*/S*.json")):
            workers = [one for one in psutil.Process().children() if "spawn_main" in " ".join(one.cmdline())]
            workers[0].kill()
            killed.append(workers[0].pid)
            return
        time.sleep(0.02)


def test_two_dask_workers_give_the_same_mart_row_for_row_though_one_is_killed(
    example_night: tuple[Place, Report], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.nightly import nightly

    by_threads, _ = example_night
    by_dask, killed = Place(tmp_path), list[int]()
    monkeypatch.setenv("INDICATORS_RUNNER", "dask")
    killer = threading.Thread(target=kill_a_worker, args=(by_dask.archive / "staging", killed))
    killer.start()
    report = nightly(
        inbox=str(INCOMING),
        warehouse=str(by_dask.published),
        outbox=str(by_dask.outbox),
        archive=str(by_dask.archive),
        today=TODAY,
    )
    killer.join()
    assert killed
    assert not [note for note in report.notes if "workers" in note]  # none was read here: another worker did it again
    assert recorded(by_dask) == recorded(by_threads)
    there = rows_of(by_threads)
    assert sum(map(len, there.values())) > 100
    assert rows_of(by_dask) == there
    assert not list((by_dask.archive / "staging").iterdir())
