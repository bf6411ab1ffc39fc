"""Decisions of a person about publication: publish what the gate refused, or go back to an earlier version. Both are
recorded."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from typing import Any

from local_indicators.common.errors import UsageError
from local_indicators.flows.pipeline.publishing import archive_publication_history, catch_up, publish_limits
from local_indicators.flows.records.archive import Archive
from local_indicators.flows.records.ledger import read_ledger, unread_ledger
from local_indicators.flows.records.ledger_entries import Decision
from local_indicators.flows.records.loss_detection import record_ledger_head, require_no_losses, restore_published_file
from local_indicators.flows.records.short_names import full_run, full_submission
from local_indicators.flows.records.writer_lock import sole_writer
from local_indicators.flows.settings import Settings, now
from local_indicators.schemas.definitions.loader import load_definitions
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.warehouse.publication import exports
from local_indicators.warehouse.publication.publish import NotApproved, approve_candidate, roll_back
from local_indicators.warehouse.store import connection, loading, private_store
from local_indicators.warehouse.store.surviving_records import record_ledger_position


def approve_run(settings: Settings, run: str, by: str) -> str:
    """Publish a refused run's candidate; return a sentence about it. Raises NotApproved with the reason, and
    LocalIndicatorsError."""
    limits, definitions = publish_limits(settings), load_definitions(settings.definitions)
    run = full_run(run, (attempt.run for attempt in read_ledger(settings.archive).attempts))
    version, more = _carry_out(
        settings,
        definitions,
        "approved",
        {"run": run},
        by,
        lambda con, at: approve_candidate(con, settings.warehouse, run, at, limits),
    )
    return f"Published run {run} as data version {version}, approved by {by}. {more}".rstrip()


def release_set_aside(settings: Settings, submission: str, by: str) -> str:
    """Let a return that was set aside through the gate, from the next night on; return a sentence about it. Raises
    NotApproved where nothing of the submission is set aside."""
    with sole_writer(settings.archive):
        ledger = read_ledger(settings.archive)
        require_no_losses(settings, ledger)
        submission = full_submission(submission)
        set_aside = [entry for entry in ledger.set_aside.values() if entry.submission == submission]
        if not set_aside:
            raise NotApproved(f"Nothing of {submission} is set aside.")
        for entry in set_aside:
            ledger.record_release(entry.outcome, by, now())
        record_ledger_head(settings, ledger)
    answer = f"{submission} is let through the gate, approved by {by}. The next night publishes it."
    return f"{answer} {ledger.adoption_notice}".rstrip()


def roll_back_to(settings: Settings, version: int, by: str) -> str:
    """Publish a kept version again; return a sentence about it. Raises NotApproved with the reason, and
    LocalIndicatorsError."""
    limits, definitions = publish_limits(settings), load_definitions(settings.definitions)
    number, more = _carry_out(
        settings,
        definitions,
        "rolled-back",
        {"to": version, "definitions": definitions.digest},
        by,
        lambda con, at: roll_back(con, settings.warehouse, version, by, at, limits, definitions),
    )
    return (
        f"Published version {version} again as data version {number}, decided by {by}. "
        f"Nights go on loading, and publish nothing until a run is approved. {more}"
    ).rstrip()


def _carry_out(
    settings: Settings,
    definitions: Definitions,
    what: Decision,
    about: dict[str, Any],
    by: str,
    publish: Callable[[connection.Connection, datetime], int],
) -> tuple[int, str]:
    """Carry out a decision, recorded before and after; return the data_version that it published, and what else to
    tell."""
    if not settings.store.exists() and not unread_ledger(settings.archive).path.exists():
        raise UsageError(settings.store, "is not there yet; run `indicators nightly` first")
    with ExitStack() as stack:
        stack.enter_context(sole_writer(settings.archive))
        archive, ledger = Archive(settings.archive), read_ledger(settings.archive)
        restore_published_file(require_no_losses(settings, ledger))
        con = stack.enter_context(private_store.open_store(settings.store))
        archive.prepare()
        catch_up(con, settings, definitions, archive, ledger, now())
        at = loading.next_instant(con, now())
        archive.archive_definitions(definitions.digest, definitions.files)
        ledger.record_intention(what, about, by, at)
        version = publish(con, at)
        ledger.record_decision(what, {**about, "data_version": version}, by, at)
        if version in ledger.unreproducible_versions:  # the ledger cannot tell what that version was made from
            archive_publication_history(con, archive, ledger, at)
        exports.update_exports(settings.warehouse, definitions)
        record_ledger_position(con, ledger.chain.head.line, ledger.chain.head.sha256)
    return version, ledger.adoption_notice
