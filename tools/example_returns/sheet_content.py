"""What a sheet of an example return holds, and the sentences that say which of its figures are invented."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

Cell = str | float | date | None
Row = tuple[Cell, ...]
BOTH = "Example return. Basis: reported = printed in the year-end review of 2010/11; illustrative = invented."
ALL_REPORTED = "Example return. Every figure is as printed in the year-end review of 2010/11."
ALL_ILLUSTRATIVE = "Example return. Every figure is illustrative, that is, invented."


@dataclass(frozen=True)
class Sheet:
    """One sheet: lines above the table, one or two rows of headings, the rows of the table, notes under it.

    In two rows of headings a blank is merged with the heading to its left, or with the one above. `formats` gives the
    number format of the column under a (last) heading.
    """

    name: str
    above: Sequence[Row]
    head: Sequence[Row]
    body: Sequence[Row]
    notes: Sequence[str] = ()
    formats: Mapping[str, str] = field(default_factory=dict)
    hidden: bool = False
