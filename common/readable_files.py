"""A file that is open for reading, wherever it lies."""

from __future__ import annotations

from typing import Protocol

BLOCK = 1 << 20
"""Bytes read at a time."""


class Readable(Protocol):
    """A file that is open for reading."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, b"" at the end of the file. Raises OSError."""
        ...
