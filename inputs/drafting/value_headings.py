"""What the headings over numbers say: an area, a period, a group, and what is left: the name of what is measured."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from local_indicators.inputs.drafting.known_words import KnownWords, is_total
from local_indicators.inputs.drafting.period_patterns import MONTH, PATTERNS, find_periods
from local_indicators.inputs.layouts.text_comparison import normalised_without_footnotes
from local_indicators.inputs.parsing.tables.headings import JOIN, Heading

_YEAR = r"(?:19|20)\d{2}"


@dataclass(frozen=True)
class ValueHeading:
    """The heading over one column of numbers. `period` is the text of it that is a period and `pattern` what takes it
    out; `area` and `group` are the parts that are one; `rest` is everything else."""

    at: int
    text: str
    parts: tuple[str, ...]
    rest: str
    period: str = ""
    pattern: str = ""
    kinds: tuple[str, ...] = ()
    area: str = ""
    group: str = ""

    def general(self) -> str:
        """The heading as a regular expression in which other periods, areas and groups stand as well."""
        return JOIN_PATTERN.join(self._general(part) for part in self.parts)

    def _general(self, part: str) -> str:
        if part and part in (self.area, self.group):
            return r"[^|]+"
        if self.period and self.period in part:
            before, _, after = part.partition(self.period)
            pattern = simple_pattern(self.pattern, [self.period])
            return f"{escaped(before)}{pattern if len(pattern) < 25 else '[^|]+'}{escaped(after)}"
        return escaped(part)


JOIN_PATTERN = r" \| "


@dataclass(frozen=True)
class HeadingReading:
    """What the headings over numbers say between them. `area` and `period` are the sources that take them
    from the headings, None where they say none; so are those of `groups` by dimension."""

    headings: tuple[ValueHeading, ...]
    area: Mapping[str, str] | None = None
    period: Mapping[str, str] | None = None
    groups: Mapping[str, Mapping[str, object]] = field(default_factory=dict)


def escaped(text: str) -> str:
    """A text as a regular expression that fits it alone, with as few backslashes as will do."""
    return re.sub(r"([.^$*+?{}\[\]\\|()])", r"\\\1", text)


def simple_pattern(pattern: str, texts: Sequence[str]) -> str:
    """A pattern of periods in fewer signs, if it takes the same from some texts."""
    for shorter in (pattern.replace(MONTH, r"\w+").replace(_YEAR, r"\d{4}"), pattern.replace(_YEAR, r"\d{4}")):
        wanted = [(match := re.search(pattern, text, re.I)) and match[0] for text in texts]
        taken = [(match := re.search(shorter, text, re.I)) and match[0] for text in texts]
        if taken == wanted:
            return shorter
    return pattern


def joined_pattern(found: Sequence[tuple[str, str]], texts: Sequence[str]) -> str:
    """The pattern, with one group, that takes each period out of its text; `found` are patterns with what each took."""
    used = [pattern for pattern in PATTERNS if any(pattern == one for one, _ in found)]
    for shorter in (True, False):
        parts = [simple_pattern(p, [t for one, t in found if one == p]) if shorter else p for p in used]
        whole = f"({'|'.join(parts)})"
        taken = [match[1] if (match := re.search(whole, text, re.I)) else "" for text in texts]
        if taken == [text for _, text in found]:
            return whole
    return f"(?<!\\d)({'|'.join(used)})(?!\\d)"


def read_headings(
    headings: Mapping[int, Heading], valued: Sequence[int], known: KnownWords, *, area: bool, period: bool
) -> HeadingReading:
    """What the headings over some columns say. `area` and `period`: whether they are to be looked for there."""
    columns = {at: headings[at].parts if at in headings else () for at in valued}
    areas = _areas(columns, known) if area else {}
    periods = _periods(columns) if period else {}
    group_parts, sources = _groups(columns, areas, known)
    read = []
    for at, parts in columns.items():
        pattern, text, kinds = periods.get(at, ("", "", ()))
        left = [p for p in parts if p != areas.get(at) and p not in group_parts.get(at, ())]
        rest = ", ".join(part.replace(text, " ") if text else part for part in left)
        read.append(
            ValueHeading(
                at=at,
                text=JOIN.join(parts),
                parts=parts,
                rest=" ".join(re.sub(r"\(\s*\)|\[\s*\]", " ", rest).split()).strip(" ,:;-–|"),
                period=text,
                pattern=pattern,
                kinds=kinds,
                area=areas.get(at, ""),
                group=next(iter(group_parts.get(at, ())), ""),
            )
        )
    from_period = {"header": joined_pattern(*_found(periods, columns))} if periods else None
    return HeadingReading(tuple(read), _area_source(areas, columns), from_period, sources)


def _found(
    periods: Mapping[int, tuple[str, str, tuple[str, ...]]], columns: Mapping[int, tuple[str, ...]]
) -> tuple[list[tuple[str, str]], list[str]]:
    return [(p, t) for p, t, _ in periods.values()], [JOIN.join(columns[at]) for at in periods]


def _areas(columns: Mapping[int, tuple[str, ...]], known: KnownWords) -> dict[int, str]:
    """By column the part of its heading that is an area, where that is so of most."""
    found: dict[int, str] = {}
    for at, parts in columns.items():
        part = next((p for p in parts if not p.isdigit() and known.prefixed_area(p) is not None), "")
        if part:
            found[at] = part
    enough = len(found) >= 0.6 * len(columns) and len(set(found.values())) >= min(2, len(columns))
    return found if enough else {}


def _area_source(areas: Mapping[int, str], columns: Mapping[int, tuple[str, ...]]) -> dict[str, str] | None:
    if not areas:
        return None
    several = [at for at in areas if len(columns[at]) > 1]
    if not several:
        return {"header": "(.+)"}
    first = all(columns[at][0] == areas[at] for at in areas)
    return {"header": r"^([^|]+?)(?: \||$)" if first else r"([^|]+)$"}


def _periods(columns: Mapping[int, tuple[str, ...]]) -> dict[int, tuple[str, str, tuple[str, ...]]]:
    """By column the period in its heading, where most have one and only one."""
    found: dict[int, tuple[str, str, tuple[str, ...]]] = {}
    for at, parts in columns.items():
        every = [one for part in parts for one in find_periods(part)]
        if len({text for _, text, _ in every}) == 1:
            found[at] = every[0]
    if len(found) >= 0.6 * len(columns):
        return found
    whole = {at: one for at, one in found.items() if one[1] in columns[at]}
    return whole if len({text for _, text, _ in whole.values()}) > 1 else {}


def _groups(
    columns: Mapping[int, tuple[str, ...]], areas: Mapping[int, str], known: KnownWords
) -> tuple[dict[int, tuple[str, ...]], dict[str, dict[str, object]]]:
    """By column the parts of its heading that are groups of a dimension, and the sources that take them from there."""
    picks: tuple[Callable[[tuple[str, ...]], str], ...] = (
        lambda parts: parts[-1],
        lambda parts: parts[-2] if len(parts) > 1 else "",
        lambda parts: parts[0] if len(parts) > 2 else "",
    )
    found: dict[int, tuple[str, ...]] = {}
    sources: dict[str, dict[str, object]] = {}
    for pick in picks:
        words = {at: pick(parts) for at, parts in columns.items() if parts and pick(parts) != areas.get(at)}
        dimension = known.dimension_of(word for word in words.values() if word)
        if not dimension or dimension in sources:
            continue
        groups = {at: word for at, word in words.items() if known.group(dimension, word)}
        totals = {at: word for at, word in words.items() if is_total(word)}
        if len(groups) + len(totals) < 0.4 * len(columns):
            continue
        for at, word in {**groups, **totals}.items():
            found[at] = (*found.get(at, ()), word)
        sources[dimension] = _group_source(dimension, list(groups.values()), len(totals) < len(columns), known)
    return found, sources


def _group_source(dimension: str, words: Sequence[str], others: bool, known: KnownWords) -> dict[str, object]:
    distinct = list(dict.fromkeys(words))
    source: dict[str, object] = {"header": rf"(?:^|\| )({'|'.join(map(escaped, distinct))})(?: \||$)"}
    if renamed := group_map(dimension, distinct, known):
        source["map"] = renamed
    return {**source, "default": "Total"} if others else source


def group_map(dimension: str, words: Sequence[str], known: KnownWords) -> dict[str, str]:
    """Our words for those of a column or of headings that differ from them."""
    renamed: dict[str, str] = {}
    for word in words:
        ours = known.group(dimension, word) or ("Total" if is_total(word) else "")
        if ours and normalised_without_footnotes(word) != normalised_without_footnotes(ours):
            renamed[word] = ours
    return renamed
