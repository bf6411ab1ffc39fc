"""One thing that must hold of a table, and how strict the gate is about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from local_indicators.schemas.observations import KEY

Severity = Literal["critical", "warning"]
OF_KEY = ", ".join(KEY)


@dataclass(frozen=True)
class Expectation:
    """One thing that must hold of a table: `rows` is a statement that finds what breaks it, in which {batch} is that
    table; else `unique` columns, `filled` columns, exactly these `columns`, or so many rows as `count`.

    Tables are the candidate's under their own names, the live file's as live_observations and so on, and the
    definitions as ref_indicator, ref_area, ref_measure and ref_part; ref_today holds the day. `waived_by` are the rules
    of the check whose waiver lets a row through here too."""

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
