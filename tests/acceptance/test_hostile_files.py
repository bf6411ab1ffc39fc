"""Broken, odd and malicious files of others: each is read right, or refused for its true reason.

`hostile.csv` says which: cells read off the bytes with other programs than ours, or a rule and words of what was found.
The files are no part of the project. They are read where they lie beside it, and skipped where they do not.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, datetime
from itertools import groupby

import pytest

from local_indicators.common.cell_references import position_of_address
from local_indicators.flows.checking.validate_files import validate_files
from local_indicators.inputs.layouts.partner_layouts import load_partners
from local_indicators.inputs.parsing.return_identification import Origin
from local_indicators.inputs.readers.appearance.number_formats import round_to_fifteen_digits
from local_indicators.inputs.readers.cells import Cell, Cells, ErrorValue, FormattedNumber, Uncalculated
from local_indicators.inputs.sandbox.reader_processes import Limits, Reader
from local_indicators.schemas.definitions.loader import load_definitions
from local_indicators.schemas.findings import Finding
from local_indicators.schemas.observations import CheckContext
from tests.fuzz.mutations import ANY_SHEET
from tests.support.places import DEFINITION_FILES, HOME, PARTNERS

HOSTILE = HOME.parent / "shared" / "hostile"
Row = dict[str, str]
with (HOME / "tests" / "acceptance" / "hostile.csv").open(encoding="utf-8", newline="") as table:
    ROWS = {name: list(rows) for name, rows in groupby(csv.DictReader(table), lambda row: row["file"])}
pytestmark = pytest.mark.skipif(not HOSTILE.is_dir(), reason="the hostile files are not here")


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader(Limits()) as one:
        yield one


def test_the_table_says_of_every_file_what_becomes_of_it() -> None:
    with (HOSTILE / "CATALOGUE.csv").open(encoding="utf-8", newline="") as file:
        assert {row["file"] for row in csv.DictReader(file)} == set(ROWS)


@pytest.mark.parametrize("name", ROWS)
def test_a_hostile_file_is_read_right_or_refused_for_its_true_reason(name: str, reader: Reader) -> None:
    answer = reader.read((HOSTILE / name).read_bytes())
    for row in ROWS[name]:
        if row["kind"] == "refused":
            assert isinstance(answer, Finding)
            assert answer.rule == row["rule"]
            assert row["words"] in answer.found
            assert answer.fix
        else:
            assert isinstance(answer, Cells), answer
            assert holds(answer, row), f"{row}: {found(answer, row)!r}"


def found(cells: Cells, row: Row) -> Cell:
    sheet = next(s for s in cells.sheets if s.name == row["sheet"])
    where = position_of_address(row["cell"])
    return sheet.cell(*divmod(where, 16_384)) if where is not None else None


def holds(cells: Cells, row: Row) -> bool:
    """Whether a file holds what a row of the table says."""
    sheet = next(s for s in cells.sheets if s.name == row["sheet"])
    value, expected = found(cells, row), row["value"]
    match row["kind"]:
        case "hidden":
            return sheet.hidden
        case "hidden row":
            return int(expected) - 1 in sheet.hidden_rows
        case "blank":
            return value is None
        case "number":
            held = value.number if isinstance(value, FormattedNumber) else value  # whatever its format shows
            return type(held) in (int, float) and held == round_to_fifteen_digits(float(expected))
        case "boolean":
            return value is (expected == "True")
        case "date":
            return value == datetime.fromisoformat(expected)
        case "error":
            return value == ErrorValue(expected)
        case "uncalculated":
            return value == Uncalculated()
        case "begins":
            return isinstance(value, str) and value.startswith(expected)
        case "text":
            return value == expected
    raise AssertionError(row["kind"])


@pytest.mark.long
@pytest.mark.parametrize("layouts", ["as shipped", "any sheet"])
def test_hostile_files_end_in_findings_and_are_never_partly_loaded(
    layouts: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    definitions = load_definitions(DEFINITION_FILES)
    folder = tmp_path_factory.mktemp("partners")
    (folder / "tester.toml").write_text(ANY_SHEET, encoding="utf-8")
    partners = load_partners(definitions, PARTNERS) if layouts == "as shipped" else load_partners(definitions, folder)
    today = date(2026, 11, 24)
    arrivals = [
        (
            Origin("schools-learning" if layouts == "as shipped" else "tester", f"inbox/{name}", today),
            (HOSTILE / name).read_bytes,
        )
        for name in ROWS
    ]
    for name, group in zip(ROWS, validate_files(arrivals, partners, definitions, CheckContext(today)), strict=True):
        assert group
        for one in group:
            assert one.status == "rejected", name
            assert any(f.is_error for f in one.findings), name
            if ROWS[name][0]["kind"] == "refused":
                assert [f.rule for f in one.findings] == [ROWS[name][0]["rule"]]
