"""What a template's sheets, headings and file are called, so that the layout reads from them what it must."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import permutations, product

from inputs.grammar import Source, TableLayout, ValueColumn
from inputs.headings import JOIN
from inputs.replies.templates.allowed_entries import Occasion, Options, indicators_of, meaning, options
from inputs.replies.templates.pattern_words import spellings
from schemas.definitions import Indicator
from schemas.faults import UsageFault


def cannot(occasion: Occasion, reason: str) -> UsageFault:
    return UsageFault(
        occasion.layout.collection,
        f"has no workbook to fill in, because {reason}; send it as the layout in the partner's TOML describes it",
    )


THINGS = ("indicator", "area", "period", "provenance", "status")


def things(scope: TableLayout | ValueColumn) -> Iterator[tuple[str, Source]]:
    """Each thing that a table or a value column says, with where."""
    for name in THINGS:
        source = getattr(scope, name, None)
        if isinstance(source, Source):
            yield name, source
    yield from scope.breakdown.items()


def all_things(table: TableLayout) -> dict[int, tuple[str, Source]]:
    return {id(source): (name, source) for scope in table.scopes for name, source in things(scope)}


def possible(table: TableLayout, occasion: Occasion) -> list[Indicator]:
    """Every indicator that a table can speak of."""
    named = [s for scope in table.scopes for name, s in things(scope) if name == "indicator"]
    found = {i.id: i for source in named for i in indicators_of(source, occasion).values()}
    return list(found.values())


# -- names of sheets and of the file ----------------------------------------------------------------------------------

Said = Mapping[int, str]
"""What is said in one place for all rows, by the id of its source."""


def sheets_of(table: TableLayout, occasion: Occasion) -> Iterator[tuple[str, Said]]:
    """The sheets that a table asks for, one for each word that a sheet's name must say."""
    told = [(name, source) for name, source in all_things(table).values() if source.sheet is not None]
    indicators = possible(table, occasion)
    words = [once(options(name, source, indicators, table, occasion)) for name, source in told]
    for chosen in product(*words):
        said = {id(source): word for (_, source), word in zip(told, chosen, strict=True)}
        name = next(_sheet_names(table, told, chosen, occasion), None)
        if name is None:
            raise cannot(occasion, f"no name was found for the sheet {' or '.join(table.sheet)}")
        yield name, said


def once(found: Options) -> tuple[str, ...]:
    """The words to say in one place for all rows: the likely ones, or else the first there is."""
    return found.likely or found.every[:1]


def _sheet_names(
    table: TableLayout, told: Sequence[tuple[str, Source]], chosen: Sequence[str], occasion: Occasion
) -> Iterator[str]:
    sheets = [spellings(s.sheet, _in_a_name(w)) for (_, s), w in zip(told, chosen, strict=True) if s.sheet]
    parts = [" ".join(one) for one in product(*sheets)]
    for pattern in table.sheet:
        for part in parts:
            title = re.sub(r"[\\/?*\[\]:]", " ", occasion.layout.title)[:31].strip()
            plainly = re.sub(r"\[!?(.).*?\]", r"\1", pattern)
            shapes = (part, plainly, plainly.replace("*", part), plainly.replace("*", "").replace("?", "1"), title)
            for name in shapes:
                name = name.strip()
                fits = 0 < len(name) <= 31 and not re.search(r"[\\/?*\[\]:]", name) and table.takes_sheet(name)
                if fits and all(_says(s.sheet, name, _in_a_name(w)) for (_, s), w in zip(told, chosen, strict=True)):
                    yield name


def _says(pattern: re.Pattern[str] | None, text: str, word: str) -> bool:
    match = pattern.search(text) if pattern else None
    return match is not None and (match[1] if pattern and pattern.groups else match[0]) == word


def _in_a_name(word: str) -> str:
    return word.replace("/", "-")


def file_name(occasion: Occasion) -> str:
    """A name for the file by which the layout knows it, and that says what the layout takes from a file's name."""
    layout = occasion.layout
    told = [(n, s, t) for t in layout.says.table for n, s in all_things(t).values() if s.file is not None]
    words = [once(options(n, s, possible(t, occasion), t, occasion))[:1] for n, s, t in told]
    spelt = [spellings(s.file, _in_a_name(w[0])) for (_, s, _), w in zip(told, words, strict=True) if s.file and w]
    for parts in product(*spelt):
        stem = " ".join(dict.fromkeys(parts))
        own = f"{layout.collection} {stem}".strip()
        for pattern in ("*", *(p.rpartition(".")[0] or p for p in layout.files)):
            bare = re.sub(r"[*?]+", " ", pattern).strip(" -_.")
            for name in (own, f"{own} {bare}", f"{bare} {stem}".strip()):
                name = f"{re.sub(r'[^A-Za-z0-9 ._-]', '', name).strip().replace(' ', '_')}.xlsx"
                if any(fnmatchcase(name.casefold(), p.casefold()) for p in layout.files) and not told:
                    return name
                if told and all(s.file and s.file.search(name) for _, s, _ in told):
                    return name
    return f"{layout.collection}.xlsx"


# -- headings ---


def heading_texts(base: str, told: Sequence[tuple[str, Source]], chosen: Sequence[str]) -> Iterator[str]:
    """Headings put together, in every order, from a column's own words and what else its heading must say."""
    fragments: list[list[str]] = []
    for (_, source), word in zip(told, chosen, strict=True):
        unsaid = [""] if meaning(source, "") == meaning(source, word) else []
        fragments.append([*unsaid, *(spellings(source.header, word)[:6] if source.header else [])])
    for chosen_fragments in product(*fragments):
        words = [text for text in (base, *chosen_fragments) if text]
        for order in permutations(words):
            for joint in (" ", JOIN):
                text = joint.join(order).strip(" |")
                yield re.sub(r"\s*\|(?:\s*\|)*\s*", JOIN, text)


def group_title(indicators: Sequence[Indicator]) -> str:
    return indicators[0].title if len(indicators) == 1 else "Figures"
