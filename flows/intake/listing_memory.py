"""Remember how files of a server were listed when they were last read, so that unchanged ones are not fetched again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from local_indicators.common.atomic_files import write_whole
from local_indicators.common.errors import StorageError
from local_indicators.flows.inboxes import Mounted, Share
from local_indicators.flows.intake.inbox_files import SETTLED_SECONDS, InboxFile, LandedFile, with_meta_file
from local_indicators.flows.records.archive import Archive
from local_indicators.flows.settings import now
from local_indicators.schemas.submissions import Submission


@dataclass
class ListingMemory:
    """How files of a server were listed when they were last read, so that ten thousand unchanged ones are not fetched
    every night. It only spares reading: where it is lost, damaged or of another inbox, everything is read."""

    path: Path
    inbox: str | None
    files: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, archive: Archive, share: Share) -> ListingMemory:
        """Return the memory of an archive; empty where there is none for this inbox."""
        path = archive.root / "seen.json"
        if isinstance(share, Mounted):
            return cls(path, None)
        try:
            record = orjson.loads(path.read_bytes())
            files = record["files"] if record["inbox"] == share.shown else {}
            return cls(path, share.shown, files if isinstance(files, dict) else {})
        except (OSError, ValueError, KeyError, TypeError):
            return cls(path, share.shown)

    def knows(self, listed: InboxFile, before: Submission, believed: timedelta) -> bool:
        """Return whether a file is surely as it was when a submission was made of it. A version of the store's own is
        sure. Size and time of change are believed for `believed` after the file was last read, and only if it had not
        just been changed then."""
        remembered = self.files.get(listed.path)
        if not isinstance(remembered, dict) or (remembered.get("digest"), remembered.get("meta")) != (
            before.digest,
            before.meta,
        ):
            return False
        if remembered.get("listed") != as_last_listed(listed):
            return False
        if all(file.entry.version for file in with_meta_file(listed)):
            return True
        try:
            read_at = datetime.fromisoformat(remembered["read_at"])
        except (KeyError, TypeError, ValueError):
            return False
        youngest = max(file.entry.modified for file in with_meta_file(listed))
        return youngest + SETTLED_SECONDS < read_at.timestamp() and now() - read_at < believed

    def write(
        self, listed: Sequence[InboxFile], landed_files: Sequence[LandedFile], unread_partners: Collection[str]
    ) -> None:
        """Remember what was read tonight, and drop what is no longer listed. Raises StorageError."""
        if self.inbox is None:
            return
        listed_paths, read_at = {file.path for file in listed}, now().isoformat()
        files = {
            path: remembered
            for path, remembered in self.files.items()
            if path in listed_paths or path.partition("/")[0] in unread_partners
        }
        for landed in landed_files:
            files[landed.file.path] = {
                "digest": landed.digest,
                "meta": landed.meta,
                "listed": as_last_listed(landed.file),
                "read_at": read_at,
            }
        try:
            write_whole(self.path, orjson.dumps({"inbox": self.inbox, "files": files}))
        except OSError as error:
            raise StorageError(self.path, f"cannot be written ({error.strerror})") from None


def as_last_listed(listed: InboxFile) -> list[list[Any]]:
    """Return how a file and its meta file were listed: path, version, size and time of change."""
    return [[file.path, file.entry.version, file.entry.size, file.entry.modified] for file in with_meta_file(listed)]
