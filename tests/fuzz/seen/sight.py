"""What a person reads in a displayed text: numbers, shares, marks, areas and periods. Not our reader, on purpose."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.fuzz.seen.partner import AREAS

INVISIBLE = re.compile("[\u200b\u200c\u200d\u200e\u200f\u00ad\u2060\ufeff]")
_NUMBER = re.compile(
    r"(%?)\s?([-−–+]?)\s?[£$€]?\s?([-−–]?)([1-9]\d{0,2}(?:,\d{3})+|\d+(?: \d{3})+|\d*)(?:\.(\d*))?(?:E([+-]?\d+))?\s?(%?)",
    re.I,
)
_FRACTION = re.compile(r"([-−]?)(?:(\d+) )?(\d+)/(\d+)")
_MARKS = re.compile(r"(?:[pre*†‡]|[¹²³⁴⁵]|\s?\([pre]\)|\s?\[note \d\])$")
_UNIT = re.compile(r" (?:pupils)$")
_NOTHING = re.compile(r"[£$€]?\s?-")
_YEAR = re.compile(r"(\d{4})\s?[/-]\s?(?:20)?(\d\d)|(\d{4})\s?[pr]?")


@dataclass(frozen=True)
class Seen:
    """A number as a person reads it: its value, half a unit of its last decimal, and whether it says per cent."""

    value: float
    half: float
    percent: bool


def even(text: str) -> str:
    """A displayed text without what nobody sees: invisible characters, hard and double spaces, line ends."""
    return " ".join(INVISIBLE.sub("", text).split())


def read_seen(text: str) -> Seen | None:
    """The number that a person reads; None where it is none: words, marks, two numbers under each other."""
    if len([line for line in text.splitlines() if re.search(r"\d", line)]) > 1:
        return None
    text = _MARKS.sub("", _UNIT.sub("", even(text))).strip()
    if _NOTHING.fullmatch(text):
        return Seen(0.0, 0.0, percent=False)  # as accountants write nothing
    if match := _FRACTION.fullmatch(text):
        if int(match[4]) == 0:
            return None
        value = int(match[2] or 0) + int(match[3]) / int(match[4])
        return Seen(-value if match[1] else value, 1e-9, percent=False)
    bracketed = re.fullmatch(r"\((.*)\)", text)
    match = _NUMBER.fullmatch(bracketed[1].strip() if bracketed else text)
    if match is None or not (match[4] or match[5]) or (match[1] and match[7]):
        return None
    power = int(match[6] or 0)
    value = float(f"{re.sub('[, ]', '', match[4]) or '0'}.{match[5] or '0'}") * 10.0**power
    negative = bool(bracketed) or match[2] + match[3] not in ("", "+")
    half = 0.5 * 10.0 ** (power - len(match[5] or ""))
    return Seen(-value if negative else value, half, percent=bool(match[1] or match[7]))


def is_area(text: str, code: str) -> bool:
    """Whether a displayed text names the area of a code."""
    names = next((pair for pair in AREAS if pair[0] == code), (code, code))
    return even(text).casefold() in (names[0].casefold(), names[1].casefold())


def is_year(text: str, code: str) -> bool:
    """Whether a displayed text names the year of a period's code: 200910, 2010."""
    match = _YEAR.fullmatch(re.sub(r"(?<=\d),(?=\d{3})", "", even(text)))
    return match is not None and code == (match[3] or match[1] + match[2])
