"""Which value columns speak of the same thing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from local_indicators.inputs.layouts.layout_language import Source, ValueColumn
from local_indicators.inputs.parsing.cell_values.column_fit import THINGS
from local_indicators.inputs.parsing.tables.columns import Columns
from local_indicators.inputs.parsing.tables.dimension_resolver import SheetTable, matched_group
from local_indicators.inputs.parsing.tables.headings import column_name

MEASURE_FIELDS = {"low": "value_low", "high": "value_high", "text": "value_text"}


@dataclass
class ObservationColumns:
    """Value columns that speak of the same thing: one observation a row. `columns` by measure; `heading` is the column
    whose heading speaks for all of them."""

    spec: ValueColumn
    columns: dict[str, tuple[int, ValueColumn]] = field(default_factory=dict)
    heading: int = 0


def group_value_columns(on: SheetTable, columns: Columns) -> list[ObservationColumns]:
    """What the value columns of a block speak of. A column that names no indicator, such as one denominator for several
    percentages, belongs to every one that it agrees with in all else."""
    grouped: dict[Any, ObservationColumns] = {}
    shared: list[tuple[ValueColumn, int]] = []
    for spec in sorted(on.table.value, key=lambda value: value.measure == "status"):
        for column in columns.of_value(spec):
            if spec.indicator is None and on.table.indicator is None:
                shared.append((spec, column))
                continue
            one = grouped.setdefault(_speaks_of(on, columns, spec, column), ObservationColumns(spec, heading=column))
            _join(one, columns, spec, column)
    for spec, column in shared:
        of = _speaks_of(on, columns, spec, column)[1:]
        for key, one in grouped.items():
            if key[1:] == of:
                _join(one, columns, spec, column)
    return list(grouped.values())


def _join(observation_columns: ObservationColumns, columns: Columns, spec: ValueColumn, column: int) -> None:
    measure = MEASURE_FIELDS.get(spec.measure, spec.measure)
    if (first := observation_columns.columns.setdefault(measure, (column, spec))[0]) != column:
        columns.twice([first, column], column_name(columns.headings, column))


def _speaks_of(on: SheetTable, columns: Columns, spec: ValueColumn, column: int) -> tuple[Any, ...]:
    """Columns with equal answers belong to one observation. The first answer is the indicator."""
    said = []
    for name in THINGS:
        source = on.source(name, spec)
        word = _fixed(columns, source, column) if source else None
        if name == "period" and source and source.header and not on.may_be_period(source, word):
            # two headings that cannot be read do not say the same thing: each of them is a finding
            match = source.header.search(column_name(columns.headings, column))
            word = (word, columns.said_at(source.header, column, match))
        said.append(word)
    parts = {**on.table.breakdown, **spec.breakdown}
    return (*said, *((name, _fixed(columns, source, column)) for name, source in sorted(parts.items())))


def _fixed(columns: Columns, source: Source, column: int) -> Any:
    if source.header is not None:
        return matched_group(source.header.search(column_name(columns.headings, column)))
    if source.parts or source.any:
        return tuple(_fixed(columns, part, column) for part in (*source.parts, *source.any))
    return (source.const, source.column)
