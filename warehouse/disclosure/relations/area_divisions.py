"""Which areas lie in which, and which of them make up another: by the parents and the overlaps of areas.csv."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from local_indicators.schemas.reference.geography import Area, Geography

COUNCILS = ("Region", "Local authority", "District")
"""Kinds of area of which each lies in one of the kind before: whichever of them are held, those that lie in none of the
others divide a country once."""


@dataclass(frozen=True)
class AreaDivision:
    """An area and some that lie in it, none of which has a part in common with another. `complete`: nothing of it is
    left beside them. `way` names how it is divided."""

    whole: str
    parts: tuple[str, ...]
    complete: bool
    way: str


@lru_cache(maxsize=100_000)
def ancestors_of_area(geography: Geography, code: str) -> tuple[str, ...]:
    """The parent of an area, its parent and so on; none for an area that is known by the form of its code alone."""
    found: list[str] = []
    area = geography.by_code.get(code)
    while area is not None and area.parent_code and area.parent_code not in found:
        found.append(area.parent_code)
        area = geography.by_code.get(area.parent_code)
    return tuple(found)


@lru_cache(maxsize=100_000)
def areas_around(geography: Geography, code: str) -> frozenset[str]:
    """Every area that an area lies in: its parents, what it overlaps with as the list says, and, of areas made of
    councils such as police areas, those that have all of its councils. Two that have the same lie in each other."""
    listed = _listed_around(geography, code)
    mine = _councils(geography, code)
    if not mine:
        return listed
    same = {other for other in _made_of_councils(geography) if other != code and mine <= _councils(geography, other)}
    return listed | same


@lru_cache(maxsize=100_000)
def _listed_around(geography: Geography, code: str) -> frozenset[str]:
    found: set[str] = set()
    todo = [code]
    while todo:
        area = geography.by_code.get(todo.pop())
        if area is not None:
            new = {area.parent_code, *area.lies_in.split()} - {"", code} - found
            found |= new
            todo += new
    return frozenset(found)


@lru_cache(maxsize=64)
def _made_of_councils(geography: Geography) -> tuple[str, ...]:
    """The areas, beside countries and regions, that councils lie in."""
    inside = {
        above for area in geography.areas if area.area_type == "Local authority" for above in area.lies_in.split()
    }
    return tuple(sorted(inside))


@lru_cache(maxsize=10_000)
def _councils(geography: Geography, code: str) -> frozenset[str]:
    """The councils of an area that is made of them; none for any other."""
    if code not in _made_of_councils(geography):
        return frozenset()
    return frozenset(
        area.area_code
        for area in geography.areas
        if area.area_type == "Local authority" and code in _listed_around(geography, area.area_code)
    )


def area_layer(geography: Geography, code: str) -> str:
    """What an area is a part of a larger one as: its type, but a district stands beside councils where its county is
    not held, and a council beside regions."""
    area = geography.area(code)
    kind = area.area_type if area else ""
    return "Local authority" if kind in COUNCILS else kind


def nearest_containing_areas(geography: Geography, code: str, held: Iterable[str]) -> list[str]:
    """The areas, of those held, that an area is a part of with no other between: the nearest of its parents, and of the
    areas that overlap those."""
    there = frozenset(held)
    parents = [above for above in ancestors_of_area(geography, code) if above in there]
    beside = [
        other
        for other in sorted(areas_around(geography, code) & there)
        if other not in parents and not any(other in areas_around(geography, above) for above in parents)
    ]
    return parents[:1] + beside


@lru_cache(maxsize=10_000)
def area_divisions(geography: Geography, held: frozenset[str], day: date | None) -> tuple[AreaDivision, ...]:
    """How the areas that are held divide each other on a day."""
    families: dict[tuple[str, str], list[str]] = defaultdict(list)
    for code in sorted(held):
        for whole in nearest_containing_areas(geography, code, held):
            families[whole, area_layer(geography, code)].append(code)
    return tuple(
        AreaDivision(whole, tuple(codes), _complete(geography, whole, frozenset(codes), day), way)
        for (whole, way), codes in families.items()
    )


def _complete(geography: Geography, whole: str, codes: frozenset[str], day: date | None) -> bool:
    """Whether every area of the kind of some lies in one of them, of those that lie in a whole. Before the whole's code
    began, what counts is how it was divided when it did."""
    begun = geography.by_code[whole].valid_from if whole in geography.by_code else None
    if day is not None and begun is not None:
        day = max(day, begun)
    kinds = {area.area_type for code in codes if (area := geography.area(code)) is not None}
    if not kinds.isdisjoint(COUNCILS[:2]):
        kinds = {"Local authority"}
    return all(_covered(geography, area, codes, day) for area in _inside(geography, whole) if _counts(area, kinds, day))


def _counts(area: Area, kinds: set[str], day: date | None) -> bool:
    return area.area_type in kinds and (day is None or area.held(day))


def _covered(geography: Geography, area: Area, codes: frozenset[str], day: date | None) -> bool:
    if area.area_code in codes or not codes.isdisjoint(areas_around(geography, area.area_code)):
        return True
    districts = [one for one in _inside(geography, area.area_code) if _counts(one, {"District"}, day)]
    return bool(districts) and all(district.area_code in codes for district in districts)


@lru_cache(maxsize=10_000)
def _inside(geography: Geography, whole: str) -> tuple[Area, ...]:
    return tuple(area for area in geography.areas if whole in areas_around(geography, area.area_code))
