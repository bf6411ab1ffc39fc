"""Properties of drafts: whatever a workbook holds, its draft is TOML that loads with its own entries, and it is inert."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from local_indicators.common.config_files import build_record
from local_indicators.inputs.drafting.draft_layout import Draft, draft_layout, layout_of_collections
from local_indicators.inputs.drafting.draft_preview import preview
from local_indicators.inputs.drafting.toml_text import comment, toml_assignment, toml_string
from local_indicators.inputs.readers.cells import Cell, Cells, ErrorValue, FormattedNumber, Sheet, Uncalculated
from local_indicators.schemas.definitions.models import Definitions, Indicator

WORDS = st.sampled_from(
    ["Area", "Year", "Leicester", "Derby", "England", "E06000016", "2009/10", "2010", "Sep-10", "Girls", "Boys", "Total",
     "Number", "%", "Rate per 10,000", "Lower CI", "Upper CI", "Notes", "Source: returns", "Indicator", "x", "-", "<5",
     "12.3%", "1,234", "time_period", "geographic_level", "£000", "(a+)+$", "'\"''", "[A]", "*", "Quarter", "Q1"]
)  # fmt: skip
CELLS: st.SearchStrategy[Cell] = st.one_of(
    st.none(),
    WORDS,
    WORDS,
    st.text(max_size=12),
    st.integers(-5, 3000),
    st.floats(-1e6, 1e6),
    st.sampled_from([2009, 2010, 200910, 201009]),
    st.dates(date(1990, 1, 1), date(2030, 1, 1)),
    st.sampled_from([ErrorValue("#N/A"), Uncalculated(), FormattedNumber(0.541, "0.0%"), True]),
)
NAMES = st.one_of(st.sampled_from(["Data", "2009-10", "2010-11", "Sheet[1]", "*"]), st.text(min_size=1, max_size=20))


@st.composite
def tables(draw: st.DrawFn) -> list[list[Cell]]:
    """Rows of a table with headings, of the kinds that people make, with anything at all in some of the cells."""
    headings = draw(st.lists(st.one_of(WORDS, st.text(max_size=10)), min_size=2, max_size=6))
    rows: list[list[Cell]] = [list(headings)]
    for _ in range(draw(st.integers(1, 6))):
        key = draw(st.sampled_from(["Leicester", "Derby", "2009/10", "E06000016", "Total", "Rutland"]))
        values = draw(st.lists(st.one_of(st.integers(0, 500), st.floats(0, 100), CELLS), min_size=1, max_size=5))
        rows.append([key, *values])
    before = draw(st.lists(st.lists(CELLS, max_size=3), max_size=3))
    return [*before, *rows, *draw(st.lists(st.lists(CELLS, max_size=3), max_size=3))]


SHEETS = st.builds(
    lambda name, rows, more: Sheet(name, [*rows, *more]),
    NAMES,
    st.one_of(tables(), st.lists(st.lists(CELLS, max_size=6), max_size=8)),
    st.one_of(st.just([]), tables()),
)


def loaded(draft: Draft, definitions: Definitions) -> Any:
    """The layout of a draft as it loads from its own text, with the entries of its own text."""
    entries = tomllib.loads(draft.indicators)
    new = {name: build_record(Indicator, {**entry, "id": name}, "new.toml", name) for name, entry in entries.items()}
    whole = replace(definitions, indicators={**definitions.indicators, **new})
    return layout_of_collections(tomllib.loads(draft.toml), "partner", whole, Path("draft.toml"))


@given(sheets=st.lists(SHEETS, min_size=1, max_size=3, unique_by=lambda sheet: sheet.name), name=st.text(max_size=20))
@settings(max_examples=150)
def test_a_draft_always_loads_and_is_tried_without_an_exception(
    sheets: list[Sheet], name: str, definitions: Definitions
) -> None:
    cells = Cells("xlsx", tuple(sheets))
    draft = draft_layout(cells, f"{name}.xlsx", definitions)
    if draft is None:
        return
    assert all(sign.isprintable() or sign == "\n" for sign in draft.toml + draft.indicators)
    layout = loaded(draft, definitions)
    assert layout.files == draft.layout.files
    preview(cells, layout, f"{name}.xlsx")


@given(text=st.text())
def test_a_text_is_read_back_from_toml_as_it_was_or_without_half_characters(text: str) -> None:
    whole = text.encode("utf-8", "replace").decode()
    assert tomllib.loads(f"key = {toml_string(text)}")["key"] == whole
    assert tomllib.loads(toml_assignment("key", {text: [text]}))["key"] == {whole: [whole]}


@given(text=st.text())
def test_a_comment_holds_nothing_but_comments(text: str) -> None:
    said = comment(text)
    assert tomllib.loads(said) == {}
    assert all(line.startswith("#") for line in said.split("\n"))
