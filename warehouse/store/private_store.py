"""The private store: everything that was accepted, load after load, nothing overwritten."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from local_indicators.common.atomic_files import put_in_place
from local_indicators.common.errors import ReleaseError, StorageError
from local_indicators.schemas.observations import KEY, PAYLOAD
from local_indicators.warehouse.store.connection import connect

SCHEMA_VERSION = 2
MEND = "restore it from a backup, or run `indicators rebuild --replace`"
_NUMBERS = ("value", "value_low", "value_high", "numerator", "denominator")
COLUMN_TYPES = {name: "DOUBLE" if name in _NUMBERS else "VARCHAR" for name in (*KEY, *PAYLOAD)}
OBSERVATION_COLUMNS = (*KEY, *PAYLOAD, "period_start", "period_end", "sheet", "cell")

_DDL = f"""
CREATE TABLE IF NOT EXISTS about (schema_version INTEGER);
CREATE TABLE IF NOT EXISTS submission (
    id VARCHAR PRIMARY KEY, sequence BIGINT, partner VARCHAR, path VARCHAR, digest VARCHAR, first_seen TIMESTAMP);
CREATE TABLE IF NOT EXISTS load (
    load BIGINT PRIMARY KEY, submission VARCHAR, collection VARCHAR, judgement BIGINT, status VARCHAR,
    recorded_at TIMESTAMP, UNIQUE (submission, collection, judgement));
CREATE TABLE IF NOT EXISTS observation (
    load BIGINT, collection VARCHAR, {", ".join(f"{name} {kind}" for name, kind in COLUMN_TYPES.items())},
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


@contextmanager
def open_store(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
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
        refuse_newer_store(con, path)
        con.execute(_DDL)
        _upgrade(con)
        if con.execute("SELECT count(*) FROM about").fetchone() == (0,):
            con.execute("INSERT INTO about BY NAME SELECT ? AS schema_version", [SCHEMA_VERSION])
        yield con
    except (duckdb.IOException, duckdb.FatalException) as error:
        raise StorageError(
            path, f"the store cannot be written (see that the disk is not full: {_first_line(error)})"
        ) from None
    finally:
        con.close()
        with suppress(OSError):
            spill.rmdir()


def refuse_newer_store(con: duckdb.DuckDBPyConnection, path: Path) -> None:
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
        con.execute("INSERT INTO about BY NAME SELECT ? AS schema_version", [SCHEMA_VERSION])
        con.execute("CHECKPOINT")
    finally:
        con.close()
    put_in_place(new, path)


def _upgrade(con: duckdb.DuckDBPyConnection) -> None:
    """Bring a store of schema version 1, which could hold one load only of a submission, to version 2."""
    if con.execute("SELECT schema_version FROM about").fetchone() != (1,):
        return
    con.execute(
        f"""
        BEGIN;
        CREATE TABLE earlier AS SELECT load, submission, collection, 1 AS judgement, status, recorded_at FROM load;
        DROP TABLE load;
        {_DDL}
        INSERT INTO load BY NAME SELECT * FROM earlier;
        DROP TABLE earlier;
        UPDATE about SET schema_version = 2;
        COMMIT;
        """
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
