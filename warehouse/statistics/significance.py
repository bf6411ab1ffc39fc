"""Whether two estimates differ by more than chance. Pure functions on polars expressions."""

from __future__ import annotations

import polars as pl

from local_indicators.warehouse.statistics.confidence_intervals import Number


def difference_interval(
    first: tuple[Number, Number, Number], second: tuple[Number, Number, Number]
) -> tuple[Number, Number]:
    """The limits of `first` less `second`, two independent estimates each given as estimate, lower and upper limit.

    For two proportions with Wilson's limits this is the hybrid score interval, method 10 of Newcombe (1998), Statistics
    in Medicine 17:873-890; the same recovery of variances serves two rates (Zou and Donner 2008, Statistics in
    Medicine 27:1693-1702). Published example: 56 of 70 less 48 of 80 gives 0.0524 to 0.3339 (Newcombe, table II).
    """
    one, one_low, one_high = first
    two, two_low, two_high = second
    gap = one - two
    return (
        gap - ((one - one_low) ** 2 + (two_high - two) ** 2) ** 0.5,
        gap + ((one_high - one) ** 2 + (two - two_low) ** 2) ** 0.5,
    )


def change_significance() -> pl.Expr:
    """significant, not or not tested, for rows with `estimate`, `lower_ci`, `upper_ci` and the same `before_...`.

    Significant where the interval of the difference does not hold 0. Not tested where either side has no interval.
    """
    low, high = difference_interval(
        (pl.col("estimate"), pl.col("lower_ci"), pl.col("upper_ci")),
        (pl.col("before_estimate"), pl.col("before_lower_ci"), pl.col("before_upper_ci")),
    )
    told = pl.when((low > 0) | (high < 0)).then(pl.lit("significant")).otherwise(pl.lit("not"))
    return pl.when(low.is_null() | high.is_null()).then(pl.lit("not tested")).otherwise(told)


def benchmark_significance() -> pl.Expr:
    """better, worse, similar or not tested, for rows with `lower_ci`, `upper_ci`, `benchmark` and `polarity`.

    The benchmark is taken as fixed: a difference counts where the area's interval does not hold it. That is how public
    health profiles of English areas compare with England (Fingertips public health technical guide), whose own
    sampling error is small beside an area's. Without polarity nothing is better, and nothing is tested.
    """
    above = pl.col("lower_ci") > pl.col("benchmark")
    below = pl.col("upper_ci") < pl.col("benchmark")
    good = pl.when(pl.col("polarity") == "higher").then(above).otherwise(below)
    testable = pl.col("lower_ci").is_not_null() & pl.col("benchmark").is_not_null() & (pl.col("polarity") != "neutral")
    told = pl.when(~above & ~below).then(pl.lit("similar")).when(good).then(pl.lit("better")).otherwise(pl.lit("worse"))
    return pl.when(testable).then(told).otherwise(pl.lit("not tested"))
