"""Speak to a mail server: where it is, how it is trusted, and what it answers about one message."""

from __future__ import annotations

import contextlib
import ipaddress
import re
import smtplib
import ssl
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from local_indicators.common.errors import UsageError
from local_indicators.common.safe_text import as_typed
from local_indicators.flows.settings import Settings
from local_indicators.replies.emails.email_message import domain_of
from local_indicators.replies.emails.size_limit import size_in_words

TIMEOUT_SECONDS = 30.0
URL_FORM = "must look like smtp://user:password@host:587?starttls, smtps://user:password@host or smtp://host"


@dataclass(frozen=True)
class MailServer:
    """A mail server and how to speak to it. `tls` is "none", "starttls", or "always" for TLS from the first byte."""

    host: str
    port: int
    tls: str
    user: str = ""
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        """Return host and port, without user and password."""
        return f"{self.host}:{self.port}"


def parse_mail_url(url: str) -> MailServer | None:
    """Return the server that a URL names; None for an empty one. Raises UsageError, which shows nothing of the URL."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        host, port = parts.hostname, parts.port
    except ValueError:
        raise UsageError("setting smtp_url", URL_FORM) from None
    if parts.scheme not in ("smtp", "smtps") or not host or set(options) - {"starttls"} or parts.path not in ("", "/"):
        raise UsageError("setting smtp_url", URL_FORM)
    tls = "always" if parts.scheme == "smtps" else "starttls" if "starttls" in options else "none"
    if parts.password and tls == "none" and not _on_this_machine(host):
        raise UsageError("setting smtp_url", "a password needs ?starttls, or smtps:// in place of smtp://")
    usual = {"always": 465, "starttls": 587, "none": 25}[tls]
    return MailServer(host, port or usual, tls, unquote(parts.username or ""), unquote(parts.password or ""))


def _on_this_machine(host: str) -> bool:
    """Return whether a host is this machine."""
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


class MessageRefused(Exception):
    """The server will not take a message for its recipient, now or later."""


class MessageTooLarge(MessageRefused):
    """The server will not take a message of this size."""


class ConnectionLost(Exception):
    """The connection broke while the text was sent, or before the server confirmed it."""


class MessageDeferred(Exception):
    """The server will not take a message now."""


class ServerClosing(Exception):
    """The server has not taken a message, and ends the connection."""


class ServerUnusable(Exception):
    """The server will not take anything from us as we are set up."""


@contextlib.contextmanager
def mail_connection(server: MailServer, sender: str) -> Iterator[smtplib.SMTP]:
    """Open a connection that is ready to take mail, encrypted and signed in as the server's URL asks."""
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
                raise ServerUnusable("it offers no STARTTLS, and mail is not sent in clear")
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
    """Sign in. Raises ServerUnusable if the server refuses for good."""
    try:
        smtp.login(server.user, server.password)
    except smtplib.SMTPAuthenticationError as error:
        if 400 <= error.smtp_code < 500:
            raise
        raise ServerUnusable(f"it refuses our user name or password ({error.smtp_code})") from None
    except smtplib.SMTPNotSupportedError:
        raise ServerUnusable("it offers no way to sign in") from None


def server_size_limit(smtp: smtplib.SMTP) -> int:
    """Return the largest message in bytes that the server takes (RFC 1870); sys.maxsize if it names none."""
    size = smtp.esmtp_features.get("size", "").strip()
    return int(size) if size.isascii() and size.isdigit() and int(size) else sys.maxsize


def transmit(smtp: smtplib.SMTP, sender: str, to: str, content: bytes, begun: Callable[[], None]) -> None:
    """Give one message to the server; `begun` is called when the server waits for the text, before any of it is
    sent."""
    code, reply = smtp.mail(sender, [f"size={len(content)}"] if smtp.has_extn("size") else [])
    if code >= 500 and not _is_about_size(code, reply):
        raise ServerUnusable(f"it takes no mail from {sender}: {_reply_text(code, reply)}")
    _require_reply(code, reply, 250)
    if not to.isascii():
        raise MessageRefused("the address has letters that this mail cannot carry")
    _require_reply(*smtp.rcpt(to), 250, 251)
    _require_reply(*smtp.docmd("DATA"), 354)
    begun()
    try:
        smtp.send(_wire_format(content))
        code, reply = smtp.getreply()
        if code < 0:
            raise smtplib.SMTPServerDisconnected("what it answered is no reply")
    except (smtplib.SMTPServerDisconnected, OSError) as error:
        size = size_in_words(len(content))
        raise ConnectionLost(
            f"the connection broke while a message of {size} was going ({describe_mail_error(error)})"
        ) from None
    _require_reply(code, reply, 250)


def _require_reply(code: int, reply: bytes, *good: int) -> None:
    """Raise what a reply code means, unless it is one of the `good`."""
    if code in good:
        return
    kind = (
        ServerClosing
        if code == 421
        else MessageTooLarge
        if _is_about_size(code, reply)
        else MessageRefused
        if code >= 500
        else MessageDeferred
    )
    raise kind(_reply_text(code, reply))


def _is_about_size(code: int, reply: bytes) -> bool:
    """Return whether a refusal is final and about the message's size: by its enhanced code (RFC 3463) if it has one,
    because 552 also stands for a full mailbox and for unwanted contents; else by the code."""
    if code < 500:
        return False
    if enhanced := re.match(rb"\s*5\.(\d{1,3}\.\d{1,3})\b", reply):
        return enhanced[1] in (b"2.3", b"3.4")
    return code in (552, 523) and not re.search(rb"quota|mailbox|full", reply, re.IGNORECASE)


def _reply_text(code: int, reply: bytes) -> str:
    """Return the server's reply on one line."""
    return as_typed(f"{code} {reply.decode('utf-8', 'replace')}")


def _wire_format(content: bytes) -> bytes:
    """Return a message as SMTP transmits it: lines end in CR LF, a leading full stop is doubled, a lone one ends it."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", content).removesuffix(b"\r\n")
    return re.sub(rb"(?m)^\.", b"..", lines) + b"\r\n.\r\n"


def describe_mail_error(error: Exception) -> str:
    """Return what went wrong, in one line that shows no secret."""
    if isinstance(error, smtplib.SMTPResponseException):
        reply = error.smtp_error
        return _reply_text(error.smtp_code, reply if isinstance(reply, bytes) else str(reply).encode())
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({as_typed(error.verify_message)})"
    if isinstance(error, OSError) and error.strerror:
        return as_typed(error.strerror)
    return as_typed(str(error)) or type(error).__name__


def configured_mail_server(settings: Settings) -> MailServer | None:
    """Return the mail server of the settings; None if none is set. Raises UsageError, which shows nothing of the
    URL."""
    return parse_mail_url(settings.smtp_url.get_secret_value() if settings.smtp_url else "")
