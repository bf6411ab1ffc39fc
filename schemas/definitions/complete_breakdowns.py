"""Which breakdowns of an indicator are all of it: the parts of a dimension in which everybody is, and nobody twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from local_indicators.schemas.definitions.models import Definitions, Indicator
from local_indicators.schemas.reference.breakdowns import Dimension, spell_breakdown


def covers_everybody(dimension: Dimension, values: Sequence[str]) -> bool:
    """Whether some parts of a dimension are all that there is, each counted once."""
    whole = dimension.partition and dimension.exhaustive and not set(values) & set(dimension.sums)
    return whole and set(values) == set(dimension.values)


def complete_breakdowns(indicator: Indicator, definitions: Definitions) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each dimension whose parts are all of an indicator's Total, with their breakdowns."""
    known: Mapping[str, Dimension] = {dimension.name: dimension for dimension in definitions.dimensions}
    for name, values in indicator.breakdowns.items():
        if indicator.total and covers_everybody(known[name], values):
            yield name, tuple(spell_breakdown({name: value}, definitions.dimension_order) for value in values)
