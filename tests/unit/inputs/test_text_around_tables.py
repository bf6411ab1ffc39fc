"""Context that ends: labels and banners speak for their own block, and never for one that they do not stand over."""

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
id = "context"
name = "A partner made by a test"
email = "context@example.org"
[[collection]]
id = "context-return"
title = "Figures"
files = ["*"]
[[collection.layout]]
"""
REFERRALS = """
[[collection.layout.table]]
indicator = "substance-misuse-referrals"
value = [{ column = "Referrals" }]
"""
NOTTINGHAM, DERBY, LEICESTER = "E06000018", "E06000015", "E06000016"
Rows = Sequence[Sequence[Any]]


@pytest.fixture
def read(definitions: Definitions, tmp_path: Path) -> Any:
    """Reads sheets by tables of a layout: the figures as area, period and value, those that count; and the errors."""

    def reading(toml: str, *sheets: Rows) -> tuple[list[tuple[Any, ...]], list[Finding]]:
        (tmp_path / "context.toml").write_text(HEAD + toml, encoding="utf-8")
        partner = load_partners(definitions, tmp_path)["context"]
        held = tuple(Sheet(f"Sheet{n}", [list(row) for row in rows]) for n, rows in enumerate(sheets, start=1))
        cells = Cells("xlsx", held)
        layouts = identify(cells, Origin("context", "context/file.xlsx", date(2011, 6, 1)), partner.layouts)
        assert not isinstance(layouts, Finding)
        table, found = parse(cells, layouts[0], "file.xlsx")
        good = [row for row in table.frame.iter_rows(named=True) if not row["faulty"]]
        figures = [(row["area_code"], row["time_period"], row["value"]) for row in good]
        return figures, [one for one in found if one.is_error]

    return reading


# labels

LABELLED = REFERRALS + 'header = { find = "Year", repeat = true }\nperiod = { column = "Year" }\n'


@pytest.mark.parametrize("place", ["beside", "under"])
def test_each_block_has_the_label_above_its_own_headings(read: Any, place: str) -> None:
    def block(area: str, value: float) -> Rows:
        label = [["Area:", area]] if place == "beside" else [["Area:"], [area]]
        return [*label, [], ["Year", "Referrals"], ["2009/10", value], []]

    sheet = [["Return"], *block("Nottingham", 340.0), *block("Derby", 120.0), *block("Leicester", 95.0)]
    figures, errors = read(LABELLED + f'area = {{ {place} = "Area" }}', sheet)
    assert errors == []
    assert figures == [(NOTTINGHAM, "200910", 340.0), (DERBY, "200910", 120.0), (LEICESTER, "200910", 95.0)]


def test_a_block_without_a_label_of_its_own_takes_none_of_another_block(read: Any) -> None:
    rows = [["Year", "Referrals"], ["2009/10", 340.0], []]
    sheet = [["Area", "Nottingham"], *rows, *rows, ["Area", "Derby"], *rows]
    figures, errors = read(LABELLED + 'area = { beside = "Area" }', sheet)
    assert [area for area, *_ in figures] == [NOTTINGHAM, DERBY]
    assert [error.rule for error in errors] == ["layout.label-missing"]
    assert "row 5" in errors[0].found


@pytest.mark.parametrize("where", ["above", "below"])
def test_a_label_that_stands_once_speaks_for_every_block(read: Any, where: str) -> None:
    rows = [["Year", "Referrals"], ["2009/10", 340.0], [], ["Year", "Referrals"], ["2008/09", 120.0], []]
    label = [["Area", "Derby"]]
    figures, errors = read(
        LABELLED + 'area = { beside = "Area" }', label + rows if where == "above" else [*rows, *label]
    )
    assert errors == []
    assert [area for area, *_ in figures] == [DERBY, DERBY]


def test_blocks_side_by_side_have_the_label_over_their_own_columns(read: Any) -> None:
    def row(*half: Any) -> list[Any]:
        return [*half, *([None] * (3 - len(half)))]

    sheet = [
        [*row("Area", "Nottingham"), *row("Area", "Derby")],
        [*row("Year", "Referrals"), *row("Year", "Referrals")],
        [*row("2009/10", 340.0), *row("2009/10", 120.0)],
    ]
    across = LABELLED.replace("repeat", "across") + 'area = { beside = "Area" }'
    assert read(across, sheet) == ([(NOTTINGHAM, "200910", 340.0), (DERBY, "200910", 120.0)], [])
    sheet[0][3:5] = [None, None]  # one label on the left speaks for both
    assert [area for area, *_ in read(across, sheet)[0]] == [NOTTINGHAM, NOTTINGHAM]
    sheet[0] = [*row(), *row("Area", "Derby")]  # one on the right does not
    figures, errors = read(across, sheet)
    assert [area for area, *_ in figures] == [DERBY]
    assert [error.rule for error in errors] == ["layout.label-missing"]


def test_the_second_of_two_tables_has_the_label_above_it(read: Any) -> None:
    table = REFERRALS + 'period = { column = "Year" }\narea = { beside = "Area" }\nheader = { find = "Year"%s }\n'
    rows = [["Year", "Referrals"], ["2009/10", 340.0], []]
    sheet = [["Area", "Nottingham"], *rows, ["Second"], ["Area", "Derby"], *rows]
    figures, errors = read(table % "" + 'stop = ["^Second"]' + table % ', after = "^Second"', sheet)
    assert errors == []
    assert [area for area, *_ in figures] == [NOTTINGHAM, DERBY]


# banners

BANNERS = REFERRALS + 'header = { find = "Year" }\nperiod = { column = "Year" }\nblank = "skip"\n'
BY_YEAR = (
    REFERRALS
    + r"""
header = { find = "Group" }
period = { banner = '^(\d{4}/\d{2})$' }
area = { banner = '^([A-Z][a-z]+)$' }
ignore = ["Group"]
blank = "skip"
"""
)


@pytest.mark.parametrize(
    ("pattern", "unknown"), [("^(Nottingham|Derby)$", "Lincoln"), ("^([A-Z][a-z ]+)$", "Stockton-on-Tees")]
)
@pytest.mark.parametrize("indent", [0, 1])
def test_a_banner_that_nobody_knows_ends_the_one_before_it(read: Any, pattern: str, unknown: str, indent: int) -> None:
    rows: Rows = [["Year", "Referrals"], ["Derby"], ["2008/09", 310.0], [unknown], ["2009/10", 340.0], ["2007/08", 1.0]]
    sheet = [[None] * indent + list(row) for row in rows]
    figures, errors = read(BANNERS + f"area = {{ banner = '{pattern}' }}", sheet)
    assert figures == [(DERBY, "200809", 310.0)]
    assert [(error.rule, error.cells, error.found) for error in errors] == [
        ("layout.banner-unknown", ("B4" if indent else "A4",), unknown)
    ]
    assert "Derby" in errors[0].expected


def test_an_outer_banner_that_is_mistyped_ends_the_year_of_the_block_above(read: Any) -> None:
    sheet = [
        ["Group", "Referrals"], ["2009/10"], ["Nottingham"], ["All", 340.0], ["Derby"], ["All", 120.0],
        ["2010/1l"], ["Nottingham"], ["All", 350.0], ["Derby"], ["All", 125.0],
    ]  # fmt: skip
    figures, errors = read(BY_YEAR, sheet)
    assert figures == [(NOTTINGHAM, "200910", 340.0), (DERBY, "200910", 120.0)]
    assert [(error.rule, error.cell) for error in errors] == [("layout.banner-unknown", "A7")]


def test_rows_that_head_nothing_end_nothing(read: Any) -> None:
    sheet = [
        ["Year", "Referrals"], ["Derby"], ["2008/09", 310.0], ["2009/10", None], ["Source: our own records"],
        ["2007/08", 290.0], ["Subtotals"], ["Nottingham"], ["2009/10", 340.0], ["Lincoln"],
    ]  # fmt: skip
    figures, errors = read(BANNERS + "area = { banner = '^(Nottingham|Derby)$' }\nskip = ['^Subtotals']", sheet)
    assert errors == []
    assert figures == [(DERBY, "200809", 310.0), (DERBY, "200708", 290.0), (NOTTINGHAM, "200910", 340.0)]


def test_a_banner_is_unknown_although_only_asks_for_what_rows_of_figures_say(read: Any) -> None:
    only = BANNERS + "area = { banner = '^(Nottingham|Derby)$' }\nonly = [{ column = 'Kind', match = '^All$' }]"
    sheet = [["Year", "Kind", "Referrals"], ["Derby"], ["2008/09", "All", 310.0], ["Lincoln"], ["2009/10", "All", 1.0]]
    figures, errors = read(only, sheet)
    assert [area for area, *_ in figures] == [DERBY]
    assert [error.rule for error in errors] == ["layout.banner-unknown"]


def test_a_banner_over_repeated_headings_counts_for_its_own_block(read: Any) -> None:
    toml = BANNERS.replace('"Year" }', '"Year", repeat = true }', 1) + "area = { banner = '^(Nottingham|Derby)$' }\n"

    def block(*over: str) -> list[list[Any]]:
        return [*[[text] for text in over], ["Year", "Referrals"], ["2009/10", 340.0], []]

    title = "Referrals by year"
    known = [["Return of 2011"], *block("Derby", title), *block("Nottingham", title)]
    assert [area for area, *_ in read(toml, known)[0]] == [DERBY, NOTTINGHAM]
    figures, errors = read(toml, [*known, *block("Lincoln", title)])
    assert [area for area, *_ in figures] == [DERBY, NOTTINGHAM]
    assert [(error.rule, error.cell) for error in errors] == [("layout.banner-unknown", "A12")]
    page = [["Year", "Referrals"], ["2008/09", 310.0]]
    assert [area for area, *_ in read(toml, [*block("Derby"), *page])[0]] == [DERBY, DERBY]  # a second page


def test_a_block_across_has_no_banner_of_the_block_beside_it(read: Any) -> None:
    toml = BANNERS.replace('"Year" }', '"Year", repeat = true, across = true }', 1)
    heads = ["Year", "Referrals", None, "Year", "Referrals"]
    sheet = [
        ["Derby", None, None, "Nottingham"], heads, ["2009/10", 1.0, None, "2009/10", 2.0], [],
        ["Leicester", None, None, "Lincoln"], heads, ["2009/10", 3.0, None, "2009/10", 4.0],
    ]  # fmt: skip
    figures, errors = read(toml + "area = { banner = '^(Nottingham|Derby|Leicester)$' }", sheet)
    assert [value for *_, value in figures] == [1.0, 2.0, 3.0]
    assert [(error.rule, error.cell) for error in errors] == [("layout.banner-unknown", "D5")]


def test_a_banner_that_stood_under_another_ends_with_it(read: Any) -> None:
    sheet = [["Group", "Referrals"], ["Derby"], ["2008/09"], ["All", 120.0], ["Nottingham"], ["All", 340.0]]
    figures, errors = read(BY_YEAR, sheet)
    assert figures == [(DERBY, "200809", 120.0)]
    assert [(error.rule, error.cell, error.found) for error in errors] == [
        ("layout.banner-unknown", "A5", "Nottingham")
    ]
    assert "'2008/09' in A3 under it" in errors[0].expected
    known = [*sheet[:5], ["2009/10"], *sheet[5:]]
    assert read(BY_YEAR, known) == ([(DERBY, "200809", 120.0), (NOTTINGHAM, "200910", 340.0)], [])


def test_banners_with_no_figures_between_them_are_of_one_block(read: Any) -> None:
    toml = BY_YEAR.replace('"Group" }', '"Group", repeat = true }').replace("[a-z]+)", "[a-z ]+)")

    def block(*over: str, value: float) -> list[list[Any]]:
        return [*[[text] for text in over], ["Group", "Referrals"], ["All", value], []]

    sheet = [*block("Our return", "2008/09", "Derby", value=1.0), *block("2009/10", "Nottingham", value=2.0)]
    assert read(toml, sheet) == ([(DERBY, "200809", 1.0), (NOTTINGHAM, "200910", 2.0)], [])


def test_a_banner_that_nobody_knows_over_the_first_of_all_blocks_is_named(read: Any) -> None:
    toml = BANNERS.replace('"Year" }', '"Year", across = true }', 1) + "area = { banner = '^(Nottingham|Derby)$' }"
    heads = ["Year", "Referrals", None, "Year", "Referrals"]
    sheet = [["Derby", None, None, "Lincoln"], heads, ["2009/10", 1.0, None, "2009/10", 2.0]]
    figures, errors = read(toml, sheet)
    assert figures == [(DERBY, "200910", 1.0)]
    assert [(error.rule, error.cell, error.found) for error in errors] == [("layout.banner-unknown", "D1", "Lincoln")]


def test_a_banner_centred_over_the_values_is_ended_there(read: Any) -> None:
    toml = r"""
[[collection.layout.table]]
header = { find = "Area" }
area = { column = "Area" }
indicator = "substance-misuse-referrals"
period = { banner = '^(\d{4}/\d{2})$' }
value = [{ column = "Number" }, { column = "From", measure = "value_low" }, { column = "To", measure = "value_high" }]
"""
    row = ["Derby", 120.0, 110.0, 130.0]
    sheet = [["Area", "Number", "From", "To"], [None, None, "2008/09"], row, [None, None, "2009-1O"], row]
    figures, errors = read(toml, sheet)
    assert figures == [(DERBY, "200809", 120.0)]
    assert [(error.rule, error.cell) for error in errors] == [("layout.banner-unknown", "C4")]


# labels of several tables

TABLE = REFERRALS + 'period = { column = "Year" }\narea = { beside = "Area" }\nheader = { find = "Year"%s }\n'
STACKED = TABLE % "" + 'stop = ["^Second"]\n' + TABLE % ', after = "^Second"' + 'stop = ["^Third"]\n'
ROWS: Rows = [["Year", "Referrals"], ["2009/10", 340.0], []]


def test_a_table_takes_no_label_of_a_table_below_or_above_it(read: Any) -> None:
    figures, errors = read(STACKED, [*ROWS, ["Second"], ["Area", "Derby"], *ROWS])
    assert ([area for area, *_ in figures], [error.rule for error in errors]) == ([DERBY], ["layout.label-missing"])
    three = [["Area", "Nottingham"], *ROWS, ["Second"], ["Area", "Derby"], *ROWS, ["Third"], *ROWS]
    figures, errors = read(STACKED + TABLE % ', after = "^Third"', three)
    assert [area for area, *_ in figures] == [NOTTINGHAM, DERBY]
    assert [(error.rule, "row 11" in error.found) for error in errors] == [("layout.label-missing", True)]


@pytest.mark.parametrize("place", ["beside", "under"])
def test_a_label_that_is_mistyped_is_not_that_of_the_block_above(read: Any, place: str) -> None:
    def over(label: str, area: str) -> Rows:
        return [[label, area]] if place == "beside" else [[label], [area]]

    toml = LABELLED + f'area = {{ {place} = "Area" }}'
    figures, errors = read(toml, [*over("Area", "Nottingham"), *ROWS, *over("Aera", "Derby"), *ROWS])
    assert ([area for area, *_ in figures], [error.rule for error in errors]) == (
        [NOTTINGHAM],
        ["layout.label-missing"],
    )
    titled = [*over("Area", "Nottingham"), *ROWS, ["Second page"], *ROWS]
    assert [area for area, *_ in read(toml, titled)[0]] == [NOTTINGHAM, NOTTINGHAM]


def test_tables_side_by_side_take_the_label_over_their_own_columns(read: Any) -> None:
    toml = "".join(TABLE % "" + f'columns = "{columns}"\n' for columns in ("A:B", "D:E"))
    heads, row = ["Year", "Referrals", None] * 2, ["2009/10", 340.0, None] * 2
    both = [["Area", "Nottingham", None, "Area", "Derby"], heads, row]
    assert [area for area, *_ in read(toml, both)[0]] == [NOTTINGHAM, DERBY]
    assert [area for area, *_ in read(toml, [["Area", "Derby"], heads, row])[0]] == [DERBY, DERBY]
    figures, errors = read(toml, [[None, None, None, "Area", "Derby"], heads, row])
    assert ([area for area, *_ in figures], [error.rule for error in errors]) == ([DERBY], ["layout.label-missing"])


def test_a_label_in_a_panel_beside_the_first_table_is_no_heading_of_the_second(read: Any) -> None:
    sheet = [ROWS[0], ["2009/10", 340.0, None, "Area", "Derby"], [], ["Second"], *ROWS]
    assert read(STACKED, sheet)[1] == []


def test_a_number_beside_a_label_is_no_figure_of_the_block_above(read: Any) -> None:
    toml = """
[[collection.layout.table]]
header = { find = "Area", repeat = true }
area = { column = "Area" }
period = { beside = "Date" }
indicator = "childcare-places"
value = [{ column = "Places" }]
"""
    sheet = [
        ["Date", 2009.0],
        ["Area", "Places"],
        ["Derby", 1.0],
        [],
        ["Date", 2010.0],
        ["Area", "Places"],
        ["Derby", 2.0],
    ]
    assert read(toml, sheet) == ([(DERBY, "2009", 1.0), (DERBY, "2010", 2.0)], [])
