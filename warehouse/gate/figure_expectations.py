"""What must hold of single figures: within bounds, shares that are their counts, parts that make their total."""

from __future__ import annotations

from local_indicators.schemas.observations import ROUNDING_BASES
from local_indicators.warehouse.gate.expectation import OF_KEY, Expectation

_SAME = "indicator_id, definition_version, area_code, time_identifier, time_period"
_WITH_PARTS = f"""
WITH totals AS (
    SELECT {_SAME}, value AS total, b.unit, i.* EXCLUDE (indicator_id)
    FROM (SELECT * FROM {{{{batch}}}}) AS b JOIN ref_indicator AS i USING (indicator_id)
    WHERE breakdown = 'Total' AND value IS NOT NULL
), divided AS (
    SELECT t.*, p.dimension, o.value AS parts
    FROM totals AS t JOIN ref_part AS p USING (indicator_id)
    LEFT JOIN observations AS o USING ({_SAME}, breakdown)
    WHERE {{where}}
)
SELECT {_SAME}, dimension, any_value(total) AS total, {{found}}
FROM divided GROUP BY {_SAME}, dimension
HAVING count(parts) = count(*) AND {{broken}}"""
"""Totals beside the parts of a dimension, where all of its parts are shown."""
# The check knows what a return declares to be rounded, and to what; here that is guessed from the counts, so that what
# it lets through is never refused here. 0 is a multiple of every base.
_BASES = tuple(
    f"CASE WHEN {count} = 0 THEN {max(ROUNDING_BASES)}.0 "
    + " ".join(f"WHEN {count} % {base} = 0 THEN {base}.0" for base in ROUNDING_BASES)
    + " ELSE 0 END"
    for count in ("numerator", "denominator", "parts")
)
_LEAST = f"per * (numerator - {_BASES[0]} / 2) / (denominator + {_BASES[1]} / 2)"
_MOST = f"per * (numerator + {_BASES[0]} / 2) / (denominator - {_BASES[1]} / 2)"
_BASE_OF_PARTS = f"""CASE WHEN bool_and(parts = 0) THEN {max(ROUNDING_BASES)}
                          ELSE coalesce(max({_BASES[2]}) FILTER (parts <> 0), 0) END"""
FIGURES: tuple[Expectation, ...] = (
    Expectation(
        "figure.in-bounds",
        "every value lies within what its indicator can be",
        "observations",
        rows=f"""SELECT {OF_KEY}, value FROM {{batch}} JOIN ref_indicator USING (indicator_id)
                 WHERE value NOT BETWEEN lowest AND highest
                    OR value_low NOT BETWEEN lowest AND highest OR value_high NOT BETWEEN lowest AND highest""",
    ),
    Expectation(
        "figure.number",
        "no value is infinite or not a number",
        "observations",
        rows=f"""SELECT {OF_KEY}, value FROM {{batch}}
                 WHERE isnan(value) OR isinf(value) OR isnan(numerator) OR isnan(denominator)""",
    ),
    Expectation(
        "figure.period",
        "no period ends before it begins, and only a reporting window is open",
        "observations",
        rows=f"""SELECT {OF_KEY}, period_start, period_end FROM {{batch}}
                 WHERE period_end < period_start OR (period_end IS NULL AND time_identifier <> 'Reporting window')""",
    ),
    Expectation(
        "figure.range",
        "no range has its ends the wrong way round",
        "observations",
        rows=f"SELECT {OF_KEY}, value_low, value_high FROM {{batch}} WHERE value_low > value_high",
    ),
    Expectation(
        "figure.numerator",
        "no numerator of a share is above its denominator",
        "observations",
        rows=f"""SELECT {OF_KEY}, numerator, denominator FROM {{batch}} JOIN ref_indicator USING (indicator_id)
                 WHERE unit = '%' AND highest <= 100
                   AND numerator > denominator + greatest({_BASES[0]}, {_BASES[1]})""",
    ),
    Expectation(
        "figure.quotient",
        "a share or rate is what its numerator and denominator give",
        "observations",
        rows=f"""SELECT {OF_KEY}, value, numerator, denominator FROM {{batch}} JOIN ref_indicator USING (indicator_id)
                 WHERE per IS NOT NULL AND round_base = 0 AND numerator IS NOT NULL AND denominator > 0
                   AND denominator > {_BASES[1]}
                   AND value NOT BETWEEN {_LEAST} - 0.5 - 1e-9 AND {_MOST} + 0.5 + 1e-9""",
        waived_by=("value.off-by-rounding",),
    ),
    Expectation(
        "figure.parts",
        "the parts of an additive indicator make its total",
        "observations",
        rows=_WITH_PARTS.format(
            found="sum(parts) AS parts",
            where="t.additive AND t.round_base = 0 AND t.lowest >= 0",
            broken="abs(sum(parts) - any_value(total)) > 0.5 + 1e-9"
            f" + greatest({_BASE_OF_PARTS} / 2, any_value(half_unit)) * (count(*) + 1)",
        ),
        waived_by=("total.off-by-rounding",),
    ),
    Expectation(
        "figure.between-parts",
        "a share of all lies between the shares of its parts, as free school meals and the rest",
        "observations",
        rows=_WITH_PARTS.format(
            found="min(parts) AS least, max(parts) AS most",
            where="t.unit = '%' AND t.lowest = 0",
            broken="any_value(total) NOT BETWEEN min(parts) - 1 - 1e-9 AND max(parts) + 1 + 1e-9",
        ),
        waived_by=("total.outside-parts",),
    ),
    Expectation(
        "figure.reason",
        "a row without a value says why",
        "observations",
        "warning",
        rows=f"""SELECT {OF_KEY} FROM {{batch}}
                 WHERE value IS NULL AND value_text IS NULL AND value_low IS NULL AND numerator IS NULL
                   AND obs_status IS NULL AND conf_status IS NULL""",
    ),
)
