"""Stage the results of validating submissions: tables as Parquet, findings as JSON and marked-up copies, in a folder of
one run.

Staging writes into that folder only, so it may run in this process or on workers of other machines that share the
archive. The one run at work fills the ledger from the folder.
"""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import orjson
import polars as pl

from local_indicators.common.atomic_files import write_whole
from local_indicators.common.errors import StorageError
from local_indicators.common.json_records import Instant, as_record, from_record
from local_indicators.flows.checking.validate_files import ValidationResult, for_annotation, validate_each_file
from local_indicators.flows.records.archive import Archive
from local_indicators.inputs.layouts.partner_layouts import Partner
from local_indicators.inputs.parsing.return_identification import Origin
from local_indicators.inputs.sandbox.reader_processes import Limits, ReaderPool
from local_indicators.replies.annotation.marked_up_copy import MarkedUpCopy, NoCopy, marking_request, run_marking
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.findings import Finding
from local_indicators.schemas.observations import KEY, CheckContext, CurrentFile, TidyTable, Waiver
from local_indicators.schemas.submissions import Status, Submission, WaiverGrant

MAX_PENDING_COPIES = 8
"""How many marked-up copies may be in the making while files are validated."""


@dataclass(frozen=True, eq=False)
class ValidationContext:
    """What validation has to know besides the files. It is the same for all submissions of a run: what was accepted, in
    which files, and which waivers were in force when the run began."""

    archive: Archive
    definitions: Definitions
    partners: Mapping[str, Partner]
    accepted: pl.DataFrame
    published: pl.DataFrame
    grants: tuple[WaiverGrant, ...]
    today: date
    limits: Limits
    current_files: tuple[CurrentFile, ...] = ()

    @property
    def check_context(self) -> CheckContext:
        """Return what the checks have to know."""
        waivers = tuple(grant.waiver for grant in self.grants)
        return CheckContext(self.today, self.accepted, self.published, waivers, self.current_files)


@dataclass(frozen=True)
class StagedResult:
    """What became of a submission for one return. `table` names the Parquet file in the folder if the return is
    accepted, and `ended_waivers` are the waivers that it ends for good."""

    collection: str | None
    status: Status
    rows: int
    findings: tuple[Finding, ...]
    not_checked: tuple[str, ...]
    periods: tuple[str, ...]
    table: str | None
    ended_waivers: tuple[str, ...]
    modified: Instant | None = None

    @property
    def has_personal_data(self) -> bool:
        """Return whether the file contains personal data."""
        return any(finding.rule == "return.person-level" for finding in self.findings)

    @property
    def has_waived_findings(self) -> bool:
        """Return whether a waiver let anything through."""
        return any(finding.is_waived for finding in self.findings)


def stage_submissions(folder: Path, submissions: Sequence[Submission], validation: ValidationContext) -> Iterator[str]:
    """Validate submissions; yield the id of each as soon as its results are in the folder. Raises ReaderError and
    StorageError."""
    most = validation.limits.file_bytes + 1  # one more, so that the reader sees that it is too many
    contents = [partial(validation.archive.read_content, submission.digest, most) for submission in submissions]
    origins = [
        Origin(
            submission.partner,
            submission.path,
            validation.today,
            seen=submission.first_seen,
            changed=submission.changed,
        )
        for submission in submissions
    ]
    arrivals = list(zip(origins, contents, strict=True))
    copies: _PendingCopies = {}
    with ReaderPool(validation.limits) as readers:
        for validated in validate_each_file(
            arrivals, validation.partners, validation.definitions, validation.check_context, readers
        ):
            if validated is not None:
                number, group = validated
                submission, staged = (
                    submissions[number],
                    [_stage_result(folder, submissions[number], j, validation) for j in group],
                )
                job = marking_request(
                    PurePosixPath(submission.path).name, [for_annotation(j) for j in group], submission.id
                )
                if isinstance(job, NoCopy):
                    yield _write_results(folder, submission, staged, None)
                else:
                    errand = partial(_mark_up, contents[number], job, submission.id)
                    copies[readers.submit(errand)] = (submission, staged)
            yield from _write_finished_copies(folder, copies, MAX_PENDING_COPIES)
        yield from _write_finished_copies(folder, copies, 0)


def _stage_result(
    folder: Path, submission: Submission, result: ValidationResult, validation: ValidationContext
) -> StagedResult:
    """Write the table of a validation result, and return what is staged of the result."""
    table = None
    if result.status != "rejected" and result.table is not None:
        whole = io.BytesIO()
        result.table.frame.write_parquet(whole)
        table = f"{submission.id}-{secrets.token_hex(8)}.parquet"
        _write(folder / table, whole.getvalue())
    ends = tuple(
        grant.id for grant in validation.grants if result.table is not None and _ends_waiver(result.table, grant.waiver)
    )
    return StagedResult(
        collection=result.collection,
        status=result.status,
        rows=result.rows,
        findings=result.findings,
        not_checked=result.not_checked,
        periods=result.periods(),
        table=table,
        ended_waivers=ends,
        modified=result.modified,
    )


def _ends_waiver(table: TidyTable, waiver: Waiver) -> bool:
    """Return whether a table gives another value for the key of a waiver, which ends it for good."""
    if table.collection != waiver.collection:
        return False
    of_key = table.frame.filter(pl.all_horizontal(pl.col(n) == v for n, v in zip(KEY, waiver.key, strict=True)))
    return any(value not in (None, waiver.value) for value in of_key.get_column(waiver.field))


def _mark_up(content: partial[bytes], job: bytes, submission: str, reader: Any) -> MarkedUpCopy | NoCopy:
    """Return the marked-up copy that a job describes."""
    return run_marking(reader, content(), job, submission)


_PendingCopies = dict["Future[MarkedUpCopy | NoCopy]", tuple[Submission, list[StagedResult]]]


def _write_finished_copies(folder: Path, copies: _PendingCopies, most: int) -> Iterator[str]:
    """Yield the submissions whose copies are finished, and wait while more than `most` are pending."""
    while True:
        for future in [future for future in copies if future.done()]:
            submission, staged = copies.pop(future)
            made = future.result()
            yield _write_results(folder, submission, staged, made.content if isinstance(made, MarkedUpCopy) else None)
        if len(copies) <= most:
            return
        wait(copies, return_when=FIRST_COMPLETED)


def _write_results(folder: Path, submission: Submission, staged: Sequence[StagedResult], copy: bytes | None) -> str:
    """Write the results of a submission, whole or not at all, even where several workers do; return its id."""
    name = None
    if copy is not None:
        name = f"{submission.id}-{secrets.token_hex(8)}.xlsx"
        _write(folder / name, copy)
    record = orjson.dumps({"copy": name, "staged": [as_record(result) for result in staged]})
    part = folder / f"{submission.id}-{secrets.token_hex(8)}.json"
    _write(part, record)
    part.replace(folder / f"{submission.id}.json")
    return submission.id


def _write(path: Path, content: bytes) -> None:
    """Write a file whole. Raises StorageError."""
    try:
        write_whole(path, content)
    except OSError as error:
        raise StorageError(path, f"cannot be written ({error.strerror})") from None


def is_staged(folder: Path, submission: str) -> bool:
    """Return whether the results of a submission are in the folder."""
    return (folder / f"{submission}.json").is_file()


def read_staged_results(folder: Path, submission: str) -> tuple[list[StagedResult], Path | None]:
    """Return the results of a submission, and its marked-up copy if one was made. Raises StorageError."""
    path = folder / f"{submission}.json"
    try:
        record = orjson.loads(path.read_bytes())
    except (OSError, ValueError):
        raise StorageError(path, "is missing or damaged; run the night again") from None
    copy = folder / record["copy"] if record["copy"] else None
    return [from_record(StagedResult, result) for result in record["staged"]], copy


def interleave_partners(submissions: Sequence[Submission]) -> list[Submission]:
    """Return submissions in the order in which to read them: each partner's next one in turn, so that nobody waits for
    another's many."""
    turns: dict[str, int] = {}
    order: list[tuple[int, int, Submission]] = []
    for submission in submissions:
        turns[submission.partner] = turns.get(submission.partner, 0) + 1
        order.append((turns[submission.partner], len(order), submission))
    return [submission for *_, submission in sorted(order, key=lambda turn: turn[:2])]
