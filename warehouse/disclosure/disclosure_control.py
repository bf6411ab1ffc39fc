"""Disclosure control: what small numbers of people would give away is not published, nor what would give it back.

Primary suppression of small counts by each indicator's policy; secondary suppression by
warehouse.disclosure.secondary_suppression over the sums of warehouse.disclosure.relations.additive_relations, over
every version that was published or is about to be; then rounding. A row is shown or hidden whole: value, range, words,
numerator and denominator.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import polars as pl

from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.observations import KEY
from local_indicators.warehouse.disclosure.independent_scopes import assign_scopes, scopes_at_risk
from local_indicators.warehouse.disclosure.relations.indicator_families import (
    indicator_families,
    is_count,
    is_protected,
)
from local_indicators.warehouse.disclosure.relations.people_counted import with_people_counted
from local_indicators.warehouse.disclosure.rows_to_suppress import rows_to_suppress

HIDDEN = ("value", "value_low", "value_high", "value_text", "numerator", "denominator")
ROW = (*KEY, "load")


def sensitive_families(definitions: Definitions) -> list[list[str]]:
    """The indicators whose rows disclosure control has to see, in families of those that tell something of each other:
    those with a policy, and those related to such."""
    strict = {indicator.id for indicator in definitions.indicators.values() if is_protected(indicator, definitions)}
    members: dict[int, list[str]] = defaultdict(list)
    for name, family in indicator_families(definitions).items():
        members[family].append(name)
    return [names for names in members.values() if strict.intersection(names)]


def rows_to_withhold(states: pl.DataFrame, definitions: Definitions) -> pl.DataFrame:
    """The rows (KEY and load) that must not be shown, now or as what was said in the past.

    `states` are all rows of the guarded indicators that were ever published or are about to be (see store.counted).
    What an earlier version has shown cannot be taken back: its numbers count as known to every reader. Of an area that
    areas.csv does not list nobody here can tell what it is a part of, though a reader can: where that could give
    something away, its figures are hidden whatever their size.
    """
    if states.is_empty():
        return states.select(ROW)
    rows = with_people_counted(states.with_row_index("row"), definitions)
    placed = pl.col("area_code").is_in(list(definitions.geography.by_code))
    rows = assign_scopes(
        rows.with_columns((pl.col("secondary") & pl.col("measured") & ~placed).alias("unplaced")), definitions
    )
    first = pl.col("small") | pl.col("unplaced")
    hidden = set(rows.filter(first)["row"])
    for _, group in (
        rows.filter("secondary").join(scopes_at_risk(rows, definitions), on="scope", how="semi").group_by("scope")
    ):
        hidden |= rows_to_suppress(group.sort(*KEY, "since").to_dicts(), set(group.filter(first)["row"]), definitions)
    told = pl.any_horizontal(pl.col(name).is_not_null() for name in HIDDEN)
    hide = pl.col("row").is_in(list(hidden)) & (told | ~pl.col("asked_to_hide"))
    return rows.filter(hide).select(ROW).unique()  # a row may have been current twice


def suppress_and_round(rows: pl.DataFrame, hidden: pl.DataFrame, definitions: Definitions) -> pl.DataFrame:
    """The rows with every measure of a hidden one NULL and its status c, and the others rounded by their policy. What
    its sender marked c is hidden whatever else the sender filled in beside it."""
    marked = rows.join(
        hidden.with_columns(pl.lit(value=True).alias("_hidden")), on=ROW, how="left", maintain_order="left"
    )
    unknown = ~pl.col("indicator_id").is_in(list(definitions.indicators))
    asked = (pl.col("conf_status") == "c").fill_null(value=False)
    is_hidden = pl.col("_hidden").fill_null(value=False) | unknown | asked
    cleared = [pl.when(is_hidden).then(None).otherwise(pl.col(name)).alias(name) for name in HIDDEN]
    status = pl.when(is_hidden).then(pl.lit("c")).otherwise(pl.col("conf_status")).alias("conf_status")
    return _rounded(marked.with_columns(*cleared, status).drop("_hidden"), definitions)


# -- rounding


def _rounded(rows: pl.DataFrame, definitions: Definitions) -> pl.DataFrame:
    """Counts to the nearest multiple of their policy's base; a share or rate of rounded counts is worked out again;
    what rounds to nothing is NULL with the status low."""
    bases: list[tuple[Any, ...]] = [
        (indicator.id, float(policy.round_base), is_count(indicator), indicator.per)
        for indicator in definitions.indicators.values()
        if (policy := definitions.disclosure[indicator.disclosure]).round_base > 1
    ]
    if not bases:
        return rows
    schema = {"indicator_id": pl.String, "_base": pl.Float64, "_count": pl.Boolean, "_per": pl.Float64}
    kept = rows.columns
    rows = rows.join(
        pl.DataFrame(bases, schema=schema, orient="row"), on="indicator_id", how="left", maintain_order="left"
    )
    base = pl.col("_base")

    def nearest(name: str) -> pl.Expr:
        number = pl.col(name)
        return (number.sign() * (number.abs() / base + 0.5).floor() * base).alias(name)

    counts = ("value", "value_low", "value_high")
    rows = rows.with_columns(
        *(pl.when("_count").then(nearest(n)).otherwise(pl.col(n)).alias(n) for n in counts),
        *(pl.when(base > 0).then(nearest(n)).otherwise(pl.col(n)).alias(n) for n in ("numerator", "denominator")),
        pl.when("_count").then(None).otherwise(pl.col("value_text")).alias("value_text"),
        pl.when("_count").then(pl.col("value")).alias("_was"),
    )
    shares = (pl.col("_per") > 0) & pl.col("numerator").is_not_null() & (pl.col("denominator") > 0)
    to_nothing = (pl.col("_was") != 0) & (pl.col("value") == 0)
    return rows.with_columns(
        pl.when(shares).then(pl.col("_per") * pl.col("numerator") / pl.col("denominator"))
        .when(to_nothing).then(None).otherwise(pl.col("value")).alias("value"),
        pl.when(to_nothing).then(pl.lit("low")).otherwise(pl.col("obs_status")).alias("obs_status"),
    ).select(kept)  # fmt: skip
