"""Secondary suppression as linear programs: what else must be hidden so that no hidden number can be worked out.

Method: cell suppression with upper protection levels (L. H. Cox, "Suppression methodology and statistical disclosure
control", JASA 75, 1980), one cell at a time by the cheapest change that keeps every total (J. P. Kelly, B. L. Golden,
A. A. Assad, "Cell suppression: disclosure protection for sensitive tabular data", Networks 22, 1992).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

ENOUGH = 1e-6
KNOWN_COST = 1e6
"""What it costs to hide a number that an earlier version showed: it is of use only where nothing else helps."""


@dataclass(frozen=True)
class ProtectedNumber:
    """One number that is told, or could be worked out. `floor`: a reader knows that it is not below this. `implied`: it
    is in no row. `known`: an earlier version showed it. `fixed`: it is never hidden for another's sake."""

    value: float
    floor: float
    implied: bool = False
    known: bool = False
    fixed: bool = False


@dataclass
class SuppressionProblem:
    """Numbers, the rows that tell each, and the sums that hold among them (coefficients that add up to 0)."""

    quantities: list[ProtectedNumber] = field(default_factory=list)
    told_by: list[set[int]] = field(default_factory=list)
    sums: list[tuple[tuple[int, float], ...]] = field(default_factory=list)
    matrices: dict[int, tuple[list[int], Any]] = field(default_factory=dict)
    """What _matrix made, by the first of the sums; no sum is added once it is asked for."""

    def add(self, quantity: ProtectedNumber) -> int:
        """Add a number; return its place among the numbers."""
        self.quantities.append(quantity)
        self.told_by.append(set())
        return len(self.quantities) - 1


def secondary_suppression(
    problem: SuppressionProblem, targets: Iterable[tuple[int, float]], rows: Iterable[int]
) -> set[int]:
    """The rows to hide: those given, and what must be hidden with them so that each target could, for all that a reader
    knows, be higher than it is by at least its rise. Whoever cannot exclude that knows neither the number nor that it
    is small."""
    hidden = set(rows)
    targets = list(targets)
    for quantity, _ in targets:
        hidden |= problem.told_by[quantity]
    where = _components(problem)
    for quantity, rise in sorted(targets, key=lambda t: (-problem.quantities[t[0]].value, t)):
        if sums := where.get(quantity):
            _protect_one(problem, sums, quantity, rise, hidden)
    return hidden


def _components(problem: SuppressionProblem) -> dict[int, list[int]]:
    """For each quantity, the sums that it is connected with."""
    parent = list(range(len(problem.sums)))

    def root(n: int) -> int:
        while parent[n] != n:
            parent[n] = parent[parent[n]]
            n = parent[n]
        return n

    first: dict[int, int] = {}
    for number, terms in enumerate(problem.sums):
        for quantity, _ in terms:
            parent[root(number)] = root(first.setdefault(quantity, number))
    groups: dict[int, list[int]] = defaultdict(list)
    for number in range(len(problem.sums)):
        groups[root(number)].append(number)
    return {quantity: groups[root(number)] for quantity, number in first.items()}


def _protect_one(problem: SuppressionProblem, sums: Sequence[int], target: int, rise: float, hidden: set[int]) -> None:
    for use_known in (problem.quantities[target].known, True):
        changed = (
            _within_one_sum(problem, problem.sums[sums[0]], target, rise, hidden, use_known=use_known)
            if len(sums) == 1
            else _across_sums(problem, sums, target, rise, hidden, use_known=use_known)
        )
        if changed is not None:
            break
    else:  # nothing that could be hidden would do: hide all that it could be worked out from
        changed = [quantity for number in sums for quantity, _ in problem.sums[number]]
    for quantity in changed:
        if not problem.quantities[quantity].fixed:
            hidden |= problem.told_by[quantity]


def _cost(problem: SuppressionProblem, quantity: int, hidden: set[int]) -> float:
    one = problem.quantities[quantity]
    if one.implied or problem.told_by[quantity] <= hidden:
        return 0.0
    return 1.0 + math.log1p(abs(one.value)) + (KNOWN_COST if one.known else 0.0)


def _may_change(problem: SuppressionProblem, quantity: int, hidden: set[int], *, use_known: bool) -> bool:
    one = problem.quantities[quantity]
    if one.known and not use_known:
        return False
    return not one.fixed or one.implied or problem.told_by[quantity] <= hidden


def _within_one_sum(
    problem: SuppressionProblem,
    terms: Sequence[tuple[int, float]],
    target: int,
    rise: float,
    hidden: set[int],
    *,
    use_known: bool,
) -> list[int] | None:
    """The cheapest quantities whose change makes up for the target's rise in a sum that shares none with another."""
    signs = dict(terms)
    room, chosen = 0.0, []
    others = [q for q, _ in terms if q != target and _may_change(problem, q, hidden, use_known=use_known)]
    for quantity in sorted(others, key=lambda q: (_cost(problem, q, hidden), q)):
        if room >= rise - ENOUGH:
            break
        one = problem.quantities[quantity]
        moves = math.inf if signs[quantity] * signs[target] < 0 else max(0.0, one.value - one.floor)
        if moves > 0:
            room += moves
            chosen.append(quantity)
    return chosen if room >= rise - ENOUGH else None


def _across_sums(
    problem: SuppressionProblem, sums: Sequence[int], target: int, rise: float, hidden: set[int], *, use_known: bool
) -> list[int] | None:
    """The quantities that change in the cheapest set of numbers that keeps every sum and has the target risen."""
    import numpy as np
    from scipy.optimize import linprog

    involved, matrix = _matrix(problem, sums)
    count = len(involved)
    bounds = np.zeros((2 * count, 2))
    costs = np.zeros(count)
    for n, quantity in enumerate(involved):
        one = problem.quantities[quantity]
        if _may_change(problem, quantity, hidden, use_known=use_known):
            bounds[n, 1], bounds[count + n, 1] = math.inf, max(0.0, one.value - one.floor)
        costs[n] = _cost(problem, quantity, hidden)
    place = involved.index(target)
    bounds[place], bounds[count + place] = (rise, rise), (0.0, 0.0)
    found = linprog(
        np.concatenate([costs, costs]), A_eq=matrix, b_eq=np.zeros(len(sums)), bounds=bounds, method="highs"
    )
    if found.status != 0:
        return None
    changed = np.flatnonzero(np.maximum(found.x[:count], found.x[count:]) > ENOUGH)
    return [involved[n] for n in changed]


def _matrix(problem: SuppressionProblem, sums: Sequence[int]) -> tuple[list[int], Any]:
    """The quantities of connected sums, and the sums as rows over the rise and then the fall of each."""
    from scipy.sparse import coo_array

    key = sums[0]
    if key not in problem.matrices:
        involved = sorted({q for number in sums for q, _ in problem.sums[number]})
        place = {quantity: n for n, quantity in enumerate(involved)}
        entries = [
            (row, place[quantity] + off, sign * way)
            for row, number in enumerate(sums)
            for quantity, sign in problem.sums[number]
            for off, way in ((0, 1.0), (len(involved), -1.0))
        ]
        rows, columns, signs = zip(*entries, strict=True)
        shape = (len(sums), 2 * len(involved))
        problem.matrices[key] = involved, coo_array((signs, (rows, columns)), shape=shape).tocsr()
    return problem.matrices[key]
