"""The columns of a template's sheet: keys, which say what a row is about, and figures; and where each lies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from local_indicators.common.cell_references import COLUMNS, position_of_address
from local_indicators.inputs.layouts.layout_language import Source, ValueColumn, field_sources
from local_indicators.inputs.layouts.text_comparison import normalised, normalised_without_footnotes
from local_indicators.replies.templates.pages.heading_words import heading_parts
from local_indicators.replies.templates.pages.sheet_scope import SheetScope, SourceWords
from local_indicators.schemas.definitions.models import Indicator

KEY_ORDER = ("indicator", "test", "area", "period", "identifier")
"""The order of key columns; all others come after them."""
AFTER_FIGURES = ("provenance", "status")
"""Keys that say how sure a figure is, and so stand behind the figures."""


@dataclass(frozen=True)
class KeyColumn:
    """A column that says what a row is about: its heading, and the field that it gives.

    `field` is a field of the layout, `identifier` (the kind of period), or `test` for a column on which only row tests
    look. Of the several columns that one source may name, only the first `is_main`.
    """

    label: str
    field: str
    source: Source | None = None
    is_main: bool = True

    @property
    def number(self) -> int | None:
        """Its number from 0 where the layout calls it by its letter, as [C]; else None."""
        return _number_by_letter(self.label)


@dataclass(frozen=True)
class FigureColumn:
    """A column for figures: its headings from top to bottom, and the words that they give.

    `subject` is equal for the measures (value, numerator, ...) of one thing.
    """

    spec: ValueColumn
    headings: tuple[str, ...]
    words: SourceWords
    indicators: tuple[Indicator, ...]
    subject: tuple[object, ...]

    @property
    def number(self) -> int | None:
        """Its number from 0 where the layout calls it by its letter, as [C]; else None."""
        return _number_by_letter(self.spec.heading)


Column = KeyColumn | FigureColumn


@dataclass(frozen=True)
class Columns:
    """The columns of one sheet; `placed` are all of them from left to right with their numbers from 0."""

    scope: SheetScope
    figures: tuple[FigureColumn, ...]
    placed: tuple[tuple[Column, int], ...]

    @property
    def keys(self) -> list[tuple[KeyColumn, int]]:
        """The key columns from left to right."""
        return [(column, number) for column, number in self.placed if isinstance(column, KeyColumn)]

    @property
    def first_label(self) -> str | None:
        """The heading of the leftmost column if that is a key."""
        column, _ = self.placed[0]
        return column.label if isinstance(column, KeyColumn) else None

    @property
    def indicator_number(self) -> int | None:
        """The number of the column that names the indicator, if there is one."""
        return next((number for key, number in self.keys if key.field == "indicator"), None)

    def number_of(self, figure: FigureColumn, measure: str) -> int | None:
        """Return the number of the column that gives another measure of what a figure is about, if there is one."""
        for column, number in self.placed:
            if isinstance(column, FigureColumn) and column.spec.measure == measure and column.subject == figure.subject:
                return number
        return None

    def involved_indicators(self, words: SourceWords) -> list[Indicator]:
        """Return the indicators of a row that names none itself; `words` are those given over it."""
        indicators = [indicator for figure in self.figures for indicator in figure.indicators]
        for name, source in self.scope.sources:
            if name == "indicator" and source in words:
                indicators = [self.scope.indicator_named(source, words[source])]
        return list({indicator.id: indicator for indicator in indicators}.values())

    def concerned(self, source: Source, indicators: Sequence[Indicator]) -> Sequence[Indicator]:
        """Return the indicators that a source speaks for: where only some value columns give it, those of these."""
        giving = [figure for figure in self.figures if source in dict(field_sources(figure.spec)).values()]
        ids = {indicator.id for figure in giving for indicator in figure.indicators}
        return [indicator for indicator in indicators if indicator.id in ids] if giving else indicators


def columns_of(scope: SheetScope) -> Columns:
    """Return the columns of a sheet in their places. Raises UsageError where a heading cannot be found."""
    keys = _key_columns(scope)
    figures = tuple(figure for spec in scope.table.value for figure in _figure_columns(scope, spec))
    return Columns(scope, figures, tuple(_placed(keys, figures)))


def _key_columns(scope: SheetScope) -> list[KeyColumn]:
    """Return the key columns in their order; first the one by which the layout finds the headings."""
    table = scope.table
    keys: list[KeyColumn] = []
    for name, source in scope.sources:
        keys += [KeyColumn(label, name, source, is_main=n == 0) for n, label in enumerate(source.column)]
        keys += [KeyColumn(source.identifier, "identifier")] if source.identifier else []
    labels = {normalised(key.label) for key in keys} | {normalised(spec.heading) for spec in table.value}
    for test in (*table.only, *table.skip):
        if test.column and normalised(test.column) not in labels:
            keys.append(KeyColumn(test.column, "test"))
            labels.add(normalised(test.column))
    unique: dict[str, KeyColumn] = {}
    for key in keys:
        unique.setdefault(normalised(key.label), key)
    ordered = sorted(unique.values(), key=lambda key: _order(key.field))
    found_by = normalised_without_footnotes(table.header.find)
    return sorted(ordered, key=lambda key: normalised_without_footnotes(key.label) != found_by)


def _order(name: str) -> int:
    return KEY_ORDER.index(name) if name in KEY_ORDER else len(KEY_ORDER)


def _figure_columns(scope: SheetScope, spec: ValueColumn) -> Iterator[FigureColumn]:
    """Yield the columns that one value column of the layout stands for: one for each word that its heading can give."""
    sources = {**dict(field_sources(scope.table)), **dict(field_sources(spec))}
    indicators = scope.indicators_of(sources.get("indicator"))
    in_heading = [(name, source) for name, source in sources.items() if source.header is not None]
    choices = [scope.options(name, source, indicators).for_all_rows for name, source in in_heading]
    for chosen in product(*choices):
        words = {source: word for (_, source), word in zip(in_heading, chosen, strict=True)}
        own = indicators
        for name, source in in_heading:
            if name == "indicator":
                own = (scope.indicator_named(source, words[source]),)
        subject = tuple((name, source.const, words.get(source)) for name, source in sorted(sources.items()))
        headings = heading_parts(scope, spec, list(words.items()), own)
        yield FigureColumn(spec, headings, words, own, subject)


def _placed(keys: Sequence[KeyColumn], figures: Sequence[FigureColumn]) -> list[tuple[Column, int]]:
    """Return every column and its number: those that the layout calls by a letter there, the others around them."""
    late = [key for key in keys if key.field in AFTER_FIGURES]
    columns: list[Column] = [*(key for key in keys if key not in late), *figures, *late]
    fixed = {number: column for column in columns if (number := column.number) is not None}
    free = iter(number for number in range(COLUMNS) if number not in fixed)
    placed = [(column, number) for number, column in fixed.items()]
    placed += [(column, next(free)) for column in columns if column not in fixed.values()]
    return sorted(placed, key=lambda pair: pair[1])


def _number_by_letter(label: str) -> int | None:
    cell = position_of_address(f"{label.strip('[]')}1") if re.fullmatch(r"\[[A-Z]{1,3}\]", label.strip()) else None
    return None if cell is None else cell % COLUMNS
