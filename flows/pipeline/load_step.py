"""The step that loads accepted outcomes into the store."""

from __future__ import annotations

from datetime import datetime, timedelta

from local_indicators.common.progress import report_progress
from local_indicators.flows.run_context import RunContext
from local_indicators.flows.settings import now
from local_indicators.schemas.file_precedence import in_loading_order
from local_indicators.warehouse.store import connection, loading, private_store

CLOCK_TOLERANCE = timedelta(seconds=5)
"""A clock that is set by the network may go back this far without a note."""


def load(context: RunContext) -> int:
    """Load every accepted outcome that the store lacks; return how many there were. They are loaded in the order of the
    ledger, but of several files for one return the one that is to count is loaded last (schemas.file_precedence)."""
    count, ledger = 0, context.ledger
    with private_store.open_store(context.settings.store) as con:
        loaded = loading.loaded_outcome_ids(con)
        waiting = [o for o in ledger.recorded_outcomes if o.table is not None and o.id not in loaded]
        waiting = in_loading_order(waiting, ledger.submissions, ledger.loaded_at)
        if new := [outcome.id for outcome in waiting if outcome.id not in ledger.loaded_at]:
            ledger.record_loading(new, load_instant(context, con))
        for outcome in waiting:
            frame = context.archive.read_table(outcome.table or "")
            loading.load(con, ledger.submissions[outcome.submission], outcome, frame, ledger.loaded_at[outcome.id])
            count += 1
            report_progress("Loading the store", count, len(waiting))
    return count


def load_instant(context: RunContext, con: connection.Connection) -> datetime:
    """Return the current time (UTC), or just after the newest time in the store if the clock went back, which is
    noted."""
    clock = now()
    at = loading.next_instant(con, clock)
    if at - clock > CLOCK_TOLERANCE and not any(note.startswith("The clock") for note in context.notes):
        context.notes.append(
            f"The clock of this machine says {clock:%Y-%m-%d %H:%M:%S} UTC, which is before what an earlier night "
            f"recorded ({at:%Y-%m-%d %H:%M:%S}). Put it right; what this night records counts as just after that."
        )
    return at
