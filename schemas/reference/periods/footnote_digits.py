"""Footnote numbers that have run into a period: 2010 with a raised 2, saved as 20102."""

from __future__ import annotations

import re

from local_indicators.schemas.reference.periods.period_kinds import IDENTIFIERS, Period
from local_indicators.schemas.reference.periods.period_notations import read_period

_YEAR = re.compile(r"(?:19|20)\d\d")


def without_footnote(value: object, identifier: str, *, ending: bool = False) -> tuple[Period, str] | None:
    """The period that is left of a text or number without the one or two digits at its end, and those digits; None
    unless nothing else can be meant: the whole is a period of no identifier, and one way alone to part it gives one.
    Six digits are none: 201034 may be a week, and 200912 three years."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    text = " ".join(str(value).split())
    if (len(text) == 6 and text.isdigit()) or any(read_period(text, name, ending=True) for name in IDENTIFIERS):
        return None
    found = []
    for length in (1, 2):
        period, note = text[:-length], text[-length:]
        if not (
            note.isascii() and note.isdigit() and note[0] != "0" and period[-1:].isdigit() and _YEAR.search(period)
        ):
            continue
        if (read := read_period(period, identifier, ending=ending)) is not None:
            found.append((read, note))
    return found[0] if len(found) == 1 else None
