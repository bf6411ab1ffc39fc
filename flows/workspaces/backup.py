"""`indicators backup`: everything of a workspace in one file, consistent while nights run.

A night holds the archive's lock as long as it writes. A backup waits for it, and holds it while it copies: so ledger,
archive, store and published file are of one moment. The file is a gzipped tar whose last member lists every other with
its digest, and it takes its name only when it is whole.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tarfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson

from local_indicators.common.errors import StorageError, UsageError
from local_indicators.common.progress import report_progress
from local_indicators.flows.records.writer_lock import sole_writer
from local_indicators.flows.settings import Settings
from local_indicators.flows.workspaces.backup_contents import (
    MANIFEST,
    OUTSIDE,
    BackupFile,
    files_to_back_up,
    folders_of,
)

FORM = 1
"""The form of a backup; a later release reads every earlier one."""
_CHUNK = 1 << 20


@dataclass(frozen=True)
class BackupResult:
    """What came of a backup: its file, how many files it holds, and their bytes."""

    path: Path
    files: int
    size: int


def back_up(settings: Settings, file: Path, patience_seconds: float, *, with_secrets: bool = False) -> BackupResult:
    """Write a backup. Waits so long for a night that is at work. Raises UsageError where the file is there already,
    BusyError where the night goes on, StorageError where something cannot be read or written."""
    file = file.expanduser().absolute()
    if file.exists():
        raise UsageError(file, "is there already; name another file")
    if not file.parent.is_dir():
        raise UsageError(file.parent, "is not a folder")
    for name, folder in folders_of(settings).items():
        if file.is_relative_to(folder):
            raise UsageError(file, f"lies in the {name} that is backed up; name a file elsewhere")
    part = file.with_name(f".{file.name}.part")
    try:
        with sole_writer(settings.archive, patience_seconds):
            files = list(files_to_back_up(settings, with_secrets=with_secrets))
            _require_room(files, file.parent)
            digests = _write(part, files, _header(settings, files))
        part.replace(file)
    except OSError as error:
        raise StorageError(error.filename or file, f"the backup failed ({error.strerror})") from None
    finally:
        with suppress(OSError):
            part.unlink()
    return BackupResult(file, len(digests), sum(int(entry["size"]) for entry in digests.values()))


def _require_room(files: Sequence[BackupFile], folder: Path) -> None:
    needed = sum(entry.path.lstat().st_size for entry in files)
    free = shutil.disk_usage(folder).free
    if needed > free:
        reason = f"has {free // 1_000_000} MB free, and up to {needed // 1_000_000} MB are needed"
        raise StorageError(folder, reason)


def _header(settings: Settings, files: Sequence[BackupFile]) -> dict[str, Any]:
    """What a backup says of itself, but for its files: links, empty folders, and what lay outside the workspace."""
    outside = {
        name: str(folder) for name, folder in folders_of(settings).items()
        if not folder.is_relative_to(settings.workspace)
    }  # fmt: skip
    return {
        "form": FORM,
        "release": version("local-indicators"),
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "workspace": str(settings.workspace),
        "warehouse": settings.warehouse.name,
        OUTSIDE: outside,
        "links": {entry.name: entry.link for entry in files if entry.link},
        "folders": [entry.name for entry in files if entry.path.is_dir() and not entry.link],
    }


def _write(part: Path, files: Sequence[BackupFile], header: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    digests: dict[str, dict[str, Any]] = {}
    with (
        os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as whole,
        tarfile.open(fileobj=whole, mode="w:gz", compresslevel=1, format=tarfile.PAX_FORMAT) as tar,
    ):
        plain = [entry for entry in files if entry.path.is_file() and not entry.link]
        for number, entry in enumerate(plain):
            report_progress("Saving files", number, len(plain))
            digests[entry.name] = _add(tar, entry)
        content = orjson.dumps({**header, "files": digests}, option=orjson.OPT_INDENT_2)
        member = tarfile.TarInfo(MANIFEST)
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    with part.open("rb") as written:
        os.fsync(written.fileno())
    return digests


def _add(tar: tarfile.TarFile, entry: BackupFile) -> dict[str, Any]:
    """Add a file, and return its size, digest and rights."""
    with entry.path.open("rb") as file:
        status = os.fstat(file.fileno())
        member = tarfile.TarInfo(entry.name)
        member.size, member.mode, member.mtime = status.st_size, status.st_mode & 0o777, status.st_mtime
        reader = DigestReader(file, status.st_size)
        tar.addfile(member, reader)
    return {"size": member.size, "sha256": reader.digest.hexdigest()}


class DigestReader:
    """Reads so many bytes of a file, and keeps the digest of what was read."""

    def __init__(self, file: Any, size: int) -> None:
        self._file, self._left, self.digest = file, size, hashlib.sha256()

    def read(self, size: int = _CHUNK) -> bytes:
        """Return the next bytes, no more than were announced."""
        content: bytes = self._file.read(min(size, self._left))
        self._left -= len(content)
        self.digest.update(content)
        return content
