"""The steps of a night as plain functions. Each finishes what an interrupted night left, and does nothing twice.

collect   what has arrived is landed in the archive and recorded in the ledger
validate  each submission without an outcome is read, checked and staged, and its outcome goes into the ledger
load      each accepted outcome that the store lacks goes into the store
publish   the published file follows the store, if the gate agrees
reply     everybody is sent what they have to be told and have not been told yet
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local_indicators.common.progress import report_progress
from local_indicators.flows.checking.staging import stage_submissions
from local_indicators.flows.intake.arrivals import collect as collect
from local_indicators.flows.pipeline.load_step import load
from local_indicators.flows.pipeline.night_summary import NightReport, summarise_night
from local_indicators.flows.pipeline.publish_step import publish
from local_indicators.flows.pipeline.reply_step import reply
from local_indicators.flows.pipeline.replying import ReplyReport
from local_indicators.flows.pipeline.validate_step import validate
from local_indicators.flows.records.loss_detection import record_ledger_head
from local_indicators.flows.records.writer_lock import sole_writer
from local_indicators.flows.run_context import RunContext, StagingFunction, prepare_run
from local_indicators.flows.settings import Settings, now
from local_indicators.warehouse.publication.publish import Publication

StepFunction = Callable[..., Any]
WENT_ON = "this one went on from where it stopped."


def run_night(
    settings: Settings,
    run: str,
    as_step: Callable[[StepFunction], StepFunction] = lambda step: step,
    stage: StagingFunction = stage_submissions,
    *,
    patience_seconds: float = 0.0,
) -> NightReport:
    """Run the five steps in order, as the only run at work on this archive. `as_step` may wrap each, as Prefect does,
    and `stage` may have workers read and check. Raises BusyError if another run is still at work after
    `patience_seconds`."""
    report_progress("Loading definitions and layouts")
    with sole_writer(settings.archive, patience_seconds):
        context = prepare_run(settings, run, stage)
        if unended := context.archive.unended_night():
            context.notes.append(f"The night that began at {unended:%Y-%m-%d %H:%M} UTC did not end; {WENT_ON}")
        context.archive.note_night_time("began", run, now())
        as_step(collect)(context)
        as_step(validate)(context)
        as_step(load)(context)
        publication: Publication = as_step(publish)(context)
        replies: ReplyReport = as_step(reply)(context, publication)
        finish_run(context)
        context.archive.note_night_time("ended", run, now())
        return summarise_night(context, replies, publication)


def finish_run(context: RunContext) -> None:
    """Record in the store how far the ledger has come, and note if a ledger of an earlier release was adopted."""
    record_ledger_head(context.settings, context.ledger)
    if context.ledger.newly_adopted:
        context.notes.append(context.ledger.adoption_notice)
