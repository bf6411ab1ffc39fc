"""The words by which names of people are told from other words, from name_lexicon.toml, as they are compared."""

from __future__ import annotations

import tomllib
import unicodedata
from functools import cache
from pathlib import Path


def fold_word(text: str) -> str:
    """A word as it is compared: small letters without accents, and without what stands between its letters."""
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return text.casefold().replace("’", "'")


@cache
def _said() -> dict[str, str]:
    return tomllib.loads((Path(__file__).parent / "name_lexicon.toml").read_text(encoding="utf-8"))


def _words(key: str) -> frozenset[str]:
    lines = (line for line in _said()[key].splitlines() if not line.startswith("#"))
    return frozenset(word for line in lines for word in line.split())


DOUBTFUL = _words("doubtful")
"""Given names that are as often places, months, words or families."""
GIVEN = _words("given") - DOUBTFUL
"""Given names that are hardly ever anything else."""
FAMILY = _words("family")
OTHER = _words("other") - GIVEN
"""Words of places, offices, bodies and measures."""
BODIES = frozenset(" ".join(one.split()) for one in _said()["bodies"].split(";"))
"""Bodies, buildings and places whose whole name could be a person's."""
