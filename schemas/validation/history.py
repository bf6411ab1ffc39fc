"""What differs from what was accepted before: keys no longer there, values that jump, and values that are published
otherwise, from another return."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean, median
from typing import Any

import polars as pl

from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.observations import KEY, CheckContext, TidyTable
from local_indicators.schemas.reference.periods import Period, read_period
from local_indicators.schemas.validation.completeness import PossiblyUnreadKeys
from local_indicators.schemas.validation.finding_collector import FindingCollector
from local_indicators.schemas.validation.row_validation import first_measure_given
from local_indicators.schemas.validation.withdrawals import check_withdrawals, describe_value

HISTORY_FROM = 5
"""Earlier periods from which a series is thought to show how it moves."""
MEDIAN_RANGE_LIMIT, MEAN_RANGE_LIMIT = 3.865, 3.267
"""Upper limit of a moving range on an XmR chart, as a multiple of the median or of the mean moving range (Wheeler,
Understanding Variation, 2nd ed., appendix; both are d2 and D4 of ranges of two)."""

Row = dict[str, Any]
Series = tuple[str, ...]
_SERIES = [name for name in KEY if name != "time_period"]


def check_history(
    frame: pl.DataFrame,
    tables: Sequence[TidyTable],
    definitions: Definitions,
    context: CheckContext,
    absences: PossiblyUnreadKeys,
    collector: FindingCollector,
) -> None:
    """Note keys withdrawn, jumps, and differences from what is published, as warnings."""
    if context.accepted is not None and context.accepted.height:
        for number, table in enumerate(tables):
            mine = context.accepted.filter(pl.col("collection") == table.collection)
            now = frame.filter(pl.col("_return") == number)
            if mine.height and now.height:
                check_withdrawals(number, now, mine, absences, collector)
                _jumps(number, now, mine, definitions, collector)
    if context.published is not None and context.published.height:
        _differs(frame, tables, context.published, collector)


# -- jumps


def _jumps(
    number: int, now: pl.DataFrame, mine: pl.DataFrame, definitions: Definitions, collector: FindingCollector
) -> None:
    """A value that is new or has changed must not lie further from that of the period before than the moving ranges of
    the accepted periods before it allow."""
    given_now = now.filter(pl.col("keyed") & pl.col("value").is_not_null())
    held = mine.filter(pl.col("value").is_not_null())
    new = given_now.join(held.select(*KEY, "value"), on=[*KEY, "value"], how="anti")
    if not new.height or not held.height:
        return
    past: dict[Series, dict[str, float]] = defaultdict(dict)
    for *key, code, value in (
        held.join(new.select(_SERIES).unique(), on=_SERIES, how="semi")
        .select(*_SERIES, "time_period", "value")
        .iter_rows()
    ):
        past[tuple(key)][code] = value
    beside = {tuple(row[:-1]): row[-1] for row in given_now.select(*_SERIES, "time_period", "value").iter_rows()}
    for row in new.iter_rows(named=True):
        series = tuple(row[name] for name in _SERIES)
        period = read_period(row["time_period"], row["time_identifier"])
        before = period.previous() if period else None
        if before is None:
            continue
        last = beside.get((*series, before.time_period), past[series].get(before.time_period))
        decimals = definitions.indicators[row["indicator_id"]].decimals
        limit = _most_change([v for p, v in sorted(past[series].items()) if p < row["time_period"]], decimals)
        if last is not None and limit is not None and abs(row["value"] - last) > limit:
            _note_jump(number, row, before, last, limit, collector)


def _most_change(values: Sequence[float], decimals: int) -> float | None:
    """The furthest that a series may be expected to move between two periods; None where too little of it is known.

    `values` are in the order of their periods. The median moving range is used, so that one odd year does not widen the
    limit for ever after; where most ranges are 0, the mean.
    """
    if len(values) < HISTORY_FROM:
        return None
    ranges = [abs(b - a) for a, b in pairwise(values)]
    limit = MEDIAN_RANGE_LIMIT * median(ranges) or MEAN_RANGE_LIMIT * fmean(ranges)
    return max(limit, MEAN_RANGE_LIMIT * 10.0**-decimals)


def _note_jump(number: int, row: Row, before: Period, last: float, limit: float, collector: FindingCollector) -> None:
    places = [(row["sheet"], row["at_value"])] if row["at_value"] is not None else []
    if collector.free(number, places):
        collector.add(
            number,
            "value.jump",
            places,
            field="value",
            found=row["value"],
            expected=f"within {limit:.3g} of {last:,.10g}, the value for {before.label}, as in earlier periods",
        )


# -- another return


def _differs(
    frame: pl.DataFrame, tables: Sequence[TidyTable], published: pl.DataFrame, collector: FindingCollector
) -> None:
    """A key that readers see with another value, from another return. What they see is all that is told of it: neither
    a value that is hidden or not yet published, nor that there is one, since whoever sends a guess a night would find
    out the value by the nights on which nothing is said."""
    both = frame.filter("keyed").join(published, on=list(KEY), how="inner", suffix="_there")
    owner = pl.Series("collection_here", [t.collection for t in tables])
    both = both.with_columns(owner.gather(both.get_column("_return")).alias("_collection"))
    apart = (pl.col("value") - pl.col("value_there")).abs() > pl.col("tolerance")
    of_one_alone = pl.col("value").is_null() != pl.col("value_there").is_null()
    differs = apart.fill_null(of_one_alone) | pl.col("value_text").ne_missing(pl.col("value_text_there"))
    for row in both.filter((pl.col("_collection") != pl.col("collection")) & differs).iter_rows(named=True):
        measure = first_measure_given(row)
        places = [(row["sheet"], row[f"at_{measure}"])] if row[f"at_{measure}"] is not None else []
        if collector.free(row["_return"], places):
            collector.add(
                row["_return"],
                "key.differs",
                places,
                field="value",
                found=row["value"] if row["value"] is not None else row["value_text"],
                expected=f"{describe_value(row['value_there'], row['value_text_there'])}, as published",
            )
