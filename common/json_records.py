"""Turn dataclasses into JSON records and back: one mechanism, by their type annotations."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any, TypeVar, cast

from pydantic import BeforeValidator, PlainSerializer, TypeAdapter

T = TypeVar("T")


def _parsed_instant(value: object) -> object:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


Instant = Annotated[datetime, BeforeValidator(_parsed_instant), PlainSerializer(datetime.isoformat, return_type=str)]
"""A datetime that a record holds as `isoformat` writes it, such as 2011-05-01T02:00:00+00:00."""


@lru_cache(maxsize=64)
def _adapter(kind: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(cast(type, kind))


def as_record(thing: object) -> dict[str, Any]:
    """Return a dataclass as a record of JSON types, its keys in the order of the fields."""
    return cast(dict[str, Any], _adapter(cast(Hashable, type(thing))).dump_python(thing, mode="json", by_alias=True))


def from_record(kind: type[T], record: Mapping[str, Any]) -> T:
    """Return the dataclass that a record describes. Raises pydantic's ValidationError, which is a ValueError."""
    return cast(T, _adapter(cast(Hashable, kind)).validate_python(record))
