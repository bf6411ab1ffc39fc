"""Which column stands under which heading, and what is wrong with the headings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches

from inputs.cells import Sheet
from inputs.grammar import TableLayout, ValueColumn, same, sources_of
from inputs.headings import JOIN, Block, columns_under, wordiest_row, words
from inputs.tables.notes import Notes
from schemas.findings import COLUMNS, a1, as_typed, at
from schemas.rules import RULES


class Columns:
    """The columns of one block. A heading that is missing or comes twice is noted when it is first looked for."""

    def __init__(self, block: Block, table: TableLayout, notes: Notes) -> None:
        self.block, self.table, self.notes = block, table, notes
        self.sheet, self.headings = block.sheet, block.headings
        self.missing: dict[str, int] = {}
        """Headings that are not there, and the place of the finding that says so."""
        self._doubled: set[int] = set()
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
        cells = [a1(self._heading_at(c)) for c in columns]
        expected = "once; what stands under the second could not be judged"
        self.notes.add("layout.heading-twice", self._heading_at(columns[0]), "heading", label, expected, cells)

    def _heading_at(self, column: int) -> int:
        return self.headings[column].at if column in self.headings else at(self.block.header_at, column)

    def _missing(self, label: str) -> None:
        """Say what was looked for and what is there, and which heading may be meant."""
        row = self.block.header_at
        cells = {heading.at: heading.text for heading in self.headings.values()}
        expected = f"a column headed {label!r}; nothing that depends on it could be judged"
        where = next(iter(cells), at(row, 0))
        fix = _fix(label, cells)
        number = self.notes.add("layout.heading-missing", where, "heading", _held(row, cells), expected, fix=fix)
        if number is not None:
            self.missing[label] = number

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
        for column, heading in self.headings.items():
            if column in used | ignored | placed or not self.filled(column):
                continue
            expected = "a column of the template"
            self.notes.add("layout.column-unmapped", heading.at, "heading", heading.text, expected)

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
        by_part = [c for c, h in self.headings.items() if same(label) in map(same, (h.text, *h.parts))]
        return by_part or columns_under(self.headings, label)

    def _place_missing(self, spare: list[int]) -> set[int]:
        """Name for each missing heading the column that it should stand over, among those whose heading nobody knows:
        the one that reads most like it, or the only one that is left. Returns the columns so named."""
        places = {self._heading_at(c): same(self.headings[c].parts[-1]) if c in self.headings else "" for c in spare}
        chosen = {label: where for label in self.missing if (where := _most_like(label, places)) is not None}
        left = [place for place in places if place not in chosen.values()]
        rest = [label for label in self.missing if label not in chosen]
        if len(left) == len(rest):
            chosen.update(zip(rest, left, strict=True))
        for label, where in chosen.items():
            number, found = self.missing[label], self.notes.found
            found[number] = replace(found[number], cell=a1(where), cells=(a1(where),))
        return {where % COLUMNS for where in chosen.values()}


def note_no_headings(sheet: Sheet, table: TableLayout, notes: Notes) -> None:
    """Note that a sheet has no row of headings that the table looks for, at the cell that was most likely meant."""
    label, row = table.header.looked_for, wordiest_row(sheet)
    cells = {at(row, c): words(v) for c, v in enumerate(sheet.rows[row] if sheet.rows else []) if v}
    known = set(map(same, table.labels))
    strange = {place: text for place, text in cells.items() if same(text) not in known}
    under = sheet.rows[row + 1] if row + 1 < len(sheet.rows) else []
    blank = (at(row, c) for c, v in enumerate(under) if v is not None and sheet.cell(row, c) is None)
    like = _most_like(label, strange)
    where = like if like is not None else next(iter(strange), next(blank, next(iter(cells), at(row, 0))))
    expected = f"a column headed {label!r}; nothing of its table could be judged"
    fix = _fix(label, cells)
    notes.add("layout.heading-missing", where, "heading", _held(row, cells), expected, fix=fix)


def _held(row: int, cells: Mapping[int, str]) -> str:
    return f"row {row + 1} has: {', '.join(dict.fromkeys(cells.values()))}" if cells else "the sheet is blank"


def _fix(label: str, held: Mapping[int, str]) -> str:
    """The advice for a heading that is missing, with one that may be meant."""
    parts = {same(text.split(JOIN)[-1]): where for where, text in held.items()}
    near = get_close_matches(same(label), parts, 1, 0.6)
    where = parts[near[0]] if near else None
    fix = RULES["layout.heading-missing"].fix
    return fix if where is None else f"{fix} {as_typed(held[where])!r} in {a1(where)} may be the one that is meant."


def _most_like(label: str, places: Mapping[int, str]) -> int | None:
    """The place whose text reads most like a label, if any does."""
    near = get_close_matches(same(label), [text for text in places.values() if text], 1, 0.6)
    return next((place for place, text in places.items() if near and text == near[0]), None)
