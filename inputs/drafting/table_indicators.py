"""The indicators of a table: one for each column of values, or one for each word of its rows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from local_indicators.inputs.drafting.column_profiles import ColumnProfile
from local_indicators.inputs.drafting.indicator_entries import IndicatorNeed, Proposal, clean_title
from local_indicators.inputs.drafting.indicator_needs import need_of
from local_indicators.inputs.drafting.period_patterns import by_subject, kinds_of_period
from local_indicators.inputs.drafting.period_source import has_single_years
from local_indicators.inputs.drafting.published_forms import published_shape
from local_indicators.inputs.drafting.row_words import RowWords, words_by_row
from local_indicators.inputs.drafting.table_reading import TableReading
from local_indicators.inputs.drafting.table_words import column_label
from local_indicators.inputs.drafting.toml_text import Toml, listed, quoted, toml_value
from local_indicators.inputs.drafting.value_entries import value_entries
from local_indicators.inputs.drafting.value_groups import ValueGroup, group_columns
from local_indicators.inputs.drafting.value_headings import (
    escaped,
)
from local_indicators.inputs.layouts.text_comparison import normalised
from local_indicators.inputs.readers.heading_text import heading_text
from local_indicators.schemas.reference.periods import read_period

MOST_MAPPED = 40
"""Words of a column that are mapped to indicators."""


def put_indicators_of_columns(table: TableReading, groups: Sequence[ValueGroup], kinds: tuple[str, ...]) -> None:
    """One indicator for each group of columns that holds values."""
    proposals: dict[int, Proposal] = {}
    for place, group in enumerate(groups):
        if group.measure == "value":
            taken = [one.id for one in proposals.values()]
            need = need_of(table, group, _title_of(table, group), kinds, group.rest)
            proposals[place] = table.book.propose(need, taken)
    single = len(proposals) == 1
    if single:
        (proposal,) = proposals.values()
        table.draft.put("indicator", proposal.id)
        _ask_indicator(table, "indicator", proposal)
    entries: list[Toml] = []
    for place, group in enumerate(groups):
        of = proposals.get(place if group.measure == "value" else group.of)
        extra: dict[str, Toml] = {} if single or of is None else {"indicator": of.id}
        entries += value_entries(table, group, extra)
        if not single and group.measure == "value" and of is not None:
            _ask_indicator(table, "value", of, group.rest)
        if group.question:
            table.draft.ask(
                "value",
                f"{quoted(group.rest)} is taken for how many the percentage beside it is of all. If it is"
                f" {group.question}, delete its measure and give it an indicator.",
            )
    table.draft.put("value", entries)
    _put_ending(table, [proposal.id for proposal in proposals.values()])


def _title_of(table: TableReading, group: ValueGroup) -> str:
    if not group.generic:
        short = len(group.rest.split()) == 1 and table.title and group.rest.casefold() not in table.title.casefold()
        return f"{table.title}, {group.rest}" if short and not published_shape(table.region) else group.rest
    title = table.title or clean_title(re.sub("^csv$", "", table.region.sheet.name)) or table.book.source
    several = len({normalised(h.rest) for h in table.reading.headings}) > 1
    return f"{title}, {group.rest}" if group.rest and several else title or group.rest or "indicator"


def _put_ending(table: TableReading, names: Sequence[str]) -> None:
    """Say what a single year means where the indicator is measured over years that go over into the next."""
    source = table.draft.keys["period"]
    defined = [table.book.definitions.indicators[name] for name in names if name in table.book.definitions.indicators]
    if not has_single_years(table.period) or not isinstance(source, Mapping):
        return
    word = str(table.period.texts[0])
    split = [one for one in defined if read_period(word, one.time_identifier) is None]
    ending = {**source, "ending": True}
    if split:
        table.draft.put("period", ending, table.draft.why.get("period", ""))
        table.draft.ask(
            "period",
            f"{quoted(word)} is read as the {split[0].time_identifier.lower()} that ends in it. If it means one that"
            f" begins"
            " then, the files must say so, as in 2010/11.",
        )
    else:
        table.draft.ask(
            "period",
            f"{quoted(word)} is read as a calendar year. If the school or financial year that ends in it is meant,"
            f" write"
            f' period = {toml_value(ending)} here, and time_identifier = "Academic year" or "Financial year" in the'
            " entry of the indicator.",
        )


def _ask_indicator(table: TableReading, key: str, proposal: Proposal, heading: str = "") -> None:
    """Ask whether the right indicator was chosen, where that is not sure."""
    about = f"{quoted(heading)}: " if heading else ""
    others = ", ".join(proposal.others)
    if proposal.new and others:
        table.draft.ask(
            key,
            f"{about}{proposal.id} is new and its entry is proposed. If one of these is meant, write it instead:"
            f" {others}.",
        )
    elif not proposal.new and not proposal.sure:
        title = table.book.definitions.indicators[proposal.id].title
        also = f" Others like it: {others}." if others else ""
        table.draft.ask(
            key,
            f"{about}is it {proposal.id} ({title})? If not, write another id, or a new one with an entry of its"
            f" own.{also}",
        )


def put_indicators_of_rows(
    table: TableReading,
    rows: RowWords,
    groups: Sequence[ValueGroup],
    kinds: tuple[str, ...],
    banners: Mapping[int, tuple[int, str]],
) -> None:
    """The indicator of each row by a word in it, or by the banner above it."""
    values = [place for place, group in enumerate(groups) if group.measure == "value"]
    main = next((place for place in values if groups[place].generic), values[0])
    by_word, source = _words_of_rows(table, rows, banners)
    mapped: dict[str, Toml] = {}
    for word, numbers in _likeliest(table, by_word):
        proposal = table.book.propose(_row_need(table, groups[main], word, numbers, kinds), map(str, mapped.values()))
        mapped[word] = proposal.id
        _ask_indicator(table, "indicator", proposal, word)
    if rows.banner and len(str(source["banner"])) > 1500:
        source["banner"] = f"^({'|'.join(map(escaped, mapped))})$"
    table.draft.put("indicator", {**source, "map": mapped}, "each row names what it is of")
    if len(by_word) > MOST_MAPPED:
        names = sorted({str(name) for name in mapped.values()})
        table.draft.put("only", [{"of": "indicator", "match": f"^(?:{'|'.join(names)})$"}])
        table.draft.ask(
            "indicator",
            f"{len(by_word) - MOST_MAPPED} more words name indicators, and are left out by only: add those that you"
            f" want to the map, and their ids to only.",
        )
    keep = [group for place, group in enumerate(groups) if place == main or group.of == main]
    others = [groups[place].rest for place in values if place != main]
    if others:
        table.draft.ask(
            "value",
            f"rows name their indicator, so of the columns of numbers one is read; {listed(others)} are left out. If"
            f" another holds the values, write its heading instead.",
        )
    entries: list[Toml] = [entry for group in keep for entry in value_entries(table, group, {}, scaled=False)]
    table.draft.put("value", entries)
    _put_ending(table, [str(name) for name in mapped.values()])


def _words_of_rows(
    table: TableReading, rows: RowWords, banners: Mapping[int, tuple[int, str]]
) -> tuple[Mapping[str, list[int]], dict[str, Toml]]:
    """The words that name the indicators of rows, each with its rows, and the source that reads them."""
    column = rows.indicator
    if column is not None:
        source: dict[str, Toml] = {"column": column_label(table.region, column.at)}
        if column.cells[0] is not None and sum(cell is None for cell in column.cells) > 0.3 * len(column.cells):
            source["down"] = True
        return words_by_row(column), source
    by_word: dict[str, list[int]] = {}
    for number, row in enumerate(table.region.figures):
        if row in banners:
            by_word.setdefault(banners[row][1], []).append(number)
    return by_word, {"banner": f"^({'|'.join(map(escaped, by_word))})$"}


def _likeliest(table: TableReading, by_word: Mapping[str, list[int]]) -> list[tuple[str, list[int]]]:
    """The words that are mapped to indicators: of many those that are likest to one that is defined."""
    every = list(by_word.items())
    if len(every) <= MOST_MAPPED:
        return every
    likeness = {word: table.book.likeness(word) for word, _ in every}
    chosen = sorted(every, key=lambda pair: -likeness[pair[0]])[:MOST_MAPPED]
    return [pair for pair in every if pair in chosen]


def _row_need(
    table: TableReading, group: ValueGroup, word: str, numbers: Sequence[int], kinds: tuple[str, ...]
) -> IndicatorNeed:
    """What is known of the indicator that some rows name."""
    cells = [table.profiles[h.at].cells[number] for h in group.headings for number in numbers[:300]]
    only = {
        h.at: _with_cells(table.profiles[h.at], [table.profiles[h.at].cells[n] for n in numbers[:300]])
        for h in group.headings
    }
    if len(table.period.columns) == 1:
        said = [table.profiles[table.period.columns[0]].cells[number] for number in numbers[:60]]
        own_kinds = kinds_of_period(list(dict.fromkeys(text for cell in said if (text := heading_text(cell)))))
        kinds = by_subject(own_kinds, f"{word} {table.subject}") or kinds
    renamed = [replace(heading, rest=word) for heading in group.headings]
    (own,) = group_columns(renamed, only, "") or (group,)
    return need_of(table, replace(own, measure="value") if cells else group, word, kinds, word)


def _with_cells(profile: ColumnProfile, cells: Sequence[object]) -> ColumnProfile:
    return replace(profile, cells=tuple(cells))  # type: ignore[arg-type]
