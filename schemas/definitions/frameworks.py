"""Frameworks besides the partnership's own plan: those with targets, and the national sets that are switched on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from local_indicators.common.config_files import read_csv_by_line, read_toml, read_toml_list
from local_indicators.common.errors import DefinitionError
from local_indicators.schemas.definitions.models import Framework, Indicator, NationalIndicator

NATIONAL_SETS = {"national-indicator-set": "national_indicators.csv"}
"""The national sets that are shipped, each with its file."""


@dataclass(frozen=True)
class Frameworks:
    """The frameworks that a workspace lists, and the measures of the national sets that it switches on."""

    own: tuple[Framework, ...]
    national: tuple[NationalIndicator, ...]


def load_frameworks(
    folder: Path, reference: Path, indicators: Mapping[str, Indicator], stand_in: Mapping[str, Path]
) -> Frameworks:
    """Load frameworks.toml and the sets that it switches on. Raises DefinitionError for a set that is not shipped, and
    for an indicator that replaces a measure which is not there or which another one replaces."""
    path = folder / "frameworks.toml"
    own = read_toml_list(path, "framework", Framework, "id", ("national_sets",)) if path.exists() else ()
    sets = read_toml(path).get("national_sets", []) if path.exists() else []
    own_list = folder / NATIONAL_SETS["national-indicator-set"]
    if not isinstance(sets, list) or not all(isinstance(name, str) for name in sets):
        raise DefinitionError(path, f'must be a list such as ["{next(iter(NATIONAL_SETS))}"]', key="national_sets")
    for name in sets:
        if name not in NATIONAL_SETS:
            raise DefinitionError(path, f"{name!r} is none of {', '.join(NATIONAL_SETS)}", key="national_sets")
    if not sets and not own_list.exists():
        return Frameworks(own, ())
    measures: dict[str, NationalIndicator] = {}
    for source in (reference / NATIONAL_SETS["national-indicator-set"], own_list):
        measures |= _measures(source) if source.exists() else {}
    return Frameworks(own, tuple(_with_indicators(measures, indicators, stand_in)))


def _measures(path: Path) -> dict[str, NationalIndicator]:
    lines: dict[str, str] = {}
    found: dict[str, NationalIndicator] = {}
    for line, measure in read_csv_by_line(path, NationalIndicator).items():
        if measure.ni in lines:
            reason = f"{measure.ni} is listed twice, first on {lines[measure.ni]}"
            raise DefinitionError(path, reason, key=f"{line}, ni")
        lines[measure.ni], found[measure.ni] = line, measure
    return found


def _with_indicators(
    measures: Mapping[str, NationalIndicator], indicators: Mapping[str, Indicator], stand_in: Mapping[str, Path]
) -> list[NationalIndicator]:
    """The measures, each with the indicator that says it replaces it."""
    replaced_by: dict[str, str] = {}
    for indicator in indicators.values():
        ni, key = indicator.replaces, f"{indicator.id}.replaces"
        if not ni:
            continue
        if ni not in measures:
            reason = f"{ni!r} is no measure of the national set; give one such as 'NI 055'"
            raise DefinitionError(stand_in[indicator.id], reason, key=key)
        if ni in replaced_by:
            reason = f"{ni} has {replaced_by[ni]} as its indicator already; one indicator replaces a measure"
            raise DefinitionError(stand_in[indicator.id], reason, key=key)
        replaced_by[ni] = indicator.id
    return [replace(measure, indicator_id=replaced_by.get(measure.ni, "")) for measure in measures.values()]
