"""A mail server on this machine, for tests: it takes messages, or says no as it is told."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


@dataclass
class Post:
    """What has come, in order. `says` are answers to a recipient such as "550 no such mailbox", used up in turn;
    `at_text` is called when a text has come and the server has not yet taken it. `size` is what it says of the size it takes, and
    `takes` what it takes: a larger message gets `too_large` for an answer after its text, or no answer where that is
    "cut": the connection then breaks while the text comes."""

    port: int
    came: list[tuple[str, bytes]] = field(default_factory=list)
    says: dict[str, list[str]] = field(default_factory=dict)
    at_text: Callable[[], str | None] = lambda: None
    at_recipient: Callable[[], None] = lambda: None
    size: str = "SIZE 33554432"
    takes: Callable[[str, int], bool] = lambda _to, _size: True
    too_large: str = "552 too much mail data"
    signed_in: list[bytes] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def messages(self) -> list[EmailMessage]:
        return [message_from_bytes(content, policy=policy.default) for _, content in self.came]

    async def handle_EHLO(  # noqa: N802
        self, _server: Any, session: Any, _envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        others = [response for response in responses if "SIZE" not in response]
        return [f"250-{self.size}", *others] if self.size else others

    async def handle_MAIL(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        self.tried.append(address)
        self.at_recipient()
        if answers := self.says.get(address):
            return answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        (to,) = envelope.rcpt_tos
        if not self.takes(to, len(envelope.original_content)):
            return self.too_large
        self.came.append((to, envelope.original_content))
        return self.at_text() or "250 taken"


class _Server(SMTP):
    """A server that breaks the connection in the midst of a text that it does not take, if its post says so."""

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        post, envelope, transport = self.event_handler, self.envelope, self.transport
        assert envelope is not None
        size = next((int(option[5:]) for option in envelope.mail_options if option.lower().startswith("size=")), 0)
        if post.too_large == "cut" and not post.takes(envelope.rcpt_tos[0], size):
            assert isinstance(transport, asyncio.Transport)
            await self.push("354 go on")
            await self._reader.read(1)
            transport.abort()
        else:
            await super().smtp_DATA(arg)


class _Controller(Controller):
    def factory(self) -> SMTP:
        return _Server(self.handler, **self.SMTP_kwargs)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def post_office(post: Post, tls: ssl.SSLContext | None = None, password: str = "") -> Iterator[Post]:
    """The server, up for as long as the block; with `tls` it offers STARTTLS, with `password` it asks for it."""

    def knows(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        right = isinstance(given, LoginPassword) and given.password.decode() == password
        post.signed_in.append(given.login)
        return AuthResult(success=right, handled=right)

    asks = {"authenticator": knows, "auth_required": True, "auth_require_tls": True} if password else {}
    encrypts = {"tls_context": tls, "require_starttls": True} if tls else {}
    server = _Controller(post, hostname="127.0.0.1", port=post.port, **asks, **encrypts)  # type: ignore[arg-type]
    server.start()
    try:
        yield post
    finally:
        server.stop()


def plain(message: EmailMessage) -> str:
    """The text that a person reads who sees no HTML."""
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def html(message: EmailMessage) -> str:
    body = message.get_body(("html",))
    assert body is not None
    return str(body.get_content())
