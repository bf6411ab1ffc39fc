"""The steps of a night as plain functions. Each finishes what an interrupted night left, and does nothing twice.

collect   what has arrived goes into holding and the ledger
judge     each submission without an outcome is read and checked, and its outcome goes into the ledger
load      each accepted outcome that the store lacks goes into the store
publish   the published file follows the store, if the gate agrees
reply     everybody is told what they have to be told and have not been told yet
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date
from pathlib import Path, PurePosixPath
from typing import Any

import polars as pl

from flows.archive import Archive
from flows.arrivals import META
from flows.arrivals import collect as collect
from flows.inboxes import check_inbox
from flows.judging import Judgement, as_judged
from flows.judging import judge as judge_files
from flows.ledger import Ledger, read_ledger, sole_writer
from flows.progress import say
from flows.replying import Answering, Replies, answer, server_of
from flows.settings import Settings, london_today, now
from flows.standing import standings
from inputs.identify import Origin, describes_columns
from inputs.layouts import Partner, load_partners
from inputs.read import read_many
from inputs.replies.marked_up import MarkedUp, copy_name, mark_up
from schemas.definitions import Definitions, load_definitions
from schemas.faults import StorageFault
from schemas.findings import Finding
from schemas.outcomes import Outcome, Submission
from schemas.tables import KEY, Context, Table
from warehouse import store
from warehouse.publish import Limits, Publication, publish_night

Step = Callable[..., Any]


@dataclass(frozen=True, eq=False)
class Night:
    """What a night works with: where things are, what is true of good data, who sends what, and the day it is."""

    settings: Settings
    definitions: Definitions
    partners: Mapping[str, Partner]
    archive: Archive
    ledger: Ledger
    today: date
    run: str
    notes: list[str] = field(default_factory=list)
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
class Report:
    """What a night did."""

    lines: tuple[ReturnLine, ...]
    publication: Publication
    published: str
    run: str
    replies: Replies
    notes: tuple[str, ...]
    examples: tuple[str, ...]

    @property
    def rejected(self) -> list[ReturnLine]:
        return [line for line in self.lines if line.status == "rejected"]


def prepare(given: Settings, run: str) -> Night:
    """Load and check everything that a night needs before it touches anything. Raises a Fault naming what is wrong."""
    check_inbox(given.inbox)
    server_of(given)
    definitions = load_definitions(given.definitions)
    partners = load_partners(definitions, given.partners)
    for folder in (given.warehouse.parent, given.outbox):
        _writable(folder)
    archive = Archive(given.archive)
    archive.prepare()
    today = given.today or london_today(now())
    return Night(given, definitions, partners, archive, read_ledger(given.archive), today, run)


def _writable(folder: Path) -> None:
    probe = folder / ".writable"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"local indicators")
        probe.unlink()
    except OSError as error:
        raise StorageFault(folder, f"cannot be written ({error.strerror})") from None


def whole_night(given: Settings, run: str, as_step: Callable[[Step], Step] = lambda step: step) -> Report:
    """The five steps in order, as the only night at work on this archive; `as_step` may wrap each, as Prefect does."""
    say("Loading definitions and layouts")
    with sole_writer(given.archive):
        night = prepare(given, run)
        as_step(collect)(night)
        as_step(judge)(night)
        as_step(load)(night)
        publication: Publication = as_step(publish)(night)
        replies: Replies = as_step(reply)(night, publication)
        night.archive.mark_night("ended", night.run, now())
        return report(night, replies, publication)


# -- judge ------------------------------------------------------------------------------------------------------------


def judge(night: Night) -> list[Outcome]:
    """Judge every submission that has no outcome, all together, and record what became of each."""
    waiting = night.ledger.unjudged()
    if not waiting:
        return []
    _keep_metas(night, waiting)
    with store.opened(night.settings.store) as con:
        accepted, spoken_for = store.accepted(con), store.current(con, night.definitions)
    limits = night.settings.limits
    most = limits.file_bytes + 1  # one more, so that the reader sees that it is too many
    judged = judge_files(
        [
            (Origin(s.partner, s.path, night.today), lambda digest=s.digest: night.archive.content(digest, most))  # type: ignore[misc]
            for s in waiting
        ],
        night.partners,
        night.definitions,
        Context(night.today, accepted, spoken_for, night.ledger.waivers_in_force()),
        limits=limits,
        step=lambda done: say("Reading and checking returns", done, len(waiting)),
    )
    return [o for s, group in zip(waiting, judged, strict=True) for o in _record(night, s, group)]


def _keep_metas(night: Night, waiting: Sequence[Submission]) -> None:
    """Keep the meta files that do describe the columns of a csv. One that is anything else, such as records of people
    under that name, is deleted unkept."""
    metas: dict[str, bytes] = {}
    for one in waiting:
        with contextlib.suppress(StorageFault):  # a night that was interrupted may have deleted it already
            metas |= {one.meta: night.archive.content(one.meta)} if one.meta else {}
    read = read_many([lambda content=content: content for content in metas.values()])  # type: ignore[misc]
    for digest, cells in zip(metas, read, strict=True):
        if not isinstance(cells, Finding) and describes_columns(cells):
            night.archive.keep(digest)
        else:
            night.archive.forget(digest)
            night.notes.append(f"A file named {META} with digest {digest[:12]}… describes no columns and was not kept.")


def _record(night: Night, submission: Submission, judgements: Sequence[Judgement]) -> list[Outcome]:
    outcomes = [_outcome(night, submission, one) for one in judgements]
    used = {one.collection for one in judgements}
    night.archive.keep_definitions(night.definitions.digest, night.definitions.files)
    partner = night.partners[submission.partner]
    night.archive.keep_definitions(partner.digest, {f"{partner.id}.toml": partner.toml})
    if len(used) != len(judgements):
        raise AssertionError("a return was judged twice for one file")
    for one in judgements:
        if one.table is not None:
            _end_waivers(night, submission, one.table)
    _keep_copy(night, submission, judgements)
    if any(one.person_level for one in judgements):
        night.ledger.record_outcomes(submission.id, outcomes)
        night.archive.forget(submission.digest)
    else:
        night.archive.keep(submission.digest)
        night.ledger.record_outcomes(submission.id, outcomes)
    return outcomes


def _keep_copy(night: Night, submission: Submission, judgements: Sequence[Judgement]) -> None:
    """Make the marked-up copy of a file in which anything was found, while what was read of it is still at hand."""
    if not any(one.findings for one in judgements):
        return
    limits = night.settings.limits
    content = night.archive.content(submission.digest, limits.file_bytes + 1)
    name = PurePosixPath(submission.path).name
    made = mark_up(content, name, [as_judged(one) for one in judgements], submission=submission.id, limits=limits)
    if isinstance(made, MarkedUp):
        night.archive.keep_copy(submission.id, made.content)


def _outcome(night: Night, submission: Submission, one: Judgement) -> Outcome:
    table, judgement = None, night.ledger.next_judgement(submission.id)
    if one.status != "rejected" and one.table is not None:
        again = f"-{judgement}" if judgement > 1 else ""
        table = f"{submission.id}-{one.collection}{again}.parquet"
        night.archive.keep_table(table, one.table.frame)
    partner = night.partners[submission.partner]
    return Outcome(
        submission.id,
        submission.partner,
        one.collection,
        one.status,
        one.rows,
        one.findings,
        one.not_checked,
        one.periods(),
        table,
        night.definitions.digest,
        partner.digest,
        now(),
        judgement,
    )


def _end_waivers(night: Night, submission: Submission, table: Table) -> None:
    """A waiver ends for good with the first submission that gives another value for its key."""
    for grant in list(night.ledger.waivers.values()):
        waiver = grant.waiver
        if grant.id in night.ledger.lapsed or waiver.collection != table.collection:
            continue
        of_key = table.frame.filter(pl.all_horizontal(pl.col(n) == v for n, v in zip(KEY, waiver.key, strict=True)))
        if any(value not in (None, waiver.value) for value in of_key.get_column(waiver.field)):
            night.ledger.record_lapse(grant.id, submission.id, now())


# -- load -------------------------------------------------------------------------------------------------------------


def load(night: Night) -> int:
    """Load every accepted outcome that the store lacks, in the order of the ledger; how many there were."""
    count = 0
    with store.opened(night.settings.store) as con:
        held = store.loaded_outcomes(con)
        waiting = [o for o in night.ledger.recorded if o.table is not None and o.id not in held]
        for outcome in waiting:
            submission = night.ledger.submissions[outcome.submission]
            frame = night.archive.table(outcome.table or "")
            store.load(con, submission, outcome, frame, now())
            count += 1
            say("Loading the store", count, len(waiting))
    return count


# -- publish ----------------------------------------------------------------------------------------------------------


def publish(night: Night) -> Publication:
    """Publish what the store holds, or leave the published file as it is."""
    with store.opened(night.settings.store) as con:
        return publish_night(
            con,
            night.settings.warehouse,
            night.definitions,
            standings(night.partners, night.ledger),
            {
                s.id: (s.first_seen.astimezone(UTC).replace(tzinfo=None), s.digest)
                for s in night.ledger.submissions.values()
            },
            today=night.today,
            run=night.run,
            published_at=now(),
            waivers=[
                (one, one.id in night.ledger.lapsed or one.waiver.until < night.today)
                for one in night.ledger.waivers.values()
            ],
            has_examples=any(p.says.example for p in night.partners.values()),
            limits=publish_limits(night.settings),
            step=say_step,
        )


def publish_limits(given: Settings) -> Limits:
    """How much a night may change before it asks, and how many versions are kept."""
    return Limits(given.change_limit_pct, given.keep_versions)


def say_step(step: str) -> None:
    """Tell of a step that has no count."""
    say(f"Publishing: {step}")


# -- reply ------------------------------------------------------------------------------------------------------------


def reply(night: Night, publication: Publication) -> Replies:
    """Tell owners, officers and the analyst what they have to be told: one message each, or none if nothing is new.
    The marked-up copy goes with a submission whose findings are told."""
    say("Answering data owners")

    def copies(submission: Submission, _: Sequence[Outcome]) -> list[tuple[str, bytes]]:
        content = night.archive.copy_of(submission.id)
        return [] if content is None else [(copy_name(submission.id), content)]

    gone = {s.partner for s in night.ledger.submissions.values()} - set(night.partners)
    for partner in sorted(gone):
        night.notes.append(f"{partner} is no longer a partner; what it sent is not answered.")
    critical = [one.reason for one in publication.verdict.broken if one.severity == "critical"]
    refused = critical if publication.state == "refused" else None
    return answer(
        Answering(
            night.settings,
            night.definitions,
            night.partners,
            night.ledger,
            night.today,
            publication.data_version,
            refused,
            copies,
            night.unseen,
        )
    )


# -- what it all came to ----------------------------------------------------------------------------------------------


def report(night: Night, replies: Replies, publication: Publication) -> Report:
    """What the night did, for people: a line for each outcome of the submissions it answered."""
    titles = {c.id: c.title for p in night.partners.values() for c in p.says.collection}
    lines = []
    for outcome in (o for name in replies.answered for o in night.ledger.outcomes[name]):
        errors = sum(1 for f in outcome.findings if f.is_error)
        path = night.ledger.submissions[outcome.submission].path
        title = titles.get(outcome.collection or "", "no return we expect")
        lines.append(
            ReturnLine(
                outcome.submission,
                outcome.partner,
                title,
                path,
                outcome.status,
                outcome.rows,
                errors,
                len(outcome.findings) - errors,
            )
        )
    examples = tuple(p.id for p in night.partners.values() if p.says.example)
    published = str(night.settings.warehouse)
    return Report(tuple(lines), publication, published, night.run, replies, tuple(night.notes), examples)
