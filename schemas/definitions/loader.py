"""Load every definition from its files, and cross-check them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from common.config_files import as_table, keyed, listed, read_csv, read_lines, read_toml, record
from common.errors import DefinitionError
from schemas.definitions.cross_checks import Sources, cross_check
from schemas.definitions.models import (
    Basket,
    Definitions,
    Disclosure,
    Framework,
    Indicator,
    NationalIndicator,
    Officer,
    Peer,
    Plan,
    Relation,
    Scale,
    Target,
)
from schemas.reference.breakdowns import Dimension
from schemas.reference.geography import Area, Geography

SHIPPED_DEFINITIONS = Path(__file__).parent / "data"


def load_definitions(folder: Path = SHIPPED_DEFINITIONS) -> Definitions:
    """Load and cross-check every definition. Raises DefinitionError naming file, key and reason."""
    files = {p.relative_to(folder).as_posix(): _content(p) for p in _data_files(folder)}
    indicators, stand_in = _indicators(folder)
    peers, targets = read_lines(folder / "peers.csv", Peer), read_lines(folder / "targets.csv", Target)
    national = read_lines(folder / "national_indicators.csv", NationalIndicator)
    loaded = Definitions(
        indicators=MappingProxyType(indicators),
        geography=Geography(read_csv(folder / "areas.csv", Area), folder / "areas.csv", folder / "area_aliases.csv"),
        dimensions=listed(folder / "breakdowns.toml", "dimension", Dimension, "name"),
        scales=MappingProxyType(keyed(folder / "scales.toml", Scale)),
        disclosure=MappingProxyType(keyed(folder / "disclosure.toml", Disclosure)),
        relations=listed(folder / "relations.toml", "relation", Relation, "indicator"),
        officers=MappingProxyType(keyed(folder / "officers.toml", Officer)),
        peers=tuple(peers.values()),
        targets=tuple(targets.values()),
        plan=record(Plan, read_toml(folder / "plan.toml"), folder / "plan.toml"),
        frameworks=listed(folder / "frameworks.toml", "framework", Framework, "id"),
        baskets=MappingProxyType(keyed(folder / "baskets.toml", Basket)),
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
        defaults = as_table(tables.pop("defaults", {}), path, "defaults")
        for key, table in tables.items():
            if key in found:
                raise DefinitionError(path, f"is defined twice, first in {stand_in[key].name}", key=key)
            found[key] = record(Indicator, {**defaults, **as_table(table, path, key), "id": key}, path, key)
            stand_in[key] = path
    return found, stand_in
