"""What is known of the indicator of a group of columns."""

from __future__ import annotations

from local_indicators.inputs.drafting.indicator_entries import IndicatorNeed
from local_indicators.inputs.drafting.known_words import is_total
from local_indicators.inputs.drafting.period_patterns import by_subject
from local_indicators.inputs.drafting.period_source import first_year
from local_indicators.inputs.drafting.published_forms import (
    published_shape,
)
from local_indicators.inputs.drafting.table_reading import TableReading
from local_indicators.inputs.drafting.value_groups import ValueGroup


def need_of(table: TableReading, group: ValueGroup, title: str, kinds: tuple[str, ...], key: str = "") -> IndicatorNeed:
    """What is known of the indicator of a group of columns."""
    types = dict.fromkeys(
        area.area_type
        for text in table.area.texts
        if (area := table.known.area(str(text)) or table.known.prefixed_area(str(text)))
    )
    parts: dict[str, tuple[str, ...]] = {}
    total = not table.reading.groups
    for dimension in table.reading.groups:
        said = [table.known.group(dimension, part) for one in group.headings for part in one.parts]
        if ours := tuple(dict.fromkeys(filter(None, said))):
            parts[dimension] = ours
        total = total or any(not one.group or is_total(one.group) for one in group.headings)
    for column in table.groups:
        ours = tuple(dict.fromkeys(filter(None, (table.known.group(column.dimension, word) for word in column.words))))
        parts[column.dimension] = ours
        total = any(is_total(word) for word in column.words)
    if group.unit.startswith("£") and {"Academic year", "Financial year"} <= set(kinds):
        kinds = by_subject(kinds, "£")
    from_headings = [
        kind for kind in kinds if table.by_heading and all(kind in one.kinds for one in group.headings if one.kinds)
    ]
    return IndicatorNeed(
        title=title,
        unit=group.unit,
        decimals=group.decimals,
        lowest=_scaled(group, group.lowest),
        highest=_scaled(group, group.highest),
        kinds=tuple(from_headings) or kinds,
        area_types=tuple(types),
        parts=parts,
        total=total,
        subject=f"{table.title} {table.region.sheet.name}",
        first_year=first_year(table.period),
        key=key,
        exact=published_shape(table.region) == "ees",
    )


def _scaled(group: ValueGroup, number: float) -> float:
    by = {"fraction": 100.0, "thousands": 1000.0}.get(group.scale, 1.0)
    return number * by
