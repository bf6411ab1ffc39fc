"""The marked-up copy of a return: the sender's own workbook, with what is wrong in colour, comments and a list."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import orjson
import polars as pl

from inputs.read import Limits, Reader
from inputs.replies.messages import STATUS_WORDS
from schemas.findings import COLUMNS, Finding, as_typed, position
from schemas.periods import read_period
from schemas.tables import KEY_CELLS, MEASURES

ANSWERED_WITHOUT = frozenset({"return.empty"})
"""Rules on the whole return whose findings a copy can show; any other error on the whole return means that nothing of
the file may be, or need be, sent back."""
MOST_PERIODS = 3
"""Periods that one line of the copy names."""
_PLACED = (*KEY_CELLS, *(f"at_{name}" for name in MEASURES))


@dataclass(frozen=True, eq=False)
class Judged:
    """What became of a file for one of its returns: the return's title for people, a status, the findings, and the tidy
    table that was read, from which the period of a cell is told (None where there is none)."""

    title: str
    status: str
    findings: tuple[Finding, ...]
    frame: pl.DataFrame | None = None


@dataclass(frozen=True)
class MarkedUp:
    """A copy: an xlsx workbook and our own name for it."""

    content: bytes
    name: str


@dataclass(frozen=True)
class NoCopy:
    """Why there is no copy, in words for the analyst: of the file it says nothing but what kind of trouble it gave."""

    why: str


def mark_up(
    content: bytes,
    file_name: str,
    judged: Sequence[Judged],
    *,
    submission: str = "",
    limits: Limits | None = None,
) -> MarkedUp | NoCopy:
    """The marked-up copy of a file, or why there is none. Never raises on a partner's data.

    There is none where nothing was found, and none of a file that could not be read, that is encrypted, that holds
    records of single people, or that is not, or not known to be, the sender's.
    """
    job = marking_of(file_name, judged, submission)
    if isinstance(job, NoCopy):
        return job
    with Reader(limits or Limits()) as reader:
        return marked_by(reader, content, job, submission)


def marking_of(file_name: str, judged: Sequence[Judged], submission: str = "") -> bytes | NoCopy:
    """What is to be marked in a file, as its reader is told; or why nothing is."""
    found = [(one, finding) for one in judged for finding in one.findings]
    if not found:
        return NoCopy("nothing was found that could be marked")
    for _, finding in found:
        if finding.is_error and finding.rule.startswith("return.") and finding.rule not in ANSWERED_WITHOUT:
            return NoCopy(f"no copy is made where {finding.rule} was found")
    job = {"head": _head(file_name, judged, submission), "findings": list(_records(judged))}
    written = orjson.dumps(job)
    return struct.pack(">Q", len(written)) + written


def marked_by(reader: Reader, content: bytes, job: bytes, submission: str = "") -> MarkedUp | NoCopy:
    """The copy that a reader makes of a file by what `marking_of` says."""
    answer = reader.mark(content, job)
    if isinstance(answer, Finding):
        return NoCopy(f"the copy could not be made: {answer.found}")
    return MarkedUp(answer, copy_name(submission or "return"))


def copy_name(of: str) -> str:
    """Our own name for the copy of a submission; the partner's may say anything."""
    return f"{of}-marked-up.xlsx"


def _head(file_name: str, judged: Sequence[Judged], submission: str) -> list[tuple[str, str]]:
    lines = [("File", as_typed(file_name))]
    if submission:
        lines.append(("Submission", submission))
    for one in judged:
        errors = sum(1 for f in one.findings if f.is_error)
        status = STATUS_WORDS.get(one.status, one.status)
        counts = f"{errors} to put right, {len(one.findings) - errors} to look at"
        lines.append(("Return", f"{one.title}: {status} ({counts})"))
    return lines


def _records(judged: Sequence[Judged]) -> Iterator[dict[str, object]]:
    for one in judged:
        periods = _Periods(one.frame, one.findings)
        for finding in one.findings:
            says = {"says": finding.says, "period": periods.of(finding), "title": one.title}
            yield finding.as_dict() | says


class _Periods:
    """The periods that the cells of findings speak of, told by the rows of the tidy table that came from them."""

    def __init__(self, frame: pl.DataFrame | None, findings: Sequence[Finding]) -> None:
        self._of: dict[tuple[str, int], list[str]] = {}
        wanted = {where for one in findings for cell in one.cells for where in _ends(cell)}
        if frame is None or not wanted or frame.is_empty():
            return
        placed = [name for name in _PLACED if name in frame.columns]
        said = (
            frame.filter(pl.col("time_period").is_not_null())
            .unpivot(on=placed, index=["sheet", "time_period", "time_identifier"], value_name="where")
            .filter(pl.col("where").is_in(list(wanted)))
            .select("sheet", "where", "time_period", "time_identifier")
            .unique(maintain_order=True)
        )
        for sheet, where, period, identifier in said.rows():
            read = read_period(period, identifier)
            self._of.setdefault((sheet, where), []).append(read.label if read else period)

    def of(self, one: Finding) -> str:
        labels: list[str] = []
        for cell in one.cells:
            if "!" not in cell:
                labels += [label for where in _ends(cell) for label in self._of.get((one.sheet or "", where), ())]
        named = list(dict.fromkeys(labels))
        return ", ".join(named[:MOST_PERIODS]) + (" ..." if len(named) > MOST_PERIODS else "")


def _ends(cell: str) -> list[int]:
    """The cells of an address that are looked up: of a range of up to some hundreds all, of a longer one the ends."""
    first, _, last = cell.rpartition("!")[2].partition(":")
    ends = [position(first), position(last or first)]
    if ends[0] is None or ends[1] is None:
        return []
    if ends[0] % COLUMNS == ends[1] % COLUMNS and ends[0] < ends[1] <= ends[0] + 500 * COLUMNS:
        return list(range(ends[0], ends[1] + 1, COLUMNS))
    return [ends[0], ends[1]]
