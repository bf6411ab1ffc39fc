"""What notifications are drawn from: outcomes, expected returns, and what was told before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from local_indicators.schemas.file_precedence import Precedence
from local_indicators.schemas.return_calendar import ExpectedReturn
from local_indicators.schemas.set_aside_returns import SetAside
from local_indicators.schemas.submissions import Outcome, Submission, has_errors


@dataclass(frozen=True, eq=False)
class NotificationHistory:
    """What notifications are drawn from: validated submissions in the order of the ledger, the calendar, the keys of
    notifications that were sent (`told_keys`) or written in some message, sent or not (`composed_keys`), and when
    outcomes were loaded."""

    submissions: Mapping[str, Submission]
    outcomes: Mapping[str, tuple[Outcome, ...]]
    expected_returns: Sequence[ExpectedReturn]
    told_keys: AbstractSet[str]
    composed_keys: AbstractSet[str]
    loaded_at: Mapping[str, datetime]
    set_aside: Mapping[str, SetAside] = field(default_factory=dict)
    """What the newest attempt to publish left out, by outcome."""

    @cached_property
    def newest_by_path(self) -> Mapping[str, str]:
        """Return the newest validated submission at each path."""
        return {self.submissions[name].path: name for name in self.outcomes}

    def is_newest(self, outcome: Outcome) -> bool:
        """Return whether the submission of an outcome is still the newest at its path."""
        return self.newest_by_path[self.submissions[outcome.submission].path] == outcome.submission

    @cached_property
    def precedence(self) -> Precedence:
        """Return which of several files for one return counts."""
        return Precedence(self.submissions, self.outcomes, self.loaded_at)

    @cached_property
    def expected_return_of(self) -> Mapping[str, ExpectedReturn]:
        """Return the expected return that each outcome answers, by the id of the outcome."""
        return {outcome.id: expected for expected in self.expected_returns for outcome in expected.outcomes}

    @cached_property
    def _groups(self) -> Mapping[str, list[Outcome]]:
        """Return outcomes by path and by return."""
        groups: dict[str, list[Outcome]] = {}
        for name, outcomes in self.outcomes.items():
            for outcome in outcomes:
                groups.setdefault(f"path {self.submissions[name].path}", []).append(outcome)
                groups.setdefault(f"return {outcome.collection}", []).append(outcome)
        return groups

    def resolved_by(self, faulty: Outcome) -> Outcome | None:
        """Return the first later outcome without errors that resolves the errors of another; None if there is none."""
        path = f"path {self.submissions[faulty.submission].path}"
        candidates = [
            candidate for candidate in self._groups[path] if faulty.collection in (None, candidate.collection)
        ]
        if faulty.collection is not None:
            candidates += [
                candidate
                for candidate in self._groups[f"return {faulty.collection}"]
                if self._same_return(faulty, candidate)
            ]
        sequence = self.submissions[faulty.submission].sequence
        later = (
            candidate
            for candidate in candidates
            if self.submissions[candidate.submission].sequence > sequence and not has_errors(candidate)
        )
        return min(later, key=lambda candidate: self.submissions[candidate.submission].sequence, default=None)

    def earlier_outcomes(self, outcome: Outcome) -> list[Outcome]:
        """Return earlier outcomes for the same return at the same path, in order."""
        sequence = self.submissions[outcome.submission].sequence
        at_path = self._groups[f"path {self.submissions[outcome.submission].path}"]
        return [
            earlier
            for earlier in at_path
            if earlier.collection == outcome.collection and self.submissions[earlier.submission].sequence < sequence
        ]

    def is_still_resolved(self, resolving: Outcome) -> bool:
        """Return whether what lies at the path of a resolving outcome today is without errors too."""
        newest = self.outcomes[self.newest_by_path[self.submissions[resolving.submission].path]]
        return all(not has_errors(outcome) for outcome in newest if outcome.collection == resolving.collection)

    def _same_return(self, outcome: Outcome, other: Outcome) -> bool:
        """Return whether two outcomes answer the same expected return or share a period."""
        expected = self.expected_return_of.get(outcome.id)
        return (expected is not None and expected is self.expected_return_of.get(other.id)) or bool(
            set(outcome.periods) & set(other.periods)
        )
