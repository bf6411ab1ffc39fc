"""Presets, headings of several names, and sheets that are ignored: what a layout takes over and what it takes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from local_indicators.common.errors import DefinitionError
from local_indicators.inputs.layouts.partner_layouts import load_partners
from local_indicators.inputs.parsing.parse_return import parse
from local_indicators.inputs.parsing.return_identification import Origin, identify
from local_indicators.inputs.readers.cells import Cells, Sheet
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.findings import Finding

HEAD = """
id = "preset"
name = "A partner made by a test"
email = "preset@example.org"
[[collection]]
id = "preset-return"
title = "Figures"
files = ["*"]
[[collection.layout]]
"""
EES = """[[collection.layout.table]]
shape = "ees"
indicator = "eyfs-good-level"
value = [{ column = "gld" }]
"""
PLAIN = """[[collection.layout.table]]
header = { find = "Area" }
area = { column = "Area" }
period = { column = "Year" }
indicator = "eyfs-good-level"
value = [{ column = ["Per cent", "%"], scale = "percent" }]
"""
HEADINGS = ["time_period", "time_identifier", "geographic_level", "country_code", "region_code", "region_name",
            "new_la_code", "la_name", "gld"]  # fmt: skip
Rows = Sequence[Sequence[Any]]


@pytest.fixture
def read(definitions: Definitions, tmp_path: Path) -> Any:
    """Reads sheets by a layout: the areas of the figures that count, and all findings."""

    def reading(toml: str, sheets: Mapping[str, Rows], kind: str = "xlsx") -> tuple[list[str], list[Finding]]:
        (tmp_path / "preset.toml").write_text(HEAD + toml, encoding="utf-8")
        partner = load_partners(definitions, tmp_path)["preset"]
        cells = Cells(kind, tuple(Sheet(name, [list(row) for row in rows]) for name, rows in sheets.items()))
        layouts = identify(cells, Origin("preset", "preset/file.xlsx", date(2011, 6, 1)), partner.layouts)
        assert not isinstance(layouts, Finding)
        table, found = parse(cells, layouts[0], "file.xlsx")
        return [row["area_code"] for row in table.frame.iter_rows(named=True) if not row["faulty"]], found

    return reading


def published(*rows: tuple[str, str | None, str | None, str | None]) -> Rows:
    """A published table: the level, region code, region name and council code of each row."""
    return [HEADINGS, *(["200910", "Academic year", *[r[0], "E92000001", *r[1:3], r[3]], None, 50.0] for r in rows)]


COUNCIL = ("Local authority", "E12000004", "East Midlands", "E06000018")
REGION = ("Region", "E12000004", "East Midlands", None)
SCHOOL = ("School", "E12000004", "East Midlands", "E06000018")
PLANNING = ("Planning area", "E12000004", "East Midlands", "E06000015")


def test_areas_that_a_preset_drops_although_the_indicator_knows_their_type_are_named(read: Any) -> None:
    areas, found = read(
        EES, {"csv": published(COUNCIL, REGION, ("Region", "E12000005", "West Midlands", None), SCHOOL)}, "csv"
    )
    assert areas == ["E06000018"]
    (one,) = found
    assert (one.rule, one.cells, one.is_error) == ("layout.number-unread", ("I3:I4",), False)
    assert "East Midlands" in one.found
    assert "`only`" in one.found
    assert 'without = ["only"]' in one.fix


def test_what_the_table_itself_leaves_out_is_not_named(read: Any) -> None:
    own = EES + 'only = [{ column = "region_code", match = "^E12000005$" }]'
    council = ("Local authority", "E12000005", "West Midlands", "E08000025")
    assert read(own, {"csv": published(COUNCIL, REGION, council)}, "csv") == (["E08000025"], [])


def test_a_key_of_a_preset_can_be_taken_back(read: Any) -> None:
    areas, found = read(EES + 'without = ["only"]', {"csv": published(COUNCIL, REGION)}, "csv")
    assert (areas, found) == (["E06000018", "E12000004"], [])
    with pytest.raises(DefinitionError, match="stop"):
        read(EES + 'without = ["stop"]', {"csv": published(COUNCIL)}, "csv")


@pytest.mark.parametrize("heading", ["Per cent", "%"])
def test_a_value_is_found_under_the_first_of_several_headings_that_is_there(read: Any, heading: str) -> None:
    rows = [["Area", "Year", heading], ["Nottingham", "2009/10", 50.0]]
    assert read(PLAIN, {"Sheet1": rows}) == (["E06000018"], [])
    areas, found = read(PLAIN, {"Sheet1": [["Area", "Year", "Share"], *rows[1:]]})
    assert areas == []
    assert [one.rule for one in found] == ["layout.heading-missing"]


def test_a_sheet_that_is_ignored_is_not_read_by_a_wildcard(read: Any) -> None:
    rows = [["Area", "Year", "%"], ["Nottingham", "2009/10", 50.0]]
    draft = [["Area", "Year", "%"], ["Derby", "2009/10", 41.0]]
    sheets = {"Table 1": rows, "Table 1 draft": draft}
    table = PLAIN + 'sheet = ["Table *"]\n'
    assert read('ignore_sheets = ["* draft"]\n' + table, sheets) == (["E06000018"], [])
    named = table.replace('"Table *"', '"Table *", "table 1 draft"')
    assert read('ignore_sheets = ["* draft"]\n' + named, sheets)[0] == ["E06000018", "E06000015"]
    assert read('ignore_sheets = ["*"]\n' + table, sheets)[0] == ["E06000018", "E06000015"]  # all others


@pytest.mark.parametrize("label", ["area name", "geography", "Area"])
@pytest.mark.parametrize("said", ["Nottingham", "ladu2010:Nottingham", "local authority:Nottingham"])
def test_a_table_of_nomis_may_have_its_one_area_above_it(read: Any, label: str, said: str) -> None:
    toml = (
        EES.replace('"ees"', '"nomis"').replace('column = "gld"', "match = 'number$'").replace("eyfs-good-level", "%s")
    )
    head = [["annual population survey"], ["area type", "local authorities"], [label, said], ["date", 2010.0], []]
    rows = [*head, ["Childcare", "number", "%"], ["Places", 5200.0, 100.0], [], ["Figures are made up."]]
    assert read(toml % "childcare-places", {"Data": rows}) == (["E06000018"], [])
    areas, found = read(toml % "childcare-places", {"Data": [*head[:2], *rows[3:]]})
    assert areas == []
    assert [one.rule for one in found] == ["layout.label-missing"]
