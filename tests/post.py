"""A mail server on this machine, for tests: it takes messages, or says no as it is told."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword


@dataclass
class Post:
    """What has come, in order. `says` are answers to a recipient such as "550 no such mailbox", used up in turn; `at_text` is
    called when a text has come and the server has not yet taken it."""

    port: int
    came: list[tuple[str, bytes]] = field(default_factory=list)
    says: dict[str, list[str]] = field(default_factory=dict)
    at_text: Callable[[], str | None] = lambda: None
    at_recipient: Callable[[], None] = lambda: None
    signed_in: list[bytes] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def messages(self) -> list[EmailMessage]:
        return [message_from_bytes(content, policy=policy.default) for _, content in self.came]

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        self.tried.append(address)
        self.at_recipient()
        if answers := self.says.get(address):
            return answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        (to,) = envelope.rcpt_tos
        self.came.append((to, envelope.original_content))
        return self.at_text() or "250 taken"


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
    server = Controller(post, hostname="127.0.0.1", port=post.port, **asks, **encrypts)  # type: ignore[arg-type]
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
