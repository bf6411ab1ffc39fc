"""Random workbooks: small returns of which some cells show something else than they hold."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass, field
from typing import Any

import openpyxl
from openpyxl.cell.rich_text import CellRichText

from tests.fuzz.seen.edits import edited
from tests.fuzz.seen.figures import fill
from tests.fuzz.seen.partner import AREAS, KINDS, Kind
from tests.fuzz.seen.tricks import TRICKS


@dataclass
class Made:
    """A workbook, the return it answers and the tricks in it, with what we know of it ourselves: by address what is seen
    in cells with runs inside, the formats of numbers, and which cells are texts; by position which cell shows for one
    that is merged into it; and the cells that some finding must name, with the reason."""

    name: str
    kind: str
    content: bytes = b""
    seen: dict[str, str] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    texts: set[str] = field(default_factory=set)
    merged: dict[int, int] = field(default_factory=dict)
    owed: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    tricks: set[str] = field(default_factory=set)


def make(seed: int) -> Made:
    """The random workbook of a seed."""
    chance = random.Random(seed)  # noqa: S311
    kind = chance.choice(list(KINDS))
    made = Made(f"{kind}_{seed:06d}.xlsx", kind)
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Figures"
    _table(sheet, KINDS[kind], made, chance)
    for trick in chance.sample(TRICKS, chance.choice((0, 0, 0, 1, 1, 2))):
        trick(book, sheet, made, chance)
        made.tricks.add(trick.__name__.replace("_", " "))
    _note_what_is_there(sheet, made)
    whole = io.BytesIO()
    book.save(whole)
    made.content = whole.getvalue()
    if len(book.worksheets) == 1:
        made.content, edits = edited(made.content, chance)
        made.tricks.update(f"xml: {edit}" for edit in edits)
    return made


def _table(sheet: Any, kind: Kind, made: Made, chance: random.Random) -> None:
    sheet["A1"] = chance.choice(("Return", "Figures of the council", "Return, second edition"))
    sheet.append([])
    sheet.append(list(kind.headings))
    calm = chance.random() < 0.4
    for code, name in chance.sample(AREAS, chance.randint(2, 6)):
        key = [code, name, kind.year] if kind.headings[0] == "Code" else [name, kind.year]
        sheet.append(key[: kind.figures[0]])
        for column in kind.figures:
            fill(sheet.cell(sheet.max_row, column + 1), made, chance, calm=calm)


def _note_what_is_there(sheet: Any, made: Made) -> None:
    """What the tricks left: merged and overwritten cells hold nothing of what was put into them before."""
    for row in sheet.iter_rows():
        for cell in row:
            if isinstance(cell.value, str):
                made.texts.add(cell.coordinate)
            elif cell.value is not None:
                made.codes[cell.coordinate] = cell.number_format
            if not isinstance(cell.value, CellRichText):
                made.seen.pop(cell.coordinate, None)
    filled = made.texts | set(made.codes)
    made.owed = [one for one in made.owed if set(one[1]) <= filled]
