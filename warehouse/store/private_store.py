"""The private store: everything that was accepted, load after load, nothing overwritten."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl

from common.errors import ReleaseError, StorageError
from schemas.definitions import Definitions
from schemas.findings import a1
from schemas.observations import KEY, MEASURES, PAYLOAD
from schemas.submissions import Outcome, Submission, outcome_id
from warehouse.store.loads_in_force import in_force

Connection = duckdb.DuckDBPyConnection
SCHEMA_VERSION = 2
MOST_MEMORY = 4 << 30
"""What a database may hold in memory. Beyond it, it works in a folder of its own on disk."""
MOST_ROWS = 500_000
"""How many rows are taken out of the store at once."""
MEND = "restore it from a backup, or run `indicators rebuild --replace`"
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
    """A connection that never installs, loads or fetches an extension, and works on disk beyond MOST_MEMORY. Raises
    duckdb.Error."""
    settings = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "memory_limit": f"{memory_limit() >> 20}MiB",
    }
    return duckdb.connect(path, read_only=read_only, config=dict(settings))


def memory_limit() -> int:
    """Bytes that one database may hold in memory: MOST_MEMORY, or two thirds of a smaller machine's memory."""
    try:
        there = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # the system does not say
        return MOST_MEMORY
    return min(MOST_MEMORY, there * 2 // 3)


@contextmanager
def opened(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The store, made if it is not there, readable by its owner only. Raises StorageError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make(path)
        if path.stat().st_size == 0:  # DuckDB would begin a new one, and what was recorded would be gone unsaid
            raise StorageError(path, f"is empty; {MEND}")
        con = connect(str(path))
        path.chmod(stat.S_IRUSR | stat.S_IWUSR)
        spill = path.with_name(f"{path.name}.tmp")  # where the database works when memory is short
        spill.mkdir(mode=stat.S_IRWXU, exist_ok=True)
        spill.chmod(stat.S_IRWXU)
        con.execute(f"SET temp_directory = '{str(spill).replace(chr(39), chr(39) * 2)}'")
    except (OSError, duckdb.Error) as error:
        reason = f"the store cannot be opened ({_first_line(error)}); if it is damaged, {MEND}"
        raise StorageError(path, reason) from None
    try:
        refuse_newer(con, path)
        con.execute(_DDL)
        _upgrade(con)
        if con.execute("SELECT count(*) FROM about").fetchone() == (0,):
            con.execute("INSERT INTO about VALUES (?)", [SCHEMA_VERSION])
        yield con
    except (duckdb.IOException, duckdb.FatalException) as error:
        raise StorageError(
            path, f"the store cannot be written (see that the disk is not full: {_first_line(error)})"
        ) from None
    finally:
        con.close()
        with suppress(OSError):
            spill.rmdir()


def refuse_newer(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Raise ReleaseError, before anything is touched, for a store of a release that came after this one."""
    if not con.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'about'").fetchone():
        return
    version = (con.execute("SELECT max(schema_version) FROM about").fetchone() or (None,))[0]
    if version is not None and version > SCHEMA_VERSION:
        reason = f"was made by a newer release: it is of schema version {version}, and this release reads up to"
        raise ReleaseError(path, f"{reason} {SCHEMA_VERSION}; use the newer release")


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
        SELECT * FROM observation AS o WHERE {condition}
        QUALIFY row_number() OVER (PARTITION BY collection, {OF_KEY} ORDER BY load DESC) = 1 AND NOT withdrawn
    """


def _current(up_to_load: int | None, without: Collection[int] = ()) -> str:
    """SQL for one current row a key: the authoritative collection's where it has one, else the newest of another's; of
    the first loads only, where `up_to_load` is given, and as if the loads `without` had not come."""
    condition = in_force(without) + ("" if up_to_load is None else f" AND o.load <= {up_to_load:d}")
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


def hold(
    con: duckdb.DuckDBPyConnection,
    definitions: Definitions,
    up_to_load: int | None = None,
    without: Collection[int] = (),
) -> None:
    """Make the temporary table `held`: what `current` gives, in no order."""
    con.register("made", authorities(definitions))
    con.execute("CREATE OR REPLACE TEMP TABLE authority_of AS SELECT * FROM made")
    con.unregister("made")
    con.execute(f"CREATE OR REPLACE TEMP TABLE held AS {_current(up_to_load, without)}")
    con.execute("DROP TABLE authority_of")


def hold_shown(con: duckdb.DuckDBPyConnection) -> None:
    """Make `held` of what `shown_now` (see `see`) says to be current, in place of what is."""
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE held AS
        SELECT o.* EXCLUDE (withdrawn), l.submission, s.path AS source_file, s.digest, l.recorded_at
        FROM observation AS o SEMI JOIN (FROM shown_now WHERE is_current) USING (load, {OF_KEY})
        JOIN load AS l USING (load) JOIN submission AS s ON s.id = l.submission
        """
    )


def shares(
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


def rows_of(con: duckdb.DuckDBPyConnection, table: str, indicators: Sequence[str], order: str = OF_KEY) -> pl.DataFrame:
    """The rows of a table that are of some indicators."""
    con.register("wanted", pl.DataFrame({"indicator_id": list(indicators)}, schema={"indicator_id": pl.String}))
    frame = con.execute(f"SELECT * FROM {table} SEMI JOIN wanted USING (indicator_id) ORDER BY {order}").pl()
    con.unregister("wanted")
    return frame


def trace_states(con: duckdb.DuckDBPyConnection, version: int, published_at: datetime) -> None:
    """Make the temporary table `dated`: every row that was ever published, and every row that will be when `held` (see
    `hold`) is published as `version` at `published_at` (UTC).

    Columns: load and KEY, which name the row; `since` and `until`, the versions between which it was current (`until`
    NULL while it is), with `published_from` and `published_to`, their instants; and `shown_from`, the version that
    first showed the row rather than withheld it, NULL if none has yet.
    """
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE dated AS
        WITH publications AS (
            SELECT data_version, published_at FROM publication UNION ALL SELECT $version, $published_at::TIMESTAMP
        ), standing AS (
            SELECT * EXCLUDE (until) FROM stated WHERE until IS NULL
        ), kept AS (
            SELECT {OF_KEY}, load, since, until FROM stated WHERE until IS NOT NULL
            UNION ALL
            SELECT {_columns_of("s")}, s.load, s.since, CASE WHEN n.load IS NULL THEN $version END
            FROM standing AS s LEFT JOIN held AS n USING (load, {OF_KEY})
            UNION ALL
            SELECT {OF_KEY}, load, $version, NULL FROM held ANTI JOIN standing USING (load, {OF_KEY})
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


def counted(con: duckdb.DuckDBPyConnection, indicators: Sequence[str]) -> pl.DataFrame:
    """What disclosure control has to know of every row of `dated` of some indicators: KEY, load, since, until,
    shown_from, period_start, period_end, value, value_low, value_high, value_text, numerator, denominator, conf_status.
    """
    con.register("wanted", pl.DataFrame({"indicator_id": list(indicators)}, schema={"indicator_id": pl.String}))
    frame = con.execute(
        f"""
        SELECT {_columns_of("o")}, d.load, d.since, d.until, d.shown_from, o.period_start, o.period_end, o.value,
               o.value_low, o.value_high, o.value_text, o.numerator, o.denominator, o.conf_status
        FROM dated AS d JOIN observation AS o USING (load, {OF_KEY}) SEMI JOIN wanted USING (indicator_id)
        ORDER BY {_columns_of("o")}, d.since
        """
    ).pl()
    con.unregister("wanted")
    return frame


def trace_past(con: duckdb.DuckDBPyConnection, version: int, hidden: pl.DataFrame) -> None:
    """Make the temporary table `past`: every row of `dated`, past and current, of the keys with a past: those with more
    than one row, with a withdrawal, with a row that was first withheld and is not in `hidden`, or with one that was not
    published by the first publication after its load.

    Columns: those of `current`, `since`, `until`, `published_from`, `published_to`, `shown_at` (the instant from which
    the row was shown; NULL if it has not been), `ended_at` and `ended_by` (when, and with which submission, the load
    came that withdrew the row, if one did).
    """
    con.register("made", hidden)
    con.execute("CREATE OR REPLACE TEMP TABLE hidden AS SELECT * FROM made")
    con.unregister("made")
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE past AS
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
        """,
        {"version": version},
    )
    con.execute("DROP TABLE hidden")


def let_go(con: duckdb.DuckDBPyConnection) -> None:
    """Drop what `hold`, `trace_states` and `trace_past` made."""
    for name in ("held", "dated", "past"):
        con.execute(f"DROP TABLE IF EXISTS temp.{name}")


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


PAST = ("publication", "stated", "withheld")


def versions(con: duckdb.DuckDBPyConnection) -> dict[int, datetime]:
    """Every version that was ever published, and its instant."""
    rows = con.execute("SELECT data_version, published_at FROM publication ORDER BY ALL").fetchall()
    return {number: at.replace(tzinfo=UTC) for number, at in rows}


def past_tables(con: duckdb.DuckDBPyConnection) -> dict[str, pl.DataFrame]:
    """What the store knows of the past beside what was loaded: the instants of loads, the publications, and what each
    of them stated and withheld."""
    loads = con.execute("SELECT submission, collection, judgement, recorded_at FROM load ORDER BY load").pl()
    return {"load": loads, **{name: con.execute(f"FROM {name} ORDER BY ALL").pl() for name in PAST}}


def restore_past(con: duckdb.DuckDBPyConnection, tables: Mapping[str, pl.DataFrame]) -> None:
    """Have the store know of the past what `past_tables` once gave."""
    con.execute("BEGIN")
    try:
        con.register("kept_load", tables["load"])
        con.execute(
            """UPDATE load SET recorded_at = k.recorded_at FROM kept_load AS k
               WHERE load.submission = k.submission AND load.collection = k.collection
                 AND load.judgement = k.judgement"""
        )
        con.unregister("kept_load")
        for name in PAST:
            con.register("kept_rows", tables[name])
            con.execute(f"DELETE FROM {name}")
            con.execute(f"INSERT INTO {name} BY NAME FROM kept_rows")
            con.unregister("kept_rows")
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise


def forget(con: duckdb.DuckDBPyConnection, version: int) -> None:
    """Have the store know of the past what it did before the newest version was published, so that it can be again."""
    con.execute("BEGIN")
    try:
        con.execute("DELETE FROM publication WHERE data_version = ?", [version])
        con.execute("DELETE FROM stated WHERE since = ?", [version])
        con.execute("UPDATE stated SET until = NULL WHERE until = ?", [version])
        con.execute("UPDATE withheld SET shown_since = NULL WHERE shown_since = ?", [version])
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise


def remember(con: duckdb.DuckDBPyConnection, live: str) -> None:
    """Write down which rows the published file attached as `live` shows, unless that was done already. Whatever night
    put the file there, and wherever it died after that, the next one comes through here first."""
    told = con.execute(f"SELECT data_version, published_at, run FROM {live}.mart.publication").fetchone()
    if told is None or con.execute("SELECT 1 FROM publication WHERE data_version = ?", [told[0]]).fetchone():
        return
    version, published_at, run = told
    con.execute("BEGIN")
    try:
        see(con, live)
        state(con, version, published_at, run)
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise


def see(con: duckdb.DuckDBPyConnection, live: str) -> None:
    """Make the temporary table `shown_now`: the rows of the store that the published file attached as `live` tells of,
    among what is current and, unless a release made it that told no history, what was. Columns: KEY, load, is_current,
    is_withheld."""
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
        CREATE OR REPLACE TEMP TABLE shown_now AS
        WITH told AS ({told}
        ), newest AS (  -- a submission that was judged again is loaded again; only the last load of a night is seen
            SELECT max(load) AS load, submission, collection, recorded_at FROM load GROUP BY ALL
        )
        SELECT {_columns_of("o")}, o.load, bool_or(t.is_current) AS is_current,
               bool_and(coalesce(t.conf_status = 'c', false) AND o.conf_status IS DISTINCT FROM 'c') AS is_withheld
        FROM told AS t JOIN newest AS l USING (submission, recorded_at)
        JOIN observation AS o ON o.load = l.load AND NOT o.withdrawn AND o.sheet = t.sheet AND o.cell = t.cell
         AND {_same("o", "t")}
        GROUP BY ALL
        """
    )


def state(con: duckdb.DuckDBPyConnection, version: int, published_at: datetime, run: str) -> None:
    """Write down that a version was published (at an instant in UTC) and that it told what `shown_now` holds."""
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


def accepted(con: duckdb.DuckDBPyConnection, without: Collection[int] = ()) -> pl.DataFrame:
    """The newest row of each collection and key, as if the loads `without` had not come, for the checks: KEY, PAYLOAD,
    collection, source_file, sheet, cell, and the partner who sent it."""
    return con.execute(
        f"""
        SELECT o.* EXCLUDE (withdrawn), s.path AS source_file, s.partner
        FROM ({current_of_each_collection(in_force(without))}) AS o
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
    """An instant as the store writes it; one without a time zone is in UTC already."""
    return when if when.tzinfo is None else when.astimezone(UTC).replace(tzinfo=None)


__all__: Sequence[str] = (
    "MEASURES",
    "Connection",
    "Loaded",
    "accepted",
    "after_all",
    "connect",
    "counted",
    "forget",
    "hold",
    "hold_shown",
    "last_version",
    "let_go",
    "load",
    "loaded_outcomes",
    "memory_limit",
    "opened",
    "past_tables",
    "remember",
    "restore_past",
    "rows_of",
    "see",
    "shares",
    "state",
    "trace_past",
    "trace_states",
    "versions",
)
