"""What is wrong with a cell that should say what a figure is about, noted under the rule that fits it."""

from __future__ import annotations

from collections.abc import Sequence

from local_indicators.common.cell_references import COLUMNS, address_of_position
from local_indicators.inputs.parsing.tables.dimension_resolver import DimensionResolver, ResolvedValue
from local_indicators.inputs.parsing.tables.finding_notes import FindingNotes
from local_indicators.inputs.readers.cells import Cell, ErrorValue, Sheet, Uncalculated
from local_indicators.inputs.readers.heading_text import heading_text
from local_indicators.schemas.reference.periods import date_in_place_of_period, period_probably_typed

MOST_GUESSES = 50
"""Distinct unknown areas of a block for which the likely one is looked for."""


class UnreadableCells:
    """Where one block notes the cells that do not say what they should."""

    def __init__(self, sheet: Sheet, sayings: DimensionResolver, notes: FindingNotes) -> None:
        self.sheet, self.sayings, self.notes = sheet, sayings, notes
        self._likely: dict[tuple[str, Sequence[str]], str] = {}

    def likely_area(self, typed: str, types: Sequence[str]) -> str:
        """Return which areas are most likely meant by a text, in words, for as many texts as anybody would mistype."""
        if (typed, types) not in self._likely and len(self._likely) < MOST_GUESSES:
            names = self.sayings.on.definitions.geography.likely_names(typed, types)
            self._likely[typed, types] = f"; did you mean {' or '.join(names)}?" if names else ""
        return self._likely.get((typed, types), "")

    def unknown(
        self,
        name: str,
        resolved_value: ResolvedValue,
        expected: str,
        places: Sequence[int] = (),
        kinds: Sequence[str] = (),
    ) -> None:
        """Note that a cell does not say a thing. `kinds` are the identifiers of the periods that it may say."""
        word = heading_text(resolved_value.word) or resolved_value.typed
        held = self.held(resolved_value)
        made = next(((made, kind) for kind in kinds if (made := date_in_place_of_period(held, kind))), None)
        if made is not None:
            rule, word = "cell.made-a-date", made[0].shown
            meant = period_probably_typed(*made)
            expected += f"; if {meant} is meant, that" if meant else ""
        elif isinstance(resolved_value.word, ErrorValue):
            rule = resolved_value.word.rule
        elif isinstance(resolved_value.word, Uncalculated):
            rule = "cell.not-calculated"
        elif not word:
            rule = "cell.blank"
        else:
            rule = f"{name}.unknown" if name in ("indicator", "area", "period") else "breakdown.unknown"
        cells = (
            [address_of_position(place) for place in places]
            if rule == "cell.blank" and places
            else resolved_value.cells
        )
        self.note(rule, resolved_value, name, word, expected, cells)

    def held(self, resolved_value: ResolvedValue) -> Cell:
        """What the cell holds that says a thing, whatever a layout takes out of it."""
        return (
            resolved_value.word if resolved_value.at is None else self.sheet.cell(*divmod(resolved_value.at, COLUMNS))
        )

    def note(
        self,
        rule: str,
        resolved_value: ResolvedValue,
        name: str,
        found: str,
        expected: str,
        cells: Sequence[str] | None = None,
    ) -> None:
        """Note a finding on the cell that says a thing, unless the heading it stands under is a finding already."""
        cells = resolved_value.cells if cells is None else cells
        if resolved_value.ended or (resolved_value.at is None and not cells and self.sayings.unheaded(name)):
            self.notes.errors += 1
            return
        self.notes.add(rule, resolved_value.at, name, found, expected, cells)
