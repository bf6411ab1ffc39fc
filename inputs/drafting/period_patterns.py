"""Periods inside of longer texts: the pattern that takes one out, and the kinds of period that it may be of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from local_indicators.schemas.reference.periods import read_period

MONTH = (
    "(?:January|February|March|April|May|June|July|August|September|October|November|December"
    "|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)"
)
_YEAR = r"(?:19|20)\d{2}"
PATTERNS = (
    rf"{_YEAR}/\d{{2,4}} ?(?:-|–|to) ?{_YEAR}/\d{{2,4}}",
    rf"(?:Q[1-4]|Quarter [1-4]),? {_YEAR}[/-]\d{{2,4}}",
    rf"{_YEAR}[/-]\d{{2,4}} (?:Q[1-4]|Quarter [1-4])",
    rf"(?:Q[1-4]|Quarter [1-4]),? {_YEAR}",
    rf"(?:Autumn|Spring|Summer|Autumn and spring)(?: terms?)? {_YEAR}/\d{{2,4}}",
    rf"(?:year|12 months|twelve months) (?:ending|ended|to) {MONTH} {_YEAR}",
    rf"{MONTH} {_YEAR} (?:-|–|to) {MONTH} {_YEAR}",
    rf"(?:\d{{1,2}} )?{MONTH}[ -]{_YEAR}",
    rf"{MONTH}[ -]\d{{2}}\b",
    rf"{_YEAR} ?(?:-|–|to|/) ?{_YEAR}",
    rf"{_YEAR} ?[/–-] ?\d{{2}}",
    rf"{_YEAR}\d{{2}}",
    rf"{_YEAR}",
)
"""What a period looks like inside of a text, the longest first. Two of each may not touch another digit."""
_COMPILED = tuple((text, re.compile(rf"(?<!\d){text}(?!\d)", re.I)) for text in PATTERNS)

KINDS = (
    "Academic year", "Financial year", "Calendar year", "Month", "Financial quarter", "Calendar quarter",
    "Autumn term", "Spring term", "Summer term", "Autumn and spring term", "Pooled calendar years",
    "Pooled financial years", "Twelve months", "Week", "Financial year to date", "Reporting window",
)  # fmt: skip
"""The kinds of period that are tried, the likeliest first."""
SCHOOL = re.compile(
    r"school|pupil|academic|key stage|\bks\d|gcse|attain|absen|exclu|teacher|\bterm\b|eyfs|foundation stage|\bsen\b"
    r"|\bneet\b|a[ -]level|student|free school meal|\bfsm\b|education|\byear [1-9r]\b|reception|\bncmp\b",
    re.I,
)
FINANCE = re.compile(
    r"£|budget|spend|expenditure|revenue|capital|outturn|financ|council tax|waste|homeless|crime|offence", re.I
)
"""Words by which it is a financial one."""
"""Words by which a year that goes over into the next is a school year rather than a financial one."""


def kinds_of_period(texts: Iterable[object]) -> tuple[str, ...]:
    """Return the kinds of period that every one of some cells is, the likeliest first; none where there are no cells.
    Text and whole numbers and dates are read as the parser reads them."""
    every = list(texts)
    if not every:
        return ()
    return tuple(kind for kind in KINDS if all(reads_as(one, kind) for one in every))


def reads_as(cell: Any, kind: str) -> bool:
    """Return whether a cell is a period of a kind, without help from a layout."""
    named = kind.endswith("term") and isinstance(cell, str) and "term" not in cell.casefold()
    return not named and read_period(cell, kind) is not None


def by_subject(kinds: Iterable[str], subject: str) -> tuple[str, ...]:
    """Return kinds of period with the school year first where a text speaks of schools, and the financial year first
    where it does not."""
    order = list(kinds)
    if {"Academic year", "Financial year"} <= set(order):
        school = len(SCHOOL.findall(subject)) > len(FINANCE.findall(subject))
        first = "Academic year" if school else "Financial year"
        order.remove(first)
        order.insert(0, first)
    return tuple(order)


def find_periods(text: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield each period in a text that overlaps none before it: the pattern, what it takes, and the kinds that may be
    meant."""
    yield from _find_periods(text[:300])


@lru_cache(maxsize=16_384)
def _find_periods(text: str) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    taken: list[tuple[int, int]] = []
    found = []
    for pattern, compiled in _COMPILED:
        for match in compiled.finditer(text):
            if any(match.start() < end and begin < match.end() for begin, end in taken):
                continue
            if kinds := kinds_of_period([match[0]]):
                taken.append(match.span())
                found.append((match.start(), (pattern, match[0], kinds)))
    return tuple(period for _, period in sorted(found))
