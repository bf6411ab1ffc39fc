"""Which returns the gate's breaches are set aside for: those that gave the figures that are new in them.

A candidate that is at fault for the sake of figures is built again without the returns that brought the fault, until
what is left passes or nobody can be named any more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import polars as pl

from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.observations import KEY, PAYLOAD
from local_indicators.schemas.set_aside_returns import SetAside, SetAsideReason
from local_indicators.schemas.submissions import outcome_id
from local_indicators.warehouse.gate.gate import ExpectationResult, Verdict
from local_indicators.warehouse.store import current_rows, row_history
from local_indicators.warehouse.store.attached_files import connect_with_files
from local_indicators.warehouse.store.loads_in_force import loads_of_outcomes

_OF_KEY = ", ".join(KEY)
_FIGURES = {
    "breach": pl.Int64,
    **dict.fromkeys(KEY, pl.String),
    **dict.fromkeys(("submission", "sheet", "cell"), pl.String),
    "is_new": pl.Boolean,
}


@dataclass(frozen=True)
class ReturnsAtFault:
    """A verdict of which only what nobody has released counts, and the returns to set aside for it."""

    verdict: Verdict
    culprits: tuple[SetAside, ...]


def find_returns_at_fault(
    con: duckdb.DuckDBPyConnection,
    definitions: Definitions,
    verdict: Verdict,
    set_aside: Sequence[SetAside],
    released: Collection[str],
) -> ReturnsAtFault:
    """The returns whose figures, not published before, break an expectation about figures.

    `con` is the store, `set_aside` are those left out already, and `released` the ids of outcomes that a person let
    through: a breach of theirs alone is a warning.
    """
    at_fault = [
        result for result in verdict.results if result.severity == "critical" and not result.held and result.breaches
    ]
    if not at_fault:
        return ReturnsAtFault(verdict, ())
    without = loads_of_outcomes(con, (one.outcome for one in set_aside))
    current_rows.create_current_rows(con, definitions, without=without)
    try:
        found = {one.id: _of_result(con, one, without, released) for one in at_fault}
    finally:
        row_history.drop_history_tables(con)
    results = tuple(
        replace(result, severity="warning") if found.get(result.id) == {} else result  # a person let all of it through
        for result in verdict.results
    )
    loads: dict[int, list[SetAsideReason]] = {}
    for by_load in found.values():
        for load, fault in (by_load or {}).items():
            loads.setdefault(load, []).append(fault)
    return ReturnsAtFault(Verdict(results), returns_to_set_aside(con, loads, set_aside))


def _of_result(
    con: duckdb.DuckDBPyConnection,
    expectation_result: ExpectationResult,
    without: Collection[int],
    released: Collection[str],
) -> dict[int, SetAsideReason] | None:
    """The loads that brought the breaches of an expectation, each with its own cells among them. Empty where all were
    released; None where some were brought by nobody."""
    culprits = _culprits(con, expectation_result, without)
    open_ones, cells = set(), dict[int, list[str]]()
    for number, breach in enumerate(expectation_result.breaches):
        loads = culprits.get(number, {})
        if not breach.is_new or (loads and set(loads.values()) <= set(released)):
            continue
        open_ones.add(number)
        for load, outcome in loads.items():
            submission = outcome.partition("/")[0]
            mine = [f"{f.sheet}!{f.cell}" for f in breach.figures if f.submission == submission]
            cells.setdefault(load, []).extend(mine)
    if open_ones and not cells:
        return None
    return {
        load: SetAsideReason(expectation_result.id, expectation_result.says, tuple(dict.fromkeys(mine)))
        for load, mine in cells.items()
    }


def _culprits(
    con: duckdb.DuckDBPyConnection, expectation_result: ExpectationResult, without: Collection[int]
) -> dict[int, dict[int, str]]:
    """Of each breach by its number, the loads whose rows are new in it, with the ids of their outcomes."""
    figures = [
        (number, *figure.key, figure.submission, figure.sheet, figure.cell, figure.is_new)
        for number, breach in enumerate(expectation_result.breaches)
        for figure in breach.figures
    ]
    con.register("figures", pl.DataFrame(figures, schema=_FIGURES, orient="row"))
    rows = con.execute(
        f"""
        WITH brought AS ({_brought("figures WHERE is_new", without)})
        SELECT DISTINCT f.breach, b.load, l.submission, l.collection, l.judgement
        FROM figures AS f JOIN brought AS b USING ({_OF_KEY}) JOIN load AS l USING (load) ORDER BY ALL
        """
    ).fetchall()
    con.unregister("figures")
    found: dict[int, dict[int, str]] = {}
    for number, load, *names in rows:
        found.setdefault(number, {})[load] = outcome_id(*names)
    return found


def _brought(keys: str, without: Collection[int]) -> str:
    """SQL for the load that brought what is new of each of some keys: KEY and load. It gives a row that is not in the
    published file, or withdraws one that is."""
    left_out = ", ".join(map(str, without)) or "NULL"
    return f"""
        SELECT {_OF_KEY}, h.load FROM current_row AS h SEMI JOIN (SELECT * FROM {keys}) USING ({_OF_KEY})
        ANTI JOIN (SELECT * FROM stated WHERE until IS NULL) USING (load, {_OF_KEY})
        UNION ALL
        SELECT {_OF_KEY}, max(w.load) FROM observation AS w
        SEMI JOIN (SELECT * FROM {keys}) USING ({_OF_KEY})
        SEMI JOIN (SELECT * FROM stated WHERE until IS NULL) USING ({_OF_KEY}) ANTI JOIN current_row USING ({_OF_KEY})
        WHERE w.withdrawn AND coalesce(w.load NOT IN ({left_out}), true) GROUP BY ALL"""


def returns_to_set_aside(
    con: duckdb.DuckDBPyConnection, loads: Mapping[int, Sequence[SetAsideReason]], already: Sequence[SetAside]
) -> tuple[SetAside, ...]:
    """The returns of loads, and earlier ones that they took the place of and that were never published either: those
    must not come to light instead."""
    if not loads:
        return ()
    rows = con.execute(
        """
        WITH period AS (SELECT DISTINCT load, time_identifier, time_period FROM observation)
        SELECT DISTINCT l.load, l.submission, l.collection, l.judgement FROM load AS l
        WHERE list_contains($loads, l.load)
           OR EXISTS (SELECT 1 FROM load AS n JOIN period AS p ON p.load = n.load
                      JOIN period AS q ON q.load = l.load AND (q.time_identifier, q.time_period)
                                                            = (p.time_identifier, p.time_period)
                      WHERE list_contains($loads, n.load) AND l.collection = n.collection AND l.load < n.load
                        AND NOT EXISTS (SELECT 1 FROM stated AS s WHERE s.load = l.load))
        ORDER BY l.load
        """,
        {"loads": list(loads)},
    ).fetchall()
    found = (
        SetAside(submission, collection, judgement, tuple(loads.get(load, ())))
        for load, submission, collection, judgement in rows
    )
    known = {one.outcome for one in already}
    return tuple(one for one in found if one.outcome not in known)


# -- a night that changes too much ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ChangesByLoad:
    """The loads that bring anything new, with how many of the published rows each changes or removes, and their
    outcomes."""

    by_load: Mapping[int, int]
    outcome_of: Mapping[int, str]


def changes_by_load(
    con: duckdb.DuckDBPyConnection,
    definitions: Definitions,
    candidate: Path,
    live: Path,
    set_aside: Sequence[SetAside],
) -> ChangesByLoad:
    """Who changes how much of what is published. `con` is the store."""
    said = ", ".join(PAYLOAD)
    with connect_with_files(candidate=candidate, live=live) as files:
        new, old = (f"SELECT {_OF_KEY}, {said} FROM {name}.mart.observations" for name in ("candidate", "live"))
        keys = files.execute(
            f"""SELECT {_OF_KEY}, bool_or(was) AS was FROM (
                    SELECT *, false AS was FROM ({new} EXCEPT {old}) UNION ALL
                    SELECT *, true AS was FROM ({old} EXCEPT {new})) GROUP BY ALL"""
        ).pl()
    without = loads_of_outcomes(con, (one.outcome for one in set_aside))
    current_rows.create_current_rows(con, definitions, without=without)
    con.register("changed", keys)
    try:
        rows = con.execute(
            f"""SELECT b.load, l.submission, l.collection, l.judgement, count(*) FILTER (c.was)
                FROM ({_brought("changed", without)}) AS b JOIN changed AS c USING ({_OF_KEY})
                JOIN load AS l USING (load) GROUP BY ALL ORDER BY ALL"""
        ).fetchall()
    finally:
        con.unregister("changed")
        row_history.drop_history_tables(con)
    outcomes = {load: outcome_id(*names) for load, *names, _ in rows}
    return ChangesByLoad({row[0]: row[-1] for row in rows}, outcomes)
