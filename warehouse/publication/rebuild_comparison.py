"""Compare what was made again with what is live, row for row, in every table of the store and of the published file."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from local_indicators.common.errors import StorageError
from local_indicators.common.safe_text import as_typed
from local_indicators.schemas.observations import KEY
from local_indicators.warehouse.mart.mart_tables import MART
from local_indicators.warehouse.store import private_store
from local_indicators.warehouse.store.attached_files import connect_with_files

STORE = {
    "main.submission": ("id",),
    "main.load": ("load", "submission", "collection"),
    "main.observation": ("load", *KEY),
    "main.publication": ("data_version", "run"),
    "main.stated": ("load", *KEY, "since"),
    "main.withheld": ("load", *KEY),
}
PUBLISHED = {f"mart.{table.name}": table.key for table in MART}
"""The tables of each file, and the columns that name a row. No other column of a row that differs is ever shown."""
SHOWN_ROWS = 3


@dataclass(frozen=True)
class TableDifference:
    """How the rows of a table differ: how many only the live file has and how many only the one made again, and the
    names of some of them, each with its side. `because` where the two cannot be compared."""

    file: str
    table: str
    only_live: int = 0
    only_rebuilt: int = 0
    examples: tuple[tuple[str, str], ...] = ()
    because: str = ""

    @property
    def rows(self) -> int:
        """The number of rows that only one of the two files has."""
        return self.only_live + self.only_rebuilt

    @property
    def text(self) -> str:
        """For people: one line, and one for each row that it shows."""
        if self.because:
            return f"  {self.file}, {self.table}: {self.because}"
        said = f"  {self.file}, {self.table}: {self.only_live} row(s) only live, {self.only_rebuilt} only rebuilt"
        return "\n".join([said, *(f"    {side}: {as_typed(row)}" for side, row in self.examples)])


def finish_store(path: Path) -> None:
    """Have a store's log in the store and its form today's, where it can be opened at all."""
    with contextlib.suppress(StorageError, duckdb.Error), private_store.open_store(path):
        pass


def compare_files(file: str, made: Path, live: Path, tables: Mapping[str, Sequence[str]]) -> list[TableDifference]:
    """The tables of two files that differ, of those listed with the columns that name a row. What cannot be read
    differs."""
    try:
        with connect_with_files(made=made, live=live) as con:
            found = [_compared(con, file, table, names) for table, names in tables.items()]
    except StorageError as fault:
        return [TableDifference(file, "the whole file", because=fault.reason)]
    except duckdb.Error as error:  # damaged somewhere within
        return [TableDifference(file, "the whole file", because=f"cannot be read ({str(error).splitlines()[0]})")]
    return [one for one in found if one.because or one.rows]


def _compared(con: duckdb.DuckDBPyConnection, file: str, table: str, named_by: Sequence[str]) -> TableDifference:
    columns = {
        side: con.execute(
            """SELECT column_name, data_type FROM duckdb_columns()
               WHERE database_name = ? AND schema_name || '.' || table_name = ? ORDER BY column_name""",
            [side, table],
        ).fetchall()
        for side in ("made", "live")
    }
    if columns["made"] != columns["live"]:
        said = sorted({name for name, _ in set(columns["made"]) ^ set(columns["live"])})
        because = f"has other columns in the live file ({', '.join(said)})" if columns["live"] else "is not there"
        return TableDifference(file, table, because=because)
    chosen = ", ".join(f'"{name}"' for name, _ in columns["made"])
    counts, examples = {}, []
    for side, other in (("live", "made"), ("made", "live")):
        only = f"(SELECT {chosen} FROM {side}.{table}) EXCEPT ALL (SELECT {chosen} FROM {other}.{table})"
        counts[side] = (con.execute(f"SELECT count(*) FROM ({only})").fetchone() or (0,))[0]
        if counts[side]:
            named = f"SELECT concat_ws(' ', {', '.join(named_by)}) FROM ({only}) ORDER BY 1 LIMIT {SHOWN_ROWS}"
            examples += [("live" if side == "live" else "rebuilt", row[0]) for row in con.execute(named).fetchall()]
    return TableDifference(file, table, counts["live"], counts["made"], tuple(examples))
