"""Between two nights: what has arrived is checked and answered, so that an owner hears within minutes. Nothing is
loaded and nothing is published; what was judged here the next night loads as it is."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from flows import night
from flows.ledger import sole_writer
from flows.night import ReturnLine, Stage, Step
from flows.progress import say
from flows.replying import Replies
from flows.settings import Settings
from flows.staging import stage
from schemas.news import Kind


@dataclass(frozen=True)
class Answered:
    """What a run between two nights did."""

    lines: tuple[ReturnLine, ...]
    replies: Replies
    notes: tuple[str, ...]
    run: str


def between_nights(
    given: Settings,
    run: str,
    tells: AbstractSet[Kind],
    as_step: Callable[[Step], Step] = lambda step: step,
    stage: Stage = stage,
    *,
    patience_seconds: float = 0.0,
) -> Answered:
    """Collect, judge and answer, telling these kinds of news; `as_step` and `stage` are as for a whole night. Raises
    BusyFault if another run is still at work here when patience is at an end."""
    say("Loading definitions and layouts")
    with sole_writer(given.archive, patience_seconds):
        day = night.prepare(given, run, stage, by_day=True)
        as_step(night.collect)(day)
        as_step(night.judge)(day)
        replies: Replies = as_step(night.reply_by_day)(day, tells)
        night.end(day)
        return Answered(night.lines_of(day, replies.answered), replies, tuple(dict.fromkeys(day.notes)), run)
