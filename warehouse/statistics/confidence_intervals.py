"""95% confidence intervals of proportions, counts and rates. Pure functions on polars frames."""

from __future__ import annotations

import math
from typing import TypeVar

import polars as pl

Z = 1.959963984540054
"""The 97.5th centile of the normal distribution."""
EXACT_BELOW = 10
"""Counts below this get exact Poisson limits, because Byar's approximation is poor there."""
Number = TypeVar("Number", float, pl.Expr)


def wilson_interval(numerator: Number, denominator: Number) -> tuple[Number, Number]:
    """The limits of a proportion, each between 0 and 1, by Wilson's score method without continuity correction.

    Takes two numbers or two columns; the denominator is above 0. 14 of 35 gives 0.256 to 0.564, 4 of 5 gives 0.376 to
    0.964. Source: Wilson (1927), J Am Stat Assoc 22:209-212. Published example: 65 of 100 gives 0.5525 to 0.7364 (test
    data of PHEindicatormethods 2.1.0).
    """
    middle = 2 * numerator + Z**2
    reach = Z * (Z**2 + 4 * numerator * (1 - numerator / denominator)) ** 0.5
    whole = 2 * (denominator + Z**2)
    return _between((middle - reach) / whole, 0, 1), _between((middle + reach) / whole, 0, 1)


def byar_interval(count: Number) -> tuple[Number, Number]:
    """The limits of a count of events, by Byar's approximation to the Poisson distribution; for counts from 10 up.

    Takes a number or a column. Source: Breslow and Day (1987), Statistical Methods in Cancer Research II. Published
    example: 65 gives 50.163 to 82.849, 1045 gives 982.593 to 1110.331 (test data of PHEindicatormethods 2.1.0).
    """
    above = count + 1
    return (
        count * (1 - 1 / (9 * count) - Z / (3 * count**0.5)) ** 3,
        above * (1 - 1 / (9 * above) + Z / (3 * above**0.5)) ** 3,
    )


def exact_poisson_interval(count: float) -> tuple[float, float]:
    """The limits of a count of events, exact for the Poisson distribution; for counts from 0 up.

    A count that is not whole, such as an average of counts, is taken through the gamma distribution. Source: Armitage
    and Berry (2002), Statistical Methods in Medical Research. Published example: 1 gives 0.0253 to 5.5716, 5 gives
    1.6235 to 11.6683 (test data of PHEindicatormethods 2.1.0, rates per 100).
    """
    return (_gamma_quantile(count, 0.025) if count > 0 else 0.0), _gamma_quantile(count + 1, 0.975)


def with_intervals(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with `lower_ci` and `upper_ci` added, in the unit of their value.

    Reads `numerator`, `denominator`, `per` (what their quotient is multiplied by to give the value) and `share` (a
    proportion: Wilson; otherwise a rate: Byar, below ten events exact Poisson). NULL where numerator or denominator is
    not known, where they are no proportion or rate, or where `value` itself is not shown; never worked out from a
    printed percentage.
    """
    numerator, denominator, per = pl.col("numerator"), pl.col("denominator"), pl.col("per")
    few = rows.filter(~pl.col("share") & numerator.is_between(0, EXACT_BELOW, closed="left")).get_column("numerator")
    exact = {count: exact_poisson_interval(count) for count in few.unique()}
    known = pl.col("value").is_not_null() & per.is_not_null() & (denominator > 0) & (numerator >= 0)
    proper = known & (~pl.col("share") | (numerator <= denominator))

    def limit(end: int) -> pl.Expr:
        small = numerator.replace_strict(
            list(exact), [pair[end] for pair in exact.values()], default=None, return_dtype=pl.Float64
        )
        events = pl.when(numerator < EXACT_BELOW).then(small).otherwise(byar_interval(numerator)[end])
        part = (
            pl.when(pl.col("share")).then(wilson_interval(numerator, denominator)[end]).otherwise(events / denominator)
        )
        return pl.when(proper).then(per * part).otherwise(None)

    return rows.with_columns(limit(0).alias("lower_ci"), limit(1).alias("upper_ci"))


def _between(value: Number, low: float, high: float) -> Number:
    """Rounding in the last place must not take a limit past what can be."""
    if isinstance(value, pl.Expr):
        return value.clip(low, high)
    return max(low, min(high, value))


def _gamma_quantile(shape: float, share: float) -> float:
    """Where the distribution function of a gamma variable of unit scale reaches a share, found by halving."""
    low, high = 0.0, shape + 10 * math.sqrt(shape) + 20
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if _gamma_below(shape, middle) < share else (low, middle)
    return (low + high) / 2


def _gamma_below(shape: float, x: float) -> float:
    """The regularised lower incomplete gamma function, by its series."""
    term = total = 1 / shape
    for n in range(1, 1000):
        term *= x / (shape + n)
        total += term
        if term < total * 1e-17:
            break
    return total * math.exp(shape * math.log(x) - x - math.lgamma(shape)) if x > 0 else 0.0
