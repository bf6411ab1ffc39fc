"""Read TOML and csv files into frozen dataclasses, or refuse them naming file, key and what is allowed."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Hashable
from dataclasses import fields, is_dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, cast, get_args, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError

from local_indicators.common.errors import DefinitionError

T = TypeVar("T")
STRICT_KEYS = ConfigDict(extra="forbid")
"""Set as `__pydantic_config__` of a dataclass so that a misspelt key is refused rather than ignored."""


@lru_cache(maxsize=256)
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def build_record(kind: type[T], values: object, file: str | Path, key: str = "") -> T:
    """Make a dataclass of one table or row. Raises DefinitionError for the first thing wrong in it."""
    try:
        return cast(T, _adapter(cast(Hashable, kind)).validate_python(values))
    except ValidationError as error:
        errors = error.errors(include_url=False)
        first = next((e for e in errors if e["type"] == "unexpected_keyword_argument"), errors[0])
        path = [part for part in first["loc"] if not _is_internal(part)]
        reason = first["msg"].removeprefix("Value error, ")
        if first["type"] == "unexpected_keyword_argument":
            reason = f"is not a key here; known are {', '.join(_known_keys(kind, path[:-1]))}"
        elif first["type"] in ("missing", "missing_argument"):
            reason = "is missing"
        else:
            reason = f"{reason}; found {str(first['input'])[:80]!r}"
        named = [f"[{part + 1}]" if isinstance(part, int) else part for part in path]
        whole = ".".join(([key] if key else []) + named).replace(".[", "[")
        raise DefinitionError(file, reason, key=whole) from None


def _is_internal(part: int | str) -> bool:
    """Names that pydantic puts into a path for the branches of a union."""
    return isinstance(part, str) and (part.startswith("function-") or "[" in part or part[:1].isupper())


def _known_keys(kind: Any, path: list[int | str]) -> list[str]:
    """The keys of the dataclass at a path of keys and list numbers."""
    for part in path:
        if isinstance(part, str) and is_dataclass(kind):
            kind = _dataclass_in(get_type_hints(kind).get(part))
    return sorted(field.name for field in fields(kind)) if is_dataclass(kind) else []


def _dataclass_in(hint: Any) -> Any:
    """The dataclass that a type names, alone or as an element of a list, a mapping or an option."""
    if is_dataclass(hint):
        return hint
    return next((found for part in get_args(hint) if (found := _dataclass_in(part)) is not None), None)


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file. Raises DefinitionError where it cannot be read or parsed."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise DefinitionError(path, f"cannot be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DefinitionError(path, f"is not valid TOML: {error}") from None


def read_toml_list(path: Path, name: str, kind: type[T], key: str) -> tuple[T, ...]:
    """The tables `[[name]]` of a TOML file as dataclasses; a fault names one by its `key`, or by its number."""
    rows = read_toml(path).get(name, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise DefinitionError(path, f"must be tables that begin with [[{name}]]", key=name)
    return tuple(build_record(kind, row, path, str(row.get(key, f"{name} {n}"))) for n, row in enumerate(rows, start=1))


def read_toml_by_id(path: Path, kind: type[T]) -> dict[str, T]:
    """The tables of a TOML file as dataclasses, each with its own name as `id`."""
    return {
        key: build_record(kind, {**require_table(table, path, key), "id": key}, path, key)
        for key, table in read_toml(path).items()
    }


def require_table(value: object, path: Path, key: str) -> dict[str, Any]:
    """A value of a TOML file that must be a table."""
    if not isinstance(value, dict):
        raise DefinitionError(path, f"must be a table, [{key}]; found {str(value)[:80]!r}", key=key)
    return value


def read_csv(path: Path, kind: type[T]) -> list[T]:
    """Each row of a csv file as a dataclass; an empty cell takes the field's default. A fault's key is the line."""
    return list(read_csv_by_line(path, kind).values())


def read_csv_by_line(path: Path, kind: type[T]) -> dict[str, T]:
    """The same by where each row stands, such as `line 7`: the line of the file on which the row ends."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            rows = [(f"line {reader.line_num}", row) for row in reader]
    except OSError as error:
        raise DefinitionError(path, f"cannot be read ({error.strerror})") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise DefinitionError(path, f"cannot be read as csv ({error})") from None
    for line, row in rows:
        if None in row:
            raise DefinitionError(path, "has more fields than the file has headings; quote a comma", key=line)
    return {line: build_record(kind, {k: v for k, v in row.items() if v}, path, line) for line, row in rows}
