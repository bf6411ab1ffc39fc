"""What a candidate would change: rows added, changed and removed, by indicator and area, against the live file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from local_indicators.schemas.observations import KEY, PAYLOAD
from local_indicators.warehouse.mart.mart_tables import MART, MartTable
from local_indicators.warehouse.store.attached_files import connect_with_files
from local_indicators.warehouse.store.current_rows import MOST_ROWS

MOST_EXAMPLES = 500
"""Single rows that a difference names; the counts are of all."""


@dataclass(frozen=True)
class IndicatorChange:
    """How many rows of one indicator and area differ."""

    indicator_id: str
    area_code: str
    added: int
    changed: int
    removed: int


@dataclass(frozen=True)
class VersionDifference:
    """The rows of mart.observations that differ. `examples` are (kind, key in words, old, new), with HIDDEN for an old
    value that the candidate hides even in its history; `live_rows` is how many the live file has."""

    changes: tuple[IndicatorChange, ...] = ()
    examples: tuple[tuple[str, str, str, str], ...] = ()
    live_rows: int = 0

    @property
    def added(self) -> int:
        """The number of rows added."""
        return sum(change.added for change in self.changes)

    @property
    def changed(self) -> int:
        """The number of rows changed."""
        return sum(change.changed for change in self.changes)

    @property
    def removed(self) -> int:
        """The number of rows removed."""
        return sum(change.removed for change in self.changes)

    @property
    def changed_pct(self) -> float:
        """Live rows that change or go, in percent of all live rows; 0 where there is none."""
        return 100.0 * (self.changed + self.removed) / self.live_rows if self.live_rows else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return the difference as it is kept."""
        return asdict(self)


KINDS = ("removed", "changed", "added")
HIDDEN = "(hidden now)"
"""What stands for a value that was published and may not be shown any more."""
_OF_KEY = ", ".join(KEY)


def _said(table: str, payload: Sequence[str]) -> str:
    """What a row says, as one struct, so that rows compare whole."""
    return f"{{{', '.join(f'{name}: {table}.{name}' for name in payload)}}}"


def _words(table: str, payload: Sequence[str]) -> str:
    """What a row says, in words."""
    parts = [f"{table}.{name}::VARCHAR" for name in payload if name != "provenance"]
    return f"concat_ws(' ', {', '.join(parts)})"


def _differs(payload: Sequence[str]) -> str:
    return f"""
WITH moving AS (
    SELECT unnest($indicators::VARCHAR[]) AS indicator_id
), told AS (
    SELECT DISTINCT {_OF_KEY}, {_words("h", payload)} AS old
    FROM candidate.mart.history AS h SEMI JOIN moving USING (indicator_id)
), differing AS (
    SELECT {_OF_KEY},
        CASE WHEN b.there IS NULL THEN 'added' WHEN c.there IS NULL THEN 'removed' ELSE 'changed' END AS kind,
        b.words AS old, c.words AS new
    FROM (SELECT {_OF_KEY}, true AS there, {_said("b", payload)} AS said, {_words("b", payload)} AS words
          FROM live.mart.observations AS b SEMI JOIN moving USING (indicator_id)) AS b
    FULL JOIN (SELECT {_OF_KEY}, true AS there, {_said("c", payload)} AS said, {_words("c", payload)} AS words
               FROM candidate.mart.observations AS c SEMI JOIN moving USING (indicator_id)) AS c USING ({_OF_KEY})
    WHERE b.there IS NULL OR c.there IS NULL OR b.said IS DISTINCT FROM c.said
)
"""


def compare_versions(candidate: Path, live: Path | None) -> VersionDifference:
    """The difference of two published files. What an earlier release did not publish of a row is not compared; without
    a live file, or with one that names its rows by other columns, every row is added."""
    with connect_with_files(candidate=candidate, live=live) as con:
        if live is not None:
            found = con.execute(
                """SELECT column_name FROM duckdb_columns() WHERE database_name = 'live'
                   AND schema_name = 'mart' AND table_name = 'observations'"""
            ).fetchall()
            columns = {name for (name,) in found}
            if columns.issuperset(KEY):
                return _against(con, [name for name in PAYLOAD if name in columns])
        rows = con.execute(
            "SELECT indicator_id, area_code, count(*) FROM candidate.mart.observations GROUP BY ALL ORDER BY ALL"
        ).fetchall()
    return VersionDifference(tuple(IndicatorChange(indicator, area, count, 0, 0) for indicator, area, count in rows))


def indicators_changed(con: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str]) -> list[list[str]]:
    """The indicators whose rows of a table of mart, as far as some columns go, are not the same in `candidate` and
    `live`, in groups of about so many rows as can be set against each other at once. Raises duckdb.Error where one of
    the files has no such table or column.

    Two scans tell: rows are alike where their number, the sum and the exclusive or of their hashes are.
    """
    digest = f"hash({', '.join(columns)})"
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE moved AS
            WITH new AS (SELECT indicator_id, count(*) AS n, sum({digest}::HUGEINT) AS s, bit_xor({digest}) AS x
                         FROM candidate.mart.{table} GROUP BY indicator_id),
                 old AS (SELECT indicator_id, count(*) AS n, sum({digest}::HUGEINT) AS s, bit_xor({digest}) AS x
                         FROM live.mart.{table} GROUP BY indicator_id)
            SELECT indicator_id, coalesce(new.n, 0) + coalesce(old.n, 0) AS rows
            FROM new FULL JOIN old USING (indicator_id)
            WHERE (new.n, new.s, new.x) IS DISTINCT FROM (old.n, old.s, old.x)"""
    )
    groups: list[list[str]] = []
    room = 0
    for indicator, rows in con.execute("SELECT * FROM moved ORDER BY indicator_id").fetchall():
        if rows > room:
            groups.append([])
            room = MOST_ROWS
        groups[-1].append(indicator)
        room -= rows
    return groups


def _against(con: duckdb.DuckDBPyConnection, payload: Sequence[str]) -> VersionDifference:
    differs = _differs(payload)
    changes: list[IndicatorChange] = []
    examples: list[tuple[str, str, str, str]] = []
    for indicators in indicators_changed(con, "observations", (*KEY, *payload)):
        counted = con.execute(
            f"""{differs} SELECT indicator_id, area_code, count(*) FILTER (kind = 'added'),
                                  count(*) FILTER (kind = 'changed'), count(*) FILTER (kind = 'removed')
                FROM differing GROUP BY ALL ORDER BY ALL""",
            {"indicators": indicators},
        ).fetchall()
        changes += [IndicatorChange(*row) for row in counted]
        found = con.execute(
            f"""{differs} SELECT kind, concat_ws(', ', {_OF_KEY}),
                                  CASE WHEN old IS NULL THEN '' WHEN t.there THEN old ELSE '{HIDDEN}' END,
                                  coalesce(new, '')
                FROM differing LEFT JOIN (SELECT *, true AS there FROM told) AS t USING ({_OF_KEY}, old)
                ORDER BY kind DESC, {_OF_KEY} LIMIT {MOST_EXAMPLES}""",
            {"indicators": indicators},
        ).fetchall()
        examples += [(kind, key, old, new) for kind, key, old, new in found]
    examples.sort(key=lambda one: KINDS.index(one[0]))  # within a kind they come in the order of their keys
    total = con.execute("SELECT count(*) FROM live.mart.observations").fetchone()
    return VersionDifference(tuple(changes), tuple(examples[:MOST_EXAMPLES]), int(total[0]) if total else 0)


# -- every table -----------------------------------------------------------------------------------------------------

LARGE = ("observations", "latest", "trend", "history", "revisions")
"""The tables that grow with what is held, each with an indicator_id."""


def count_table_differences(candidate: Path, live: Path | None) -> dict[str, int]:
    """How many rows of each mart table are in one of the two files alone; a table of another shape differs in all."""
    changed: dict[str, int] = {}
    with connect_with_files(candidate=candidate, live=live) as con:
        for table in MART:
            if table.name == "publications" and live is not None:
                continue
            if live is not None and table.name in LARGE:
                count = _count_large(con, table)
            elif table.name == "publication" and live is not None:
                count = _count(con, "SELECT has_examples FROM {0}.mart.publication", both=True)
            else:
                count = _count(con, f"SELECT * FROM {{0}}.mart.{table.name}", both=live is not None)
            if count:
                changed[table.name] = count
    return changed


def _count_large(con: duckdb.DuckDBPyConnection, table: MartTable) -> int:
    """The same for a table as large as the observations, of which only the indicators that differ are looked at."""
    try:
        groups = indicators_changed(con, table.name, [column.name for column in table.columns])
    except duckdb.Error:  # the live file has another shape
        groups = [[]]
    sql = f"SELECT * FROM {{0}}.mart.{table.name}"
    counts = []
    for indicators in groups:
        con.execute("CREATE OR REPLACE TEMP TABLE moving AS SELECT unnest(?::VARCHAR[]) AS indicator_id", [indicators])
        counts.append(_count(con, f"{sql} SEMI JOIN moving USING (indicator_id)" if indicators else sql, both=True))
    return sum(counts)


def _count(con: duckdb.DuckDBPyConnection, sql: str, *, both: bool) -> int:
    new, old = sql.format("candidate"), sql.format("live")
    try:
        counted = f"SELECT count(*) FROM (({new} EXCEPT ALL {old}) UNION ALL ({old} EXCEPT ALL {new}))"
        row = con.execute(counted if both else f"SELECT count(*) FROM ({new})").fetchone()
    except duckdb.Error:  # the live file has another shape
        row = con.execute(f"SELECT count(*) FROM ({new})").fetchone()
    return int(row[0]) if row else 0
