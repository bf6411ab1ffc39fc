"""What the words of a workbook may stand for, by the definitions of the workspace: areas, and groups of dimensions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from local_indicators.inputs.layouts.text_comparison import normalised_without_footnotes
from local_indicators.inputs.parsing.cell_values.column_fit import ANY_TOTAL
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.reference.geography import Area

TOTAL_WORDS = ANY_TOTAL | {"all schools", "all pupils", "all ages", "both", "both sexes", "england total", "overall"}
_SAME = (
    ("girls", "girl", "female", "females", "women", "f"),
    ("boys", "boy", "male", "males", "men", "m"),
    ("eligible", "fsm", "eligible for fsm", "fsm eligible"),
    ("not eligible", "non-fsm", "non fsm", "not eligible for fsm", "not fsm"),
    ("statement", "statemented", "sen with statement"),
    ("no sen", "non-sen"),
    ("maths", "mathematics"),
)
"""Words that mean the same where a dimension knows one of them."""
_PREFIXED = re.compile(r"^[a-z]+(?:\d{2,4})?:(.+)$", re.I)
PREFIX = r"^(?:[a-z]+(?:\d{2,4})?:)?(.+)"
"""The pattern that takes off what Nomis writes before the names of areas: ualad09:Brent."""
_WIDE = ("National", "Region", "Sub-region")
_NO_TITLE_PLACE = frozenset(("reading", "bath", "rugby", "wells", "deal", "sandwich"))


class KnownWords:
    """The words of a workspace's definitions, each looked up once."""

    def __init__(self, definitions: Definitions) -> None:
        self.definitions = definitions
        self._areas: dict[str, Area | None] = {}
        self._groups = {d.name: _words_of_groups(d.values) for d in definitions.dimensions}

    def area(self, text: str) -> Area | None:
        """The area that a code or a whole name stands for."""
        if text not in self._areas:
            geography, plain = self.definitions.geography, normalised_without_footnotes(text)
            found = geography.find(text) or geography.find(plain) if 1 < len(text) < 80 else None
            if found is None and 2 < len(text) < 80:
                named = geography.named(text) or geography.named(plain)
                parted = geography.without_footnote(text)
                found = named[0] if named else parted[0] if parted else None
            self._areas[text] = found
        return self._areas[text]

    def prefixed_area(self, text: str) -> Area | None:
        """The area behind a prefix such as ualad09:."""
        match = _PREFIXED.match(text)
        return self.area(match[1].strip()) if match else self.area(text)

    def area_in(self, text: str) -> str:
        """The longest run of words of a text that names an area, as written; "" for none."""
        words = re.findall(r"[\w'’&.-]+", text[:200].replace("_", " "))
        spans = ((end - begin, begin, end) for begin in range(len(words)) for end in range(begin + 1, begin + 6))
        for _, begin, end in sorted(spans, key=lambda span: (-span[0], span[1])):
            typed = " ".join(words[begin : min(end, len(words))])
            if end > len(words) or not typed[:1].isupper() or typed.casefold() in _NO_TITLE_PLACE or typed.isdigit():
                continue
            area = self.area(typed)
            if area is not None and not typed.isupper() | (len(typed) < 4):
                return typed
        return ""

    def is_wide(self, area: Area) -> bool:
        """Whether an area is a region or a country, which a row may name beside its council."""
        return area.area_type in _WIDE

    def near_area(self, text: str) -> str:
        """The name of an area that a text may be a misspelling of; "" for none."""
        if not 3 < len(text) < 60 or any(sign.isdigit() for sign in text):
            return ""
        names = {area.name.casefold(): area.name for area in self.definitions.geography.areas}
        near = get_close_matches(text.casefold(), list(names), n=1, cutoff=0.86)
        return names[near[0]] if near else ""

    def group(self, dimension: str, text: str) -> str:
        """The group of a dimension that a word stands for; "" for none."""
        groups, plain = self._groups[dimension], normalised_without_footnotes(text)
        return groups.get(plain) or groups.get(_plain_words(plain), "")

    def dimension_of(self, texts: Iterable[str]) -> str:
        """The dimension that most of some words are groups of, at least two of them different, or one beside a total;
        "" for none."""
        words = {normalised_without_footnotes(text) for text in texts}
        totals = {word for word in words if word in TOTAL_WORDS}
        others = words - totals
        best, most = "", 0
        for name, groups in self._groups.items():
            known = {word for word in others if word in groups or _plain_words(word) in groups}
            enough = len(known) >= 2 or (len(known) == 1 and bool(totals))
            if enough and len(known) >= 0.6 * len(others) and len(known) > most:
                best, most = name, len(known)
        return best


def is_total(text: str) -> bool:
    """Whether a word stands for all."""
    return normalised_without_footnotes(text) in TOTAL_WORDS


def _words_of_groups(values: Iterable[str]) -> dict[str, str]:
    groups = {normalised_without_footnotes(value): value for value in values}
    for same in _SAME:
        known = next((groups[word] for word in same if word in groups), None)
        if known is not None:
            for word in same:
                groups.setdefault(word, known)
    return {**{_plain_words(word): value for word, value in groups.items()}, **groups}


def _plain_words(text: str) -> str:
    """A group without what joins its words: Mixed/ Other is as good as Mixed or other."""
    return " ".join(word for word in re.findall(r"[\w'+]+", text) if word not in ("or", "and")) or text
