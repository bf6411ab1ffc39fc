"""What somebody most likely meant by a word that nobody knows."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

LONGEST = 60
"""Longer texts are no mistyped words."""


def likely_words(word: str, known: Iterable[str], most: int = 2) -> list[str]:
    """Return the known words that are most like a word, the likeliest first; none where nothing is near."""
    if not 1 < len(word) <= LONGEST:
        return []
    plain = {name.casefold(): name for name in known}
    return [plain[name] for name in get_close_matches(word.casefold(), plain, n=most, cutoff=0.75)]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return "; did you mean 'x' or 'y'?" with the known words that are most like a word, or nothing."""
    likely = likely_words(word, known)
    return f"; did you mean {' or '.join(map(repr, likely))}?" if likely else ""
