"""What must hold of a candidate before it is published, as data: the suite that the gate gives to Great Expectations.

A `critical` expectation that does not hold refuses the publication, a `warning` is told with it. Of the critical ones
those that are `final` can never be approved: a file of another shape, a key twice, a figure that must not be shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from schemas.observations import KEY, ROUNDING_BASES
from schemas.reference.geography import ENGLAND, UNLISTED
from schemas.return_calendar import SET_ASIDE
from warehouse.mart.mart_tables import MART, MartTable

Severity = Literal["critical", "warning"]
OF_KEY = ", ".join(KEY)


@dataclass(frozen=True)
class Expectation:
    """One thing that must hold of a table: `rows` is a statement that finds what breaks it, in which {batch} is that
    table; else `unique` columns, `filled` columns, exactly these `columns`, or so many rows as `count`.

    Tables are the candidate's under their own names, the live file's as live_observations and so on, and the
    definitions as ref_indicator, ref_area and ref_part; ref_today holds the day. `waived_by` are the rules of the check
    whose waiver lets a row through here too."""

    id: str
    says: str
    table: str
    severity: Severity = "critical"
    final: bool = False
    rows: str = ""
    unique: tuple[str, ...] = ()
    filled: str = ""
    columns: tuple[str, ...] = ()
    count: int | None = None
    waived_by: tuple[str, ...] = ()

    @property
    def of_figures(self) -> bool:
        """Whether a return can be at fault, and not the file: then the return is set aside and the file published."""
        return self.id.startswith("figure.") or self.id in ("live.rows", "live.drift")


def expectation_suite(*, against_live: bool) -> list[Expectation]:
    """Every expectation of a candidate; those that compare it with what is published only where something is."""
    alone = [*_shape(), *_keys(), *FIGURES, *DISCLOSURE, *REFERENCES, *COMPLETENESS]
    return [*alone, *AGAINST_LIVE] if against_live else alone


def _shape() -> Iterator[Expectation]:
    for table in MART:
        columns = tuple(c.name for c in table.columns)
        yield Expectation(
            f"shape.{table.name}", f"{table.name} has the contract's columns", table.name, final=True, columns=columns
        )
    yield Expectation(
        "shape.nothing-else",
        "the file holds the contract's tables, column by column with type and comment, and nothing else",
        "held_columns",
        final=True,
        rows="SELECT * FROM {batch} EXCEPT SELECT * FROM wanted_columns",
    )
    yield Expectation(
        "shape.nothing-missing",
        "no table, column or comment of the contract is missing",
        "wanted_columns",
        final=True,
        rows="SELECT * FROM {batch} EXCEPT SELECT * FROM held_columns",
    )
    yield Expectation("count.coverage", "coverage answers for all 199 national indicators", "coverage", count=199)
    yield Expectation("count.publication", "there is one row of publication", "publication", final=True, count=1)


def _keys() -> Iterator[Expectation]:
    for table in MART:
        if len(table.key) > 1:
            yield Expectation(
                f"key.{table.name}",
                f"no two rows of {table.name} share a key",
                table.name,
                final=True,
                rows=_twice(table),
            )
        else:
            yield Expectation(
                f"key.{table.name}",
                f"no two rows of {table.name} share a key",
                table.name,
                final=True,
                unique=table.key,
            )
    for name in ("area_name", "indicator", "period_start", "source_file", "sheet", "cell", "digest", "submission"):
        yield Expectation(f"filled.{name}", f"every observation has its {name}", "observations", filled=name)


def _twice(table: MartTable) -> str:
    """Keys that come twice; a NULL in a key is a value like any other, which compound uniqueness would pass over."""
    columns = ", ".join(table.key)
    return f"SELECT {columns}, count(*) AS times FROM {{batch}} GROUP BY ALL HAVING count(*) > 1"


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

REFERENCES: tuple[Expectation, ...] = (
    Expectation(
        "reference.indicator",
        "every observation is of an indicator that is defined, under a version of it",
        "observations",
        rows=f"""SELECT {OF_KEY} FROM (SELECT * FROM {{batch}}) AS o LEFT JOIN ref_indicator AS i USING (indicator_id)
                 WHERE i.indicator_id IS NULL OR NOT list_contains(i.versions, o.definition_version)""",
    ),
    Expectation(
        "reference.area",
        "every observation is of an area on the list, or of a kind too many to list",
        "observations",
        rows=f"""SELECT {OF_KEY} FROM {{batch}} LEFT JOIN ref_area USING (area_code)
                 WHERE ref_area.name IS NULL AND NOT regexp_full_match(area_code, '({"|".join(UNLISTED)})[0-9]+')""",
    ),
    Expectation(
        "reference.submission",
        "every observation came with a return of the register",
        "observations",
        rows=f"""SELECT {OF_KEY}, submission FROM (SELECT * FROM {{batch}}) AS o
                 WHERE (submission, digest) NOT IN (SELECT (submission, digest) FROM returns
                                                    WHERE submission IS NOT NULL AND status <> 'rejected')""",
    ),
    Expectation(
        "reference.latest",
        "every row of latest is a row of observations",
        "latest",
        rows=f"SELECT {OF_KEY} FROM {{batch}} EXCEPT SELECT {OF_KEY} FROM observations",
    ),
    Expectation(
        "reference.latest-complete",
        "every indicator, area and breakdown with an observation has its latest",
        "observations",
        rows="""SELECT o.indicator_id, o.area_code, o.breakdown
                FROM (SELECT * FROM {batch}) AS o JOIN ref_indicator AS i USING (indicator_id)
                WHERE o.time_identifier = i.measured_by AND o.definition_version = i.versions[-1]
                EXCEPT SELECT indicator_id, area_code, breakdown FROM latest""",
    ),
    Expectation(
        "reference.revision",
        "no revision is without a cause and a return that caused it",
        "revisions",
        rows=f"""SELECT {OF_KEY}, changed_at FROM (SELECT * FROM {{batch}}) AS v
                 WHERE coalesce(trim(why), '') = '' OR changed_at IS NULL
                    OR NOT EXISTS (SELECT 1 FROM returns AS r WHERE r.submission = v.submission)""",
    ),
    Expectation(
        "reference.coverage",
        "what stands for a national indicator is defined",
        "coverage",
        rows="""SELECT ni, indicator_id FROM {batch}
                WHERE indicator_id IS NOT NULL AND indicator_id NOT IN (SELECT indicator_id FROM ref_indicator)""",
    ),
)

COMPLETENESS: tuple[Expectation, ...] = (
    Expectation(
        "complete.returns",
        "the newest accepted return of each collection that is not set aside has left its figures",
        "returns",
        rows=f"""WITH newest AS (
                    SELECT partner, collection, submission FROM {{batch}}
                    WHERE submission IS NOT NULL AND status NOT IN ('rejected', '{SET_ASIDE}')
                    QUALIFY row_number() OVER (PARTITION BY collection ORDER BY submission DESC) = 1)
                SELECT * FROM newest
                WHERE collection IN (SELECT authority FROM ref_indicator WHERE authority IS NOT NULL)
                  AND submission NOT IN (SELECT submission FROM observations)
                  AND submission NOT IN (SELECT submission FROM revisions)""",
    ),
    Expectation(
        "complete.overdue",
        "every return that was due has come",
        "returns",
        "warning",
        rows="SELECT partner, collection, period, due FROM {batch} WHERE status = 'overdue'",
    ),
    Expectation(
        "complete.areas",
        "the areas of a measure's last period have a figure for its newest one",
        "observations",
        "warning",
        rows="""WITH periods AS (
                    SELECT DISTINCT indicator_id, definition_version, time_identifier, breakdown, time_period,
                           period_start
                    FROM {batch} WHERE period_end IS NOT NULL
                    QUALIFY dense_rank() OVER (PARTITION BY indicator_id, definition_version, time_identifier, breakdown
                                               ORDER BY period_start DESC) <= 2
                ), pairs AS (
                    SELECT indicator_id, definition_version, time_identifier, breakdown,
                           max(time_period) AS newest, min(time_period) AS before
                    FROM periods GROUP BY ALL HAVING count(*) = 2
                ), missing AS (
                    SELECT o.indicator_id, o.breakdown, p.newest, o.area_code, o.area_type
                    FROM observations AS o JOIN pairs AS p
                      USING (indicator_id, definition_version, time_identifier, breakdown)
                    WHERE o.time_period = p.before AND o.value IS NOT NULL AND NOT EXISTS (
                        SELECT 1 FROM observations AS n
                        WHERE n.indicator_id = o.indicator_id AND n.definition_version = o.definition_version
                          AND n.time_identifier = o.time_identifier AND n.breakdown = o.breakdown
                          AND n.area_code = o.area_code AND n.time_period = p.newest))
                SELECT indicator_id, breakdown, newest, count(*) AS areas, min(area_code) AS one_of_them
                FROM missing GROUP BY ALL HAVING count(*) >= 3""",
    ),
    Expectation(
        "complete.fresh",
        "no measure is older than twice the time between its periods and a year for them to be published",
        "latest",
        "warning",
        rows="""SELECT indicator_id, max(period_end) AS newest
                FROM {batch} JOIN ref_indicator USING (indicator_id)
                WHERE period_end IS NOT NULL AND lifecycle = 'adopted'
                GROUP BY indicator_id, days
                HAVING max(period_end) < (SELECT today FROM ref_today) - to_days((365 + 2 * days)::INTEGER)""",
    ),
)

AGAINST_LIVE: tuple[Expectation, ...] = (
    Expectation(
        "live.disappeared",
        "no published value disappears without a revision",
        "live_observations",
        rows=f"""SELECT {OF_KEY} FROM {{batch}}
                 EXCEPT (SELECT {OF_KEY} FROM observations UNION SELECT {OF_KEY} FROM revisions)""",
    ),
    Expectation(
        "live.changed",
        "no published value changes without a revision, unless it is hidden now, or was",
        "live_observations",
        rows=f"""SELECT {OF_KEY}, b.value AS was, o.value
                 FROM (SELECT * FROM {{batch}}) AS b JOIN observations AS o USING ({OF_KEY})
                 WHERE b.value <> o.value AND NOT EXISTS (
                     SELECT 1 FROM revisions AS v
                     WHERE ({", ".join(f"v.{name}" for name in KEY)}) = ({", ".join(f"o.{name}" for name in KEY)}))""",
    ),
    Expectation(
        "live.revisions",
        "no revision is forgotten",
        "live_revisions",
        rows=f"""SELECT {OF_KEY}, changed_at FROM {{batch}} EXCEPT SELECT {OF_KEY}, changed_at FROM revisions""",
    ),
    Expectation(
        "live.rows",
        "no measure has lost half of its values",
        "live_observations",
        rows="""WITH before AS (
                    SELECT indicator_id, count(value) AS held FROM {batch} GROUP BY ALL HAVING count(value) >= 10)
                SELECT indicator_id, any_value(before.held) AS was, count(o.value) AS now
                FROM before LEFT JOIN observations AS o USING (indicator_id)
                GROUP BY indicator_id HAVING 2 * count(o.value) < any_value(before.held)""",
    ),
    Expectation(
        "live.drift",
        "the values of no measure have moved together by a half, as they do when a unit or scale changes",
        "live_observations",
        rows=f"""SELECT indicator_id, time_period, count(*) AS figures, median(o.value / b.value) AS times
                 FROM (SELECT * FROM {{batch}}) AS b JOIN observations AS o USING ({OF_KEY})
                 WHERE b.value <> 0 AND o.value IS NOT NULL
                 GROUP BY indicator_id, time_period
                 HAVING count(*) >= 10 AND median(o.value / b.value) NOT BETWEEN 1 / 1.5 AND 1.5""",
    ),
)
