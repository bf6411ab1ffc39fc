"""Adding lines to a file so that they are on disk whole, or not there at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path


def append_lines(path: Path, lines: Sequence[bytes]) -> None:
    """Add lines to a file that only its owner may read, and cut off what a crash left of one. Raises OSError; the file
    then ends with its last whole line."""
    content = b"".join(line + b"\n" for line in lines)
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        end = os.lseek(file, 0, os.SEEK_END)
        whole = _whole_lines(file, end)
        if whole < end:
            os.ftruncate(file, whole)
        os.lseek(file, whole, os.SEEK_SET)
        try:
            written = os.write(file, content)
            if written < len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(file)
        except OSError:
            os.ftruncate(file, whole)
            raise
    finally:
        os.close(file)


def _whole_lines(file: int, end: int) -> int:
    """Where the last whole line ends; what a crash left after it is cut off."""
    at = end
    while at > 0:
        begin = max(at - 65_536, 0)
        cut = os.pread(file, at - begin, begin).rfind(b"\n")
        if cut >= 0:
            return begin + cut + 1
        at = begin
    return 0
