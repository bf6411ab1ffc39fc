"""Deliver messages: the outbox, the mail server, and the record of what became of each message.

A message is recorded, then written to the outbox, then transmitted. Without a mail server a message in the outbox
counts as delivered. With one, the ledger says `sending` only once the server has asked for the text, and `sent` once it
has taken it; only a stop between the two leaves in doubt whether it was delivered, and then the same bytes with the
same Message-ID are sent again.

A message that is too large for the server is sent without what is too large, and small ones are sent first, so that
none that breaks a connection by its size keeps others waiting.
"""

from __future__ import annotations

import contextlib
import smtplib
import ssl
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from local_indicators.common.atomic_files import write_whole
from local_indicators.common.errors import StorageError
from local_indicators.flows.delivery.mail_server import (
    ConnectionLost,
    MailServer,
    MessageDeferred,
    MessageRefused,
    MessageTooLarge,
    ServerClosing,
    ServerUnusable,
    describe_mail_error,
    mail_connection,
    server_size_limit,
    transmit,
)
from local_indicators.flows.records.ledger import Ledger
from local_indicators.replies.emails.size_limit import size_in_words
from local_indicators.schemas.notifications import Message, State

PAUSES_SECONDS = (0.0, 3.0, 10.0)
"""Pauses before each try of a night: at once, and twice more where the server could not be reached or deferred a
message."""
SMALL_BYTES = 100_000
"""Messages are sent by size in steps of this many bytes, and within a step in their order."""
TOO_LARGE = "too large for the mail server"
"""Beginning of the detail of a message that is refused for its size."""


# -- the outbox -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outbox:
    """The folder of messages, the ledger that records each of them, and the clock."""

    folder: Path
    ledger: Ledger
    now: Callable[[], datetime]

    def has_file(self, message: Message) -> bool:
        """Return whether a message is in the folder."""
        return (self.folder / message.file).is_file()

    def read(self, message: Message) -> bytes:
        """Return the text of a message. Raises StorageError."""
        try:
            return (self.folder / message.file).read_bytes()
        except OSError as error:
            raise StorageError(self.folder / message.file, f"cannot be read ({error.strerror})") from None

    def add(self, message: Message, content: bytes) -> None:
        """Record a message and write it. Raises StorageError."""
        self.ledger.record_message(message, self.now())
        self.write_file(message, content)

    def write_file(self, message: Message, content: bytes) -> None:
        """Write the text of a recorded message. Raises StorageError."""
        try:
            write_whole(self.folder / message.file, content)
        except OSError as error:
            raise StorageError(self.folder, f"cannot be written ({error.strerror})") from None

    def record_state(self, message: Message, state: State, detail: str = "", dropped: Sequence[str] = ()) -> None:
        """Record how far a message has come."""
        self.ledger.record_delivery(message.id, state, self.now(), detail=detail, dropped=dropped)

    def supersede(self, message: Message, dropped: Sequence[str]) -> None:
        """Record that a message will not be sent, with what of it no longer holds; then delete it."""
        self.record_state(message, "superseded", dropped=dropped)
        with contextlib.suppress(FileNotFoundError):
            (self.folder / message.file).unlink()


@dataclass(frozen=True)
class OutgoingMessage:
    """A message to send. `rewrite_within` writes it again in so many bytes, or as few as it takes, with shorter lists
    or only without files."""

    message: Message
    rewrite_within: Callable[[int, bool], bytes]


@dataclass(frozen=True)
class DeliveryReport:
    """What sending came to: messages by their end, and what kept the others waiting."""

    sent: tuple[Message, ...] = ()
    waiting: tuple[Message, ...] = ()
    refused: tuple[tuple[Message, str], ...] = ()
    trouble: str = ""


def deliver_messages(
    outbox: Outbox,
    messages: Sequence[OutgoingMessage],
    server: MailServer | None,
    sender: str,
    pauses: Sequence[float] | None = None,
) -> DeliveryReport:
    """Deliver messages, with a try after each pause. Nothing is lost where all fail: it waits for a later run."""
    if server is None:
        for outgoing in messages:
            outbox.record_state(outgoing.message, "sent")
        return DeliveryReport(tuple(outgoing.message for outgoing in messages))
    sent: list[Message] = []
    refused: list[tuple[Message, str]] = []
    unsent, trouble = sorted(messages, key=lambda outgoing: len(outbox.read(outgoing.message)) // SMALL_BYTES), ""
    lost_connections: Counter[str] = Counter()
    for pause in PAUSES_SECONDS if pauses is None else pauses:
        if not unsent:
            break
        time.sleep(pause)
        attempt = _DeliveryAttempt(outbox, server, sender, lost_connections)
        attempt.deliver(unsent)
        sent, refused, trouble = sent + attempt.sent, refused + attempt.refused, attempt.trouble
        done = {message.id for message in attempt.sent} | {message.id for message, _ in attempt.refused}
        unsent = [outgoing for outgoing in unsent if outgoing.message.id not in done]
        if attempt.is_final:
            break
    waiting = tuple(outgoing.message for outgoing in unsent)
    for message in waiting:
        if outbox.ledger.messages[message.id].state != "sending":
            outbox.record_state(message, "waiting", trouble)
    return DeliveryReport(tuple(sent), waiting, tuple(refused), trouble)


def probe_mail_server(server: MailServer, sender: str) -> str:
    """Return why a server would not take our mail now, in words that show no secret; "" if it would. Connects, encrypts
    and signs in as for a message, and sends none."""
    try:
        with mail_connection(server, sender):
            return ""
    except (smtplib.SMTPException, OSError, ServerUnusable) as error:
        return describe_mail_error(error)


@dataclass
class _DeliveryAttempt:
    """One try at sending messages, on one connection."""

    outbox: Outbox
    server: MailServer
    sender: str
    lost_connections: Counter[str]
    """How often the connection broke while the text of a message was sent, in this try and those before it."""
    sent: list[Message] = field(default_factory=list)
    refused: list[tuple[Message, str]] = field(default_factory=list)
    trouble: str = ""
    is_final: bool = False

    def deliver(self, messages: Sequence[OutgoingMessage]) -> None:
        """Try each message; end early where the connection fails, because it would fail for the others too."""
        try:
            with mail_connection(self.server, self.sender) as smtp:
                for outgoing in messages:
                    self._deliver_message(smtp, outgoing)
        except (smtplib.SMTPException, OSError, ServerUnusable) as error:
            self.is_final = isinstance(error, ServerUnusable | ssl.SSLError)
            self.trouble = f"mail server {self.server}: {describe_mail_error(error)}"

    def _deliver_message(self, smtp: smtplib.SMTP, outgoing: OutgoingMessage) -> None:
        """Send one message and record what became of it."""
        message = outgoing.message
        try:
            self._transmit_fitted(smtp, outgoing)
        except MessageRefused as refusal:
            self.outbox.record_state(message, "refused", str(refusal))
            self.refused.append((message, str(refusal)))
        except ConnectionLost as cut:
            self.lost_connections[message.id] += 1
            raise smtplib.SMTPServerDisconnected(str(cut)) from None
        except (MessageDeferred, ServerClosing) as refusal:
            self.trouble = f"mail server {self.server}: {refusal}"
            self.outbox.record_state(message, "waiting", self.trouble)
            if isinstance(refusal, ServerClosing):
                raise smtplib.SMTPServerDisconnected(str(refusal)) from None
        else:
            self.outbox.record_state(message, "sent")
            self.sent.append(message)
            return
        smtp.rset()

    def _transmit_fitted(self, smtp: smtplib.SMTP, outgoing: OutgoingMessage) -> None:
        """Transmit a message, written shorter as long as it is too large. The size limit that the server announces is
        kept; whether even the shortest is too large is for the server to say."""
        content = self.outbox.read(outgoing.message)
        if len(content) > (most := server_size_limit(smtp)):
            content = self._replace_if_shorter(outgoing, content, outgoing.rewrite_within(most, True))
        if self.lost_connections[outgoing.message.id] > 1:
            content = self._shorter(outgoing, content)
        while True:
            try:
                transmit(
                    smtp, self.sender, outgoing.message.to, content, lambda: self._record_sending(outgoing.message)
                )
            except MessageTooLarge as refusal:
                self.outbox.record_state(outgoing.message, "waiting", str(refusal))
                shorter = self._shorter(outgoing, content)
                if shorter is content:
                    size = f"it is {size_in_words(len(content))} as it is sent, and can be written no shorter"
                    raise MessageRefused(f"{TOO_LARGE}: {size}; it said: {refusal}") from None
                content = shorter
                smtp.rset()
            else:
                return

    def _record_sending(self, message: Message) -> None:
        """Record that the server has asked for the text."""
        self.outbox.record_state(message, "sending")

    def _shorter(self, outgoing: OutgoingMessage, content: bytes) -> bytes:
        """Return a message in a third of its size or as little more as it takes, first without files, then with shorter
        lists; the same content where it can be no shorter."""
        for lists in (False, True):
            shorter = self._replace_if_shorter(outgoing, content, outgoing.rewrite_within(len(content) // 3, lists))
            if shorter is not content:
                return shorter
        return content

    def _replace_if_shorter(self, outgoing: OutgoingMessage, content: bytes, shorter: bytes) -> bytes:
        """Return the shorter content, which then lies in the outbox."""
        if len(shorter) >= len(content):
            return content
        self.outbox.write_file(outgoing.message, shorter)
        return shorter


def send_unrecorded_message(server: MailServer, sender: str, to: str, content: bytes) -> str:
    """Send one message that no ledger knows of, with one try; return what kept it, or ""."""
    try:
        with mail_connection(server, sender) as smtp:
            transmit(smtp, sender, to, content, lambda: None)
    except (
        smtplib.SMTPException,
        OSError,
        ServerUnusable,
        MessageRefused,
        MessageDeferred,
        ServerClosing,
        ConnectionLost,
    ) as error:
        return f"mail server {server}: {describe_mail_error(error)}"
    return ""
