"""One table of a layout on one sheet of a template, with what is said once for the whole sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from local_indicators.common.cell_references import COLUMNS, position_of_address
from local_indicators.inputs.layouts.layout_language import Source, TableLayout
from local_indicators.replies.templates.entries.allowed_entries import WordOptions
from local_indicators.replies.templates.entries.allowed_words import indicators_by_word, word_options
from local_indicators.replies.templates.entries.typed_words import interpreted
from local_indicators.replies.templates.layout_sources import FieldSource, table_sources
from local_indicators.replies.templates.pages.page_layout import Cells, TemplateCell
from local_indicators.replies.templates.template_request import TemplateRequest
from local_indicators.schemas.definitions.models import Indicator

SourceWords = Mapping[Source, str]
"""The word that stands in one place for all rows, by the source that reads it."""


@dataclass(frozen=True)
class SheetScope:
    """A table as it lies on the sheet `name`.

    `words` are those given once for the whole sheet (in its name, in single cells), `indicators` all that the table can
    be about, and `sources` everything that it gives.
    """

    table: TableLayout
    name: str
    request: TemplateRequest
    words: SourceWords
    indicators: Sequence[Indicator]

    @property
    def sources(self) -> list[FieldSource]:
        """Every field that the table gives, with its source."""
        return table_sources(self.table)

    @property
    def row_sources(self) -> list[FieldSource]:
        """What a row gives in columns of its own, the indicator first."""
        in_columns = [(field, source) for field, source in self.sources if source.column]
        return sorted(in_columns, key=lambda pair: pair[0] != "indicator")

    @property
    def depth(self) -> int:
        """How many rows of headings the table has."""
        return self.table.header.above + 1 + self.table.header.below

    def options(self, field: str, source: Source, indicators: Sequence[Indicator]) -> WordOptions:
        """Return what may be typed for a field of figures that may be of any of these indicators."""
        return word_options(field, source, indicators, self.table, self.request)

    def indicator_named(self, source: Source, word: str) -> Indicator:
        """Return the indicator that a word names."""
        return self.request.layout.definitions.indicators[interpreted(source, word)]

    def indicators_of(self, source: Source | None) -> tuple[Indicator, ...]:
        """Return the indicators that a source can name on this sheet; without a source, all of the table."""
        if source is None:
            return tuple(self.indicators)
        if source in self.words:
            return (self.indicator_named(source, self.words[source]),)
        return tuple(indicators_by_word(source, self.request).values())


def with_addressed_cells(scope: SheetScope) -> tuple[SheetScope, Cells]:
    """Return the cells with an address, such as the period in B3, and the scope with the words in them."""
    words: dict[Source, str] = dict(scope.words)
    cells: Cells = {}
    for field, source in scope.sources:
        if not source.cell:
            continue
        options = scope.options(field, source, scope.indicators)
        if not options.words and not options.likely:
            options = _options_of_any(scope, field, source)
        row, column = divmod(position_of_address(source.cell) or 0, COLUMNS)
        word = next(iter(options.for_all_rows), None)
        words[source] = word or ""
        cells[row, column] = TemplateCell("input", word, options.choice, f"The {field}.")
        if column and (row, column - 1) not in cells:
            cells[row, column - 1] = TemplateCell("line", field.capitalize())
    return replace(scope, words=words), cells


def _options_of_any(scope: SheetScope, field: str, source: Source) -> WordOptions:
    """Return what may be typed for at least one of the table's indicators, where no word suits them all."""
    each = [scope.options(field, source, [indicator]) for indicator in scope.indicators]
    likely = dict.fromkeys(word for options in each for word in options.likely)
    words = dict.fromkeys(word for options in each for word in options.words)
    return WordOptions(tuple(likely)[:1], tuple(words), all(options.closed for options in each))
