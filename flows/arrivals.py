"""What has arrived: every file of the inbox whose bytes are not those that last came by its path goes into holding and
the ledger."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from flows.archive import Archive
from flows.progress import say
from flows.settings import now
from schemas.outcomes import Submission

if TYPE_CHECKING:
    from flows.night import Night

META = ".meta.csv"
SETTLED_SECONDS = 1.0
"""A file changed less than this long ago is looked at again after as long, and left for the next night if it moved."""


def collect(night: Night) -> list[Submission]:
    """Take in every file of the inbox whose bytes are not those that last came by its path."""
    say("Collecting what has arrived")
    arrived: list[Submission] = []
    for partner, path in _arrivals(night):
        name = path.relative_to(night.settings.inbox).as_posix()
        try:
            digest, size = _settled_copy(night.archive, path)
        except OSError as error:
            night.notes.append(f"{name} could not be read ({error.strerror}) and is left for the next night.")
            continue
        if digest is None:
            night.notes.append(f"{name} is still being written and is left for the next night.")
            continue
        before, meta = night.ledger.newest_at(name), _meta(night, path)
        if before is not None and (before.digest, before.meta) == (digest, meta):
            if before.id in night.ledger.outcomes:
                night.archive.forget(digest)
                night.archive.forget(meta or digest)
            continue
        sequence = night.ledger.next_sequence()
        one = Submission(f"S{sequence:06d}", sequence, partner, name, digest, size, now(), night.today, meta)
        night.ledger.record_submission(one)
        arrived.append(one)
    return arrived


def _meta(night: Night, path: Path) -> str | None:
    """Hold the meta file that lies beside a csv until it is known to be one; its digest."""
    beside = path.with_name(f"{path.stem}{META}")
    if path.suffix.lower() != ".csv" or not beside.is_file():
        return None
    return night.archive.hold(beside)[0]


def _is_meta(path: Path) -> bool:
    """Whether a file only describes the csv beside it."""
    data = path.with_name(path.name.removesuffix(META) + ".csv")
    return path.name.endswith(META) and data.is_file()


def _arrivals(night: Night) -> list[tuple[str, Path]]:
    """Each partner's regular files in the inbox, in a fixed order; what lies elsewhere is noted."""
    inbox = night.settings.inbox.resolve()
    found: list[tuple[str, Path]] = []
    for folder in sorted(night.settings.inbox.iterdir()):
        if folder.name.startswith("."):
            continue
        if not folder.is_dir() or folder.name not in night.partners:
            night.notes.append(f"{folder.name!r} in the inbox is no partner's folder and was left alone.")
            continue
        for path in sorted(folder.rglob("*")):
            if path.name.startswith((".", "~$")) or not path.is_file() or _is_meta(path):
                continue
            if not path.resolve().is_relative_to(inbox):
                night.notes.append(f"{path.name!r} of {folder.name} points outside the inbox and was left alone.")
                continue
            found.append((folder.name, path))
    return found


def _settled_copy(archive: Archive, path: Path) -> tuple[str | None, int]:
    """Copy a file into holding; no digest if it changed meanwhile."""
    before = path.stat()
    if 0 <= time.time() - before.st_mtime < SETTLED_SECONDS:
        time.sleep(SETTLED_SECONDS)
        before = path.stat()
    digest, size = archive.hold(path)
    after = path.stat()
    same = (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size)
    if not same or size != after.st_size:
        archive.forget(digest)
        return None, size
    return digest, size
