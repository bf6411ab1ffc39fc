"""Past one machine: what workers on the Dask runner stage is what one process would have, to the row."""

from __future__ import annotations

import stat
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from local_indicators.common.errors import UsageError
from local_indicators.common.json_records import as_record
from local_indicators.flows.checking import dask_workers
from local_indicators.flows.checking.staging import read_staged_results, stage_submissions
from local_indicators.flows.commands.application import main
from local_indicators.flows.pipeline import validate_step
from local_indicators.flows.pipeline.night_steps import collect
from local_indicators.flows.pipeline.night_summary import NightReport
from local_indicators.flows.pipeline.validate_step import validate
from local_indicators.flows.records.ledger import read_ledger
from local_indicators.flows.run_context import RunContext, prepare_run
from tests.support.places import INCOMING, TODAY, Place
from tests.support.small_returns import write_partner, write_return

pytestmark = pytest.mark.long


def rows_of(place: Place) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of mart, without the instants at which things happened and the name of the run."""
    columns = place.ask(
        """SELECT table_name, list(column_name ORDER BY ordinal_position) FROM information_schema.columns
           WHERE table_schema = 'mart' AND data_type NOT LIKE 'TIMESTAMP%' AND column_name <> 'run' GROUP BY ALL"""
    )
    return {table: place.ask(f"SELECT {', '.join(names)} FROM mart.{table} ORDER BY ALL") for table, names in columns}


def recorded(place: Place) -> list[dict[str, Any]]:
    """The outcomes in the order of the ledger, without the instants."""
    return [{**as_record(outcome), "judged_at": None} for outcome in read_ledger(place.archive).recorded_outcomes]


def kill_a_worker(staging: Path, killed: list[int]) -> None:
    """Kill one of the workers that this process has started, once something is staged."""
    import psutil

    for _ in range(6000):
        if list(staging.glob("*/S*.json")):
            workers = [child for child in psutil.Process().children() if "spawn_main" in " ".join(child.cmdline())]
            workers[0].kill()
            killed.append(workers[0].pid)
            return
        time.sleep(0.02)


def test_two_dask_workers_give_the_same_mart_row_for_row_though_one_is_killed(
    example_night: tuple[Place, NightReport], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from local_indicators.flows.nightly_flow import nightly

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


@pytest.fixture
def waiting(place: Place, monkeypatch: pytest.MonkeyPatch) -> RunContext:
    """A night with two partners' returns collected, and a secret among its settings."""
    for name in ("one", "two"):
        monkeypatch.setenv("INDICATORS_PARTNERS", str(write_partner(place.root / "partners", name)))
        write_return(place.inbox / name / "attainment.xlsx")
    night = prepare_run(place.settings(smtp_url="smtp://user:very-secret@127.0.0.1:25", runner="dask"), "test")
    collect(night)
    return night


def test_a_worker_is_told_paths_and_leaves_private_files(waiting: RunContext) -> None:
    submissions = waiting.ledger.awaiting_validation()
    with waiting.archive.staging_folder() as folder:
        jobs = dask_workers._write_jobs(
            waiting.settings, folder, submissions, validate_step._validation_context(waiting)
        )
        for path in jobs:
            assert dask_workers.validate_job.fn(str(path)) == len(jobs[path])
        made = list(folder.iterdir())
        assert not [path for path in made if b"very-secret" in path.read_bytes()]
        assert {stat.S_IMODE(path.stat().st_mode) for path in (folder, folder.parent)} == {0o700}
        for submission in submissions:
            (staged,), copy = read_staged_results(folder, submission.id)
            assert (staged.status, staged.rows, copy) == ("accepted", 5, None)
            assert staged.table is not None
            assert stat.S_IMODE((folder / staged.table).stat().st_mode) == 0o600


def test_a_worker_that_is_not_as_the_night_judges_nothing(waiting: RunContext, place: Place) -> None:
    with waiting.archive.staging_folder() as folder:
        (job,) = dask_workers._write_jobs(
            waiting.settings, folder, waiting.ledger.awaiting_validation(), validate_step._validation_context(waiting)
        )
        toml = place.root / "partners" / "one.toml"
        toml.write_text(toml.read_text(encoding="utf-8").replace("Attainment", "Other"), encoding="utf-8")
        with pytest.raises(UsageError, match="another release, definitions or partners"):
            dask_workers.validate_job.fn(str(job))
        assert not list(folder.glob("S*"))


def test_what_no_worker_brings_back_is_read_here_once(waiting: RunContext, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: object) -> Any:
        raise TimeoutError("no scheduler")

    monkeypatch.setattr(dask_workers, "_dask_runner", nobody)
    assert dask_workers.staging_function(waiting.settings) is not stage_submissions
    outcomes = validate(replace(waiting, stage_submissions=dask_workers.staging_function(waiting.settings)))
    assert [(outcome.id, outcome.status) for outcome in outcomes] == [
        ("S000001/one-attainment", "accepted"),
        ("S000002/two-attainment", "accepted"),
    ]
    assert waiting.notes == ["2 of 2 files did not come back from the workers and were read here."]


def test_without_the_extra_a_night_by_dask_says_so_in_one_line(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("local_indicators.flows.settings.find_spec", lambda _: None)
    monkeypatch.delenv("INDICATORS_DEBUG")
    monkeypatch.setenv("INDICATORS_RUNNER", "dask")
    assert main(["nightly", "--inbox", str(place.inbox), "--archive", str(place.archive)]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "setting runner: 'dask' needs the extra" in line
    assert "'local-indicators[dask]'" in line
    assert not place.archive.exists()
