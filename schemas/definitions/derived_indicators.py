"""What definitions say of one indicator that is worked out of others: that it is said, and said of what there is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from local_indicators.common.config_errors import Problems
from local_indicators.common.errors import DefinitionError
from local_indicators.common.suggestions import did_you_mean
from local_indicators.schemas.reference.breakdowns import possible_breakdowns

if TYPE_CHECKING:
    from local_indicators.schemas.definitions.models import Definitions, Indicator, IndicatorRelation

_WORKED_OUT = re.compile(
    r"\b(changes?|gap|difference|increase|decrease|percentage points?)\b|\b(rise|fall) (in|of)\b", re.I
)
_DENIAL = re.compile(r"\b(without|with no|not|no|never|non)\b[ -]?", re.I)
_OF = {"sum": (1, None), "difference": (2, 2), "not-held": (0, 0)}
"""How many indicators each kind of relation is of, at least and at most; the others are of one."""


def check_relations(all_of: Definitions, file: Path) -> None:
    """Refuse a relation of something that is not there. Raises DefinitionError."""
    problems = Problems()
    for relation in all_of.relations:
        with problems.noting():
            for name in (relation.indicator, *relation.of):
                if name not in all_of.indicators:
                    hint = did_you_mean(name, tuple(all_of.indicators))
                    raise DefinitionError(file, f"{name!r} is not an indicator{hint}", key=relation.indicator)
            if reason := next(_wrong(relation, all_of), None):
                raise DefinitionError(file, reason, key=relation.indicator)
    problems.raise_if_any()


def _wrong(relation: IndicatorRelation, all_of: Definitions) -> Iterator[str]:
    least, most = _OF.get(relation.kind, (1, 1))
    if len(relation.of) < least or (most is not None and len(relation.of) > most):
        many = {0: "none", 1: "one indicator", 2: "two indicators, the first less the second"}[least]
        yield f"a {relation.kind} is of {many}" + (" or more" if most is None else "")
    if relation.indicator in relation.of:
        yield f"cannot be the {relation.kind} of itself"
    if len(relation.breakdowns) != (2 if relation.kind == "gap" else 0):
        yield "a gap, and nothing else, names the two breakdowns it lies between"
    for breakdown in relation.breakdowns:
        if breakdown not in possible_breakdowns(all_of.indicators[relation.of[0]].breakdowns, all_of.dimensions):
            yield f"{relation.of[0]} has no breakdown {breakdown!r}"
    if relation.periods < 1 or (relation.periods > 1 and relation.kind != "change"):
        yield "a change, and nothing else, is over so many periods: a whole number from 1"
    if bool(relation.reason.strip()) != (relation.kind == "not-held"):
        yield "an indicator of which the others are not held, and nothing else, gives the reason"


def check_derived_indicators(all_of: Definitions, file_of: dict[str, Path]) -> None:
    """Refuse an indicator that is a change, a gap or a complement of what guards people, and does not say of what: with
    it one could work out what disclosure control hides. Raises DefinitionError."""
    said = {relation.indicator for relation in all_of.relations} | {
        indicator.id for indicator in all_of.indicators.values() if indicator.change_of
    }
    said |= {name for relation in all_of.relations if relation.kind == "complement" for name in relation.of}
    for indicator in all_of.indicators.values():
        if indicator.id in said or indicator.kind != "number":
            continue
        how = _looks_worked_out(indicator, all_of)
        if how:
            raise DefinitionError(
                file_of[indicator.id],
                f"{how}, so it must say of what it is one: by change_of here or by a [[relation]] in relations.toml"
                " (change, gap, england-gap, difference, sum or complement; or not-held, with the reason, where what it"
                " was worked out from is no indicator here)",
                key=f"{indicator.id}.change_of",
            )


def _looks_worked_out(indicator: Indicator, all_of: Definitions) -> str:
    """In what way an indicator looks worked out of others that guard people; nothing where it does not."""
    if indicator.unit.startswith("pp") or _WORKED_OUT.search(indicator.title):
        named = [
            other.id for other in all_of.indicators.values() if other is not indicator and _speaks_of(indicator, other)
        ]
        if _guards(indicator, all_of) or any(_guards(all_of.indicators[name], all_of) for name in named):
            return f"is a change or a gap by its {'unit' if indicator.unit.startswith('pp') else 'title'}"
    if indicator.numerator and _DENIAL.search(indicator.numerator) and _guards(indicator, all_of):
        for other in all_of.indicators.values():
            same = other.population == indicator.population and _affirmed(indicator) == _affirmed(other)
            if same and not _DENIAL.search(other.numerator):
                return f"counts those that {other.id} does not"
    return ""


def _guards(indicator: Indicator, all_of: Definitions) -> bool:
    policy = all_of.disclosure[indicator.disclosure]
    return policy.primary_min > 0 or policy.min_denominator > 0 or not policy.zero_ok


def _speaks_of(indicator: Indicator, other: Indicator) -> bool:
    return other.title.casefold() in indicator.title.casefold() and not _WORKED_OUT.search(other.title)


def _affirmed(indicator: Indicator) -> str:
    plain = re.sub(r"\bwith(out| no)\b", "with", indicator.numerator, flags=re.I)
    return " ".join(_DENIAL.sub("", plain).casefold().split())
