"""An earlier version that is published again: it shows what it showed then, and tells of all that was published since.

What had been published at an instant stays so: a version that is gone back from is a part of the past like any other.
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import polars as pl

from local_indicators.schemas.definitions.models import Definitions
from local_indicators.warehouse.disclosure.disclosure_control import ROW
from local_indicators.warehouse.mart.build_mart import fill_history, rows_to_withhold
from local_indicators.warehouse.mart.mart_tables import TABLES
from local_indicators.warehouse.store import current_rows, published_versions, row_history

TOLD = ("indicator_id", "area_code", "breakdown", "definition_version", "time_identifier", "time_period")


def write_rollback_history(
    con: duckdb.DuckDBPyConnection, candidate: Path, definitions: Definitions, version: int, at: datetime
) -> None:
    """Have a copy of an earlier version tell the whole past, up to its being published again as `version` at `at`.

    The past is told as today's policy (`definitions`) lets it be, and nothing is shown that no version has shown yet.
    What is current is told as the copy shows it. `con` is the store. Raises duckdb.Error.
    """
    with ExitStack() as stack:
        con.execute(f"ATTACH '{str(candidate).replace(chr(39), chr(39) * 2)}' AS out")
        stack.callback(con.execute, "DETACH out")
        stack.callback(row_history.drop_history_tables, con)
        published_versions.match_published_rows(con, "out")
        current_rows.create_current_rows_as_published(con)
        row_history.create_row_versions(con, version, at)
        hidden = pl.concat([rows_to_withhold(con, definitions), _never_shown(con)]).unique()
        row_history.create_row_history(con, version, hidden)
        fill_history(con, definitions, hidden, at.astimezone(UTC).replace(tzinfo=None))
        _as_shown(con)
        con.execute("DELETE FROM out.mart.publications")
        con.execute(
            "INSERT INTO out.mart.publications BY NAME SELECT data_version, published_at FROM publication ORDER BY ALL"
        )
        con.execute("CHECKPOINT out")


def _never_shown(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """The rows that every version so far has withheld: it is for the gate, and not for a rollback, to show them."""
    rows = ", ".join(ROW)
    return con.execute(f"SELECT {rows} FROM row_version GROUP BY ALL HAVING count(shown_from) = 0").pl()


def _as_shown(con: duckdb.DuckDBPyConnection) -> None:
    """Have the history tell of what is current what the observations show of it."""
    names = [column.name for column in TABLES["observations"].columns if column.name not in TOLD]
    con.execute(
        f"""UPDATE out.mart.history AS h SET {", ".join(f"{name} = o.{name}" for name in names)}
            FROM out.mart.observations AS o
            WHERE h.published_to IS NULL AND {" AND ".join(f"h.{name} = o.{name}" for name in TOLD)}"""
    )
