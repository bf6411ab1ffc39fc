"""Where the checks write down what they find, so that no cell is named by two findings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from local_indicators.common.cell_references import address_of_position
from local_indicators.schemas.findings import Finding, make_finding
from local_indicators.schemas.observations import MEASURES, Waiver
from local_indicators.schemas.reference.periods import read_period

Place = tuple[str, int]
"""A cell: its sheet and its position there (see schemas.findings.cell_position)."""


@dataclass
class FindingCollector:
    """The findings of each table of a batch, by its number, what is seen in cells that show something else than their
    number, how periods were typed, and the cells that errors among the findings name."""

    found: list[list[Finding]]
    seen: Sequence[Mapping[Place, object]] = ()
    typed: Sequence[Mapping[tuple[str, str], str]] = ()
    named: set[tuple[int, Place]] = field(default_factory=set)

    def free(self, number: int, places: Iterable[Place]) -> bool:
        """Whether no error of a table names any of these cells yet."""
        return not any((number, place) in self.named for place in places)

    def period(self, number: int, identifier: str | None, code: str | None) -> str:
        """A period as it was typed in a table, or as people write it; a question mark where it could not be read."""
        if identifier is None or code is None:
            return "?"
        period = read_period(code, identifier)
        typed = self.typed[number].get((identifier, code)) if self.typed else None
        return typed or (period.label if period else code)

    def add(
        self,
        number: int,
        rule: str,
        places: Sequence[Place],
        *,
        field: str,
        found: object,
        expected: str,
        as_seen: bool = True,
        waiver: Waiver | None = None,
    ) -> None:
        """Note a finding of a table; the first place is where to look first. One that is waived becomes a warning that
        says so, and takes no cell away from another rule."""
        home = places[0][0] if places else None
        if as_seen and field in MEASURES and places and self.seen and places[0] in self.seen[number]:
            found = self.seen[number][places[0]]
        one = make_finding(
            rule,
            sheet=home,
            cells=list(dict.fromkeys(address_within_sheet(place, home) for place in places)),
            field=field,
            found=found,
            expected=expected,
        )
        if waiver is not None:
            one = replace(one, severity="warning", fix=waiver.says)
        elif one.is_error:
            self.named.update((number, place) for place in places)
        self.found[number].append(one)


def address_within_sheet(place: Place, home: str | None) -> str:
    """A cell in A1, with its sheet where that is not the finding's own."""
    sheet, position = place
    if sheet == home:
        return address_of_position(position)
    return "'" + sheet.replace("'", "''") + f"'!{address_of_position(position)}"
