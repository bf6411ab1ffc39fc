"""The one current row of each observation key."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import duckdb
import polars as pl

from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.observations import KEY
from local_indicators.warehouse.store.loads_in_force import rows_in_force_sql

MOST_ROWS = 500_000
"""How many rows are taken out of the store at once."""
OF_KEY = ", ".join(KEY)


def newest_rows_by_collection(condition: str = "true") -> str:
    """SQL for the newest row of each collection and key, those that were withdrawn left out."""
    return f"""
        SELECT * FROM observation AS o WHERE {condition}
        QUALIFY row_number() OVER (PARTITION BY collection, {OF_KEY} ORDER BY load DESC) = 1 AND NOT withdrawn
    """


def _current(up_to_load: int | None, without: Collection[int] = ()) -> str:
    """SQL for one current row a key: the authoritative collection's where it has one, else the newest of another's; of
    the first loads only, where `up_to_load` is given, and as if the loads `without` had not come."""
    condition = rows_in_force_sql(without) + ("" if up_to_load is None else f" AND o.load <= {up_to_load:d}")
    return f"""
WITH own AS (
    SELECT o.rowid AS at, {OF_KEY}, load, collection FROM observation AS o WHERE {condition}
    QUALIFY row_number() OVER (PARTITION BY collection, {OF_KEY} ORDER BY load DESC) = 1 AND NOT withdrawn
), chosen AS (
    SELECT o.at FROM own AS o LEFT JOIN authority_of AS a USING (indicator_id)
    QUALIFY row_number() OVER (
        PARTITION BY {OF_KEY} ORDER BY (o.collection = a.authority) DESC NULLS LAST, o.load DESC) = 1
)
SELECT o.* EXCLUDE (withdrawn), l.submission, s.path AS source_file, s.digest, l.recorded_at
FROM observation AS o JOIN chosen AS c ON c.at = o.rowid
JOIN load AS l USING (load) JOIN submission AS s ON s.id = l.submission
"""


def create_current_rows(
    con: duckdb.DuckDBPyConnection,
    definitions: Definitions,
    up_to_load: int | None = None,
    without: Collection[int] = (),
) -> None:
    """Make the temporary table `current_row`: what `current` gives, in no order."""
    con.register("made", authoritative_collections(definitions))
    con.execute("CREATE OR REPLACE TEMP TABLE authority_of AS SELECT * FROM made")
    con.unregister("made")
    con.execute(f"CREATE OR REPLACE TEMP TABLE current_row AS {_current(up_to_load, without)}")
    con.execute("DROP TABLE authority_of")


def create_current_rows_as_published(con: duckdb.DuckDBPyConnection) -> None:
    """Make `current_row` of what `published_row` (see `see`) says to be current, in place of what is."""
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE current_row AS
        SELECT o.* EXCLUDE (withdrawn), l.submission, s.path AS source_file, s.digest, l.recorded_at
        FROM observation AS o SEMI JOIN (FROM published_row WHERE is_current) USING (load, {OF_KEY})
        JOIN load AS l USING (load) JOIN submission AS s ON s.id = l.submission
        """
    )


def indicator_batches(
    con: duckdb.DuckDBPyConnection, table: str, together: Iterable[Sequence[str]] = (), most: int = MOST_ROWS
) -> list[list[str]]:
    """The indicators of a table in groups of about so many rows, in the order of their ids; or those of `together`,
    each of which stays in one group."""
    counts = dict(
        con.execute(
            f"SELECT indicator_id, count(*) FROM {table} GROUP BY indicator_id ORDER BY indicator_id"
        ).fetchall()
    )
    groups: list[list[str]] = []
    rows = most
    for names in together or [[name] for name in counts]:
        size = sum(counts.get(name, 0) for name in names)
        if rows + size > most and size:
            groups.append([])
            rows = 0
        if size:
            groups[-1] += names
            rows += size
    return groups


def rows_of_indicators(
    con: duckdb.DuckDBPyConnection, table: str, indicators: Sequence[str], order: str = OF_KEY
) -> pl.DataFrame:
    """The rows of a table that are of some indicators."""
    con.register("wanted", pl.DataFrame({"indicator_id": list(indicators)}, schema={"indicator_id": pl.String}))
    frame = con.execute(f"SELECT * FROM {table} SEMI JOIN wanted USING (indicator_id) ORDER BY {order}").pl()
    con.unregister("wanted")
    return frame


def last_accepted_rows(con: duckdb.DuckDBPyConnection, without: Collection[int] = ()) -> pl.DataFrame:
    """The newest row of each collection and key, as if the loads `without` had not come, for the checks: KEY, PAYLOAD,
    collection, source_file, sheet, cell, and the partner who sent it."""
    return con.execute(
        f"""
        SELECT o.* EXCLUDE (withdrawn), s.path AS source_file, s.partner
        FROM ({newest_rows_by_collection(rows_in_force_sql(without))}) AS o
        JOIN load AS l USING (load) JOIN submission AS s ON s.id = l.submission
        """
    ).pl()


def authoritative_collections(definitions: Definitions) -> pl.DataFrame:
    """Which collection is the authority for each indicator."""
    return pl.DataFrame(
        [(indicator.id, indicator.authority) for indicator in definitions.indicators.values() if indicator.authority],
        schema={"indicator_id": pl.String, "authority": pl.String},
        orient="row",
    )
