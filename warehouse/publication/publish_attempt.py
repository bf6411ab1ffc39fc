"""One attempt to publish: candidates are built, compared and judged until one passes or nobody can be named."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.set_aside_returns import SetAside
from local_indicators.warehouse.gate.gate import Verdict, judge_candidate
from local_indicators.warehouse.gate.set_aside import ReturnsAtFault, find_returns_at_fault
from local_indicators.warehouse.mart.build_mart import build_candidate
from local_indicators.warehouse.publication.approval_limits import ApprovalLimits, largest_changes, require_approval
from local_indicators.warehouse.publication.version_archive import VersionArchive
from local_indicators.warehouse.publication.version_difference import (
    VersionDifference,
    compare_versions,
    count_table_differences,
)


@dataclass(frozen=True)
class PublicationAttempt:
    """What the candidates of one attempt to publish are made and judged with. `outcomes`: those that a person let
    through, and those that the attempt before left out."""

    con: duckdb.DuckDBPyConnection
    candidate: Path
    before: Path | None
    definitions: Definitions
    sources: Mapping[str, Any]
    limits: ApprovalLimits
    kept: VersionArchive
    version: int
    outcomes: tuple[Collection[str], Collection[str]]
    step: Callable[[str], None]


@dataclass(frozen=True)
class JudgedCandidate:
    """A candidate as it was judged last, and what it leaves out. `is_live`: no row of it differs from the live file."""

    changed: dict[str, int]
    differs: VersionDifference
    verdict: Verdict
    set_aside: tuple[SetAside, ...]
    is_live: bool = False


def settle_candidate(attempt: PublicationAttempt) -> JudgedCandidate:
    """Build candidates, each without the returns that were at fault in the one before, until the gate lets one pass or
    nobody can be named for what is wrong with it."""
    set_aside: tuple[SetAside, ...] = ()
    while True:
        attempt.step("build the candidate")
        build_candidate(attempt.con, attempt.candidate, attempt.definitions, set_aside=set_aside, **attempt.sources)
        attempt.step("compare with what is published")
        changed = count_table_differences(attempt.candidate, attempt.before)
        if attempt.before is not None and not changed:
            return JudgedCandidate({}, VersionDifference(), Verdict(()), set_aside, is_live=True)
        differs = compare_versions(attempt.candidate, attempt.before)
        attempt.step("judge the candidate")
        named = _judged(attempt, differs, set_aside)
        if named.verdict.passed or not named.culprits:
            return JudgedCandidate(changed, differs, named.verdict, set_aside)
        set_aside = tuple(sorted([*set_aside, *named.culprits], key=lambda one: one.outcome))
        attempt.candidate.unlink()


def _judged(attempt: PublicationAttempt, differs: VersionDifference, set_aside: Sequence[SetAside]) -> ReturnsAtFault:
    """What the gate finds of the candidate, and who is to blame for it, as far as the limits let it be set aside."""
    verdict = judge_candidate(attempt.candidate, attempt.before, attempt.definitions, attempt.sources["today"])
    verdict = require_approval(verdict, differs, attempt.limits, attempt.kept, attempt.version)
    if not verdict.approvable:  # the file is at fault, or gives something away: nobody's return is to blame for that
        return ReturnsAtFault(verdict, ())
    named = find_returns_at_fault(attempt.con, attempt.definitions, verdict, set_aside, attempt.outcomes[0])
    if attempt.before is not None and not named.culprits:
        named = largest_changes(
            attempt.con,
            attempt.definitions,
            (attempt.candidate, attempt.before),
            named,
            set_aside,
            attempt.outcomes,
            attempt.limits,
            differs.live_rows,
        )
    return named if attempt.limits.set_aside else replace(named, culprits=())
