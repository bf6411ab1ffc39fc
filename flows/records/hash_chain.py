"""The hash chain of the ledger: each line carries its number and the hash of the line before it, so that a reader finds
a line that was changed, removed, added or moved.

A ledger of an earlier release has no chain. The first line that this release adds to it adopts what is there: it holds
the number of lines so far and the hash of all their bytes, and the chain goes on from it. A line is hashed as its exact
bytes without the line feed, by SHA-256.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

FIRST_CHAINED_VERSION = 3
"""The first version of the ledger whose lines are chained."""
RESTORE_ADVICE = "restore the ledger from a backup (docs/backup.md)"
_SIZE = hashlib.sha256().digest_size


class BrokenChainError(Exception):
    """A line does not follow from those before it."""


@dataclass(frozen=True)
class ChainHead:
    """The last line of a ledger at some moment: its number, counted from 1 (0 for none), and its hash in hex."""

    line: int
    sha256: str


@dataclass
class Chain:
    """The chain over the lines of a ledger so far."""

    adopted_lines: int | None = None
    """The number of lines before the chain began; None before that."""
    count: int = 0
    _last: str = ""
    _hashes: bytearray = field(default_factory=bytearray)
    _bytes: Any = field(default_factory=hashlib.sha256)

    @property
    def head(self) -> ChainHead:
        """Return the last line."""
        return ChainHead(self.count, self._last)

    def hash_of(self, number: int) -> str:
        """Return the hash of a line in hex; "" for line 0."""
        return self._hashes[_SIZE * (number - 1) : _SIZE * number].hex() if number else ""

    def seal(self, entries: Sequence[dict[str, Any]]) -> list[bytes]:
        """Return the next lines, without their line feeds. They count once they are on disk and have been appended."""
        lines: list[bytes] = []
        for number, entry in enumerate(entries, start=self.count + 1):
            previous = hashlib.sha256(lines[-1]).hexdigest() if lines else self._last
            lines.append(orjson.dumps({**entry, "line": number, "previous": previous}))
        return lines

    def adoption_record(self) -> dict[str, Any]:
        """Return the record of the first line of the chain, which adopts those before it."""
        return {
            "kind": "ledger",
            "version": FIRST_CHAINED_VERSION,
            "adopted": self.count,
            "digest": self._bytes.hexdigest(),
        }

    def append(self, line: bytes, entry: dict[str, Any]) -> None:
        """Append the next line, and remove the chain's own keys from its `entry`. Raises BrokenChainError."""
        number, previous = entry.pop("line", None), entry.pop("previous", None)
        if self.adopted_lines is None and "adopted" in entry:
            if entry["adopted"] != self.count or entry["digest"] != self._bytes.hexdigest():
                raise BrokenChainError
            self.adopted_lines = self.count
        if self.adopted_lines is not None:
            if number != self.count + 1 or previous != self._last:
                raise BrokenChainError
        elif number is not None or previous is not None:
            raise BrokenChainError
        else:
            self._bytes.update(line + b"\n")
        digest = hashlib.sha256(line)
        self.count += 1
        self._last = digest.hexdigest()
        self._hashes += digest.digest()


def describe_breach(lines: Sequence[bytes], at: int) -> tuple[str, str]:
    """Return which line or lines are to blame, and what happened to them, where line number `at` does not follow from
    those before it."""
    records = [_read_record(line) for line in lines]
    hashes = [hashlib.sha256(line).hexdigest() for line in lines]
    record = records[at - 1]
    if "adopted" in record and not any("previous" in earlier for earlier in records[: at - 1]):
        return _describe_adoption_breach(record["adopted"], at)
    if lines[at - 1] in lines[: at - 1]:
        return f"line {at}", f"is line {lines.index(lines[at - 1]) + 1} once more"
    number = record.get("line")
    if not isinstance(number, int):
        return f"line {at}", "was put in or changed by something else than this program"
    if not any("previous" in earlier for earlier in records[: at - 1]):
        return (
            f"line {at}",
            f"has lost what was before it: it was written as line {number}, and the chain begins there",
        )
    if any(later.get("line") == at for later in records[at:]) or number < at:
        return f"line {at}", f"is out of place: it was written as line {number}"
    if number > at:
        return f"line {at}", f"follows a gap: it was written as line {number}, so {number - at} line(s) are missing"
    followed = at < len(records) and records[at].get("previous") == hashes[at - 1]
    return f"line {at - 1 if followed or at == len(records) else at}", "was changed after it was written"


def _describe_adoption_breach(adopted: int, at: int) -> tuple[str, str]:
    """Return the same for the line that begins the chain."""
    if adopted == at - 1:
        return f"lines 1 to {adopted}", "are not what they were when the chain began: one of them was changed"
    return f"line {at}", f"begins the chain after {adopted} line(s), and there are {at - 1} before it"


def _read_record(line: bytes) -> dict[str, Any]:
    """Return the record of a line; {} where it is not one."""
    try:
        record = orjson.loads(line)
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}
