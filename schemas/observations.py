"""The tidy table: one observation a row, in which every value knows the cell it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from local_indicators.common.json_records import Instant

MEASURES = ("value", "value_low", "value_high", "value_text", "numerator", "denominator")
"""What a row can say of its key. All but `value_text` are numbers, in the indicator's unit (shares as 0 to 100)."""
KEY = ("indicator_id", "definition_version", "area_code", "time_identifier", "time_period", "breakdown")
KEY_CELLS = ("at_indicator", "at_area", "at_period", "at_breakdown")
ROUNDING_BASES = (1000, 100, 50, 20, 10, 5, 3)
"""What counts are published rounded to."""
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
    **{f"base_{name}": pl.Float64() for name in ("value", "numerator", "denominator")},
    "keyed": pl.Boolean(),
    "faulty": pl.Boolean(),
}
"""Columns of a tidy table. `at_…` are positions (see schemas.findings.cell_position) on `sheet`, NULL where the layout
itself says it. `base_…` are what counts are declared to be rounded to, NULL where they are exact. `keyed`: indicator,
area, period and breakdown are all known. `faulty`: a cell of this row is already in a finding. `obs_status` and
`conf_status` are the harmonised shorthand (p provisional, x not available, c confidential ...), NULL where nothing is
to be said."""


@dataclass(frozen=True)
class RequiredRows:
    """Rows that a return must hold: for each period that it gives of these indicators, each of them for each of these
    areas and breakdowns. An empty tuple stands for whatever the return itself holds."""

    indicators: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    breakdowns: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class TidyTable:
    """What one return says for one collection, before or after checking. `speaks_of` are the indicators that each sheet
    can be about, `whole` is False where a fault of its shape kept rows from being read, and `requires` are the rows
    that must be there. `seen` are cells, as sheet and position, that show something else than the number they hold:
    as a string, each says what a person sees. `typed` is how each period, by identifier and code, was typed first, and
    `blank` the cells, as sheet and address, that hold nothing now and held figures of this return before. `broken` are
    the sheets of which a fault of the shape kept rows from being read, "" where no sheet can be named, and `thinned`
    those of which a warning says that something was left out."""

    partner: str
    collection: str
    frame: pl.DataFrame
    speaks_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    whole: bool = True
    requires: tuple[RequiredRows, ...] = ()
    seen: Mapping[tuple[str, int], object] = field(default_factory=dict)
    typed: Mapping[tuple[str, str], str] = field(default_factory=dict)
    blank: frozenset[tuple[str, str]] = frozenset()
    broken: frozenset[str] = frozenset()
    thinned: frozenset[str] = frozenset()

    @property
    def rows(self) -> int:
        """The number of observations."""
        return self.frame.height


def empty_table() -> pl.DataFrame:
    """A tidy table without rows."""
    return pl.DataFrame(schema=TIDY)


Value = float | str | None


@dataclass(frozen=True)
class Waiver:
    """One value (that of the measure `field`) of one key (in the order of KEY) let through one waivable rule, up to and
    with a day."""

    collection: str
    key: tuple[str, ...]
    rule: str
    field: str
    value: Value
    reason: str
    approved_by: str
    until: date

    def lets_through(
        self, collection: str, key: tuple[str, ...], rule: str, field: str, value: Value, today: date
    ) -> bool:
        """Whether this waiver is for exactly that, and still holds."""
        same = (self.collection, self.key, self.rule, self.field, self.value) == (collection, key, rule, field, value)
        return same and today <= self.until

    @property
    def says(self) -> str:
        """What the owner need do, as a sentence."""
        return f"Nothing: let through until {self.until:%-d %B %Y} by {self.approved_by}, because: {self.reason}"


@dataclass(frozen=True)
class CurrentFile:
    """The file whose figures are held for a period of a return: where it lay, its digest, and when it was last changed;
    `own` where it says that itself."""

    collection: str
    period: str
    path: str
    digest: str
    at: Instant | None
    own: bool


@dataclass(frozen=True, eq=False)
class CheckContext:
    """What a check may know beyond the table itself, and so what a finding may tell its owner.

    Without `accepted` (the current keys, values and cells of each collection as KEY, PAYLOAD and `collection`,
    `partner`, `source_file`, `sheet`, `cell`) history is not judged. It holds what `partner`, the owner of the
    collection, sent; of what another sent for it only what readers see, with `source_file` NULL. `published` is what
    readers see of every key, as KEY, `value`, `value_text`, `collection` and `tolerance`: how far from it another value
    may lie without being another figure. What is hidden or awaits publication is in neither. `files` are
    those that the accepted figures came in."""

    today: date
    accepted: pl.DataFrame | None = None
    published: pl.DataFrame | None = None
    waivers: tuple[Waiver, ...] = ()
    files: tuple[CurrentFile, ...] = ()

    @property
    def not_checked(self) -> tuple[str, ...]:
        """The checks that cannot be made for lack of what was accepted before."""
        return ("history",) if self.accepted is None else ()
