"""Have workers on Prefect's Dask runner read, check and stage, on this machine or on others that share the archive.

A worker is given the path of a job file, and writes its results into the folder of the run: no bytes, figures or words
of a partner pass through Dask or Prefect. Only the run itself writes the ledger.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextvars import copy_context
from dataclasses import asdict
from datetime import date
from functools import lru_cache, partial
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import orjson
import polars as pl
from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.context import FlowRunContext, TaskRunContext
from prefect.logging import get_logger
from prefect.settings import PREFECT_API_URL, temporary_settings

from local_indicators.common.atomic_files import write_whole
from local_indicators.common.errors import StorageError, UsageError
from local_indicators.common.json_records import as_record, from_record
from local_indicators.flows.checking.staging import ValidationContext, is_staged, stage_submissions
from local_indicators.flows.records.archive import Archive
from local_indicators.flows.settings import Settings, needs_extra
from local_indicators.inputs.layouts.partner_layouts import load_partners
from local_indicators.inputs.sandbox.reader_processes import Limits
from local_indicators.schemas.definitions.loader import load_definitions
from local_indicators.schemas.observations import CurrentFile
from local_indicators.schemas.submissions import Submission, WaiverGrant

LOCAL_WORKERS = 2
MOST_IN_A_JOB = 250
"""A job is long enough that starting it costs little, and short enough that little is repeated if its worker dies."""
LEAST_IN_A_JOB = 5
SECONDS_FOR_WORKERS = 60
"""How long to wait for a scheduler that has no workers; then the run reads the rest itself."""
LOOK_SECONDS = 5
NO_PAGES: dict[str, list[str]] = {"distributed.scheduler.http.routes": [], "distributed.worker.http.routes": []}
"""Settings that keep schedulers and workers that we start from serving web pages."""


def stage_on_dask(
    settings: Settings, folder: Path, submissions: Sequence[Submission], validation: ValidationContext
) -> Iterator[str]:
    """Have workers validate submissions; yield the id of each as its job is done. Those that workers lost are left out:
    the job of a worker that dies is done by another, up to Dask's `allowed-failures`."""
    try:
        jobs = _write_jobs(settings, folder, submissions, validation)
    except OSError as error:
        raise StorageError(folder, f"cannot be written ({error.strerror})") from None
    import dask

    import_module("distributed")  # its settings come with it, and must be there before one is set for a while

    try:
        with dask.config.set(NO_PAGES), _dask_runner(settings.dask_address, folder) as runner:
            runner.client.wait_for_workers(1, timeout=SECONDS_FOR_WORKERS)
            done: SimpleQueue[Path] = SimpleQueue()
            asked = {path: _submit(runner, path).wrapped_future for path in jobs}
            for path, future in asked.items():
                future.add_done_callback(lambda _, path=path: done.put(path))
            idle = 0
            while asked and idle < SECONDS_FOR_WORKERS:
                try:
                    path = done.get(timeout=LOOK_SECONDS)
                except Empty:
                    idle = 0 if runner.client.scheduler_info().get("workers") else idle + LOOK_SECONDS
                    continue
                del asked[path]
                yield from (name for name in jobs[path] if is_staged(folder, name))
            runner.client.cancel(list(asked.values()))
    except (OSError, RuntimeError) as error:  # TimeoutError is an OSError
        get_logger(__name__).warning("The Dask scheduler or its workers did not answer: %s", error)


# -- the night's side -------------------------------------------------------------------------------------------------


def _write_jobs(
    settings: Settings, folder: Path, submissions: Sequence[Submission], context: ValidationContext
) -> dict[Path, list[str]]:
    """Write a file for each job; return the submissions of each."""
    context.accepted.write_parquet(folder / "accepted.parquet")
    context.published.write_parquet(folder / "published.parquet")
    record = {
        "release": version("local-indicators"),
        "archive": str(context.archive.root),
        "definitions": str(settings.definitions),
        "partners": str(settings.partners),
        "digests": [context.definitions.digest, *(item.digest for item in context.partners.values())],
        "grants": [as_record(item) for item in context.grants],
        "today": context.today.isoformat(),
        "limits": asdict(context.limits),
        "files": [as_record(item) for item in context.current_files],
    }
    write_whole(folder / "validation-context.json", orjson.dumps(record))
    size = min(max(-(-len(submissions) // 16), LEAST_IN_A_JOB), MOST_IN_A_JOB)
    jobs: dict[Path, list[str]] = {}
    for start in range(0, len(submissions), size):
        part, path = submissions[start : start + size], folder / f"job-{start:06d}.json"
        write_whole(path, orjson.dumps([as_record(item) for item in part]))
        jobs[path] = [item.id for item in part]
    return jobs


def _dask_runner(address: str | None, folder: Path) -> Any:
    """Return Prefect's Dask runner on an existing cluster, or on two workers of this machine that only we can reach."""
    from prefect_dask.task_runners import DaskTaskRunner

    if address:
        return DaskTaskRunner(address=address)
    local_cluster = {
        "n_workers": LOCAL_WORKERS,
        "threads_per_worker": 1,
        "processes": True,
        "host": "127.0.0.1",
        "protocol": "tls://",  # and keys of its own, as any account of this machine may try 127.0.0.1
        "security": True,
        "dashboard_address": "127.0.0.1:0",
        "memory_limit": 0,  # the children that read have limits of their own
        "local_directory": str(folder),
        "silence_logs": logging.ERROR,
    }
    return DaskTaskRunner(cluster_kwargs=local_cluster)


def _submit(runner: Any, job: Path) -> Any:
    """Submit a job as a task of this flow run.

    Prefect sends along the flow, the submitting task and its parameters. Those hold settings and the whole run, and a
    worker does not know the module of a deployed flow; so the task is sent as if from a flow of this module.
    """
    context, run = copy_context(), FlowRunContext.get()

    def submit() -> Any:
        TaskRunContext.__var__.set(None)  # type: ignore[arg-type]
        if run is None:
            return runner.submit(validate_job, {"job": str(job)})
        api = temporary_settings({PREFECT_API_URL: str(run.client.api_url)})
        carrier = run.model_copy(update={"flow": carrier_flow, "parameters": {}})
        with api, carrier:
            return runner.submit(validate_job, {"job": str(job)})

    return context.run(submit)


# -- a worker's side --------------------------------------------------------------------------------------------------


@task(name="Read and check a part of the returns", cache_policy=NO_CACHE)
def validate_job(job: str) -> int:
    """Validate the submissions that a job file names, and stage the results. Raises LocalIndicatorsError if this worker
    differs from the run."""
    path = Path(job)
    submissions = [from_record(Submission, record) for record in orjson.loads(path.read_bytes())]
    return sum(1 for _ in stage_submissions(path.parent, submissions, _read_validation_context(path.parent)))


@flow(name="nightly")
def carrier_flow() -> None:
    """The flow that workers are told a job belongs to."""


@lru_cache(maxsize=1)
def _read_validation_context(folder: Path) -> ValidationContext:
    """Return the validation context that the run wrote. Raises UsageError if release, definitions or partners of this
    worker are not those of the run."""
    record = orjson.loads((folder / "validation-context.json").read_bytes())
    definitions = load_definitions(Path(record["definitions"]))
    partners = load_partners(definitions, Path(record["partners"]))
    own_digests = [definitions.digest, *(partner.digest for partner in partners.values())]
    if (record["release"], record["digests"]) != (version("local-indicators"), own_digests):
        raise UsageError("this worker", "has another release, definitions or partners than the night; deploy the same")
    return ValidationContext(
        archive=Archive(Path(record["archive"])),
        definitions=definitions,
        partners=partners,
        accepted=pl.read_parquet(folder / "accepted.parquet"),
        published=pl.read_parquet(folder / "published.parquet"),
        grants=tuple(from_record(WaiverGrant, item) for item in record["grants"]),
        today=date.fromisoformat(record["today"]),
        limits=Limits(**record["limits"]),
        current_files=tuple(from_record(CurrentFile, item) for item in record["files"]),
    )


def staging_function(settings: Settings) -> Any:
    """Return the function that stages, by the settings: in this process, or on workers. Raises UsageError."""
    if settings.runner == "threads":
        return stage_submissions
    needs_extra(settings)
    return partial(stage_on_dask, settings)
