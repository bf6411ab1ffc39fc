"""Of several files for one return, which counts: for each period, the one that is loaded last.

Of those that are loaded together, as those of one night are, the one is loaded last whose name does not say that it is
old, a draft or a copy, and of these the one that was last changed, by what each says itself. All of it is read from
the ledger, so that it is the same on a rebuild and wherever the files were read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from local_indicators.schemas.file_names import split_version, words_meaning_draft_or_copy
from local_indicators.schemas.observations import CurrentFile
from local_indicators.schemas.submissions import Outcome, Submission

AHEAD = timedelta(days=1)
"""So far may a date lie after the arrival of its file and be believed: clocks and time zones differ."""
_PENDING = datetime.max.replace(tzinfo=UTC)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
PLAIN, LOWER_VERSION, DOUBTFUL, SENT_AGAIN = 3, 2, 1, 0
"""What the name of a file says of its standing beside others of its return, the best first. What came by a path whose
file was then changed is never more than what lies there now."""


@dataclass(frozen=True)
class RivalSubmission:
    """Another submission for the same return, and periods of which both speak. `counts`: it counts for them; otherwise
    the one that it is a rival of does, in its place. `in_part`: rows of the one that counts were left out. `why`: by
    what the one that counts was chosen, in words."""

    submission: Submission
    periods: tuple[str, ...]
    counts: bool
    in_part: bool
    why: str = ""


@dataclass(frozen=True)
class ModificationTime:
    """When a file was last changed: `own` where it says so itself, else as the inbox listed it."""

    at: datetime
    own: bool

    def __str__(self) -> str:
        by = "as it says itself" if self.own else "by its date in the inbox"
        return f"{self.at.day} {self.at:%B %Y %H:%M} UTC, {by}"


def modification_time(modified: datetime | None, changed: datetime | None, seen: datetime) -> ModificationTime | None:
    """When a file was last changed, as it says itself or else as the inbox listed it; None where nobody knows. A date
    after it was first `seen` is none."""
    for at, own in ((modified, True), (changed, False)):
        if at is not None and at <= seen + AHEAD:
            return ModificationTime(at, own)
    return None


def _dated(outcome: Outcome, submission: Submission) -> ModificationTime | None:
    return modification_time(outcome.modified, submission.changed, submission.first_seen)


def takes_precedence_over(outcome: Outcome, other: Outcome, submissions: Mapping[str, Submission]) -> bool:
    """Whether one outcome is used rather than another for a period of which both speak: by what the files say of
    themselves if they came in one night, else by which came later."""
    mine, its = submissions[outcome.submission], submissions[other.submission]
    pair = [outcome, other] if mine.sequence < its.sequence else [other, outcome]
    return (in_loading_order(pair, submissions, {}) if mine.night == its.night else pair)[-1] is outcome


def current_files(
    outcomes: Iterable[Outcome], submissions: Mapping[str, Submission], loading: Mapping[str, datetime]
) -> tuple[CurrentFile, ...]:
    """The file that counts for each period of each return, of those that were loaded before now."""
    found: dict[tuple[str, str], CurrentFile] = {}
    loaded = [o for o in outcomes if o.accepted and o.id in loading]
    for one in in_loading_order(loaded, submissions, loading):
        submission = submissions[one.submission]
        when = _dated(one, submission)
        for period in one.periods:
            at, own = (when.at, when.own) if when else (None, False)
            found[one.collection or "", period] = CurrentFile(
                one.collection or "", period, submission.path, submission.digest, at, own
            )
    return tuple(found.values())


def in_loading_order(
    outcomes: Iterable[Outcome], submissions: Mapping[str, Submission], loading: Mapping[str, datetime]
) -> list[Outcome]:
    """Accepted outcomes, given in the order of the ledger, in the order in which they are loaded.

    What is loaded together changes places only with other files of its return that speak of one of its periods.
    `loading` is when each was loaded; what is not in it will be, together.
    """
    listed = list(outcomes)
    groups: dict[tuple[datetime, str], list[int]] = {}
    for number, one in enumerate(listed):
        if submissions[one.submission].changed is None:
            continue  # a release took it in that loaded in the order of the ledger
        at = loading.get(one.id, _PENDING)
        groups.setdefault((at, f"{one.partner}/{one.collection}"), []).append(number)
    ordered = list(listed)
    for numbers in groups.values():
        for rivals in _speaking_of_one(numbers, listed):
            files = [listed[number] for number in rivals]
            ranks = _ranks(files, submissions)
            keyed = sorted(rivals, key=lambda number: (*ranks[listed[number].id], number))
            for place, number in zip(rivals, keyed, strict=True):
                ordered[place] = listed[number]
    if not loading:
        return ordered
    return sorted(ordered, key=lambda one: _loaded(one, submissions, loading))


def _loaded(outcome: Outcome, submissions: Mapping[str, Submission], loading: Mapping[str, datetime]) -> datetime:
    unknown = _PENDING if submissions[outcome.submission].changed is not None else _LONG_AGO
    return loading.get(outcome.id, unknown)


def _speaking_of_one(numbers: Sequence[int], listed: Sequence[Outcome]) -> list[list[int]]:
    """Outcomes of one return in groups of which each shares a period with another."""
    groups: list[tuple[set[str], list[int]]] = []
    for number in numbers:
        periods = set(listed[number].periods)
        near = [group for group in groups if group[0] & periods]
        groups = [group for group in groups if not group[0] & periods]
        groups.append((periods.union(*(one[0] for one in near)), sorted([*(n for _, ns in near for n in ns), number])))
    return [members for _, members in groups]


def _ranks(files: Sequence[Outcome], submissions: Mapping[str, Submission]) -> dict[str, tuple[int, datetime]]:
    """What makes a file come after others of its return: what its name says, then when it was changed."""
    newest = {submissions[file.submission].path: file.submission for file in files}
    versions = [version for file in files if (version := split_version(submissions[file.submission].path))]
    found = {}
    for file in files:
        submission = submissions[file.submission]
        when = _dated(file, submission)
        rank = _standing(submission.path, versions) if newest[submission.path] == file.submission else SENT_AGAIN
        found[file.id] = (rank, when.at if when and rank != SENT_AGAIN else _LONG_AGO)
    return found


def _standing(path: str, versions: Sequence[tuple[str, tuple[int, ...]]]) -> int:
    if words_meaning_draft_or_copy(path):
        return DOUBTFUL
    mine = split_version(path)
    lower = mine is not None and any(mine[0] == name and mine[1] < number for name, number in versions)
    return LOWER_VERSION if lower else PLAIN


class Precedence:
    """What counts, from judged submissions in the order of the ledger and the instants at which they were loaded."""

    def __init__(
        self,
        submissions: Mapping[str, Submission],
        outcomes: Mapping[str, Iterable[Outcome]],
        loading: Mapping[str, datetime],
    ) -> None:
        self._submissions, self._loading = submissions, loading
        self._accepted: dict[tuple[str | None, str], list[Outcome]] = {}
        accepted = [o for group in outcomes.values() for o in group if o.accepted]
        for one in in_loading_order(accepted, submissions, loading):
            for period in one.periods:
                self._accepted.setdefault((one.collection, period), []).append(one)

    def counts(self, outcome: Outcome) -> bool:
        """Whether anything of an accepted outcome counts: nothing that came later has taken the place of all of it."""
        return outcome.accepted and (not outcome.periods or bool(self.periods(outcome)))

    def periods(self, outcome: Outcome) -> tuple[str, ...]:
        """The periods for which an outcome counts."""
        return tuple(
            p
            for p in outcome.periods
            if (last := self.last(outcome.collection, p)) is not None and last.id == outcome.id
        )

    def last(self, collection: str | None, period: str) -> Outcome | None:
        """The outcome that counts for a period of a return."""
        return next(reversed(self._accepted.get((collection, period), [])), None)

    def rivals(self, outcome: Outcome) -> tuple[RivalSubmission, ...]:
        """Those that count where an outcome speaks of the same, and those of another path whose place it took."""
        over: dict[tuple[str, bool], list[str]] = {}
        held: dict[str, Outcome] = {}
        for period in outcome.periods:
            last = self.last(outcome.collection, period)
            if last is not None and last.submission != outcome.submission:
                over.setdefault((last.submission, True), []).append(period)
                held[last.submission] = last
            elif last is not None:
                for replaced in self._replaced(outcome, period):
                    over.setdefault((replaced.submission, False), []).append(period)
                    held[replaced.submission] = replaced
        return tuple(
            RivalSubmission(
                self._submissions[name],
                tuple(periods),
                counts,
                (held[name] if counts else outcome).status == "partly-accepted",
                self._why(*(held[name], outcome) if counts else (outcome, held[name])),
            )
            for (name, counts), periods in over.items()
        )

    def _replaced(self, outcome: Outcome, period: str) -> list[Outcome]:
        """Whose place an outcome took in a period: the one before it, and all others that were loaded together with it,
        each of another path."""
        before = self._accepted[outcome.collection, period][:-1]
        at = self._loading.get(outcome.id, _PENDING)
        together = [o for o in before if self._loading.get(o.id, _PENDING) == at]
        return [o for o in dict.fromkeys([*before[-1:], *together]) if self._path(o) != self._path(outcome)]

    def _why(self, used: Outcome, other: Outcome) -> str:
        """By what one outcome counts and another does not."""
        if not other.accepted:
            return ""
        if self._loading.get(used.id, _PENDING) != self._loading.get(other.id, _PENDING):
            return "it came after"
        names = [self._path(used), self._path(other)]
        versions = [version for name in names if (version := split_version(name))]
        ranks = [_standing(name, versions) for name in names]
        if ranks[0] > ranks[1]:
            word = words_meaning_draft_or_copy(names[1]) or "a lower version"
            return f"the name of the other says {word!r}"
        mine, its = (_dated(o, self._submissions[o.submission]) for o in (used, other))
        if mine is not None and its is not None and mine.at != its.at:
            return f"it was changed last, on {mine}; the other on {its}"
        return "it was taken in last, and nothing tells which was changed last"

    def _path(self, outcome: Outcome) -> str:
        return self._submissions[outcome.submission].path
