"""On which line of a TOML file each key stands, so that a message can say where to look."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

KeyPath = tuple[str | int, ...]
_BARE = r"[A-Za-z0-9_-]+"
_KEY = rf"""(?:{_BARE}|"(?:[^"\\]|\\.)*"|'[^']*')"""
_DOTTED = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_HEADER = re.compile(rf"\s*(\[\[?)\s*({_DOTTED})\s*\]\]?\s*(?:#.*)?$")
_ASSIGNMENT = re.compile(rf"\s*({_DOTTED})\s*=\s*(.*)$", re.DOTALL)
_STRING = re.compile(r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*', re.DOTALL)


def lines_of_keys(text: str) -> Mapping[KeyPath, int]:
    """Return the line, from 1, of every table and key of a TOML text by its path: table names and, for tables in a
    list, their number from 0. Keys inside a value of several lines are not told apart; a text that is no TOML gives
    what could be made of it."""
    found: dict[KeyPath, int] = {}
    counts: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for number, line in _statements(text):
        header = _HEADER.match(line)
        if header:
            table = _table_path(_parts(header[2]), counts, listed=header[1] == "[[")
            for length in range(1, len(table) + 1):
                found.setdefault(table[:length], number)
        elif assignment := _ASSIGNMENT.match(line):
            path = (*table, *_parts(assignment[1]))
            for length in range(len(table) + 1, len(path) + 1):
                found.setdefault(path[:length], number)
    return found


def line_of(path: KeyPath, lines: Mapping[KeyPath, int]) -> int | None:
    """Return the line of the longest beginning of a path that is known; None where nothing of it is."""
    return next((lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in lines), None)


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Yield each header and assignment with the number of its first line, values of several lines whole."""
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        first, statement = at, lines[at]
        at += 1
        while at < len(lines) and _is_open(statement):
            statement += "\n" + lines[at]
            at += 1
        yield first + 1, statement


def _is_open(statement: str) -> bool:
    """Whether a statement goes on: a bracket, or a string of several lines, is not closed."""
    if _HEADER.match(statement) or "=" not in statement:
        return False
    bare = _STRING.sub("", statement.partition("=")[2])
    if '"""' in bare or "'''" in bare:
        return True
    return bare.count("[") + bare.count("{") > bare.count("]") + bare.count("}")


def _parts(dotted: str) -> KeyPath:
    return tuple(part.strip("\"'") for part in re.findall(_KEY, dotted))


def _table_path(names: KeyPath, counts: dict[KeyPath, int], *, listed: bool) -> KeyPath:
    """The path of a table, with the number of the table in each list that it lies in."""
    path: KeyPath = ()
    for position, name in enumerate(names):
        path = (*path, name)
        last = position == len(names) - 1
        if last and listed:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path
