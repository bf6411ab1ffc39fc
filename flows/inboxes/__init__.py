"""Inboxes: a folder that this machine sees, such as a mounted share, or a server or store that a URL names.

Every kind answers the same four questions: what lies in a folder, what a link leads to, how a file stands at this
moment, and what its bytes are. Nothing here knows of partners.
"""

from __future__ import annotations

import errno
import importlib
import ipaddress
import os
import stat
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from pydantic import SecretStr

from schemas.faults import UsageFault
from schemas.findings import as_typed

Parts = tuple[str, ...]
"""Where something lies, from the inbox on: folder after folder, then the name."""
BLOCK = 1 << 20
WHAT = "setting inbox"


# -- addresses --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Address:
    """An inbox on a server or in a store, as a URL names it. Its text names neither user nor password. `host` is the
    bucket or container of a store."""

    scheme: str
    host: str
    port: int | None
    path: str
    user: SecretStr
    password: SecretStr
    options: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}://{self.host}{port}{self.path}"

    def option(self, name: str) -> str:
        return dict(self.options).get(name, "")


def inbox_at(given: object) -> object:
    """What a setting names: a path, or the address of a server or store. Raises UsageFault that shows no secret."""
    if not isinstance(given, str) or "://" not in given:
        return given
    try:
        parts = urlsplit(given)
        host, port = unquote(parts.hostname or ""), parts.port
        options = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:
        raise UsageFault(WHAT, f"the URL cannot be read; {SHAPE}") from None
    if parts.scheme == "file" and host in ("", "localhost") and not parts.query:
        return Path(unquote(parts.path))
    kind = KINDS.get(parts.scheme)
    if kind is None or not host or parts.fragment:
        raise UsageFault(WHAT, f"the URL cannot be used; {SHAPE}")
    if unknown := {name for name, _ in options} - kind.options:
        known = ", ".join(sorted(kind.options)) or "none"
        raise UsageFault(WHAT, f"{parts.scheme} URLs have no option {', '.join(sorted(unknown))}; there are: {known}")
    user, password = SecretStr(unquote(parts.username or "")), SecretStr(unquote(parts.password or ""))
    address = Address(parts.scheme, host, port, unquote(parts.path).rstrip("/"), user, password, tuple(options))
    endpoint = urlsplit(address.option("endpoint"))
    if endpoint.username or (endpoint.scheme == "http" and not _on_this_machine(endpoint.hostname or "")):
        raise UsageFault(WHAT, "endpoint must be an https:// address without user or password")
    return address


def _on_this_machine(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


# -- what every kind answers ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """One name of a folder. `odd` is a name that would lead elsewhere, such as `..`. `modified` is in seconds since
    1970, and `version` a mark of the share's own that no two contents of a file have in common; None if it has none."""

    name: str
    kind: Literal["folder", "file", "link", "odd"]
    size: int = 0
    modified: float = 0.0
    version: str | None = None

    def same_content(self, other: Entry) -> bool:
        """Whether nothing tells the two apart. A store says the time of change more finely in a listing than of one
        file, so its mark decides where there is one."""
        if self.version and other.version:
            return (self.version, self.size) == (other.version, other.size)
        return (self.modified, self.size) == (other.modified, other.size)


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Share(Protocol):
    """An inbox that is being read. All but `answers` raise OSError, whose `strerror` says why and shows no secret."""

    shown: str
    near: bool
    """Whether reading a file costs little, so that it is read every night."""
    whole: bool
    """Whether a file is there whole or not at all, so that none is ever seen half-written."""

    def entries(self, folder: Parts) -> list[Entry]: ...
    def follow(self, link: Parts) -> Parts | None:
        """Where a link leads, if that is a regular file within the same folder of the inbox."""

    def look(self, file: Parts) -> Entry: ...
    @contextmanager
    def opened(self, file: Parts) -> Iterator[Readable]: ...
    def answers(self) -> bool:
        """Whether the share as a whole can still be read."""


def share_at(inbox: Path | Address, seconds: float) -> Share:
    """The inbox, ready to be read; `seconds` is how long a server may be silent."""
    return Remote(inbox, seconds) if isinstance(inbox, Address) else Mounted(inbox)


def check_inbox(inbox: Path | Address) -> None:
    """Refuse, without asking any server, an inbox that cannot be read as things are. Raises UsageFault."""
    if not isinstance(inbox, Address):
        if not inbox.is_dir():
            raise UsageFault(inbox, "the inbox is not there; make the folder, or name another with --inbox")
        return
    kind = KINDS[inbox.scheme]
    try:
        importlib.import_module(kind.module)
    except ImportError:
        extra = f"pip install 'local-indicators[{kind.extra}]'"
        raise UsageFault(WHAT, f"{inbox.scheme}:// needs the package {kind.module}; install it with {extra}") from None
    kind.check(inbox)


# -- a folder that this machine sees ----------------------------------------------------------------------------------


class Mounted:
    """A folder, of a disk or of a mounted share. Each folder on the way to a file is opened from the one before, and
    never through a link, so that whoever can write into the inbox cannot lead the reader out of it."""

    near, whole = True, False

    def __init__(self, root: Path) -> None:
        self.shown = str(root)
        self._root = root.resolve()
        self._device = self._root.stat().st_dev

    def entries(self, folder: Parts) -> list[Entry]:
        with self._within(folder) as file, os.scandir(file) as found:
            return [_entry_of(one.name, one.stat(follow_symlinks=False)) for one in found]

    def follow(self, link: Parts) -> Parts | None:
        with suppress(OSError, ValueError, RuntimeError):
            real = self._root.joinpath(*link).resolve(strict=True)
            parts = real.relative_to(self._root).parts
            return parts if parts[:1] == link[:1] and real.is_file() else None
        return None

    def look(self, file: Parts) -> Entry:
        with self._within(file[:-1]) as folder:
            return _entry_of(file[-1], os.stat(file[-1], dir_fd=folder, follow_symlinks=False))

    @contextmanager
    def opened(self, file: Parts) -> Iterator[Readable]:
        with self._within(file[:-1]) as folder:
            number = os.open(file[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        with os.fdopen(number, "rb", buffering=0) as stream:
            if not stat.S_ISREG(os.fstat(number).st_mode):
                raise OSError(errno.EINVAL, "is no regular file")
            yield stream

    def answers(self) -> bool:
        with suppress(OSError):
            next(self._root.iterdir(), None)
            return self._root.stat().st_dev == self._device  # another device: the share was unmounted from here
        return False

    @contextmanager
    def _within(self, folder: Parts) -> Iterator[int]:
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
        file = os.open(self._root, flags)
        try:
            for name in folder:
                deeper = os.open(name, flags | os.O_NOFOLLOW, dir_fd=file)
                os.close(file)
                file = deeper
            yield file
        finally:
            os.close(file)


def _entry_of(name: str, found: os.stat_result) -> Entry:
    kinds: dict[int, Literal["folder", "file", "link"]] = {
        stat.S_IFDIR: "folder",
        stat.S_IFREG: "file",
        stat.S_IFLNK: "link",
    }
    return Entry(name, kinds.get(stat.S_IFMT(found.st_mode), "odd"), found.st_size, found.st_mtime_ns / 1e9)


# -- a server or store ------------------------------------------------------------------------------------------------


class Remote:
    """A server or store, spoken to through fsspec. Every question is asked in a thread of its own and given up after
    `seconds`, for not every library gives up by itself; nothing more is asked of a server that kept silent."""

    near = False

    def __init__(self, address: Address, seconds: float) -> None:
        self.shown = str(address)
        self._address, self._seconds = address, seconds
        self._kind = KINDS[address.scheme]
        self.whole = self._kind.store
        self._root = self._kind.root(address)
        self._system: Any = None
        self._silent = False

    def entries(self, folder: Parts) -> list[Entry]:
        path = self._path(folder) or "/"
        listed = self._ask(lambda system: (system.invalidate_cache(), system.ls(path, detail=True))[1])
        return [entry for one in listed if (entry := _entry_listed(one, path)) is not None]

    def follow(self, link: Parts) -> Parts | None:  # noqa: ARG002 - nobody here can tell where a server's link leads
        return None

    def look(self, file: Parts) -> Entry:
        path = self._path(file)
        found = self._ask(lambda system: (system.invalidate_cache(), system.info(path))[1])
        return _entry_said(file[-1], found)

    @contextmanager
    def opened(self, file: Parts) -> Iterator[Readable]:
        path = self._path(file)
        stream = self._ask(lambda system: system.open(path, "rb", **self._kind.reading))
        try:
            yield _Asked(lambda size: self._ask(lambda _: stream.read(size)))
        finally:
            with suppress(OSError):
                self._ask(lambda _: stream.close())

    def answers(self) -> bool:
        with suppress(OSError):
            self.entries(())
            return True
        return False

    def _path(self, parts: Parts) -> str:
        return "/".join((self._root, *parts))

    def _ask(self, question: Callable[[Any], Any]) -> Any:
        if self._silent:
            raise OSError(errno.ETIMEDOUT, "it does not answer")

        def connected() -> Any:
            if self._system is None:
                self._system = self._kind.connect(self._address, self._seconds)
            return question(self._system)

        try:
            return within(self._seconds, connected)
        except TimeoutError:
            self._silent = True
            raise OSError(errno.ETIMEDOUT, f"no answer within {self._seconds:g} seconds") from None
        except FileNotFoundError:
            raise FileNotFoundError(errno.ENOENT, "is not there") from None
        except PermissionError as error:
            raise PermissionError(errno.EACCES, self._in_words(error, "access is refused")) from None
        except Exception as error:  # each library has errors of its own
            raise OSError(errno.EIO, self._in_words(error)) from None

    def _in_words(self, error: Exception, otherwise: str = "") -> str:
        """What went wrong, in one short line from which whatever is secret in the URL was taken out."""
        said = str(error) or otherwise or type(error).__name__
        for secret in (self._address.password.get_secret_value(), self._address.user.get_secret_value()):
            for form in {secret, quote(secret, safe="")} - {""}:
                said = said.replace(form, "…")
        return as_typed(said)[:160]


@dataclass(frozen=True)
class _Asked:
    read: Callable[[int], bytes]


def within(seconds: float, call: Callable[[], Any]) -> Any:
    """What a call returns or raises, or TimeoutError after so long. The thread is left behind then; it ends with the
    process at the latest."""
    answer: list[tuple[bool, Any]] = []

    def run() -> None:
        try:
            answer.append((True, call()))
        except BaseException as error:
            answer.append((False, error))

    thread = threading.Thread(target=run, daemon=True, name="inbox")
    thread.start()
    thread.join(seconds)
    if not answer:
        raise TimeoutError
    done, value = answer[0]
    if not done:
        raise value
    return value


def _entry_listed(found: Mapping[str, Any], folder: str) -> Entry | None:
    """An entry of a folder's listing; None for the folder itself, which stores list as an empty object."""
    before, name = folder.strip("/"), str(found["name"]).lstrip("/")
    if name.rstrip("/") == before and found["type"] != "directory":
        return None
    base = name.removeprefix(f"{before}/") if before else name
    if found["type"] == "directory":
        base = base.removesuffix("/")
    if base in ("", ".", "..") or "/" in base:
        return Entry(base, "odd")
    return _entry_said(base, found)


def _entry_said(name: str, found: Mapping[str, Any]) -> Entry:
    kinds: dict[str, Literal["folder", "file", "link"]] = {"directory": "folder", "file": "file", "link": "link"}
    when = next((found[key] for key in ("LastModified", "last_modified", "mtime", "created") if found.get(key)), None)
    modified = when.timestamp() if isinstance(when, datetime) else float(when or 0.0)
    version = found.get("ETag") or found.get("etag")
    return Entry(name, kinds.get(found["type"], "odd"), int(found.get("size") or 0), modified, version)


# -- the kinds --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kind:
    """A kind of server. `module` is the package it needs, which the extra of the same name as `extra` installs;
    `connect` gives fsspec's file system; `store` is true of object stores; `reading` is said when a file is opened."""

    module: str
    extra: str
    connect: Callable[[Address, float], Any]
    options: frozenset[str] = frozenset()
    store: bool = True
    root: Callable[[Address], str] = lambda address: f"{address.host}{address.path}"
    reading: Mapping[str, Any] = field(default_factory=dict)
    check: Callable[[Address], None] = lambda _: None


def _s3(address: Address, seconds: float) -> Any:
    from s3fs import S3FileSystem

    region = address.option("region")
    return S3FileSystem(
        key=address.user.get_secret_value() or None,
        secret=address.password.get_secret_value() or None,
        endpoint_url=address.option("endpoint") or None,
        profile=address.option("profile") or None,
        client_kwargs={"region_name": region} if region else {},
        config_kwargs={"connect_timeout": seconds / 3, "read_timeout": seconds / 3, "retries": {"max_attempts": 2}},
        use_listings_cache=False,
        skip_instance_cache=True,
    )


def _azure(address: Address, seconds: float) -> Any:
    from adlfs import AzureBlobFileSystem

    return AzureBlobFileSystem(
        account_name=address.user.get_secret_value() or address.option("account") or None,
        account_key=address.password.get_secret_value() or None,
        connection_timeout=int(seconds),
        read_timeout=int(seconds),
        use_listings_cache=False,
        skip_instance_cache=True,
    )


def _sftp(address: Address, seconds: float) -> Any:
    from sshfs import SSHFileSystem

    password, key = address.password.get_secret_value(), address.option("key_file")
    signs_in: dict[str, Any] = {}
    if key:
        signs_in = {"client_keys": [key], "passphrase": password or None}
    elif password:
        signs_in = {"password": password, "client_keys": None, "agent_path": None}
    if user := address.user.get_secret_value():
        signs_in["username"] = user
    return SSHFileSystem(
        address.host,
        port=address.port or 22,
        known_hosts=address.option("known_hosts") or (),  # () is the account's own file; None would trust any server
        connect_timeout=seconds,
        login_timeout=seconds,
        keepalive_interval=15,
        sftp_client_kwargs={"path_errors": "surrogateescape"},
        skip_instance_cache=True,
        **signs_in,
    )


def _check_sftp(address: Address) -> None:
    """Name a key or a list of known hosts that is not there, which the library would only call a refusal."""
    for name in ("key_file", "known_hosts"):
        if (path := address.option(name)) and not os.access(path, os.R_OK):
            raise UsageFault(WHAT, f"the file that {name} names cannot be read")


def _sftp_root(address: Address) -> str:
    """An absolute path, or with `/~/` one that begins in the home folder of the account there."""
    if address.path.startswith("/~"):
        return address.path.removeprefix("/~").strip("/") or "."
    return address.path


def _memory(_address: Address, _seconds: float) -> Any:
    from fsspec.implementations.memory import MemoryFileSystem

    return MemoryFileSystem()


_SFTP = Kind(
    "sshfs",
    "sftp",
    _sftp,
    options=frozenset({"key_file", "known_hosts"}),
    store=False,
    root=_sftp_root,
    check=_check_sftp,
)
_BLOCKS = {"block_size": 4 * BLOCK}
KINDS: Mapping[str, Kind] = {
    "s3": Kind("s3fs", "s3", _s3, options=frozenset({"endpoint", "region", "profile"}), reading=_BLOCKS),
    "az": Kind("adlfs", "azure", _azure, options=frozenset({"account"}), reading=_BLOCKS),
    "sftp": _SFTP,
    "memory": Kind("fsspec", "", _memory, store=False, root=lambda address: f"/{address.host}{address.path}"),
}
"""By the scheme of a URL. `memory` lasts as long as the process and is for trying things out."""
SHAPE = "it must be a path, or a URL such as sftp://user:password@host/path, s3://bucket/path or az://container/path"
