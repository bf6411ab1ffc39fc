"""What is said of a figure: the word for its indicator, area, period, breakdown or provenance, and where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from local_indicators.common.cell_references import COLUMNS, address_of_position, cell_position, position_of_address
from local_indicators.inputs.layouts.layout_language import Source, TableLayout, ValueColumn, field_sources
from local_indicators.inputs.layouts.text_comparison import normalised
from local_indicators.inputs.layouts.text_comparison import normalised_without_footnotes as as_compared
from local_indicators.inputs.parsing.cell_values.column_fit import (
    THINGS,
    fits_source,
    key_sources,
    may_take_name_for_code,
)
from local_indicators.inputs.parsing.cell_values.numbers import Comma
from local_indicators.inputs.parsing.tables.block_labels import BlockLabels
from local_indicators.inputs.parsing.tables.cell_account import CellAccount
from local_indicators.inputs.parsing.tables.columns import Columns
from local_indicators.inputs.parsing.tables.finding_notes import FindingNotes
from local_indicators.inputs.parsing.tables.headings import column_name, position_beside_label
from local_indicators.inputs.readers.cells import Cell, Cells, ErrorValue, Sheet, Uncalculated
from local_indicators.inputs.readers.heading_text import heading_text
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.reference.periods import WEEKLY, Period, read_period


@dataclass(frozen=True, eq=False)
class SheetTable:
    """A table of a layout on one sheet of a file. `comma` is what a comma in a number is, unless the table says so;
    `tables` are all that read the sheet."""

    book: Cells
    sheet: Sheet
    table: TableLayout
    definitions: Definitions
    file_name: str
    account: CellAccount = field(default_factory=CellAccount)
    comma: Comma = "thousands"
    tables: tuple[TableLayout, ...] = ()

    @cached_property
    def under_merges(self) -> Mapping[int, int]:
        """For each cell under a merge that is taller than one row, the cell whose value is seen there."""
        under: dict[int, int] = {}
        for top, left, bottom, right in self.sheet.merged:
            if bottom == top:
                continue
            for row in range(top, min(bottom + 1, len(self.sheet.rows))):
                for column in range(left, min(right, left + 50) + 1):
                    if (row, column) != (top, left):
                        under[cell_position(row, column)] = cell_position(top, left)
        return under

    def may_be_period(self, source: Source | None, word: Cell) -> bool:
        """Whether a word is a period of at least one of the indicators that the table can be about."""
        kinds = {self.definitions.indicators[i].time_identifier for i in self.table.indicators}
        return any(interpret_period(source, word, kind) is not None for kind in kinds)

    def source(self, name: str, spec: ValueColumn) -> Source | None:
        """Where a thing or a breakdown is said for a value column; the column's own source comes first."""
        if name in THINGS:
            chosen: Source | None = getattr(spec, name) or getattr(self.table, name)
            return chosen
        return spec.breakdown.get(name) or self.table.breakdown.get(name)


@dataclass(frozen=True)
class ResolvedValue:
    """What a source says for one row: the word, and the position of its cell (None: the layout says so, or a cell of
    another sheet, which is then `elsewhere`). `ended` is of a banner that no longer counts: nothing is said, and a
    finding says why. `typed` is what a cell holds of which the source's `pattern` takes nothing."""

    word: Cell
    at: int | None
    elsewhere: str = ""
    ended: bool = False
    typed: str = ""

    @property
    def cells(self) -> list[str] | None:
        """The address on another sheet where the word stands; None where it is on the table's own."""
        return [self.elsewhere] if self.elsewhere else None


NOTHING = ResolvedValue(None, None)


class DimensionResolver:
    """What the sources of a table say in one block. `banners` is what the banner rows so far have said, by source."""

    def __init__(
        self,
        on: SheetTable,
        columns: Columns,
        labels: BlockLabels,
        banners: dict[Source, ResolvedValue],
        notes: FindingNotes,
    ) -> None:
        self.on, self.columns, self.labels, self.banners, self.notes = on, columns, labels, banners, notes
        self.blank_banner: int | None = None
        """The first blank row under the headings, above all figures, where a banner may have stood."""
        self._carried: dict[Source, ResolvedValue] = {}
        self._once: dict[tuple[Source, int], ResolvedValue] = {}
        self._unlabelled: set[Source] = set()
        self._unheaded: dict[str, bool] = {}
        self._of_several = {key.source: key for key in key_sources(on.table) if len(key.source.column) > 1}
        self._fitting: dict[tuple[Source, Cell], bool] = {}

    def say(self, source: Source | None, row: int, heading: int) -> ResolvedValue:
        """What a source says for a row and the value column under a heading, in our own words where the layout has a
        map to them."""
        if source is None:
            return NOTHING
        said = self._found(source, row, heading)
        if said.ended:
            return said
        word = interpret_cell(source, said.word)
        blank = word is None or word == ""
        typed = heading_text(said.word) if blank and source.default is None else ""
        if blank and source.default is not None:
            word = source.mapped.get(as_compared(source.default), source.default)
        return ResolvedValue(word, said.at, said.elsewhere, typed=typed)

    def may_be_at(self, source: Source | None, row: int) -> list[int]:
        """The cells of a row that may say a thing, where it is said by the first of several columns that is filled."""
        columns = (self.columns.under(label) for label in source.column) if source and len(source.column) > 1 else ()
        return [cell_position(row, column) for column in columns if column is not None]

    def unheaded(self, name: str) -> bool:
        """Whether a thing is said by a column of this table whose heading is not there, or beside a label that is
        not. That is a finding already."""
        if name not in self._unheaded:
            given = [
                source for scope in self.on.table.scopes for field, source in field_sources(scope) if field == name
            ]
            sources = [part for source in given for part in (source, *source.parts, *source.any)]
            missing = any(s.column and all(self.columns.under(label) is None for label in s.column) for s in sources)
            self._unheaded[name] = missing or any(source in self._unlabelled for source in sources)
        return self._unheaded[name]

    def _found(self, source: Source, row: int, heading: int) -> ResolvedValue:
        if source.parts:
            return self._parts(source, row, heading)
        if source.any:
            return self._any(source, row, heading)
        if source.column:
            return self._in_columns(source, row)
        if source.banner is not None:
            return self.of_banner(source)
        key = (source, heading)
        if key not in self._once:
            self._once[key] = self._once_for_all(source, heading)
        return self._once[key]

    def of_banner(self, source: Source) -> ResolvedValue:
        """What the banner above says. Where a row that nobody knows has ended it, that row is the finding, and what
        would have depended on the banner is an error of this table without one of its own."""
        said = self.banners.get(source, NOTHING)
        if said is NOTHING and source.default is None and self.blank_banner is not None and source.banner:
            said = ResolvedValue(f"one that fits {source.banner.pattern}", self.blank_banner, ended=True)
        if said.ended and said.at is not None:
            expected = f"a heading such as {heading_text(said.word)}; what stands below it could not be judged"
            found = heading_text(self.columns.sheet.cell(*divmod(said.at, COLUMNS)))
            self.notes.add("layout.banner-unknown", said.at, "banner", found, expected)
            self.notes.errors += 1
            return ResolvedValue(None, None, ended=True)
        return said

    def _parts(self, source: Source, row: int, heading: int) -> ResolvedValue:
        """What several sources say, one after the other. Where one cannot be read, that one alone."""
        said = [self.say(part, row, heading) for part in source.parts]
        for one in said:
            if one.ended or isinstance(one.word, (ErrorValue, Uncalculated)):
                return one
        where = next((one for one in said if one.at is not None or one.elsewhere), said[0])
        return ResolvedValue(
            " ".join(filter(None, (heading_text(one.word) for one in said))) or None, where.at, where.elsewhere
        )

    def _in_columns(self, source: Source, row: int) -> ResolvedValue:
        """What a source's column says, the first that fits of several and else the first that is filled; through merged
        cells, and from above where it is `down` and the cell is blank or says nothing that the source takes."""
        filled = self.filled(source, row)
        said = next(filled, None)
        if said is None and source.down and source in self._carried:
            return self._carried[source]
        if said is None:
            columns = self.columns.under_any(source.column)
            return ResolvedValue(None, cell_position(row, columns[0])) if columns else NOTHING
        if len(source.column) > 1 and not self._fits(source, said.word):
            first = said
            said = next((one for one in filled if self._stands_for(source, one.word, first)), said)
        self._carried[source] = said
        return said

    def _stands_for(self, source: Source, cell: Cell, unread: ResolvedValue) -> bool:
        """Whether what a column says may be taken where the one before it holds something that does not fit."""
        of = self._of_several.get(source)
        if of is None or of.name not in THINGS or isinstance(unread.word, (ErrorValue, Uncalculated)):
            return False
        if not self._fits(source, cell):
            return False
        typed = heading_text(unread.word)
        if of.name != "area" or normalised(typed) in (*self.on.table.marks, "-", "."):
            return True
        return may_take_name_for_code(self.on.definitions, interpret_cell(source, cell), typed)

    def _any(self, source: Source, row: int, heading: int) -> ResolvedValue:
        """What the first of several sources says that says something; the last, and a finding, where none does."""
        for one in source.any[:-1]:
            label = "" if one.on else one.beside or one.under
            if label and self.labels.value_of(label, self.columns.block, under=bool(one.under)) is None:
                continue
            said = self.say(one, row, heading)
            if said.word is not None and said.word != "":
                return said
        return self.say(source.any[-1], row, heading)

    def filled(self, source: Source, row: int) -> Iterator[ResolvedValue]:
        """What each of a source's columns says that is filled, in the order of the layout."""
        for column in self.columns.under_any(source.column):
            cell, place = self.columns.sheet.cell(row, column), cell_position(row, column)
            if cell is None and place in self.on.under_merges:
                place = self.on.under_merges[place]
                cell = self.on.sheet.cell(*divmod(place, COLUMNS))
            if cell is None or (source.down and source.pattern and not source.pattern.search(heading_text(cell))):
                continue
            kept = isinstance(cell, (date, float, int, ErrorValue, Uncalculated))
            yield ResolvedValue(cell if kept else heading_text(cell), place)

    def _fits(self, source: Source, cell: Cell) -> bool:
        """Whether what one of several columns says is what the source is read for."""
        if isinstance(cell, (ErrorValue, Uncalculated)):
            return False
        key = (source, cell)
        if key not in self._fitting:
            of, word = self._of_several.get(source), interpret_cell(source, cell)
            self._fitting[key] = of is None or fits_source(self.on.definitions, self.on.table, of, word)
        return self._fitting[key]

    def _once_for_all(self, source: Source, heading: int) -> ResolvedValue:
        """What is said in one place for all rows under a heading."""
        headings = self.columns.headings
        if source.header is not None:
            match = source.header.search(column_name(headings, heading))
            return ResolvedValue(matched_group(match), self.columns.said_at(source.header, heading, match))
        if source.sheet is not None:
            return ResolvedValue(matched_group(source.sheet.search(self.on.sheet.name)), None)
        if source.file is not None:
            return ResolvedValue(matched_group(source.file.search(self.on.file_name)), None)
        if source.cell or source.beside or source.under:
            return self._in_one_cell(source)
        return ResolvedValue(source.const, None)

    def _in_one_cell(self, source: Source) -> ResolvedValue:
        """What one cell says, by its address or by the label beside or above it, on this sheet or another."""
        sheet = self._sheet_of(source)
        if sheet is None:
            held = ", ".join(s.name for s in self.on.book.sheets)
            self._unlabelled.add(source)
            self.notes.add("layout.sheet-missing", None, "sheet", f"sheets: {held}", f"a sheet called {source.on}")
            return NOTHING
        label = source.beside or source.under
        if source.cell:
            where = position_of_address(source.cell)
        elif sheet is self.on.sheet:
            where = self.labels.value_of(label, self.columns.block, under=bool(source.under))
        else:
            where = position_beside_label(sheet, label, under=bool(source.under))
        if where is None:
            self._unlabelled.add(source)
            several = sheet is self.on.sheet and self.labels.several
            block = f" for the headings in row {self.columns.block.header_at + 1}" if several else ""
            found = f"no cell that reads {label!r} on {sheet.name}{block}"
            place = self._label_at(source, label) if sheet is self.on.sheet else None
            self.notes.add("layout.label-missing", place, "label", found, label)
            return NOTHING
        cell = sheet.cell(*divmod(where, COLUMNS))
        word = cell if isinstance(cell, (date, ErrorValue, Uncalculated)) else heading_text(cell)
        if sheet is self.on.sheet:
            self.on.account.cells[where] = "cell"
            return ResolvedValue(word, where)
        return ResolvedValue(word, None, f"'{sheet.name}'!{address_of_position(where)}")

    def _label_at(self, source: Source, label: str) -> int | None:
        """Where a label that is not there should most likely stand."""
        key = next((one for one in key_sources(self.on.table) if one.source is source), None)

        def says(cell: Cell) -> bool:
            judged = key is not None and key.name in ("period", "area") and not key.part and cell is not None
            return (
                judged
                and key is not None
                and fits_source(self.on.definitions, self.on.table, key, interpret_cell(source, cell))
            )

        return self.labels.meant_at(label, self.columns.block, says, under=bool(source.under))

    def _sheet_of(self, source: Source) -> Sheet | None:
        if not source.on:
            return self.on.sheet
        return next((s for s in self.on.book.sheets if normalised(s.name) == normalised(source.on)), None)


def interpret_cell(source: Source, cell: Cell) -> Cell:
    """What a source takes of a cell: the part that fits its `pattern`, in our own words where it has a `map` to them.
    None where the pattern takes nothing."""
    word = cell
    if source.pattern is not None and isinstance(word, (str, int, float)):
        word = matched_group(source.pattern.search(heading_text(word)))
    if source.mapped and isinstance(word, (str, int, float)):
        word = source.mapped.get(as_compared(heading_text(word)), word)
    return word


def interpret_period(source: Source | None, word: Cell, identifier: str) -> Period | None:
    """The period that a word stands for where figures are given for an identifier; None if it is none."""
    if source is None or word is None or isinstance(word, (ErrorValue, Uncalculated)):
        return None
    headings = (*source.column, source.beside, source.under) if identifier == WEEKLY else ()
    return read_period(word, identifier, ending=source.ending, headings=headings)


def matched_group(match: re.Match[Any] | None) -> str | None:
    """What a regular expression of a layout took: its first group, or the whole match."""
    if match is None:
        return None
    taken: str | None = match[1] if match.re.groups else match[0]
    return taken
