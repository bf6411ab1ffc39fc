"""How files of a server were listed when they were last read, so that what did not change is not fetched again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from common.atomic_files import write_whole
from common.errors import StorageError
from flows.inboxes import Mounted, Share
from flows.intake.inbox_files import SETTLED_SECONDS, InboxFile, LandedFile, with_meta_file
from flows.records.archive import Archive
from flows.settings import now
from schemas.submissions import Submission


@dataclass
class ListingMemory:
    """How files of a server were listed when they were last read, so that ten thousand that did not change are not
    fetched every night. It only spares reading: where it is lost, damaged or of another inbox, everything is read."""

    path: Path
    inbox: str | None
    files: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, archive: Archive, share: Share) -> ListingMemory:
        path = archive.root / "seen.json"
        if isinstance(share, Mounted):
            return cls(path, None)
        try:
            held = orjson.loads(path.read_bytes())
            files = held["files"] if held["inbox"] == share.shown else {}
            return cls(path, share.shown, files if isinstance(files, dict) else {})
        except (OSError, ValueError, KeyError, TypeError):
            return cls(path, share.shown)

    def knows(self, one: InboxFile, before: Submission, believed: timedelta) -> bool:
        """Whether a file is surely as it was when a submission was made of it. A mark of the store's own is sure. Size
        and time of change are believed for so long after the file was last read, and only if it had then lain still.
        """
        held = self.files.get(one.path)
        if not isinstance(held, dict) or (held.get("digest"), held.get("meta")) != (before.digest, before.meta):
            return False
        if held.get("listed") != as_last_listed(one):
            return False
        if all(found.entry.version for found in with_meta_file(one)):
            return True
        try:
            read_at = datetime.fromisoformat(held["read_at"])
        except (KeyError, TypeError, ValueError):
            return False
        youngest = max(found.entry.modified for found in with_meta_file(one))
        return youngest + SETTLED_SECONDS < read_at.timestamp() and now() - read_at < believed

    def write(self, listed: Sequence[InboxFile], taken: Sequence[LandedFile], unseen: Collection[str]) -> None:
        """Remember what was read tonight, and forget what is no longer listed. Raises StorageError."""
        if self.inbox is None:
            return
        there, read_at = {one.path for one in listed}, now().isoformat()
        files = {path: held for path, held in self.files.items() if path in there or path.partition("/")[0] in unseen}
        for one in taken:
            files[one.file.path] = {
                "digest": one.digest,
                "meta": one.meta,
                "listed": as_last_listed(one.file),
                "read_at": read_at,
            }
        try:
            write_whole(self.path, orjson.dumps({"inbox": self.inbox, "files": files}))
        except OSError as error:
            raise StorageError(self.path, f"cannot be written ({error.strerror})") from None


def as_last_listed(one: InboxFile) -> list[list[Any]]:
    return [[found.path, found.entry.version, found.entry.size, found.entry.modified] for found in with_meta_file(one)]
