"""The private store: everything that was accepted, load after load, nothing overwritten."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl

from schemas.definitions import Definitions
from schemas.faults import StorageFault
from schemas.findings import a1
from schemas.outcomes import Outcome, Submission, outcome_id
from schemas.tables import KEY, MEASURES, PAYLOAD

Connection = duckdb.DuckDBPyConnection
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
CREATE TABLE IF NOT EXISTS stated (
    {", ".join(f"{name} VARCHAR" for name in KEY)}, load BIGINT, since BIGINT, until BIGINT);
CREATE TABLE IF NOT EXISTS withheld (
    {", ".join(f"{name} VARCHAR" for name in KEY)}, load BIGINT, shown_since BIGINT);
"""
# stated: what was published: the row of a load that was current in the versions from `since` up to, and without,
# `until`. withheld: those rows that a version did not show; `shown_since` is the version that first showed one all the
# same, NULL where none has.

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
        if not path.exists():
            _make(path)
        if path.stat().st_size == 0:  # DuckDB would begin a new one, and what was recorded would be gone unsaid
            raise StorageFault(path, "is empty; restore it from a backup")
        con = connect(str(path))
        path.chmod(stat.S_IRUSR | stat.S_IWUSR)
    except (OSError, duckdb.Error) as error:
        reason = f"the store cannot be opened ({_first_line(error)}); if it is damaged, restore it from a backup"
        raise StorageFault(path, reason) from None
    try:
        con.execute(_DDL)
        _upgrade(con)
        if con.execute("SELECT schema_version FROM about").fetchone() != (SCHEMA_VERSION,):
            raise StorageFault(path, f"was made by another release; this one reads schema version {SCHEMA_VERSION}")
        yield con
    except (duckdb.IOException, duckdb.FatalException) as error:
        raise StorageFault(
            path, f"the store cannot be written (see that the disk is not full: {_first_line(error)})"
        ) from None
    finally:
        con.close()


def _make(path: Path) -> None:
    """Make a new store whole under another name, so that none is ever found half made."""
    new = path.with_name(f".{path.name}.new")
    for left in (new, new.with_name(f"{new.name}.wal")):
        left.unlink(missing_ok=True)
    before = os.umask(0o077)
    try:
        con = connect(str(new))
    finally:
        os.umask(before)
    try:
        con.execute(_DDL)
        con.execute("INSERT INTO about VALUES (?)", [SCHEMA_VERSION])
        con.execute("CHECKPOINT")
    finally:
        con.close()
    new.replace(path)


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

    Columns: KEY, PAYLOAD, load, period_start, period_end, collection, submission, source_file, digest, sheet, cell,
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


def trace_states(con: duckdb.DuckDBPyConnection, held: pl.DataFrame, version: int, published_at: datetime) -> None:
    """Make the temporary table `dated`: every row that was ever published, and every row that will be when `held` (see
    `current`) is published as `version` at `published_at` (UTC).

    Columns: load and KEY, which name the row; `since` and `until`, the versions between which it was current (`until`
    NULL while it is), with `published_from` and `published_to`, their instants; and `shown_from`, the version that
    first showed the row rather than withheld it, NULL if none has yet.
    """
    con.register("next_held", held.select(*KEY, "load"))
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE dated AS
        WITH publications AS (
            SELECT data_version, published_at FROM publication UNION ALL SELECT $version, $published_at::TIMESTAMP
        ), kept AS (
            SELECT {_columns_of("s")}, s.load, s.since,
                   CASE WHEN s.until IS NULL AND n.load IS NULL THEN $version ELSE s.until END AS until
            FROM stated AS s LEFT JOIN next_held AS n ON s.until IS NULL AND s.load = n.load AND {_same("s", "n")}
            UNION ALL
            SELECT {OF_KEY}, load, $version, NULL
            FROM next_held ANTI JOIN (SELECT * FROM stated WHERE until IS NULL) USING (load, {OF_KEY})
        )
        SELECT k.*, f.published_at AS published_from, t.published_at AS published_to,
               CASE WHEN k.since = $version THEN NULL WHEN w.load IS NULL THEN k.since ELSE w.shown_since END
                   AS shown_from
        FROM kept AS k JOIN publications AS f ON f.data_version = k.since
        LEFT JOIN publications AS t ON t.data_version = k.until
        LEFT JOIN withheld AS w USING (load, {OF_KEY})
        """,
        {"version": version, "published_at": _utc(published_at)},
    )
    con.unregister("next_held")


def counted(con: duckdb.DuckDBPyConnection, indicators: Sequence[str]) -> pl.DataFrame:
    """What disclosure control has to know of every row of `dated` of some indicators: KEY, load, since, until,
    shown_from, period_start, period_end, value, numerator, denominator, conf_status."""
    con.register("wanted", pl.DataFrame({"indicator_id": list(indicators)}, schema={"indicator_id": pl.String}))
    frame = con.execute(
        f"""
        SELECT {_columns_of("o")}, d.load, d.since, d.until, d.shown_from, o.period_start, o.period_end, o.value,
               o.numerator, o.denominator, o.conf_status
        FROM dated AS d JOIN observation AS o USING (load, {OF_KEY}) SEMI JOIN wanted USING (indicator_id)
        ORDER BY {_columns_of("o")}, d.since
        """
    ).pl()
    con.unregister("wanted")
    return frame


def past(con: duckdb.DuckDBPyConnection, version: int, hidden: pl.DataFrame) -> pl.DataFrame:
    """Every row of `dated`, past and current, of the keys with a past: those with more than one row, with a withdrawal,
    with a row that was first withheld and is not in `hidden`, or with one that was not published by the first
    publication after its load.

    Columns: those of `current`, `since`, `until`, `published_from`, `published_to`, `shown_at` (the instant from which
    the row was shown; NULL if it has not been), `ended_at` and `ended_by` (when, and with which submission, the load
    came that withdrew the row, if one did).
    """
    con.register("hidden", hidden)
    frame = con.execute(
        f"""
        WITH told AS (
            SELECT d.*, l.recorded_at, h.load IS NOT NULL AS is_hidden
            FROM dated AS d JOIN load AS l USING (load) LEFT JOIN hidden AS h USING (load, {OF_KEY})
        ), moved AS (
            SELECT DISTINCT {OF_KEY} FROM told AS t
            WHERE until IS NOT NULL OR published_from < recorded_at
               OR (NOT is_hidden AND since < $version AND shown_from IS DISTINCT FROM since)
               OR EXISTS (
                   SELECT 1 FROM publication AS p WHERE p.published_at >= t.recorded_at AND p.data_version < t.since)
        ), kept AS (SELECT * FROM dated SEMI JOIN moved USING ({OF_KEY})
        ), rows AS (
            SELECT o.* EXCLUDE (withdrawn), k.since, k.until, k.published_from, k.published_to,
                   v.published_at AS shown_at
            FROM kept AS k JOIN observation AS o USING (load, {OF_KEY})
            LEFT JOIN publication AS v ON v.data_version = k.shown_from
        ), ended AS (
            SELECT r.load, {_columns_of("r")}, arg_min(l.recorded_at, w.load) AS ended_at,
                   arg_min(l.submission, w.load) AS ended_by
            FROM rows AS r JOIN observation AS w ON w.withdrawn AND w.collection = r.collection AND w.load > r.load
             AND {_same("w", "r")}
            JOIN load AS l ON l.load = w.load
            WHERE r.until IS NOT NULL GROUP BY ALL
        )
        SELECT r.*, l.submission, s.path AS source_file, s.digest, l.recorded_at, e.ended_at, e.ended_by
        FROM rows AS r JOIN load AS l USING (load) JOIN submission AS s ON s.id = l.submission
        LEFT JOIN ended AS e USING (load, {OF_KEY})
        ORDER BY {_columns_of("r")}, r.since
        """,
        {"version": version},
    ).pl()
    con.unregister("hidden")
    return frame


def after_all(con: duckdb.DuckDBPyConnection, at: datetime) -> datetime:
    """The instant, or the first after all that the store holds, where a clock that was moved back says an earlier one:
    otherwise what was known when could not be told any more."""
    row = con.execute(
        "SELECT max(told) FROM (SELECT recorded_at AS told FROM load UNION ALL SELECT published_at FROM publication)"
    ).fetchone()
    last = row[0] if row else None
    return at if last is None else max(at, last.replace(tzinfo=UTC) + timedelta(microseconds=1))


def last_version(con: duckdb.DuckDBPyConnection) -> int:
    """The newest version that was ever published; 0 if none was."""
    row = con.execute("SELECT coalesce(max(data_version), 0) FROM publication").fetchone()
    return int(row[0]) if row else 0


def remember(con: duckdb.DuckDBPyConnection, live: str) -> None:
    """Write down which rows the published file attached as `live` shows, unless that was done already. Whatever night
    put the file there, and wherever it died after that, the next one comes through here first."""
    told = con.execute(f"SELECT data_version, published_at, run FROM {live}.mart.publication").fetchone()
    if told is None or con.execute("SELECT 1 FROM publication WHERE data_version = ?", [told[0]]).fetchone():
        return
    version, published_at, run = told
    con.execute("BEGIN")
    try:
        con.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE shown_now AS
            WITH told AS (
                SELECT {OF_KEY}, submission, sheet, cell, conf_status, true AS is_current FROM {live}.mart.observations
                UNION ALL
                SELECT {OF_KEY}, submission, sheet, cell, conf_status, false FROM {live}.mart.history
            )
            SELECT {_columns_of("o")}, o.load, bool_or(t.is_current) AS is_current,
                   bool_and(coalesce(t.conf_status = 'c', false) AND o.conf_status IS DISTINCT FROM 'c') AS is_withheld
            FROM told AS t JOIN load AS l USING (submission)
            JOIN observation AS o ON o.load = l.load AND NOT o.withdrawn AND o.sheet = t.sheet AND o.cell = t.cell
             AND {_same("o", "t")}
            GROUP BY ALL
            """
        )
        _remember(con, version, published_at, run)
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise


def _remember(con: duckdb.DuckDBPyConnection, version: int, published_at: datetime, run: str) -> None:
    con.execute(
        """INSERT INTO publication
           SELECT $version, $at, $run, coalesce(max(load), 0) FROM load WHERE recorded_at <= $at""",
        {"version": version, "at": published_at, "run": run},
    )
    con.execute(
        f"""UPDATE stated SET until = ? WHERE until IS NULL
            AND (load, {OF_KEY}) NOT IN (SELECT (load, {OF_KEY}) FROM shown_now WHERE is_current)""",
        [version],
    )
    con.execute(
        f"""INSERT INTO stated SELECT {OF_KEY}, load, ?, NULL
            FROM (FROM shown_now WHERE is_current)
            ANTI JOIN (SELECT * FROM stated WHERE until IS NULL) USING (load, {OF_KEY})""",
        [version],
    )
    con.execute(
        f"""UPDATE withheld SET shown_since = ? WHERE shown_since IS NULL
            AND (load, {OF_KEY}) IN (SELECT (load, {OF_KEY}) FROM shown_now WHERE NOT is_withheld)""",
        [version],
    )
    con.execute(
        f"""INSERT INTO withheld
            SELECT {_columns_of("n")}, n.load, CASE WHEN min(s.since) < $version THEN min(s.since) END
            FROM shown_now AS n JOIN stated AS s USING (load, {OF_KEY})
            WHERE n.is_withheld AND (n.load, {_columns_of("n")}) NOT IN (SELECT (load, {OF_KEY}) FROM withheld)
            GROUP BY ALL""",
        {"version": version},
    )


def _columns_of(alias: str) -> str:
    return ", ".join(f"{alias}.{name}" for name in KEY)


def _same(one: str, other: str) -> str:
    return " AND ".join(f"{one}.{name} = {other}.{name}" for name in KEY)


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
    "Connection",
    "Loaded",
    "accepted",
    "after_all",
    "connect",
    "counted",
    "current",
    "last_version",
    "load",
    "loaded_outcomes",
    "opened",
    "past",
    "remember",
    "trace_states",
)
