"""Breakdowns: `Total`, or parts such as `Sex=Girls; FSM=Eligible` with the dimensions in their fixed order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product

from local_indicators.common.config_files import STRICT_KEYS

TOTAL = "Total"


@dataclass(frozen=True)
class Dimension:
    """A way of dividing people or things, with the names of its parts. `partition`: nobody is in two parts, so parts
    add up to no more than their Total; `sums` names the parts that others of them make up together. `exhaustive`:
    everybody is in some part, so that all parts together make the Total."""

    __pydantic_config__ = STRICT_KEYS
    name: str
    values: tuple[str, ...]
    note: str = ""
    partition: bool = True
    sums: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    exhaustive: bool = True


def spell_breakdown(parts: Mapping[str, str], order: Mapping[str, int]) -> str:
    """The one spelling of a breakdown; `order` ranks the dimensions."""
    named = sorted(parts.items(), key=lambda part: order.get(part[0], len(order)))
    return "; ".join(f"{name}={value}" for name, value in named) or TOTAL


def possible_breakdowns(allowed: Mapping[str, Sequence[str]], dimensions: Sequence[Dimension]) -> set[str]:
    """Every breakdown that an indicator's allowed parts can make, Total left out."""
    order = {dimension.name: number for number, dimension in enumerate(dimensions)}
    return {
        spell_breakdown(dict(zip(names, values, strict=True)), order)
        for size in range(1, len(allowed) + 1)
        for names in combinations(allowed, size)
        for values in product(*(allowed[name] for name in names))
    }


def breakdown_parts(breakdown: str) -> dict[str, str]:
    """The dimensions and parts that a spelling names; {} for Total."""
    if breakdown == TOTAL:
        return {}
    return dict(part.split("=", 1) for part in breakdown.split("; "))
