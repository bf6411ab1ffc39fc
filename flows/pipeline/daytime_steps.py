"""A run between two nights: what has arrived is checked and answered, so that an owner hears within minutes. Nothing is
loaded or published; the next night loads what was validated here."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from local_indicators.common.progress import report_progress
from local_indicators.flows import run_context
from local_indicators.flows.checking.staging import stage_submissions
from local_indicators.flows.pipeline import night_steps, night_summary, reply_step, validate_step
from local_indicators.flows.pipeline.night_steps import StepFunction
from local_indicators.flows.pipeline.night_summary import ReturnLine
from local_indicators.flows.pipeline.replying import ReplyReport
from local_indicators.flows.records.writer_lock import sole_writer
from local_indicators.flows.run_context import StagingFunction
from local_indicators.flows.settings import Settings
from local_indicators.schemas.notifications import Kind


@dataclass(frozen=True)
class DaytimeReport:
    """What a run between two nights did."""

    returns: tuple[ReturnLine, ...]
    replies: ReplyReport
    notes: tuple[str, ...]
    run: str


def run_between_nights(
    settings: Settings,
    run: str,
    kinds: AbstractSet[Kind],
    as_step: Callable[[StepFunction], StepFunction] = lambda step: step,
    stage: StagingFunction = stage_submissions,
    *,
    patience_seconds: float = 0.0,
) -> DaytimeReport:
    """Collect, validate and answer, with notifications of these kinds; `as_step` and `stage` are as for a whole night.
    Raises BusyError if another run is still at work after `patience_seconds`."""
    report_progress("Loading definitions and layouts")
    with sole_writer(settings.archive, patience_seconds):
        context = run_context.prepare_run(settings, run, stage, by_day=True)
        as_step(night_steps.collect)(context)
        as_step(validate_step.validate)(context)
        replies: ReplyReport = as_step(reply_step.reply_between_nights)(context, kinds)
        night_steps.finish_run(context)
        return DaytimeReport(
            night_summary.return_lines(context, replies.answered), replies, tuple(dict.fromkeys(context.notes)), run
        )
