"""Whether a word is most likely another one, mistyped: a letter too many, too few, wrong or in the wrong place, or a
letter in place of a digit that looks like it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from local_indicators.inputs.layouts.pattern_words import matching_texts
from local_indicators.inputs.layouts.text_comparison import normalised_without_footnotes

LONG, SHORT = 8, 4
"""A word of so many letters may be two mistakes away from another, a shorter one only one, and one with fewer than
SHORT none."""
_ALIKE = str.maketrans({"0": "o", "1": "l", "i": "l", "|": "l", "5": "s"})
_NEGATIONS = ("un", "in", "im", "non", "not", "ex", "re", "sub", "dis", "pre", "post")
_SIGNED = re.compile(r"[^\w]+")


@lru_cache(maxsize=512)
def words_of_pattern(pattern: re.Pattern[str]) -> tuple[str, ...]:
    """The words that a pattern takes, the plainest first, without those too short to be told from others."""
    try:
        found = matching_texts(pattern)
    except (RecursionError, ValueError):
        return ()
    return tuple(dict.fromkeys(word for text in found if len(word := normalised_without_footnotes(text)) >= SHORT))


def mistyped_match(text: str, pattern: re.Pattern[str]) -> str:
    """The word that a text most likely stands for, of those that a pattern takes; blank where it is none."""
    begins = pattern.pattern.lstrip("(").startswith("^")
    known = words_of_pattern(pattern)
    return next((word for word in known if any(is_mistyped(part, word) for part in _parts(text, word, begins))), "")


def mistyped_word(text: str, known: Iterable[str]) -> str:
    """The first of some words that a text is a mistyped form of; blank where there is none."""
    return next(
        (word for word in known if is_mistyped(normalised_without_footnotes(text), normalised_without_footnotes(word))),
        "",
    )


def _parts(text: str, word: str, begins: bool) -> Iterator[str]:
    """A text as a whole, and its first words, as many as the word has; its last too unless it `begins` with it."""
    said, many = normalised_without_footnotes(text).split(), len(word.split())
    yield " ".join(said)
    if len(said) > many:
        yield " ".join(said[:many])
        if not begins:
            yield " ".join(said[-many:])


@lru_cache(maxsize=65_536)
def is_mistyped(typed: str, word: str) -> bool:
    """Whether one word is most likely another, mistyped. Words that differ in their digits are never the same: 2009 is
    no 2008; nor are those of which one is the other with something before it, such as not eligible."""
    if typed == word or min(len(typed), len(word)) < SHORT or abs(len(typed) - len(word)) > 2:
        return False
    if typed.translate(_ALIKE) == word.translate(_ALIKE):
        return True
    if _digits(typed) != _digits(word) or _negates(typed, word) or _negates(word, typed):
        return False
    if _SIGNED.sub("", typed) == _SIGNED.sub("", word):
        return True
    most = 2 if min(len(typed), len(word)) >= LONG else 1
    return _distance(typed, word, most) <= most


def _digits(text: str) -> str:
    return "".join(sign for sign in text if sign.isdigit())


def _negates(long: str, short: str) -> bool:
    return long.endswith(short) and long[: len(long) - len(short)].strip(" -") in _NEGATIONS


def _distance(one: str, other: str, most: int) -> int:
    """How many letters are to be put in, taken out, changed or swapped with their neighbour to make one word of
    another; more than `most` where it is more than that (Damerau and Levenshtein's distance, of aligned strings)."""
    before, last = list(range(len(other) + 1)), list[int]()
    for row, a in enumerate(one, start=1):
        line = [row]
        for column, b in enumerate(other, start=1):
            best = min(before[column] + 1, line[-1] + 1, before[column - 1] + (a != b))
            if row > 1 and column > 1 and a == other[column - 2] and one[row - 2] == b:
                best = min(best, last[column - 2] + 1)
            line.append(best)
        if min(line) > most:
            return most + 1
        before, last = line, before
    return before[-1]
