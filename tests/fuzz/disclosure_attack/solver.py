"""Whole numbers that fit: how small and how large a sum can be, for all that is known (mixed-integer programs, HiGHS)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

MOST = 20_000
"""No group of people is larger, as everybody knows of the places here."""
SECONDS = 10.0
CLOSE = 1e-6

Terms = Mapping[int, float]


@dataclass(frozen=True)
class Constraint:
    """A sum of whole numbers lies between two numbers, for a reason in words."""

    terms: Terms
    low: float
    high: float
    why: str

    def holds(self, numbers: Sequence[float]) -> bool:
        total = sum(times * numbers[n] for n, times in self.terms.items())
        return self.low - CLOSE <= total <= self.high + CLOSE


@dataclass
class Problem:
    """So many whole numbers from 0 up, and what is known of them. `pool` are numbers that fit, found on the way."""

    count: int
    constraints: list[Constraint] = field(default_factory=list)
    pool: list[list[float]] = field(default_factory=list)
    undecided: int = 0

    def can_be(self, terms: Terms, low: float, high: float, among: Sequence[Constraint] | None = None) -> bool:
        """Whether a sum can lie between two numbers; what is not decided in time counts as possible."""
        wish = Constraint(terms, low, high, "asked")
        if among is None and any(wish.holds(numbers) for numbers in self.pool):
            return True
        rows = self._connected(terms, self.constraints if among is None else among)
        found = self.fits([*rows, wish])
        if found is None:
            return False
        if among is None:
            self.pool.append(found)
        return True

    def _connected(self, terms: Terms, rows: Sequence[Constraint]) -> list[Constraint]:
        """The constraints that have to do with a sum, at whatever remove."""
        reached, chosen = set(terms), set[int]()
        while True:
            more = {n for n, row in enumerate(rows) if n not in chosen and not reached.isdisjoint(row.terms)}
            if not more:
                return [rows[n] for n in sorted(chosen)]
            chosen |= more
            reached.update(*(rows[n].terms for n in more))

    def fits(self, rows: Sequence[Constraint]) -> list[float] | None:
        used = sorted({n for row in rows for n in row.terms})
        place = {number: n for n, number in enumerate(used)}
        entries = [(r, place[n], times) for r, row in enumerate(rows) for n, times in row.terms.items()]
        if not entries:
            return [0.0] * self.count if all(row.low <= 0 <= row.high for row in rows) else None
        at, columns, values = zip(*entries, strict=True)
        matrix = csr_array((values, (at, columns)), shape=(len(rows), len(used)))
        found = milp(
            np.zeros(len(used)),
            constraints=LinearConstraint(matrix, [row.low for row in rows], [row.high for row in rows]),
            integrality=np.ones(len(used)),
            bounds=Bounds(0, MOST),
            options={"time_limit": SECONDS},
        )
        if found.status == 2:
            return None
        if found.x is None:
            self.undecided += 1
            return self._anything()
        numbers = list(self.pool[0]) if self.pool else [0.0] * self.count
        for number, value in zip(used, found.x, strict=True):
            numbers[number] = float(round(value))
        return numbers

    def _anything(self) -> list[float]:
        return list(self.pool[0]) if self.pool else [0.0] * self.count

    def because_of(self, truth: Sequence[Constraint]) -> list[str]:
        """A smallest set of constraints that what is true does not fit with, in words."""
        rows = list(self.constraints)
        for row in list(rows):
            fewer = [one for one in rows if one is not row]
            if self.fits([*fewer, *truth]) is None:
                rows = fewer
        return [row.why for row in rows]

    def because(self, terms: Terms, low: float, high: float) -> list[str]:
        """A smallest set of constraints for which a sum cannot lie between two numbers, in words."""
        rows = self._connected(terms, self.constraints)
        for row in list(rows):
            fewer = [one for one in rows if one is not row]
            if not self.can_be(terms, low, high, fewer):
                rows = fewer
        return [row.why for row in rows]
