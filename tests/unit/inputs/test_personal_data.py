"""Records of single people are told from totals, whatever their columns are called, and totals are let through."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from local_indicators.inputs.personal_data import refuse_person_level_data
from local_indicators.inputs.readers.cells import Cell, Cells, Sheet
from local_indicators.inputs.sandbox.reader_processes import read_in_child
from local_indicators.schemas.findings import Finding
from tests.support.places import HOME, INCOMING

NHS = ("9990000042", "999 000 0050", "9990000069", "9990000077")
"""Of the range that the NHS keeps for tests."""
REAL = HOME.parent / "shared" / "real"


def made(*rows: Sequence[Any], hidden: bool = False) -> Cells:
    """A workbook of a sheet of totals and one of these rows."""
    totals = Sheet("Totals", [["Area", "Pupils"], ["Nottingham", 3000.0]])
    return Cells("xlsx", (totals, Sheet("Data", [list(row) for row in rows], hidden=hidden)))


PERSONS: dict[str, Cells] = {
    "a name": made(("Area", "Surname"), ("Nottingham", "Exampleperson")),
    "a name in one cell": made(("Name",), *((f"Example{c}, Person",) for c in "abcdef")),
    "a date of birth": made(("Child", "Date of Birth"), ("A", date(2001, 2, 3))),
    "a date of birth as text": made(("D.O.B.", "Outcome"), ("03/02/2001", "met")),
    "a date of birth on a hidden sheet": made(("DOB", "Outcome"), ("03/02/2001", "met"), hidden=True),
    "a heading far down": made(*[("A note",)] * 20, ("date_of_birth", "Outcome"), ("2001-02-03", "met")),
    "pupil numbers": made(("UPN", "Attended"), ("A123456789012", 1.0)),
    "pupil numbers without a heading": made(("Key", "Attended"), *((f"A12345678{n}012", 1.0) for n in range(5))),
    "NHS numbers under any heading": made(("Ref", "Outcome"), *((number, "x") for number in NHS)),
    "national insurance numbers": made(("Ref", "Outcome"), *((f"AB12345{n}C", "x") for n in range(5))),
    "references": made(("Pupil ID", "Outcome"), ("P1", "met"), ("P2", "not met")),
    "case numbers": made(("Case", "Outcome"), *((f"NCC/{n}", "met") for n in range(10234, 10240))),
    "numbers of one length": made(("Child", "Placement"), *((float(n), "foster") for n in range(566910, 566920))),
    "home postcodes": made(("Ref", "Where"), *((f"NG{n} 4AB", 1.0) for n in range(1, 7))),
    "one row an event of somebody": made(
        ("Gender", "Ethnicity", "Referral date"),
        *(("M" if n % 2 else "F", "White", date(2010, 5, n)) for n in range(1, 12)),
    ),
}
TOTALS: dict[str, Cells] = {
    "counts of pupils": made(("Area", "Pupils", "Child"), ("Nottingham", 3000.0, 12034.0), ("Derby", 2500.0, 998.0),
                             ("Leicester", 2900.0, 8712.0), ("Lincoln", 900.0, 4410.0), ("Boston", 700.0, 3902.0)),
    "people by age and sex": made(("Sex", "Age", "Year ending", "Number"), *(("Male" if n % 2 else "Female", n, date(2010, 3, 31), 900.0 + n)
                                                                          for n in range(20))),
    "who filled the form in": made(("Contact",), ("First name:", "Example"), ("Surname:", "Person"), ("Telephone:", "0000 000000")),
    "a template with no rows": made(("Surname", "Date of birth", "UPN")),
    "schools with their postcodes": made(("School name", "Postcode", "Pupils"), *((f"School {n}", f"NG{n} 4AB", 200.0 + n) for n in range(1, 9))),
    "national indicators": made(("NI number", "Title"), ("NI 072", "Good level"), ("NI 075", "Good results")),
    "places with commas": made(("Area", "Number"), ("Bristol, City of", 1.0), ("Herefordshire, County of", 2.0), ("Kingston upon Hull, City of", 3.0),
                               ("Nottingham, City of", 4.0)),
    "area codes": made(("Code", "Number"), *((f"E0600001{n}", 100.0 + n) for n in range(9))),
}  # fmt: skip


@pytest.mark.parametrize("cells", PERSONS.values(), ids=PERSONS.keys())
def test_records_of_people_are_refused_and_nothing_of_them_is_shown(cells: Cells) -> None:
    found = refuse_person_level_data(cells)
    assert found is not None
    assert (found.rule, found.sheet) == ("return.person-level", "Data")
    assert found.cell
    typed = {str(cell) for row in cells.sheets[1].rows for cell in row if isinstance(cell, str) and len(cell) > 3}
    assert not [text for text in typed if text in f"{found.found} {found.expected} {found.fix}"]


def test_where_the_people_are_is_told_and_not_who_they_are() -> None:
    """A sheet is told by its number where its name may be somebody's, and a column by what it holds."""
    people: list[list[Cell]] = [["Derby", "Quitte", f"A12345678{n}012"] for n in range(5)]
    rows: list[list[Cell]] = [["Area", "Pupil", None], ["Area", "Surname", "Key"], *people]
    sheets = (Sheet("Zwetschge", rows, hidden=True), Sheet("Absence", [["D.O.B."], ["03/02/2001"]]))
    found = refuse_person_level_data(Cells("xlsx", sheets), frozenset({"absence"}))
    assert found is not None
    assert (found.sheet, found.cells) == ("sheet 1", ("B2", "C3:C7", "'Absence'!A1"))
    assert found.found == (
        "sheet 1 (hidden): names of people in column B, pupil numbers in column C; Absence: dates of birth or death in column A"
    )


@pytest.mark.parametrize("cells", TOTALS.values(), ids=TOTALS.keys())
def test_totals_are_let_through(cells: Cells) -> None:
    assert refuse_person_level_data(cells) is None


@pytest.mark.parametrize("path", sorted(INCOMING.rglob("*.*")), ids=lambda path: path.name)
def test_the_example_returns_are_totals(path: Path) -> None:
    cells = read_in_child(path.read_bytes())
    assert isinstance(cells, Finding) or refuse_person_level_data(cells) is None


@pytest.mark.long
@pytest.mark.skipif(not REAL.is_dir(), reason="the real workbooks are not here")
def test_of_the_real_workbooks_one_is_of_people() -> None:
    paths = [
        p
        for p in sorted(REAL.rglob("*"))
        if p.suffix in (".csv", ".ods", ".xls", ".xlsx") and p.name != "CATALOGUE.csv"
    ]
    told = []
    for path in paths:
        cells = read_in_child(path.read_bytes())
        if isinstance(cells, Cells) and refuse_person_level_data(cells):
            told.append(path.name)
    assert told == ["903_fake_episodes.csv"]
