"""Trying a draft on its own workbook, and mending what the parser then finds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

import polars as pl

from local_indicators.common.cell_references import COLUMNS, address_of_position
from local_indicators.inputs.drafting.indicator_entries import printable
from local_indicators.inputs.drafting.known_words import KnownWords
from local_indicators.inputs.drafting.period_patterns import kinds_of_period
from local_indicators.inputs.drafting.table_draft import TableDraft
from local_indicators.inputs.drafting.table_words import column_label
from local_indicators.inputs.drafting.toml_text import Toml, list_of, listed, quoted, table_of, toml_string
from local_indicators.inputs.drafting.value_headings import escaped
from local_indicators.inputs.layouts.partner_layouts import Layout
from local_indicators.inputs.parsing.parse_return import parse
from local_indicators.inputs.readers.cells import Cells, Sheet
from local_indicators.inputs.readers.heading_text import heading_text
from local_indicators.schemas.findings import Finding, cells_of_finding
from local_indicators.schemas.observations import KEY, TidyTable

FEW_ROWS = 1500
"""Rows of each sheet on which a draft is tried first."""
ROUNDS = 4
"""Times that a draft is tried and mended."""
MOST_WORDS = 25
"""Different words of rows that are left out one by one."""
LONGEST_MARK = 25
_EES_AREAS = ("new_la_code", "la_name", "region_code", "region_name")

Places = list[tuple[int, int]]


def mend(
    make: Callable[[], Layout], cells: Cells, file_name: str, tables: Sequence[TableDraft], known: KnownWords
) -> None:
    """Parse a file by its draft, and change the tables of the draft until nothing more can be mended that the parser
    finds; ask about each change, and about what is left. `make` gives the layout as it stands."""
    few = replace(cells, sheets=tuple(shortened(sheet, FEW_ROWS) for sheet in cells.sheets))
    for some, rounds in ((few, ROUNDS), (cells, 2)):
        for _ in range(rounds):
            table, findings = parse(some, make(), file_name)
            before = [dict(one.keys) for one in tables]
            for draft, rule, places in _by_table(findings, tables):
                _Mender(draft, cells, known).mend(rule, places)
            if before == [dict(one.keys) for one in tables]:
                break
    _ask_about_repeats(table, tables)


def shortened(sheet: Sheet, rows: int) -> Sheet:
    """A sheet with no more than its first rows."""
    if len(sheet.rows) <= rows:
        return sheet
    merged = tuple(area for area in sheet.merged if area[2] < rows)
    return replace(sheet, rows=sheet.rows[:rows], merged=merged)


def _by_table(findings: Sequence[Finding], tables: Sequence[TableDraft]) -> Iterator[tuple[TableDraft, str, Places]]:
    """The rules that findings break, by table, with the cells."""
    found: dict[tuple[int, str], list[tuple[str, int, int]]] = {}
    for finding in findings:
        for sheet, place in islice(cells_of_finding(finding), 5000):
            row, column = divmod(place, COLUMNS)
            number = _table_at(tables, sheet, row, column)
            if number is not None:
                found.setdefault((number, finding.rule), []).append((sheet, row, column))
    for (number, rule), places in found.items():
        draft = tables[number]
        by_sheet: dict[str, Places] = {}
        for sheet, row, column in places:
            by_sheet.setdefault(sheet, []).append((row, column))
        for sheet, some in by_sheet.items():
            draft.sheet_tried = sheet
            yield draft, rule, some


def _table_at(tables: Sequence[TableDraft], sheet: str, row: int, column: int) -> int | None:
    """The number of the table that a cell most likely belongs to: the one around it, else the one above it."""
    on_sheet = [(n, one.region) for n, one in enumerate(tables) if sheet in one.sheets]
    for n, region in on_sheet:
        if region.top <= row <= region.last and region.columns[0] <= column <= region.columns[1]:
            return n
    above = [(region.last, n) for n, region in on_sheet if region.last < row]
    return max(above)[1] if above else on_sheet[0][0] if on_sheet else None


class _Mender:
    """What one table can be changed in, by the rule that was broken."""

    def __init__(self, draft: TableDraft, cells: Cells, known: KnownWords) -> None:
        self.draft, self.known = draft, known
        self.sheet = next((s for s in cells.sheets if s.name == draft.sheet_tried), draft.region.sheet)

    def mend(self, rule: str, places: Places) -> None:
        """Change the table where a rule was broken in some cells."""
        ways: Mapping[str, Callable[[Places], None]] = {
            "area.unknown": self._unknown_areas,
            "area.wrong-type": self._unknown_areas,
            "area.name-mistyped": self._unknown_areas,
            "period.unknown": self._unknown_periods,
            "breakdown.unknown": self._left_out,
            "indicator.unknown": self._left_out,
            "cell.not-a-number": self._marks,
            "cell.blank": self._blanks,
            "cell.shown-otherwise": self._formats,
            "cell.decimal-comma": self._commas,
            "layout.rows-below": self._below,
            "layout.column-unmapped": self._unmapped,
            "layout.note-in-table": self._notes,
        }
        if rule in ways:
            ways[rule](places)

    def _text(self, row: int, column: int) -> str:
        return heading_text(self.sheet.cell(row, column))

    def _words(self, places: Places) -> Counter[str]:
        return Counter(text for row, column in places if (text := self._text(row, column)))

    def _unknown_areas(self, places: Places) -> None:
        words = self._words(places)
        near = {word: name for word in list(words)[:60] if (name := self.known.near_area(word))}
        for word, name in list(near.items())[:4]:
            self.draft.ask(
                "skip",
                f"is {quoted(word)} a misspelling of {name}? Then add map = {{ {toml_string(printable(word))} ="
                f" {toml_string(name)} }} to area, and take it out of skip.",
            )
        area = self.draft.keys.get("area")
        if isinstance(area, Mapping) and ("banner" in area or "header" in area):
            self._skip("", [word for word in words if word.isprintable()], of="area")
        else:
            self._left_out(places)

    def _unknown_periods(self, places: Places) -> None:
        """Leave out rows by words that are no period at all; one of another kind is for a person to judge."""
        self._left_out([place for place in places if not kinds_of_period([self._text(*place)])])

    def _left_out(self, places: Places) -> None:
        """Leave out rows by the words of a column that say nothing that is known."""
        by_column: dict[int, list[str]] = {}
        for row, column in places:
            if self.draft.region.first <= row and column in self._key_columns():
                by_column.setdefault(column, []).append(self._text(row, column))
        for column, texts in by_column.items():
            words = list(dict.fromkeys(texts))
            label = column_label(self.draft.region, column)
            figures = len(self.draft.region.figures)
            if len(words) > MOST_WORDS:
                if self._only_codes(label, column):
                    return
                if len(texts) > 0.9 * figures:
                    continue
            usual = [word for word in words if word.isprintable() and len(word) <= 120]
            self._skip(label, [word for word in usual if word][: MOST_WORDS * 3])
            if "" in words:
                several = label in list_of(table_of(self.draft.keys.get("area")).get("column"))
                self._add("skip", {"of": "area", "match": "^$"} if several else {"column": label, "match": "^$"})
                self.draft.ask(
                    "skip",
                    f"rows in which {quoted(label)} is blank are left out. Delete that entry if they belong to the"
                    f" return.",
                )

    def _key_columns(self) -> set[int]:
        """The columns that say something of a row, so that rows may be left out by them."""
        from local_indicators.inputs.parsing.tables.headings import columns_under

        headings = self.draft.region.headings
        columns: set[int] = set()
        if self.draft.keys.get("shape") == "ees":
            columns = {at for label in _EES_AREAS for at in columns_under(headings, label)}
        for key, source in self.draft.keys.items():
            if key in ("area", "period", "indicator") or key.startswith("breakdown."):
                columns |= {at for label in _columns_of(source) for at in columns_under(headings, label)}
        return columns

    def _only_codes(self, label: str, column: int) -> bool:
        """Read only rows with a nine-sign code, where all that are known have one."""
        rows = [self._text(row, column) for row in self.draft.region.figures]
        good = [text for text in rows if self.known.area(text)]
        if not good or not all(re.fullmatch(r"[A-Z]\d{8}", text) for text in good):
            return False
        kinds = sorted({text[:3] for text in good})
        self._add("only", {"column": label, "match": f"^({'|'.join(kinds)})"})
        self.draft.ask(
            "only", f"rows are read whose code begins with {', '.join(kinds)}; others are of areas that are not known."
        )
        return True

    def _skip(self, label: str, words: Sequence[str], of: str = "") -> None:
        """Leave out rows that say one of some words."""
        if not words:
            return
        where: dict[str, Toml] = {"of": of} if of else {"column": label}
        test: dict[str, Toml] = {**where, "match": f"^(?:{'|'.join(map(escaped, words))})$"}
        if len(words) == 1:
            test["match"] = f"^{escaped(words[0])}$"
        self._add("skip", test)
        self.draft.ask(
            "skip",
            f"rows that say {listed(words)} are left out, since that is no area, period or group that is known."
            f" Delete the"
            " entry to be told of them, or give the word its meaning with map.",
        )

    def _add(self, key: str, test: Toml) -> None:
        tests = list_of(self.draft.keys.get(key))
        if test not in tests and len(tests) < 12:
            self.draft.put(key, [*tests, test])

    def _marks(self, places: Places) -> None:
        words = [word for word in self._words(places) if word.isprintable()]
        short = [word for word in words if len(word) <= LONGEST_MARK][:12]
        held = table_of(self.draft.keys.get("markers"))
        new = [word for word in short if word not in held]
        if len(held) + len(new) <= 12 and new:
            self.draft.put("markers", {**held, **dict.fromkeys(new, "x")})
            self.draft.ask_about_marks(new)
        for row, column in places:
            if len(self._text(row, column)) > LONGEST_MARK:
                first = next((heading_text(cell) for cell in self.sheet.rows[row] if cell is not None), "")
                self._skip_first(first)

    def _skip_first(self, text: str) -> None:
        """Leave out a row by its first filled cell."""
        if text and text.isprintable():
            pattern = f"^{escaped(text)}$" if len(text) <= 60 else f"^{escaped(text[:60])}"
            self._add("skip", pattern)

    def _blanks(self, places: Places) -> None:
        keys = self._key_columns()
        valued = [(row, column) for row, column in places if column not in keys]
        if valued and "blank" not in self.draft.keys:
            self.draft.put("blank", "skip")
            self.draft.ask(
                "blank",
                'what does a blank value mean? "skip" is no figure; write "x" for not available, "z" for not'
                " applicable, or"
                " delete this line to have blanks refused.",
            )
        if rest := [place for place in places if place[1] in keys]:
            self._left_out(rest)

    def _formats(self, places: Places) -> None:
        if "formats" not in self.draft.keys:
            self.draft.put("formats", "held")
            where = address_of_position(places[0][0] * COLUMNS + places[0][1])
            self.draft.ask(
                "formats",
                f"{where} shows another number than it holds, so what cells hold is read. Compare the figures; if the"
                f" sheet is"
                ' in thousands write scale = "thousands" in value and delete this line.',
            )

    def _commas(self, _places: Places) -> None:
        self.draft.put("decimal", ",", "numbers have a comma before their decimals")

    def _below(self, places: Places) -> None:
        region = self.draft.region
        later = [row for row in region.figures if row > min(row for row, _ in places)]
        if later or self.sheet is not region.sheet:
            self.draft.put("blank_row", "skip", "blank rows stand within the table")
        elif "stop" not in self.draft.keys:
            row = min((row for row, _ in places if row > region.last), default=-1)
            first = (
                next((heading_text(cell) for cell in self.sheet.rows[row] if cell is not None), "") if row >= 0 else ""
            )
            if first and first.isprintable():
                self.draft.put("stop", [f"^{escaped(first[:60])}"])
                self.draft.ask(
                    "stop",
                    f"the table is taken to end before {quoted(first)}. If what follows belongs to it, write"
                    f' blank_row = "skip" instead.',
                )

    def _unmapped(self, places: Places) -> None:
        from local_indicators.common.cell_references import column_letters

        held = list_of(self.draft.keys.get("ignore"))
        if "*" not in held:
            letters = [f"[{column_letters(column)}]" for column in dict.fromkeys(column for _, column in places)]
            self.draft.put(
                "ignore", [*held, *(one for one in letters if one not in held)][:60], "columns that are not read"
            )

    def _notes(self, places: Places) -> None:
        for row, column in places[:6]:
            self._skip_first(self._text(row, column))


def _columns_of(source: Toml) -> list[str]:
    """The columns that a source names, those of its parts as well."""
    if not isinstance(source, Mapping):
        return []
    columns = source.get("column", [])
    named = (
        [columns] if isinstance(columns, str) else [str(one) for one in columns] if isinstance(columns, list) else []
    )
    parts = source.get("parts", [])
    return [*named, *(label for part in parts for label in _columns_of(part))] if isinstance(parts, list) else named


def _ask_about_repeats(table: TidyTable, tables: Sequence[TableDraft]) -> None:
    """Ask of figures that are of the same indicator, area, period and group."""
    frame = table.frame.filter(pl.col("keyed"))
    twice = frame.filter(pl.struct(KEY).is_duplicated()).filter(pl.col("at_value").is_not_null())
    for sheet, rows in twice.group_by("sheet", maintain_order=True):
        places = rows.get_column("at_value").to_list()
        at = [divmod(place, COLUMNS) for place in places]
        number = _table_at(tables, str(sheet[0]), *at[0])
        if number is None:
            continue
        shown = ", ".join(address_of_position(place) for place in places[:4])
        tables[number].ask(
            "",
            f"{len(places)} figures are of the same indicator, area, period and group as another, such as {shown}."
            f" Leave out"
            " what counts twice with skip or only, or say what they are of with breakdown or another indicator.",
        )
