"""Who is counted by what: every figure is about a set of people, and people are told apart by place, time and traits.

A family of indicators speaks of the same people. The `Grid` of a family divides them into the smallest cells that its
figures can tell apart, so that every total, part, overlap, window and complement is a sum of the same cells.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise, product
from typing import Literal

from local_indicators.schemas.reference.breakdowns import breakdown_parts
from local_indicators.schemas.reference.periods import read_period
from tests.fuzz.disclosure_attack.places import members

HIGH, MIDDLE, LOW = "high", "middle", "low"
OUTCOMES = (HIGH, MIDDLE, LOW)
"""What became of somebody: level 3, level 2 but not level 3, neither."""

Key = tuple[str, str, str, str, str, str]
"""Indicator, definition version, area, time identifier, time period, breakdown."""
Cell = tuple[int, int, tuple[str, ...], str]
"""Place, span of time, one value of each dimension, outcome."""
State = tuple[Key, str]
"""One figure as one submission gave it."""


@dataclass(frozen=True)
class Meaning:
    """What an indicator's definition says: whose number it gives (`counted`), among whom (`among`; nobody for a count),
    times what (`per`), and to how many decimals it is printed."""

    counted: frozenset[str]
    among: frozenset[str] = frozenset()
    per: float = 1.0
    decimals: int = 0

    @property
    def is_count(self) -> bool:
        return not self.among


@dataclass(frozen=True)
class Link:
    """What an indicator has to do with another, its `level`, as the definitions say; a gap lies between two breakdowns."""

    indicator: str
    kind: Literal["complement", "gap", "england-gap", "change", "part"]
    level: str
    breakdowns: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Family:
    """Indicators about the same people, as their public definitions describe them."""

    name: str
    meanings: Mapping[str, Meaning]
    dimensions: Mapping[str, tuple[str, ...]]
    links: tuple[Link, ...] = ()

    @property
    def outcomes(self) -> tuple[str, ...]:
        named = {one for meaning in self.meanings.values() for one in meaning.counted | meaning.among}
        return tuple(one for one in OUTCOMES if one in named)


def days_of(identifier: str, code: str) -> tuple[date, date]:
    """The first day of a period, and the first day after it."""
    period = read_period(code, identifier)
    assert period is not None
    assert period.end is not None
    return period.start, period.end + timedelta(days=1)


@dataclass(frozen=True)
class Grid:
    """The cells of a family, over the areas, periods and dimensions of its figures."""

    family: Family
    places: tuple[frozenset[str], ...]
    edges: tuple[date, ...]
    dimensions: tuple[str, ...]
    cells: tuple[Cell, ...]
    cache: dict[tuple[Key, bool], frozenset[Cell]] = field(default_factory=dict)

    @classmethod
    def over(cls, family: Family, keys: Iterable[Key]) -> Grid:
        keys = [key for key in keys if key[0] in family.meanings]
        areas = sorted({key[2] for key in keys})
        signatures: dict[frozenset[str], set[str]] = {}
        for unit in set().union(*(members(area) for area in areas)):
            signatures.setdefault(frozenset(a for a in areas if unit in members(a)), set()).add(unit)
        named = {name for key in keys for name in breakdown_parts(key[5])}
        dimensions = tuple(name for name in family.dimensions if name in named)
        edges = tuple(sorted({day for key in keys for day in days_of(key[3], key[4])}))
        covered = [n for n, (a, b) in enumerate(pairwise(edges)) if any(_within(a, b, key) for key in keys)]
        groups = list(product(*(family.dimensions[name] for name in dimensions)))
        places = tuple(sorted(signatures, key=sorted))
        cells = tuple(product(range(len(places)), covered, groups, family.outcomes))
        return cls(family, places, edges, dimensions, cells)

    def people(self, key: Key, *, counted: bool) -> frozenset[Cell]:
        """The cells of those that a figure counts, or among whom it counts."""
        if (key, counted) not in self.cache:
            meaning = self.family.meanings[key[0]]
            outcomes = meaning.counted if counted else meaning.among
            named = breakdown_parts(key[5])
            spans = {n for n, (a, b) in enumerate(pairwise(self.edges)) if _within(a, b, key)}
            inside = {n for n, areas in enumerate(self.places) if key[2] in areas}
            wanted = [named.get(name) for name in self.dimensions]
            self.cache[key, counted] = frozenset(
                cell
                for cell in self.cells
                if cell[0] in inside
                and cell[1] in spans
                and cell[3] in outcomes
                and all(w is None or w == value for w, value in zip(wanted, cell[2], strict=True))
            )
        return self.cache[key, counted]


def _within(begins: date, ends: date, key: Key) -> bool:
    first, after = days_of(key[3], key[4])
    return first <= begins and ends <= after
