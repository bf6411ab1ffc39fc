"""Every figure that is loaded against what is displayed, and every number of a sheet against what became of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local_indicators.common.cell_references import COLUMNS, address_of_position, cell_position, position_of_address
from local_indicators.flows.checking.validate_files import ValidationResult
from local_indicators.inputs.parsing.explain_cells import explain_cells
from local_indicators.inputs.parsing.tables.cell_account import KEYS
from local_indicators.inputs.readers.cells import Cells, FormattedNumber
from local_indicators.schemas.findings import Finding, cells_of_finding
from tests.fuzz.seen.partner import KINDS
from tests.fuzz.seen.sight import is_area, is_year, read_seen
from tests.fuzz.seen.workbooks import Made

MEASURES = ("value", "numerator", "denominator")
SAYS_SO = ("cell.footnote-read", "area.replaced")
"""Warnings that say what was read instead. No other warning excuses a number that is not the one seen."""
ACCOUNTED = (*KEYS.values(), "area", "period")
DUST = 1e-9


@dataclass(frozen=True)
class Difference:
    """Something that passed in silence: the file and cell, what is seen there, what was loaded, and its format."""

    file: str
    cell: str
    seen: str
    loaded: str
    code: str = ""
    tricks: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.file} {self.cell}: seen {self.seen!r}, loaded {self.loaded}, format {self.code!r}"


@dataclass
class Compared:
    """One judgement beside what is displayed. `figures` counts the loaded numbers that were held against a display."""

    made: Made
    judged: ValidationResult
    cells: Cells
    shown: Sequence[Sequence[str]]
    figures: int = 0

    def differences(self) -> Iterator[Difference]:
        """What was loaded otherwise than it is seen, or vanished, without a finding that names the cell."""
        if self.judged.table is None or self.judged.layout is None:
            return
        found = self.judged.findings
        self.named = {place for one in found for sheet, place in cells_of_finding(one) if sheet == "Figures"}
        self.excused = {
            place for one in found if _excuses(one) for sheet, place in cells_of_finding(one) if sheet == "Figures"
        }  # fmt: skip
        self.taken: set[int] = set()
        for row in self.judged.table.frame.iter_rows(named=True):
            yield from self._figures(row)
            yield from self._keys(row)
        yield from self._numbers()
        yield from self._owed(found)

    def seen_at(self, where: int) -> str:
        """What is displayed in a cell."""
        if (own := self.made.seen.get(address_of_position(where))) is not None:
            return own
        row, column = divmod(where, COLUMNS)
        return self.shown[row][column] if row < len(self.shown) and column < len(self.shown[row]) else ""

    def key_at(self, where: int) -> str:
        """What is displayed in a cell that a row belongs to; of merged cells the first speaks for all."""
        return self.seen_at(self.made.merged.get(where, where))

    def _figures(self, row: Mapping[str, Any]) -> Iterator[Difference]:
        for measure in MEASURES:
            where, loaded = row[f"at_{measure}"], row[measure]
            if where is None:
                continue
            self.taken.add(where)
            if where in self.excused or (measure == "value" and where == row["at_numerator"]):
                continue  # a share that is computed from its parts is displayed nowhere
            text = self.seen_at(where)
            self.figures += 1
            if loaded is None:  # a mark, a range, a blank: fine, unless a number is seen
                if read_seen(text) is not None:
                    yield self._difference(where, f"{measure} None {row['obs_status'] or row['conf_status'] or ''}")
            elif not self._agrees(where, text, loaded, measure):
                yield self._difference(where, f"{measure} {loaded!r}")

    def _keys(self, row: Mapping[str, Any]) -> Iterator[Difference]:
        """The area and the period of a row, as its cells show them."""
        self.taken.update(row[name] for name in ("at_area", "at_period") if row[name] is not None)
        for name, code, agrees in (("area", "area_code", is_area), ("period", "time_period", is_year)):
            where, loaded = row[f"at_{name}"], row[code]
            if where is None or loaded is None or where in self.excused:
                continue
            if not agrees(self.key_at(where), loaded):
                yield self._difference(where, f"{name} {loaded}")

    def _numbers(self) -> Iterator[Difference]:
        """Numbers, seen or held, that are neither loaded nor named nor left out by a key of the layout."""
        assert self.judged.layout is not None
        became = _became(explain_cells(self.cells, self.judged.layout, self.judged.origin.name))
        held = next(sheet for sheet in self.cells.sheets if sheet.name == "Figures")
        places_of = {
            cell_position(r, c) for r, line in enumerate(self.shown) for c, text in enumerate(line) if read_seen(text)
        }
        for number, line in enumerate(held.rows):
            for column, cell in enumerate(line):
                if isinstance(cell, (int, float, FormattedNumber)) and not isinstance(cell, bool):
                    places_of.add(cell_position(number, column))
        for place in sorted(places_of - self.taken - self.named):
            if became.get(place) not in ACCOUNTED:
                yield self._difference(place, f"nothing: {became.get(place, 'not told')}")

    def _owed(self, found: Sequence[Finding]) -> Iterator[Difference]:
        """Contradictions and withdrawn cells of the generator's own, which some finding must name if they are read."""
        for what, addresses in self.made.owed:
            wanted = {where for address in addresses if (where := position_of_address(address)) is not None}
            if not wanted & self.taken and not (self.taken and min(wanted) == 0):
                continue
            if not any(wanted <= {place for _, place in cells_of_finding(one)} for one in found):
                yield self._difference(min(wanted), f"no finding that names {' and '.join(addresses)}: {what}")

    def _difference(self, where: int, loaded: str) -> Difference:
        code = self.made.codes.get(address_of_position(where), "")
        return Difference(
            self.judged.origin.name,
            address_of_position(where),
            self.seen_at(where),
            loaded,
            code,
            frozenset(self.made.tricks),
        )

    def _agrees(self, where: int, text: str, loaded: float, measure: str) -> bool:
        """Whether a loaded number, in the decimals that are seen, is the one seen."""
        seen = read_seen(text)
        if seen is None:
            return False
        kind = KINDS[self.made.kind]
        scale = kind.scale if measure == "value" else 1.0
        if seen.percent:
            if not (kind.share and measure == "value"):
                return False
            scale = 1.0
        half = 0.0 if address_of_position(where) in self.made.texts else seen.half  # a text hides no decimals
        return abs(loaded / scale - seen.value) <= half * (1 + 1e-6) + DUST * max(1.0, abs(seen.value))


def _excuses(finding: Finding) -> bool:
    return finding.is_error or finding.rule in SAYS_SO


def _became(told: Sequence[Any]) -> dict[int, str]:
    """What became of each cell of the sheet of figures."""
    became: dict[int, str] = {}
    for part in told:
        if part.sheet == "Figures":
            for cells in part.cells:
                first, _, last = cells.partition(":")
                (top, left), (bottom, right) = _corner(first), _corner(last or first)
                for row in range(top, bottom + 1):
                    became.update((cell_position(row, column), part.became) for column in range(left, right + 1))
    return became


def _corner(address: str) -> tuple[int, int]:
    match = re.fullmatch(r"([A-Z]+)(\d+)", address)
    assert match is not None
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - 64
    return int(match[2]) - 1, column - 1
