"""How many people a text speaks of: two children, fewer than five, one or two, a couple, none."""

from __future__ import annotations

import re

_WORDS = (
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_LARGE = {"hundred": 100, "thousand": 1000, "million": 1_000_000, "dozen": 12, "score": 20}
_NUMBERS = {
    **{word: number for number, word in enumerate(_WORDS)},
    **{word: 10 * number for number, word in enumerate(_TENS, start=2)},
    "none": 0, "nobody": 0, "nil": 0, "zero": 0, "single": 1, "sole": 1, "lone": 1, "solitary": 1, "both": 2,
    "pair": 2, "couple": 2, "twins": 2, "twin": 2, "triplets": 3, "trio": 3, "once": 1, "twice": 2,
}  # fmt: skip
_VAGUE = re.compile(r"\b(a few|few|very few|handful|several|some|not many|small number|a small minority)\b")
"""Words for a number that is small, however small."""
_A_PERSON = re.compile(
    r"\ban? (?:\w+ )?(child|boy|girl|pupil|baby|infant|person|man|woman|student|family|teenager|youth)\b"
)
_BELOW = re.compile(r"(<|\b(?:fewer|less|lower) than|\bunder|\bbelow)\s*$")
_UP_TO = re.compile(r"(<=|≤|\bup to|\bat most|\bno more than|\bnot more than|\bmaximum of|\bmax)\s*$")
_OVER = re.compile(r"(>=?|≥|\bmore than|\bover|\bat least|\babove|\bminimum of|\bno (?:fewer|less) than)\s*$")
_NO_PEOPLE = re.compile(
    r"\b(level|stage|key stage|ks|year|years|aged?|ward|table|note|footnote|quarter|q|week|band|tier|grade|version|"
    r"phase|appendix|section|page|part|group|class|type|category|priority|objective|indicator|ni|figure|row|column|in|"
    r"every)\s*$"
)
"""What stands before a number that counts nobody: level 2, year 6, note 1."""
_UNIT = re.compile(
    r"^\s*(%|per ?cent|percent|pct|pp\b|percentage|st\b|nd\b|rd\b|th\b|year|month|week|day|hour|mile|km|£|"
    r"thirds?\b|quarters?\b|half\b|halves\b|fifths?\b|tenths?\b|in (?:every )?(?:\d|" + "|".join(_WORDS) + r"))"
)
_NUMBER = re.compile(
    r"\d[\d,]*(?:\.\d+)?|\b(?:" + "|".join(sorted((*_NUMBERS, *_LARGE), key=len, reverse=True)) + r")\b"
)


_ONE = r"(\d[\d,]*|" + "|".join(sorted(_NUMBERS, key=len, reverse=True)) + r")"
_OF = re.compile(rf"\b{_ONE}(?: \w+)? ?(?:(?:out )?of(?: the| all)?|/) ?{_ONE}\b(?!\s*(?:%|per ?cent))")


def count_range_in_text(text: str) -> tuple[float, float] | None:
    """The least and the most people that a text gives away, of the smallest number in it; None where it gives no number
    of people. What is vaguely small is from 1 to 1."""
    plain = " ".join(text.casefold().replace("-", " ").replace("–", " ").split())
    found = [span for match in _NUMBER.finditer(plain) if (span := _span(plain, match)) is not None]
    if not found and (_VAGUE.search(plain) or _A_PERSON.search(plain)):
        return 1.0, 1.0
    upper = [span for span in found if span[1] > 0] or found
    return min(upper, key=lambda span: span[1]) if upper else None


def share_in_text(text: str) -> tuple[float, float] | None:
    """How many of how many people a text says: 25 of 57, three out of ten, 4/9; None where it does not."""
    plain = " ".join(text.casefold().split())
    match = _OF.search(plain)
    if match is None:
        return None
    numbers = [_NUMBERS.get(word) if word.isalpha() else float(word.replace(",", "")) for word in match.groups()]
    few, many = (None if number is None else float(number) for number in numbers)
    return (few, many) if few is not None and many is not None and few <= many else None


def _span(plain: str, match: re.Match[str]) -> tuple[float, float] | None:
    before, behind = plain[: match.start()], plain[match.end() :]
    bound = _BELOW.search(before) or _UP_TO.search(before) or _OVER.search(before)
    stem = before[: bound.start()] if bound else before
    if _NO_PEOPLE.search(stem) or _UNIT.match(behind) or _is_large(behind) or _follows_large(before):
        return None
    word = match[0].replace(",", "")
    number = float(_NUMBERS.get(word, _LARGE.get(word, 0)) if word.isalpha() else word)
    if word == "no" and re.match(r"\s*(more|fewer|less|data|figure|change|value|information|return)", behind):
        return None
    if _BELOW.search(before):
        return 0.0, number - 1
    if _UP_TO.search(before):
        return 0.0, number
    return None if _OVER.search(before) else (number, number)


def _is_large(behind: str) -> bool:
    """Whether a number is only how many tens, hundreds or thousands: two hundred."""
    return bool(re.match(r"\s*(?:" + "|".join(_LARGE) + r")s?\b", behind))


def _follows_large(before: str) -> bool:
    """Whether a number is the end of a larger one: a hundred and two, twenty one."""
    return bool(re.search(r"\b(?:" + "|".join((*_LARGE, *_TENS)) + r")s?(?: and)?\s*$", before))
