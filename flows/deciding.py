"""What only a person decides: publish what the gate refused, or go back to an earlier version. Both are recorded."""

from __future__ import annotations

from flows.ledger import read_ledger, sole_writer
from flows.night import publish_limits
from flows.settings import Settings, now
from schemas.definitions import load_definitions
from schemas.faults import UsageFault
from warehouse import exports, store
from warehouse.publish import approve, roll_back


def approve_run(given: Settings, run: str, by: str) -> str:
    """Publish a refused run's candidate, and say so. Raises NotApproved with the reason, and a Fault of ours."""
    _there(given)
    with sole_writer(given.archive), store.opened(given.store) as con:
        at = store.after_all(con, now())
        version = approve(con, given.warehouse, run, at, publish_limits(given))
        exports.follow(given.warehouse, load_definitions(given.definitions))
        read_ledger(given.archive).record_decision("approved", {"run": run, "data_version": version}, by, at)
    return f"Published run {run} as data version {version}, approved by {by}."


def roll_back_to(given: Settings, version: int, by: str) -> str:
    """Publish a kept version again, and say so. Raises NotApproved with the reason, and a Fault of ours."""
    _there(given)
    with sole_writer(given.archive), store.opened(given.store) as con:
        at = store.after_all(con, now())
        number = roll_back(con, given.warehouse, version, by, at, publish_limits(given))
        exports.follow(given.warehouse, load_definitions(given.definitions))
        said = {"to": version, "data_version": number}
        read_ledger(given.archive).record_decision("rolled-back", said, by, at)
    return (
        f"Published version {version} again as data version {number}, decided by {by}. "
        "Nights go on loading, and publish nothing until a run is approved."
    )


def _there(given: Settings) -> None:
    if not given.store.exists():
        raise UsageFault(given.store, "is not there yet; run `indicators nightly` first")
