"""Which label speaks for a block: the nearest above its headings, never one that stands over another block."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from inputs.cells import Sheet
from inputs.grammar import same
from inputs.headings import Block, reads
from schemas.findings import at

Place = tuple[int, int]


class Labels:
    """The labels on the sheet of a table, and the blocks of the table that they may speak for."""

    def __init__(self, sheet: Sheet, blocks: Sequence[Block]) -> None:
        self.sheet, self.blocks = sheet, blocks
        self._places: dict[str, list[Place]] = {}

    @cached_property
    def _bands(self) -> list[tuple[int, int]]:
        """The first row and the end of the rows over, and of, each line of headings: blocks side by side share one."""
        return sorted({(block.begun, block.first) for block in self.blocks})

    def value_of(self, label: str, block: Block, *, under: bool) -> int | None:
        """The position of the cell that a label gives to a block: the first filled one beside or under the label, the
        next one where none is filled. None where no label on the sheet speaks for the block."""
        wanted = same(label).rstrip(": ")
        if wanted not in self._places:
            self._places[wanted] = [
                (row, column)
                for row, cells in enumerate(self.sheet.rows)
                for column, cell in enumerate(cells)
                if reads(cell, wanted)
            ]
        chosen = self._nearest(self._places[wanted], block)
        return None if chosen is None else self._value(chosen, wanted, block, under)

    def _nearest(self, places: Sequence[Place], block: Block) -> Place | None:
        left, right = block.within
        near = [(row, column) for row, column in places if block.begun <= row < block.first]
        mine = [place for place in near if left <= place[1] <= right]
        # a label to the left of blocks side by side may speak for all of them, one to the right for its own alone
        shared = [place for place in near if not self._across or place[1] < left]
        if mine or shared:
            return _lowest(mine or shared, block.top)
        if len({self._band(row) for row, _ in places} - {None}) > 1 or (near and self._across):
            return None  # the other blocks have a label of their own
        above = [place for place in places if place[0] < block.begun and (not self._across or place[1] <= right)]
        if above:
            return _lowest(above, block.top)
        owned = any(self._band(row) is not None for row, _ in places)
        return None if owned or not places else places[0]

    @cached_property
    def _across(self) -> bool:
        return len(self.blocks) > len(self._bands)

    def _band(self, row: int) -> tuple[int, int] | None:
        """The rows over and of the headings that a row is one of; None below the last headings."""
        return next(((begun, first) for begun, first in self._bands if begun <= row < first), None)

    def _value(self, label: Place, wanted: str, block: Block, under: bool) -> int:
        row, column = label
        if under:
            end = block.header_at if row < block.header_at else len(self.sheet.rows)
            places = [(below, column) for below in range(row + 1, end)]
        else:
            left, right = block.within
            within = self._across and left <= column <= right
            end = min(len(self.sheet.rows[row]), right + 1) if within else len(self.sheet.rows[row])
            places = [(row, beside) for beside in range(column + 1, end)]
        filled = next((place for place in places if self.sheet.cell(*place) is not None), None)
        if filled is not None and not reads(self.sheet.cell(*filled), wanted):
            return at(*filled)
        return at(row + 1, column) if under else at(row, column + 1)


def _lowest(places: Sequence[Place], top: int) -> Place:
    """The nearest of some labels above the headings, which begin at a row; one within the headings where none is."""
    above = [place for place in places if place[0] < top] or places
    row = max(row for row, _ in above)
    return min(place for place in above if place[0] == row)
