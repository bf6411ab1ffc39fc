"""How large and how small whole numbers can be, given sums of them that lie between ends."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

SECONDS = 5.0
NODES = 20_000
MOST_NUMBERS = 4000
"""Beyond this many numbers in one group they are not taken as whole: the program would not end."""
ENOUGH = 1e-6


@dataclass(frozen=True)
class LinearBound:
    """A sum of numbers, with coefficients, that lies between two ends."""

    terms: tuple[tuple[int, float], ...]
    low: float
    high: float
    printed: bool = False


@dataclass(frozen=True)
class UnknownNumbers:
    """Numbers that are not known, what is known of their sums, and the least that each can be."""

    numbers: tuple[int, ...]
    bounds: tuple[LinearBound, ...]
    least: tuple[float, ...]


def upper_bounds(group: UnknownNumbers, limits: Mapping[int, float]) -> set[int]:
    """Those numbers that can be as large as their limits, each for itself. A number of which nothing bounds the size
    can; in a group that contradicts itself, so that a reader can make nothing of it, all can. One of which the solver
    cannot tell in time cannot."""
    found = _free(group, limits)
    left = {number: limit for number, limit in limits.items() if number not in found}
    if not left:
        return found
    if (solved := _solve(group, list(left.items()))) is None:
        group = _consistent(group)
        solved = _solve(group, list(left.items()))
    while solved is not None:
        new = {number for number, limit in left.items() if solved[number] >= limit - ENOUGH}
        found |= new
        left = {number: limit for number, limit in left.items() if number not in new}
        if not new or not left:
            break
        solved = _solve(group, list(left.items()))
    for number, limit in left.items():
        solved = _solve(group, [(number, limit)])
        if solved is not None and solved[number] >= limit - ENOUGH:
            found.add(number)
    return found


def lower_bound(group: UnknownNumbers, number: int) -> float:
    """The least that a number can be; 1 where the solver cannot tell in time."""
    solved = _solve(_consistent(group), [(number, -1.0)])
    return 1.0 if solved is None else solved[number]


def _free(group: UnknownNumbers, limits: Mapping[int, float]) -> set[int]:
    """Numbers that can reach their limit in a group of one sum: all others at their least."""
    if not group.bounds:
        return set(limits)
    if len(group.bounds) > 1:
        return set()
    (bound,) = group.bounds
    signs, least = dict(bound.terms), dict(zip(group.numbers, group.least, strict=True))
    if any(abs(sign) != 1.0 for sign in signs.values()) or bound.low != bound.high:
        return set()
    found = set()
    for number, limit in limits.items():
        over = signs[number] * limit + sum(sign * least[n] for n, sign in signs.items() if n != number) - bound.low
        others = [sign for n, sign in signs.items() if n != number]
        can_rise = signs[number] * over < 0  # it can be larger still, and the sum then holds
        if abs(over) <= ENOUGH or can_rise or least[number] >= limit or any(sign * over < 0 for sign in others):
            found.add(number)
    return found


def _consistent(group: UnknownNumbers) -> UnknownNumbers:
    """The group, or what is left of it where it contradicts itself: numbers may be nothing, printed numbers may be off
    by more than rounding, and in the end nothing is known."""
    if _solve(group, []) is not None:
        return group
    nothing = tuple(min(0.0, least) for least in group.least)
    loose = UnknownNumbers(group.numbers, group.bounds, nothing)
    if _solve(loose, []) is not None:
        return loose
    unprinted = UnknownNumbers(group.numbers, tuple(b for b in group.bounds if not b.printed), nothing)
    if _solve(unprinted, []) is not None:
        return unprinted
    return UnknownNumbers(group.numbers, (), nothing)


def _solve(group: UnknownNumbers, aims: Iterable[tuple[int, float]]) -> dict[int, float] | None:
    """Numbers that keep every bound and bring those of the aims as near to their limits as can be, or for a limit
    below 0 as low; None where there are none or none were found in time."""
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp

    wanted = list(aims)
    count = len(group.numbers)
    place = {number: n for n, number in enumerate(group.numbers)}
    matrix, low, high = _matrix(group, place, [(place[number], limit) for number, limit in wanted if limit >= 0])
    capped = [limit for _, limit in wanted if limit >= 0]
    costs = np.zeros(count + len(capped))
    costs[count:] = -1.0
    for number, limit in wanted:
        if limit < 0:
            costs[place[number]] = 1.0
    lower = np.concatenate([np.array(group.least, dtype=float), np.full(len(capped), -math.inf)])
    upper = np.concatenate([np.full(count, math.inf), np.array(capped, dtype=float)])
    whole = (
        np.zeros(count + len(capped))
        if count > MOST_NUMBERS
        else np.concatenate([np.ones(count), np.zeros(len(capped))])
    )
    found = milp(
        costs,
        constraints=[LinearConstraint(matrix, low, high)] if matrix is not None else [],
        bounds=Bounds(lower, upper),
        integrality=whole,
        options={"time_limit": SECONDS, "node_limit": NODES},
    )
    if found.x is None:
        return None
    return {number: float(found.x[n]) for number, n in place.items()}


def _matrix(
    group: UnknownNumbers, place: Mapping[int, int], capped: list[tuple[int, float]]
) -> tuple[Any, list[float], list[float]]:
    """The bounds as rows, and one for each number that is to reach a limit: what it reaches is no more than it is."""
    from scipy.sparse import coo_array

    count = len(place)
    rows, columns, signs = [], [], []
    for row, bound in enumerate(group.bounds):
        for number, sign in bound.terms:
            rows.append(row)
            columns.append(place[number])
            signs.append(sign)
    low, high = [bound.low for bound in group.bounds], [bound.high for bound in group.bounds]
    for n, (at, _) in enumerate(capped):
        rows += [len(group.bounds) + n] * 2
        columns += [count + n, at]
        signs += [1.0, -1.0]
        low.append(-math.inf)
        high.append(0.0)
    if not rows:
        return None, [], []
    shape = (len(low), count + len(capped))
    return coo_array((signs, (rows, columns)), shape=shape).tocsr(), low, high
