"""The gate: what must hold of a candidate before it is published. Each is a statement that finds what breaks it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb

from warehouse.contract import MART
from warehouse.files import attached

SHOWN_ROWS = 5


@dataclass(frozen=True)
class Expectation:
    """One thing that must hold; `sql` returns the rows that break it."""

    says: str
    severity: Literal["critical", "warning"]
    sql: str


@dataclass(frozen=True)
class Broken:
    """An expectation that does not hold, how many rows break it, and some of them. A check that could not run is
    broken too."""

    says: str
    severity: Literal["critical", "warning"]
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """What the gate found; it lets a candidate pass unless something critical is broken."""

    broken: tuple[Broken, ...]

    @property
    def passed(self) -> bool:
        return not any(one.severity == "critical" for one in self.broken)

    @property
    def reasons(self) -> list[str]:
        return [f"{b.says}: {b.count} row(s), such as {', '.join(b.examples[:2])}" for b in self.broken]


_KEY_SQL = "indicator_id, definition_version, area_code, time_identifier, time_period, breakdown"

EXPECTATIONS: tuple[Expectation, ...] = (
    Expectation(
        "no two rows of observations share a key",
        "critical",
        f"SELECT {_KEY_SQL} FROM candidate.mart.observations GROUP BY ALL HAVING count(*) > 1",
    ),
    Expectation(
        "no two rows of latest share a key",
        "critical",
        "SELECT indicator_id, area_code, breakdown FROM candidate.mart.latest GROUP BY ALL HAVING count(*) > 1",
    ),
    Expectation(
        "every row of latest is a row of observations",
        "critical",
        f"SELECT {_KEY_SQL} FROM candidate.mart.latest EXCEPT SELECT {_KEY_SQL} FROM candidate.mart.observations",
    ),
    Expectation(
        "every observation names its area, period, file, sheet and cell",
        "critical",
        f"""SELECT {_KEY_SQL} FROM candidate.mart.observations
            WHERE area_name IS NULL OR indicator IS NULL OR period_start IS NULL OR source_file IS NULL
               OR sheet IS NULL OR cell IS NULL OR digest IS NULL OR submission IS NULL
               OR (period_end IS NULL AND time_identifier <> 'Reporting window') OR period_end < period_start""",
    ),
    Expectation(
        "a share lies between 0 and 100 unless its indicator states a change",
        "critical",
        f"""SELECT {_KEY_SQL}, value FROM candidate.mart.observations
            WHERE unit = '%' AND numerator IS NOT NULL AND value NOT BETWEEN 0 AND 100""",
    ),
    Expectation(
        "no numerator of a share is above its denominator",
        "critical",
        f"""SELECT {_KEY_SQL}, numerator, denominator FROM candidate.mart.observations
            WHERE unit = '%' AND numerator > denominator""",
    ),
    Expectation(
        "a confidential row shows no value",
        "critical",
        f"""SELECT {_KEY_SQL} FROM candidate.mart.observations
            WHERE conf_status = 'c' AND (value IS NOT NULL OR numerator IS NOT NULL)""",
    ),
    Expectation(
        "a row without a value says why",
        "warning",
        f"""SELECT {_KEY_SQL} FROM candidate.mart.observations
            WHERE value IS NULL AND value_text IS NULL AND value_low IS NULL AND obs_status IS NULL
              AND conf_status IS NULL""",
    ),
    Expectation(
        "no illustrative value stands beside a reported one",
        "critical",
        f"""SELECT {_KEY_SQL} FROM candidate.mart.latest AS l
            WHERE l.provenance = 'reported' AND l.england_value IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM candidate.mart.observations AS e
                WHERE e.area_code = 'E92000001' AND e.provenance = 'reported' AND e.value = l.england_value
                  AND e.indicator_id = l.indicator_id AND e.time_period = l.time_period
                  AND e.time_identifier = l.time_identifier AND e.breakdown = l.breakdown
                  AND e.definition_version = l.definition_version)""",
    ),
    Expectation(
        "coverage answers for all 199 national indicators, each once",
        "critical",
        """SELECT count(*), count(DISTINCT ni) FROM candidate.mart.coverage
           HAVING count(*) <> 199 OR count(DISTINCT ni) <> 199""",
    ),
    Expectation(
        "there is exactly one row of publication",
        "critical",
        "SELECT count(*) FROM candidate.mart.publication HAVING count(*) <> 1",
    ),
)

AGAINST_LIVE: tuple[Expectation, ...] = (
    Expectation(
        "no published value disappears without a revision",
        "critical",
        f"""SELECT {_KEY_SQL} FROM live.mart.observations
            EXCEPT (SELECT {_KEY_SQL} FROM candidate.mart.observations
                    UNION SELECT {_KEY_SQL} FROM candidate.mart.revisions)""",
    ),
    Expectation(
        "no revision is forgotten",
        "critical",
        f"""SELECT {_KEY_SQL}, changed_at FROM live.mart.revisions
            EXCEPT SELECT {_KEY_SQL}, changed_at FROM candidate.mart.revisions""",
    ),
    Expectation(
        "the number of values has not fallen by half",
        "critical",
        """SELECT (SELECT count(*) FROM candidate.mart.observations), (SELECT count(*) FROM live.mart.observations)
           WHERE 2 * (SELECT count(*) FROM candidate.mart.observations) <
                 (SELECT count(*) FROM live.mart.observations)""",
    ),
)


def gate(candidate: Path, live: Path | None) -> Verdict:
    """Judge a candidate, and against the live file where there is one. Opens both read-only and changes nothing."""
    with attached(candidate=candidate, live=live) as con:
        expectations = (*EXPECTATIONS, *(AGAINST_LIVE if live else ()))
        broken = [found for one in expectations if (found := _try(con, one))]
        broken += _shape(con)
    return Verdict(tuple(broken))


def _try(con: duckdb.DuckDBPyConnection, one: Expectation) -> Broken | None:
    try:
        rows = con.execute(one.sql).fetchall()
    except duckdb.Error as error:
        return Broken(f"{one.says} (the check could not run)", "critical", 0, (str(error).splitlines()[0],))
    if not rows:
        return None
    examples = tuple(" / ".join(str(v) for v in row) for row in rows[:SHOWN_ROWS])
    return Broken(one.says, one.severity, len(rows), examples)


def _shape(con: duckdb.DuckDBPyConnection) -> list[Broken]:
    """The candidate holds the contract's tables and nothing else, column by column, every one with its comment."""
    wanted = {(t.name, c.name, c.type, c.comment) for t in MART for c in t.columns}
    held = set(
        con.execute(
            "SELECT table_name, column_name, data_type, comment FROM duckdb_columns() WHERE database_name = 'candidate'"
            " AND NOT internal AND schema_name = 'mart'"
        ).fetchall()
    )
    others = con.execute(
        "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE database_name = 'candidate'"
        " AND schema_name <> 'mart'"
    ).fetchall()
    odd = sorted(f"{table}.{column}" for table, column, *_ in wanted ^ held) + [row[0] for row in others]
    if not odd:
        return []
    return [Broken("the tables and columns are those of the contract", "critical", len(odd), tuple(odd[:SHOWN_ROWS]))]
