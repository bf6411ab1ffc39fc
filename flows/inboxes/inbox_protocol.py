"""What every kind of inbox can be asked, and the answers. Nothing here knows of partners."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, Protocol

from local_indicators.common.readable_files import Readable

Parts = tuple[str, ...]
"""A path within an inbox: the folders from the inbox down, then the name."""
EntryKind = Literal["folder", "file", "link", "odd"]


@dataclass(frozen=True)
class Entry:
    """One name in a folder.

    `odd` is a name that would lead elsewhere, such as `..`. `size` is in bytes and `modified` in seconds since 1970.
    `version` is the store's own mark of a content (an ETag), which no two contents of a file share; None without one.
    """

    name: str
    kind: EntryKind
    size: int = 0
    modified: float = 0.0
    version: str | None = None

    def same_content(self, other: Entry) -> bool:
        """Whether nothing tells the two contents apart.

        Object stores give the time of change more finely in a listing than for one file, so versions decide where both
        entries have one; else time and size do.
        """
        if self.version and other.version:
            return (self.version, self.size) == (other.version, other.size)
        return (self.modified, self.size) == (other.modified, other.size)


class Share(Protocol):
    """An inbox that is open. All methods but `answers` raise OSError whose `strerror` says why and shows no secret."""

    shown: str
    """The inbox in words that show no secret."""
    near: bool
    """Whether reading a file costs little, so that it is read every night."""
    whole: bool
    """Whether a file is there whole or not at all, so that none is ever seen half-written."""

    def entries(self, folder: Parts) -> list[Entry]:
        """List a folder."""
        ...

    def follow(self, link: Parts) -> Parts | None:
        """Return where a link leads, if that is a regular file within the same folder of the inbox; else None."""
        ...

    def look(self, file: Parts) -> Entry:
        """Return the entry of a file as it is now."""
        ...

    @contextmanager
    def opened(self, file: Parts) -> Iterator[Readable]:
        """Open a file for reading and close it at the end of the context."""
        ...

    def answers(self) -> bool:
        """Whether the inbox as a whole can still be read. Never raises OSError."""
        ...
