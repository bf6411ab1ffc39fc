"""What a partner typed where a number belongs: numbers, percentages, marks for a missing value, and what is neither."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from local_indicators.inputs.readers.appearance.number_formats import CURRENCY, round_to_fifteen_digits
from local_indicators.inputs.readers.cells import Cell, ErrorValue, FormattedNumber, Uncalculated
from local_indicators.schemas.reference.periods import date_made_by_excel

NO_FLAGS: Mapping[str, str] = {}
SCALES = {"as given": 1.0, "percent": 1.0, "fraction": 100.0, "thousands": 1000.0}
Comma = Literal["thousands", "doubtful", "decimal"]
"""What a comma in a number is: between thousands; between thousands or a decimal comma, for the file has some that can
only be one; or always the decimal comma."""


@dataclass(frozen=True, slots=True)
class NumberReading:
    """What a cell says: a number or none, the ends of a range, and statuses. `rule` is set where it cannot be read, and
    `percent` where it says itself that it is a percentage."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    obs_status: str | None = None
    conf_status: str | None = None
    rule: str | None = None
    percent: bool = field(default=False, compare=False)


_NUMBER = re.compile(
    r"^([-−–+]?)\s?(?:£\s?)?([-−–]?)"
    r"((?:[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d{0,2}(?: \d{3})+|\d+)(?:\.\d+)?|\.\d+|\d(?:\.\d+)?e[-+]?\d{1,2})\s?(%?)$",
    re.I,
)
_DECIMAL_COMMA = re.compile(
    r"^[(\s£€+\-−–]*(?:0\d*,\d+|\d+,\d{1,2}|\d+,\d{4,}|\d{4,},\d{3}|\d{1,3}(?:[. ]\d{3})+,\d+)\s?%?\)?$"
)
"""Numbers in which the comma can only be a decimal one."""
_NOTE_LIST = re.compile(r"^\d,\d{1,2}$")
_MAYBE_DECIMAL = re.compile(r"^[(\s£€+\-−–]*[1-9]\d{0,2},\d{3}\s?%?\)?$")
_SWAPPED = str.maketrans(",.", ".,")
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
_NOTES = re.compile(r"(?:\s*(?:\[note \d+\]|[¹²³⁰⁴-⁹₀-₉*†‡]))+$")
_UNDER = re.compile(r"^(<|≤|<=|under|less than|fewer than|up to)\s*(\d+(?:\.\d+)?)\s*(%?)$", re.I)
_OVER = re.compile(r"^(?:>|≥|>=|over|more than|at least)\s*(\d+(?:\.\d+)?)\s*(%?)$", re.I)
_RANGE = re.compile(r"^(\d{1,3})\s*(%?)\s*(-|–|to)\s*(\d{1,3})\s*(%?)$", re.I)
MOST_BY_DASH = 10
"""The highest end of a range written with a dash; what goes beyond it may be a year or an age. Written with a word, a
range may go to 100."""


def read_number(
    cell: Cell,
    scale: str | float,
    marks: Mapping[str, str],
    flags: Mapping[str, str] = NO_FLAGS,
    comma: Comma = "thousands",
) -> NumberReading | None:
    """Read a cell of a value column as a person sees it; None where it is blank.

    `scale` says what a bare number means: `fraction` multiplies by 100, `thousands` by 1000. What has a percent sign is
    always a percentage. `marks` maps marks for a missing value, in small letters, to c, z, x or low; `flags` maps
    marks that may follow a number to a status, or to nothing where they are footnotes.
    """
    if cell is None:
        return None
    if isinstance(cell, bool):
        return NumberReading(rule="cell.not-a-number")
    if isinstance(cell, (int, float)):
        return _scaled(float(cell), scale) if math.isfinite(cell) else NumberReading(rule="cell.not-a-number")
    if isinstance(cell, FormattedNumber):
        return _shown(cell, scale, marks, flags)
    if isinstance(cell, ErrorValue):
        return NumberReading(rule=cell.rule)
    if isinstance(cell, Uncalculated):
        return NumberReading(rule="cell.not-calculated")
    if isinstance(cell, date):
        return NumberReading(rule="cell.made-a-date")
    return _text(cell, scale, marks, flags, comma)


def has_decimal_commas(texts: Iterable[str]) -> bool:
    """Whether some of the texts of a file are numbers whose comma can only be a decimal comma. A list of notes such as
    1,2 is none."""
    return any(_DECIMAL_COMMA.match(text) and not _NOTE_LIST.match(text) for text in texts if "," in text)


def _text(
    cell: str, scale: str | float, marks: Mapping[str, str], flags: Mapping[str, str], comma: Comma = "thousands"
) -> NumberReading | None:
    text = _lines(cell)
    if not text:
        return None
    if (status := marks.get(" ".join(text.split()).casefold())) is not None:
        return NumberReading(conf_status="c") if status == "c" else NumberReading(obs_status=status)
    if text.upper() in ("#N/A", "#DIV/0!", "#REF!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!"):
        return NumberReading(rule="cell.error-value")
    text, flagged = _unflagged(_NOTES.sub("", text), flags)
    said = _STATUS.search(text)
    status = flagged
    if said:
        word = (said[1] or said[2] or said[3]).casefold()
        text, status = text[: said.start()], _STATUS_WORDS.get(word, word)
    if comma == "decimal":
        text = text.translate(_SWAPPED)
    if _DECIMAL_COMMA.match(text) or (comma == "doubtful" and _MAYBE_DECIMAL.match(text)):
        return NumberReading(rule="cell.decimal-comma")
    if (value := _plain(text)) is not None:
        number, percent = value
        read = _scaled(number, "as given" if percent else scale)
        return NumberReading(read.value, obs_status=status, percent=percent)
    return _hidden_range(text, scale) or NumberReading(
        rule="cell.made-a-date" if date_made_by_excel(cell) else "cell.not-a-number"
    )


def _lines(text: str) -> str:
    """Text with its spaces made even. Line breaks stay: two numbers in one cell are not one number."""
    return "\n".join(filter(None, (" ".join(line.split()) for line in text.splitlines())))


# -- what a number format shows as something else than the number

_UNIT = re.compile(r"^(.*\d)\s+([a-z]{3,}(?: [a-z]+)*)$", re.I)
_NO_UNIT = re.compile(
    r"thousand|million|billion|trillion|hundred|dozen|cent|pct|\b(?:to|and|or|of|out|over|under)\b", re.I
)
_PER_CENT = re.compile(r"\s*(?:per ?cent|pct)\.?$", re.I)
_FRACTION = re.compile(r"^(-?)(?:(\d+) )?(\d+)/(\d+)$")
_SQUARES: Mapping[int, tuple[float, ...]] = {1: (1000.0, 0.001, 1.0), 2: (1_000_000.0, 1000.0, 1.0)}
"""The scales that a layout may declare for numbers shown in thousands, and in millions. A column in thousands whose
cells show millions says two things."""
_NOTHING = ("-", "–", "—", "−", "nil")
"""What formats show in place of a zero."""


def _shown(
    cell: FormattedNumber, scale: str | float, marks: Mapping[str, str], flags: Mapping[str, str]
) -> NumberReading:
    """What a person reads where a format shows something else than the number, with the digits that the cell holds; a
    finding where that cannot be squared with the number or with the declared scale."""
    look = cell.look
    if look.seen is not None and look.percent:
        return NumberReading(look.seen, percent=True)
    if look.seen is not None:
        by = SCALES["thousands"] if scale == "thousands" else scale
        if not look.thousands or by in _SQUARES.get(look.thousands, ()):
            return _scaled(look.seen, scale)
        return NumberReading(rule="cell.shown-otherwise")
    dash = look.text.strip(CURRENCY + " ").casefold()
    if cell.number == 0 and dash in _NOTHING and dash not in marks:
        return _scaled(0.0, scale)  # as accounts write nothing
    shown = _PER_CENT.sub("%", look.text)
    unit = _UNIT.match(shown)
    text = unit[1] if unit and not _NO_UNIT.search(unit[2]) else shown
    read = _text(text, "as given", marks, flags)
    if read is not None and read.rule is None and read.value is None:
        return _text(text, scale, marks, flags) or NumberReading(rule="cell.shown-otherwise")  # a mark or a range
    if read is None or (read.value is None and not _is_fraction(text, cell.number)):
        return NumberReading(rule="cell.shown-otherwise")
    if read.value is not None and abs(read.value - cell.number) > 0.5000001 * 10.0 ** -_decimals(text):
        return NumberReading(rule="cell.shown-otherwise")
    held = NumberReading(cell.number) if read.percent else _scaled(cell.number, scale)
    return NumberReading(held.value, obs_status=read.obs_status, percent=read.percent)


def _is_fraction(text: str, number: float) -> bool:
    """Whether a text such as 3 1/2 is exactly a number."""
    match = _FRACTION.match(text)
    if not match or not int(match[4]):
        return False
    value = int(match[2] or 0) + int(match[3]) / int(match[4])
    return abs((-value if match[1] else value) - number) < 1e-9


def _decimals(text: str) -> int:
    match = re.search(r"\.(\d+)", text)
    return len(match[1]) if match else 0


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


def _hidden_range(text: str, scale: str | float) -> NumberReading | None:
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


def _range(low: float, high: float | None, scale: str | float, *, percent: bool) -> NumberReading:
    def scaled(end: float | None) -> float | None:
        return None if end is None else float(end) if percent else _scaled(float(end), scale).value

    return NumberReading(low=scaled(low), high=scaled(high), conf_status="c", percent=percent)


def _scaled(number: float, scale: str | float) -> NumberReading:
    by = SCALES[scale] if isinstance(scale, str) else scale
    return NumberReading(
        round_to_fifteen_digits(number) if by == 1.0 else round_to_fifteen_digits(float(f"{number * by:.12g}"))
    )
