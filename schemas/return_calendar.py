"""The calendar of returns: what is expected of whom and when, and where it stands on a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from common.config_files import STRICT_KEYS
from schemas.submissions import Outcome

ReturnStatus = Literal["due", "overdue"]
ExpectedReturnStatus = Literal["received", "rejected", "due", "overdue"]
SET_ASIDE = "set-aside"
"""Where an accepted return stands whose new figures the gate set aside."""


@dataclass(frozen=True)
class ExpectedPeriod:
    """One return that is expected: the period it is for, as people write it, and the day it is due."""

    __pydantic_config__ = STRICT_KEYS
    period: str
    due: date


@dataclass(frozen=True)
class RegisterEntry:
    """One line of the register: an expected return and what answers it, or an arrival that nobody expected."""

    partner: str
    collection: str | None
    expected: ExpectedPeriod | None
    outcome: Outcome | None

    def status(self, today: date) -> str:
        """The outcome's status; without an outcome, whether the return is due or overdue."""
        if self.outcome is not None:
            return self.outcome.status
        return status_of_missing_return(self.expected.due, today) if self.expected else "due"


def status_of_missing_return(due: date, today: date) -> ReturnStatus:
    """Where a return stands that has not come. The register is drawn up after a night has collected: what the night
    after the due date has not seen is overdue."""
    return "due" if today <= due else "overdue"


def is_on_time(due: date, first_seen: date) -> bool:
    """Whether a return came on time: the night after the due date is the last that may see it first."""
    return (first_seen - due).days <= 1


def is_beyond_grace(due: date, today: date, grace_days: int) -> bool:
    """Whether the accountable officer is told of a return that has not come: all days of grace have passed."""
    return (today - due).days > grace_days


@dataclass(frozen=True)
class ExpectedReturn:
    """An expected return, and every outcome that answers it, in the order of the ledger."""

    partner: str
    collection: str
    expected: ExpectedPeriod
    outcomes: tuple[Outcome, ...]

    @property
    def key(self) -> str:
        """Stable as long as the calendar says the same of it."""
        return f"{self.collection}/{self.expected.period}/{self.expected.due}"

    @property
    def met_by(self) -> Outcome | None:
        """The first accepted outcome."""
        return next((one for one in self.outcomes if one.accepted), None)

    def overdue(self, today: date) -> bool:
        """Whether nothing accepted answers it and its time is over, whatever was sent and rejected."""
        return self.met_by is None and status_of_missing_return(self.expected.due, today) == "overdue"

    def status(self, today: date) -> ExpectedReturnStatus:
        """received once anything was accepted; rejected where all that came was; else due or overdue."""
        if self.met_by is not None:
            return "received"
        return "rejected" if self.outcomes else status_of_missing_return(self.expected.due, today)


def expected_returns(lines: Sequence[RegisterEntry]) -> list[ExpectedReturn]:
    """The expected returns of a register, each with what answers it."""
    answers: dict[tuple[str, str, ExpectedPeriod], list[Outcome]] = {}
    for line in lines:
        if line.expected is not None and line.collection is not None:
            held = answers.setdefault((line.partner, line.collection, line.expected), [])
            held += [line.outcome] if line.outcome else []
    return [ExpectedReturn(*key, tuple(outcomes)) for key, outcomes in answers.items()]


def register_entries(
    partner: str, collection: str | None, expected: Sequence[ExpectedPeriod], outcomes: Sequence[Outcome]
) -> list[RegisterEntry]:
    """Which arrival answers which expected return of one collection, with those that nothing answers.

    An arrival answers the expected return whose period it speaks of. One that speaks of none (a file that could not be
    read, say) answers the earliest that nothing accepted answers yet.
    """
    slots = sorted(expected, key=lambda one: one.due)
    met: set[ExpectedPeriod] = set()
    answered: set[ExpectedPeriod] = set()
    lines: list[RegisterEntry] = []
    for outcome in outcomes:
        slot = next((s for s in slots if s.period in outcome.periods), None)
        slot = slot or next((s for s in slots if s not in met), slots[-1] if slots else None)
        if slot is not None:
            answered.add(slot)
            if outcome.accepted:
                met.add(slot)
        lines.append(RegisterEntry(partner, collection, slot, outcome))
    waiting = [RegisterEntry(partner, collection, slot, None) for slot in slots if slot not in answered]
    return lines + waiting
