"""A short run of what is seen against what is loaded, where LibreOffice is installed; `make seen` is the long one."""

from __future__ import annotations

import pytest

from tests.seen.compare import read_seen
from tests.seen.office import OFFICE
from tests.seen.run import run
from tests.seen.workbooks import make

office = pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")


@office
def test_nothing_is_loaded_otherwise_than_it_is_seen_and_nothing_vanishes() -> None:
    result = run(range(1, 31))
    assert result.figures > 100
    assert result.differences == [], result.says


@office
def test_a_reader_that_takes_what_cells_hold_is_found_out() -> None:
    assert run(range(1, 31), ("xlsx",), more='formats = "held"').differences


def test_the_same_seed_makes_the_same_workbook() -> None:
    one, other = make(7), make(7)
    assert (one.name, one.seen, one.tricks) == (other.name, other.seen, other.tricks)


@pytest.mark.parametrize(
    ("text", "value"),
    [("54.1%", 54.1), ("(1,234.5)", -1234.5), (" -   ", 0), ("3 1/2", 3.5), ("1.23E+03", 1230), ("410 pupils", 410)],
)
def test_the_fuzzers_own_reader_reads_as_a_person(text: str, value: float) -> None:
    seen = read_seen(text)
    assert seen is not None
    assert seen.value == pytest.approx(value)


@pytest.mark.parametrize("text", ["54.1k", "0,541", "410\n395", "c", "about 5", "", "12 3"])
def test_what_is_no_number_to_a_person_is_none_to_the_fuzzer(text: str) -> None:
    assert read_seen(text) is None
