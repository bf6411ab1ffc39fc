"""Bring messages to their recipients: the outbox, the mail server, and the record of what each message has come to.

A message is recorded, then written to the outbox, then handed over. Without a mail server a message in the outbox
counts as delivered. With one, the ledger says `sending` only once the server has asked for the text, and `sent` once it
has taken it; only a stop between the two leaves in doubt whether it was delivered, and then the same bytes with the
same Message-ID go again.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
import smtplib
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from flows.archive import write_whole
from flows.ledger import Ledger
from inputs.replies.mail import domain_of
from schemas.faults import StorageFault, UsageFault
from schemas.findings import as_typed
from schemas.news import Message, State

PAUSES_SECONDS = (0.0, 3.0, 10.0)
"""Before each try of a night: at once, and twice more where the server could not be reached or said "later"."""
TIMEOUT_SECONDS = 30.0
SHAPE = "must look like smtp://user:password@host:587?starttls, smtps://user:password@host or smtp://host"


@dataclass(frozen=True)
class MailServer:
    """A mail server, and how to speak to it. `tls`: none, by STARTTLS, or from the first byte."""

    host: str
    port: int
    tls: str
    user: str = ""
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def mail_server(url: str) -> MailServer | None:
    """The server that a URL names; None where it is empty. Raises UsageFault that shows nothing of the URL."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        host, port = parts.hostname, parts.port
    except ValueError:
        raise UsageFault("setting smtp_url", SHAPE) from None
    if parts.scheme not in ("smtp", "smtps") or not host or set(options) - {"starttls"} or parts.path not in ("", "/"):
        raise UsageFault("setting smtp_url", SHAPE)
    tls = "always" if parts.scheme == "smtps" else "starttls" if "starttls" in options else "none"
    if parts.password and tls == "none" and not _on_this_machine(host):
        raise UsageFault("setting smtp_url", "a password needs ?starttls, or smtps:// in place of smtp://")
    usual = {"always": 465, "starttls": 587, "none": 25}[tls]
    return MailServer(host, port or usual, tls, unquote(parts.username or ""), unquote(parts.password or ""))


def _on_this_machine(host: str) -> bool:
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


# -- the outbox -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outbox:
    """The folder of messages, the ledger that knows each of them, and who asks for the time."""

    folder: Path
    ledger: Ledger
    now: Callable[[], datetime]

    def holds(self, message: Message) -> bool:
        return (self.folder / message.file).is_file()

    def content(self, message: Message) -> bytes:
        try:
            return (self.folder / message.file).read_bytes()
        except OSError as error:
            raise StorageFault(self.folder / message.file, f"cannot be read ({error.strerror})") from None

    def put(self, message: Message, content: bytes) -> None:
        """Record a message and write it. Raises StorageFault."""
        self.ledger.record_message(message, self.now())
        try:
            write_whole(self.folder / message.file, content)
        except OSError as error:
            raise StorageFault(self.folder, f"cannot be written ({error.strerror})") from None

    def mark(self, message: Message, state: State, detail: str = "", dropped: Sequence[str] = ()) -> None:
        self.ledger.record_delivery(message.id, state, self.now(), detail=detail, dropped=dropped)

    def supersede(self, message: Message, dropped: Sequence[str]) -> None:
        """Record that a message will not be sent, with what of it no longer holds; then take it out of the folder."""
        self.mark(message, "superseded", dropped=dropped)
        with contextlib.suppress(FileNotFoundError):
            (self.folder / message.file).unlink()


@dataclass(frozen=True)
class Sent:
    """What a try at sending came to: messages by their end, and what kept the others waiting, in words."""

    sent: tuple[Message, ...] = ()
    waiting: tuple[Message, ...] = ()
    refused: tuple[tuple[Message, str], ...] = ()
    trouble: str = ""


def send(
    outbox: Outbox,
    messages: Sequence[Message],
    server: MailServer | None,
    sender: str,
    pauses: Sequence[float] | None = None,
) -> Sent:
    """Deliver messages, with a try after each pause. Nothing is lost where all fail: it waits for a later night."""
    if server is None:
        for message in messages:
            outbox.mark(message, "sent")
        return Sent(tuple(messages))
    sent: list[Message] = []
    refused: list[tuple[Message, str]] = []
    left, trouble = list(messages), ""
    for pause in PAUSES_SECONDS if pauses is None else pauses:
        if not left:
            break
        time.sleep(pause)
        tried = _Try(outbox, server, sender)
        tried.all(left)
        sent, refused, trouble = sent + tried.sent, refused + tried.refused, tried.trouble
        done = {message.id for message in tried.sent} | {message.id for message, _ in tried.refused}
        left = [message for message in left if message.id not in done]
        if tried.hopeless:
            break
    for message in left:
        if outbox.ledger.messages[message.id].state != "sending":
            outbox.mark(message, "waiting", trouble)
    return Sent(tuple(sent), tuple(left), tuple(refused), trouble)


def trouble_with(server: MailServer, sender: str) -> str:
    """Why a server would not take our mail now, in words that show no secret; "" if it would. Connects, encrypts and
    signs in as for a message, and sends none."""
    try:
        with _connected(server, sender):
            return ""
    except (smtplib.SMTPException, OSError, _Hopeless) as error:
        return _in_words(error)


# -- the mail server --------------------------------------------------------------------------------------------------


class _Refused(Exception):
    """The server will not take a message for its recipient, now and later."""


class _Later(Exception):
    """The server will not take a message now."""


class _Goodbye(Exception):
    """The server has not taken a message, and ends the connection."""


class _Hopeless(Exception):
    """The server will not take anything from us as we are set up."""


@dataclass
class _Try:
    """One try at handing messages over, on one connection."""

    outbox: Outbox
    server: MailServer
    sender: str
    sent: list[Message] = field(default_factory=list)
    refused: list[tuple[Message, str]] = field(default_factory=list)
    trouble: str = ""
    hopeless: bool = False

    def all(self, messages: Sequence[Message]) -> None:
        """Try each message; end early where the connection fails, for it would fail for the others too."""
        try:
            with _connected(self.server, self.sender) as smtp:
                for message in messages:
                    self._one(smtp, message)
        except (smtplib.SMTPException, OSError, _Hopeless) as error:
            self.hopeless = isinstance(error, _Hopeless | ssl.SSLError)
            self.trouble = f"mail server {self.server}: {_in_words(error)}"

    def _one(self, smtp: smtplib.SMTP, message: Message) -> None:
        def begun() -> None:
            self.outbox.mark(message, "sending")

        try:
            _hand_over(smtp, self.sender, message.to, self.outbox.content(message), begun)
        except _Refused as refusal:
            self.outbox.mark(message, "refused", str(refusal))
            self.refused.append((message, str(refusal)))
        except (_Later, _Goodbye) as refusal:
            self.trouble = f"mail server {self.server}: {refusal}"
            self.outbox.mark(message, "waiting", self.trouble)
            if isinstance(refusal, _Goodbye):
                raise smtplib.SMTPServerDisconnected(str(refusal)) from None
        else:
            self.outbox.mark(message, "sent")
            self.sent.append(message)
            return
        smtp.rset()


@contextlib.contextmanager
def _connected(server: MailServer, sender: str) -> Iterator[smtplib.SMTP]:
    """A connection ready to take mail, encrypted and signed in as the server's URL asks."""
    named = domain_of(sender)
    trusted = ssl.create_default_context()
    if server.tls == "always":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, named, timeout=TIMEOUT_SECONDS, context=trusted)
    else:
        smtp = smtplib.SMTP(server.host, server.port, named, timeout=TIMEOUT_SECONDS)
    try:
        smtp.ehlo_or_helo_if_needed()
        if server.tls == "starttls":
            if not smtp.has_extn("starttls"):
                raise _Hopeless("it offers no STARTTLS, and mail is not sent in clear")
            smtp.starttls(context=trusted)
            smtp.ehlo()
        if server.user:
            _sign_in(smtp, server)
        yield smtp
        with contextlib.suppress(smtplib.SMTPException, OSError):
            smtp.quit()
    finally:
        smtp.close()


def _sign_in(smtp: smtplib.SMTP, server: MailServer) -> None:
    try:
        smtp.login(server.user, server.password)
    except smtplib.SMTPAuthenticationError as error:
        if 400 <= error.smtp_code < 500:
            raise
        raise _Hopeless(f"it refuses our user name or password ({error.smtp_code})") from None
    except smtplib.SMTPNotSupportedError:
        raise _Hopeless("it offers no way to sign in") from None


def _hand_over(smtp: smtplib.SMTP, sender: str, to: str, content: bytes, begun: Callable[[], None]) -> None:
    """Give one message to the server; `begun` is called when the server waits for the text, before any of it goes."""
    code, said = smtp.mail(sender)
    if code >= 500:
        raise _Hopeless(f"it takes no mail from {sender}: {_reply(code, said)}")
    _check(code, said, 250)
    if not to.isascii():
        raise _Refused("the address has letters that this mail cannot carry")
    _check(*smtp.rcpt(to), 250, 251)
    _check(*smtp.docmd("DATA"), 354)
    begun()
    smtp.send(_on_the_wire(content))
    _check(*smtp.getreply(), 250)


def _check(code: int, said: bytes, *good: int) -> None:
    if code in good:
        return
    kind = _Goodbye if code == 421 else _Refused if code >= 500 else _Later
    raise kind(_reply(code, said))


def _reply(code: int, said: bytes) -> str:
    return as_typed(f"{code} {said.decode('utf-8', 'replace')}")


def _on_the_wire(content: bytes) -> bytes:
    """A message as SMTP carries it: lines end in CR LF, a leading full stop is doubled, a lone one ends it."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", content).removesuffix(b"\r\n")
    return re.sub(rb"(?m)^\.", b"..", lines) + b"\r\n.\r\n"


def _in_words(error: Exception) -> str:
    """What went wrong, in one line that shows no secret."""
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        return _reply(error.smtp_code, said if isinstance(said, bytes) else str(said).encode())
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({as_typed(error.verify_message)})"
    if isinstance(error, OSError) and error.strerror:
        return as_typed(error.strerror)
    return as_typed(str(error)) or type(error).__name__


def send_alone(server: MailServer, sender: str, to: str, content: bytes) -> str:
    """Hand over one message that no ledger knows of, with one try; what kept it, in words, or nothing."""
    try:
        with _connected(server, sender) as smtp:
            _hand_over(smtp, sender, to, content, lambda: None)
    except (smtplib.SMTPException, OSError, _Hopeless, _Refused, _Later, _Goodbye) as error:
        return f"mail server {server}: {_in_words(error)}"
    return ""
