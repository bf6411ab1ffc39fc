"""Nothing passes in silence: every number on a sheet that is read is loaded, named, or left out by a key of the layout."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local_indicators.common.cell_references import cell_position
from local_indicators.flows.commands.application import main
from local_indicators.inputs.layouts.partner_layouts import Layout, load_partners
from local_indicators.inputs.parsing.explain_cells import OUTSIDE, ExplainedCells, explain_cells
from local_indicators.inputs.parsing.parse_return import parse
from local_indicators.inputs.parsing.return_identification import Origin, identify
from local_indicators.inputs.parsing.tables.cell_account import KEYS, is_number
from local_indicators.inputs.readers.cells import Cell, Cells, FormattedNumber, Sheet
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.findings import Finding, cells_of_finding
from local_indicators.schemas.observations import MEASURES
from tests.support.places import HOME

PARTNER = r"""
id = "sheets"
name = "A partner made by a test"
email = "sheets@example.org"
[[collection]]
id = "sheets-figures"
title = "Figures"
files = ["*"]
[[collection.layout]]
[[collection.layout.table]]
sheet = "Figures"
header = { find = "Area", above = 1, below = 1, repeat = true }
area = { column = "Area" }
period = { header = '^(\d{4}/\d{2})' }
indicator = "absence-primary"
value = [{ match = '^\d{4}/\d{2}', scale = "percent" }]
only = [{ column = "Area", match = "^(?!Ward)" }]
skip = ["^of which"]
stop = ["^Source"]
blank = "skip"
blank_row = "skip"
ignore = ["Remark"]
ignore_cells = ["J1:J3"]
"""
ANY: st.SearchStrategy[Cell] = st.one_of(
    st.none(),
    st.floats(0, 99).map(lambda number: round(number, 1)),
    st.sampled_from(
        ["Area", "Nottingham", "Derby", "Ward 3", "of which boys", "Source: census", "2008/09", "2009/10", "Remark", "12.5", "1,234", "%",
         "<5", "x", 2010.0, 1.0, FormattedNumber(0.541, "0.0%"), FormattedNumber(3.0, ";;;")]
    ),
)  # fmt: skip
SHEETS = st.lists(st.lists(ANY, max_size=11), max_size=14).map(
    lambda rows: Sheet(
        "Figures", [["Title"], [None, "2008/09", "2009/10"], ["Area", "Remark", "%"], [None, "%", "%"], *rows]
    )
)


@pytest.fixture(scope="module")
def layout(definitions: Definitions, tmp_path_factory: pytest.TempPathFactory) -> Layout:
    folder = tmp_path_factory.mktemp("sheets")
    (folder / "sheets.toml").write_text(PARTNER, encoding="utf-8")
    return load_partners(definitions, folder)["sheets"].layouts[0]


def test_every_number_is_loaded_named_or_left_out_by_a_key(layout: Layout) -> None:
    @settings(max_examples=400, deadline=None)
    @given(SHEETS)
    def holds(sheet: Sheet) -> None:
        table, found = parse(Cells("xlsx", (sheet,)), layout, "figures.xlsx")
        read = {
            row[f"at_{name}"] for row in table.frame.iter_rows(named=True) for name in (*MEASURES, "area", "period")
        }
        named = {place for one in found for _, place in cells_of_finding(one)}
        told = explain_cells(Cells("xlsx", (sheet,)), layout, "figures.xlsx")
        became = {place: one.became for one in told for place in positions(one)}
        for row, line in enumerate(sheet.rows):
            for column, cell in enumerate(line):
                if is_number(cell) and cell_position(row, column) not in read | named:
                    assert became[cell_position(row, column)] in KEYS.values(), (row, column, cell)
                if cell is not None and str(cell).strip():
                    assert cell_position(row, column) in became

    holds()


def positions(explained_cells: ExplainedCells) -> list[int]:
    found = Finding(
        rule="layout.number-unread",
        severity="warning",
        sheet=explained_cells.sheet,
        cell=None,
        cells=explained_cells.cells,
        field="",
        found="",
        expected="",
        fix="",
    )
    return [place for _, place in cells_of_finding(found)]


SAID: list[tuple[str, list[list[Cell]], list[str]]] = [
    ("past the last heading", [["Area", "2008/09", "2009/10"], ["x"], ["Derby", 6.1, 6.2, 6.3]], ["D5"]),
    ("a year whose heading was forgotten", [["Area", "2008/09", None], [None], ["Derby", 6.1, 6.2], ["Leicester", 7, 8]], ["C5:C6"]),
    ("below the row that stops", [["Area", "2008/09"], [None], ["Derby", 6.1], ["Source"], [None, 7.4]], ["B7"]),
    ("in the rows of the headings", [["Area", "2008/09"], ["Derby", 6.1], ["Leicester", 6.4]], ["B4"]),
    ("hidden or with a decimal comma", [["Area", "2008/09", None], [None], ["Derby", 6.1, "<5%"], ["Leicester", 7, "54,1"], ["Source"], ["Key", "<5"]], ["C5:C6"]),
    ("above the headings", [["Area", "2008/09"], [None], ["Derby", 6.1]], []),
]  # fmt: skip


@pytest.mark.parametrize(("where", "rows", "cells"), SAID, ids=[where for where, _, _ in SAID])
def test_a_number_that_would_vanish_is_named(
    where: str, rows: list[list[Cell]], cells: list[str], layout: Layout
) -> None:
    begun: list[list[Cell]] = [["Title", 17.0 if where == "above the headings" else None], [None]]
    _, found = parse(Cells("xlsx", (Sheet("Figures", [*begun, *rows]),)), layout, "figures.xlsx")
    (one,) = [one for one in found if one.rule == "layout.number-unread"]
    assert list(one.cells) == (cells or ["B1"])
    assert one.severity == "warning"


def test_explain_says_of_every_cell_what_became_of_it(layout: Layout) -> None:
    rows: list[list[Cell]] = [
        ["Absence"], [None, "2008/09", None], ["Area", "%", "Remark"], [None, "%", None],
        ["Derby", FormattedNumber(0.061, "0.0%"), "good"], ["Ward 3", 5.5], ["of which boys", 5.7], ["Source", 1.0], ["Note", 3.25],
    ]  # fmt: skip
    told = {
        cell.became: cell.cells
        for cell in explain_cells(Cells("xlsx", (Sheet("Figures", rows), Sheet("Other", [[1.0]]))), layout, "f")
    }
    assert told["value of absence-primary"] == ("B5",)
    assert told["area"] == ("A5",)
    assert told[KEYS["only"]] == ("A6", "B6")
    assert told[KEYS["skip"]] == ("A7", "B7")
    assert told[KEYS["stop"]] == ("A8", "B8")
    assert told[KEYS["ignore"]] == ("C5",)
    assert told[f"{OUTSIDE}; finding layout.number-unread"] == ("B9",)


def test_check_explain_prints_it(tmp_path: Path, capsys: pytest.CaptureFixture[str], example_return: Path) -> None:
    assert main(["check", "--json", "--explain", "--today", "2011-05-26", str(example_return)]) == 0
    (one,) = json.loads(capsys.readouterr().out)
    assert {part["became"] for part in one["explained"]} >= {"area", "heading", "value of eyfs-good-level"}
    assert main(["check", "--explain", "--today", "2011-05-26", str(example_return)]) == 0
    assert "value of eyfs-good-level" in capsys.readouterr().out


@pytest.fixture
def example_return() -> Path:
    return HOME / "inputs" / "incoming" / "schools-learning" / "EYFSP_results_2010.xlsx"


def test_the_layout_of_these_tests_answers(layout: Layout) -> None:
    sheet = Sheet("Figures", [[], [None, "2008/09"], ["Area", "%"], [], ["Derby", 6.1]])
    assert identify(Cells("xlsx", (sheet,)), Origin("sheets", "f.xlsx", date(2011, 5, 1)), [layout]) == (layout,)
