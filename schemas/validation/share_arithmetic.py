"""A rule on single rows, and the arithmetic of shares, rates and intervals, within the rounding of what is printed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

MOST_DECIMALS = 6
"""Decimals of a printed value that are told apart; one with more is taken as exact."""
SMALLEST = 1e-9

Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class RowCheck:
    """A rule on single rows: `passes` is True where the row keeps it; `cells` are the fields whose cells it names."""

    rule: str
    field: str
    passes: pl.Expr
    cells: tuple[str, ...]
    expected: Callable[[Row], str]


def number_in_words(value: float) -> str:
    """A number in words of findings: ten digits at most, with commas between thousands."""
    return f"{value:,.10g}"


def rounding_half_width(name: str) -> pl.Expr:
    """Half a unit of the last decimal that the sender printed, or of the last that is declared where more are printed:
    the most by which rounding alone can move a value."""
    value = pl.col(name)
    half: pl.Expr = 0.5 * pl.lit(10.0).pow(-pl.col("_decimals"))
    for decimals in reversed(range(MOST_DECIMALS)):
        printed = ((value.round(decimals) - value).abs() < SMALLEST) & (pl.col("_decimals") >= decimals)
        half = pl.when(printed).then(0.5 * 10.0**-decimals).otherwise(half)
    return half


def apparent_rounding_base(name: str) -> pl.Expr:
    """What the counts of an indicator look rounded to in a return that does not say so: 5 or 10 if all of them are
    multiples, and 100 or 1,000 where that is at most a hundredth of each; 0 where they are multiples of none."""
    count = pl.col(name)

    def all_by(base: int, least: float = 0) -> pl.Expr:
        return ((count % base == 0) & (count >= least)).fill_null(value=True).all().over("_return", "indicator_id")

    found = pl.when(all_by(1000, 100_000)).then(1000.0).when(all_by(100, 10_000)).then(100.0)
    return found.when(all_by(10)).then(10.0).when(all_by(5)).then(5.0).otherwise(0.0).alias(f"_looks_{name}")


def _base(name: str) -> pl.Expr:
    return pl.col(f"base_{name}").fill_null(0.0)


def _unsaid() -> pl.Expr:
    return pl.col("base_numerator").is_null() & pl.col("base_denominator").is_null()


def numerator_tolerance() -> pl.Expr:
    """How far a numerator may be above its denominator because both are rounded; where nobody says that they are, only
    if a share is printed beside them, which is then judged."""
    looks = pl.min_horizontal("_looks_numerator", "_looks_denominator")
    implied = pl.when(pl.col("value").is_not_null() & _unsaid()).then(looks).otherwise(0.0)
    return pl.max_horizontal((_base("numerator") + _base("denominator")) / 2, implied)


def _within(numerator: pl.Expr, denominator: pl.Expr) -> pl.Expr:
    """Whether a value is what numerator and denominator give where each may be off by half of its base."""
    low = pl.col("_per") * (pl.col("numerator") - numerator / 2) / (pl.col("denominator") + denominator / 2)
    high = pl.col("_per") * (pl.col("numerator") + numerator / 2) / (pl.col("denominator") - denominator / 2)
    value, off = pl.col("value"), rounding_half_width("value") + SMALLEST
    return (value >= low - off) & ((value <= high + off) | (pl.col("denominator") <= denominator / 2))


def share_checks() -> list[RowCheck]:
    """Return the checks that a share or rate is its numerator over its denominator, within rounding."""
    judged = pl.col("_per").is_not_null() & pl.col("value").is_not_null()
    matches = (pl.col("denominator") != 0) & _within(_base("numerator"), _base("denominator"))
    bases = pl.col("_looks_numerator"), pl.col("_looks_denominator")
    rounded = (pl.col("denominator") > bases[1]) & _within(*bases)
    cells = ("value", "numerator", "denominator")
    return [
        RowCheck("value.does-not-match", "value", ~judged | matches | rounded, cells, _matching),
        RowCheck("value.off-by-rounding", "value", ~judged | matches | ~rounded, cells, _roughly),
    ]


def _roughly(row: Row) -> str:
    bases = {name: row[f"_looks_{name}"] for name in ("numerator", "denominator")}
    said = [f"{number_in_words(row[name])} looks rounded to {base:g}" for name, base in bases.items() if base]
    return f"{_matching(row)}; {' and '.join(said)}"


def hidden_part_checks() -> list[RowCheck]:
    """A figure is hidden whole or given whole: a mark for the value beside its counts, or for a count beside the value
    and the base that give it."""
    hidden = (pl.col("conf_status") == "c").fill_null(value=False)
    value = hidden & (
        pl.col("numerator").is_not_null() | (pl.col("value").is_not_null() & pl.col("value_low").is_null())
    )
    marked = pl.col("numerator").is_null() & pl.col("at_numerator").is_not_null() & ~pl.col("faulty")
    count = ~hidden & pl.col("_per").is_not_null() & marked & pl.col("value").is_not_null()
    told = value | (count & pl.col("denominator").is_not_null())
    cells = ("value", "numerator", "denominator")
    return [RowCheck("value.hidden-in-part", "value", ~told, cells, lambda _: "all three given, or all three hidden")]


def interval_checks() -> list[RowCheck]:
    """A value lies within its own printed interval, but for the rounding of all three."""
    low = (
        pl.col("value_low")
        - pl.max_horizontal(rounding_half_width("value"), rounding_half_width("value_low"))
        - SMALLEST
    )
    high = (
        pl.col("value_high")
        + pl.max_horizontal(rounding_half_width("value"), rounding_half_width("value_high"))
        + SMALLEST
    )
    typed = pl.col("at_value_low").is_not_null(), pl.col("at_value_high").is_not_null()
    within = (~typed[0] | (pl.col("value") >= low)).fill_null(value=True) & (
        ~typed[1] | (pl.col("value") <= high)
    ).fill_null(value=True)

    def expected(row: Row) -> str:
        ends = [number_in_words(row[name]) if row[name] is not None else "?" for name in ("value_low", "value_high")]
        return f"between {ends[0]} and {ends[1]}, its own interval"

    return [RowCheck("value.outside-interval", "value", within, ("value", "value_low", "value_high"), expected)]


def _matching(row: Row) -> str:
    if not row["denominator"]:
        return "no value, for the denominator is 0"
    share = row["_per"] * row["numerator"] / row["denominator"]
    counts = f"{number_in_words(row['numerator'])} of {number_in_words(row['denominator'])}"
    return f"{share:.{row['_decimals']}f}, which is {counts}"
