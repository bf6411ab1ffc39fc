"""What the ledger records of returns: submissions, their outcomes, and the waivers granted for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from local_indicators.common.config_files import STRICT_KEYS
from local_indicators.common.json_records import Instant
from local_indicators.schemas.findings import Finding
from local_indicators.schemas.observations import Waiver

STRUCTURAL = ("return.", "layout.", "row.missing")
"""Rules about the shape of a return, whose breaking leaves rows unread or missing."""

Status = Literal["accepted", "accepted-with-warnings", "partly-accepted", "rejected"]


@dataclass(frozen=True)
class Submission:
    """The arrival of a file: the bytes at a partner's path, seen for the first time or changed since.

    `path` begins with the partner's folder. `night` is the London date of the night that counts it, and `first_seen`
    the time (UTC). `meta` is the digest of the meta file beside a csv; the two are one submission. `changed` is when
    the inbox says the file was last changed; None where an earlier release did not note it.
    """

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
    """What became of one submission for one return.

    `collection` is None where the file answers none. `periods` are those it contains, `table` names the archived tidy
    table of what was accepted, and `definitions` and `layouts` are digests of the definitions and the partner's TOML it
    was validated by. `validation_number` counts the validations of the submission, which is validated again when a
    waiver is granted for it; the ledger calls it `judgement`, and `validated_at` (UTC) `judged_at`. `modified` is when
    the file says it was last saved.
    """

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
    validated_at: Annotated[Instant, Field(alias="judged_at")]
    validation_number: Annotated[int, Field(alias="judgement")] = 1
    modified: Instant | None = None

    @property
    def id(self) -> str:
        """Return the name of the outcome."""
        return outcome_id(self.submission, self.collection, self.validation_number)

    @property
    def accepted(self) -> bool:
        """Return whether anything of the return was accepted."""
        return self.status != "rejected"


def outcome_id(submission: str, collection: str | None, validation_number: int) -> str:
    """Return the name of an outcome, under which loads and notifications refer to it."""
    again = f"/{validation_number}" if validation_number > 1 else ""
    return f"{submission}/{collection or '-'}{again}"


@dataclass(frozen=True)
class WaiverGrant:
    """A waiver as the ledger keeps it, with the submission and cell it was granted for and the time (UTC)."""

    __pydantic_config__ = STRICT_KEYS
    id: str
    waiver: Waiver
    submission: str
    sheet: str
    cell: str
    granted_at: Instant


def status_from_findings(findings: Sequence[Finding], *, clean_rows: int, on_error: str) -> Status:
    """Return the status that findings give a return.

    With `on_error` "quarantine", clean rows of a return with errors still count, unless an error is about more than
    single cells: then nobody can tell which rows were never read.
    """
    if any(finding.is_error for finding in findings):
        structural = any(
            finding.is_error and (finding.cell is None or finding.rule.startswith(STRUCTURAL)) for finding in findings
        )
        partly = on_error == "quarantine" and clean_rows > 0 and not structural
        return "partly-accepted" if partly else "rejected"
    return "accepted-with-warnings" if findings else "accepted"


def has_errors(outcome: Outcome) -> bool:
    """Return whether an outcome has a finding that is an error."""
    return any(finding.is_error for finding in outcome.findings)
