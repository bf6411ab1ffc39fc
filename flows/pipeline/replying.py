"""Reply to everybody: one message a recipient with what there is to tell, delivered or kept for a later night.

A message that is still waiting is sent as it was written if everything in it still holds and nothing is to be added;
otherwise tonight's message supersedes it, and what no longer holds is recorded and not sent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date

from local_indicators.common.cell_references import cell_in_words
from local_indicators.flows.delivery.mail_server import configured_mail_server
from local_indicators.flows.delivery.outbox import PAUSES_SECONDS, TOO_LARGE, Outbox, OutgoingMessage, deliver_messages
from local_indicators.flows.delivery.quarterly_filing import list_filed_reports
from local_indicators.flows.pipeline.refusal import Refusal
from local_indicators.flows.records.ledger import Ledger
from local_indicators.flows.records.return_register import accountable_officers, notification_history
from local_indicators.flows.settings import Settings, now
from local_indicators.inputs.layouts.partner_layouts import Partner
from local_indicators.replies.emails.analyst_emails import to_analyst
from local_indicators.replies.emails.email_message import Attachment, Envelope
from local_indicators.replies.emails.notification_words import Names
from local_indicators.replies.emails.officer_emails import to_officer
from local_indicators.replies.emails.owner_emails import to_owner
from local_indicators.replies.emails.size_limit import fit_to_size, size_in_words
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.notifications import (
    ANALYST,
    Kind,
    Message,
    Notification,
    officer_notifications,
    owner_notifications,
    owner_notifications_by_day,
    partner_of_recipient,
    rule_forbidding_details,
    set_aside_notifications,
    wrong_folder_notifications,
)
from local_indicators.schemas.submissions import Outcome, Submission
from local_indicators.warehouse.store.disagreements import Disagreement

TO_DO_OF_SIZE = (
    "The address is right. Hand the message on in another way: it lies in the outbox under this name. If the mail "
    "server can take larger messages, have its limit raised; what is new by then goes in a message of its own."
)
TO_DO_OF_ADDRESS = (
    "If it is the address that is wrong, correct it in the partner's TOML or in officers.toml. What still holds is "
    "then sent."
)
CopyProvider = Callable[[Submission, Sequence[Outcome]], Sequence[Attachment]]
"""Returns the marked-up copies of a submission and its outcomes."""


@dataclass(frozen=True)
class ReplyReport:
    """What a run sent. `answered` are the submissions that this run is the first to tell of. `sent`, `waiting` and
    `refused` count messages; `waiting_because` says why some wait."""

    answered: tuple[str, ...] = ()
    sent: int = 0
    waiting: int = 0
    refused: int = 0
    waiting_because: str = ""
    by_mail: bool = False
    omitted_files: tuple[str, ...] = ()
    """Where the files lie that were too large for mail, and so are not attached."""
    analyst_refused_because: str = ""
    """Why the analyst's own message was refused, which no message can report."""


@dataclass(eq=False)
class ReplyContext:
    """What replying works with. `refusal` is what the gate refused; None if it
    passed. `kinds` are the kinds of
    notification that a run between two nights may send, besides those of messages that wait; None where a night sends
    all."""

    settings: Settings
    definitions: Definitions
    partners: Mapping[str, Partner]
    ledger: Ledger
    today: date
    data_version: int
    refusal: Refusal | None
    copies_of: CopyProvider
    kinds: AbstractSet[Kind] | None = None
    unread_partners: AbstractSet[str] = frozenset()
    """Partners who may have unread files in the inbox: no notification tonight that they are late."""
    disagreements: Sequence[Disagreement] = ()
    """Accepted returns that give different values for the same figure."""

    omitted_files: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Where the files lie that were too large, by the id of the message."""

    @property
    def outbox(self) -> Outbox:
        """Return the outbox."""
        return Outbox(self.settings.outbox, self.ledger, now)

    def find_recipient(self, recipient: str) -> tuple[str, str] | None:
        """Return name and address of a recipient; None if there is no such recipient any more."""
        if recipient == ANALYST:
            return "performance analyst", self.settings.analyst
        if (partner := self.partners.get(partner_of_recipient(recipient) or "")) is not None:
            return partner.says.name, partner.says.email
        officer = self.definitions.officers.get(recipient.removeprefix("officer/"))
        return (officer.role, officer.email) if officer else None


def send_replies(context: ReplyContext) -> ReplyReport:
    """Send everybody what they have to be told tonight, each thing once.

    The analyst is written to last, because that message names those that were refused for good.
    """
    server, before = configured_mail_server(context.settings), context.ledger.composed_keys
    if server is None:
        _mark_written_as_sent(context.outbox)
    to_others, to_analyst = _pending_notifications(context)
    messages = _outgoing_messages(context, _notifications_of_run(context, to_others), lambda to: to != ANALYST)
    tries = None if context.kinds is None else PAUSES_SECONDS[:1]  # by day, the next run is the next try
    first = deliver_messages(context.outbox, messages, server, context.settings.sender, tries)
    to_analyst += [*_bounce_notifications(context), *_gate_notifications(context)]
    messages = _outgoing_messages(context, _notifications_of_run(context, to_analyst), lambda to: to == ANALYST)
    tries = PAUSES_SECONDS[:1] if first.waiting else tries
    second = deliver_messages(context.outbox, messages, server, context.settings.sender, tries)
    return ReplyReport(
        answered=tuple(_newly_answered(context, before)),
        sent=len(first.sent) + len(second.sent),
        waiting=len(first.waiting) + len(second.waiting),
        refused=len(first.refused) + len(second.refused),
        waiting_because=first.trouble or second.trouble,
        by_mail=server is not None,
        omitted_files=tuple(place for places in context.omitted_files.values() for place in places),
        analyst_refused_because="; ".join(why for _, why in second.refused),
    )


def _pending_notifications(context: ReplyContext) -> tuple[list[Notification], list[Notification]]:
    """Return what there is to tell owners and officers, and what there is to tell the analyst before they are told."""
    past = notification_history(context.partners, context.ledger)
    officers = accountable_officers(context.partners, context.definitions, context.today)
    escalated = officer_notifications(past, officers, context.today, context.settings.grace_days)
    late = [*(item for item in escalated if _is_certain(context, item)), *_report_notifications(context)]
    if context.kinds is None:
        owners = owner_notifications(past, context.today, published=context.refusal is None)
    else:
        owners = owner_notifications_by_day(past, context.today)
    to_others = [item for item in owners if _is_certain(context, item)]
    to_others += [item for item in late if item.recipient != ANALYST]
    to_analyst = [item for item in late if item.recipient == ANALYST]
    to_analyst += [
        *wrong_folder_notifications(past),
        *set_aside_notifications(past),
        *_disagreement_notifications(context),
    ]
    return to_others, to_analyst


def _notifications_of_run(context: ReplyContext, notifications: Sequence[Notification]) -> list[Notification]:
    """Return the notifications that this run sends: by day, those of its kinds and those of messages that wait
    already."""
    if context.kinds is None:
        return list(notifications)
    waiting = {
        key for message in context.ledger.messages.values() if message.pending for key in message.notification_keys
    }
    return [item for item in notifications if item.kind in context.kinds or item.key in waiting]


def _is_certain(context: ReplyContext, notifications: Notification) -> bool:
    """Return whether a notification holds even if something of the partner lies unread in the inbox."""
    late = notifications.kind in ("overdue", "escalated")
    return not (
        late
        and notifications.expected_return is not None
        and notifications.expected_return.partner in context.unread_partners
    )


def _newly_answered(context: ReplyContext, before: AbstractSet[str]) -> Iterator[str]:
    """Yield the submissions that no message told of before."""
    for name, outcomes in context.ledger.outcomes.items():
        known = context.ledger.submissions[name].partner in context.partners
        if known and any(f"receipt/{outcome.id}" not in before for outcome in outcomes):
            yield name


def _mark_written_as_sent(outbox: Outbox) -> None:
    """Mark messages in the outbox as sent, which is how they are delivered without a mail server."""
    for message in list(outbox.ledger.messages.values()):
        if message.pending and outbox.has_file(message):
            outbox.record_state(message, "sent")


# -- what only flows know of ------------------------------------------------------------------------------------------


def _disagreement_notifications(context: ReplyContext) -> Iterator[Notification]:
    """Yield a notification for each two returns that disagree. It tells the analyst where to look, and no value,
    because a mail goes further than the store."""
    for disagreement in context.disagreements:
        sides = (disagreement.one, disagreement.other)
        about = "~".join(f"{side.submission}/{side.collection}" for side in sides)
        if f"differs/{about}" not in context.ledger.told_keys:
            who = [word for side in sides for word in (side.partner, side.collection, side.path, side.submission)]
            where = [
                f"{figure}: {cell_in_words(*own_cell)} and {cell_in_words(*other_cell)}"
                for figure, own_cell, other_cell in disagreement.places
            ]
            yield Notification("differs", about, ANALYST, details=(*who, *where))


def _bounce_notifications(context: ReplyContext) -> Iterator[Notification]:
    """Yield a notification for each message that was refused for good."""
    for message in context.ledger.messages.values():
        is_told = f"bounced/{message.id}" in context.ledger.told_keys
        if message.state == "refused" and message.recipient != ANALYST and not is_told:
            name, _ = context.find_recipient(message.recipient) or (message.recipient, "")
            of_size = message.detail.startswith(TOO_LARGE)
            to_do = TO_DO_OF_SIZE if of_size else TO_DO_OF_ADDRESS
            yield Notification(
                "bounced", message.id, ANALYST, details=(name, message.to, message.file, message.detail, to_do)
            )


def _report_notifications(context: ReplyContext) -> Iterator[Notification]:
    """Yield a notification of each filed quarterly report to each of its readers."""
    for report in list_filed_reports(context.settings.reports):
        for recipient in report.manifest["to"]:
            key = f"{report.name}/{recipient}"
            if f"report/{key}" not in context.ledger.told_keys:
                yield Notification(
                    "report",
                    key,
                    recipient,
                    details=(report.manifest["title"], report.name, str(report.manifest["data_version"])),
                )


def _gate_notifications(context: ReplyContext) -> Iterator[Notification]:
    """Yield a notification that the gate refused: once for the same reasons, until something is published again. A
    reason is what comes before its colon; which rows it is about may differ from night to night. By day, what waits to
    be told still holds."""
    if context.kinds is not None:
        waiting = {
            key
            for m in context.ledger.messages.values()
            if m.pending
            for key in m.notification_keys
            if key.startswith("gate/")
        }
        for key in sorted(waiting - context.ledger.told_keys):
            yield Notification(
                "gate",
                key.removeprefix("gate/"),
                ANALYST,
                details=("", "", "the report of that night names the reasons"),
            )
    if context.refusal is not None:
        reasons = context.refusal.reasons
        notification = Notification(
            "gate",
            f"{context.data_version}/{_short_digest(r.partition(':')[0] for r in reasons)}",
            ANALYST,
            details=(context.refusal.approvable_run, context.refusal.page, *reasons),
        )
        if notification.key not in context.ledger.told_keys:
            yield notification


# -- letters ----------------------------------------------------------------------------------------------------------


def _outgoing_messages(
    context: ReplyContext, notifications: Iterable[Notification], in_scope: Callable[[str], bool]
) -> list[OutgoingMessage]:
    """Return the messages to send: those that wait and are still right, and a new one to each recipient with more to be
    told."""
    to_tell: dict[str, dict[str, Notification]] = {}
    for item in notifications:
        to_tell.setdefault(item.recipient, {})[item.key] = item
    current_keys = {recipient: frozenset(items) for recipient, items in to_tell.items()}
    messages: list[OutgoingMessage] = []
    unsent = [
        m for m in context.ledger.messages.values() if in_scope(m.recipient) and (m.pending or m.state == "refused")
    ]
    for message in sorted(unsent, key=lambda m: m.state != "sending"):
        remaining = to_tell.get(message.recipient, {})
        if _is_still_right(context, message, remaining.keys()):
            items = [remaining.pop(key) for key in message.notification_keys]
            messages += [_outgoing(context, message, items)] if message.pending else []
        else:
            still = current_keys.get(message.recipient, frozenset())
            context.outbox.supersede(message, [key for key in message.notification_keys if key not in still])
    written = (
        _write_message(context, recipient, list(remaining.values()))
        for recipient, remaining in to_tell.items()
        if remaining
    )
    return messages + [outgoing for outgoing in written if outgoing is not None]


def _outgoing(context: ReplyContext, message: Message, notifications: Sequence[Notification]) -> OutgoingMessage:
    """Return a message with the means to write it shorter."""
    return OutgoingMessage(message, lambda most, lists: _compose(context, message, notifications, most, lists=lists))


def _is_still_right(context: ReplyContext, message: Message, to_tell: AbstractSet[str]) -> bool:
    """Return whether a message may go as it is. One that may have been delivered goes again rather than as another
    message, as long as all of it holds; any other only if it is exactly what there is to tell tonight."""
    reader = context.find_recipient(message.recipient)
    if reader is None or reader[1] != message.to or not context.outbox.has_file(message):
        return False
    keys = set(message.notification_keys)
    return keys <= to_tell if message.state == "sending" else keys == to_tell


def _write_message(
    context: ReplyContext, recipient: str, notifications: Sequence[Notification]
) -> OutgoingMessage | None:
    """Write one message to the outbox. Its name follows from what it says to whom, so that an interrupted run writes
    the same one again."""
    reader = context.find_recipient(recipient)
    if reader is None:
        return None
    _, address = reader
    keys = tuple(sorted(item.key for item in notifications))
    slug = recipient.removeprefix("partner/").replace("/", "-")
    identity = f"{context.today}-{slug}-{_short_digest((recipient, address, *keys))}"
    message = Message(identity, recipient, address, f"{identity}.eml", keys, context.today)
    context.outbox.add(
        message, _compose(context, message, notifications, round(context.settings.max_mail_mb * 1_000_000))
    )
    return _outgoing(context, message, notifications)


def _compose(
    context: ReplyContext,
    message: Message,
    notifications: Sequence[Notification],
    most_bytes: int,
    *,
    lists: bool = True,
) -> bytes:
    """Return a message as it is sent, without the files that are too large for so many bytes, and with shorter `lists`
    where they may be shortened. Where the omitted files lie is kept."""
    titles = {c.id: c.title for p in context.partners.values() for c in p.says.collection}
    name, _ = context.find_recipient(message.recipient) or (message.recipient, "")
    names = Names(name, titles, {p.id: p.says.name for p in context.partners.values()})
    envelope = Envelope(message.id, message.to, context.settings.sender, context.settings.analyst, now())
    owner = partner_of_recipient(message.recipient) is not None
    words = to_analyst if message.recipient == ANALYST else to_owner if owner else to_officer
    files = _copy_attachments(context, notifications) if owner else _report_attachments(context, notifications)
    branding = context.settings.branding
    written, left_out = fit_to_size(
        lambda these, most: words(notifications, names, envelope, these, most, branding), files, most_bytes, lists=lists
    )
    context.omitted_files[message.id] = tuple(f"{file.place} ({size_in_words(len(file.content))})" for file in left_out)
    return written.as_bytes()


def _copy_attachments(context: ReplyContext, notifications: Sequence[Notification]) -> list[Attachment]:
    """Return the marked-up copies of submissions whose findings are told in full; none of a file that is shown to
    nobody."""
    submissions = {
        n.submission.id: n.submission for n in notifications if n.kind == "findings" and n.submission and not n.repeats
    }
    return [
        copy
        for name, submission in submissions.items()
        if not rule_forbidding_details(context.ledger.outcomes[name])
        for copy in context.copies_of(submission, context.ledger.outcomes[name])
    ]


def _report_attachments(context: ReplyContext, notifications: Sequence[Notification]) -> list[Attachment]:
    """Return the files of the reports that are told of."""
    names = {item.details[1] for item in notifications if item.kind == "report"}
    reports = (
        [report for report in list_filed_reports(context.settings.reports) if report.name in names] if names else []
    )
    return [
        Attachment(*file, f"{report.name}/{file[0]} in the folder of reports")
        for report in reports
        for file in report.files
    ]


def _short_digest(parts: Iterable[str]) -> str:
    """Return ten hex digits that identify texts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:10]
