"""Partners and the layouts of their returns, from one TOML a partner, checked whole when loaded
(inputs.layouts.layout_language)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise, zip_longest
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from local_indicators.common.config_errors import Problems
from local_indicators.common.config_files import STRICT_KEYS, build_record, read_toml
from local_indicators.common.errors import DefinitionError
from local_indicators.common.suggestions import did_you_mean
from local_indicators.common.toml_lines import lines_of_keys
from local_indicators.inputs.layouts.layout_language import LayoutRecord, Source, TableLayout, Texts, ValueColumn
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.observations import RequiredRows
from local_indicators.schemas.reference.breakdowns import TOTAL, possible_breakdowns
from local_indicators.schemas.reference.periods import EXPECTED, read_period
from local_indicators.schemas.return_calendar import ExpectedPeriod

SHAPES = Path(__file__).parent / "presets"
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
    expect: tuple[ExpectedPeriod, ...] = ()
    require: tuple[RequireRecord, ...] = ()


@dataclass(frozen=True)
class PartnerRecord:
    """A partner, as its TOML says it."""

    __pydantic_config__ = STRICT_KEYS
    id: str
    name: str
    email: str
    collection: tuple[CollectionRecord, ...] = ()
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
    requires: tuple[RequiredRows, ...] = ()

    @property
    def name(self) -> str:
        """The layout's return, as partner/collection."""
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
        """The partner's id."""
        return self.says.id

    def collection(self, name: str) -> CollectionRecord:
        """Return one of the partner's collections by its id. Raises StopIteration for an unknown one."""
        return next(c for c in self.says.collection if c.id == name)


def load_partners(definitions: Definitions, folder: Path) -> Mapping[str, Partner]:
    """Load every partner TOML of a folder and check it against the definitions. Raises DefinitionError."""
    partners: dict[str, Partner] = {}
    owners: dict[str, str] = {}
    problems = Problems()
    paths = sorted(folder.glob("*.toml"))
    if not paths:
        raise DefinitionError(folder, "holds no partner's file; `indicators add partner` writes one")
    for path in paths:
        with problems.noting():
            says = build_record(PartnerRecord, _with_shapes(read_toml(path), path), path)
            for check in (_check_id, _check_email):
                with problems.noting():
                    check(says, path)
            for collection in says.collection:
                with problems.noting():
                    if (owner := owners.setdefault(collection.id, says.id)) != says.id:
                        reason = f"the collection is already one of {owner}'s"
                        raise DefinitionError(path, reason, key=f"collection.{collection.id}")
                    _check_collection(collection, definitions, path, problems)
            toml = path.read_bytes()
            partners[says.id] = Partner(says, _layouts(says, definitions), hashlib.sha256(toml).hexdigest(), toml)
    problems.raise_if_any()
    return MappingProxyType(partners)


def _check_id(says: PartnerRecord, path: Path) -> None:
    if says.id != path.stem:
        raise DefinitionError(path, f"must be {path.stem!r}, the name of the file; found {says.id!r}", key="id")
    if not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", says.id):
        reason = f"must be small letters, digits and hyphens, such as youth-service; found {says.id!r}"
        raise DefinitionError(path, reason, key="id")


def _check_email(says: PartnerRecord, path: Path) -> None:
    if not re.fullmatch(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+", says.email):
        reason = f"must be one e-mail address, such as youth.data@example.org; found {says.email!r}"
        raise DefinitionError(path, reason, key="email")


def partner_of_toml(tables: dict[str, Any], definitions: Definitions, path: Path) -> Partner:
    """The partner that the tables of a TOML describe, checked against the definitions as a whole file is, but for the
    name of the file; `path` names the TOML in what is refused. Raises DefinitionError."""
    says = build_record(PartnerRecord, _with_shapes(tables, path), path)
    problems = Problems()
    for collection in says.collection:
        with problems.noting():
            _check_collection(collection, definitions, path, problems)
    problems.raise_if_any()
    return Partner(says, _layouts(says, definitions), "", b"")


def _with_shapes(toml: dict[str, Any], path: Path) -> dict[str, Any]:
    """The TOML with every table that names a `shape` laid over that shape's own keys."""
    for collection in _listed(toml, "collection"):
        for layout in _listed(collection, "layout"):
            tables = _listed(layout, "table")
            for number, table in enumerate(tables):
                if isinstance(table, dict) and "shape" in table:
                    tables[number] = _laid_over(table, path, collection.get("id", "?"))
    return toml


def _laid_over(table: dict[str, Any], path: Path, of: object) -> dict[str, Any]:
    """A table's own keys over those of its shape; tests on rows, and columns to ignore, are added to the shape's. What
    the table lists in `without` it does not take over. Raises DefinitionError."""
    name, shape = table["shape"], _shape(table["shape"], path, of)
    without = table.get("without", [])
    without = [without] if isinstance(without, str) else without
    if not isinstance(without, list) or (unknown := [key for key in without if key not in shape]):
        reason = f"{', '.join(map(repr, unknown)) if isinstance(without, list) else without!r} is no key of {name}"
        raise DefinitionError(path, f"{reason}, which has {', '.join(shape)}", key=f"collection.{of}.without")
    shape = {key: value for key, value in shape.items() if key not in without}
    own = {key: value for key, value in table.items() if key not in ("shape", "without")}
    for key in ("only", "skip"):
        if key in shape:
            tests = ({"match": test} if isinstance(test, str) else test for test in shape[key])
            shape[key] = [{**test, "preset": name} for test in tests]
    added = {
        key: [*shape.get(key, []), *own[key]] for key in ("only", "skip", "ignore") if isinstance(own.get(key), list)
    }
    return {**shape, **own, **added}


def _listed(table: Any, key: str) -> list[Any]:
    value = table.get(key) if isinstance(table, dict) else None
    return value if isinstance(value, list) else []


def _shape(name: object, path: Path, of: object) -> dict[str, Any]:
    known = sorted(file.stem for file in SHAPES.glob("*.toml"))
    if name not in known:
        raise DefinitionError(path, f"{name!r} is none of {', '.join(known)}", key=f"collection.{of}.shape")
    return read_toml(SHAPES / f"{name}.toml")


def _layouts(says: PartnerRecord, definitions: Definitions) -> tuple[Layout, ...]:
    return tuple(
        Layout(
            partner=says.id,
            collection=c.id,
            title=c.title,
            files=c.files,
            says=layout,
            definitions=definitions,
            requires=_requires(c, definitions),
        )
        for c in says.collection
        for layout in c.layout
    )


def _requires(collection: CollectionRecord, definitions: Definitions) -> tuple[RequiredRows, ...]:
    """What a return must hold, in codes; `_check_required` has seen that each word is known."""
    found = []
    for one in collection.require:
        areas = [definitions.geography.find(area) for area in one.area]
        found.append(RequiredRows(one.indicator, tuple(a.area_code for a in areas if a), one.breakdown))
    return tuple(found)


def _check_collection(collection: CollectionRecord, definitions: Definitions, path: Path, problems: Problems) -> None:
    key, lines = f"collection.{collection.id}", _lines_of_tables(path, collection.id)
    if not collection.layout:
        raise DefinitionError(path, "needs at least one layout, [[collection.layout]]", key=key)
    _check_versions(collection, path, key)
    tables = [table for layout in collection.layout for table in (layout.table or (None,))]
    if None in tables:
        raise DefinitionError(path, "needs at least one table, [[collection.layout.table]]", key=f"{key}.layout")
    for table, line in zip_longest(tables, lines):
        if table is not None:
            within = f"line {line}, {key}.layout.table" if line else f"{key}.layout.table"
            _check_table(table, definitions, path, within, problems)
    for require in collection.require:
        with problems.noting():
            _check_required(require, definitions, path, f"{key}.require")


def _lines_of_tables(path: Path, collection: str) -> list[int]:
    """The line on which each table of a collection's layouts begins, in order, where each has a header of its own."""
    if not path.is_file():  # a proposal, of which no file is written yet
        return []
    lines = lines_of_keys(path.read_text(encoding="utf-8-sig"))
    number = next(
        (n for n, entry in enumerate(_listed(read_toml(path), "collection")) if entry.get("id") == collection), -1
    )
    places = [(key, line) for key, line in lines.items() if key[:2] == ("collection", number)]
    return [line for key, line in places if len(key) == 6 and key[2] == "layout" and key[4] == "table"]


def _check_required(require_record: RequireRecord, definitions: Definitions, path: Path, key: str) -> None:
    for name in require_record.indicator:
        if name not in definitions.indicators:
            hint = did_you_mean(name, tuple(definitions.indicators))
            raise DefinitionError(path, f"{name!r} is not an indicator{hint}", key=f"{key}.indicator")
    for area in require_record.area:
        if definitions.geography.find(area) is None:
            reason = f"{area!r} is not an area we know{_likely_area(area, definitions)}"
            raise DefinitionError(path, reason, key=f"{key}.area")
    allowed = {TOTAL}.union(
        *(
            possible_breakdowns(i.breakdowns, definitions.dimensions)
            for i in definitions.indicators.values()
            if i.id in require_record.indicator or not require_record.indicator
        )
    )
    for breakdown in require_record.breakdown:
        if breakdown not in allowed:
            raise DefinitionError(path, f"{breakdown!r} is no breakdown of theirs", key=f"{key}.breakdown")


def _check_versions(collection: CollectionRecord, path: Path, key: str) -> None:
    """Refuse layouts of one return of which two are for the same day, or one is for none."""
    dated = [(v.valid_from or date.min, v.valid_to or date.max, n) for n, v in enumerate(collection.layout, start=1)]
    for first, last, number in dated:
        if first > last:
            raise DefinitionError(path, f"must end after it begins: {first} to {last}", key=f"{key}.layout {number}")
    for (_, last, before), (first, _, after) in pairwise(sorted(dated)):
        if first <= last:
            named = f"layouts {min(before, after)} and {max(before, after)} are for the same days"
            raise DefinitionError(
                path, f"{named}; give valid_from and valid_to that do not overlap", key=f"{key}.layout"
            )


def _check_table(table: TableLayout, definitions: Definitions, path: Path, key: str, problems: Problems) -> None:
    for scope in table.scopes:
        if scope.indicator:
            with problems.noting():
                _check_words(scope.indicator, definitions.indicators, path, f"{key}.indicator")
        if scope.provenance:
            with problems.noting():
                _check_words(scope.provenance, ("reported", "illustrative"), path, f"{key}.provenance")
        if scope.area:
            with problems.noting():
                _check_areas(scope.area, definitions, path, f"{key}.area")
        _check_dimensions(scope, definitions, path, f"{key}.breakdown", problems)
    for name in ("indicator", "area", "period"):
        said_of = [column for column in table.value if getattr(column, name) is None]
        shared = name == "indicator" and len(said_of) < len(table.value)  # one denominator for several indicators
        if getattr(table, name) is None and said_of and not (shared and all(c.measure != "value" for c in said_of)):
            such_as = f'{name} = {{ column = "{name.title()}" }}'
            with problems.noting():
                reason = f"nothing says the {name} of {_heading(said_of[0])}; for example {such_as}"
                raise DefinitionError(path, reason, key=key)
    for column in table.value:
        with problems.noting():
            _check_period(column, table, definitions, path, f"{key}.period")


def _check_dimensions(
    scope: TableLayout | ValueColumn, definitions: Definitions, path: Path, key: str, problems: Problems
) -> None:
    dimensions = {d.name: d for d in definitions.dimensions}
    for name, source in scope.breakdown.items():
        with problems.noting():
            if name not in dimensions:
                known = f"{', '.join(sorted(dimensions))}{did_you_mean(name, sorted(dimensions))}"
                raise DefinitionError(path, f"{name!r} is none of {known}", key=key)
            _check_words(source, (*dimensions[name].values, "Total"), path, f"{key}.{name}")


def _likely_area(word: str, definitions: Definitions) -> str:
    return did_you_mean(word, [area.name for area in definitions.geography.areas])


def _check_areas(source: Source, definitions: Definitions, path: Path, key: str) -> None:
    for word in _words(source):
        if not definitions.geography.find(word):
            raise DefinitionError(path, f"{word!r} is not an area we know{_likely_area(word, definitions)}", key=key)


def _check_period(column: ValueColumn, table: TableLayout, definitions: Definitions, path: Path, key: str) -> None:
    """Refuse a period in the layout's own words that the column's indicators are not measured over."""
    indicator, period = column.indicator or table.indicator, column.period or table.period
    if indicator is None or period is None:
        return
    for named in _words(indicator):
        if named not in definitions.indicators:
            continue  # told already
        identifier = definitions.indicators[named].time_identifier
        for word in _words(period):
            if not read_period(word, identifier, ending=period.ending):
                reason = f"{word!r} is no period of {named}, which is measured over {EXPECTED[identifier]}"
                raise DefinitionError(path, reason, key=key)


def _heading(column: ValueColumn) -> str:
    return f"column {column.heading or (column.match.pattern if column.match else '')!r}"


def _words(source: Source) -> list[str]:
    """Our own words that a layout gives: fixed, by default, or in place of what partners type."""
    return [word for word in (source.const, source.default, *source.map.values()) if word]


def _check_words(source: Source, known: Collection[str], path: Path, key: str) -> None:
    for word in _words(source):
        if word not in known:
            hint = did_you_mean(word, sorted(known))
            raise DefinitionError(path, f"{word!r} is none of {', '.join(sorted(known))}{hint}", key=key)
