"""What is said twice of a figure is compared: the code of an area and its name, and what kind of area a row is of."""

from __future__ import annotations

import re
from typing import Any

from local_indicators.common.cell_references import COLUMNS, address_of_position, cell_position
from local_indicators.inputs.layouts.layout_language import Source
from local_indicators.inputs.layouts.text_comparison import normalised, normalised_without_footnotes
from local_indicators.inputs.parsing.cell_values.column_fit import WIDE
from local_indicators.inputs.parsing.cell_values.mistyped_words import is_mistyped
from local_indicators.inputs.parsing.tables.columns import Columns
from local_indicators.inputs.parsing.tables.dimension_resolver import (
    DimensionResolver,
    ResolvedValue,
    SheetTable,
    interpret_cell,
)
from local_indicators.inputs.parsing.tables.finding_notes import FindingNotes
from local_indicators.inputs.readers.heading_text import heading_text
from local_indicators.schemas.reference.geography import Area, Geography

PLACES = ("Local authority", "District", "Council outside England", *WIDE)
"""Areas that are called by the name of a place and nothing more."""
_AROUND = re.compile(r"region|countr|count(?:y|ies)|nation|parent|\bgor\b", re.IGNORECASE)
_NAME = re.compile(
    r"^(?:name|(?:la|area|authority|local authority|council|district|borough)[ _]?(?:name)?)$", re.IGNORECASE
)


class AreaContradictions:
    """The comparison of what several columns of one block say of the area of a row."""

    def __init__(self, on: SheetTable, columns: Columns, sayings: DimensionResolver, notes: FindingNotes) -> None:
        self.on, self.columns, self.sayings, self.notes = on, columns, sayings, notes
        self.geography: Geography = on.definitions.geography
        self._known: dict[tuple[str, str], bool] = {}
        self._names: dict[int, bool] = {}
        self._read: dict[Source, tuple[int | None, list[int]]] = {}
        self._agreeing: set[tuple[Any, ...]] = set()
        """What rows say of their area, cell by cell, in which nothing contradicts."""

    def found(self, source: Source | None, row: int, resolved_value: ResolvedValue, area: Area) -> bool:
        """Whether another cell of a row contradicts that its figures are of an area, as one says; it is then noted."""
        if source is None or resolved_value.at is None or not (source.level or len(source.column) > 1):
            return False
        if source not in self._read:
            level = self.columns.under(source.level) if source.level else None
            self._read[source] = (
                level,
                [*self.columns.under_any(source.column), *([] if level is None else [level])],
            )
        level, read = self._read[source]
        cells = self.columns.sheet.rows[row]
        row_says = (area.area_code, resolved_value.at % COLUMNS, *[cells[c] for c in read if c < len(cells)])
        if row_says not in self._agreeing:
            if self._disagree(source, row, resolved_value, area, level):
                return True
            if not self.on.under_merges:  # under a merge a blank cell says what the merge says
                self._agreeing.add(row_says)
        return False

    def _disagree(self, source: Source, row: int, resolved_value: ResolvedValue, area: Area, level: int | None) -> bool:
        filled = self.sayings.filled(source, row) if len(source.column) > 1 else ()
        filled_too = [one for one in filled if one.at != resolved_value.at]
        other = next((one for one in filled_too if self._contradicts(source, one, area)), None)
        if other is not None:
            is_named = (
                ""
                if normalised_without_footnotes(heading_text(resolved_value.word))
                == normalised_without_footnotes(area.name)
                else f"; {heading_text(resolved_value.word)} is {area.name}"
            )
            self._note(resolved_value, other, f"one place in both cells{is_named}")
            return True
        for one in filled_too:
            self._note_mistyped(source, one, area)
        if level is None:
            return False
        word = heading_text(self.columns.sheet.cell(row, level))
        kinds = source.kinds.get(
            normalised_without_footnotes(word), (word,) if word in self.geography.area_types else ()
        )
        if not kinds or area.area_type in kinds:
            return False
        self._note(
            resolved_value,
            ResolvedValue(word, cell_position(row, level)),
            f"the kind of area that {area.name} is: {area.area_type}",
        )
        return True

    def _note_mistyped(self, source: Source, other: ResolvedValue, area: Area) -> None:
        """Note a name beside a code, or a code beside a name, that is no place we know and nearly that of the other."""
        typed = heading_text(interpret_cell(source, other.word))
        meant_by = next(
            (
                one
                for one in (area.name, area.area_code)
                if is_mistyped(normalised_without_footnotes(typed), normalised_without_footnotes(one))
            ),
            "",
        )
        if not self._named(typed) and meant_by:
            self.notes.add("area.name-mistyped", other.at, "area", typed, f"{meant_by}, as the row says beside it")

    def _contradicts(self, source: Source, other: ResolvedValue, area: Area) -> bool:
        """Whether a code or name stands for another place, and not for one around this place; in a column that names
        the area of its row itself, not for that either: England is no name of a council."""
        typed = heading_text(interpret_cell(source, other.word))
        if self._names_another(typed, area):
            return True
        around = area.area_type not in WIDE and all(one.area_type in WIDE for one in self._named(typed))
        return (
            around and bool(self._named(typed)) and other.at is not None and self._is_name(source, other.at % COLUMNS)
        )

    def _named(self, typed: str) -> tuple[Area, ...]:
        return self.geography.named(typed) or self.geography.named(normalised_without_footnotes(typed))

    def _names_another(self, typed: str, area: Area) -> bool:
        key = (typed, area.area_code)
        if key not in self._known:
            others = self._named(typed)
            # a police force is called Leicestershire in its own table, a trust Leicester City
            short = area.area_type not in PLACES and normalised(area.name).startswith(f"{normalised(typed)} ")
            self._known[key] = bool(others) and not short and not any(self._agree(area, other) for other in others)
        return self._known[key]

    def _is_name(self, source: Source, column: int) -> bool:
        """Whether a column names the areas of its rows, as other rows or its heading show, and not what lies around
        them."""
        if column not in self._names:
            block, heading = self.columns.block, self.columns.headings.get(column)
            said = heading.parts[-1] if heading else ""
            first = next(one for one in self.columns.under_any(source.column))
            rows = (self.columns.sheet.rows[n] for n in range(block.first, block.end)) if column != first else ()
            pairs = {(row[first], row[column]) for row in rows if max(first, column) < len(row)}
            shown = any(
                self._one_council(*(heading_text(interpret_cell(source, cell)) for cell in pair)) for pair in pairs
            )
            self._names[column] = not _AROUND.search(said) and (shown or _NAME.search(said) is not None)
        return self._names[column]

    def _one_council(self, code: str, name: str) -> bool:
        """Whether two words stand for one place, which is no region or country."""
        return any(
            self.geography.is_one_place(one, other)
            for one in self._named(code)
            for other in self._named(name)
            if one.area_type not in WIDE
        )

    def _agree(self, area: Area, other: Area) -> bool:
        if self.geography.is_one_place(area, other) or self.geography.lies_in(area, other):
            return True
        # of a ward, a police force and the like nobody has told us in which council or region it lies
        unplaced = area.area_type != "National" and not area.parent_code
        return unplaced and other.area_type != area.area_type

    def _note(self, resolved_value: ResolvedValue, other: ResolvedValue, expected: str) -> None:
        cells = [address_of_position(one.at) for one in (resolved_value, other) if one.at is not None]
        found = " and ".join(
            f"{heading_text(one.word)} in {cell}" for one, cell in zip((resolved_value, other), cells, strict=True)
        )
        self.notes.add("area.contradicts", resolved_value.at, "area", found, expected, cells)
