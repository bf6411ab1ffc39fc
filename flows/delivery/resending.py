"""Send a message again, as it was written: to a recipient who lost it, or whose address was wrong."""

from __future__ import annotations

from dataclasses import dataclass
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path

from local_indicators.common.errors import UsageError
from local_indicators.common.suggestions import did_you_mean
from local_indicators.flows.delivery.mail_server import configured_mail_server
from local_indicators.flows.delivery.outbox import Outbox, send_unrecorded_message
from local_indicators.flows.records.ledger import Ledger, read_ledger
from local_indicators.flows.records.loss_detection import record_ledger_head, require_no_losses
from local_indicators.flows.records.short_names import full_submission, is_submission, newest_submission
from local_indicators.flows.records.writer_lock import sole_writer
from local_indicators.flows.settings import Settings, now
from local_indicators.inputs.layouts.partner_layouts import load_partners
from local_indicators.schemas.definitions.loader import load_definitions
from local_indicators.schemas.notifications import ANALYST, Message, partner_of_recipient


@dataclass(frozen=True)
class Resent:
    """What became of a message that was to be sent again: where it lies, to whom it went, and why it did not."""

    message: str
    file: Path
    to: str
    trouble: str = ""


def resend(settings: Settings, name: str) -> list[Resent]:
    """Send again a message, by its name, or all about a submission. Raises UsageError where there is none, where it
    waits still, and where it is no longer in the outbox."""
    with sole_writer(settings.archive):
        ledger = read_ledger(settings.archive)
        require_no_losses(settings, ledger)
        outbox = Outbox(settings.outbox, ledger, now)
        messages = _messages_of(name, ledger)
        if waiting := [message.id for message in messages if message.pending]:
            raise UsageError(waiting[0], "has not been sent yet; the next night sends it")
        if gone := [message.file for message in messages if not outbox.has_file(message)]:
            raise UsageError(settings.outbox / gone[0], "is no longer in the outbox")
        done = [_resend(settings, outbox, message) for message in messages]
        record_ledger_head(settings, ledger)
    return done


def _messages_of(name: str, ledger: Ledger) -> list[Message]:
    sent = [message for message in ledger.messages.values() if message.state != "superseded"]
    if is_submission(name):
        submission = full_submission(name)
        if submission not in ledger.submissions:
            raise UsageError(name, f"is no submission; {newest_submission(ledger)}")
        found = [m for m in sent if any(submission in key for key in m.notification_keys) and m.recipient != ANALYST]
        if not found:
            raise UsageError(name, "was not answered by a message of its own yet")
        return found
    plain = name.removesuffix(".eml")
    found = [m for m in sent if plain in (m.id, m.file.removesuffix(".eml"))]
    if not found:
        hint = did_you_mean(plain, [m.id for m in sent])
        raise UsageError(name, f"is neither a submission such as S12 nor a message in the outbox{hint}")
    return found


def _resend(settings: Settings, outbox: Outbox, message: Message) -> Resent:
    """Send one message to where its recipient is written to now, and record it once it is sent."""
    to, content = _address(settings, message), outbox.read(message)
    if to != message.to:
        letter = message_from_bytes(content, policy=SMTP)
        del letter["To"]
        letter["To"] = to
        content = letter.as_bytes()
    file, server = settings.outbox / message.file, configured_mail_server(settings)
    if server is None:
        return Resent(message.id, file, to, "no mail server is set, so it is in the outbox only")
    trouble = send_unrecorded_message(server, settings.sender, to, content)
    if not trouble:
        outbox.record_state(message, "sent", f"sent again to {to}")
    return Resent(message.id, file, to, trouble)


def _address(settings: Settings, message: Message) -> str:
    """Where a recipient is written to today; where it was before if there is no such recipient any more."""
    if message.recipient == ANALYST:
        return settings.analyst
    definitions = load_definitions(settings.definitions)
    partner = load_partners(definitions, settings.partners).get(partner_of_recipient(message.recipient) or "")
    if partner is not None:
        return partner.says.email
    officer = definitions.officers.get(message.recipient.removeprefix("officer/"))
    return officer.email if officer else message.to
