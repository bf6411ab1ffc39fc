"""The periods that may be typed into a template."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from local_indicators.inputs.layouts.layout_language import Source
from local_indicators.replies.templates.entries.allowed_entries import WordOptions
from local_indicators.replies.templates.entries.typed_words import interpreted, typed_words
from local_indicators.replies.templates.template_request import TemplateRequest
from local_indicators.schemas.definitions.models import Indicator
from local_indicators.schemas.reference.periods import (
    MONTHS,
    QUARTERS,
    SINGLE_YEARS,
    SPLIT_YEARS,
    TERMS,
    WINDOW,
    Period,
    build_period,
    read_period,
)

EARLIEST_YEAR = 1990
MAX_UNLISTED = 10
"""Periods that are offered of an identifier of which not all can be listed."""
YEARLY = (*SPLIT_YEARS, *SINGLE_YEARS, *TERMS, *QUARTERS, *MONTHS)
"""Identifiers with one period a year, which can all be listed."""


def period_options(source: Source, indicators: Sequence[Indicator], request: TemplateRequest) -> WordOptions:
    """Return the periods that have begun and in which every indicator is defined, the expected one as the likely one.

    The list is open where the indicators have more periods than can be listed.
    """
    if not indicators:
        return WordOptions((), ())
    expected = _expected_word(source, indicators, request)
    identifiers = {indicator.time_identifier for indicator in indicators}
    recent = [period for identifier in sorted(identifiers) for period in _recent_periods(identifier, request)]
    listed = [word for period in recent if (word := _word_for(period, source, indicators))]
    expected_periods = _periods_read(expected, source, indicators) if expected else []
    # The expected period is offered once, in the words in which it is expected.
    respelt = {_word_for(period, source, indicators) for period in expected_periods if period}
    return WordOptions(
        (expected,) if expected else (),
        tuple(word for word in dict.fromkeys(listed) if word not in respelt),
        closed=all(identifier in YEARLY for identifier in identifiers),
    )


def _expected_word(source: Source, indicators: Sequence[Indicator], request: TemplateRequest) -> str | None:
    expected = request.expected_period
    if not expected:
        return None
    words = typed_words(source, (expected, expected.replace("/", "-")))
    return next((word for word in words if _is_readable(word, source, indicators)), None)


def _word_for(period: Period, source: Source, indicators: Sequence[Indicator]) -> str | None:
    """Return the first word for a period that the layout reads for every indicator; None if there is none."""
    forms = (period.label, period.label.replace("/", "-"), period.time_period)
    return next((word for word in typed_words(source, forms) if _is_readable(word, source, indicators)), None)


def _is_readable(word: str, source: Source, indicators: Sequence[Indicator]) -> bool:
    """Return whether a word is a period of every indicator, and every indicator is defined then."""
    pairs = zip(_periods_read(word, source, indicators), indicators, strict=True)
    return all(p is not None and indicator.version_at(p.end or p.start) is not None for p, indicator in pairs)


def _periods_read(word: str, source: Source, indicators: Sequence[Indicator]) -> list[Period | None]:
    text = interpreted(source, word)
    return [read_period(text, indicator.time_identifier, ending=source.ending) for indicator in indicators]


def _recent_periods(identifier: str, request: TemplateRequest) -> Iterator[Period]:
    """Yield the periods of an identifier that have begun, the newest first."""
    if identifier in YEARLY:
        years = range(request.horizon.year, EARLIEST_YEAR, -1)
        yield from (p for year in years if (p := build_period(identifier, year)).start <= request.horizon)
        return
    period = read_period(request.expected_period, identifier) if request.expected_period else None
    if period is None and identifier == WINDOW:
        period = read_period(f"since September {request.made_on.year - 1}", identifier)
    for _ in range(MAX_UNLISTED):
        if period is None:
            return
        yield period
        period = period.previous()
