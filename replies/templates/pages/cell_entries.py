"""What may be typed into each cell of a row, with what the other cells of the row ask of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from local_indicators.replies.templates.entries.allowed_entries import (
    AllowedEntry,
    AnyText,
    Choice,
    DependentEntry,
    FixedEntry,
    Number,
    Quotient,
)
from local_indicators.replies.templates.entries.allowed_figures import measure_entry, unit_factor
from local_indicators.replies.templates.entries.allowed_words import indicators_by_word
from local_indicators.replies.templates.pages.columns import Columns, FigureColumn, KeyColumn
from local_indicators.replies.templates.pages.planned_rows import PlannedRow
from local_indicators.replies.templates.pages.row_words import row_options, words_let_in
from local_indicators.schemas.definitions.models import Indicator
from local_indicators.schemas.observations import MEASURES


def key_entry(columns: Columns, key: KeyColumn, row: PlannedRow, *, free: bool) -> AllowedEntry:
    """Return what may be typed under a key in a row; `free` rows are those of which nothing is known yet."""
    indicators = columns.scope.indicators
    if key.field == "test":
        words = words_let_in(columns, key.label)
        return Choice(words, closed=False) if words else AnyText()
    if key.field == "identifier":
        return Choice(tuple(dict.fromkeys(indicator.time_identifier for indicator in indicators)))
    if key.source is None:
        return AnyText()
    field, source = key.field, key.source

    def choice_for(concerned: Sequence[Indicator]) -> Choice:
        return row_options(columns, field, source, columns.concerned(source, concerned)).choice

    if field in ("indicator", "provenance", "status"):
        entry: AllowedEntry = row_options(columns, field, source, indicators).choice
    elif row.indicator is not None:
        entry = choice_for([row.indicator])
    elif not free:
        entry = choice_for(columns.involved_indicators(row.words))
    else:
        entry = _by_indicator(columns, choice_for)
    return entry if key.is_main else _suggestion(entry)


def figure_entry(columns: Columns, figure: FigureColumn, row: PlannedRow) -> AllowedEntry:
    """Return what may be typed for a figure in a row."""

    def entry_for(indicators: Sequence[Indicator]) -> FixedEntry:
        return _figure_entry(columns, figure, indicators[0])

    if row.indicator is not None:
        return entry_for([row.indicator])
    if columns.indicator_number is not None:
        return _by_indicator(columns, entry_for)
    involved = columns.involved_indicators(row.words)
    own = [indicator for indicator in involved if indicator in figure.indicators]
    return entry_for(own or list(figure.indicators))


def is_optional(columns: Columns, figure: FigureColumn, row: PlannedRow) -> bool:
    """Return whether a row is whole without a figure: words beside a number, or counts of what is no share or rate."""
    if figure.spec.measure == "value_text":
        return columns.number_of(figure, "value") is not None
    indicators = [row.indicator] if row.indicator else list(figure.indicators)
    is_count = figure.spec.measure in ("numerator", "denominator")
    return is_count and not any(indicator.numerator for indicator in indicators)


def _by_indicator(columns: Columns, entry_for: Callable[[Sequence[Indicator]], FixedEntry]) -> AllowedEntry:
    """Return what may be typed in a row whose indicator is still to be chosen."""
    number = columns.indicator_number
    naming = next((source for field, source in columns.scope.row_sources if field == "indicator"), None)
    if number is None or naming is None:
        return entry_for(columns.involved_indicators({}))
    by_word = indicators_by_word(naming, columns.scope.request)
    cases = tuple((word, entry_for([indicator])) for word, indicator in by_word.items())
    first = cases[0][1]
    return first if all(entry == first for _, entry in cases) else DependentEntry(number, cases)


def _suggestion(entry: AllowedEntry) -> AllowedEntry:
    """Return the same entry with open lists, from which something else may be typed too."""
    if isinstance(entry, DependentEntry):
        return DependentEntry(entry.key_column, tuple((word, _opened(case)) for word, case in entry.cases))
    return _opened(entry)


def _opened(entry: FixedEntry) -> FixedEntry:
    return replace(entry, closed=False) if isinstance(entry, Choice) else entry


def _figure_entry(columns: Columns, figure: FigureColumn, indicator: Indicator) -> FixedEntry:
    """Return the limits of a figure, with those that the figures beside it set."""
    scope, measure = columns.scope, figure.spec.measure
    entry = measure_entry(figure.spec, indicator, scope.table, scope.request.layout)
    if not isinstance(entry, Number):
        return entry
    beside = {name: columns.number_of(figure, name) for name in MEASURES}
    rounded = _is_rounded(columns, indicator)
    is_share = indicator.unit == "%" and indicator.bounds[1] <= 100 and not rounded
    at_most, at_least = None, None
    if measure == "numerator" and is_share:
        at_most = beside["denominator"]
    elif measure == "denominator" and is_share:
        at_least = beside["numerator"]
    elif measure == "value_low" and not figure.spec.margin:
        at_most = beside["value_high"]
    elif measure == "value_high" and not figure.spec.margin:
        at_least = beside["value_low"]
    quotient = None
    if measure in ("value", "numerator", "denominator") and not rounded:
        quotient = _quotient(columns, beside, indicator)
    return replace(entry, at_most_column=at_most, at_least_column=at_least, quotient=quotient)


def _is_rounded(columns: Columns, indicator: Indicator) -> bool:
    """Return whether counts are declared to be rounded, so that a cell cannot tell what agrees with them."""
    by_column = any(figure.spec.rounded_to for figure in columns.figures)
    return bool(columns.scope.table.rounded_to or indicator.rounded_to or by_column)


def _quotient(columns: Columns, beside: Mapping[str, int | None], indicator: Indicator) -> Quotient | None:
    """Return how a value and the counts beside it must agree; None where one of them has no column.

    `beside` has the number of the column of each measure.
    """
    value, numerator, denominator = beside["value"], beside["numerator"], beside["denominator"]
    if value is None or numerator is None or denominator is None or indicator.per is None:
        return None
    scale = next(
        column.spec.scale for column, number in columns.placed if number == value and isinstance(column, FigureColumn)
    )
    return Quotient(
        value=value,
        numerator=numerator,
        denominator=denominator,
        per=indicator.per,
        factor=unit_factor(scale),
        decimals=indicator.decimals,
    )
