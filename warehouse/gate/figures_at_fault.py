"""Which figures an expectation of the gate is broken by, so that the returns that gave them can be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from local_indicators.schemas.observations import KEY
from local_indicators.warehouse.gate.expectation import Expectation

_OF_KEY = ", ".join(KEY)
_SAID = ("value", "value_low", "value_high", "value_text", "numerator", "denominator", "period_start", "period_end")


@dataclass(frozen=True)
class Figure:
    """A figure that takes part in a breach: its key and, where the candidate holds it, its cell. `is_new`: it is not
    what is published already."""

    key: tuple[str, ...]
    submission: str | None
    sheet: str | None
    cell: str | None
    is_new: bool


@dataclass(frozen=True)
class Breach:
    """The figures that break an expectation together."""

    figures: tuple[Figure, ...]

    @property
    def is_new(self) -> bool:
        """Whether anything of it is not published already."""
        return any(figure.is_new for figure in self.figures)


def find_breaches(cursor: Any, expectation: Expectation, *, against_live: bool) -> list[Breach]:
    """Every breach of an expectation about figures, but for those that a waiver in force lets through.

    `cursor` is of the database that the gate judges in. Rows of an expectation name what they are about by columns of
    the key, and by the dimension whose parts they speak of.
    """
    broken = expectation.rows.format(batch=expectation.table)
    cursor.execute(f"SELECT * FROM ({broken}) LIMIT 0")
    columns = {column[0] for column in cursor.description}
    same = [f"i.{name} = b.{name}" for name in KEY if name in columns]
    if "dimension" in columns:
        same.append(
            """(i.breakdown = 'Total' OR EXISTS (SELECT 1 FROM ref_part AS p WHERE p.indicator_id = i.indicator_id
                AND p.dimension = b.dimension AND p.breakdown = i.breakdown))"""
        )
    same.append("i.is_new" if expectation.table.startswith("live_") else "i.cell IS NOT NULL")
    rules = ", ".join(f"'{rule}'" for rule in expectation.waived_by) or "NULL"
    cursor.execute(
        f"""
        WITH broken AS (SELECT row_number() OVER () AS n, * FROM ({broken})), involved AS ({_involved(against_live)})
        SELECT b.n, {", ".join(f"i.{name}" for name in KEY)}, i.submission, i.sheet, i.cell, i.is_new,
               EXISTS (SELECT 1 FROM waivers AS w WHERE w.status = 'active' AND w.rule IN ({rules})
                       AND {" AND ".join(f"w.{name} = i.{name}" for name in KEY)}) AS is_waived
        FROM broken AS b JOIN involved AS i ON {" AND ".join(same)}
        ORDER BY ALL
        """
    )
    found: dict[int, list[Figure]] = {}
    waived: set[int] = set()
    for number, *rest in cursor.fetchall():
        key, (submission, sheet, cell, is_new, is_waived) = tuple(rest[: len(KEY)]), rest[len(KEY) :]
        found.setdefault(number, []).append(Figure(key, submission, sheet, cell, is_new))
        waived |= {number} if is_waived else set()
    return [Breach(tuple(figures)) for number, figures in found.items() if number not in waived]


def _involved(against_live: bool) -> str:
    """SQL for every figure of the candidate and of the live file, with whether the two differ."""
    if not against_live:
        return f"SELECT {_OF_KEY}, submission, sheet, cell, true AS is_new FROM observations"
    said = [f"({', '.join(f'{table}.{name}' for name in _SAID)})" for table in ("o", "v")]
    return f"""
        SELECT {_OF_KEY}, o.submission, o.sheet, o.cell,
               o.cell IS NULL OR v.cell IS NULL OR {said[0]} IS DISTINCT FROM {said[1]} AS is_new
        FROM observations AS o FULL JOIN live_observations AS v USING ({_OF_KEY})"""
