"""The entries of `value`: which columns hold which measure of which indicator, and in what scale."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from local_indicators.inputs.drafting.table_reading import TableReading
from local_indicators.inputs.drafting.table_words import column_label
from local_indicators.inputs.drafting.toml_text import Toml
from local_indicators.inputs.drafting.value_groups import ValueGroup
from local_indicators.inputs.drafting.value_headings import (
    escaped,
)


def value_entries(
    table: TableReading, group: ValueGroup, extra: Mapping[str, Toml], *, scaled: bool = True
) -> Iterator[Toml]:
    """The entries of `value` for a group of columns."""
    measures = ("value_low", "value_high") if group.measure == "margin" else (group.measure,)
    for where in _places(table, group):
        for measure in measures:
            entry: dict[str, Toml] = {**where, **extra}
            if measure != "value":
                entry["measure"] = measure
            if group.measure == "margin":
                entry["margin"] = True
            if group.scale and (scaled or group.scale == "thousands"):
                entry["scale"] = group.scale
            yield entry


def _places(table: TableReading, group: ValueGroup) -> list[dict[str, Toml]]:
    """How the layout names the columns of a group: by one pattern where areas, periods or groups stand over them, else
    each by its heading."""
    wanted = {heading.at for heading in group.headings}
    said = table.reading.area is not None or table.reading.period is not None or table.reading.groups
    if said and (len(wanted) > 1 or any(heading.period for heading in group.headings)):
        for pattern in (*_patterns(table, group),):
            fitting = {at for at, one in table.region.headings.items() if re.search(pattern, one.text, re.I)}
            if {at for at in fitting if table.profiles[at].role != "blank"} == wanted:
                return [{"match": pattern}]
    return [{"column": column_label(table.region, at)} for at in sorted(wanted)]


def _patterns(table: TableReading, group: ValueGroup) -> Iterator[str]:
    general = list(dict.fromkeys(heading.general() for heading in group.headings))
    whole = general[0] if len(general) == 1 else f"(?:{'|'.join(general)})"
    if all(heading.text.isprintable() for heading in group.headings) and len(whole) < 1500:
        yield f"^{whole}$"
    wanted = {heading.at for heading in group.headings}
    others = [one.text for at, one in table.region.headings.items() if at not in wanted]
    if len(others) <= 6 and all(text.isprintable() for text in others):
        yield f"^(?!(?:{'|'.join(map(escaped, others))})$)."
