"""Whether a cell reads as what its column is read for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_indicators.inputs.layouts.layout_language import Source, TableLayout, field_sources, parts_of
from local_indicators.inputs.layouts.text_comparison import normalised_without_footnotes
from local_indicators.inputs.readers.cells import Cell
from local_indicators.inputs.readers.heading_text import heading_text
from local_indicators.schemas.reference.periods import read_period

if TYPE_CHECKING:
    from local_indicators.schemas.definitions.models import Definitions

THINGS = ("indicator", "area", "period", "provenance")
"""What is said of every figure, beside its breakdowns."""
WIDE = ("National", "Region", "Sub-region")
"""Areas that many rows name beside the council that they are of."""
_NO_CODE = re.compile(
    r"tb[acd]|n\.?k\.?|none|nil|unknown|pending|\?+|.*\bto follow|to be (?:confirmed|allocated|advised)"
    r"|not (?:yet )?(?:known|available|allocated|issued)",
    re.IGNORECASE,
)
"""What people type where a code is not known yet."""
ANY_TOTAL = frozenset({"total", "all", "all pupils", "all children", "all people", "persons", "all persons"})
"""Words for the total of a breakdown."""


@dataclass(frozen=True)
class KeySource:
    """A source that says something of a row: of which thing or breakdown, and whether other parts belong to it."""

    name: str
    source: Source
    part: bool


def key_sources(table: TableLayout) -> Iterator[KeySource]:
    """Every source of a table and its value columns, the parts of one that has parts."""
    for scope in table.scopes:
        for name, source in field_sources(scope):
            yield from (KeySource(name, part, part is not source) for part in parts_of(source))


def fits_source(definitions: Definitions, table: TableLayout, key: KeySource, word: Cell) -> bool:
    """Whether a word, after the source's `pattern` and `map`, is an area, a period, an indicator or a group that the
    table can be about. A part of a period, such as a quarter beside its year, cannot be judged alone."""
    text = heading_text(word)
    if not text:
        return False
    indicators = [definitions.indicators[name] for name in table.indicators]
    if key.name == "area":
        geography = definitions.geography
        kinds = [(), *(indicator.area_types for indicator in indicators)]
        return any(geography.find(one, types) for one in (text, normalised_without_footnotes(text)) for types in kinds)
    if key.name == "period":
        ending = key.source.ending
        return key.part or any(read_period(word, indicator.time_identifier, ending=ending) for indicator in indicators)
    if key.name == "indicator":
        return text in definitions.indicators
    if key.name in THINGS or key.name == "status":
        return True
    known = {
        normalised_without_footnotes(value)
        for indicator in indicators
        for value in indicator.breakdowns.get(key.name, ())
    }
    return normalised_without_footnotes(text) in ANY_TOTAL or normalised_without_footnotes(text) in known


def may_take_name_for_code(definitions: Definitions, word: Cell, unread: str) -> bool:
    """Whether the name of an area may be taken where a column before it holds no area that we know:
    in place of a code only, for a mistyped name is none of another place, and never for a region or a country, which
    many rows name beside the council that they are of."""
    area = definitions.geography.find(heading_text(word)) or definitions.geography.find(
        normalised_without_footnotes(heading_text(word))
    )
    wide = area is not None and area.area_type in WIDE
    code = _NO_CODE.fullmatch(unread.strip()) is not None or any(letter.isdigit() for letter in unread)
    return code and not wide
