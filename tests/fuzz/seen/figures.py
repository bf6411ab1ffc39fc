"""Random figures: cells of a value column, plain or as one of the tricks."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from openpyxl.cell.cell import Cell
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font

from tests.fuzz.seen.codes import PERCENT, PLAIN, TELLING, put_together

if TYPE_CHECKING:
    from tests.fuzz.seen.workbooks import Made

WAYS = {
    "plain": 22, "percentage": 12, "telling format": 14, "random format": 18, "text": 9, "dust": 6, "runs": 8, "struck cell": 2,
    "blank": 2, "lines": 2,
}  # fmt: skip
CALM = {"plain": 10, "percentage": 5, "dust": 3, "runs": 5, "struck cell": 1, "blank": 1}
TEXTS = ("0,541", "54,1", "1,234", "1.234,5", "54.1%", "£1,234", "(12)", "5\u200b4.1", "\u200e31", "1\u00a0234", "1 234", "<5", "c",
         "x", "12.3p", "12.3*", "45²", "about 50", "12 3", "5.2k", "-3.5", "−3.5", "1e3", "5-1", "", " ", "\ufeff62", "7\u00ad1.2",
         "12.5 %", "%12.5", "41.", ".5", "1,23,456", "12,34", "€12,5", "0.54.1", "1/2", "12-Mar", "1'234", "+4.5", "–4.5", "4.5-",
         "12\u202f345", "[c]", "..", "12 (p)", "45.2 [note 1]", "1,234.5", "0541", "007", "1.5E+03", "50-60", "5 to 9", ">95%", "≤3")  # fmt: skip
DUST = (
    28.999999999999996,
    100.00000000000001,
    12.299999999999999,
    -1.4e-14,
    0.1 + 0.2,
    54.099999999999994,
    1e-12,
    30.000000000000004,
)


def fill(cell: Cell, made: Made, chance: random.Random, *, calm: bool) -> None:
    """Fill a cell with a figure; `calm` with one that should be read."""
    value: float = round(chance.uniform(1, 99), chance.choice((0, 1, 1, 2, 3)))
    ways = CALM if calm else WAYS
    way = chance.choices(list(ways), list(ways.values()))[0]
    made.tricks.add(way)
    if way in ("plain", "struck cell"):
        cell.value, cell.number_format = value * (1 if calm else chance.choice((1, 1, -1))), chance.choice(PLAIN)
        if way == "struck cell":
            cell.font = Font(strike=True)
            made.owed.append(("a cell struck out", (cell.coordinate,)))
    elif way == "percentage":
        by = 1 if calm else chance.choice((1, 1, 1, -1, 100))
        cell.value, cell.number_format = value / 100 * by, chance.choice(PERCENT)
    elif way in ("telling format", "random format"):
        cell.value = chance.choice(_held(value))
        cell.number_format = chance.choice(TELLING) if way == "telling format" else put_together(chance)
    elif way == "text":
        cell.value = chance.choice(TEXTS) or None
        cell.number_format = chance.choice(("General", "@", "0.0%", "0.0"))
    elif way == "lines":
        cell.value = chance.choice(("410\n395", "41.0\n", "\n39", "12\n%", "5,2\n00", "1\n2\n3", "31.5\r\n(p)"))
    elif way == "dust":
        cell.value, cell.number_format = chance.choice(DUST), chance.choice(("General", "0.0", "0", "0.00"))
    elif way == "runs":
        _runs(cell, value, made, chance)


def _held(value: float) -> tuple[float, ...]:
    whole = float(round(value))
    return (
        value, value, whole, whole, value / 100, value / 100, value * 1000, whole * 1000, whole * 1_000_000, 0.0, 3.0, 5.0, 100.0,
        -value, -whole, 0.004, -0.004, 0.5, 1.0, 2010.0, 0.1 + 0.2, value + 1e-13,
    )  # fmt: skip


def _runs(cell: Cell, value: float, made: Made, chance: random.Random) -> None:
    """A text of which parts are notes or withdrawn; what a person sees is kept beside."""
    shown = f"{value:g}"
    note = TextBlock(
        InlineFont(vertAlign=chance.choice(("superscript", "subscript"))),
        chance.choice(("1", "2", "(a)", "1,2", "r", " 3", "*", "[1]")),
    )
    old, bold = TextBlock(InlineFont(strike=True), f"{value + 7:g}"), InlineFont(b=True)
    gap = chance.choice(("", " ", "\n"))
    way = chance.choice(("note", "note", "correction", "correction behind", "split", "both", "per cent"))
    parts: dict[str, list[Any]] = {
        "note": [shown, note],
        "correction": [old, TextBlock(bold, gap + shown)],
        "correction behind": [TextBlock(bold, shown + gap), old],
        "split": [TextBlock(bold, shown[:1]), TextBlock(InlineFont(color="FF0000"), shown[1:] or " ")],
        "both": [old, gap + shown, note],
        "per cent": [shown + "%", note],
    }
    cell.value = CellRichText(parts[way])
    made.seen[cell.coordinate] = shown + ("%" if way == "per cent" else "")
    if way == "split":
        made.tricks.add("runs without a meaning")
