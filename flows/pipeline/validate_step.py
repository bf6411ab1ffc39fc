"""The step that validates every submission without an outcome and records what became of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from local_indicators.common.progress import report_progress
from local_indicators.flows.checking.known_figures import figures_known_to_owners
from local_indicators.flows.checking.staging import (
    StagedResult,
    ValidationContext,
    interleave_partners,
    read_staged_results,
    stage_submissions,
)
from local_indicators.flows.intake.inbox_listing import META
from local_indicators.flows.records.return_register import describe_replacements
from local_indicators.flows.run_context import RunContext
from local_indicators.flows.settings import now
from local_indicators.inputs.parsing.return_identification import describes_columns
from local_indicators.inputs.sandbox.reader_processes import ReaderPool
from local_indicators.schemas.file_precedence import current_files
from local_indicators.schemas.findings import Finding
from local_indicators.schemas.submissions import Outcome, Submission
from local_indicators.warehouse.store import private_store


def validate(context: RunContext) -> list[Outcome]:
    """Validate every submission that awaits it, and record and return the outcomes.

    Submissions are read in turn of their partners and staged as they are done; their outcomes are recorded in the order
    in which they came, each as soon as those before it are. Every one is compared with what was accepted when the run
    began, so that nothing depends on which are validated together, where, or how far an interrupted run came.
    """
    waiting = context.ledger.awaiting_validation()
    context.archive.delete_landed_except(
        {digest for submission in waiting for digest in (submission.digest, submission.meta) if digest}
    )
    if not waiting:
        return []
    _archive_meta_files(context, waiting)
    validation, queue, recorded, done = _validation_context(context), deque(waiting), list[Outcome](), set[str]()
    with context.archive.staging_folder() as folder:
        for name in _stage_all(context, folder, waiting, validation):
            done.add(name)
            report_progress("Reading and checking returns", len(done), len(waiting))
            while queue and queue[0].id in done:
                recorded += _record_outcomes(
                    context, folder, queue.popleft(), validation, {submission.digest for submission in queue}
                )
    context.notes.extend(describe_replacements(context.partners, context.ledger, recorded))
    return recorded


def _validation_context(context: RunContext) -> ValidationContext:
    """Return what validation has to know in this run."""
    with private_store.open_store(context.settings.store) as con:
        accepted, seen = figures_known_to_owners(
            con, context.settings, context.definitions, context.partners, context.ledger
        )
    return ValidationContext(
        archive=context.archive,
        definitions=context.definitions,
        partners=context.partners,
        accepted=accepted,
        published=seen,
        grants=context.ledger.grants_in_force(),
        today=context.today,
        limits=context.settings.limits,
        current_files=current_files(context.ledger.all_outcomes, context.ledger.submissions, context.ledger.loaded_at),
    )


def _stage_all(
    context: RunContext, folder: Path, waiting: Sequence[Submission], validation: ValidationContext
) -> Iterator[str]:
    """Yield the id of each submission as it is staged. What did not come back from workers is validated here."""
    done = set()
    for name in context.stage_submissions(folder, interleave_partners(waiting), validation):
        done.add(name)
        yield name
    lost = [submission for submission in waiting if submission.id not in done]
    if lost:
        context.notes.append(
            f"{len(lost)} of {len(waiting)} files did not come back from the workers and were read here."
        )
        yield from stage_submissions(folder, interleave_partners(lost), validation)


def _archive_meta_files(context: RunContext, waiting: Sequence[Submission]) -> None:
    """Archive the meta files that do describe the columns of a csv. One that is anything else, such as records of
    people under that name, is deleted."""
    most = context.settings.limits.file_bytes + 1
    metas = list(dict.fromkeys(reading.meta for reading in waiting if reading.meta))
    available = [
        digest for digest in metas if context.archive.has_file(digest)
    ]  # an interrupted night may have deleted others
    with ReaderPool(context.settings.limits) as readers:
        for reading in filter(
            None, readers.read([partial(context.archive.read_content, digest, most) for digest in available])
        ):
            digest, cells = available[reading[0]], reading[1]
            if not isinstance(cells, Finding) and describes_columns(cells):
                context.archive.archive_file(digest)
            else:
                context.archive.delete(digest)
                context.notes.append(
                    f"A file named {META} with digest {digest[:12]}… describes no columns and was not kept."
                )


def _record_outcomes(
    context: RunContext, folder: Path, submission: Submission, validation: ValidationContext, needed: Collection[str]
) -> list[Outcome]:
    """Record and return the outcomes of a submission. `needed` are the digests of submissions that are still to be
    recorded."""
    staged, copy = read_staged_results(folder, submission.id)
    ended = {grant.waiver.collection for grant in validation.grants if grant.id in context.ledger.lapsed_waivers}
    if any(result.has_waived_findings and result.collection in ended for result in staged):
        # one that came before it has ended a waiver of this return, maybe the one that let something through
        list(stage_submissions(folder, [submission], replace(validation, grants=context.ledger.grants_in_force())))
        staged, copy = read_staged_results(folder, submission.id)
    outcomes = [_archived_outcome(context, folder, submission, result) for result in staged]
    if len({result.collection for result in staged}) != len(staged):
        raise AssertionError("a return was judged twice for one file")
    context.archive.archive_definitions(context.definitions.digest, context.definitions.files)
    partner = context.partners[submission.partner]
    context.archive.archive_definitions(partner.digest, {f"{partner.id}.toml": partner.toml})
    for waiver in dict.fromkeys(ending for result in staged for ending in result.ended_waivers):
        if waiver not in context.ledger.lapsed_waivers:
            context.ledger.record_lapse(waiver, submission.id, now())
    if copy is not None:
        context.archive.archive_copy(copy, submission.id)
    if any(result.has_personal_data for result in staged):
        context.ledger.record_outcomes(submission.id, outcomes)
        if submission.digest not in needed:
            context.archive.delete(submission.digest)
    else:
        context.archive.archive_file(submission.digest)
        context.ledger.record_outcomes(submission.id, outcomes)
    return outcomes


def _archived_outcome(context: RunContext, folder: Path, submission: Submission, result: StagedResult) -> Outcome:
    """Archive the table of a staged result, and return its outcome."""
    table, number = None, context.ledger.next_validation_number(submission.id)
    if result.table is not None:
        again = f"-{number}" if number > 1 else ""
        table = f"{submission.id}-{result.collection}{again}.parquet"
        context.archive.archive_table(folder / result.table, table)
    return Outcome(
        submission=submission.id,
        partner=submission.partner,
        collection=result.collection,
        status=result.status,
        rows=result.rows,
        findings=result.findings,
        not_checked=result.not_checked,
        periods=result.periods,
        table=table,
        definitions=context.definitions.digest,
        layouts=context.partners[submission.partner].digest,
        validated_at=now(),
        validation_number=number,
        modified=result.modified,
    )
