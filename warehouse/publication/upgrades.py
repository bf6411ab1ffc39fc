"""Bring what an earlier release left to what this one needs, with its past."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC
from pathlib import Path

import duckdb
import polars as pl

from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.observations import KEY
from local_indicators.warehouse.disclosure.disclosure_control import ROW
from local_indicators.warehouse.mart.build_mart import rows_to_withhold
from local_indicators.warehouse.store import current_rows, published_versions, row_history
from local_indicators.warehouse.store.attached_files import attach_read_only
from local_indicators.warehouse.store.connection import transaction


def record_earlier_publications(con: duckdb.DuckDBPyConnection, live: Path, definitions: Definitions) -> bool:
    """Have a store whose publications did not say what they stated say so; whether it was one. All or nothing.

    What was current in each version follows from the loads that it saw and from who speaks for an indicator today. What
    it withheld is read from the published file where a row is in it, and otherwise taken from today's policy.
    """
    versions = con.execute("FROM publication ORDER BY data_version").fetchall()
    if not versions or con.execute("SELECT 1 FROM stated LIMIT 1").fetchone():
        return False
    with ExitStack() as stack:
        seen = pl.DataFrame(schema={**dict.fromkeys(KEY, pl.String), "load": pl.Int64, "is_withheld": pl.Boolean})
        if live.exists():
            attach_read_only(con.execute, "live", live, stack)
            stack.callback(con.execute, "DETACH live")
            published_versions.match_published_rows(con, "live")
            seen = con.execute(f"SELECT {', '.join(ROW)}, is_withheld FROM published_row").pl()
        with transaction(con):
            con.execute("DELETE FROM publication")
            for version, published_at, run, up_to_load in versions:
                current_rows.create_current_rows(con, definitions, up_to_load)
                row_history.create_row_versions(con, version, published_at.replace(tzinfo=UTC))
                held = con.execute(f"SELECT {', '.join(ROW)} FROM current_row").pl()
                _show(con, held, rows_to_withhold(con, definitions), seen)
                row_history.drop_history_tables(con)
                published_versions.record_publication(con, version, published_at, run)
                con.execute("UPDATE publication SET up_to_load = ? WHERE data_version = ?", [up_to_load, version])
    return True


def _show(con: duckdb.DuckDBPyConnection, held: pl.DataFrame, hidden: pl.DataFrame, seen: pl.DataFrame) -> None:
    """Make `published_row` of a version: the rows that were current, and which of them it withheld."""
    rows = (
        held.join(seen, on=ROW, how="left")
        .join(hidden.with_columns(pl.lit(value=True).alias("by_policy")), on=ROW, how="left")
        .select(
            *ROW,
            pl.lit(value=True).alias("is_current"),
            pl.coalesce("is_withheld", "by_policy", pl.lit(value=False)).alias("is_withheld"),
        )
    )
    con.register("showing", rows)
    con.execute("CREATE OR REPLACE TEMP TABLE published_row AS FROM showing")
    con.unregister("showing")
