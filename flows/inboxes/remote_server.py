"""An inbox on a server or in an object store, read through fsspec."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from local_indicators.common.readable_files import Readable
from local_indicators.common.safe_text import as_typed
from local_indicators.flows.inboxes.inbox_address import Address
from local_indicators.flows.inboxes.inbox_protocol import Entry, EntryKind, Parts
from local_indicators.flows.inboxes.server_kind import ServerKind

_KINDS: Mapping[str, EntryKind] = {"directory": "folder", "file": "file", "link": "link"}
_TIME_KEYS = ("LastModified", "last_modified", "mtime", "created")


class Remote:
    """A server or object store, as a `Share`.

    Every request runs in a thread of its own and is given up after `seconds`, because not every library gives up by
    itself. Nothing more is asked of a server that did not answer in time.
    """

    near = False

    def __init__(self, address: Address, kind: ServerKind, seconds: float) -> None:
        """Prepare to read `address`, a server of this kind; it is connected to with the first request."""
        self.shown = str(address)
        self.whole = kind.store
        self._address, self._kind, self._seconds = address, kind, seconds
        self._root = kind.root(address)
        self._file_system: Any = None
        self._silent = False

    def entries(self, folder: Parts) -> list[Entry]:
        """List a folder. Raises OSError."""
        path = self._path(folder) or "/"
        records = self._request(lambda system: (system.invalidate_cache(), system.ls(path, detail=True))[1])
        return [entry for record in records if (entry := _listed_entry(record, path)) is not None]

    def follow(self, link: Parts) -> Parts | None:  # noqa: ARG002 - nobody here can tell where a server's link leads
        """Return None: links of a server are not followed."""
        return None

    def look(self, file: Parts) -> Entry:
        """Return the entry of a file as it is now. Raises OSError."""
        path = self._path(file)
        record = self._request(lambda system: (system.invalidate_cache(), system.info(path))[1])
        return _entry(file[-1], record)

    @contextmanager
    def opened(self, file: Parts) -> Iterator[Readable]:
        """Open a file for reading; each read is limited in time as every request is. Raises OSError."""
        path = self._path(file)
        stream = self._request(lambda system: system.open(path, "rb", **self._kind.reading))
        try:
            yield _LimitedStream(lambda size: self._request(lambda _: stream.read(size)))
        finally:
            with suppress(OSError):
                self._request(lambda _: stream.close())

    def answers(self) -> bool:
        """Whether the inbox's own folder can still be listed."""
        with suppress(OSError):
            self.entries(())
            return True
        return False

    def _path(self, parts: Parts) -> str:
        """Return the path of the file system for a path in the inbox."""
        return "/".join((self._root, *parts))

    def _request(self, call: Callable[[Any], Any]) -> Any:
        """Return what `call` makes of the connected file system. Raises OSError for whatever goes wrong."""
        if self._silent:
            raise OSError(errno.ETIMEDOUT, "it does not answer")

        def connected_call() -> Any:
            if self._file_system is None:
                self._file_system = self._kind.connect(self._address, self._seconds)
            return call(self._file_system)

        try:
            return within(self._seconds, connected_call)
        except TimeoutError:
            self._silent = True
            raise OSError(errno.ETIMEDOUT, f"no answer within {self._seconds:g} seconds") from None
        except FileNotFoundError:
            raise FileNotFoundError(errno.ENOENT, "is not there") from None
        except PermissionError as error:
            raise PermissionError(errno.EACCES, self._without_secrets(error, "access is refused")) from None
        except Exception as error:  # each library has errors of its own
            raise OSError(errno.EIO, self._without_secrets(error)) from None

    def _without_secrets(self, error: Exception, default: str = "") -> str:
        """Say what went wrong in one short line, from which every secret of the URL is taken out."""
        message = str(error) or default or type(error).__name__
        for secret in (self._address.password.get_secret_value(), self._address.user.get_secret_value()):
            for spelling in {secret, quote(secret, safe="")} - {""}:
                message = message.replace(spelling, "…")
        return as_typed(message)[:160]


@dataclass(frozen=True)
class _LimitedStream:
    """An open file whose every read is limited in time."""

    read: Callable[[int], bytes]


def within(seconds: float, call: Callable[[], Any]) -> Any:
    """Return what `call` returns, or raise what it raises. Raises TimeoutError after `seconds`.

    The thread of a call that was given up is left behind; it ends with the process at the latest.
    """
    result: list[tuple[bool, Any]] = []

    def run() -> None:
        try:
            result.append((True, call()))
        except BaseException as error:
            result.append((False, error))

    thread = threading.Thread(target=run, daemon=True, name="inbox")
    thread.start()
    thread.join(seconds)
    if not result:
        raise TimeoutError
    succeeded, value = result[0]
    if not succeeded:
        raise value
    return value


def _listed_entry(record: Mapping[str, Any], folder: str) -> Entry | None:
    """Return the entry of fsspec's record in a listing; None for the folder itself, which stores list as an object."""
    prefix, name = folder.strip("/"), str(record["name"]).lstrip("/")
    if name.rstrip("/") == prefix and record["type"] != "directory":
        return None
    base = name.removeprefix(f"{prefix}/") if prefix else name
    if record["type"] == "directory":
        base = base.removesuffix("/")
    if base in ("", ".", "..") or "/" in base:
        return Entry(base, "odd")
    return _entry(base, record)


def _entry(name: str, record: Mapping[str, Any]) -> Entry:
    """Return the entry of fsspec's record."""
    time = next((record[key] for key in _TIME_KEYS if record.get(key)), None)
    modified = time.timestamp() if isinstance(time, datetime) else float(time or 0.0)
    version = record.get("ETag") or record.get("etag")
    return Entry(name, _KINDS.get(record["type"], "odd"), int(record.get("size") or 0), modified, version)
