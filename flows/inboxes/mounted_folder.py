"""An inbox that is a folder of this machine: on a disk or on a mounted share."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from local_indicators.common.readable_files import Readable
from local_indicators.flows.inboxes.inbox_protocol import Entry, EntryKind, Parts

_KINDS: Mapping[int, EntryKind] = {stat.S_IFDIR: "folder", stat.S_IFREG: "file", stat.S_IFLNK: "link"}


class Mounted:
    """A folder of a disk or of a mounted share, as a `Share`.

    Each folder on the way to a file is opened from the one before, and never through a link, so that whoever can write
    into the inbox cannot lead the reader out of it.
    """

    near, whole = True, False

    def __init__(self, root: Path) -> None:
        """Open the folder `root`. Raises OSError if it is not there."""
        self.shown = str(root)
        self._root = root.resolve()
        self._device = self._root.stat().st_dev

    def entries(self, folder: Parts) -> list[Entry]:
        """List a folder. Raises OSError."""
        with self._opened_folder(folder) as descriptor, os.scandir(descriptor) as names:
            return [_entry(name.name, name.stat(follow_symlinks=False)) for name in names]

    def follow(self, link: Parts) -> Parts | None:
        """Return where a link leads, if that is a regular file within the same folder of the inbox; else None."""
        with suppress(OSError, ValueError, RuntimeError):
            target = self._root.joinpath(*link).resolve(strict=True)
            parts = target.relative_to(self._root).parts
            return parts if parts[:1] == link[:1] and target.is_file() else None
        return None

    def look(self, file: Parts) -> Entry:
        """Return the entry of a file as it is now; of a link, that of the link itself. Raises OSError."""
        with self._opened_folder(file[:-1]) as folder:
            return _entry(file[-1], os.stat(file[-1], dir_fd=folder, follow_symlinks=False))

    @contextmanager
    def opened(self, file: Parts) -> Iterator[Readable]:
        """Open a regular file for reading. Raises OSError, also for a link, a pipe or a device."""
        with self._opened_folder(file[:-1]) as folder:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            descriptor = os.open(file[-1], flags, dir_fd=folder)
        with os.fdopen(descriptor, "rb", buffering=0) as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(errno.EINVAL, "is no regular file")
            yield stream

    def answers(self) -> bool:
        """Whether the folder can still be read and is on the device on which it was opened."""
        with suppress(OSError):
            next(self._root.iterdir(), None)
            return self._root.stat().st_dev == self._device  # another device: the share was unmounted from here
        return False

    @contextmanager
    def _opened_folder(self, folder: Parts) -> Iterator[int]:
        """Open a folder step by step; its file descriptor."""
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
        descriptor = os.open(self._root, flags)
        try:
            for name in folder:
                deeper = os.open(name, flags | os.O_NOFOLLOW, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = deeper
            yield descriptor
        finally:
            os.close(descriptor)


def _entry(name: str, status: os.stat_result) -> Entry:
    """Return the entry of a name with its status."""
    kind = _KINDS.get(stat.S_IFMT(status.st_mode), "odd")
    return Entry(name, kind, status.st_size, status.st_mtime_ns / 1e9)
