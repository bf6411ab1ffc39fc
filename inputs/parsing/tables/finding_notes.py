"""What is wrong with a table, noted once for each cell however many rows depend on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from local_indicators.common.cell_references import address_of_position
from local_indicators.schemas.findings import Finding, cells_of_finding, make_finding
from local_indicators.schemas.rules import RULES


@dataclass
class FindingNotes:
    """The findings of one table on one sheet. `found` and `told` are shared by every table of the return, for several
    may read one cell. `errors` counts the errors that this table has met."""

    sheet: str
    found: list[Finding]
    told: set[Any]
    errors: int = 0

    def add(
        self,
        rule: str,
        where: int | None,
        name: str,
        found: object,
        expected: str,
        cells: Sequence[str] | None = None,
        fix: str = "",
    ) -> int | None:
        """Note a finding on the cell at a position, or on several; its place in `found`, None if it stands there."""
        key = (self.sheet, rule, where, name if where is not None else f"{name} {found}")
        if key in self.told:
            return None
        self.told.add(key)
        self.errors += RULES[rule].severity == "error"
        addresses = list(cells) if cells is not None else ([address_of_position(where)] if where is not None else [])
        self.found.append(
            make_finding(rule, sheet=self.sheet, cells=addresses, field=name, found=found, expected=expected, fix=fix)
        )
        return len(self.found) - 1

    def named_on_sheet(self) -> Iterator[int]:
        """The cells of this sheet that a finding names."""
        return (place for one in self.found for sheet, place in cells_of_finding(one) if sheet == self.sheet)
