"""What a reader knows of whole numbers of people, written as constraints, and the secrets that must not follow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from local_indicators.schemas.reference.breakdowns import breakdown_parts
from tests.fuzz.disclosure_attack.families import ends
from tests.fuzz.disclosure_attack.nights import Told
from tests.fuzz.disclosure_attack.notes import INF, Notes, Sum
from tests.fuzz.disclosure_attack.people import Cell, Family, Grid, Key, State
from tests.fuzz.disclosure_attack.solver import CLOSE, Constraint, Problem

Found = dict[tuple[State, str], tuple[float, float, set[str]]]
"""The ends of each number of each figure, and where they were read."""


@dataclass(frozen=True)
class Secret:
    """A number of people (`true` of them) that nobody may learn, or (`small`) learn to be below `limit`. `marked`: its
    sender said that it is below the limit, in the policy's own words. `maybe_nobody`: it does no harm to know that there
    are so few if there may be nobody, because no figure was hidden that would tell that there is somebody."""

    what: str
    cells: tuple[int, frozenset[Cell], frozenset[Cell]]
    true: int
    limit: int
    small: bool = True
    marked: bool = False
    maybe_nobody: bool = False


class Knowledge:
    """A problem of whole numbers made from what was read of one family."""

    def __init__(self, family: Family, notes: Notes) -> None:
        self.family, self.notes = family, notes
        self.epochs = _different(
            {key: state for key, state in epoch.items() if self._is_ours(key[0])} for epoch in notes.epochs
        )
        self.keys = sorted({key for epoch in self.epochs for key in epoch if key[0] in family.meanings})
        self.grid = Grid.over(family, self.keys)
        self.group = self._groups()
        self.size = max(self.group.values(), default=-1) + 1
        self.problem = Problem(self.size * max(1, len(self.epochs)))
        self.first: dict[State, int] = {}
        self._stay_the_same()
        self._bounds()

    def _is_ours(self, indicator: str) -> bool:
        return indicator in self.family.meanings or any(link.indicator == indicator for link in self.family.links)

    def _groups(self) -> dict[Cell, int]:
        """Cells that no figure tells apart are one number."""
        seen: dict[Cell, list[int]] = {cell: [] for cell in self.grid.cells}
        for n, key in enumerate(self.keys):
            for counted in (True, False):
                for cell in self.grid.people(key, counted=counted):
                    seen[cell].append(2 * n + counted)
        numbers: dict[tuple[int, ...], int] = {}
        return {cell: numbers.setdefault(tuple(by), len(numbers)) for cell, by in seen.items() if by}

    def terms(self, epoch: int, plus: Iterable[Cell], minus: Iterable[Cell] = ()) -> dict[int, float]:
        """The numbers of an epoch that make up some cells, less those of others."""
        found: dict[int, float] = {}
        off = epoch * self.size
        for n in {self.group[cell] for cell in plus if cell in self.group}:
            found[off + n] = 1.0
        for n in {self.group[cell] for cell in minus if cell in self.group}:
            found[off + n] = found.get(off + n, 0.0) - 1.0
        return {n: times for n, times in found.items() if times}

    def _of(self, state: State, *, counted: bool) -> dict[int, float]:
        return self.terms(self.first[state], self.grid.people(state[0], counted=counted))

    def _know(self, terms: Mapping[int, float], low: float, high: float, why: str) -> None:
        if terms and (low > 0 or high < INF):
            self.problem.constraints.append(Constraint(terms, low, high, why))

    def _stay_the_same(self) -> None:
        """A figure that stands unchanged in two versions counts the same people in both."""
        again: list[tuple[State, int]] = []
        for epoch, held in enumerate(self.epochs):
            for state in held.values():
                if state[0][0] in self.family.meanings and self.first.setdefault(state, epoch) != epoch:
                    again.append((state, epoch))
        pairs = [(one, self.first[one], one, epoch) for one, epoch in again]
        pairs += [
            (a, self.first[a], b, self.first[b]) for a, b in self.notes.same if a in self.first and b in self.first
        ]
        for one, begins, other, epoch in pairs:
            for counted in (True, False):
                cells = self.grid.people(one[0], counted=counted)
                terms = self.terms(begins, cells)
                for n, times in self.terms(epoch, cells).items():
                    terms[n] = terms.get(n, 0.0) - times
                if cells:
                    self.problem.constraints.append(Constraint(terms, 0.0, 0.0, f"{one} is as {other[1]}, {epoch}"))

    def _bounds(self) -> None:
        found: Found = {}
        for bound in self.notes.bounds:
            if self._is_ours(bound.state[0][0]):
                low, high, why = found.get((bound.state, bound.measure), (-INF, INF, set()))
                tighter = bound.low > low + CLOSE or bound.high < high - CLOSE
                found[bound.state, bound.measure] = (
                    max(low, bound.low), min(high, bound.high), why | {bound.where} if tighter else why,
                )  # fmt: skip
        for (state, measure), (low, high, why) in found.items():
            if measure != "value" and state in self.first:
                terms = self._of(state, counted=measure == "counted")
                self._know(
                    terms, low, high, f"{measure} of {state} from {low:g} to {high:g} ({', '.join(sorted(why))})"
                )
        for state in self.notes.hidden & self.first.keys():
            if self.family.meanings[state[0][0]].is_count and state[0] in self.notes.in_digits:
                self._know(self._of(state, counted=True), 1.0, INF, f"{state} is hidden, so not 0")
        self._values({s: (low, high) for (s, m), (low, high, _) in found.items() if m == "value"}, found)

    def _values(self, values: dict[State, tuple[float, float]], found: Found) -> None:
        """Printed values, and what their differences and means say of those that are not printed."""
        for state in self.first:  # where both numbers are shown, the value is as exact as they are
            counted, among = found.get((state, "counted")), found.get((state, "among"))
            if counted and among and among[0] > 0 and among[1] < INF:
                per = self.family.meanings[state[0][0]].per
                exact = per * counted[0] / among[1], per * counted[1] / among[0]
                values[state] = _both(values.get(state, (-INF, INF)), exact)
        for _ in range(3):
            for one in self._sums():
                self._pass_on(one, values)
        for state, (low, high) in values.items():
            both = (state, "counted") in found and (state, "among") in found
            if state in self.first and not self.family.meanings[state[0][0]].is_count and not both:
                self._ratio(state, low - CLOSE, high + CLOSE)

    def _sums(self) -> Iterator[Sum]:
        for one in self.notes.sums:
            states = [state for state, _ in one.terms]
            if all(self._is_ours(state[0][0]) for state in states):
                if all(state in self.first and self.family.meanings[state[0][0]].is_count for state in states):
                    terms: dict[int, float] = {}
                    for state, times in one.terms:
                        for n, sign in self._of(state, counted=True).items():
                            terms[n] = terms.get(n, 0.0) + sign * times
                    self.problem.constraints.append(Constraint(terms, one.low, one.high, one.where))
                else:
                    yield one
        for epoch in self.epochs:
            for link in self.family.links:
                for key, state in epoch.items():
                    if key[0] == link.indicator and link.kind not in ("complement", "part"):
                        more, less = (epoch.get(other) for other in ends(link, key))
                        if more and less:
                            yield Sum(((state, -1.0), (more, 1.0), (less, -1.0)), -CLOSE, CLOSE, link.kind)

    def _pass_on(self, one: Sum, values: dict[State, tuple[float, float]]) -> None:
        for state, times in one.terms:
            low, high = one.low, one.high
            for other, by in one.terms:
                if other != state:
                    a, b = sorted(by * end for end in values.get(other, (-INF, INF)))
                    low, high = low - b, high - a
            known = values.get(state, (-INF, INF))
            values[state] = _both(known, tuple(sorted((low / times, high / times))))  # type: ignore[arg-type]

    def _ratio(self, state: State, low: float, high: float) -> None:
        per = self.family.meanings[state[0][0]].per
        counted, among = self._of(state, counted=True), self._of(state, counted=False)
        why = f"value of {state} from {low:g} to {high:g}"
        for end, bounds in ((low, (0.0, INF)), (high, (-INF, 0.0))):
            if -INF < end < INF:
                terms = {n: per * counted.get(n, 0.0) - end * times for n, times in among.items()}
                self.problem.constraints.append(Constraint(terms, *bounds, why))


def _both(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    return max(one[0], other[0]), min(one[1], other[1])


def _different(epochs: Iterable[dict[Key, State]]) -> list[dict[Key, State]]:
    found: list[dict[Key, State]] = []
    for epoch in epochs:
        if epoch and epoch not in found:
            found.append(epoch)
    return found


# -- secrets


def secrets(known: Knowledge, told: Told) -> Iterator[Secret]:
    """Every number of the family's people below the least limit it was published under, told by a row or by two."""
    for state, epoch in known.first.items():
        row, (least, bases) = told.sent[state], told.least[state]
        counted, among = (known.grid.people(state[0], counted=c) for c in (True, False))
        assert row.counted is not None
        shown = state not in known.notes.hidden
        marked = row.sent.get("value_high") == least - 1 and row.sent.get("value_low") in (0.0, 1.0)
        if 0 < row.counted < least:
            yield Secret(
                what=f"counted by {state}",
                cells=(epoch, counted, frozenset()),
                true=row.counted,
                limit=least,
                small=True,
                marked=marked,
                maybe_nobody=shown,
            )
        elif row.sent.get("conf_status") == "c" and len(row.sent) == 2 and row.counted and row.among is None:
            yield Secret(f"asked to hide {state}", (epoch, counted, frozenset()), row.counted, least, small=False)
        if row.among is not None:
            if 0 < row.among - row.counted < least:
                others = (epoch, among, counted), row.among - row.counted
                yield Secret(f"not counted by {state}", *others, least, maybe_nobody=shown)
            if 0 < row.among < bases:
                yield Secret(f"all of {state}", (epoch, among, frozenset()), row.among, bases, maybe_nobody=shown)
    for epoch, held in enumerate(known.epochs):
        yield from _left_over(known, told, epoch, held)


def _left_over(known: Knowledge, told: Told, epoch: int, held: Mapping[Key, State]) -> Iterator[Secret]:
    """What a figure leaves of another that holds it: of the same indicator, different in one way only."""
    ours = [(key, state) for key, state in held.items() if key[0] in known.family.meanings]
    seen: set[frozenset[Cell]] = set()
    for (one, a), (other, b) in combinations(ours, 2):
        if one[0] != other[0] or sum((one[2] != other[2], one[3:5] != other[3:5], one[5] != other[5])) != 1:
            continue
        if one[5] != other[5] and abs(len(breakdown_parts(one[5])) - len(breakdown_parts(other[5]))) != 1:
            continue
        inner, outer = sorted(((one, a), (other, b)), key=lambda x: len(known.grid.people(x[0], counted=True)))
        small, large = (known.grid.people(x[0], counted=True) for x in (inner, outer))
        left = large - small
        if not small < large or left in seen:
            continue
        seen.add(left)
        true = (told.sent[outer[1]].counted or 0) - (told.sent[inner[1]].counted or 0)
        least = min(told.least[a][0], told.least[b][0])
        if 0 < true < least:
            yield Secret(f"{outer[1]} less {inner[1]}", (epoch, left, frozenset()), true, least, maybe_nobody=True)


def truth(known: Knowledge, told: Told) -> list[Constraint]:
    """What is true of each figure, as constraints: if they do not fit with what is known, the reader errs."""
    found = []
    for state in known.first:
        row = told.sent[state]
        for counted, number in ((True, row.counted), (False, row.among)):
            if number is not None:
                terms = known.terms(known.first[state], known.grid.people(state[0], counted=counted))
                found.append(Constraint(terms, number, number, f"true of {state}"))
    return found
