"""Reading files of the inbox into holding, whole and unchanged."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from common.progress import report_progress
from common.readable_files import BLOCK, Readable
from flows.inboxes import Share
from flows.intake.inbox_files import SETTLED_SECONDS, InboxFile, LandedFile, shown_name, with_meta_file
from flows.intake.listing_memory import ListingMemory
from flows.run_context import RunContext
from schemas.submissions import Submission


def is_unchanged(night: RunContext, share: Share, memory: ListingMemory, one: InboxFile) -> bool:
    """Whether a file need not be read to know that its bytes are those that last came by its path."""
    before = night.ledger.newest_at(one.path)
    days = night.settings.reread_days
    return before is not None and not share.near and memory.knows(one, before, timedelta(days=days))


def land_files(night: RunContext, share: Share, changed: Sequence[InboxFile]) -> Iterator[LandedFile]:
    """Read files, in order. What moves while it is read, or cannot be read, is noted and left."""
    _let_settle(share, changed)
    for number, one in enumerate(changed):
        try:
            taken = _read(night, share, one)
        except OSError as error:
            if not share.answers():
                left = changed[number:]
                night.unread_partners.update(found.partner for found in left)
                night.notes.append(
                    f"The inbox {share.shown} stopped answering ({error.strerror}): {number} of {len(changed)} files "
                    f"were read, the other {len(left)} are left for the next night."
                )
                return
            night.unread_partners.add(one.partner)
            why = error.strerror or type(error).__name__
            night.notes.append(f"{shown_name(one.path)} could not be read ({why}) and is left for the next night.")
            continue
        if taken is None:
            night.unread_partners.add(one.partner)
            night.notes.append(f"{shown_name(one.path)} is still being written and is left for the next night.")
        else:
            yield taken
        report_progress("Collecting what has arrived", number + 1, len(changed))


def _let_settle(share: Share, changed: Sequence[InboxFile]) -> None:
    """Wait, once for all, so that a file that is being written shows it. The clock of a server need not be ours."""
    youngest = max((found.entry.modified for one in changed for found in with_meta_file(one)), default=0.0)
    if not share.whole and changed and (not share.near or time.time() - youngest < SETTLED_SECONDS):
        time.sleep(SETTLED_SECONDS)


def _read(night: RunContext, share: Share, one: InboxFile) -> LandedFile | None:
    """Read a file and its meta file into holding; None if either moved meanwhile. A file that is near is held only if
    its bytes are not those that last came."""
    if share.near and (known := _digest_unchanged_file(night, share, one)) is not None:
        return known
    digests = []
    for found in with_meta_file(one):
        with share.opened(found.parts) as stream:
            digest, size = night.archive.land(stream, _max_bytes(night))
        if not _is_stable(share, found, size, _max_bytes(night)):
            return None
        digests.append(digest)
    meta = digests[1] if one.meta is not None else None
    before = night.ledger.newest_at(one.path)
    taken = LandedFile(one, digests[0], one.entry.size, meta)
    return replace(taken, changed=before is None or not same_bytes(taken, before))


def _digest_unchanged_file(night: RunContext, share: Share, one: InboxFile) -> LandedFile | None:
    """A file whose bytes are those that last came by its path, without keeping a copy; None if they are not."""
    before = night.ledger.newest_at(one.path)
    if before is None:
        return None
    digests = []
    for found in with_meta_file(one):
        with share.opened(found.parts) as stream:
            digests.append(_digest(stream, _max_bytes(night)))
    taken = LandedFile(one, digests[0], one.entry.size, digests[1] if one.meta else None, changed=False)
    return taken if same_bytes(taken, before) else None


def _digest(stream: Readable, most: int) -> str:
    digest, size = hashlib.sha256(), 0
    while size < most and (block := stream.read(min(BLOCK, most - size))):
        digest.update(block)
        size += len(block)
    return digest.hexdigest()


def _max_bytes(night: RunContext) -> int:
    """As much of a file as is read: one byte more than it may have, so that the reader sees that it is too many."""
    return night.settings.limits.file_bytes + 1


def _is_stable(share: Share, found: InboxFile, size: int, most: int) -> bool:
    return size == min(found.entry.size, most) and found.entry.same_content(share.look(found.parts))


def same_bytes(taken: LandedFile, before: Submission) -> bool:
    return (taken.digest, taken.size, taken.meta) == (before.digest, before.size, before.meta)
