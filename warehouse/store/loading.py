"""Accepted outcomes into the store, each in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import duckdb
import polars as pl

from local_indicators.common.cell_references import address_of_position
from local_indicators.schemas.submissions import Outcome, Submission, outcome_id
from local_indicators.warehouse.store.connection import transaction
from local_indicators.warehouse.store.current_rows import OF_KEY, newest_rows_by_collection
from local_indicators.warehouse.store.private_store import OBSERVATION_COLUMNS

_IS_LOADED = "SELECT load FROM load WHERE submission = ? AND collection = ? AND judgement = ?"
_INSERT_SUBMISSION = """
INSERT OR IGNORE INTO submission BY NAME
SELECT $id AS id, $sequence AS sequence, $partner AS partner, $path AS path, $digest AS digest,
       $first_seen AS first_seen
"""
_INSERT_LOAD = """
INSERT INTO load BY NAME
SELECT $load AS load, $submission AS submission, $collection AS collection, $judgement AS judgement,
       $status AS status, $recorded_at AS recorded_at
"""
_INSERT_OBSERVATIONS = f"""
INSERT INTO observation BY NAME
SELECT ? AS load, ? AS collection, {", ".join(OBSERVATION_COLUMNS)}, false AS withdrawn FROM arriving
"""


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
    with transaction(con):
        if con.execute(_IS_LOADED, [submission.id, outcome.collection, outcome.validation_number]).fetchone():
            return Loaded(0, 0, again=True)
        number = _record_load(con, submission, outcome, recorded_at)
        arriving = _arriving(table)
        clean = arriving.filter(~pl.col("faulty"))
        con.register("arriving", clean)
        con.register("spoken_of", arriving)
        con.execute(_INSERT_OBSERVATIONS, [number, outcome.collection])
        withdrawn = 0 if not arriving.get_column("keyed").all() else _withdraw(con, number, outcome.collection)
        con.unregister("arriving")
        con.unregister("spoken_of")
    return Loaded(clean.height, withdrawn)


def _record_load(
    con: duckdb.DuckDBPyConnection, submission: Submission, outcome: Outcome, recorded_at: datetime
) -> int:
    """Record the submission, unless it is known, and a load of it; return the number of the load."""
    con.execute(
        _INSERT_SUBMISSION,
        {
            "id": submission.id,
            "sequence": submission.sequence,
            "partner": submission.partner,
            "path": submission.path,
            "digest": submission.digest,
            "first_seen": as_utc(submission.first_seen),
        },
    )
    number = int((con.execute("SELECT coalesce(max(load), 0) + 1 FROM load").fetchone() or (1,))[0])
    con.execute(
        _INSERT_LOAD,
        {
            "load": number,
            "submission": submission.id,
            "collection": outcome.collection,
            "judgement": outcome.validation_number,
            "status": outcome.status,
            "recorded_at": as_utc(recorded_at),
        },
    )
    return number


def _withdraw(con: duckdb.DuckDBPyConnection, number: int, collection: str | None) -> int:
    """Withdraw the keys that a collection held in the periods of a load and that the load does not hold; how many."""
    con.execute(
        f"""
        INSERT INTO observation BY NAME
        SELECT $load AS load, $collection AS collection, {OF_KEY}, provenance, period_start, period_end, sheet, cell,
               true AS withdrawn
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
