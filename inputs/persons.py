"""Telling records of single people from totals, so that they are refused before anything of them is kept.

What tells them is a heading that only such a table has, with cells under it that look like it, or a column of
identifiers under any heading or none. A form may ask who filled it in, and a table of schools may give their postcodes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from inputs.cells import Cell, Cells, Sheet
from inputs.grammar import plain, same
from inputs.headings import words
from schemas.findings import Finding, a1, at, column_letters, finding

SEARCHED_ROWS = 60
"""Rows at the top of a sheet that are searched for headings."""
SAMPLED_ROWS = 400
FEWEST = 4
"""From so many values a column is taken to hold identifiers, if nearly all of them look like it."""

Looks = Callable[[str], bool]
_UPN = re.compile(r"^[A-HJ-NP-RT-Z]\d{11}[0-9A-HJ-NP-RT-Z]$", re.I)
_NINO = re.compile(r"^[A-CEGHJ-PR-TW-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]$", re.I)
_POSTCODE = re.compile(r"^[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}$", re.I)
_CODE = re.compile(r"^(?:[A-Z]{1,3}[-/ ]?\d{3,}|\d{5,})[-/ ]?[A-Z0-9]{0,4}$", re.I)
_DATE = re.compile(
    r"^\d{1,2}[/.-]\d{1,2}[/.-](?:\d{4}|\d{2})$|^\d{4}-\d{2}-\d{2}|^\d{1,2} [A-Z][a-z]{2,8} \d{2,4}$|^[1-4]\d{4}$"
)
_DAY = re.compile(r"^\d{1,2}[/.-]\d{1,2}[/.-](?:\d{4}|\d{2})$|^\d{4}-\d{2}-\d{2}")
_BOTH_NAMES = re.compile(r"^[A-Z][a-z'-]+, [A-Z][a-z'-]+(?: [A-Z]\.?)?$")
_DIGITS = re.compile(r"\d{4,}")
_INSTITUTION = re.compile(
    r"\b(?:urn|laestab|ukprn|school|setting|provider|practice|establishment|organisation|centre|nursery|college|premises"
    r"|station|library|surgery|pharmacy|care home)s?\b",
    re.I,
)


def _any_of(*headings: str) -> frozenset[str]:
    return frozenset(re.sub(r"[ _.'-]", "", heading).casefold() for heading in headings)


HEADINGS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "number": _any_of(
            "UPN", "Unique pupil number", "Former UPN", "Pupil UPN", "ULN", "Unique learner number", "NHS number",
            "NHS no", "NHS ID", "National insurance number", "NI number", "NINO", "MARAC case number",
            "Candidate number", "Hospital number", "Unique child identifier", "Passport number",
        ),
        "id": _any_of(
            "LAchildID", "LA child ID", "Social care ID", "Mosaic ID", "Pupil ID", "Child ID", "Person ID", "Client ID",
            "Patient ID", "Service user ID", "Learner ID", "Student ID", "Young person ID", "Pupil ref", "Child ref",
            "Client ref", "Patient ref",
        ),
        "date": _any_of("Date of birth", "DOB", "Birth date", "PersonBirthDate", "Child DOB", "Pupil DOB",
                        "Date of death"),
        "name": _any_of(
            "Surname", "Forename", "Forenames", "First name", "Last name", "Family name", "Given name", "Pupil name",
            "Child name", "Childs name", "Name of child", "Name of pupil", "Patient name", "Client name",
            "Student name", "Learner name", "Pupil forename", "Pupil surname", "Legal surname",
            "Preferred surname", "Legal forename", "Child forename", "Child surname", "Carer name",
            "Service user name", "Middle name",
        ),
        "place": _any_of("Home address", "Postcode of residence", "Home postcode", "Pupil postcode", "Child postcode",
                         "Pupil address", "HomePost", "Address line 1"),
    }
)  # fmt: skip
"""Headings that only a table of single people has, without spaces and points, by what stands under them."""
_UNDER: Mapping[str, Looks] = MappingProxyType(
    {
        "number": lambda text: bool(_DIGITS.search(text)),
        "id": lambda text: len(text) <= 20 and any(c.isdigit() for c in text),
        "date": lambda text: bool(_DATE.match(text)),
        "name": lambda text: text[:1].isalpha(),
        "place": lambda text: any(c.isdigit() for c in text),
    }
)
_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "number": "numbers of single people", "id": "references of single people", "name": "names of people",
        "date": "dates of birth or death", "place": "addresses or postcodes of homes",
    }
)  # fmt: skip
"""What a column holds, in words that show nothing of it, not even its heading."""
_USUAL = re.compile(r"(?:csv|data|sheet|table|figures|totals|return)(?: ?\d{1,3})?(?: ?\(\d{1,3}\))?")
"""Names of sheets that are nobody's."""
MOST_TOLD = 5
"""Columns of a sheet that are told in words; all are among the cells."""
_SEXES = frozenset(("m", "f", "male", "female", "boy", "girl", "u", "unknown", "not known", "1", "2", "0", "9"))
_RECORD = re.compile(
    r"^(?:child|pupil|person|patient|client|learner|student|case|referral|service user|young person|episode)"
    r"(?:[ _]?(?:id|ref|reference|no|no\.|number|code|identifier))?$"
)
"""Headings that may be of records, if there are identifiers under them."""


@dataclass(frozen=True)
class _Told:
    """What tells a sheet of single people: what its column holds, in our words, the column and the cell to look at."""

    what: str
    column: int
    cell: str


def person_level(cells: Cells, known: Set[str] = frozenset()) -> Finding | None:
    """The finding that refuses a file in which any sheet, hidden or not, has records of single people; None where there
    are totals only.

    It says where they are and shows nothing of them: what a column holds in our own words, and a sheet by its number,
    for its name may be somebody's. `known` are names of sheets that may be shown, as inputs.grammar.plain writes them.
    """
    home, places, said = "", [], []
    for number, sheet in enumerate(cells.sheets, start=1):
        told = list(_told(sheet))
        if not told:
            continue
        name = sheet.name if plain(sheet.name) in known or _USUAL.fullmatch(plain(sheet.name)) else f"sheet {number}"
        home = home or name
        places += [one.cell if name == home else f"'{name.replace(chr(39), chr(39) * 2)}'!{one.cell}" for one in told]
        columns = ", ".join(f"{one.what} in column {column_letters(one.column)}" for one in told[:MOST_TOLD])
        said.append(f"{name}{' (hidden)' if sheet.hidden else ''}: {columns}")
    if not said:
        return None
    found = "; ".join(said)
    return finding("return.person-level", sheet=home, cells=places, found=found, expected="totals only")


def _told(sheet: Sheet) -> Iterator[_Told]:
    """What tells that a sheet is of single people, each column once; nothing where it is not."""
    columns: set[int] = set()
    for one in (*_headed(sheet), *_identifiers(sheet), *_of_events(sheet)):
        if one.column not in columns:
            columns.add(one.column)
            yield one


def _headed(sheet: Sheet) -> Iterator[_Told]:
    for number, row in enumerate(sheet.rows[:SEARCHED_ROWS]):
        for column, cell in enumerate(row):
            if not isinstance(cell, str) or len(cell) > 60:
                continue
            where = a1(at(number, column))
            if kind := _kind(cell):
                under = _under(sheet, number, column)
                if any(map(_UNDER[kind], under)) and not (kind == "name" and _is_form(sheet, number, column)):
                    yield _Told(_WORDS[kind], column, where)
            elif _RECORD.match(same(cell)) and _are_identifiers(_under(sheet, number, column)):
                yield _Told(_WORDS["id"], column, where)


def _kind(heading: str) -> str | None:
    """What a heading says stands under it, if only a table of single people has it."""
    plain = re.sub(r"[ _.'-]", "", same(heading)).rstrip(":")
    return next((kind for kind, known in HEADINGS.items() if plain in known), None)


def _is_form(sheet: Sheet, number: int, column: int) -> bool:
    """Whether a cell is a label of a form, such as First name: over Telephone:, with what was filled in beside it."""
    row = [cell for cell in sheet.rows[number] if cell is not None]
    below = sheet.cell(number + 1, column)
    asked = isinstance(below, str) and (
        _kind(below) is not None
        or bool(re.search(r"name|mail|phone|role|title|position|address|date|contact", below, re.I))
    )
    return len(row) <= 2 and asked


def _are_identifiers(values: list[str]) -> bool:
    """Whether values are references and not counts: letters in them, or digits that are all of one length."""
    if not _mostly(values, lambda text: bool(_CODE.match(text))):
        return False
    lettered = sum(any(c.isalpha() for c in text) for text in values) >= 0.8 * len(values)
    lengths = [len(text) for text in values]
    return lettered or lengths.count(max(set(lengths), key=lengths.count)) >= 0.95 * len(values)


def _identifiers(sheet: Sheet) -> Iterator[_Told]:
    width = max((len(row) for row in sheet.rows[:SAMPLED_ROWS]), default=0)
    of_places = _is_of_institutions(sheet)
    for column in range(width):
        values = _under(sheet, -1, column)
        for what, looks in _LOOKS.items():
            if not (of_places and what == _WORDS["place"]) and _mostly(values, looks):
                yield _Told(what, column, _range(sheet, column))
                break


def _range(sheet: Sheet, column: int) -> str:
    """The filled part of a column."""
    rows = [number for number, row in enumerate(sheet.rows) if column < len(row) and row[column] is not None]
    return f"{a1(at(rows[0], column))}:{a1(at(rows[-1], column))}"


def _of_events(sheet: Sheet) -> Iterator[_Told]:
    """Whether every row has the sex of somebody and a day on which something happened to them: no total has both."""
    for number, row in enumerate(sheet.rows[:SEARCHED_ROWS]):
        for column, cell in enumerate(row):
            if isinstance(cell, str) and same(cell) in ("sex", "gender"):
                sexes = _under(sheet, number, column)
                if not _mostly(sexes, lambda text: text.casefold() in _SEXES):
                    continue
                if (days := _days(sheet, number, len(sexes))) is not None:
                    yield _Told("the sex of each person", column, a1(at(number, column)))
                    yield _Told("a day of each person", days, a1(at(number, days)))


def _days(sheet: Sheet, number: int, rows: int) -> int | None:
    """The column that has a different day in most of the rows, as no period of a table has."""
    for column in range(len(sheet.rows[number])):
        days = [text for text in _under(sheet, number, column) if _DAY.match(text)]
        if len(days) >= 0.8 * rows and len(set(days)) >= max(FEWEST, rows // 2):
            return column
    return None


def _is_of_institutions(sheet: Sheet) -> bool:
    """Whether headings say that the rows are schools and the like, which may have postcodes."""
    return any(
        isinstance(cell, str) and len(cell) <= 60 and _INSTITUTION.search(cell.replace("_", " "))
        for row in sheet.rows[:SEARCHED_ROWS]
        for cell in row
    )


def _under(sheet: Sheet, row: int, column: int) -> list[str]:
    """The filled cells of a column below a row, as text."""
    lines = sheet.rows[row + 1 : row + 1 + SAMPLED_ROWS]
    held: list[Cell] = [line[column] for line in lines if column < len(line) and line[column] is not None]
    return [cell.isoformat() if isinstance(cell, date) else words(cell) for cell in held]


def _mostly(values: list[str], looks: Looks) -> bool:
    """Whether nearly all of a column, its heading left aside, looks like something."""
    fits = sum(map(looks, values))
    return fits >= FEWEST and fits >= 0.8 * (len(values) - 1)


def _is_nhs_number(text: str) -> bool:
    """Ten digits of which the last is the check digit that the NHS Data Dictionary defines (modulus 11)."""
    digits = text.replace(" ", "").replace("-", "")
    if len(digits) != 10 or not (digits.isascii() and digits.isdigit()) or len(set(digits)) < 3:
        return False
    check = 11 - _weighted(digits) % 11
    return (0 if check == 11 else check) == int(digits[9])


def _is_learner_number(text: str) -> bool:
    """Ten digits of which the last is the check digit of a unique learner number (modulus 11, subtracted from 10)."""
    if len(text) != 10 or not (text.isascii() and text.isdigit()) or text[0] == "0" or len(set(text)) < 3:
        return False
    rest = _weighted(text) % 11
    return rest != 0 and 10 - rest == int(text[9])


def _weighted(digits: str) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False))


_LOOKS: Mapping[str, Looks] = MappingProxyType(
    {
        "pupil numbers": lambda text: bool(_UPN.match(text)),
        "national insurance numbers": lambda text: bool(_NINO.match(text)),
        _WORDS["name"]: lambda text: bool(_BOTH_NAMES.match(text)),
        "NHS numbers": _is_nhs_number,
        "learner numbers": _is_learner_number,
        _WORDS["place"]: lambda text: bool(_POSTCODE.match(text)),
    }
)
"""Identifiers that are told by their look, under any heading or none."""
