"""What sets one kind of server apart from another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local_indicators.flows.inboxes.inbox_address import Address


def _bucket_and_path(address: Address) -> str:
    """Return the bucket, then the path."""
    return f"{address.host}{address.path}"


def _accept(_: Address) -> None:
    """Accept every address."""
    return


@dataclass(frozen=True)
class ServerKind:
    """A kind of server or object store.

    `module` is the Python package that it needs, and `extra` the extra of this distribution that installs it.
    `connect(address, seconds)` gives fsspec's file system; `seconds` is how long the server may be silent. `options`
    are the URL's options. `store` is true of object stores, where a file is there whole or not at all. `root` gives the
    path of the inbox within the file system. `reading` are arguments for opening a file. `check` raises UsageError for
    an address that cannot work as things are, without asking the server.
    """

    module: str
    extra: str
    connect: Callable[[Address, float], Any]
    options: frozenset[str] = frozenset()
    store: bool = True
    root: Callable[[Address], str] = _bucket_and_path
    reading: Mapping[str, Any] = field(default_factory=dict)
    check: Callable[[Address], None] = _accept
