"""What has been lost: ledger, store and published file are held against each other, before anything is written.

The ledger is what the others can be made from again. So where a file lacks what the ledger knows, the file is made
again; where a file knows what the ledger lacks, the ledger has lost its end, and nothing may go on from there. What
contradicts the other two is of another archive.
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

from common.errors import ReleaseError, StorageError
from flows.records.hash_chain import RESTORE_ADVICE
from flows.records.ledger import Ledger
from flows.settings import Settings
from warehouse.publication.publish import CANDIDATE, rename_over
from warehouse.publication.version_archive import VersionArchive
from warehouse.store import private_store
from warehouse.store.surviving_records import (
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
    """A part of what nights leave that is lost: what is missing of it, and what mends that. `blocks_writing`: nothing
    may be written until it is mended."""

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
        """Whether the ledger must know every publication: releases that did not record them left outcomes alone."""
        return bool(self.ledger.attempts or self.ledger.unreproducible_versions or not self.ledger.recorded_outcomes)

    def is_unknown_version(self, version: int, at: datetime) -> bool:
        """Whether a version is one that the ledger does not know, and that no night or person was about to publish."""
        about_to = at in self.ledger.announced_decisions or any(one.at == at for one in self.ledger.attempts)
        return self.must_know_publications and version not in self.ledger.published_versions and not about_to

    @property
    def store_contradicts(self) -> bool:
        if self.store is None:
            return False
        known, sent = self.ledger.published_versions, self.ledger.submissions
        return any(known.get(number, at) != at for number, at in self.store.versions.items()) or any(
            name in sent and sent[name].digest != digest for name, digest in self.store.submissions.items()
        )

    @property
    def file_contradicts(self) -> bool:
        one = self.published_file
        return one is not None and self.ledger.published_versions.get(one.version, one.at) != one.at

    @property
    def ledger_contradicts(self) -> bool:
        """Whether it is the ledger that is of another archive, because store and published file belong together."""
        one, held = self.published_file, self.store
        if one is None or self.ledger.published_versions.get(one.version) == one.at:
            return False
        if held is None:
            return self.file_contradicts
        return self.store_contradicts and held.versions.get(one.version) == one.at


def gather_evidence(given: Settings, ledger: Ledger, store_at: Path | None = None) -> Evidence:
    """What each part knows; `store_at` is where to read the store, if not where it lives. Raises ReleaseError."""
    held, shown, unreadable = None, None, dict[Part, str]()
    try:
        held = read_store_records(store_at or given.store)
    except ReleaseError:
        raise
    except StorageError as fault:
        unreadable["store"] = fault.reason
    try:
        shown = read_published_version(given.warehouse)
    except StorageError as fault:
        unreadable["published file"] = fault.reason
    return Evidence(given, ledger, held, shown, unreadable)


def find_losses(past: Evidence) -> tuple[Loss, ...]:
    """What is lost, the ledger first, for all else is mended from it."""
    return (*_ledger_losses(past), *_store_losses(past), *_published_file_losses(past), *_kept_version_losses(past))


def require_no_losses(given: Settings, ledger: Ledger) -> Evidence:
    """Raise StorageError, before anything is written, where something is lost that a run would lose for good; else what
    each part knows."""
    past = gather_evidence(given, ledger)
    for one in find_losses(past):
        if one.blocks_writing:
            raise StorageError(one.path, f"{one.reason}; {one.remedy}")
    return past


def require_whole_ledger(given: Settings, ledger: Ledger) -> None:
    """Raise StorageError where store or published file know what the ledger lacks, so that it makes less again."""
    for one in _ledger_losses(gather_evidence(given, ledger)):
        raise StorageError(one.path, f"{one.reason}; {one.remedy}")


def record_ledger_head(given: Settings, ledger: Ledger) -> None:
    """Have the store know the last line of the ledger."""
    if given.store.exists():
        with private_store.open_store(given.store) as con:
            record_ledger_position(con, ledger.chain.head.line, ledger.chain.head.sha256)


# -- each part against the others -------------------------------------------------------------------------------------


def _ledger_losses(past: Evidence) -> Iterator[Loss]:
    path, ledger = past.ledger.path, past.ledger
    if past.ledger_contradicts:
        yield Loss("ledger", path, "store and published file are of another archive", f"{SAME_WORKSPACE}, {BACKUP}")
        return
    if past.store_contradicts:
        return  # the store is of another archive
    more = list[str]()
    if past.store is not None:
        seen, count = past.store.seen, ledger.chain.count
        if seen is not None and seen[0] > count:
            more.append(f"it ends at line {count}, and the store has seen line {seen[0]}")
        elif seen is not None and ledger.chain.hash_of(seen[0]) != seen[1]:
            more.append(f"line {seen[0]} is not the one that the store has seen")
        known = {one.id for one in ledger.recorded_outcomes}
        if unknown := [name for name in past.store.loads if name not in known]:
            more.append(f"the store holds {len(unknown)} load(s) that it does not know, such as {unknown[-1]}")
        if new := [n for n, at in past.store.versions.items() if past.is_unknown_version(n, at)]:
            more.append(f"the store knows of version {max(new)}, and the ledger does not")
    elif past.published_file is not None and past.is_unknown_version(
        past.published_file.version, past.published_file.at
    ):
        more.append(
            f"the published file is of version {past.published_file.version}, and the ledger does not know of it"
        )
    if more:
        yield Loss("ledger", path, more[0], RESTORE_ADVICE)


def _store_losses(past: Evidence) -> Iterator[Loss]:
    path, ledger = past.settings.store, past.ledger
    if reason := past.unreadable.get("store"):
        yield Loss(
            "store",
            path,
            reason,
            private_store.MEND if reason == "is empty" else f"if it is damaged, {private_store.MEND}",
        )
    elif past.store is None:
        if ledger.published_versions or ledger.loaded_at or past.published_file is not None:
            yield Loss("store", path, _what_store_lacks(past, 0), f"{REBUILD}, {BACKUP}")
    elif past.store_contradicts:
        if past.ledger_contradicts:
            return
        yield Loss("store", path, "is of another archive", f"{SAME_WORKSPACE}; if they do, {REPLACE}, {BACKUP}")
    else:
        shown = past.published_file.version if past.published_file is not None and not past.file_contradicts else 0
        versions = ledger.published_versions.keys() - past.store.versions.keys() - {shown}
        loads = set(list(ledger.loaded_at)[: ledger.settled_loads]) - set(past.store.loads)
        if versions:
            yield Loss("store", path, _what_store_lacks(past, past.store.last_version), f"{REPLACE}, {BACKUP}")
        elif loads:
            says = f"the ledger knows of {len(loads)} load(s) that are not in it, such as {min(loads)}"
            yield Loss("store", path, says, f"{REPLACE}, {BACKUP}")


def _what_store_lacks(past: Evidence, version: int) -> str:
    last = past.ledger.last_version
    if last > version:
        return f"the ledger knows of version {last}, and here it ends at {version}"
    if version:
        return "the ledger knows of versions that are not in it"
    return "is not there, and the ledger knows what was in it"


def _published_file_losses(past: Evidence) -> Iterator[Loss]:
    path, ledger, one = past.settings.warehouse, past.ledger, past.published_file
    if reason := past.unreadable.get("published file"):
        yield Loss("published file", path, reason, f"or {REPLACE}")
    elif one is None:
        if ledger.last_version == 0:
            return
        if restorable_version(past) is not None:
            kept = VersionArchive.beside(path).root
            do = f"nothing: the next night puts version {ledger.last_version} back from {kept}"
            yield Loss("published file", path, "is not there", do, blocks_writing=False)
        else:
            says = f"is not there, and the ledger knows of version {ledger.last_version}"
            yield Loss("published file", path, says, f"{REBUILD}, {BACKUP}")
    elif past.file_contradicts:
        if not past.ledger_contradicts:
            yield Loss(
                "published file", path, "is of another archive", f"{SAME_WORKSPACE}; if they do, {REPLACE}, {BACKUP}"
            )
    elif one.version < ledger.last_version:
        says = f"the ledger knows of version {ledger.last_version}, and here it ends at {one.version}"
        yield Loss("published file", path, says, f"{REPLACE}, {BACKUP}")
    elif (
        past.store is not None
        and past.is_unknown_version(one.version, one.at)
        and one.version not in past.store.versions
    ):
        says = f"is of version {one.version}, which neither ledger nor store know"
        yield Loss("published file", path, says, f"{SAME_WORKSPACE}; if they do, {REPLACE}")


def _kept_version_losses(past: Evidence) -> Iterator[Loss]:
    kept, ledger = VersionArchive.beside(past.settings.warehouse), past.ledger
    wanted, held = sorted(ledger.published_versions)[-past.settings.keep_versions :], kept.versions()
    gone = [number for number in wanted if number not in ledger.unreproducible_versions and number not in held]
    if gone:
        says = f"version(s) {', '.join(map(str, gone))} cannot be gone back to"
        yield Loss("kept versions", kept.root, says, f"{REBUILD}, which makes them again", blocks_writing=False)


# -- what is put back without being asked for -------------------------------------------------------------------------


def restorable_version(past: Evidence) -> Path | None:
    """The kept version that is the published file, where that is lost and all else is whole."""
    ledger, path = past.ledger, VersionArchive.beside(past.settings.warehouse).versions().get(past.ledger.last_version)
    if path is None or past.store is None or past.store_contradicts or past.unreadable:
        return None
    if past.store.versions.keys() != ledger.published_versions.keys():
        return None
    with contextlib.suppress(StorageError):
        said = read_published_version(path)
        if said is not None and ledger.published_versions.get(said.version) == said.at:
            return path
    return None


def restore_published_file(past: Evidence) -> None:
    """Put back the published file from what is kept, and the hold of a rollback, where they alone were lost; a night
    that went on without them would compare with nothing and ask nobody. Raises StorageError."""
    given, ledger = past.settings, past.ledger
    kept = VersionArchive.beside(given.warehouse)
    try:
        if not given.warehouse.exists() and (path := restorable_version(past)) is not None:
            candidate = given.warehouse.with_name(f"{CANDIDATE}put-back.duckdb")
            candidate.unlink(missing_ok=True)
            shutil.copyfile(path, candidate)
            rename_over(candidate, given.warehouse)
        rollback = ledger.last_rollback
        if rollback is not None and rollback.data_version == ledger.last_version and kept.held is None:
            about = {"to": rollback.to, "by": rollback.by, "at": rollback.at.isoformat()}
            kept.hold(about | {"data_version": rollback.data_version})
    except OSError as error:
        raise StorageError(given.warehouse, f"cannot be put back ({error.strerror})") from None


# -- the archive ------------------------------------------------------------------------------------------------------


def count_missing_files(archive: Path, ledger: Ledger) -> int:
    """How many files are gone that a rebuild or an answer would need. Records of people were never kept."""

    def names(folder: str) -> set[str]:
        with contextlib.suppress(FileNotFoundError):
            return set(os.listdir(archive / folder))  # noqa: PTH208 - names only
        return set()

    tables = {one.table for one in ledger.recorded_outcomes if one.table} - names("outcomes")
    personal = {
        ledger.submissions[name].digest
        for name, outcomes in ledger.outcomes.items()
        if any(f.rule == "return.person-level" for one in outcomes for f in one.findings)
    }
    waiting = names("holding")  # before the others, for a night at work moves files from here to there
    files = {one.digest for one in ledger.submissions.values()} - waiting - names("files") - personal
    used = {digest for one in ledger.attempts for digest in (one.definitions, *one.partners.values())}
    definitions = {f"{digest}.json" for digest in used} - names("definitions")
    return len(tables) + len(files) + len(definitions)
