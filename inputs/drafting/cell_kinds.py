"""What kind of thing a cell holds, as far as one can tell without knowing what it is for."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Literal

from local_indicators.inputs.layouts.layout_language import SHORTHAND
from local_indicators.inputs.layouts.text_comparison import normalised
from local_indicators.inputs.parsing.cell_values.numbers import read_number
from local_indicators.inputs.readers.cells import Cell, ErrorValue, FormattedNumber, Uncalculated

Kind = Literal["blank", "number", "year", "mark", "date", "text"]

OWN_MARKS = frozenset(
    ("-", "--", "---", "–", "—", ".", "...", "…", "!", "?", "na", "n.a.", "n/k", "nk", "null", "none", "nil", "tbc")
)
"""What people type in place of a number, beside the marks that mean the same everywhere."""
_SPLIT_CODE = re.compile(r"(?:19|20)(\d{2})(\d{2})")


def kind_of(cell: Cell) -> Kind:
    """Return the kind of a cell. A `year` is a whole number that may stand for one (2010), for a year that goes over
    into the next (200910) or for a month (201009); a `mark` stands in place of a number."""
    if cell is None:
        return "blank"
    if isinstance(cell, (ErrorValue, Uncalculated)):
        return "mark"
    if isinstance(cell, date):
        return "date"
    if isinstance(cell, bool):
        return "text"
    if isinstance(cell, (int, float)):
        return "year" if is_year(cell) else "number"
    if isinstance(cell, FormattedNumber):
        return "number"
    return _kind_of_text(cell)


@lru_cache(maxsize=65_536)
def _kind_of_text(text: str) -> Kind:
    word = normalised(text)
    if not word:
        return "blank"
    if word in SHORTHAND or word in OWN_MARKS or text.startswith("#"):
        return "mark"
    if word.isascii() and word.isdigit() and len(word) in (4, 6) and is_year(int(word)):
        return "year"
    reading = read_number(text, "as given", SHORTHAND)
    if reading is None:
        return "blank"
    return "number" if reading.rule in (None, "cell.decimal-comma") else "text"


def is_year(number: float) -> bool:
    """Whether a number may stand for a year or a month of one: 2010, 200910, 201009."""
    if number != number or not float(number).is_integer():
        return False
    if 1950 <= number <= 2050:
        return True
    match = _SPLIT_CODE.fullmatch(str(int(number)))
    return match is not None and (int(match[2]) == (int(match[1]) + 1) % 100 or 1 <= int(match[2]) <= 12)
