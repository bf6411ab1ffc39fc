"""The versions that were published: which rows each showed, recorded so that nothing is recorded twice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import duckdb
import polars as pl

from local_indicators.schemas.observations import KEY
from local_indicators.warehouse.store.connection import transaction
from local_indicators.warehouse.store.current_rows import OF_KEY

HISTORY_TABLES = ("publication", "stated", "withheld")


def last_published_version(con: duckdb.DuckDBPyConnection) -> int:
    """The newest version that was ever published; 0 if none was."""
    row = con.execute("SELECT coalesce(max(data_version), 0) FROM publication").fetchone()
    return int(row[0]) if row else 0


def published_versions(con: duckdb.DuckDBPyConnection) -> dict[int, datetime]:
    """Every version that was ever published, and its instant."""
    rows = con.execute("SELECT data_version, published_at FROM publication ORDER BY ALL").fetchall()
    return {number: at.replace(tzinfo=UTC) for number, at in rows}


def publication_history(con: duckdb.DuckDBPyConnection) -> dict[str, pl.DataFrame]:
    """What the store knows of the past beside what was loaded: the instants of loads, the publications, and what each
    of them stated and withheld."""
    loads = con.execute("SELECT submission, collection, judgement, recorded_at FROM load ORDER BY load").pl()
    return {"load": loads, **{name: con.execute(f"FROM {name} ORDER BY ALL").pl() for name in HISTORY_TABLES}}


def restore_publication_history(con: duckdb.DuckDBPyConnection, tables: Mapping[str, pl.DataFrame]) -> None:
    """Have the store know of the past what `publication_history` once gave."""
    with transaction(con):
        con.register("kept_load", tables["load"])
        con.execute(
            """UPDATE load SET recorded_at = k.recorded_at FROM kept_load AS k
               WHERE load.submission = k.submission AND load.collection = k.collection
                 AND load.judgement = k.judgement"""
        )
        con.unregister("kept_load")
        for name in HISTORY_TABLES:
            con.register("kept_rows", tables[name])
            con.execute(f"DELETE FROM {name}")
            con.execute(f"INSERT INTO {name} BY NAME FROM kept_rows")
            con.unregister("kept_rows")


def undo_last_publication(con: duckdb.DuckDBPyConnection, version: int) -> None:
    """Have the store know of the past what it did before the newest version was published, so that it can be again."""
    with transaction(con):
        con.execute("DELETE FROM publication WHERE data_version = ?", [version])
        con.execute("DELETE FROM stated WHERE since = ?", [version])
        con.execute("UPDATE stated SET until = NULL WHERE until = ?", [version])
        con.execute("UPDATE withheld SET shown_since = NULL WHERE shown_since = ?", [version])


def record_published_rows(con: duckdb.DuckDBPyConnection, live: str) -> None:
    """Write down which rows the published file attached as `live` shows, unless that was done already. Whatever night
    put the file there, and wherever it died after that, the next one comes through here first."""
    told = con.execute(f"SELECT data_version, published_at, run FROM {live}.mart.publication").fetchone()
    if told is None or con.execute("SELECT 1 FROM publication WHERE data_version = ?", [told[0]]).fetchone():
        return
    version, published_at, run = told
    with transaction(con):
        match_published_rows(con, live)
        record_publication(con, version, published_at, run)


def match_published_rows(con: duckdb.DuckDBPyConnection, live: str) -> None:
    """Make the temporary table `published_row`: the rows of the store that the published file attached as `live` tells
    of, among what is current and, unless a release made it that told no history, what was. Columns: KEY, load,
    is_current, is_withheld."""
    has = con.execute(
        "SELECT 1 FROM duckdb_tables() WHERE database_name = ? AND schema_name = 'mart' AND table_name = 'history'",
        [live],
    ).fetchone()
    tables = [("observations", True)] + ([("history", False)] if has else [])
    told = " UNION ALL ".join(
        f"SELECT {OF_KEY}, submission, sheet, cell, recorded_at, conf_status, {is_current} AS is_current"
        f" FROM {live}.mart.{table}"
        for table, is_current in tables
    )
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE published_row AS
        WITH told AS ({told}
        ), newest AS (  -- a submission that was judged again is loaded again; only the last load of a night is seen
            SELECT max(load) AS load, submission, collection, recorded_at FROM load GROUP BY ALL
        )
        SELECT {columns_of("o")}, o.load, bool_or(t.is_current) AS is_current,
               bool_and(coalesce(t.conf_status = 'c', false) AND o.conf_status IS DISTINCT FROM 'c') AS is_withheld
        FROM told AS t JOIN newest AS l USING (submission, recorded_at)
        JOIN observation AS o ON o.load = l.load AND NOT o.withdrawn AND o.sheet = t.sheet AND o.cell = t.cell
         AND {same_key_sql("o", "t")}
        GROUP BY ALL
        """
    )


def record_publication(con: duckdb.DuckDBPyConnection, version: int, published_at: datetime, run: str) -> None:
    """Write down that a version was published (at an instant in UTC) and that it told what `published_row` holds."""
    con.execute(
        """INSERT INTO publication BY NAME
           SELECT $version AS data_version, $at AS published_at, $run AS run, coalesce(max(load), 0) AS up_to_load
           FROM load WHERE recorded_at <= $at""",
        {"version": version, "at": published_at, "run": run},
    )
    con.execute(
        f"""UPDATE stated SET until = ? WHERE until IS NULL
            AND (load, {OF_KEY}) NOT IN (SELECT (load, {OF_KEY}) FROM published_row WHERE is_current)""",
        [version],
    )
    con.execute(
        f"""INSERT INTO stated BY NAME SELECT {OF_KEY}, load, ? AS since
            FROM (FROM published_row WHERE is_current)
            ANTI JOIN (SELECT * FROM stated WHERE until IS NULL) USING (load, {OF_KEY})""",
        [version],
    )
    con.execute(
        f"""UPDATE withheld SET shown_since = ? WHERE shown_since IS NULL
            AND (load, {OF_KEY}) IN (SELECT (load, {OF_KEY}) FROM published_row WHERE NOT is_withheld)""",
        [version],
    )
    con.execute(
        f"""INSERT INTO withheld BY NAME
            SELECT {columns_of("n")}, n.load, CASE WHEN min(s.since) < $version THEN min(s.since) END AS shown_since
            FROM published_row AS n JOIN stated AS s USING (load, {OF_KEY})
            WHERE n.is_withheld AND (n.load, {columns_of("n")}) NOT IN (SELECT (load, {OF_KEY}) FROM withheld)
            GROUP BY ALL""",
        {"version": version},
    )


def columns_of(alias: str) -> str:
    """Return SQL for the columns of an observation key under an alias."""
    return ", ".join(f"{alias}.{name}" for name in KEY)


def same_key_sql(one: str, other: str) -> str:
    """Return the SQL condition that two aliases have the same observation key."""
    return " AND ".join(f"{one}.{name} = {other}.{name}" for name in KEY)
