"""Targets: what each asks for in its period, and the way that leads there.

A target may be absolute, a band, or relative to a comparator, which is then the one held for the same period. The way
to a target is a straight line from its base: expected(t) = base + (target - base) (t - t0) / (T - t0), by the months
in which periods end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

import duckdb
import polars as pl

from local_indicators.schemas.definitions.models import Definitions, Target
from local_indicators.schemas.reference.periods import Period, read_period
from local_indicators.warehouse.mart.comparators import create_comparisons

STATUS = """CASE
    WHEN {target} IS NULL OR {value} IS NULL THEN 'no target'
    WHEN {op} = '<=' AND {value} <= {target} OR {op} = '>=' AND {value} >= {target}
      OR {op} = '<' AND {value} < {target} OR {op} = '>' AND {value} > {target}
      OR {op} = 'band' AND {value} BETWEEN {target} AND {upper} THEN 'met'
    WHEN {tolerance} > 0
     AND round(least(abs({value} - {target}), coalesce(abs({value} - {upper}), 1e300)), 10) <= {tolerance}
        THEN 'within tolerance'
    ELSE 'missed' END"""
"""SQL that says whether a value meets a target, for the names of its parts."""

COURSE = {
    **dict.fromkeys(("indicator_id", "area_code", "breakdown", "time_identifier", "time_period"), pl.String()),
    "definition_version": pl.String(),
    "period_start": pl.Date(),
    "period_end": pl.Date(),
    **dict.fromkeys(("framework", "op", "relative_to", "says", "base_period", "base_version"), pl.String()),
    **dict.fromkeys(("asked", "upper", "tolerance"), pl.Float64()),
    **dict.fromkeys(("base_value", "years_since_base", "from_value", "to_value", "part_of_way"), pl.Float64()),
    "next_target": pl.Float64(),
    "next_period": pl.String(),
    "next_version": pl.String(),
    "years_to_next": pl.Float64(),
}
"""Columns of a course: a row for each period from the base of a way to its last target."""


@dataclass(frozen=True)
class _Knot:
    """A point that a way runs through. `value` None at the base: the value that is held for that period."""

    period: Period
    value: float | None
    version: str


def target_trajectories(definitions: Definitions) -> pl.DataFrame:
    """Every way that the definitions set, period by period, by framework. `own` tells the partnership's own plan, and
    `first_told` of the frameworks that speak of one period the own plan, or else the one listed first."""
    by_series: dict[tuple[str, str, str, str], list[Target]] = {}
    for target in definitions.targets:
        by_series.setdefault(target.series, []).append(target)
    own = definitions.plan_id
    ordered = sorted(by_series.items(), key=lambda item: item[0][1] != own)
    rows = [row for _, targets in ordered for row in _course(targets, definitions)]
    key = ["indicator_id", "area_code", "breakdown", "time_identifier", "time_period"]
    frame = pl.DataFrame(rows, schema=COURSE, orient="row")
    return frame.with_columns(own=pl.col("framework") == own, first_told=pl.struct(key).is_first_distinct())


def _course(targets: Iterable[Target], definitions: Definitions) -> Iterator[tuple[object, ...]]:
    aims = sorted(((p, t) for t in targets if (p := _period(t.time_period, t))), key=lambda aim: aim[0].start)
    first = aims[0][1]
    indicator = definitions.indicators[first.indicator_id]

    def version(period: Period) -> str:
        held = indicator.version_at(period.end or period.start)
        return held.version if held else ""

    based = next((t for _, t in aims if t.base_period), None)
    base = _period(based.base_period, based) if based else None
    knots = [_Knot(base, based.base_value, version(base))] if base and based else []
    knots += [_Knot(p, t.value, version(p)) for p, t in aims if not t.relative_to and t.operator != "band"]
    at = {p.time_period: t for p, t in aims}
    start = base or aims[0][0]
    for period in _back(aims[-1][0], start):
        target = at.get(period.time_period)
        before = next((k for k in reversed(knots) if k.period.start <= period.start), None)
        after = next((k for k in knots if k.period.start >= period.start), None)
        ahead = next((k for k in knots if k.period.start > period.start and k.period is not base), None)
        on_way = before is not None and after is not None and before.version == after.version
        yield (
            first.indicator_id, first.area_code, first.breakdown, period.time_identifier, period.time_period,
            version(period), period.start, period.end,
            first.framework,
            target.operator if target else None, target.relative_to if target else None,
            target.says if target else None,
            base.time_period if base else None, version(base) if base else None,
            target.value if target else None, target.upper if target else None,
            (target.tolerance or 0.0) if target else None,
            based.base_value if based else None, _years(base, period) if base else None,
            before.value if on_way and before else None, after.value if on_way and after else None,
            _part(before.period, period, after.period) if on_way and before and after else None,
            ahead.value if ahead else None, ahead.period.label if ahead else None, ahead.version if ahead else None,
            _years(period, ahead.period) if ahead else None,
        )  # fmt: skip


def _period(code: str, target: Target) -> Period | None:
    return read_period(code, target.time_identifier)


def _back(last: Period, first: Period) -> list[Period]:
    """The periods from the first to the last, one exactly before the other."""
    found = [last]
    while found[-1].start > first.start and (earlier := found[-1].previous()) is not None:
        found.append(earlier)
    return found[::-1]


def _month(period: Period) -> int:
    end: date = period.end or period.start
    return end.year * 12 + end.month


def _years(first: Period, second: Period) -> float:
    return (_month(second) - _month(first)) / 12


def _part(first: Period, period: Period, last: Period) -> float:
    whole = _month(last) - _month(first)
    return (_month(period) - _month(first)) / whole if whole else 0.0


_GOAL = """
CREATE OR REPLACE TEMP TABLE goal AS
SELECT n.row, c.* EXCLUDE (asked), h.held,
    CASE c.relative_to WHEN 'neighbours' THEN round(m.neighbours + c.asked, 10)
                       WHEN 'england' THEN round(m.england + c.asked, 10)
                       WHEN 'region' THEN round(m.region + c.asked, 10)
                       WHEN 'core cities' THEN round(m.core_cities + c.asked, 10)
                       ELSE c.asked END AS target
FROM ref_course AS c LEFT JOIN aimed AS n USING (indicator_id, area_code, breakdown, time_identifier, time_period)
LEFT JOIN aimed_compared AS m ON m.row = n.row
LEFT JOIN (
    SELECT indicator_id, area_code, breakdown, time_identifier, time_period, definition_version AS base_version,
           any_value(value) AS held
    FROM aimed WHERE reported GROUP BY ALL
) AS h ON h.indicator_id = c.indicator_id AND h.area_code = c.area_code AND h.breakdown = c.breakdown
      AND h.time_identifier = c.time_identifier AND h.time_period = c.base_period AND h.base_version = c.base_version
"""


def create_targets(con: duckdb.DuckDBPyConnection, definitions: Definitions) -> None:
    """Make the temporary table `goal`: every row of every course, with the target as a number, NULL where it is
    relative to what is not held, and the `row` of the observation that it is for, NULL where none is held."""
    con.register("made", target_trajectories(definitions))
    con.execute("CREATE OR REPLACE TEMP TABLE ref_course AS SELECT * FROM made")
    con.unregister("made")
    con.execute(
        """CREATE OR REPLACE TEMP TABLE aimed AS
           SELECT p.*, o.indicator_id, o.area_code, o.breakdown, o.time_identifier, o.time_period, o.definition_version
           FROM point AS p JOIN out.mart.observations AS o ON o.rowid = p.row
           SEMI JOIN ref_course USING (indicator_id, area_code, breakdown)"""
    )
    create_comparisons(con, "aimed")
    con.execute(_GOAL)
