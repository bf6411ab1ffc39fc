"""What is wrong with a cell that should say what a figure is about, noted under the rule that fits it."""

from __future__ import annotations

from collections.abc import Sequence

from inputs.parsing.tables.dimension_resolver import Saying, Sayings
from inputs.parsing.tables.finding_notes import Notes
from inputs.readers.cell_text import words
from inputs.readers.cells import Cell, ErrorValue, Sheet, Uncalculated
from schemas.findings import COLUMNS, a1
from schemas.reference.periods import made_of_period, period_meant


class Unread:
    """Where one block notes the cells that do not say what they should."""

    def __init__(self, sheet: Sheet, sayings: Sayings, notes: Notes) -> None:
        self.sheet, self.sayings, self.notes = sheet, sayings, notes

    def unknown(
        self, name: str, said: Saying, expected: str, places: Sequence[int] = (), kinds: Sequence[str] = ()
    ) -> None:
        """Note that a cell does not say a thing. `kinds` are the identifiers of the periods that it may say."""
        word = words(said.word) or said.typed
        held = self.held(said)
        made = next(((made, kind) for kind in kinds if (made := made_of_period(held, kind))), None)
        if made is not None:
            rule, word = "cell.made-a-date", made[0].shown
            meant = period_meant(*made)
            expected += f"; if {meant} is meant, that" if meant else ""
        elif isinstance(said.word, ErrorValue):
            rule = said.word.rule
        elif isinstance(said.word, Uncalculated):
            rule = "cell.not-calculated"
        elif not word:
            rule = "cell.blank"
        else:
            rule = f"{name}.unknown" if name in ("indicator", "area", "period") else "breakdown.unknown"
        cells = [a1(place) for place in places] if rule == "cell.blank" and places else said.cells
        self.note(rule, said, name, word, expected, cells)

    def held(self, said: Saying) -> Cell:
        """What the cell holds that says a thing, whatever a layout takes out of it."""
        return said.word if said.at is None else self.sheet.cell(*divmod(said.at, COLUMNS))

    def note(
        self, rule: str, said: Saying, name: str, found: str, expected: str, cells: Sequence[str] | None = None
    ) -> None:
        """Note a finding on the cell that says a thing, unless the heading it stands under is a finding already."""
        cells = said.cells if cells is None else cells
        if said.ended or (said.at is None and not cells and self.sayings.unheaded(name)):
            self.notes.errors += 1
            return
        self.notes.add(rule, said.at, name, found, expected, cells)
