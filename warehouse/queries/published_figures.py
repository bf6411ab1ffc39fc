"""What readers of the published file see of each figure, and from which return: all that one partner may learn of
another's."""

from __future__ import annotations

from contextlib import ExitStack
from math import inf
from pathlib import Path

import duckdb
import polars as pl

from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.observations import KEY
from local_indicators.warehouse.disclosure.relations.indicator_families import is_count
from local_indicators.warehouse.store import connection, current_rows
from local_indicators.warehouse.store.attached_files import attach_read_only

SEEN = {
    **dict.fromkeys(KEY, pl.String()),
    "value": pl.Float64(),
    "value_text": pl.String(),
    "collection": pl.String(),
    "tolerance": pl.Float64(),
}


def published_figures(con: connection.Connection, published: Path, definitions: Definitions) -> pl.DataFrame:
    """The figures that the published file shows: KEY, value, value_text, the collection that each came with, and
    `tolerance`, how far from a rounded figure the one that was sent may lie (infinite for a share of rounded counts).

    What is hidden, or was rounded to nothing, is not there. Empty without a published file, and where it is of an
    earlier shape. `con` is the store. Raises StorageError.
    """
    if not published.exists():
        return pl.DataFrame(schema=SEEN)
    with ExitStack() as stack:
        attach_read_only(con.execute, "live", published, stack)
        stack.callback(con.execute, "DETACH live")
        try:
            shown = con.execute(
                f"""SELECT {", ".join(f"o.{name}" for name in KEY)}, o.value, o.value_text, l.collection
                    FROM live.mart.observations AS o
                    JOIN stated AS s USING ({current_rows.OF_KEY}) JOIN load AS l ON l.load = s.load
                    WHERE s.until IS NULL AND l.submission = o.submission AND o.conf_status IS NULL
                      AND (o.value IS NOT NULL OR o.value_text IS NOT NULL)"""
            ).pl()
        except duckdb.Error:
            return pl.DataFrame(schema=SEEN)
    rounded = [
        (indicator.id, base / 2 if is_count(indicator) else inf)
        for indicator in definitions.indicators.values()
        if (base := definitions.disclosure[indicator.disclosure].round_base) > 1
    ]
    by = pl.DataFrame(rounded, schema={"indicator_id": pl.String, "tolerance": pl.Float64}, orient="row")
    return (
        shown.join(by, on="indicator_id", how="left")
        .with_columns(pl.col("tolerance").fill_null(0.0))
        .select(list(SEEN))
    )
