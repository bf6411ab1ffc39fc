"""What only a person decides: publish what the gate refused, or go back to an earlier version. Both are recorded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flows.archive import Archive
from flows.ledger import read_ledger, sole_writer
from flows.publishing import catch_up, keep_past, publish_limits
from flows.settings import Settings, now
from schemas.definitions import load_definitions
from schemas.faults import UsageFault
from warehouse import exports, store
from warehouse.publish import NotApproved, approve, roll_back


def approve_run(given: Settings, run: str, by: str) -> str:
    """Publish a refused run's candidate, and say so. Raises NotApproved with the reason, and a Fault of ours."""
    limits = publish_limits(given)
    version = _decided(
        given, "approved", {"run": run}, by, lambda con, at: approve(con, given.warehouse, run, at, limits)
    )
    return f"Published run {run} as data version {version}, approved by {by}."


def release(given: Settings, submission: str, by: str) -> str:
    """Let a return that was set aside through the gate, from the next night on, and say so. Raises NotApproved where
    nothing of the submission is set aside."""
    with sole_writer(given.archive):
        ledger = read_ledger(given.archive)
        mine = [one for one in ledger.set_aside.values() if one.submission == submission]
        if not mine:
            raise NotApproved(f"Nothing of {submission} is set aside.")
        for one in mine:
            ledger.record_release(one.outcome, by, now())
    return f"{submission} is let through the gate, approved by {by}. The next night publishes it."


def roll_back_to(given: Settings, version: int, by: str) -> str:
    """Publish a kept version again, and say so. Raises NotApproved with the reason, and a Fault of ours."""
    limits = publish_limits(given)
    number = _decided(
        given,
        "rolled-back",
        {"to": version},
        by,
        lambda con, at: roll_back(con, given.warehouse, version, by, at, limits),
    )
    return (
        f"Published version {version} again as data version {number}, decided by {by}. "
        "Nights go on loading, and publish nothing until a run is approved."
    )


def _decided(
    given: Settings, what: str, about: dict[str, Any], by: str, publish: Callable[[store.Connection, datetime], int]
) -> int:
    """Do what a person decided, on record before and after; the data_version that it published."""
    if not given.store.exists():
        raise UsageFault(given.store, "is not there yet; run `indicators nightly` first")
    with sole_writer(given.archive), store.opened(given.store) as con:
        archive, ledger = Archive(given.archive), read_ledger(given.archive)
        definitions = load_definitions(given.definitions)
        archive.prepare()
        catch_up(con, given, definitions, archive, ledger, now())
        at = store.after_all(con, now())
        ledger.record_asked(what, about, by, at)
        version = publish(con, at)
        ledger.record_decision(what, {**about, "data_version": version}, by, at)
        if version in ledger.taken_over:  # the ledger cannot tell what that version was made from
            keep_past(con, archive, ledger, at)
        exports.follow(given.warehouse, definitions)
    return version
