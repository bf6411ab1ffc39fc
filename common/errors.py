"""Our own faults, as exceptions under one root. What is wrong with a partner's data is never one of these: that is a
finding."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class LocalIndicatorsError(Exception):
    """Something of ours is wrong; `str()` is one line naming the thing and the reason. The command line exits 4."""

    exit_code = 4

    def __init__(self, thing: str | Path, reason: str, *, key: str = "") -> None:
        self.thing, self.key, self.reason = str(thing), key, reason
        where = f"{self.thing}: {key}" if key else self.thing
        super().__init__(" ".join(f"{where}: {reason}".split()))


class DefinitionError(LocalIndicatorsError):
    """A definition, a layout or a partner's TOML is wrong: file, line or key, and what is allowed."""

    @property
    def problems(self) -> tuple[DefinitionError, ...]:
        """Every single thing that is wrong."""
        return (self,)


class DefinitionErrors(DefinitionError):
    """Several things are wrong in definitions; `str()` has a line for each of the first twenty."""

    MOST = 20

    def __init__(self, problems: Sequence[DefinitionError]) -> None:
        first = problems[0]
        super().__init__(first.thing, first.reason, key=first.key)
        self._problems = tuple(problems)

    @property
    def problems(self) -> tuple[DefinitionError, ...]:
        """Every single thing that is wrong."""
        return self._problems

    def __str__(self) -> str:
        lines = [str(problem) for problem in self._problems[: self.MOST]]
        if len(self._problems) > self.MOST:
            lines.append(f"and {len(self._problems) - self.MOST} more of the kind")
        return "\n".join(lines)


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
