"""The marked-up copy of a return: the sender's own workbook, with what is wrong in colour, comments and a list."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import orjson
import polars as pl

from local_indicators.common.cell_references import COLUMNS, position_of_address
from local_indicators.common.safe_text import as_typed
from local_indicators.inputs.sandbox.reader_processes import Limits, Reader
from local_indicators.replies.emails.owner_emails import STATUS_WORDS
from local_indicators.schemas.findings import Finding
from local_indicators.schemas.observations import KEY_CELLS, MEASURES
from local_indicators.schemas.reference.periods import read_period

ANSWERED_WITHOUT = frozenset({"return.empty"})
"""Rules on the whole return whose findings a copy can show; any other error on the whole return means that nothing of
the file may be, or need be, sent back."""
MAX_PERIODS = 3
"""Periods that one line of the copy names."""
MAX_LOOKED_UP = 500
"""Cells of a range of which all are looked up."""
_CELL_COLUMNS = (*KEY_CELLS, *(f"at_{name}" for name in MEASURES))


MARK_WORKBOOK = "local_indicators.replies.annotation.annotated_workbook:annotate_in_child"
"""The job (inputs.sandbox.child_process) that marks a file."""


@dataclass(frozen=True, eq=False)
class CheckedReturn:
    """The result of checking a file for one of its returns.

    `title` is the return's title for people; `frame` the tidy table that was read, which has the period of each cell,
    None where there is none. `images` says that pictures are expected in the file, so that a copy keeps them.
    """

    title: str
    status: str
    findings: tuple[Finding, ...]
    frame: pl.DataFrame | None = None
    images: bool = False


@dataclass(frozen=True)
class MarkedUpCopy:
    """A marked-up copy: an xlsx workbook, and our own name for it."""

    content: bytes
    name: str


@dataclass(frozen=True)
class NoCopy:
    """Why there is no copy, in words for the analyst. They hold nothing of what the file says."""

    reason: str


def mark_up(
    content: bytes,
    file_name: str,
    judged: Sequence[CheckedReturn],
    *,
    submission: str = "",
    limits: Limits | None = None,
) -> MarkedUpCopy | NoCopy:
    """Return the marked-up copy of a file, or why there is none. Never raises on a partner's data.

    There is none where nothing was found, and none of a file that could not be read, that is encrypted, that holds
    records of single people, or that is not, or not known to be, the sender's.
    """
    job = marking_request(file_name, judged, submission)
    if isinstance(job, NoCopy):
        return job
    with Reader(limits or Limits()) as reader:
        return run_marking(reader, content, job, submission)


def marking_request(file_name: str, judged: Sequence[CheckedReturn], submission: str = "") -> bytes | NoCopy:
    """Return the request to mark a file, as a Reader takes it; or why there is no copy."""
    findings = [finding for result in judged for finding in result.findings]
    if not findings:
        return NoCopy("nothing was found that could be marked")
    for finding in findings:
        if finding.is_error and finding.rule.startswith("return.") and finding.rule not in ANSWERED_WITHOUT:
            return NoCopy(f"no copy is made where {finding.rule} was found")
    head, images = _head(file_name, judged, submission), all(result.images for result in judged)
    content = orjson.dumps({"head": head, "findings": list(_records(judged)), "images": images})
    return struct.pack(">Q", len(content)) + content


def run_marking(reader: Reader, content: bytes, job: bytes, submission: str = "") -> MarkedUpCopy | NoCopy:
    """Return the copy that a reader makes of a file; `job` is what `marking_request` returned."""
    answer = reader.run(MARK_WORKBOOK, job, content)
    if isinstance(answer, Finding):
        return NoCopy(f"the copy could not be made: {answer.found}")
    return MarkedUpCopy(answer, copy_name(submission or "return"))


def copy_name(of: str) -> str:
    """Return our own name for the copy of a submission; a partner's file name may say anything."""
    return f"{of}-marked-up.xlsx"


def _head(file_name: str, judged: Sequence[CheckedReturn], submission: str) -> list[tuple[str, str]]:
    """Return the lines above the list of findings, as (label, text)."""
    lines = [("File", as_typed(file_name))]
    if submission:
        lines.append(("Submission", submission))
    for result in judged:
        errors = sum(1 for finding in result.findings if finding.is_error)
        status = STATUS_WORDS.get(result.status, result.status)
        counts = f"{errors} to put right, {len(result.findings) - errors} to look at"
        lines.append(("Return", f"{result.title}: {status} ({counts})"))
    return lines


def _records(judged: Sequence[CheckedReturn]) -> Iterator[dict[str, object]]:
    """Yield every finding as JSON has it, with what it says, its period and the title of its return."""
    for result in judged:
        periods = _CellPeriods(result.frame, result.findings)
        for finding in result.findings:
            extra = {"says": finding.says, "period": periods.of(finding), "title": result.title}
            yield finding.as_dict() | extra


class _CellPeriods:
    """The periods that the cells of findings are about, from the rows of the tidy table that came from them."""

    def __init__(self, frame: pl.DataFrame | None, findings: Sequence[Finding]) -> None:
        self._labels: dict[tuple[str, int], list[str]] = {}
        wanted = {place for finding in findings for cell in finding.cells for place in _looked_up(cell)}
        if frame is None or not wanted or frame.is_empty():
            return
        columns = [name for name in _CELL_COLUMNS if name in frame.columns]
        periods = (
            frame.filter(pl.col("time_period").is_not_null())
            .unpivot(on=columns, index=["sheet", "time_period", "time_identifier"], value_name="cell")
            .filter(pl.col("cell").is_in(list(wanted)))
            .select("sheet", "cell", "time_period", "time_identifier")
            .unique(maintain_order=True)
        )
        for sheet, cell, time_period, identifier in periods.rows():
            period = read_period(time_period, identifier)
            self._labels.setdefault((sheet, cell), []).append(period.label if period else time_period)

    def of(self, finding: Finding) -> str:
        """Return the periods of a finding in words, "" where none is known."""
        sheet = finding.sheet or ""
        places = [place for cell in finding.cells if "!" not in cell for place in _looked_up(cell)]
        labels = list(dict.fromkeys(label for place in places for label in self._labels.get((sheet, place), ())))
        return ", ".join(labels[:MAX_PERIODS]) + (" ..." if len(labels) > MAX_PERIODS else "")


def _looked_up(cell: str) -> list[int]:
    """Return the cells whose periods are looked up: all of a short range in one column, else the two ends."""
    first, _, last = cell.rpartition("!")[2].partition(":")
    ends = [position_of_address(first), position_of_address(last or first)]
    if ends[0] is None or ends[1] is None:
        return []
    if ends[0] % COLUMNS == ends[1] % COLUMNS and ends[0] < ends[1] <= ends[0] + MAX_LOOKED_UP * COLUMNS:
        return list(range(ends[0], ends[1] + 1, COLUMNS))
    return [ends[0], ends[1]]
