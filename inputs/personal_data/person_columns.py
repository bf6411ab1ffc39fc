"""Columns that say what they hold by a heading that only a table of single people has, or by numbers of people."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from local_indicators.common.cell_references import address_of_position, cell_position
from local_indicators.inputs.personal_data import clues
from local_indicators.inputs.personal_data.clues import Clue
from local_indicators.inputs.personal_data.sheet_view import SheetView, text_of
from local_indicators.inputs.personal_data.vocabulary import contact_details
from local_indicators.inputs.personal_data.vocabulary.person_headings import INSTITUTION, heading_kinds
from local_indicators.inputs.personal_data.vocabulary.person_identifiers import (
    INSURANCE,
    INSURANCE_FORM,
    LEARNER,
    NHS,
    PUPIL,
    PUPIL_FORM,
    TEN_DIGITS,
    is_learner_number,
    is_nhs_number,
)
from local_indicators.inputs.personal_data.vocabulary.personal_names import NameLikelihood, name_likelihood
from local_indicators.inputs.personal_data.vocabulary.typed_days import is_day, may_be_day
from local_indicators.inputs.readers.cells import Cell

FEWEST = 4
"""From so many values a column is taken to hold identifiers, if nearly all of them look like it."""
_WORDS = MappingProxyType(
    {
        "number": clues.NUMBERS,
        "id": clues.REFERENCES,
        "name": clues.NAMES,
        "called": clues.NAMES,
        "born": clues.BIRTHS,
        "place": clues.HOMES,
    }
)
_CODE = re.compile(r"^(?:[A-Z]{1,3}[-/ ]?\d{3,}|\d{5,})[-/ ]?[A-Z0-9]{0,4}$", re.I)
_OF_ONE = re.compile(r"\b(?:child|pupil|student|patient|client|young person|victim|learner|service user)", re.I)
_RECORD = re.compile(
    r"^(?:child|pupil|person|patient|client|learner|student|case|referral|service user|young person|episode)"
    r"(?:[ _]?(?:id|ref|reference|no|no\.|number|code|identifier))?$"
)
"""Headings that may be of records, if there are identifiers under them."""
_ASKED = re.compile(r"\b(?:\w*name|e?-?mail|\w*phone|role|title|position|address|date|contact|tel|job|team)\b", re.I)


def _is_name(cell: Cell) -> bool:
    return isinstance(cell, str) and cell[:1].isalpha() and not any(c.isdigit() for c in cell)


_UNDER: Mapping[str, Callable[[Cell], bool]] = MappingProxyType(
    {
        "number": lambda cell: bool(re.search(r"\d{4,}", text_of(cell).replace(" ", ""))),
        "id": lambda cell: len(text_of(cell)) <= 20 and any(c.isdigit() for c in text_of(cell)),
        "born": may_be_day,
        "name": _is_name,
        "called": _is_name,
        "place": lambda cell: any(c.isdigit() for c in text_of(cell)),
    }
)


def find_person_headings(view: SheetView) -> Iterator[Clue]:
    """Columns under a heading that only a table of single people has."""
    staff = {head.row for head in view.heads if head.is_staff}
    for text, kinds in view.words.kinds.items():
        found = _WORDS.keys() & kinds
        record = _RECORD.match(text.strip().casefold())
        for number, column in view.places[text] if found or record else ():
            for kind in found:
                held = _is_held(view, number, column, kind) or _is_beside(view, number, column, kind, text)
                if held and not (kind in ("name", "called") and number in staff):
                    yield Clue(_WORDS[kind], column, address_of_position(cell_position(number, column)))
        for number, column in view.places[text][:3] if record else ():
            if _are_references(view, number, column):
                yield Clue(clues.REFERENCES, column, address_of_position(cell_position(number, column)))


def _is_held(view: SheetView, number: int, column: int, kind: str) -> bool:
    """Whether what a heading says stands under it, up to the next cell that is a heading itself."""
    held = []
    for cell in view.under(number, column):
        if type(cell) is str and heading_kinds(cell) & {kind, "count"}:
            break
        held.append(cell)
        if len(held) > 5_000:
            break
    if kind == "called" and sum(type(c) is str and name_likelihood(c) >= NameLikelihood.PART for c in held) < max(
        1, 0.3 * len(held)
    ):
        return False
    if kind in ("name", "called") and (column in view.excused or _is_form(view, number, column)):
        return False
    if kind == "born":  # births are counted under the same word
        return sum(map(_UNDER[kind], held)) >= max(1, 0.3 * len(held)) and not _are_counts(held)
    return any(map(_UNDER[kind], held))


def _are_counts(held: list[Cell]) -> bool:
    return all(isinstance(cell, int | float) for cell in held) and not all(
        isinstance(cell, int | float) and (20_000 <= cell <= 55_000 or cell >= 1_000_000) for cell in held
    )


def _is_beside(view: SheetView, number: int, column: int, kind: str, label: str) -> bool:
    """Whether what a label says stands to the right of it, as in a form about somebody."""
    beside = view.sheet.cell(number, column + 1)
    if beside is None or (isinstance(beside, str) and heading_kinds(beside)):
        return False
    if kind in ("name", "called"):
        return (
            isinstance(beside, str) and name_likelihood(beside) >= NameLikelihood.PART and bool(_OF_ONE.search(label))
        )
    return kind in ("born", "number") and _UNDER[kind](beside) and (kind == "number" or is_day(beside))


def _is_form(view: SheetView, number: int, column: int) -> bool:
    """Whether a cell is a label of a form, such as First name: over Telephone:, with what was filled in beside it."""
    row = [cell for cell in view.rows[number] if cell is not None]
    below = view.sheet.cell(number + 1, column)
    asked = (
        isinstance(below, str)
        and bool(heading_kinds(below) & set(_WORDS) or _ASKED.search(below))
        and name_likelihood(below) < NameLikelihood.PART
    )
    return len(row) <= 2 and asked


def _are_references(view: SheetView, number: int, column: int) -> bool:
    """Whether values are references and not counts: letters in them, or digits that are all of one length."""
    values = [text_of(cell) for cell in view.under(number, column)]
    if not _mostly(values, lambda text: bool(_CODE.match(text))):
        return False
    lettered = sum(any(c.isalpha() for c in text) for text in values) >= 0.8 * len(values)
    lengths = [len(text) for text in values]
    return lettered or lengths.count(max(set(lengths), key=lengths.count)) >= 0.95 * len(values)


def _mostly(values: list[str], looks: Callable[[str], bool]) -> bool:
    """Whether nearly all of a column, its heading left aside, looks like something."""
    fits = sum(map(looks, values))
    return fits >= FEWEST and fits >= 0.8 * (len(values) - 1)


# -- numbers of people, under any heading or none


def find_person_number_columns(view: SheetView) -> Iterator[Clue]:
    """Columns of numbers of single people, in however few of their rows."""
    ten: dict[int, list[tuple[int, str]]] = {}
    for number, row in enumerate(view.rows):
        for column, cell in enumerate(row):
            if (type(cell) is float or type(cell) is int) and 1e9 <= cell < 1e10 and cell == int(cell):
                ten.setdefault(column, []).append((number, str(int(cell))))
    formed: dict[tuple[str, int], list[int]] = {}
    codes: dict[int, list[tuple[int, str]]] = {}
    for text in view.words.marked:
        form = TEN_DIGITS.fullmatch(text.strip())
        what = (
            PUPIL if PUPIL_FORM.fullmatch(text.strip()) else INSURANCE if INSURANCE_FORM.fullmatch(text.strip()) else ""
        )
        home = len(text) <= 120 and contact_details.POSTCODE.search(text)
        for number, column in view.places[text]:
            if form:
                ten.setdefault(column, []).append((number, form[1] + form[3] + form[5]))
            if what:
                formed.setdefault((what, column), []).append(number)
            if home:
                codes.setdefault(column, []).append((number, text))
    yield from _tens(view, ten)
    for (what, column), rows in formed.items():
        if len(rows) >= 2:
            yield Clue(what, column, view.span(column, rows))
    yield from _homes(view, codes)


def _tens(view: SheetView, ten: dict[int, list[tuple[int, str]]]) -> Iterator[Clue]:
    for column, held in ten.items():
        for what, is_one in ((NHS, is_nhs_number), (LEARNER, is_learner_number)):
            rows = [number for number, digits in held if is_one(digits)]
            distinct = len({digits for _, digits in held if is_one(digits)})
            if distinct >= 3 and len(rows) >= 0.7 * len(held):
                yield Clue(what, column, view.span(column, rows))
                break
            if distinct == 2 == len(held) and what == NHS and all(digits[0] in "4679" for _, digits in held):
                yield Clue(what, column, view.span(column, rows))
                break


def _homes(view: SheetView, codes: dict[int, list[tuple[int, str]]]) -> Iterator[Clue]:
    """Postcodes alone where the rows are no institutions, and house numbers with postcodes."""
    if not codes or _is_of_institutions(view):
        return
    for column, held in codes.items():
        alone = {text for _, text in held if contact_details.POSTCODE.fullmatch(text)}
        homes = {text for _, text in held if contact_details.has_home_address(text)}
        rows = [number for number, _ in held]
        mostly = len(held) >= 0.8 * (sum(1 for _ in view.under(-1, column)) - 1)
        if (len(alone) >= FEWEST and mostly) or len(homes) >= 2:
            yield Clue(clues.HOMES, column, view.span(column, rows))


def _is_of_institutions(view: SheetView) -> bool:
    """Whether headings or titles say that the rows are schools and the like, which may have postcodes."""
    return any(INSTITUTION.search(text.replace("_", " ")) for text in view.words.kinds)
