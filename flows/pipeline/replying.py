"""Answer a night: from what there is to tell, one message a recipient, delivered or kept for a later night.

A message that is still waiting is sent as it was written if all it says still holds and nothing is to be added;
otherwise it is superseded by tonight's, and what no longer holds is recorded and not sent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date

from flows.delivery.mail_server import configured_mail_server
from flows.delivery.outbox import PAUSES_SECONDS, TOO_LARGE, Outbox, OutgoingMessage, deliver_messages
from flows.delivery.quarterly_filing import list_filed_reports
from flows.records.ledger import Ledger
from flows.records.return_register import accountable_officers, notification_history
from flows.settings import Settings, now
from inputs.layouts.partner_layouts import Partner
from replies.emails.analyst_emails import to_analyst
from replies.emails.email_message import Attachment, Envelope
from replies.emails.news_in_words import Names
from replies.emails.officer_emails import to_officer
from replies.emails.owner_emails import to_owner
from replies.emails.size_limit import fit_to_size, size_in_words
from schemas.definitions.models import Definitions
from schemas.notifications import (
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
from schemas.submissions import Outcome, Submission
from warehouse.store.disagreements import Disagreement

TO_DO_OF_SIZE = (
    "The address is right. Hand the message on in another way: it lies in the outbox under this name. If the mail "
    "server can take larger messages, have its limit raised; what is new by then goes in a message of its own."
)
TO_DO_OF_ADDRESS = (
    "If it is the address that is wrong, correct it in the partner's TOML or in officers.toml. What still holds is "
    "then sent."
)
MarkedUpCopy = Callable[[Submission, Sequence[Outcome]], Sequence[Attachment]]
"""Marked-up copies of a submission whose findings are told: names of ours, and bytes."""


@dataclass(frozen=True)
class ReplyReport:
    """What answering came to. `answered` are the submissions that this run is the first to tell of. `sent`, `waiting`
    and `refused` count messages; `waiting_because` says why some wait."""

    answered: tuple[str, ...] = ()
    sent: int = 0
    waiting: int = 0
    refused: int = 0
    waiting_because: str = ""
    by_mail: bool = False
    omitted_files: tuple[str, ...] = ()
    """Where the files lie without which messages were written, because they are too large for mail."""
    analyst_refused_because: str = ""
    """Why the analyst's own message was refused, of which no message can tell."""


@dataclass(frozen=True, eq=False)
class ReplyContext:
    """What answering works with. `refused_because` are the gate's reasons; None if it let the night pass. `kinds` are
    the kinds of news that a run between two nights may tell, beside those that wait; None where a night tells all."""

    settings: Settings
    definitions: Definitions
    partners: Mapping[str, Partner]
    ledger: Ledger
    today: date
    data_version: int
    refused_because: Sequence[str] | None
    copies_of: MarkedUpCopy
    kinds: AbstractSet[Kind] | None = None
    unread_partners: AbstractSet[str] = frozenset()
    """Partners of whom something may lie in the inbox unread: nobody is told tonight that they are late."""
    disagreements: Sequence[Disagreement] = ()
    """Returns that were accepted and give the same figure with another value."""

    omitted_files: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Where the files lie that were too large for a message, by the message's id."""

    @property
    def outbox(self) -> Outbox:
        return Outbox(self.settings.outbox, self.ledger, now)

    def find_recipient(self, recipient: str) -> tuple[str, str] | None:
        """The name by which a recipient is written to, and the address; None if there is no such recipient any more."""
        if recipient == ANALYST:
            return "performance analyst", self.settings.analyst
        if (partner := self.partners.get(partner_of_recipient(recipient) or "")) is not None:
            return partner.says.name, partner.says.email
        officer = self.definitions.officers.get(recipient.removeprefix("officer/"))
        return (officer.role, officer.email) if officer else None


def send_replies(work: ReplyContext) -> ReplyReport:
    """Tell everybody what they have to be told tonight, and once.

    The analyst is written to last, because that message names those that were refused for good.
    """
    server, before = configured_mail_server(work.settings), work.ledger.composed_keys
    if server is None:
        _mark_written_as_sent(work.outbox)
    to_others, to_analyst = _pending_notifications(work)
    messages = _outgoing_messages(work, _notifications_of_run(work, to_others), lambda to: to != ANALYST)
    tries = None if work.kinds is None else PAUSES_SECONDS[:1]  # by day, the next run is the next try
    first = deliver_messages(work.outbox, messages, server, work.settings.sender, tries)
    to_analyst += [*_bounce_notifications(work), *_gate_notifications(work)]
    messages = _outgoing_messages(work, _notifications_of_run(work, to_analyst), lambda to: to == ANALYST)
    tries = PAUSES_SECONDS[:1] if first.waiting else tries
    second = deliver_messages(work.outbox, messages, server, work.settings.sender, tries)
    return ReplyReport(
        answered=tuple(_newly_answered(work, before)),
        sent=len(first.sent) + len(second.sent),
        waiting=len(first.waiting) + len(second.waiting),
        refused=len(first.refused) + len(second.refused),
        waiting_because=first.trouble or second.trouble,
        by_mail=server is not None,
        omitted_files=tuple(place for places in work.omitted_files.values() for place in places),
        analyst_refused_because="; ".join(why for _, why in second.refused),
    )


def _pending_notifications(work: ReplyContext) -> tuple[list[Notification], list[Notification]]:
    """Return what there is to tell owners and officers, and what there is to tell the analyst before they are told."""
    past = notification_history(work.partners, work.ledger)
    officers = accountable_officers(work.partners, work.definitions, work.today)
    escalated = officer_notifications(past, officers, work.today, work.settings.grace_days)
    late = [*(item for item in escalated if _is_certain(work, item)), *_report_notifications(work)]
    if work.kinds is None:
        owners = owner_notifications(past, work.today, published=work.refused_because is None)
    else:
        owners = owner_notifications_by_day(past, work.today)
    to_others = [item for item in owners if _is_certain(work, item)]
    to_others += [item for item in late if item.recipient != ANALYST]
    to_analyst = [item for item in late if item.recipient == ANALYST]
    to_analyst += [
        *wrong_folder_notifications(past),
        *set_aside_notifications(past),
        *_disagreement_notifications(work),
    ]
    return to_others, to_analyst


def _notifications_of_run(work: ReplyContext, news: Sequence[Notification]) -> list[Notification]:
    """The news that this run tells: by day, those of its kinds and those that a message which waits tells already."""
    if work.kinds is None:
        return list(news)
    waiting = {key for message in work.ledger.messages.values() if message.pending for key in message.news}
    return [one for one in news if one.kind in work.kinds or one.key in waiting]


def _is_certain(work: ReplyContext, news: Notification) -> bool:
    late = news.kind in ("overdue", "escalated")
    return not (late and news.slot is not None and news.slot.partner in work.unread_partners)


def _newly_answered(work: ReplyContext, before: AbstractSet[str]) -> Iterator[str]:
    for name, outcomes in work.ledger.outcomes.items():
        known = work.ledger.submissions[name].partner in work.partners
        if known and any(f"receipt/{one.id}" not in before for one in outcomes):
            yield name


def _mark_written_as_sent(outbox: Outbox) -> None:
    """Without a mail server, what lies in the outbox is delivered: also what an interrupted night wrote last."""
    for message in list(outbox.ledger.messages.values()):
        if message.pending and outbox.has_file(message):
            outbox.record_state(message, "sent")


# -- what only flows know of ------------------------------------------------------------------------------------------


def _disagreement_notifications(work: ReplyContext) -> Iterator[Notification]:
    """Returns that disagree, each two of them once. The analyst is told where to look, and no value: a mail goes
    further than the store."""
    for one in work.disagreements:
        sides = (one.one, one.other)
        about = "~".join(f"{side.submission}/{side.collection}" for side in sides)
        if f"differs/{about}" not in work.ledger.told_keys:
            who = [word for side in sides for word in (side.partner, side.collection, side.path, side.submission)]
            where = [
                f"{figure}: {_cell_reference(here)} and {_cell_reference(there)}" for figure, here, there in one.places
            ]
            yield Notification("differs", about, ANALYST, says=(*who, *where))


def _cell_reference(place: tuple[str, str]) -> str:
    sheet, cell = place
    return f"{sheet}!{cell}"


def _bounce_notifications(work: ReplyContext) -> Iterator[Notification]:
    for message in work.ledger.messages.values():
        told = f"bounced/{message.id}" in work.ledger.told_keys
        if message.state == "refused" and message.recipient != ANALYST and not told:
            name, _ = work.find_recipient(message.recipient) or (message.recipient, "")
            of_size = message.detail.startswith(TOO_LARGE)
            to_do = TO_DO_OF_SIZE if of_size else TO_DO_OF_ADDRESS
            yield Notification(
                "bounced", message.id, ANALYST, says=(name, message.to, message.file, message.detail, to_do)
            )


def _report_notifications(work: ReplyContext) -> Iterator[Notification]:
    """Quarterly reports that are filed, to each of their readers."""
    for one in list_filed_reports(work.settings.reports):
        for recipient in one.manifest["to"]:
            key = f"{one.name}/{recipient}"
            if f"report/{key}" not in work.ledger.told_keys:
                yield Notification(
                    "report", key, recipient, says=(one.manifest["title"], one.name, str(one.manifest["data_version"]))
                )


def _gate_notifications(work: ReplyContext) -> Iterator[Notification]:
    """That the gate refused: once for the same reasons, until something is published again. A reason is what comes
    before its colon; which rows it is about may differ from night to night. By day, what waits to be told still
    holds."""
    if work.kinds is not None:
        waiting = {key for m in work.ledger.messages.values() if m.pending for key in m.news if key.startswith("gate/")}
        for key in sorted(waiting - work.ledger.told_keys):
            yield Notification(
                "gate", key.removeprefix("gate/"), ANALYST, says=("the report of that night names the reasons",)
            )
    if work.refused_because is not None:
        reasons = tuple(work.refused_because)
        one = Notification(
            "gate", f"{work.data_version}/{_short_digest(r.partition(':')[0] for r in reasons)}", ANALYST, says=reasons
        )
        if one.key not in work.ledger.told_keys:
            yield one


# -- letters ----------------------------------------------------------------------------------------------------------


def _outgoing_messages(
    work: ReplyContext, news: Iterable[Notification], in_scope: Callable[[str], bool]
) -> list[OutgoingMessage]:
    """The messages to send: those that wait and are still right, and one of tonight to each whom more is to be told."""
    to_tell: dict[str, dict[str, Notification]] = {}
    for one in news:
        to_tell.setdefault(one.recipient, {})[one.key] = one
    holding = {recipient: frozenset(told) for recipient, told in to_tell.items()}
    letters: list[OutgoingMessage] = []
    unsent = [m for m in work.ledger.messages.values() if in_scope(m.recipient) and (m.pending or m.state == "refused")]
    for message in sorted(unsent, key=lambda m: m.state != "sending"):
        left = to_tell.get(message.recipient, {})
        if _is_still_right(work, message, left.keys()):
            says = [left.pop(key) for key in message.news]
            letters += [_outgoing(work, message, says)] if message.pending else []
        else:
            still = holding.get(message.recipient, frozenset())
            work.outbox.supersede(message, [key for key in message.news if key not in still])
    written = (_write_message(work, recipient, list(left.values())) for recipient, left in to_tell.items() if left)
    return letters + [letter for letter in written if letter is not None]


def _outgoing(work: ReplyContext, message: Message, news: Sequence[Notification]) -> OutgoingMessage:
    return OutgoingMessage(message, lambda most, lists: _compose(work, message, news, most, lists=lists))


def _is_still_right(work: ReplyContext, message: Message, to_tell: AbstractSet[str]) -> bool:
    """Whether a message may go as it is. One that may have been delivered goes again rather than as another message, so
    long as all of it holds; any other only if it is the whole of what tonight has to tell."""
    reader = work.find_recipient(message.recipient)
    if reader is None or reader[1] != message.to or not work.outbox.has_file(message):
        return False
    said = set(message.news)
    return said <= to_tell if message.state == "sending" else said == to_tell


def _write_message(work: ReplyContext, recipient: str, news: Sequence[Notification]) -> OutgoingMessage | None:
    """Write one message to the outbox. Its name follows from what it says to whom, so that an interrupted night writes
    the same one again."""
    reader = work.find_recipient(recipient)
    if reader is None:
        return None
    _, address = reader
    keys = tuple(sorted(one.key for one in news))
    slug = recipient.removeprefix("partner/").replace("/", "-")
    identity = f"{work.today}-{slug}-{_short_digest((recipient, address, *keys))}"
    message = Message(identity, recipient, address, f"{identity}.eml", keys, work.today)
    work.outbox.add(message, _compose(work, message, news, round(work.settings.max_mail_mb * 1_000_000)))
    return _outgoing(work, message, news)


def _compose(
    work: ReplyContext, message: Message, news: Sequence[Notification], most_bytes: int, *, lists: bool = True
) -> bytes:
    """A message as it is sent, without the files that are too large for so many bytes, and with shorter `lists` where
    they may be shortened. Where the files lie that stay out is kept."""
    titles = {c.id: c.title for p in work.partners.values() for c in p.says.collection}
    name, _ = work.find_recipient(message.recipient) or (message.recipient, "")
    names = Names(name, titles, {p.id: p.says.name for p in work.partners.values()})
    envelope = Envelope(message.id, message.to, work.settings.sender, work.settings.analyst, now())
    owner = partner_of_recipient(message.recipient) is not None
    words = to_analyst if message.recipient == ANALYST else to_owner if owner else to_officer
    files = _copy_attachments(work, news) if owner else _report_attachments(work, news)
    branding = work.settings.branding
    written, left_out = fit_to_size(
        lambda these, most: words(news, names, envelope, these, most, branding), files, most_bytes, lists=lists
    )
    work.omitted_files[message.id] = tuple(f"{one.place} ({size_in_words(len(one.content))})" for one in left_out)
    return written.as_bytes()


def _copy_attachments(work: ReplyContext, news: Sequence[Notification]) -> list[Attachment]:
    """The marked-up copies of submissions whose findings are told in full; none of a file that is shown to nobody."""
    told = {n.submission.id: n.submission for n in news if n.kind == "findings" and n.submission and not n.repeats}
    return [
        copy
        for name, submission in told.items()
        if not rule_forbidding_details(work.ledger.outcomes[name])
        for copy in work.copies_of(submission, work.ledger.outcomes[name])
    ]


def _report_attachments(work: ReplyContext, news: Sequence[Notification]) -> list[Attachment]:
    """The files of the reports that are told of."""
    told = {one.says[1] for one in news if one.kind == "report"}
    reports = [one for one in list_filed_reports(work.settings.reports) if one.name in told] if told else []
    return [
        Attachment(*file, f"{one.name}/{file[0]} in the folder of reports") for one in reports for file in one.files
    ]


def _short_digest(parts: Iterable[str]) -> str:
    """A short name for texts, the same for the same texts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:10]
