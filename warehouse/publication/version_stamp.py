"""The version and the instant that a candidate bears once a person has it published after all."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from local_indicators.warehouse.mart.mart_tables import MART
from local_indicators.warehouse.store.attached_files import connect_with_files
from local_indicators.warehouse.store.connection import connect, transaction

INSTANTS = {
    "history": ("published_from", "published_to"),
    "publications": ("published_at",),
    "revisions": ("changed_at",),
}
"""Where a candidate holds the instant at which it is to be published."""


def has_current_shape(path: Path) -> bool:
    """Whether a published file has the tables and columns of the contract."""
    with connect_with_files(file=path) as con:
        found = con.execute(
            """SELECT table_name, column_name, data_type FROM duckdb_columns()
               WHERE database_name = 'file' AND schema_name = 'mart'"""
        ).fetchall()
    return set(found) == {(table.name, column.name, column.type) for table in MART for column in table.columns}


def stamp_version(candidate: Path, version: int, published_at: datetime, again_by: str | None) -> None:
    """Give a candidate the version and the instant at which it is published after all. A kept version that is published
    again, by the run `again_by`, keeps its own past and gets another publication after it."""
    at = published_at.astimezone(UTC).replace(tzinfo=None)
    con = connect(str(candidate))
    try:
        given = {"version": version, "at": at, "run": again_by}
        with transaction(con):
            if again_by is None:
                meant = con.execute("SELECT published_at FROM mart.publication").fetchall()[0][0]
                for table, columns in INSTANTS.items():
                    for column in columns:
                        con.execute(f"UPDATE mart.{table} SET {column} = ? WHERE {column} = ?", [at, meant])
                con.execute("UPDATE mart.publications SET data_version = $version WHERE published_at = $at",
                            {"version": version, "at": given["at"]})  # fmt: skip
            else:
                con.execute(
                    "INSERT INTO mart.publications BY NAME SELECT ? AS data_version, ? AS published_at",
                    [version, given["at"]],
                )
            con.execute(
                "UPDATE mart.publication SET data_version = $version, published_at = $at, run = coalesce($run, run)",
                given,
            )
        con.execute("CHECKPOINT")
    finally:
        con.close()
