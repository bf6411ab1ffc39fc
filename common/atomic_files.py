"""Files and folders that are on disk whole or not at all, whenever a process or the power ends."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, so that it is there whole or not at all, even after a loss of power.

    Raises OSError; whatever was at the path is then untouched.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(content)
        part.chmod(stat.S_IRUSR | stat.S_IWUSR)
        put_in_place(part, path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def put_in_place(made: Path, path: Path) -> None:
    """Rename a finished file to its final name in the same file system, once its bytes are on disk. Raises OSError."""
    with made.open("rb") as file:
        os.fsync(file.fileno())
    made.replace(path)
    sync_folder(path.parent)


def put_folder_in_place(made: Path, folder: Path) -> None:
    """Rename a finished folder to a name that nothing has, once every file in it is on disk. Raises OSError."""
    for path in filter(Path.is_file, made.rglob("*")):
        with path.open("rb") as file:
            os.fsync(file.fileno())
    made.rename(folder)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Have a folder's names on disk, so that a rename outlives a loss of power. Raises OSError."""
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


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
