"""The steps of a night as plain functions. Each finishes what an interrupted night left, and does nothing twice.

collect   what has arrived goes into holding and the ledger
judge     each submission without an outcome is read, checked and staged, and its outcome goes into the ledger
load      each accepted outcome that the store lacks goes into the store
publish   the published file follows the store, if the gate agrees
reply     everybody is told what they have to be told and have not been told yet
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from flows.archive import Archive
from flows.arrivals import META
from flows.arrivals import collect as collect
from flows.known import known_to_owners
from flows.ledger import Ledger, read_ledger, sole_writer
from flows.losses import put_back, refuse_losses, see_ledger
from flows.progress import say
from flows.publishing import publish as publish_recorded
from flows.replying import Answering, Replies, answer, server_of
from flows.settings import Settings, london_today, now
from flows.staging import Desk, Staged, by_turns, stage, staged_of
from flows.standing import standings, taken_over
from inputs.identify import describes_columns
from inputs.layouts import Partner, load_partners
from inputs.read import Readers
from inputs.replies.annotation.marked_up_copy import copy_name
from inputs.replies.mail import Attachment
from schemas.calendar import SET_ASIDE, slots_of
from schemas.definitions import Definitions, load_definitions
from schemas.faults import StorageFault
from schemas.findings import Finding
from schemas.news import Kind
from schemas.outcomes import Outcome, Submission
from schemas.precedence import held_files, in_order
from warehouse import store
from warehouse.disagreements import disagreements
from warehouse.publish import Publication

Step = Callable[..., Any]
Stage = Callable[[Path, Sequence[Submission], Desk], Iterator[str]]
CLOCK_MAY_DIFFER = timedelta(seconds=5)
"""A clock that is set by the network may step back so far without a word."""


@dataclass(frozen=True, eq=False)
class Night:
    """What a night works with: where things are, what is true of good data, who sends what, the day it is, and the
    night that what arrives now counts for: between two nights the coming one, which is today's until it has been."""

    settings: Settings
    definitions: Definitions
    partners: Mapping[str, Partner]
    archive: Archive
    ledger: Ledger
    today: date
    run: str
    counts_for: date
    notes: list[str] = field(default_factory=list)
    stage: Stage = stage
    """Who reads and checks: this process, or workers elsewhere."""
    unseen: set[str] = field(default_factory=set)
    """Partners of whom something may lie in the inbox that could not be taken in tonight."""


@dataclass(frozen=True)
class ReturnLine:
    """One line of the table that ends a night."""

    submission: str
    partner: str
    title: str
    path: str
    status: str
    rows: int
    errors: int
    warnings: int


@dataclass(frozen=True)
class Late:
    """An expected return that is overdue, and who has been told."""

    partner: str
    title: str
    period: str
    due: date
    stands: str


@dataclass(frozen=True)
class Report:
    """What a night did."""

    lines: tuple[ReturnLine, ...]
    publication: Publication
    published: str
    run: str
    replies: Replies
    notes: tuple[str, ...]
    examples: tuple[str, ...]
    late: tuple[Late, ...] = ()

    @property
    def rejected(self) -> list[ReturnLine]:
        return [line for line in self.lines if line.status == "rejected"]


def prepare(given: Settings, run: str, stage: Stage = stage, *, by_day: bool = False) -> Night:
    """Load and check everything that a night needs before it touches anything. Raises a Fault naming what is wrong."""
    server_of(given)
    definitions = load_definitions(given.definitions)
    partners = load_partners(definitions, given.partners)
    ledger = read_ledger(given.archive)
    put_back(refuse_losses(given, ledger))
    for folder in (given.warehouse.parent, given.outbox):
        _writable(folder)
    archive = Archive(given.archive)
    archive.prepare()
    today = given.today or london_today(now())
    been = any(one.today >= today for one in ledger.attempts[-1:])
    counts_for = today + timedelta(1) if by_day and been else today
    return Night(given, definitions, partners, archive, ledger, today, run, counts_for, stage=stage)


def _writable(folder: Path) -> None:
    probe = folder / ".writable"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"local indicators")
        probe.unlink()
    except OSError as error:
        raise StorageFault(folder, f"cannot be written ({error.strerror})") from None


def whole_night(
    given: Settings,
    run: str,
    as_step: Callable[[Step], Step] = lambda step: step,
    stage: Stage = stage,
    *,
    patience_seconds: float = 0.0,
) -> Report:
    """The five steps in order, as the only run at work on this archive; `as_step` may wrap each, as Prefect does, and
    `stage` may have workers elsewhere read and check. A run between two nights that is still at work is waited for;
    BusyFault when patience is at an end."""
    say("Loading definitions and layouts")
    with sole_writer(given.archive, patience_seconds):
        night = prepare(given, run, stage)
        night.archive.mark_night("began", run, now())
        as_step(collect)(night)
        as_step(judge)(night)
        as_step(load)(night)
        publication: Publication = as_step(publish)(night)
        replies: Replies = as_step(reply)(night, publication)
        end(night)
        night.archive.mark_night("ended", run, now())
        return report(night, replies, publication)


def end(night: Night) -> None:
    """Have the store know how far the ledger has come, and say so where a ledger of an earlier release was adopted."""
    see_ledger(night.settings, night.ledger)
    if night.ledger.adopted_now:
        night.notes.append(night.ledger.adoption_in_words)


# -- judge ------------------------------------------------------------------------------------------------------------


def judge(night: Night) -> list[Outcome]:
    """Judge every submission that has no outcome, and record what became of each.

    They are read by turns of their partners and staged as they are done; their outcomes are recorded in the order in
    which they came, each as soon as those before it are. Every one is compared with what was accepted when the night
    began, so that nothing depends on which are judged together, where, or how far an interrupted night came.
    """
    waiting = night.ledger.unjudged()
    night.archive.forget_all_but({digest for one in waiting for digest in (one.digest, one.meta) if digest})
    if not waiting:
        return []
    _keep_metas(night, waiting)
    desk, queue, recorded, done = _desk(night), deque(waiting), list[Outcome](), set[str]()
    with night.archive.stage() as folder:
        for name in _all_staged(night, folder, waiting, desk):
            done.add(name)
            say("Reading and checking returns", len(done), len(waiting))
            while queue and queue[0].id in done:
                recorded += _record(night, folder, queue.popleft(), desk, {one.digest for one in queue})
    night.notes.extend(taken_over(night.partners, night.ledger, recorded))
    return recorded


def _desk(night: Night) -> Desk:
    with store.opened(night.settings.store) as con:
        accepted, seen = known_to_owners(con, night.settings, night.definitions, night.partners, night.ledger)
    return Desk(
        night.archive,
        night.definitions,
        night.partners,
        accepted,
        seen,
        night.ledger.grants_in_force(),
        night.today,
        night.settings.limits,
        held_files(night.ledger.all_outcomes, night.ledger.submissions, night.ledger.loading),
    )


def _all_staged(night: Night, folder: Path, waiting: Sequence[Submission], desk: Desk) -> Iterator[str]:
    """The id of each submission as it is staged. What did not come back from elsewhere is judged here."""
    done = set()
    for name in night.stage(folder, by_turns(waiting), desk):
        done.add(name)
        yield name
    lost = [one for one in waiting if one.id not in done]
    if lost:
        night.notes.append(
            f"{len(lost)} of {len(waiting)} files did not come back from the workers and were read here."
        )
        yield from stage(folder, by_turns(lost), desk)


def _keep_metas(night: Night, waiting: Sequence[Submission]) -> None:
    """Keep the meta files that do describe the columns of a csv. One that is anything else, such as records of people
    under that name, is deleted unkept."""
    most = night.settings.limits.file_bytes + 1
    metas = list(dict.fromkeys(one.meta for one in waiting if one.meta))
    held = [digest for digest in metas if night.archive.holds(digest)]  # an interrupted night may have deleted others
    with Readers(night.settings.limits) as readers:
        for one in filter(None, readers.read([partial(night.archive.content, digest, most) for digest in held])):
            digest, cells = held[one[0]], one[1]
            if not isinstance(cells, Finding) and describes_columns(cells):
                night.archive.keep(digest)
            else:
                night.archive.forget(digest)
                night.notes.append(
                    f"A file named {META} with digest {digest[:12]}… describes no columns and was not kept."
                )


def _record(night: Night, folder: Path, submission: Submission, desk: Desk, needed: Collection[str]) -> list[Outcome]:
    """Record what became of a submission. `needed` are the digests of those that are still to be recorded."""
    staged, copy = staged_of(folder, submission.id)
    ended = {grant.waiver.collection for grant in desk.grants if grant.id in night.ledger.lapsed}
    if any(one.waived and one.collection in ended for one in staged):
        # one that came before it has ended a waiver of this return, maybe the one that let something through
        list(stage(folder, [submission], replace(desk, grants=night.ledger.grants_in_force())))
        staged, copy = staged_of(folder, submission.id)
    outcomes = [_outcome(night, folder, submission, one) for one in staged]
    if len({one.collection for one in staged}) != len(staged):
        raise AssertionError("a return was judged twice for one file")
    night.archive.keep_definitions(night.definitions.digest, night.definitions.files)
    partner = night.partners[submission.partner]
    night.archive.keep_definitions(partner.digest, {f"{partner.id}.toml": partner.toml})
    for waiver in dict.fromkeys(ending for one in staged for ending in one.ends):
        if waiver not in night.ledger.lapsed:
            night.ledger.record_lapse(waiver, submission.id, now())
    if copy is not None:
        night.archive.keep_copy(copy, submission.id)
    if any(one.person_level for one in staged):
        night.ledger.record_outcomes(submission.id, outcomes)
        if submission.digest not in needed:
            night.archive.forget(submission.digest)
    else:
        night.archive.keep(submission.digest)
        night.ledger.record_outcomes(submission.id, outcomes)
    return outcomes


def _outcome(night: Night, folder: Path, submission: Submission, one: Staged) -> Outcome:
    table, judgement = None, night.ledger.next_judgement(submission.id)
    if one.table is not None:
        again = f"-{judgement}" if judgement > 1 else ""
        table = f"{submission.id}-{one.collection}{again}.parquet"
        night.archive.keep_table(folder / one.table, table)
    return Outcome(
        submission.id,
        submission.partner,
        one.collection,
        one.status,
        one.rows,
        one.findings,
        one.not_checked,
        one.periods,
        table,
        night.definitions.digest,
        night.partners[submission.partner].digest,
        now(),
        judgement,
        one.modified,
    )


# -- load -------------------------------------------------------------------------------------------------------------


def load(night: Night) -> int:
    """Load every accepted outcome that the store lacks: in the order of the ledger, but of several files for one return
    the one that is to count last (schemas.precedence). How many there were."""
    count, ledger = 0, night.ledger
    with store.opened(night.settings.store) as con:
        held = store.loaded_outcomes(con)
        waiting = [o for o in ledger.recorded if o.table is not None and o.id not in held]
        waiting = in_order(waiting, ledger.submissions, ledger.loading)
        if new := [outcome.id for outcome in waiting if outcome.id not in ledger.loading]:
            ledger.record_loading(new, _instant(night, con))
        for outcome in waiting:
            frame = night.archive.table(outcome.table or "")
            store.load(con, ledger.submissions[outcome.submission], outcome, frame, ledger.loading[outcome.id])
            count += 1
            say("Loading the store", count, len(waiting))
    return count


def _instant(night: Night, con: store.Connection) -> datetime:
    """This instant; where the clock was moved back, the first after all that the store holds, and a note about it."""
    told = now()
    at = store.after_all(con, told)
    if at - told > CLOCK_MAY_DIFFER and not any(note.startswith("The clock") for note in night.notes):
        night.notes.append(
            f"The clock of this machine says {told:%Y-%m-%d %H:%M:%S} UTC, which is before what an earlier night "
            f"recorded ({at:%Y-%m-%d %H:%M:%S}). Put it right; what this night records counts as just after that."
        )
    return at


# -- publish ----------------------------------------------------------------------------------------------------------


def publish(night: Night) -> Publication:
    """Publish what the store holds, or leave the published file as it is."""
    with store.opened(night.settings.store) as con:
        return publish_recorded(
            con,
            night.settings,
            night.definitions,
            night.partners,
            night.archive,
            night.ledger,
            today=night.today,
            run=night.run,
            at=_instant(night, con),
        )


# -- reply ------------------------------------------------------------------------------------------------------------


def reply(night: Night, publication: Publication) -> Replies:
    """Tell owners, officers and the analyst what they have to be told: one message each, or none if nothing is new.
    The marked-up copy goes with a submission whose findings are told."""
    critical = [one.reason for one in publication.verdict.broken if one.severity == "critical"]
    return _answer(night, publication.data_version, critical if publication.state == "refused" else None)


def reply_by_day(night: Night, tells: AbstractSet[Kind]) -> Replies:
    """Tell what can be told between two nights: news of these kinds, and what still waits to be told."""
    return _answer(night, 0, None, tells)


def _answer(
    night: Night, data_version: int, refused: Sequence[str] | None, tells: AbstractSet[Kind] | None = None
) -> Replies:
    say("Answering data owners")
    with store.opened(night.settings.store) as con:
        found = disagreements(con)

    def copies(submission: Submission, _: Sequence[Outcome]) -> list[Attachment]:
        content, place = night.archive.copy_of(submission.id), f"copies/{submission.id}.xlsx in the archive"
        return [] if content is None else [Attachment(copy_name(submission.id), content, place)]

    gone = {s.partner for s in night.ledger.submissions.values()} - set(night.partners)
    for partner in sorted(gone):
        night.notes.append(f"{partner} is no longer a partner; what it sent is not answered.")
    return answer(
        Answering(
            night.settings,
            night.definitions,
            night.partners,
            night.ledger,
            night.today,
            data_version,
            refused,
            copies,
            tells,
            night.unseen,
            found,
        )
    )


# -- what it all came to ----------------------------------------------------------------------------------------------


def report(night: Night, replies: Replies, publication: Publication) -> Report:
    """What the night did, for people: a line for each outcome of the submissions it answered, or that were judged and
    answered since the night before."""
    nights = night.ledger.attempts
    since = nights[-2].at if len(nights) > 1 else now() - timedelta(1)
    by_day = {o.submission for o in night.ledger.all_outcomes if o.judged_at > since and o.partner in night.partners}
    lines = lines_of(night, sorted({*replies.answered, *by_day}))
    examples = tuple(p.id for p in night.partners.values() if p.says.example)
    published = str(night.settings.warehouse)
    notes = tuple(dict.fromkeys(night.notes))  # a step that was tried again says the same again
    return Report(lines, publication, published, night.run, replies, notes, examples, tuple(_late(night)))


def _late(night: Night) -> Iterator[Late]:
    """Who is late, the longest overdue first."""
    told = night.ledger.told
    slots = slots_of(standings(night.partners, night.ledger))
    for slot in sorted(slots, key=lambda one: (one.expected.due, one.partner, one.collection)):
        if slot.overdue(night.today):
            partner = night.partners[slot.partner]
            came = "what came was rejected" if slot.outcomes else "nothing has come"
            owner = "; owner reminded" if f"overdue/{slot.key}" in told else ""
            officer = "; officer told" if any(key.startswith(f"escalated/{slot.key}/") for key in told) else ""
            title = partner.collection(slot.collection).title
            expected = slot.expected
            yield Late(partner.says.name, title, expected.period, expected.due, came + owner + officer)


def lines_of(night: Night, submissions: Sequence[str]) -> tuple[ReturnLine, ...]:
    """A line for each outcome of the submissions."""
    titles = {c.id: c.title for p in night.partners.values() for c in p.says.collection}
    lines = []
    for outcome in (o for name in submissions for o in night.ledger.outcomes[name]):
        errors = sum(1 for f in outcome.findings if f.is_error)
        path = night.ledger.submissions[outcome.submission].path
        title = titles.get(outcome.collection or "", "no return we expect")
        lines.append(
            ReturnLine(
                outcome.submission,
                outcome.partner,
                title,
                path,
                SET_ASIDE if outcome.id in night.ledger.set_aside else outcome.status,
                outcome.rows,
                errors,
                len(outcome.findings) - errors,
            )
        )
    return tuple(lines)
