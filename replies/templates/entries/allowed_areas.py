"""The areas that may be typed into a template, by name and by code."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import islice

from local_indicators.inputs.layouts.layout_language import Source
from local_indicators.inputs.layouts.text_comparison import normalised_without_footnotes
from local_indicators.replies.templates.entries.allowed_entries import WordOptions
from local_indicators.replies.templates.entries.typed_words import interpreted, typed_words
from local_indicators.replies.templates.template_request import TemplateRequest
from local_indicators.schemas.definitions.models import Indicator
from local_indicators.schemas.reference.geography import ENGLAND, UNLISTED, Area

AreaTypes = tuple[tuple[str, ...], ...]
"""The area types of each of several indicators."""


def area_words(code: str, source: Source, indicator: Indicator, request: TemplateRequest) -> tuple[str, ...]:
    """Return the word to type for the area with this code, or nothing if there is none."""
    geography, types = request.layout.definitions.geography, indicator.area_types
    area = geography.area(code)
    names = (area.name, area.area_code) if area else ()
    words = (
        word
        for word in typed_words(source, names)
        if geography.find(interpreted(source, word), types, request.made_on) == area
    )
    return tuple(islice(words, 1))


@lru_cache(maxsize=64)
def area_options(source: Source, area_types: AreaTypes, request: TemplateRequest) -> WordOptions:
    """Return the areas that are of a type which each of several indicators is measured for.

    Those at home come first, then England and their regions, then the others by name. The list is open where areas may
    be given that we do not list.
    """
    shared = set.intersection(*map(set, area_types)) if area_types else set()
    areas = request.layout.definitions.geography.areas
    candidates = [area for area in areas if area.area_type in shared and area.held(request.made_on)]
    likely = _home_areas(candidates, request)
    around = {ENGLAND, *_regions(likely, request)}
    nearby = [area for area in candidates if area.area_code in around]
    ordered = dict.fromkeys((*likely, *nearby, *sorted(candidates, key=lambda area: area.name)))
    spellings = [_spellings(area, source, area_types, request) for area in ordered]
    first = (words[0] for words in spellings if words)
    others = (word for words in spellings for word in words[1:])
    return WordOptions(
        tuple(words[0] for words in spellings[: len(likely)] if words),
        tuple(dict.fromkeys((*first, *others))),
        closed=not shared & set(UNLISTED.values()),
    )


def _spellings(area: Area, source: Source, area_types: AreaTypes, request: TemplateRequest) -> list[str]:
    """Return the words for an area that the layout reads as that area, whichever of the indicators the figure is of."""
    names: tuple[str, ...] = (area.name, area.area_code)
    if "code" in normalised_without_footnotes(" ".join(source.column[:1])):
        names = (area.area_code, area.name)
    words = (word for name in names for word in typed_words(source, (name,)))
    return [word for word in dict.fromkeys(words) if _area_read(word, source, area_types, request) == area]


def _area_read(word: str, source: Source, area_types: AreaTypes, request: TemplateRequest) -> Area | None:
    """Return the area that a word names; None if for some of the area types it names none that is there on the day."""
    geography, day = request.layout.definitions.geography, request.made_on
    name, area = interpreted(source, word), None
    for types in area_types:
        area = geography.find(name, types, day) or geography.find(normalised_without_footnotes(name), types, day)
        if area is None or not area.held(day):
            return None
    return area


def _home_areas(candidates: Sequence[Area], request: TemplateRequest) -> list[Area]:
    """Return the areas that a return is about before anybody says more.

    These are the areas that the partnership is for; without any, the only local one of its kind, or England.
    """
    codes = request.layout.definitions.home
    at_home = [area for area in candidates if area.area_code in codes]
    local = [area for area in candidates if area.area_type not in ("National", "Region")]
    if at_home or len(local) == 1:
        return at_home or local
    return [area for area in candidates if area.area_code == ENGLAND]


def _regions(areas: Sequence[Area], request: TemplateRequest) -> set[str | None]:
    return {request.layout.definitions.geography.region_of(area.area_code) for area in areas}
