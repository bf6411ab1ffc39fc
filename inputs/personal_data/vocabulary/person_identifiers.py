"""Numbers that stand for one person, told by their form and check digit, alone in a cell or within a text.

Sources: NHS Data Dictionary (NHS number, modulus 11); Department for Education, Unique pupil numbers (check letter,
modulus 23) and Unique learner numbers (modulus 11); HM Revenue and Customs, NIM39110 (national insurance numbers).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

NHS, PUPIL, LEARNER, INSURANCE = "NHS numbers", "pupil numbers", "learner numbers", "national insurance numbers"
REFERENCE = "references of single people"
_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
"""Letters of a pupil number, by their weight: no I, O or S."""

PUPIL_FORM = re.compile(rf"(?<![A-Z0-9])([{_LETTERS}])(\d{{11}})([\d{_LETTERS}])(?![A-Z0-9])", re.I)
INSURANCE_FORM = re.compile(
    r"(?<![A-Z0-9])(?!BG|GB|KN|NK|NT|ZZ)[A-CEGHJ-PQR-TW-Z][A-CEGHJ-NPR-TW-Z][ -]?\d{2}[ -]?\d{2}[ -]?\d{2}[ -]?[A-D]"
    r"(?![A-Z0-9])",
    re.I,
)
TEN_DIGITS = re.compile(r"(?<![\d+£.,/-])(?<!\d )(\d{3})([ -]?)(\d{3})([ -]?)(\d{4})(?![.,/-]?\d| \d)")
_NAMED = re.compile(
    r"\b(?:UPN|ULN|NINO|CHI|NHS (?:no|num|number|id)|NI (?:no|number)|national insurance(?: no| number)?"
    r"|unique (?:pupil|learner) number|(?:hospital|patient|passport|prison|custody|candidate) (?:id|no|number|ref|reference)"
    r"|(?:mosaic|liquid ?logic|care ?first|child|pupil|client|case|student|learner|person|carer|parent) "
    r"(?:id|ref|reference))\b\.?\s*(?:is|was|of|[:=(#–-])?\s*([A-Z]{0,4}[ /-]?\d[\d /-]*[A-Z]{0,2})",
    re.I,
)
_OF_PERSONS = re.compile(r"\b(?:NHS|ULN|patients?|pupils?|child(?:ren)?|learners?|students?|clients?|mum|dob)\b", re.I)
_OF_OTHERS = re.compile(r"\b(?:ISBN|tel|telephone|phone|fax|mobile|UTR|VAT|account|isrctn)\b", re.I)


def is_nhs_number(digits: str) -> bool:
    """Whether ten digits end in the check digit of an NHS number."""
    check = 11 - _weighted(digits) % 11
    return len(set(digits)) > 2 and (0 if check == 11 else check) == int(digits[9])


def is_learner_number(digits: str) -> bool:
    """Whether ten digits end in the check digit of a unique learner number."""
    rest = _weighted(digits) % 11
    return digits[0] != "0" and len(set(digits)) > 2 and rest != 0 and 10 - rest == int(digits[9])


def is_pupil_number(text: str) -> bool:
    """Whether a text has the form of a unique pupil number and begins with the check letter of the rest of it."""
    form = PUPIL_FORM.fullmatch(text.strip())
    if not form:
        return False
    last = form[3].upper()
    values = [int(digit) for digit in form[2]] + [int(last) if last.isdigit() else _LETTERS.index(last)]
    return _LETTERS[sum(v * weight for v, weight in zip(values, range(2, 14), strict=True)) % 23] == form[1].upper()


def _weighted(digits: str) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False))


def person_identifiers_in(text: str) -> Iterator[str]:
    """What each number in a text is that can only be one person's."""
    if sum(map(text.count, "0123456789")) < 4:
        return
    if any(is_pupil_number(form[0]) for form in PUPIL_FORM.finditer(text)):
        yield PUPIL
    if INSURANCE_FORM.search(text):
        yield INSURANCE
    for form in TEN_DIGITS.finditer(text):
        digits = form[1] + form[3] + form[5]
        if _OF_OTHERS.search(text) or digits[0] in "01":
            continue
        spaced = bool(form[2] and form[4]) or digits[0] in "4679"
        said = _OF_PERSONS.search(text) and (is_nhs_number(digits) or is_learner_number(digits))
        if said or (spaced and is_nhs_number(digits)):
            yield NHS
    named = _NAMED.search(text)
    if (
        named
        and sum(c.isdigit() for c in named[1]) >= 5
        and not re.fullmatch(r"(?:19|20)\d\d[ /-]\d\d?(?:\d\d)?\s*", named[1])
    ):
        yield REFERENCE
