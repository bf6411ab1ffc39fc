"""What adds up to what: the sums by which a reader of published rows could work out one that is not shown.

Parts make up their total, councils their region, a year to date what it was a while before and what came since; a
numerator or denominator may be an indicator of its own; and what definitions declare in relations.toml.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from local_indicators.schemas.definitions.models import Definitions, DisclosurePolicy, Indicator
from local_indicators.schemas.observations import KEY
from local_indicators.schemas.reference.breakdowns import breakdown_parts, spell_breakdown
from local_indicators.schemas.reference.geography import ENGLAND, Geography
from local_indicators.schemas.reference.periods import read_period
from local_indicators.warehouse.disclosure.relations.area_divisions import area_divisions
from local_indicators.warehouse.disclosure.relations.indicator_families import NumberMeanings
from local_indicators.warehouse.disclosure.relations.people_counted import AMONG, COUNTED, OTHERS, SHOWN
from local_indicators.warehouse.disclosure.relations.time_windows import (
    group_overlapping_windows,
    identical_windows,
    window_chains,
)
from local_indicators.warehouse.disclosure.secondary_suppression import ProtectedNumber, SuppressionProblem

PLACES = 6

Row = Mapping[str, Any]
Key = tuple[str, ...]
Part = tuple[Key, Sequence[Key], bool, str]


@dataclass
class ScopeProblem:
    """Rows that could give each other away, as a problem for warehouse.disclosure.secondary_suppression. `targets` are
    what must not be worked out, each with the rise that it must be free to make; `declared_sums` are the numbers in
    declared sums."""

    definitions: Definitions
    meanings: NumberMeanings
    problem: SuppressionProblem = field(default_factory=SuppressionProblem)
    targets: dict[int, float] = field(default_factory=dict)
    numbers: dict[tuple[Any, ...], int] = field(default_factory=dict)
    told: set[tuple[tuple[int, float], ...]] = field(default_factory=set)
    declared: set[int] = field(default_factory=set)


def scope_problem(rows: Sequence[Row], definitions: Definitions) -> ScopeProblem:
    """The numbers, sums and targets of rows (see disclosure.withheld for their columns), each known by its `row`."""
    scope = ScopeProblem(definitions, NumberMeanings(definitions))
    for held in rows_by_version(rows):
        _numbers(scope, held)
        told = {key: row for key, row in held.items() if row["measured"]}
        divided = list(wholes_and_parts(told, definitions))
        for measure in (COUNTED, AMONG, OTHERS):
            for whole, children, complete, way in divided:
                _add_sum(scope, held, measure, whole, children, complete=complete, way=way)
        for kind, terms in declared_sums(held, definitions):
            if kind != "part":
                _add_declared(scope, held, terms)
    return scope


def rows_by_version(rows: Sequence[Row]) -> Iterator[dict[Key, Row]]:
    """The rows of each version in which one of them was new, by their keys."""
    for epoch in sorted({row["since"] for row in rows}):
        yield {
            tuple(row[name] for name in KEY): row
            for row in rows
            if row["since"] <= epoch and (row["until"] is None or row["until"] > epoch)
        }


# -- numbers


def _numbers(scope: ScopeProblem, held: Mapping[Key, Row]) -> None:
    """Each number that the rows of one version tell. Equal numbers of one key are one, whichever version told them."""
    for key, row in held.items():
        policy = _policy(scope.definitions, row)
        for measure in (COUNTED, AMONG, OTHERS, SHOWN):
            if row[measure] is None or (measure == SHOWN and row["is_count"]):
                continue
            number = _number(scope, key, row, measure)
            scope.problem.told_by[number].add(row["row"])
            if row["shown_from"] is not None:
                one = scope.problem.quantities[number]
                scope.problem.quantities[number] = replace(one, known=True)
            if row["small"] and (rise := _rise(row, measure, policy)):
                scope.targets[number] = max(rise, scope.targets.get(number, 0.0))


def _rise(row: Row, measure: str, policy: DisclosurePolicy) -> float:
    """How far a number that must be hidden has to be free to rise; 0 for one that may be known. Of what its sender hid
    only whom it divides among may be."""
    number = row[measure]
    if measure == SHOWN:
        return 1.0
    if row["asked_to_hide"] and measure != AMONG:
        return float(max(1.0, policy.primary_min - number))
    least = policy.min_denominator if measure == AMONG else policy.primary_min
    if measure == AMONG:
        return max(0.0, least - number) if number > 0 else 0.0
    if 0 < number < least:
        return float(least - number)
    return max(1.0, least) if number == 0 and not policy.zero_ok else 0.0


def _number(scope: ScopeProblem, key: Key, row: Row, measure: str) -> int:
    places = row["decimals"] if measure == SHOWN else PLACES
    name = (*meaning_of_number(scope.meanings, key, measure), round(row[measure], places))
    if name not in scope.numbers:
        zero_ok = _policy(scope.definitions, row).zero_ok
        scope.numbers[name] = scope.problem.add(
            ProtectedNumber(row[measure], float("-inf"))
            if measure == SHOWN
            else ProtectedNumber(
                row[measure], 1.0 if zero_ok and row[measure] > 0 else 0.0, fixed=zero_ok and not row[measure]
            )
        )
    return scope.numbers[name]


def meaning_of_number(meanings: NumberMeanings, key: Key, measure: str) -> tuple[Any, ...]:
    """What a row's number is a number of, as rows of other indicators would say it."""
    words = {COUNTED: meanings.counted, AMONG: meanings.among}.get(measure, {}).get(key[0], "")
    return (words, *key[2:]) if words else (key, measure)


def _policy(definitions: Definitions, row: Row) -> DisclosurePolicy:
    return definitions.disclosure[definitions.indicators[row["indicator_id"]].disclosure]


# -- sums


def wholes_and_parts(held: Mapping[Key, Row], definitions: Definitions) -> Iterator[Part]:
    """Each whole, its parts, whether no other part can be missing, and the way in which it is divided."""
    yield from _breakdowns(held, definitions)
    additive = {k: r for k, r in held.items() if definitions.indicators[k[0]].additive or not r["is_count"]}
    yield from _areas(additive, definitions.geography)
    yield from _spans(held)


def _breakdowns(held: Mapping[Key, Row], definitions: Definitions) -> Iterator[Part]:
    dimensions = {dimension.name: dimension for dimension in definitions.dimensions}
    families: dict[tuple[Key, str], dict[str, Key]] = defaultdict(dict)
    for key in held:
        named = breakdown_parts(key[-1])
        for name, value in named.items():
            if name in dimensions and dimensions[name].partition:
                rest = spell_breakdown({k: v for k, v in named.items() if k != name}, definitions.dimension_order)
                families[(*key[:-1], rest), name][value] = key
    for (whole, name), children in families.items():
        allowed = definitions.indicators[whole[0]].breakdowns.get(name, ())
        sums = dimensions[name].sums
        simple = [value for value in allowed if value not in sums]
        yield whole, [key for value, key in children.items() if value not in sums], set(simple) <= set(children), name
        for value, made_of in sums.items():
            together = [children[one] for one in made_of if one in children]
            if together and value in allowed:
                both = {**breakdown_parts(whole[-1]), name: value}
                key = (*whole[:-1], spell_breakdown(both, definitions.dimension_order))
                yield key, together, len(together) == len(made_of), f"{name}={value}"
        if children.keys() <= set(sums) and children.keys():
            yield whole, list(children.values()), False, name


def _areas(held: Mapping[Key, Row], geography: Geography) -> Iterator[Part]:
    """Areas of one layer make up the nearest area around them that is held: councils a region, wards a council. Areas
    of two layers, such as councils and police areas, divide the same place twice."""
    tables: dict[Key, dict[str, Key]] = defaultdict(dict)
    for key in held:
        tables[*key[:2], *key[3:]][key[2]] = key
    for table in tables.values():
        if len(table) > 1:
            start = held[next(iter(table.values()))]["period_start"]
            for division in area_divisions(geography, frozenset(table), start):
                yield table[division.whole], [table[code] for code in division.parts], division.complete, division.way


def overlapping_windows(held: Mapping[Key, Row]) -> Iterator[dict[Key, tuple[date, date]]]:
    """The periods of one indicator, area and breakdown in groups of those that overlap, where what they count adds up
    over time. A window that is still open has no end."""
    runs: dict[tuple[Any, ...], dict[Key, tuple[date, date]]] = defaultdict(dict)
    for key, row in held.items():
        if row["flows"] and row["period_start"] is not None:
            runs[(*key[:3], key[5])][key] = row["period_start"], row["period_end"] or date.max
    for run in runs.values():
        if len(run) > 1:
            yield from group_overlapping_windows(run)


def _spans(held: Mapping[Key, Row]) -> Iterator[Part]:
    """A year is its months or quarters, and a year to date the one before it in the same year and what has come
    since."""
    for group in overlapping_windows(held):
        for whole, inside, complete in window_chains(group):
            yield whole, inside, complete, "to date"
        for whole, *others in identical_windows(group):
            for other in others:
                yield whole, [other], True, "the same days"


def _add_sum(
    scope: ScopeProblem,
    held: Mapping[Key, Row],
    measure: str,
    whole: Key,
    children: Sequence[Key],
    *,
    complete: bool,
    way: str,
) -> None:
    shown = [key for key in children if held[key][measure] is not None]
    unknown = [key for key in children if held[key]["asked_to_hide"] and held[key][measure] is None]
    told = sum(held[key][measure] for key in shown)
    terms = [(_number(scope, key, held[key], measure), 1.0) for key in shown]
    row = held.get(whole)
    complete = complete and bool(children) and len(shown) + len(unknown) >= len(children)
    policy = _policy(scope.definitions, row or held[children[0]]) if children else None
    if policy is None:
        return
    if row is None or row[measure] is None:
        if not complete or unknown:
            return
        total = _implied(scope, (whole, measure, "made up"), told)
        if row is not None and row["asked_to_hide"]:
            scope.targets.setdefault(total, max(1.0, policy.primary_min - told))
    else:
        total = _number(scope, whole, row, measure)
        rest = row[measure] - told
        if rest < -(10**-PLACES):
            return
        if unknown or rest > 10**-PLACES:  # what leaves nothing is a sum, whether or not a reader can be sure of it
            alone = len(unknown) == 1 and complete
            left = _implied(scope, (unknown[0], measure, "asked") if alone else (whole, measure, way), max(0.0, rest))
            terms.append((left, 1.0))
            least = policy.min_denominator if measure == AMONG else policy.primary_min
            if alone:
                scope.targets.setdefault(left, max(1.0, least - rest))
            elif (unknown or not complete) and 0 < round(rest, PLACES) < least:
                scope.targets.setdefault(left, least - rest)
    _tell(scope, [*terms, (total, -1.0)])


def _implied(scope: ScopeProblem, name: tuple[Any, ...], value: float) -> int:
    full = (*name, round(value, PLACES))
    if full not in scope.numbers:
        scope.numbers[full] = scope.problem.add(ProtectedNumber(value, 0.0, implied=True))
    return scope.numbers[full]


def _tell(scope: ScopeProblem, terms: Sequence[tuple[int, float]]) -> None:
    ordered = tuple(sorted(terms))
    if len({q for q, _ in ordered}) == len(ordered) and ordered not in scope.told:
        scope.told.add(ordered)
        scope.problem.sums.append(ordered)


# -- what definitions declare


def declared_sums(held: Mapping[Key, Row], definitions: Definitions) -> Iterator[tuple[str, list[tuple[Key, float]]]]:
    """Sums of values of several indicators, or of several periods or areas of one, as keys with coefficients, each with
    the kind of relation that it is."""
    by_name: dict[str, list[Key]] = defaultdict(list)
    for key in held:
        by_name[key[0]].append(key)
    for relation in definitions.relations:
        for key in by_name.get(relation.indicator, ()):
            of = [_of(definitions, name, key) for name in relation.of]
            if relation.kind == "sum":
                yield "sum", [(key, -1.0), *((one, 1.0) for one in of)]
            elif relation.kind in ("complement", "part"):
                yield relation.kind, [(key, 1.0), (of[0], 1.0 if relation.kind == "complement" else -1.0)]
            elif relation.kind == "difference":
                yield "difference", [(key, -1.0), (of[0], 1.0), (of[1], -1.0)]
            elif relation.kind == "england-gap":
                yield "gap", [(key, -1.0), (of[0], 1.0), ((*of[0][:2], ENGLAND, *of[0][3:]), -1.0)]
            elif relation.kind == "gap":
                more, less = (_of(definitions, relation.of[0], (*key[:-1], part)) for part in relation.breakdowns)
                yield "gap", [(key, -1.0), (more, 1.0), (less, -1.0)]
            elif relation.kind == "change":
                yield from _change(definitions, key, relation.of[0], relation.periods)
    for name, keys in by_name.items():
        level = definitions.indicators[name].change_of
        for key in keys if level else ():
            yield from _change(definitions, key, level, 1)


def _change(
    definitions: Definitions, key: Key, level: str, periods: int
) -> Iterator[tuple[str, list[tuple[Key, float]]]]:
    """A change is what its level is now less what it was some periods before."""
    before = read_period(key[4], key[3])
    for _ in range(periods):
        before = before.previous() if before else None
    if before is not None:
        now = _of(definitions, level, key)
        then = (*now[:3], before.time_identifier, before.time_period, now[5])
        yield "change", [(key, -1.0), (now, 1.0), (then, -1.0)]


def _of(definitions: Definitions, name: str, key: Key) -> Key:
    """The key of another indicator for the same area, period and breakdown."""
    indicator: Indicator = definitions.indicators[name]
    period = read_period(key[4], key[3])
    when = (period.end or period.start) if period else None
    version = indicator.version_at(when) if when else None
    return (name, version.version if version else indicator.versions[0].version, *key[2:])


def _add_declared(scope: ScopeProblem, held: Mapping[Key, Row], terms: Sequence[tuple[Key, float]]) -> None:
    if not all(key in held for key, _ in terms):
        return
    numbers: list[tuple[int, float]] = []
    for key, sign in terms:
        row = held[key]
        measure = COUNTED if row["is_count"] else SHOWN
        if row[measure] is None:
            number = _implied(scope, (key, measure, "asked"), 0.0)
            scope.problem.quantities[number] = replace(scope.problem.quantities[number], floor=float("-inf"))
            scope.targets.setdefault(number, 1.0)
        else:
            number = _number(scope, key, row, measure)
            scope.declared.add(number)
        numbers.append((number, sign))
    _tell(scope, numbers)
