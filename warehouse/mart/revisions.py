"""What was published before, and what became of it: the rows of mart.history and mart.revisions."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.observations import KEY, PAYLOAD
from local_indicators.warehouse.disclosure.disclosure_control import ROW, suppress_and_round

WITHDRAWN = "withdrawn"


def publication_spells(
    past: pl.DataFrame, hidden: pl.DataFrame, definitions: Definitions, published_at: datetime
) -> pl.DataFrame:
    """The rows of `row_history` (see store.trace_past) as today's policy lets them be told, from `published_from` to
    `published_to`.

    A row that was withheld at first is told twice: as withheld until it was shown (which may be now, at `published_at`,
    UTC), and as it is from then on.
    """
    never = pl.col("shown_at").is_null() & (pl.col("published_from") < published_at)
    rows = past.with_columns(
        pl.when(never).then(pl.lit(published_at)).otherwise(pl.coalesce("shown_at", "published_from")).alias("shown_at")
    )
    is_late = pl.col("shown_at") > pl.col("published_from")
    late = rows.filter(is_late).join(hidden, on=ROW, how="anti")
    whole = pl.concat([rows.filter(~is_late), rows.filter(is_late).join(hidden, on=ROW, how="semi")])
    first = late.with_columns(pl.min_horizontal("published_to", "shown_at").alias("published_to"))
    then = late.filter(pl.col("published_to").is_null() | (pl.col("shown_at") < pl.col("published_to"))).with_columns(
        pl.col("shown_at").alias("published_from")
    )
    told = [
        suppress_and_round(first, first.select(ROW).unique(), definitions),
        suppress_and_round(pl.concat([whole, then]), hidden, definitions),
    ]
    return pl.concat(told).sort(*KEY, "published_from")


def revision_rows(past: pl.DataFrame, hidden: pl.DataFrame, definitions: Definitions) -> pl.DataFrame:
    """The rows of mart.revisions from those of `row_history`: of each key, every row that took the place of another,
    every withdrawal and every row given again. A row that disclosure control hides today is listed without its
    values."""
    shown = suppress_and_round(past, hidden, definitions).sort(*KEY, "since")
    raw = past.sort(*KEY, "since").select(pl.struct(PAYLOAD).alias("said"))
    rows = shown.with_columns(
        raw["said"],
        pl.concat_str([pl.col("obs_status"), pl.col("conf_status")], separator="; ", ignore_nulls=True)
        .replace("", None).alias("status"),
    )  # fmt: skip
    came_back = pl.int_range(pl.len()).over(*KEY, "load") > 0  # by a rollback, or the publication that ended one
    rows = rows.with_columns(came_back.alias("came_back"))
    names = (
        "load",
        "came_back",
        "value",
        "value_text",
        "status",
        "obs_status",
        "submission",
        "collection",
        "until",
        "said",
        "ended_by",
    )
    before = [pl.col(name).shift(1).over(KEY).alias(f"before_{name}") for name in names]
    after = pl.col("since").shift(-1).over(KEY).alias("next_since")
    rows = rows.with_columns(*before, after)
    changed = rows.filter(
        (pl.col("before_until") == pl.col("since")) & pl.col("said").ne_missing(pl.col("before_said"))
    )
    again = rows.filter(pl.col("before_until") < pl.col("since"))
    gone = rows.filter(
        pl.col("until").is_not_null() & (pl.col("next_since").is_null() | (pl.col("next_since") > pl.col("until")))
    )
    return pl.concat([_changes(changed), _given_again(again), _withdrawals(gone)])


def _row(
    old: str | None, new: str | None, changed_at: pl.Expr, old_submission: str, submission: pl.Expr, why: pl.Expr
) -> list[pl.Expr]:
    """A row of mart.revisions; `old` and `new` are the prefixes of the columns before and after, None for withdrawn."""

    def told(prefix: str | None, name: str, kind: type[pl.DataType]) -> pl.Expr:
        return pl.lit(None, kind) if prefix is None else pl.col(f"{prefix}{name}")

    def status(prefix: str | None) -> pl.Expr:
        return pl.lit(WITHDRAWN) if prefix is None else pl.col(f"{prefix}status")

    return [
        *map(pl.col, KEY),
        told(old, "value", pl.Float64).alias("old_value"),
        told(new, "value", pl.Float64).alias("new_value"),
        told(old, "value_text", pl.String).alias("old_text"),
        told(new, "value_text", pl.String).alias("new_text"),
        status(old).alias("old_status"),
        status(new).alias("new_status"),
        changed_at.alias("changed_at"),
        pl.col(old_submission).alias("old_submission"),
        submission.alias("submission"),
        why.alias("why"),
    ]


def _changes(rows: pl.DataFrame) -> pl.DataFrame:
    another = pl.col("collection") != pl.col("before_collection")
    back = pl.col("came_back") | (pl.col("load") < pl.col("before_load"))
    provisional = pl.col("before_obs_status") == "p"
    revised, still = pl.col("obs_status") == "r", pl.col("obs_status") == "p"
    why = (
        pl.when(another).then(pl.lit("Another return now speaks for this figure."))
        .when(back).then(pl.lit("An earlier version was published again, or no longer stands in for this one."))
        .when(provisional & revised).then(pl.lit("Provisional figure revised by a later return."))
        .when(provisional & ~still.fill_null(value=False))
        .then(pl.lit("Provisional figure made final by a later return."))
        .when(revised).then(pl.lit("Revised by a later return."))
        .otherwise(pl.lit("Replaced by a later return."))
    )  # fmt: skip
    when = pl.when(another | back).then(pl.col("published_from")).otherwise(pl.col("recorded_at"))
    return rows.select(_row("before_", "", when, "before_submission", pl.col("submission"), why))


def _given_again(rows: pl.DataFrame) -> pl.DataFrame:
    why = pl.lit("Given again by a later return.")
    when = pl.when("came_back").then(pl.col("published_from")).otherwise(pl.col("recorded_at"))
    return rows.select(_row(None, "", when, "before_ended_by", pl.col("submission"), why))


def _withdrawals(rows: pl.DataFrame) -> pl.DataFrame:
    why = (
        pl.when(pl.col("ended_by").is_null())
        .then(pl.lit("Withdrawn: no return speaks for this figure any longer."))
        .otherwise(pl.lit("Withdrawn: a later return for this period no longer gives it."))
    )
    when = pl.when("came_back").then("published_to").otherwise(pl.coalesce("ended_at", "published_to"))
    return rows.select(_row("", None, when, "submission", pl.coalesce("ended_by", "submission"), why))
