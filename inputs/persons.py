"""Telling records of single people from totals, so that they are refused before anything of them is kept."""

from __future__ import annotations

import re
from collections.abc import Callable

from inputs.cells import Cell, Cells, Sheet
from inputs.grammar import same
from inputs.headings import words
from schemas.findings import Finding, finding

SEARCHED_ROWS = 60
"""Rows at the top of a sheet that are searched for headings."""
SAMPLED_ROWS = 400
FEWEST = 4
"""From so many values a column is taken to hold identifiers, if nearly all of them look like it."""

HEADINGS = frozenset(
    same(heading)
    for heading in (
        "UPN", "Unique pupil number", "Former UPN", "Pupil UPN", "ULN", "Unique learner number", "NHS number", "NHS no",
        "NHS no.", "Date of birth", "DOB", "D.O.B.", "DateOfBirth", "Birth date", "PersonBirthDate", "Surname",
        "Forename", "Forenames", "First name", "Last name", "Family name", "Given name", "Pupil name", "Child name",
        "Childs name", "Child's name", "Name of child", "Patient name", "Client name",
        "National insurance number", "NI number", "NINO", "Home address", "Postcode of residence", "Home postcode",
        "LAchildID", "LA child ID", "MARAC case number", "Social care ID",
    )
)  # fmt: skip
"""Headings that only a table of single people has."""
_RECORD = re.compile(
    r"^(?:child|pupil|person|patient|client|learner|student|case|referral|service user|young person|episode)"
    r"(?:[ _]?(?:id|ref|reference|no|no\.|number|code|identifier))?$"
)
_CODE = re.compile(r"^[A-Z]{0,3}[-/ ]?\d{4,}[-/ ]?[A-Z0-9]{0,4}$", re.I)
_UPN = re.compile(r"^[A-HJ-NP-RT-Z]\d{11}[0-9A-HJ-NP-RT-Z]$", re.I)
_NINO = re.compile(r"^[A-CEGHJ-PR-TW-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]$", re.I)
_POSTCODE = re.compile(r"^[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}$", re.I)


def person_level(cells: Cells) -> Finding | None:
    """The finding that refuses a file in which any sheet, hidden or not, has records of single people; it shows nothing
    of them. None where there are totals only."""
    if any(_headed(sheet) or _holds_identifiers(sheet) for sheet in cells.sheets):
        return finding("return.person-level", expected="totals only")
    return None


def _headed(sheet: Sheet) -> bool:
    for number, row in enumerate(sheet.rows[:SEARCHED_ROWS]):
        for column, cell in enumerate(row):
            if not isinstance(cell, str) or len(cell) > 60:
                continue
            heading = same(cell)
            if heading in HEADINGS:
                return True
            if _RECORD.match(heading) and _mostly(_under(sheet, number, column), lambda text: bool(_CODE.match(text))):
                return True
    return False


def _holds_identifiers(sheet: Sheet) -> bool:
    width = max((len(row) for row in sheet.rows[:SAMPLED_ROWS]), default=0)
    for column in range(width):
        values = _under(sheet, 0, column)
        for looks in (_UPN.match, _NINO.match, _POSTCODE.match, _is_nhs_number):
            if _mostly(values, lambda text, looks=looks: bool(looks(text))):  # type: ignore[misc]
                return True
    return False


def _under(sheet: Sheet, row: int, column: int) -> list[str]:
    """The filled cells of a column below a row, as text."""
    lines = sheet.rows[row + 1 : row + 1 + SAMPLED_ROWS]
    held: list[Cell] = [line[column] for line in lines if column < len(line) and line[column] is not None]
    return [words(cell) for cell in held]


def _mostly(values: list[str], looks: Callable[[str], bool]) -> bool:
    return len(values) >= FEWEST and sum(map(looks, values)) >= 0.8 * len(values)


def _is_nhs_number(text: str) -> bool:
    """Ten digits of which the last is the check digit that the NHS Data Dictionary defines (modulus 11)."""
    digits = text.replace(" ", "").replace("-", "")
    if len(digits) != 10 or not digits.isdigit() or len(set(digits)) < 3:
        return False
    check = 11 - sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False)) % 11
    return (0 if check == 11 else check) == int(digits[9])
