"""What has arrived: every file of the inbox whose bytes are not those that last came by its path goes into holding and
the ledger.

A partner's folder alone says whose a file is. Files are taken in by the time at which they were last changed, then by
name; which of two files for one return counts is for schemas.file_precedence to say. What cannot be taken in
tonight is noted, and left for the next night.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from common.progress import report_progress
from flows.inboxes import check_inbox
from flows.intake.inbox_files import LandedFile, shown_name
from flows.intake.inbox_listing import list_files, note_names_differing_in_capitals, reach_inbox
from flows.intake.known_arrivals import KnownArrivals
from flows.intake.listing_memory import ListingMemory
from flows.intake.reading_files import is_unchanged, land_files
from flows.settings import now
from schemas.submissions import Submission

if TYPE_CHECKING:
    from flows.run_context import RunContext


def collect(night: RunContext) -> list[Submission]:
    """Take in every file of the inbox whose bytes are not those that last came by its path.

    Raises UsageError where the inbox is not there, and InboxError where it cannot be read at all: it may be a share
    that is away for a moment, and nothing has been touched then. Where it stops answering half-way, what was read by
    then is taken in.
    """
    report_progress("Collecting what has arrived")
    check_inbox(night.settings.inbox)
    share, top = reach_inbox(night)
    memory = ListingMemory.read(night.archive, share)
    listed = list_files(night, share, top)
    changed = [one for one in listed if not is_unchanged(night, share, memory, one)]
    taken = list(land_files(night, share, changed))
    arrived = _record(night, taken)
    note_names_differing_in_capitals(night, listed, {one.path for one in arrived})
    waiting = night.ledger.awaiting_validation()
    night.archive.delete_landed_except({digest for one in waiting for digest in (one.digest, one.meta) if digest})
    memory.write(listed, taken, night.unread_partners)
    return arrived


def _record(night: RunContext, taken: Sequence[LandedFile]) -> list[Submission]:
    """Record what arrived, in order. Bytes at a new path that are already there as the last word on their return were
    moved, renamed or copied and are no arrival: of those the ledger keeps the path.

    What was moved is settled first, against what the ledger held before tonight: a partner who moves last month's file
    away and puts a new one in its place has sent one file.
    """
    new = [one for one in taken if one.changed]
    known = KnownArrivals(night)
    moved = {one.file.path for one in new if _record_if_repeated(night, known, one)}
    arrived: list[Submission] = []
    for one in new:
        if one.file.path in moved or _record_if_repeated(night, known, one):
            continue
        sequence = night.ledger.next_sequence() if not arrived else arrived[-1].sequence + 1
        submission = Submission(
            id=f"S{sequence:06d}",
            sequence=sequence,
            partner=one.file.partner,
            path=one.file.path,
            digest=one.digest,
            size=one.size,
            first_seen=now(),
            night=night.night,
            meta=one.meta,
            changed=_modified_at(one.file.entry.modified),
        )
        night.ledger.record_submission(submission)
        known.add(submission)
        arrived.append(submission)
    return arrived


def _modified_at(seconds: float) -> datetime | None:
    """An instant as an inbox lists it; None where it is none that a clock can show."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _record_if_repeated(night: RunContext, known: KnownArrivals, one: LandedFile) -> bool:
    """Whether a file is a submission over again under a new path; it is then recorded as such."""
    twin = known.find_current(one) if night.ledger.newest_at(one.file.path) is None else None
    if twin is None:
        return False
    night.ledger.record_repeated_path(one.file.path, twin.id, now())
    says = f"holds the same bytes as {shown_name(twin.path)} ({twin.id}) and was not taken in again"
    night.notes.append(f"{shown_name(one.file.path)} {says}.")
    return True


# -- what is remembered of a server -----------------------------------------------------------------------------------
