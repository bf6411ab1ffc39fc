"""Which indicators tell something of each other, and what each of them counts and divides among."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from local_indicators.schemas.definitions.models import Definitions, Indicator

NOT_COUNTS = ("%", "pp", "£m", "rank")


def is_count(indicator: Indicator) -> bool:
    """Whether the value itself counts people or things."""
    return (
        indicator.kind == "number"
        and not indicator.numerator
        and indicator.unit not in NOT_COUNTS
        and not indicator.unit.startswith("rate")
    )


def is_protected(indicator: Indicator, definitions: Definitions) -> bool:
    """Whether there is a number of its indicator that may not be shown."""
    policy = definitions.disclosure[indicator.disclosure]
    return policy.primary_min > 0 or policy.min_denominator > 0 or not policy.zero_ok


def indicator_families(definitions: Definitions) -> dict[str, int]:
    """Indicators by the family of those that tell something of each other: by a declared relation, or because they
    count or divide the same people."""
    family = {name: number for number, name in enumerate(definitions.indicators)}
    members = {number: [name] for name, number in family.items()}

    def join(names: Iterable[str]) -> None:
        first, *others = names
        for other in others:
            new, old = family[first], family[other]
            if new != old:
                for name in members[old]:
                    family[name] = new
                members[new] += members.pop(old)

    for relation in definitions.relations:
        join((relation.indicator, *relation.of))
    meanings, speaking = NumberMeanings(definitions), defaultdict(list)
    for indicator in definitions.indicators.values():
        if indicator.change_of:
            join((indicator.id, indicator.change_of))
        for who in {meanings.counted[indicator.id], meanings.among.get(indicator.id, "")} - {""}:
            speaking[who].append(indicator.id)
    for names in speaking.values():
        join(names)
    return family


class NumberMeanings:
    """What the numbers of rows are numbers of, so that two rows that tell one number are known to: a denominator is
    that of every indicator with the same population, and a count may be the numerator or the denominator of others."""

    def __init__(self, definitions: Definitions) -> None:
        indicators = definitions.indicators.values()
        shared = {indicator.population for indicator in indicators} | {
            _plain(indicator.title) for indicator in indicators if is_count(indicator)
        }
        self.counted = {indicator.id: _counted(indicator, shared) for indicator in indicators}
        self.among: Mapping[str, str] = {
            indicator.id: indicator.population for indicator in indicators if not is_count(indicator)
        }


def _counted(indicator: Indicator, shared: set[str]) -> str:
    """Numerators in the same words are the same only among the same people, unless they are a whole of their own."""
    if is_count(indicator):
        return _plain(indicator.title)
    words = _plain(indicator.numerator)
    return words if not words or words in shared else f"{words} among {indicator.population}"


def _plain(words: str) -> str:
    return " ".join(words.casefold().split())
