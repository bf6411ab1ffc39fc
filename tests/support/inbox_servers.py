"""Inboxes of every kind for tests: a folder, and servers on this machine that speak S3 and SFTP."""

from __future__ import annotations

import asyncio
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import asyncssh
import fsspec

KINDS = ("folder", "memory", "sftp", "s3")
PASSWORD = "k:n@w/n only+here"  # noqa: S105
QUOTED = "k%3An%40w%2Fn%20only%2Bhere"


class Inbox(Protocol):
    """An inbox that a test fills. `given` is what INDICATORS_INBOX says."""

    given: str

    def put(self, path: str, content: bytes, age_seconds: float = 60) -> None: ...
    def remove(self, path: str) -> None: ...


@dataclass
class Folder:
    """A folder; also what the SFTP server shows of it."""

    root: Path
    given: str
    stop: Callable[[], None] = lambda: None

    def put(self, path: str, content: bytes, age_seconds: float = 60) -> None:
        there = self.root / path
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_bytes(content)
        changed = time.time() - age_seconds
        os.utime(there, (changed, changed))

    def remove(self, path: str) -> None:
        (self.root / path).unlink()


@dataclass
class Store:
    """A store behind fsspec. Its objects are as old as they are."""

    files: Any
    root: str
    given: str

    def put(self, path: str, content: bytes, age_seconds: float = 60) -> None:  # noqa: ARG002
        self.files.pipe_file(f"{self.root}/{path}", content)

    def remove(self, path: str) -> None:
        self.files.rm_file(f"{self.root}/{path}")


@contextmanager
def inbox_of(kind: str, folder: Path) -> Iterator[Inbox]:
    """An empty inbox of a kind, up for as long as the block."""
    root = folder / "inbox"
    root.mkdir(exist_ok=True)
    if kind == "folder":
        yield Folder(root, str(root))
    elif kind == "memory":
        files = fsspec.filesystem("memory")
        files.makedirs("/inbox/returns")
        yield Store(files, "/inbox/returns", "memory://inbox/returns")
        files.rm("/inbox", recursive=True)
    elif kind == "sftp":
        with sftp_server(root) as server:
            known = folder / "known_hosts"
            known.write_text(server.known_hosts, encoding="utf-8")
            yield Folder(root, f"{server.url}?known_hosts={known}", server.stop)
    else:
        with s3_server() as endpoint:
            files = fsspec.filesystem(
                "s3", key="AKTEST", secret=PASSWORD, endpoint_url=endpoint, skip_instance_cache=True
            )
            bucket = f"returns-{uuid.uuid4().hex}"  # all servers of a process hold the same buckets
            files.mkdir(bucket)
            files.touch(f"{bucket}/in/")  # as a console makes a folder: an empty object
            yield Store(files, f"{bucket}/in", f"s3://AKTEST:{QUOTED}@{bucket}/in?endpoint={endpoint}")


# -- S3 ---------------------------------------------------------------------------------------------------------------


@contextmanager
def s3_server() -> Iterator[str]:
    """An S3 server; its address."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        yield f"http://127.0.0.1:{server.get_host_and_port()[1]}"
    finally:
        server.stop()


# -- SFTP -------------------------------------------------------------------------------------------------------------


@dataclass
class Sftp:
    url: str
    known_hosts: str
    stop: Callable[[], None]


class _Asks(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:  # noqa: ARG002
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("nightly", PASSWORD)


@contextmanager
def sftp_server(root: Path) -> Iterator[Sftp]:
    """An SFTP server that shows a folder, to whoever knows the password. `stop` cuts every connection at once."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    open_ones: list[Any] = []

    class Jailed(asyncssh.SFTPServer):
        def __init__(self, channel: Any) -> None:
            open_ones.append(channel.get_connection())
            super().__init__(channel, chroot=str(root).encode())

    async def listen() -> Any:
        return await asyncssh.listen(
            "127.0.0.1", 0, server_factory=_Asks, server_host_keys=[key], sftp_factory=Jailed, allow_scp=False
        )

    server = asyncio.run_coroutine_threadsafe(listen(), loop).result(20)

    def stop() -> None:
        async def close() -> None:
            server.close()
            for one in open_ones:
                one.abort()

        asyncio.run_coroutine_threadsafe(close(), loop).result(20)

    port = server.get_port()
    public = key.export_public_key().decode().strip()
    try:
        yield Sftp(f"sftp://nightly:{QUOTED}@127.0.0.1:{port}/", f"[127.0.0.1]:{port} {public}\n", stop)
    finally:
        stop()
        loop.call_soon_threadsafe(loop.stop)
        thread.join(20)
        loop.close()
