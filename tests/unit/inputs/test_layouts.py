"""A wrong layout is refused when it is loaded, and a sheet that a layout does not fit is a finding that says what is there."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from local_indicators.common.errors import DefinitionError
from local_indicators.inputs.layouts.partner_layouts import Layout, load_partners
from local_indicators.inputs.parsing.parse_return import parse
from local_indicators.inputs.parsing.return_identification import Origin, identify
from local_indicators.inputs.readers.cells import Cell, Cells, Sheet
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.findings import Finding

TOML = """
id = "tester"
name = "A partner made by a test"
email = "tester@example.org"

[[collection]]
id = "figures"
title = "Figures"
files = ["figures*"]

[[collection.layout]]
[[collection.layout.table]]
sheet = "Figures"
header = { find = "Area" }
area = { column = "Area" }
period = { column = "Year" }
indicator = { column = "Measure", map = { "Good" = "eyfs-good-level", "Level 2" = "level-2-at-19" } }
value = [{ column = "Per cent", scale = "percent" }]
"""
TWO = """
[[collection.layout]]
valid_to = 2010-12-31
[[collection.layout.table]]
header = { find = "Area" }
area = "Nottingham"
period = "2009/10"
indicator = "eyfs-good-level"
value = [{ column = "Per cent" }]

[[collection.layout]]
valid_from = 2010-12-31
"""
WRONG: list[tuple[str, str, str, str]] = [
    ("header =", "heading =", "heading", "known are"),
    ('find = "Area"', 'fnd = "Area"', "fnd", "find"),
    ('find = "Area"', 'find = "Area", row = 3', "header", "exactly one way"),
    ('find = "Area"', "row = 3, repeat = true", "header", "fixed row"),
    ('find = "Area"', 'match = "(Area"', "header.match", "regular expression"),
    ("eyfs-good-level", "eyfs-godo-level", "indicator", "eyfs-good-level"),
    ('{ column = "Area" }', '"Nottinghem"', "area", "not an area"),
    ('{ column = "Area" }', '{ column = "Area", map = { "Us" = "Nottinghem" } }', "area", "not an area"),
    ('{ column = "Area" }', '{ column = "Area", sheet = "x" }', "area", "exactly one place"),
    ('{ column = "Area" }', "{ down = true }", "area", "exactly one place"),
    ('{ column = "Area" }', '{ sheet = "x", down = true }', "area", "down belongs to column"),
    ('{ column = "Area" }', '{ cell = "B0" }', "area", "address"),
    ('{ column = "Area" }', '{ column = "Area", on = "Front" }', "area", "on belongs to"),
    ('{ column = "Year" }', '"2007-09"', "period", "such as 2009/10"),
    ('{ column = "Year" }', '{ column = "Year", default = "2010" }', "period", "no period of"),
    ('period = { column = "Year" }', "", "line 12", "nothing says the period"),
    ('scale = "percent"', 'scale = "per cent"', "scale", "per cent"),
    ('scale = "percent"', 'match = "x"', "value", "either column or match"),
    ('scale = "percent"', 'measure = "percent"', "measure", "percent"),
    ('scale = "percent"', "margin = true", "value", "margin belongs"),
    ('scale = "percent"', 'measure = "value_text", scale = "percent"', "value", "numbers"),
    ('scale = "percent"', 'breakdown.Sex = "Grils"', "breakdown.Sex", "Boys, Girls, Total"),
    ('scale = "percent"', 'breakdown.Gender = "Girls"', "breakdown", "Sex"),
    ('[{ column = "Per cent", scale = "percent" }]', "[]", "table", "at least one value"),
    ('sheet = "Figures"', 'sheet = "Figures"\nmarkers = { "-" = "nothing" }', "table", "must mean one of"),
    ('sheet = "Figures"', 'sheet = "Figures"\nskip = [{ of = "Sex", match = "x" }]', "table", "of must be one of"),
    ('sheet = "Figures"', 'sheet = "Figures"\ncolumns = "A-F"', "table", "A:F"),
    ('sheet = "Figures"', 'sheet = "Figures"\nhidden_rows = "no"', "hidden_rows", "read"),
    ('sheet = "Figures"', 'shape = "eed"', "shape", "ees, fingertips, nomis"),
    ("[[collection.layout]]", TWO, "layout", "same days"),
    (
        "[[collection.layout]]",
        "[[collection.layout]]\nvalid_from = 2011-01-01\nvalid_to = 2010-01-01",
        "layout 1",
        "after it begins",
    ),
    ("[[collection.layout]]", '[[collection.layout]]\nvalid_from = "soon"', "valid_from", "soon"),
    ('email = "tester@example.org"', 'email = "tester"', "email", "one e-mail address"),
]


def layout_of(toml: str, definitions: Definitions, folder: Path) -> tuple[Layout, ...]:
    (folder / "tester.toml").write_text(toml, encoding="utf-8")
    return load_partners(definitions, folder)["tester"].layouts


@pytest.mark.parametrize(("right", "wrong", "key", "allowed"), WRONG, ids=[f"{w[2]}: {w[3]}" for w in WRONG])
def test_a_wrong_layout_is_refused_with_file_key_and_what_is_allowed(
    right: str, wrong: str, key: str, allowed: str, definitions: Definitions, tmp_path: Path
) -> None:
    assert right in TOML
    with pytest.raises(DefinitionError) as refused:
        layout_of(TOML.replace(right, wrong, 1), definitions, tmp_path)
    said = str(refused.value)
    assert "tester.toml" in said
    assert key in said
    assert allowed in said


# -- what is found on a sheet that does not fit

HEADINGS = ["Area", "Year", "Measure", "Per cent"]
ROWS: list[list[Cell]] = [
    ["Nottingham", "2009/10", "Good", 50.0],
    ["England", "2009/10", "Good", 56.0],
    ["Nottingham", "2009/10", "Level 2", 72.0],
]


def book(
    headings: list[Any] | None = None, rows: list[list[Cell]] | None = None, *more: Sheet, name: str = "Figures"
) -> Cells:
    held: list[list[Cell]] = [["A title"], list(headings or HEADINGS), *(rows or ROWS)]
    return Cells("xlsx", (Sheet(name, held), *more))


def found(cells: Cells, definitions: Definitions, folder: Path, toml: str = TOML) -> list[Finding]:
    return parse(cells, layout_of(toml, definitions, folder)[0])[1]


def test_a_heading_that_was_renamed_is_named_with_what_is_there(definitions: Definitions, tmp_path: Path) -> None:
    (one,) = found(book(["Area", "Year", "Measure", "Percent age"]), definitions, tmp_path)
    assert (one.rule, one.sheet, one.cell) == ("layout.heading-missing", "Figures", "D2")
    assert "'Per cent'" in one.expected
    assert one.found == "row 2 has: Area, Year, Measure, Percent age"
    assert "'Percent age' in D2 may be the one" in one.fix


def test_a_heading_that_moved_is_followed(definitions: Definitions, tmp_path: Path) -> None:
    moved = [[row[3], row[0], row[1], row[2]] for row in ROWS]
    table, findings = parse(book(["Per cent", *HEADINGS[:3]], moved), layout_of(TOML, definitions, tmp_path)[0])
    assert findings == []
    assert table.frame.get_column("value").to_list() == [50.0, 56.0, 72.0]


def test_no_heading_at_all_says_what_the_sheet_has(definitions: Definitions, tmp_path: Path) -> None:
    (one,) = found(book(["Place", "When", "What", "How much"]), definitions, tmp_path)
    assert one.rule == "layout.heading-missing"
    assert "Place, When, What, How much" in one.found or "Nottingham" in one.found


def test_two_columns_of_one_heading_are_not_chosen_between(definitions: Definitions, tmp_path: Path) -> None:
    rows = [[*row, 1.0] for row in ROWS]
    (one,) = found(book([*HEADINGS, "Per cent"], rows), definitions, tmp_path)
    assert (one.rule, one.cells) == ("layout.heading-twice", ("D2", "E2"))


def test_a_column_and_a_sheet_that_nobody_expected_are_reported(definitions: Definitions, tmp_path: Path) -> None:
    extra = book([*HEADINGS, "Notes"], [[*row, "x"] for row in ROWS], Sheet("Old", [["Area"], ["Derby"]], hidden=True))
    rules = {(one.rule, one.severity): one.found for one in found(extra, definitions, tmp_path)}
    assert rules == {
        ("layout.column-unmapped", "warning"): "Notes",
        ("layout.sheet-unexpected", "warning"): "sheet Old (hidden)",
    }


def test_a_label_that_is_gone_is_a_finding(definitions: Definitions, tmp_path: Path) -> None:
    toml = TOML.replace('{ column = "Year" }', '{ beside = "Reporting period" }')
    rules = [one.rule for one in found(book(), definitions, tmp_path, toml) if one.is_error]
    assert rules[0] == "layout.label-missing"
    assert "layout.heading-missing" not in rules


def test_rows_below_a_blank_row_are_not_dropped(definitions: Definitions, tmp_path: Path) -> None:
    (one,) = found(book(None, [ROWS[0], [], *ROWS[1:]]), definitions, tmp_path)
    assert (one.rule, one.cells) == ("layout.rows-below", ("A4", "D5", "D6"))


def test_a_group_that_says_nothing_is_no_total(definitions: Definitions, tmp_path: Path) -> None:
    toml = TOML.replace("value =", 'breakdown.FSM = { column = "Group" }\nvalue =').replace(
        '"Good" = "eyfs-good-level", ', ""
    )
    rows = [["Nottingham", "2009/10", "Level 2", 72.0, "Eligible"], ["England", "2009/10", "Level 2", 80.0, None]]
    (one,) = found(book([*HEADINGS, "Group"], rows), definitions, tmp_path, toml)  # type: ignore[arg-type]
    assert (one.rule, one.cell) == ("cell.blank", "E4")


def test_one_column_may_serve_several_indicators_and_a_status_one_value(
    definitions: Definitions, tmp_path: Path
) -> None:
    toml = (
        TOML[: TOML.index("indicator =")]
        + """
value = [
  { column = "Good", indicator = "eyfs-good-level" },
  { column = "Status", measure = "status", indicator = "eyfs-good-level" },
  { column = "KS2", indicator = "ks2-level-4-english-maths" },
  { column = "Pupils", measure = "denominator" },
  { column = "Lower", measure = "value_low", indicator = "ks2-level-4-english-maths", optional = true },
]
"""
    )
    cells = book(
        ["Area", "Year", "Good", "Status", "KS2", "Pupils"],
        [["Nottingham", "2009/10", 50.0, "provisional", 67.0, 3000.0]],
    )
    table, findings = parse(cells, layout_of(toml, definitions, tmp_path)[0])
    assert findings == []
    assert table.frame.select("indicator_id", "value", "denominator", "obs_status").rows() == [
        ("eyfs-good-level", 50.0, 3000.0, "p"),
        ("ks2-level-4-english-maths", 67.0, 3000.0, None),
    ]


def test_a_file_that_fits_nothing_hears_which_layout_came_nearest_and_where_it_broke(
    definitions: Definitions, tmp_path: Path
) -> None:
    layouts = layout_of(TOML, definitions, tmp_path)
    origin = Origin("tester", "tester/other.xlsx", date(2011, 6, 1))
    one = identify(book(["Area", "Year", "Measure", "Rate"]), origin, layouts)
    assert isinstance(one, Finding)
    assert one.rule == "return.unknown"
    assert one.expected == (
        "nearest is Figures: no column headed 'Per cent' on sheet Figures; row 2 has: Area, Year, Measure, Rate"
    )
    other = identify(book(name="Sheet1"), origin, layouts)
    assert isinstance(other, Finding)
    assert other.expected == "nearest is Figures: no sheet called Figures; there are Sheet1"
