"""What partners sent before, found by its bytes, so that a file that was moved or renamed is told from a new one."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from flows.intake.inbox_files import LandedFile
from flows.intake.reading_files import same_bytes
from flows.records.ledger import Ledger
from flows.run_context import RunContext
from inputs.layouts.partner_layouts import Partner
from schemas.file_names import words_meaning_draft_or_copy
from schemas.submissions import Submission


class KnownArrivals:
    """Each partner's submissions, to be found by their bytes."""

    def __init__(self, night: RunContext) -> None:
        self._night = night
        self._of: dict[str, list[Submission]] = {}
        self._by_bytes: dict[tuple[str, str], list[Submission]] = {}
        for one in night.ledger.submissions.values():
            self.add(one)

    def add(self, one: Submission) -> None:
        self._of.setdefault(one.partner, []).append(one)
        self._by_bytes.setdefault((one.partner, one.digest), []).append(one)

    def find_current(self, taken: LandedFile) -> Submission | None:
        """The submission of the same bytes, if the name says the same of it, if nothing that came later answers the
        same return, and if it would not be judged by other rules than those that rejected it. A name that no longer
        says that the file is old or a copy says something else of it."""
        partner = self._night.partners[taken.file.partner]
        answers = _named_like(partner, taken.file.path)
        same = self._by_bytes.get((partner.id, taken.digest), [])
        same = [one for one in same if same_bytes(taken, one) and _named_like(partner, one.path) == answers]
        same = [
            one
            for one in same
            if words_meaning_draft_or_copy(taken.file.path) or not words_meaning_draft_or_copy(one.path)
        ]
        if not same or self._came_later(same[-1]) or self._rejected_by_other_rules(same[-1], partner):
            return None
        return same[-1]

    def _came_later(self, one: Submission) -> bool:
        ledger = self._night.ledger
        mine = _returns_of(ledger, one)
        later = (s for s in reversed(self._of[one.partner]) if s.sequence > one.sequence)
        return any(mine is None or (its := _returns_of(ledger, s)) is None or mine & its for s in later)

    def _rejected_by_other_rules(self, one: Submission, partner: Partner) -> bool:
        rules = (self._night.definitions.digest, partner.digest)
        outcomes = self._night.ledger.outcomes.get(one.id, ())
        return any(o.status == "rejected" and (o.definitions, o.layouts) != rules for o in outcomes)


def _named_like(partner: Partner, path: str) -> frozenset[str]:
    """The returns of a partner that a file's name speaks of, by which a file is told before its contents are."""
    name = PurePosixPath(path).name.casefold()
    said = partner.says.collection
    return frozenset(c.id for c in said if any(fnmatchcase(name, pattern.casefold()) for pattern in c.files))


def _returns_of(ledger: Ledger, one: Submission) -> frozenset[str] | None:
    """The returns that a submission was found to answer; None if it was not judged yet."""
    outcomes = ledger.outcomes.get(one.id)
    return None if outcomes is None else frozenset(o.collection for o in outcomes if o.collection)
