"""Where the checks draw the line: rounding, totals with parts missing, rows under a wrong name, jumps, whole columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl
import pytest

from local_indicators.flows.checking.validate_files import ValidationResult, validate_files
from local_indicators.inputs.layouts.partner_layouts import Partner, load_partners
from local_indicators.inputs.parsing.return_identification import Origin
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.findings import Finding, make_finding, merge_findings
from local_indicators.schemas.observations import CheckContext
from tests.support.places import TODAY
from tests.support.small_returns import BUSY_HEADINGS, BUSY_PARTNER, book, busy_rows

Check = Callable[..., ValidationResult]
Said = list[tuple[str, tuple[str, ...]]]


@pytest.fixture(scope="module")
def partners(tmp_path_factory: pytest.TempPathFactory, definitions: Definitions) -> Mapping[str, Partner]:
    folder = tmp_path_factory.mktemp("partners")
    (folder / "tester.toml").write_text(BUSY_PARTNER, encoding="utf-8")
    return load_partners(definitions, folder)


@pytest.fixture(scope="module")
def check(partners: Mapping[str, Partner], definitions: Definitions) -> Check:
    """Judges rows under the busy headings, with what was accepted before where that is given."""

    def run(
        rows: Sequence[Sequence[Any]], before: pl.DataFrame | None = None, name: str = "figures.xlsx"
    ) -> ValidationResult:
        content = book({"Figures": rows})
        ((one,),) = validate_files(
            [(Origin("tester", name, TODAY), lambda: content)], partners, definitions, CheckContext(TODAY, before)
        )
        return one

    return run


def row(measure: str, value: object, number: object = None, of: object = None, **other: object) -> list[Any]:
    said = {"Measure": measure, "Value": value, "Number": number, "Of": of}
    return [{"Area": "Nottingham", "Year": "2009/10", **said, **other}.get(name) for name in BUSY_HEADINGS]


def table(*rows: Sequence[Any]) -> list[Sequence[Any]]:
    return [list(BUSY_HEADINGS), *rows]


def said(validation_result: ValidationResult, *, errors: bool = True) -> Said:
    return [(f.rule, f.cells) for f in validation_result.findings if f.is_error == errors]


def test_a_percentage_may_be_rounded_as_far_as_it_is_printed(check: Check) -> None:
    """1,197 of 19,000 is 6.3; 650 of 10,001 is 6.49935: one decimal is declared."""
    right = [(6.3, 1197, 19000), (6, 1197, 19000), (6.5, 650, 10001), (6.49935, 650, 10001), ("6.5%", 650, 10001)]
    wrong = [(6.4, 1197, 19000), (7, 1197, 19000), (6.6, 650, 10001), (0, 0, 0), (6.3, 1197, 0)]
    rows = [row("Absence", *values, Year=f"{y}/{y + 1}") for y, values in enumerate((*right, *wrong), start=2001)]
    found = said(check(table(*rows)))
    mismatch = [(f"G{n}", f"H{n}", f"I{n}") for n in range(7, 11)]
    assert found[:4] == [("value.does-not-match", cells) for cells in mismatch]
    assert found[4:] == [("value.numerator-above-denominator", ("H11", "I11"))]


SCHOOLS = [
    ("complete", 42, 30, 12, True),
    ("one off", 42, 30, 13, False),
    ("a part is not given", 42, 30, None, True),
    ("a part is not given and the other is above", 29, 30, None, False),
    ("a part is hidden", 42, 30, "*", True),
    ("a part is hidden and the other is above", 29, 30, "*", False),
    ("a part cannot be read", 42, 30, "about 12", True),
    ("the total is hidden", "*", 30, 12, True),
]


@pytest.mark.parametrize(("total", "first", "second", "agrees"), [s[1:] for s in SCHOOLS], ids=[s[0] for s in SCHOOLS])
def test_a_total_is_held_against_what_is_known_of_its_parts(
    total: object, first: object, second: object, agrees: bool, check: Check
) -> None:
    groups = [(None, total), ("Maintained", first)] + ([("Academies", second)] if second is not None else [])
    one = check(table(*(row("Schools", value, Group=group) for group, value in groups)))
    found = [f for f in one.findings if f.rule == "total.does-not-match"]
    assert bool(found) != agrees
    if found:
        assert (
            set(found[0].cells) == {"G2", "G3", "G4"}
            if isinstance(second, int)
            else {"G2", "G3"} <= set(found[0].cells)
        )


def test_a_required_row_under_a_wrong_name_is_named_where_it_stands(check: Check) -> None:
    def level(area: str, year: str = "2009/10") -> list[Any]:
        return row("Level 2", 50, Area=area, Year=year)

    assert said(check(table(level("Nottingham"), level("England")))) == []
    assert said(check(table(level("Nottingham"), level("Derby")))) == [("row.missing", ("B3",))]
    assert [rule for rule, _ in said(check(table(level("Nottingham"), level("Nottingham"))))] == ["key.duplicate"]
    assert said(check(table(level("Nottingham"), level("Englnd")))) == [("area.unknown", ("B3",))]
    both = [level(area, year) for year in ("2008/09", "2009/10") for area in ("Nottingham", "England", "Derby")]
    both[4][2] = "2007/08"
    assert said(check(table(*both))) == [("row.missing", ("C6",))]


def test_a_companion_is_missed_only_where_none_can_be_meant(check: Check) -> None:
    neet, beside = row("NEET", 4.1, Year=2010), row("Not known", 8, Year=2010)
    assert said(check(table(neet, row("Absence", 5, Area="Nottm")))) == [
        ("companion.missing", ("G2",)),
        ("area.unknown", ("B3",)),
    ]
    for cells in ({"Area": "Nottm"}, {"Measure": "Nobody"}, {"Year": "2031"}):
        wrong = [cells.get(name, value) for name, value in zip(BUSY_HEADINGS, beside, strict=True)]
        assert len(said(check(table(neet, wrong)))) == 1
    elsewhere = [{"Area": "Derby"}.get(name, value) for name, value in zip(BUSY_HEADINGS, beside, strict=True)]
    assert said(check(table(neet, elsewhere))) == [("companion.missing", ("G2", "B3"))]


def history(check: Check, values: Sequence[float]) -> pl.DataFrame:
    first = 2009 - len(values)
    years = [row("Absence", v, Year=f"{y}/{y + 1}") for y, v in enumerate(values, start=first)]
    one = check(table(*years))
    assert one.table is not None
    names = {"partner": "tester", "collection": "figures", "source_file": "before.xlsx", "cell": "G2"}
    return one.table.frame.with_columns(pl.lit(value).alias(name) for name, value in names.items())


STEADY = (6.4, 6.5, 6.3, 6.4, 6.5, 6.4)


@pytest.mark.parametrize(
    ("before", "value", "jumps"),
    [
        (STEADY, 6.7, False),  # 0.1 is the usual step: 3.865 of it is allowed
        (STEADY, 6.8, True),
        (STEADY, 0.65, True),
        (STEADY[:4], 9.9, False),  # too little is known
        ((6.4, 7.4, 6.4, 7.4, 6.4, 7.4), 9.9, False),  # it always moves so far
        ((6.4,) * 6, 6.7, False),  # nothing has moved but for rounding
        ((6.4,) * 6, 6.8, True),
    ],
)
def test_a_jump_is_judged_by_how_the_series_has_moved(
    before: Sequence[float], value: float, jumps: bool, check: Check
) -> None:
    one = check(table(row("Absence", value)), history(check, before))
    assert said(one) == []
    assert said(one, errors=False) == ([("value.jump", ("G2",))] if jumps else [])


def test_what_was_accepted_already_does_not_jump_again(check: Check) -> None:
    held = history(check, (*STEADY, 9.9))
    assert [f.rule for f in check(table(row("Absence", 9.9, Year="2008/09")), held).findings] == ["period.gone"]


def test_a_key_is_withdrawn_only_where_no_row_can_be_meant_for_it(check: Check) -> None:
    held = history(check, (6.4,)).with_columns(pl.lit("E92000001").alias("area_code"))
    one = [row("Absence", 6.5, Year="2008/09")]
    assert said(check(table(*one), held), errors=False) == [("key.withdrawn", ())]
    for area, rule in (("Englnd", "area.unknown"), ("Nottingham", "key.duplicate")):
        both = check(table(*one, row("Absence", 6.6, Area=area, Year="2008/09")), held)
        assert [f.rule for f in both.findings] == [rule]
    unread = check(table(*one, row("Schools", 3, Area="Englnd", Year="2008/09")), held)
    assert [f.rule for f in unread.findings] == ["key.withdrawn", "area.unknown"]


def test_one_cell_that_makes_many_rows_the_same_is_one_finding(check: Check) -> None:
    rows = [["Area", "2007/08", "2008/09"], ["Nottingham", 6.5, 6.6], ["Nottingham", 6.7, 6.8], ["Derby", 1, 2]]
    ((rule, cells),) = said(check(rows, name="years.xlsx"))
    assert rule == "key.duplicate"
    assert set(cells) == {"A2", "A3", "B2", "B3", "C2", "C3"}


def test_a_whole_column_that_fails_one_rule_is_one_finding(check: Check) -> None:
    rows = busy_rows()
    for line in rows[1:]:
        line[6] = f"about {line[6]}"
    (one,) = check(rows).findings
    assert (one.rule, one.cell, one.cells) == ("cell.not-a-number", "G2", (f"G2:G{len(rows)}",))
    assert one.found.startswith(f"{len(rows) - 1} cells, such as 'about 6.5'")


def test_a_column_of_comparisons_that_fail_is_one_finding_too(check: Check) -> None:
    years = [row("Absence", 7.5, 650, 10_000, Year=f"{y}/{y + 1}") for y in range(2001, 2010)]
    (one,) = check(table(*years)).findings
    assert one.cells == ("G2:G10", "H2:H10", "I2:I10")
    assert one.expected == "6.5, which is 650 of 10,000"


def test_scattered_faults_stay_findings_of_their_own_each_with_its_words(check: Check) -> None:
    rows = busy_rows()
    lines = range(2, 42, 4)
    for line in lines:
        rows[line][6] = f"about {line}"
    found = check(rows).findings
    assert [f.found for f in found] == [f"about {line}" for line in lines]


def test_findings_come_in_the_order_of_the_workbook() -> None:
    def at(sheet: str | None, *cells: str) -> Finding:
        return make_finding("cell.blank", sheet=sheet, cells=cells)

    found = [
        at("Annex", "A1"),
        at("Zoo", "B2"),
        at("Zoo", "A1"),
        at("Zoo"),
        at(None),
        at("Zoo", "A10"),
        at("Zoo", "A9"),
    ]
    ordered = [(f.sheet, f.cell) for f in merge_findings(found, ("Zoo", "Annex"))]
    zoo = [("Zoo", None), ("Zoo", "A1"), ("Zoo", "B2"), ("Zoo", "A9"), ("Zoo", "A10")]
    assert ordered == [(None, None), *zoo, ("Annex", "A1")]


@pytest.mark.parametrize("typed", ["Xyz", None])
@pytest.mark.parametrize("column", range(len(BUSY_HEADINGS)), ids=BUSY_HEADINGS)
def test_a_heading_that_is_missing_is_named_where_it_should_stand_and_nothing_follows(
    column: int, typed: str | None, check: Check
) -> None:
    rows = busy_rows()
    for line in rows[1:]:
        line[4] = "p"  # so that every column has something under it
    rows[0][column] = typed
    (one,) = check(rows).findings
    assert (one.rule, one.cells) == ("layout.heading-missing", (f"{'ABCDEFGHI'[column]}1",))
    assert "could be judged" in one.expected
