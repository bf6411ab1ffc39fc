"""Connections to DuckDB that never reach out, and how much memory one may hold."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

Connection = duckdb.DuckDBPyConnection
MOST_MEMORY = 4 << 30
"""What a database may hold in memory. Beyond it, it works in a folder of its own on disk."""


def connect(path: str = ":memory:", *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """A connection that never installs, loads or fetches an extension, and works on disk beyond MOST_MEMORY. Raises
    duckdb.Error."""
    settings = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "memory_limit": f"{memory_limit() >> 20}MiB",
    }
    return duckdb.connect(path, read_only=read_only, config=dict(settings))


def memory_limit() -> int:
    """Bytes that one database may hold in memory: MOST_MEMORY, or two thirds of a smaller machine's memory."""
    try:
        there = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # the system does not say
        return MOST_MEMORY
    return min(MOST_MEMORY, there * 2 // 3)


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Have everything until the block ends take effect together, or nothing of it if the block raises."""
    con.execute("BEGIN")
    try:
        yield
    except BaseException:
        con.execute("ROLLBACK")
        raise
    con.execute("COMMIT")
