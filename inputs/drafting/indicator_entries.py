"""Which indicator a column of numbers is of: one that is defined already, or a new one with an entry to paste."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

from local_indicators.common.config_files import build_record
from local_indicators.inputs.drafting.period_patterns import find_periods
from local_indicators.inputs.drafting.toml_text import Toml, comment, listed, toml_assignment, toml_key
from local_indicators.schemas.definitions.models import Definitions, Indicator

_STOP = frozenset(
    [
        "the",
        "a",
        "an",
        "of",
        "in",
        "at",
        "for",
        "by",
        "to",
        "and",
        "or",
        "with",
        "from",
        "on",
        "per",
        "is",
        "are",
        "was",
        "were",
        "that",
        "as",
        "their",
        "its",
        "this",
        "those",
        "who",
        "which",
        "number",
        "percentage",
        "percent",
        "rate",
        "count",
        "total",
        "all",
        "year",
        "years",
        "data",
        "table",
        "local",
        "authority",
        "authorities",
        "area",
        "areas",
        "england",
        "value",
        "who",
        "aged",
        "age",
    ]
)
_UNLIKELY = ("Financial year to date", "Reporting window", "Autumn and spring term")
"""Kinds of period that are not asked for where a likelier one fits."""
SURE, POSSIBLE = 0.62, 0.34
"""How like a title must be to be taken for an indicator, and to be named as one that may be meant."""
_DROPPED = re.compile(
    r"^\s*(?:table|figure|chart|sheet|annex)\s*[\w.]*\s*[:.–-]?\s+|\(?\b(?:19|20)\d{2}(?:[/–-]\d{2,4})?\b\)?", re.I
)


@dataclass(frozen=True)
class IndicatorNeed:
    """What is known of an indicator that a table is of. `kinds` are the kinds of period that fit, the likeliest first;
    `parts` the groups of each dimension that it is divided by; `subject` other words near it."""

    title: str
    unit: str
    decimals: int
    lowest: float
    highest: float
    kinds: tuple[str, ...]
    area_types: tuple[str, ...]
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    total: bool = True
    subject: str = ""
    first_year: int = 2000
    key: str = ""
    exact: bool = False
    """Whether the file itself says the kind of period."""

    def fits(self, indicator: Indicator) -> bool:
        """Whether an indicator could hold the figures: by its unit, period, areas and groups."""
        if indicator.kind != "number" or (indicator.unit == "%") != (self.unit == "%"):
            return False
        single = (
            not self.exact
            and "Calendar year" in self.kinds
            and indicator.time_identifier in ("Academic year", "Financial year")
        )
        single |= "Calendar year" in self.kinds and indicator.time_identifier == "Reporting year"
        if self.kinds and indicator.time_identifier not in self.kinds and not single:
            return False
        if self.area_types and not set(self.area_types) & set(indicator.area_types):
            return False
        if not self.total and not self.parts and not indicator.total:
            return False
        return all(set(groups) <= set(indicator.breakdowns.get(name, ())) for name, groups in self.parts.items())


@dataclass(frozen=True)
class Proposal:
    """The id of the indicator proposed for a need, whether it is new, and others that may be meant."""

    id: str
    new: bool
    others: tuple[str, ...] = ()
    sure: bool = True


class IndicatorBook:
    """The indicators of a workspace, and the entries of those that a draft adds."""

    def __init__(self, definitions: Definitions, source: str, owner: str = "") -> None:
        self.definitions, self.source, self.owner = definitions, source, owner
        self.entries: dict[str, IndicatorNeed] = {}

    @cached_property
    def _weights(self) -> Mapping[str, float]:
        """How much a word tells of which indicator is meant."""
        every = list(self.definitions.indicators.values())
        counted: dict[str, int] = {}
        for indicator in every:
            for word in _words(f"{indicator.title} {indicator.definition}"):
                counted[word] = counted.get(word, 0) + 1
        return {word: math.log(1 + len(every) / times) for word, times in counted.items()}

    def propose(self, need: IndicatorNeed, taken: Iterable[str] = ()) -> Proposal:
        """The indicator for a need that is none of those taken: one that is defined and much like it, else a new one.
        The same need twice is one indicator."""
        used = set(taken)
        scored = sorted(
            (
                (self._likeness(need, one), one.id)
                for one in self.definitions.indicators.values()
                if one.id not in used and one.lifecycle != "retired" and need.fits(one)
            ),
            key=lambda pair: (-pair[0], pair[1]),
        )
        others = tuple(name for score, name in scored[:4] if score >= POSSIBLE)
        if scored and scored[0][0] >= SURE:
            return Proposal(scored[0][1], new=False, others=others[1:], sure=scored[0][0] >= 0.95)
        return Proposal(self._entry(need, used), new=True, others=others[:3])

    def likeness(self, title: str) -> float:
        """How like a title is to that of the indicator that is likest to it, from 0 to 1."""
        need = IndicatorNeed(title, "", 0, 0.0, 1.0, (), ())
        return max((self._likeness(need, one) for one in self.definitions.indicators.values()), default=0.0)

    def _likeness(self, need: IndicatorNeed, indicator: Indicator) -> float:
        """From 0 to 1: by words that a title and an indicator share, each weighed by how rare it is."""
        if need.key.replace("_", "-").casefold() == indicator.id.casefold():
            return 1.0
        asked, title = _words(need.title), _words(indicator.title)
        if not asked or not title:
            return 0.0
        near = _words(need.subject)
        whole = title | _words(indicator.definition) | _words(indicator.id.replace("-", " "))

        def weight(words: Iterable[str]) -> float:
            return sum(self._weights.get(word, 3.0) for word in words)

        covered = weight(asked & whole) / weight(asked)
        reached = weight((asked | near) & title) / weight(title)
        strong = weight(asked & title) / weight(title)
        return min(covered, 0.5 * reached + 0.5 * strong)

    def _entry(self, need: IndicatorNeed, used: set[str]) -> str:
        """The id of a new indicator for a need."""
        wanted = _id_of(clean_title(need.title))
        for number in range(1, 10_000):
            name = wanted if number == 1 else f"{wanted}-{number}"
            if name in self.definitions.indicators or name in used:
                continue
            held = self.entries.get(name)
            if held is None or (held.title, held.unit) == (need.title, need.unit):
                self.entries[name] = need if held is None else _merged(held, need)
                return name
        raise AssertionError("no id is left")

    def with_new(self) -> Definitions:
        """The workspace's definitions with the new indicators added."""
        added = {
            name: build_record(Indicator, {**self.values_of(name), "id": name}, "new indicators", name)
            for name in self.entries
        }
        return replace(self.definitions, indicators={**self.definitions.indicators, **added})

    def values_of(self, name: str) -> dict[str, Toml]:
        """The keys of the entry of a new indicator."""
        need = self.entries[name]
        kind = need.kinds[0] if need.kinds else "Financial year"
        policies = list(self.definitions.disclosure)
        counted = need.unit not in ("%", "£", "£m", "pp") and not need.unit.startswith("rate")
        policy = "small-counts" if "small-counts" in policies else policies[0] if policies else ""
        every: dict[str, Toml] = {
            "title": printable(clean_title(need.title))[:150] or name,
            "definition": f"{printable(need.title)[:200] or name}, as {printable(self.source)[:80]} gives it.",
            "unit": printable(need.unit),
            "polarity": "neutral",
            "decimals": need.decimals,
            "range": list(_range(need)),
            "time_identifier": kind,
            "accumulation": "pooled" if kind.startswith("Pooled") else "rolling" if kind == "Twelve months" else "",
            "area_types": list(need.area_types or ("Local authority",)),
            "breakdowns": {dimension: list(groups) for dimension, groups in need.parts.items()},
            "total": need.total or not need.parts,
            "additive": counted and need.decimals == 0,
            "source_return": printable(self.source)[:80],
            "data_owner": self.owner,
            "disclosure": policy,
            "lifecycle": "draft",
            "lifecycle_reason": "Proposed by indicators draft; nobody has looked at it yet",
        }
        if need.first_year <= 1995:  # versions begin in 1990 where nothing is said
            every["versions"] = [{"version": "1", "valid_from": date(max(need.first_year - 10, 1900), 1, 1)}]
        usual: Mapping[str, Toml] = {
            "accumulation": "",
            "breakdowns": {},
            "total": True,
            "data_owner": "",
            "additive": False,
        }
        return {key: value for key, value in every.items() if usual.get(key) != value}

    def as_toml(self) -> str:
        """The entries of the new indicators, to paste into a file of the workspace's indicators; "" for none."""
        return "\n".join(self._entry_as_toml(name) for name in self.entries)

    def _entry_as_toml(self, name: str) -> str:
        need = self.entries[name]
        notes = {
            "definition": "QUESTION: what exactly is counted? Write it in one sentence.",
            "polarity": 'QUESTION: which way is better? Write "higher" or "lower"; leave "neutral" for neither.',
            "range": f"what the file holds lies from {need.lowest:g} to {need.highest:g}; what is beyond is refused",
            "lifecycle": 'write "adopted", and take lifecycle_reason out, when the entry is right',
        }
        others = [kind for kind in need.kinds[1:] if kind not in _UNLIKELY]
        if others:
            notes["time_identifier"] = f"QUESTION: or is it {listed(others[:3])}? Then write that."
        elif not need.kinds:
            notes["time_identifier"] = "QUESTION: the file does not say what kind of period; write the right one."
        if need.unit == "rate":
            notes["unit"] = 'QUESTION: a rate per how many? Write "rate per 10,000", say.'
        lines = [f"[{toml_key(name)}]"]
        for key, value in self.values_of(name).items():
            if note := notes.get(key):
                lines.append(comment(note))
            lines.append(toml_assignment(key, value))
        return "\n".join(lines) + "\n"


def _id_of(title: str) -> str:
    """An id by a title; of a long one by how it begins and ends."""
    if len(title) <= 60 or ", " not in title:
        return slug(title) or "indicator"
    first, last = title.split(", ")[0], title.split(", ")[-1]
    return "-".join(filter(None, (slug(first)[:28].strip("-"), slug(last)[:30].strip("-")))) or "indicator"


def _merged(held: IndicatorNeed, need: IndicatorNeed) -> IndicatorNeed:
    """What two tables need of one indicator."""
    parts = {
        name: tuple(dict.fromkeys((*held.parts.get(name, ()), *need.parts.get(name, ()))))
        for name in dict.fromkeys((*held.parts, *need.parts))
    }
    return replace(
        held,
        parts=parts,
        total=held.total or need.total,
        area_types=tuple(dict.fromkeys((*held.area_types, *need.area_types))),
        lowest=min(held.lowest, need.lowest),
        highest=max(held.highest, need.highest),
        decimals=max(held.decimals, need.decimals),
        first_year=min(held.first_year, need.first_year),
    )


def _range(need: IndicatorNeed) -> tuple[int, int]:
    """A plausible range around what was read, in round numbers."""
    if need.unit == "%" and need.lowest >= 0 and need.highest <= 100:
        return 0, 100
    size = max(abs(need.lowest), abs(need.highest), 1.0)
    most = 10 ** min(math.ceil(math.log10(size * 2)), 15)
    return (-most if need.lowest < 0 else 0), most


def _words(text: str) -> frozenset[str]:
    """The words of a title that tell what is measured, without endings."""
    found = (word.strip("'") for word in re.findall(r"[a-z0-9'+*]+", text.casefold().replace("-", " ")))
    return frozenset(_stem(word) for word in found if len(word) > 1 and word not in _STOP)


def _stem(word: str) -> str:
    for ending in ("ies", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) > 2:
            return word[: -len(ending)] + ("y" if ending == "ies" else "")
    return word


def clean_title(text: str) -> str:
    """A heading or a title without the number of a table and without years."""
    plain = text.replace("_", " ")
    for _, period, _ in find_periods(plain):
        plain = plain.replace(period, " ")
    plain = _DROPPED.sub(" ", plain)
    plain = re.sub(r"\(\s*\)|\[[^\]]*\]|\s\(\d{1,2}\)", " ", plain).replace(" | ", ", ")
    plain = " ".join(plain.split()).strip(" ,:;.-–|")
    return plain[:1].upper() + plain[1:]


def printable(text: str) -> str:
    """A text on one line without control characters."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def slug(text: str) -> str:
    """A text as an id: small letters, digits and hyphens, at most 60 signs."""
    plain = text.replace("%", " percent ").replace("£", " pounds ").casefold()
    parts = re.findall(r"[a-z0-9]+", plain)
    name = ""
    for part in parts:
        if name and len(name) + len(part) > 58:
            break
        name = f"{name}-{part}" if name else part[:58]
    return name
