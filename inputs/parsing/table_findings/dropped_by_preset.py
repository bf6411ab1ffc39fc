"""Figures that a preset leaves out because of their area, although the indicator is measured for areas of that type."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from local_indicators.common.cell_references import cell_position
from local_indicators.inputs.layouts.layout_language import RowFilter, TableLayout, parts_of
from local_indicators.inputs.layouts.text_comparison import normalised_without_footnotes
from local_indicators.inputs.parsing.tables.cell_account import SHOWN, address_ranges, is_number
from local_indicators.inputs.parsing.tables.columns import Columns
from local_indicators.inputs.parsing.tables.dimension_resolver import DimensionResolver, SheetTable
from local_indicators.inputs.parsing.tables.finding_notes import FindingNotes
from local_indicators.inputs.parsing.tables.value_columns import ObservationColumns
from local_indicators.inputs.readers.heading_text import heading_text

FINER_LEVELS = frozenset(
    ("english devolved area", "institution", "local authority district", "local enterprise partnership",
     "local skills improvement plan area", "lower layer super output area", "lsoa", "mat",
     "middle layer super output area", "msoa", "multi-academy trust", "opportunity area", "parliamentary constituency",
     "planning area", "provider", "rsc region", "school", "sponsor", "ward")
)  # fmt: skip
"""Levels of the Department for Education's files of which a row also names the council or region that it lies in. None
of its numbers is that council's or region's."""


@dataclass
class DroppedByPreset:
    """What the tests of a preset leave out on one sheet, by the preset, the key of it and the type of area."""

    on: SheetTable
    notes: FindingNotes
    cells: dict[tuple[str, str, str], list[int]] = field(default_factory=dict)
    areas: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)

    def note(
        self, row: int, of: ObservationColumns, by: Collection[RowFilter], columns: Columns, sayings: DimensionResolver
    ) -> None:
        """Note a figure of a row that tests leave out: all of them the preset's, and of its area only."""
        if not by or not all(test.preset and _asks_for_area(test, self.on.table) for test in by):
            return
        if any(test.column and normalised_without_footnotes(_said(test, row, columns)) in FINER_LEVELS for test in by):
            return
        values = [column for measure, (column, _) in of.columns.items() if measure != "status"]
        held = [cell_position(row, column) for column in values if is_number(columns.sheet.cell(row, column))]
        said = sayings.say(self.on.source("indicator", of.spec), row, of.heading)
        known = self.on.definitions.indicators.get(heading_text(said.word))
        if not held or known is None:
            return
        word = heading_text(sayings.say(self.on.source("area", of.spec), row, of.heading).word)
        geography = self.on.definitions.geography
        area = geography.find(word, known.area_types) or geography.find(
            normalised_without_footnotes(word), known.area_types
        )
        if area is not None:
            test = next(iter(by))
            key = (test.preset, "only" if test in self.on.table.only else "skip", area.area_type)
            self.cells.setdefault(key, []).extend(held)
            self.areas.setdefault(key, []).append(area.name)

    def tell(self) -> None:
        """Note a finding for each type of area that was left out."""
        for (preset, test, kind), cells in self.cells.items():
            names = list(dict.fromkeys(self.areas[preset, test, kind]))
            rows = f"{len(cells)} number{'' if len(cells) == 1 else 's'} of {', '.join(names[:3])}"
            self.notes.add(
                "layout.number-unread",
                min(cells),
                "area",
                f"{rows}{' and others' if len(names) > 3 else ''}, left out by `{test}` of the preset {preset}",
                f"figures of every {kind}, for which the indicator is measured",
                list(address_ranges(cells))[:SHOWN],
                f'Take `{test}` back in the layout with without = ["{test}"] if they belong to the return; '
                "otherwise there is nothing to do.",
            )


def _said(test: RowFilter, row: int, columns: Columns) -> str:
    column = columns.under(test.column)
    return "" if column is None else heading_text(columns.sheet.cell(row, column))


def _asks_for_area(test: RowFilter, table: TableLayout) -> bool:
    """Whether a test asks for the area, or the kind of area, that a row is of."""
    of_area = [part for scope in table.scopes if scope.area is not None for part in parts_of(scope.area)]
    return test.of == "area" or test.column in {name for one in of_area for name in (*one.column, one.level) if name}
