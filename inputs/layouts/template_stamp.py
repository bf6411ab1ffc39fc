"""The stamp of a template: document properties that say which return and which version of its layout a workbook is for,
wherever it is sent and whatever it is called."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from local_indicators.inputs.readers.stamp_properties import DEFINITIONS, TEMPLATE, VERSION

if TYPE_CHECKING:
    from local_indicators.inputs.layouts.partner_layouts import Layout


@dataclass(frozen=True)
class Stamp:
    """Which partner's return a template is for, the version of the layout it was drawn from (the day from which that
    is used, and a digest of what it says), and the digest of the definitions."""

    partner: str
    collection: str
    version: str
    definitions: str

    @property
    def properties(self) -> dict[str, str]:
        """The document properties that carry the stamp."""
        return {
            TEMPLATE: f"{self.partner}/{self.collection}",
            VERSION: self.version,
            DEFINITIONS: self.definitions,
        }

    @property
    def since(self) -> str:
        """The first part of the version: the day from which its layout is used."""
        return self.version.partition(" ")[0]


def stamp_of(layout: Layout) -> Stamp:
    """The stamp of templates drawn from a layout."""
    says = json.dumps(_plainly(layout.says), sort_keys=True, ensure_ascii=False).encode()
    since = layout.says.valid_from.isoformat() if layout.says.valid_from else "first"
    version = f"{since} {hashlib.sha256(says).hexdigest()[:12]}"
    return Stamp(layout.partner, layout.collection, version, layout.definitions.digest)


def read_stamp(properties: Mapping[str, str]) -> Stamp | None:
    """The stamp in a workbook's properties; None where it is no template of ours."""
    partner, _, collection = properties.get(TEMPLATE, "").partition("/")
    if not partner or not collection:
        return None
    return Stamp(partner, collection, properties.get(VERSION, ""), properties.get(DEFINITIONS, ""))


def _plainly(value: Any) -> Any:
    """A layout as plain data, without what it leaves unsaid, so that a new key of the language changes no digest."""
    if is_dataclass(value):
        said = {field.name: _plainly(getattr(value, field.name)) for field in fields(value)}
        return {name: inside for name, inside in said.items() if inside}
    if isinstance(value, Mapping):
        return {str(key): _plainly(inside) for key, inside in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plainly(inside) for inside in value]
    if isinstance(value, re.Pattern):
        return value.pattern
    return value.isoformat() if isinstance(value, date) else value
