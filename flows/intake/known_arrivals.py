"""Find earlier submissions by their bytes, to tell a file that was moved or renamed from a new one."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from local_indicators.flows.intake.inbox_files import LandedFile
from local_indicators.flows.intake.reading_files import same_bytes
from local_indicators.flows.records.ledger import Ledger
from local_indicators.flows.run_context import RunContext
from local_indicators.inputs.layouts.partner_layouts import Partner
from local_indicators.schemas.file_names import words_meaning_draft_or_copy
from local_indicators.schemas.submissions import Submission


class KnownArrivals:
    """Each partner's submissions, to be found by their bytes."""

    def __init__(self, context: RunContext) -> None:
        """Index the submissions of the ledger."""
        self._night = context
        self._of: dict[str, list[Submission]] = {}
        self._by_bytes: dict[tuple[str, str], list[Submission]] = {}
        for submission in context.ledger.submissions.values():
            self.add(submission)

    def add(self, submission: Submission) -> None:
        """Add a submission."""
        self._of.setdefault(submission.partner, []).append(submission)
        self._by_bytes.setdefault((submission.partner, submission.digest), []).append(submission)

    def find_current(self, landed: LandedFile) -> Submission | None:
        """Return the submission with the same bytes if it is still the current answer; else None.

        It is if the name says the same of it, if nothing that came later answers the same return, and if it would not
        be validated by other rules than those that rejected it. A name that no longer says that the file is old or a
        copy says something else of it.
        """
        partner = self._night.partners[landed.file.partner]
        answers = _named_like(partner, landed.file.path)
        same = self._by_bytes.get((partner.id, landed.digest), [])
        same = [
            submission
            for submission in same
            if same_bytes(landed, submission) and _named_like(partner, submission.path) == answers
        ]
        same = [
            submission
            for submission in same
            if words_meaning_draft_or_copy(landed.file.path) or not words_meaning_draft_or_copy(submission.path)
        ]
        if not same or self._came_later(same[-1]) or self._rejected_by_other_rules(same[-1], partner):
            return None
        return same[-1]

    def _came_later(self, submission: Submission) -> bool:
        """Return whether something that came later answers, or may answer, the same return."""
        ledger = self._night.ledger
        returns = _returns_of(ledger, submission)
        later = (s for s in reversed(self._of[submission.partner]) if s.sequence > submission.sequence)
        return any(
            returns is None or (other_returns := _returns_of(ledger, s)) is None or returns & other_returns
            for s in later
        )

    def _rejected_by_other_rules(self, submission: Submission, partner: Partner) -> bool:
        """Return whether other definitions or layouts than today's rejected a submission."""
        rules = (self._night.definitions.digest, partner.digest)
        outcomes = self._night.ledger.outcomes.get(submission.id, ())
        return any(o.status == "rejected" and (o.definitions, o.layouts) != rules for o in outcomes)


def _named_like(partner: Partner, path: str) -> frozenset[str]:
    """Return the partner's returns that a file name matches."""
    name = PurePosixPath(path).name.casefold()
    collections = partner.says.collection
    return frozenset(c.id for c in collections if any(fnmatchcase(name, pattern.casefold()) for pattern in c.files))


def _returns_of(ledger: Ledger, submission: Submission) -> frozenset[str] | None:
    """Return the returns that a submission answers; None if it was not validated yet."""
    outcomes = ledger.outcomes.get(submission.id)
    return None if outcomes is None else frozenset(o.collection for o in outcomes if o.collection)
