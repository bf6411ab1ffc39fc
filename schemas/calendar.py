"""The calendar of returns: what is expected of whom and when, and where it stands on a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from schemas.outcomes import Outcome
from schemas.records import STRICT_KEYS

ReturnStatus = Literal["due", "overdue"]


@dataclass(frozen=True)
class Expected:
    """One return that is expected: the period it is for, as people write it, and the day it is due."""

    __pydantic_config__ = STRICT_KEYS
    period: str
    due: date


@dataclass(frozen=True)
class Standing:
    """One line of the register: an expected return and what answers it, or an arrival that nobody expected."""

    partner: str
    collection: str | None
    expected: Expected | None
    outcome: Outcome | None

    def status(self, today: date) -> str:
        """The outcome's status; without an outcome, whether the return is due or overdue."""
        if self.outcome is not None:
            return self.outcome.status
        return standing(self.expected.due, today) if self.expected else "due"


def standing(due: date, today: date) -> ReturnStatus:
    """Where a return stands that has not come: it is on time if the night after the due date is the first to see it."""
    return "due" if (today - due).days <= 1 else "overdue"


def register(
    partner: str, collection: str | None, expected: Sequence[Expected], outcomes: Sequence[Outcome]
) -> list[Standing]:
    """Which arrival answers which expected return of one collection, with those that nothing answers.

    An arrival answers the expected return whose period it speaks of. One that speaks of none (a file that could not be
    read, say) answers the earliest that nothing accepted answers yet.
    """
    slots = sorted(expected, key=lambda one: one.due)
    met: set[Expected] = set()
    answered: set[Expected] = set()
    lines: list[Standing] = []
    for outcome in outcomes:
        slot = next((s for s in slots if s.period in outcome.periods), None)
        slot = slot or next((s for s in slots if s not in met), slots[-1] if slots else None)
        if slot is not None:
            answered.add(slot)
            if outcome.accepted:
                met.add(slot)
        lines.append(Standing(partner, collection, slot, outcome))
    waiting = [Standing(partner, collection, slot, None) for slot in slots if slot not in answered]
    return lines + waiting
