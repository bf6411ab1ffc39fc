"""The plan against the figures: mart.actions from the action log, mart.baskets, and mart.scorecard that joins them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import duckdb
import polars as pl

from local_indicators.schemas.definitions.models import Definitions, Indicator
from local_indicators.warehouse.mart.targets import STATUS

Plan = tuple[str, str | None, str | None, str | None, str | None, str | None, str | None]
WIDE = ("National", "Region", "Statistical neighbours")
NO_PLAN = "no plan"
"""What mart.scorecard calls the framework of a partnership that has neither a plan nor targets in another framework."""
CROWDED = ("Local authority", "District", "Council outside England", "Ward", "LSOA", "MSOA", "Data zone",
           "Intermediate zone")  # fmt: skip

_ACTIONS = """
INSERT INTO out.mart.actions BY NAME
SELECT time_period, replace(breakdown, 'Action=', '') AS action,
       max(value_text) FILTER (indicator_id = 'action-indicator') AS indicator_id,
       max(value_text) FILTER (indicator_id = 'action') AS title,
       max(value_text) FILTER (indicator_id = 'action-owner') AS owner,
       max(value_text) FILTER (indicator_id = 'action-due') AS due,
       lower(max(value_text) FILTER (indicator_id = 'action-status')) AS state,
       max(value_text) FILTER (indicator_id = 'action-evidence') AS evidence, min(provenance) AS provenance
FROM out.mart.observations
WHERE indicator_id IN ('action', 'action-indicator', 'action-owner', 'action-due', 'action-status', 'action-evidence')
GROUP BY ALL ORDER BY ALL
"""

_BASKET = """
INSERT INTO out.mart.baskets BY NAME
SELECT ? AS basket, ? AS title, ? AS proxy, ? AS indicator_id, ? AS note
"""

_SCORECARD = f"""
INSERT INTO out.mart.scorecard BY NAME
WITH working AS (
    SELECT indicator_id, count(*) AS n FROM out.mart.actions WHERE state IS DISTINCT FROM 'done' GROUP BY ALL
), here AS (
    SELECT * FROM out.mart.latest
    WHERE area_code IN (SELECT area_code FROM home) OR NOT list_contains($others, area_type)
), aimed AS (
    SELECT h.indicator_id, h.area_code, h.breakdown, g.framework, g.target, g.says, g.time_period,
        CASE WHEN g.time_period = h.time_period THEN
            {STATUS.format(target="g.target", value="h.value", op="g.op", upper="g.upper", tolerance="g.tolerance")}
        END AS status
    FROM here AS h JOIN goal AS g USING (indicator_id, area_code, breakdown, time_identifier)
    WHERE g.op IS NOT NULL AND g.period_start >= h.period_start
    QUALIFY row_number() OVER (
        PARTITION BY g.framework, h.indicator_id, h.area_code, h.breakdown ORDER BY g.period_start) = 1
)
SELECT p.framework, p.priority, p.objective, p.indicator_id, p.indicator, p.officer, h.area_code, h.area_name,
       h.breakdown, h.time_identifier, h.time_period, h.value AS latest, h.value_text AS latest_text, p.unit,
       a.target, a.says AS target_text, a.time_period AS target_period,
       coalesce(a.status, 'no target') AS target_status, h.direction, h.england_significance, coalesce(w.n, 0)
       AS open_actions
FROM planned AS p LEFT JOIN here AS h USING (indicator_id)
LEFT JOIN aimed AS a
  ON a.framework = p.framework AND a.indicator_id = h.indicator_id AND a.area_code = h.area_code
 AND a.breakdown = h.breakdown
LEFT JOIN working AS w ON w.indicator_id = p.indicator_id
ORDER BY ALL
"""


def fill_scorecard(con: duckdb.DuckDBPyConnection, definitions: Definitions, today: date) -> None:
    """Fill actions, baskets and scorecard of the candidate attached as `out`, whose latest is filled already, from
    `goal` (see warehouse.mart.targets)."""
    con.execute(_ACTIONS)
    baskets = [
        (basket.id, basket.title, basket.proxy, name, basket.note or None)
        for basket in definitions.baskets.values()
        for name in basket.components
    ]
    if baskets:
        con.executemany(_BASKET, baskets)
    names = ("framework", "priority", "objective", "indicator_id", "indicator", "officer", "unit")
    frames = {
        "planned": pl.DataFrame(list(_planned(definitions, today)), dict.fromkeys(names, pl.String), orient="row"),
        "home": pl.DataFrame(
            [(code,) for code in sorted(definitions.home)],
            {"area_code": pl.String},
            orient="row",
        ),
    }
    for name, frame in frames.items():
        con.register(name, frame)
    con.execute(_SCORECARD, {"others": [*WIDE, *CROWDED]})
    for name in frames:
        con.unregister(name)


def _planned(definitions: Definitions, today: date) -> Iterator[Plan]:
    """What each framework watches today: the plan its priorities' and objectives' indicators, another one those that it
    has a target for; and of the plan also what no indicator measures. Without any framework every adopted indicator is
    watched."""
    if definitions.plan.framework is None and not definitions.frameworks:
        for indicator in definitions.indicators.values():
            if indicator.lifecycle == "adopted":
                yield NO_PLAN, None, None, *_of(indicator, definitions, today)
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
        yield definitions.plan_id, one.priority or None, objective, *_of(one, definitions, today)
    for priority in plan.priority:
        if priority.title not in seen:
            yield definitions.plan_id, priority.title, None, None, None, _role(priority.lead, definitions, today), None
    for title in sorted({title for title in objectives.values() if title not in seen}):
        yield definitions.plan_id, None, title, None, None, None, None
    for framework in definitions.frameworks:
        for name in dict.fromkeys(t.indicator_id for t in definitions.targets if t.framework == framework.id):
            one = definitions.indicators[name]
            yield framework.id, one.priority or None, objectives.get(one.objective), *_of(one, definitions, today)


def _of(indicator: Indicator, definitions: Definitions, today: date) -> tuple[str, str, str | None, str]:
    lead = next((p.lead for p in definitions.plan.priority if p.title == indicator.priority), "")
    return indicator.id, indicator.title, _role(indicator.officer or lead, definitions, today), indicator.unit


def _role(officer: str, definitions: Definitions, today: date) -> str | None:
    """The role of an officer who answers today; None where nobody does."""
    one = definitions.officers.get(officer)
    in_post = one is not None and one.valid_from <= today and (one.valid_to is None or today <= one.valid_to)
    return one.role if one and in_post else None
