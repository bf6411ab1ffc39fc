"""What may be typed into each cell of a template: the words that a layout reads as something we know, and the limits of
numbers, taken from the same definitions as the check."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from itertools import islice

from inputs.grammar import REASONS, RowTest, Source, TableLayout, ValueColumn, same
from inputs.layouts import Layout
from inputs.replies.templates.pattern_words import spellings
from inputs.tables.fitting import ANY_TOTAL
from inputs.tables.measures import STATUS_WORDS
from schemas.breakdowns import parts
from schemas.definitions import Indicator
from schemas.geography import ENGLAND, UNLISTED, Area
from schemas.periods import MONTHS, QUARTERS, SINGLE_YEARS, SPLIT_YEARS, TERMS, WINDOW, Period, build, read_period

EARLIEST_YEAR = 1990
MOST_COUNTED = 1e15
"""The check sets no upper limit to a numerator or denominator; a cell's validation needs one."""
SCALES: Mapping[str, float] = {"as given": 1.0, "percent": 1.0, "fraction": 100.0, "thousands": 1000.0}


@dataclass(frozen=True)
class Choice:
    """One of these words, the likeliest first. An open list leaves some out: other spellings are read too."""

    words: tuple[str, ...]
    closed: bool = True


@dataclass(frozen=True)
class Quotient:
    """The columns, counted from 0, of a value and of the two counts that it must be the quotient of, times `per`; the
    value as typed times `factor` is in the indicator's unit, and has so many decimals."""

    value: int
    numerator: int
    denominator: int
    per: float
    factor: float
    decimals: int


@dataclass(frozen=True)
class Number:
    """A number from `low` to `high` as it is typed; times `factor` it is in the indicator's unit. `marks` may stand in
    its place. `at_most` and `at_least` are columns of the row, counted from 0, with a number that it must not pass.
    `aside` is true where marks have a column of their own, so that a cell need not take them."""

    low: float
    high: float
    whole: bool = False
    factor: float = 1.0
    decimals: int = 0
    marks: tuple[str, ...] = ()
    at_most: int | None = None
    at_least: int | None = None
    quotient: Quotient | None = None
    aside: bool = False

    @property
    def neighbours(self) -> tuple[int | None, int | None, Quotient | None] | None:
        """What it must agree with in its row; None where that is nothing."""
        found = (self.at_most, self.at_least, self.quotient)
        return found if any(one is not None for one in found) else None


@dataclass(frozen=True)
class Words:
    """Any text."""


Plain = Choice | Number | Words


@dataclass(frozen=True)
class Depending:
    """What may be typed depends on the word in another column of the row, counted from 0."""

    on: int
    by: tuple[tuple[str, Plain], ...]


Answer = Plain | Depending


@dataclass(frozen=True)
class Options:
    """The words for one thing: those to fill in beforehand, and all that may be chosen."""

    likely: tuple[str, ...]
    every: tuple[str, ...]
    closed: bool = True

    @property
    def choice(self) -> Choice:
        return Choice(tuple(dict.fromkeys((*self.likely, *self.every))), self.closed)


@dataclass(frozen=True, eq=False)
class Occasion:
    """What a template is for: a layout, the period expected (as people write it; "" for none), the day it is due, and
    the day on which it is made."""

    layout: Layout
    expected: str
    due: date | None
    day: date

    @property
    def horizon(self) -> date:
        """Periods that begin later cannot be reported yet."""
        return max(self.day, self.due or self.day)


def meaning(source: Source, typed: str) -> str:
    """What a layout makes of a word before anything is looked up, as parsing does it."""
    word: str | None = typed
    if source.pattern is not None:
        match = source.pattern.search(typed)
        word = None if match is None else match[1] if match.re.groups else match[0]
    return source.mapped.get(same(word or source.default or ""), word or source.default or "")


def _typed(source: Source, wanted: Iterable[str]) -> Iterator[str]:
    """Words that partners might type for words of ours: those that the layout maps first, then our own."""
    for ours in wanted:
        yield from (key for key, value in source.map.items() if value == ours)
        yield from spellings(source.pattern, ours) if source.pattern is not None else (ours,)


def options(
    thing: str, source: Source, indicators: Sequence[Indicator], table: TableLayout, occasion: Occasion
) -> Options:
    """What may be said of a thing (indicator, area, period, provenance, status or a dimension) of figures that may be
    of any of these indicators."""
    if source.const is not None:
        return Options((source.const,), (source.const,))
    if thing == "indicator":
        found = _indicators(source, occasion)
    elif thing == "area":
        found = _areas(source, tuple(one.area_types for one in indicators), occasion)
    elif thing == "period":
        found = _periods(source, indicators, occasion)
    elif thing == "provenance":
        words = tuple(w for w in _typed(source, ("reported", "illustrative")) if _is_provenance(meaning(source, w)))
        found = Options(words[:1], words)
    elif thing == "status":
        found = Options((), _statuses(source, table))
    else:
        found = _parts(thing, source, indicators)
    tests = [*((test, True) for test in table.only), *((test, False) for test in table.skip)]
    mine = [(test, wanted) for test, wanted in tests if test.of == thing]
    return Options(
        tuple(word for word in found.likely if _let_in(meaning(source, word), mine)),
        tuple(word for word in found.every if _let_in(meaning(source, word), mine)),
        found.closed,
    )


def _let_in(word: str, tests: Sequence[tuple[RowTest, bool]]) -> bool:
    return all(bool(test.match.search(word)) is wanted for test, wanted in tests)


def _is_provenance(word: str) -> bool:
    return word.casefold() in ("reported", "illustrative")


def indicators_of(source: Source, occasion: Occasion) -> dict[str, Indicator]:
    """The indicators that a source can name, by the word that is typed for each."""
    if source.const is not None:
        return {source.const: occasion.layout.definitions.indicators[source.const]}
    return {w: occasion.layout.definitions.indicators[meaning(source, w)] for w in _indicators(source, occasion).every}


def _indicators(source: Source, occasion: Occasion) -> Options:
    known = occasion.layout.definitions.indicators
    if source.map:
        ours: list[str] = list(dict.fromkeys(source.map.values()))
    else:
        ours = [i.id for i in known.values() if i.authority == occasion.layout.collection] or list(known)
    words: dict[str, str] = {}
    for word in _typed(source, ours):
        if (means := meaning(source, word)) in known:
            words.setdefault(means, word)
    return Options(tuple(words.values()), tuple(words.values()))


def area_words(code: str, source: Source, indicator: Indicator, occasion: Occasion) -> tuple[str, ...]:
    """The word to type for one area, if there is one."""
    geography, types = occasion.layout.definitions.geography, indicator.area_types
    area = geography.area(code)
    names = (area.name, area.area_code) if area else ()
    words = (
        word for word in _typed(source, names) if geography.find(meaning(source, word), types, occasion.day) == area
    )
    return tuple(islice(words, 1))


def part_words(name: str, breakdown: str, source: Source, indicator: Indicator) -> tuple[str, ...]:
    """The word to type for the part that a breakdown has of a dimension, if there is one."""
    wanted = parts(breakdown).get(name, "")
    every = _parts(name, source, [indicator]).every
    said = (word for word in every if same(meaning(source, word)) in ({same(wanted)} if wanted else ANY_TOTAL))
    return tuple(islice(said, 1))


@lru_cache(maxsize=64)
def _areas(source: Source, area_types: tuple[tuple[str, ...], ...], occasion: Occasion) -> Options:
    """The areas that are of a type that each of several indicators is measured for."""
    geography = occasion.layout.definitions.geography
    shared = set.intersection(*map(set, area_types)) if area_types else set()
    day = occasion.day
    fits = [area for area in geography.areas if area.area_type in shared and area.held(day)]

    def reads(word: str) -> Area | None:
        means, found = meaning(source, word), None
        for types in area_types:
            found = geography.find(means, types, day) or geography.find(same(means), types, day)
            if found is None or not found.held(day):
                return None
        return found

    def words(area: Area) -> list[str]:
        names = (
            (area.area_code, area.name) if "code" in same(" ".join(source.column[:1])) else (area.name, area.area_code)
        )
        typed = (word for name in names for word in _typed(source, (name,)))
        return [word for word in dict.fromkeys(typed) if reads(word) == area]

    likely = _home(fits, occasion)
    nearby = [a for a in fits if a.area_code == ENGLAND or a.area_code in _regions(likely, occasion)]
    ordered = list(dict.fromkeys((*likely, *nearby, *sorted(fits, key=lambda a: a.name))))
    spelt = [words(area) for area in ordered]
    every = tuple(dict.fromkeys([*(w[0] for w in spelt if w), *(word for w in spelt for word in w[1:])]))
    closed = not shared & set(UNLISTED.values())
    return Options(tuple(w[0] for w in spelt[: len(likely)] if w), every, closed)


def _home(fits: Sequence[Area], occasion: Occasion) -> list[Area]:
    """The areas that a return is about before anybody says more: those that the definitions give peers or targets for;
    failing these the only local one of its kind, or England."""
    definitions = occasion.layout.definitions
    named = {peer.area_code for peer in definitions.peers} | {target.area_code for target in definitions.targets}
    at_home = [area for area in fits if area.area_code in named]
    local = [area for area in fits if area.area_type not in ("National", "Region")]
    if at_home or len(local) == 1:
        return at_home or local
    return [area for area in fits if area.area_code == ENGLAND]


def _regions(areas: Sequence[Area], occasion: Occasion) -> set[str | None]:
    return {occasion.layout.definitions.geography.region_of(area.area_code) for area in areas}


def _periods(source: Source, indicators: Sequence[Indicator], occasion: Occasion) -> Options:
    if not indicators:
        return Options((), ())

    def reads(word: str) -> bool:
        read = [read_period(meaning(source, word), one.time_identifier, ending=source.ending) for one in indicators]
        pairs = zip(read, indicators, strict=True)
        return all(p is not None and one.version_at(p.end or p.start) is not None for p, one in pairs)

    def word_for(period: Period) -> str | None:
        forms = (period.label, period.label.replace("/", "-"), period.time_period)
        return next((word for word in _typed(source, forms) if reads(word)), None)

    written = (w for w in _typed(source, (occasion.expected, occasion.expected.replace("/", "-"))) if occasion.expected)
    expected = next((word for word in written if reads(word)), None)
    identifiers = {one.time_identifier for one in indicators}
    listed = [word for name in sorted(identifiers) for p in _recent(name, occasion) if (word := word_for(p))]
    likely = (expected,) if expected else ()
    known = [read_period(expected, one.time_identifier, ending=source.ending) for one in indicators] if expected else []
    again = {word_for(period) for period in known if period}
    return Options(
        likely,
        tuple(word for word in dict.fromkeys(listed) if word not in again),
        closed=all(name in _LISTED for name in identifiers),
    )


_LISTED = (*SPLIT_YEARS, *SINGLE_YEARS, *TERMS, *QUARTERS, *MONTHS)
"""Identifiers with one period a year, which can all be listed."""


def _recent(identifier: str, occasion: Occasion) -> Iterator[Period]:
    """The periods of an identifier that have begun, the newest first."""
    if identifier in _LISTED:
        years = range(occasion.horizon.year, EARLIEST_YEAR, -1)
        yield from (p for year in years if (p := build(identifier, year)).start <= occasion.horizon)
        return
    first = read_period(occasion.expected, identifier) if occasion.expected else None
    if first is None and identifier == WINDOW:
        first = read_period(f"since September {occasion.day.year - 1}", identifier)
    chain: list[Period] = []
    while first is not None and len(chain) < 10:
        chain.append(first)
        first = first.previous()
    yield from chain


def _statuses(source: Source, table: TableLayout) -> tuple[str, ...]:
    read = (*STATUS_WORDS, *table.marks)
    short = ("p", "r", "e", "u", "f", "b", *REASONS)
    words = (word for word in dict.fromkeys((*short, *source.map, *read)) if word)
    return tuple(word for word in words if meaning(source, word).casefold() in read)


def _parts(name: str, source: Source, indicators: Sequence[Indicator]) -> Options:
    allowed = [one.breakdowns.get(name, ()) for one in indicators]
    shared = [value for value in (allowed[0] if allowed else ()) if all(value in other for other in allowed)]
    total = all(one.total or name not in one.breakdowns for one in indicators)
    as_total = [word for word in _typed(source, ("Total", "All")) if same(meaning(source, word)) in ANY_TOTAL]
    as_part = [next((w for w in _typed(source, (v,)) if same(meaning(source, w)) == same(v)), None) for v in shared]
    likely = (*(as_total[:1] if total else ()), *(word for word in as_part if word))
    others = [w for v in shared for w in _typed(source, (v,)) if same(meaning(source, w)) == same(v)]
    totals = sorted(word.capitalize() for word in ANY_TOTAL if word and same(meaning(source, word)) in ANY_TOTAL)
    return Options(likely, tuple(dict.fromkeys((*likely, *others, *(totals if total else ())))))


# -- measures ---------------------------------------------------------------------------------------------------------


def measure_answer(spec: ValueColumn, indicator: Indicator, table: TableLayout, layout: Layout) -> Plain:
    """What may be typed under a value column for an indicator; columns beside it are left out of account."""
    answer = _measure_answer(spec, indicator, table, layout)
    return replace(answer, aside=table.status is not None) if isinstance(answer, Number) else answer


def _measure_answer(spec: ValueColumn, indicator: Indicator, table: TableLayout, layout: Layout) -> Plain:
    if spec.measure == "value_text":
        scale = layout.definitions.scales.get(indicator.scale)
        marks = tuple(mark for mark in REASONS if mark in table.marks)
        return Choice((*scale.values, *marks)) if scale else Words()
    if spec.measure == "status":
        return Choice(_statuses(Source(const=""), table))
    if spec.margin:
        return Number(
            0.0,
            _finite(indicator)[1] / factor_of(spec.scale),
            decimals=indicator.decimals,
            marks=_marks(table, 0.0, 0.0, 0.0),
        )
    factor = factor_of(spec.scale)
    if spec.measure in ("numerator", "denominator"):
        return Number(0.0, MOST_COUNTED, whole=True, factor=factor, marks=_marks(table, 0.0, MOST_COUNTED, factor))
    low, high = (limit / factor for limit in _finite(indicator))
    whole = indicator.counted and spec.measure == "value"
    return Number(low, high, whole, factor, indicator.decimals, _marks(table, *_finite(indicator), factor))


def _finite(indicator: Indicator) -> tuple[float, float]:
    """The limits between which the check lets a value through unasked: what is possible and what is plausible."""
    return max(indicator.bounds[0], indicator.range[0]), min(indicator.bounds[1], indicator.range[1])


def factor_of(scale: str | float) -> float:
    """What a number that is typed is multiplied by to be in the indicator's unit."""
    return SCALES[scale] if isinstance(scale, str) else float(scale)


def _marks(table: TableLayout, low: float, high: float, factor: float) -> tuple[str, ...]:
    """The marks that may stand in the place of a number between two limits. `<5` stands for the range from 0 to 4,
    where numbers are typed in the indicator's own unit."""
    hidden = ("<5",) if factor == 1 and low <= 0 and high >= 4 else ()
    return (*REASONS, *(mark for mark in table.marks if mark not in REASONS), *hidden)


def row_test_words(tests: Sequence[RowTest]) -> tuple[str, ...]:
    """Words of a column that tests let in."""
    first: re.Pattern[str] = tests[0].match
    fitting = (word for word in spellings(first) if all(test.match.search(word) for test in tests))
    return tuple(islice(fitting, 12))
