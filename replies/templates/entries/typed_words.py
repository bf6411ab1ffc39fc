"""What a layout makes of a word as it is typed, and which words are typed for one of ours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from local_indicators.inputs.layouts.layout_language import Source
from local_indicators.inputs.layouts.pattern_words import matching_texts
from local_indicators.inputs.layouts.text_comparison import normalised_without_footnotes


def interpreted(source: Source, typed: str) -> str:
    """Return what a layout makes of a word before anything is looked up, as parsing does it."""
    word: str | None = typed
    if source.pattern is not None:
        match = source.pattern.search(typed)
        word = None if match is None else match[1] if match.re.groups else match[0]
    return source.mapped.get(normalised_without_footnotes(word or source.default or ""), word or source.default or "")


def typed_words(source: Source, values: Iterable[str]) -> Iterator[str]:
    """Yield words that partners might type for values of ours: those that the layout maps first, then our own."""
    for value in values:
        yield from (word for word, mapped in source.map.items() if mapped == value)
        yield from matching_texts(source.pattern, value) if source.pattern is not None else (value,)
