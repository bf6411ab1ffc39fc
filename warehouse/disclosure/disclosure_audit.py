"""The audit after suppression: whatever a reader could work out in whole numbers is found, and more is hidden.

For each number that must stay unknown a mixed integer program (HiGHS, by scipy) finds how large it can be for all that
a reader knows, with everything that is shown in its place. Method: auditing of suppression patterns (M. Fischetti, J.
J. Salazar, "Models and algorithms for the 2-dimensional cell suppression problem in statistical disclosure control",
Mathematical Programming 84, 1999). Numbers are taken in the small groups that facts connect, once what is known is put
in; a group that the solver gives up on counts as one that gives everything away.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from local_indicators.warehouse.disclosure.integer_bounds import LinearBound, UnknownNumbers, lower_bound, upper_bounds
from local_indicators.warehouse.disclosure.reader_knowledge import KnownSum, ReaderKnowledge

ENOUGH = 1e-6
TRIES = 24
"""How many rows are tried one by one before all of those that give a number away are hidden."""


@dataclass(frozen=True)
class Leak:
    """A number that a reader knows too well, the limit that it is known to be below, and the row to hide first, if it
    is one."""

    number: int
    limit: float
    own: int | None


def audit_disclosure(
    reader: ReaderKnowledge, hidden: set[int], prices: Mapping[int, float], fixed: set[int]
) -> set[int]:
    """The rows to hide: those that are hidden, and the cheapest with which nothing can be worked out any longer.
    `prices` are what it costs to hide each row; the `fixed` ones are never hidden for another's sake."""
    hidden = set(hidden)
    safe: dict[UnknownNumbers, None] = {}
    while True:
        groups = _groups(reader, hidden)
        leaks = [
            (group, leak)
            for group in dict.fromkeys(groups.values())
            if group not in safe
            for leak in _leaks(reader, group, hidden, safe)
        ]
        more = {row for group, leak in leaks for row in _close(reader, group, leak, hidden, prices, fixed)}
        if not more - hidden:
            return hidden
        hidden |= more


def _is_known(reader: ReaderKnowledge, number: int, hidden: set[int]) -> bool:
    return reader.known[number] or not reader.told_by[number] <= hidden


def _holds(fact: KnownSum, hidden: set[int]) -> bool:
    return fact.known or not fact.by or not fact.by <= hidden


def _groups(reader: ReaderKnowledge, hidden: set[int]) -> dict[int, UnknownNumbers]:
    """The numbers that are not known, each with its group."""
    known = [
        reader.values[n] if reader.told_by[n] and _is_known(reader, n, hidden) else None
        for n in range(len(reader.values))
    ]
    wanted = [n for n in (*reader.must_reach, *reader.not_small) if known[n] is None]
    if not wanted:
        return {}
    facts = [fact for fact in reader.facts if _holds(fact, hidden)]
    left = [(fact, _left(fact, known)) for fact in facts]
    of: dict[int, list[int]] = defaultdict(list)
    for place, (_, bound) in enumerate(left):
        for number, _ in bound.terms:
            of[number].append(place)
    found: dict[int, UnknownNumbers] = {}
    for number in wanted:
        if number not in found:
            group = _group(number, of, left, reader)
            found.update(dict.fromkeys(group.numbers, group))
    return found


def _left(fact: KnownSum, known: Sequence[float | None]) -> LinearBound:
    """A fact with what is known put in."""
    told = sum(sign * value for number, sign in fact.terms if (value := known[number]) is not None)
    terms = tuple((number, sign) for number, sign in fact.terms if known[number] is None)
    return LinearBound(terms, fact.low - told, fact.high - told, fact.printed)


def _group(
    start: int, of: Mapping[int, Sequence[int]], left: Sequence[tuple[KnownSum, LinearBound]], reader: ReaderKnowledge
) -> UnknownNumbers:
    """The numbers that are connected with one, and what is known of them."""
    numbers, places, todo = {start}, set[int](), [start]
    while todo:
        for place in of.get(todo.pop(), ()):
            if place not in places:
                places.add(place)
                new = {number for number, _ in left[place][1].terms} - numbers
                numbers |= new
                todo += new
    ordered = tuple(sorted(numbers))
    bounds = tuple(left[place][1] for place in sorted(places))
    return UnknownNumbers(ordered, bounds, tuple(reader.least[n] for n in ordered))


def _leaks(
    reader: ReaderKnowledge, group: UnknownNumbers, hidden: set[int], safe: dict[UnknownNumbers, None]
) -> list[Leak]:
    """What of a group is known too well; a group with nothing of it is noted as safe."""
    reached = {n: reader.must_reach[n] for n in group.numbers if n in reader.must_reach}
    judged = {n: reader.not_small[n] for n in group.numbers if n in reader.not_small and n not in reached}
    limits = {**reached, **{n: limit for n, (limit, _) in judged.items()}}
    for number in reader.not_exact & limits.keys():
        limits[number] = max(limits[number], lower_bound(group, number) + 1.0)
    high_enough = upper_bounds(group, limits) if limits else set()
    low = [n for n in limits if n not in high_enough]
    leaks = [Leak(n, limits[n], None) for n in low if n in reached]
    for number in low:
        if number in judged and lower_bound(group, number) >= 1 - ENOUGH:
            limit, own = judged[number]
            leaks.append(Leak(number, limit, own if own not in hidden else None))
    if not leaks:
        safe[group] = None
    return leaks


def _close(
    reader: ReaderKnowledge,
    group: UnknownNumbers,
    leak: Leak,
    hidden: set[int],
    prices: Mapping[int, float],
    fixed: set[int],
) -> set[int]:
    """The rows to hide so that a number is known no longer: its own, the cheapest that is enough, or all that tell
    anything of the group."""
    if leak.own is not None:
        return {leak.own}
    rows = sorted(_telling(reader, group, hidden) - hidden - fixed, key=lambda row: (prices[row], row))
    for row in rows[:TRIES]:
        opened = _groups(replace(reader, must_reach={leak.number: leak.limit}, not_small={}), hidden | {row})
        if leak.number in opened and leak.number in upper_bounds(opened[leak.number], {leak.number: leak.limit}):
            return {row}
    return set(rows)


def _telling(reader: ReaderKnowledge, group: UnknownNumbers, hidden: set[int]) -> set[int]:
    """The rows that tell a number or a fact from which one of the group's is bounded."""
    numbers = set(group.numbers)
    found: set[int] = set()
    for fact in reader.facts:
        if _holds(fact, hidden) and any(number in numbers for number, _ in fact.terms):
            if not fact.known:
                found |= fact.by
            for number, _ in fact.terms:
                if number not in numbers and not reader.known[number]:
                    found |= reader.told_by[number]
    return found


def suppression_costs(rows: Iterable[Mapping[str, object]]) -> dict[int, float]:
    """What it costs to hide each row: the more the more people it tells of, little where it prints a share alone; and
    one that was shown before is of no use."""
    return {
        int(str(row["row"])): (0.5 if row["printed"] else 1.0 + math.log1p(abs(float(str(row["numerator"] or 0.0)))))
        + (1e6 if row["shown_from"] is not None else 0.0)
        for row in rows
    }
