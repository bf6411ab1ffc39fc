"""Columns of numbers that speak of one thing: the value, its numerator and denominator, the ends of its interval; in
what unit and scale."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from local_indicators.inputs.drafting.cell_kinds import kind_of
from local_indicators.inputs.drafting.column_profiles import ColumnProfile
from local_indicators.inputs.drafting.value_headings import ValueHeading
from local_indicators.inputs.layouts.text_comparison import normalised_without_footnotes
from local_indicators.inputs.parsing.cell_values.numbers import read_number
from local_indicators.inputs.readers.cells import FormattedNumber

_LOWER = re.compile(r"\b(?:lower|lcl|lci|low(?: ci)?)\b", re.I)
_UPPER = re.compile(r"\b(?:upper|ucl|uci|high(?: ci)?)\b", re.I)
_MARGIN = re.compile(r"\+ ?/ ?-|±|confidence|\bci\b|95%|margin of error", re.I)
_NUMERATOR = re.compile(r"\bnumerator\b", re.I)
_DENOMINATOR = re.compile(
    r"\bdenominator\b|^population\b|\bcohort\b|number of eligible|^eligible\b|^base\b|sample size|^sample$", re.I
)
_JUST_NUMBER = re.compile(r"^(?:number|no\.?|n|count|numbers)$", re.I)
_SHARE = re.compile(r"%|\bper ?cent\b|percentage|proportion|\bpct\b|_pct|percent", re.I)
_RATE = re.compile(r"(?:rate )?per[ _]([\d,]*\d)(?: |_|$|\b)", re.I)
_POUNDS = re.compile(r"£ ?(m(?:illions?)?\b|000s?|k\b|thousands?)?", re.I)
_THOUSANDS = re.compile(r"\bthousands?\b|\(?000'?s\)?|'000", re.I)
_IN_POUNDS = re.compile(r"£ ?(?:'?000s?|thousands?|k)\b", re.I)
_IN_THOUSANDS = re.compile(r"(?:^|[(|,:-] ?|\bin )(?:in )?thousands?(?: of \w+)?\)?(?:$| \|)|\(000'?s\)", re.I)
"""What a title says of the whole table."""
_GENERIC = re.compile(
    r"^(?:number|no\.?|n|count|numbers|%|per ?cent|percentage|percent|rate|value|figure|figures|total|result|actual"
    r"|amount|estimate|thousands?|score|data|indicator value|obs_?value|outturn|per)$",
    re.I,
)


@dataclass(frozen=True)
class ValueGroup:
    """Columns of numbers with one heading but for areas, periods and groups. `of` is, for what is no value itself, the
    place in the list of the group that it belongs to."""

    rest: str
    headings: tuple[ValueHeading, ...]
    measure: str = "value"
    of: int = -1
    unit: str = ""
    scale: str = ""
    margin: bool = False
    decimals: int = 0
    lowest: float = 0.0
    highest: float = 0.0
    question: str = ""

    @property
    def generic(self) -> bool:
        """Whether the heading says nothing of what is measured."""
        words = normalised_without_footnotes(self.rest)
        return not words or bool(_GENERIC.match(words))


def group_columns(
    headings: Sequence[ValueHeading], profiles: Mapping[int, ColumnProfile], subject: str
) -> list[ValueGroup]:
    """The groups of some columns of numbers, in their order; `subject` are the words of titles above them."""
    by_rest: dict[tuple[str, int], list[ValueHeading]] = {}
    times: Counter[tuple[str, str, str, str]] = Counter()
    for heading in headings:
        rest = normalised_without_footnotes(heading.rest)
        times[rest, heading.area, heading.period, heading.group] += 1
        by_rest.setdefault((rest, times[rest, heading.area, heading.period, heading.group]), []).append(heading)
    groups = [_measured(tuple(some), profiles, subject) for some in by_rest.values()]
    return _attached(groups)


def _measured(headings: tuple[ValueHeading, ...], profiles: Mapping[int, ColumnProfile], subject: str) -> ValueGroup:
    rest = headings[0].rest
    cells = [cell for heading in headings for cell in profiles[heading.at].filled]
    readings = [r for cell in cells[:3000] if (r := read_number(cell, "as given", {})) and r.value is not None]
    numbers = [r.value for r in readings if r.value is not None]
    formatted = [cell for cell in cells[:3000] if isinstance(cell, FormattedNumber)]
    group = ValueGroup(rest, headings, lowest=min(numbers, default=0.0), highest=max(numbers, default=1.0))
    said = f"{rest} {subject}" if group.generic else rest
    unit, scale = _unit(rest, said, subject, numbers, per_cent=2 * sum(r.percent for r in readings) > len(readings))
    thousands = any(cell.look.thousands == 1 for cell in formatted)
    scale = "thousands" if thousands and scale in ("", "thousands") else scale
    decimals = 0 if all(number.is_integer() for number in numbers) and unit not in ("%",) else 1
    measure, margin = _measure(rest)
    return replace(group, unit=unit, scale=scale, decimals=decimals, measure=measure, margin=margin)


def _measure(rest: str) -> tuple[str, bool]:
    if _LOWER.search(rest):
        return "value_low", False
    if _UPPER.search(rest):
        return "value_high", False
    if _MARGIN.search(re.sub(r"^% ", "", rest)) and not _SHARE.search(re.sub(r"95 ?%", "", rest)):
        return "margin", True
    if _NUMERATOR.search(rest):
        return "numerator", False
    return ("denominator", False) if _DENOMINATOR.search(rest) else ("value", False)


def _unit(rest: str, said: str, subject: str, numbers: Sequence[float], *, per_cent: bool) -> tuple[str, str]:
    """The unit that words and cells speak of, and the scale of bare numbers."""
    if match := _RATE.search(said):
        return f"rate per {int(match[1].replace(',', '') or 1):,}", ""
    if per_cent or _SHARE.search(re.sub(r"95 ?%", "", said)):
        small = numbers and not per_cent and max(map(abs, numbers)) <= 1 and median(map(abs, numbers)) > 0
        fraction = small and not all(number.is_integer() for number in numbers)
        return "%", "fraction" if fraction else "percent"
    if "£" in said and (match := _POUNDS.search(said)):
        size = (match[1] or "").casefold()
        if size.startswith("m"):
            return "£m", ""
        return "£", "thousands" if size else ""
    if re.search(r"\brate\b|_rate", rest, re.I):
        return "rate", ""
    if _IN_POUNDS.search(subject):
        return "£", "thousands"
    if _THOUSANDS.search(rest) or _IN_THOUSANDS.search(subject):
        return _noun(rest), "thousands"
    return _noun(rest), ""


def _noun(text: str) -> str:
    """What is counted, by words such as number of pupils."""
    match = re.search(r"(?:number|count|total) of ([a-z]+(?: [a-z]+)?)", text, re.I)
    return match[1].casefold() if match else "number"


def _attached(groups: list[ValueGroup]) -> list[ValueGroup]:
    """Groups with those that are no values put to the value that they are of."""
    groups = [_as_numerator(groups, place) for place in range(len(groups))]
    if not any(group.measure == "value" for group in groups):
        first = next((n for n, g in enumerate(groups) if g.measure in ("numerator", "denominator")), 0)
        groups[first] = replace(groups[first], measure="value")
    out = []
    for place, group in enumerate(groups):
        shares = group.measure in ("numerator", "denominator")
        of = -1 if group.measure == "value" else _nearest(groups, place, shares=shares)
        if of < 0:
            group = replace(group, measure="value", margin=False)
        out.append(replace(group, of=of))
    return out


def _as_numerator(groups: Sequence[ValueGroup], place: int) -> ValueGroup:
    """A group headed with nothing but Number beside one headed with nothing but %, as its numerator."""
    group = groups[place]
    if not _JUST_NUMBER.match(group.rest):
        return group
    beside = [one for one in (place - 1, place + 1) if 0 <= one < len(groups)]
    if any(_is_quotient(groups[one]) and groups[one].generic for one in beside):
        return replace(group, measure="numerator", question="a figure of its own")
    return group


def _is_quotient(group: ValueGroup) -> bool:
    return group.measure == "value" and (group.unit == "%" or group.unit.startswith("rate per"))


def _nearest(groups: Sequence[ValueGroup], place: int, *, shares: bool) -> int:
    """The value that a group is of: the one with most of its words, the nearest to its left before its right;
    -1 for none."""
    words = set(re.findall(r"\w+", groups[place].rest.casefold()))

    parts = {heading.group for heading in groups[place].headings}
    first = groups[place].headings[0].at

    def closeness(other: int) -> tuple[int, int, bool, int]:
        shared = len(words & set(re.findall(r"\w+", groups[other].rest.casefold())))
        alike = len(parts & {heading.group for heading in groups[other].headings})
        at = groups[other].headings[0].at
        return shared, alike, at < first, -abs(at - first)

    values = [n for n, group in enumerate(groups) if group.measure == "value" and n != place]
    values = [n for n in values if _is_quotient(groups[n])] if shares else values
    return max(values, key=closeness, default=-1)


def has_blank(profile: ColumnProfile) -> bool:
    """Whether some row has nothing in a column."""
    return any(kind_of(cell) == "blank" for cell in profile.cells)
