"""Disclosure control: no small number can be read from what is published, nor worked out from it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from schemas.definitions import Definitions, load_definitions
from schemas.tables import KEY
from warehouse.disclosure import suppressed_keys

DEFINITIONS = load_definitions()
COUNT = "schools-high-persistent-absence"


def rows(**counts: float | None) -> pl.DataFrame:
    """Rows of one count with its parts; the name Total is the undivided one."""
    return pl.DataFrame(
        [
            (COUNT, "1", "E06000018", "Academic year", "200910", name if name == "Total" else f"Coverage={name}")
            + (value, None, None)
            for name, value in counts.items()
        ],
        schema={
            **dict.fromkeys(KEY, pl.String),
            "value": pl.Float64,
            "numerator": pl.Float64,
            "denominator": pl.Float64,
        },
        orient="row",
    )


def hidden(definitions: Definitions, **counts: float | None) -> set[str]:
    held = rows(**counts)
    return {key[-1].removeprefix("Coverage=") for key in suppressed_keys(held, held.clear(), definitions)}


def test_total_four_and_three_academies_never_yield_one() -> None:
    assert hidden(DEFINITIONS, Total=4, Academies=3) == {"Total", "Academies"}
    assert "Academies" in hidden(DEFINITIONS, Total=20, Academies=17)
    assert hidden(DEFINITIONS, Total=20, Academies=3, Maintained=17) == {"Academies", "Maintained"}
    assert hidden(DEFINITIONS, Total=20, Academies=10, Maintained=10) == set()


count = st.integers(0, 30).map(float)


@given(count, count)
def test_no_small_part_can_be_worked_out(academies: float, maintained: float) -> None:
    told = hidden(DEFINITIONS, Total=academies + maintained, Academies=academies, Maintained=maintained)
    for name, value in (("Academies", academies), ("Maintained", maintained)):
        other = "Maintained" if name == "Academies" else "Academies"
        if 0 < value < 5:
            assert name in told
            assert other in told or "Total" in told


def test_a_value_that_was_once_small_is_hidden_in_every_version() -> None:
    before, now = rows(Total=3), rows(Total=40)
    assert suppressed_keys(now, before, DEFINITIONS)


def test_a_share_hides_by_its_numerator_never_by_its_own_size() -> None:
    one = DEFINITIONS.indicators["level-2-at-19"]
    assert one.unit == "%"

    def share(value: float, numerator: float | None, denominator: float | None) -> set[Any]:
        frame = rows(Total=value).with_columns(
            pl.lit(one.id).alias("indicator_id"),
            pl.lit(numerator, pl.Float64).alias("numerator"),
            pl.lit(denominator, pl.Float64).alias("denominator"),
        )
        return suppressed_keys(frame, frame.clear(), DEFINITIONS)

    assert not share(3.0, None, None)
    assert not share(3.0, 30, 1000)
    assert share(3.0, 3, 100)
    assert share(97.0, 97, 100)
    assert share(50.0, 4, 8)


def test_an_indicator_without_a_policy_of_suppression_shows_small_numbers() -> None:
    open_policy = replace(DEFINITIONS.indicators[COUNT], disclosure="none")
    definitions = replace(DEFINITIONS, indicators={**DEFINITIONS.indicators, COUNT: open_policy})
    assert hidden(definitions, Total=4, Academies=3) == set()
