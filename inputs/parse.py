"""From cells to a tidy table, by a layout, with every value knowing its sheet, row and column."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any

import polars as pl

from inputs.cells import Cell, Cells, ErrorValue, Sheet, Uncalculated
from inputs.grammar import REASONS, RowTest, Source, TableLayout, ValueColumn, plain, same, sources_of
from inputs.headings import JOIN, Block, Heading, blocks, columns_under, labelled, named, wordiest_row
from inputs.headings import words as _text
from inputs.layouts import Layout
from inputs.numbers import Reading, read_number
from inputs.stamps import OWN_SHEETS, stamped
from schemas.breakdowns import TOTAL, spell
from schemas.definitions import Definitions, Indicator
from schemas.findings import COLUMNS, Finding, a1, as_typed, at, finding, position
from schemas.periods import EXPECTED, SERIES, Period, marked, read_period
from schemas.rules import RULES
from schemas.tables import MEASURES, TIDY, Table

MEASURE_FIELDS = {"low": "value_low", "high": "value_high", "text": "value_text"}
STATUS_WORDS = {
    "": "", "a": "", "normal": "", "p": "p", "provisional": "p", "indicative": "p", "e": "e", "estimate": "e",
    "estimated": "e", "r": "r", "revised": "r", "u": "u", "low reliability": "u", "f": "f", "forecast": "f",
    "b": "b", "break": "b",
}  # fmt: skip
ANY_TOTAL = frozenset({"total", "all", "all pupils", "all children", "all people", "persons", "all persons"})

Row = dict[str, Any]


def parse(cells: Cells, layout: Layout, file_name: str = "") -> tuple[Table, list[Finding]]:
    """The tidy table that a layout finds in a file, and what is wrong with the shape and the cells of it.

    Never raises on a partner's data. What a finding already names is left out of the table or marked `faulty`, so that
    no later check complains of it again.
    """
    found: list[Finding] = []
    rows: list[Row] = []
    taken: set[str] = set()
    reported: set[Any] = set()
    cells = replace(
        cells, sheets=tuple(replace(s, rows=[_without_spaces(row) for row in s.rows]) for s in cells.sheets)
    )
    speaks_of: dict[str, tuple[str, ...]] = {}
    for table in layout.says.table:
        sheets = [sheet for sheet in cells.sheets if _takes(table, sheet, cells)]
        if not sheets and not table.optional:
            held = ", ".join(s.name for s in cells.sheets)
            expected = f"a sheet called {' or '.join(table.sheet)}; nothing of what it should hold could be judged"
            found.append(finding("layout.sheet-missing", found=f"sheets: {held}", expected=expected))
        for sheet in sheets:
            taken.add(sheet.name)
            speaks_of[sheet.name] = (*speaks_of.get(sheet.name, ()), *table.indicators)
            work = _TableWork(cells, sheet, table, layout, file_name, found, reported)
            rows.extend(work.rows())
    found += [_unexpected(s) for s in cells.sheets if s.name not in taken and not _ignored(s, layout)]
    if not rows and not any(one.is_error for one in found):
        found.append(finding("return.empty", found="no rows", expected="at least one row of figures"))
    if stamped(cells.properties) and rows and _untouched(rows, found):
        found = [_as_empty(found)]
    frame = pl.DataFrame(rows, schema=TIDY, orient="row") if rows else pl.DataFrame(schema=TIDY)
    whole = not any(one.is_error and one.rule.startswith("layout.") for one in found)
    frame = _compute_shares(frame, layout.definitions)
    return Table(layout.partner, layout.collection, frame, speaks_of, whole, layout.requires), found


def _untouched(rows: list[Row], found: list[Finding]) -> bool:
    """Whether nothing was typed into a template: its rows are there, and every figure is blank."""
    said = (*MEASURES, "obs_status", "conf_status")
    errors = [one for one in found if one.is_error]
    blank = all(one.rule == "cell.blank" and one.field in MEASURES for one in errors)
    return bool(errors) and blank and not any(row[name] is not None for row in rows for name in said)


def _as_empty(found: list[Finding]) -> Finding:
    """One finding for all blank cells of an untouched template."""
    home = found[0].sheet
    cells = [c if one.sheet == home else f"'{one.sheet}'!{c}" for one in found for c in one.cells]
    expected = "figures in the rows that the template begins"
    return finding("return.empty", sheet=home, cells=cells, found="a template that is still blank", expected=expected)


def _without_spaces(row: list[Cell]) -> list[Cell]:
    """A row in which cells that hold nothing but spaces, which nobody sees, are blank."""
    if not any(type(cell) is str and not cell.strip() for cell in row):
        return row
    return [None if type(cell) is str and not cell.strip() else cell for cell in row]


def _takes(table: TableLayout, sheet: Sheet, cells: Cells) -> bool:
    if cells.kind == "csv":
        return True
    return not sheet.is_ours and table.takes_sheet(sheet.name) and (table.hidden_sheets == "read" or not sheet.hidden)


def _unexpected(sheet: Sheet) -> Finding:
    hidden = " (hidden)" if sheet.hidden else ""
    return finding("layout.sheet-unexpected", sheet=sheet.name, found=f"sheet {sheet.name}{hidden}")


def _ignored(sheet: Sheet, layout: Layout) -> bool:
    named = any(fnmatchcase(plain(sheet.name), plain(pattern)) for pattern in layout.says.ignore_sheets)
    ours = sheet.is_ours or sheet.name.casefold() in OWN_SHEETS
    return named or ours or not any(cell is not None for row in sheet.rows for cell in row)


def _compute_shares(frame: pl.DataFrame, definitions: Definitions) -> pl.DataFrame:
    """A share or rate that was given as numerator and denominator alone is computed, in its unit."""
    per = {i.id: i.per for i in definitions.indicators.values() if i.per is not None}
    times = pl.col("indicator_id").replace_strict(per, default=None, return_dtype=pl.Float64)
    computable = (
        times.is_not_null()
        & pl.col("value").is_null()
        & pl.col("at_value").is_null()
        & ~pl.col("faulty")
        & pl.col("obs_status").is_null()
        & pl.col("conf_status").is_null()
        & (pl.col("denominator") > 0)
        & (pl.col("numerator") >= 0)
    )
    return frame.with_columns(
        pl.when(computable)
        .then(times * pl.col("numerator") / pl.col("denominator"))
        .otherwise(pl.col("value"))
        .alias("value"),
        pl.when(computable).then(pl.col("at_numerator")).otherwise(pl.col("at_value")).alias("at_value"),
    )


# -- one table on one sheet -------------------------------------------------------------------------------------------


@dataclass
class _Said:
    """What a source says for one row: the word, and the position of its cell (None: the layout says so, or a cell of
    another sheet, which is then `elsewhere`)."""

    word: Cell
    at: int | None
    elsewhere: str = ""

    @property
    def cells(self) -> list[str] | None:
        return [self.elsewhere] if self.elsewhere else None


@dataclass
class _Observation:
    """Value columns that speak of the same thing: one observation a row."""

    spec: ValueColumn
    columns: dict[str, tuple[int, ValueColumn]] = field(default_factory=dict)
    heading: int = 0


class _TableWork:
    """The reading of one table: its headings found, its sources placed, its rows turned into observations."""

    def __init__(
        self,
        cells: Cells,
        sheet: Sheet,
        table: TableLayout,
        layout: Layout,
        file_name: str,
        found: list[Finding],
        reported: set[Any],
    ) -> None:
        self.book, self.whole, self.sheet = cells, sheet, sheet
        self.table, self.definitions = table, layout.definitions
        self.file_name, self.found = file_name, found
        self.reported = reported  # by every table of the return: several may read one cell
        self.cache: dict[Any, Any] = {}
        self.readings: dict[tuple[str | float, Cell], Reading | None] = {}
        self.with_banner = [one for scope in table.scopes for one in sources_of(scope) if one.banner is not None]
        self.banners: dict[int, _Said] = {}
        self.carried: dict[int, _Said] = {}
        self.headings: Mapping[int, Heading] = {}
        self.block: Block | None = None
        self.header_at: int | None = None
        self.doubled: set[int] = set()
        self.missing: dict[str, int] = {}
        self.unlabelled: set[int] = set()
        self.errors = 0
        self.under = _under_merges(sheet)

    def rows(self) -> Iterator[Row]:
        above: dict[int, _Said] = {}
        for block in blocks(self.whole, self.table):
            if block.header_at != self.header_at:
                above = dict(self.banners)
            self.banners = dict(above)  # a banner over one of the blocks side by side says nothing of the next
            self.block, self.sheet = block, block.sheet
            self.header_at, self.headings = block.header_at, block.headings
            self.cache, self.doubled, self.carried, self.missing = {}, set(), {}, {}
            observations = self._observations()
            for number in range(block.begun, block.top):
                self._banner(number, observations if block.begun else None)
            self._note_unmapped(observations)
            for number in self._body(block, observations):
                for observation in observations:
                    if self._told(number, observation) and (row := self._row(number, observation)) is not None:
                        yield row
        if self.header_at is None:
            self._heading_missing(self.table.header.looked_for)

    # headings and columns

    def _column(self, label: str) -> int | None:
        columns = self.cache.get(("column", label))
        if columns is None:
            columns = columns_under(self.headings, label)
            columns = [c for c in columns if self._anything_under(c)] or columns
            self.cache["column", label] = columns
            if not columns:
                self._heading_missing(label)
            if len(columns) > 1:
                self._heading_twice(columns, label)
        return columns[0] if columns else None

    def _heading_twice(self, columns: list[int], label: str) -> None:
        """Two columns say the same of the same thing, and nobody can tell which of them counts."""
        self.doubled.update(columns)
        cells = [a1(self._heading_at(c)) for c in columns]
        expected = "once; what stands under the second could not be judged"
        self._report("layout.heading-twice", self._heading_at(columns[0]), "heading", label, expected, cells)

    def _heading_at(self, column: int) -> int:
        return self.headings[column].at if column in self.headings else at(self.header_at or 0, column)

    def _heading_missing(self, label: str) -> None:
        """Say what was looked for and what is there, and which heading may be meant."""
        row = self.header_at if self.header_at is not None else wordiest_row(self.sheet)
        cells = {at(row, c): _text(v) for c, v in enumerate(self.sheet.rows[row] if self.sheet.rows else []) if v}
        if self.header_at is not None:
            cells = {heading.at: heading.text for heading in self.headings.values()}
        held = f"row {row + 1} has: {', '.join(dict.fromkeys(cells.values()))}" if cells else "the sheet is blank"
        what = "nothing that depends on it" if self.header_at is not None else "nothing of its table"
        expected = f"a column headed {label!r}; {what} could be judged"
        where = next(iter(cells), at(row, 0))
        if self.header_at is None:
            known = set(map(same, self.table.labels))
            strange = {place: text for place, text in cells.items() if same(text) not in known}
            under = self.sheet.rows[row + 1] if row + 1 < len(self.sheet.rows) else []
            blank = (at(row, c) for c, v in enumerate(under) if v is not None and self.sheet.cell(row, c) is None)
            like = _most_like(label, strange)
            where = like if like is not None else next(iter(strange), next(blank, where))
        before = len(self.found)
        self._report("layout.heading-missing", where, "heading", held, expected, like=(label, cells))
        if self.header_at is not None and len(self.found) > before:
            self.missing[label] = before

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
            number = self.missing[label]
            self.found[number] = replace(self.found[number], cell=a1(where), cells=(a1(where),))
        return {where % COLUMNS for where in chosen.values()}

    def _like(self, label: str, held: Mapping[int, str]) -> str:
        """The advice for a heading that is missing, with one that may be meant."""
        parts = {same(text.split(JOIN)[-1]): where for where, text in held.items()}
        near = get_close_matches(same(label), parts, 1, 0.6)
        where = parts[near[0]] if near else None
        fix = RULES["layout.heading-missing"].fix
        return fix if where is None else f"{fix} {as_typed(held[where])!r} in {a1(where)} may be the one that is meant."

    def _observations(self) -> list[_Observation]:
        """What the value columns speak of. A column that names no indicator, such as one denominator for several
        percentages, belongs to every one that it agrees with in all else."""
        grouped: dict[Any, _Observation] = {}
        shared: list[tuple[ValueColumn, int]] = []
        for spec in sorted(self.table.value, key=lambda value: value.measure == "status"):
            for column in self._columns_of(spec):
                if spec.indicator is None and self.table.indicator is None:
                    shared.append((spec, column))
                    continue
                one = grouped.setdefault(self._speaks_of(spec, column), _Observation(spec, heading=column))
                self._join(one, spec, column)
        for spec, column in shared:
            of = self._speaks_of(spec, column)[1:]
            for key, one in grouped.items():
                if key[1:] == of:
                    self._join(one, spec, column)
        return list(grouped.values())

    def _join(self, one: _Observation, spec: ValueColumn, column: int) -> None:
        measure = MEASURE_FIELDS.get(spec.measure, spec.measure)
        if (first := one.columns.setdefault(measure, (column, spec))[0]) != column:
            self._heading_twice([first, column], named(self.headings, column))

    def _columns_of(self, spec: ValueColumn) -> list[int]:
        """The columns that an entry of `value` names."""
        if spec.column:
            if spec.optional and not columns_under(self.headings, spec.column):
                return []
            column = self._column(spec.column)
            return [] if column is None else [column]
        fitting = [c for c, h in self.headings.items() if spec.match and spec.match.search(h.text)]
        columns = [
            c for c in fitting if self._anything_under(c)
        ] or fitting  # a merged heading may cover a blank column
        if not columns and not spec.optional:
            self._heading_missing(spec.match.pattern if spec.match else "")
        return columns

    def _speaks_of(self, spec: ValueColumn, column: int) -> tuple[Any, ...]:
        """Columns with equal answers belong to one observation. The first answer is the indicator."""
        said = []
        for name in ("indicator", "area", "period", "provenance"):
            source = getattr(spec, name) or getattr(self.table, name)
            word = self._fixed(source, column) if source else None
            # two headings that cannot be read do not say the same thing: each of them is a finding
            readable = name != "period" or source is None or source.header is None or self._some_period(source, word)
            said.append(word if readable else (word, column))
        parts = {**self.table.breakdown, **spec.breakdown}
        return (*said, *((name, self._fixed(source, column)) for name, source in sorted(parts.items())))

    def _fixed(self, source: Source, column: int) -> Any:
        if source.header is not None:
            return _group(source.header.search(named(self.headings, column)))
        if source.parts:
            return tuple(self._fixed(part, column) for part in source.parts)
        return (source.const, source.column)

    def _note_unmapped(self, observations: list[_Observation]) -> None:
        used = self.doubled | {column for one in observations for column, _ in one.columns.values()}
        labels = [test.column for test in (*self.table.only, *self.table.skip) if test.column]
        for scope in self.table.scopes:
            for source in sources_of(scope):
                if len(source.column) == 1:
                    self._column(source.column[0])  # so that a missing heading is known before what is strange is told
                labels += [*source.column, *([source.identifier] if source.identifier else [])]
        for label in labels:
            used.update(columns_under(self.headings, label))
        ignored = {column for label in self.table.ignore for column in self._ignored(label)}
        rows = self.sheet.rows[self.block.first : self.block.end] if self.block and self.missing else []
        wide = max((len(row) for row in rows), default=0)
        unheaded = [c for c in range(wide) if c not in self.headings and self._anything_under(c)]
        strange = [c for c in (*self.headings, *unheaded) if c not in used and c not in ignored]
        placed = self._place_missing(strange) if self.missing else set()
        for column, heading in self.headings.items():
            if column in used | ignored | placed or not self._anything_under(column):
                continue
            self._report("layout.column-unmapped", heading.at, "heading", heading.text, "a column of the template")

    def _ignored(self, label: str) -> list[int]:
        """The columns that an entry of `ignore` names: by letter, or by any part of their headings; * for all."""
        if label == "*":
            return list(self.headings)
        by_part = [c for c, h in self.headings.items() if same(label) in map(same, (h.text, *h.parts))]
        return by_part or columns_under(self.headings, label)

    def _anything_under(self, column: int) -> bool:
        rows = self.sheet.rows[self.block.first : self.block.end] if self.block else []
        return any(column < len(row) and row[column] is not None for row in rows)

    # rows

    def _body(self, block: Block, observations: list[_Observation]) -> Iterator[int]:
        """The rows of a block that hold observations, from under the headings to where it stops."""
        for number in range(block.first, block.end):
            first = next((_text(cell) for cell in self.sheet.rows[number] if cell is not None), "")
            if not first:
                if self.table.blank_row == "stop":
                    self._rows_below(number, block, observations)
                    return
                continue
            if any(pattern.search(first) for pattern in self.table.stop):
                return
            if self.table.hidden_rows == "skip" and number in self.sheet.hidden_rows:
                continue
            if self._banner(number, observations) or not self._wanted(number, first):
                continue
            yield number

    def _wanted(self, number: int, first: str) -> bool:
        """Whether the tests on what a row's cells say let it in."""

        def says(test: RowTest) -> bool:
            column = self._column(test.column) if test.column else None
            said = first if not test.column else "" if column is None else _text(self.sheet.cell(number, column))
            return bool(test.match.search(said))

        return all(says(t) for t in self.table.only if not t.of) and not any(
            says(t) for t in self.table.skip if not t.of
        )

    def _told(self, number: int, of: _Observation) -> bool:
        """Whether the tests on what is said of a figure, wherever it is said, let it in."""

        def says(test: RowTest) -> bool:
            source = self._source(test.of, of)
            return bool(test.match.search(_text(self._say(source, number, of).word) if source else ""))

        return all(says(t) for t in self.table.only if t.of) and not any(says(t) for t in self.table.skip if t.of)

    def _banner(self, number: int, observations: list[_Observation] | None = None) -> bool:
        """Take in a row that sets what the rows below it speak of; False if it is none. A row with a value is none."""
        row = self.sheet.rows[number] if number < len(self.sheet.rows) else []
        where = next((column for column, cell in enumerate(row) if cell is not None), None)
        if not self.with_banner or where is None:
            return False
        said = [(source, source.banner.search(_text(row[where]))) for source in self.with_banner if source.banner]
        if not any(match for _, match in said) or self._has_value(number, observations):
            return False
        for source, match in said:
            if match is not None:
                self.banners[id(source)] = _Said(_group(match), at(number, where))
        return True

    def _has_value(self, number: int, observations: list[_Observation] | None) -> bool:
        """Whether a row has something where values belong; one word among many columns, such as a unit, is none."""
        columns = set(_value_columns(observations))
        held = [cell for column in columns if (cell := self.sheet.cell(number, column)) is not None]
        unit = len(held) == 1 and len(columns) > 2 and isinstance(held[0], str) and not self._is_value(held[0])
        return bool(held) and not unit

    def _is_value(self, cell: Cell) -> bool:
        reading = read_number(cell, "as given", self.table.marks, self.table.flags)
        return reading is not None and reading.rule is None

    def _rows_below(self, blank: int, block: Block, observations: list[_Observation]) -> None:
        """Rows under a blank row, with numbers where this table has its values, may be part of it: nothing is left out
        in silence."""
        columns = _value_columns(observations)
        below = [
            at(number, column)
            for number in range(blank, block.end)
            for column in columns
            if _is_number(self.sheet.cell(number, column))
        ]
        if below and len(self.table.stop) == 0:
            cells = [a1(where) for where in below[:50]]
            found = f"{len(below)} numbers under blank row {blank + 1}"
            expected = "no blank row within the table; nothing under it could be judged"
            self._report("layout.rows-below", below[0], "rows", found, expected, cells)

    def _row(self, number: int, of: _Observation) -> Row | None:
        readings = self._readings(number, of)
        if readings is None:
            return None
        row: Row = dict.fromkeys(TIDY)
        row.update(sheet=self.sheet.name, faulty=False)
        before = self._errors()
        indicator = self._indicator(number, of, row)
        self._period(number, of, indicator, row)
        self._area(number, of, indicator, row)
        self._breakdown(number, of, indicator, row)
        self._provenance(number, of, row)
        row["keyed"] = not any(
            row[name] is None for name in ("indicator_id", "area_code", "time_period", "breakdown", "provenance")
        )
        row["provenance"] = row["provenance"] or "reported"
        self._measures(number, readings, of, row)
        row.pop("_marked", None)
        row["faulty"] = row["faulty"] or self._errors() > before or not row["keyed"]
        return row

    def _errors(self) -> int:
        """How many errors this table has met; a cell that several rows depend on counts once."""
        return self.errors

    def _say(self, source: Source, number: int, of: _Observation) -> _Said:
        """What a source says for a row, in our own words where the layout has a map to them."""
        if source.parts:
            said = self._parts(source, number, of)
        elif source.column:
            said = self._in_columns(source, number)
        elif source.banner is not None:
            said = self.banners.get(id(source), _Said(None, None))
        else:
            key = ("say", id(source), of.heading)
            if key not in self.cache:
                self.cache[key] = self._elsewhere(source, of.heading)
            said = self.cache[key]
        word = said.word
        if source.pattern is not None and isinstance(word, (str, int, float)):
            word = _group(source.pattern.search(_text(word)))
        if word is None or word == "":
            word = source.default
        if source.mapped and isinstance(word, (str, int, float)):
            word = source.mapped.get(same(_text(word)), word)
        return _Said(word, said.at, said.elsewhere)

    def _parts(self, source: Source, number: int, of: _Observation) -> _Said:
        """What several sources say, one after the other. Where one cannot be read, that one alone."""
        said = [self._say(part, number, of) for part in source.parts]
        for one in said:
            if isinstance(one.word, (ErrorValue, Uncalculated)):
                return one
        where = next((one for one in said if one.at is not None or one.elsewhere), said[0])
        return _Said(" ".join(filter(None, (_text(one.word) for one in said))) or None, where.at, where.elsewhere)

    def _in_columns(self, source: Source, number: int) -> _Said:
        """What the first filled of a source's columns says; through merged cells, and from above where it is `down`
        and the cell is blank or says nothing that the source takes."""
        where: int | None = None
        for column in self._columns_said(source):
            cell, place = self.sheet.cell(number, column), at(number, column)
            if cell is None and place in self.under:
                place = self.under[place]
                cell = self.whole.cell(*divmod(place, COLUMNS))
            where = place if where is None or cell is not None else where
            if cell is None or (source.down and source.pattern and not source.pattern.search(_text(cell))):
                continue
            word = cell if isinstance(cell, (date, float, int, ErrorValue, Uncalculated)) else _text(cell)
            self.carried[id(source)] = _Said(word, where)
            return self.carried[id(source)]
        if source.down and id(source) in self.carried:
            return self.carried[id(source)]
        return _Said(None, where)

    def _columns_said(self, source: Source) -> list[int]:
        """The columns of a source that are there. Of several one is enough; that none is there is a finding."""
        key = ("columns", source.column)
        if key not in self.cache:
            there = [label for label in source.column if columns_under(self.headings, label)]
            found = [self._column(label) for label in there or source.column[:1]]
            self.cache[key] = [column for column in found if column is not None]
        columns: list[int] = self.cache[key]
        return columns

    def _elsewhere(self, source: Source, column: int) -> _Said:
        """What is said in one place for all rows under a heading."""
        if source.header is not None:
            word = _group(source.header.search(named(self.headings, column)))
            blank = at((self.header_at or 0) + self.table.header.below, column)
            return _Said(word, self.headings[column].at if word and column in self.headings else blank)
        if source.sheet is not None:
            return _Said(_group(source.sheet.search(self.whole.name)), None)
        if source.file is not None:
            return _Said(_group(source.file.search(self.file_name)), None)
        if source.cell or source.beside or source.under:
            return self._in_one_cell(source)
        return _Said(source.const, None)

    def _in_one_cell(self, source: Source) -> _Said:
        """What one cell says, by its address or by the label beside or above it, on this sheet or another."""
        sheet = (
            next((s for s in self.book.sheets if plain(s.name) == plain(source.on)), None) if source.on else self.whole
        )
        if sheet is None:
            held = ", ".join(s.name for s in self.book.sheets)
            self.unlabelled.add(id(source))
            self._report("layout.sheet-missing", None, "sheet", f"sheets: {held}", f"a sheet called {source.on}")
            return _Said(None, None)
        label = source.beside or source.under
        where = position(source.cell) if source.cell else labelled(sheet, label, under=bool(source.under))
        if where is None:
            self.unlabelled.add(id(source))
            self._report("layout.label-missing", None, "label", f"no cell that reads {label!r} on {sheet.name}", label)
            return _Said(None, None)
        cell = sheet.cell(*divmod(where, COLUMNS))
        word = cell if isinstance(cell, (date, ErrorValue, Uncalculated)) else _text(cell)
        if sheet is self.whole:
            return _Said(word, where)
        return _Said(word, None, f"'{sheet.name}'!{a1(where)}")

    def _source(self, name: str, of: _Observation) -> Source | None:
        """The source of the indicator, the area, the period or a breakdown; a value column's own comes first."""
        if name in ("indicator", "area", "period", "provenance"):
            chosen: Source | None = getattr(of.spec, name) or getattr(self.table, name)
            return chosen
        return of.spec.breakdown.get(name) or self.table.breakdown.get(name)

    def _indicator(self, number: int, of: _Observation, row: Row) -> Indicator | None:
        source = self._source("indicator", of)
        said = self._say(source, number, of) if source else _Said(None, None)
        row["at_indicator"] = said.at
        known = self.definitions.indicators.get(str(said.word)) if said.word is not None else None
        if known is None:
            self._unknown("indicator", said, self._indicator_names(source))
            return None
        row["indicator_id"] = known.id
        return known

    def _indicator_names(self, source: Source | None) -> str:
        return "one of " + ", ".join(source.map) if source and source.map else "an indicator of this return"

    def _area(self, number: int, of: _Observation, indicator: Indicator | None, row: Row) -> None:
        source = self._source("area", of)
        said = self._say(source, number, of) if source else _Said(None, None)
        row["at_area"] = said.at
        typed = _text(said.word)
        types = indicator.area_types if indicator else ()
        day = row["period_start"]
        key = ("area", typed, types, day)
        if key not in self.cache:
            geography = self.definitions.geography
            area = geography.find(typed, types, day) or geography.find(same(typed), types, day)
            now = geography.current(area, day) if area is not None and day is not None else area
            self.cache[key] = area, now, area is None and geography.find(typed) is not None
        area, now, wrong_type = self.cache[key]
        if area is not None and now is not None:
            row["area_code"] = now.area_code
            if day is not None and now.valid_to is not None and now.valid_to < day:
                self._report("area.ended", said.at, "area", typed, now.note or "an area of that time", said.cells)
            if now.area_code != area.area_code:
                self._report("area.replaced", said.at, "area", typed, f"{now.area_code}, {now.name}", said.cells)
        elif wrong_type:
            self._report("area.wrong-type", said.at, "area", typed, f"a {' or '.join(types)}", said.cells)
        else:
            self._unknown("area", said, "the name or code of an area", self._all_columns(source, number))

    def _period(self, number: int, of: _Observation, indicator: Indicator | None, row: Row) -> None:
        source = self._source("period", of)
        said = self._say(source, number, of) if source else _Said(None, None)
        row["at_period"] = said.at
        if indicator is None:
            if self.table.indicators and not self._some_period(source, said.word):
                kinds = dict.fromkeys(self.definitions.indicators[i].time_identifier for i in self.table.indicators)
                self._unknown("period", said, " or ".join(EXPECTED[kind] for kind in kinds))
            return
        identifier = indicator.time_identifier
        word = self._with_identifier(source, number, identifier, said)
        if word is None:
            return
        period = self._read_period(source, word, identifier)
        row["_marked"] = marked(_text(said.word))[1]
        version = indicator.version_at(period.end or period.start) if period else None
        if period is None or version is None:
            expected = EXPECTED[identifier] if period is None else f"a period since {indicator.versions[0].valid_from}"
            self._unknown("period", said, expected)
            return
        row.update(
            time_identifier=identifier,
            time_period=period.time_period,
            period_start=period.start,
            period_end=period.end,
            definition_version=version.version,
        )

    def _some_period(self, source: Source | None, word: Cell) -> bool:
        """Whether a word is a period of at least one of the indicators that the table can be about."""
        kinds = {self.definitions.indicators[i].time_identifier for i in self.table.indicators}
        return any(self._read_period(source, word, kind) is not None for kind in kinds)

    def _with_identifier(self, source: Source | None, number: int, identifier: str, said: _Said) -> Cell | None:
        """The period that a row says, with the month or quarter that a column of the row names; None, and a finding,
        where it names another kind of period than the indicator is measured over."""
        column = self._column(source.identifier) if source and source.identifier else None
        named = _text(self.sheet.cell(number, column)) if column is not None else identifier
        if same(named) == same(identifier):
            return said.word if said.word is not None else ""
        if identifier in SERIES and same(named) in map(same, SERIES[identifier]):
            return f"{named} {_text(said.word)}"
        self._unknown("period", _Said(named, at(number, column or 0)), identifier)
        return None

    def _read_period(self, source: Source | None, word: Cell, identifier: str) -> Period | None:
        if source is None or word is None or isinstance(word, (ErrorValue, Uncalculated)):
            return None
        return read_period(word, identifier, ending=source.ending)

    def _breakdown(self, number: int, of: _Observation, indicator: Indicator | None, row: Row) -> None:
        parts: dict[str, str] = {}
        where: int | None = None
        for name, source in {**self.table.breakdown, **of.spec.breakdown}.items():
            said = self._say(source, number, of)
            if said.at is None and self._unheaded(name):
                return
            where = said.at if said.at is not None else where
            word = _text(said.word)
            if not word and not isinstance(source.const, str):
                row["at_breakdown"] = said.at
                self._unknown(name, said, "a group, or Total")
                return
            if indicator is None:
                self._some_breakdown(name, said)
                continue
            if same(word) in ANY_TOTAL or indicator is None or name not in indicator.breakdowns:
                if same(word) not in ANY_TOTAL and indicator is not None:
                    self._report("breakdown.unknown", said.at, name, word, "Total", said.cells)
                    return
                continue
            allowed = indicator.breakdowns[name]
            value = next((v for v in allowed if same(v) == same(word)), None)
            if value is None:
                row["at_breakdown"] = said.at
                self._report("breakdown.unknown", said.at, name, word, f"one of {', '.join(allowed)}", said.cells)
                return
            parts[name] = value
        row["at_breakdown"] = where
        if indicator is not None and not parts and not indicator.total:
            named = "; ".join(f"{n} {' or '.join(v)}" for n, v in indicator.breakdowns.items())
            self._report("breakdown.unknown", where, "breakdown", TOTAL, f"one of {named}")
            return
        row["breakdown"] = spell(parts, self.definitions.dimension_order)

    def _some_breakdown(self, name: str, said: _Said) -> None:
        """Whatever the indicator of a row may be, it must know the group that the row names."""
        may_be = [self.definitions.indicators[i].breakdowns.get(name, ()) for i in self.table.indicators]
        allowed = list(dict.fromkeys(value for values in may_be for value in values))
        word = _text(said.word)
        if may_be and same(word) not in ANY_TOTAL and same(word) not in map(same, allowed):
            self._report("breakdown.unknown", said.at, name, word, f"one of {', '.join(['Total', *allowed])}")

    def _provenance(self, number: int, of: _Observation, row: Row) -> None:
        source = of.spec.provenance or self.table.provenance
        said = self._say(source, number, of)
        word = _text(said.word).casefold()
        if word in ("reported", "illustrative"):
            row["provenance"] = word
        else:
            self._report("provenance.unknown", said.at, "provenance", _text(said.word), "reported or illustrative")

    def _all_columns(self, source: Source | None, number: int) -> list[int]:
        """The cells of a row that may say a thing, where it is said by the first of several columns that is filled."""
        columns = (self._column(label) for label in source.column) if source and len(source.column) > 1 else ()
        return [at(number, column) for column in columns if column is not None]

    def _unknown(self, field_name: str, said: _Said, expected: str, places: Sequence[int] = ()) -> None:
        word = _text(said.word)
        if isinstance(said.word, ErrorValue):
            rule = "cell.error-value"
        elif isinstance(said.word, Uncalculated):
            rule = "cell.not-calculated"
        else:
            rule = f"{field_name}.unknown" if word else "cell.blank"
        cells = [a1(place) for place in places] if rule == "cell.blank" and places else said.cells
        self._report(rule, said.at, field_name, word, expected, cells)

    # measures

    def _readings(self, number: int, of: _Observation) -> dict[str, Reading | str | None] | None:
        """What the value columns of a row say; None where the layout lets the whole observation be left out."""
        out: dict[str, Reading | str | None] = {}
        for measure, (column, spec) in of.columns.items():
            if measure == "status":
                continue
            cell = self.sheet.cell(number, column)
            if spec.pattern is not None and isinstance(cell, str):
                cell = _group(spec.pattern.search(cell)) or cell
            if measure == "value_text":
                out[measure] = _text(cell) or None
                continue
            key = (spec.scale, cell)
            if isinstance(cell, (str, float, int)) and not isinstance(cell, bool):
                if key not in self.readings:
                    self.readings[key] = read_number(cell, spec.scale, self.table.marks, self.table.flags)
                out[measure] = self.readings[key]
            else:
                out[measure] = read_number(cell, spec.scale, self.table.marks, self.table.flags)
        nothing = all(reading is None for reading in out.values())
        return None if nothing and (of.spec.blank or self.table.blank) == "skip" else out

    def _measures(self, number: int, readings: Mapping[str, Reading | str | None], of: _Observation, row: Row) -> None:
        blank: list[str] = []
        status = self._status(number, of)
        main = readings.get("value")
        has_value = isinstance(main, Reading) and main.value is not None
        for measure, reading in readings.items():
            column, spec = of.columns[measure]
            where = at(number, column)
            row[f"at_{measure}"] = where
            if reading is None:
                blank.append(measure)
            elif isinstance(reading, str):
                self._text_measure(reading, row)
            elif reading.rule:
                row["faulty"] = True
                typed = self.sheet.cell(number, column)
                expected = "a number" + (", or a percentage" if spec.scale in ("percent", "fraction") else "")
                self._report(reading.rule, where, measure, _text(typed), expected)
            elif reading.value is not None or not has_value:  # why a side figure is missing says nothing of the value
                self._number_measure(measure, reading, row)
        self._margins(of, row)
        if status in REASONS:
            if not any(row[name] is not None for name in ("value", "value_text", "value_low", "numerator")):
                row["conf_status" if status == "c" else "obs_status"] = status
            return
        self._blanks(number, blank, of, row)
        row["obs_status"] = row["obs_status"] or of.spec.status or status or row.pop("_marked", None)

    def _margins(self, of: _Observation, row: Row) -> None:
        """Turn a distance from the value into the end of the range that it stands for."""
        for measure, sign in (("value_low", -1), ("value_high", 1)):
            if measure in of.columns and of.columns[measure][1].margin and row[measure] is not None:
                far = abs(row[measure])
                row[measure] = None if row["value"] is None else float(f"{row['value'] + sign * far:.12g}")

    def _status(self, number: int, of: _Observation) -> str | None:
        """What the status column of the value, or else of the row, says, as shorthand."""
        if "status" in of.columns:
            where = at(number, of.columns["status"][0])
            said = _Said(self.sheet.cell(*divmod(where, COLUMNS)), where)
        elif self.table.status is not None:
            said = self._say(self.table.status, number, of)
        else:
            return None
        word = _text(said.word)
        known = STATUS_WORDS.get(word.casefold(), self.table.marks.get(word.casefold()))
        if known is None and word:
            expected = ", ".join(sorted({*filter(None, STATUS_WORDS.values()), *REASONS}))
            self._report("status.unknown", said.at, "status", word, expected, said.cells)
        return known

    def _text_measure(self, text: str, row: Row) -> None:
        status = self.table.marks.get(text.casefold())
        if status is None:
            row["value_text"] = text[:500]
        else:
            row["conf_status" if status == "c" else "obs_status"] = status

    def _number_measure(self, measure: str, reading: Reading, row: Row) -> None:
        row[measure] = reading.value
        if measure == "value":
            row["value_low"] = reading.low if row["value_low"] is None else row["value_low"]
            row["value_high"] = reading.high if row["value_high"] is None else row["value_high"]
        row["obs_status"] = row["obs_status"] or reading.obs_status
        row["conf_status"] = row["conf_status"] or reading.conf_status

    def _blanks(self, number: int, blank: list[str], of: _Observation, row: Row) -> None:
        """A blank main value is refused unless the layout says what it means; so is one half of a fraction."""
        mains = [m for m in ("value", "value_text", "value_low", "numerator") if m in of.columns]
        if any(spec.column in self.missing for spec in self.table.value):
            mains = []  # what is the main value stands under a heading that is missing
        halves = [m for m in ("numerator", "denominator") if m in of.columns]
        for measure in blank:
            column, spec = of.columns[measure]
            rule = spec.blank or (self.table.blank if measure in mains[:1] else None)
            half = measure in halves and len(halves) == 2 and any(row[m] is not None for m in halves)
            if rule == "refuse" or half:
                row["faulty"] = True
                self._report(
                    "cell.blank",
                    at(number, column),
                    measure,
                    "",
                    "a value, or the mark for why there is none",
                )
            elif rule in ("x", "z"):
                row["obs_status"] = row["obs_status"] or rule
            elif rule == "skip" and measure == "value":
                row["at_value"] = None

    def _unheaded(self, name: str) -> bool:
        """Whether a thing is said by a column of this table whose heading is not there, or beside a label that is
        not."""
        if ("unheaded", name) not in self.cache:
            said = (getattr(scope, name, None) or scope.breakdown.get(name) for scope in self.table.scopes)
            sources = [part for one in said if isinstance(one, Source) for part in (one, *one.parts)]
            missing = any(one.column and all(self._column(label) is None for label in one.column) for one in sources)
            self.cache["unheaded", name] = missing or any(id(one) in self.unlabelled for one in sources)
        return bool(self.cache["unheaded", name])

    def _report(
        self,
        rule: str,
        where: int | None,
        name: str,
        found: object,
        expected: str,
        cells: list[str] | None = None,
        like: tuple[str, Mapping[int, str]] | None = None,
    ) -> None:
        """Note a finding once for each cell, however many rows depend on it."""
        key = (self.sheet.name, rule, where, name if where is not None else f"{name} {found}")
        if key in self.reported:
            return
        if where is None and not cells and self._unheaded(name):
            self.errors += 1  # the missing heading is a finding already
            return
        self.reported.add(key)
        self.errors += RULES[rule].severity == "error"
        addresses = cells if cells is not None else ([a1(where)] if where is not None else [])
        fix = self._like(*like) if like else ""
        self.found.append(
            finding(rule, sheet=self.sheet.name, cells=addresses, field=name, found=found, expected=expected, fix=fix)
        )


def _most_like(label: str, places: Mapping[int, str]) -> int | None:
    """The place whose text reads most like a label, if any does."""
    near = get_close_matches(same(label), [text for text in places.values() if text], 1, 0.6)
    return next((place for place, text in places.items() if near and text == near[0]), None)


def _group(match: re.Match[str] | None) -> str | None:
    if match is None:
        return None
    return match[1] if match.re.groups else match[0]


def _is_number(cell: Cell) -> bool:
    reading = read_number(cell, "as given", {})
    return reading is not None and reading.value is not None


def _value_columns(observations: list[_Observation] | None) -> list[int]:
    return [column for one in observations or () for column, _ in one.columns.values()]


def _under_merges(sheet: Sheet) -> dict[int, int]:
    """For each cell under a merge that is taller than one row, the cell whose value is seen there."""
    under: dict[int, int] = {}
    for top, left, bottom, right in sheet.merged:
        if bottom == top:
            continue
        for row in range(top, min(bottom + 1, len(sheet.rows))):
            for column in range(left, min(right, left + 50) + 1):
                if (row, column) != (top, left):
                    under[at(row, column)] = at(top, left)
    return under
