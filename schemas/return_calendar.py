"""The calendar of returns: what is expected of whom and when, and where it stands on a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from local_indicators.common.config_files import STRICT_KEYS
from local_indicators.schemas.submissions import Outcome

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
        """Return the status of the outcome; without an outcome, whether the return is due or overdue."""
        if self.outcome is not None:
            return self.outcome.status
        return status_of_missing_return(self.expected.due, today) if self.expected else "due"


def status_of_missing_return(due: date, today: date) -> ReturnStatus:
    """Return whether a return that has not come is due or overdue. The register is drawn up after a night has
    collected: a return that the night after the due date has not seen is overdue."""
    return "due" if today <= due else "overdue"


def is_on_time(due: date, first_seen: date) -> bool:
    """Return whether a return came on time: the night after the due date is the last that may see it first."""
    return (first_seen - due).days <= 1


def is_beyond_grace(due: date, today: date, grace_days: int) -> bool:
    """Return whether the days of grace have passed, so that the accountable officer is told of a return that has not
    come."""
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
        """Return a key that is stable as long as the calendar does not change."""
        return f"{self.collection}/{self.expected.period}/{self.expected.due}"

    @property
    def accepted_outcome(self) -> Outcome | None:
        """Return the first accepted outcome; None if there is none."""
        return next((outcome for outcome in self.outcomes if outcome.accepted), None)

    def is_overdue(self, today: date) -> bool:
        """Return whether nothing accepted answers the return and its time is over, whatever was rejected."""
        return self.accepted_outcome is None and status_of_missing_return(self.expected.due, today) == "overdue"

    def status(self, today: date) -> ExpectedReturnStatus:
        """Return "received" once anything was accepted, "rejected" where all that came was, else "due" or "overdue"."""
        if self.accepted_outcome is not None:
            return "received"
        return "rejected" if self.outcomes else status_of_missing_return(self.expected.due, today)


def expected_returns(lines: Sequence[RegisterEntry]) -> list[ExpectedReturn]:
    """Return the expected returns of a register, each with what answers it."""
    answers: dict[tuple[str, str, ExpectedPeriod], list[Outcome]] = {}
    for line in lines:
        if line.expected is not None and line.collection is not None:
            outcomes_so_far = answers.setdefault((line.partner, line.collection, line.expected), [])
            outcomes_so_far += [line.outcome] if line.outcome else []
    return [ExpectedReturn(*key, tuple(outcomes)) for key, outcomes in answers.items()]


def register_entries(
    partner: str, collection: str | None, expected: Sequence[ExpectedPeriod], outcomes: Sequence[Outcome]
) -> list[RegisterEntry]:
    """Return which arrival answers which expected return of one collection, and those that nothing answers.

    An arrival answers the expected return whose period it contains. One that contains none (a file that could not be
    read, say) answers the earliest that nothing accepted answers yet.
    """
    periods = sorted(expected, key=lambda period: period.due)
    accepted_periods: set[ExpectedPeriod] = set()
    answered: set[ExpectedPeriod] = set()
    lines: list[RegisterEntry] = []
    for outcome in outcomes:
        answered_period = next((period for period in periods if period.period in outcome.periods), None)
        if answered_period is None:
            last = periods[-1] if periods else None
            answered_period = next((period for period in periods if period not in accepted_periods), last)
        if answered_period is not None:
            answered.add(answered_period)
            if outcome.accepted:
                accepted_periods.add(answered_period)
        lines.append(RegisterEntry(partner, collection, answered_period, outcome))
    waiting = [RegisterEntry(partner, collection, period, None) for period in periods if period not in answered]
    return lines + waiting
