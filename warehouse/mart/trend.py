"""Fill mart.trend: every period of every series, with the way to its target, the marks of breaks, and control limits.

A control chart is drawn only through reported values that follow each other period by period, under one definition
version: a gap, a hidden or illustrative value, a new version or a break that the sender marks begins a new one.
"""

from __future__ import annotations

import duckdb
import polars as pl

from local_indicators.warehouse.mart.targets import STATUS
from local_indicators.warehouse.statistics.control_charts import with_control_limits
from local_indicators.warehouse.store.current_rows import indicator_batches

_SERIES = """
SELECT row, i, place, b, v, p, before, value, reported, breaks FROM point
WHERE i IN (SELECT number FROM charting) ORDER BY i, place, b, starts, ends, v
"""

_TREND = f"""
INSERT INTO out.mart.trend BY NAME
SELECT o.indicator_id, o.definition_version, o.indicator, o.area_code, o.area_name, o.area_type, o.time_period,
    o.time_identifier, o.period_start, o.period_end, o.breakdown, o.value, o.value_text, o.unit, o.lower_ci,
    o.upper_ci, o.obs_status, o.conf_status, o.provenance,
    g.framework AS target_framework, g.target, g.says AS target_text,
    {STATUS.format(target="g.target", value="o.value", op="g.op", upper="g.upper", tolerance="g.tolerance")}
    AS target_status,
    round(coalesce(g.from_value, g.held) + g.part_of_way * (coalesce(g.to_value, g.held)
          - coalesce(g.from_value, g.held)), 10) AS expected_value,
    CASE WHEN g.next_version = o.definition_version
        THEN round((g.next_target - o.value) / g.years_to_next, 10) END AS required_annual_change,
    CASE WHEN g.base_version = o.definition_version AND g.years_since_base > 0
        THEN round((o.value - coalesce(g.base_value, g.held)) / g.years_since_base, 10) END AS achieved_annual_change,
    g.next_target, g.next_period AS next_target_period,
    nullif(concat_ws(' ',
        CASE WHEN c.renewed THEN 'Definition version ' || o.definition_version || coalesce(': ' || v.broke, '.') END,
        CASE WHEN o.obs_status = 'b' THEN 'The sender marks a break in the series.' END), '') AS break_mark,
    s.spc_points, s.spc_mean, s.spc_lower, s.spc_upper, s.spc_limits, s.spc_signal,
    CASE WHEN s.spc_signal IS NULL THEN NULL WHEN s.spc_side = 0 THEN 'common cause'
         WHEN i.polarity = 'neutral' THEN 'neutral'
         WHEN (i.polarity = 'higher') = (s.spc_side > 0) THEN 'improvement' ELSE 'concern' END AS spc_variation
FROM out.mart.observations AS o JOIN ref_indicator AS i ON i.indicator_id = o.indicator_id
LEFT JOIN renewed AS c ON c.row = o.rowid
LEFT JOIN charted AS s ON s.row = o.rowid
LEFT JOIN goal AS g ON g.row = o.rowid AND g.first_told
LEFT JOIN ref_version AS v ON v.indicator_id = o.indicator_id AND v.definition_version = o.definition_version
    AND v.broke <> ''
WHERE o.indicator_id IN (SELECT indicator_id FROM charting)
UNION ALL
SELECT g.indicator_id, g.definition_version, i.title, g.area_code, a.name, a.area_type, g.time_period,
    g.time_identifier, g.period_start, g.period_end, g.breakdown, NULL, NULL, i.unit, NULL, NULL, NULL, NULL, NULL,
    g.framework, g.target, g.says, 'no target',
    round(coalesce(g.from_value, g.held) + g.part_of_way * (coalesce(g.to_value, g.held)
          - coalesce(g.from_value, g.held)), 10),
    NULL, NULL, g.next_target, g.next_period, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM goal AS g JOIN ref_indicator AS i ON i.indicator_id = g.indicator_id
JOIN ref_area AS a ON a.area_code = g.area_code
WHERE g.row IS NULL AND g.first_told AND g.indicator_id IN (SELECT indicator_id FROM charting)
ORDER BY 1, 4, 11, 2, 9, 10, 8
"""


def fill_trend(con: duckdb.DuckDBPyConnection) -> None:
    """Fill out.mart.trend from `point` (see warehouse.mart.comparators) and `goal` (see warehouse.mart.targets), some
    indicators at a time."""
    con.execute(
        """CREATE OR REPLACE TEMP VIEW told AS
           SELECT indicator_id FROM point JOIN ref_indicator AS r ON r.number = i
           UNION ALL SELECT indicator_id FROM goal"""
    )
    for indicators in indicator_batches(con, "told"):
        _temp(con, "charting", pl.DataFrame({"indicator_id": indicators}))
        con.execute("CREATE OR REPLACE TEMP TABLE charting AS FROM charting JOIN ref_indicator USING (indicator_id)")
        series = con.execute(_SERIES).pl()
        same = pl.all_horizontal(pl.col(name) == pl.col(name).shift(1) for name in ("i", "place", "b"))
        _temp(con, "renewed", series.filter(same & (pl.col("v") != pl.col("v").shift(1))).select("row", renewed=True))
        _temp(con, "charted", control_charts(series))
        con.execute(_TREND)


def _temp(con: duckdb.DuckDBPyConnection, name: str, frame: pl.DataFrame) -> None:
    con.register("made", frame)
    con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM made")
    con.unregister("made")


def control_charts(series: pl.DataFrame) -> pl.DataFrame:
    """The control charts of rows in the order of their series: `row` and the columns of with_control_limits.

    Reads `i`, `place`, `b`, `v` (the series), `p` and `before` (the period, and the one exactly before it), `value`,
    `reported`, `breaks`.
    """
    points = series.filter(pl.col("reported") & pl.col("value").is_not_null())
    on = pl.all_horizontal(pl.col(name) == pl.col(name).shift(1) for name in ("i", "place", "b", "v"))
    follows = (on & (pl.col("before") == pl.col("p").shift(1)) & ~pl.col("breaks")).fill_null(value=False)
    points = points.select("row", "value", (~follows).cum_sum().alias("segment"))
    return with_control_limits(points).filter(pl.col("spc_points").is_not_null()).drop("segment", "value")
