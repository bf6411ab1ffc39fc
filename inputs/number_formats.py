"""Number formats: what a person sees in a cell whose number a format shows as something else.

Most formats show the number itself, with more or fewer decimals, separators or a currency: then there is nothing to
say. Percentages, thousands scaled away, words in the format, and formats that hide are what this module tells.
Source: ECMA-376, Part 1, 18.8.31 (numFmts), and how Excel renders what that leaves open.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType

BUILT_IN: Mapping[int, str] = MappingProxyType(
    {9: "0%", 10: "0.00%", 12: "# ?/?", 13: "# ??/??", 41: '_-* #,##0_-;-* #,##0_-;_-* "-"_-;_-@_-',
     42: '_-£* #,##0_-;-£* #,##0_-;_-£* "-"_-;_-@_-', 43: '_-* #,##0.00_-;-* #,##0.00_-;_-* "-"??_-;_-@_-',
     44: '_-£* #,##0.00_-;-£* #,##0.00_-;_-£* "-"??_-;_-@_-'}
)  # fmt: skip
"""Formats that files name by number alone and that may show something else than the number; all other built-in formats
of numbers show it as it is."""
CURRENCY = "£$€¥"
SPACES = " \u00a0\u2009\u202f"
DUST = 1e-9
"""Nothing that is counted or measured here is smaller; what is, is left over from sums."""
LONGEST = 300
"""Characters of a format that are looked at; Excel allows 255."""
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|_(?P<pad>.)|\*(?P<fill>.)|\[(?P<bracket>[^\]]*)\]'
    r"|(?P<general>General)|(?P<digit>[0#?])|(?P<point>\.)|(?P<comma>,)|(?P<percent>%)|(?P<exponent>E[+-])"
    r"|(?P<slash>/)|(?P<text>@)|(?P<other>.)",
    re.I | re.S,
)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?[\d.]+(?:E[-+]?\d+)?)", re.I)
_DATE_LETTERS = frozenset("ymdhsbge")
_DATE_BRACKET = re.compile(r"h+|m+|s+", re.I)


@dataclass(frozen=True)
class Section:
    """One of the up to four parts of a format: its tokens as (kind, text), in order, and its condition, if any."""

    tokens: tuple[tuple[str, str], ...]
    condition: tuple[str, float] | None = None

    @property
    def is_date(self) -> bool:
        return any(kind == "date" for kind, _ in self.tokens)

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(kind for kind, _ in self.tokens)


@dataclass(frozen=True, slots=True)
class Appearance:
    """How a number looks. `seen` is the number that a person reads there, where the format only turns it into a
    percentage or scales it by thousands (`thousands` times); None where words of the format, a fraction or a hidden
    sign would have to be read."""

    text: str
    seen: float | None = None
    percent: bool = False
    thousands: int = 0


def is_telling(code: str) -> bool:
    """Whether a format shows some numbers as something else than themselves; days and times are not told here."""
    return not all(_is_plain(section) and _zeros(section) == 1 for section in sections(code)) or len(sections(code)) > 1


def is_date(code: str) -> bool:
    """Whether a format shows numbers as days or times."""
    return sections(code)[0].is_date


def looks_plain(number: float, code: str) -> bool:
    """Whether a format shows a number as itself, be it rounded."""
    section, unsigned = _section_for(number, sections(code))
    if section is None:
        return False
    if section.is_date:
        return True
    if not _is_plain(section) or (unsigned and number < 0 and not _has_sign(section)):
        return False
    zeros = _zeros(section)
    return zeros == 1 or (abs(number) >= 10 ** (zeros - 1) if zeros else abs(number) >= 1)


@lru_cache(maxsize=65_536)
def appearance(number: float, code: str) -> Appearance:
    """How a number looks under a format."""
    section, unsigned = _section_for(number, sections(code))
    if section is None:
        return Appearance("#####")
    unsigned = unsigned and number < 0
    percents = sum(kind == "percent" for kind, _ in section.tokens)
    commas = _scaling_commas(section)
    scaled = number * 100.0**percents / 1000.0**commas
    text = render(abs(scaled) if unsigned else scaled, section)
    readable = _is_bare(section) and percents <= 1 and bool(text) and not (unsigned and not _has_sign(section))
    return Appearance(text, fifteen_digits(scaled) if readable else None, bool(percents) and readable, commas)


def fifteen_digits(number: float) -> float:
    """A finite number with the fifteen digits that Excel keeps, without the dust of its sums in binary fractions."""
    if number.is_integer():
        return number + 0.0  # no minus before a zero
    return float(f"{number:.15g}") if abs(number) >= DUST else 0.0


# -- taking a format apart


@lru_cache(maxsize=2048)
def sections(code: str) -> tuple[Section, ...]:
    """The sections of a format, at least one."""
    found: list[Section] = []
    tokens: list[tuple[str, str]] = []
    condition: tuple[str, float] | None = None
    for match in _TOKEN.finditer(code[:LONGEST]):
        kind, text = match.lastgroup or "other", match[match.lastgroup or 0] or ""
        if kind == "other" and text == ";":
            found.append(Section(_settled(tokens), condition))
            tokens, condition = [], None
        elif kind == "bracket":
            if said := _CONDITION.fullmatch(text.strip()):
                condition = (said[1], float(said[2]))
            elif text.startswith("$"):
                tokens.append(("literal", text[1:].partition("-")[0]))
            elif _DATE_BRACKET.fullmatch(text):
                tokens.append(("date", text))
        else:
            tokens.append(_token(kind, text))
    found.append(Section(_settled(tokens), condition))
    return tuple(found[:4])


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


def _section_for(number: float, parts: Sequence[Section]) -> tuple[Section | None, bool]:
    """The section that shows a number, and whether it shows the number without its sign."""
    numeric = [part for part in parts[:3] if not (len(parts) > 1 and part.kinds == {"text"})]
    if any(part.condition for part in numeric):
        for place, part in enumerate(numeric):
            last = place == len(numeric) - 1
            if _holds(part, number) or (part.condition is None and (last or place > 0)):
                return part, part.condition is not None and part.condition[0][0] == "<" and part.condition[1] <= 0
        return (numeric[-1], False) if len(numeric) > 1 else (None, False)
    if number < 0 and len(parts) > 1:
        return parts[1], True
    if number == 0 and len(parts) > 2:
        return parts[2], False
    return parts[0], False


def _holds(part: Section, number: float) -> bool:
    if part.condition is None:
        return False
    sign, than = part.condition
    return {
        "<": number < than, "<=": number <= than, ">": number > than, ">=": number >= than, "=": number == than,
        "<>": number != than,
    }[sign]  # fmt: skip


def _scaling_commas(section: Section) -> int:
    """Commas behind the last digit before the point: each scales by a thousand."""
    kinds = [kind for kind, _ in section.tokens]
    if "digit" not in kinds:
        return 0
    whole = kinds[: kinds.index("point")] if "point" in kinds else kinds
    last = max((n for n, kind in enumerate(whole) if kind == "digit"), default=-1)
    count = 0
    for kind in whole[last + 1 :]:
        if kind != "comma":
            break
        count += 1
    if "point" in kinds:  # and those behind the last of all
        for kind in kinds[max(n for n, kind in enumerate(kinds) if kind == "digit") + 1 :]:
            if kind != "comma":
                break
            count += 1
    return count


# -- what is harmless


@lru_cache(maxsize=4096)
def _is_plain(section: Section) -> bool:
    """Whether a section shows the number itself."""
    return _is_bare(section) and "percent" not in section.kinds and not _scaling_commas(section)


@lru_cache(maxsize=4096)
def _is_bare(section: Section) -> bool:
    """Whether a section has digits or General, with nothing else than a percent sign, a currency, a sign, brackets and
    spaces around them."""
    if not section.kinds & {"digit", "general", "text"} or section.is_date or "slash" in section.kinds:
        return False
    kinds = [kind for kind, _ in section.tokens]
    numeric = [n for n, kind in enumerate(kinds) if kind in ("digit", "point", "general", "text", "exponent")]
    for place, (kind, text) in enumerate(section.tokens):
        if kind == "literal":
            within = numeric[0] < place < numeric[-1]
            if text.strip(SPACES if within else f"{SPACES}()+-\u2212{CURRENCY}"):
                return False
    optional = "digit" in kinds and not any(text in "0#" for kind, text in section.tokens if kind == "digit")
    return not (optional and _has_sign(section))  # a dash in place of a zero


@lru_cache(maxsize=4096)
def _has_sign(section: Section) -> bool:
    return any(sign in text for kind, text in section.tokens if kind == "literal" for sign in "-\u2212(")


@lru_cache(maxsize=4096)
def _zeros(section: Section) -> int:
    """So many digits at least stand before the point."""
    kinds = [kind for kind, _ in section.tokens]
    if "digit" not in kinds or "exponent" in kinds:
        return 1
    whole = section.tokens[: kinds.index("point")] if "point" in kinds else section.tokens
    zeros = sum(kind == "digit" and text == "0" for kind, text in whole)
    return max(zeros, 1) if "point" in kinds else zeros


# -- rendering


def render(number: float, section: Section) -> str:
    """A number as a section writes it; `number` is scaled already. Without fill characters."""
    kinds = section.kinds
    negative = number < 0
    size = abs(number)
    if "slash" in kinds:
        body = _fraction(size, section)
    elif "digit" in kinds and "exponent" in kinds:
        body = _with_exponent(size, section)
    elif "digit" in kinds:
        body = _digits(size, section)
    else:
        body = "".join(
            general(size) if kind in ("general", "text") else text
            for kind, text in section.tokens
            if kind not in ("space",)
        )
    body = " ".join(body.split())
    return f"-{body}" if negative and any(c.isdigit() for c in body) else body


def general(number: float) -> str:
    """A number as the format General writes it in a cell that is wide enough."""
    if number.is_integer() and abs(number) < 1e11:
        return str(int(number))
    return f"{number:.10g}".upper()


def _digits(size: float, section: Section) -> str:
    tokens = section.tokens
    kinds = [kind for kind, _ in tokens]
    split = kinds.index("point") if "point" in kinds else len(tokens)
    decimals = sum(kind == "digit" for kind in kinds[split:])
    exact = Decimal(repr(fifteen_digits(size))).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    whole, _, fraction = f"{exact:f}".partition(".")
    placed = [n for n, kind in enumerate(kinds[:split]) if kind == "digit"]
    grouped = any(kind == "comma" for kind in kinds[placed[0] + 1 : placed[-1]]) if placed else False
    return _whole_part(whole, tokens[:split], placed, grouped=grouped) + _decimals(fraction, tokens[split:])


def _whole_part(whole: str, tokens: Sequence[tuple[str, str]], placed: Sequence[int], *, grouped: bool) -> str:
    """Digits put into their places from the right; the first place takes all that are left."""
    digits, out = "" if whole == "0" else whole, []
    used = 0
    for place in range(len(tokens) - 1, -1, -1):
        kind, text = tokens[place]
        if kind == "digit":
            take = len(digits) if placed and place == placed[0] else 1
            part, digits = (digits[-take:], digits[:-take]) if take and digits else ("", digits)
            part = part or ("0" if text == "0" else "")
            for digit in reversed(part):
                out.append("," if grouped and used and used % 3 == 0 else "")
                out.append(digit)
                used += 1
        elif kind in ("literal", "percent"):
            out.append(text[::-1])
        elif kind == "space":
            out.append(" ")
    return "".join(out)[::-1]


def _decimals(fraction: str, tokens: Sequence[tuple[str, str]]) -> str:
    needed = len(fraction.rstrip("0"))
    out, at = [], 0
    for kind, text in tokens:
        if kind == "point":
            out.append(".")
        elif kind == "digit":
            if at < needed or text == "0":
                out.append(fraction[at])
            at += 1
        elif kind in ("literal", "percent"):
            out.append(text)
        elif kind == "space":
            out.append(" ")
    return "".join(out)


def _with_exponent(size: float, section: Section) -> str:
    kinds = [kind for kind, _ in section.tokens]
    before = kinds[: kinds.index("exponent")]
    decimals = sum(kind == "digit" for kind in before[before.index("point") :]) if "point" in before else 0
    return f"{size:.{decimals}E}"


def _fraction(size: float, section: Section) -> str:
    """A number as whole and fraction, `3 1/2`, or as one fraction where the format has no place for a whole."""
    tokens = section.tokens
    kinds = [kind for kind, _ in tokens]
    slash = kinds.index("slash")
    behind = "".join(text for kind, text in tokens[slash + 1 :] if kind in ("digit", "literal")).strip()
    fixed = re.match(r"\d+", behind.replace("#", "?")) if behind[:1].isdigit() and behind[:1] != "0" else None
    places = max(sum(kind == "digit" for kind in kinds[slash + 1 :]), 1)
    before = "".join("?" if kind == "digit" else " " for kind in kinds[:slash]).split()
    exact = Fraction(repr(fifteen_digits(size)))
    near = Fraction(round(exact * int(fixed[0])), int(fixed[0])) if fixed else exact.limit_denominator(10**places - 1)
    if len(before) < 2:
        return f"{near.numerator}/{near.denominator}"
    whole, rest = divmod(near.numerator, near.denominator)
    if not rest:
        return str(whole)
    return f"{whole or ''} {rest}/{near.denominator}".strip()
