"""The plan against the figures: mart.actions from the action log, mart.baskets, and mart.scorecard that joins them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import polars as pl

from schemas.definitions import Definitions, Indicator
from schemas.periods import read_period
from warehouse.targets import STATUS

Plan = tuple[str, str | None, str | None, str | None, str | None, str | None, str | None]
WIDE = ("National", "Region", "Statistical neighbours")
CROWDED = ("Local authority", "District", "Ward", "LSOA", "MSOA")

_ACTIONS = """
INSERT INTO out.mart.actions
SELECT time_period, replace(breakdown, 'Action=', '') AS action,
       max(value_text) FILTER (indicator_id = 'action-indicator'), max(value_text) FILTER (indicator_id = 'action'),
       max(value_text) FILTER (indicator_id = 'action-owner'), max(value_text) FILTER (indicator_id = 'action-due'),
       lower(max(value_text) FILTER (indicator_id = 'action-status')),
       max(value_text) FILTER (indicator_id = 'action-evidence'), min(provenance)
FROM out.mart.observations
WHERE indicator_id IN ('action', 'action-indicator', 'action-owner', 'action-due', 'action-status', 'action-evidence')
GROUP BY ALL ORDER BY ALL
"""

_STATUS = STATUS.format(target="a.target", value="h.value", op="a.op", upper="a.upper", tolerance="a.tolerance")
_SCORECARD = f"""
INSERT INTO out.mart.scorecard
WITH working AS (
    SELECT indicator_id, count(*) AS n FROM out.mart.actions WHERE state IS DISTINCT FROM 'done' GROUP BY ALL
), here AS (
    SELECT * FROM out.mart.latest
    WHERE area_code IN (SELECT area_code FROM home) OR NOT list_contains($others, area_type)
), aimed AS (
    SELECT h.indicator_id, h.area_code, h.breakdown, a.*  EXCLUDE (indicator_id, area_code, breakdown),
           a.time_period = h.time_period AS is_now
    FROM here AS h JOIN aim AS a USING (indicator_id, area_code, breakdown, time_identifier)
    WHERE a.period_start >= h.period_start
    QUALIFY row_number() OVER (
        PARTITION BY a.framework, h.indicator_id, h.area_code, h.breakdown ORDER BY a.period_start) = 1
)
SELECT p.framework, p.priority, p.objective, p.indicator_id, p.indicator, p.officer, h.area_code, h.area_name,
       h.breakdown, h.time_identifier, h.time_period, h.value, h.value_text, p.unit,
       CASE WHEN a.is_now AND p.framework = $own THEN h.target ELSE a.target END, a.time_period,
       CASE WHEN a.is_now AND p.framework = $own THEN h.target_status WHEN a.is_now THEN {_STATUS} ELSE 'no target' END,
       h.direction, h.england_significance, coalesce(w.n, 0)
FROM planned AS p LEFT JOIN here AS h USING (indicator_id)
LEFT JOIN aimed AS a
  ON a.framework = p.framework AND a.indicator_id = h.indicator_id AND a.area_code = h.area_code
 AND a.breakdown = h.breakdown
LEFT JOIN working AS w ON w.indicator_id = p.indicator_id
ORDER BY ALL
"""


def score(con: duckdb.DuckDBPyConnection, definitions: Definitions, today: date) -> None:
    """Fill actions, baskets and scorecard of the candidate attached as `out`, whose latest is filled already."""
    con.execute(_ACTIONS)
    baskets = [
        (one.id, one.title, one.proxy, name, one.note or None)
        for one in definitions.baskets.values()
        for name in one.components
    ]
    con.executemany("INSERT INTO out.mart.baskets VALUES (?, ?, ?, ?, ?)", baskets) if baskets else None
    names = ("framework", "priority", "objective", "indicator_id", "indicator", "officer", "unit")
    frames = {
        "planned": pl.DataFrame(list(_planned(definitions, today)), dict.fromkeys(names, pl.String), orient="row"),
        "aim": _aims(definitions),
        "home": pl.DataFrame(
            [
                (code,)
                for code in sorted(
                    {p.area_code for p in definitions.peers} | {t.area_code for t in definitions.targets}
                )
            ],
            {"area_code": pl.String},
            orient="row",
        ),
    }
    for name, frame in frames.items():
        con.register(name, frame)
    con.execute(_SCORECARD, {"own": definitions.plan.framework.id, "others": [*WIDE, *CROWDED]})
    for name in frames:
        con.unregister(name)


def _planned(definitions: Definitions, today: date) -> Iterator[Plan]:
    """What each framework watches today: the plan its priorities' and objectives' indicators, another one those that it
    has a target for; and of the plan also what no indicator measures."""
    plan = definitions.plan
    objectives = {
        one.id: f"{one.number}. {one.title}" if one.number else one.title
        for one in plan.operational
        if one.valid_from <= today and (one.valid_to is None or today <= one.valid_to)
    }
    seen: set[str | None] = set()
    for one in definitions.indicators.values():
        objective = objectives.get(one.objective)
        if one.lifecycle != "adopted" or not (one.priority or objective):
            continue
        seen |= {one.priority, objective}
        yield plan.framework.id, one.priority or None, objective, *_of(one, definitions)
    for priority in plan.priority:
        if priority.title not in seen:
            yield plan.framework.id, priority.title, None, None, None, _role(priority.lead, definitions), None
    for title in sorted({title for title in objectives.values() if title not in seen}):
        yield plan.framework.id, None, title, None, None, None, None
    for framework in definitions.frameworks:
        for name in dict.fromkeys(t.indicator_id for t in definitions.targets if t.framework == framework.id):
            one = definitions.indicators[name]
            yield framework.id, one.priority or None, objectives.get(one.objective), *_of(one, definitions)


def _of(one: Indicator, definitions: Definitions) -> tuple[str, str, str | None, str]:
    lead = next((p.lead for p in definitions.plan.priority if p.title == one.priority), "")
    return one.id, one.title, _role(one.officer or lead, definitions), one.unit


def _role(officer: str, definitions: Definitions) -> str | None:
    return definitions.officers[officer].role if officer else None


def _aims(definitions: Definitions) -> pl.DataFrame:
    rows: list[tuple[Any, ...]] = []
    for target in definitions.targets:
        period = read_period(target.time_period, target.time_identifier)
        if period is not None:
            rows.append(
                (target.framework, target.indicator_id, target.area_code, target.breakdown, target.time_identifier)
                + (target.time_period, period.start, target.operator, None if target.relative_to else target.value)
                + (target.upper, target.tolerance or 0.0)
            )
    names = ("framework", "indicator_id", "area_code", "breakdown", "time_identifier", "time_period")
    kinds = {
        "period_start": pl.Date,
        "op": pl.String,
        "target": pl.Float64,
        "upper": pl.Float64,
        "tolerance": pl.Float64,
    }
    return pl.DataFrame(rows, {**dict.fromkeys(names, pl.String), **kinds}, orient="row")
