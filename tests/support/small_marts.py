"""A mart made straight from rows, without a night: for tests of what mart derives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import duckdb
import polars as pl

from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.observations import KEY, PAYLOAD
from local_indicators.schemas.reference.periods import build_period
from local_indicators.warehouse.mart.build_mart import fill_derived_tables
from local_indicators.warehouse.mart.mart_tables import MART, create_table_sql
from local_indicators.warehouse.mart.reference_tables import create_reference_tables
from local_indicators.warehouse.store.connection import connect

NOTTINGHAM, DERBY, LEICESTER, ENGLAND = "E06000018", "E06000015", "E06000016", "E92000001"
EAST_MIDLANDS = "E12000004"
SHOWN = {
    **dict.fromkeys((*KEY, *PAYLOAD), pl.String()),
    **dict.fromkeys(("value", "value_low", "value_high", "numerator", "denominator"), pl.Float64()),
    "period_start": pl.Date(),
    "period_end": pl.Date(),
    **dict.fromkeys(("submission", "digest", "source_file", "sheet", "cell"), pl.String()),
    "recorded_at": pl.Datetime("us"),
}


def row(
    indicator: str = "made", area: str = NOTTINGHAM, year: int = 2009, value: float | None = None, **other: Any
) -> dict[str, Any]:
    """One row as disclosure control leaves it, of the academic year that begins in `year`; `other` replaces parts."""
    period = other.pop("period", None) or build_period("Academic year", year)
    of, among = other.get("numerator"), other.get("denominator")
    if value is None and of is not None and among and not other.get("conf_status"):
        value = 100 * of / among
    return {
        **dict.fromkeys(SHOWN),
        "indicator_id": indicator,
        "definition_version": "1",
        "area_code": area,
        "time_identifier": period.time_identifier,
        "time_period": period.time_period,
        "period_start": period.start,
        "period_end": period.end,
        "breakdown": "Total",
        "value": value,
        "provenance": "reported",
        "submission": "S000001",
        "recorded_at": datetime(2011, 5, 1),  # noqa: DTZ001 (the store keeps UTC without saying so)
        **other,
    }


def with_indicator(definitions: Definitions, **other: Any) -> Definitions:
    """The definitions with one more indicator, `made`: a share, higher is better, of two versions from 2013."""
    like = definitions.indicators["ks4-five-good-gcses"]
    made = replace(like, **{"id": "made", "replaces": "", "breakdowns": {"FSM": ("Eligible", "Not eligible")}, **other})
    return replace(definitions, indicators={**definitions.indicators, "made": made})


def made_from(definitions: Definitions, rows: Sequence[Mapping[str, Any]]) -> duckdb.DuckDBPyConnection:
    """A connection whose out.mart holds observations, latest and trend of the rows."""
    shown = pl.DataFrame([dict(one) for one in rows], schema=SHOWN, orient="row")
    con = connect()
    con.execute("ATTACH ':memory:' AS out")
    con.execute("CREATE SCHEMA out.mart")
    for table in MART:
        for statement in create_table_sql(table, "out.mart"):
            con.execute(statement)
    create_reference_tables(con, definitions, shown)
    fill_derived_tables(con, definitions, [shown])
    con.execute("USE out")
    return con


def latest(
    definitions: Definitions, rows: Sequence[Mapping[str, Any]], area: str = NOTTINGHAM, breakdown: str = "Total"
) -> dict[str, Any]:
    """The row of mart.latest for an area."""
    con = made_from(definitions, rows)
    found = con.execute("SELECT * FROM mart.latest WHERE area_code = ? AND breakdown = ?", [area, breakdown]).pl()
    assert found.height == 1
    return found.row(0, named=True)


def trend(definitions: Definitions, rows: Sequence[Mapping[str, Any]], area: str = NOTTINGHAM) -> list[dict[str, Any]]:
    """The rows of mart.trend for an area, by period."""
    con = made_from(definitions, rows)
    found = con.execute("SELECT * FROM mart.trend WHERE area_code = ? ORDER BY breakdown, period_start", [area]).pl()
    return list(found.iter_rows(named=True))
