"""Tables in which each row is one person, told by what stands together in a row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from local_indicators.common.cell_references import address_of_position, cell_position
from local_indicators.inputs.personal_data.clues import NAMES, REFERENCES, ROWS, Clue
from local_indicators.inputs.personal_data.sheet_view import HeadingRow, SheetView, text_of
from local_indicators.inputs.personal_data.vocabulary.person_identifiers import TEN_DIGITS
from local_indicators.inputs.personal_data.vocabulary.personal_names import NameLikelihood, name_likelihood
from local_indicators.inputs.personal_data.vocabulary.typed_days import comparable_day, is_day, may_be_day
from local_indicators.inputs.readers.cells import Cell, FormattedNumber

_AGE = re.compile(
    r"(?:aged? )?(\d{1,3})\s*(?:y(?:rs?|ears?)?\.?(?: ?o(?:ld)?)?|[+])?(?:[ ,/&-]*\d{1,2} ?(?:m(?:on)?(?:ths?|s)?|mths?))?|\d{1,2} ?(?:months?|mths?|weeks?)(?: old)?",
    re.I,
)
_SEXES = frozenset(
    (
        "m",
        "f",
        "male",
        "female",
        "boy",
        "girl",
        "man",
        "woman",
        "u",
        "unknown",
        "not known",
        "1",
        "2",
        "0",
        "9",
        "x",
        "nb",
        "non-binary",
        "trans",
        "m.",
        "f.",
        "other",
        "fem",
    )
)
_CODE = re.compile(r"(?=.*\d)[A-Z0-9][A-Z0-9/_. -]{0,19}|[A-Z]{1,3}|[A-Z]\.? ?[A-Z]\.?", re.I)
_MASKED = re.compile(
    r"(?:child|pupil|young person|yp|client|case|patient|person|student|family|sibling|girl|boy|p|c|s|id)[ .#-]?(?:[A-Z]{1,2}|\d{1,4})|[A-Z]\.? ?[A-Z]\.?|[A-Z][a-z]?\.? ?[A-Z][a-z]?\.?",
    re.I,
)
_GSS = re.compile(r"[EWNSKJ]\d{8}|\d{2}[A-Z]{2}|\d{3}|[A-Z0-9]{3}", re.I)
_PERIOD = re.compile(r"(?:19|20)\d\d(?:[-/ ]?\d\d(?:\d\d)?)?(?: ?Q[1-4])?")
MOST = 3_000
"""Rows of a table that are looked at."""


def is_age(cell: Cell) -> bool:
    """Whether a cell is the age of one person, and no range."""
    if isinstance(cell, FormattedNumber):
        cell = cell.number
    if isinstance(cell, int | float):
        return 0 <= cell <= 110
    found = _AGE.fullmatch(cell.strip()) if isinstance(cell, str) else None
    return bool(found and int(found[1] or 0) <= 110 and not cell.strip().endswith("+"))  # type: ignore[union-attr]


def is_sex(cell: Cell) -> bool:
    """Whether a cell is the sex of one person."""
    return text_of(cell).strip().casefold() in _SEXES


def is_school_year(cell: Cell) -> bool:
    """Whether a cell is a school year or class, such as Year 9 or R."""
    return bool(
        re.fullmatch(
            r"(?:y(?:ea)?r?\.? ?|nc ?)?(?:r|n[12]?|\d{1,2}[a-z]{0,3}|reception|nursery)", text_of(cell).strip(), re.I
        )
    )


def is_remark(cell: Cell) -> bool:
    """Whether a cell is words about somebody rather than a figure."""
    return isinstance(cell, str) and sum(c.isalpha() for c in cell) >= 2


@dataclass(frozen=True, eq=False)
class _Body:
    """What stands under a row of headings: for each column of a kind that is known, its filled cells."""

    view: SheetView
    head: HeadingRow
    columns: dict[int, list[tuple[int, Cell]]]
    rows: int

    def shows(self, kind: str, fits: Callable[[Cell], bool], least: float = 0.7) -> list[int]:
        """The columns whose heading is of a kind and of whose cells most fit it."""
        found = []
        for column in self.head.of(kind):
            held = self.columns.get(column, [])
            if held and sum(fits(cell) for _, cell in held) >= least * len(held):
                found.append(column)
        return found


def find_person_tables(view: SheetView) -> Iterator[Clue]:
    """Each table of which the rows are single people, by the column that says so."""
    for head in view.heads:
        if len(head.kinds) < 2 or head.is_staff:
            continue
        body = _body(view, head)
        if body.rows and (clue := _tells(body)):
            yield clue


def _body(view: SheetView, head: HeadingRow) -> _Body:
    end = min(head.end, head.row + 1 + MOST)
    columns: dict[int, list[tuple[int, Cell]]] = {}
    rows = 0
    for number in range(head.row + 1, end):
        line = view.rows[number]
        rows += any(cell is not None for cell in line)
        for column, cell in enumerate(line):
            if cell is not None:
                columns.setdefault(column, []).append((number, cell))
    return _Body(view, head, columns, rows)


def _tells(body: _Body) -> Clue | None:
    said = _said_of(body)
    counts = _has_counts(body, {column for columns in said.values() for column in columns})
    subject = _named(body, said, counts=counts) or _referred_to(body, said, counts=counts)
    if subject:
        return subject
    if (
        said["age"]
        and said["sex"]
        and not counts
        and (said["reason"] or said["date"] or said["ethnicity"] or said["year"] or said["private"])
    ):
        return Clue(ROWS, said["age"][0], address_of_position(cell_position(body.head.row, said["age"][0])))
    if said["born"]:
        return Clue(ROWS, said["born"][0], address_of_position(cell_position(body.head.row, said["born"][0])))
    return _of_events(body, said, counts=counts)


def _said_of(body: _Body) -> dict[str, list[int]]:
    """The columns that say something of one person, by what they say."""
    days = [column for column in body.shows("date", is_day) if _are_distinct(body.columns[column])]
    return {
        "age": body.shows("age", is_age),
        "sex": body.shows("sex", is_sex, 0.9),
        "born": [c for c in body.shows("born", may_be_day, 0.5) if _are_distinct(body.columns[c])],
        "ethnicity": body.shows("ethnicity", is_remark),
        "year": body.shows("year", is_school_year),
        "date": days,
        "reason": body.shows("reason", is_remark, 0.6),
        "private": body.shows("private", lambda cell: bool(text_of(cell).strip())),
    }


def _are_distinct(held: list[tuple[int, Cell]]) -> bool:
    """Whether the days of a column differ as those of people do, and those of a period do not."""
    return len({comparable_day(cell) for _, cell in held}) > max(1, 0.5 * len(held)) or len(held) == 1


def _has_counts(body: _Body, known: set[int]) -> bool:
    """Whether a column holds figures that are of many people, or numbers that nobody explains."""
    for column, held in body.columns.items():
        kinds = body.head.kinds.get(column, frozenset())
        numbered = "ref" in kinds and ("count" not in kinds or _are_consecutive([cell for _, cell in held]))
        if column in known or numbered or kinds & {"age", "year", "number", "id"}:
            continue
        numbers = sum(
            isinstance(cell, int | float | FormattedNumber) and not isinstance(cell, bool) for _, cell in held
        )
        if numbers and numbers >= 0.5 * len(held):
            return True
    return False


def _are_consecutive(held: list[Cell]) -> bool:
    """Whether numbers count the rows."""
    numbers = [cell for cell in held if isinstance(cell, int | float)]
    return len(numbers) == len(held) and numbers[:1] in ([0], [1]) and all(b - a == 1 for a, b in pairwise(numbers))


def _named(body: _Body, said: dict[str, list[int]], *, counts: bool) -> Clue | None:
    """A column of names, or of names that hide who it is, beside what is said of one person."""
    about = sum(bool(said[kind]) for kind in said)
    strong = sum(bool(said[kind]) for kind in ("age", "sex", "born", "ethnicity", "year"))
    for column in body.head.of("subject", "name", "called"):
        kinds = body.head.kinds[column]
        texts = [cell for _, cell in body.columns.get(column, ()) if isinstance(cell, str)]
        if not texts or kinds & {"role"} or column in body.view.excused:
            continue
        looks = [name_likelihood(text) for text in texts]
        likely = sum(look >= NameLikelihood.PART for look in looks)
        shaped = sum(look >= NameLikelihood.SHAPED for look in looks)
        generic = "name" in text_of(body.view.sheet.cell(body.head.row, column)).casefold()
        masked = sum(bool(_MASKED.fullmatch(text.strip())) for text in texts)
        distinct = len(set(texts)) >= 0.8 * len(texts)
        where = Clue(NAMES, column, body.view.span(column, [n for n, c in body.columns[column] if isinstance(c, str)]))
        if about and distinct and likely >= max(1, 0.3 * len(texts)) and (len(texts) > 1 or strong):
            return where
        hides = len(set(texts)) >= 0.5 * len(texts)
        if hides and not generic and len(texts) > 1 and likely + masked >= 0.6 * len(texts) and (about or not counts):
            return where
        if strong >= 2 and not counts and distinct and shaped >= 0.6 * len(texts):
            return where
        if (
            strong
            and not counts
            and not generic
            and "where" not in kinds
            and hides
            and shaped + masked >= 0.6 * len(texts)
        ):
            return where
        paired = sum(
            one >= NameLikelihood.SHAPED and " " in text.strip() for one, text in zip(looks, texts, strict=True)
        )
        weak = said["reason"] or said["date"] or said["private"]
        if strong and weak and not counts and distinct and len(texts) > 1 and paired >= 0.8 * len(texts):
            return where
    return None


def _referred_to(body: _Body, said: dict[str, list[int]], *, counts: bool) -> Clue | None:
    """A column of references, each another, beside what is said of one person."""
    counted = any(
        "count" in body.head.kinds[c] for c in body.head.kinds if c in body.columns and not body.head.kinds[c] & {"ref"}
    )
    if counts and counted:
        return None
    strong = sum(bool(said[kind]) for kind in ("age", "sex", "born", "ethnicity", "year"))
    weak = sum(bool(said[kind]) for kind in ("date", "reason", "private"))
    for column in body.head.of("ref", "subject", "id"):
        held = [text_of(cell).strip() for _, cell in body.columns.get(column, ())]
        figures = "count" in body.head.kinds[column] and not _are_consecutive(
            [cell for _, cell in body.columns.get(column, ())]
        )
        if figures or len(held) < 2 or len(set(held)) < 0.9 * len(held) or "where" in body.head.kinds[column]:
            continue
        if not all(_CODE.fullmatch(text) or _MASKED.fullmatch(text) for text in held) or _are_places(held):
            continue
        where = Clue(REFERENCES, column, body.view.span(column, [number for number, _ in body.columns[column]]))
        if strong >= 2 or (strong and weak and not counts) or (strong and not counts and _are_of_people(body, column)):
            return where
        plain = any(
            re.search(r"\breasons?\b", text_of(body.view.sheet.cell(body.head.row, c)), re.I) for c in said["reason"]
        )
        planned = any("actions" in kinds for kinds in body.head.kinds.values()) or _is_plan(body)
        dated = len(held) >= 3 and bool(said["date"]) and "subject" in body.head.kinds[column]
        if dated and not counts and not planned:
            return where
        if said["date"] and (plain or (said["reason"] and _are_of_people(body, column))) and not counts and not planned:
            return where
    return None


def _are_of_people(body: _Body, column: int) -> bool:
    return bool({"subject", "id"} & body.head.kinds[column])


def _are_places(held: list[str]) -> bool:
    """Whether codes are those of areas or periods."""
    return all(_GSS.fullmatch(text) or _PERIOD.fullmatch(text) for text in held) and not all(
        TEN_DIGITS.fullmatch(t) for t in held
    )


def _is_plan(body: _Body) -> bool:
    """Whether any heading of the row, of whatever kind, is one of a plan or a log."""
    from local_indicators.inputs.personal_data.vocabulary.person_headings import ACTIONS

    row = body.view.rows[body.head.row]
    return any(isinstance(cell, str) and ACTIONS.search(cell) for cell in row)


def _of_events(body: _Body, said: dict[str, list[int]], *, counts: bool) -> Clue | None:
    """Every row has the sex or the age of somebody and a day on which something happened to them: no total has both."""
    about = said["sex"] or said["age"]
    for day in said["date"]:
        held = [cell for _, cell in body.columns[day]]
        days = {comparable_day(cell) for cell in held if isinstance(cell, date | str)}
        if about and (said["sex"] or not counts) and len(days) >= max(4, len(held) // 2):
            return Clue(ROWS, about[0], address_of_position(cell_position(body.head.row, about[0])))
    return None
