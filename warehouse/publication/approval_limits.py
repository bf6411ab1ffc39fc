"""What only a person decides of a candidate: may so much change at once, and may it go on after a rollback."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.set_aside_returns import SetAside, SetAsideReason
from local_indicators.warehouse.gate.gate import ExpectationResult, Verdict
from local_indicators.warehouse.gate.set_aside import ReturnsAtFault, changes_by_load, returns_to_set_aside
from local_indicators.warehouse.publication.version_archive import VersionArchive
from local_indicators.warehouse.publication.version_difference import VersionDifference

CHANGE = "ask.change"
FEWEST_CHANGED = 20
"""A night may always change so many rows, however few there are; the limit in percent begins above it."""


@dataclass(frozen=True)
class ApprovalLimits:
    """`change_pct`: a night that changes or removes more of the live rows than this asks a person first.
    `keep_versions`: how many published versions are kept to go back to. `set_aside`: whether a return that is at fault
    is left out and the rest published; else nothing is."""

    change_pct: float = 25.0
    keep_versions: int = 10
    set_aside: bool = True

    def exceeded_by(self, rows: int, live_rows: int) -> bool:
        """Whether so many of the live rows are more than a night may change."""
        return rows > FEWEST_CHANGED and live_rows > 0 and 100.0 * rows / live_rows > self.change_pct


def require_approval(
    verdict: Verdict, differs: VersionDifference, limits: ApprovalLimits, kept: VersionArchive, version: int
) -> Verdict:
    """The verdict, with what only a person can decide: whether so much may change at once, and whether to go on after
    a rollback."""
    asked = []
    rows = differs.changed + differs.removed
    too_many = limits.exceeded_by(rows, differs.live_rows)
    said = f"one night changes or removes at most {limits.change_pct:g}% of the published rows"
    shown = (f"{rows} of {differs.live_rows} rows, {differs.changed_pct:.0f}%",) if too_many else ()
    asked.append(ExpectationResult(CHANGE, said, "critical", False, held=not too_many, count=rows, rows=shown))
    held = kept.rollback_in_force
    if held is not None and version > held["data_version"]:  # approved, and what let go of it died before it did
        held = None
    said = "nothing is published after a rollback until a person approves it"
    shown = (f"rolled back to version {held['to']} by {held['by']}",) if held else ()
    asked.append(
        ExpectationResult("ask.rolled-back", said, "critical", False, held=held is None, count=len(shown), rows=shown)
    )
    return replace(verdict, results=(*verdict.results, *asked))


def largest_changes(
    con: duckdb.DuckDBPyConnection,
    definitions: Definitions,
    files: tuple[Path, Path],
    named: ReturnsAtFault,
    set_aside: Sequence[SetAside],
    outcomes: tuple[Collection[str], Collection[str]],
    limits: ApprovalLimits,
    live_rows: int,
) -> ReturnsAtFault:
    """Where all that is wrong is that too much changes at once: the returns that change the most of it, as many as make
    it too much, so that the others are not held up. Nobody where they are all that is new, unless they were set aside
    before, and a warning where a person has released what is too much.

    `con` is the store, `files` are the candidate and the live one, `outcomes` those that were released and those that
    were left out by the attempt before.
    """
    released, was_aside = outcomes
    critical = [one for one in named.verdict.broken if one.severity == "critical"]
    if [one.id for one in critical] != [CHANGE]:
        return named
    found = changes_by_load(con, definitions, *files, set_aside)
    nobodys = max(0, critical[0].count - sum(found.by_load.values()))
    left = {load: 0 if found.outcome_of[load] in released else count for load, count in found.by_load.items()}
    largest: list[int] = []
    while left and limits.exceeded_by(nobodys + sum(left.values()), live_rows):
        largest.append(max(left, key=lambda load: (left[load], load)))
        del left[largest[-1]]
    if largest:
        known = all(found.outcome_of[load] in was_aside for load in largest)
        fault = SetAsideReason(CHANGE, critical[0].says, ())
        return replace(
            named, culprits=returns_to_set_aside(con, {load: [fault] for load in largest if left or known}, set_aside)
        )
    if limits.exceeded_by(nobodys, live_rows):
        return named
    results = (
        replace(result, severity="warning") if result.id == CHANGE else result for result in named.verdict.results
    )
    return ReturnsAtFault(Verdict(tuple(results)), ())
