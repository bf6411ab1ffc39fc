"""Accepted outcomes into the store, each in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import duckdb
import polars as pl

from schemas.findings import address_of_position
from schemas.observations import PAYLOAD
from schemas.submissions import Outcome, Submission, outcome_id
from warehouse.store.current_rows import OF_KEY, newest_rows_by_collection
from warehouse.store.private_store import COLUMN_TYPES, OBSERVATION_COLUMNS

_INSERT = f"INSERT INTO observation (load, collection, {', '.join(OBSERVATION_COLUMNS)}, withdrawn)"


@dataclass(frozen=True)
class Loaded:
    """What one load did: rows put in, keys withdrawn; `again` if the outcome had been loaded before."""

    rows: int
    withdrawn: int
    again: bool = False


def loaded_outcome_ids(con: duckdb.DuckDBPyConnection) -> set[str]:
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
            + [as_utc(submission.first_seen)],
        )
        number = (con.execute("SELECT coalesce(max(load), 0) + 1 FROM load").fetchone() or (1,))[0]
        con.execute(
            "INSERT INTO load VALUES (?, ?, ?, ?, ?, ?)",
            [number, submission.id, outcome.collection, outcome.judgement, outcome.status, as_utc(recorded_at)],
        )
        arriving = _arriving(table)
        con.register("arriving", arriving.filter(~pl.col("faulty")))
        con.register("spoken_of", arriving)
        con.execute(
            f"{_INSERT} SELECT ?, ?, {', '.join(OBSERVATION_COLUMNS)}, false FROM arriving",
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
    nothing = ", ".join(f"NULL::{COLUMN_TYPES[name]}" for name in PAYLOAD if name != "provenance")
    con.execute(
        f"""
        {_INSERT}
        SELECT $load, $collection, {OF_KEY}, {nothing}, provenance, period_start, period_end, sheet, cell, true
        FROM ({newest_rows_by_collection("collection = $collection AND load < $load")}) AS held
        WHERE (time_identifier, time_period) IN (SELECT (time_identifier, time_period) FROM spoken_of)
          AND ({OF_KEY}) NOT IN (SELECT ({OF_KEY}) FROM spoken_of)
        """,
        {"load": number, "collection": collection},
    )
    row = con.execute("SELECT count(*) FROM observation WHERE load = ? AND withdrawn", [number]).fetchone()
    return int(row[0]) if row else 0


def next_instant(con: duckdb.DuckDBPyConnection, at: datetime) -> datetime:
    """The instant, or the first after all that the store holds, where a clock that was moved back says an earlier one:
    otherwise what was known when could not be told any more."""
    row = con.execute(
        "SELECT max(told) FROM (SELECT recorded_at AS told FROM load UNION ALL SELECT published_at FROM publication)"
    ).fetchone()
    last = row[0] if row else None
    return at if last is None else max(at, last.replace(tzinfo=UTC) + timedelta(microseconds=1))


def _arriving(table: pl.DataFrame) -> pl.DataFrame:
    """A tidy table with each row's main cell as an address."""
    mains = ("value", "value_text", "value_low", "numerator")
    first = pl.coalesce([pl.col(f"at_{name}") for name in mains])
    return table.with_columns(first.map_elements(address_of_position, return_dtype=pl.String).alias("cell"))


def as_utc(when: datetime) -> datetime:
    """An instant as the store writes it; one without a time zone is in UTC already."""
    return when if when.tzinfo is None else when.astimezone(UTC).replace(tzinfo=None)
