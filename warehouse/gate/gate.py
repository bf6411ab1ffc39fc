"""The gate: Great Expectations judges a candidate, read-only, before it may be published.

The only place that imports Great Expectations. The two files and the definitions are put beside each other in a
database in memory, of which every connection in this process sees the same; the suite runs against views there.
"""

from __future__ import annotations

import itertools
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from local_indicators.common.errors import StorageError
from local_indicators.schemas.definitions.complete_breakdowns import complete_breakdowns
from local_indicators.schemas.definitions.models import Definitions, Indicator
from local_indicators.schemas.reference.periods import CALENDAR_QUARTER, FINANCIAL_QUARTER, MONTHLY, QUARTERS, WEEKLY
from local_indicators.warehouse.disclosure.relations.indicator_families import is_count
from local_indicators.warehouse.gate.expectation import Expectation, Severity
from local_indicators.warehouse.gate.expectation_suite import expectation_suite
from local_indicators.warehouse.gate.figures_at_fault import Breach, find_breaches
from local_indicators.warehouse.mart.mart_tables import MART
from local_indicators.warehouse.store.attached_files import attach_read_only
from local_indicators.warehouse.store.connection import memory_limit

SHOWN_ROWS = 20
"""Rows kept of those that break an expectation."""
_numbers = itertools.count()


@dataclass(frozen=True)
class ExpectationResult:
    """What became of one expectation: how many rows break it and some of them. `error` where it could not be judged,
    which counts as a critical failure, whatever its severity."""

    id: str
    says: str
    severity: Severity
    final: bool
    held: bool
    count: int = 0
    rows: tuple[str, ...] = ()
    error: str = ""
    breaches: tuple[Breach, ...] = ()
    """Of an expectation about figures: which of them break it, but for those that a waiver lets through."""

    def as_dict(self) -> dict[str, Any]:
        """Return the result as it is kept, without the figures that break it."""
        return {name: value for name, value in asdict(self).items() if name != "breaches"}

    @property
    def reason(self) -> str:
        """The failure in one line."""
        if self.error:
            return f"{self.says}: could not be judged ({self.error})"
        shown = f", such as {'; '.join(self.rows[:2])}" if self.rows else ""
        return f"{self.says}: {self.count} row(s){shown}"


@dataclass(frozen=True)
class Verdict:
    """What the gate found; it lets a candidate pass unless something critical is broken."""

    results: tuple[ExpectationResult, ...] = ()

    @property
    def broken(self) -> list[ExpectationResult]:
        """The expectations that do not hold."""
        return [result for result in self.results if not result.held]

    @property
    def passed(self) -> bool:
        """Whether nothing critical is broken."""
        return not any(one.severity == "critical" for one in self.broken)

    @property
    def approvable(self) -> bool:
        """Whether a person may publish the candidate all the same."""
        return not any(one.final for one in self.broken)

    @property
    def reasons(self) -> list[str]:
        """Why it was refused, or what it warns of, the critical first."""
        return [one.reason for one in sorted(self.broken, key=lambda one: one.severity != "critical")]


def judge_candidate(candidate: Path, live: Path | None, definitions: Definitions, today: date) -> Verdict:
    """Judge a candidate, and against the live file where there is one. Opens both read-only and changes nothing.

    Raises StorageError where either cannot be opened.
    """
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    expectations = expectation_suite(against_live=live is not None)
    with _bench(candidate, live, definitions, today) as (address, cursor):
        found = {one.id: one for one in _judged(address, expectations)}
        for expectation in expectations:
            if expectation.of_figures and not found[expectation.id].held and not found[expectation.id].error:
                found[expectation.id] = _blamed(
                    cursor, expectation, found[expectation.id], against_live=live is not None
                )
    return Verdict(tuple(found[expectation.id] for expectation in expectations))


def _blamed(
    cursor: Any, expectation: Expectation, result: ExpectationResult, *, against_live: bool
) -> ExpectationResult:
    """The result with the figures that break it. It is only a warning where each of them is published already or was
    let through: to refuse it would take nothing back, and hold up everybody."""
    try:
        open_ones = tuple(find_breaches(cursor, expectation, against_live=against_live))
    except duckdb.Error as error:
        return _unjudged(expectation, error)
    severity: Severity = result.severity if any(breach.is_new for breach in open_ones) else "warning"
    return replace(result, severity=severity, breaches=open_ones)


# -- the files and the definitions beside each other ------------------------------------------------------------------


@contextmanager
def _bench(candidate: Path, live: Path | None, definitions: Definitions, today: date) -> Iterator[tuple[str, Any]]:
    """The address of a database in memory that holds what the expectations speak of, and a cursor there, for as long as
    they are needed."""
    import sqlalchemy

    address = f"duckdb:///:memory:gate-{os.getpid()}-{next(_numbers)}"
    engine = sqlalchemy.create_engine(address)
    with ExitStack() as stack:
        stack.callback(engine.dispose)
        con = stack.enter_context(engine.connect()).connection.dbapi_connection
        if con is None:
            raise StorageError(candidate, "no database in memory could be opened")
        spill = stack.enter_context(tempfile.TemporaryDirectory(prefix="indicators-"))
        con.cursor().execute(f"SET memory_limit = '{memory_limit() >> 20}MiB'; SET temp_directory = '{spill}'")
        for name, path in (("candidate", candidate), ("live", live)):
            if path is not None:
                attach_read_only(con.cursor().execute, name, path, stack)
                stack.callback(con.cursor().execute, f"DETACH {name}")  # the library may keep connections open
        try:
            _fill(con.cursor(), "live" if live else None, definitions, today)
        except duckdb.Error as error:
            raise StorageError(candidate, f"cannot be judged ({str(error).splitlines()[0]})") from None
        yield address, con.cursor()


def _fill(cursor: Any, live: str | None, definitions: Definitions, today: date) -> None:
    for prefix, database in (("", "candidate"), ("live_", live)):
        held = {table.name for table in MART} & _tables(cursor, database)
        for table in sorted(held):
            cursor.execute(f"CREATE VIEW {prefix}{table} AS SELECT * FROM {database}.mart.{table}")
    cursor.execute(
        """CREATE VIEW held_columns AS
           SELECT schema_name || '.' || table_name AS relation, column_name, data_type, coalesce(comment, '') AS comment
           FROM duckdb_columns() WHERE database_name = 'candidate' AND NOT internal"""
    )
    frames = {
        "wanted_columns": pl.DataFrame(
            [(f"mart.{t.name}", c.name, c.type, c.comment) for t in MART for c in t.columns],
            schema=dict.fromkeys(("relation", "column_name", "data_type", "comment"), pl.String),
            orient="row",
        ),
        **_reference(definitions),
    }
    for name, frame in frames.items():
        cursor.execute("register", ("made", frame))
        cursor.execute(f"CREATE TABLE {name} AS SELECT * FROM made")
    cursor.execute(f"CREATE TABLE ref_today AS SELECT DATE '{today.isoformat()}' AS today")


def _tables(cursor: Any, database: str | None) -> set[str]:
    if database is None:
        return set()
    cursor.execute(
        f"SELECT table_name FROM duckdb_tables() WHERE database_name = '{database}' AND schema_name = 'mart'"
    )
    return {row[0] for row in cursor.fetchall()}


def _reference(definitions: Definitions) -> dict[str, pl.DataFrame]:
    """The definitions that the expectations look things up in."""
    indicators = list(definitions.indicators.values())
    return {
        "ref_indicator": pl.DataFrame([_indicator(indicator, definitions) for indicator in indicators]),
        "ref_area": pl.DataFrame(
            [{"area_code": area.area_code, "name": area.name} for area in definitions.geography.areas]
        ),
        "ref_measure": pl.DataFrame(
            [(f"NI {measure.ni[-3:]}",) for measure in definitions.national], schema={"ni": pl.String}, orient="row"
        ),
        "ref_part": pl.DataFrame(
            [row for indicator in indicators for row in _parts(indicator, definitions)],
            schema=dict.fromkeys(("indicator_id", "dimension", "breakdown"), pl.String),
            orient="row",
        ),
    }


def _indicator(indicator: Indicator, definitions: Definitions) -> dict[str, Any]:
    policy = definitions.disclosure[indicator.disclosure]
    lowest, highest = indicator.bounds
    return {
        "indicator_id": indicator.id,
        "lowest": lowest,
        "highest": highest,
        "per": indicator.per,
        "half_unit": 0.5 * 10.0**-indicator.decimals if indicator.decimals else 0.0,
        "additive": indicator.additive,
        "authority": indicator.authority or None,
        "versions": [version.version for version in indicator.versions],
        "lifecycle": indicator.lifecycle,
        "measured_by": indicator.time_identifier,
        "days": _days(indicator.time_identifier),
        "is_count": is_count(indicator),
        "primary_min": float(policy.primary_min),
        "min_denominator": float(policy.min_denominator),
        "zero_ok": policy.zero_ok,
        "round_base": float(policy.round_base),
        "secondary": policy.secondary,
        "population": indicator.population,
    }


def _parts(indicator: Indicator, definitions: Definitions) -> Iterator[tuple[str, str, str]]:
    """The parts of each dimension that an indicator is divided by, where they are all of it."""
    for dimension, breakdowns in complete_breakdowns(indicator, definitions):
        for breakdown in breakdowns:
            yield indicator.id, dimension, breakdown


def _days(identifier: str) -> float:
    """How long it is from one period of an identifier to the next."""
    return _DAYS.get(identifier, 365.0)


_DAYS = {
    WEEKLY: 7.0,
    MONTHLY: 31.0,
    **dict.fromkeys((FINANCIAL_QUARTER, CALENDAR_QUARTER, *QUARTERS), 91.0),
}
"""The days from one period to the next of identifiers that come more often than once a year."""


# -- Great Expectations -----------------------------------------------------------------------------------------------


def _judged(address: str, expectations: list[Expectation]) -> Iterator[ExpectationResult]:
    """Run each table's expectations as one suite."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig
    from sqlalchemy import event

    logging.getLogger(ProgressBarsConfig.__module__).setLevel(logging.WARNING)  # it tells of its temporary folders
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    source = context.data_sources.add_sql("bench", connection_string=address, create_temp_table=False)
    event.listen(source.get_execution_engine().engine, "after_cursor_execute", _buffered)
    for table in dict.fromkeys(expectation.table for expectation in expectations):
        mine = [expectation for expectation in expectations if expectation.table == table]
        try:
            asset = source.add_table_asset(table, table_name=table)
            batch = asset.add_batch_definition_whole_table(table).get_batch()
        except Exception as error:  # a table that is not there is a broken candidate, whatever the library makes of it
            yield from (_unjudged(one, error) for one in mine)
            continue
        by_id = {one.id: one for one in mine}
        judged: Any = batch.validate(
            gx.ExpectationSuite(table, expectations=[_as_gx(one) for one in mine]),
            result_format={"result_format": "COMPLETE", "partial_unexpected_count": SHOWN_ROWS},
        )
        yield from (_result(by_id[str(result.expectation_config.meta["id"])], result) for result in judged.results)


def _buffered(_con: Any, cursor: Any, _statement: Any, _parameters: Any, context: Any, _many: Any) -> None:
    """Keep the rows of a statement, for the library reads them after it has closed the cursor."""
    from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy

    if cursor.description:
        context.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(cursor)


def _as_gx(expectation: Expectation) -> Any:
    from great_expectations import expectations

    gxe: Any = expectations
    said: dict[str, Any] = {
        "meta": {"id": expectation.id},
        "description": expectation.says,
        "severity": expectation.severity,
    }
    if expectation.columns:
        return gxe.ExpectTableColumnsToMatchOrderedList(column_list=list(expectation.columns), **said)
    if expectation.unique:
        return gxe.ExpectColumnValuesToBeUnique(column=expectation.unique[0], **said)
    if expectation.filled:
        return gxe.ExpectColumnValuesToNotBeNull(column=expectation.filled, **said)
    if expectation.count is not None:
        return gxe.ExpectTableRowCountToEqual(value=expectation.count, **said)
    return gxe.UnexpectedRowsExpectation(unexpected_rows_query=expectation.rows, **said)


def _unjudged(expectation: Expectation, error: object) -> ExpectationResult:
    said = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return ExpectationResult(
        expectation.id, expectation.says, "critical", expectation.final, held=False, error=said[:300]
    )


def _result(expectation: Expectation, judged: Any) -> ExpectationResult:
    """Read a result; the library reports an expectation that raised as one that merely failed."""
    raised = _raised(judged.exception_info)
    if raised:
        return _unjudged(expectation, raised)
    if judged.success:
        return ExpectationResult(expectation.id, expectation.says, expectation.severity, expectation.final, held=True)
    found = judged.result or {}
    rows = (found.get("details") or {}).get("unexpected_rows") or found.get("partial_unexpected_list") or []
    observed = found.get("observed_value")
    count = found.get("unexpected_count", observed if isinstance(observed, int) and expectation.rows else None)
    if expectation.columns or expectation.count is not None:
        rows, count = [f"found {observed}"], 1
    return ExpectationResult(
        expectation.id,
        expectation.says,
        expectation.severity,
        expectation.final,
        held=False,
        count=int(count or len(rows)),
        rows=_worded(rows),
    )


def _raised(info: Any) -> str:
    """The message of an exception in a result: one record, or one for each metric."""
    if not isinstance(info, dict):
        return ""
    if info.get("raised_exception"):
        return str(info.get("exception_message") or "it raised")
    return next((found for one in info.values() if isinstance(one, dict) and (found := _raised(one))), "")


def _worded(rows: list[Any]) -> tuple[str, ...]:
    words = []
    for row in rows[:SHOWN_ROWS]:
        values = row.values() if isinstance(row, dict) else row if isinstance(row, tuple) else (row,)
        words.append(" / ".join("" if value is None else str(value) for value in values)[:300])
    return tuple(words)
