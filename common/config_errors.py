"""What is wrong with a configuration file, in the words of whoever wrote it: where, what is allowed, an example."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

from local_indicators.common.errors import DefinitionError, DefinitionErrors
from local_indicators.common.key_help import help_of
from local_indicators.common.suggestions import did_you_mean
from local_indicators.common.toml_lines import line_of, lines_of_keys

Location = tuple[str | int, ...]


class Problems:
    """Collects what is wrong in several places, so that it is told at once."""

    def __init__(self) -> None:
        self.found: list[DefinitionError] = []

    @contextlib.contextmanager
    def noting(self) -> Iterator[None]:
        """Note a DefinitionError of the block, which ends there, and go on after it."""
        try:
            yield
        except DefinitionError as error:
            self.found += error.problems

    def raise_if_any(self) -> None:
        """Raise what was noted. Raises DefinitionError."""
        unique = list({str(problem): problem for problem in self.found}.values())
        if len(unique) == 1:
            raise unique[0] from None
        if unique:
            raise DefinitionErrors(unique) from None


def errors_of_record(
    kind: Any, details: Sequence[Mapping[str, Any]], file: str | Path, key: str, root: Location
) -> list[DefinitionError]:
    """Return what is wrong with a record, from pydantic's `details`; `root` is where its table stands in a file."""
    lines = _lines(file) if root or key == "" else {}
    found: dict[Location, DefinitionError] = {}  # of the branches of a union, the first speaks
    for detail in details:
        path = tuple(part for part in detail["loc"] if not _is_internal(part))
        where = _where(key, path, line_of((*root, *path), lines))
        found.setdefault(path, DefinitionError(file, _reason(kind, detail, path), key=where))
    return list(found.values())


def _lines(file: str | Path) -> Mapping[Location, int]:
    path = Path(file)
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return lines_of_keys(path.read_text(encoding="utf-8-sig")) if path.suffix == ".toml" else {}
    return {}


def _is_internal(part: int | str) -> bool:
    """Names that pydantic puts into a path for the branches of a union."""
    if not isinstance(part, str):
        return False
    return part in ("float", "int", "str", "bool") or part.startswith("function-") or "[" in part or part[:1].isupper()


def _where(key: str, path: Location, line: int | None) -> str:
    """The line, where one is known, and the keys that lead to the place; the number in a list only without a line."""
    named = [part for part in path if isinstance(part, str) or line is None]
    words = ".".join(filter(None, (key, *(f"entry {part + 1}" if isinstance(part, int) else part for part in named))))
    return ", ".join(filter(None, (f"line {line}" if line else "", words)))


def _reason(kind: Any, detail: Mapping[str, Any], path: Location) -> str:
    """What is wrong and what is allowed, in a sentence."""
    holder = _dataclass_at(kind, path[:-1])
    name = next((part for part in reversed(path) if isinstance(part, str)), "")
    told = help_of(holder).get(name) if isinstance(holder, type) else None
    such_as = f", such as {name} = {told.example}" if told and told.example else ""
    match detail["type"]:
        case "unexpected_keyword_argument":
            known = [field.name for field in fields(holder)] if is_dataclass(holder) else []
            return f"is not a key here{did_you_mean(name, known)}; known are {', '.join(sorted(known))}"
        case "missing" | "missing_argument":
            what = f": {told.text}" if told else ""
            return f"is missing{what}{such_as}" if isinstance(path[-1], str) else "has too few entries"
        case "value_error":
            return f"{str(detail['msg']).removeprefix('Value error, ')}; found {_shown(detail['input'])}"
        case other:
            allowed = _allowed(str(other), detail) or such_as.removeprefix(", such as ") or "of another kind"
            found = detail["input"]
            hint = did_you_mean(found, _literals(detail)) if other == "literal_error" and isinstance(found, str) else ""
            return f"must be {allowed}{such_as}; found {_shown(found)}{hint}"


_ALLOWED = {
    "string": "text in quotes",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false, without quotes",
    "date": "a date such as 2011-04-01, without quotes",
    "tuple": "a list in square brackets",
    "list": "a list in square brackets",
    "dict": "a table, such as { name = \"value\" }",
    "dataclass": "a table of keys and values",
    "datetime": "a date and time",
}  # fmt: skip


def what_is_allowed(detail: Mapping[str, Any]) -> str:
    """Return what may stand in a place, from one of pydantic's details, in words."""
    allowed = _allowed(str(detail["type"]), detail)
    return f"must be {allowed}" if allowed else str(detail["msg"]).removeprefix("Value error, ")


def _allowed(kind: str, detail: Mapping[str, Any]) -> str:
    """What may stand in a place, from the type of an error."""
    if kind == "literal_error":
        return f"one of {', '.join(_literals(detail))}"
    if kind in ("too_short", "too_long"):
        return f"a list of {detail['ctx'].get('min_length', detail['ctx'].get('max_length'))} entries"
    if kind.startswith(("greater_than", "less_than")):
        limit = next(iter(detail["ctx"].values()))
        return f"{kind.replace('_equal', ' or equal to').replace('_', ' ')} {limit}"
    if kind == "is_instance_of":
        return "a table, such as { name = \"value\" }"  # fmt: skip
    return next((words for begins, words in _ALLOWED.items() if kind.startswith(begins)), "")


def _literals(detail: Mapping[str, Any]) -> list[str]:
    """The words of pydantic's `'a', 'b' or 'c'`."""
    expected = str(detail["ctx"]["expected"])
    return [word.strip().strip("'") for part in expected.split(" or ") for word in part.split("', '")]


def _shown(value: object) -> str:
    if isinstance(value, dict | tuple | list) and not value:
        return "an empty table" if isinstance(value, dict) else "an empty list"
    shown = "a table" if isinstance(value, dict) or is_dataclass(value) else repr(value)
    return shown if len(shown) <= 80 else f"{shown[:79]}…"


def _dataclass_at(kind: Any, path: Location) -> Any:
    """The dataclass at a path of keys and numbers."""
    for part in path:
        if isinstance(part, str) and is_dataclass(kind):
            kind = _dataclass_in(get_type_hints(kind).get(part))
    return kind


def _dataclass_in(hint: Any) -> Any:
    """The dataclass that a type names, alone or as an element of a list, a mapping or an option."""
    if is_dataclass(hint):
        return hint
    return next((found for part in get_args(hint) if (found := _dataclass_in(part)) is not None), None)
