"""What became of every row that was ever published: its versions, and its history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import duckdb
import polars as pl

from local_indicators.warehouse.store.current_rows import OF_KEY
from local_indicators.warehouse.store.loading import as_utc
from local_indicators.warehouse.store.published_versions import columns_of, same_key_sql


def create_row_versions(con: duckdb.DuckDBPyConnection, version: int, published_at: datetime) -> None:
    """Make the temporary table `row_version`: every row that was ever published, and every row that will be when
    `current_row` (see `hold`) is published as `version` at `published_at` (UTC).

    Columns: load and KEY, which name the row; `since` and `until`, the versions between which it was current (`until`
    NULL while it is), with `published_from` and `published_to`, their instants; and `shown_from`, the version that
    first showed the row rather than withheld it, NULL if none has yet.
    """
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE row_version AS
        WITH publications AS (
            SELECT data_version, published_at FROM publication UNION ALL SELECT $version, $published_at::TIMESTAMP
        ), standing AS (
            SELECT * EXCLUDE (until) FROM stated WHERE until IS NULL
        ), kept AS (
            SELECT {OF_KEY}, load, since, until FROM stated WHERE until IS NOT NULL
            UNION ALL
            SELECT {columns_of("s")}, s.load, s.since, CASE WHEN n.load IS NULL THEN $version END
            FROM standing AS s LEFT JOIN current_row AS n USING (load, {OF_KEY})
            UNION ALL
            SELECT {OF_KEY}, load, $version, NULL FROM current_row ANTI JOIN standing USING (load, {OF_KEY})
        )
        SELECT k.*, f.published_at AS published_from, t.published_at AS published_to,
               CASE WHEN k.since = $version THEN NULL WHEN w.load IS NULL THEN k.since ELSE w.shown_since END
                   AS shown_from
        FROM kept AS k JOIN publications AS f ON f.data_version = k.since
        LEFT JOIN publications AS t ON t.data_version = k.until
        LEFT JOIN withheld AS w USING (load, {OF_KEY})
        """,
        {"version": version, "published_at": as_utc(published_at)},
    )


def rows_for_disclosure(con: duckdb.DuckDBPyConnection, indicators: Sequence[str]) -> pl.DataFrame:
    """What disclosure control has to know of every row of `row_version` of some indicators: KEY, load, since, until,
    shown_from, period_start, period_end, value, value_low, value_high, value_text, numerator, denominator, conf_status.
    """
    con.register("wanted", pl.DataFrame({"indicator_id": list(indicators)}, schema={"indicator_id": pl.String}))
    frame = con.execute(
        f"""
        SELECT {columns_of("o")}, d.load, d.since, d.until, d.shown_from, o.period_start, o.period_end, o.value,
               o.value_low, o.value_high, o.value_text, o.numerator, o.denominator, o.conf_status
        FROM row_version AS d JOIN observation AS o USING (load, {OF_KEY}) SEMI JOIN wanted USING (indicator_id)
        ORDER BY {columns_of("o")}, d.since
        """
    ).pl()
    con.unregister("wanted")
    return frame


def create_row_history(con: duckdb.DuckDBPyConnection, version: int, hidden: pl.DataFrame) -> None:
    """Make the temporary table `row_history`: every row of `row_version`, past and current, of the keys with a past:
    those with more than one row, with a withdrawal, with a row that was first withheld and is not in `hidden`, or with
    one that was not published by the first publication after its load.

    Columns: those of `current`, `since`, `until`, `published_from`, `published_to`, `shown_at` (the instant from which
    the row was shown; NULL if it has not been), `ended_at` and `ended_by` (when, and with which submission, the load
    came that withdrew the row, if one did).
    """
    con.register("made", hidden)
    con.execute("CREATE OR REPLACE TEMP TABLE hidden AS SELECT * FROM made")
    con.unregister("made")
    con.execute(_ROW_HISTORY, {"version": version})
    con.execute("DROP TABLE hidden")


_ROW_HISTORY = f"""
        CREATE OR REPLACE TEMP TABLE row_history AS
        WITH told AS (
            SELECT d.*, l.recorded_at, h.load IS NOT NULL AS is_hidden
            FROM row_version AS d JOIN load AS l USING (load) LEFT JOIN hidden AS h USING (load, {OF_KEY})
        ), moved AS (
            SELECT DISTINCT {OF_KEY} FROM told AS t
            WHERE until IS NOT NULL OR published_from < recorded_at
               OR (NOT is_hidden AND since < $version AND shown_from IS DISTINCT FROM since)
               OR EXISTS (
                   SELECT 1 FROM publication AS p WHERE p.published_at >= t.recorded_at AND p.data_version < t.since)
        ), kept AS (SELECT * FROM row_version SEMI JOIN moved USING ({OF_KEY})
        ), rows AS (
            SELECT o.* EXCLUDE (withdrawn), k.since, k.until, k.published_from, k.published_to,
                   v.published_at AS shown_at
            FROM kept AS k JOIN observation AS o USING (load, {OF_KEY})
            LEFT JOIN publication AS v ON v.data_version = k.shown_from
        ), ended AS (
            SELECT r.load, {columns_of("r")}, arg_min(l.recorded_at, w.load) AS ended_at,
                   arg_min(l.submission, w.load) AS ended_by
            FROM rows AS r JOIN observation AS w ON w.withdrawn AND w.collection = r.collection AND w.load > r.load
             AND {same_key_sql("w", "r")}
            JOIN load AS l ON l.load = w.load
            WHERE r.until IS NOT NULL GROUP BY ALL
        )
        SELECT r.*, l.submission, s.path AS source_file, s.digest, l.recorded_at, e.ended_at, e.ended_by
        FROM rows AS r JOIN load AS l USING (load) JOIN submission AS s ON s.id = l.submission
        LEFT JOIN ended AS e USING (load, {OF_KEY})
"""


def drop_history_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Drop what `hold`, `create_row_versions` and `create_row_history` made."""
    for name in ("current_row", "row_version", "row_history"):
        con.execute(f"DROP TABLE IF EXISTS temp.{name}")
