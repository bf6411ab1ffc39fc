"""Publish, with a record in the ledger of what a version is made from before it is made, and of what became of it
after, so that it can be made again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from local_indicators.common.progress import report_progress
from local_indicators.flows.records.archive import Archive
from local_indicators.flows.records.ledger import Ledger
from local_indicators.flows.records.ledger_entries import Attempt
from local_indicators.flows.records.return_register import build_register
from local_indicators.flows.settings import Settings
from local_indicators.inputs.layouts.partner_layouts import Partner
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.set_aside_returns import SetAside
from local_indicators.warehouse.publication.approval_limits import ApprovalLimits
from local_indicators.warehouse.publication.publish import Publication, publish_candidate
from local_indicators.warehouse.publication.publish import record_unrecorded_publication as catch_up_store
from local_indicators.warehouse.publication.upgrades import record_earlier_publications
from local_indicators.warehouse.store import connection, loading, published_versions
from local_indicators.warehouse.store.surviving_records import read_published_version as published_at
from local_indicators.warehouse.store.surviving_records import record_ledger_position

ProgressFunction = Callable[[str, int, int], None]


def current_release() -> str:
    """Return the release of this program."""
    return metadata.version("local-indicators")


def publish_limits(settings: Settings) -> ApprovalLimits:
    """Return how much a night may change before it asks, and how many versions are kept."""
    return ApprovalLimits(settings.change_limit_pct, settings.keep_versions, settings.on_fault == "set-aside")


def build_inputs(
    attempt: Attempt, definitions: Definitions, partners: Mapping[str, Partner], ledger: Ledger
) -> dict[str, Any]:
    """Return what a version is built from besides the store, when an attempt is made at this point of the ledger."""
    return {
        "definitions": definitions,
        "register": build_register(partners, ledger),
        "received": {s.id: (_naive(s.first_seen), s.digest) for s in ledger.submissions.values()},
        "waivers": [
            (grant, grant.id in ledger.lapsed_waivers or grant.waiver.until < attempt.today)
            for grant in ledger.waivers.values()
        ],
        "today": attempt.today,
        "run": attempt.run,
        "published_at": _naive(attempt.at),
        "has_examples": attempt.has_examples,
    }


def publish(
    con: connection.Connection,
    settings: Settings,
    definitions: Definitions,
    partners: Mapping[str, Partner],
    archive: Archive,
    ledger: Ledger,
    *,
    today: date,
    run: str,
    at: datetime,
) -> Publication:
    """Publish what the store holds, or leave the published file as it is, and record both. Raises StorageError."""
    catch_up(con, settings, definitions, archive, ledger, at)
    at = loading.next_instant(con, at)
    attempt = _record_attempt(definitions, partners, archive, ledger, today=today, run=run, at=at)
    inputs = build_inputs(attempt, definitions, partners, ledger) | {"published_at": at}

    def record_set_aside(left_out: Sequence[SetAside]) -> None:
        if left_out or ledger.set_aside:
            ledger.record_set_aside(attempt, left_out)

    published = publish_candidate(
        con,
        settings.warehouse,
        limits=publish_limits(settings),
        branding=settings.branding,
        released=ledger.released_outcomes,
        was_aside=tuple(ledger.set_aside),
        tell=record_set_aside,
        step=_report_progress,
        **inputs,
    )
    ledger.record_publication(attempt, published.state, published.data_version)
    record_ledger_position(con, ledger.chain.head.line, ledger.chain.head.sha256)
    return published


def _record_attempt(
    definitions: Definitions,
    partners: Mapping[str, Partner],
    archive: Archive,
    ledger: Ledger,
    *,
    today: date,
    run: str,
    at: datetime,
) -> Attempt:
    """Archive the definitions and layouts that an attempt to publish uses, and record the attempt."""
    archive.archive_definitions(definitions.digest, definitions.files)
    for partner in partners.values():
        archive.archive_definitions(partner.digest, {f"{partner.id}.toml": partner.toml})
    attempt = Attempt(
        run=run,
        today=today,
        at=at,
        definitions=definitions.digest,
        partners={partner.id: partner.digest for partner in partners.values()},
        has_examples=any(partner.says.example for partner in partners.values()),
        release=current_release(),
    )
    ledger.record_attempt(attempt)
    return attempt


def _report_progress(step: str) -> None:
    """Report a step that has no count."""
    report_progress(f"Publishing: {step}")


# -- what an interrupted night or an older release left unsaid ---------------------------------------------------------


def catch_up(
    con: connection.Connection,
    settings: Settings,
    definitions: Definitions,
    archive: Archive,
    ledger: Ledger,
    at: datetime,
) -> None:
    """Finish what an interrupted night or an earlier release left: have store and ledger know of its publication, and
    archive what only the store knows."""
    record_earlier_publications(con, settings.warehouse, definitions)
    catch_up_store(con, settings.warehouse, publish_limits(settings))
    catch_up_ledger(settings.warehouse, ledger)
    if _has_unrecorded_history(con, ledger):
        archive_publication_history(con, archive, ledger, at)


def catch_up_ledger(warehouse: Path, ledger: Ledger) -> None:
    """Record a publication whose night, or whose decision, was interrupted before it was recorded."""
    live = published_at(warehouse)
    if live is None or live.version in ledger.published_versions:
        return
    version, at, run = live.version, live.at, live.run
    attempt = next((earlier for earlier in reversed(ledger.attempts) if (earlier.run, earlier.at) == (run, at)), None)
    if attempt is not None:
        ledger.record_publication(attempt, "published", version)
    elif at in ledger.announced_decisions:
        asked = ledger.announced_decisions[at]
        ledger.record_decision(asked.what, asked.about | {"data_version": version}, asked.by, at)


def _has_unrecorded_history(con: connection.Connection, ledger: Ledger) -> bool:
    """Return whether the store knows publications that the ledger could not give it again: of a release that did not
    record them, or of one that may have hidden other numbers than this one."""
    known = published_versions.published_versions(con).keys()
    return bool(known - ledger.published_versions.keys()) or (
        bool(known) and bool(ledger.attempts) and ledger.attempts[-1].release != current_release()
    )


def archive_publication_history(con: connection.Connection, archive: Archive, ledger: Ledger, at: datetime) -> None:
    """Archive the store's publication history, from which a rebuild can go on."""
    names = archive.archive_publication_history(
        f"{_naive(at):%Y%m%dT%H%M%S%f}", published_versions.publication_history(con)
    )
    ledger.record_publication_history(names, published_versions.published_versions(con))


def _naive(at: datetime) -> datetime:
    """Return a time in UTC without its time zone."""
    return at.astimezone(UTC).replace(tzinfo=None)
