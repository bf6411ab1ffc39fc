"""Collect what has arrived: every file of the inbox whose bytes are not those that last came at its path is landed in
the archive and recorded in the ledger.

Only a partner's folder says whose a file is. Files are recorded by the time at which they were last changed, then by
name; schemas.file_precedence decides which of two files for one return counts. What cannot be read tonight is noted,
and left for the next night.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from local_indicators.common.progress import report_progress
from local_indicators.flows.inboxes import check_inbox
from local_indicators.flows.intake.inbox_files import LandedFile, shown_name
from local_indicators.flows.intake.inbox_listing import list_files, note_names_differing_in_capitals, reach_inbox
from local_indicators.flows.intake.known_arrivals import KnownArrivals
from local_indicators.flows.intake.listing_memory import ListingMemory
from local_indicators.flows.intake.reading_files import is_unchanged, land_files
from local_indicators.flows.settings import now
from local_indicators.schemas.submissions import Submission

if TYPE_CHECKING:
    from local_indicators.flows.run_context import RunContext


def collect(context: RunContext) -> list[Submission]:
    """Land and record every file of the inbox whose bytes are not those that last came at its path; return the
    submissions.

    Raises UsageError where the inbox is not there, and InboxError where it cannot be read at all: it may be a share
    that is away for a moment, and nothing has been touched then. Where it stops answering half-way, what was read by
    then is recorded.
    """
    report_progress("Collecting what has arrived")
    check_inbox(context.settings.inbox)
    share, top = reach_inbox(context)
    memory = ListingMemory.read(context.archive, share)
    listed = list_files(context, share, top)
    changed = [file for file in listed if not is_unchanged(context, share, memory, file)]
    landed_files = list(land_files(context, share, changed))
    submissions = _record(context, landed_files)
    note_names_differing_in_capitals(context, listed, {submission.path for submission in submissions})
    waiting = context.ledger.awaiting_validation()
    context.archive.delete_landed_except(
        {digest for submission in waiting for digest in (submission.digest, submission.meta) if digest}
    )
    memory.write(listed, landed_files, context.unread_partners)
    return submissions


def _record(context: RunContext, landed_files: Sequence[LandedFile]) -> list[Submission]:
    """Record landed files as submissions, in order. Bytes at a new path that are already there as the current answer to
    their return were moved, renamed or copied and are no arrival; the ledger records only the path.

    Moved files are settled first, against what the ledger held before tonight: a partner who moves last month's file
    away and puts a new one in its place has sent one file.
    """
    new = [landed for landed in landed_files if landed.changed]
    known = KnownArrivals(context)
    repeated_paths = {landed.file.path for landed in new if _record_if_repeated(context, known, landed)}
    submissions: list[Submission] = []
    for landed in new:
        if landed.file.path in repeated_paths or _record_if_repeated(context, known, landed):
            continue
        sequence = context.ledger.next_sequence() if not submissions else submissions[-1].sequence + 1
        submission = Submission(
            id=f"S{sequence:06d}",
            sequence=sequence,
            partner=landed.file.partner,
            path=landed.file.path,
            digest=landed.digest,
            size=landed.size,
            first_seen=now(),
            night=context.night,
            meta=landed.meta,
            changed=_modified_at(landed.file.entry.modified),
        )
        context.ledger.record_submission(submission)
        known.add(submission)
        submissions.append(submission)
    return submissions


def _modified_at(seconds: float) -> datetime | None:
    """Return a time in seconds since 1970 as an instant (UTC); None where no clock can show it."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _record_if_repeated(context: RunContext, known: KnownArrivals, landed: LandedFile) -> bool:
    """Return whether a file is a submission over again at a new path; it is then recorded as such."""
    twin = known.find_current(landed) if context.ledger.newest_at(landed.file.path) is None else None
    if twin is None:
        return False
    context.ledger.record_repeated_path(landed.file.path, twin.id, now())
    note = f"holds the same bytes as {shown_name(twin.path)} ({twin.id}) and was not taken in again"
    context.notes.append(f"{shown_name(landed.file.path)} {note}.")
    return True
