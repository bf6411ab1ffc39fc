"""Which label speaks for a block: the nearest above its headings, never one that stands over another block."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

from local_indicators.common.cell_references import cell_position
from local_indicators.inputs.layouts.layout_language import Source
from local_indicators.inputs.layouts.text_comparison import normalised_without_footnotes
from local_indicators.inputs.parsing.cell_values.mistyped_words import is_mistyped
from local_indicators.inputs.parsing.tables.headings import TableBlock, is_label
from local_indicators.inputs.readers.cells import Cell, FormattedNumber, Sheet

Place = tuple[int, int]


class BlockLabels:
    """The labels on the sheet of a table, the blocks of the table that they may speak for, and the blocks of `other`
    tables on the sheet, which have labels of their own."""

    def __init__(
        self, sheet: Sheet, blocks: Sequence[TableBlock], other: Callable[[], Iterable[TableBlock]] = tuple
    ) -> None:
        self.sheet, self.blocks, self._other = sheet, blocks, other
        self._places: dict[str, list[Place]] = {}

    @property
    def several(self) -> bool:
        """Whether there is more than one block on the sheet that a label may speak for."""
        return len(self._all) > 1

    @cached_property
    def _all(self) -> list[TableBlock]:
        """The blocks of every table on the sheet, each once: several tables may read one."""
        return list({(one.header_at, one.within): one for one in (*self._other(), *self.blocks)}.values())

    def _begun(self, block: TableBlock) -> int:
        """The first row that may speak for a block alone: below the headings before it in its columns."""
        left, right = block.within
        before = (
            one.first
            for one in self._all
            if one.header_at < block.header_at and one.within[0] <= right and left <= one.within[1]
        )
        return max(before, default=0)

    def is_value(self, row: int, column: int, source: Source) -> bool:
        """Whether a cell stands where a label of a source has what it says."""
        beside = source.beside and is_label(
            self.sheet.cell(row, column - 1), normalised_without_footnotes(source.beside).rstrip(": ")
        )
        return bool(
            beside
            or (
                source.under
                and is_label(self.sheet.cell(row - 1, column), normalised_without_footnotes(source.under).rstrip(": "))
            )
        )

    def value_of(self, label: str, block: TableBlock, *, under: bool) -> int | None:
        """The position of the cell that a label gives to a block: the first filled one beside or under the label, the
        next one where none is filled. None where no label on the sheet speaks for the block."""
        wanted = normalised_without_footnotes(label).rstrip(": ")
        if wanted not in self._places:
            self._places[wanted] = [
                (row, column)
                for row, cells in enumerate(self.sheet.rows)
                for column, cell in enumerate(cells)
                if is_label(cell, wanted)
            ]
        chosen = self._nearest(self._places[wanted], block, under)
        return None if chosen is None else self._value(chosen, wanted, block, under)

    def _nearest(self, places: Sequence[Place], block: TableBlock, under: bool) -> Place | None:
        left, right = block.within
        begun = self._begun(block)
        near = [place for place in places if begun <= place[0] < block.first and not self._beside_figures(place)]
        mine = [place for place in near if left <= place[1] <= right]
        # a label to the left of blocks side by side may speak for all of them, one over another for that one alone
        beside = [one.within for one in self._all if one.within[0] > right and one.header_at >= begun]
        shared = [place for place in near if not any(first <= place[1] <= last for first, last in beside)]
        if mine or shared:
            return _lowest(mine or shared, block.top)
        owners = {(one.header_at, one.within) for one in self._all for place in places if self._owns(one, place)}
        above = [place for place in places if place[0] < begun and place[1] <= right]
        if len({row for row, _ in owners}) > 1 or near:
            return None  # the other blocks have a label of their own
        if above and not self._has_another(_lowest(above, block.top), begun, block, under):
            return _lowest(above, block.top)
        return None if owners or not places else places[0]

    def _owns(self, block: TableBlock, place: Place) -> bool:
        """Whether a label stands over, or in, the headings of a block, and within its columns."""
        over = self._begun(block) <= place[0] < block.first and block.within[0] <= place[1] <= block.within[1]
        return over and not self._beside_figures(place)

    def _beside_figures(self, place: Place) -> bool:
        """Whether a label stands to the right of figures, in a panel beside a table: it heads no table below it."""
        row, column = place
        first = max((one.first for one in self._all if one.first <= row), default=None)
        if first is None or not all(any(cell is not None for cell in one) for one in self.sheet.rows[first:row]):
            return False
        return any(isinstance(cell, (int, float, FormattedNumber)) for cell in self.sheet.rows[row][:column])

    def _has_another(self, label: Place, begun: int, block: TableBlock, under: bool) -> bool:
        """Whether something else stands over a block, below a blank row, where a label stands over the one before it:
        a label that is mistyped, say, or what a label that is blank should say."""
        if (place := self._where_another(label, block)) is None:
            return False
        row, column = place
        value = block.sheet.cell(row + 1, column) if under else block.sheet.cell(row, column + 1)
        told = isinstance(block.sheet.cell(row, column), str | None) and value is not None
        rows = (self.sheet.rows[number] for number in range(begun, row) if number < len(self.sheet.rows))
        return told and any(all(cell is None for cell in row) for row in rows)

    def _where_another(self, label: Place, block: TableBlock) -> Place | None:
        owner = next((one for one in self._all if self._owns(one, label)), None)
        if owner is None:
            return None
        return block.top - (owner.top - label[0]), label[1] - owner.within[0] + block.within[0]

    def meant_at(self, label: str, block: TableBlock, says: Callable[[Cell], bool], *, under: bool) -> int | None:
        """Where a label that speaks for a block should most likely stand: at a cell that is nearly it, where it stands
        over another block, or before a cell that `says` what it is for; None where nobody can tell."""
        wanted, begun = normalised_without_footnotes(label).rstrip(": "), self._begun(block)
        top = [(row, column) for row in range(begun, block.first) for column in range(len(self._row(row)))]
        for row, column in top:
            cell = self.sheet.cell(row, column)
            if isinstance(cell, str) and is_mistyped(normalised_without_footnotes(cell).rstrip(": "), wanted):
                return cell_position(row, column)
        for place in self._places.get(wanted, ()):
            there = self._where_another(place, block)
            if there is not None and begun <= there[0] < block.first and place[0] < begun:
                return cell_position(*there)
        for row, column in top:
            before = (row - 1, column) if under else (row, column - 1)
            if min(before) >= 0 and self.sheet.cell(*before) is None and says(self.sheet.cell(row, column)):
                return cell_position(*before)
        return None

    def _row(self, number: int) -> Sequence[Cell]:
        return self.sheet.rows[number] if number < len(self.sheet.rows) else []

    def _value(self, label: Place, wanted: str, block: TableBlock, under: bool) -> int:
        row, column = label
        if under:
            end = block.header_at if row < block.header_at else len(self.sheet.rows)
            places = [(below, column) for below in range(row + 1, end)]
        else:
            left, right = block.within
            within = left <= column <= right and any(one.within[0] > right for one in self._all)
            end = min(len(self.sheet.rows[row]), right + 1) if within else len(self.sheet.rows[row])
            places = [(row, beside) for beside in range(column + 1, end)]
        filled = next((place for place in places if self.sheet.cell(*place) is not None), None)
        if filled is not None and not is_label(self.sheet.cell(*filled), wanted):
            return cell_position(*filled)
        return cell_position(row + 1, column) if under else cell_position(row, column + 1)


def _lowest(places: Sequence[Place], top: int) -> Place:
    """The nearest of some labels above the headings, which begin at a row; one within the headings where none is."""
    above = [place for place in places if place[0] < top] or places
    row = max(row for row, _ in above)
    return min(place for place in above if place[0] == row)
