"""Every figure that is loaded against what is displayed, and every number of a sheet against what became of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flows.judging import Judgement
from inputs.cells import Cells
from inputs.explain import explain
from inputs.tables.account import KEYS
from schemas.findings import COLUMNS, a1, at, places
from tests.seen.partner import KINDS

_NUMBER = re.compile(
    r"([-−+]?)\s?£?\s?([-−]?)([1-9]\d{0,2}(?:,\d{3})+|[1-9]\d{0,2}(?: \d{3})+|\d*)(?:\.(\d+))?(?:[Ee]([+-]?\d+))?\s?(%?)"
)
_FRACTION = re.compile(r"(-?)(?:(\d+) )?(\d+)/(\d+)")
_MARKS = re.compile(r"(?:[pre*†‡]|[¹²³⁴⁵])$")
_UNIT = re.compile(r" (?:pupils)$")
MEASURES = ("value", "numerator", "denominator")


@dataclass(frozen=True)
class Seen:
    """A number as a person reads it: its value, and half a unit of its last decimal."""

    value: float
    half: float
    percent: bool


@dataclass(frozen=True)
class Difference:
    """Something that passed in silence."""

    file: str
    cell: str
    seen: str
    loaded: str


def read_seen(text: str) -> Seen | None:
    """The number that a person reads in a displayed text; None where it is none. Not our reader, on purpose."""
    text = " ".join(re.sub("[\u200b\u200e\ufeff]", "", text).split(" ")).replace("\u00a0", " ").strip()
    text = _MARKS.sub("", _UNIT.sub("", text)).strip()
    if text == "-" or re.fullmatch(r"£\s*-", text):
        return Seen(0.0, 0.0, percent=False)
    if match := _FRACTION.fullmatch(text):
        value = int(match[2] or 0) + int(match[3]) / int(match[4])
        return Seen(-value if match[1] else value, 1e-9, percent=False)
    bracketed = re.fullmatch(r"\((.*)\)", text)
    match = _NUMBER.fullmatch(bracketed[1].strip() if bracketed else text)
    if match is None or not (match[3] or match[4]):
        return None
    power = int(match[5] or 0)
    value = float(f"{match[3].replace(',', '').replace(' ', '') or '0'}.{match[4] or '0'}") * 10.0**power
    negative = bool(bracketed) or "-" in match[1] + match[2] or "−" in match[1] + match[2]
    half = 0.5 * 10.0 ** (power - len(match[4] or ""))
    return Seen(-value if negative else value, half, percent=bool(match[6]))


def differences(
    kind: str, one: Judgement, cells: Cells, shown: Sequence[Sequence[str]], own: Mapping[str, str]
) -> Iterator[Difference]:
    """What of a workbook was loaded otherwise than it is seen, or vanished, without a finding that names the cell.

    `shown` are the cells of the sheet as displayed, `own` what is seen in cells with formatting inside.
    """
    named = {place for found in one.findings for place in places(found)}
    if one.table is None or one.layout is None:
        return
    taken: set[int] = set()
    for row in one.table.frame.iter_rows(named=True):
        for measure in MEASURES:
            where = row[f"at_{measure}"]
            if where is None:
                continue
            taken.add(where)
            if (row["sheet"], where) in named or row[measure] is None or row["faulty"]:
                continue
            text = own.get(a1(where)) or _shown_at(shown, where)
            if not _agrees(text, row[measure], kind, measure):
                yield Difference(one.origin.name, a1(where), text, f"{measure} {row[measure]!r}")
    told = {c: part.became for part in explain(cells, one.layout, one.origin.name) for c in part.cells}
    for number, line in enumerate(shown):
        for column, text in enumerate(line):
            place = at(number, column)
            if read_seen(text) is None or place in taken or ("Figures", place) in named:
                continue
            if _became(told, place) not in (*KEYS.values(), "area", "period"):
                yield Difference(one.origin.name, a1(place), text, f"nothing: {_became(told, place)}")


def _became(told: Mapping[str, str], place: int) -> str:
    """What became of a cell, by the ranges that explain gives."""
    row, column = divmod(place, COLUMNS)
    for cells, became in told.items():
        first, _, last = cells.partition(":")
        (top, left), (bottom, right) = _corner(first), _corner(last or first)
        if top <= row <= bottom and left <= column <= right:
            return became
    return "not told"


def _corner(address: str) -> tuple[int, int]:
    match = re.fullmatch(r"([A-Z]+)(\d+)", address)
    assert match is not None
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - 64
    return int(match[2]) - 1, column - 1


def _shown_at(shown: Sequence[Sequence[str]], where: int) -> str:
    row, column = divmod(where, COLUMNS)
    return shown[row][column] if row < len(shown) and column < len(shown[row]) else ""


def _agrees(text: str, loaded: float, kind: str, measure: str) -> bool:
    """Whether a loaded number is the one seen, but for decimals that are not shown."""
    seen = read_seen(text)
    if seen is None:
        return False
    scale = KINDS[kind].scale if measure == "value" else 1.0
    if kind == "coded" and not seen.percent:
        scale = 100.0
    if seen.percent:
        if not (KINDS[kind].share and measure == "value"):
            return False
        scale = 1.0
    return abs(loaded / scale - seen.value) <= seen.half * (1 + 1e-6) + 1e-9 * max(1.0, abs(seen.value))
