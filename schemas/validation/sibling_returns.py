"""What the same partner's other returns say of the figures of a return: its total, or the parts of it."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from local_indicators.schemas.observations import KEY, CheckContext, TidyTable

_PLACE = [name for name in KEY if name != "breakdown"]


def with_sibling_returns(frame: pl.DataFrame, tables: Sequence[TidyTable], context: CheckContext) -> pl.DataFrame:
    """The rows of returns and, after them, those that others of the same partner have given for the same indicators,
    areas and periods under other breakdowns. Those stand in no cell of the return. Nothing of another partner is among
    them: its owner alone is told of it."""
    if context.accepted is None or not context.accepted.height:
        return frame
    about = pl.DataFrame(
        [(number, table.partner, table.collection) for number, table in enumerate(tables)],
        schema={"_return": frame.schema["_return"], "_partner": pl.String, "_mine": pl.String},
        orient="row",
    )
    places = frame.filter("keyed").select("_return", *_PLACE).unique().join(about, on="_return")
    others = context.accepted.rename({"partner": "_partner"})
    beside = (
        others.join(places, on=["_partner", *_PLACE], how="inner")
        .filter(pl.col("collection") != pl.col("_mine"))
        .join(frame.select("_return", *KEY), on=["_return", *KEY], how="anti")
        .unique(["_return", *KEY], keep="first", maintain_order=True)
        .select("_return", *KEY, "value", pl.lit(value=True).alias("keyed"))
        .sort("_return", *KEY)
    )
    if not beside.height:
        return frame
    return pl.concat([frame.drop("_index"), beside], how="diagonal").with_row_index("_index")
