"""Addresses, postcodes, e-mail addresses and telephone numbers within a text."""

from __future__ import annotations

import re

EMAIL = re.compile(r"[\w.+'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
_PRIVATE = re.compile(
    r"@(?:gmail|googlemail|hotmail|yahoo|ymail|outlook|live|icloud|me|mac|aol|btinternet|sky|talktalk|virginmedia|ntlworld|msn|proton(?:mail)?|gmx|mail)\.",
    re.I,
)
_OFFICE = re.compile(
    r"^(?:info|data|stats?|statistics|enquir\w*|contact|admin|office|help\w*|press|support|feedback|research|team|performance|schools?|foi|reception|mail|hello|"
    r"customer\w*|service\w*|safeguarding|\w*(?:stats|statistics|team|enquiries|data|admin|office|research|info|support|desk|service|services|surveys?|supply))(?:[.@+_-]|$)",
    re.I,
)
PHONE = re.compile(r"(?<![\d.])(?:\+44 ?(?:\(0\) ?)?|\(?0)(?:\d[ ()-]{0,2}){8,9}\d(?!\d)")
MOBILE = re.compile(r"(?<![\d.])(?:\+44 ?(?:\(0\) ?)?|0)7(?:\d[ -]?){8}\d(?!\d)")
POSTCODE = re.compile(r"\b(?:GIR 0AA|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2})\b", re.I)
_STREET = r"(?:street|st|road|rd|avenue|ave|close|lane|ln|drive|dr|crescent|cres|way|court|ct|grove|gardens|gdns|terrace|place|pl|walk|rise|hill|green|mews|row|square|view|park|parade|gate|vale|mount)"
HOME = re.compile(
    rf"\b(?:(?:flat|apartment|apt|unit|room) ?\w{{1,4}},? )?\d{{1,4}}[a-d]?,? (?:[A-Z][\w'.-]+ ){{1,3}}{_STREET}\b\.?(?!-)",
    re.I,
)
"""A house number and a street."""


def has_home_address(text: str) -> bool:
    """Whether a text has a house number, a street and a postcode, or a house number and a postcode alone."""
    code = POSTCODE.search(text)
    return bool(
        code
        and (
            HOME.search(text)
            or re.match(r"\s*(?:flat )?\d{1,4}[a-d]?[ ,]+(?:\w+[ ,]+){0,6}$", text[: code.start()], re.I)
        )
    )


def count_personal_emails(text: str) -> int:
    """How many e-mail addresses a text has that look like a person's and no office's."""
    return sum(1 for one in EMAIL.findall(text) if not _OFFICE.match(one))


def count_private_provider_emails(text: str) -> int:
    """How many e-mail addresses a text has at providers for private people."""
    return sum(1 for one in EMAIL.findall(text) if _PRIVATE.search(one))
