"""Text that somebody else typed, made safe to show: on one line, and inert in csv, Markdown and HTML.

HTML pages and mails are escaped by their templates (common.jinja_templates).
"""

from __future__ import annotations

import unicodedata

_ACTIVE = ("=", "+", "-", "@", "\t", "\r")

MARKS = r"""\`*_{}[]()#+!|<>~&:@$^"""  # with : and @, no bare address becomes a link

FIELD_LIMIT = 200
"""Characters kept of what a partner typed, so that one cell cannot flood a report."""


def as_typed(value: object) -> str:
    """The value as its sender would recognise it: one line, no control characters, at most 200 characters."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    text = "".join(c if c.isprintable() else " " for c in str(value))
    text = " ".join(text.split())
    return text if len(text) <= FIELD_LIMIT else text[: FIELD_LIMIT - 1] + "…"


def with_strange_characters_named(text: str) -> str:
    """A text with the characters named that look like others: a Cyrillic letter in a Latin word, or one that no
    program draws."""
    strange = {c: unicodedata.name(c, f"U+{ord(c):04X}") for c in text if not c.isascii() and _is_strange(c)}
    return f"{text} (with {', '.join(list(strange.values())[:2])})" if strange else text


def _is_strange(character: str) -> bool:
    kind = unicodedata.category(character)
    return (
        kind[0] in "CM"
        or kind == "Nd"
        or (kind[0] == "L" and not unicodedata.name(character, "").startswith(("LATIN", "MODIFIER")))
    )


def plain_markdown(text: str) -> str:
    """Return text that Markdown and HTML leave alone, on one line."""
    line = " ".join(as_typed(text).split())
    return "".join(f"\\{c}" if c in MARKS else c for c in line)


def csv_text(text: str) -> str:
    """Return text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_ACTIVE) else text


def printable_line(text: str) -> str:
    """Return text on one line, without control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
