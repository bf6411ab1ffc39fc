"""What the value columns of a row hold: numbers, words, marks for why there is none, and blanks."""

from __future__ import annotations

from typing import Any

from local_indicators.common.cell_references import COLUMNS, cell_position
from local_indicators.inputs.layouts.layout_language import REASONS, ValueColumn
from local_indicators.inputs.parsing.cell_values.numbers import Comma, NumberReading, read_number
from local_indicators.inputs.parsing.tables.dimension_resolver import (
    DimensionResolver,
    ResolvedValue,
    SheetTable,
    matched_group,
)
from local_indicators.inputs.parsing.tables.finding_notes import FindingNotes
from local_indicators.inputs.parsing.tables.value_columns import ObservationColumns
from local_indicators.inputs.readers.cells import Cell, FormattedNumber
from local_indicators.inputs.readers.heading_text import heading_text
from local_indicators.schemas.reference.periods import date_made_by_excel, number_probably_typed

STATUS_WORDS = {
    "": "", "a": "", "normal": "", "p": "p", "provisional": "p", "indicative": "p", "e": "e", "estimate": "e",
    "estimated": "e", "r": "r", "revised": "r", "u": "u", "low reliability": "u", "f": "f", "forecast": "f",
    "b": "b", "break": "b",
}  # fmt: skip
MAINS = ("value", "value_text", "value_low", "numerator")
HALVES = ("numerator", "denominator")

Row = dict[str, Any]
Readings = dict[str, NumberReading | str | None]


class ValueCells:
    """The reading of the value columns of one block."""

    def __init__(self, on: SheetTable, sayings: DimensionResolver, notes: FindingNotes) -> None:
        self.on, self.table, self.sayings, self.notes = on, on.table, sayings, notes
        self.columns = sayings.columns
        self.comma: Comma = "decimal" if self.table.decimal == "," else on.comma
        self._numbers: dict[tuple[str | float, Cell], NumberReading | None] = {}

    def read(self, row: int, of: ObservationColumns) -> Readings | None:
        """What the value columns of a row say; None where the layout lets the whole observation be left out."""
        out: Readings = {}
        for measure, (column, spec) in of.columns.items():
            if measure == "status":
                continue
            cell = self.columns.sheet.cell(row, column)
            if spec.pattern is not None and isinstance(cell, (str, FormattedNumber)):
                cell = matched_group(spec.pattern.search(heading_text(cell))) or cell
            out[measure] = heading_text(cell) or None if measure == "value_text" else self._number(cell, spec.scale)
        nothing = all(reading is None for reading in out.values())
        return None if nothing and (of.spec.blank or self.table.blank) == "skip" else out

    def _number(self, cell: Cell, scale: str | float) -> NumberReading | None:
        given = self.table.marks, self.table.flags, self.comma
        if not isinstance(cell, (str, float, int)) or isinstance(cell, bool):
            return read_number(cell, scale, *given)
        if (scale, cell) not in self._numbers:
            self._numbers[scale, cell] = read_number(cell, scale, *given)
        return self._numbers[scale, cell]

    def fill(self, row: Row, number: int, readings: Readings, of: ObservationColumns) -> None:
        """Put what was read into a row, and note what cannot be read and what is blank and must not be."""
        blank: list[str] = []
        status = self._status(number, of)
        main = readings.get("value")
        has_value = isinstance(main, NumberReading) and main.value is not None
        for measure, reading in readings.items():
            column, spec = of.columns[measure]
            where = cell_position(number, column)
            row[f"at_{measure}"] = where
            if reading is None:
                blank.append(measure)
            elif isinstance(reading, str):
                self._text(reading, row)
            elif reading.rule or (reading.percent and not _may_be_percent(row, measure, self.on)):
                row["faulty"] = True
                self._unread(reading.rule or "cell.not-a-share", where, measure, spec)
            elif reading.value is not None or not has_value:  # why a side figure is missing says nothing of the value
                _take(measure, reading, row)
        _margins(of, row)
        if status in REASONS:
            if status == "c" or not any(row[name] is not None for name in MAINS):
                row["conf_status" if status == "c" else "obs_status"] = status
            return
        self._blanks(number, blank, of, row)
        row["obs_status"] = row["obs_status"] or of.spec.status or status or row["marked"]

    def _unread(self, rule: str, where: int, measure: str, spec: ValueColumn) -> None:
        """Note a cell that is no number that can be read: what it shows and, where that differs, what it holds."""
        cell = self.columns.sheet.cell(*divmod(where, COLUMNS))
        typed = heading_text(cell)
        expected = "a number" + (", or a percentage" if spec.scale in ("percent", "fraction") else "")
        if isinstance(cell, FormattedNumber):
            typed = typed or "nothing"
            expected = f"the number itself to be seen; the cell holds {cell.number:.15g}"
        elif rule == "cell.made-a-date" and (made := date_made_by_excel(cell)) is not None:
            typed, expected = made.shown, number_probably_typed(made)
        elif rule == "cell.decimal-comma":
            expected = "a point before the decimals, or a layout that says the decimals of this file follow a comma"
            if self.comma == "decimal":
                expected = "a comma before the decimals, as the layout says that all of this table have it"
        elif rule == "cell.not-a-share":
            expected = "a number, for this is not measured in per cent"
        self.notes.add(rule, where, measure, typed, expected)

    def _status(self, number: int, of: ObservationColumns) -> str | None:
        """What the status column of the value, or else of the row, says, as shorthand."""
        if "status" in of.columns:
            where = cell_position(number, of.columns["status"][0])
            said = ResolvedValue(self.columns.sheet.cell(*divmod(where, COLUMNS)), where)
        elif self.table.status is not None:
            said = self.sayings.say(self.table.status, number, of.heading)
        else:
            return None
        word = heading_text(said.word)
        known = STATUS_WORDS.get(word.casefold(), self.table.marks.get(word.casefold()))
        if known is None and word:
            expected = ", ".join(sorted({*filter(None, STATUS_WORDS.values()), *REASONS}))
            self.notes.add("status.unknown", said.at, "status", word, expected, said.cells)
        return known

    def _text(self, text: str, row: Row) -> None:
        status = self.table.marks.get(text.casefold())
        if status is None:
            row["value_text"] = text[:500]
        else:
            row["conf_status" if status == "c" else "obs_status"] = status

    def _blanks(self, number: int, blank: list[str], of: ObservationColumns, row: Row) -> None:
        """A blank main value is refused unless the layout says what it means; so is one half of a fraction."""
        mains = [m for m in MAINS if m in of.columns]
        if any(spec.column in self.columns.missing for spec in self.table.value):
            mains = []  # what is the main value stands under a heading that is missing
        halves = [m for m in HALVES if m in of.columns]
        for measure in blank:
            column, spec = of.columns[measure]
            rule = spec.blank or (self.table.blank if measure in mains[:1] else None)
            half = measure in halves and len(halves) == 2 and any(row[m] is not None for m in halves)
            if rule == "refuse" or half:
                row["faulty"] = True
                expected = "a value, or the mark for why there is none"
                self.notes.add("cell.blank", cell_position(number, column), measure, "", expected)
            elif rule in ("x", "z"):
                row["obs_status"] = row["obs_status"] or rule
            elif rule == "skip" and measure == "value":
                row["at_value"] = None


def _may_be_percent(row: Row, measure: str, on: SheetTable) -> bool:
    """Whether a percentage may stand for a measure of a row's indicator."""
    indicator = on.definitions.indicators.get(row["indicator_id"] or "")
    return indicator is None or (measure not in HALVES and indicator.in_per_cent)


def _take(measure: str, reading: NumberReading, row: Row) -> None:
    row[measure] = reading.value
    if measure == "value":
        row["value_low"] = reading.low if row["value_low"] is None else row["value_low"]
        row["value_high"] = reading.high if row["value_high"] is None else row["value_high"]
    row["obs_status"] = row["obs_status"] or reading.obs_status
    row["conf_status"] = row["conf_status"] or reading.conf_status


def _margins(of: ObservationColumns, row: Row) -> None:
    """Turn a distance from the value into the end of the range that it stands for."""
    for measure, sign in (("value_low", -1), ("value_high", 1)):
        if measure in of.columns and of.columns[measure][1].margin and row[measure] is not None:
            far = abs(row[measure])
            row[measure] = None if row["value"] is None else float(f"{row['value'] + sign * far:.12g}")
