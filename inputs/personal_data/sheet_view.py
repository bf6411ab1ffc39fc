"""A sheet as the search for people looks at it: its distinct texts by what they could be, and where each stands.

Most texts of a return are figures and names of areas that stand in it many times. Each is looked at once.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from local_indicators.common.cell_references import address_of_position, cell_position
from local_indicators.inputs.personal_data.sentences_about_people import what_tells_of_one_person
from local_indicators.inputs.personal_data.vocabulary import contact_details
from local_indicators.inputs.personal_data.vocabulary.person_headings import LONGEST, OURS, heading_kinds, is_label
from local_indicators.inputs.personal_data.vocabulary.person_identifiers import INSURANCE_FORM, PUPIL_FORM, TEN_DIGITS
from local_indicators.inputs.personal_data.vocabulary.personal_names import (
    NameLikelihood,
    count_names_in_list,
    name_likelihood,
)
from local_indicators.inputs.readers.cells import Cell, Sheet
from local_indicators.inputs.readers.heading_text import heading_text

Kinds = frozenset[str]
NO_KINDS: Kinds = frozenset()
PRIVATE = frozenset(("born", "sex", "age", "ethnicity", "number", "id", "place", "year"))
"""Kinds of headings that no list of officers has."""
_LETTER = re.compile(r"[^\W\d_]|^#$")
_LONG_DIGITS = re.compile(r"\d(?:[ -]?\d){5}|\d[A-Z]{2}\b|@", re.I)


def text_of(cell: Cell) -> str:
    """A cell as text, as a person would type it."""
    return cell.isoformat()[:10] if isinstance(cell, date) else heading_text(cell)


@dataclass(frozen=True)
class SheetWords:
    """The distinct texts of a sheet that could matter: headings by their kinds, texts that look like names, that speak
    of somebody, that list people, and those with a number, a postcode or an address in them."""

    kinds: Mapping[str, Kinds]
    looks: Mapping[str, NameLikelihood]
    told: Mapping[str, str]
    lists: tuple[str, ...]
    marked: tuple[str, ...]


def classify_texts(texts: Collection[str]) -> SheetWords:
    """What each of some texts could be."""
    lettered = [text for text in texts if _LETTER.search(text)]
    kinds = {text: its for text in lettered if len(text) <= LONGEST and (its := heading_kinds(text))}
    looks = {text: how for text in lettered if (how := name_likelihood(text))}
    told = {text: says[0] for text in texts if (says := what_tells_of_one_person(text))}
    lists = tuple(text for text in lettered if len(text) > 8 and _lists_people(text))
    marked = tuple(text for text in texts if _LONG_DIGITS.search(text) and _is_marked(text))
    return SheetWords(kinds, looks, told, lists, marked)


def _lists_people(text: str) -> bool:
    whole, parts = count_names_in_list(text)
    return whole >= 3 or (whole >= 2 and whole == parts)


def _is_marked(text: str) -> bool:
    forms = (
        TEN_DIGITS,
        PUPIL_FORM,
        INSURANCE_FORM,
        contact_details.POSTCODE,
        contact_details.EMAIL,
        contact_details.PHONE,
    )
    return any(form.search(text) for form in forms)


@dataclass
class ColumnSection:
    """The texts of one column under one heading: `kinds` of the heading, and where each text stands."""

    column: int
    kinds: Kinds
    heading: str
    texts: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True)
class HeadingRow:
    """A row of headings: its number, the kinds of those that are known, by column, and the row at which the next such
    row begins."""

    row: int
    kinds: Mapping[int, Kinds]
    end: int

    def of(self, *kinds: str) -> list[int]:
        """The columns whose heading is of one of some kinds."""
        return [column for column, its in self.kinds.items() if its & set(kinds)]

    @property
    def all(self) -> Kinds:
        """The kinds of all headings of the row."""
        return NO_KINDS.union(*self.kinds.values())

    @property
    def is_staff(self) -> bool:
        """Whether the table lists people in their offices: a heading of an office, none of what is private."""
        return "staff" in self.all and not self.all & PRIVATE


@dataclass(frozen=True, eq=False)
class SheetView:
    """A sheet, with `excused` columns in which the layout says that names are no people."""

    sheet: Sheet
    excused: frozenset[int] = frozenset()

    @property
    def rows(self) -> Sequence[Sequence[Cell]]:
        """The rows of the sheet."""
        return self.sheet.rows

    @cached_property
    def words(self) -> SheetWords:
        """The distinct texts of the sheet by what they could be."""
        return classify_texts(dict.fromkeys(cell for row in self.rows for cell in row if type(cell) is str))

    @cached_property
    def places(self) -> Mapping[str, list[tuple[int, int]]]:
        """Where each text stands that could matter, as row and column, in order."""
        held = self.words
        wanted = {*held.kinds, *held.told, *held.lists, *held.marked}
        wanted |= {text for text, its in held.looks.items() if its >= NameLikelihood.PART or "," in text}
        found: dict[str, list[tuple[int, int]]] = {}
        for number, row in enumerate(self.rows):
            for column, cell in enumerate(row):
                if cell in wanted:
                    found.setdefault(str(cell), []).append((number, column))
        return found

    @cached_property
    def heads(self) -> list[HeadingRow]:
        """The rows that have two headings or more of kinds that are known, or one that only people have."""
        by_row: dict[int, dict[int, Kinds]] = {}
        for text, kinds in self.words.kinds.items():
            for number, column in self.places.get(text, ()):
                by_row.setdefault(number, {})[column] = kinds
        found = []
        for number in sorted(by_row):
            held = dict(sorted(by_row[number].items()))
            known = sum(1 for kinds in held.values() if kinds & OURS)
            if known >= 2 or (known and 2 * len(held) >= sum(type(cell) is str for cell in self.rows[number])):
                found.append((number, held))
        ends = ([number for number, _ in found] + [len(self.rows)])[1:]
        return [HeadingRow(number, held, end) for (number, held), end in zip(found, ends, strict=bool(found))]

    @cached_property
    def _cut(self) -> dict[int, list[ColumnSection]]:
        return {}

    def sections(self, column: int) -> list[ColumnSection]:
        """A column cut where another heading comes into force, or where a new table begins below a blank row."""
        if column not in self._cut:
            self._cut[column] = self._sections(column)
        return self._cut[column]

    def _sections(self, column: int) -> list[ColumnSection]:
        heads = {head.row: head for head in self.heads}
        found = [ColumnSection(column, NO_KINDS, "")]
        for number, row in enumerate(self.rows):
            cell = row[column] if column < len(row) else None
            if type(cell) is not str:
                continue
            kinds = self.words.kinds.get(cell, NO_KINDS)
            if kinds & OURS or (kinds and is_label(cell)) or cell.casefold() in ("who", "who?"):
                staff = {"role"} if number in heads and heads[number].is_staff else set()
                if ("subject" in kinds or not kinds) and self._is_plan(number):
                    staff = {"role"}
                found.append(ColumnSection(column, kinds | staff, cell))
            else:
                if number and self._begins(number):
                    found.append(ColumnSection(column, NO_KINDS, ""))
                found[-1].texts.append((number, cell))
        return [section for section in found if section.texts]

    def _is_plan(self, number: int) -> bool:
        """Whether a row of headings is one of a plan: two headings of things to do, or one and a day for it."""
        kinds = [self.words.kinds.get(cell, NO_KINDS) for cell in self.rows[number] if type(cell) is str]
        planned = sum("actions" in its for its in kinds)
        return planned >= 2 or (planned == 1 and any("date" in its for its in kinds))

    def _begins(self, number: int) -> bool:
        """Whether a row of headings, with no figure in it, stands below a blank one."""
        held = [cell for cell in self.rows[number] if cell is not None]
        return (
            len(held) > 1
            and all(type(c) is str for c in held)
            and not any(c is not None for c in self.rows[number - 1])
        )

    def left_of(self, row: int, column: int) -> str:
        """The nearest text to the left of a cell, as the label of a form."""
        return next((cell for cell in reversed(self.rows[row][:column]) if type(cell) is str), "")

    def under(self, row: int, column: int) -> Iterator[Cell]:
        """The filled cells of a column below a row."""
        for number in range(row + 1, len(self.rows)):
            line = self.rows[number]
            if column < len(line) and line[column] is not None:
                yield line[column]

    def span(self, column: int, rows: Sequence[int]) -> str:
        """The cells of a column from the first of some rows to the last."""
        first, last = (
            address_of_position(cell_position(min(rows), column)),
            address_of_position(cell_position(max(rows), column)),
        )
        return first if first == last else f"{first}:{last}"
