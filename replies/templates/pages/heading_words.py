"""The headings of the columns for figures, so that the layout reads from them what each must give."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import permutations, product

from local_indicators.inputs.layouts.layout_language import Source, ValueColumn
from local_indicators.inputs.layouts.pattern_words import matching_texts
from local_indicators.inputs.layouts.text_comparison import normalised
from local_indicators.inputs.parsing.tables.headings import JOIN
from local_indicators.replies.templates.entries.typed_words import interpreted
from local_indicators.replies.templates.pages.sheet_scope import SheetScope
from local_indicators.replies.templates.template_request import not_drawable
from local_indicators.schemas.definitions.models import Indicator

MAX_SPELLINGS = 6
"""Spellings of a word in a heading that are tried."""
HeadingWords = Sequence[tuple[Source, str]]
"""The words that a heading must give, by the source that reads each."""


def heading_parts(
    scope: SheetScope, spec: ValueColumn, words: HeadingWords, indicators: Sequence[Indicator]
) -> tuple[str, ...]:
    """Return headings, top to bottom, that the layout takes for a value column and from which it reads these words.

    Over them stands what the column is about, where the layout has a row of headings for it. Raises UsageError where no
    headings are found.
    """
    bases = [spec.heading] if spec.heading else matching_texts(spec.match) if spec.match else []
    for base in bases:
        for text in _heading_texts(base, words):
            parts = tuple(part.strip() for part in text.split(JOIN))
            if len(parts) > scope.depth or not all(parts) or not _is_read(spec, parts, words):
                continue
            grouped = (_group_title(indicators), *parts)
            return grouped if len(grouped) <= scope.depth and _is_read(spec, grouped, words) else parts
    heading = spec.heading or (spec.match and spec.match.pattern)
    raise not_drawable(scope.request, f"no heading was found for {heading!r}")


def _is_read(spec: ValueColumn, parts: Sequence[str], words: HeadingWords) -> bool:
    """Return whether the layout takes headings for a value column and reads from them what they must give."""
    text = JOIN.join(dict.fromkeys(parts))
    if spec.match is not None and not spec.match.search(text):
        return False
    by_letter = spec.heading.startswith("[")
    if spec.heading and not by_letter and normalised(spec.heading) not in (normalised(text), normalised(parts[-1])):
        return False
    return all(interpreted(source, _read(source, text)) == interpreted(source, word) for source, word in words)


def _read(source: Source, text: str) -> str:
    """Return what a source takes from a heading; "" for nothing."""
    match = source.header.search(text) if source.header else None
    if match is None:
        return ""
    return (match[1] if match.re.groups else match[0]) or ""


def _heading_texts(base: str, words: HeadingWords) -> Iterator[str]:
    """Headings put together, in every order, from a column's own words and what else its heading must give."""
    fragments: list[list[str]] = []
    for source, word in words:
        unsaid = [""] if interpreted(source, "") == interpreted(source, word) else []
        spelt = matching_texts(source.header, word)[:MAX_SPELLINGS] if source.header else []
        fragments.append([*unsaid, *spelt])
    for chosen in product(*fragments):
        for order in permutations([text for text in (base, *chosen) if text]):
            for separator in (" ", JOIN):
                text = separator.join(order).strip(" |")
                yield re.sub(r"\s*\|(?:\s*\|)*\s*", JOIN, text)


def _group_title(indicators: Sequence[Indicator]) -> str:
    return indicators[0].title if len(indicators) == 1 else "Figures"
