"""What an operator sees of a run in Prefect: its name, the files it is about, its progress and its result; and the
hooks that notify the analyst of a fault of our own. Nothing here can make a run fail."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import UUID

from prefect import task
from prefect.artifacts import create_markdown_artifact, create_progress_artifact, update_progress_artifact
from prefect.cache_policies import NO_CACHE
from prefect.exceptions import CrashedRun
from prefect.logging import get_logger, get_run_logger
from prefect.runtime import flow_run
from prefect.utilities.urls import url_for
from rich.console import Console

from local_indicators.common.errors import LocalIndicatorsError
from local_indicators.common.progress import progress_listener
from local_indicators.common.safe_text import as_typed
from local_indicators.flows.delivery import fault_alarm
from local_indicators.flows.delivery.fault_alarm import AlarmSettings
from local_indicators.flows.pipeline import load_step, night_steps, publish_step, reply_step, validate_step
from local_indicators.flows.run_context import RunContext
from local_indicators.flows.settings import LONDON, london_today, now, settings
from local_indicators.schemas.submissions import Outcome

SHARE_PAUSES_SECONDS = [10.0, 60.0, 180.0]
"""Pauses before each new try of a step that reads the inbox, which may be a share that is away for a moment."""
PATIENCE_SECONDS = 900.0
"""How long a run waits for another that is at work on the same archive."""
MAX_FILES_NAMED = 3
"""The name of a step lists up to this many files; of more, it gives the number."""
LONG_SECONDS, OFTEN_SECONDS = 10.0, 5.0
"""A step that takes longer than the first shows its progress, not more often than the second."""


# -- names ------------------------------------------------------------------------------------------------------------


def night_run_name() -> str:
    """Return the name of a night's run: its date in London."""
    return f"night of {_today()}"


def timed_run_name() -> str:
    """Return the name of another run: its flow, and when in London it began."""
    return f"{flow_run.flow_name} of {now().astimezone(LONDON):%Y-%m-%d %H:%M}"


def _today() -> date:
    """Return the day that a run takes for today, as far as its settings can be read."""
    with contextlib.suppress(LocalIndicatorsError):
        return settings(
            workspace=flow_run.parameters.get("workspace"), today=flow_run.parameters.get("today")
        ).today or london_today(now())
    return london_today(now())


def _validation_task_name(parameters: dict[str, Any]) -> str:
    """Return the name of the validation step: the files it is about."""
    at: RunContext = parameters["context"]
    waiting = at.ledger.awaiting_validation()
    if not waiting:
        return "Read and check: nothing new has come"
    if len(waiting) > MAX_FILES_NAMED:
        partners = len({submission.partner for submission in waiting})
        return f"Read and check {len(waiting)} files of {partners} partner{'' if partners == 1 else 's'}"
    return "Read and check " + ", ".join(as_typed(submission.path)[:80] for submission in waiting)


# -- steps ------------------------------------------------------------------------------------------------------------


def _is_worth_retrying(_task: object, _run: object, state: Any) -> bool:
    """Return whether another try can help: where files could not be reached, and not where the code is wrong."""
    return isinstance(state.result(raise_on_failure=False), OSError | LocalIndicatorsError)


_VALIDATION_TASK_NAME: Any = _validation_task_name  # Prefect takes it by the name of its parameter


def _validate_and_log(context: RunContext) -> list[Outcome]:
    """Validate what waits, with a line in the log for each file."""
    outcomes = validate_step.validate(context)
    log = get_run_logger()
    for outcome in outcomes:
        errors = sum(1 for f in outcome.findings if f.is_error)
        path = as_typed(context.ledger.submissions[outcome.submission].path)
        summary = (
            f"{outcome.status}, {outcome.rows} rows, {errors} to correct, {len(outcome.findings) - errors} to look at"
        )
        log.info("%s %s (%s): %s", outcome.submission, path, outcome.collection or "no return we expect", summary)
    return outcomes


_PLAIN_STEPS = (
    (load_step.load, "Load the store"),
    (publish_step.publish, "Publish the indicators"),
    (reply_step.reply, "Answer data owners"),
    (reply_step.reply_between_nights, "Answer data owners"),
)
STEPS: dict[Callable[..., Any], Callable[..., Any]] = {
    **{step: task(name=name, task_run_name=name, cache_policy=NO_CACHE)(step) for step, name in _PLAIN_STEPS},
    night_steps.collect: task(
        name="Collect what has arrived",
        task_run_name="Collect what has arrived",
        cache_policy=NO_CACHE,
        retries=len(SHARE_PAUSES_SECONDS),
        retry_delay_seconds=SHARE_PAUSES_SECONDS,
        retry_condition_fn=_is_worth_retrying,
    )(night_steps.collect),
    validate_step.validate: task(
        name="Read and check returns", task_run_name=_VALIDATION_TASK_NAME, cache_policy=NO_CACHE
    )(_validate_and_log),
}
"""The steps as Prefect tasks. The ledger of the archive records what is done, so nothing is cached. Only reading the
inbox is retried here: mail has its own tries and waits for the next run, and nothing else gets better by itself."""


# -- artifacts --------------------------------------------------------------------------------------------------------


def publish_page(key: str, markdown: str, description: str) -> None:
    """Publish a page about this run as an artifact, and say in the log of the run where it is: Prefect shows artifacts
    in a tab of their run and by their key, and no menu leads to them."""
    try:
        made: Any = create_markdown_artifact(markdown, key=key, description=description)
        if pages := url_for("artifact", obj_id=made):
            get_run_logger().info("The page %s of this run: %s", key, pages)
    except Exception:  # what was done is done, whether or not Prefect can show it
        _log().warning("Prefect would not take the artifact %s.", key, exc_info=True)


@contextmanager
def show_progress() -> Iterator[None]:
    """Show the progress of a long step as an artifact, for as long as the block takes; whatever becomes of the worker
    meanwhile."""
    outlive_worker()
    begun: dict[str, float] = {}
    shown: dict[str, UUID] = {}
    last = 0.0

    def update_artifact(step: str, done: int, total: int) -> None:
        nonlocal last
        at = time.monotonic()
        if not total or at - begun.setdefault(step, at) < LONG_SECONDS or (at - last < OFTEN_SECONDS and done < total):
            return
        last = at
        text, percent = f"{step}: {done} of {total}", 100.0 * done / total
        try:
            if step in shown:
                update_progress_artifact(shown[step], percent, text)
            else:
                made: Any = create_progress_artifact(percent, "progress", text)
                shown[step] = made
        except Exception:
            _log().warning("Prefect would not take the progress of a step.", exc_info=True)

    with progress_listener(update_artifact):
        yield


def outlive_worker() -> None:
    """Let this run go on when nobody reads what it logs any more, because its worker was killed. Otherwise the console
    of Prefect's handlers ends the process at the next line."""
    loggers = [logging.getLogger(), *map(logging.getLogger, list(logging.root.manager.loggerDict))]
    for handler in {handler for logger in loggers for handler in logger.handlers}:
        if isinstance(console := getattr(handler, "console", None), Console):
            console.on_broken_pipe = _log_into_nothing  # type: ignore[method-assign]


def _log_into_nothing() -> None:
    """Have what is printed from now on vanish."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for output in (1, 2):
        os.dup2(nowhere, output)
    os.close(nowhere)


# -- hooks ------------------------------------------------------------------------------------------------------------


# Prefect calls them by position in the process of a run, and by the names of their parameters where the worker does so
# for a run whose process was killed.


def report_failure(flow: Any, flow_run: Any, state: Any) -> None:
    """Notify the analyst of a run that failed or was cut off, once for each fault."""
    _notify(flow, flow_run, state, bearable=0)


def report_daytime_failure(flow: Any, flow_run: Any, state: Any) -> None:
    """Do the same for a run that comes again in ten minutes: that it was cut off once is not reported."""
    _notify(flow, flow_run, state, bearable=1 if state.is_crashed() else 0)


def clear_failures(flow: Any, flow_run: Any, state: Any) -> None:  # noqa: ARG001
    """Drop the faults of this flow; one that comes back is reported again."""
    try:
        _log_trouble(fault_alarm.clear_faults(AlarmSettings.for_run(flow_run.parameters), flow.name))
    except Exception:
        _log().warning("The memory of faults could not be kept.", exc_info=True)


HOOKS: dict[str, Any] = {
    "on_failure": [report_failure],
    "on_crashed": [report_failure],
    "on_completion": [clear_failures],
}
DAYTIME_HOOKS = {**HOOKS, "on_failure": [report_daytime_failure], "on_crashed": [report_daytime_failure]}


def _notify(flow: Any, run: Any, state: Any, *, bearable: int) -> None:
    """Report the fault of a run."""
    try:
        error = state.result(raise_on_failure=False)
        error = error if isinstance(error, Exception) and not isinstance(error, CrashedRun) else None
        description = fault_alarm.describe_fault(error, fault_alarm.CUT_OFF)
        _log_trouble(
            fault_alarm.report_fault(
                AlarmSettings.for_run(run.parameters), flow.name, run.name, description, now(), bearable=bearable
            )
        )
    except Exception:
        _log().error("The analyst could not be told of the fault.", exc_info=True)


def _log_trouble(trouble: str) -> None:
    """Log what kept a message from being sent."""
    if trouble:
        _log().error("The analyst could not be told of a fault yet: %s", trouble)


def _log() -> Any:
    """Return the logger."""
    return get_logger("local_indicators")
