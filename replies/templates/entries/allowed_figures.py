"""The numbers that may be typed under a value column, from the limits of the indicator as the check has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from local_indicators.inputs.layouts.layout_language import REASONS, Source, TableLayout, ValueColumn
from local_indicators.inputs.layouts.partner_layouts import Layout
from local_indicators.replies.templates.entries.allowed_entries import AnyText, Choice, FixedEntry, Number
from local_indicators.replies.templates.entries.allowed_words import status_words
from local_indicators.schemas.definitions.models import Indicator

MAX_COUNT = 1e15
"""The check sets no upper limit to a numerator or denominator; a cell's validation needs one."""
SCALES: Mapping[str, float] = {"as given": 1.0, "percent": 1.0, "fraction": 100.0, "thousands": 1000.0}


def measure_entry(spec: ValueColumn, indicator: Indicator, table: TableLayout, layout: Layout) -> FixedEntry:
    """Return what may be typed under a value column for an indicator, whatever stands in other columns of the row."""
    entry = _measure_entry(spec, indicator, table, layout)
    return replace(entry, marks_elsewhere=table.status is not None) if isinstance(entry, Number) else entry


def _measure_entry(spec: ValueColumn, indicator: Indicator, table: TableLayout, layout: Layout) -> FixedEntry:
    if spec.measure == "value_text":
        scale = layout.definitions.scales.get(indicator.scale)
        marks = tuple(mark for mark in REASONS if mark in table.marks)
        return Choice((*scale.values, *marks)) if scale else AnyText()
    if spec.measure == "status":
        return Choice(status_words(Source(const=""), table))
    factor = unit_factor(spec.scale)
    low, high = _limits(indicator)
    if spec.margin:
        marks = _marks(table, 0.0, 0.0, 0.0)
        return Number(0.0, high / factor, decimals=indicator.decimals, marks=marks)
    if spec.measure in ("numerator", "denominator"):
        marks = _marks(table, 0.0, MAX_COUNT, factor)
        return Number(0.0, MAX_COUNT, whole=True, factor=factor, marks=marks)
    whole = indicator.counted and spec.measure == "value"
    marks = _marks(table, low, high, factor)
    return Number(low / factor, high / factor, whole, factor, indicator.decimals, marks)


def _limits(indicator: Indicator) -> tuple[float, float]:
    """Return the limits within which the check accepts a value: what is both possible and plausible."""
    return max(indicator.bounds[0], indicator.range[0]), min(indicator.bounds[1], indicator.range[1])


def unit_factor(scale: str | float) -> float:
    """Return what a number as typed is multiplied by to be in the indicator's unit."""
    return SCALES[scale] if isinstance(scale, str) else float(scale)


def _marks(table: TableLayout, low: float, high: float, factor: float) -> tuple[str, ...]:
    """Return the marks that may stand in the place of a number from `low` to `high` in the indicator's unit.

    `<5` stands for the range from 0 to 4, where numbers are typed in the indicator's own unit.
    """
    below_five = ("<5",) if factor == 1 and low <= 0 and high >= 4 else ()
    return (*REASONS, *(mark for mark in table.marks if mark not in REASONS), *below_five)
