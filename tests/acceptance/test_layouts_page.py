"""The page on layouts: every example of it is built, loaded and read, so that it cannot rot."""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from local_indicators.inputs.layouts.partner_layouts import SHAPES, load_partners
from local_indicators.inputs.parsing.parse_return import parse
from local_indicators.inputs.parsing.return_identification import Origin, identify
from local_indicators.inputs.readers.cells import Cell, Cells, Sheet
from local_indicators.schemas.definitions.loader import load_definitions
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.findings import Finding
from local_indicators.schemas.reference.periods import read_period
from tests.support.places import DEFINITION_FILES, HOME

PAGE = HOME / "docs" / "layouts.md"
FENCE = re.compile(r"^```(\w+) ?(.*?)\n(.*?)^```", re.M | re.S)
HEAD = """
id = "page"
name = "The page"
email = "page@example.org"
[[collection]]
id = "page-return"
title = "An example of the page"
files = ["*"]
"""


@dataclass(frozen=True)
class Example:
    """The sheets before a layout, the layout, and the figures after it."""

    line: int
    cells: Cells
    toml: str
    figures: tuple[str, ...]


def examples() -> tuple[Example, ...]:
    text = PAGE.read_text(encoding="utf-8")
    found: list[Example] = []
    sheets: list[Sheet] = []
    kind, toml, line = "xlsx", "", 0
    for match in FENCE.finditer(text):
        name, title, body = match.groups()
        if name == "sheet":
            sheets.append(sheet(title, body))
        elif name == "csv":
            kind = "csv"
            sheets.append(Sheet("csv", [[v or None for v in row.split(",")] for row in body.splitlines()]))
        elif name == "toml":
            toml, line = body, text[: match.start()].count("\n") + 1
        elif name == "figures":
            found.append(Example(line, Cells(kind, tuple(sheets)), toml, tuple(body.splitlines())))
            sheets, kind, toml = [], "xlsx", ""
    assert not sheets, "a sheet without a layout"
    return tuple(found)


def sheet(title: str, body: str) -> Sheet:
    """A sheet from its sketch: `<` is merged into the cell on its left, `h` marks a hidden row."""
    rows: dict[int, list[Cell]] = {}
    hidden, merged = set(), []
    for line in body.splitlines()[1:]:
        number, *held = [part.strip() for part in line.split("|")]
        row = int(number.rstrip("h")) - 1
        if number.endswith("h"):
            hidden.add(row)
        for column, cell in enumerate(held):
            if cell == "<" and held[column - 1] != "<":
                last = next((c for c in range(column, len(held)) if held[c] != "<"), len(held)) - 1
                merged.append((row, column - 1, row, last))
        rows[row] = [typed(cell) for cell in held]
    height = max(rows) + 1
    whole = [rows.get(row, []) for row in range(height)]
    return Sheet(title.removesuffix(" (hidden)"), whole, tuple(merged), title.endswith("(hidden)"), frozenset(hidden))


def typed(text: str) -> Cell:
    if text in ("", "<"):
        return None
    try:
        return float(text)
    except ValueError:
        return text


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> Definitions:
    """The shipped definitions, and the indicator that the page defines."""
    folder = tmp_path_factory.mktemp("page") / "definitions"
    shutil.copytree(DEFINITION_FILES, folder)
    own = [body for name, _, body in FENCE.findall(PAGE.read_text(encoding="utf-8")) if name == "indicators"]
    (folder / "indicators" / "page.toml").write_text("\n".join(own), encoding="utf-8")
    return load_definitions(folder)


@pytest.mark.parametrize("example", examples(), ids=lambda e: f"line {e.line}")
def test_an_example_of_the_page_is_read_as_it_says(example: Example, definitions: Definitions, tmp_path: Path) -> None:
    within = "" if "[[collection.layout]]" in example.toml else "[[collection.layout]]\n"
    (tmp_path / "page.toml").write_text(HEAD + within + example.toml, encoding="utf-8")
    partner = load_partners(definitions, tmp_path)["page"]
    layouts = identify(example.cells, Origin("page", "page/file.xlsx", date(2011, 6, 1)), partner.layouts)
    assert not isinstance(layouts, Finding)
    table, findings = parse(example.cells, layouts[0], "file.xlsx")
    assert [f for f in findings if f.is_error] == []
    rows = list(table.frame.iter_rows(named=True))
    shown = [figure(line, definitions) for line in example.figures]
    for key, wanted in shown:
        (got,) = [row for row in rows if tuple(row[name] for name in KEY) == key]
        assert {name: got[name] for name in wanted} == pytest.approx(wanted)
    assert table.frame.select(pl.struct(KEY).n_unique()).item() == table.rows


KEY = ("indicator_id", "area_code", "time_period", "breakdown")


def figure(line: str, definitions: Definitions) -> tuple[tuple[str, ...], Mapping[str, Any]]:
    """A line of figures: its key, and what must be read for it."""
    indicator, place, period, breakdown, value, *more = [part.strip() for part in line.split("|")]
    known = definitions.indicators[indicator]
    when = read_period(period, known.time_identifier)
    assert when is not None
    area = definitions.geography.find(place, known.area_types, when.start)
    assert area is not None
    wanted: dict[str, Any] = {"value": float(value) if value else None}
    for said in more[0].split() if more else []:
        name, _, word = said.partition("=")
        wanted[name] = typed(word)
    return (indicator, area.area_code, when.time_period, breakdown), wanted


@pytest.mark.parametrize("shape", sorted(file.stem for file in SHAPES.glob("*.toml")))
def test_the_page_says_key_by_key_what_a_shape_brings(shape: str) -> None:
    table = PAGE.read_text(encoding="utf-8").split(f"\n`{shape}`:\n", 1)[1].lstrip("\n").split("\n\n", 1)[0]
    rows = [re.split(r" (?<!\\)\| ", line.strip("| ")) for line in table.splitlines()[2:]]
    said = "\n".join(f"{key.strip('`')} = {brings.strip('`')}" for key, brings, *_ in rows).replace(r"\|", "|")
    assert tomllib.loads(said) == tomllib.loads((SHAPES / f"{shape}.toml").read_text(encoding="utf-8"))


def test_the_page_has_an_example_for_each_of_the_thirteen() -> None:
    text = PAGE.read_text(encoding="utf-8")
    parts = re.split(r"^### (?=\d+\. )", text, flags=re.M)[1:]
    assert [int(part.split(".")[0]) for part in parts] == list(range(1, 14))
    for part in parts:
        assert "```figures" in part
