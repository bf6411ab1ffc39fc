"""What a reader knows of the numbers behind rows: that they are whole, what adds up to what, and between what ends a
printed share, a range or a known total leaves them.

The sums are those of warehouse.disclosure.relations.additive_relations; here every number that a row speaks of is one,
told or not, so that what is printed as a share alone, what is hidden and what is left beside the parts of a total can
be bounded.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from local_indicators.schemas.definitions.models import Definitions
from local_indicators.warehouse.disclosure.implied_cells import remainder_area, with_implied_cells
from local_indicators.warehouse.disclosure.relations.additive_relations import (
    Key,
    Part,
    Row,
    declared_sums,
    meaning_of_number,
    overlapping_windows,
    rows_by_version,
    wholes_and_parts,
)
from local_indicators.warehouse.disclosure.relations.indicator_families import NumberMeanings
from local_indicators.warehouse.disclosure.relations.people_counted import AMONG, AT_MOST, COUNTED, OTHERS
from local_indicators.warehouse.disclosure.relations.time_windows import window_pieces

SLACK = 1e-6
GIVEN = {COUNTED: "told_counted", AMONG: "told_among"}


@dataclass(frozen=True)
class KnownSum:
    """A sum of numbers, with coefficients, that lies between two ends. A reader knows it while one of the rows `by` is
    shown, or always if there is none or one was `known` before. `printed`: it comes of rounding what is printed."""

    terms: tuple[tuple[int, float], ...]
    low: float
    high: float
    by: frozenset[int] = frozenset()
    known: bool = False
    printed: bool = False


@dataclass
class ReaderKnowledge:
    """Numbers (what each is, NULL where we do not know either; the least that a reader takes it for; the rows that tell
    it; whether it was shown before), facts about them, and what must not be known.

    `must_reach`: for a reader a number may be as large as this. `not_small`: a reader must not know that a number lies
    from 1 to below this limit; `own` is the row to hide first, if it is one. `not_exact`: nor exactly, whatever it is.
    """

    values: list[float | None] = field(default_factory=list)
    least: list[float] = field(default_factory=list)
    told_by: list[set[int]] = field(default_factory=list)
    known: list[bool] = field(default_factory=list)
    facts: dict[KnownSum, None] = field(default_factory=dict)
    must_reach: dict[int, float] = field(default_factory=dict)
    not_small: dict[int, tuple[float, int | None]] = field(default_factory=dict)
    not_exact: set[int] = field(default_factory=set)
    names: dict[tuple[Any, ...], int] = field(default_factory=dict)

    def number(self, name: tuple[Any, ...], value: float | None = None, least: float = 0.0) -> int:
        """The number of a name, added if it is new."""
        if name not in self.names:
            self.names[name] = len(self.values)
            self.values.append(value)
            self.least.append(least)
            self.told_by.append(set())
            self.known.append(False)
        return self.names[name]

    def fact(self, terms: Iterable[tuple[int, float]], low: float, high: float, **more: Any) -> None:
        """Add what is known of some numbers."""
        summed: dict[int, float] = defaultdict(float)
        for number, sign in terms:
            summed[number] += sign
        kept = tuple(sorted((n, sign) for n, sign in summed.items() if sign))
        if kept:
            self.facts[KnownSum(kept, low, high, **more)] = None


Numbers = dict[tuple[Key, str], int]


def reader_knowledge(rows: Sequence[Row], definitions: Definitions) -> ReaderKnowledge:
    """What a reader knows of rows (see disclosure.withheld), each known by its `row`, if all of them are shown."""
    reader, meanings = ReaderKnowledge(), NumberMeanings(definitions)
    open_before: dict[Key, int] = {}
    for epoch, every in enumerate(rows_by_version(rows)):
        held = with_implied_cells({key: row for key, row in every.items() if _speaks(row)}, definitions, epoch)
        numbers = _numbers(reader, meanings, held)
        for key, row in held.items():
            _of_row(reader, numbers, key, row)
        divided, overlapped = _divided(held, definitions), list(overlapping_windows(held))
        for measure in (COUNTED, AMONG):
            for part in divided:
                _sum(reader, held, numbers, measure, part)
            for group in overlapped:
                _pieces(reader, numbers, measure, group, held)
        for kind, terms in declared_sums(held, definitions):
            _declared(reader, held, numbers, kind, terms)
        _grown(reader, held, numbers, open_before)
    return reader


def _divided(held: Mapping[Key, Row], definitions: Definitions) -> list[Part]:
    """Each whole with all of its parts, where what is left of it is one that nobody sent."""
    found = []
    for whole, children, complete, way in wholes_and_parts(held, definitions):
        left = (*whole[:2], remainder_area(whole[2], [key[2] for key in children]), *whole[3:])
        found.append((whole, [*children, left], True, way) if left in held else (whole, children, complete, way))
    return found


def _speaks(row: Row) -> bool:
    """Whether a row says anything of how many people there are."""
    ranged = row["value_low"] is not None or row["value_high"] is not None
    return bool(row["measured"] or row["printed"] or (ranged and (row["is_count"] or row["per"])))


# -- the numbers of rows


def _numbers(reader: ReaderKnowledge, meanings: NumberMeanings, held: Mapping[Key, Row]) -> Numbers:
    """The numbers that each row speaks of. One that it does not give is that of another row that gives it, of the same
    people; where there is none it is one of its own."""
    given: dict[tuple[Any, ...], set[int]] = defaultdict(set)
    numbers: Numbers = {}
    for key, row in held.items():
        for measure in _measures(row):
            if not row[GIVEN[measure]] or row[measure] is None:
                continue
            what = meaning_of_number(meanings, key, measure)
            value = float(row[measure])
            least = 1.0 if row["zero_ok"] and value > 0 else 0.0
            number = reader.number((*what, round(value, 6)), value, least)
            reader.told_by[number].add(row["row"])
            reader.known[number] |= row["shown_from"] is not None
            numbers[key, measure] = number
            given[what].add(number)
    for key, row in held.items():
        for measure in _measures(row):
            if (key, measure) not in numbers:
                what = meaning_of_number(meanings, key, measure)
                same = min(given[what], key=lambda n: reader.values[n] or 0.0) if given[what] else None
                hidden_count = row["is_count"] and row["asked_to_hide"] and row["zero_ok"]
                name = (*what, "of row", row["row"] if row["row"] is not None else row["unheld"])
                own = reader.number(name, None, 1.0 if hidden_count else 0.0)
                numbers[key, measure] = own if same is None else same
    return numbers


def _measures(row: Row) -> tuple[str, ...]:
    return (COUNTED,) if row["is_count"] or not (row["per"] or row[AMONG] is not None) else (COUNTED, AMONG)


def _of_row(reader: ReaderKnowledge, numbers: Numbers, key: Key, row: Row) -> None:
    """What one row says of its numbers, and which of them must not be known."""
    counted, among = numbers[key, COUNTED], numbers.get((key, AMONG))
    least = float(row["primary_min"])
    _guard(reader, row, counted, COUNTED, least)
    if row["is_count"]:
        if row["value_low"] is not None or row["value_high"] is not None:
            ends = (-math.inf if row["value_low"] is None else row["value_low"],
                    math.inf if row["value_high"] is None else row["value_high"])  # fmt: skip
            reader.fact([(counted, 1.0)], *ends, by=frozenset({row["row"]}), known=row["shown_from"] is not None)
        return
    if among is None:
        return
    _guard(reader, row, among, AMONG, float(row["min_denominator"]))
    if row["per"] == 100 and row["told_counted"] and row["told_among"] and not (row["small"] or row["asked_to_hide"]):
        reader.fact([(among, 1.0), (counted, -1.0)], 0.0, math.inf)
    elif row["per"] == 100:
        others = reader.number((counted, among, OTHERS))
        reader.fact([(among, 1.0), (counted, -1.0), (others, -1.0)], 0.0, 0.0)
        _guard(reader, row, others, OTHERS, least)
    if row["per"]:
        _printed(reader, row, counted, among)


def _printed(reader: ReaderKnowledge, row: Row, counted: int, among: int) -> None:
    """A printed share or its range: whatever is counted divided by its base rounds to it."""
    low, high = row["value_low"], row["value_high"]
    if row["value"] is not None:
        if row["told_counted"] and row["told_among"]:
            return
        low, high = row["value"] - row["half"], row["value"] + row["half"]
    if low is None and high is None:
        return
    more = {"by": frozenset({row["row"]}), "known": row["shown_from"] is not None, "printed": True}
    reader.fact([(among, 1.0)], 1.0, math.inf, by=more["by"], known=more["known"])  # nobody is no base of a share
    if high is not None:
        reader.fact([(counted, row["per"]), (among, -high)], -math.inf, SLACK, **more)
    if low is not None:
        reader.fact([(counted, row["per"]), (among, -low)], -SLACK, math.inf, **more)


def _guard(reader: ReaderKnowledge, row: Row, number: int, measure: str, least: float) -> None:
    """Note what a reader may not know of a number of a row."""
    if not row["guarded"] or (least <= 0 and row["zero_ok"]):
        return
    asked = row["asked_to_hide"] and measure != AMONG
    value = row[measure]
    is_given = row["told_counted"] and row["told_among"] if measure == OTHERS else row[GIVEN[measure]]
    if row["small"] and (asked or _is_small(row, measure, value, least)):
        reach = max(least, 1.0, value + 1.0 if asked and is_given and value is not None else 0.0)
        reader.must_reach[number] = max(reach, reader.must_reach.get(number, 0.0))
        if asked and not is_given:
            reader.not_exact.add(number)
    elif not is_given:
        reader.not_small.setdefault(number, (least, row["row"]))


def _is_small(row: Row, measure: str, value: float | None, least: float) -> bool:
    most = row[AT_MOST[measure]] if measure in AT_MOST else None
    if value is None and most is None and measure == COUNTED:
        most = row["words_most"]
    if value == 0 and measure != AMONG:
        return not row["zero_ok"]
    return any(number is not None and 0 < number < least for number in (value, most))


# -- what adds up


def _sum(
    reader: ReaderKnowledge,
    held: Mapping[Key, Row],
    numbers: Numbers,
    measure: str,
    part: Part,
) -> None:
    """A whole is the sum of its parts and of what is left beside them, if there can be anything."""
    whole, children, complete, way = part
    terms = [(numbers[key, measure], 1.0) for key in children if (key, measure) in numbers]
    complete = complete and len(terms) == len(children)
    if not terms:
        return
    if (whole, measure) in numbers:
        total = numbers[whole, measure]
    elif complete:
        total = reader.number((whole, measure, "made up"))
    else:
        return
    told = [reader.values[n] for n, _ in (*terms, (total, 1.0))]
    left = None if None in told else (told[-1] or 0.0) - sum(n or 0.0 for n in told[:-1])
    if left is not None and left < -SLACK:
        return  # nobody can make sense of parts that are more than their whole
    terms.append((total, -1.0))
    if (left is None and not complete) or (left is not None and left > SLACK):
        rest = reader.number((measure, way, tuple(sorted(terms))))
        terms.append((rest, 1.0))
        row = held.get(whole) or held[children[0]]
        least = float(row["min_denominator" if measure == AMONG else "primary_min"])
        if row["guarded"] and least:
            reader.not_small.setdefault(rest, (least, None))
        if left is not None and 0 < left < least:
            reader.values[rest] = left
            reader.must_reach.setdefault(rest, least)
    reader.fact(terms, 0.0, 0.0)


def _pieces(
    reader: ReaderKnowledge, numbers: Numbers, measure: str, group: Mapping[Key, Any], held: Mapping[Key, Row]
) -> None:
    """Windows that overlap are each the sum of the pieces that they share and of those that they do not."""
    spans = {key: span for key, span in group.items() if (key, measure) in numbers}
    if len(spans) < 2:
        return
    of: dict[Key, list[tuple[int, float]]] = {key: [] for key in spans}
    for piece in window_pieces(spans):
        first = sorted(piece)
        number = reader.number((measure, "piece", tuple(numbers[key, measure] for key in first)))
        row = held[first[0]]
        least = float(row["min_denominator" if measure == AMONG else "primary_min"])
        if row["guarded"] and least:
            reader.not_small.setdefault(number, (least, None))
        for key in piece:
            of[key].append((number, 1.0))
    told = {key: reader.values[numbers[key, measure]] for key in spans}
    if None not in told.values() and any(
        (told[a] or 0) > (told[b] or 0) + SLACK
        for a in spans for b in spans if a != b and spans[b][0] <= spans[a][0] and spans[a][1] <= spans[b][1]
    ):  # fmt: skip
        return
    for key, terms in of.items():
        reader.fact([*terms, (numbers[key, measure], -1.0)], 0.0, 0.0)


def _grown(reader: ReaderKnowledge, held: Mapping[Key, Row], numbers: Numbers, before: dict[Key, int]) -> None:
    """What came since into a window that is still open: what it says now less what it said before."""
    for key, row in held.items():
        if row["period_end"] is not None or not row["flows"] or row["period_start"] is None:
            continue
        number, last = numbers[key, COUNTED], before.get(key)
        before[key] = number
        if last is None or last == number:
            continue
        now, then = reader.values[number], reader.values[last]
        if now is not None and then is not None and now > then and row["guarded"]:
            came = reader.number((last, number, "came since"), now - then)
            reader.fact([(last, 1.0), (came, 1.0), (number, -1.0)], 0.0, 0.0)
            if now - then < row["primary_min"]:
                reader.must_reach.setdefault(came, float(row["primary_min"]))


def _declared(
    reader: ReaderKnowledge, held: Mapping[Key, Row], numbers: Numbers, kind: str, terms: Sequence[tuple[Key, float]]
) -> None:
    """What definitions declare of numbers: a sum of counts, a part, those who are left beside a share."""
    if not all((key, COUNTED) in numbers and key in held for key, _ in terms):
        return
    of = [(numbers[key, COUNTED], sign) for key, sign in terms]
    counts = all(held[key]["is_count"] for key, _ in terms)
    if kind == "part":
        if _is_told(reader, of) > SLACK:
            return
        reader.fact(of, -math.inf, 0.0)
    elif kind == "complement":
        bases = {numbers[key, AMONG] for key, _ in terms if (key, AMONG) in numbers}
        if len(bases) == 1:
            base = [(bases.pop(), -1.0)]
            if abs(_is_told(reader, [*of, *base])) <= SLACK:
                reader.fact([*of, *base], 0.0, 0.0)
    elif counts and abs(_is_told(reader, of)) <= SLACK:
        reader.fact(of, 0.0, 0.0)


def _is_told(reader: ReaderKnowledge, terms: Sequence[tuple[int, float]]) -> float:
    """What terms come to; 0 where one is not told."""
    told = [(reader.values[number], sign) for number, sign in terms]
    return 0.0 if any(value is None for value, _ in told) else sum((value or 0.0) * sign for value, sign in told)
