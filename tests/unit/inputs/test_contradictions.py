"""What is said twice is compared: codes and names of areas, kinds of area, and periods in titles and sheet names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from local_indicators.inputs.layouts.partner_layouts import load_partners
from local_indicators.inputs.parsing.parse_return import parse
from local_indicators.inputs.parsing.return_identification import Origin, identify
from local_indicators.inputs.readers.cells import Cells, Sheet
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.findings import Finding

HEAD = """
id = "twice"
name = "A partner made by a test"
email = "twice@example.org"
[[collection]]
id = "twice-return"
title = "Figures"
files = ["*"]
[[collection.layout]]
[[collection.layout.table]]
"""
CODED = """
header = { find = "Code" }
area = { column = ["Code", "Name", "Region", "Country"] }
period = { column = "Year" }
indicator = "absence-primary"
value = [{ column = "Absence" }]
"""
EES = 'shape = "ees"\nindicator = "eyfs-good-level"\nvalue = [{ column = "gld_percent" }]'
Rows = Sequence[Sequence[Any]]


@pytest.fixture
def read(definitions: Definitions, tmp_path: Path) -> Any:
    """Reads a sheet by a table: the areas of the figures that count, and all findings."""

    def reading(toml: str, rows: Rows, name: str = "Sheet1") -> tuple[list[str], list[Finding]]:
        (tmp_path / "twice.toml").write_text(HEAD + toml, encoding="utf-8")
        partner = load_partners(definitions, tmp_path)["twice"]
        cells = Cells("xlsx", (Sheet(name, [list(row) for row in rows]),))
        layouts = identify(cells, Origin("twice", "twice/file.xlsx", date(2011, 6, 1)), partner.layouts)
        assert not isinstance(layouts, Finding)
        table, found = parse(cells, layouts[0], "file.xlsx")
        return [row["area_code"] for row in table.frame.iter_rows(named=True) if not row["faulty"]], found

    return reading


def coded(*said: Any) -> Rows:
    return [["Code", "Name", "Region", "Country", "Year", "Absence"], [*said, "2009/10", 6.5]]


@pytest.mark.parametrize(
    ("said", "area"),
    [
        (("E06000018", "Nottingham", "East Midlands", "England"), "E06000018"),
        (("E06000018", "Nottingham City Council", "E12000004", "E92000001"), "E06000018"),
        (("E10000024", "Nottinghamshire", "East Midlands", "England"), "E10000024"),
        (("E08000020", "E08000037", None, None), "E08000037"),  # one place under two codes
        (("E09000007", "Camden", "Inner London", "London"), "E09000007"),
        (("892", "Nottingham", None, "England"), "E06000018"),
        (("x", "Nottingham", "East Midlands", None), "E06000018"),  # the first that fits
        (("LA0017", "Nottingham", "East Midlands", None), "E06000018"),
        (("TBC", "Nottingham", None, None), "E06000018"),
        (("Code to follow", "Nottingham", "East Midlands", None), "E06000018"),
        (("E06000018", "Our city", None, None), "E06000018"),  # nobody's name contradicts nothing
        ((None, None, "East Midlands", "England"), "E12000004"),
        (("E05001831", "Arboretum", "Nottingham", None), None),
    ],
)
def test_cells_of_one_row_that_agree_are_read(read: Any, said: tuple[Any, ...], area: str | None) -> None:
    areas, found = read(CODED, coded(*said))
    if area is None:  # a ward, for which this is not measured: nobody says that it is the council
        assert [one.rule for one in found] == ["area.wrong-type"]
    else:
        assert [one for one in found if one.is_error] == []
        day = {"E08000037": "E08000020"}  # the code that it had in 2009/10
        assert areas == [day.get(area, area)]


@pytest.mark.parametrize(
    ("said", "cells"),
    [
        (("E06000018", "Derby", None, None), ("A2", "B2")),
        (("E06000018", "Nottinghamshire", None, None), ("A2", "B2")),
        (("E06000018", "Nottingham", "East of England", None), ("A2", "C2")),
        (("E06000018", "Nottingham", "East Midlands", "Wales"), ("A2", "D2")),
        ((None, "Derby", "London", None), ("B2", "C2")),
        (("E12000004", "Nottingham", None, None), ("A2", "B2")),
        (("E06000018", "England", None, None), ("A2", "B2")),  # England is no name of a council
        ((892.0, "Leicester", None, None), ("A2", "B2")),
    ],
)
def test_cells_of_one_row_that_name_different_places_are_both_named(
    read: Any, said: tuple[Any, ...], cells: tuple[str, str]
) -> None:
    areas, found = read(CODED, coded(*said))
    assert areas == []
    (one,) = found
    assert (one.rule, one.cells, one.is_error) == ("area.contradicts", cells, True)


@pytest.mark.parametrize(
    ("indicator", "said"),
    [("police-funding-change", ("E23000019", "Nottinghamshire")), ("obesity-rank", ("5EM", "Nottingham City"))],
)
def test_a_force_or_trust_may_be_called_by_its_place(read: Any, indicator: str, said: tuple[str, str]) -> None:
    toml = CODED.replace("absence-primary", indicator).replace(', "Region", "Country"', "")
    year = "2011/12" if indicator.startswith("police") else "2009/10"
    areas, found = read(toml, [["Code", "Name", "Year", "Absence"], [*said, year, 6]])
    assert [one.rule for one in found if one.rule.startswith("area.")] == []
    assert len(areas) == 1


@pytest.mark.parametrize("said", [(None, "Notingham", "East Midlands", "England"), ("E0600018", None, None, "England")])
def test_no_region_is_read_in_place_of_a_council_that_is_mistyped(read: Any, said: tuple[Any, ...]) -> None:
    areas, found = read(CODED, coded(*said))
    assert areas == []
    assert [one.rule for one in found] == ["area.unknown"]


def test_a_pattern_that_fits_neither_column_is_no_blank_cell(read: Any) -> None:
    toml = CODED.replace('"Country"] }', """"Country"], pattern = '^LA: (.+)' }""")
    _, found = read(toml, coded("Nottingham", "The city", None, None))
    assert [(one.rule, one.cells, one.found) for one in found] == [("area.unknown", ("A2",), "Nottingham")]


@pytest.mark.parametrize(
    ("level", "code", "name", "agrees"),
    [
        ("Local authority", "E06000018", "Nottingham", True),
        ("National", None, None, True),
        ("National", "E06000018", "Nottingham", False),
        ("Regional", "E06000018", "Nottingham", False),
        ("Local authority", None, None, False),
    ],
)
def test_the_level_of_a_published_row_agrees_with_its_code(
    read: Any, level: str, code: str | None, name: str | None, agrees: bool
) -> None:
    headings = ["time_period", "time_identifier", "geographic_level", "country_code", "new_la_code", "la_name"]
    optional = ["region_code", "region_name", "gld_percent"]
    row = ["200910", "Academic year", level, "E92000001", code, name, None, None, 50.0]
    areas, found = read(EES, [[*headings, *optional], row])
    assert bool(areas) is agrees
    assert [one.rule for one in found] == ([] if agrees else ["area.contradicts"])
    if not agrees:
        assert found[0].cells == (("E2" if code else "D2"), "C2")


# periods

BY_YEAR = """
header = { find = "Area" }
area = { column = "Area" }
period = { column = "Year" }
indicator = "%s"
value = [{ column = "Value" }]
"""
SCHOOL, CALENDAR = BY_YEAR % "absence-primary", BY_YEAR % "childcare-places"


def titled(*titles: str, year: str = "2009/10") -> Rows:
    return [*([title] for title in titles), ["Area", "Year", "Value"], ["Nottingham", year, 8.0]]


@pytest.mark.parametrize(
    ("toml", "title", "year"),
    [
        (SCHOOL, "Primary absence 2008/09", "2009/10"),
        (SCHOOL, "Primary absence, 2010-11 (full year)", "2009/10"),
        (CALENDAR, "Childcare places 2009", "2010"),
    ],
)
def test_a_title_that_names_another_year_is_noted(read: Any, toml: str, title: str, year: str) -> None:
    areas, found = read(toml, titled("Return", title, year=year))
    assert areas == ["E06000018"]
    assert [(one.rule, one.cells, one.is_error) for one in found] == [("period.contradicts", ("A2", "B4"), False)]


@pytest.mark.parametrize(
    ("toml", "title", "year"),
    [
        (SCHOOL, "Primary absence 2009/10", "2009/10"),
        (SCHOOL, "Published May 2011, updated 2010/11", "2009/10"),
        (SCHOOL, "Primary absence 2007/08 to 2010/11", "2009/10"),
        (SCHOOL, "Primary absence, summer 2009", "2009/10"),
        (SCHOOL, "Boundaries as at 2008/09", "2009/10"),
        (SCHOOL, "Schools with 2008-2010 plans", "2009/10"),
        (CALENDAR, "Childcare places, 1 April 2011", "2010"),
        (CALENDAR, "Childcare places, 01/04/2011", "2010"),
        (CALENDAR, "Childcare places 2007 to 2009", "2010"),
        (CALENDAR, "Compared with 2009", "2010"),
    ],
)
def test_a_year_in_a_title_that_is_not_of_the_figures_is_no_contradiction(
    read: Any, toml: str, title: str, year: str
) -> None:
    assert read(toml, titled(title, year=year)) == (["E06000018"], [])


def test_titles_that_name_several_years_or_one_of_many_contradict_nothing(read: Any) -> None:
    assert read(SCHOOL, titled("Table 2008/09", "Table 2010/11"))[1] == []
    two = [*titled("Absence 2008/09"), ["Nottingham", "2008/09", 8.0]]
    assert read(SCHOOL, two)[1] == []


def test_the_name_of_a_sheet_is_compared_with_its_title(read: Any) -> None:
    by_sheet = SCHOOL.replace('period = { column = "Year" }', r"period = { sheet = '\d{4}-\d{2}' }")
    rows = [["Primary absence 2008/09"], ["Area", "Value"], ["Nottingham", 8.0]]
    assert [(one.rule, one.cells) for one in read(by_sheet, rows, "2009-10")[1]] == [("period.contradicts", ("A1",))]
    by_title = SCHOOL.replace('period = { column = "Year" }', r"""period = { cell = "A1", pattern = '\d{4}/\d{2}' }""")
    assert [(one.rule, one.cells) for one in read(by_title, rows, "2009-10")[1]] == [("period.contradicts", ("A1",))]
    assert read(by_title, rows, "2008-09")[1] == []
