"""Where a published number came from, and what it was before. Reads the published file only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from local_indicators.common.errors import UsageError
from local_indicators.common.suggestions import did_you_mean
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.observations import KEY
from local_indicators.schemas.reference.breakdowns import TOTAL, possible_breakdowns
from local_indicators.schemas.reference.periods import EXPECTED, read_period
from local_indicators.warehouse.store.attached_files import connect_with_files


@dataclass(frozen=True)
class TracedValue:
    """One published value: its row of mart.observations, its sender, and the revisions of it, oldest first. `newer` are
    the submissions whose figure for it is set aside."""

    row: dict[str, Any]
    sender: str | None
    received_at: Any
    revisions: tuple[dict[str, Any], ...]
    newer: tuple[str, ...] = ()


def trace_value(
    published: Path, definitions: Definitions, indicator: str, area: str, period: str, breakdown: str | None
) -> list[TracedValue]:
    """The values published for an indicator, an area (code or name) and a period (in any notation, or its code), one
    for each breakdown or the one asked for. Empty if there is none. Raises UsageError for a name nobody knows."""
    known = definitions.indicators.get(indicator)
    if known is None:
        raise UsageError(indicator, f"is not an indicator{did_you_mean(indicator, tuple(definitions.indicators))}")
    when = read_period(period, known.time_identifier, ending=True)
    if when is None:
        raise UsageError(
            period, f"is not a period of {indicator}, which is measured over {EXPECTED[known.time_identifier]}"
        )
    geography = definitions.geography
    place = geography.find(area, known.area_types, when.start) or geography.find(area, on=when.start)
    if place is None:
        names = geography.likely_names(area, known.area_types)
        hint = f"; did you mean {' or '.join(names)}?" if names else ""
        raise UsageError(area, f"is not the code or name of an area we know{hint}")
    possible = {TOTAL, *possible_breakdowns(known.breakdowns, definitions.dimensions)}
    if breakdown is not None and breakdown not in possible:
        raise UsageError(breakdown, f"is no breakdown of {indicator}{did_you_mean(breakdown, sorted(possible))}")
    if not published.exists():
        raise UsageError(published, "is not there yet; run `indicators nightly` first")
    with connect_with_files(live=published) as con:
        found = con.execute(
            f"""SELECT * FROM live.mart.observations
                WHERE indicator_id = ? AND area_code = ? AND time_period = ? AND (? IS NULL OR breakdown = ?)
                ORDER BY breakdown <> '{TOTAL}', breakdown""",
            [indicator, place.area_code, when.time_period, breakdown, breakdown],
        )
        rows = _dicts(found)
        return [_traced(con, row) for row in rows]


def _traced(con: Any, row: dict[str, Any]) -> TracedValue:
    sender = con.execute(
        "SELECT partner, received_at FROM live.mart.returns WHERE submission = ? LIMIT 1", [row["submission"]]
    ).fetchone()
    before = con.execute(
        """SELECT * FROM live.mart.revisions
           WHERE indicator_id = ? AND area_code = ? AND time_period = ? AND breakdown = ? ORDER BY changed_at""",
        [row["indicator_id"], row["area_code"], row["time_period"], row["breakdown"]],
    )
    revisions = tuple(_dicts(before))
    newer = _newer(con, row)
    return TracedValue(row, sender[0] if sender else None, sender[1] if sender else None, revisions, newer)


def _newer(con: Any, row: dict[str, Any]) -> tuple[str, ...]:
    """The submissions whose figure for a key is set aside; none in a file of a release that set nothing aside."""
    try:
        found = con.execute(
            f"""SELECT DISTINCT submission FROM live.mart.set_aside
                WHERE {" AND ".join(f"{name} = ?" for name in KEY)} ORDER BY submission""",
            [row[name] for name in KEY],
        ).fetchall()
    except duckdb.CatalogException:
        return ()
    return tuple(name for (name,) in found)


def _dicts(result: Any) -> list[dict[str, Any]]:
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
