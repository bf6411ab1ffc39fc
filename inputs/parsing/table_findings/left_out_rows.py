"""Which rows and figures a layout leaves out by `only`, `skip` and `stop`, and which it most likely did not mean to."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from local_indicators.common.cell_references import cell_position
from local_indicators.inputs.layouts.layout_language import RowFilter
from local_indicators.inputs.layouts.text_comparison import normalised_without_footnotes
from local_indicators.inputs.parsing.cell_values.column_fit import KeySource, fits_source, key_sources
from local_indicators.inputs.parsing.cell_values.mistyped_words import mistyped_match, mistyped_word, words_of_pattern
from local_indicators.inputs.parsing.cell_values.numbers import read_number
from local_indicators.inputs.parsing.table_findings.dropped_by_preset import DroppedByPreset
from local_indicators.inputs.parsing.tables.columns import Columns
from local_indicators.inputs.parsing.tables.dimension_resolver import DimensionResolver, SheetTable, interpret_cell
from local_indicators.inputs.parsing.tables.finding_notes import FindingNotes
from local_indicators.inputs.parsing.tables.value_columns import ObservationColumns
from local_indicators.inputs.readers.cells import Cell
from local_indicators.inputs.readers.heading_text import heading_text

FEW_BLANKS = 0.2
"""Up to this share of a column may be blank by mistake; where more of it is, a blank says something."""


@dataclass
class LeftOutRows:
    """The tests on the rows of one block. `observations` are what its value columns speak of."""

    on: SheetTable
    columns: Columns
    sayings: DimensionResolver
    notes: FindingNotes
    dropped: DroppedByPreset
    observations: Sequence[ObservationColumns]
    left: dict[tuple[int, RowFilter], list[tuple[int, str]]] = field(default_factory=dict)
    """Rows with figures that a test of `only` leaves out by the cell of one column, and what it says."""
    let_in: dict[tuple[int, RowFilter], Counter[str]] = field(default_factory=dict)
    unsaid: dict[RowFilter, list[int]] = field(default_factory=dict)
    """Cells that are blank and should say what a test of `only` asks for."""
    said: int = 0
    """Figures that the tests let in."""
    last_stops: dict[re.Pattern[str], int] = field(default_factory=dict)
    """The last row at which each pattern of `stop` ends the table."""

    # rows

    def tests(self, number: int, first: str) -> list[RowFilter]:
        """The tests on what a row's cells say that leave it out."""
        left = [test for test in self.on.table.only if not test.of and not self._says(test, number, first)]
        return left + [test for test in self.on.table.skip if not test.of and self._says(test, number, first)]

    def of_heading(self, number: int, first: str) -> bool:
        """Whether a key of the layout leaves out a row that heads others: not one that asks for what only rows of
        figures say."""

        def asks(test: RowFilter) -> bool:
            column = self.columns.under(test.column) if test.column else None
            return test in self.on.table.only and column is not None and self._cell(number, column) is None

        return self.stops(first) or any(not asks(test) for test in self.tests(number, first))

    def stops(self, first: str) -> bool:
        """Whether a row that begins with this text ends the table."""
        return any(pattern.search(first) for pattern in self.on.table.stop)

    def nearly_stops(self, number: int, first: str) -> bool:
        """Whether a row most likely ends the table by a word that is mistyped; it is then noted. A row of figures whose
        keys can all be read is none, nor is any row above one at which the table does end."""
        meant_by = next(
            (
                word
                for pattern in self.on.table.stop
                if (word := mistyped_match(first, pattern)) and self._last_stop(pattern) <= number
            ),
            "",
        )
        if not meant_by or self.reads(number):
            return False
        where = next(c for c, cell in enumerate(self.columns.sheet.rows[number]) if cell is not None)
        expected = f"{meant_by!r}, at which the table ends; nothing from here on was read as part of it"
        self.notes.add("layout.word-mistyped", cell_position(number, where), "stop", first, expected)
        return True

    def _last_stop(self, pattern: re.Pattern[str]) -> int:
        """The last row of the block at which a pattern ends the table; -1 where none does."""
        if pattern not in self.last_stops:
            rows = range(min(self.columns.block.end, len(self.columns.sheet.rows)) - 1, -1, -1)
            self.last_stops[pattern] = next((n for n in rows if pattern.search(self._first_of(n))), -1)
        return self.last_stops[pattern]

    def nearly_skips(self, number: int) -> bool:
        """Whether a row was most likely to be left out by a word that is mistyped, as its keys cannot be read either;
        it is then noted."""
        for test in self.on.table.skip:
            column = self.columns.under(test.column) if test.column else self._first_at(number)
            if test.of or column is None or test.preset:
                continue
            said = heading_text(self._cell(number, column))
            word = mistyped_match(said, test.match)
            if word and not self._is_known(said) and not self.reads(number):
                expected = f"{word!r}, by which the row is left out"
                self.notes.add("layout.word-mistyped", cell_position(number, column), "skip", said, expected)
                return True
        return False

    def note_left(self, number: int, left: Sequence[RowFilter]) -> None:
        """Note what a row with figures says by which it is left out, and the figures that a preset alone leaves out."""
        if self.has_figures(number) and len(left) == 1 and left[0] in self.on.table.only and not left[0].preset:
            column = self.columns.under(left[0].column) if left[0].column else self._first_at(number)
            if column is not None:
                said = self.left.setdefault((column, left[0]), [])
                said.append((number, heading_text(self._cell(number, column))))
        if left[0].preset:
            for observation in self.observations:
                self.dropped.note(
                    number, observation, [*left, *self._untold(number, observation)], self.columns, self.sayings
                )

    def note_let_in(self, number: int) -> None:
        """Count what a row says for which `only` lets it in."""
        for test in self.on.table.only:
            column = self.columns.under(test.column) if test.column else self._first_at(number)
            if not test.of and column is not None:
                self.let_in.setdefault((column, test), Counter())[heading_text(self._cell(number, column))] += 1

    def tell(self) -> None:
        """Name the cells by which rows with figures are left out and most likely should not be: a word that is
        mistyped, and a blank in a column that is filled otherwise."""
        for (column, test), rows in self.left.items():
            wanted = self.let_in.get((column, test), Counter())
            known = dict.fromkeys((*words_of_pattern(test.match), *map(normalised_without_footnotes, wanted)))
            counts = Counter(said for _, said in rows)
            filled = sum(counts.values()) - counts[""] + wanted.total()
            for number, said in rows:
                if not said:
                    few = counts[""] == 1 or counts[""] <= FEW_BLANKS * filled
                    if few and filled > counts[""] and not test.match.search(""):
                        expected = f"a word such as {next(iter(known), 'in the other rows')}; the row was left out"
                        self.notes.add("layout.left-out-by-blank", cell_position(number, column), "only", "", expected)
                elif counts[said] == 1 and (word := mistyped_word(said, known)) and not self._is_known(said):
                    expected = f"{word!r}, if that is meant; the row was left out"
                    self.notes.add("layout.word-unsure", cell_position(number, column), "only", said, expected)

        for test, cells in self.unsaid.items():
            if len(cells) <= max(1, FEW_BLANKS * self.said) and self.said:
                for place in dict.fromkeys(cells):
                    expected = f"the {test.of} of the figure, as in the other rows; it was left out"
                    self.notes.add("layout.left-out-by-blank", place, test.of, "", expected)

    # figures

    def lets_in(self, number: int, of: ObservationColumns) -> bool:
        """Whether no test on what is said of a figure leaves it out."""
        left = self._untold(number, of)
        if left and left[0].preset:
            self.dropped.note(number, of, left, self.columns, self.sayings)
        if len(left) == 1 and left[0] in self.on.table.only and not left[0].preset and self.has_figures(number):
            self._note_of(number, of, left[0])
        if not left:
            self.said += 1
        return not left

    def _note_of(self, number: int, of: ObservationColumns, test: RowFilter) -> None:
        """Name the cell that says a thing by a word that is nearly one of those that `only` asks for."""
        source = self.on.source(test.of, of.spec)
        said = self.sayings.say(source, number, of.heading)
        if source is None or said.at is None or self._is_known(heading_text(said.word)):
            return
        if not heading_text(said.word):
            self.unsaid.setdefault(test, []).append(said.at)
            return
        asked = [typed for typed, word in source.mapped.items() if test.match.search(word)] or words_of_pattern(
            test.match
        )
        if word := mistyped_word(heading_text(said.word), asked):
            expected = f"{word!r}, if that is meant; the figure was left out"
            self.notes.add("layout.word-unsure", said.at, test.of, heading_text(said.word), expected)

    def _untold(self, number: int, of: ObservationColumns) -> list[RowFilter]:
        """The tests on what is said of a figure, wherever it is said, that leave it out."""

        def says(test: RowFilter) -> bool:
            said = self.sayings.say(self.on.source(test.of, of.spec), number, of.heading)
            return bool(test.match.search(heading_text(said.word)))

        left = [test for test in self.on.table.only if test.of and not says(test)]
        return left + [test for test in self.on.table.skip if test.of and says(test)]

    # what a row holds

    def has_figures(self, number: int) -> bool:
        """Whether a number stands where the block has its values."""
        return any(is_number(self._cell(number, column)) for column in self._valued())

    def reads(self, number: int) -> bool:
        """Whether every key that columns say of a row can be read, and there is one."""
        keys = [key for key in key_sources(self.on.table) if key.source.column]
        return bool(keys) and all(self._reads(number, key) for key in keys)

    def _reads(self, number: int, key: KeySource) -> bool:
        source = key.source
        cells = [cell for c in self.columns.under_any(source.column) if (cell := self._cell(number, c)) is not None]
        if not cells:
            return bool(source.default is not None or source.down)
        definitions, table = self.on.definitions, self.on.table
        return any(fits_source(definitions, table, key, interpret_cell(source, cell)) for cell in cells)

    def has_key(self, number: int) -> bool:
        """Whether a cell of a row reads as a key that its column is read for."""
        keys = [key for key in key_sources(self.on.table) if key.source.column]
        return any(
            self._reads(number, key) for key in keys for c in self._columns(key) if self._cell(number, c) is not None
        )

    def key_columns(self) -> list[int]:
        """The columns that say the keys of a row."""
        return [column for key in key_sources(self.on.table) if key.source.column for column in self._columns(key)]

    def _columns(self, key: KeySource) -> list[int]:
        return self.columns.under_any(key.source.column)

    def _valued(self) -> Iterable[int]:
        return dict.fromkeys(
            c for observation in self.observations for m, (c, _) in observation.columns.items() if m != "status"
        )

    def _is_known(self, said: str) -> bool:
        """Whether a word is a name of its own, and so none that is mistyped."""
        definitions = self.on.definitions
        values = (value for dimension in definitions.dimensions for value in dimension.values)
        return definitions.geography.find(said) is not None or normalised_without_footnotes(said) in map(
            normalised_without_footnotes, values
        )

    def _says(self, test: RowFilter, number: int, first: str) -> bool:
        column = self.columns.under(test.column) if test.column else None
        said = first if not test.column else "" if column is None else heading_text(self._cell(number, column))
        return bool(test.match.search(said))

    def _first_of(self, number: int) -> str:
        return next((heading_text(cell) for cell in self.columns.sheet.rows[number] if cell is not None), "")

    def _first_at(self, number: int) -> int | None:
        return next((c for c, cell in enumerate(self.columns.sheet.rows[number]) if cell is not None), None)

    def _cell(self, row: int, column: int) -> Cell:
        return self.columns.sheet.cell(row, column)


def is_number(cell: Cell) -> bool:
    """Whether a cell reads as a number."""
    reading = read_number(cell, "as given", {})
    return reading is not None and reading.value is not None
