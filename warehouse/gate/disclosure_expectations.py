"""What must hold of a candidate so that it gives nobody away."""

from __future__ import annotations

from local_indicators.schemas.reference.geography import ENGLAND
from local_indicators.warehouse.gate.expectation import OF_KEY, Expectation

DISCLOSURE: tuple[Expectation, ...] = (
    Expectation(
        "disclosure.confidential",
        "a confidential row shows nothing: no value, end of a range, words, numerator or denominator",
        "observations",
        final=True,
        rows=f"""SELECT {OF_KEY} FROM {{batch}}
                 WHERE conf_status = 'c' AND coalesce(value, value_low, value_high, numerator, denominator) IS NOT NULL
                    OR conf_status = 'c' AND value_text IS NOT NULL""",
    ),
    Expectation(
        "disclosure.range",
        "no range of a count ends below what its policy allows, and none of a share of a shown base stands for so few",
        "observations",
        final=True,
        rows=f"""SELECT {OF_KEY} FROM {{batch}} JOIN ref_indicator USING (indicator_id)
                 WHERE value IS NULL AND numerator IS NULL AND primary_min > 0 AND (
                    (is_count AND value_high > 0 AND value_high < primary_min)
                    OR (per IS NOT NULL AND value_high > 0 AND denominator > 0
                        AND floor(value_high * denominator / per + 1e-9) BETWEEN 1 AND primary_min - 1))""",
    ),
    Expectation(
        "disclosure.words",
        "no words of a count say a number smaller than its policy allows",
        "observations",
        final=True,
        rows=f"""SELECT {OF_KEY} FROM {{batch}} JOIN ref_indicator USING (indicator_id)
                 WHERE is_count AND primary_min > 2 AND regexp_full_match(lower(trim(value_text)),
                    '(one|two|[1-9]|<[1-9]|fewer than [1-9])( (child|children|pupils?|people))?')
                   AND coalesce(TRY_CAST(regexp_extract(value_text, '[0-9]+') AS INTEGER), 1) < primary_min""",
    ),
    Expectation(
        "disclosure.base",
        "no printed share of a base that another indicator shows for the same people stands for few of them",
        "observations",
        "warning",
        rows="""SELECT b.* FROM (SELECT * FROM {batch}) AS b JOIN ref_indicator AS i USING (indicator_id)
                 JOIN (SELECT r.population, o.area_code, o.time_identifier, o.time_period, o.breakdown,
                              min(o.denominator) AS base
                       FROM observations AS o JOIN ref_indicator AS r USING (indicator_id)
                       WHERE o.denominator > 0 AND r.population <> '' GROUP BY ALL) AS s
                   ON s.population = i.population AND s.area_code = b.area_code AND s.breakdown = b.breakdown
                  AND s.time_identifier = b.time_identifier AND s.time_period = b.time_period
                 WHERE i.secondary AND i.per IS NOT NULL AND b.numerator IS NULL AND b.value > 0
                   AND round(b.value * s.base / i.per) BETWEEN 1 AND i.primary_min - 1""",
    ),
    Expectation(
        "disclosure.small",
        "no count smaller than its policy allows is shown",
        "observations",
        final=True,
        rows=f"""SELECT {OF_KEY} FROM {{batch}} JOIN ref_indicator USING (indicator_id)
                 WHERE (is_count AND value > 0 AND value < primary_min)
                    OR (numerator > 0 AND numerator < primary_min)
                    OR (is_count AND value = 0 AND NOT zero_ok)
                    OR (denominator > 0 AND denominator < min_denominator)
                    OR (per = 100 AND denominator - numerator > 0 AND denominator - numerator < primary_min)""",
    ),
    Expectation(
        "disclosure.placed",
        "every area that figures of people are given for is placed in another by areas.csv, or they are hidden",
        "observations",
        "warning",
        rows="""SELECT b.indicator_id, b.area_type, count(*) AS figures, min(b.area_code) AS one_of_them
                FROM (SELECT * FROM {batch}) AS b JOIN ref_indicator USING (indicator_id)
                LEFT JOIN ref_area USING (area_code)
                WHERE ref_area.name IS NULL AND b.conf_status = 'c' AND primary_min > 0 GROUP BY ALL""",
    ),
    Expectation(
        "disclosure.latest",
        "latest shows no value that observations hides",
        "latest",
        final=True,
        rows=f"""SELECT {OF_KEY} FROM (SELECT * FROM {{batch}}) AS l JOIN observations AS o USING ({OF_KEY})
                 WHERE (o.value IS NULL AND l.value IS NOT NULL) OR (o.numerator IS NULL AND l.numerator IS NOT NULL)
                    OR (l.change IS NOT NULL AND l.previous_value IS NULL)
                    OR (l.england_gap IS NOT NULL AND l.england_value IS NULL)""",
    ),
    Expectation(
        "disclosure.illustrative",
        "no illustrative value stands beside a reported one",
        "latest",
        final=True,
        rows=f"""SELECT l.indicator_id, l.area_code, l.breakdown, l.england_value FROM (SELECT * FROM {{batch}}) AS l
                 WHERE l.provenance = 'reported' AND l.england_value IS NOT NULL AND NOT EXISTS (
                     SELECT 1 FROM observations AS e
                     WHERE e.area_code = '{ENGLAND}' AND e.provenance = 'reported' AND e.value = l.england_value
                       AND e.indicator_id = l.indicator_id AND e.time_period = l.time_period
                       AND e.time_identifier = l.time_identifier AND e.breakdown = l.breakdown
                       AND e.definition_version = l.definition_version)""",
    ),
    Expectation(
        "disclosure.ranked",
        "no illustrative value has a rank or a test of significance",
        "latest",
        final=True,
        rows="""SELECT indicator_id, area_code, breakdown FROM {batch}
                WHERE provenance = 'illustrative' AND (rank IS NOT NULL OR quartile IS NOT NULL
                   OR england_significance <> 'not tested' OR change_significance <> 'not tested')""",
    ),
)
