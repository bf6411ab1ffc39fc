"""What is said of a wrong definition: where it is, what may stand there, an example; everything wrong in a file at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from local_indicators.common.errors import DefinitionError
from local_indicators.inputs.layouts.partner_layouts import load_partners
from local_indicators.schemas.definitions.loader import load_definitions

INDICATOR = """[attendance]
title = "Attendance"
definition = "Number who came."
unit = "children"
time_identifier = "Financial year"
"""
PARTNER = """id = "youth"
name = "Youth"
email = "youth@example.org"

[[collection]]
id = "clubs"
title = "Clubs"
files = ["clubs*.xlsx"]
expect = [{ period = "2025/26", due = 2026-06-30 }]

[[collection.layout]]
[[collection.layout.table]]
header = { find = "Area" }
area = { column = "Area" }
period = { column = "Year" }
indicator = "attendance"
value = [{ column = "Number" }]
"""
TARGETS = "indicator_id,framework,area_code,breakdown,time_period,time_identifier,operator,value\n"
WRONG: list[tuple[str, str, str, tuple[str, ...]]] = [
    ("indicators/a.toml", 'title = "Attendance"', "titel = 1", ("line 2", "titel", "did you mean 'title'?")),
    ("indicators/a.toml", 'title = "Attendance"\n', "", ("line 1", "title: is missing", 'title = "Children looked')),
    ("indicators/a.toml", '"children"', "7", ("line 4", "unit: must be text in quotes", "found 7")),
    ("indicators/a.toml", '"Financial year"', '"Finacial year"', ("did you mean 'Financial year'",)),
    ("indicators/a.toml", '"children"', '"children"\npolarity = "hihger"', ("line 5", "higher, lower, neutral", "did you mean 'higher'?")),
    ("indicators/a.toml", '"children"', '"children"\nrange = 5', ("range: must be a list in square brackets", "range = [0, 5000]")),
    ("indicators/a.toml", '"children"', '"children"\nrange = [1]', ("line 5", "range", "has too few entries")),
    ("indicators/a.toml", '"children"', '"children"\ndecimals = "two"', ("decimals: must be a whole number, such as decimals = 1", "found 'two'")),
    ("indicators/a.toml", '"children"', '"children"\nadditive = "perhaps"', ("additive: must be true or false",)),
    ("indicators/a.toml", '"children"', '"children"\nbreakdowns = ["Sex"]', ("breakdowns: must be a table", 'Sex = ["Girls", "Boys"]')),
    ("indicators/a.toml", '"children"', '"children"\nbreakdowns = { Sx = ["Girls"] }', ("did you mean 'Sex'?",)),
    ("indicators/a.toml", '"children"', '"children"\nbreakdowns = { Sex = ["Girl"] }', ("does not know Girl", "Boys, Girls")),
    ("indicators/a.toml", '"children"', '"children"\nversions = [{ version = "1", valid_from = "then" }]', ("line 5", "valid_from: must be a date such as 2011-04-01, without quotes")),
    ("indicators/a.toml", '"children"', '"children"\narea_types = ["Local authorty"]', ("did you mean 'Local authority'?",)),
    ("indicators/a.toml", '"children"', '"children"\nofficer = "director"', ("'director' is not defined", "leave officer out")),
    ("indicators/a.toml", '"children"', '"children"\nlifecycle = "retired"', ("lifecycle_reason: is needed",)),
    ("indicators/a.toml", '"children"', '"children"\ncompanion = "atendance"', ("did you mean 'attendance'?",)),
    ("indicators/a.toml", '"children"', '"children" "x"', ("not valid TOML", "line 4")),
    ("indicators/a.toml", '"children"', '"children"\nunit = "x"', ("not valid TOML", "line 5")),
    ("indicators/a.toml", "[attendance]", "attendance = 1\n[other]", ("must be a table, [attendance]",)),
    ("youth.toml", "files", "file", ("line 8", "did you mean 'files'?", "files: is missing")),
    ("youth.toml", "2026-06-30", '"soon"', ("line 9", "due: must be a date")),
    ("youth.toml", '{ find = "Area" }', '"Area"', ("line 13", "header: must be a table", 'header = { find = "Area" }')),
    ("youth.toml", 'area = { column = "Area" }', 'area = "Leicestr"', ("line 12", "did you mean 'Leicester'")),
    ("youth.toml", 'indicator = "attendance"', 'indicator = "atendance"', ("did you mean 'attendance'?",)),
    ("youth.toml", 'indicator = "attendance"\n', "", ("nothing says the indicator of column 'Number'",)),
    ("youth.toml", '{ column = "Number" }', '{ column = "Number", scale = "percnt" }', ("line 17", "did you mean 'percent'?")),
    ("youth.toml", '{ column = "Number" }', '{ match = "(" }', ("line 17", "match")),
    ("youth.toml", "youth@example.org", "youth", ("email: must be one e-mail address",)),
    ("youth.toml", 'id = "youth"', 'id = "Youth"', ("must be 'youth', the name of the file",)),
    ("youth.toml", "[[collection.layout]]\n[[collection.layout.table]]", "[collection.layout]\n[[collection.layout.table]]", ("line 11", "layout: must be a list")),
    ("officers.toml", "", "[head]\nrole = 'Head'\nemail = 'h@example.org'\nvalid_from = 'x'\n", ("line 4", "valid_from: must be a date")),
    ("targets.csv", "", TARGETS + "attendence,Plan,E06000016,Total,202526,Financial year,<=,5\n", ("line 2", "did you mean 'attendance'?")),
    ("targets.csv", "", TARGETS + "attendance,Plan,Leicester,Total,202526,Financial year,<=,5\n", ("the code of Leicester is E06000016",)),
    ("targets.csv", "", TARGETS + "attendance,Plan,E06000016,Total,2025,Financial year,<=,5\n", ("2025 is no Financial year",)),
    ("targets.csv", "", TARGETS + "attendance,Plan,E06000016,Total,202526,Financial year,=<,5\n", ("line 2", "operator", "<=, >=")),
    ("targets.csv", "", TARGETS.replace(",value", "") + "attendance,Plan,E06000016,Total,202526,Financial year,<=\n", ("line 2", "value: is missing")),
    ("targets.csv", "", TARGETS + "attendance,Plan,E06000016,Total,202526,Financial year,<=,5,Page 3, below\n", ("line 2", "in quotes")),
    ("areas.csv", "", "area_code,name,area_type,parent_code\nPATCH:1,North,Patch,E06009999\n", ("PATCH:1.parent_code",)),
    ("relations.toml", "", '[[relations]]\nkind = "sum"\n', ("did you mean 'relation'?", "[[relation]]")),
    ("frameworks.toml", "", "national_sets = { x = 1 }\n", ("national_sets: must be a list such as",)),
    ("partnership.toml", '"Leicester"', '"Leicestr"', ("did you mean Leicester",)),
]  # fmt: skip


def write(folder: Path) -> None:
    (folder / "indicators").mkdir()
    (folder / "indicators" / "a.toml").write_text(INDICATOR, encoding="utf-8")
    (folder / "partnership.toml").write_text('areas = ["Leicester"]\n', encoding="utf-8")
    (folder / "partners").mkdir()
    (folder / "partners" / "youth.toml").write_text(PARTNER, encoding="utf-8")


def load(folder: Path) -> None:
    (folder.parent / "partners").exists() or (folder / "partners").rename(folder.parent / "partners")
    load_partners(load_definitions(folder), folder.parent / "partners")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "definitions"
    made.mkdir()
    write(made)
    return made


def test_what_the_others_break_is_right_by_itself(folder: Path) -> None:
    load(folder)


@pytest.mark.parametrize(("file", "right", "wrong", "words"), WRONG, ids=[f"{w[0]} {w[2][:40]}" for w in WRONG])
def test_a_wrong_definition_is_told_in_the_words_of_who_wrote_it(
    file: str, right: str, wrong: str, words: tuple[str, ...], folder: Path
) -> None:
    path = folder / "partners" / file if file == "youth.toml" else folder / file
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    assert right in text
    path.write_text(text.replace(right, wrong, 1) if right else wrong, encoding="utf-8")
    with pytest.raises(DefinitionError) as refused:
        load(folder)
    said = str(refused.value)
    assert path.name in said
    for word in words:
        assert word in said, said
    for strange in ("Input should", "instance of", "dictionary", "tuple", "Record", "TableLayout", "[0]", "validation"):
        assert strange not in said, said


def test_everything_wrong_is_told_at_once_file_by_file(folder: Path) -> None:
    (folder / "indicators" / "a.toml").write_text('[a]\nunit = 1\n\n[b]\ntitel = "B"\n', encoding="utf-8")
    (folder / "plan.toml").write_text("[framework]\nid = 1\n", encoding="utf-8")
    (folder / "officers.toml").write_bytes("[x]\nrole = 'Führung'\n".encode("cp1252"))
    with pytest.raises(DefinitionError) as refused:
        load(folder)
    lines = str(refused.value).splitlines()
    assert all(line.startswith(str(folder)) for line in lines[:-1])
    for words in (
        ("a.toml", "a.unit"),
        ("a.toml", "b.titel"),
        ("plan.toml", "framework.id"),
        ("officers.toml", "UTF-8"),
    ):
        assert any(all(word in line for word in words) for line in lines), lines
