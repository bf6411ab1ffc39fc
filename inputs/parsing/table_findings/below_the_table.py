"""What stands below a blank row, or right under a table, and may or may not belong to it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from local_indicators.common.cell_references import COLUMNS, address_of_position, cell_position
from local_indicators.inputs.layouts.layout_language import sources_of
from local_indicators.inputs.parsing.table_findings.left_out_rows import LeftOutRows, is_number
from local_indicators.inputs.parsing.tables.banner_rows import LONGEST, NOTE
from local_indicators.inputs.parsing.tables.columns import Columns
from local_indicators.inputs.parsing.tables.dimension_resolver import DimensionResolver, SheetTable
from local_indicators.inputs.parsing.tables.finding_notes import FindingNotes
from local_indicators.inputs.parsing.tables.value_columns import ObservationColumns
from local_indicators.inputs.readers.heading_text import heading_text

NAMED = 50
"""Cells under a blank row that one finding lists."""
WORDY = 6
"""From so many words a text on a row of its own is a note, wherever it stands."""


@dataclass(frozen=True)
class BelowTable:
    """The rows of one block that hold none of its figures."""

    on: SheetTable
    columns: Columns
    sayings: DimensionResolver
    notes: FindingNotes
    leaving: LeftOutRows
    observations: Sequence[ObservationColumns]

    def blank_row(self, blank: int) -> None:
        """Note rows under a blank row that may be part of the table: with numbers where it has its values, or with
        words where it has words and keys that can be read. Nothing is left out in silence."""
        end, stops = self.columns.block.end, bool(self.on.table.stop)
        if stops:
            end = next((n for n in range(blank, end) if self.leaving.stops(self._first(n))), blank)
        below = [place for place in self._figures(blank, end) if not stops or self.leaving.reads(place // COLUMNS)]
        if not below:
            return
        for number in range(blank, end):
            self.on.account.leave(number, "below")
        where = cell_position(blank, min(self._known(), default=0))
        texts = any(not is_number(self.columns.sheet.cell(*divmod(place, COLUMNS))) for place in below)
        what = f"{len(below)} {'cells' if texts else 'numbers'}"
        cells = [address_of_position(place) for place in dict.fromkeys([where, *below[:NAMED]])]
        expected = "no blank row within the table; nothing under it could be judged"
        self.notes.add("layout.rows-below", where, "rows", f"{what} under blank row {blank + 1}", expected, cells)

    def _first(self, number: int) -> str:
        return next((heading_text(cell) for cell in self.columns.sheet.rows[number] if cell is not None), "")

    def _figures(self, blank: int, end: int) -> Iterator[int]:
        labelled = [s for scope in self.on.table.scopes for s in sources_of(scope) if s.beside or s.under]
        measured = {
            c: m for observation in self.observations for m, (c, _) in observation.columns.items() if m != "status"
        }
        for number in range(blank, end):
            for column, measure in measured.items():
                cell = self.columns.sheet.cell(number, column)
                if any(self.sayings.labels.is_value(number, column, one) for one in labelled):
                    continue
                worded = measure == "value_text" and cell is not None and self.leaving.reads(number)
                if worded or is_number(cell):
                    yield cell_position(number, column)

    def is_note(self, number: int, valued: Collection[int]) -> bool:
        """Whether a row is a note that stands right under the table, or a whole sentence within it, and says nothing
        else; it is then noted, once."""
        row = self.columns.sheet.rows[number]
        filled = [column for column, cell in enumerate(row) if cell is not None]
        if len(filled) != 1 or filled[0] in valued or not isinstance(row[filled[0]], str):
            return False
        text = heading_text(row[filled[0]])
        wordy = bool(NOTE.search(text)) or len(text) > LONGEST or len(text.split()) >= WORDY
        if self.leaving.reads(number) or not (wordy or (self._ends(number) and self._is_strange(number))):
            return False
        expected = "notes below a blank row, or on a sheet of their own"
        self.notes.add("layout.note-in-table", cell_position(number, filled[0]), "row", text, expected)
        return True

    def _ends(self, number: int) -> bool:
        """Whether no row of figures follows before a blank row or the end."""
        for later in range(number + 1, self.columns.block.end):
            if all(cell is None for cell in self.columns.sheet.rows[later]):
                return True
            if self.leaving.has_figures(later):
                return False
        return True

    def _is_strange(self, number: int) -> bool:
        """Whether the only word of a row is nothing that a key could be, mistyped or not: two words, or a sign."""
        text = next(heading_text(cell) for cell in self.columns.sheet.rows[number] if cell is not None)
        return not self.leaving.has_key(number) and (len(text.split()) > 1 or not text[:1].isalnum())

    def _known(self) -> set[int]:
        """The columns that the table reads."""
        return {column for observation in self.observations for column, _ in observation.columns.values()} | set(
            self.leaving.key_columns()
        )
