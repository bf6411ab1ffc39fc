"""Read files of the inbox into the landing folder, whole and unchanged."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from local_indicators.common.progress import report_progress
from local_indicators.common.readable_files import BLOCK, Readable
from local_indicators.flows.inboxes import Share
from local_indicators.flows.intake.inbox_files import SETTLED_SECONDS, InboxFile, LandedFile, shown_name, with_meta_file
from local_indicators.flows.intake.listing_memory import ListingMemory
from local_indicators.flows.run_context import RunContext
from local_indicators.schemas.submissions import Submission


def is_unchanged(context: RunContext, share: Share, memory: ListingMemory, file: InboxFile) -> bool:
    """Return whether a file need not be read to know that its bytes are those that last came at its path."""
    before = context.ledger.newest_at(file.path)
    days = context.settings.reread_days
    return before is not None and not share.near and memory.knows(file, before, timedelta(days=days))


def land_files(context: RunContext, share: Share, changed: Sequence[InboxFile]) -> Iterator[LandedFile]:
    """Read files in order, and yield them. A file that changes while it is read, or cannot be read, is noted and
    left."""
    _let_settle(share, changed)
    for number, file in enumerate(changed):
        try:
            landed = _read(context, share, file)
        except OSError as error:
            if not share.answers():
                left = changed[number:]
                context.unread_partners.update(left_file.partner for left_file in left)
                context.notes.append(
                    f"The inbox {share.shown} stopped answering ({error.strerror}): {number} of {len(changed)} files "
                    f"were read, the other {len(left)} are left for the next night."
                )
                return
            context.unread_partners.add(file.partner)
            why = error.strerror or type(error).__name__
            context.notes.append(f"{shown_name(file.path)} could not be read ({why}) and is left for the next night.")
            continue
        if landed is None:
            context.unread_partners.add(file.partner)
            context.notes.append(f"{shown_name(file.path)} is still being written and is left for the next night.")
        else:
            yield landed
        report_progress("Collecting what has arrived", number + 1, len(changed))


def _let_settle(share: Share, changed: Sequence[InboxFile]) -> None:
    """Wait, once for all files, so that one that is being written shows it. A server's clock need not be ours."""
    youngest = max((part.entry.modified for file in changed for part in with_meta_file(file)), default=0.0)
    if not share.whole and changed and (not share.near or time.time() - youngest < SETTLED_SECONDS):
        time.sleep(SETTLED_SECONDS)


def _read(context: RunContext, share: Share, file: InboxFile) -> LandedFile | None:
    """Land a file and its meta file; None if either changed meanwhile. A file that is cheap to read is landed only if
    its bytes are not those that last came."""
    if share.near and (known := _digest_unchanged_file(context, share, file)) is not None:
        return known
    digests = []
    for part in with_meta_file(file):
        with share.opened(part.parts) as stream:
            digest, size = context.archive.land(stream, _max_bytes(context))
        if not _is_stable(share, part, size, _max_bytes(context)):
            return None
        digests.append(digest)
    meta = digests[1] if file.meta is not None else None
    before = context.ledger.newest_at(file.path)
    landed = LandedFile(file, digests[0], file.entry.size, meta)
    return replace(landed, changed=before is None or not same_bytes(landed, before))


def _digest_unchanged_file(context: RunContext, share: Share, file: InboxFile) -> LandedFile | None:
    """Return a file whose bytes are those that last came at its path, without landing it; else None."""
    before = context.ledger.newest_at(file.path)
    if before is None:
        return None
    digests = []
    for part in with_meta_file(file):
        with share.opened(part.parts) as stream:
            digests.append(_digest(stream, _max_bytes(context)))
    landed = LandedFile(file, digests[0], file.entry.size, digests[1] if file.meta else None, changed=False)
    return landed if same_bytes(landed, before) else None


def _digest(stream: Readable, most: int) -> str:
    """Return the SHA-256 of a stream in hex, of at most `most` bytes."""
    digest, size = hashlib.sha256(), 0
    while size < most and (block := stream.read(min(BLOCK, most - size))):
        digest.update(block)
        size += len(block)
    return digest.hexdigest()


def _max_bytes(context: RunContext) -> int:
    """Return how much of a file is read: one byte more than it may have, so that the reader sees that it is too
    large."""
    return context.settings.limits.file_bytes + 1


def _is_stable(share: Share, file: InboxFile, size: int, most: int) -> bool:
    """Return whether a file is as it was listed after so many bytes of it were read."""
    return size == min(file.entry.size, most) and file.entry.same_content(share.look(file.parts))


def same_bytes(landed: LandedFile, before: Submission) -> bool:
    """Return whether a file has the bytes of a submission."""
    return (landed.digest, landed.size, landed.meta) == (before.digest, before.size, before.meta)
