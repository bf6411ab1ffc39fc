"""Detect what has been lost, by comparing ledger, store and published file before anything is written.

The others can be made again from the ledger. So where a file lacks what the ledger knows, the file is made again; where
a file knows what the ledger lacks, the ledger has lost its end, and nothing may go on from there. What contradicts the
other two belongs to another archive.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from local_indicators.common.errors import ReleaseError, StorageError
from local_indicators.flows.records.hash_chain import RESTORE_ADVICE
from local_indicators.flows.records.ledger import Ledger
from local_indicators.flows.settings import Settings
from local_indicators.warehouse.publication.publish import CANDIDATE, rename_over
from local_indicators.warehouse.publication.version_archive import VersionArchive
from local_indicators.warehouse.store import private_store
from local_indicators.warehouse.store.surviving_records import (
    PublishedVersion,
    StoreRecords,
    read_published_version,
    read_store_records,
    record_ledger_position,
)

Part = Literal["ledger", "store", "published file", "kept versions"]
REBUILD, REPLACE = "run `indicators rebuild`", "run `indicators rebuild --replace`"
BACKUP = "or restore it from a backup"
SAME_WORKSPACE = "see that INDICATORS_ARCHIVE and INDICATORS_WAREHOUSE belong together"


@dataclass(frozen=True)
class Loss:
    """A part of what nights leave that is lost: the file, what is missing of it, and what to do about it.
    `blocks_writing`: nothing may be written until it is mended."""

    part: Part
    path: Path
    reason: str
    remedy: str
    blocks_writing: bool = True


@dataclass(frozen=True)
class Evidence:
    """What each part knows. A file that is not there knows nothing; `unreadable` says why one that is there cannot be
    read."""

    settings: Settings
    ledger: Ledger
    store: StoreRecords | None
    published_file: PublishedVersion | None
    unreadable: dict[Part, str]

    @property
    def must_know_publications(self) -> bool:
        """Return whether the ledger must know every publication: releases that did not record them recorded outcomes
        only."""
        return bool(self.ledger.attempts or self.ledger.unreproducible_versions or not self.ledger.recorded_outcomes)

    def is_unknown_version(self, version: int, at: datetime) -> bool:
        """Return whether the ledger does not know a version, and no night or person was about to publish it."""
        about_to = at in self.ledger.announced_decisions or any(attempt.at == at for attempt in self.ledger.attempts)
        return self.must_know_publications and version not in self.ledger.published_versions and not about_to

    @property
    def store_contradicts(self) -> bool:
        """Return whether the store disagrees with the ledger about a version or a submission."""
        if self.store is None:
            return False
        known, sent = self.ledger.published_versions, self.ledger.submissions
        return any(known.get(number, at) != at for number, at in self.store.versions.items()) or any(
            name in sent and sent[name].digest != digest for name, digest in self.store.submissions.items()
        )

    @property
    def file_contradicts(self) -> bool:
        """Return whether the published file disagrees with the ledger about its version."""
        published = self.published_file
        return (
            published is not None
            and self.ledger.published_versions.get(published.version, published.at) != published.at
        )

    @property
    def ledger_contradicts(self) -> bool:
        """Return whether the ledger is of another archive, because store and published file belong together."""
        published, store = self.published_file, self.store
        if published is None or self.ledger.published_versions.get(published.version) == published.at:
            return False
        if store is None:
            return self.file_contradicts
        return self.store_contradicts and store.versions.get(published.version) == published.at


def gather_evidence(settings: Settings, ledger: Ledger, store_at: Path | None = None) -> Evidence:
    """Return what each part knows; `store_at` is a copy of the store to read instead. Raises ReleaseError."""
    store_records, published_version, unreadable = None, None, dict[Part, str]()
    try:
        store_records = read_store_records(store_at or settings.store)
    except ReleaseError:
        raise
    except StorageError as fault:
        unreadable["store"] = fault.reason
    try:
        published_version = read_published_version(settings.warehouse)
    except StorageError as fault:
        unreadable["published file"] = fault.reason
    return Evidence(settings, ledger, store_records, published_version, unreadable)


def find_losses(evidence: Evidence) -> tuple[Loss, ...]:
    """Return what is lost, the ledger first, because everything else is mended from it."""
    return (
        *_ledger_losses(evidence),
        *_store_losses(evidence),
        *_published_file_losses(evidence),
        *_kept_version_losses(evidence),
    )


def require_no_losses(settings: Settings, ledger: Ledger) -> Evidence:
    """Raise StorageError, before anything is written, where something is lost that a run would lose for good; else
    return what each part knows."""
    evidence = gather_evidence(settings, ledger)
    for loss in find_losses(evidence):
        if loss.blocks_writing:
            raise StorageError(loss.path, f"{loss.reason}; {loss.remedy}")
    return evidence


def require_whole_ledger(settings: Settings, ledger: Ledger) -> None:
    """Raise StorageError where store or published file know what the ledger lacks."""
    for loss in _ledger_losses(gather_evidence(settings, ledger)):
        raise StorageError(loss.path, f"{loss.reason}; {loss.remedy}")


def record_ledger_head(settings: Settings, ledger: Ledger) -> None:
    """Record the last line of the ledger in the store, so that its loss is noticed."""
    if settings.store.exists():
        with private_store.open_store(settings.store) as con:
            record_ledger_position(con, ledger.chain.head.line, ledger.chain.head.sha256)


# -- each part against the others -------------------------------------------------------------------------------------


def _ledger_losses(evidence: Evidence) -> Iterator[Loss]:
    """Yield what the ledger has lost."""
    path, ledger = evidence.ledger.path, evidence.ledger
    if evidence.ledger_contradicts:
        yield Loss("ledger", path, "store and published file are of another archive", f"{SAME_WORKSPACE}, {BACKUP}")
        return
    if evidence.store_contradicts:
        return  # the store is of another archive
    reasons = list[str]()
    if evidence.store is not None:
        last_seen, count = evidence.store.seen, ledger.chain.count
        if last_seen is not None and last_seen[0] > count:
            reasons.append(f"it ends at line {count}, and the store has seen line {last_seen[0]}")
        elif last_seen is not None and ledger.chain.hash_of(last_seen[0]) != last_seen[1]:
            reasons.append(f"line {last_seen[0]} is not the one that the store has seen")
        known = {outcome.id for outcome in ledger.recorded_outcomes}
        if unknown := [name for name in evidence.store.loads if name not in known]:
            reasons.append(f"the store holds {len(unknown)} load(s) that it does not know, such as {unknown[-1]}")
        if new := [n for n, at in evidence.store.versions.items() if evidence.is_unknown_version(n, at)]:
            reasons.append(f"the store knows of version {max(new)}, and the ledger does not")
    elif evidence.published_file is not None and evidence.is_unknown_version(
        evidence.published_file.version, evidence.published_file.at
    ):
        reasons.append(
            f"the published file is of version {evidence.published_file.version}, and the ledger does not know of it"
        )
    if reasons:
        yield Loss("ledger", path, reasons[0], RESTORE_ADVICE)


def _store_losses(evidence: Evidence) -> Iterator[Loss]:
    """Yield what the store has lost."""
    path, ledger = evidence.settings.store, evidence.ledger
    if reason := evidence.unreadable.get("store"):
        yield Loss(
            "store",
            path,
            reason,
            private_store.MEND if reason == "is empty" else f"if it is damaged, {private_store.MEND}",
        )
    elif evidence.store is None:
        if ledger.published_versions or ledger.loaded_at or evidence.published_file is not None:
            yield Loss("store", path, _what_store_lacks(evidence, 0), f"{REBUILD}, {BACKUP}")
    elif evidence.store_contradicts:
        if evidence.ledger_contradicts:
            return
        yield Loss("store", path, "is of another archive", f"{SAME_WORKSPACE}; if they do, {REPLACE}, {BACKUP}")
    else:
        live = (
            evidence.published_file.version
            if evidence.published_file is not None and not evidence.file_contradicts
            else 0
        )
        missing_versions = ledger.published_versions.keys() - evidence.store.versions.keys() - {live}
        loads = set(list(ledger.loaded_at)[: ledger.settled_loads]) - set(evidence.store.loads)
        if missing_versions:
            yield Loss("store", path, _what_store_lacks(evidence, evidence.store.last_version), f"{REPLACE}, {BACKUP}")
        elif loads:
            reason = f"the ledger knows of {len(loads)} load(s) that are not in it, such as {min(loads)}"
            yield Loss("store", path, reason, f"{REPLACE}, {BACKUP}")


def _what_store_lacks(evidence: Evidence, version: int) -> str:
    """Return in words what the ledger knows and the store, which ends at a version, does not."""
    last = evidence.ledger.last_version
    if last > version:
        return f"the ledger knows of version {last}, and here it ends at {version}"
    if version:
        return "the ledger knows of versions that are not in it"
    return "is not there, and the ledger knows what was in it"


def _published_file_losses(evidence: Evidence) -> Iterator[Loss]:
    """Yield what is wrong with the published file."""
    path, ledger, published = evidence.settings.warehouse, evidence.ledger, evidence.published_file
    if reason := evidence.unreadable.get("published file"):
        yield Loss("published file", path, reason, f"or {REPLACE}")
    elif published is None:
        if ledger.last_version == 0:
            return
        if restorable_version(evidence) is not None:
            kept = VersionArchive.beside(path).root
            remedy = f"nothing: the next night puts version {ledger.last_version} back from {kept}"
            yield Loss("published file", path, "is not there", remedy, blocks_writing=False)
        else:
            what = f"is not there, and the ledger knows of version {ledger.last_version}"
            yield Loss("published file", path, what, f"{REBUILD}, {BACKUP}")
    elif evidence.file_contradicts:
        if not evidence.ledger_contradicts:
            yield Loss(
                "published file", path, "is of another archive", f"{SAME_WORKSPACE}; if they do, {REPLACE}, {BACKUP}"
            )
    elif published.version < ledger.last_version:
        what = f"the ledger knows of version {ledger.last_version}, and here it ends at {published.version}"
        yield Loss("published file", path, what, f"{REPLACE}, {BACKUP}")
    elif (
        evidence.store is not None
        and evidence.is_unknown_version(published.version, published.at)
        and published.version not in evidence.store.versions
    ):
        what = f"is of version {published.version}, which neither ledger nor store know"
        yield Loss("published file", path, what, f"{SAME_WORKSPACE}; if they do, {REPLACE}")


def _kept_version_losses(evidence: Evidence) -> Iterator[Loss]:
    """Yield the versions that cannot be rolled back to any more."""
    kept, ledger = VersionArchive.beside(evidence.settings.warehouse), evidence.ledger
    wanted, present = sorted(ledger.published_versions)[-evidence.settings.keep_versions :], kept.versions()
    missing = [number for number in wanted if number not in ledger.unreproducible_versions and number not in present]
    if missing:
        reason = f"version(s) {', '.join(map(str, missing))} cannot be gone back to"
        yield Loss("kept versions", kept.root, reason, f"{REBUILD}, which makes them again", blocks_writing=False)


# -- what is put back without being asked for -------------------------------------------------------------------------


def restorable_version(evidence: Evidence) -> Path | None:
    """Return the kept file of the last version, where only the published file is lost and everything else is whole."""
    ledger = evidence.ledger
    path = VersionArchive.beside(evidence.settings.warehouse).versions().get(ledger.last_version)
    if path is None or evidence.store is None or evidence.store_contradicts or evidence.unreadable:
        return None
    if evidence.store.versions.keys() != ledger.published_versions.keys():
        return None
    with contextlib.suppress(StorageError):
        version = read_published_version(path)
        if version is not None and ledger.published_versions.get(version.version) == version.at:
            return path
    return None


def restore_published_file(evidence: Evidence) -> None:
    """Restore the published file from the kept versions, and the hold of a rollback, where only they were lost;
    otherwise a night would compare with nothing and ask nobody. Raises StorageError."""
    given, ledger = evidence.settings, evidence.ledger
    kept = VersionArchive.beside(given.warehouse)
    try:
        if not given.warehouse.exists() and (path := restorable_version(evidence)) is not None:
            candidate = given.warehouse.with_name(f"{CANDIDATE}put-back.duckdb")
            candidate.unlink(missing_ok=True)
            shutil.copyfile(path, candidate)
            rename_over(candidate, given.warehouse)
        rollback = ledger.last_rollback
        if rollback is not None and rollback.data_version == ledger.last_version and kept.rollback_in_force is None:
            about = {"to": rollback.to, "by": rollback.by, "at": rollback.at.isoformat()}
            kept.record_rollback(about | {"data_version": rollback.data_version})
    except OSError as error:
        raise StorageError(given.warehouse, f"cannot be put back ({error.strerror})") from None


# -- the archive ------------------------------------------------------------------------------------------------------


def count_missing_files(archive: Path, ledger: Ledger) -> int:
    """Return how many archived files are gone that a rebuild or a reply would need. Files with personal data were never
    archived."""

    def names(folder: str) -> set[str]:
        with contextlib.suppress(FileNotFoundError):
            return set(os.listdir(archive / folder))  # noqa: PTH208 - names only
        return set()

    tables = {recorded.table for recorded in ledger.recorded_outcomes if recorded.table} - names("outcomes")
    personal = {
        ledger.submissions[name].digest
        for name, outcomes in ledger.outcomes.items()
        if any(f.rule == "return.person-level" for recorded in outcomes for f in recorded.findings)
    }
    waiting = names("holding")  # before the others, for a night at work moves files from here to there
    files = {recorded.digest for recorded in ledger.submissions.values()} - waiting - names("files") - personal
    used = {digest for recorded in ledger.attempts for digest in (recorded.definitions, *recorded.partners.values())}
    definitions = {f"{digest}.json" for digest in used} - names("definitions")
    return len(tables) + len(files) + len(definitions)
