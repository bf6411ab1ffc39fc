"""Build the published file's tables from the store, with disclosure control applied before anything is derived."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.observations import KEY
from local_indicators.schemas.reference.periods import Period, read_period
from local_indicators.schemas.return_calendar import SET_ASIDE, RegisterEntry
from local_indicators.schemas.set_aside_returns import SetAside
from local_indicators.schemas.submissions import WaiverGrant
from local_indicators.warehouse.disclosure import disclosure_control
from local_indicators.warehouse.mart.comparators import create_points, drop_points
from local_indicators.warehouse.mart.latest import fill_latest
from local_indicators.warehouse.mart.mart_tables import AS_OF, MART, TABLES, create_table_sql
from local_indicators.warehouse.mart.reference_tables import create_reference_tables
from local_indicators.warehouse.mart.revisions import publication_spells, revision_rows
from local_indicators.warehouse.mart.scorecard import fill_scorecard
from local_indicators.warehouse.mart.set_aside_keys import set_aside_keys
from local_indicators.warehouse.mart.targets import create_targets
from local_indicators.warehouse.mart.trend import fill_trend
from local_indicators.warehouse.statistics.confidence_intervals import with_intervals
from local_indicators.warehouse.store import current_rows, row_history
from local_indicators.warehouse.store.loads_in_force import loads_of_outcomes

WHERE = ("area_code", "time_identifier", "time_period")


def build_candidate(
    con: duckdb.DuckDBPyConnection,
    candidate: Path,
    definitions: Definitions,
    register: Sequence[RegisterEntry],
    today: date,
    *,
    has_examples: bool,
    run: str,
    received: dict[str, tuple[datetime, str]],
    version: int,
    published_at: datetime,
    waivers: Sequence[tuple[WaiverGrant, bool]] = (),
    set_aside: Sequence[SetAside] = (),
) -> None:
    """Write the candidate for a version of the published file beside the live one.

    `con` is the store. `received` gives each submission's first-seen instant (UTC) and digest for the register. It is
    built as if the loads that are `set_aside` had not come; `published_at` (UTC) is when it is published, if it is.
    """
    left_out = loads_of_outcomes(con, (one.outcome for one in set_aside))
    current_rows.create_current_rows(con, definitions, without=left_out)
    row_history.create_row_versions(con, version, published_at)
    hidden = rows_to_withhold(con, definitions)
    row_history.create_row_history(con, version, hidden)
    _attach_empty(con, candidate)
    try:
        create_reference_tables(con, definitions, _whereabouts(con))
        fill_derived_tables(con, definitions, _shown(con, hidden, definitions))
        _remember(con, definitions, hidden, published_at)
        fill_scorecard(con, definitions, today)
        _fill(con, "coverage", _coverage(con, definitions))
        _fill(con, "returns", _returns(register, today, received, {one.outcome for one in set_aside}))
        _fill(con, "set_aside", set_aside_keys(con, set_aside))
        _fill(con, "waivers", _waivers(con, waivers))
        _fill_publications(con, version, published_at, run, has_examples=has_examples)
        _look_back(con)
        con.execute("CHECKPOINT out")
    finally:
        con.execute("DETACH out")
        row_history.drop_history_tables(con)


def _attach_empty(con: duckdb.DuckDBPyConnection, candidate: Path) -> None:
    """Attach a new file as `out`, with every table of mart, empty."""
    con.execute(f"ATTACH '{str(candidate).replace(chr(39), chr(39) * 2)}' AS out")
    con.execute("CREATE SCHEMA out.mart")
    for table in MART:
        for statement in create_table_sql(table, "out.mart"):
            con.execute(statement)


def _fill_publications(
    con: duckdb.DuckDBPyConnection, version: int, published_at: datetime, run: str, *, has_examples: bool
) -> None:
    """Fill mart.publication with this version, and mart.publications with it after all that were published."""
    con.execute(
        """INSERT INTO out.mart.publication BY NAME
           SELECT ? AS data_version, ? AS published_at, ? AS run, ? AS has_examples""",
        [version, published_at, run, has_examples],
    )
    con.execute(
        """INSERT INTO out.mart.publications BY NAME
           SELECT data_version, published_at FROM publication
           UNION ALL SELECT data_version, published_at FROM out.mart.publication ORDER BY data_version"""
    )


def rows_to_withhold(con: duckdb.DuckDBPyConnection, definitions: Definitions) -> pl.DataFrame:
    """The rows to hide (see disclosure.withheld), family by family, for no family tells anything of another."""
    groups = current_rows.indicator_batches(con, "row_version", disclosure_control.sensitive_families(definitions))
    found = [
        disclosure_control.rows_to_withhold(row_history.rows_for_disclosure(con, group), definitions)
        for group in groups or [[]]
    ]
    return pl.concat(found)


def _whereabouts(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Every area and period of what is held and of what was."""
    columns = ", ".join(WHERE)
    return con.execute(f"SELECT {columns} FROM current_row UNION SELECT {columns} FROM row_history ORDER BY ALL").pl()


def _shown(con: duckdb.DuckDBPyConnection, hidden: pl.DataFrame, definitions: Definitions) -> Iterator[pl.DataFrame]:
    """What is held, as it may be shown, some indicators at a time in the order of their ids."""
    for indicators in current_rows.indicator_batches(con, "current_row"):
        yield disclosure_control.suppress_and_round(
            current_rows.rows_of_indicators(con, "current_row", indicators), hidden, definitions
        )


def fill_derived_tables(
    con: duckdb.DuckDBPyConnection, definitions: Definitions, shown: Iterable[pl.DataFrame]
) -> None:
    """Fill observations, latest and trend of out.mart from what may be shown, given some indicators at a time."""
    for rows in shown:
        con.register("shown", _with_uncertainty(rows, definitions))
        con.execute(_told("observations"))
        con.unregister("shown")
    create_points(con)
    create_targets(con, definitions)
    fill_latest(con)
    fill_trend(con)
    drop_points(con)


def _with_uncertainty(shown: pl.DataFrame, definitions: Definitions) -> pl.DataFrame:
    """What may be shown, with 95% limits where numerator and denominator are shown, and small bases marked."""
    known = definitions.indicators.values()
    about = pl.DataFrame(
        [(i.id, i.per, i.unit == "%", definitions.disclosure[i.disclosure].min_base) for i in known],
        schema={"indicator_id": pl.String, "per": pl.Float64, "share": pl.Boolean, "min_base": pl.Int64},
        orient="row",
    )
    rows = with_intervals(shown.join(about, on="indicator_id", how="left", maintain_order="left"))
    small = pl.col("lower_ci").is_not_null() & (pl.col("denominator") < pl.col("min_base"))
    status = pl.when(small & pl.col("obs_status").is_null()).then(pl.lit("u")).otherwise(pl.col("obs_status"))
    return rows.with_columns(status.alias("obs_status")).drop("per", "share", "min_base")


def _remember(
    con: duckdb.DuckDBPyConnection, definitions: Definitions, hidden: pl.DataFrame, published_at: datetime
) -> None:
    """Fill mart.history and mart.revisions from what may be shown of the past, some indicators at a time."""
    for indicators in current_rows.indicator_batches(con, "row_history"):
        past = current_rows.rows_of_indicators(con, "row_history", indicators, f"{current_rows.OF_KEY}, since")
        told = publication_spells(past, hidden, definitions, published_at)
        con.register("shown", _with_uncertainty(told, definitions))
        con.execute(_told("history", ", s.published_from, s.published_to"))
        con.unregister("shown")
        con.register("filling", revision_rows(past, hidden, definitions))
        con.execute("INSERT INTO out.mart.revisions BY NAME SELECT * FROM filling ORDER BY ALL")
        con.unregister("filling")


def fill_history(
    con: duckdb.DuckDBPyConnection, definitions: Definitions, hidden: pl.DataFrame, published_at: datetime
) -> None:
    """Fill mart.history and mart.revisions of out anew, from `current_row`, `row_version` and `row_history`; all else
    is left."""
    for table in ("history", "revisions"):
        con.execute(f"DELETE FROM out.mart.{table}")
    create_reference_tables(con, definitions, _whereabouts(con))
    _remember(con, definitions, hidden, published_at)


def _look_back(con: duckdb.DuckDBPyConnection) -> None:
    """Make mart.as_of, which finds its tables by the names that they have in the published file."""
    home = con.execute("SELECT current_catalog()").fetchall()[0][0]
    con.execute("USE out")
    for statement in AS_OF:
        con.execute(statement)
    con.execute(f'USE "{home}"')


def _told(table: str, more: str = "") -> str:
    """The statement that fills a table of observations from suppressed rows of the store."""
    return f"""
INSERT INTO out.mart.{table} BY NAME
SELECT s.indicator_id, s.definition_version, i.title AS indicator, s.area_code, a.name AS area_name, a.area_type,
s.time_period,
       s.time_identifier, s.period_start, s.period_end, s.breakdown, s.value, s.value_low, s.value_high, s.value_text,
       i.unit, s.numerator, s.denominator, s.lower_ci, s.upper_ci, s.obs_status, s.conf_status, s.provenance,
       s.submission, s.digest, s.source_file, s.sheet, s.cell, s.recorded_at{more}
FROM shown AS s JOIN ref_indicator AS i USING (indicator_id) JOIN ref_area AS a USING (area_code)
ORDER BY s.indicator_id, s.area_code, s.breakdown, s.definition_version, s.period_start, s.period_end, s.time_identifier
    """


def _fill(con: duckdb.DuckDBPyConnection, name: str, rows: list[tuple[Any, ...]]) -> None:
    columns = TABLES[name].columns
    kinds: dict[str, Any] = {"VARCHAR": pl.String, "DOUBLE": pl.Float64, "BIGINT": pl.Int64, "DATE": pl.Date}
    schema = {c.name: kinds.get(c.type, pl.Datetime("us")) for c in columns}
    con.register("filling", pl.DataFrame(rows, schema=schema, orient="row"))
    con.execute(f"INSERT INTO out.mart.{name} BY NAME SELECT * FROM filling ORDER BY ALL")
    con.unregister("filling")


# -- what the statements look things up in


def _coverage(con: duckdb.DuckDBPyConnection, definitions: Definitions) -> list[tuple[Any, ...]]:
    newest: dict[str, Period] = {}
    reported = con.execute(
        """SELECT DISTINCT indicator_id, time_identifier, time_period, period_start FROM out.mart.observations
           WHERE provenance = 'reported' AND (value IS NOT NULL OR value_text IS NOT NULL)
           ORDER BY period_start, time_identifier, time_period"""
    ).fetchall()
    for indicator_id, identifier, code, _ in reported:
        if (period := read_period(code, identifier)) is not None:
            newest[indicator_id] = period
    return [
        (
            f"NI {n.ni[-3:]}", n.title, n.title_certainty, n.fate, n.fate_certainty,
            n.successor or None, n.indicator_id or None,
            newest[n.indicator_id].label if n.indicator_id in newest else "no measure",
        )
        for n in definitions.national
    ]  # fmt: skip


def _waivers(con: duckdb.DuckDBPyConnection, waivers: Sequence[tuple[WaiverGrant, bool]]) -> list[tuple[Any, ...]]:
    """Each waiver, with its value only where that very value is published, and its reason, which may tell the value,
    only where its key's is."""
    keys = pl.DataFrame([one.waiver.key for one, _ in waivers], schema=dict.fromkeys(KEY, pl.String), orient="row")
    con.register("keys", keys)
    open_rows = con.execute(
        f"SELECT * FROM out.mart.observations SEMI JOIN keys USING ({current_rows.OF_KEY}) WHERE conf_status IS NULL"
    ).pl()
    con.unregister("keys")
    published = {tuple(row[name] for name in KEY): row for row in open_rows.iter_rows(named=True)}
    rows: list[tuple[Any, ...]] = []
    for grant, lapsed in waivers:
        waiver, row = grant.waiver, published.get(grant.waiver.key, {})
        is_number = isinstance(waiver.value, float)
        value = waiver.value if is_number and row.get(waiver.field) == waiver.value else None
        rows.append(
            (
                grant.id,
                waiver.collection,
                *waiver.key,
                waiver.rule,
                value,
                waiver.reason if row else None,
                waiver.approved_by,
                waiver.until,
                "lapsed" if lapsed else "active",
                grant.submission,
                grant.granted_at.astimezone(UTC).replace(tzinfo=None),
            )
        )
    return rows


def _returns(
    register: Sequence[RegisterEntry],
    today: date,
    received: dict[str, tuple[datetime, str]],
    set_aside: AbstractSet[str],
) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for line in register:
        outcome, slot = line.outcome, line.expected
        when, digest = received[outcome.submission] if outcome else (None, None)
        rows.append(
            (
                line.partner,
                line.collection,
                slot.period if slot else None,
                slot.due if slot else None,
                when,
                SET_ASIDE if outcome and outcome.id in set_aside else line.status(today),
                len(outcome.findings) if outcome else 0,
                outcome.submission if outcome else None,
                digest,
            )
        )
    return rows
