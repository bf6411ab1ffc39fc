"""Which loads of the store count: all, or all but those of returns that are set aside."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import duckdb

from local_indicators.schemas.submissions import outcome_id


def rows_in_force_sql(without: Collection[int]) -> str:
    """SQL for the rows `o` of observation that count as if some loads had not come. A withdrawal by one of them stands
    where a later return speaks of the period: that one does not give the key either."""
    if not without:
        return "true"
    listed = ", ".join(f"{one:d}" for one in sorted(without))
    return f"""(o.load NOT IN ({listed}) OR (o.withdrawn AND EXISTS (
        SELECT 1 FROM observation AS later
        WHERE later.collection = o.collection AND later.load > o.load AND later.load NOT IN ({listed})
          AND NOT later.withdrawn
          AND (later.time_identifier, later.time_period) = (o.time_identifier, o.time_period))))"""


def loads_of_outcomes(con: duckdb.DuckDBPyConnection, outcomes: Iterable[str]) -> list[int]:
    """The loads of outcomes, named by their ids; of those that the store holds."""
    wanted = set(outcomes)
    if not wanted:
        return []
    rows = con.execute("SELECT load, submission, collection, judgement FROM load ORDER BY load").fetchall()
    return [load for load, *names in rows if outcome_id(*names) in wanted]
