"""What the ledger remembers: submissions, what became of each, and what was said to whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from common.config_files import STRICT_KEYS
from common.json_records import Instant
from schemas.findings import Finding
from schemas.observations import Waiver

STRUCTURAL = ("return.", "layout.", "row.missing")
"""Rules about the shape of a return, whose breaking leaves rows unread or missing."""

Status = Literal["accepted", "accepted-with-warnings", "partly-accepted", "rejected"]


@dataclass(frozen=True)
class Submission:
    """An arrival: the bytes at a partner's path, seen for the first time or changed since. `night` is the London date
    of the night that first saw it, `first_seen` the instant in UTC. `path` begins with the partner's folder. `meta` is
    the digest of the csv's meta file, where one came beside it: the two are one submission. `changed` is when the file
    was last changed by what the inbox said of it; None where a release took it in that did not note it."""

    __pydantic_config__ = STRICT_KEYS
    id: str
    sequence: int
    partner: str
    path: str
    digest: str
    size: int
    first_seen: Instant
    night: date
    meta: str | None = None
    changed: Instant | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of one submission for one return. `collection` is None where the file answers none. `periods` are
    those it speaks of, `table` names the archived tidy table of what was accepted, and the digests name the definitions
    and the partner's TOML that judged it. `judgement` counts how often the submission has been judged: again when a
    waiver was given for something in it. `modified` is when the file was last saved, where it says so itself."""

    __pydantic_config__ = STRICT_KEYS
    submission: str
    partner: str
    collection: str | None
    status: Status
    rows: int
    findings: tuple[Finding, ...]
    not_checked: tuple[str, ...]
    periods: tuple[str, ...]
    table: str | None
    definitions: str
    layouts: str
    judged_at: Instant
    judgement: int = 1
    modified: Instant | None = None

    @property
    def id(self) -> str:
        return outcome_id(self.submission, self.collection, self.judgement)

    @property
    def accepted(self) -> bool:
        return self.status != "rejected"


def outcome_id(submission: str, collection: str | None, judgement: int) -> str:
    """The name of an outcome, by which what was loaded and what was told are known."""
    again = f"/{judgement}" if judgement > 1 else ""
    return f"{submission}/{collection or '-'}{again}"


@dataclass(frozen=True)
class WaiverGrant:
    """A waiver as the ledger keeps it: for which submission and which of its cells it was given, and when."""

    __pydantic_config__ = STRICT_KEYS
    id: str
    waiver: Waiver
    submission: str
    sheet: str
    cell: str
    granted_at: Instant


def status_from_findings(findings: Sequence[Finding], *, clean_rows: int, on_error: str) -> Status:
    """The status that findings give a return. With `quarantine`, clean rows of a return with errors still count, unless
    an error is about more than single cells: then nobody can tell which rows were never read."""
    if any(one.is_error for one in findings):
        structural = any(one.is_error and (one.cell is None or one.rule.startswith(STRUCTURAL)) for one in findings)
        partly = on_error == "quarantine" and clean_rows > 0 and not structural
        return "partly-accepted" if partly else "rejected"
    return "accepted-with-warnings" if findings else "accepted"
