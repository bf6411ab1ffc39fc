"""Texts that a regular expression matches, so that a template is headed in words that its layout reads."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

# The parser of the standard library's own `re`, as the only one that reads every expression that `re` does.
_parser: Any = importlib.import_module("re._parser")
MAX_TEXTS = 40
"""Texts that are tried for one expression."""


def matching_texts(pattern: re.Pattern[str], word: str | None = None) -> list[str]:
    """Return texts that a pattern matches, the plainest first.

    With `word`, only those of which the first group (or, without groups, the whole match) is that word.
    """
    if word is not None and not pattern.groups:
        return [word] if pattern.search(word) else []
    parsed = _parser.parse(pattern.pattern, pattern.flags & ~re.UNICODE)
    texts = dict.fromkeys(islice(_sequence_texts(list(parsed), word), MAX_TEXTS))
    return [text for text in texts if (match := pattern.search(text)) and (word is None or match[1] == word)]


def _sequence_texts(items: list[Any], word: str | None) -> Iterator[str]:
    """The texts of parsed elements in a row."""
    if not items:
        yield ""
        return
    for first in _element_texts(items[0], word):
        for rest in _sequence_texts(items[1:], word):
            yield first + rest


def _element_texts(item: Any, word: str | None) -> Iterator[str]:
    """The texts of one element of a parsed expression; an element that stands for nothing gives the empty text."""
    kind, value = str(item[0]), item[1]
    if kind == "LITERAL":
        yield chr(value)
    elif kind in ("IN", "CATEGORY", "ANY", "NOT_LITERAL"):
        yield _character(kind, value)
    elif kind == "SUBPATTERN":
        yield from [word] if value[0] == 1 and word is not None else _sequence_texts(list(value[3]), word)
    elif kind == "BRANCH":
        for branch in value[1]:
            yield from _sequence_texts(list(branch), word)
    elif kind in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        fewest, most, repeated = value
        for times in dict.fromkeys((fewest, max(fewest, min(most, 1)))):
            yield from (text * times for text in _sequence_texts(list(repeated), word))
    else:
        yield ""


def _character(kind: str, value: Any) -> str:
    """One character of a class."""
    if kind == "IN":
        first_kind, first_value = str(value[0][0]), value[0][1]
        if first_kind == "LITERAL":
            return chr(first_value)
        if first_kind == "RANGE":
            return chr(first_value[0])
        return _character(first_kind, first_value)
    categories = {"CATEGORY_DIGIT": "1", "CATEGORY_SPACE": " ", "CATEGORY_NOT_WORD": " ", "CATEGORY_NOT_DIGIT": "a"}
    return categories.get(str(value), "a")
