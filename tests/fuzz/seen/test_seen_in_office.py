"""A short run of what is seen against what is loaded, where LibreOffice is installed; `make seen` is the long one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from local_indicators.flows.checking.validate_files import ValidationResult, validate_files
from tests.fuzz.seen import run as running
from tests.fuzz.seen.office import OFFICE
from tests.fuzz.seen.run import run
from tests.fuzz.seen.sight import is_year, read_seen
from tests.fuzz.seen.workbooks import make

office = pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")
SEEDS = range(1, 41)


@office
def test_nothing_is_loaded_otherwise_than_it_is_seen_and_nothing_vanishes() -> None:
    result = run(SEEDS)
    assert result.figures > 100
    assert result.differences == [], result.says


# -- what is at fault is found out


@office
def test_a_reader_that_takes_what_cells_hold_is_found_out() -> None:
    assert run(SEEDS, ("xlsx",), more='formats = "held"').differences


def _one_more(validation_result: ValidationResult) -> ValidationResult:
    """The first loaded number of a file, changed."""
    if validation_result.table is None or validation_result.table.frame["value"].drop_nulls().is_empty():
        return validation_result
    first = validation_result.table.frame["value"].is_not_null().arg_max()
    changed = pl.when(pl.int_range(pl.len()) == first).then(pl.col("value") + 1e4).otherwise(pl.col("value"))
    return replace(
        validation_result,
        table=replace(
            validation_result.table, frame=validation_result.table.frame.with_columns(changed.alias("value"))
        ),
    )


def _tells_nothing(validation_result: ValidationResult) -> ValidationResult:
    return replace(validation_result, findings=())


FAULTS: list[tuple[Callable[[ValidationResult], ValidationResult], str]] = [
    (_one_more, "value 1"), (_tells_nothing, "nothing: "), (_tells_nothing, "a cell struck out"), (_tells_nothing, "value ")
]  # fmt: skip


@office
@pytest.mark.parametrize(("fault", "says"), FAULTS)
def test_a_changed_value_and_a_silenced_finding_are_found_out(
    fault: Callable[[ValidationResult], ValidationResult], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(*given: Any, **more: Any) -> list[list[ValidationResult]]:
        return [[fault(one) for one in group] for group in validate_files(*given, **more)]

    monkeypatch.setattr(running, "validate_files", faulty)
    assert any(says in difference.loaded for difference in run(SEEDS, ("xlsx",)).differences)


# -- the parts of the fuzzer


def test_the_same_seed_makes_the_same_workbook() -> None:
    one, other = make(7), make(7)
    assert (one.name, one.seen, one.codes, one.tricks) == (other.name, other.seen, other.codes, other.tricks)


@pytest.mark.parametrize(
    ("text", "value"),
    [("54.1%", 54.1), ("(1,234.5)", -1234.5), (" -   ", 0), ("3 1/2", 3.5), ("1.23E+03", 1230), ("410 pupils", 410),
     ("12.3 (p)", 12.3), ("41\n", 41), ("−3.5", -3.5), ("%9.2", 9.2), ("-£1,234.50", -1234.5), ("1 234", 1234)],
)  # fmt: skip
def test_the_fuzzers_own_reader_reads_as_a_person(text: str, value: float) -> None:
    seen = read_seen(text)
    assert seen is not None
    assert seen.value == pytest.approx(value)


@pytest.mark.parametrize(
    "text", ["54.1k", "0,541", "410\n395", "c", "about 5", "", "12 3", "(5", "5)", "0,015", ".", "%"]
)
def test_what_is_no_number_to_a_person_is_none_to_the_fuzzer(text: str) -> None:
    assert read_seen(text) is None


@pytest.mark.parametrize(
    ("text", "code", "is_one"),
    [("2009/10", "200910", True), ("2,010", "2010", True), ("Oct-09", "200910", False), ("2010/11", "2010", False)],
)
def test_the_fuzzer_reads_years_as_a_person(text: str, code: str, is_one: bool) -> None:
    assert is_year(text, code) is is_one
