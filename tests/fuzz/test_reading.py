"""Properties of what reads partners' text: it never raises, and reads back what it writes."""

from __future__ import annotations

import calendar
import math
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from local_indicators.common.cell_references import address_of_position, position_of_address
from local_indicators.inputs.layouts.layout_language import SHORTHAND
from local_indicators.inputs.parsing.cell_values.numbers import read_number
from local_indicators.inputs.readers.cells import Cells, ErrorValue, Sheet, Uncalculated, decode, encode
from local_indicators.inputs.sandbox.reader_processes import Limits, Reader
from local_indicators.schemas.findings import Finding
from local_indicators.schemas.reference.breakdowns import breakdown_parts, spell_breakdown
from local_indicators.schemas.reference.periods import (
    CALENDAR_QUARTER,
    FINANCIAL_QUARTER,
    IDENTIFIERS,
    MONTHLY,
    MONTHS,
    POOLED,
    ROLLING,
    TO_DATE,
    WEEKLY,
    WINDOW,
    Period,
    build_period,
    period_ending,
    period_starting,
    pooled_years,
    read_period,
    week_containing,
)

QUARTERLY = (CALENDAR_QUARTER, FINANCIAL_QUARTER)
YEARLY = [name for name in IDENTIFIERS if name not in (WINDOW, *POOLED, ROLLING, *TO_DATE, MONTHLY, WEEKLY, *QUARTERLY)]
PERIODS = st.one_of(
    st.builds(build_period, st.sampled_from(YEARLY), st.integers(1951, 2090)),
    st.builds(
        lambda year, years, name: pooled_years(year, year + years, name),
        st.integers(1951, 2080),
        st.integers(1, 5),
        st.sampled_from(list(POOLED)),
    ),
    st.builds(period_starting, st.just(MONTHLY), st.integers(1970, 2069), st.integers(1, 12)),
    st.builds(period_starting, st.sampled_from(QUARTERLY), st.integers(1970, 2069), st.sampled_from([1, 4, 7, 10])),
    st.builds(week_containing, st.dates(date(1970, 1, 1), date(2069, 12, 31))),
    st.builds(period_ending, st.sampled_from([ROLLING, *TO_DATE]), st.integers(1970, 2069), st.integers(1, 12)),
)
TYPED = st.one_of(st.text(max_size=30), st.floats(), st.integers(), st.dates(), st.datetimes())


@given(TYPED, st.sampled_from(IDENTIFIERS), st.booleans())
def test_no_typed_period_raises(typed: str | float | date, identifier: str, ending: bool) -> None:
    period = read_period(typed, identifier, ending=ending)
    if period is not None:
        assert period.time_identifier == identifier
        assert period.end is None or period.start <= period.end


@given(PERIODS)
def test_a_period_is_read_back_from_its_code_and_its_label(period: Period) -> None:
    assert read_period(period.time_period, period.time_identifier) == period
    assert read_period(period.label, period.time_identifier) == period


@given(PERIODS)
def test_the_period_before_ends_where_this_one_begins_or_a_year_earlier(period: Period) -> None:
    before = period.previous()
    assert before is not None
    assert before.end is not None
    assert before.end < period.start or period.time_identifier in TO_DATE
    gapless = period.time_identifier.endswith(("year", "years", "months")) or " Q" in period.time_identifier
    gapless = gapless or period.time_identifier in (MONTHLY, WEEKLY, *QUARTERLY)
    assert not gapless or (period.start - before.end).days == 1


MONTHLIES = [*MONTHS, MONTHLY, ROLLING, *TO_DATE, WINDOW]


@given(st.dates(date(1971, 1, 1), date(2068, 12, 31)), st.sampled_from(MONTHLIES))
def test_a_day_within_a_month_is_never_that_month(day: date, identifier: str) -> None:
    within = 1 < day.day < calendar.monthrange(day.year, day.month)[1]
    for typed in (day, f"{day:%d/%m/%Y}", f"{day:%Y-%m-%d}", f"{day:%d-%b-%y}"):
        period = read_period(typed, identifier)
        assert not (within and period)
        assert within or period or identifier not in (MONTHLY, MONTHS[day.month - 1])


@given(st.integers(0, 1_048_575), st.integers(0, 16_383))
def test_an_address_is_read_back(row: int, column: int) -> None:
    where = row * 16_384 + column
    assert position_of_address(address_of_position(where)) == where


@given(st.dictionaries(st.sampled_from(["Sex", "FSM", "Coverage"]), st.sampled_from(["A", "B c", "Not eligible"])))
def test_a_breakdown_is_read_back_and_has_one_spelling(said: dict[str, str]) -> None:
    order = {"Sex": 0, "FSM": 1, "Coverage": 2}
    text = spell_breakdown(said, order)
    assert breakdown_parts(text) == said
    assert spell_breakdown(dict(reversed(said.items())), order) == text


@given(TYPED, st.sampled_from(["as given", "percent", "fraction", "thousands"]))
def test_no_typed_number_raises_or_is_infinite(typed: str | float, scale: str) -> None:
    reading = read_number(typed, scale, SHORTHAND)
    assert reading is None or reading.value is None or math.isfinite(reading.value)


@given(st.floats(-1e9, 1e9).map(lambda x: round(x, 3)))
def test_a_number_is_the_same_as_number_as_text_and_with_thousands(value: float) -> None:
    for typed in (value, f"{value:.3f}", f"{value:,.3f}", f" {value:.3f} "):
        reading = read_number(typed, "as given", SHORTHAND)
        assert reading is not None
        assert reading.value == value


@given(st.floats(0, 100).map(lambda x: round(x, 1)))
def test_a_percentage_is_the_same_in_every_notation(value: float) -> None:
    for typed, scale in (
        (f"{value}%", "percent"),
        (f"{value}%", "fraction"),
        (value / 100, "fraction"),
        (value, "percent"),
    ):
        reading = read_number(typed, scale, SHORTHAND)
        assert reading is not None
        assert reading.value is not None
        assert math.isclose(reading.value, value, rel_tol=1e-11, abs_tol=1e-11)


CELL = st.one_of(
    st.none(),
    st.text(st.characters(codec="utf-8"), max_size=5),
    st.floats(allow_nan=False, allow_infinity=False),
    st.datetimes().map(lambda d: d.replace(microsecond=0)),
    st.just(ErrorValue("#N/A")),
    st.just(Uncalculated()),
)


@given(st.lists(st.lists(CELL, max_size=4), max_size=4))
def test_cells_come_through_the_process_boundary_unchanged(rows: list[list[object]]) -> None:
    cells = Cells("xlsx", (Sheet("A sheet", rows, ((0, 0, 1, 1),)),))  # type: ignore[arg-type]
    assert decode(encode(cells)) == cells


def test_any_bytes_are_cells_or_a_finding() -> None:
    with Reader(Limits(seconds=20)) as reader:

        @given(
            st.binary(max_size=300),
            st.sampled_from([b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\xff\xfe"]),
        )
        def holds(content: bytes, start: bytes) -> None:
            assert isinstance(reader.read(start + content), (Cells, Finding))

        holds()
