"""Load every definition from its files, and cross-check them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from local_indicators.common.config_files import (
    build_record,
    read_csv,
    read_csv_by_line,
    read_toml,
    read_toml_by_id,
    read_toml_list,
    require_table,
)
from local_indicators.common.errors import DefinitionError
from local_indicators.schemas.definitions.cross_checks import Sources, cross_check
from local_indicators.schemas.definitions.models import (
    Basket,
    Definitions,
    DisclosurePolicy,
    Framework,
    Indicator,
    IndicatorRelation,
    NationalIndicator,
    Officer,
    Peer,
    Plan,
    Scale,
    Target,
)
from local_indicators.schemas.reference.breakdowns import Dimension
from local_indicators.schemas.reference.geography import Area, Geography

SHIPPED_DEFINITIONS = Path(__file__).parent / "data"


def load_definitions(folder: Path = SHIPPED_DEFINITIONS) -> Definitions:
    """Load and cross-check every definition. Raises DefinitionError naming file, key and reason."""
    files = {p.relative_to(folder).as_posix(): _content(p) for p in _data_files(folder)}
    indicators, stand_in = _indicators(folder)
    peers, targets = read_csv_by_line(folder / "peers.csv", Peer), read_csv_by_line(folder / "targets.csv", Target)
    national = read_csv_by_line(folder / "national_indicators.csv", NationalIndicator)
    loaded = Definitions(
        indicators=MappingProxyType(indicators),
        geography=Geography(read_csv(folder / "areas.csv", Area), folder / "areas.csv", folder / "area_aliases.csv"),
        dimensions=read_toml_list(folder / "breakdowns.toml", "dimension", Dimension, "name"),
        scales=MappingProxyType(read_toml_by_id(folder / "scales.toml", Scale)),
        disclosure=MappingProxyType(read_toml_by_id(folder / "disclosure.toml", DisclosurePolicy)),
        relations=read_toml_list(folder / "relations.toml", "relation", IndicatorRelation, "indicator"),
        officers=MappingProxyType(read_toml_by_id(folder / "officers.toml", Officer)),
        peers=tuple(peers.values()),
        targets=tuple(targets.values()),
        plan=build_record(Plan, read_toml(folder / "plan.toml"), folder / "plan.toml"),
        frameworks=read_toml_list(folder / "frameworks.toml", "framework", Framework, "id"),
        baskets=MappingProxyType(read_toml_by_id(folder / "baskets.toml", Basket)),
        national=tuple(national.values()),
        digest=_digest(files),
        files=MappingProxyType(files),
    )
    cross_check(loaded, Sources(folder, stand_in, tuple(peers), tuple(targets), tuple(national)))
    return loaded


def _data_files(folder: Path) -> Iterable[Path]:
    return sorted(p for p in folder.rglob("*") if p.suffix in (".toml", ".csv"))


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


def _indicators(folder: Path) -> tuple[dict[str, Indicator], dict[str, Path]]:
    """The indicators by id, and the file in which each stands."""
    found: dict[str, Indicator] = {}
    stand_in: dict[str, Path] = {}
    paths = sorted((folder / "indicators").glob("*.toml"))
    if not paths:
        raise DefinitionError(folder / "indicators", "holds no indicator files")
    for path in paths:
        tables = read_toml(path)
        defaults = require_table(tables.pop("defaults", {}), path, "defaults")
        for key, table in tables.items():
            if key in found:
                raise DefinitionError(path, f"is defined twice, first in {stand_in[key].name}", key=key)
            found[key] = build_record(Indicator, {**defaults, **require_table(table, path, key), "id": key}, path, key)
            stand_in[key] = path
    return found, stand_in
