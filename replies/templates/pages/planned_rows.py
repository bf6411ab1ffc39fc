"""The rows of a sheet that are filled in beforehand: what is expected now, for the areas at home."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from local_indicators.inputs.layouts.layout_language import FIELDS, Source
from local_indicators.inputs.layouts.pattern_words import matching_texts
from local_indicators.replies.templates.entries.allowed_areas import area_words
from local_indicators.replies.templates.entries.allowed_words import category_words, indicators_by_word
from local_indicators.replies.templates.entries.typed_words import interpreted
from local_indicators.replies.templates.layout_sources import FieldSource
from local_indicators.replies.templates.pages.columns import Columns
from local_indicators.replies.templates.pages.row_words import row_options
from local_indicators.replies.templates.pages.sheet_scope import SourceWords
from local_indicators.schemas.definitions.models import Indicator
from local_indicators.schemas.reference.periods import read_period

MAX_ROWS = 400
RowKey = tuple[str, ...]
"""What tells a row's figures from those of every other row, on whichever sheet."""


@dataclass(frozen=True)
class PlannedRow:
    """A row to fill in: the words given beforehand by number of column, and the indicator where one is known.

    `banners` are the lines over the row, and `words` what these give.
    """

    prefilled: dict[int, str]
    indicator: Indicator | None
    banners: tuple[str, ...]
    words: SourceWords


FREE_ROW = PlannedRow({}, None, (), {})
"""A row of which nothing is known yet."""


def planned_rows(columns: Columns, taken: set[RowKey]) -> list[PlannedRow]:
    """Return the rows of a sheet that are filled in beforehand, at most MAX_ROWS.

    Rows whose figures another sheet asks for already are left out; `taken` are the keys of these, and grows.
    """
    scope = columns.scope
    in_banner = [(field, source) for field, source in scope.sources if source.banner is not None]
    choices = [scope.options(field, source, scope.indicators).for_all_rows for field, source in in_banner]
    rows: list[PlannedRow] = []
    for chosen in product(*choices):
        words = {source: word for (_, source), word in zip(in_banner, chosen, strict=True)}
        banners = tuple(
            next(iter(matching_texts(source.banner, word)), word) for source, word in words.items() if source.banner
        )
        rows += [replace(row, banners=banners) for row in _rows_under(columns, words, taken)]
    return rows[:MAX_ROWS]


def _rows_under(columns: Columns, words: SourceWords, taken: set[RowKey]) -> Iterator[PlannedRow]:
    """Yield the rows under banners that give `words`."""
    sources = columns.scope.row_sources
    naming = next((source for field, source in sources if field == "indicator"), None)
    others = [(field, source) for field, source in sources if field not in ("indicator", "status")]
    for word, indicator in _named_indicators(columns, naming):
        indicators = [indicator] if indicator else columns.involved_indicators(words)
        if not _fits_period(columns, indicators, words):
            continue
        for chosen in _combinations(columns, others, indicators):
            typed = {source: text for (_, source), text in zip(others, chosen, strict=True)}
            typed |= {naming: word} if naming is not None and word else {}
            key = _row_key(columns, indicators, words, chosen)
            if key not in taken:
                taken.add(key)
                yield PlannedRow(_by_column(columns, typed), indicator, (), words)


def _named_indicators(columns: Columns, naming: Source | None) -> list[tuple[str | None, Indicator | None]]:
    """Return the indicators that rows can name, with the word for each; one nameless entry where no column names it."""
    if naming is None:
        return [(None, None)]
    readable = set(row_options(columns, "indicator", naming, columns.scope.indicators).words)
    by_word = indicators_by_word(naming, columns.scope.request)
    return [(word, indicator) for word, indicator in by_word.items() if word in readable]


def _row_key(columns: Columns, indicators: Sequence[Indicator], words: SourceWords, chosen: Sequence[str]) -> RowKey:
    given_once = {**columns.scope.words, **words}.values()
    subjects = sorted(str(figure.subject) for figure in columns.figures)
    return (*sorted(indicator.id for indicator in indicators), *sorted(given_once), *chosen, *subjects)


def _combinations(
    columns: Columns, sources: Sequence[FieldSource], indicators: Sequence[Indicator]
) -> Iterator[tuple[str, ...]]:
    """Yield the words of rows to begin: every likely combination, then those that the return must hold."""
    likely = {
        source: row_options(columns, field, source, columns.concerned(source, indicators)).likely
        for field, source in sources
    }
    yield from product(*(likely[source] or (() if field == "period" else ("",)) for field, source in sources))
    for indicator in indicators:
        for area, breakdown in _required(columns, indicator):
            choices = []
            for field, source in sources:
                words = likely[source]
                if field == "area" and area:
                    words = area_words(area, source, indicator, columns.scope.request)
                elif field not in FIELDS and breakdown:
                    words = category_words(field, breakdown, source, indicator)
                choices.append(words)
            yield from product(*choices)


def _required(columns: Columns, indicator: Indicator) -> Iterator[tuple[str, str]]:
    """Yield the areas, by code, and breakdowns that the return must give of an indicator; "" for what is left open."""
    for requirement in columns.scope.request.layout.requires:
        if not requirement.indicators or indicator.id in requirement.indicators:
            yield from product(requirement.areas or ("",), requirement.breakdowns or ("",))


def _fits_period(columns: Columns, indicators: Sequence[Indicator], words: SourceWords) -> bool:
    """Return whether the period that is given once for all rows is one of each of these indicators."""
    given_once = {**columns.scope.words, **words}
    for field, source in columns.scope.sources:
        word = given_once.get(source)
        if field == "period" and word:
            text = interpreted(source, word)
            if not all(read_period(text, i.time_identifier, ending=source.ending) for i in indicators):
                return False
    return True


def _by_column(columns: Columns, typed: SourceWords) -> dict[int, str]:
    """Return the words that are typed, by the number of the column of each."""
    return {
        number: typed[key.source]
        for key, number in columns.keys
        if key.is_main and key.source is not None and typed.get(key.source)
    }
