"""Of several files for one return, which counts: for each period, the one that was accepted last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from schemas.outcomes import Outcome, Submission


@dataclass(frozen=True)
class Rival:
    """Another submission for the same return, and periods of which both speak. `counts`: it counts for them; otherwise
    the one that it is a rival of does, in its place. `in_part`: rows of the one that counts were left out."""

    submission: Submission
    periods: tuple[str, ...]
    counts: bool
    in_part: bool


class Precedence:
    """What counts, from judged submissions in the order in which they are loaded."""

    def __init__(self, submissions: Mapping[str, Submission], outcomes: Mapping[str, Iterable[Outcome]]) -> None:
        self._submissions = submissions
        self._accepted: dict[tuple[str | None, str], list[Outcome]] = {}
        for one in (o for group in outcomes.values() for o in group if o.accepted):
            for period in one.periods:
                self._accepted.setdefault((one.collection, period), []).append(one)

    def counts(self, one: Outcome) -> bool:
        """Whether anything of an accepted outcome counts: nothing that came later has taken the place of all of it."""
        return one.accepted and (not one.periods or bool(self.periods(one)))

    def periods(self, one: Outcome) -> tuple[str, ...]:
        """The periods for which an outcome counts."""
        return tuple(p for p in one.periods if (last := self._last(one, p)) is not None and last.id == one.id)

    def rivals(self, one: Outcome) -> tuple[Rival, ...]:
        """Those that count where an outcome speaks of the same, and those of another path whose place it took."""
        over: dict[tuple[str, bool], list[str]] = {}
        held: dict[str, Outcome] = {}
        for period in one.periods:
            last = self._last(one, period)
            if last is not None and last.submission != one.submission:
                over.setdefault((last.submission, True), []).append(period)
                held[last.submission] = last
            elif last is not None:
                for replaced in self._accepted[one.collection, period][-2:-1]:
                    if self._path(replaced) != self._path(one):
                        over.setdefault((replaced.submission, False), []).append(period)
        return tuple(
            Rival(
                self._submissions[name],
                tuple(periods),
                counts,
                (held[name] if counts else one).status == "partly-accepted",
            )
            for (name, counts), periods in over.items()
        )

    def _last(self, one: Outcome, period: str) -> Outcome | None:
        return next(reversed(self._accepted.get((one.collection, period), [])), None)

    def _path(self, one: Outcome) -> str:
        return self._submissions[one.submission].path
