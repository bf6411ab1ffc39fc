"""Blanks that the layout allows and the table does not: beside rows that say the same thing, and under a heading."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from local_indicators.common.cell_references import cell_position
from local_indicators.inputs.parsing.tables.cell_account import address_ranges
from local_indicators.inputs.parsing.tables.columns import Columns
from local_indicators.inputs.parsing.tables.finding_notes import FindingNotes
from local_indicators.inputs.parsing.tables.headings import column_name
from local_indicators.inputs.parsing.tables.value_cells import Row
from local_indicators.inputs.parsing.tables.value_columns import ObservationColumns

ENDS = ("value_low", "value_high")
RULED = 3
"""From so many rows that say a thing, one that does not is named."""


@dataclass
class UnexpectedBlanks:
    """What the rows of one block leave blank."""

    columns: Columns
    notes: FindingNotes
    rows: list[int] = field(default_factory=list)
    given: dict[tuple[int, str], int] = field(default_factory=dict)
    blank: dict[tuple[int, str], list[int]] = field(default_factory=dict)
    half: dict[int, str] = field(default_factory=dict)
    """Cells of ranges of which only the other end is given, and what they should say."""

    def note(self, number: int, of: ObservationColumns, row: Row) -> None:
        """Note what a row of figures gives and what it leaves blank."""
        if not self.rows or self.rows[-1] != number:
            self.rows.append(number)
        held = {measure: self._filled(number, column) for measure, (column, _) in of.columns.items()}
        if row["obs_status"] in ("x", "z", "low") or row["conf_status"] is not None or not any(held.values()):
            return
        both = [end for end in ENDS if end in held]
        if len(both) == len(ENDS) and sum(held[end] for end in both) == 1:
            end = next(one for one in both if not held[one])
            self.half[cell_position(number, of.columns[end][0])] = end
        for measure, filled in held.items():
            if measure in ("numerator", "denominator", "value_text") and len(held) > 1:
                key = (of.columns[measure][0], measure)
                self.given[key] = self.given.get(key, 0) + filled
                if not filled:
                    self.blank.setdefault(key, []).append(number)

    def tell(self, errors: Iterable[int]) -> None:
        """Name the cells; `errors` are those that an error names already."""
        named_already = set(errors)
        for place, end in self.half.items():
            if place not in named_already:
                expected = (
                    f"the {'upper' if end == 'value_high' else 'lower'} end of the range, as its other end is given"
                )
                self.notes.add("cell.left-blank", place, end, "", expected)
        for (column, measure), numbers in self.blank.items():
            place = cell_position(numbers[0], column)
            if len(numbers) == 1 and self.given.get((column, measure), 0) >= RULED and place not in named_already:
                self.notes.add("cell.left-blank", place, measure, "", "what every other row of the table gives")
        for column, spec in self.columns.blank:
            if (spec.blank or self.columns.table.blank) == "refuse" and self.rows:
                cells = list(address_ranges(cell_position(number, column) for number in self.rows))
                expected = f"figures under the heading {column_name(self.columns.headings, column)}"
                self.notes.add("cell.left-blank", cell_position(self.rows[0], column), "value", "", expected, cells)

    def _filled(self, number: int, column: int) -> bool:
        return self.columns.sheet.cell(number, column) is not None
