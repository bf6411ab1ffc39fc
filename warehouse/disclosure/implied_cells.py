"""The figures that nobody sent and that a reader can name all the same: the other parts of what is divided, and what is
left of an area beside those that are held."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.reference.breakdowns import breakdown_parts, spell_breakdown
from local_indicators.warehouse.disclosure.relations.area_divisions import area_divisions

Row = Mapping[str, Any]
Key = tuple[str, ...]
MOST_PARTS = 200
"""Beyond so many parts the others of a table are not named one by one."""
BESIDE = " beside "


def with_implied_cells(held: Mapping[Key, Row], definitions: Definitions, epoch: int) -> dict[Key, Row]:
    """The rows of a version, and those that nobody sent, of which no number is told: what is left of each area, and
    each part of every table that has one."""
    both = dict(held)
    for key, row in _left_over(held, definitions):
        both.setdefault(key, _unknown(row, key, epoch))
    for key, row in _other_parts(both, definitions):
        both.setdefault(key, _unknown(row, key, epoch))
    return both


def _unknown(like: Row, key: Key, epoch: int) -> Row:
    nothing = dict.fromkeys(
        ("value", "value_low", "value_high", "numerator", "denominator", "remainder", "counted_most", "others_most",
         "words_most", "shown_from")
    )  # fmt: skip
    no = dict.fromkeys(("told_counted", "told_among", "asked_to_hide", "small", "printed"), False)
    return {**like, **nothing, **no, "row": None, "unheld": (epoch, key), "measured": True}


def _left_over(held: Mapping[Key, Row], definitions: Definitions) -> Iterable[tuple[Key, Row]]:
    """What is left of each area beside those of one kind that are held."""
    tables: dict[Key, dict[str, Row]] = defaultdict(dict)
    for key, row in held.items():
        if definitions.indicators[key[0]].additive or not row["is_count"]:
            tables[*key[:2], *key[3:]][key[2]] = row
    for key, table in tables.items():
        if len(table) > 1:
            start = next(iter(table.values()))["period_start"]
            for division in area_divisions(definitions.geography, frozenset(table), start):
                if not division.complete:
                    yield (*key[:2], remainder_area(division.whole, division.parts), *key[2:]), table[division.whole]


def remainder_area(whole: str, beside: Sequence[str]) -> str:
    """A name for what is left of an area beside some of it."""
    return f"{whole}{BESIDE}{' '.join(sorted(beside))}"


def _other_parts(held: Mapping[Key, Row], definitions: Definitions) -> Iterable[tuple[Key, Row]]:
    """Every part of each table in which some are held, by the dimensions that people are in one part of."""
    divided = {dimension.name: dimension for dimension in definitions.dimensions if dimension.partition}
    tables: dict[Key, dict[str, Row]] = defaultdict(dict)
    for key, row in held.items():
        tables[key[:-1]][key[-1]] = row
    for key, table in tables.items():
        used = {name for breakdown in table for name in breakdown_parts(breakdown)}
        if not used or not used <= divided.keys():
            continue
        allowed = definitions.indicators[key[0]].breakdowns
        simple = {
            name: [value for value in allowed.get(name, ()) if value not in divided[name].sums] for name in sorted(used)
        }
        choices = [["", *values] for values in simple.values()]
        count = 1
        for values in choices:
            count *= len(values)
        if count > MOST_PARTS:
            continue
        deep = max(len(breakdown_parts(breakdown)) for breakdown in table)
        row = next(iter(table.values()))
        for combined in product(*choices):
            named = {name: value for name, value in zip(simple, combined, strict=True) if value}
            if len(named) <= deep:
                yield (*key, spell_breakdown(named, definitions.dimension_order)), row
