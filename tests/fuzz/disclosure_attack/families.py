"""Kinds of families of indicators, each with the areas, periods, breakdowns and forms that are drawn for it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import product
from typing import Any

from local_indicators.schemas.definitions.models import Indicator, IndicatorVersion
from local_indicators.schemas.reference.geography import ENGLAND
from local_indicators.schemas.reference.periods import read_period
from tests.fuzz.disclosure_attack.people import HIGH, LOW, MIDDLE, Family, Key, Link, Meaning

YEAR, MONTHS_TO_DATE, TWELVE, WINDOW, POOLED = (
    "Academic year", "Financial year to date", "Twelve months", "Reporting window", "Pooled academic years",
)  # fmt: skip
EVERYBODY = frozenset({HIGH, MIDDLE, LOW})
SEX, FSM = ("Girls", "Boys"), ("Eligible", "Not eligible")
CITY = "E06000018"


@dataclass(frozen=True)
class Plan:
    """A family, the figures that are sent of it and the form of each, and the figures that follow from others."""

    family: Family
    keys: tuple[Key, ...]
    forms: dict[Key, str]
    linked: tuple[tuple[Link, Key], ...] = ()
    identifier: str = YEAR

    def form(self, key: Key) -> str:
        return self.forms.get(key, "digits")

    def indicators(self, share: Indicator, count: Indicator) -> Iterable[Indicator]:
        """The definitions of the family's indicators, made from those of a share and of a count."""
        name = self.family.name
        kinds = ("National", "Region", "Sub-region", "Metropolitan county", "Police force area", "Local authority",
                 "District", "NHS trust", "Ward")  # fmt: skip
        common: dict[str, Any] = {
            "authority": "", "time_identifier": self.identifier, "area_types": kinds,
            "breakdowns": dict(self.family.dimensions), "total": True, "replaces": "", "change_of": "",
            "versions": (IndicatorVersion("1", date(2000, 1, 1)),),
        }  # fmt: skip
        for one, meaning in self.family.meanings.items():
            if meaning.is_count:
                yield replace(count, id=one, title=f"People of {one}", additive=True, **common)
            else:
                told = {"numerator": f"people counted by {one}", "denominator": f"people of {name}"}
                yield replace(share, id=one, title=f"Share {one}", decimals=meaning.decimals, **common | told)
        for link in self.family.links:
            if link.indicator not in self.family.meanings:
                told = {"change_of": link.level} if link.kind == "change" else {}
                yield replace(
                    share, id=link.indicator, title=link.indicator, unit="pp", range=(-100.0, 100.0),
                    numerator="", denominator="", **{**common, **told},
                )  # fmt: skip

    def linked_value(self, link: Link, key: Key, share: Callable[[Key], float | None]) -> float | None:
        """The value of a figure that is the first of two others less the second."""
        more, less = (share(end) for end in ends(link, key))
        decimals = self.family.meanings[link.level].decimals
        return None if more is None or less is None else round(more - less, decimals)


def ends(link: Link, key: Key) -> tuple[Key, Key]:
    """The two figures whose difference a linked figure is."""
    here = (link.level, *key[1:])
    if link.kind == "gap":
        return (*here[:5], link.breakdowns[0]), (*here[:5], link.breakdowns[1])
    if link.kind == "england-gap":
        return here, (*here[:2], ENGLAND, *here[3:])
    period = read_period(key[4], key[3])
    before = period.previous() if period else None
    assert before is not None
    return here, (*here[:3], before.time_identifier, before.time_period, key[5])


def _keys(
    names: Iterable[str], areas: Iterable[str], periods: Iterable[tuple[str, str]], breakdowns: Iterable[str]
) -> list[Key]:
    return [(i, "1", a, kind, code, b) for i, a, (kind, code), b in product(names, areas, periods, breakdowns)]


def _some(chance: random.Random, keys: Sequence[Key], share: float = 0.9) -> tuple[Key, ...]:
    kept = tuple(key for key in keys if chance.random() < share)
    return kept or tuple(keys)


def _forms(chance: random.Random, keys: Iterable[Key], forms: Sequence[str], often: float) -> dict[Key, str]:
    return {key: chance.choice(forms) for key in keys if chance.random() < often}


def _crossed(*dimensions: tuple[str, Sequence[str]]) -> list[str]:
    """Every breakdown that some dimensions make, Total and margins too."""
    choices = [[None, *values] for _, values in dimensions]
    return [
        "; ".join(f"{name}={value}" for (name, _), value in zip(dimensions, chosen, strict=True) if value) or "Total"
        for chosen in product(*choices)
    ]


def _count_or_share(chance: random.Random, name: str) -> dict[str, Meaning]:
    if chance.random() < 0.5:
        return {f"{name}-count": Meaning(frozenset({HIGH}))}
    return {f"{name}-share": Meaning(frozenset({HIGH}), frozenset({HIGH, LOW}), 100.0, chance.choice((0, 1, 1, 2)))}


LAYERS: tuple[tuple[str, ...], ...] = (
    ("E12000001", "E23000013", *(f"E0600000{n}" for n in range(1, 5))),
    ("E23000013", *(f"E0600000{n}" for n in range(1, 5))),
    ("E23000019", CITY, "E10000024"),
    ("E12000004", "E23000019", "E23000018", CITY, "E10000024", "E06000015", "E10000007"),
    ("E11000001", *(f"E080000{n:02d}" for n in range(1, 11))),
    ("E23000010", "E11000006", *(f"E080000{n}" for n in range(32, 37))),
    ("E12000002", "E11000001", "E11000002", "E23000005", "E23000004"),
    ("E12000007", "E13000001", "E13000002"),
    ("E13000001", "E09000001", "E09000007", "E09000012", "E12000007"),
    ("E10000024", *(f"E07000{n}" for n in range(170, 177))),
    ("E23000019", CITY, *(f"E07000{n}" for n in range(170, 177))),
    (CITY, "E05008850", "E05008851", "E05008852"),
    (CITY, "PCT:5EM", "E23000019"),
    (ENGLAND, *(f"E1200000{n}" for n in range(1, 10))),
)
"""Areas that lie in each other or across each other."""


def _layers(chance: random.Random, name: str) -> Plan:
    meanings = _count_or_share(chance, name)
    areas = chance.choice(LAYERS)
    sexes = len(areas) < 8 and chance.random() < 0.3
    keys = _some(chance, _keys(meanings, areas, [(YEAR, "200910")], _crossed(("Sex", SEX)) if sexes else ["Total"]))
    family = Family(name, meanings, {"Sex": SEX})
    return Plan(family, keys, _forms(chance, keys, ("hidden", "range", "under", "based"), 0.15))


def _tables(chance: random.Random, name: str) -> Plan:
    meanings = _count_or_share(chance, name)
    keys = _some(
        chance,
        _keys(meanings, [CITY], [(YEAR, "200910")], _crossed(("Sex", SEX), ("FSM", FSM))),
        chance.choice((0.7, 1)),
    )
    forms = ("printed", "based", "hidden", "range", "words", "under", "ends")
    return Plan(Family(name, meanings, {"Sex": SEX, "FSM": FSM}), keys, _forms(chance, keys, forms, 0.3))


def _outcomes(chance: random.Random, name: str) -> Plan:
    decimals = chance.choice((0, 1, 1, 2))
    level_2, level_3, without = f"{name}-level-2", f"{name}-level-3", f"{name}-without"
    meanings = {
        level_2: Meaning(frozenset({HIGH, MIDDLE}), EVERYBODY, 100.0, decimals),
        level_3: Meaning(frozenset({HIGH}), EVERYBODY, 100.0, chance.choice((0, 1, 2))),
        without: Meaning(frozenset({LOW}), EVERYBODY, 100.0, decimals),
    }
    if chance.random() < 0.5:
        del meanings[without]
    links = (Link(level_3, "part", level_2), *([Link(without, "complement", level_2)] if without in meanings else []))
    keys = _some(chance, _keys(meanings, [CITY], [(YEAR, "200910")], _crossed(("FSM", FSM))), chance.choice((0.8, 1)))
    forms = ("printed", "printed", "based", "hidden", "range", "words")
    return Plan(Family(name, meanings, {"FSM": FSM}, links), keys, _forms(chance, keys, forms, 0.5))


def _spans(chance: random.Random, name: str) -> Plan:
    kind, codes = chance.choice(
        (
            (MONTHS_TO_DATE, ["201004", "201005", "201006", "201007"]),
            (TWELVE, ["201003", "201006", "201009", "201012"]),
            (WINDOW, ["200709-201012", "200709-201006", "200709-201003", "200809-201012"]),
            (WINDOW, ["200909-201008", "200909-200912", "201001-201008", "201001-201003"]),
            (POOLED, ["200708-200910", "200809-201011", "200708-201011"]),
            (TWELVE, ["201003", "201004", "201005"]),
        )
    )
    meanings = _count_or_share(chance, name)
    years = [(YEAR, "200910")] if kind in (WINDOW, POOLED) and chance.random() < 0.5 else []
    sexes = _crossed(("Sex", SEX)) if chance.random() < 0.3 else ["Total"]
    keys = _some(chance, _keys(meanings, [CITY], [*((kind, code) for code in codes), *years], sexes))
    family = Family(name, meanings, {"Sex": SEX})
    return Plan(family, keys, _forms(chance, keys, ("hidden", "range", "printed"), 0.1), identifier=kind)


def _changes(chance: random.Random, name: str) -> Plan:
    level = f"{name}-level"
    meanings = {level: Meaning(frozenset({HIGH}), frozenset({HIGH, LOW}), 100.0, chance.choice((0, 1, 2)))}
    breakdowns = ("FSM=Not eligible", "FSM=Eligible")
    links = (
        Link(f"{name}-change", "change", level),
        Link(f"{name}-gap", "gap", level, breakdowns),
        Link(f"{name}-england-gap", "england-gap", level),
    )
    years = [(YEAR, "200809"), (YEAR, "200910")]
    keys = _some(chance, _keys(meanings, [CITY, ENGLAND], years, _crossed(("FSM", FSM))))
    linked = [
        *((links[0], key) for key in _keys([links[0].indicator], [CITY], years[1:], _crossed(("FSM", FSM)))),
        *((links[1], key) for key in _keys([links[1].indicator], [CITY], years, ["Total"])),
        *((links[2], key) for key in _keys([links[2].indicator], [CITY], years, _crossed(("FSM", FSM)))),
    ]
    held = [(link, key) for link, key in linked if set(ends(link, key)) <= set(keys) and chance.random() < 0.6]
    family = Family(name, meanings, {"FSM": FSM}, links)
    return Plan(family, keys, _forms(chance, keys, ("printed", "based", "hidden"), 0.2), tuple(held))


def _neighbours(chance: random.Random, name: str) -> Plan:
    meanings = {f"{name}-share": Meaning(frozenset({HIGH}), frozenset({HIGH, LOW}), 100.0, 1)}
    areas = [CITY, "E06000015", "E06000016", "E06000010", "E06000002"]
    keys = _some(chance, _keys(meanings, areas, [(YEAR, "200910")], ["Total"]), 0.95)
    return Plan(Family(name, meanings, {}), keys, _forms(chance, keys, ("printed", "based"), 0.3))


def _runs(chance: random.Random, name: str) -> Plan:
    meanings = _count_or_share(chance, name)
    years = [(YEAR, f"{year}{(year + 1) % 100:02d}") for year in range(2003, 2010)]
    keys = tuple(_keys(meanings, [CITY], years, ["Total"]))
    return Plan(Family(name, meanings, {}), keys, _forms(chance, keys, ("hidden", "under"), 0.1))


MADE: dict[str, Callable[[random.Random, str], Plan]] = {
    "layers": _layers, "tables": _tables, "outcomes": _outcomes, "spans": _spans, "changes": _changes,
    "neighbours": _neighbours, "runs": _runs,
}  # fmt: skip
"""Kinds of families by name."""
