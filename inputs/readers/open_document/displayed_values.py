"""What an ods cell shows: by its style, as every program draws it anew, held against the text that was drawn before.

The text that the file keeps beside a number is what its last program displayed. Style and text agree in every file that
a program wrote; where they do not, what a person sees depends on the program, and nobody can tell what is meant.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime

from local_indicators.inputs.readers.appearance.format_sections import CURRENCIES, format_sections
from local_indicators.inputs.readers.appearance.number_formats import appearance, is_plain_percentage
from local_indicators.inputs.readers.calamine_sheets import apply_number_format, as_excel_keeps
from local_indicators.inputs.readers.cells import Cell, ErrorValue, FormattedNumber

SHARE = "0.00%"
LONGEST = 60
"""Characters of a text that are told."""
_EXPONENT = re.compile(r"(?<=[0-9])E[+-]?[0-9]+", re.I)
_NUMBER = re.compile(r"[0-9][0-9.,]*|[.,][0-9]+")
_BETWEEN = re.compile(r"(?<=[0-9])[ \u00a0\u2009\u202f'\u2019](?=[0-9]{3})")


def displayed_number(number: float, code: str, kind: str, text: str) -> Cell:
    """A number as it is seen: by the code of its style, by its kind where the style tells nothing, and by its text."""
    held = as_excel_keeps(number)
    if isinstance(held, ErrorValue):
        return held
    if kind == "percentage" and not any("percent" in section.kinds for section in format_sections(code)):
        code = SHARE if code == "General" else code
    if code == "General":
        seen: Cell = held
    else:
        seen = FormattedNumber(held, code) if is_plain_percentage(code) else apply_number_format(held, code)
    said = text.strip()
    if not said or not said.strip("#") or _plainly(said, seen) or agrees_with_text(held, code, said):
        return seen
    shown = f"{seen:%d %B %Y}" if isinstance(seen, datetime) else appearance(held, code).text
    both = f"{said[:LONGEST]} or {shown[:LONGEST] or 'nothing'}".replace('"', "'")
    code = f'"{both}"'
    return FormattedNumber(held, code if number >= 0 else f"{code};{code}")  # the second shows no sign of its own


def _plainly(said: str, seen: Cell) -> bool:
    """Whether a text is a number or a share as most are written; this only saves time."""
    if isinstance(seen, FormattedNumber):
        if not said.endswith("%") or not is_plain_percentage(seen.code):
            return False
        said, target = said[:-1], seen.number * 100
    elif isinstance(seen, float):
        with suppress(ValueError):
            if float(said) == seen:
                return True
        target = seen
    else:
        return False
    whole, _, decimals = said.partition(".")
    digits = whole.replace(",", "") + decimals
    if not digits.removeprefix("-").isascii() or not digits.removeprefix("-").isdigit():
        return False
    return abs(int(digits) / 10 ** len(decimals) - target) <= 0.5000001 * 0.1 ** len(decimals) and len(digits) < 16


def agrees_with_text(number: float, code: str, said: str) -> bool:
    """Whether a text is what a number looks like under a code, be it with more or fewer decimals or the signs of
    another country."""
    look = appearance(number, code)
    if _bare(look.text) == _bare(said):
        return True
    if ("%" in said) != ("%" in look.text) or _words(said) != _words(look.text):
        return False
    if _sign(said) != _sign(look.text):
        return False
    target = abs(look.seen if look.seen is not None else number)
    return any(abs(value - target) <= 0.5000001 * step for value, step in _values(said))


def _values(said: str) -> list[tuple[float, float]]:
    """The numbers that a text may be, with a point or a comma before its decimals, and the step of the last digit."""
    text = _BETWEEN.sub("", said)
    exponent = _EXPONENT.search(text)
    by = 10.0 ** max(min(int(exponent[0][1:]), 300), -300) if exponent else 1.0
    digits = _NUMBER.findall(_EXPONENT.sub("", text))
    if len(digits) != 1 or len(digits[0]) > 60:
        return []
    found = []
    for point, other in ((".", ","), (",", ".")):
        plain = digits[0].replace(other, "")
        if plain.count(point) <= 1 and plain != point:
            decimals = len(plain.partition(point)[2])
            found.append((float(plain.replace(point, ".")) * by, 10.0**-decimals * by))
    return found


def _bare(text: str) -> str:
    return "".join(text.split()).casefold()


def _words(text: str) -> str:
    """The letters of a text, without those that are a currency's or an exponent's."""
    found = re.findall(r"[^\W\d_]+\.?", _EXPONENT.sub("", text))
    return " ".join(one.casefold() for one in found if one not in CURRENCIES)


def _sign(text: str) -> bool:
    return any(one in "-\u2212(" for one in _EXPONENT.sub("", text)) and any(one in "123456789" for one in text)


def is_note_by_place(before: str, text: str) -> bool:
    """Whether words in a style that the file does not define are a note by where they stand: one or two digits behind
    a digit are set apart for no other reason."""
    return before[-1:].isdigit() and text.isdigit() and len(text) < 3
