"""A proposal as TOML text: whatever a partner typed is a quoted string or a comment of one line, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import TypeAlias

from local_indicators.common.safe_text import as_typed

Toml: TypeAlias = str | int | float | bool | date | Sequence["Toml"] | Mapping[str, "Toml"]
_BARE = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_LONG = 100
_WIDTH = 118


def list_of(value: Toml | None) -> list[Toml]:
    """Return the entries of a list; none of anything else."""
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else []


def table_of(value: Toml | None) -> dict[str, Toml]:
    """Return the keys of a table; none of anything else."""
    return dict(value) if isinstance(value, Mapping) else {}


def toml_string(text: str) -> str:
    """Return a text as a TOML string: between single quotes where it has backslashes and nothing that would end it."""
    plain = all(sign.isprintable() for sign in text)
    if plain and "\\" in text and "'" not in text:
        return f"'{text}'"
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(sign: str) -> str:
    if sign in '"\\':
        return f"\\{sign}"
    if sign.isprintable():
        return sign
    code = ord(sign)
    if 0xD800 <= code <= 0xDFFF:  # half a character, which TOML cannot say
        return "?"
    return f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"


def toml_value(value: Toml) -> str:
    """Return a value as TOML writes it on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return toml_string(value)
    if isinstance(value, (int, float)):
        return f"{value!r}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        inner = ", ".join(f"{toml_key(key)} = {toml_value(one)}" for key, one in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    return f"[{', '.join(map(toml_value, value))}]"


def toml_key(key: str) -> str:
    """Return a key as TOML writes it."""
    return key if _BARE.fullmatch(key) else toml_string(key)


def dotted(*keys: str) -> str:
    """Return keys joined by points."""
    return ".".join(map(toml_key, keys))


def toml_assignment(key: str, value: Toml) -> str:
    """Return `key = value`: lists of tables, and long lists, with a line for each entry."""
    line = f"{key} = {toml_value(value)}"
    if isinstance(value, Sequence) and not isinstance(value, str) and value:
        tables = isinstance(value[0], Mapping) and len(value) > 1
        if tables or len(line) > _LONG:
            entries = "".join(f"  {toml_value(one)},\n" for one in value)
            return f"{key} = [\n{entries}]"
    return line


def comment(text: str, sign: str = "") -> str:
    """Return a text as lines of comment, inert whatever it says; `sign` stands at the beginning of the first."""
    words = as_inert(text).split(" ")
    lines, line = [], f"# {sign}".rstrip()
    for word in words:
        if len(line) + len(word) + 1 > _WIDTH and len(line) > 2:
            lines.append(line)
            line = "#  "
        line = f"{line} {word}"
    return "\n".join([*lines, line])


def as_inert(text: str) -> str:
    """Return a text on one line without control characters, uncut."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def quoted(text: object) -> str:
    """Return what a partner typed as a comment or a message shows it, cut where it is long."""
    short = as_typed(text)
    return f"“{short if len(short) <= 60 else short[:59] + '…'}”"


def listed(texts: Iterable[object], most: int = 6) -> str:
    """Return some of a list of texts in words."""
    every = list(texts)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(quoted(text) for text in every[:most]) + more


def sections(path: tuple[str, ...], values: Mapping[str, Toml]) -> Iterator[str]:
    """Yield the lines of tables too long for one line: `[path]` and its keys, a map as a table of its own."""
    yield f"[{dotted(*path)}]"
    inner = {key: value for key, value in values.items() if isinstance(value, Mapping)}
    for key, value in values.items():
        if key not in inner:
            yield toml_assignment(toml_key(key), value)
    for key, value in inner.items():
        yield ""
        yield from sections((*path, key), value)
