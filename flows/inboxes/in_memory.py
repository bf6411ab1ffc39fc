"""Inboxes in the memory of this process, for trying things out; they last as long as the process."""

from __future__ import annotations

from typing import Any

from local_indicators.flows.inboxes.inbox_address import Address
from local_indicators.flows.inboxes.server_kind import ServerKind


def connect(_address: Address, _seconds: float) -> Any:
    """Return fsspec's file system in memory."""
    from fsspec.implementations.memory import MemoryFileSystem

    return MemoryFileSystem()


def root(address: Address) -> str:
    """Return the inbox's path in memory."""
    return f"/{address.host}{address.path}"


IN_MEMORY = ServerKind(module="fsspec", extra="", connect=connect, store=False, root=root)
