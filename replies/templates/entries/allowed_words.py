"""The words that may be typed for a field of a template: those that its layout reads as something we know."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

from local_indicators.inputs.layouts.layout_language import REASONS, RowFilter, Source, TableLayout
from local_indicators.inputs.layouts.pattern_words import matching_texts
from local_indicators.inputs.layouts.text_comparison import normalised_without_footnotes
from local_indicators.inputs.parsing.cell_values.column_fit import ANY_TOTAL
from local_indicators.inputs.parsing.tables.value_cells import STATUS_WORDS
from local_indicators.replies.templates.entries.allowed_areas import area_options
from local_indicators.replies.templates.entries.allowed_entries import WordOptions
from local_indicators.replies.templates.entries.allowed_periods import period_options
from local_indicators.replies.templates.entries.typed_words import interpreted, typed_words
from local_indicators.replies.templates.template_request import TemplateRequest
from local_indicators.schemas.definitions.models import Indicator
from local_indicators.schemas.reference.breakdowns import breakdown_parts

PROVENANCES = ("reported", "illustrative")
MAX_TEST_WORDS = 12
"""Words that are listed for a column on which only a layout's row tests look."""


def word_options(
    field: str, source: Source, indicators: Sequence[Indicator], table: TableLayout, request: TemplateRequest
) -> WordOptions:
    """Return what may be typed for a field of figures that may be of any of these indicators.

    `field` is indicator, area, period, provenance, status or a dimension of the breakdown.
    """
    if source.const is not None:
        return WordOptions((source.const,), (source.const,))
    if field == "indicator":
        options = _indicator_options(source, request)
    elif field == "area":
        options = area_options(source, tuple(indicator.area_types for indicator in indicators), request)
    elif field == "period":
        options = period_options(source, indicators, request)
    elif field == "provenance":
        options = _provenance_options(source)
    elif field == "status":
        options = WordOptions((), status_words(source, table))
    else:
        options = _category_options(field, source, indicators)
    tests = [*((test, True) for test in table.only), *((test, False) for test in table.skip)]
    return _passing(options, source, [(test, wanted) for test, wanted in tests if test.of == field])


def _passing(options: WordOptions, source: Source, tests: Sequence[tuple[RowFilter, bool]]) -> WordOptions:
    """Return the options that row tests let in; each test comes with whether it must match."""

    def passes(word: str) -> bool:
        text = interpreted(source, word)
        return all(bool(test.match.search(text)) is wanted for test, wanted in tests)

    return WordOptions(tuple(filter(passes, options.likely)), tuple(filter(passes, options.words)), options.closed)


def indicators_by_word(source: Source, request: TemplateRequest) -> dict[str, Indicator]:
    """Return the indicators that a source can name, by the word that is typed for each."""
    indicators = request.layout.definitions.indicators
    if source.const is not None:
        return {source.const: indicators[source.const]}
    return {word: indicators[interpreted(source, word)] for word in _indicator_options(source, request).words}


def _indicator_options(source: Source, request: TemplateRequest) -> WordOptions:
    indicators = request.layout.definitions.indicators
    if source.map:
        ids = list(dict.fromkeys(source.map.values()))
    else:
        ids = [i.id for i in indicators.values() if i.authority == request.layout.collection] or list(indicators)
    words: dict[str, str] = {}
    for word in typed_words(source, ids):
        if (indicator_id := interpreted(source, word)) in indicators:
            words.setdefault(indicator_id, word)
    return WordOptions(tuple(words.values()), tuple(words.values()))


def _provenance_options(source: Source) -> WordOptions:
    typed = typed_words(source, PROVENANCES)
    words = tuple(word for word in typed if interpreted(source, word).casefold() in PROVENANCES)
    return WordOptions(words[:1], words)


def status_words(source: Source, table: TableLayout) -> tuple[str, ...]:
    """Return the words for the status of a figure, the short ones first."""
    known = (*STATUS_WORDS, *table.marks)
    short = ("p", "r", "e", "u", "f", "b", *REASONS)
    words = (word for word in dict.fromkeys((*short, *source.map, *known)) if word)
    return tuple(word for word in words if interpreted(source, word).casefold() in known)


def category_words(dimension: str, breakdown: str, source: Source, indicator: Indicator) -> tuple[str, ...]:
    """Return the word for the category that a breakdown has in a dimension, or nothing if there is none."""
    category = breakdown_parts(breakdown).get(dimension, "")
    wanted = {normalised_without_footnotes(category)} if category else ANY_TOTAL
    words = _category_options(dimension, source, [indicator]).words
    return tuple(
        islice((word for word in words if normalised_without_footnotes(interpreted(source, word)) in wanted), 1)
    )


def _category_options(dimension: str, source: Source, indicators: Sequence[Indicator]) -> WordOptions:
    """Return the categories of a dimension that all indicators have, and the total where all have one."""
    allowed = [indicator.breakdowns.get(dimension, ()) for indicator in indicators]
    shared = [value for value in (allowed[0] if allowed else ()) if all(value in other for other in allowed)]
    with_total = all(indicator.total or dimension not in indicator.breakdowns for indicator in indicators)
    totals = [word for word in typed_words(source, ("Total", "All")) if _is_total(source, word)]
    spellings = [
        [
            w
            for w in typed_words(source, (v,))
            if normalised_without_footnotes(interpreted(source, w)) == normalised_without_footnotes(v)
        ]
        for v in shared
    ]
    likely = (*(totals[:1] if with_total else ()), *(words[0] for words in spellings if words))
    others = [word for words in spellings for word in words]
    all_totals = sorted(word.capitalize() for word in ANY_TOTAL if word and _is_total(source, word))
    words = tuple(dict.fromkeys((*likely, *others, *(all_totals if with_total else ()))))
    return WordOptions(likely, words)


def _is_total(source: Source, word: str) -> bool:
    return normalised_without_footnotes(interpreted(source, word)) in ANY_TOTAL


def row_test_words(tests: Sequence[RowFilter]) -> tuple[str, ...]:
    """Return words of a column that all of these tests match."""
    pattern: re.Pattern[str] = tests[0].match
    matching = (word for word in matching_texts(pattern) if all(test.match.search(word) for test in tests))
    return tuple(islice(matching, MAX_TEST_WORDS))
