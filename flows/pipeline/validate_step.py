"""The step that judges every submission without an outcome and records what became of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from common.progress import report_progress
from flows.checking.known_figures import figures_known_to_owners
from flows.checking.staging import (
    StagedResult,
    ValidationContext,
    interleave_partners,
    read_staged_results,
    stage_submissions,
)
from flows.intake.inbox_listing import META
from flows.records.return_register import describe_replacements
from flows.run_context import RunContext
from flows.settings import now
from inputs.parsing.return_identification import describes_columns
from inputs.sandbox.reader_processes import ReaderPool
from schemas.file_precedence import current_files
from schemas.findings import Finding
from schemas.submissions import Outcome, Submission
from warehouse.store import private_store


def validate(night: RunContext) -> list[Outcome]:
    """Judge every submission that has no outcome, and record what became of each.

    They are read by turns of their partners and staged as they are done; their outcomes are recorded in the order in
    which they came, each as soon as those before it are. Every one is compared with what was accepted when the night
    began, so that nothing depends on which are judged together, where, or how far an interrupted night came.
    """
    waiting = night.ledger.awaiting_validation()
    night.archive.delete_landed_except({digest for one in waiting for digest in (one.digest, one.meta) if digest})
    if not waiting:
        return []
    _archive_meta_files(night, waiting)
    desk, queue, recorded, done = _validation_context(night), deque(waiting), list[Outcome](), set[str]()
    with night.archive.staging_folder() as folder:
        for name in _stage_all(night, folder, waiting, desk):
            done.add(name)
            report_progress("Reading and checking returns", len(done), len(waiting))
            while queue and queue[0].id in done:
                recorded += _record_outcomes(night, folder, queue.popleft(), desk, {one.digest for one in queue})
    night.notes.extend(describe_replacements(night.partners, night.ledger, recorded))
    return recorded


def _validation_context(night: RunContext) -> ValidationContext:
    with private_store.open_store(night.settings.store) as con:
        accepted, seen = figures_known_to_owners(con, night.settings, night.definitions, night.partners, night.ledger)
    return ValidationContext(
        archive=night.archive,
        definitions=night.definitions,
        partners=night.partners,
        accepted=accepted,
        published=seen,
        grants=night.ledger.grants_in_force(),
        today=night.today,
        limits=night.settings.limits,
        current_files=current_files(night.ledger.all_outcomes, night.ledger.submissions, night.ledger.loaded_at),
    )


def _stage_all(
    night: RunContext, folder: Path, waiting: Sequence[Submission], desk: ValidationContext
) -> Iterator[str]:
    """The id of each submission as it is staged. What did not come back from elsewhere is judged here."""
    done = set()
    for name in night.stage_submissions(folder, interleave_partners(waiting), desk):
        done.add(name)
        yield name
    lost = [one for one in waiting if one.id not in done]
    if lost:
        night.notes.append(
            f"{len(lost)} of {len(waiting)} files did not come back from the workers and were read here."
        )
        yield from stage_submissions(folder, interleave_partners(lost), desk)


def _archive_meta_files(night: RunContext, waiting: Sequence[Submission]) -> None:
    """Keep the meta files that do describe the columns of a csv. One that is anything else, such as records of people
    under that name, is deleted unkept."""
    most = night.settings.limits.file_bytes + 1
    metas = list(dict.fromkeys(one.meta for one in waiting if one.meta))
    held = [
        digest for digest in metas if night.archive.has_file(digest)
    ]  # an interrupted night may have deleted others
    with ReaderPool(night.settings.limits) as readers:
        for one in filter(None, readers.read([partial(night.archive.read_content, digest, most) for digest in held])):
            digest, cells = held[one[0]], one[1]
            if not isinstance(cells, Finding) and describes_columns(cells):
                night.archive.archive_file(digest)
            else:
                night.archive.delete(digest)
                night.notes.append(
                    f"A file named {META} with digest {digest[:12]}… describes no columns and was not kept."
                )


def _record_outcomes(
    night: RunContext, folder: Path, submission: Submission, desk: ValidationContext, needed: Collection[str]
) -> list[Outcome]:
    """Record what became of a submission. `needed` are the digests of those that are still to be recorded."""
    staged, copy = read_staged_results(folder, submission.id)
    ended = {grant.waiver.collection for grant in desk.grants if grant.id in night.ledger.lapsed_waivers}
    if any(one.has_waived_findings and one.collection in ended for one in staged):
        # one that came before it has ended a waiver of this return, maybe the one that let something through
        list(stage_submissions(folder, [submission], replace(desk, grants=night.ledger.grants_in_force())))
        staged, copy = read_staged_results(folder, submission.id)
    outcomes = [_archived_outcome(night, folder, submission, one) for one in staged]
    if len({one.collection for one in staged}) != len(staged):
        raise AssertionError("a return was judged twice for one file")
    night.archive.archive_definitions(night.definitions.digest, night.definitions.files)
    partner = night.partners[submission.partner]
    night.archive.archive_definitions(partner.digest, {f"{partner.id}.toml": partner.toml})
    for waiver in dict.fromkeys(ending for one in staged for ending in one.ended_waivers):
        if waiver not in night.ledger.lapsed_waivers:
            night.ledger.record_lapse(waiver, submission.id, now())
    if copy is not None:
        night.archive.archive_copy(copy, submission.id)
    if any(one.has_personal_data for one in staged):
        night.ledger.record_outcomes(submission.id, outcomes)
        if submission.digest not in needed:
            night.archive.delete(submission.digest)
    else:
        night.archive.archive_file(submission.digest)
        night.ledger.record_outcomes(submission.id, outcomes)
    return outcomes


def _archived_outcome(night: RunContext, folder: Path, submission: Submission, one: StagedResult) -> Outcome:
    table, judgement = None, night.ledger.next_validation_number(submission.id)
    if one.table is not None:
        again = f"-{judgement}" if judgement > 1 else ""
        table = f"{submission.id}-{one.collection}{again}.parquet"
        night.archive.archive_table(folder / one.table, table)
    return Outcome(
        submission=submission.id,
        partner=submission.partner,
        collection=one.collection,
        status=one.status,
        rows=one.rows,
        findings=one.findings,
        not_checked=one.not_checked,
        periods=one.periods,
        table=table,
        definitions=night.definitions.digest,
        layouts=night.partners[submission.partner].digest,
        judged_at=now(),
        judgement=judgement,
        modified=one.modified,
    )
