"""The groups of a table, the rows and columns that are left out of it, and the marks in it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from local_indicators.common.cell_references import column_letters
from local_indicators.inputs.drafting.cell_kinds import OWN_MARKS, kind_of
from local_indicators.inputs.drafting.indicator_entries import clean_title
from local_indicators.inputs.drafting.row_words import RowWords, total_word
from local_indicators.inputs.drafting.table_reading import TableReading
from local_indicators.inputs.drafting.table_regions import TableRegion
from local_indicators.inputs.drafting.table_words import column_label, stop_patterns
from local_indicators.inputs.drafting.toml_text import Toml, list_of, listed, quoted, table_of, toml_string, toml_value
from local_indicators.inputs.drafting.value_headings import (
    escaped,
    group_map,
)
from local_indicators.inputs.layouts.layout_language import SHORTHAND
from local_indicators.inputs.layouts.text_comparison import normalised, normalised_without_footnotes
from local_indicators.inputs.parsing.cell_values.numbers import read_number
from local_indicators.inputs.parsing.tables.headings import columns_under

_FLAGGED = re.compile(r"^[£(]?-?[\d,]*\.?\d+%?\)?\s?([^\d\s.,%()£\[\]]{1,2})$")


def put_breakdowns(table: TableReading) -> None:
    """Put where each group of a known dimension is said."""
    for dimension, source in table.reading.groups.items():
        table.draft.put(f"breakdown.{dimension}", source, f"the headings name groups of {dimension}")  # type: ignore[arg-type]
    for one in table.groups:
        source_of: dict[str, Toml] = {"column": column_label(table.region, one.at)}
        if renamed := group_map(one.dimension, list(one.words), table.known):
            source_of["map"] = dict(renamed)
        if any(cell is None for cell in one.cells):
            source_of["default"] = "Total"
            table.draft.ask(
                f"breakdown.{one.dimension}",
                'a blank cell is taken for the total; if it is not, delete default = "Total".',
            )
        table.draft.put(f"breakdown.{one.dimension}", source_of, f"says {listed(one.words, 3)}")


def put_filters(table: TableReading, rows: RowWords) -> None:
    """Leave out the rows of all but one group where no dimension knows the groups of a column."""
    tests: list[Toml] = list_of(table.draft.keys.get("only"))
    for one in rows.filters:
        word, label = total_word(one), column_label(table.region, one.at)
        tests.append({"column": label, "match": f"^{escaped(word)}$" if word.isprintable() else "."})
        name = clean_title(one.heading.rpartition(" | ")[2]) or "Group"
        values = toml_value([quoted(w)[1:-1] for w in list(one.words)[:12] if w != word])
        table.draft.ask(
            "only",
            f"column {quoted(one.heading)} says {listed(one.words)}, which no dimension knows, so only the rows of"
            f" {quoted(word)} are read. To read the others too, add to breakdowns.toml [[dimension]] name ="
            f" {toml_string(quoted(name)[1:-1])} values = {values}, allow it in the breakdowns of the indicator,"
            f" write breakdown."
            f"{toml_string(quoted(name)[1:-1])} = {{ column = {toml_string(quoted(label)[1:-1])} }} here, and delete"
            f" this entry of only.",
        )
    if tests:
        table.draft.put("only", tests)
    if rows.repeated:
        table.draft.ask(
            "",
            "several rows are of the same area, period and group, and nothing was seen that tells them apart: leave"
            " out those that count twice with skip or only, or say what they are of with breakdown.",
        )


def put_rows(table: TableReading) -> None:
    """Put the keys that say which rows and columns belong to the table, and what marks in it mean."""
    draft, region = table.draft, table.region
    used = _used_columns(table)
    valued = [at for at, one in table.profiles.items() if one.role == "value" and at in used]
    _put_marks(table, valued)
    if any(kind_of(cell) == "blank" for at in valued for cell in table.profiles[at].cells):
        draft.put("blank", "skip", "a blank cell is no figure")
        draft.ask(
            "blank",
            'what does a blank value mean? "skip" is no figure; write "x" for not available, "z" for not applicable,'
            " or delete this line to have blanks refused.",
        )
    if any(all(kind_of(c) == "blank" for c in region.sheet.rows[row]) for row in range(region.first, region.last)):
        draft.put("blank_row", "skip", "blank rows stand within the table")
    if stops := stop_patterns(region):
        draft.put("stop", stops, "what stands below the table")
    unused = [one for at, one in table.profiles.items() if at not in used and one.role != "blank"]
    if not unused:
        return
    if len(unused) > 12:
        draft.put(
            "ignore",
            ["*", *(column_label(region, o.at) for o in unused if o.at not in region.headings)],
            f"{len(unused)} columns that are not read",
        )
        return
    draft.put("ignore", [_ignored_label(region, one.at, used) for one in unused], "columns that are not read")


def _ignored_label(region: TableRegion, at: int, used: set[int]) -> str:
    """What `ignore` calls a column, so that none that is used goes with it."""
    label = column_label(region, at)
    wanted = normalised_without_footnotes(label)
    parts = {normalised_without_footnotes(p) for c in used if c in region.headings for p in region.headings[c].parts}
    return f"[{column_letters(at)}]" if wanted in parts else label


def _used_columns(table: TableReading) -> set[int]:
    """The columns that the draft reads."""
    used = {*table.area.columns, *table.period.columns, *(one.at for one in table.groups)}
    headings = table.region.headings
    for entry in map(table_of, list_of(table.draft.keys["value"])):
        if "match" in entry:
            used |= {at for at, one in headings.items() if re.search(str(entry["match"]), one.text, re.I)}
        else:
            used |= set(columns_under(headings, str(entry["column"])))
    for source in map(table_of, (table.draft.keys.get("indicator"), *list_of(table.draft.keys.get("only")))):
        if isinstance(label := source.get("column"), str):
            used |= set(columns_under(headings, label))
    return used


def _put_marks(table: TableReading, valued: Sequence[int]) -> None:
    """Marks that stand in place of numbers, and behind them."""
    marks: dict[str, Toml] = {}
    flags: dict[str, Toml] = {}
    for at in valued:
        for word in table.profiles[at].words:
            plain = normalised(word)
            if (plain in OWN_MARKS or plain.startswith("#")) and plain not in SHORTHAND:
                marks.setdefault(word, "x")
            elif (match := _FLAGGED.match(word)) and (r := read_number(word, "as given", SHORTHAND)) and r.rule:
                flags.setdefault(match[1], "")
    if marks:
        table.draft.put("markers", dict(list(marks.items())[:12]))
        table.draft.ask_about_marks(marks)
    if flags:
        table.draft.put("flags", dict(list(flags.items())[:8]))
        table.draft.ask(
            "flags",
            f'what does {listed(flags, 4)} behind a number mean? "" is a footnote; write "p" for provisional, "r"'
            f" revised,"
            ' "e" estimated, "u" low reliability.',
        )
