"""Banner rows: rows without values that say what the rows below them speak of, until another row takes their place.

A row that looks like such a heading and fits none of the layout's patterns ends the banners before it: whatever it
says, the figures below it are no longer those of the heading above. So does a banner that another stood under: the year
under Derby is no year of Leicester, which comes after it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date

from local_indicators.common.cell_references import COLUMNS, address_of_position, cell_position
from local_indicators.inputs.layouts.layout_language import Source, sources_of
from local_indicators.inputs.layouts.text_comparison import normalised_without_footnotes
from local_indicators.inputs.parsing.cell_values.column_fit import KeySource, fits_source, key_sources
from local_indicators.inputs.parsing.cell_values.numbers import read_number
from local_indicators.inputs.parsing.tables.columns import Columns
from local_indicators.inputs.parsing.tables.dimension_resolver import (
    DimensionResolver,
    ResolvedValue,
    SheetTable,
    interpret_cell,
    matched_group,
)
from local_indicators.inputs.parsing.tables.headings import columns_under
from local_indicators.inputs.readers.cells import Cell
from local_indicators.inputs.readers.heading_text import heading_text

NOTE = re.compile(
    r"^(?:sources?\b|notes?\b|footnotes?\b|n\.?b\b|[*†‡]|\(\w{1,2}\)|\[|\d{1,2}[.)] )|\.$"
    r"|^\(?(?:of which|thereof|including|excluding|(?:(?:table|page) \w+,? )?\(?continued)\b",
    re.IGNORECASE,
)
"""A footnote, a whole sentence, or words that carry on what stands above: they head nothing of their own."""
_UNIT = re.compile(
    r"^\W*$|^(?:%|£|'?0{3}|per ?cent|numbers?\b|no\b|rates?\b|thousand|million|pupils$|children$)", re.IGNORECASE
)
"""A unit over one of the value columns."""
LONGEST = 80
"""Characters of the longest text that is taken for a heading."""


class BannerRows:
    """The banner rows of one block. What they say goes into `sayings`; `valued` are the columns of values."""

    def __init__(self, on: SheetTable, columns: Columns, sayings: DimensionResolver, valued: Sequence[int]) -> None:
        self.on, self.table, self.columns, self.sayings = on, on.table, columns, sayings
        self.sheet, self.valued = columns.sheet, frozenset(valued)
        self.sources = [s for scope in self.table.scopes for s in sources_of(scope) if s.banner is not None]
        self._keys = self._columns_read() if self.sources else {}
        self.tops: Sequence[int] = ()
        """The first rows of the headings of every block in these columns."""

    def above(self, since: int, titles: dict[int, set[str]], left_out: Callable[[int], bool]) -> None:
        """Take in the rows from one on that stand over the headings of the block. A row that fits no banner ends those
        of blocks before this one. `titles` are rows over other blocks that fit none, by their distance from the
        headings: a row that reads the same, or stands at that distance beside a banner of its own, is a title too.
        `left_out` says which rows a key of the layout leaves out."""
        block = self.columns.block
        carried = dict(self.sayings.banners)
        unknown: list[tuple[int, int]] = []
        for number in range(since, block.top):
            if self.takes(number, self.valued if block.begun else frozenset()):
                continue
            column = self.unknown(number)
            if column is not None and not left_out(number):
                unknown.append((number, column))
        new = [key for key, said in self.sayings.banners.items() if carried.get(key) is not said and not said.ended]
        texts = {number: _numberless(self.sheet.cell(number, column)) for number, column in unknown}
        known = {number: titles.get(block.top - number, ()) for number in texts}
        strange = [one for one in unknown if not known[one[0]] or not (new or texts[one[0]] in known[one[0]])]
        if strange:
            # over the first block stand titles of all kinds: they end nothing, and are named where no banner follows
            unsaid = () if block.begun else [s for s in self.sources if s.default is not None]
            self.end(*strange[-1], but=[*new, *unsaid])
        elif block.begun and not new:
            self._blanked_above(block.top)
        for number, text in texts.items():
            titles.setdefault(block.top - number, set()).add(text)

    def _blanked_above(self, top: int) -> None:
        """End the banners of the block before where this one has none of its own and says again what that one says."""
        standing = self._standing()
        if standing is None or not self._repeats(
            standing // COLUMNS, top, range(self.columns.block.first, self.end_at)
        ):
            return
        before = next((top for top in self.tops if top > standing // COLUMNS), top)
        self.end(max(top - (before - standing // COLUMNS), 0), standing % COLUMNS)

    def blank_row(self, number: int) -> None:
        """End the banners at a blank row below which a row of figures says again what one above it says: there a
        banner must have stood."""
        if not self.sources:
            return
        standing = self._standing()
        if standing is None and self._begins(number):
            for source in self.sources:  # titles above the headings are none
                if source.default is None:
                    self.sayings.banners[source] = ResolvedValue(self._held(source, None), self._at(number), ended=True)
        elif standing is not None:
            below = range(number + 1, self.end_at)
            if self._repeats(standing // COLUMNS, number, below) or self._repeats_banner(number):
                self.end(number, standing % COLUMNS)
        self._blanked_inner(number)
        if self.sayings.blank_banner is None and not any(
            self._has_value(one, self.valued) for one in range(self.columns.block.first, number)
        ):
            self.sayings.blank_banner = self._at(number)

    def _blanked_inner(self, number: int) -> None:
        """Where a banner has just ended those under it, and a blank row stands between it and figures, take that row
        for the one where the next of them should stand; and where only a title has stood for one until now."""
        if number + 1 >= self.end_at or not self._has_value(number + 1, self.valued):
            return
        self._end_titles(number)
        for key, said in list(self.sayings.banners.items()):
            if not said.ended or said.at is None:
                continue
            row, column = divmod(said.at, COLUMNS)
            text = heading_text(self.sheet.cell(row, column))
            is_banner = any(source.banner and source.banner.search(text) for source in self.sources)
            if is_banner and not any(self._has_value(one, self.valued) for one in range(row, number)):
                self.sayings.banners[key] = ResolvedValue(said.word, self._at(number), ended=True)

    def _end_titles(self, number: int) -> None:
        """Let a blank row above figures end what stands above the headings and says nothing that its source is for."""
        for key in key_sources(self.table):
            said = self.sayings.banners.get(key.source)
            if said is None or said.ended or key.source.default is not None or not self._is_title(said):
                continue
            if not fits_source(self.on.definitions, self.table, key, interpret_cell(key.source, said.word)):
                held = self._held(key.source, None)
                self.sayings.banners[key.source] = ResolvedValue(held, self._at(number), ended=True)

    def _at(self, number: int) -> int:
        return cell_position(number, min(self._keys or self.columns.headings, default=0))

    def _repeats_banner(self, blank: int) -> bool:
        """Whether the row below a blank one is a banner that stood before under another that still counts."""
        after = next((n for n in range(blank + 1, self.end_at) if any(c is not None for c in self.sheet.rows[n])), None)
        places = [banner.at for banner in self.sayings.banners.values() if banner.at is not None and not banner.ended]
        if after is None or len(places) < 2 or self._has_value(after, self.valued):
            return False
        rows = range(min(places) // COLUMNS + 1, blank)
        return any(not self._has_value(n, self.valued) and self._said_by(n) == self._said_by(after) for n in rows)

    def _begins(self, number: int) -> bool:
        """Whether a blank row stands right under the headings and right above figures."""
        first = all(cell is None for row in self.sheet.rows[self.columns.block.first : number] for cell in row)
        return first and number + 1 < self.end_at and self._has_value(number + 1, self.valued)

    @property
    def end_at(self) -> int:
        """The row at which the block ends at the latest."""
        return min(self.columns.block.end, len(self.sheet.rows))

    def _standing(self) -> int | None:
        """Where the last of the banners stands that count."""
        places = [banner.at for banner in self.sayings.banners.values() if banner.at is not None and not banner.ended]
        return max(places, default=None)

    def _repeats(self, since: int, until: int, below: Iterable[int]) -> bool:
        """Whether the next row that holds something has figures, and the keys of a row with figures before it."""
        after = next((n for n in below if any(cell is not None for cell in self.sheet.rows[n])), None)
        if after is None or not self._has_value(after, self.valued):
            return False
        said = self._said_by(after)
        rows = (n for n in range(since + 1, until) if self._has_value(n, self.valued))
        return any(said) and any(self._said_by(n) == said for n in rows)

    def _said_by(self, number: int) -> tuple[str, ...]:
        """What a row says of its figures: by the columns that are read for it, or by its first word."""
        row = self.sheet.rows[number]
        first = (column for column, cell in enumerate(row) if cell is not None and column not in self.valued)
        return tuple(
            normalised_without_footnotes(heading_text(self.sheet.cell(number, column)))
            for column in self._keys or [next(first, 0)]
        )

    def takes(self, number: int, valued: frozenset[int] | None = None) -> bool:
        """Take in a row that sets what the rows below it speak of; False if it is none. A row with a value is none."""
        row = self.sheet.rows[number] if self.sources and number < len(self.sheet.rows) else []
        where = next((column for column, cell in enumerate(row) if cell is not None), None)
        if where is None:
            return False
        said = [(source, source.banner.search(heading_text(row[where]))) for source in self.sources if source.banner]
        if not any(match for _, match in said) or self._has_value(number, self.valued if valued is None else valued):
            return False
        taken = {source: matched_group(match) for source, match in said if match is not None}
        before = [one.at for key in taken if (one := self.sayings.banners.get(key)) and not one.ended]
        self._end_at_misread(number, taken.keys())
        for key, word in taken.items():
            self.sayings.banners[key] = ResolvedValue(word, cell_position(number, where))
        self._end_inner(number, where, taken.keys(), [place for place in before if place is not None])
        return True

    def _end_at_misread(self, number: int, taken: Collection[Source]) -> None:
        """Where a row takes the place of a banner that says nothing it could be for and headed no figures, that one was
        most likely another, mistyped: it ends what else should be said above, if that is not said at all or what stands
        below it stood before under the same."""
        for key in key_sources(self.table):
            said = self.sayings.banners.get(key.source)
            if key.source not in taken or said is None or said.at is None or said.ended:
                continue
            row = said.at // COLUMNS
            if row < self.columns.block.first or any(self._has_value(n, self.valued) for n in range(row, number)):
                continue
            if not fits_source(self.on.definitions, self.table, key, interpret_cell(key.source, said.word)):
                self._end_outer(said.at, number, taken)

    def _end_outer(self, place: int, number: int, but: Collection[Source]) -> None:
        for source in self.sources:
            outer = self.sayings.banners.get(source)
            if source in but or source.default is not None or (outer and (outer.ended or outer.at is None)):
                continue
            since = outer.at // COLUMNS + 1 if outer and outer.at is not None else number
            rows = (n for n in range(since, place // COLUMNS) if not self._has_value(n, self.valued))
            if outer is None or any(self._said_by(n) == self._said_by(number) for n in rows):
                self.sayings.banners[source] = ResolvedValue(self._held(source, outer), place, ended=True)

    def _end_inner(self, number: int, column: int, but: Collection[Source], before: Sequence[int]) -> None:
        """End the banners that came under the one whose place a row takes, if figures stand under them. One that has a
        `default` says it again."""
        since = max(before, default=COLUMNS * len(self.sheet.rows)) // COLUMNS
        for source in self.sources:
            inner = self.sayings.banners.get(source)
            if inner is None or inner.at is None or inner.ended or source in but:
                continue
            row = inner.at // COLUMNS
            if row <= since or not any(self._has_value(one, self.valued) for one in range(row + 1, number)):
                continue
            if source.default is not None:
                del self.sayings.banners[source]
            else:
                held = f"{self._held(source, inner)} under it"
                self.sayings.banners[source] = ResolvedValue(held, cell_position(number, column), ended=True)

    def unknown(self, number: int) -> int | None:
        """The column of the first cell of a row that looks like a banner and fits none; None where it does not."""
        row = self.sheet.rows[number] if self.sources and number < len(self.sheet.rows) else []
        filled = [column for column, cell in enumerate(row) if cell is not None]
        if not filled or sum(column in self._keys for column in filled) > 1:
            return None
        first, cell = filled[0], row[filled[0]]
        text = heading_text(cell)
        if first in self.valued and (len(filled) > 1 or not self._stood_in(first) or _UNIT.search(text)):
            return None
        if first not in self._keys and not isinstance(cell, (str, date)):
            return None
        if not text or len(text) > LONGEST or NOTE.search(text) or self._has_value(number, self.valued):
            return None
        return None if any(self._fits(key, cell) for key in self._keys.get(first, ())) else first

    def _stood_in(self, column: int) -> bool:
        """Whether a banner before stands in a column: some are centred over the values."""
        places = (said.at for said in self.sayings.banners.values())
        return any(place is not None and place % COLUMNS == column for place in places)

    def end(self, number: int, column: int, but: Collection[Source] = ()) -> None:
        """End the banners before a row that fits none, all but those of some sources."""
        for source in self.sources:
            before = self.sayings.banners.get(source)
            if source not in but and not (before and before.ended and not self._is_title(before)):
                held = self._held(source, None if before and before.ended else before)
                self.sayings.banners[source] = ResolvedValue(held, cell_position(number, column), ended=True)

    def _is_title(self, resolved_value: ResolvedValue) -> bool:
        """Whether what ended a banner stands above the headings, while what ends it again does not."""
        return resolved_value.at is not None and resolved_value.at // COLUMNS < self.columns.block.top

    def _held(self, source: Source, before: ResolvedValue | None) -> str:
        """A banner that was understood, in the words of a finding; what it must fit where there was none."""
        if before is None or before.at is None:
            return f"one that fits {source.banner.pattern}" if source.banner else ""
        return f"{heading_text(self.sheet.cell(*divmod(before.at, COLUMNS)))!r} in {address_of_position(before.at)}"

    def _columns_read(self) -> Mapping[int, list[KeySource]]:
        """The columns that say something of a row."""
        keys: dict[int, list[KeySource]] = {}
        for key in key_sources(self.table):
            for label in key.source.column:
                for column in columns_under(self.columns.headings, label):
                    keys.setdefault(column, []).append(key)
        return keys

    def _fits(self, key: KeySource, cell: Cell) -> bool:
        """Whether a cell reads as what its column is read for."""
        word = interpret_cell(key.source, cell)
        return normalised_without_footnotes(heading_text(cell)) in key.source.mapped or fits_source(
            self.on.definitions, self.table, key, word
        )

    def _has_value(self, number: int, valued: frozenset[int]) -> bool:
        """Whether a row has something where values belong; one word among many columns, such as a unit, is none."""
        held = [cell for column in valued if (cell := self.sheet.cell(number, column)) is not None]
        unit = len(held) == 1 and len(valued) > 2 and isinstance(held[0], str) and not self._is_value(held[0])
        return bool(held) and not unit

    def _is_value(self, cell: Cell) -> bool:
        reading = read_number(cell, "as given", self.table.marks, self.table.flags)
        return reading is not None and reading.rule is None


def _numberless(cell: Cell) -> str:
    """A title as it is compared with those of other blocks: Table 2 is as good as Table 1."""
    return re.sub(r"\d+", "#", normalised_without_footnotes(heading_text(cell)))
