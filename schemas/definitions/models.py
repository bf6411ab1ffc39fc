"""What each definition is: indicators, policies, officers, peers, targets, the plan, and all of them together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Literal

from local_indicators.common.config_files import STRICT_KEYS
from local_indicators.schemas.reference.breakdowns import Dimension
from local_indicators.schemas.reference.geography import Geography

NOT_COUNTED = ("%", "pp", "£", "rate")
"""How the units begin of what is not counted one by one and may be printed without decimals all the same."""
SHARES_AND_RATES = ("%", "pp", "rate")
Polarity = Literal["higher", "lower", "neutral"]
Accumulation = Literal["discrete", "year to date", "rolling", "pooled", "snapshot"]
COMPARATORS = {
    "neighbours": "the neighbours' average",
    "england": "England",
    "region": "the region",
    "core cities": "the core cities' average",
}
"""What a target may be relative to, as it is said in words."""


def defaults_of_unit(unit: str, kind: str = "number") -> dict[str, object]:
    """Return the range, decimals and disclosure policy of an indicator that gives none. The policy is one that protects
    people: that a figure counts nobody has to be stated."""
    share = unit.startswith(SHARES_AND_RATES)
    limits = {"%": (0, 100), "pp": (-100, 100)}.get(unit[:2].strip(), (0, 1_000_000_000))
    policy = "none" if kind != "number" else "percentages" if share else "small-counts"
    return {"range": limits, "decimals": 1 if share else 0, "disclosure": policy}


@dataclass(frozen=True)
class IndicatorVersion:
    """One version of an indicator's definition; periods that end in its dates belong to it."""

    __pydantic_config__ = STRICT_KEYS
    version: str
    valid_from: date
    valid_to: date | None = None
    broke: str = ""


@dataclass(frozen=True)
class Indicator:
    """What is measured, of whom, over what, and who answers for it. `range` is in `unit`; where a file gives no range,
    decimals or disclosure policy, they follow from the unit (`defaults_of_unit`). Without an `authority`, whichever
    return came last counts, and without a `data_owner` the partner whose return it is answers. `rounded_to` is
    the base that its counts are published rounded to, if they are. `denominator_of` says in other words than
    `denominator` who is divided among, where two indicators say the same words of different people, or others of the
    same."""

    __pydantic_config__ = STRICT_KEYS
    id: str
    title: str
    definition: str
    unit: str
    time_identifier: str
    range: tuple[float, float]
    disclosure: str
    kind: Literal["number", "ordinal", "text"] = "number"
    polarity: Polarity = "neutral"
    decimals: int = 0
    accumulation: Accumulation = "discrete"
    area_types: tuple[str, ...] = ("National", "Region", "Local authority")
    breakdowns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    total: bool = True
    numerator: str = ""
    denominator: str = ""
    additive: bool = False
    source_return: str = ""
    replaces: str = ""
    objective: str = ""
    priority: str = ""
    officer: str = ""
    data_owner: str = ""
    authority: str = ""
    lifecycle: Literal["draft", "adopted", "retired"] = "adopted"
    versions: tuple[IndicatorVersion, ...] = (IndicatorVersion("1", date(1990, 1, 1)),)
    caution: str = ""
    companion: str = ""
    change_of: str = ""
    scale: str = ""
    lifecycle_reason: str = ""
    rounded_to: float | None = None
    denominator_of: str = ""

    def version_at(self, day: date) -> IndicatorVersion | None:
        """The version that a period ending (or, while open, beginning) on a day belongs to."""
        fits = (v for v in self.versions if v.valid_from <= day and (v.valid_to is None or day <= v.valid_to))
        return next(fits, None)

    @property
    def population(self) -> str:
        """Who is divided among, whatever the case and spaces it is written with: indicators that say the same have one
        denominator for an area, period and breakdown."""
        return " ".join((self.denominator_of or self.denominator).casefold().split())

    @property
    def per(self) -> float | None:
        """What numerator / denominator is multiplied by to give the value: 100 for a share, 10,000 for a rate per
        10,000; None where the value is no quotient of the two."""
        if self.unit == "%" and self.numerator:
            return 100.0
        rate = re.fullmatch(r"rate per ([\d,]+)", self.unit)
        return float(rate[1].replace(",", "")) if rate else None

    @property
    def in_per_cent(self) -> bool:
        """Whether a value may be written with a percent sign."""
        return self.kind != "number" or self.per == 100 or bool(re.search(r"^%|^pp\b|per ?cent", self.unit))

    @property
    def counted(self) -> bool:
        """Whether the value counts people or things one by one, and so is a whole number."""
        return self.kind == "number" and self.decimals == 0 and not self.unit.startswith(NOT_COUNTED)

    @property
    def bounds(self) -> tuple[float, float]:
        """Values beyond these cannot be: nothing counted and no share is below 0, and no share is above 100 unless the
        indicator's range says that it may be."""
        if self.kind != "number" or self.range[0] < 0:
            return float("-inf"), float("inf")
        return 0.0, 100.0 if self.unit == "%" and self.range[1] <= 100 else float("inf")


@dataclass(frozen=True)
class Scale:
    """An ordinal scale of judgements, best first, as one framework used it between two dates."""

    __pydantic_config__ = STRICT_KEYS
    id: str
    title: str
    valid_from: date
    values: tuple[str, ...]
    valid_to: date | None = None
    note: str = ""


@dataclass(frozen=True)
class DisclosurePolicy:
    """A policy of disclosure control: counts from 1 up to below `primary_min` are not published. A share or rate over
    fewer than `min_base` is published and marked as unreliable."""

    __pydantic_config__ = STRICT_KEYS
    id: str
    title: str
    primary_min: int
    round_base: int
    secondary: bool
    zero_ok: bool
    min_denominator: int
    reason: str
    min_base: int = 0


@dataclass(frozen=True)
class IndicatorRelation:
    """What one indicator's value has to do with another's, so that one may give the other away. `indicator` is the
    `sum` of `of`; or 100 less its `complement`; or the `gap` of two breakdowns of `of`, first less second; or the
    `england-gap` of `of`; or its `change` over so many `periods`; or the `difference` of two, first less second. It is
    a `part` of `of` where whoever it counts is counted there too. It is `not-held` where what it was worked out from
    is no indicator here, for a `reason`. A change over one period may be said by the indicator's `change_of` as
    well."""

    __pydantic_config__ = STRICT_KEYS
    kind: Literal["sum", "complement", "gap", "england-gap", "change", "difference", "part", "not-held"]
    indicator: str
    of: tuple[str, ...] = ()
    breakdowns: tuple[str, ...] = ()
    periods: int = 1
    reason: str = ""


@dataclass(frozen=True)
class Officer:
    """An accountable officer, as a role."""

    __pydantic_config__ = STRICT_KEYS
    id: str
    role: str
    email: str
    valid_from: date
    valid_to: date | None = None
    note: str = ""


@dataclass(frozen=True)
class Peer:
    """One member of a dated list of an area's peers."""

    __pydantic_config__ = STRICT_KEYS
    area_code: str
    group_code: str
    group_title: str
    group_version: str
    valid_from: date
    order: int
    member_code: str
    member_name: str
    valid_to: date | None = None
    closeness: str = ""


@dataclass(frozen=True)
class Target:
    """A target for one indicator, area, breakdown and period, in one framework.

    A `band` runs from `value` to `upper`, both met. A target `relative_to` a comparator asks for the comparator's value
    for the period plus `value`. `base_period` is where the way to the target begins, at `base_value`, or where there
    is none at the value held for that period.
    """

    __pydantic_config__ = STRICT_KEYS
    indicator_id: str
    framework: str
    area_code: str
    breakdown: str
    time_period: str
    time_identifier: str
    operator: Literal["<=", ">=", "<", ">", "band"]
    value: float
    tolerance: float | None = None
    source: str = ""
    upper: float | None = None
    relative_to: Literal["", "neighbours", "england", "region", "core cities"] = ""
    base_period: str = ""
    base_value: float | None = None

    @property
    def says(self) -> str:
        """What the target asks for, in words: at most 5, from 20 to 25, above the neighbours' average."""
        if self.operator == "band":
            return f"from {self.value:g} to {self.upper:g}"
        asks = {"<=": "at most", ">=": "at least", "<": "below", ">": "above"}[self.operator]
        if not self.relative_to:
            return f"{asks} {self.value:g}"
        off = f" {'plus' if self.value > 0 else 'less'} {abs(self.value):g}" if self.value else ""
        return f"{asks} {COMPARATORS[self.relative_to]}{off}"

    @property
    def series(self) -> tuple[str, str, str, str]:
        """What the targets of one way have in common."""
        return self.indicator_id, self.framework, self.area_code, self.breakdown


@dataclass(frozen=True)
class NationalIndicator:
    """One of the 199 national indicators and what became of it. Certainty: V verified, K known, k weakly known.
    `indicator_id` is the indicator that says it `replaces` it."""

    __pydantic_config__ = STRICT_KEYS
    ni: str
    title: str
    title_certainty: Literal["V", "K", "k"]
    block: str
    unit: str
    polarity: Polarity
    fate: str
    fate_certainty: Literal["V", "K", "k"]
    polarity_note: str = ""
    frequency: str = ""
    source_collection: str = ""
    fate_note: str = ""
    successor: str = ""
    successor_ref: str = ""
    evidence: str = ""
    break_or_trap: str = ""
    indicator_id: str = ""


@dataclass(frozen=True)
class DatedTitle:
    """A title with the dates between which it held."""

    __pydantic_config__ = STRICT_KEYS
    title: str
    valid_from: date
    valid_to: date | None = None
    note: str = ""


@dataclass(frozen=True)
class Priority:
    """One of the partnership's priorities and the officer who leads it, if any."""

    __pydantic_config__ = STRICT_KEYS
    title: str
    lead: str = ""
    note: str = ""


@dataclass(frozen=True)
class OperationalObjective:
    """An operational objective, the strategic objectives it stood under, and whether it ever reported."""

    __pydantic_config__ = STRICT_KEYS
    id: str
    title: str
    valid_from: date
    number: str = ""
    strategic: tuple[DatedTitle, ...] = ()
    priority: str = ""
    valid_to: date | None = None
    lead: str = "not stated"
    reported_2010_11: str = "not held"
    note: str = ""


@dataclass(frozen=True)
class Framework:
    """The plan that objectives belong to."""

    __pydantic_config__ = STRICT_KEYS
    id: str
    title: str
    valid_from: date
    valid_to: date | None = None
    note: str = ""


@dataclass(frozen=True)
class Plan:
    """The dated plan: framework, strategic objectives, priorities, operational objectives; all empty without one."""

    __pydantic_config__ = STRICT_KEYS
    framework: Framework | None = None
    strategic: tuple[DatedTitle, ...] = ()
    priority: tuple[Priority, ...] = ()
    operational: tuple[OperationalObjective, ...] = ()


@dataclass(frozen=True)
class Partnership:
    """Whose indicators they are: the areas that the partnership is for, by code or name."""

    __pydantic_config__ = STRICT_KEYS
    areas: tuple[str, ...] = ()


@dataclass(frozen=True)
class Basket:
    """Indicators that are watched together. `proxy`: they stand for something that none of them measures."""

    __pydantic_config__ = STRICT_KEYS
    id: str
    title: str
    proxy: bool
    components: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True)
class Definitions:
    """All definitions of one start, checked against each other. `digest` names exactly this set of `files`, among them
    those of the shipped reference. `home` are the codes of the areas that the partnership is for."""

    indicators: Mapping[str, Indicator]
    geography: Geography
    dimensions: tuple[Dimension, ...]
    scales: Mapping[str, Scale]
    disclosure: Mapping[str, DisclosurePolicy]
    relations: tuple[IndicatorRelation, ...]
    officers: Mapping[str, Officer]
    peers: tuple[Peer, ...]
    targets: tuple[Target, ...]
    plan: Plan
    frameworks: tuple[Framework, ...]
    baskets: Mapping[str, Basket]
    national: tuple[NationalIndicator, ...]
    digest: str
    files: Mapping[str, bytes] = field(repr=False)
    home: frozenset[str] = frozenset()

    @property
    def plan_id(self) -> str:
        """The id of the partnership's own plan; "" without one."""
        return self.plan.framework.id if self.plan.framework else ""

    @cached_property
    def dimension_order(self) -> Mapping[str, int]:
        """The rank of each dimension in the spelling of breakdowns."""
        return {dimension.name: number for number, dimension in enumerate(self.dimensions)}
