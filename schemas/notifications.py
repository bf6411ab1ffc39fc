"""What there is to notify whom of: each thing once, and only while it still holds.

A notification has a key that stays the same from night to night. What holds tonight and has not been sent is sent; what
was to be sent and holds no more is superseded. Nothing here knows how a message is worded or sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from local_indicators.common.config_files import STRICT_KEYS
from local_indicators.schemas.file_precedence import RivalSubmission
from local_indicators.schemas.notification_history import NotificationHistory
from local_indicators.schemas.return_calendar import ExpectedReturn, is_beyond_grace
from local_indicators.schemas.set_aside_returns import SetAside
from local_indicators.schemas.submissions import Outcome, Submission, has_errors

Kind = Literal[
    "receipt",  # a submission came: proof for its owner
    "awaiting",  # said with a receipt: what was accepted cannot be seen by readers yet
    "tonight",  # said with a receipt by day: what was accepted is loaded by the coming night
    "published",  # what awaited publication is published
    "findings",  # what is wrong with what was sent, or worth a look
    "overdue",  # an expected return has not come, or nothing of it could be used
    "resolved",  # what was wrong or overdue is put right
    "escalated",  # an expected return is overdue beyond the days of grace
    "differs",  # two returns give one figure with different values
    "wrong-folder",  # a file lies in a folder of a partner whose return it is not
    "set-aside",  # what was accepted is left out of what is published, because the gate found it at fault
    "gate",  # the gate refused what would have been published
    "bounced",  # a message was refused for good
    "report",  # a quarter's report was filed
]
DAYTIME_KINDS: frozenset[Kind] = frozenset(
    {"receipt", "tonight", "findings", "resolved", "wrong-folder", "bounced", "report"}
)
"""What owners and the analyst are told between two nights."""
REMINDER_KINDS: frozenset[Kind] = DAYTIME_KINDS.union(("overdue", "escalated"))
ANALYST = "analyst"
WITHHOLDING_RULES = ("return.wrong-folder", "return.person-level")
"""Rules of files of which nothing is shown to anybody."""


def partner_of_recipient(recipient: str) -> str | None:
    """Return the partner's id of a recipient; None for an officer or the analyst."""
    return recipient.removeprefix("partner/") if recipient.startswith("partner/") else None


@dataclass(frozen=True)
class Notification:
    """One thing to tell one recipient once: `partner/ID`, `officer/ID` or `analyst`.

    `repeats` names the submission whose findings, sent before, are exactly these again; `details` is text that no
    record holds. `rivals` are other files of the same return, and `counts_for` the periods for which this one counts.
    """

    kind: Kind
    about: str
    recipient: str
    submission: Submission | None = None
    outcome: Outcome | None = None
    expected_return: ExpectedReturn | None = None
    repeats: str = ""
    details: tuple[str, ...] = ()
    rivals: tuple[RivalSubmission, ...] = ()
    counts_for: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Return the key that stays the same from night to night."""
        return f"{self.kind}/{self.about}"


State = Literal["written", "sending", "waiting", "sent", "refused", "superseded"]


@dataclass(frozen=True)
class Message:
    """A message that was written to `file` of the outbox, the keys of its notifications (`news` in the ledger), and how
    far it has come.

    `sending`: its text was being transmitted, and nobody can say whether the server has it. `waiting`: the server does
    not have it. `refused`: the server will not take it for this recipient.
    """

    __pydantic_config__ = STRICT_KEYS
    id: str
    recipient: str
    to: str
    file: str
    notification_keys: Annotated[tuple[str, ...], Field(alias="news")]
    night: date
    state: State = "written"
    detail: str = ""

    @property
    def pending(self) -> bool:
        """Return whether the message is still to be sent."""
        return self.state in ("written", "sending", "waiting")


def rule_forbidding_details(outcomes: Sequence[Outcome]) -> str:
    """Return the rule because of which nothing of a file is shown; "" if it may be."""
    return next((f.rule for o in outcomes for f in o.findings if f.rule in WITHHOLDING_RULES), "")


def owner_notifications(history: NotificationHistory, today: date, *, published: bool) -> list[Notification]:
    """Return everything that partners have to be told tonight. `published` says whether readers see what the store
    holds."""
    return [
        *_receipt_notifications(history),
        *_publication_notifications(history, published=published),
        *_owner_set_asides(history),
        *_finding_notifications(history),
        *_overdue_notifications(history, today),
        *_resolved_notifications(history),
    ]


def _not_yet_told(history: NotificationHistory, kind: Kind) -> Iterator[Outcome]:
    """Yield the outcomes of which no notification of a kind was sent."""
    for outcomes in history.outcomes.values():
        for outcome in outcomes:
            if f"{kind}/{outcome.id}" not in history.told_keys:
                yield outcome


def _notification(kind: Kind, outcome: Outcome, history: NotificationHistory, repeats: str = "") -> Notification:
    """Return a notification about an outcome for its partner."""
    submission, expected = history.submissions[outcome.submission], history.expected_return_of.get(outcome.id)
    return Notification(
        kind=kind,
        about=outcome.id,
        recipient=f"partner/{outcome.partner}",
        submission=submission,
        outcome=outcome,
        expected_return=expected,
        repeats=repeats,
    )


def owner_notifications_by_day(history: NotificationHistory, today: date) -> list[Notification]:
    """Return everything that partners would have to be told between two nights, and what a night may not have sent
    about publication. The caller chooses by kind and by what waits."""
    notifications = {
        item.key: item
        for published in (False, True)
        for item in owner_notifications(history, today, published=published)
    }
    return [
        *notifications.values(),
        *(_notification("tonight", item, history) for item in _accepted_not_published(history, "tonight")),
    ]


def _receipt_notifications(history: NotificationHistory) -> list[Notification]:
    """Return the receipts of submissions."""
    order = history.precedence
    return [
        replace(
            _notification("receipt", outcome, history), rivals=order.rivals(outcome), counts_for=order.periods(outcome)
        )
        for outcome in _not_yet_told(history, "receipt")
    ]


def _publication_notifications(history: NotificationHistory, *, published: bool) -> list[Notification]:
    """Return that accepted returns await publication and, once, that they are published."""
    awaiting = [
        _notification("awaiting", item, history) for item in _accepted_not_published(history, "awaiting", "tonight")
    ]
    if not published:
        return awaiting
    announced = history.told_keys | {
        key.rpartition("/")[0] for key in history.told_keys if key.startswith("set-aside/")
    }
    return [item for item in awaiting if item.about in history.set_aside] + [
        _notification("published", item, history)
        for item in _not_yet_told(history, "published")
        if announced & {f"{kind}/{item.id}" for kind in ("awaiting", "tonight", "set-aside")}
        and item.id not in history.set_aside
        and history.is_newest(item)
        and history.precedence.counts(item)
    ]


def _owner_set_asides(history: NotificationHistory) -> Iterator[Notification]:
    """Yield for what each owner's return was set aside, where it was not sent yet."""
    for left_out, outcome in _set_aside_outcomes(history):
        notification = replace(
            _notification("set-aside", outcome, history), about=left_out.key, details=_reasons(left_out)
        )
        if notification.key not in history.told_keys:
            yield notification


def set_aside_notifications(history: NotificationHistory) -> Iterator[Notification]:
    """Yield the returns that were set aside, for the analyst."""
    for left_out, outcome in _set_aside_outcomes(history):
        about = f"{left_out.key}/{ANALYST}"
        notification = replace(
            _notification("set-aside", outcome, history), about=about, details=_reasons(left_out), recipient=ANALYST
        )
        if notification.key not in history.told_keys:
            yield notification


def _set_aside_outcomes(history: NotificationHistory) -> Iterator[tuple[SetAside, Outcome]]:
    """Yield each return that is set aside for a reason, with its outcome."""
    known = {outcome.id: outcome for outcomes in history.outcomes.values() for outcome in outcomes}
    for left_out in history.set_aside.values():
        if left_out.faults and left_out.outcome in known:
            yield left_out, known[left_out.outcome]


def _reasons(left_out: SetAside) -> tuple[str, ...]:
    """Return why a return is set aside, in sentences."""
    return tuple(fault.text for fault in left_out.faults)


def _accepted_not_published(history: NotificationHistory, *kinds: Kind) -> Iterator[Outcome]:
    """Yield accepted outcomes that count and have no receipt yet, unless a receipt was written without notifications of
    these kinds: then readers see them."""
    for outcome in _not_yet_told(history, "receipt"):
        if history.precedence.counts(outcome):
            written = f"receipt/{outcome.id}" in history.composed_keys
            if not written or any(f"{kind}/{outcome.id}" in history.composed_keys for kind in kinds):
                yield outcome


def _finding_notifications(history: NotificationHistory) -> list[Notification]:
    """Return the findings of each file as it is now. Those of a file that was replaced or resolved since are of no
    interest."""
    return [
        _notification("findings", outcome, history, _unchanged_since(outcome, history))
        for outcome in _not_yet_told(history, "findings")
        if outcome.findings and history.is_newest(outcome) and history.resolved_by(outcome) is None
    ]


def _unchanged_since(outcome: Outcome, history: NotificationHistory) -> str:
    """Return the submission at the same path whose findings were sent in full, and have been the same since; "" if
    there is none."""
    if rule_forbidding_details([outcome]):
        return ""
    first = ""
    for other in reversed(history.earlier_outcomes(outcome)):
        if f"findings/{other.id}" in history.told_keys:
            if other.findings != outcome.findings:
                break
            first = other.submission
    return first


def _overdue_notifications(history: NotificationHistory, today: date) -> list[Notification]:
    """Return the expected returns that are overdue."""
    return [
        Notification("overdue", expected.key, f"partner/{expected.partner}", expected_return=expected)
        for expected in history.expected_returns
        if expected.is_overdue(today) and f"overdue/{expected.key}" not in history.told_keys
    ]


def _resolved_notifications(history: NotificationHistory) -> list[Notification]:
    """Return errors and overdue returns that owners were told of, and that an outcome which is still current
    resolves."""
    resolving: dict[str, Outcome] = {}
    for outcomes in history.outcomes.values():
        for faulty in outcomes:
            if (
                has_errors(faulty)
                and f"findings/{faulty.id}" in history.told_keys
                and (outcome := history.resolved_by(faulty))
            ):
                resolving[outcome.id] = outcome
    for expected in history.expected_returns:
        if (
            f"overdue/{expected.key}" in history.told_keys
            and expected.accepted_outcome is not None
            and not has_errors(expected.accepted_outcome)
        ):
            resolving[expected.accepted_outcome.id] = expected.accepted_outcome
    return [
        _notification("resolved", outcome, history)
        for outcome in resolving.values()
        if f"resolved/{outcome.id}" not in history.told_keys and history.is_still_resolved(outcome)
    ]


def officer_notifications(
    history: NotificationHistory, officers: Mapping[str, Sequence[str]], today: date, grace_days: int
) -> Iterator[Notification]:
    """Yield returns that are overdue beyond the days of grace, for the accountable officers of each return; for the
    analyst where a return has none."""
    for expected in history.expected_returns:
        if not expected.is_overdue(today) or not is_beyond_grace(expected.expected.due, today, grace_days):
            continue
        for recipient in [f"officer/{name}" for name in officers.get(expected.collection, ())] or [ANALYST]:
            notification = Notification("escalated", f"{expected.key}/{recipient}", recipient, expected_return=expected)
            if notification.key not in history.told_keys:
                yield notification


def wrong_folder_notifications(history: NotificationHistory) -> Iterator[Notification]:
    """Yield files that lie in the folder of a partner whose return they are not, for the analyst."""
    for name, outcomes in history.outcomes.items():
        if (
            rule_forbidding_details(outcomes) == "return.wrong-folder"
            and f"wrong-folder/{name}" not in history.told_keys
        ):
            yield Notification("wrong-folder", name, ANALYST, history.submissions[name])
