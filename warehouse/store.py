"""The private store: everything that was accepted, load after load, nothing overwritten."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import polars as pl

from schemas.definitions import Definitions
from schemas.faults import StorageFault
from schemas.findings import a1
from schemas.outcomes import Outcome, Submission, outcome_id
from schemas.tables import KEY, MEASURES, PAYLOAD

SCHEMA_VERSION = 2
_NUMBERS = ("value", "value_low", "value_high", "numerator", "denominator")
_TYPES = {name: "DOUBLE" if name in _NUMBERS else "VARCHAR" for name in (*KEY, *PAYLOAD)}
_COLUMNS = (*KEY, *PAYLOAD, "period_start", "period_end", "sheet", "cell")
_INSERT = f"INSERT INTO observation (load, collection, {', '.join(_COLUMNS)}, withdrawn)"

_DDL = f"""
CREATE TABLE IF NOT EXISTS about (schema_version INTEGER);
CREATE TABLE IF NOT EXISTS submission (
    id VARCHAR PRIMARY KEY, sequence BIGINT, partner VARCHAR, path VARCHAR, digest VARCHAR, first_seen TIMESTAMP);
CREATE TABLE IF NOT EXISTS load (
    load BIGINT PRIMARY KEY, submission VARCHAR, collection VARCHAR, judgement BIGINT, status VARCHAR,
    recorded_at TIMESTAMP, UNIQUE (submission, collection, judgement));
CREATE TABLE IF NOT EXISTS observation (
    load BIGINT, collection VARCHAR, {", ".join(f"{name} {kind}" for name, kind in _TYPES.items())},
    period_start DATE, period_end DATE, sheet VARCHAR, cell VARCHAR, withdrawn BOOLEAN);
CREATE TABLE IF NOT EXISTS publication (
    data_version BIGINT PRIMARY KEY, published_at TIMESTAMP, run VARCHAR, up_to_load BIGINT);
"""

OF_KEY = ", ".join(KEY)


@dataclass(frozen=True)
class Loaded:
    """What one load did: rows put in, keys withdrawn; `again` if the outcome had been loaded before."""

    rows: int
    withdrawn: int
    again: bool = False


def connect(path: str = ":memory:", *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """A connection that never installs, loads or fetches an extension. Raises duckdb.Error."""
    settings = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    return duckdb.connect(path, read_only=read_only, config=dict(settings))


@contextmanager
def opened(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The store, made if it is not there, readable by its owner only. Raises StorageFault."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        before = os.umask(0o077)
        try:
            con = connect(str(path))
        finally:
            os.umask(before)
        path.chmod(stat.S_IRUSR | stat.S_IWUSR)
    except (OSError, duckdb.Error) as error:
        raise StorageFault(path, f"the store cannot be opened ({_first_line(error)})") from None
    try:
        con.execute(_DDL)
        _upgrade(con)
        if con.execute("SELECT count(*) FROM about").fetchone() == (0,):
            con.execute("INSERT INTO about VALUES (?)", [SCHEMA_VERSION])
        if con.execute("SELECT schema_version FROM about").fetchone() != (SCHEMA_VERSION,):
            raise StorageFault(path, f"was made by another release; this one reads schema version {SCHEMA_VERSION}")
        yield con
    except (duckdb.IOException, duckdb.FatalException) as error:
        raise StorageFault(path, f"the store cannot be written ({_first_line(error)})") from None
    finally:
        con.close()


def _upgrade(con: duckdb.DuckDBPyConnection) -> None:
    """Bring a store of schema version 1, which could hold one load only of a submission, to version 2."""
    if con.execute("SELECT schema_version FROM about").fetchone() != (1,):
        return
    con.execute(
        f"""
        BEGIN;
        CREATE TABLE earlier AS SELECT load, submission, collection, 1, status, recorded_at FROM load;
        DROP TABLE load;
        {_DDL}
        INSERT INTO load SELECT * FROM earlier;
        DROP TABLE earlier;
        UPDATE about SET schema_version = 2;
        COMMIT;
        """
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def loaded_outcomes(con: duckdb.DuckDBPyConnection) -> set[str]:
    """The ids of the outcomes that are in the store."""
    return {outcome_id(*row) for row in con.execute("SELECT submission, collection, judgement FROM load").fetchall()}


def load(
    con: duckdb.DuckDBPyConnection,
    submission: Submission,
    outcome: Outcome,
    table: pl.DataFrame,
    recorded_at: datetime,
) -> Loaded:
    """Put one accepted outcome into the store, in one transaction; a second time changes nothing.

    Its rows replace its collection's keys in every period it contains; a key it no longer holds is withdrawn. Rows that
    an accepted part of a return had to leave out are marked `faulty` in the table: their keys keep what they had, and
    where the key itself could not be read nothing is withdrawn.
    """
    con.execute("BEGIN")
    try:
        seen = con.execute(
            "SELECT load FROM load WHERE submission = ? AND collection = ? AND judgement = ?",
            [submission.id, outcome.collection, outcome.judgement],
        ).fetchone()
        if seen:
            con.execute("ROLLBACK")
            return Loaded(0, 0, again=True)
        con.execute(
            "INSERT OR IGNORE INTO submission VALUES (?, ?, ?, ?, ?, ?)",
            [submission.id, submission.sequence, submission.partner, submission.path, submission.digest]
            + [_utc(submission.first_seen)],
        )
        number = (con.execute("SELECT coalesce(max(load), 0) + 1 FROM load").fetchone() or (1,))[0]
        con.execute(
            "INSERT INTO load VALUES (?, ?, ?, ?, ?, ?)",
            [number, submission.id, outcome.collection, outcome.judgement, outcome.status, _utc(recorded_at)],
        )
        arriving = _arriving(table)
        con.register("arriving", arriving.filter(~pl.col("faulty")))
        con.register("spoken_of", arriving)
        con.execute(
            f"{_INSERT} SELECT ?, ?, {', '.join(_COLUMNS)}, false FROM arriving",
            [number, outcome.collection],
        )
        withdrawn = 0 if not arriving.get_column("keyed").all() else _withdraw(con, number, outcome.collection)
        con.unregister("arriving")
        con.unregister("spoken_of")
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise
    return Loaded(arriving.filter(~pl.col("faulty")).height, withdrawn)


def _withdraw(con: duckdb.DuckDBPyConnection, number: int, collection: str | None) -> int:
    nothing = ", ".join(f"NULL::{_TYPES[name]}" for name in PAYLOAD if name != "provenance")
    con.execute(
        f"""
        {_INSERT}
        SELECT $load, $collection, {OF_KEY}, {nothing}, provenance, period_start, period_end, sheet, cell, true
        FROM ({current_of_each_collection("collection = $collection AND load < $load")}) AS held
        WHERE (time_identifier, time_period) IN (SELECT (time_identifier, time_period) FROM spoken_of)
          AND ({OF_KEY}) NOT IN (SELECT ({OF_KEY}) FROM spoken_of)
        """,
        {"load": number, "collection": collection},
    )
    row = con.execute("SELECT count(*) FROM observation WHERE load = ? AND withdrawn", [number]).fetchone()
    return int(row[0]) if row else 0


def current_of_each_collection(condition: str = "true") -> str:
    """SQL for the newest row of each collection and key, those that were withdrawn left out."""
    return f"""
        SELECT * FROM observation WHERE {condition}
        QUALIFY row_number() OVER (PARTITION BY collection, {OF_KEY} ORDER BY load DESC) = 1 AND NOT withdrawn
    """


def current(con: duckdb.DuckDBPyConnection, definitions: Definitions) -> pl.DataFrame:
    """One current row a key: the authoritative collection's where it has one, else the newest of another's.

    Columns: KEY, PAYLOAD, period_start, period_end, collection, submission, source_file, digest, sheet, cell,
    recorded_at.
    """
    con.register("authority_of", authorities(definitions))
    frame = con.execute(
        f"""
        SELECT o.* EXCLUDE (withdrawn), l.submission, s.path AS source_file, s.digest, l.recorded_at
        FROM ({current_of_each_collection()}) AS o
        JOIN load AS l USING (load) JOIN submission AS s ON s.id = l.submission
        LEFT JOIN authority_of AS a USING (indicator_id)
        QUALIFY row_number() OVER (
            PARTITION BY {OF_KEY} ORDER BY (o.collection = a.authority) DESC NULLS LAST, o.load DESC) = 1
        ORDER BY {OF_KEY}
        """
    ).pl()
    con.unregister("authority_of")
    return frame


def history(con: duckdb.DuckDBPyConnection, definitions: Definitions) -> pl.DataFrame:
    """Every state of a key that was published, or will be by the next publication, of the collection that speaks for
    the key today. Columns: KEY, PAYLOAD, load, withdrawn, submission, recorded_at.

    Of several loads between two publications only the last was ever seen.
    """
    con.register("authority_of", authorities(definitions))
    frame = con.execute(
        f"""
        WITH speaker AS (
            SELECT {OF_KEY}, arg_max(collection, (coalesce(collection = authority, false), load)) AS collection
            FROM observation LEFT JOIN authority_of USING (indicator_id) GROUP BY ALL
        ), seen AS (
            SELECT o.*, l.submission, l.recorded_at,
                (SELECT min(p.up_to_load) FROM publication AS p WHERE p.up_to_load >= o.load) AS published_by
            FROM observation AS o JOIN speaker USING ({OF_KEY}, collection) JOIN load AS l ON l.load = o.load
        )
        SELECT * EXCLUDE (published_by, period_start, period_end, sheet, cell, collection) FROM seen
        QUALIFY row_number() OVER (PARTITION BY {OF_KEY}, published_by ORDER BY load DESC) = 1
        ORDER BY {OF_KEY}, load
        """
    ).pl()
    con.unregister("authority_of")
    return frame


def accepted(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """The newest row of each collection and key, for the checks: KEY, PAYLOAD, collection, source_file, sheet, cell."""
    return con.execute(
        f"""
        SELECT o.* EXCLUDE (withdrawn), s.path AS source_file
        FROM ({current_of_each_collection()}) AS o
        JOIN load AS l USING (load) JOIN submission AS s ON s.id = l.submission
        """
    ).pl()


def authorities(definitions: Definitions) -> pl.DataFrame:
    """Which collection is the authority for each indicator."""
    return pl.DataFrame(
        [(one.id, one.authority) for one in definitions.indicators.values() if one.authority],
        schema={"indicator_id": pl.String, "authority": pl.String},
        orient="row",
    )


def _arriving(table: pl.DataFrame) -> pl.DataFrame:
    """A tidy table with each row's main cell as an address."""
    mains = ("value", "value_text", "value_low", "numerator")
    first = pl.coalesce([pl.col(f"at_{name}") for name in mains])
    return table.with_columns(first.map_elements(a1, return_dtype=pl.String).alias("cell"))


def _utc(when: datetime) -> datetime:
    return when.astimezone(UTC).replace(tzinfo=None)


__all__: Sequence[str] = (
    "MEASURES",
    "Loaded",
    "accepted",
    "connect",
    "current",
    "history",
    "load",
    "loaded_outcomes",
    "opened",
)
