"""XmR control charts: limits and signals."""

from __future__ import annotations

import polars as pl

FEWEST_POINTS = 5
"""Fewer points than this give no control limits at all (Wheeler, Understanding Variation: "as few as five or six")."""
SETTLED_POINTS = 12
"""Limits from fewer points than this are trial limits."""


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
    judged = (
        stepped.join(_limits(stepped), on="segment", how="left", maintain_order="left")
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


def _limits(stepped: pl.DataFrame) -> pl.DataFrame:
    """The number of points, the mean and the reach of the limits of each segment."""
    value = pl.col("value")
    ranges = stepped.group_by("segment", maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("spc_points"), value.mean().alias("spc_mean"), pl.col("_range").mean()
    )
    screened = stepped.join(ranges.select("segment", _mean_range="_range"), on="segment", how="left")
    usual = screened.filter(pl.col("_range") < 3.267 * pl.col("_mean_range"))
    return ranges.drop("_range").join(
        usual.group_by("segment").agg((2.66 * pl.col("_range").mean()).alias("_reach")), on="segment", how="left"
    )


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
