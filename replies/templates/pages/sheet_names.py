"""What a template's sheets and file are called, so that the layout reads from their names what it must."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from itertools import product

from local_indicators.inputs.layouts.layout_language import Source, TableLayout
from local_indicators.inputs.layouts.partner_layouts import Layout
from local_indicators.inputs.layouts.pattern_words import matching_texts
from local_indicators.replies.templates.entries.allowed_words import word_options
from local_indicators.replies.templates.layout_sources import possible_indicators, table_sources
from local_indicators.replies.templates.pages.sheet_scope import SheetScope
from local_indicators.replies.templates.template_request import TemplateRequest, not_drawable

MAX_SHEET_NAME = 31
"""Characters that Excel takes for the name of a sheet."""
_FORBIDDEN = re.compile(r"[\\/?*\[\]:]")
SourceWord = tuple[Source, str]


def sheets_of(table: TableLayout, request: TemplateRequest) -> Iterator[SheetScope]:
    """Yield the sheets that a table asks for, one for each word that a sheet's name must give.

    Raises UsageError where no name is found that the layout takes.
    """
    sources = [(field, source) for field, source in table_sources(table) if source.sheet is not None]
    indicators = possible_indicators(table, request)
    choices = [word_options(field, source, indicators, table, request).for_all_rows for field, source in sources]
    for chosen in product(*choices):
        words = [(source, word) for (_, source), word in zip(sources, chosen, strict=True)]
        name = next(_sheet_names(table, words, request), None)
        if name is None:
            raise not_drawable(request, f"no name was found for the sheet {' or '.join(table.sheet)}")
        yield SheetScope(table, name, request, dict(words), indicators)


def _sheet_names(table: TableLayout, words: Sequence[SourceWord], request: TemplateRequest) -> Iterator[str]:
    """Yield the names that Excel allows, that the table takes, and from which each source reads its word."""
    texts = [matching_texts(source.sheet, _in_a_name(word)) for source, word in words if source.sheet]
    parts = [" ".join(combination) for combination in product(*texts)]
    title = _FORBIDDEN.sub(" ", request.layout.title)[:MAX_SHEET_NAME].strip()
    for pattern in table.sheet:
        literal = re.sub(r"\[!?(.).*?\]", r"\1", pattern)
        for part in parts:
            without_wildcards = literal.replace("*", "").replace("?", "1")
            for candidate in (part, literal, literal.replace("*", part), without_wildcards, title):
                name = candidate.strip()
                allowed = 0 < len(name) <= MAX_SHEET_NAME and not _FORBIDDEN.search(name)
                if allowed and table.takes_sheet(name) and all(_reads(s, name, w) for s, w in words):
                    yield name


def _reads(source: Source, name: str, word: str) -> bool:
    """Return whether a source reads a word from the name of a sheet."""
    match = source.sheet.search(name) if source.sheet else None
    return match is not None and (match[1] if match.re.groups else match[0]) == _in_a_name(word)


def _in_a_name(word: str) -> str:
    return word.replace("/", "-")


def file_name(request: TemplateRequest) -> str:
    """Return a name for the file by which the layout knows it, and which gives what the layout reads from names."""
    layout = request.layout
    sources = [(f, s, table) for table in layout.says.table for f, s in table_sources(table) if s.file is not None]
    patterns = [source.file for _, source, _ in sources if source.file is not None]
    for texts in product(*_file_texts(sources, request)):
        stem = " ".join(dict.fromkeys(texts))
        for name in _file_names(layout, stem):
            if patterns:
                if all(pattern.search(name) for pattern in patterns):
                    return name
            elif any(fnmatchcase(name.casefold(), pattern.casefold()) for pattern in layout.files):
                return name
    return f"{layout.collection}.xlsx"


def _file_texts(sources: Sequence[tuple[str, Source, TableLayout]], request: TemplateRequest) -> Iterator[list[str]]:
    """For each source, the texts in a file's name from which it reads the word for all rows."""
    for field, source, table in sources:
        indicators = possible_indicators(table, request)
        words = word_options(field, source, indicators, table, request).for_all_rows
        if source.file and words:
            yield matching_texts(source.file, _in_a_name(words[0]))


def _file_names(layout: Layout, stem: str) -> Iterator[str]:
    """Names put together from the collection, a stem and the patterns by which the layout knows its files."""
    own = f"{layout.collection} {stem}".strip()
    for pattern in ("*", *(pattern.rpartition(".")[0] or pattern for pattern in layout.files)):
        literal = re.sub(r"[*?]+", " ", pattern).strip(" -_.")
        for text in (own, f"{own} {literal}", f"{literal} {stem}".strip()):
            yield f"{re.sub(r'[^A-Za-z0-9 ._-]', '', text).strip().replace(' ', '_')}.xlsx"
