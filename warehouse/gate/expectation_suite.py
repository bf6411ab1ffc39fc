"""What must hold of a candidate before it is published, as data: the suite that the gate gives to Great Expectations.

A `critical` expectation that does not hold refuses the publication, a `warning` is told with it. Of the critical ones
those that are `final` can never be approved: a file of another shape, a key twice, a figure that must not be shown.
"""

from __future__ import annotations

from collections.abc import Iterator

from local_indicators.schemas.observations import KEY
from local_indicators.schemas.reference.geography import UNLISTED
from local_indicators.schemas.return_calendar import SET_ASIDE
from local_indicators.warehouse.gate.disclosure_expectations import DISCLOSURE
from local_indicators.warehouse.gate.expectation import OF_KEY, Expectation
from local_indicators.warehouse.gate.figure_expectations import FIGURES
from local_indicators.warehouse.mart.mart_tables import MART, MartTable


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
        "count.coverage",
        "coverage answers once for every measure of the national sets that are switched on",
        "coverage",
        rows="""SELECT ni FROM ref_measure EXCEPT ALL SELECT ni FROM {batch}
                UNION ALL (SELECT ni FROM {batch} EXCEPT ALL SELECT ni FROM ref_measure)""",
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
