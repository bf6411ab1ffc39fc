"""Partners and the layouts of their returns, from one TOML a partner, checked whole when loaded (inputs.grammar)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from inputs.grammar import LayoutRecord, Source, TableLayout, Texts, ValueColumn, sources_of
from schemas.breakdowns import TOTAL, spell_out
from schemas.calendar import Expected
from schemas.definitions import Definitions
from schemas.faults import DefinitionFault
from schemas.records import STRICT_KEYS, read_toml, record
from schemas.tables import Required

HERE = Path(__file__).parent / "partners"
SHAPES = Path(__file__).parent / "shapes"
"""Layouts of tables that many publishers give in one form; a partner's table says `shape = "ees"` and adds its own."""


@dataclass(frozen=True)
class RequireRecord:
    """Rows that a return must hold for every period it gives, as the TOML says it: each of these indicators, areas and
    breakdowns with each other. What is left out is whatever the return itself holds."""

    __pydantic_config__ = STRICT_KEYS
    indicator: Texts = ()
    area: Texts = ()
    breakdown: Texts = ()


@dataclass(frozen=True)
class CollectionRecord:
    """A return that is expected of a partner, as the TOML says it."""

    __pydantic_config__ = STRICT_KEYS
    id: str
    title: str
    files: Texts
    layout: tuple[LayoutRecord, ...]
    on_error: Literal["reject", "quarantine"] = "reject"
    expect: tuple[Expected, ...] = ()
    require: tuple[RequireRecord, ...] = ()


@dataclass(frozen=True)
class PartnerRecord:
    """A partner, as its TOML says it."""

    __pydantic_config__ = STRICT_KEYS
    id: str
    name: str
    email: str
    collection: tuple[CollectionRecord, ...]
    example: bool = False
    contact_role: str = "Data owner"


@dataclass(frozen=True, eq=False)
class Layout:
    """One layout ready for use: the return it belongs to, and the definitions that its words refer to."""

    partner: str
    collection: str
    title: str
    files: tuple[str, ...]
    says: LayoutRecord
    definitions: Definitions
    requires: tuple[Required, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.partner}/{self.collection}"


@dataclass(frozen=True, eq=False)
class Partner:
    """Who sends what: identity, where replies go, returns and layouts."""

    says: PartnerRecord
    layouts: tuple[Layout, ...]
    digest: str
    toml: bytes = field(repr=False)

    @property
    def id(self) -> str:
        return self.says.id

    def collection(self, name: str) -> CollectionRecord:
        return next(c for c in self.says.collection if c.id == name)


def load_partners(definitions: Definitions, folder: Path = HERE) -> Mapping[str, Partner]:
    """Load every partner TOML of a folder and check it against the definitions. Raises DefinitionFault."""
    partners: dict[str, Partner] = {}
    owners: dict[str, str] = {}
    paths = sorted(folder.glob("*.toml"))
    if not paths:
        raise DefinitionFault(folder, "holds no partner TOML")
    for path in paths:
        says = record(PartnerRecord, _with_shapes(read_toml(path), path), path)
        if says.id != path.stem:
            raise DefinitionFault(path, f"must be {path.stem!r}, the name of the file; found {says.id!r}", key="id")
        if not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", says.id):
            raise DefinitionFault(path, "must be small letters, digits and hyphens", key="id")
        if not re.fullmatch(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+", says.email):
            raise DefinitionFault(path, f"must be one e-mail address; found {says.email!r}", key="email")
        for collection in says.collection:
            if collection.id in owners:
                reason = f"the collection is already one of {owners[collection.id]}'s"
                raise DefinitionFault(path, reason, key=f"collection.{collection.id}")
            owners[collection.id] = says.id
            _check_collection(collection, definitions, path)
        toml = path.read_bytes()
        partners[says.id] = Partner(says, _layouts(says, definitions), hashlib.sha256(toml).hexdigest(), toml)
    return MappingProxyType(partners)


def _with_shapes(toml: dict[str, Any], path: Path) -> dict[str, Any]:
    """The TOML with every table that names a `shape` laid over that shape's own keys."""
    for collection in _listed(toml, "collection"):
        for layout in _listed(collection, "layout"):
            tables = _listed(layout, "table")
            for number, table in enumerate(tables):
                if isinstance(table, dict) and "shape" in table:
                    tables[number] = {
                        **_shape(table["shape"], path),
                        **{k: v for k, v in table.items() if k != "shape"},
                    }
    return toml


def _listed(table: Any, key: str) -> list[Any]:
    value = table.get(key) if isinstance(table, dict) else None
    return value if isinstance(value, list) else []


def _shape(name: object, path: Path) -> dict[str, Any]:
    known = sorted(file.stem for file in SHAPES.glob("*.toml"))
    if name not in known:
        raise DefinitionFault(path, f"{name!r} is none of {', '.join(known)}", key="shape")
    return read_toml(SHAPES / f"{name}.toml")


def _layouts(says: PartnerRecord, definitions: Definitions) -> tuple[Layout, ...]:
    return tuple(
        Layout(says.id, c.id, c.title, c.files, layout, definitions, _requires(c, definitions))
        for c in says.collection
        for layout in c.layout
    )


def _requires(collection: CollectionRecord, definitions: Definitions) -> tuple[Required, ...]:
    """What a return must hold, in codes; `_check_required` has seen that each word is known."""
    found = []
    for one in collection.require:
        areas = [definitions.geography.find(area) for area in one.area]
        found.append(Required(one.indicator, tuple(a.area_code for a in areas if a), one.breakdown))
    return tuple(found)


def _check_collection(collection: CollectionRecord, definitions: Definitions, path: Path) -> None:
    key = f"collection.{collection.id}"
    if not collection.layout:
        raise DefinitionFault(path, "needs at least one layout", key=key)
    for layout in collection.layout:
        for number, table in enumerate(layout.table, start=1):
            _check_table(table, definitions, path, f"{key}.table {number}")
    for number, one in enumerate(collection.require, start=1):
        _check_required(one, definitions, path, f"{key}.require {number}")


def _check_required(one: RequireRecord, definitions: Definitions, path: Path, key: str) -> None:
    for name in one.indicator:
        if name not in definitions.indicators:
            raise DefinitionFault(path, f"{name!r} is not an indicator", key=f"{key}.indicator")
    for area in one.area:
        if definitions.geography.find(area) is None:
            raise DefinitionFault(path, f"{area!r} is not an area we know", key=f"{key}.area")
    allowed = {TOTAL}.union(
        *(
            spell_out(i.breakdowns, definitions.dimensions)
            for i in definitions.indicators.values()
            if i.id in one.indicator or not one.indicator
        )
    )
    for breakdown in one.breakdown:
        if breakdown not in allowed:
            raise DefinitionFault(path, f"{breakdown!r} is no breakdown of theirs", key=f"{key}.breakdown")


def _check_table(table: TableLayout, definitions: Definitions, path: Path, key: str) -> None:
    dimensions = {d.name for d in definitions.dimensions}
    for scope in table.scopes:
        for source in sources_of(scope):
            if source.down and not source.column:
                raise DefinitionFault(path, "down needs a column to carry down", key=key)
        if scope.indicator:
            _check_words(scope.indicator, definitions.indicators, path, f"{key}.indicator")
        if scope.area and scope.area.const and not definitions.geography.find(scope.area.const):
            raise DefinitionFault(path, f"{scope.area.const!r} is not an area we know", key=f"{key}.area")
        if scope.provenance:
            _check_words(scope.provenance, ("reported", "illustrative"), path, f"{key}.provenance")
        if unknown := set(scope.breakdown) - dimensions:
            known = ", ".join(sorted(dimensions))
            raise DefinitionFault(path, f"{', '.join(unknown)} is none of {known}", key=f"{key}.breakdown")
    for name in ("indicator", "area", "period"):
        said_of = [column for column in table.value if getattr(column, name) is None]
        if getattr(table, name) is None and said_of:
            raise DefinitionFault(path, f"nothing says the {name} of {_heading(said_of[0])}", key=key)


def _heading(column: ValueColumn) -> str:
    return f"column {column.column or (column.match.pattern if column.match else '')!r}"


def _check_words(source: Source, known: Any, path: Path, key: str) -> None:
    for word in (source.const, source.default, *source.map.values()):
        if word and word not in known:
            raise DefinitionFault(path, f"{word!r} is none of {', '.join(sorted(known))}", key=key)
