"""What adds up to what: the sums by which a reader of published rows could work out one that is not shown.

Parts make up their total, councils their region, a year to date what it was a while before and what came since; a
numerator or denominator may be an indicator of its own; and what definitions declare in relations.toml.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any

from schemas.breakdowns import parts, spell
from schemas.definitions import Definitions, Disclosure, Indicator
from schemas.geography import ENGLAND, Geography
from schemas.periods import TO_DATE, read_period
from schemas.tables import KEY
from warehouse.protection import Problem, Quantity

COUNTED, AMONG, OTHERS, SHOWN = "numerator", "denominator", "remainder", "value"
"""The numbers that a row tells: how many are counted, among how many, how many that leaves, and the value itself."""
PLACES = 6

Row = Mapping[str, Any]
Key = tuple[str, ...]
Part = tuple[Key, "Sequence[Key]", bool, str]


@dataclass
class Scope:
    """Rows that could give each other away, as a problem for warehouse.protection. `targets` are what must not be
    worked out, each with the rise that it must be free to make; `declared` are the numbers in declared sums."""

    definitions: Definitions
    problem: Problem = field(default_factory=Problem)
    targets: dict[int, float] = field(default_factory=dict)
    numbers: dict[tuple[Any, ...], int] = field(default_factory=dict)
    told: set[tuple[tuple[int, float], ...]] = field(default_factory=set)
    titled: Mapping[str, Sequence[str]] = field(default_factory=dict)
    declared: set[int] = field(default_factory=set)


def scope_of(rows: Sequence[Row], definitions: Definitions) -> Scope:
    """The numbers, sums and targets of rows (see disclosure.withheld for their columns), each known by its `row`."""
    scope = Scope(definitions, titled=_titled(definitions))
    for epoch in sorted({row["since"] for row in rows}):
        held = {
            tuple(row[name] for name in KEY): row
            for row in rows
            if row["since"] <= epoch and (row["until"] is None or row["until"] > epoch)
        }
        _numbers(scope, held)
        for measure in (COUNTED, AMONG, OTHERS):
            for whole, children, complete, way in _adding_up(held, definitions, measure):
                _add_sum(scope, held, measure, whole, children, complete=complete, way=way)
        for terms in _declared(held, definitions):
            _add_declared(scope, held, terms)
    return scope


# -- numbers


def _numbers(scope: Scope, held: Mapping[Key, Row]) -> None:
    """Each number that the rows of one version tell. Equal numbers of one key are one, whichever version told them."""
    for key, row in held.items():
        policy = _policy(scope.definitions, row)
        for measure in (COUNTED, AMONG, OTHERS, SHOWN):
            if row[measure] is None or (measure == SHOWN and row["is_count"]):
                continue
            number = _number(scope, held, key, row, measure)
            scope.problem.told_by[number].add(row["row"])
            if row["shown_from"] is not None:
                one = scope.problem.quantities[number]
                scope.problem.quantities[number] = replace(one, known=True)
            if row["small"] and (rise := _rise(row, measure, policy)):
                scope.targets[number] = max(rise, scope.targets.get(number, 0.0))


def _rise(row: Row, measure: str, policy: Disclosure) -> float:
    """How far a number that must be hidden has to be free to rise; 0 for one that may be known."""
    number = row[measure]
    if measure == SHOWN:
        return 1.0
    least = policy.min_denominator if measure == AMONG else policy.primary_min
    if measure == AMONG:
        return max(0.0, least - number) if number > 0 else 0.0
    if 0 < number < least:
        return float(least - number)
    return max(1.0, least) if number == 0 and not policy.zero_ok else 0.0


def _number(scope: Scope, held: Mapping[Key, Row], key: Key, row: Row, measure: str) -> int:
    places = row["decimals"] if measure == SHOWN else PLACES
    name = (*_told_as(scope, held, key, row, measure), round(row[measure], places))
    if name not in scope.numbers:
        zero_ok = _policy(scope.definitions, row).zero_ok
        scope.numbers[name] = scope.problem.add(
            Quantity(row[measure], float("-inf"))
            if measure == SHOWN
            else Quantity(
                row[measure], 1.0 if zero_ok and row[measure] > 0 else 0.0, fixed=zero_ok and not row[measure]
            )
        )
    return scope.numbers[name]


def _told_as(scope: Scope, held: Mapping[Key, Row], key: Key, row: Row, measure: str) -> tuple[Key, str]:
    """The key and measure that a number goes by: a numerator or denominator that is an indicator of its own, that
    indicator's."""
    if measure in (COUNTED, AMONG) and not row["is_count"]:
        indicators = scope.definitions.indicators
        named = indicators[key[0]].numerator if measure == COUNTED else indicators[key[0]].denominator
        for other in scope.titled.get(named.casefold(), ()):
            for version in indicators[other].versions:
                same = held.get((other, version.version, *key[2:]))
                if same is not None and same["is_count"] and same[COUNTED] == row[measure]:
                    return (other, version.version, *key[2:]), COUNTED
    return key, measure


def _titled(definitions: Definitions) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for one in definitions.indicators.values():
        found[one.title.casefold()].append(one.id)
    return found


def _policy(definitions: Definitions, row: Row) -> Disclosure:
    return definitions.disclosure[definitions.indicators[row["indicator_id"]].disclosure]


# -- sums


def _adding_up(held: Mapping[Key, Row], definitions: Definitions, measure: str) -> Iterator[Part]:
    """Each whole, its parts, whether no other part can be missing, and the way in which it is divided."""
    told = {key: row for key, row in held.items() if row["measured"]}
    yield from _breakdowns(told, definitions)
    additive = {k: r for k, r in told.items() if definitions.indicators[k[0]].additive or not r["is_count"]}
    yield from _areas(additive, definitions.geography)
    if measure == COUNTED:
        yield from _spans(told)


def _breakdowns(held: Mapping[Key, Row], definitions: Definitions) -> Iterator[Part]:
    dimensions = {one.name: one for one in definitions.dimensions}
    families: dict[tuple[Key, str], dict[str, Key]] = defaultdict(dict)
    for key in held:
        named = parts(key[-1])
        for name, value in named.items():
            if name in dimensions and dimensions[name].partition:
                rest = spell({k: v for k, v in named.items() if k != name}, definitions.dimension_order)
                families[(*key[:-1], rest), name][value] = key
    for (whole, name), children in families.items():
        allowed = definitions.indicators[whole[0]].breakdowns.get(name, ())
        sums = dimensions[name].sums
        simple = [value for value in allowed if value not in sums]
        yield whole, [key for value, key in children.items() if value not in sums], set(simple) <= set(children), name
        for value, made_of in sums.items():
            together = [children[one] for one in made_of if one in children]
            if together and value in allowed:
                both = {**parts(whole[-1]), name: value}
                key = (*whole[:-1], spell(both, definitions.dimension_order))
                yield key, together, len(together) == len(made_of), f"{name}={value}"
        if children.keys() <= set(sums) and children.keys():
            yield whole, list(children.values()), False, name


def _areas(held: Mapping[Key, Row], geography: Geography) -> Iterator[Part]:
    """Areas of one layer make up the nearest area above them that is held: councils a region, wards a council. Areas of
    two layers, such as councils and police areas, divide the same place twice."""
    families: dict[tuple[Key, str], list[Key]] = defaultdict(list)
    for key in held:
        for above in ancestors(geography, key[2]):
            if (whole := (*key[:2], above, *key[3:])) in held:
                families[whole, layer(geography, key[2])].append(key)
                break
    for (whole, of), children in families.items():
        codes, start = {key[2] for key in children}, held[whole]["period_start"]
        kinds = {geography.by_code[code].area_type for code in codes}
        complete = all(
            area.area_code in codes or not codes.isdisjoint(ancestors(geography, area.area_code))
            for area in geography.areas
            if area.area_type in kinds and (start is None or area.held(start))
            if whole[2] in ancestors(geography, area.area_code)
        )
        yield whole, children, complete, of


@lru_cache(maxsize=100_000)
def ancestors(geography: Geography, code: str) -> tuple[str, ...]:
    """The areas that an area lies in, nearest first; none for an area that is known by the form of its code alone."""
    found: list[str] = []
    area = geography.by_code.get(code)
    while area is not None and area.parent_code and area.parent_code not in found:
        found.append(area.parent_code)
        area = geography.by_code.get(area.parent_code)
    return tuple(found)


def layer(geography: Geography, code: str) -> str:
    """What an area is a part of a larger one as: its type, but a district stands beside councils where its county is
    not held."""
    area = geography.area(code)
    kind = area.area_type if area else ""
    return "Local authority" if kind == "District" else kind


def _spans(held: Mapping[Key, Row]) -> Iterator[Part]:
    """A year to date is the one before it in the same year and what has come since."""
    runs: dict[tuple[Any, ...], list[Key]] = defaultdict(list)
    for key, row in held.items():
        if key[3] in TO_DATE:
            runs[(*key[:4], key[5], row["period_start"])].append(key)
    for run in runs.values():
        ordered = sorted(run, key=lambda key: held[key]["period_end"])
        for before, after in pairwise(ordered):
            yield after, [before], False, "to date"


def _add_sum(
    scope: Scope,
    held: Mapping[Key, Row],
    measure: str,
    whole: Key,
    children: Sequence[Key],
    *,
    complete: bool,
    way: str,
) -> None:
    shown = [key for key in children if held[key][measure] is not None]
    unknown = [key for key in children if held[key]["asked_to_hide"]]
    told = sum(held[key][measure] for key in shown)
    terms = [(_number(scope, held, key, held[key], measure), 1.0) for key in shown]
    row = held.get(whole)
    if not children or len(shown) + len(unknown) < len(children):
        complete = False
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
        total = _number(scope, held, whole, row, measure)
        rest = row[measure] - told
        if rest < -(10**-PLACES):
            return
        if unknown or rest > 10**-PLACES:  # what leaves nothing is a sum, whether or not a reader can be sure of it
            name = (unknown[0], measure, "asked") if len(unknown) == 1 and complete else (whole, measure, way)
            left = _implied(scope, name, max(0.0, rest))
            terms.append((left, 1.0))
            least = policy.min_denominator if measure == AMONG else policy.primary_min
            if len(unknown) == 1 and complete:
                scope.targets.setdefault(left, max(1.0, least - rest))
            elif (unknown or not complete) and 0 < round(rest, PLACES) < least:
                scope.targets.setdefault(left, least - rest)
    _tell(scope, [*terms, (total, -1.0)])


def _implied(scope: Scope, name: tuple[Any, ...], value: float) -> int:
    full = (*name, round(value, PLACES))
    if full not in scope.numbers:
        scope.numbers[full] = scope.problem.add(Quantity(value, 0.0, implied=True))
    return scope.numbers[full]


def _tell(scope: Scope, terms: Sequence[tuple[int, float]]) -> None:
    ordered = tuple(sorted(terms))
    if len({q for q, _ in ordered}) == len(ordered) and ordered not in scope.told:
        scope.told.add(ordered)
        scope.problem.sums.append(ordered)


# -- what definitions declare


def _declared(held: Mapping[Key, Row], definitions: Definitions) -> Iterator[list[tuple[Key, float]]]:
    """Sums of values of several indicators, or of several periods or areas of one, as keys with coefficients."""
    by_name: dict[str, list[Key]] = defaultdict(list)
    for key in held:
        by_name[key[0]].append(key)
    for relation in definitions.relations:
        for key in by_name.get(relation.indicator, ()):
            first = relation.of[0]
            if relation.kind == "sum":
                yield [(key, -1.0), *((_of(definitions, name, key), 1.0) for name in relation.of)]
            elif relation.kind == "complement":
                yield [(key, 1.0), (_of(definitions, first, key), 1.0)]
            elif relation.kind == "england-gap":
                here = _of(definitions, first, key)
                yield [(key, -1.0), (here, 1.0), ((*here[:2], ENGLAND, *here[3:]), -1.0)]
            else:
                more, less = (_of(definitions, first, (*key[:-1], part)) for part in relation.breakdowns)
                yield [(key, -1.0), (more, 1.0), (less, -1.0)]
    for name, keys in by_name.items():
        level = definitions.indicators[name].change_of
        for key in keys if level else ():
            period = read_period(key[4], key[3])
            before = period.previous() if period else None
            if before is not None:
                now = _of(definitions, level, key)
                yield [(key, -1.0), (now, 1.0), ((*now[:3], before.time_identifier, before.time_period, now[5]), -1.0)]


def _of(definitions: Definitions, name: str, key: Key) -> Key:
    """The key of another indicator for the same area, period and breakdown."""
    indicator: Indicator = definitions.indicators[name]
    period = read_period(key[4], key[3])
    when = (period.end or period.start) if period else None
    version = indicator.version_at(when) if when else None
    return (name, version.version if version else indicator.versions[0].version, *key[2:])


def _add_declared(scope: Scope, held: Mapping[Key, Row], terms: Sequence[tuple[Key, float]]) -> None:
    if not all(key in held for key, _ in terms):
        return
    numbers = []
    for key, sign in terms:
        row = held[key]
        measure = COUNTED if row["is_count"] else SHOWN
        if row[measure] is None:
            number = _implied(scope, (key, measure, "asked"), 0.0)
            scope.problem.quantities[number] = replace(scope.problem.quantities[number], floor=float("-inf"))
            scope.targets.setdefault(number, 1.0)
        else:
            number = _number(scope, held, key, row, measure)
            scope.declared.add(number)
        numbers.append((number, sign))
    _tell(scope, numbers)
