"""Our own faults, as exceptions under one root. What is wrong with a partner's data is never one of these: that is a
finding."""

from __future__ import annotations

from pathlib import Path


class LocalIndicatorsError(Exception):
    """Something of ours is wrong; `str()` is one line naming the thing and the reason. The command line exits 4."""

    exit_code = 4

    def __init__(self, thing: str | Path, reason: str, *, key: str = "") -> None:
        self.thing, self.key, self.reason = str(thing), key, reason
        where = f"{self.thing}: {key}" if key else self.thing
        super().__init__(" ".join(f"{where}: {reason}".split()))


class DefinitionError(LocalIndicatorsError):
    """A definition, a layout or a partner's TOML is wrong: file, key and what is allowed."""


class StorageError(LocalIndicatorsError):
    """The warehouse, the archive or the outbox cannot be read or written."""


class ReleaseError(StorageError):
    """A newer release wrote it, and this one does not know its form."""


class BusyError(StorageError):
    """Another run is at work on the archive."""


class InboxError(LocalIndicatorsError):
    """The inbox cannot be reached or read at all; nothing was taken in, and another try may help."""


class ReaderError(LocalIndicatorsError):
    """The process that reads partners' files cannot be started; no file is to blame."""


class UsageError(LocalIndicatorsError):
    """The person at the keyboard asked for something that is not there. The command line exits 2."""

    exit_code = 2
