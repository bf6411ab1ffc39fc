"""What partners type where a number belongs: read right, kept as a reason, or refused, and never taken for another."""

from __future__ import annotations

from typing import Any

import pytest

from local_indicators.inputs.layouts.layout_language import SHORTHAND
from local_indicators.inputs.parsing.cell_values.numbers import NumberReading, read_number
from local_indicators.inputs.readers.cells import ErrorValue, FormattedNumber, Uncalculated

NUMBERS = [
    ("1,234", "as given", 1234), ("1 234 567", "as given", 1234567), ("£1,234.50", "as given", 1234.5), ("-£12", "as given", -12),
    ("£-12", "as given", -12), ("(123)", "as given", -123), ("−3.5", "as given", -3.5), ("+3.4", "as given", 3.4), ("1e+05", "as given", 100000),
    ("1.5E-03", "as given", 0.0015), (".5", "as given", 0.5), ("12.3*", "as given", 12.3), ("12.3 [note 2]", "as given", 12.3), ("45²", "as given", 45),
    (0.5, "fraction", 50), ("0.5", "fraction", 50), ("50%", "fraction", 50), ("50 %", "percent", 50), (50, "percent", 50), (52.3, "thousands", 52300),
    (-4200, 0.001, -4.2), (0.07, "fraction", 7), (FormattedNumber(-4200000, "#,##0,"), 0.001, -4.2), (FormattedNumber(-4200000, "0.0,,"), 1.0, -4.2),
    (FormattedNumber(0, '0;-0;"–"'), "as given", 0), (FormattedNumber(0, '0;-0;"nil"'), "as given", 0),
]  # fmt: skip
REASONS: list[tuple[Any, NumberReading]] = [
    ("c", NumberReading(conf_status="c")), ("*", NumberReading(conf_status="c")), ("[c]", NumberReading(conf_status="c")), ("supp", NumberReading(conf_status="c")),
    ("z", NumberReading(obs_status="z")), ("N/A", NumberReading(obs_status="z")), ("x", NumberReading(obs_status="x")), ("..", NumberReading(obs_status="x")),
    (":", NumberReading(obs_status="x")), ("not available", NumberReading(obs_status="x")), ("low", NumberReading(obs_status="low")), ("~", NumberReading(obs_status="low")),
    ("k", NumberReading(obs_status="low")), ("u", NumberReading(obs_status="u")), ("12.3p", NumberReading(12.3, obs_status="p")), ("12.3 (prov)", NumberReading(12.3, obs_status="p")),
    ("12.3r", NumberReading(12.3, obs_status="r")), ("12 [e]", NumberReading(12, obs_status="e")),
    ("<5", NumberReading(low=0, high=4, conf_status="c")), ("less than 5", NumberReading(low=0, high=4, conf_status="c")), ("≤5", NumberReading(low=0, high=5, conf_status="c")),
    ("<5%", NumberReading(low=0, high=5, conf_status="c")), ("1-5", NumberReading(low=1, high=5, conf_status="c")), ("5 to 9", NumberReading(low=5, high=9, conf_status="c")),
    ("10 to 14", NumberReading(low=10, high=14, conf_status="c")), (">95%", NumberReading(low=95, conf_status="c")),
]  # fmt: skip
REFUSED = [
    ("about 50", "cell.not-a-number"), ("-", "cell.not-a-number"), (".", "cell.not-a-number"), ("NULL", "cell.not-a-number"), ("1-12", "cell.not-a-number"),
    ("5-1", "cell.not-a-number"), ("16-17", "cell.not-a-number"), ("2009-10", "cell.not-a-number"), ("1,23", "cell.decimal-comma"), ("12 3", "cell.not-a-number"),
    ("--5", "cell.not-a-number"), (True, "cell.not-a-number"), ("#N/A", "cell.error-value"), (ErrorValue("#DIV/0!"), "cell.error-value"),
    (Uncalculated(), "cell.not-calculated"), (FormattedNumber(410, "-0"), "cell.shown-otherwise"),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "scale", "value"), NUMBERS, ids=str)
def test_a_number_is_read_in_the_scale_of_its_column(typed: str | float, scale: str | float, value: float) -> None:
    assert read_number(typed, scale, SHORTHAND) == NumberReading(float(value))


@pytest.mark.parametrize(("typed", "reading"), REASONS, ids=lambda p: str(p)[:20])
def test_a_missing_value_keeps_its_reason_and_a_range_its_ends(typed: str, reading: NumberReading) -> None:
    assert read_number(typed, "as given", SHORTHAND) == reading


@pytest.mark.parametrize(("typed", "rule"), REFUSED, ids=str)
def test_what_is_no_number_is_a_finding(typed: str, rule: str) -> None:
    assert read_number(typed, "as given", SHORTHAND) == NumberReading(rule=rule)


def test_a_column_in_thousands_whose_cell_shows_millions_is_a_finding() -> None:
    assert read_number(FormattedNumber(-4200000, "0.0,,"), 0.001, SHORTHAND) == NumberReading(
        rule="cell.shown-otherwise"
    )


def test_a_range_is_in_the_scale_of_its_column() -> None:
    assert read_number("<5", "thousands", SHORTHAND) == NumberReading(low=0, high=5000, conf_status="c")
    assert read_number("<5%", "fraction", SHORTHAND) == NumberReading(low=0, high=5, conf_status="c")


def test_a_dash_and_a_point_mean_what_the_layout_says() -> None:
    marks = {**SHORTHAND, "-": "low", ".": "z"}
    assert read_number("-", "as given", marks) == NumberReading(obs_status="low")
    assert read_number(".", "as given", marks) == NumberReading(obs_status="z")


@pytest.mark.parametrize("code", ['0.0" per cent"', '0.0" pct"', '0.0"%"', '0.0" percent"'])
def test_a_number_whose_format_says_per_cent_in_words_is_a_percentage(code: str) -> None:
    read = read_number(FormattedNumber(54.1, code), "fraction", SHORTHAND)
    assert read is not None
    assert (read.value, read.percent, read.rule) == (54.1, True, None)
