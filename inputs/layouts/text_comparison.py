"""How texts of layouts and of sheets are compared."""

from __future__ import annotations

import re

from local_indicators.inputs.readers.invisible_characters import without_invisible_characters

_FOOTNOTES = re.compile(r"(?:\s*\(\d{1,2}\)|\s*\[note \d+\]|[¹²³⁰⁴-⁹₀-₉*†‡]+)+$")


def normalised(text: str) -> str:
    """Text as it is compared: case and spacing make no difference."""
    return " ".join(without_invisible_characters(text).replace("’", "'").split()).casefold()


def normalised_without_footnotes(text: str) -> str:
    """Text as it is compared where footnote marks at its end make no difference either."""
    return _FOOTNOTES.sub("", normalised(text)).strip()
