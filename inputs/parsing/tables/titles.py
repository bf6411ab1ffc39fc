"""What a title above a table, or the name of its sheet, says of the period, compared with what the figures are of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from local_indicators.common.cell_references import COLUMNS, address_of_position, cell_position
from local_indicators.inputs.parsing.tables.finding_notes import FindingNotes
from local_indicators.inputs.parsing.tables.headings import TableBlock
from local_indicators.inputs.readers.cells import Sheet
from local_indicators.inputs.readers.heading_text import heading_text
from local_indicators.schemas.findings import Finding, make_finding
from local_indicators.schemas.reference.geography import Area, Geography
from local_indicators.schemas.reference.periods import (
    CALENDAR_QUARTER,
    FINANCIAL_QUARTER,
    MONTHLY,
    MONTHS,
    QUARTERS,
    SINGLE_YEARS,
    SPLIT_YEARS,
    TERMS,
    Period,
    read_period,
)

LONGEST = 120
"""Characters of the longest text that is taken for a title."""
_SPLIT = r"\b(?:19|20)\d\d ?[/-] ?(?:(?:19|20)\d\d|\d\d)\b(?![/-]\d)"
_YEAR = r"\b(?:19|20)\d\d\b"
_OTHER_DAY = re.compile(
    r"\b(?:publish|updat|as at|issu|revis|releas|print|creat|extract|download|receiv|sent|dated?\b|version|due\b|"
    r"deadline|next|since|from|until|before|after|compar|than|base|target|census|survey|boundar|act\b|plan\b|consult|source|note)"
    r"|©|\.$",
    re.IGNORECASE,
)
"""Words of a title whose year is that of a publication, a comparison, a law and the like, and not of the figures."""
_RANGE = re.compile(rf"(?:{_SPLIT}|{_YEAR})\s*(?:to|and|&|-|–|—|/)\s*(?:the )?(?:{_SPLIT}|{_YEAR})", re.IGNORECASE)
_NO_YEAR = re.compile(rf"(?:[/.-]|\b(?:{'|'.join(m[:3] for m in MONTHS)})[a-z]*\.?)\s*$", re.IGNORECASE)
"""What stands before a year that is a part of a date."""


@dataclass
class TablePeriods:
    """The periods that the figures of one table on one sheet are of, and what speaks of another above them."""

    sheet: Sheet
    notes: FindingNotes
    spoken: dict[tuple[str, str], int | None] = field(default_factory=dict)
    """Each period of a figure by identifier and code, with the first cell that says it."""
    sources: set[int] = field(default_factory=set)
    """The cells above a table's headings that are read, and are no mere titles."""
    regions: list[tuple[TableBlock, int, Mapping[tuple[str, str], int | None]]] = field(default_factory=list)

    def read(self, block: TableBlock, since: int, rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """The rows of a block as they are, each noted. Titles over the block begin at the row `since`."""
        own: dict[tuple[str, str], int | None] = {}
        above = block.top * COLUMNS
        for row in rows:
            if row["time_period"] is not None:
                key = (row["time_identifier"], row["time_period"])
                own.setdefault(key, row["at_period"])
                self.spoken.setdefault(key, row["at_period"])
            self.sources.update(place for name in _PLACES if (place := row[name]) is not None and place < above)
            yield row
        self.regions.append((block, since, own))

    def compare(self) -> None:
        """Note each title that names one period only, which no figure below it is of. What stands over the first block
        speaks of all."""
        for number, (block, since, own) in enumerate(self.regions):
            spoken = own if number else self.spoken
            said = dict(self._titles(block, since, {identifier for identifier, _ in spoken}))
            others = {period.time_period for period in said.values()}
            if len(others) != 1 or not spoken or any(code in others for _, code in spoken):
                continue
            place, period = next(iter(said.items()))
            self._note(place, period, spoken)

    def _titles(self, block: TableBlock, since: int, identifiers: set[str]) -> Iterator[tuple[int, Period]]:
        left, right = block.within
        for number in range(since, block.top):
            row = self.sheet.rows[number]
            if _OTHER_DAY.search(" ".join(heading_text(cell) for cell in row if cell is not None)):
                continue
            for column, cell in enumerate(row[: right + 1]):
                if column >= left and isinstance(cell, str) and cell_position(number, column) not in self.sources:
                    yield from ((cell_position(number, column), one) for one in periods_in_title(cell, identifiers))

    def _note(self, place: int, period: Period, spoken: Mapping[tuple[str, str], int | None]) -> None:
        (_, code), other = next(iter(spoken.items()))
        cells = (
            [address_of_position(place)] if other is None else [address_of_position(place), address_of_position(other)]
        )
        held = heading_text(self.sheet.cell(*divmod(other, COLUMNS))) if other is not None else code
        shown = f"{heading_text(self.sheet.cell(*divmod(place, COLUMNS)))!r} above figures of {held}"
        self.notes.add("period.contradicts", place, "period", shown, f"figures of {period.label} below it", cells)


def find_sheet_name_contradiction(sheet: Sheet, rows: Iterable[Mapping[str, Any]]) -> Finding | None:
    """The finding that the name of a sheet names one period, which none of the figures read from it is of."""
    spoken: dict[tuple[str, str], int | None] = {}
    for row in rows:
        if row["sheet"] == sheet.name and row["time_period"] is not None:
            spoken.setdefault((row["time_identifier"], row["time_period"]), row["at_period"])
    said = {one.time_period: one for one in periods_in_title(sheet.name, {identifier for identifier, _ in spoken})}
    if len(said) != 1 or any(code in said for _, code in spoken):
        return None
    (period,), ((_, code), place) = said.values(), next(iter(spoken.items()))
    held = code if place is None else heading_text(sheet.cell(*divmod(place, COLUMNS)))
    return make_finding(
        "period.contradicts",
        sheet=sheet.name,
        cells=[] if place is None else [address_of_position(place)],
        field="period",
        found=f"{held} on sheet {sheet.name!r}",
        expected=f"figures of {period.label} on a sheet of that name",
    )


def find_title_area_contradiction(
    sheet: Sheet, top: int, rows: Iterable[Mapping[str, Any]], known: Geography
) -> Finding | None:
    """The finding that a title above the first headings of a sheet, row `top`, names one council and the figures, which
    take their area from the sheet's name, are of another."""
    codes = {row["area_code"] for row in rows if row["sheet"] == sheet.name and row["area_code"] is not None}
    if len(codes) != 1 or (area := known.area(next(iter(codes)))) is None:
        return None
    for number in range(top):
        for column, cell in enumerate(sheet.rows[number]):
            named = _councils_in(cell, known) if isinstance(cell, str) and len(cell) <= LONGEST else []
            if len(named) == 1 and not any(
                known.is_one_place(area, one) or known.lies_in(area, one) for one in named[0]
            ):
                return make_finding(
                    "area.title-differs",
                    sheet=sheet.name,
                    cells=[address_of_position(cell_position(number, column))],
                    field="area",
                    found=heading_text(cell),
                    expected=f"a title of {area.name}, as the sheet's name says",
                )
    return None


_NO_PLACE = frozenset(("reading", "bath", "rugby", "wells", "deal", "sandwich"))
"""Councils, or places like them, whose names are words of titles."""


def _councils_in(text: str, known: Geography) -> list[tuple[Area, ...]]:
    """The councils that a title names, the longest names first, each word once."""
    said = re.findall(r"[\w'’&-]+", text)
    found: list[tuple[Area, ...]] = []
    begin = 0
    while begin < len(said):
        for end in range(min(begin + 5, len(said)), begin, -1):
            typed = " ".join(said[begin:end])
            named = tuple(one for one in known.named(typed) if one.area_type in ("Local authority", "District"))
            if named and typed[:1].isupper() and typed.casefold() not in _NO_PLACE:
                found.append(named)
                begin = end - 1
                break
        begin += 1
    return found


_PLACES = ("at_indicator", "at_area", "at_period", "at_breakdown")


def periods_in_title(text: str, identifiers: Iterable[str]) -> Iterator[Period]:
    """The periods of some identifiers that a title names, each a whole of its own and no part of a range or a date."""
    if len(text) > LONGEST or _OTHER_DAY.search(text) or _RANGE.search(text):
        return
    for identifier in sorted(identifiers):
        for match in re.finditer(_pattern(identifier), text, re.IGNORECASE):
            dated = _NO_YEAR.search(text[: match.start()]) or text[match.end() :].startswith(("/", "-"))
            if dated and identifier in SINGLE_YEARS:
                continue
            if (period := read_period(match[0], identifier)) is not None:
                yield period


def _pattern(identifier: str) -> str:
    if identifier in SPLIT_YEARS:
        return _SPLIT
    if identifier in SINGLE_YEARS:
        return _YEAR
    if identifier == MONTHLY or identifier in MONTHS:
        return rf"\b(?:{'|'.join(MONTHS)}|{'|'.join(month[:3] for month in MONTHS)}|Sept)\.? {_YEAR}"
    if identifier in (FINANCIAL_QUARTER, CALENDAR_QUARTER, *QUARTERS):
        return rf"\b(?:Q|quarter )[1-4],? (?:{_SPLIT}|{_YEAR})"
    if identifier in TERMS:
        return rf"{identifier.partition(' ')[0]}(?: and spring)?(?: terms?)? (?:{_SPLIT}|{_YEAR})"
    return r"(?!)"
