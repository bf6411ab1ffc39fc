"""Which column stands under which heading, and what is wrong with the headings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches

from local_indicators.common.cell_references import COLUMNS, address_of_position, cell_position
from local_indicators.common.safe_text import as_typed
from local_indicators.inputs.layouts.layout_language import TableLayout, ValueColumn, sources_of
from local_indicators.inputs.layouts.text_comparison import normalised_without_footnotes
from local_indicators.inputs.parsing.cell_values.numbers import read_number
from local_indicators.inputs.parsing.tables.finding_notes import FindingNotes
from local_indicators.inputs.parsing.tables.headings import (
    JOIN,
    Heading,
    TableBlock,
    columns_under,
    likeliest_header_row,
)
from local_indicators.inputs.readers.cells import Cell, Sheet
from local_indicators.inputs.readers.heading_text import heading_text
from local_indicators.schemas.findings import Finding, make_finding
from local_indicators.schemas.reference.periods import MadeDate, date_made_by_excel
from local_indicators.schemas.rules import RULES


class Columns:
    """The columns of one block. A heading that is missing or comes twice is noted when it is first looked for."""

    def __init__(self, block: TableBlock, table: TableLayout, notes: FindingNotes) -> None:
        self.block, self.table, self.notes = block, table, notes
        self.sheet, self.headings = block.sheet, block.headings
        self.missing: dict[str, int] = {}
        """Headings that are not there, and the place of the finding that says so."""
        self._doubled: set[int] = set()
        self.blank: list[tuple[int, ValueColumn]] = []
        """Value columns with a heading of their own under which nothing stands."""
        self.ignored: frozenset[int] = frozenset()
        self.known: frozenset[int] = frozenset()
        """The columns that the layout leaves out, and all that it uses, leaves out or that a finding names."""
        self._under: dict[str, list[int]] = {}
        self._first: dict[tuple[str, ...], list[int]] = {}

    def under(self, label: str) -> int | None:
        """The column under a heading; the first, and a finding, where several have it."""
        columns = self._under.get(label)
        if columns is None:
            columns = columns_under(self.headings, label)
            columns = [c for c in columns if self.filled(c)] or columns
            self._under[label] = columns
            if not columns:
                self._missing(label)
            if len(columns) > 1:
                self.twice(columns, label)
        return columns[0] if columns else None

    def under_any(self, labels: tuple[str, ...]) -> list[int]:
        """The columns under those of several headings that are there; one is enough, and none is a finding."""
        if labels not in self._first:
            there = [label for label in labels if columns_under(self.headings, label)]
            found = [self.under(label) for label in there or labels[:1]]
            self._first[labels] = [column for column in found if column is not None]
        return self._first[labels]

    def of_value(self, spec: ValueColumn) -> list[int]:
        """The columns that an entry of `value` names."""
        if spec.column:
            there = next((label for label in spec.headings if columns_under(self.headings, label)), None)
            if spec.optional and there is None:
                return []
            column = self.under(there or spec.heading)
            return [] if column is None else [column]
        fitting = [c for c, h in self.headings.items() if spec.match and spec.match.search(h.text)]
        columns = [c for c in fitting if self.filled(c)] or fitting  # a merged heading may cover a blank column
        self.blank += [(c, spec) for c in fitting if c not in columns and self.headings[c].at % COLUMNS == c]
        if not columns and not spec.optional:
            self._missing(spec.match.pattern if spec.match else "")
        return columns

    def filled(self, column: int) -> bool:
        """Whether anything stands under a heading."""
        rows = self.sheet.rows[self.block.first : self.block.end]
        return any(column < len(row) and row[column] is not None for row in rows)

    def twice(self, columns: list[int], label: str) -> None:
        """Note that columns say the same of the same thing, and nobody can tell which of them counts."""
        self._doubled.update(columns)
        cells = [address_of_position(self._heading_at(c)) for c in columns]
        expected = "once; what stands under the second could not be judged"
        self.notes.add("layout.heading-twice", self._heading_at(columns[0]), "heading", label, expected, cells)

    def _heading_at(self, column: int) -> int:
        return self.headings[column].at if column in self.headings else cell_position(self.block.header_at, column)

    def _missing(self, label: str) -> None:
        """Say what was looked for and what is there, and which heading may be meant."""
        row = self.block.header_at
        cells = {heading.at: heading.text for heading in self.headings.values()}
        expected = f"a column headed {label!r}; nothing that depends on it could be judged"
        where = next(iter(cells), cell_position(row, 0))
        fix = _fix(label, cells)
        number = self.notes.add("layout.heading-missing", where, "heading", _held(row, cells), expected, fix=fix)
        if number is not None:
            self.missing[label] = number

    def said_at(self, pattern: re.Pattern[str], column: int, match: re.Match[str] | None) -> int:
        """Where a heading says what a pattern takes from it; where it should, as other headings of the block say it in
        that row, if it takes nothing."""
        heading, lowest = self.headings.get(column), self.block.header_at + self.table.header.below
        if heading is None:
            return cell_position(lowest, column)
        if match is not None and match[0]:
            return heading.place_of(match.start(1) if match.re.groups and match[1] else match.start())
        others = [(h, m) for h in self.headings.values() if (m := pattern.search(h.text)) and m[0]]
        rows = Counter(h.place_of(m.start(1) if m.re.groups and m[1] else m.start()) // COLUMNS for h, m in others)
        if not rows:
            return cell_position(lowest, column)
        row = rows.most_common(1)[0][0]
        return next((place for place in heading.places if place // COLUMNS == row), cell_position(row, column))

    # headings that no layout knows

    def note_unmapped(self, valued: Iterable[int]) -> None:
        """Note every filled column that the layout neither uses (`valued` are used for values) nor ignores."""
        used = self._doubled | set(valued) | self._used_for_keys()
        ignored = {column for label in self.table.ignore for column in self._ignored(label)}
        rows = self.sheet.rows[self.block.first : self.block.end] if self.missing else []
        wide = max((len(row) for row in rows), default=0)
        unheaded = [c for c in range(wide) if c not in self.headings and self.filled(c)]
        strange = [c for c in (*self.headings, *unheaded) if c not in used and c not in ignored]
        placed = self._place_missing(strange) if self.missing else set()
        self.ignored = frozenset(ignored)
        self.known = frozenset(used | ignored | placed | set(self.headings))
        unmapped = [c for c in self.headings if c not in used | ignored | placed and self.filled(c)]
        for column in unmapped:
            self._note_unmapped(column, self.headings[column], self._blamed(column, unmapped))

    def _blamed(self, column: int, unmapped: Collection[int]) -> int:
        """Where to look first of a column that nobody knows: at a heading over several such and no others, if beside it
        the same headings are known below another, and else at its own."""
        heading = self.headings[column]
        for part, place in zip(heading.parts[:-1], heading.places, strict=False):
            under = [c for c, h in self.headings.items() if place in h.places]
            twins = [c for c, h in self.headings.items() if c not in unmapped and h.parts[-1] == heading.parts[-1]]
            if len(under) > 1 and twins and all(c in unmapped for c in under) and part:
                return place
        return heading.at

    def _note_unmapped(self, column: int, heading: Heading, where: int) -> None:
        """Note a column that nobody knows; as an error where Excel has made a date of a heading that the layout looks
        for, because the figures under it would be lost."""
        expected, made = "a column of the template", date_made_by_excel(self.sheet.cell(*divmod(heading.at, COLUMNS)))
        if made is None:
            typed = heading.text if where == heading.at else heading_text(self.sheet.cell(*divmod(where, COLUMNS)))
            self.notes.add("layout.column-unmapped", where, "heading", typed, expected)
            return
        meant = _meant(self.sheet.cell(*divmod(heading.at, COLUMNS)), self._patterns())
        lost = (meant or not made.stands_for_month) and self._patterns() and self._has_numbers(column)
        rule, fix = "cell.made-a-date", RULES["cell.made-a-date"].fix
        expected += f"; if {meant} is meant, that" if meant else ""
        self.notes.add(rule if lost else "layout.column-unmapped", heading.at, "heading", made.shown, expected, fix=fix)

    def _patterns(self) -> list[re.Pattern[str]]:
        """What the table looks for in the headings of its value columns, whatever they are."""
        said = (source for scope in self.table.scopes for source in sources_of(scope))
        found = (*(spec.match for spec in self.table.value), *(source.header for source in said))
        return [pattern for pattern in found if pattern is not None]

    def _has_numbers(self, column: int) -> bool:
        rows = self.sheet.rows[self.block.first : self.block.end]
        readings = (read_number(row[column], "as given", self.table.marks) for row in rows if column < len(row))
        return any(reading is not None and reading.value is not None for reading in readings)

    def _used_for_keys(self) -> set[int]:
        labels = [test.column for test in (*self.table.only, *self.table.skip) if test.column]
        for scope in self.table.scopes:
            for source in sources_of(scope):
                if len(source.column) == 1:
                    self.under(source.column[0])  # so that a missing heading is known before what is strange is told
                labels += [*source.column, *filter(None, (source.identifier, source.level))]
        return {column for label in labels for column in columns_under(self.headings, label)}

    def _ignored(self, label: str) -> list[int]:
        """The columns that an entry of `ignore` names: by letter, or by any part of their headings; * for all."""
        if label == "*":
            return list(self.headings)
        by_part = [
            c
            for c, h in self.headings.items()
            if normalised_without_footnotes(label) in map(normalised_without_footnotes, (h.text, *h.parts))
        ]
        return by_part or columns_under(self.headings, label)

    def _place_missing(self, spare: list[int]) -> set[int]:
        """Name for each missing heading the column that it should stand over, among those whose heading nobody knows:
        the one that reads most like it, or the only one that is left. Returns the columns so named."""
        places = {
            self._heading_at(c): normalised_without_footnotes(self.headings[c].parts[-1]) if c in self.headings else ""
            for c in spare
        }
        chosen = {label: where for label in self.missing if (where := _most_like(label, places)) is not None}
        chosen |= self._made_dates(places)
        left = [place for place in places if place not in chosen.values()]
        rest = [label for label in self.missing if label not in chosen]
        if len(left) == len(rest):
            chosen.update(zip(rest, left, strict=True))
        for label, where in chosen.items():
            number, found = self.missing[label], self.notes.found
            cell = self.sheet.cell(*divmod(where, COLUMNS))
            if (made := date_made_by_excel(cell)) and (meant := _meant(cell, self._sought(label))):
                found[number] = _made_finding(self.notes.sheet, where, made, meant)
            else:
                found[number] = replace(
                    found[number], cell=address_of_position(where), cells=(address_of_position(where),)
                )
        return {where % COLUMNS for where in chosen.values()}

    def _made_dates(self, places: Iterable[int]) -> dict[str, int]:
        """For each missing heading the first of some cells in which Excel has made a date of it, if there is one."""
        cells = {where: self.sheet.cell(*divmod(where, COLUMNS)) for where in places}
        made = {label: [w for w, cell in cells.items() if _meant(cell, self._sought(label))] for label in self.missing}
        return {label: found[0] for label, found in made.items() if found}

    def _sought(self, label: str) -> list[re.Pattern[str]]:
        """What a missing heading is looked for by: the pattern that it is, or its words."""
        return [p for p in self._patterns() if p.pattern == label] or [re.compile(f"^{re.escape(label)}$", re.I)]


def note_missing_headings(sheet: Sheet, table: TableLayout, notes: FindingNotes) -> None:
    """Note that a sheet has no row of headings that the table looks for, at the cell that was most likely meant."""
    label, row = table.header.looked_for, likeliest_header_row(sheet)
    cells = {cell_position(row, c): heading_text(v) for c, v in enumerate(sheet.rows[row] if sheet.rows else []) if v}
    known = set(map(normalised_without_footnotes, table.labels))
    strange = {place: text for place, text in cells.items() if normalised_without_footnotes(text) not in known}
    under = sheet.rows[row + 1] if row + 1 < len(sheet.rows) else []
    blank = (cell_position(row, c) for c, v in enumerate(under) if v is not None and sheet.cell(row, c) is None)
    like = _most_like(label, strange)
    where = like if like is not None else next(iter(strange), next(blank, next(iter(cells), cell_position(row, 0))))
    expected = f"a column headed {label!r}; nothing of its table could be judged"
    sought = [table.header.match or re.compile(f"^{re.escape(label)}$", re.I)]
    for place, cell in (
        (cell_position(r, c), cell) for r, line in enumerate(sheet.rows[:40]) for c, cell in enumerate(line)
    ):
        if (made := date_made_by_excel(cell)) and (meant := _meant(cell, sought)):
            told = _made_finding(notes.sheet, place, made, meant)
            notes.add(told.rule, place, "heading", told.found, told.expected)
            return
    notes.add("layout.heading-missing", where, "heading", _held(row, cells), expected, fix=_fix(label, cells))


def _made_finding(sheet: str, where: int, made: MadeDate, meant: str) -> Finding:
    expected = f"{meant}, if that was typed; nothing that depends on it could be judged"
    return make_finding(
        "cell.made-a-date",
        sheet=sheet,
        cells=[address_of_position(where)],
        field="heading",
        found=made.shown,
        expected=expected,
    )


def _meant(cell: Cell, sought: Sequence[re.Pattern[str]]) -> str:
    """What fits one of the headings that are looked for, where Excel may have made a date of it; else empty."""
    made = date_made_by_excel(cell)
    return next((text for text in made.typed() if any(p.search(text) for p in sought)), "") if made else ""


def _held(row: int, cells: Mapping[int, str]) -> str:
    return f"row {row + 1} has: {', '.join(dict.fromkeys(cells.values()))}" if cells else "the sheet is blank"


def _fix(label: str, held: Mapping[int, str]) -> str:
    """The advice for a heading that is missing, with one that may be meant."""
    parts = {normalised_without_footnotes(text.split(JOIN)[-1]): where for where, text in held.items()}
    near = get_close_matches(normalised_without_footnotes(label), parts, 1, 0.6)
    where = parts[near[0]] if near else None
    fix = RULES["layout.heading-missing"].fix
    return (
        fix
        if where is None
        else f"{fix} {as_typed(held[where])!r} in {address_of_position(where)} may be the one that is meant."
    )


def _most_like(label: str, places: Mapping[int, str]) -> int | None:
    """The place whose text reads most like a label, if any does."""
    near = get_close_matches(normalised_without_footnotes(label), [text for text in places.values() if text], 1, 0.6)
    return next((place for place, text in places.items() if near and text == near[0]), None)
