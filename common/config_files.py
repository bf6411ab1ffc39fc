"""Read TOML and csv files into frozen dataclasses, or refuse them naming file, key and what is allowed."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Hashable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import ConfigDict, TypeAdapter, ValidationError

from local_indicators.common.config_errors import Location, Problems, errors_of_record
from local_indicators.common.errors import DefinitionError
from local_indicators.common.suggestions import did_you_mean

T = TypeVar("T")
STRICT_KEYS = ConfigDict(extra="forbid")
"""Set as `__pydantic_config__` of a dataclass so that a misspelt key is refused rather than ignored."""


@lru_cache(maxsize=256)
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def build_record(kind: type[T], values: object, file: str | Path, key: str = "", root: Location = ()) -> T:
    """Make a dataclass of one table or row. `root` is where the table stands in a TOML file: its name, and for a table
    in a list its number. Raises DefinitionError with everything wrong in it."""
    try:
        return cast(T, _adapter(cast(Hashable, kind)).validate_python(values))
    except ValidationError as error:
        problems = Problems()
        problems.found = errors_of_record(kind, error.errors(include_url=False), file, key, root)
        problems.raise_if_any()
        raise


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file. Raises DefinitionError where it cannot be read or parsed."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise DefinitionError(path, f"cannot be read ({error.strerror})") from None
    except tomllib.TOMLDecodeError as error:
        raise DefinitionError(path, f"is not valid TOML: {error}") from None
    except UnicodeDecodeError as error:
        raise DefinitionError(path, "must be saved as UTF-8", key=f"line {_line_of_byte(path, error.start)}") from None


def _line_of_byte(path: Path, position: int) -> int:
    return path.read_bytes()[:position].count(b"\n") + 1


def read_toml_list(path: Path, name: str, kind: type[T], key: str, also: tuple[str, ...] = ()) -> tuple[T, ...]:
    """The tables `[[name]]` of a TOML file as dataclasses; a fault names one by its `key`, or by its number. Nothing
    else may stand in the file but the keys that are listed in `also`."""
    whole = read_toml(path)
    if strange := sorted(whole.keys() - {name, *also}):
        hint = did_you_mean(strange[0], (name, *also))
        raise DefinitionError(path, f"has no place here{hint}; what has are tables [[{name}]]", key=strange[0])
    rows = whole.get(name, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise DefinitionError(path, f"must be tables that begin with [[{name}]]", key=name)
    problems, records = Problems(), []
    for number, row in enumerate(rows):
        with problems.noting():
            records.append(build_record(kind, row, path, str(row.get(key, f"[[{name}]]")), (name, number)))
    problems.raise_if_any()
    return tuple(records)


def read_toml_by_id(path: Path, kind: type[T]) -> dict[str, T]:
    """The tables of a TOML file as dataclasses, each with its own name as `id`."""
    problems, records = Problems(), {}
    for key, table in read_toml(path).items():
        with problems.noting():
            records[key] = build_record(kind, {**require_table(table, path, key), "id": key}, path, key, (key,))
    problems.raise_if_any()
    return records


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
    except csv.Error as error:
        raise DefinitionError(path, f"cannot be read as csv ({error})") from None
    except UnicodeDecodeError as error:
        reason = "must be saved as UTF-8: in Excel, 'CSV UTF-8 (Comma delimited)'"
        raise DefinitionError(path, reason, key=f"line {_line_of_byte(path, error.start)}") from None
    for line, row in rows:
        if None in row:
            reason = 'has more fields than the file has headings; put a text with a comma in quotes: "Bristol, City of"'
            raise DefinitionError(path, reason, key=line)
    problems, records = Problems(), {}
    for line, row in rows:
        with problems.noting():
            records[line] = build_record(kind, {k: v for k, v in row.items() if v}, path, line)
    problems.raise_if_any()
    return records
