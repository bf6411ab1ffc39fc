"""Which breakdowns of an indicator are all of it: the parts of a dimension in which everybody is, and nobody twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from schemas.definitions.models import Definitions, Indicator
from schemas.reference.breakdowns import Dimension, spell


def makes_a_whole(dimension: Dimension, values: Sequence[str]) -> bool:
    """Whether some parts of a dimension are all that there is, each counted once."""
    whole = dimension.partition and dimension.exhaustive and not set(values) & set(dimension.sums)
    return whole and set(values) == set(dimension.values)


def wholes(one: Indicator, definitions: Definitions) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each dimension whose parts are all of an indicator's Total, with their breakdowns."""
    known: Mapping[str, Dimension] = {dimension.name: dimension for dimension in definitions.dimensions}
    for name, values in one.breakdowns.items():
        if one.total and makes_a_whole(known[name], values):
            yield name, tuple(spell({name: value}, definitions.dimension_order) for value in values)
