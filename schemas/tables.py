"""The tidy table: one observation a row, in which every value knows the cell it came from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

MEASURES = ("value", "value_low", "value_high", "value_text", "numerator", "denominator")
"""What a row can say of its key. All but `value_text` are numbers, in the indicator's unit (shares as 0 to 100)."""
KEY = ("indicator_id", "definition_version", "area_code", "time_identifier", "time_period", "breakdown")
KEY_CELLS = ("at_indicator", "at_area", "at_period", "at_breakdown")
PAYLOAD = (*MEASURES, "obs_status", "conf_status", "provenance")

TIDY: dict[str, pl.DataType] = {
    "indicator_id": pl.String(),
    "definition_version": pl.String(),
    "area_code": pl.String(),
    "time_identifier": pl.String(),
    "time_period": pl.String(),
    "breakdown": pl.String(),
    "period_start": pl.Date(),
    "period_end": pl.Date(),
    "value": pl.Float64(),
    "value_low": pl.Float64(),
    "value_high": pl.Float64(),
    "value_text": pl.String(),
    "numerator": pl.Float64(),
    "denominator": pl.Float64(),
    "obs_status": pl.String(),
    "conf_status": pl.String(),
    "provenance": pl.String(),
    "sheet": pl.String(),
    **{f"at_{name}": pl.Int64() for name in ("indicator", "area", "period", "breakdown", *MEASURES)},
    "keyed": pl.Boolean(),
    "faulty": pl.Boolean(),
}
"""Columns of a tidy table. `at_…` are positions (see schemas.findings.at) on `sheet`, NULL where the layout itself says
it. `keyed`: indicator, area, period and breakdown are all known. `faulty`: a cell of this row is already in a finding.
`obs_status` and `conf_status` are the harmonised shorthand (p provisional, x not available, c confidential ...), NULL
where nothing is to be said."""


@dataclass(frozen=True, eq=False)
class Table:
    """What one return says for one collection, before or after checking."""

    partner: str
    collection: str
    frame: pl.DataFrame

    @property
    def rows(self) -> int:
        return self.frame.height


def empty() -> pl.DataFrame:
    """A tidy table without rows."""
    return pl.DataFrame(schema=TIDY)


@dataclass(frozen=True)
class Waiver:
    """One value let through one waivable rule, until a day."""

    collection: str
    key: tuple[str, ...]
    rule: str
    value: float | None
    reason: str
    approved_by: str
    until: date


@dataclass(frozen=True, eq=False)
class Context:
    """What a check may know beyond the table itself. Without `accepted` (the collection's current keys, values and
    cells as KEY, PAYLOAD and `collection`, `source_file`, `sheet`, `cell`) history is not judged."""

    today: date
    accepted: pl.DataFrame | None = None
    authority: pl.DataFrame | None = None
    waivers: tuple[Waiver, ...] = ()

    @property
    def not_checked(self) -> tuple[str, ...]:
        return ("history",) if self.accepted is None else ()
