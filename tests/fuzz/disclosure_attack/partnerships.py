"""Random partnerships: made-up people, indicators that count them, and what partners send of them night by night."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from local_indicators.schemas.definitions.loader import SHIPPED_REFERENCE, load_definitions
from local_indicators.schemas.definitions.models import Definitions, DisclosurePolicy, IndicatorRelation, Peer
from local_indicators.schemas.reference.geography import Area, Geography
from tests.fuzz.disclosure_attack.families import MADE, Plan
from tests.fuzz.disclosure_attack.forms import put
from tests.fuzz.disclosure_attack.people import Cell, Family, Grid, Key
from tests.fuzz.disclosure_attack.places import WARDS
from tests.support.places import DEFINITION_FILES

BASE = load_definitions(DEFINITION_FILES)
PEERS = ("E06000015", "E06000016", "E06000010", "E06000002")
"""Made-up statistical neighbours of Nottingham."""


@dataclass(frozen=True)
class Row:
    """One row of a return, as it is sent, with how many people it counts and among how many (None for a count)."""

    key: Key
    sent: Mapping[str, Any]
    counted: int | None
    among: int | None


@dataclass(frozen=True)
class Night:
    """What arrives and is published in one night under some definitions; a rollback publishes an earlier version."""

    definitions: Definitions
    returns: Mapping[str, tuple[Row, ...]]
    rollback_to: int | None = None


@dataclass(frozen=True)
class Partnership:
    """Families of indicators and the nights in which partners send of them."""

    seed: int
    families: tuple[Family, ...]
    nights: tuple[Night, ...]
    in_digits: frozenset[Key]
    """Figures of which everybody knows that their partner sends the number itself."""


def partnership(seed: int, size: int = 8, only: str = "") -> Partnership:
    """The partnership of a seed, with so many families; of one kind `only`, where it is named."""
    chance = random.Random(seed)  # noqa: S311
    names = [only] * size if only else [chance.choice(list(MADE)) for _ in range(size)]
    plans = [MADE[name](chance, f"f{n}") for n, name in enumerate(names)]
    policies = _policies(chance)
    count = chance.choice((1, 2, 2, 3))
    senders, collections = [_Sender(plan, chance) for plan in plans], _Collections(chance)
    nights = []
    for number in range(count):
        definitions = _definitions(plans, policies[min(number, len(policies) - 1)])
        nights.append(Night(definitions, collections.night(row for sender in senders for row in sender.night(number))))
    if count > 1 and chance.random() < 0.3:
        nights.append(replace(nights[-1], returns={}, rollback_to=1))
    in_digits = frozenset(key for plan in plans for key in plan.keys if plan.form(key) == "digits")
    return Partnership(seed, tuple(plan.family for plan in plans), tuple(nights), in_digits)


def _policies(chance: random.Random) -> list[tuple[DisclosurePolicy, ...]]:
    """The policies of the first nights and, sometimes, those that stand in their place later."""

    def drawn() -> tuple[DisclosurePolicy, ...]:
        least, base = chance.choice((3, 5, 5, 5, 6, 10)), chance.choice((0, 0, 0, 0, 5))
        bases = chance.choice((0, 10, 10))
        return tuple(
            replace(BASE.disclosure[name], primary_min=least, round_base=base, min_denominator=bases * (name != "none"))
            for name in ("small-counts", "percentages")
        )

    first = drawn()
    return [first, drawn()] if chance.random() < 0.2 else [first]


def _definitions(plans: Sequence[Plan], policies: Sequence[DisclosurePolicy]) -> Definitions:
    indicators, relations = dict(BASE.indicators), [*BASE.relations]
    for plan in plans:
        for indicator in plan.indicators(
            BASE.indicators["level-2-at-19"], BASE.indicators["schools-high-persistent-absence"]
        ):
            indicators[indicator.id] = indicator
        relations += [
            IndicatorRelation(link.kind, link.indicator, (link.level,), tuple(name for name in link.breakdowns if name))
            for link in plan.family.links
            if link.kind != "change"  # which change_of says
        ]
    wards = [Area(code, f"Ward {code}", "Ward", city) for code, city in WARDS.items()]
    places = Geography([*BASE.geography.areas, *wards], SHIPPED_REFERENCE / "areas.csv")
    peers = tuple(
        Peer(
            area_code="E06000018",
            group_code="statistical_neighbours",
            group_title="Made up",
            group_version="made up",
            valid_from=date(2000, 1, 1),
            order=n,
            member_code=code,
            member_name=code,
        )
        for n, code in enumerate(PEERS, start=1)
    )
    return replace(
        BASE,
        indicators=indicators,
        relations=tuple(relations),
        geography=places,
        peers=peers,
        disclosure={**BASE.disclosure, **{policy.id: policy for policy in policies}},
    )


class _Collections:
    """Which return each figure comes with: by family and area, so that parts and totals come together or apart."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.of: dict[tuple[str, str], str] = {}
        self.before: dict[str, tuple[Row, ...]] = {}

    def night(self, rows: Iterable[Row]) -> dict[str, tuple[Row, ...]]:
        """The returns that are sent: in the first night all, then those in which something differs, or by chance."""
        now: dict[str, list[Row]] = {}
        for row in rows:
            place = row.key[0].split("-")[0], row.key[2]
            now.setdefault(self.of.setdefault(place, self.chance.choice(("ours", "ours", "theirs"))), []).append(row)
        sent = {
            name: tuple(rows)
            for name, rows in now.items()
            if self.before.get(name) != tuple(rows) or self.chance.random() < 0.2
        }
        self.before = {name: tuple(rows) for name, rows in now.items()}
        return sent


class _Sender:
    """The partners of one family: they count its people, and correct some of what they counted later."""

    def __init__(self, plan: Plan, chance: random.Random) -> None:
        self.plan, self.chance = plan, chance
        self.grid = Grid.over(plan.family, plan.keys)
        self.people: dict[Cell, int] = {cell: self._drawn(cell) for cell in self.grid.cells}

    def _drawn(self, cell: Cell) -> int:
        areas = self.grid.places[cell[0]]
        wide = not any(area.startswith(("E05", "E06", "E07", "E08", "E09", "E10", "PCT")) for area in areas)
        small = self.chance.choice((0, 1, 2, 2, 3, 4, 6, 8, 12))
        return self.chance.choice((small, self.chance.randint(3, 40), self.chance.randint(20, 90))) * (9 if wide else 1)

    def night(self, number: int) -> Iterable[Row]:
        """What the partners would send in a night."""
        if number and self.chance.random() < 0.6:
            for cell in self.grid.cells:
                if self.chance.random() < 0.15:
                    self.people[cell] = max(0, self.people[cell] + self.chance.choice((-3, -2, -1, 1, 2, 4, 15)))
        for key in self.plan.keys:
            counted = self._sum(key, counted=True)
            meaning = self.plan.family.meanings[key[0]]
            among = None if meaning.is_count else self._sum(key, counted=False)
            yield Row(key, put(self.plan.form(key), meaning, counted, among), counted, among)
        for link, key in self.plan.linked:
            yield Row(key, {"value": self.plan.linked_value(link, key, self._share)}, None, None)

    def _sum(self, key: Key, *, counted: bool) -> int:
        return sum(self.people[cell] for cell in self.grid.people(key, counted=counted))

    def _share(self, key: Key) -> float | None:
        among = self._sum(key, counted=False)
        return self.plan.family.meanings[key[0]].per * self._sum(key, counted=True) / among if among else None
