"""The statistics of the mart: intervals, tests, ranks and bands, control charts. Pure functions, no storage.

Each names its source and a published example that the tests hold it to. Intervals are 95% throughout.
"""

from __future__ import annotations

import math
from typing import TypeVar

import polars as pl

Z = 1.959963984540054
"""The 97.5th centile of the normal distribution."""
EXACT_BELOW = 10
"""Counts below this get exact Poisson limits, because Byar's approximation is poor there."""
FEWEST_POINTS = 5
"""Fewer points than this give no control limits at all (Wheeler, Understanding Variation: "as few as five or six")."""
SETTLED_POINTS = 12
"""Limits from fewer points than this are trial limits."""

Number = TypeVar("Number", float, pl.Expr)


# -- intervals --------------------------------------------------------------------------------------------------------


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


# -- tests ------------------------------------------------------------------------------------------------------------


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


# -- ranks ------------------------------------------------------------------------------------------------------------


def with_ranks(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with `rank`, `rank_of` and `quartile` added, within each `group`.

    Reads `value` and `polarity`, which is higher or lower. 1 is best and ties share the best of their ranks ("min", as
    in rank() of SQL). Quartiles are bands of value with inclusive upper bounds, between the quartiles that R calls type
    7 (linear between order statistics; Hyndman and Fan 1996), A best: as the local authority interactive tool of the
    Department for Education bands them. 1, 2, 3, 4, 5, lower being better, are A, A, B, C, D; higher being better D, D,
    C, B, A.
    """
    higher = pl.col("polarity") == "higher"
    cuts = rows.group_by("group").agg(
        pl.len().cast(pl.Int64).alias("rank_of"),
        *(pl.col("value").quantile(share, "linear").alias(f"_{share}") for share in (0.25, 0.5, 0.75)),
    )
    ascending = pl.when(higher).then(-pl.col("value")).otherwise(pl.col("value"))
    band = (
        1
        + (pl.col("value") > pl.col("_0.25")).cast(pl.Int8)
        + (pl.col("value") > pl.col("_0.5")).cast(pl.Int8)
        + (pl.col("value") > pl.col("_0.75")).cast(pl.Int8)
    )
    best_first = pl.when(higher).then(5 - band).otherwise(band)
    return (
        rows.join(cuts, on="group", how="left", maintain_order="left")
        .with_columns(
            ascending.rank("min").over("group").cast(pl.Int64).alias("rank"),
            best_first.replace_strict({1: "A", 2: "B", 3: "C", 4: "D"}, return_dtype=pl.String).alias("quartile"),
        )
        .drop("_0.25", "_0.5", "_0.75")
    )


# -- control charts ---------------------------------------------------------------------------------------------------


def with_control_limits(points: pl.DataFrame) -> pl.DataFrame:
    """Points with the limits and signals of an XmR chart added, for each `segment` by itself.

    Reads `segment` and `value`; the points of a segment follow each other without a gap, in order of time. Adds
    `spc_points`, `spc_mean`, `spc_lower`, `spc_upper` (mean less and plus 2.66 mean moving ranges, moving ranges of
    3.267 times their mean and more left out), `spc_limits` (trial below twelve points), `spc_signal` and `spc_side` (1
    where the signal points up, -1 down, 0 none). NULL below five points; no limits where nothing moves.

    Signals, the first that holds: outside limits; trend of seven (seven points, each above or each below the one
    before); two of three near a limit (beyond two thirds of the way to it, all three on that side of the mean); seven
    on one side of the mean. Every point that takes part is marked. Source: NHS England, Making Data Count, as
    NHSRplotthedots 0.2.2 puts it into rules. Published example (its vignette on deviations): 1, 2, 1, 2, 10, 1, 2, 1,
    2, 1, 2, 1, 2, 1, 2, 1, 2, 1 gives a mean of 1.94 and limits of -0.72 and 4.6, and only the 10 is a signal.
    """
    value, segment = pl.col("value"), pl.col("segment")
    step = pl.when(segment == segment.shift(1)).then(value - value.shift(1))
    stepped = points.with_columns(step.alias("_step"), step.abs().alias("_range"))
    ranges = stepped.group_by("segment", maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("spc_points"), value.mean().alias("spc_mean"), pl.col("_range").mean()
    )
    screened = stepped.join(ranges.select("segment", _mean_range="_range"), on="segment", how="left")
    usual = screened.filter(pl.col("_range") < 3.267 * pl.col("_mean_range"))
    limits = ranges.drop("_range").join(
        usual.group_by("segment").agg((2.66 * pl.col("_range").mean()).alias("_reach")), on="segment", how="left"
    )
    judged = (
        stepped.join(limits, on="segment", how="left", maintain_order="left")
        .with_columns(*_place(), pl.int_range(pl.len()).over("segment").alias("_nth"))
        .with_columns(*_signals())
    )
    enough = pl.col("spc_points") >= FEWEST_POINTS
    shown = {
        "spc_lower": pl.col("spc_mean") - pl.col("_reach"),
        "spc_upper": pl.col("spc_mean") + pl.col("_reach"),
        "spc_limits": pl.when(pl.col("_reach").is_not_null()).then(
            pl.when(pl.col("spc_points") < SETTLED_POINTS).then(pl.lit("trial")).otherwise(pl.lit("settled"))
        ),
    }
    result = judged.with_columns(**shown).with_columns(
        pl.when(enough).then(pl.col(name)).alias(name)
        for name in ("spc_points", "spc_mean", *shown, "spc_signal", "spc_side")
    )
    return result.select(pl.exclude("^_.*$"))


def _place() -> tuple[pl.Expr, ...]:
    """Where each point lies: its side of the mean, outside the limits, near one. Differences that are rounding in the
    last place count as none."""
    away = pl.col("value") - pl.col("spc_mean")
    grain = 1e-9 * pl.max_horizontal(pl.lit(1.0), pl.col("spc_mean").abs())
    side = pl.when(away.abs() <= grain).then(0).otherwise(away.sign()).cast(pl.Int8)
    outside = (away.abs() > pl.col("_reach") + grain).fill_null(value=False)
    near = (away.abs() > pl.col("_reach") * 2 / 3 + grain).fill_null(value=False) & ~outside
    return side.alias("_side"), outside.alias("_outside"), near.alias("_near")


def _signals() -> tuple[pl.Expr, ...]:
    """Each point's signal and where it points. A run is known at its last point, and marks the points before it."""
    rising = pl.col("_step").sign().rolling_sum(6, min_samples=6)
    side, near, nth = pl.col("_side"), pl.col("_near"), pl.col("_nth")
    seven = side.rolling_sum(7, min_samples=7)
    close = near.cast(pl.Int8).rolling_sum(3, min_samples=3) >= 2
    three = side.rolling_sum(3, min_samples=3)

    def part(ends: pl.Expr, back: int) -> pl.Expr:
        return pl.any_horizontal([ends.shift(-k).fill_null(value=False) for k in range(back + 1)])

    up, down = part((rising == 6).fill_null(value=False), 6), part((rising == -6).fill_null(value=False), 6)
    two_of_three = near & (part(close & (three == 3) & (nth >= 2), 2) | part(close & (three == -3) & (nth >= 2), 2))
    one_side = part((seven.abs() == 7) & (nth >= 6), 6)
    outside = pl.col("_outside")
    upward = pl.when(up & down).then(pl.col("_step").shift(-1) > 0).otherwise(up)
    signal = (
        pl.when(outside).then(pl.lit("outside limits"))
        .when(up | down).then(pl.lit("trend of seven"))
        .when(two_of_three).then(pl.lit("two of three near a limit"))
        .when(one_side).then(pl.lit("seven on one side"))
        .otherwise(pl.lit("none"))
    )  # fmt: skip
    points = (
        pl.when(outside).then(side)
        .when(up | down).then(pl.when(upward).then(1).otherwise(-1))
        .when(two_of_three | one_side).then(side)
        .otherwise(0)
    ).cast(pl.Int8)  # fmt: skip
    return signal.alias("spc_signal"), points.alias("spc_side")
