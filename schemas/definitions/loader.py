"""Load every definition of a workspace over the shipped reference, and cross-check them.

Only `indicators/` must be there. What a workspace gives of areas, aliases, peers, breakdowns, scales and disclosure
policies is added to what is shipped, or replaces an entry of the same name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from local_indicators.common.config_errors import Problems
from local_indicators.common.config_files import (
    build_record,
    read_csv_by_line,
    read_toml,
    read_toml_by_id,
    read_toml_list,
    require_table,
)
from local_indicators.common.errors import DefinitionError
from local_indicators.schemas.definitions.cross_checks import Sources, cross_check
from local_indicators.schemas.definitions.frameworks import load_frameworks
from local_indicators.schemas.definitions.home_areas import (
    EVERY_HOME,
    aliases_of_neighbours,
    find_home_areas,
    neighbour_averages,
)
from local_indicators.schemas.definitions.models import (
    Basket,
    Definitions,
    DisclosurePolicy,
    Indicator,
    IndicatorRelation,
    Officer,
    Partnership,
    Peer,
    Plan,
    Scale,
    Target,
    defaults_of_unit,
)
from local_indicators.schemas.reference.breakdowns import Dimension
from local_indicators.schemas.reference.geography import Alias, Area, Geography

SHIPPED_REFERENCE = Path(__file__).parents[1] / "reference" / "data"
REFERENCE_FOLDER = "reference"
"""Under which the shipped files stand among the files of the definitions, as they are archived."""
T = TypeVar("T")


def load_definitions(folder: Path, reference: Path = SHIPPED_REFERENCE) -> Definitions:
    """Load and cross-check every definition of a folder, over those of `reference`. Raises DefinitionError naming file,
    key and reason."""
    files = {p.relative_to(folder).as_posix(): _content(p) for p in _data_files(folder)}
    files |= {f"{REFERENCE_FOLDER}/{p.relative_to(reference).as_posix()}": _content(p) for p in _data_files(reference)}
    problems = Problems()
    for load in _LOADS_THAT_STAND_ALONE:
        with problems.noting():
            load(folder)
    problems.raise_if_any()
    indicators, stand_in = _indicators(folder)
    geography, home = _geography(folder, reference, _partnership(folder))
    targets = _targets(folder)
    frameworks = load_frameworks(folder, reference, indicators, stand_in)
    loaded = Definitions(
        indicators=MappingProxyType(indicators),
        geography=geography,
        dimensions=_all_dimensions(reference, folder),
        scales=MappingProxyType({**_scales(reference), **_scales(folder)}),
        disclosure=MappingProxyType({**_policies(reference), **_policies(folder)}),
        relations=_relations(folder),
        officers=MappingProxyType(_officers(folder)),
        peers=(peers := _peers(folder, reference, geography)),
        targets=tuple(targets.values()),
        plan=_plan(folder),
        frameworks=frameworks.own,
        baskets=MappingProxyType(_baskets(folder)),
        national=frameworks.national,
        home=home or frozenset({p.area_code for p in peers} | {t.area_code for t in targets.values()}),
        digest=_digest(files),
        files=MappingProxyType(files),
    )
    cross_check(loaded, Sources(folder, stand_in, tuple(targets)))
    return loaded


def load_reference_areas(reference: Path = SHIPPED_REFERENCE) -> Geography:
    """Load the areas that are shipped, by whichever name; for a partnership that has no definitions yet."""
    aliases = [a for a in _by_line(reference / "area_aliases.csv", Alias).values() if a.area_code != EVERY_HOME]
    return Geography(tuple(_by_line(reference / "areas.csv", Area).values()), reference / "areas.csv", aliases)


def _data_files(folder: Path) -> Iterable[Path]:
    found = sorted(p for p in folder.rglob("*") if p.suffix in (".toml", ".csv"))
    return [p for p in found if p.relative_to(folder).parts[0] != REFERENCE_FOLDER]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DefinitionError(path, f"cannot be read ({error.strerror})") from None


def _digest(files: Mapping[str, bytes]) -> str:
    whole = hashlib.sha256()
    for name in sorted(files):
        whole.update(f"{name}\0{len(files[name])}\0".encode() + files[name])
    return whole.hexdigest()


# -- files that may be absent -----------------------------------------------------------------------------------------


def _by_line(path: Path, kind: type[T]) -> dict[str, T]:
    return read_csv_by_line(path, kind) if path.exists() else {}


def _tables(path: Path, kind: type[T]) -> dict[str, T]:
    return read_toml_by_id(path, kind) if path.exists() else {}


def _listed(path: Path, name: str, kind: type[T], key: str) -> tuple[T, ...]:
    return read_toml_list(path, name, kind, key) if path.exists() else ()


def _dimensions(folder: Path) -> tuple[Dimension, ...]:
    return _listed(folder / "breakdowns.toml", "dimension", Dimension, "name")


def _all_dimensions(reference: Path, folder: Path) -> tuple[Dimension, ...]:
    """The shipped dimensions with the own ones after them; a list that has all of them keeps its own order, in which
    breakdowns are spelt."""
    shipped, own = _dimensions(reference), _dimensions(folder)
    if {dimension.name for dimension in shipped} <= {dimension.name for dimension in own}:
        return own
    return tuple(_by_name(shipped, own, lambda dimension: dimension.name))


def _policies(folder: Path) -> dict[str, DisclosurePolicy]:
    return _tables(folder / "disclosure.toml", DisclosurePolicy)


def _scales(folder: Path) -> dict[str, Scale]:
    return _tables(folder / "scales.toml", Scale)


def _plan(folder: Path) -> Plan:
    path = folder / "plan.toml"
    return build_record(Plan, read_toml(path), path) if path.exists() else Plan()


def _relations(folder: Path) -> tuple[IndicatorRelation, ...]:
    return _listed(folder / "relations.toml", "relation", IndicatorRelation, "indicator")


def _officers(folder: Path) -> dict[str, Officer]:
    return _tables(folder / "officers.toml", Officer)


def _baskets(folder: Path) -> dict[str, Basket]:
    return _tables(folder / "baskets.toml", Basket)


def _targets(folder: Path) -> dict[str, Target]:
    return _by_line(folder / "targets.csv", Target)


def _partnership(folder: Path) -> Partnership:
    path = folder / "partnership.toml"
    return build_record(Partnership, read_toml(path), path) if path.exists() else Partnership()


def _by_name(shipped: Iterable[T], own: Iterable[T], name: Callable[[T], object]) -> Iterable[T]:
    """The shipped entries in their order, each replaced by an own one of the same name, then the other own ones."""
    return ({name(entry): entry for entry in shipped} | {name(entry): entry for entry in own}).values()


def _geography(folder: Path, reference: Path, partnership: Partnership) -> tuple[Geography, frozenset[str]]:
    """The areas with those of the workspace among them, and the codes of those that the partnership is for."""
    file, own_aliases = folder / "areas.csv", folder / "area_aliases.csv"
    shipped, own = _by_line(reference / "areas.csv", Area), _by_line(file, Area)
    lines: dict[str, str] = {}
    for line, area in own.items():
        if (first := lines.setdefault(area.area_code, line)) != line:
            raise DefinitionError(file, f"{area.area_code} is listed twice, first on {first}", key=line)
    areas = tuple(_by_name(shipped.values(), own.values(), lambda area: area.area_code))
    home = find_home_areas(partnership, Geography(areas, file), folder / "partnership.toml")
    aliases = [
        alias
        for path in (reference / "area_aliases.csv", own_aliases)
        for given in _by_line(path, Alias).values()
        for alias in aliases_of_neighbours(given, home)
    ]
    whole = Geography((*areas, *neighbour_averages(home, areas)), file, aliases, own_aliases)
    return whole, frozenset(area.area_code for area in home)


def _peers(folder: Path, reference: Path, geography: Geography) -> tuple[Peer, ...]:
    """The lists of peers: a list of the workspace replaces the shipped one of its area, group and version. Raises
    DefinitionError for an area that is not known."""

    def lists(path: Path) -> dict[tuple[str, str, str], list[Peer]]:
        found: dict[tuple[str, str, str], list[Peer]] = {}
        for line, peer in _by_line(path, Peer).items():
            for name, code in (("area_code", peer.area_code), ("member_code", peer.member_code)):
                if code not in geography.by_code:
                    raise DefinitionError(path, f"{code} is not in areas.csv", key=f"{line}, {name}")
            found.setdefault((peer.area_code, peer.group_code, peer.group_version), []).append(peer)
        return found

    both = lists(reference / "peers.csv") | lists(folder / "peers.csv")
    return tuple(peer for members in both.values() for peer in members)


def _indicators(folder: Path) -> tuple[dict[str, Indicator], dict[str, Path]]:
    """The indicators by id, and the file in which each stands."""
    found: dict[str, Indicator] = {}
    stand_in: dict[str, Path] = {}
    problems = Problems()
    paths = sorted((folder / "indicators").glob("*.toml"))
    if not paths:
        raise DefinitionError(folder / "indicators", "holds no indicator files; `indicators add indicator` writes one")
    for path in paths:
        with problems.noting():
            tables = read_toml(path)
            defaults = require_table(tables.pop("defaults", {}), path, "defaults")
            for key, table in tables.items():
                with problems.noting():
                    if key in found:
                        raise DefinitionError(path, f"is defined twice, first in {stand_in[key].name}", key=key)
                    found[key] = _indicator(key, {**defaults, **require_table(table, path, key)}, path)
                    stand_in[key] = path
    problems.raise_if_any()
    return found, stand_in


def _indicator(key: str, given: Mapping[str, object], path: Path) -> Indicator:
    of_unit = defaults_of_unit(str(given.get("unit", "")), str(given.get("kind", "number")))
    return build_record(Indicator, {**of_unit, **given, "id": key}, path, key, (key,))


_LOADS_THAT_STAND_ALONE: tuple[Callable[[Path], object], ...] = (
    _indicators, _partnership, _targets, _officers, _relations, _baskets, _plan, _dimensions, _scales, _policies,
)  # fmt: skip
"""What is loaded without the other files: what is wrong in any of them is told at once."""
