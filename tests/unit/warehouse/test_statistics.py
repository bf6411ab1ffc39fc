"""Intervals, tests, ranks and control charts give what published examples say they give."""

from __future__ import annotations

import math
import random
import statistics as plain
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import polars as pl
import pytest

from local_indicators.warehouse.statistics.confidence_intervals import (
    byar_interval,
    exact_poisson_interval,
    wilson_interval,
    with_intervals,
)
from local_indicators.warehouse.statistics.control_charts import with_control_limits
from local_indicators.warehouse.statistics.ranks import with_ranks
from local_indicators.warehouse.statistics.significance import (
    benchmark_significance,
    change_significance,
    difference_interval,
)


@pytest.mark.parametrize(
    ("numerator", "denominator", "lower", "upper"),
    [
        (14, 35, 0.256, 0.564),
        (4, 5, 0.376, 0.964),
        # Test data of PHEindicatormethods 2.1.0.
        (65, 100, 0.5525444329688797, 0.7363575175690247),
        (1045, 5000, 0.19795549880013297, 0.22049130373189027),
        (1, 100, 0.0017674320640641406, 0.05448619617870529),
        (7776456, 7564336677, 0.0010273201001641096, 0.0010287644578977231),
    ],
)
def test_wilson(numerator: float, denominator: float, lower: float, upper: float) -> None:
    tolerance = 0.0005 if lower in (0.256, 0.376) else 1e-9
    assert wilson_interval(float(numerator), float(denominator)) == pytest.approx((lower, upper), abs=tolerance)


def test_wilson_stays_within_what_can_be() -> None:
    assert wilson_interval(0.0, 7.0)[0] == 0
    assert wilson_interval(7.0, 7.0)[1] == pytest.approx(1, abs=1e-15)
    assert wilson_interval(7.0, 7.0)[1] <= 1


@pytest.mark.parametrize(
    ("count", "lower", "upper"),
    [(65, 50.163187710459454, 82.84913854593984), (1045, 982.5932018073325, 1110.33121298565)],
)
def test_byar(count: float, lower: float, upper: float) -> None:
    assert byar_interval(float(count)) == pytest.approx((lower, upper), rel=1e-9)


@pytest.mark.parametrize(
    ("count", "lower", "upper"),
    [
        (1, 0.025317807984289897, 5.571643390938898),
        (5, 1.62348639011842, 11.668332079322669),
        (2, 0.2422092785439651, 7.224687667723959),
    ],
)
def test_exact_poisson(count: float, lower: float, upper: float) -> None:
    assert exact_poisson_interval(float(count)) == pytest.approx((lower, upper), rel=1e-9)


def test_exact_poisson_cuts_off_two_and_a_half_per_cent_at_each_end() -> None:
    def at_most(count: int, mean: float) -> float:
        return sum(math.exp(-mean) * mean**k / math.factorial(k) for k in range(count + 1))

    for count in range(1, 10):
        lower, upper = exact_poisson_interval(float(count))
        assert 1 - at_most(count - 1, lower) == pytest.approx(0.025, rel=1e-9)
        assert at_most(count, upper) == pytest.approx(0.025, rel=1e-9)
    assert exact_poisson_interval(0.0) == pytest.approx((0.0, -math.log(0.025)), rel=1e-9)


def rows(*given: tuple[float | None, float | None, float | None, float | None, bool]) -> pl.DataFrame:
    names = {
        "value": pl.Float64,
        "numerator": pl.Float64,
        "denominator": pl.Float64,
        "per": pl.Float64,
        "share": pl.Boolean,
    }
    return pl.DataFrame(list(given), schema=names, orient="row")


def test_intervals_of_rows_are_in_the_unit_of_the_value() -> None:
    found = with_intervals(
        rows(
            (40.0, 14, 35, 100.0, True),
            (5000.0, 5, 100, 100000.0, False),  # exact
            (20.0, 20, 100, 100.0, False),  # Byar
            (0.0, 0, 50, 100.0, True),
        )
    )
    assert found.select("lower_ci", "upper_ci").rows() == [
        (pytest.approx(25.6, abs=0.05), pytest.approx(56.4, abs=0.05)),
        (pytest.approx(1623.48639), pytest.approx(11668.33208)),
        (pytest.approx(12.211428835), pytest.approx(30.88988037)),
        (0, pytest.approx(100 * wilson_interval(0.0, 50.0)[1])),
    ]


def test_what_is_not_known_has_no_interval() -> None:
    found = with_intervals(
        rows(
            (40.0, None, None, 100.0, True),  # a printed percentage
            (40.0, None, 35, 100.0, True),
            (None, 14, 35, 100.0, True),  # not shown
            (40.0, 14, 0, 100.0, True),
            (40.0, 36, 35, 100.0, True),  # no share of anything
            (40.0, 14, 35, None, False),  # no quotient of the two
        )
    )
    assert found.get_column("lower_ci").null_count() == found.get_column("upper_ci").null_count() == 6


@pytest.mark.parametrize(
    ("one", "two", "lower", "upper"),
    [  # Newcombe (1998), table II, method 10
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0000),
    ],
)
def test_difference_of_two_proportions(one: tuple[int, int], two: tuple[int, int], lower: float, upper: float) -> None:
    def estimate(numerator: float, denominator: float) -> tuple[float, float, float]:
        return (numerator / denominator, *wilson_interval(float(numerator), float(denominator)))

    assert difference_interval(estimate(*one), estimate(*two)) == pytest.approx((lower, upper), abs=0.00006)


def test_significance_is_told_only_where_it_is_tested() -> None:
    changes = pl.DataFrame(
        {
            "estimate": [60.0, 60.0, 60.0, 40.0],
            "lower_ci": [55.0, 50.0, None, 35.0],
            "upper_ci": [65.0, 70.0, None, 45.0],
            "before_estimate": [50.0, 58.0, 50.0, None],
            "before_lower_ci": [46.0, 48.0, 46.0, None],
            "before_upper_ci": [54.0, 68.0, 54.0, None],
            "benchmark": [50.0, 50.0, 50.0, 50.0],
            "polarity": ["higher", "higher", "higher", "neutral"],
        }
    )
    told = changes.select(change_significance().alias("change"), benchmark_significance().alias("england"))
    assert told.rows() == [
        ("significant", "better"),
        ("not", "similar"),
        ("not tested", "not tested"),
        ("not tested", "not tested"),
    ]
    turned = changes.with_columns(pl.lit("lower").alias("polarity")).select(benchmark_significance().alias("england"))
    assert turned.get_column("england").to_list() == ["worse", "similar", "not tested", "better"]


def ranked(values: Sequence[float], polarity: str) -> tuple[list[int], str]:
    frame = pl.DataFrame({"group": [1] * len(values), "value": values, "polarity": [polarity] * len(values)})
    found = with_ranks(frame)
    assert found.get_column("rank_of").unique().to_list() == [len(values)]
    return found.get_column("rank").to_list(), "".join(found.get_column("quartile").to_list())


def test_ranks_obey_polarity_and_ties_share_the_best() -> None:
    assert ranked([3, 1, 2, 2], "lower")[0] == [4, 1, 2, 2]
    assert ranked([3, 1, 2, 2], "higher")[0] == [1, 4, 2, 2]


def test_quartiles_are_bands_of_value_with_inclusive_upper_bounds() -> None:
    assert ranked([1, 2, 3, 4, 5], "lower")[1] == "AABCD"
    assert ranked([1, 2, 3, 4, 5], "higher")[1] == "DDCBA"
    assert ranked([7, 7, 7], "higher")[1] == "DDD"  # everything lies within the first band of value
    values = [12.5, 3.0, 8.25, 8.25, 40.0, 17.0, 21.5, 2.0, 9.0, 30.0]
    first, second, third = plain.quantiles(values, n=4, method="inclusive")  # R's type 7
    expected = "".join("A" if v <= first else "B" if v <= second else "C" if v <= third else "D" for v in values)
    assert ranked(values, "lower")[1] == expected


def test_groups_are_ranked_apart() -> None:
    frame = pl.DataFrame({"group": [1, 2, 1, 2], "value": [1.0, 5.0, 2.0, 4.0], "polarity": ["lower"] * 4})
    assert with_ranks(frame).select("rank", "rank_of").rows() == [(1, 2), (2, 2), (2, 2), (1, 2)]


# -- control charts


def chart(*segments: Sequence[float]) -> pl.DataFrame:
    return with_control_limits(
        pl.DataFrame(
            [(number, float(value)) for number, values in enumerate(segments) for value in values],
            schema={"segment": pl.Int64, "value": pl.Float64},
            orient="row",
        )
    )


def signals(values: Sequence[float]) -> list[tuple[Any, ...]]:
    return chart(values).select("spc_signal", "spc_side").rows()


def test_limits_and_the_screening_of_moving_ranges() -> None:
    """NHSRplotthedots, vignette on deviations from the Excel tool, first chart."""
    found = chart([1, 2, 1, 2, 10, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1])
    first = found.row(0, named=True)
    assert [round(first[name], 2) for name in ("spc_upper", "spc_mean", "spc_lower")] == [4.6, 1.94, -0.72]
    assert first["spc_limits"] == "settled"
    assert found.get_column("spc_signal").to_list() == ["none"] * 4 + ["outside limits"] + ["none"] * 13


def test_a_trend_is_seven_points_each_beyond_the_one_before() -> None:
    up = [20, 1, 19, 2, *range(4, 11), 3, 18, 1, 20, 2]
    trend = [n for n, (signal, side) in enumerate(signals(up)) if (signal, side) == ("trend of seven", 1)]
    assert trend == [3, 4, 5, 6, 7, 8, 9, 10]
    assert signals([1, 2, 3, 3, 4, 5, 6]).count(("trend of seven", 1)) == 0  # NHSRplotthedots: a level step breaks it
    # The first rule that holds is told: the ends of a steep climb lie outside the limits.
    assert [s for s, _ in signals(range(7))] == ["outside limits", *["trend of seven"] * 5, "outside limits"]


def test_two_of_three_near_a_limit_on_one_side() -> None:
    quiet = [0, 1, 0, -1] * 4
    found = signals([*quiet, 2.4, 1.5, 2.4, -1, 0, -1])
    assert found[16] == found[18] == ("two of three near a limit", 1)
    assert found[17] == ("none", 0)  # only the points near the limit are marked
    # NHSRplotthedots: two such points on opposite sides of the mean are no signal
    apart = signals([1, -1] * 7 + [5.5, -5.5])
    assert apart[-2:] == [("none", 0), ("none", 0)]


def test_seven_on_one_side_of_the_mean() -> None:
    found = signals([*[0.5, 4, 1] * 3, *[-0.5, -4, -1] * 3])
    assert {signal for signal, _ in found} == {"seven on one side"}
    assert [side for _, side in found] == [1] * 9 + [-1] * 9
    assert ("seven on one side", 1) not in signals([*[1, 2] * 3, -9, *[1, 2] * 3, -9])


def test_runs_do_not_cross_from_one_segment_to_the_next() -> None:
    rising = list(range(10))
    assert chart(rising[:5], rising[5:]).get_column("spc_signal").unique().to_list() == ["none"]


def test_few_points_give_trial_limits_and_fewer_none() -> None:
    assert chart([1, 2, 1, 2]).row(0, named=True)["spc_mean"] is None
    assert chart([1, 2, 1, 2, 1]).row(0, named=True)["spc_limits"] == "trial"
    assert chart([1, 2] * 6).row(0, named=True)["spc_limits"] == "settled"


def test_a_series_that_never_moves_is_no_signal() -> None:
    found = chart([0.1 + 0.2] * 14)
    assert found.get_column("spc_signal").unique().to_list() == ["none"]
    assert found.get_column("spc_lower").null_count() == 14


def test_signals_agree_with_the_rules_read_one_point_at_a_time() -> None:
    chance = random.Random(7)  # noqa: S311 (made-up figures, no secret)
    for _ in range(150):
        values = [round(chance.gauss(0, 1) + chance.choice((0, 0, 0, 2, 3)), 2) for _ in range(chance.randint(5, 30))]
        assert [signal for signal, _ in signals(values)] == by_hand(values)


def by_hand(values: Sequence[float]) -> list[str]:
    """The same rules, point by point."""
    size, mean = len(values), plain.fmean(values)
    ranges = [abs(b - a) for a, b in pairwise(values)]
    usual = [r for r in ranges if r < 3.267 * plain.fmean(ranges)]
    reach = 2.66 * plain.fmean(usual)
    away = [v - mean for v in values]
    outside = [abs(a) > reach for a in away]
    near = [abs(a) > reach * 2 / 3 and not out for a, out in zip(away, outside, strict=True)]
    marked: list[dict[str, bool]] = [{} for _ in values]
    for start in range(size - 6):
        run = values[start : start + 7]
        steps = [b - a for a, b in pairwise(run)]
        for n in range(start, start + 7):
            marked[n]["trend"] = marked[n].get("trend", False) or all(s > 0 for s in steps) or all(s < 0 for s in steps)
            side = all(a > 0 for a in away[start : start + 7]) or all(a < 0 for a in away[start : start + 7])
            marked[n]["side"] = marked[n].get("side", False) or side
    for start in range(size - 2):
        window = range(start, start + 3)
        together = all(away[n] > 0 for n in window) or all(away[n] < 0 for n in window)
        if together and sum(near[n] for n in window) >= 2:
            for n in window:
                marked[n]["near"] = near[n] or marked[n].get("near", False)
    return [
        "outside limits"
        if outside[n]
        else "trend of seven"
        if marked[n].get("trend")
        else "two of three near a limit"
        if marked[n].get("near")
        else "seven on one side"
        if marked[n].get("side")
        else "none"
        for n in range(size)
    ]
