"""What a partner typed where a number belongs: numbers, percentages, marks for a missing value, and what is neither."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from inputs.cells import Cell, ErrorValue, Uncalculated
from schemas.periods import made_date

NO_FLAGS: Mapping[str, str] = {}
SCALES = {"as given": 1.0, "percent": 1.0, "fraction": 100.0, "thousands": 1000.0}


@dataclass(frozen=True, slots=True)
class Reading:
    """What a cell says: a number or none, the ends of a range, and statuses. `rule` is set where it cannot be read."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    obs_status: str | None = None
    conf_status: str | None = None
    rule: str | None = None


_NUMBER = re.compile(
    r"^([-−–+]?)\s*(?:£\s*)?([-−–]?)"
    r"((?:\d{1,3}(?:,\d{3})+|\d{1,3}(?: \d{3})+|\d+)(?:\.\d+)?|\.\d+|\d(?:\.\d+)?e[-+]?\d{1,2})\s*(%?)$",
    re.I,
)
_BRACKETED = re.compile(r"^\((.+)\)$")
_STATUS = re.compile(r"\s*(?:\[([pertub])\]|\((prov|provisional|rev|revised|est|estimated?|p|r|e)\.?\)|([pr]))$", re.I)
_STATUS_WORDS = {
    "prov": "p",
    "provisional": "p",
    "rev": "r",
    "revised": "r",
    "est": "e",
    "estimate": "e",
    "estimated": "e",
}
_NOTES = re.compile(r"(?:\s*(?:\[note \d+\]|[¹²³⁰⁴-⁹*†‡]))+$")
_UNDER = re.compile(r"^(<|≤|<=|under|less than|fewer than|up to)\s*(\d+(?:\.\d+)?)\s*(%?)$", re.I)
_OVER = re.compile(r"^(?:>|≥|>=|over|more than|at least)\s*(\d+(?:\.\d+)?)\s*(%?)$", re.I)
_RANGE = re.compile(r"^(\d{1,3})\s*(%?)\s*(-|–|to)\s*(\d{1,3})\s*(%?)$", re.I)
MOST_BY_DASH = 10
"""The highest end of a range written with a dash; what goes beyond it may be a year or an age. Written with a word, a
range may go to 100."""


def read_number(
    cell: Cell, scale: str | float, marks: Mapping[str, str], flags: Mapping[str, str] = NO_FLAGS
) -> Reading | None:
    """Read a cell of a value column; None where it is blank.

    `scale` says what a bare number means: `fraction` multiplies by 100, `thousands` by 1000. Text with a percent sign
    is always a percentage. `marks` maps marks for a missing value, in small letters, to c, z, x or low; `flags` maps
    marks that may follow a number to a status, or to nothing where they are footnotes.
    """
    if cell is None:
        return None
    if isinstance(cell, bool):
        return Reading(rule="cell.not-a-number")
    if isinstance(cell, (int, float)):
        return _scaled(float(cell), scale) if math.isfinite(cell) else Reading(rule="cell.not-a-number")
    if isinstance(cell, ErrorValue):
        return Reading(rule="cell.error-value")
    if isinstance(cell, Uncalculated):
        return Reading(rule="cell.not-calculated")
    if isinstance(cell, date):
        return Reading(rule="cell.made-a-date")
    return _text(cell, scale, marks, flags)


def _text(cell: str, scale: str | float, marks: Mapping[str, str], flags: Mapping[str, str]) -> Reading | None:
    text = " ".join(cell.split())
    if not text:
        return None
    if (status := marks.get(text.casefold())) is not None:
        return Reading(conf_status="c") if status == "c" else Reading(obs_status=status)
    if text.upper() in ("#N/A", "#DIV/0!", "#REF!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!"):
        return Reading(rule="cell.error-value")
    text, flagged = _unflagged(_NOTES.sub("", text), flags)
    said = _STATUS.search(text)
    status = flagged
    if said:
        word = (said[1] or said[2] or said[3]).casefold()
        text, status = text[: said.start()], _STATUS_WORDS.get(word, word)
    if (value := _plain(text)) is not None:
        number, percent = value
        read = Reading(number) if percent else _scaled(number, scale)
        return Reading(read.value, obs_status=status)
    return _hidden_range(text, scale) or Reading(rule="cell.made-a-date" if made_date(cell) else "cell.not-a-number")


def _unflagged(text: str, flags: Mapping[str, str]) -> tuple[str, str | None]:
    """A number without the flag that a layout lets follow it, and what the flag means."""
    for flag, status in flags.items():
        if text.endswith(flag) and text != flag:
            return text.removesuffix(flag).strip(), status or None
    return text, None


def _plain(text: str) -> tuple[float, bool] | None:
    bracketed = _BRACKETED.match(text)
    match = _NUMBER.match(bracketed[1].strip() if bracketed else text)
    if not match or (match[1] and match[2]) or (bracketed and (match[1] or match[2])) or len(match[3]) > 30:
        return None
    number = float(match[3].replace(",", "").replace(" ", ""))
    negative = bool(bracketed or match[2] or match[1] not in ("", "+"))
    return (-number if negative else number), bool(match[4])


def _hidden_range(text: str, scale: str | float) -> Reading | None:
    """`<5` and `1-5` hide a small number, and `>95%` a large one: confidential, with the ends that are known."""
    if match := _UNDER.match(text):
        most, below = float(match[2]), match[1].casefold() not in ("≤", "<=", "up to")
        whole = scale == "as given" and most.is_integer() and not match[3]
        return _range(0.0, most - 1 if below and whole else most, scale, percent=bool(match[3]))
    if match := _OVER.match(text):
        return _range(float(match[1]), None, scale, percent=bool(match[2]))
    if match := _RANGE.match(text):
        low, high = int(match[1]), int(match[4])
        percent = bool(match[2] or match[5])
        if low < high <= (100 if percent or match[3].casefold() == "to" else MOST_BY_DASH):
            return _range(low, high, scale, percent=percent)
    return None


def _range(low: float, high: float | None, scale: str | float, *, percent: bool) -> Reading:
    def scaled(end: float | None) -> float | None:
        return None if end is None else float(end) if percent else _scaled(float(end), scale).value

    return Reading(low=scaled(low), high=scaled(high), conf_status="c")


def _scaled(number: float, scale: str | float) -> Reading:
    by = SCALES[scale] if isinstance(scale, str) else scale
    return Reading(number if by == 1.0 else float(f"{number * by:.12g}"))
