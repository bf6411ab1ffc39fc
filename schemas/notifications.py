"""What a night has to tell whom: each thing once, and only while it still holds.

A piece of news has a key that stays the same from night to night. What holds tonight and has not been told is told;
what was to be told and holds no more is superseded. Nothing here knows how a message is worded or sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from typing import Literal

from common.config_files import STRICT_KEYS
from schemas.file_precedence import Precedence, RivalSubmission
from schemas.return_calendar import ExpectedReturn, is_beyond_grace
from schemas.set_aside_returns import SetAside
from schemas.submissions import Outcome, Submission

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
    """The partner's id of a recipient, or None."""
    return recipient.removeprefix("partner/") if recipient.startswith("partner/") else None


@dataclass(frozen=True)
class Notification:
    """One thing to tell one recipient once: `partner/ID`, `officer/ID` or `analyst`. `repeats` names the submission
    whose findings, told before, are exactly these again; `says` is what there is to say that no record holds. `rivals`
    are other files of the same return, and `counts_for` the periods for which this one counts."""

    kind: Kind
    about: str
    recipient: str
    submission: Submission | None = None
    outcome: Outcome | None = None
    slot: ExpectedReturn | None = None
    repeats: str = ""
    says: tuple[str, ...] = ()
    rivals: tuple[RivalSubmission, ...] = ()
    counts_for: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.kind}/{self.about}"


State = Literal["written", "sending", "waiting", "sent", "refused", "superseded"]


@dataclass(frozen=True)
class Message:
    """A message that was written to `file` of the outbox, the keys of its news, and how far it has come. `sending`: its
    text was being handed over, and nobody can say whether the server has it. `waiting`: the server does not have it.
    `refused`: the server will not take it for this recipient."""

    __pydantic_config__ = STRICT_KEYS
    id: str
    recipient: str
    to: str
    file: str
    news: tuple[str, ...]
    night: date
    state: State = "written"
    detail: str = ""

    @property
    def pending(self) -> bool:
        return self.state in ("written", "sending", "waiting")


@dataclass(frozen=True, eq=False)
class NotificationHistory:
    """What news is drawn from: judged submissions in the order of the ledger, the calendar, the keys of what has been
    told (a message with it was sent) and composed (a message with it was written, sent or not), and when outcomes were
    loaded."""

    submissions: Mapping[str, Submission]
    outcomes: Mapping[str, tuple[Outcome, ...]]
    slots: Sequence[ExpectedReturn]
    told: AbstractSet[str]
    composed: AbstractSet[str]
    loading: Mapping[str, datetime]
    set_aside: Mapping[str, SetAside] = field(default_factory=dict)
    """What the newest attempt to publish left out, by outcome."""

    @cached_property
    def newest(self) -> Mapping[str, str]:
        """The newest judged submission at each path."""
        return {self.submissions[name].path: name for name in self.outcomes}

    def stands(self, outcome: Outcome) -> bool:
        """Whether its submission is still the newest at its path."""
        return self.newest[self.submissions[outcome.submission].path] == outcome.submission

    @cached_property
    def precedence(self) -> Precedence:
        """Which of several files for one return counts."""
        return Precedence(self.submissions, self.outcomes, self.loading)

    @cached_property
    def slot_of(self) -> Mapping[str, ExpectedReturn]:
        return {outcome.id: slot for slot in self.slots for outcome in slot.outcomes}

    @cached_property
    def _groups(self) -> Mapping[str, list[Outcome]]:
        """Outcomes by path and by return."""
        groups: dict[str, list[Outcome]] = {}
        for name, outcomes in self.outcomes.items():
            for one in outcomes:
                groups.setdefault(f"path {self.submissions[name].path}", []).append(one)
                groups.setdefault(f"return {one.collection}", []).append(one)
        return groups

    def cured_by(self, ill: Outcome) -> Outcome | None:
        """The first later outcome without errors that puts right what was wrong with another."""
        path = f"path {self.submissions[ill.submission].path}"
        near = [one for one in self._groups[path] if ill.collection in (None, one.collection)]
        if ill.collection is not None:
            near += [one for one in self._groups[f"return {ill.collection}"] if self._same_return(ill, one)]
        sequence = self.submissions[ill.submission].sequence
        later = (one for one in near if self.submissions[one.submission].sequence > sequence and not has_errors(one))
        return min(later, key=lambda one: self.submissions[one.submission].sequence, default=None)

    def before(self, outcome: Outcome) -> list[Outcome]:
        """Outcomes for the same return that came earlier by the same path, in order."""
        sequence = self.submissions[outcome.submission].sequence
        at_path = self._groups[f"path {self.submissions[outcome.submission].path}"]
        return [
            one
            for one in at_path
            if one.collection == outcome.collection and self.submissions[one.submission].sequence < sequence
        ]

    def still_clean(self, cure: Outcome) -> bool:
        """Whether what lies at its path today is without errors too."""
        newest = self.outcomes[self.newest[self.submissions[cure.submission].path]]
        return all(not has_errors(one) for one in newest if one.collection == cure.collection)

    def _same_return(self, one: Outcome, other: Outcome) -> bool:
        slot = self.slot_of.get(one.id)
        return (slot is not None and slot is self.slot_of.get(other.id)) or bool(set(one.periods) & set(other.periods))


def has_errors(outcome: Outcome) -> bool:
    return any(one.is_error for one in outcome.findings)


def rule_forbidding_details(outcomes: Sequence[Outcome]) -> str:
    """The rule by which nothing of a file is shown; empty where it may be."""
    return next((f.rule for o in outcomes for f in o.findings if f.rule in WITHHOLDING_RULES), "")


def owner_notifications(history: NotificationHistory, today: date, *, published: bool) -> list[Notification]:
    """All that the partners have to be told tonight. `published` says whether readers see what the store holds."""
    return [
        *_receipt_notifications(history),
        *_publication_notifications(history, published=published),
        *_owner_set_asides(history),
        *_finding_notifications(history),
        *_overdue_notifications(history, today),
        *_resolved_notifications(history),
    ]


def _not_yet_told(history: NotificationHistory, kind: Kind) -> Iterator[Outcome]:
    for outcomes in history.outcomes.values():
        for one in outcomes:
            if f"{kind}/{one.id}" not in history.told:
                yield one


def _notification(kind: Kind, outcome: Outcome, history: NotificationHistory, repeats: str = "") -> Notification:
    submission, slot = history.submissions[outcome.submission], history.slot_of.get(outcome.id)
    return Notification(
        kind=kind,
        about=outcome.id,
        recipient=f"partner/{outcome.partner}",
        submission=submission,
        outcome=outcome,
        slot=slot,
        repeats=repeats,
    )


def owner_notifications_by_day(history: NotificationHistory, today: date) -> list[Notification]:
    """All that the partners would have to be told between two nights, and what a night may have left untold of the
    publication. Who asks chooses from it by kind and by what waits."""
    held = {
        one.key: one for published in (False, True) for one in owner_notifications(history, today, published=published)
    }
    return [
        *held.values(),
        *(_notification("tonight", one, history) for one in _accepted_not_published(history, "tonight")),
    ]


def _receipt_notifications(history: NotificationHistory) -> list[Notification]:
    order = history.precedence
    return [
        replace(_notification("receipt", one, history), rivals=order.rivals(one), counts_for=order.periods(one))
        for one in _not_yet_told(history, "receipt")
    ]


def _publication_notifications(history: NotificationHistory, *, published: bool) -> list[Notification]:
    """That a receipt awaits publication; and, once, that what awaited it is published."""
    unseen = [
        _notification("awaiting", one, history) for one in _accepted_not_published(history, "awaiting", "tonight")
    ]
    if not published:
        return unseen
    waited = history.told | {key.rpartition("/")[0] for key in history.told if key.startswith("set-aside/")}
    return [one for one in unseen if one.about in history.set_aside] + [
        _notification("published", one, history)
        for one in _not_yet_told(history, "published")
        if waited & {f"{kind}/{one.id}" for kind in ("awaiting", "tonight", "set-aside")}
        and one.id not in history.set_aside
        and history.stands(one)
        and history.precedence.counts(one)
    ]


def _owner_set_asides(history: NotificationHistory) -> Iterator[Notification]:
    """What each owner's return was set aside for, where it has not been told."""
    for left_out, outcome in _set_aside_outcomes(history):
        one = replace(_notification("set-aside", outcome, history), about=left_out.key, says=_reasons(left_out))
        if one.key not in history.told:
            yield one


def set_aside_notifications(history: NotificationHistory) -> Iterator[Notification]:
    """Returns that were set aside, for the analyst."""
    for left_out, outcome in _set_aside_outcomes(history):
        about = f"{left_out.key}/{ANALYST}"
        one = replace(
            _notification("set-aside", outcome, history), about=about, says=_reasons(left_out), recipient=ANALYST
        )
        if one.key not in history.told:
            yield one


def _set_aside_outcomes(history: NotificationHistory) -> Iterator[tuple[SetAside, Outcome]]:
    known = {one.id: one for outcomes in history.outcomes.values() for one in outcomes}
    for left_out in history.set_aside.values():
        if left_out.faults and left_out.outcome in known:
            yield left_out, known[left_out.outcome]


def _reasons(left_out: SetAside) -> tuple[str, ...]:
    return tuple(fault.text for fault in left_out.faults)


def _accepted_not_published(history: NotificationHistory, *said: Kind) -> Iterator[Outcome]:
    """What was accepted, counts and has no receipt yet, unless a receipt was written that says none of this: then
    readers see it."""
    for one in _not_yet_told(history, "receipt"):
        if history.precedence.counts(one):
            written = f"receipt/{one.id}" in history.composed
            if not written or any(f"{kind}/{one.id}" in history.composed for kind in said):
                yield one


def _finding_notifications(history: NotificationHistory) -> list[Notification]:
    """What is wrong with each file as it is now. Of one that was replaced or put right since, nobody need hear."""
    return [
        _notification("findings", one, history, _unchanged_since(one, history))
        for one in _not_yet_told(history, "findings")
        if one.findings and history.stands(one) and history.cured_by(one) is None
    ]


def _unchanged_since(outcome: Outcome, history: NotificationHistory) -> str:
    """The submission at the same path whose findings were told in full, and have been these ever since; or nothing."""
    if rule_forbidding_details([outcome]):
        return ""
    first = ""
    for other in reversed(history.before(outcome)):
        if f"findings/{other.id}" in history.told:
            if other.findings != outcome.findings:
                break
            first = other.submission
    return first


def _overdue_notifications(history: NotificationHistory, today: date) -> list[Notification]:
    return [
        Notification("overdue", slot.key, f"partner/{slot.partner}", slot=slot)
        for slot in history.slots
        if slot.overdue(today) and f"overdue/{slot.key}" not in history.told
    ]


def _resolved_notifications(history: NotificationHistory) -> list[Notification]:
    """What owners were told of as wrong or overdue, and is put right by an outcome that still stands."""
    cures: dict[str, Outcome] = {}
    for outcomes in history.outcomes.values():
        for ill in outcomes:
            if has_errors(ill) and f"findings/{ill.id}" in history.told and (cure := history.cured_by(ill)):
                cures[cure.id] = cure
    for slot in history.slots:
        if f"overdue/{slot.key}" in history.told and slot.met_by is not None and not has_errors(slot.met_by):
            cures[slot.met_by.id] = slot.met_by
    return [
        _notification("resolved", cure, history)
        for cure in cures.values()
        if f"resolved/{cure.id}" not in history.told and history.still_clean(cure)
    ]


def officer_notifications(
    history: NotificationHistory, officers: Mapping[str, Sequence[str]], today: date, grace_days: int
) -> Iterator[Notification]:
    """Returns that are overdue beyond the days of grace, for the accountable officers of each return; for the analyst
    where a return has none."""
    for slot in history.slots:
        if not slot.overdue(today) or not is_beyond_grace(slot.expected.due, today, grace_days):
            continue
        for recipient in [f"officer/{name}" for name in officers.get(slot.collection, ())] or [ANALYST]:
            one = Notification("escalated", f"{slot.key}/{recipient}", recipient, slot=slot)
            if one.key not in history.told:
                yield one


def wrong_folder_notifications(history: NotificationHistory) -> Iterator[Notification]:
    """Files that lie in the folder of a partner whose return they are not, for the analyst."""
    for name, outcomes in history.outcomes.items():
        if rule_forbidding_details(outcomes) == "return.wrong-folder" and f"wrong-folder/{name}" not in history.told:
            yield Notification("wrong-folder", name, ANALYST, history.submissions[name])
