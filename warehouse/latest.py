"""The statement that fills mart.latest: the newest value of each series and what it may be compared with.

A comparator counts only where it is of the same indicator, definition version, period and breakdown, and where it is
reported or the value itself is illustrative. What is not held is NULL, with the reason in words.
"""

from __future__ import annotations

LATEST_SQL = """
INSERT INTO out.mart.latest
WITH held AS (
    SELECT o.*, i.polarity, i.scale, list_position(i.versions, o.definition_version) AS version_rank
    FROM out.mart.observations AS o JOIN ref_indicator AS i USING (indicator_id)
    WHERE o.time_identifier = i.time_identifier
), newest_version AS (
    SELECT * FROM held QUALIFY version_rank = max(version_rank) OVER (PARTITION BY indicator_id)
), newest AS (
    SELECT * FROM newest_version
    QUALIFY row_number() OVER (
        PARTITION BY indicator_id, area_code, breakdown
        ORDER BY coalesce(period_end, DATE '9999-12-31') DESC, period_start DESC) = 1
), usable AS (
    SELECT n.indicator_id, n.area_code AS of_area, n.breakdown, c.area_code, c.area_type, c.value, c.provenance
    FROM newest AS n JOIN newest_version AS c
      ON c.indicator_id = n.indicator_id AND c.breakdown = n.breakdown AND c.time_period = n.time_period
     AND c.time_identifier = n.time_identifier AND c.area_code <> n.area_code
     AND (c.provenance = 'reported' OR n.provenance = 'illustrative')
    WHERE c.value IS NOT NULL
), listed AS (
    SELECT n.indicator_id, n.area_code AS of_area, n.breakdown, p.group_code, p.group_version, p.member_code
    FROM newest AS n JOIN ref_peer AS p
      ON p.area_code = n.area_code AND n.period_end >= p.valid_from
     AND (p.valid_to IS NULL OR n.period_end <= p.valid_to)
), peers AS (
    SELECT l.indicator_id, l.of_area, l.breakdown, l.group_code, any_value(l.group_version) AS version,
           avg(u.value) AS value, count(u.value) AS n
    FROM listed AS l LEFT JOIN usable AS u
      ON u.indicator_id = l.indicator_id AND u.of_area = l.of_area AND u.breakdown = l.breakdown
     AND u.area_code = l.member_code
    GROUP BY ALL
), beside AS (
    SELECT n.*, p.label, p.before_label, b.provenance AS before_provenance,
        CASE WHEN b.provenance = 'reported' OR n.provenance = 'illustrative' THEN b.value END AS before_value,
        CASE WHEN b.provenance = 'reported' OR n.provenance = 'illustrative' THEN b.value_text END AS before_text,
        CASE WHEN t.op IN ('<=', '>=') THEN t.target ELSE t.target END AS target, t.op, t.tolerance,
        e.value AS england, r.value AS region,
        coalesce(sn.value, printed.value) AS neighbours, sn.n AS neighbours_n, sn.version AS neighbours_list,
        printed.value AS printed_value, cc.value AS core_cities, cc.n AS core_cities_n, cc.version AS core_cities_list
    FROM newest AS n
    JOIN ref_area AS a USING (area_code)
    LEFT JOIN ref_period AS p USING (time_identifier, time_period)
    LEFT JOIN newest_version AS b
      ON b.indicator_id = n.indicator_id AND b.area_code = n.area_code AND b.breakdown = n.breakdown
     AND b.time_identifier = p.before_identifier AND b.time_period = p.before_period
    LEFT JOIN ref_target AS t
      ON t.indicator_id = n.indicator_id AND t.area_code = n.area_code AND t.breakdown = n.breakdown
     AND t.time_identifier = n.time_identifier AND t.time_period = n.time_period
    LEFT JOIN usable AS e
      ON e.indicator_id = n.indicator_id AND e.of_area = n.area_code AND e.breakdown = n.breakdown
     AND e.area_code = getvariable('england')
    LEFT JOIN usable AS r
      ON r.indicator_id = n.indicator_id AND r.of_area = n.area_code AND r.breakdown = n.breakdown
     AND r.area_code = a.region_code
    LEFT JOIN usable AS printed
      ON printed.indicator_id = n.indicator_id AND printed.of_area = n.area_code AND printed.breakdown = n.breakdown
     AND printed.area_code = 'SN:' || n.area_code
    LEFT JOIN peers AS sn
      ON sn.indicator_id = n.indicator_id AND sn.of_area = n.area_code AND sn.breakdown = n.breakdown
     AND sn.group_code = 'statistical_neighbours'
    LEFT JOIN peers AS cc
      ON cc.indicator_id = n.indicator_id AND cc.of_area = n.area_code AND cc.breakdown = n.breakdown
     AND cc.group_code = 'core_cities'
), judged AS (
    SELECT *, round(value - before_value, 10) AS change,
        list_position(scale, lower(value_text)) AS place, list_position(scale, lower(before_text)) AS place_before
    FROM beside
)
SELECT indicator_id, definition_version, indicator, area_code, area_name, area_type, time_period, time_identifier,
    period_start, period_end, breakdown, value, value_low, value_high, value_text, unit, numerator, denominator,
    lower_ci, upper_ci, obs_status, conf_status, provenance, submission, digest, source_file, sheet, cell, recorded_at,
    before_value, change, 'not tested',
    CASE
        WHEN len(scale) > 0 AND place IS NOT NULL AND place_before IS NOT NULL THEN
            CASE WHEN place < place_before THEN 'improving' WHEN place > place_before THEN 'worsening'
                 ELSE 'no change' END
        WHEN change IS NULL THEN 'not comparable'
        WHEN change = 0 THEN 'no change'
        WHEN polarity = 'neutral' THEN CASE WHEN change > 0 THEN 'rising' ELSE 'falling' END
        WHEN (polarity = 'higher') = (change > 0) THEN 'improving'
        ELSE 'worsening'
    END,
    target,
    CASE
        WHEN target IS NULL OR value IS NULL THEN 'no target'
        WHEN (op = '<=' AND value <= target) OR (op = '>=' AND value >= target)
          OR (op = '<' AND value < target) OR (op = '>' AND value > target) THEN 'met'
        WHEN abs(value - target) <= tolerance THEN 'within tolerance'
        ELSE 'missed'
    END,
    england, round(value - england, 10), 'not tested', region,
    CASE WHEN core_cities_n > 0 THEN core_cities END,
    neighbours,
    CASE WHEN neighbours_n > 0 THEN neighbours_n END,
    CASE WHEN neighbours IS NOT NULL THEN area_code END,
    CASE WHEN neighbours_n > 0 THEN neighbours_list WHEN printed_value IS NOT NULL THEN 'printed average' END,
    NULL, NULL, NULL,
    nullif(array_to_string(list_filter([
        CASE WHEN coalesce(value, value_low) IS NULL AND value_text IS NULL
                 THEN 'No value is shown for ' || label || '.' END,
        CASE WHEN change IS NULL AND place_before IS NULL AND before_label IS NULL
                 THEN 'A reporting window has no period exactly before it.'
             WHEN before_provenance = 'illustrative' AND provenance = 'reported'
                 THEN 'The value for ' || before_label || ' is illustrative.'
             WHEN change IS NULL AND place_before IS NULL
                 THEN 'No value under the same definition is held for ' || before_label || '.' END,
        CASE WHEN england IS NULL AND area_type NOT IN ('National', 'Statistical neighbours')
                 THEN 'No value for England for ' || label || ' is held.' END,
        CASE WHEN area_type = 'Local authority' AND neighbours IS NULL
                 THEN CASE WHEN neighbours_list IS NULL
                          THEN 'No list of statistical neighbours is held that was valid at the end of ' || label || '.'
                          ELSE 'None of the statistical neighbours has a value for ' || label || '.' END END,
        CASE WHEN area_type = 'Local authority' AND region IS NULL
                 THEN 'No value for the region for ' || label || ' is held.' END,
        CASE WHEN area_type = 'Local authority' AND coalesce(core_cities_n, 0) = 0
                 THEN CASE WHEN core_cities_list IS NULL
                          THEN 'No list of core cities is held that was valid at the end of ' || label || '.'
                          ELSE 'None of the core cities has a value for ' || label || '.' END END
    ], reason -> reason IS NOT NULL), ' '), '')
FROM judged
ORDER BY indicator_id, area_code, breakdown
"""
