"""Stage what is made of submissions: tables as Parquet, findings as JSON, marked-up copies, in a folder of one pass.

Whoever stages writes into that folder and nowhere else, so it may be this process or workers on other machines that
share the archive. The ledger is filled from the folder by the one night at work.
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

from common.atomic_files import write_whole
from common.errors import StorageError
from common.json_records import Instant, as_record, from_record
from flows.checking.validate_files import ValidationResult, for_annotation, validate_each_file
from flows.records.archive import Archive
from inputs.layouts.partner_layouts import Partner
from inputs.parsing.return_identification import Origin
from inputs.sandbox.reader_processes import Limits, ReaderPool
from replies.annotation.marked_up_copy import MarkedUpCopy, NoCopy, marking_request, run_marking
from schemas.definitions.models import Definitions
from schemas.findings import Finding
from schemas.observations import KEY, CheckContext, CurrentFile, TidyTable, Waiver
from schemas.submissions import Status, Submission, WaiverGrant

MAX_PENDING_COPIES = 8
"""So many marked-up copies may be in the making while files are judged."""


@dataclass(frozen=True, eq=False)
class ValidationContext:
    """What judging has to know besides the files. It is the same for all submissions of a pass: what was accepted, in
    which files, and which waivers held when the pass began."""

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
        waivers = tuple(one.waiver for one in self.grants)
        return CheckContext(self.today, self.accepted, self.published, waivers, self.current_files)


@dataclass(frozen=True)
class StagedResult:
    """What became of a submission for one return. `table` names the Parquet file in the folder, where the outcome is
    accepted, and `ended_waivers` the waivers that it ends for good."""

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
        return any(one.rule == "return.person-level" for one in self.findings)

    @property
    def has_waived_findings(self) -> bool:
        """Whether a waiver let anything through."""
        return any(one.is_waived for one in self.findings)


def stage_submissions(folder: Path, submissions: Sequence[Submission], desk: ValidationContext) -> Iterator[str]:
    """Judge submissions; the id of each, as soon as what became of it is in the folder. Raises ReaderError and
    StorageError."""
    most = desk.limits.file_bytes + 1  # one more, so that the reader sees that it is too many
    contents = [partial(desk.archive.read_content, one.digest, most) for one in submissions]
    origins = [
        Origin(one.partner, one.path, desk.today, seen=one.first_seen, changed=one.changed) for one in submissions
    ]
    arrivals = list(zip(origins, contents, strict=True))
    copies: _PendingCopies = {}
    with ReaderPool(desk.limits) as readers:
        for judged in validate_each_file(arrivals, desk.partners, desk.definitions, desk.check_context, readers):
            if judged is not None:
                number, group = judged
                one, staged = submissions[number], [_stage_result(folder, submissions[number], j, desk) for j in group]
                job = marking_request(PurePosixPath(one.path).name, [for_annotation(j) for j in group], one.id)
                if isinstance(job, NoCopy):
                    yield _write_results(folder, one, staged, None)
                else:
                    errand = partial(_mark_up, contents[number], job, one.id)
                    copies[readers.submit(errand)] = (one, staged)
            yield from _write_finished_copies(folder, copies, MAX_PENDING_COPIES)
        yield from _write_finished_copies(folder, copies, 0)


def _stage_result(folder: Path, submission: Submission, one: ValidationResult, desk: ValidationContext) -> StagedResult:
    """What is staged of a judgement; its table is written."""
    table = None
    if one.status != "rejected" and one.table is not None:
        whole = io.BytesIO()
        one.table.frame.write_parquet(whole)
        table = f"{submission.id}-{secrets.token_hex(8)}.parquet"
        _write(folder / table, whole.getvalue())
    ends = tuple(grant.id for grant in desk.grants if one.table is not None and _ends_waiver(one.table, grant.waiver))
    return StagedResult(
        collection=one.collection,
        status=one.status,
        rows=one.rows,
        findings=one.findings,
        not_checked=one.not_checked,
        periods=one.periods(),
        table=table,
        ended_waivers=ends,
        modified=one.modified,
    )


def _ends_waiver(table: TidyTable, waiver: Waiver) -> bool:
    """A waiver ends for good with the first submission that gives another value for its key."""
    if table.collection != waiver.collection:
        return False
    of_key = table.frame.filter(pl.all_horizontal(pl.col(n) == v for n, v in zip(KEY, waiver.key, strict=True)))
    return any(value not in (None, waiver.value) for value in of_key.get_column(waiver.field))


def _mark_up(content: partial[bytes], job: bytes, submission: str, reader: Any) -> MarkedUpCopy | NoCopy:
    return run_marking(reader, content(), job, submission)


_PendingCopies = dict["Future[MarkedUpCopy | NoCopy]", tuple[Submission, list[StagedResult]]]


def _write_finished_copies(folder: Path, copies: _PendingCopies, most: int) -> Iterator[str]:
    """Stage the submissions whose copies are made; wait while more than so many are not."""
    while True:
        for future in [one for one in copies if one.done()]:
            submission, staged = copies.pop(future)
            made = future.result()
            yield _write_results(folder, submission, staged, made.content if isinstance(made, MarkedUpCopy) else None)
        if len(copies) <= most:
            return
        wait(copies, return_when=FIRST_COMPLETED)


def _write_results(folder: Path, submission: Submission, staged: Sequence[StagedResult], copy: bytes | None) -> str:
    """Write down what became of a submission, whole or not at all, however many workers are at it."""
    name = None
    if copy is not None:
        name = f"{submission.id}-{secrets.token_hex(8)}.xlsx"
        _write(folder / name, copy)
    said = orjson.dumps({"copy": name, "staged": [as_record(one) for one in staged]})
    part = folder / f"{submission.id}-{secrets.token_hex(8)}.json"
    _write(part, said)
    part.replace(folder / f"{submission.id}.json")
    return submission.id


def _write(path: Path, content: bytes) -> None:
    try:
        write_whole(path, content)
    except OSError as error:
        raise StorageError(path, f"cannot be written ({error.strerror})") from None


def is_staged(folder: Path, submission: str) -> bool:
    """Whether what became of a submission is in the folder."""
    return (folder / f"{submission}.json").is_file()


def read_staged_results(folder: Path, submission: str) -> tuple[list[StagedResult], Path | None]:
    """What became of a submission, and its marked-up copy where one was made. Raises StorageError."""
    path = folder / f"{submission}.json"
    try:
        record = orjson.loads(path.read_bytes())
    except (OSError, ValueError):
        raise StorageError(path, "is missing or damaged; run the night again") from None
    copy = folder / record["copy"] if record["copy"] else None
    return [from_record(StagedResult, one) for one in record["staged"]], copy


def interleave_partners(submissions: Sequence[Submission]) -> list[Submission]:
    """Submissions in the order in which they are read: each partner's next one by turns, so that none waits until
    another's many have been read."""
    turns: dict[str, int] = {}
    order: list[tuple[int, int, Submission]] = []
    for one in submissions:
        turns[one.partner] = turns.get(one.partner, 0) + 1
        order.append((turns[one.partner], len(order), one))
    return [one for *_, one in sorted(order, key=lambda turn: turn[:2])]
