"""Disclosure control: what small numbers of people would give away is not published, nor what would give it back.

Primary suppression of small counts, and secondary suppression so that a total less its published parts never leaves a
small remainder; the usual scheme of the statistics handbooks, by each indicator's policy.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import polars as pl

from schemas.breakdowns import TOTAL, parts
from schemas.definitions import Definitions, Disclosure, Indicator
from schemas.tables import KEY

HIDDEN = ("value", "value_low", "value_high", "value_text", "numerator", "denominator")
_SEEN = [*KEY, "value", "numerator", "denominator"]
NOT_COUNTS = ("%", "pp", "£m", "rank")

Row = dict[str, Any]
Cell = tuple[Any, ...]


def suppressed_keys(current: pl.DataFrame, history: pl.DataFrame, definitions: Definitions) -> set[Cell]:
    """The keys (in the order of KEY) that must not be published. A value that is small in any version that was ever
    published hides its key in all of them; what could give a hidden value back is hidden with it."""
    hidden: set[Cell] = set()
    for row in pl.concat([current.select(_SEEN), history.select(_SEEN)]).unique().iter_rows(named=True):
        indicator = definitions.indicators.get(row["indicator_id"])
        if indicator is None or _is_small(row, indicator, definitions.disclosure[indicator.disclosure]):
            hidden.add(_key(row))
    groups: dict[Cell, list[Row]] = defaultdict(list)
    for row in current.select(_SEEN).iter_rows(named=True):
        indicator = definitions.indicators.get(row["indicator_id"])
        if indicator and indicator.breakdowns and definitions.disclosure[indicator.disclosure].secondary:
            groups[tuple(row[name] for name in KEY if name != "breakdown")].append(row)
    for group in groups.values():
        indicator = definitions.indicators[group[0]["indicator_id"]]
        if is_count(indicator):
            for dimension, values in indicator.breakdowns.items():
                _secondary(group, dimension, values, definitions.disclosure[indicator.disclosure], hidden)
    return hidden


def suppress(rows: pl.DataFrame, hidden: set[Cell]) -> pl.DataFrame:
    """The rows with every measure of a hidden key NULL and its status c."""
    keys = pl.DataFrame(list(hidden), schema=dict.fromkeys(KEY, pl.String), orient="row")
    marked = rows.join(
        keys.with_columns(pl.lit(value=True).alias("_hidden")),
        on=list(KEY),
        how="left",
        maintain_order="left",
    )
    is_hidden = pl.col("_hidden").fill_null(value=False)
    cleared = [pl.when(is_hidden).then(None).otherwise(pl.col(name)).alias(name) for name in HIDDEN]
    status = pl.when(is_hidden).then(pl.lit("c")).otherwise(pl.col("conf_status")).alias("conf_status")
    return marked.with_columns(*cleared, status).drop("_hidden")


def is_count(indicator: Indicator) -> bool:
    """Whether the value itself counts people or things."""
    return (
        indicator.kind == "number"
        and not indicator.numerator
        and indicator.unit not in NOT_COUNTS
        and not indicator.unit.startswith("rate")
    )


def _key(row: Row) -> Cell:
    return tuple(row[name] for name in KEY)


def _is_small(row: Row, indicator: Indicator, policy: Disclosure) -> bool:
    numerator, denominator = row["numerator"], row["denominator"]
    counts = [row["value"]] if is_count(indicator) else [numerator]
    if numerator is not None and denominator is not None:
        counts.append(denominator - numerator)
    if any(count is not None and _small(count, policy) for count in counts):
        return True
    return denominator is not None and 0 < denominator < policy.min_denominator


def _small(count: float, policy: Disclosure) -> bool:
    return 0 < count < policy.primary_min or (count == 0 and not policy.zero_ok)


def _secondary(
    group: list[Row], dimension: str, values: tuple[str, ...], policy: Disclosure, hidden: set[Cell]
) -> None:
    """Hide more parts, smallest first, and at last the total, until what a reader can work out is not small."""
    total = next((row for row in group if row["breakdown"] == TOTAL), None)
    held = {parts(row["breakdown"])[dimension]: row for row in group if set(parts(row["breakdown"])) == {dimension}}
    if total is None or total["value"] is None or not held:
        return
    while _key(total) not in hidden:
        shown = [row for row in held.values() if _key(row) not in hidden and row["value"] is not None]
        unknown = len(values) - len(shown)
        remainder = total["value"] - sum(row["value"] for row in shown)
        concealed = any(_key(row) in hidden for row in held.values())
        safe = not _small(remainder, policy) and not (unknown == 1 and concealed)
        if unknown == 0 or safe:
            return
        smallest = min(shown, key=lambda row: row["value"], default=total)
        hidden.add(_key(smallest))
