"""What a value may be compared with: England, the region, statistical neighbours, core cities, the period before.

Works on temporary tables of whole numbers made from mart.observations, which is what has already been suppressed, so
that ten million observations take a time in proportion. A comparator counts only where it is of the same indicator,
definition version, period and breakdown, and where it is reported or the value itself is illustrative. Peers are the
members of the dated list that was valid at the period's end, by place, whatever code a place had when.
"""

from __future__ import annotations

import duckdb

OPEN = 2932896
"""The end of a period that is still open, as days since 1970: 9999-12-31."""

_POINT = f"""
CREATE OR REPLACE TEMP TABLE ref_breakdown AS
SELECT breakdown, (row_number() OVER (ORDER BY breakdown))::INTEGER AS number
FROM (SELECT DISTINCT breakdown FROM out.mart.observations);

CREATE OR REPLACE TEMP TABLE point AS
SELECT o.rowid AS row, i.number::INTEGER AS i, coalesce(v.number, -1)::INTEGER AS v, a.number::INTEGER AS area,
    a.place::INTEGER AS place, b.number AS b, p.number::INTEGER AS p, p.before::INTEGER AS before,
    o.time_identifier = i.time_identifier AS declared,
    coalesce(date_diff('day', DATE '1970-01-01', o.period_end), {OPEN})::INTEGER AS ends,
    date_diff('day', DATE '1970-01-01', o.period_start)::INTEGER AS starts,
    o.value, CASE WHEN o.lower_ci IS NOT NULL THEN i.per * o.numerator / o.denominator END AS estimate,
    o.lower_ci, o.upper_ci, o.provenance = 'reported' AS reported, coalesce(o.obs_status = 'b', false) AS breaks
FROM out.mart.observations AS o
JOIN ref_indicator AS i ON i.indicator_id = o.indicator_id
JOIN ref_area AS a ON a.area_code = o.area_code
JOIN ref_breakdown AS b ON b.breakdown = o.breakdown
JOIN ref_period AS p ON p.time_identifier = o.time_identifier AND p.time_period = o.time_period
LEFT JOIN ref_version AS v ON v.indicator_id = o.indicator_id AND v.definition_version = o.definition_version;
"""

_COMPARED = f"""
CREATE OR REPLACE TEMP TABLE {{of}}_compared AS
WITH nation AS (
    SELECT i, v, b, p, value, reported FROM point
    WHERE value IS NOT NULL AND area = (SELECT number FROM ref_area WHERE area_code = getvariable('england'))
), regional AS (
    SELECT i, v, b, p, area, value, reported FROM point
    WHERE value IS NOT NULL AND area IN (SELECT number FROM ref_area WHERE area_type = 'Region')
), average AS (
    SELECT c.i, c.v, c.b, c.p, of.number AS of_area, c.value, c.reported
    FROM point AS c JOIN ref_area AS s ON s.number = c.area AND s.area_type = 'Statistical neighbours'
    JOIN ref_area AS of ON s.area_code = 'SN:' || of.area_code WHERE c.value IS NOT NULL
), listed AS (
    SELECT n.row, n.i, n.v, n.b, n.p, n.reported, l.group_code, l.group_version, l.member
    FROM {{of}} AS n JOIN ref_peer AS l ON l.area = n.area AND n.ends < {OPEN} AND n.ends BETWEEN l.begins AND l.until
    QUALIFY rank() OVER (PARTITION BY n.row, l.group_code ORDER BY l.begins DESC) = 1
), member AS (
    SELECT i, v, b, p, place, arg_max(value, area) AS value, arg_max(reported, area) AS reported FROM point
    WHERE value IS NOT NULL AND place IN (SELECT member FROM ref_peer) GROUP BY ALL
), peers AS (
    SELECT l.row, l.group_code, any_value(l.group_version) AS version,
        avg(m.value ORDER BY l.member) AS value, count(m.value) AS n
    FROM listed AS l LEFT JOIN member AS m
      ON m.i = l.i AND m.v = l.v AND m.b = l.b AND m.p = l.p AND m.place = l.member AND m.reported >= l.reported
    GROUP BY ALL
)
SELECT n.row, CASE WHEN a.area_type <> 'National' THEN e.value END AS england, r.value AS region, s.value AS printed,
    coalesce(sn.value, s.value) AS neighbours, coalesce(sn.n, 0) AS neighbours_n, sn.version AS neighbours_list,
    cc.value AS core_cities, coalesce(cc.n, 0) AS core_cities_n, cc.version AS core_cities_list
FROM {{of}} AS n JOIN ref_area AS a ON a.number = n.area
LEFT JOIN nation AS e
  ON e.i = n.i AND e.v = n.v AND e.b = n.b AND e.p = n.p AND e.reported >= n.reported
LEFT JOIN regional AS r
  ON r.i = n.i AND r.v = n.v AND r.b = n.b AND r.p = n.p AND r.area = nullif(a.region, a.number)
 AND r.reported >= n.reported
LEFT JOIN average AS s
  ON s.i = n.i AND s.v = n.v AND s.b = n.b AND s.p = n.p AND s.of_area = n.area AND s.reported >= n.reported
LEFT JOIN peers AS sn ON sn.row = n.row AND sn.group_code = 'statistical_neighbours'
LEFT JOIN peers AS cc ON cc.row = n.row AND cc.group_code = 'core_cities'
"""

_WANTED = """
CREATE OR REPLACE TEMP TABLE {of}_wanted AS
SELECT n.row, 'england' AS who, n.i, n.v, n.b, n.p, n.ends, e.number AS area
FROM {of} AS n JOIN {of}_compared AS c USING (row) JOIN ref_area AS a ON a.number = n.area
JOIN ref_area AS e ON e.area_code = getvariable('england')
WHERE c.england IS NULL AND a.area_type NOT IN ('National', 'Statistical neighbours')
UNION ALL
SELECT n.row, 'region', n.i, n.v, n.b, n.p, n.ends, a.region
FROM {of} AS n JOIN {of}_compared AS c USING (row) JOIN ref_area AS a ON a.number = n.area
WHERE c.region IS NULL AND a.region IS NOT NULL AND a.region <> n.area
UNION ALL
SELECT n.row, 'before', n.i, n.v, n.b, n.before, n.ends, n.area
FROM {of} AS n LEFT JOIN point AS b
  ON b.i = n.i AND b.v = n.v AND b.place = n.place AND b.b = n.b AND b.p = n.before AND b.reported >= n.reported
 AND b.value IS NOT NULL
WHERE b.row IS NULL
"""

_INSTEAD = """
CREATE OR REPLACE TEMP TABLE {of}_instead AS
WITH found AS (
    SELECT w.row, w.who, c.row AS there, c.ends,
        CASE WHEN c.v = w.v AND c.b = w.b THEN 1 WHEN c.b = w.b THEN 2 ELSE 3 END AS kind
    FROM {of}_wanted AS w JOIN point AS c ON c.i = w.i AND c.area = w.area AND c.p = w.p
    WHERE (c.v = w.v AND c.b = w.b) OR c.value IS NOT NULL
    UNION ALL
    SELECT w.row, w.who, c.row, c.ends, 4
    FROM {of}_wanted AS w JOIN point AS c ON c.i = w.i AND c.area = w.area AND c.v = w.v AND c.b = w.b
    WHERE c.p IS DISTINCT FROM w.p AND c.value IS NOT NULL AND (w.who <> 'before' OR c.ends < w.ends)
), nearest AS (
    SELECT row, who, arg_min(there, (kind::BIGINT * 10000000) - ends) AS there, min(kind) AS kind
    FROM found GROUP BY row, who
)
SELECT f.row, f.who, f.kind,
    CASE WHEN f.who = 'england' THEN 'England' WHEN f.who = 'region' THEN 'the region' END AS name,
    p.label, o.definition_version, o.breakdown,
    CASE WHEN o.conf_status = 'c' THEN 'is confidential'
         WHEN o.provenance = 'illustrative' AND (o.value IS NOT NULL OR o.value_text IS NOT NULL) THEN 'is illustrative'
         WHEN o.value_low IS NOT NULL OR o.value_high IS NOT NULL THEN 'is a range'
         ELSE 'is missing' || coalesce(' (' || o.obs_status || ')', '') END AS state
FROM nearest AS f JOIN out.mart.observations AS o ON o.rowid = f.there
JOIN ref_period AS p ON p.time_identifier = o.time_identifier AND p.time_period = o.time_period
"""


def create_points(con: duckdb.DuckDBPyConnection) -> None:
    """Make the temporary table `point`: every row of out.mart.observations by whole numbers, `row` being its rowid."""
    con.execute(_POINT)


def create_comparisons(con: duckdb.DuckDBPyConnection, of: str) -> None:
    """Make `<of>_compared`, with the comparators of each row of a table `of` that holds some rows of `point`."""
    con.execute(_COMPARED.format(of=of))


def create_missing_comparator_reasons(con: duckdb.DuckDBPyConnection, of: str) -> None:
    """Make `<of>_instead`, which says for each missing comparator of a table `of` what is held in its place.

    `kind` is 1 where the very figure is held but cannot be used, 2 where it is held under another definition version,
    3 for another breakdown, 4 for another period.
    """
    con.execute(_WANTED.format(of=of))
    con.execute(_INSTEAD.format(of=of))


def drop_points(con: duckdb.DuckDBPyConnection) -> None:
    """Drop the temporary tables as large as the observations, once everything is derived from them."""
    for name in ("point", "charted", "newest", "newest_compared", "newest_wanted", "newest_instead", "beside"):
        con.execute(f"DROP TABLE IF EXISTS temp.{name}")
