"""The areas that a partnership is for, and the averages of their statistical neighbours as sources print them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from local_indicators.common.errors import DefinitionError
from local_indicators.schemas.definitions.models import Partnership
from local_indicators.schemas.reference.geography import Alias, Area, Geography

NEIGHBOURS = "Statistical neighbours"
"""The type of area that a printed average of statistical neighbours is."""
EVERY_HOME = "SN:*"
"""The code by which an alias stands for the neighbours of each of the partnership's areas."""


def find_home_areas(partnership: Partnership, geography: Geography, file: Path) -> tuple[Area, ...]:
    """Return the areas of a partnership. Raises DefinitionError for one that is not known, with those of like name."""
    found = []
    for typed in partnership.areas:
        area = geography.find(typed) or geography.find(typed, ("Local authority",))
        if area is None:
            likely = get_close_matches(typed, [a.name for a in geography.areas], n=3)
            hint = f"; did you mean {' or '.join(likely)}?" if likely else "; give its GSS code, such as E06000016"
            raise DefinitionError(file, f"{typed!r} is not the name or code of one area{hint}", key="areas")
        found.append(area)
    return tuple(found)


def neighbour_averages(home: Sequence[Area], areas: Iterable[Area]) -> tuple[Area, ...]:
    """Return an area for the printed average of the neighbours of each home area, unless the areas have it already."""
    known = {area.area_code for area in areas}
    country = "E92000001" if "E92000001" in known else ""
    return tuple(
        Area(f"SN:{area.area_code}", f"Statistical neighbours of {area.name}", NEIGHBOURS, country)
        for area in home
        if f"SN:{area.area_code}" not in known
    )


def aliases_of_neighbours(alias: Alias, home: Sequence[Area]) -> Iterator[Alias]:
    """Yield an alias as it is, and one of `EVERY_HOME` for each home area: with several of them the word alone means
    none of them."""
    if alias.area_code != EVERY_HOME:
        yield alias
        return
    for area in home:
        yield replace(alias, area_code=f"SN:{area.area_code}")
