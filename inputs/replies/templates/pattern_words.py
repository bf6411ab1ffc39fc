"""Words that a regular expression of a layout takes, so that a template is headed in a way that the layout reads."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

# The parser of the standard library's own `re`, as the only one that reads every expression that `re` does.
_parser: Any = importlib.import_module("re._parser")
MOST = 40
"""Spellings tried of one expression."""


def spellings(pattern: re.Pattern[str], word: str | None = None) -> list[str]:
    """Texts in which a pattern finds something, the plainest first; with `word`, those in which its first group (or,
    without groups, the whole match) is that word."""
    if word is not None and not pattern.groups:
        return [word] if pattern.search(word) else []
    parsed = _parser.parse(pattern.pattern, pattern.flags & ~re.UNICODE)
    texts = dict.fromkeys(islice(_all_of(list(parsed), word), MOST))
    return [text for text in texts if (match := pattern.search(text)) and (word is None or match[1] == word)]


def _all_of(items: list[Any], word: str | None) -> Iterator[str]:
    if not items:
        yield ""
        return
    for first in _each_of(items[0], word):
        for rest in _all_of(items[1:], word):
            yield first + rest


def _each_of(item: Any, word: str | None) -> Iterator[str]:
    """The texts of one element of a parsed expression; an element that stands for nothing gives the empty text."""
    kind, value = str(item[0]), item[1]
    if kind == "LITERAL":
        yield chr(value)
    elif kind in ("IN", "CATEGORY", "ANY", "NOT_LITERAL"):
        yield _sign(kind, value)
    elif kind == "SUBPATTERN":
        yield from [word] if value[0] == 1 and word is not None else _all_of(list(value[3]), word)
    elif kind == "BRANCH":
        for branch in value[1]:
            yield from _all_of(list(branch), word)
    elif kind in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        least, most, inside = value
        for times in dict.fromkeys((least, max(least, min(most, 1)))):
            yield from (text * times for text in _all_of(list(inside), word))
    else:
        yield ""


def _sign(kind: str, value: Any) -> str:
    """One character of a class."""
    if kind == "IN":
        what, inside = str(value[0][0]), value[0][1]
        if what == "LITERAL":
            return chr(inside)
        if what == "RANGE":
            return chr(inside[0])
        return _sign(what, inside)
    named = {"CATEGORY_DIGIT": "1", "CATEGORY_SPACE": " ", "CATEGORY_NOT_WORD": " ", "CATEGORY_NOT_DIGIT": "a"}
    return named.get(str(value), "a")
