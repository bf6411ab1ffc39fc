"""The words that may stand in the rows of a sheet, without those for which the layout would leave a row out."""

from __future__ import annotations

from collections.abc import Sequence

from local_indicators.inputs.layouts.layout_language import Source
from local_indicators.inputs.layouts.text_comparison import normalised
from local_indicators.replies.templates.entries.allowed_entries import WordOptions
from local_indicators.replies.templates.entries.allowed_words import row_test_words
from local_indicators.replies.templates.pages.columns import Columns
from local_indicators.schemas.definitions.models import Indicator


def row_options(columns: Columns, field: str, source: Source, indicators: Sequence[Indicator]) -> WordOptions:
    """Return what may be typed for a field in a row whose figures may be of any of these indicators."""
    table = columns.scope.table
    options = columns.scope.options(field, source, indicators)
    label = normalised(source.column[0])
    first = columns.first_label is not None and normalised(columns.first_label) == label
    tests = [test for test in (*table.only, *table.skip) if not test.of]
    own_tests = [test for test in tests if normalised(test.column) == label or (first and not test.column)]
    stops = table.stop if first else ()

    def keeps_row(word: str) -> bool:
        let_in = all(bool(test.match.search(word)) is (test in table.only) for test in own_tests)
        return let_in and not any(stop.search(word) for stop in stops)

    likely, words = filter(keeps_row, options.likely), filter(keeps_row, options.words)
    return WordOptions(tuple(likely), tuple(words), options.closed)


def words_let_in(columns: Columns, label: str) -> tuple[str, ...]:
    """Return words under a heading with which the layout's row tests let a row in; nothing where none is asked for."""
    tests = [test for test in columns.scope.table.only if normalised(test.column) == normalised(label)]
    return row_test_words(tests) if tests else ()
