"""Bring messages to their recipients: the outbox, the mail server, and the record of what each message has come to.

A message is recorded, then written to the outbox, then handed over. Without a mail server a message in the outbox
counts as delivered. With one, the ledger says `sending` only once the server has asked for the text, and `sent` once it
has taken it; only a stop between the two leaves in doubt whether it was delivered, and then the same bytes with the
same Message-ID go again.

A message that is too large for the server goes without what is too large, and small ones go first, so that none that
breaks a connection by its size keeps others waiting.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
import smtplib
import ssl
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from flows.archive import write_whole
from flows.ledger import Ledger
from inputs.replies.fitting import megabytes
from inputs.replies.mail import domain_of
from schemas.faults import StorageFault, UsageFault
from schemas.findings import as_typed
from schemas.news import Message, State

PAUSES_SECONDS = (0.0, 3.0, 10.0)
"""Before each try of a night: at once, and twice more where the server could not be reached or said "later"."""
TIMEOUT_SECONDS = 30.0
SMALL_BYTES = 100_000
"""Messages of less than this are told apart by nothing but their order."""
TOO_LARGE = "too large for the mail server"
"""How the detail of a message begins that is refused for its size."""
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
        self.write(message, content)

    def write(self, message: Message, content: bytes) -> None:
        """Write the text of a message that is recorded. Raises StorageFault."""
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
class Letter:
    """A message to send. `within` writes the same anew in so many bytes, or as few as it takes; its lists may be
    shortened for that, or only files be left out."""

    message: Message
    within: Callable[[int, bool], bytes]


@dataclass(frozen=True)
class Sent:
    """What a try at sending came to: messages by their end, and what kept the others waiting, in words."""

    sent: tuple[Message, ...] = ()
    waiting: tuple[Message, ...] = ()
    refused: tuple[tuple[Message, str], ...] = ()
    trouble: str = ""


def send(
    outbox: Outbox,
    letters: Sequence[Letter],
    server: MailServer | None,
    sender: str,
    pauses: Sequence[float] | None = None,
) -> Sent:
    """Deliver messages, with a try after each pause. Nothing is lost where all fail: it waits for a later night."""
    if server is None:
        for letter in letters:
            outbox.mark(letter.message, "sent")
        return Sent(tuple(letter.message for letter in letters))
    sent: list[Message] = []
    refused: list[tuple[Message, str]] = []
    left, trouble = sorted(letters, key=lambda one: len(outbox.content(one.message)) // SMALL_BYTES), ""
    cuts: Counter[str] = Counter()
    for pause in PAUSES_SECONDS if pauses is None else pauses:
        if not left:
            break
        time.sleep(pause)
        tried = _Try(outbox, server, sender, cuts)
        tried.all(left)
        sent, refused, trouble = sent + tried.sent, refused + tried.refused, tried.trouble
        done = {message.id for message in tried.sent} | {message.id for message, _ in tried.refused}
        left = [letter for letter in left if letter.message.id not in done]
        if tried.hopeless:
            break
    waiting = tuple(letter.message for letter in left)
    for message in waiting:
        if outbox.ledger.messages[message.id].state != "sending":
            outbox.mark(message, "waiting", trouble)
    return Sent(tuple(sent), waiting, tuple(refused), trouble)


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


class _TooLarge(_Refused):
    """The server will not take a message of this size."""


class _Cut(Exception):
    """The connection broke while the text was going, or before the server said whether it has it."""


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
    cuts: Counter[str]
    """How often the connection broke while the text of a message was going, in this try and those before it."""
    sent: list[Message] = field(default_factory=list)
    refused: list[tuple[Message, str]] = field(default_factory=list)
    trouble: str = ""
    hopeless: bool = False

    def all(self, letters: Sequence[Letter]) -> None:
        """Try each message; end early where the connection fails, for it would fail for the others too."""
        try:
            with _connected(self.server, self.sender) as smtp:
                for letter in letters:
                    self._one(smtp, letter)
        except (smtplib.SMTPException, OSError, _Hopeless) as error:
            self.hopeless = isinstance(error, _Hopeless | ssl.SSLError)
            self.trouble = f"mail server {self.server}: {_in_words(error)}"

    def _one(self, smtp: smtplib.SMTP, letter: Letter) -> None:
        message = letter.message
        try:
            self._hand_over(smtp, letter)
        except _Refused as refusal:
            self.outbox.mark(message, "refused", str(refusal))
            self.refused.append((message, str(refusal)))
        except _Cut as cut:
            self.cuts[message.id] += 1
            raise smtplib.SMTPServerDisconnected(str(cut)) from None
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

    def _hand_over(self, smtp: smtplib.SMTP, letter: Letter) -> None:
        """Give a message to the server, written shorter as long as it is too large. What the server says at first of
        the size it takes is heeded; whether even the shortest is too large is for it to say."""
        content = self.outbox.content(letter.message)
        if len(content) > (most := _most_bytes(smtp)):
            content = self._instead(letter, content, letter.within(most, True))
        if self.cuts[letter.message.id] > 1:
            content = self._shorter(letter, content)
        while True:
            try:
                _hand_over(smtp, self.sender, letter.message.to, content, lambda: self._begun(letter.message))
            except _TooLarge as refusal:
                self.outbox.mark(letter.message, "waiting", str(refusal))
                shorter = self._shorter(letter, content)
                if shorter is content:
                    size = f"it is {megabytes(len(content))} as it is sent, and can be written no shorter"
                    raise _Refused(f"{TOO_LARGE}: {size}; it said: {refusal}") from None
                content = shorter
                smtp.rset()
            else:
                return

    def _begun(self, message: Message) -> None:
        self.outbox.mark(message, "sending")

    def _shorter(self, letter: Letter, content: bytes) -> bytes:
        """A message in a third of its size or as little more as it takes, first without files, then with shorter lists;
        the same content where it can be no shorter."""
        for lists in (False, True):
            shorter = self._instead(letter, content, letter.within(len(content) // 3, lists))
            if shorter is not content:
                return shorter
        return content

    def _instead(self, letter: Letter, content: bytes, shorter: bytes) -> bytes:
        """What is shorter, which then lies in the outbox."""
        if len(shorter) >= len(content):
            return content
        self.outbox.write(letter.message, shorter)
        return shorter


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


def _most_bytes(smtp: smtplib.SMTP) -> int:
    """The size of a message that the server says it takes (RFC 1870); without end where it says none."""
    said = smtp.esmtp_features.get("size", "").strip()
    return int(said) if said.isascii() and said.isdigit() and int(said) else sys.maxsize


def _hand_over(smtp: smtplib.SMTP, sender: str, to: str, content: bytes, begun: Callable[[], None]) -> None:
    """Give one message to the server; `begun` is called when the server waits for the text, before any of it goes."""
    code, said = smtp.mail(sender, [f"size={len(content)}"] if smtp.has_extn("size") else [])
    if code >= 500 and not _is_of_size(code, said):
        raise _Hopeless(f"it takes no mail from {sender}: {_reply(code, said)}")
    _check(code, said, 250)
    if not to.isascii():
        raise _Refused("the address has letters that this mail cannot carry")
    _check(*smtp.rcpt(to), 250, 251)
    _check(*smtp.docmd("DATA"), 354)
    begun()
    try:
        smtp.send(_on_the_wire(content))
        code, said = smtp.getreply()
        if code < 0:
            raise smtplib.SMTPServerDisconnected("what it answered is no reply")
    except (smtplib.SMTPServerDisconnected, OSError) as error:
        size = megabytes(len(content))
        raise _Cut(f"the connection broke while a message of {size} was going ({_in_words(error)})") from None
    _check(code, said, 250)


def _check(code: int, said: bytes, *good: int) -> None:
    if code in good:
        return
    kind = _Goodbye if code == 421 else _TooLarge if _is_of_size(code, said) else _Refused if code >= 500 else _Later
    raise kind(_reply(code, said))


def _is_of_size(code: int, said: bytes) -> bool:
    """Whether a refusal is for good and of the message's size: by its enhanced code (RFC 3463) where it has one, for
    552 is also said of a full mailbox and of contents that are not liked; else by the code."""
    if code < 500:
        return False
    if enhanced := re.match(rb"\s*5\.(\d{1,3}\.\d{1,3})\b", said):
        return enhanced[1] in (b"2.3", b"3.4")
    return code in (552, 523) and not re.search(rb"quota|mailbox|full", said, re.IGNORECASE)


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
    except (smtplib.SMTPException, OSError, _Hopeless, _Refused, _Later, _Goodbye, _Cut) as error:
        return f"mail server {server}: {_in_words(error)}"
    return ""
