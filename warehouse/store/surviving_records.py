"""What store and published file know of the past, read without writing to either, to be held against the ledger.

The store also bears witness to the ledger: the number and the hash of its last line when the store last saw it. A
ledger that has lost its last lines, or whose last line was changed, is whole in itself and is found out by this alone.
It lies in a schema of its own, for it says nothing of indicators.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from local_indicators.common.errors import StorageError
from local_indicators.schemas.submissions import outcome_id
from local_indicators.warehouse.store.attached_files import connect_with_files
from local_indicators.warehouse.store.connection import connect, transaction
from local_indicators.warehouse.store.private_store import refuse_newer_store

_WITNESS = """
CREATE SCHEMA IF NOT EXISTS witness;
CREATE TABLE IF NOT EXISTS witness.ledger (line BIGINT, sha256 VARCHAR);
DELETE FROM witness.ledger;
"""


@dataclass(frozen=True)
class StoreRecords:
    """What a store knows: the instants of its versions, the ids of the outcomes that were loaded, the digest of each
    submission, and the line of the ledger that it saw last, with its hash, if it saw any."""

    versions: Mapping[int, datetime]
    loads: Sequence[str]
    submissions: Mapping[str, str]
    seen: tuple[int, str] | None

    @property
    def last_version(self) -> int:
        """The newest version that the store knows of; 0 for none."""
        return max(self.versions, default=0)


@dataclass(frozen=True)
class PublishedVersion:
    """Which version a published file is of."""

    version: int
    at: datetime
    run: str


def record_ledger_position(con: duckdb.DuckDBPyConnection, line: int, sha256: str) -> None:
    """Have a store know the last line of the ledger, by its number and its hash."""
    with transaction(con):
        con.execute(_WITNESS)
        con.execute("INSERT INTO witness.ledger BY NAME SELECT ? AS line, ? AS sha256", [line, sha256])


@contextlib.contextmanager
def copy_of_store(path: Path, most_bytes: int) -> Iterator[Path | None]:
    """A copy of a store, with its log, for a reader that must not shut out a night that comes meanwhile; the place of
    the store itself where it is not there, None where it is larger than `most_bytes`."""
    if not path.exists() or path.stat().st_size > most_bytes:
        yield None if path.exists() else path
        return
    with tempfile.TemporaryDirectory(prefix="indicators-") as folder:
        copy = Path(folder) / "copy.duckdb"
        shutil.copyfile(path, copy)
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(f"{path}.wal", f"{copy}.wal")
        yield copy


def read_store_records(path: Path) -> StoreRecords | None:
    """What a store knows; None where there is none. Raises StorageError for one that cannot be read."""
    if not path.exists():
        return None
    if path.stat().st_size == 0:
        raise StorageError(path, "is empty")
    try:
        with contextlib.closing(connect(str(path), read_only=True)) as con:
            refuse_newer_store(con, path)
            return _stored(con)
    except (OSError, duckdb.Error) as error:
        raise StorageError(path, f"the store cannot be opened ({str(error).strip().splitlines()[0]})") from None


def _stored(con: duckdb.DuckDBPyConnection) -> StoreRecords:
    columns = con.execute(
        "SELECT schema_name || '.' || table_name, column_name FROM duckdb_columns() WHERE NOT internal"
    ).fetchall()
    there = {table for table, _ in columns}
    judgement = "judgement" if ("main.load", "judgement") in columns else "1"  # a store of schema version 1 has none
    versions = con.execute("SELECT data_version, published_at FROM publication").fetchall()
    loads = con.execute(f"SELECT submission, collection, {judgement} FROM load ORDER BY load").fetchall()
    submissions = con.execute("SELECT id, digest FROM submission").fetchall()
    seen = con.execute("SELECT line, sha256 FROM witness.ledger").fetchone() if "witness.ledger" in there else None
    return StoreRecords(
        {number: at.replace(tzinfo=UTC) for number, at in versions},
        [outcome_id(*row) for row in loads],
        dict(submissions),
        (seen[0], seen[1]) if seen else None,
    )


def read_published_version(path: Path) -> PublishedVersion | None:
    """Which version a published file is of; None where there is no file, or it does not say. Raises StorageError for
    one that cannot be read."""
    if not path.exists():
        return None
    with connect_with_files(live=path) as con:
        try:
            row = con.execute("SELECT data_version, published_at, run FROM live.mart.publication").fetchone()
        except duckdb.Error as error:
            reason = "if it is damaged, restore it from a backup, or remove it and run a night"
            raise StorageError(path, f"cannot be read ({str(error).splitlines()[0]}); {reason}") from None
    return None if row is None else PublishedVersion(row[0], row[1].replace(tzinfo=UTC), row[2])
