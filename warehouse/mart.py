"""Build the published file's tables from the store, with disclosure control applied before anything is derived."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from schemas.calendar import Standing
from schemas.definitions import Definitions, Indicator
from schemas.geography import ENGLAND
from schemas.outcomes import Grant
from schemas.periods import Period, read_period
from schemas.tables import KEY
from warehouse import disclosure, store
from warehouse.contract import MART, TABLES, ddl
from warehouse.latest import LATEST_SQL
from warehouse.revisions import revisions


def build(
    con: duckdb.DuckDBPyConnection,
    candidate: Path,
    definitions: Definitions,
    register: Sequence[Standing],
    today: date,
    *,
    has_examples: bool,
    run: str,
    received: dict[str, tuple[datetime, str]],
    waivers: Sequence[tuple[Grant, bool]] = (),
) -> None:
    """Write a candidate for the published file beside the live one, complete but for its data_version.

    `con` is the store. `received` gives each submission's first-seen instant (UTC) and digest for the register.
    """
    held = store.current(con, definitions)
    history = store.history(con, definitions)
    hidden = disclosure.suppressed_keys(held, history, definitions)
    shown = disclosure.suppress(held, hidden)
    con.execute(f"ATTACH '{str(candidate).replace(chr(39), chr(39) * 2)}' AS out")
    try:
        con.execute("CREATE SCHEMA out.mart")
        for table in MART:
            for statement in ddl(table, "out.mart"):
                con.execute(statement)
        _reference(con, definitions, shown)
        con.register("shown", shown)
        con.execute(_OBSERVATIONS)
        con.execute(LATEST_SQL)
        _fill(con, "coverage", _coverage(definitions, shown))
        _fill(con, "returns", _returns(register, today, received))
        _fill(con, "revisions", revisions(history, hidden))
        _fill(con, "waivers", _waivers(waivers, shown))
        con.execute("INSERT INTO out.mart.publication VALUES (0, NULL, ?, ?)", [run, has_examples])
        con.unregister("shown")
        con.execute("CHECKPOINT out")
    finally:
        con.execute("DETACH out")


_OBSERVATIONS = f"""
INSERT INTO out.mart.observations
SELECT s.indicator_id, s.definition_version, i.title, s.area_code, a.name, a.area_type, s.time_period,
       s.time_identifier, s.period_start, s.period_end, s.breakdown, s.value, s.value_low, s.value_high, s.value_text,
       i.unit, s.numerator, s.denominator, NULL, NULL, s.obs_status, s.conf_status, s.provenance, s.submission,
       s.digest, s.source_file, s.sheet, s.cell, s.recorded_at
FROM shown AS s JOIN ref_indicator AS i USING (indicator_id) JOIN ref_area AS a USING (area_code)
ORDER BY {", ".join(f"s.{name}" for name in KEY)}
"""


def _fill(con: duckdb.DuckDBPyConnection, name: str, rows: list[tuple[Any, ...]]) -> None:
    columns = TABLES[name].columns
    kinds: dict[str, Any] = {"VARCHAR": pl.String, "DOUBLE": pl.Float64, "BIGINT": pl.Int64, "DATE": pl.Date}
    schema = {c.name: kinds.get(c.type, pl.Datetime("us")) for c in columns}
    con.register("filling", pl.DataFrame(rows, schema=schema, orient="row"))
    con.execute(f"INSERT INTO out.mart.{name} SELECT * FROM filling ORDER BY ALL")
    con.unregister("filling")


# -- what the statements look things up in


def _reference(con: duckdb.DuckDBPyConnection, definitions: Definitions, shown: pl.DataFrame) -> None:
    """Temporary tables of the definitions: indicators, areas, peers, targets and the period before each."""
    frames = {
        "ref_indicator": pl.DataFrame(
            [_indicator_row(i, definitions) for i in definitions.indicators.values()],
            schema=[
                "indicator_id",
                "title",
                "unit",
                "polarity",
                "decimals",
                "time_identifier",
                "versions",
                "scale",
            ],
            orient="row",
        ),
        "ref_area": pl.DataFrame(
            [
                (a.area_code, a.name, a.area_type, definitions.geography.region_of(a.area_code))
                for code in shown["area_code"].unique(maintain_order=True)
                if (a := definitions.geography.area(code)) is not None
            ],
            schema=dict.fromkeys(("area_code", "name", "area_type", "region_code"), pl.String),
            orient="row",
        ),
        "ref_peer": pl.DataFrame(
            [
                (p.area_code, p.group_code, p.group_version, p.valid_from, p.valid_to, p.member_code)
                for p in definitions.peers
            ],
            schema={
                "area_code": pl.String,
                "group_code": pl.String,
                "group_version": pl.String,
                "valid_from": pl.Date,
                "valid_to": pl.Date,
                "member_code": pl.String,
            },
            orient="row",
        ),
        "ref_target": pl.DataFrame(
            [
                (
                    t.indicator_id,
                    t.area_code,
                    t.breakdown,
                    t.time_identifier,
                    t.time_period,
                    t.operator,
                    t.value,
                )
                + (t.tolerance or 0.0,)
                for t in definitions.targets
            ],
            schema={
                **dict.fromkeys(
                    ("indicator_id", "area_code", "breakdown", "time_identifier", "time_period", "op"),
                    pl.String,
                ),
                "target": pl.Float64,
                "tolerance": pl.Float64,
            },
            orient="row",
        ),
        "ref_period": _periods(shown),
    }
    for name, frame in frames.items():
        con.register("made", frame)
        con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM made")
        con.unregister("made")
    con.execute("SET VARIABLE england = ?", [ENGLAND])


def _indicator_row(one: Indicator, definitions: Definitions) -> tuple[Any, ...]:
    scale = definitions.scales.get(one.scale)
    versions = [version.version for version in one.versions]
    ranks = list(scale.values) if scale else []
    return (one.id, one.title, one.unit, one.polarity, one.decimals, one.time_identifier, versions, ranks)


def _periods(shown: pl.DataFrame) -> pl.DataFrame:
    """Each period that is held, as people write it, with the code of the one exactly before."""
    rows = []
    for identifier, code in shown.select("time_identifier", "time_period").unique().sort("*").iter_rows():
        period = read_period(code, identifier)
        before = period.previous() if period else None
        rows.append(
            (identifier, code, period.label if period else code)
            + (
                before.time_identifier if before else None,
                before.time_period if before else None,
                before.label if before else None,
            )
        )
    names = ("time_identifier", "time_period", "label", "before_identifier", "before_period", "before_label")
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")


def _coverage(definitions: Definitions, shown: pl.DataFrame) -> list[tuple[Any, ...]]:
    newest: dict[str, Period] = {}
    reported = shown.filter(
        (pl.col("provenance") == "reported") & (pl.col("value").is_not_null() | pl.col("value_text").is_not_null())
    )
    for indicator_id, identifier, code in (
        reported.sort("period_start").select("indicator_id", "time_identifier", "time_period").iter_rows()
    ):
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


def _waivers(waivers: Sequence[tuple[Grant, bool]], shown: pl.DataFrame) -> list[tuple[Any, ...]]:
    """Each waiver, with its value only where that very value is published, and its reason, which may tell the value,
    only where its key's is."""
    keys = pl.DataFrame([one.waiver.key for one, _ in waivers], schema=dict.fromkeys(KEY, pl.String), orient="row")
    open_rows = shown.join(keys.unique(), on=list(KEY), how="semi").filter(pl.col("conf_status").is_null())
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
    register: Sequence[Standing], today: date, received: dict[str, tuple[datetime, str]]
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
                line.status(today),
                len(outcome.findings) if outcome else 0,
                outcome.submission if outcome else None,
                digest,
            )
        )
    return rows
