"""Number formats taken apart: their sections, and the tokens of each.

Source: ECMA-376, Part 1, 18.8.31 (numFmts), and how Excel reads what that leaves open.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

CURRENCIES = frozenset(
    ("GBP", "EUR", "USD", "CHF", "JPY", "CAD", "AUD", "NZD", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "RON", "BGN",
     "TRY", "INR", "CNY", "ZAR", "kr", "kr.", "Kč", "zł", "Ft", "lei")
)  # fmt: skip
"""Names of currencies that a format may hold in square brackets."""
LONGEST = 300
"""Characters of a format that are looked at; Excel allows 255."""
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|_(?P<pad>.)|\*(?P<fill>.)|\[(?P<bracket>[^\]]*)\]'
    r"|(?P<general>General)|(?P<digit>[0#?])|(?P<point>\.)|(?P<comma>,)|(?P<percent>%)|(?P<exponent>E[+-])"
    r"|(?P<slash>/)|(?P<text>@)|(?P<other>.)",
    re.I | re.S,
)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:E[-+]?[0-9]{1,3})?)", re.I)
_DATE_LETTERS = frozenset("ymdhsbge")
_DATE_BRACKET = re.compile(r"h+|m+|s+", re.I)


@dataclass(frozen=True)
class FormatSection:
    """One of the up to four parts of a format: its tokens as (kind, text), in order, and its condition, if any."""

    tokens: tuple[tuple[str, str], ...]
    condition: tuple[str, float] | None = None

    @cached_property
    def is_date(self) -> bool:
        """Whether the section shows a day or a time."""
        return any(kind == "date" for kind, _ in self.tokens)

    @cached_property
    def kinds(self) -> frozenset[str]:
        """The kinds of token in the section."""
        return frozenset(kind for kind, _ in self.tokens)


@lru_cache(maxsize=2048)
def format_sections(code: str) -> tuple[FormatSection, ...]:
    """The sections of a format, at least one."""
    found: list[FormatSection] = []
    tokens: list[tuple[str, str]] = []
    condition: tuple[str, float] | None = None
    for match in _TOKEN.finditer(code[:LONGEST]):
        kind, text = match.lastgroup or "other", match[match.lastgroup or 0] or ""
        if kind == "other" and text == ";":
            found.append(FormatSection(_settled(tokens), condition))
            tokens, condition = [], None
        elif kind == "bracket":
            if said := _CONDITION.fullmatch(text.strip()):
                condition = (said[1], float(said[2]))
            elif text.startswith("$"):
                symbol = text[1:].partition("-")[0]
                tokens.append(("currency" if _is_currency(symbol) else "literal", symbol))
            elif _DATE_BRACKET.fullmatch(text):
                tokens.append(("date", text))
        else:
            tokens.append(_token(kind, text))
    found.append(FormatSection(_settled(tokens), condition))
    return tuple(found[:4])


def _is_currency(symbol: str) -> bool:
    """Whether a symbol in square brackets is a currency's: a sign, or three letters as in EUR."""
    return symbol in CURRENCIES or (bool(symbol) and all(unicodedata.category(one) == "Sc" for one in symbol.strip()))


def _token(kind: str, text: str) -> tuple[str, str]:
    if kind in ("quoted", "escaped"):
        return "literal", text
    if kind == "other":
        return ("date", text) if text.casefold() in _DATE_LETTERS else ("literal", text)
    return ("space", " ") if kind in ("pad", "fill") else (kind, text)


def _settled(tokens: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Tokens with what depends on others settled: a slash is a fraction's only between digits, and a point or comma
    without digits is a character like any other."""
    kinds = [kind for kind, _ in tokens]
    digits = "digit" in kinds
    is_date = "date" in kinds
    out: list[tuple[str, str]] = []
    for kind, text in tokens:
        lost = (kind in ("point", "comma", "exponent") and not digits) or (kind == "slash" and (is_date or not digits))
        out.append(("literal", text) if lost else (kind, text))
    return tuple(out)
