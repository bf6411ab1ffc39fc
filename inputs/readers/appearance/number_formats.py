"""Number formats: what a person sees in a cell whose number a format shows as something else.

Most formats show the number itself, with more or fewer decimals, separators or a currency: then there is nothing to
say. Percentages, thousands scaled away, words in the format, and formats that hide are what this module tells.
Source: ECMA-376, Part 1, 18.8.31 (numFmts), and how Excel renders what that leaves open.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from math import isfinite
from types import MappingProxyType

from local_indicators.inputs.readers.appearance.format_sections import FormatSection, format_sections

BUILT_IN: Mapping[int, str] = MappingProxyType(
    {9: "0%", 10: "0.00%", 12: "# ?/?", 13: "# ??/??", 41: '_-* #,##0_-;-* #,##0_-;_-* "-"_-;_-@_-',
     42: '_-£* #,##0_-;-£* #,##0_-;_-£* "-"_-;_-@_-', 43: '_-* #,##0.00_-;-* #,##0.00_-;_-* "-"??_-;_-@_-',
     44: '_-£* #,##0.00_-;-£* #,##0.00_-;_-£* "-"??_-;_-@_-', 14: "dd/mm/yyyy", 15: "d-mmm-yy", 16: "d-mmm",
     17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss", 22: "dd/mm/yyyy h:mm", 45: "mm:ss",
     46: "[h]:mm:ss", 47: "mm:ss.0"}
)  # fmt: skip
"""Formats that files name by number alone and that may show something else than the number; all other built-in formats
of numbers show it as it is."""
_FILLED = re.compile(r"\D*0\d*,\d")
"""A number filled up with zeros and commas, 0,012, which may be read as one with decimals."""
CURRENCY = "£$€¥"
SPACES = " \u00a0\u2009\u202f"
DUST = 1e-9
"""Nothing that is counted or measured here is smaller; what is, is left over from sums."""
DAY_ZERO = datetime.fromisoformat("1899-12-30")
LAST_DAY = 2_900_000
"""A day that every program has, near the end of the year 9839."""
TOO_WIDE = "#####"
"""What a cell shows that cannot show its number."""
EXACTLY = Context(prec=1000)
"""Enough for the largest number with all the decimals that a format may ask for."""


@dataclass(frozen=True, slots=True)
class Appearance:
    """How a number looks. `seen` is the number that a person reads there, where the format only turns it into a
    percentage or scales it by thousands (`thousands` times); None where words of the format, a fraction or a hidden
    sign would have to be read."""

    text: str
    seen: float | None = None
    percent: bool = False
    thousands: int = 0


def changes_what_is_seen(code: str) -> bool:
    """Whether a format shows some numbers as something else than themselves; days and times are not told here."""
    parts = format_sections(code)
    return len(parts) > 1 or not _is_plain(parts[0]) or _zeros(parts[0]) != 1 or _may_surprise(parts[0])


def _may_surprise(section: FormatSection) -> bool:
    """Whether a plain section gives numbers a sign that they have not, or shows zero as nothing but a point."""
    return _has_sign(section) or not _shows_zero(section)


@lru_cache(maxsize=4096)
def _shows_zero(section: FormatSection) -> bool:
    """Whether a plain section shows zero as a digit: `#.##` shows nothing but a point."""
    return "digit" not in section.kinds or "general" in section.kinds or ("digit", "0") in section.tokens


def shows_day(number: float, code: str) -> bool:
    """Whether a format shows a number as a day or time."""
    section, _ = _section_for(number, format_sections(code))
    return section is not None and section.is_date


@lru_cache(maxsize=2048)
def always_changes_what_is_seen(code: str) -> bool:
    """Whether a format shows every number as something else than itself, and never as a day."""
    only, *others = format_sections(code)
    return not (others or only.condition or only.is_date or _is_plain(only))


@lru_cache(maxsize=2048)
def is_plain_percentage(code: str) -> bool:
    """Whether a format shows every number as a percentage and nothing else."""
    return always_changes_what_is_seen(code) and appearance(1.0, code).percent and appearance(1.0, code).seen == 100


def shows_number_itself(number: float, code: str) -> bool:
    """Whether a format shows a number as itself, be it rounded."""
    section, unsigned = _section_for(number, format_sections(code))
    if section is None:
        return False
    if section.is_date:
        return True
    if not _is_plain(section) or _is_disputed(code) or not _keeps_sign(number, section, unsigned=unsigned):
        return False
    if (
        abs(number) < 1
        and not _shows_zero(section)
        and not any(one.isdigit() for one in render_number(number, section))
    ):
        return False
    zeros = _zeros(section)
    return zeros == 1 or (abs(number) >= 10 ** (zeros - 1) if zeros else abs(number) >= 1)


@lru_cache(maxsize=65_536)
def appearance(number: float, code: str) -> Appearance:
    """How a number looks under a format."""
    section, unsigned = _section_for(number, format_sections(code))
    if section is None:
        return Appearance(TOO_WIDE)
    if section.is_date:
        return Appearance(_day(number))
    unsigned = unsigned and number < 0
    percents = sum(kind == "percent" for kind, _ in section.tokens)
    commas = _scaling_commas(section)
    scaled = number * 100.0 ** min(percents, 9) / 1000.0 ** min(commas, 9)
    if not isfinite(scaled):
        return Appearance(TOO_WIDE)
    text = render_number(abs(scaled) if unsigned else scaled, section)
    readable = _is_bare(section) and percents <= 1 and any(one.isdigit() for one in text)
    readable = readable and _keeps_sign(number, section, unsigned=unsigned)
    readable = readable and not _is_disputed(code) and not _FILLED.match(text)
    readable = readable and not (commas and scaled and not any(one in "123456789" for one in text))  # nothing is left
    return Appearance(text, round_to_fifteen_digits(scaled) if readable else None, bool(percents) and readable, commas)


def round_to_fifteen_digits(number: float) -> float:
    """A finite number with the fifteen digits that Excel keeps, without the dust of its sums in binary fractions."""
    if number.is_integer():
        return number + 0.0  # no minus before a zero
    return float(f"{number:.15g}") if abs(number) >= DUST else 0.0


def _day(number: float) -> str:
    """A number as the day that it is; a time where it is less than a day."""
    if not 0 <= number <= LAST_DAY:
        return TOO_WIDE
    moment = DAY_ZERO + timedelta(days=number)
    return f"{moment:%d %B %Y}" if number >= 1 else f"{moment:%H:%M:%S}"


# -- which section shows a number


def _section_for(number: float, parts: Sequence[FormatSection]) -> tuple[FormatSection | None, bool]:
    """The section that shows a number, and whether it shows the number without its sign."""
    numeric = [part for place, part in enumerate(parts[:3]) if not (place and _is_for_text(part))]
    if any(part.condition for part in numeric):
        return _by_condition(number, numeric)
    if number < 0 and len(numeric) > 1:
        return numeric[1], True
    if number == 0 and len(numeric) > 2:
        return numeric[2], False
    return numeric[0], False


def _is_for_text(part: FormatSection) -> bool:
    return "text" in part.kinds and not part.kinds & {"digit", "general"}


def _by_condition(number: float, numeric: Sequence[FormatSection]) -> tuple[FormatSection | None, bool]:
    """The section whose condition holds, or else the one without. Negative numbers have no sign of their own in one
    that only they come to; nor in LibreOffice in any but the first, where Excel writes one."""
    for place, part in enumerate(numeric):
        if part.condition is not None and _holds(part, number):
            sign, than = part.condition
            return part, place > 0 or (sign == "<" and than <= 0) or (sign in ("<=", "=") and than < 0)
        if part.condition is None and place > 0:
            return part, True
    return (numeric[-1], True) if len(numeric) > 1 else (None, False)


def _holds(part: FormatSection, number: float) -> bool:
    if part.condition is None:
        return False
    sign, than = part.condition
    return {
        "<": number < than, "<=": number <= than, ">": number > than, ">=": number >= than, "=": number == than,
        "<>": number != than,
    }[sign]  # fmt: skip


def _scaling_commas(section: FormatSection) -> int:
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


@lru_cache(maxsize=2048)
def _is_disputed(code: str) -> bool:
    """Whether programs show different things under a format: a comma before the point, a percent sign beside a
    currency, a fraction with decimals, brackets of which one is missing, or conditions that leave open what the other
    sections are for."""
    parts = format_sections(code)
    conditions = [part.condition is not None for part in parts[:3]]
    if len(parts) > 2 and any(conditions) and conditions != [True, True, False]:
        return True
    for part in parts:
        kinds = [kind for kind, _ in part.tokens]
        if ("comma", "point") in pairwise(kinds) or part.kinds >= {"percent", "currency"}:
            return True
        literals = "".join(text for kind, text in part.tokens if kind == "literal")
        if part.kinds >= {"slash", "point"} or literals.count("(") != literals.count(")"):
            return True
    return False


# -- what is harmless


@lru_cache(maxsize=4096)
def _is_plain(section: FormatSection) -> bool:
    """Whether a section shows the number itself."""
    return _is_bare(section) and "percent" not in section.kinds and not _scaling_commas(section)


@lru_cache(maxsize=4096)
def _is_bare(section: FormatSection) -> bool:
    """Whether a section has digits or General, with nothing else than a percent sign, a currency, a sign, brackets and
    spaces around them."""
    if not section.kinds & {"digit", "general", "text"} or section.is_date or "slash" in section.kinds:
        return False
    kinds = [kind for kind, _ in section.tokens]
    numeric = [n for n, kind in enumerate(kinds) if kind in ("digit", "point", "general", "text", "exponent")]
    for place, (kind, text) in enumerate(section.tokens):
        if kind == "literal":  # a currency's name is harmless wherever it stands
            within = numeric[0] < place < numeric[-1]
            if text.strip(SPACES if within else f"{SPACES}()+-\u2212{CURRENCY}"):
                return False
    optional = "digit" in kinds and not any(text in "0#" for kind, text in section.tokens if kind == "digit")
    return not (optional and _has_sign(section))  # a dash in place of a zero


def _keeps_sign(number: float, section: FormatSection, *, unsigned: bool) -> bool:
    """Whether a number looks negative under a section where it is, and only there. `-0` and `(0)` as whole formats give
    a sign to numbers that have none."""
    if number >= 0:
        return not _has_sign(section)
    return not unsigned or _has_sign(section)


@lru_cache(maxsize=4096)
def _has_sign(section: FormatSection) -> bool:
    return any(sign in text for kind, text in section.tokens if kind == "literal" for sign in "-\u2212(")


@lru_cache(maxsize=4096)
def _zeros(section: FormatSection) -> int:
    """So many digits at least stand before the point."""
    kinds = [kind for kind, _ in section.tokens]
    if "digit" not in kinds or "exponent" in kinds:
        return 1
    whole = section.tokens[: kinds.index("point")] if "point" in kinds else section.tokens
    zeros = sum(kind == "digit" and text == "0" for kind, text in whole)
    return max(zeros, 1) if "point" in kinds else zeros


# -- rendering


def render_number(number: float, section: FormatSection) -> str:
    """A number as a section writes it; `number` is scaled already. Without fill characters."""
    kinds = section.kinds
    negative = number < 0
    size = abs(number)
    if kinds >= {"slash", "point"}:
        body = f"{render_general(size)}/"
    elif "slash" in kinds:
        body = _fraction(size, section)
    elif "digit" in kinds and "exponent" in kinds:
        body = _with_exponent(size, section)
    elif "digit" in kinds:
        body = _digits(size, section)
    else:
        body = "".join(
            render_general(size) if kind in ("general", "text") else text
            for kind, text in section.tokens
            if kind not in ("space",)
        )
    body = " ".join(body.split())
    return f"-{body}" if negative and any(c.isdigit() for c in body) else body


def render_general(number: float) -> str:
    """A number as the format General writes it in a cell that is wide enough."""
    if number.is_integer() and abs(number) < 1e11:
        return str(int(number))
    return f"{number:.10g}".upper()


def _digits(size: float, section: FormatSection) -> str:
    tokens = section.tokens
    kinds = [kind for kind, _ in tokens]
    split = kinds.index("point") if "point" in kinds else len(tokens)
    decimals = sum(kind == "digit" for kind in kinds[split:])
    exact = Decimal(repr(round_to_fifteen_digits(size))).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, EXACTLY)
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
        elif kind in ("literal", "currency", "percent"):
            out.append(text[::-1])
        elif kind == "space":
            out.append(" ")
    return "".join(out)[::-1]


def _decimals(fraction: str, tokens: Sequence[tuple[str, str]]) -> str:
    needed = len(fraction.rstrip("0"))
    placed = [text for kind, text in tokens if kind == "digit"]
    out, at = [], 0
    for kind, text in tokens:
        if kind == "point":
            out.append(".")
        elif kind == "digit":
            if at < needed or text == "0":
                out.append(fraction[at])
            at += 1
        elif kind in ("literal", "currency", "percent"):
            out.append(text)
        elif kind == "space":
            out.append(" ")
    return "".join(out) if needed or "0" in placed else "".join(out).replace(".", "", 1)


def _with_exponent(size: float, section: FormatSection) -> str:
    tokens = section.tokens
    kinds = [kind for kind, _ in tokens]
    before = kinds[: kinds.index("exponent")]
    decimals = sum(kind == "digit" for kind in before[before.index("point") :]) if "point" in before else 0
    first, last = kinds.index("digit"), len(kinds) - 1 - kinds[::-1].index("digit")
    words = ("literal", "percent", "currency")
    lead = "".join(text for kind, text in tokens[:first] if kind in words)
    rest = "".join(text for kind, text in tokens[last + 1 :] if kind in words)
    return f"{lead}{size:.{min(decimals, 30)}E}{rest}"


def _fraction(size: float, section: FormatSection) -> str:
    """A number as whole and fraction, `3 1/2`, or as one fraction where the format has no place for a whole."""
    tokens = section.tokens
    kinds = [kind for kind, _ in tokens]
    slash = kinds.index("slash")
    behind = "".join(text for kind, text in tokens[slash + 1 :] if kind in ("digit", "literal")).strip()
    fixed = re.match(r"\d+", behind.replace("#", "?")) if behind[:1].isdigit() and behind[:1] != "0" else None
    places = max(sum(kind == "digit" for kind in kinds[slash + 1 :]), 1)
    before = "".join("?" if kind == "digit" else " " for kind in kinds[:slash]).split()
    exact = Fraction(repr(round_to_fifteen_digits(size)))
    near = Fraction(round(exact * int(fixed[0])), int(fixed[0])) if fixed else exact.limit_denominator(10**places - 1)
    words = ("literal", "percent", "currency")
    lead = "".join(text for kind, text in tokens[: kinds.index("digit")] if kind in words)
    after = re.sub(r"^\s*\d*", "", "".join(text for kind, text in tokens[slash + 1 :] if kind in words))
    if len(before) < 2:
        return f"{lead}{near.numerator}/{near.denominator}{after}"
    whole, rest = divmod(near.numerator, near.denominator)
    return lead + (f"{whole or ''} {rest}/{near.denominator}".strip() if rest else str(whole)) + after
