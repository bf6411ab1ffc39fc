"""Fill mart.latest: the newest value of each series, what it may be compared with, and why not where it may not.

Comparisons follow warehouse.mart.comparators and statistics warehouse.statistics. What is not comparable is
NULL, with the reason in words: another definition version, another coverage or breakdown, another period, another kind
of area, or nothing held at all.
"""

from __future__ import annotations

import duckdb

from local_indicators.warehouse.mart.comparators import OPEN, create_comparisons, create_missing_comparator_reasons
from local_indicators.warehouse.mart.targets import STATUS
from local_indicators.warehouse.statistics.ranks import with_ranks
from local_indicators.warehouse.statistics.significance import benchmark_significance, change_significance

RANKED = ("Local authority", "District")
"""Kinds of area of which areas.csv lists all, so that half of them can be told from fewer."""

_NEWEST = """
CREATE OR REPLACE TEMP TABLE newest AS
WITH current AS (
    SELECT i, max(v) AS v FROM point WHERE declared GROUP BY i
), last AS (
    SELECT arg_max(row, ends * 100000::BIGINT + starts) AS row FROM point SEMI JOIN current USING (i, v)
    WHERE declared GROUP BY i, area, b
)
SELECT * FROM point SEMI JOIN last USING (row)
"""

_BESIDE = """
CREATE OR REPLACE TEMP TABLE beside AS
SELECT n.*, c.* EXCLUDE (row), b.row AS before_row,
    CASE WHEN b.reported OR NOT n.reported THEN b.value END AS before_value,
    CASE WHEN b.reported AND n.reported THEN b.estimate END AS before_estimate,
    CASE WHEN b.reported AND n.reported THEN b.lower_ci END AS before_lower_ci,
    CASE WHEN b.reported AND n.reported THEN b.upper_ci END AS before_upper_ci,
    CASE WHEN n.reported THEN c.england END AS benchmark, i.polarity
FROM newest AS n JOIN newest_compared AS c USING (row) JOIN ref_indicator AS i ON i.number = n.i
LEFT JOIN point AS b ON b.i = n.i AND b.v = n.v AND b.place = n.place AND b.b = n.b AND b.p = n.before
QUALIFY row_number() OVER (PARTITION BY n.row ORDER BY b.area = n.area DESC, b.row) = 1
"""

_TESTED = "row, polarity, benchmark, estimate, lower_ci, upper_ci, before_estimate, before_lower_ci, before_upper_ci"

_RANKABLE = f"""
SELECT c.row, i.polarity, c.value,
    (((c.i * 64::BIGINT + c.v) * 1000000 + c.b) * 100000 + c.p) * 2 + (a.area_type = 'District')::INTEGER AS "group"
FROM point AS c JOIN ref_indicator AS i ON i.number = c.i JOIN ref_area AS a ON a.number = c.area
SEMI JOIN newest AS n ON n.i = c.i AND n.v = c.v AND n.b = c.b AND n.p = c.p
WHERE c.reported AND c.value IS NOT NULL AND i.polarity <> 'neutral' AND a.area_type IN {RANKED}
"""

_AUTHORITIES = f"""
CREATE OR REPLACE TEMP TABLE authorities AS
SELECT d.ends, l.area_type, count(*) AS n
FROM (SELECT DISTINCT ends, least(ends, {OPEN} - 1) AS day FROM newest) AS d
JOIN ref_listed AS l ON d.day >= l.begins AND (l.until IS NULL OR d.day <= l.until)
GROUP BY ALL
"""

_LATEST = f"""
INSERT INTO out.mart.latest BY NAME
WITH judged AS (
    SELECT s.*, i.scale, p.label, p.before_label, round(s.value - s.before_value, 10) AS change,
        t.value_text AS before_text, t.provenance AS before_provenance, t.conf_status AS before_conf,
        g.target, g.upper, g.op, g.tolerance, g.says, g.relative_to,
        k.rank, k.rank_of, k.quartile, h.n AS authorities, x.change_significance, x.england_significance,
        ie.kind AS england_kind, ie.label AS england_label, ie.state AS england_state,
        ie.definition_version AS england_version, ie.breakdown AS england_breakdown,
        ir.kind AS region_kind, ir.label AS region_label, ir.state AS region_state,
        ir.definition_version AS region_version, ir.breakdown AS region_breakdown,
        ib.kind AS before_kind, ib.label AS nearest_label, ib.state AS before_state,
        ib.definition_version AS before_version, ib.breakdown AS before_breakdown
    FROM beside AS s JOIN ref_indicator AS i ON i.number = s.i JOIN ref_period AS p ON p.number = s.p
    JOIN ref_area AS a ON a.number = s.area JOIN tested AS x ON x.row = s.row
    LEFT JOIN out.mart.observations AS t ON t.rowid = s.before_row
    LEFT JOIN goal AS g ON g.row = s.row AND g.own
    LEFT JOIN ranked AS k ON k.row = s.row
    LEFT JOIN authorities AS h ON h.ends = s.ends AND h.area_type = a.area_type
    LEFT JOIN newest_instead AS ie ON ie.row = s.row AND ie.who = 'england'
    LEFT JOIN newest_instead AS ir ON ir.row = s.row AND ir.who = 'region'
    LEFT JOIN newest_instead AS ib ON ib.row = s.row AND ib.who = 'before'
), placed AS (
    SELECT j.*, o.* EXCLUDE (value, lower_ci, upper_ci),
        list_position(scale, lower(value_text)) AS place_now,
        CASE WHEN before_provenance = 'reported' OR NOT reported
             THEN list_position(scale, lower(before_text)) END AS place_before
    FROM judged AS j JOIN out.mart.observations AS o ON o.rowid = j.row
)
SELECT indicator_id, definition_version, indicator, area_code, area_name, area_type, time_period, time_identifier,
    period_start, period_end, breakdown, value, value_low, value_high, value_text, unit, numerator, denominator,
    lower_ci, upper_ci, obs_status, conf_status, provenance, submission, digest, source_file, sheet, cell, recorded_at,
    before_value AS previous_value, change, change_significance,
    CASE
        WHEN len(scale) > 0 AND place_now IS NOT NULL AND place_before IS NOT NULL THEN
            CASE WHEN place_now < place_before THEN 'improving' WHEN place_now > place_before THEN 'worsening'
                 ELSE 'no change' END
        WHEN change IS NULL THEN 'not comparable'
        WHEN change = 0 THEN 'no change'
        WHEN polarity = 'neutral' THEN CASE WHEN change > 0 THEN 'rising' ELSE 'falling' END
        WHEN (polarity = 'higher') = (change > 0) THEN 'improving'
        ELSE 'worsening'
    END AS direction,
    target, says AS target_text, {
    STATUS.format(target="target", value="value", op="op", upper="upper", tolerance="tolerance")
} AS target_status,
    england AS england_value, round(value - england, 10) AS england_gap, england_significance, region AS region_value,
    CASE WHEN core_cities_n > 0 THEN core_cities END AS core_cities_value,
    neighbours AS neighbours_value,
    CASE WHEN neighbours_n > 0 THEN neighbours_n END AS neighbours_n,
    CASE WHEN neighbours IS NOT NULL THEN area_code END AS neighbours_of,
    CASE WHEN neighbours_n > 0 THEN neighbours_list WHEN printed IS NOT NULL THEN 'printed average' END
    AS neighbours_version,
    CASE WHEN 2 * rank_of >= authorities THEN rank END AS rank,
    CASE WHEN 2 * rank_of >= authorities THEN rank_of END AS rank_of,
    CASE WHEN 2 * rank_of >= authorities THEN quartile END AS quartile,
    nullif(array_to_string(list_filter([{{reasons}}], reason -> reason IS NOT NULL), ' '), '') AS not_comparable_because
FROM placed
ORDER BY area_code, indicator_id, breakdown
"""

_REASONS = f"""
    CASE WHEN coalesce(value, value_low) IS NULL AND value_text IS NULL
             THEN 'No value is shown for ' || label || '.' END,
    CASE WHEN change IS NOT NULL OR place_before IS NOT NULL THEN NULL
         WHEN before_label IS NULL THEN 'A reporting window has no period exactly before it.'
         WHEN before_kind = 1 THEN 'The value for ' || before_label || ' ' || before_state || '.'
         WHEN before_kind = 2 THEN 'The value for ' || before_label || ' is under definition version ' || before_version
             || ' and this one under version ' || definition_version || '.'
         WHEN before_kind = 3 THEN 'The value for ' || before_label || ' is for ' || before_breakdown
             || ' and this one for ' || breakdown || '.'
         ELSE 'No value under the same definition is held for ' || before_label
             || coalesce('; the newest before it is for ' || nearest_label, '') || '.' END,
    CASE WHEN england IS NULL AND area_type NOT IN ('National', 'Statistical neighbours')
             THEN {{england}} END,
    CASE WHEN area_type = 'Local authority' AND neighbours IS NULL
             THEN CASE WHEN neighbours_list IS NULL
                      THEN 'No list of statistical neighbours is held that was valid at the end of ' || label || '.'
                      ELSE 'None of the statistical neighbours has a value for ' || label || '.' END END,
    CASE WHEN area_type = 'Local authority' AND region IS NULL
             THEN {{region}} END,
    CASE WHEN area_type = 'Local authority' AND core_cities_n = 0
             THEN CASE WHEN core_cities_list IS NULL
                      THEN 'No list of core cities is held that was valid at the end of ' || label || '.'
                      ELSE 'None of the core cities has a value for ' || label || '.' END END,
    CASE WHEN area_type NOT IN ('National', 'Region', 'Statistical neighbours', {", ".join(map(repr, RANKED))})
             THEN 'The lists of peers and the ranks are of councils'
                 || CASE WHEN area_type = 'Council outside England' THEN ' in England' ELSE '' END
                 || ', and this area is none (' || area_type || ').' END,
    CASE WHEN area_type NOT IN {RANKED} OR value IS NULL THEN NULL
         WHEN polarity = 'neutral' THEN 'Neither a high nor a low value is better, so there is no rank.'
         WHEN NOT reported THEN 'An illustrative value has no rank.'
         WHEN authorities IS NULL OR 2 * rank_of < authorities
             THEN 'Only ' || rank_of || ' of ' || coalesce(authorities, 0) || ' authorities have a value for ' || label
                  || ', too few to rank.' END,
    CASE WHEN relative_to <> '' AND target IS NULL THEN 'The target is relative to a value that is not held.' END
"""


def _missing(who: str, name: str) -> str:
    """SQL for the sentence that says why a comparator is missing."""
    return f"""CASE
        WHEN {who}_kind = 1 THEN 'The value for {name} for ' || label || ' ' || {who}_state || '.'
        WHEN {who}_kind = 2 THEN 'For ' || label || ', {name} is held under definition version ' || {who}_version
            || ' and this one under version ' || definition_version || '.'
        WHEN {who}_kind = 3 THEN 'For ' || label || ', {name} is held for ' || {who}_breakdown || ' and this one for '
            || breakdown || '.'
        WHEN {who}_kind = 4 THEN 'No value for {name} for ' || label || ' is held; the newest is for ' || {who}_label
            || '.'
        ELSE 'No value for {name} for ' || label || ' is held.' END"""


def fill_latest(con: duckdb.DuckDBPyConnection) -> None:
    """Fill out.mart.latest from `point` (see warehouse.mart.comparators) and `goal` (see warehouse.mart.targets)."""
    con.execute(_NEWEST)
    create_comparisons(con, "newest")
    create_missing_comparator_reasons(con, "newest")
    con.execute(_BESIDE)
    con.execute(_AUTHORITIES)
    tested = con.execute(f"SELECT {_TESTED} FROM beside").pl()
    con.register("made", tested.select("row", change_significance().alias("change_significance"),
                                       benchmark_significance().alias("england_significance")))  # fmt: skip
    con.execute("CREATE OR REPLACE TEMP TABLE tested AS SELECT * FROM made")
    con.unregister("made")
    con.register("made", with_ranks(con.execute(_RANKABLE).pl()))
    con.execute("CREATE OR REPLACE TEMP TABLE ranked AS SELECT row, rank, rank_of, quartile FROM made")
    con.unregister("made")
    reasons = _REASONS.format(england=_missing("england", "England"), region=_missing("region", "the region"))
    con.execute(_LATEST.format(reasons=reasons))
