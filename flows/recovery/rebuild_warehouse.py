"""`indicators rebuild`: make the store and the published file again from the ledger and the archive, and compare them
with the live ones.

The ledger is replayed line by line in a folder beside the live files: what was loaded is loaded at the times it had,
and each published version is built from the definitions and the calendar that were archived for it. The live files are
read only to be compared.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import asdict, dataclass
from dataclasses import replace as replace_in
from pathlib import Path
from typing import Any

from local_indicators.common.atomic_files import put_in_place
from local_indicators.common.errors import StorageError, UsageError
from local_indicators.common.progress import report_progress
from local_indicators.common.safe_text import plain_markdown
from local_indicators.flows.pipeline.publishing import ProgressFunction, catch_up_ledger
from local_indicators.flows.pipeline.run_report import markdown_section
from local_indicators.flows.records.archive import Archive
from local_indicators.flows.records.ledger import read_ledger, unread_ledger
from local_indicators.flows.records.loss_detection import require_whole_ledger
from local_indicators.flows.records.writer_lock import sole_writer
from local_indicators.flows.recovery.ledger_replay import Replay, replay_ledger
from local_indicators.flows.settings import Settings, now
from local_indicators.schemas.definitions.loader import load_definitions
from local_indicators.warehouse.publication import exports
from local_indicators.warehouse.publication.publish import rename_over
from local_indicators.warehouse.publication.rebuild_comparison import (
    PUBLISHED,
    STORE,
    TableDifference,
    compare_files,
    finish_store,
)
from local_indicators.warehouse.publication.version_archive import HELD, VersionArchive
from local_indicators.warehouse.store import private_store
from local_indicators.warehouse.store.surviving_records import record_ledger_position

WORK = ".rebuild-"


@dataclass(frozen=True)
class Rebuilt:
    """The result of a rebuild. `differences` are those of the live files, which are in `compared`; `placed` are the
    files that were put in place; `notes` say what of the past could not be made again. `whole`: the newest version
    could. `kept_again` are earlier versions that can be rolled back to again."""

    data_version: int
    versions: int
    loads: int
    compared: tuple[str, ...]
    differences: tuple[TableDifference, ...]
    placed: tuple[str, ...]
    notes: tuple[str, ...]
    whole: bool
    kept_again: tuple[int, ...] = ()

    @property
    def equal(self) -> bool:
        """Return whether the live files, as far as they were there, are what the ledger makes."""
        return not self.differences

    @property
    def succeeded(self) -> bool:
        """Return whether the live files now are what the ledger makes."""
        return self.whole and (self.equal or bool(self.placed))

    def as_dict(self) -> dict[str, Any]:
        """Return the result as `indicators rebuild --json` prints it."""
        return {**asdict(self), "equal": self.equal}

    @property
    def text(self) -> str:
        """Return the result for people, a sentence a line."""
        lines = [
            f"Replayed {self.loads} load(s) and {self.versions} publication(s), up to version {self.data_version}."
        ]
        if self.compared:
            files = " and ".join(self.compared)
            lines.append(f"The live {files}: " + ("equal, row for row." if self.equal else "different."))
        lines += [difference.text for difference in self.differences]
        if self.placed:
            lines.append(f"Put in place: {' and '.join(self.placed)}.")
        elif not self.equal:
            lines.append("Nothing was replaced. To put the rebuilt files in place: indicators rebuild --replace.")
        if self.kept_again:
            lines.append(f"Can be gone back to again: version(s) {', '.join(map(str, self.kept_again))}.")
        return "\n".join([*lines, *self.notes])


def rebuild(
    settings: Settings, run: str, *, replace: bool = False, step: ProgressFunction = report_progress
) -> Rebuilt:
    """Make store and published file again, compare them with the live ones, and put them in place where these are
    missing, or where `replace` asks for it.

    `run` names the folder it works in. Raises UsageError where there is no ledger, StorageError where the archive lacks
    something or a night is at work; what is live is then as it was.
    """
    if not unread_ledger(settings.archive).path.exists():
        raise UsageError(settings.archive, "holds no ledger to rebuild from; name the archive with --archive")
    folder = settings.warehouse.parent
    with sole_writer(settings.archive):
        ledger = read_ledger(settings.archive)
        require_whole_ledger(settings, ledger)
        for leftover in folder.glob(f"{WORK}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        work = folder / f"{WORK}{run}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            work.mkdir(mode=0o700)  # it holds what must not be shown
            (work / "made").mkdir()
            Archive(settings.archive).prepare()
            with contextlib.suppress(StorageError):  # a published file that cannot be read tells nothing
                catch_up_ledger(settings.warehouse, ledger)
            made = _made(settings, work / "made", step)
            step("Comparing with what is live", 0, 0)
            differences = _differences(settings, work)
            result = _result(settings, work, made, differences)
            if replace or (result.equal and len(result.compared) < len(_pairs(settings, work))):
                step("Putting in place", 0, 0)
                result = _put_in_place(settings, work, result)
            if result.equal and made.live.exists() and "published file" not in result.placed:
                result = replace_in(result, kept_again=_keep_too(settings, VersionArchive.beside(made.live)))
            if result.placed:
                ledger.record_rebuilt(made.last_version, sum(difference.rows for difference in differences), now())
        except OSError as error:
            raise StorageError(folder, f"cannot be rebuilt ({error.strerror or error})") from None
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return result


def _made(settings: Settings, folder: Path, step: ProgressFunction) -> Replay:
    """Replay the ledger in a folder."""
    with private_store.open_store(folder / settings.store.name) as con:
        made = replay_ledger(settings, con, folder / settings.warehouse.name, step)
        record_ledger_position(con, made.ledger.chain.head.line, made.ledger.chain.head.sha256)
    return made


def _pairs(settings: Settings, work: Path) -> dict[str, tuple[Path, Path]]:
    """Return each file that was made, and the live one; the published file only if its newest version could be made."""
    of = {"store": settings.store, "published file": settings.warehouse}
    both = {name: (work / "made" / live.name, live) for name, live in of.items()}
    return {name: (made, live) for name, (made, live) in both.items() if made.exists()}


def _differences(settings: Settings, work: Path) -> list[TableDifference]:
    """Return how the live files, where they are there, differ from those made."""
    differences: list[TableDifference] = []
    for name, (made, live) in _pairs(settings, work).items():
        if not live.exists():
            continue
        if name == "store":
            live = _migrated(live, work)
        differences += compare_files(name, made, live, STORE if name == "store" else PUBLISHED)
    return differences


def _migrated(live: Path, work: Path) -> Path:
    """Return a copy of the live store, with its log, as this release would open it; the live one stays as it is."""
    copy = work / "live-store.duckdb"
    shutil.copyfile(live, copy)
    log = live.with_name(live.name + ".wal")
    if log.exists():
        shutil.copyfile(log, copy.with_name(copy.name + ".wal"))
    finish_store(copy)
    return copy


def _result(settings: Settings, work: Path, made: Replay, differences: list[TableDifference]) -> Rebuilt:
    """Return the result of a rebuild that has placed nothing yet."""
    compared = tuple(name for name, (_, live) in _pairs(settings, work).items() if live.exists())
    notes, whole = tuple(made.notes), made.live.exists()
    return Rebuilt(
        data_version=made.last_version,
        versions=made.publications,
        loads=made.loads,
        compared=compared,
        differences=tuple(differences),
        placed=(),
        notes=notes,
        whole=whole,
    )


def _put_in_place(settings: Settings, work: Path, result: Rebuilt) -> Rebuilt:
    """Rename what was made over the live files. The former store is put back if the published file cannot be placed."""
    definitions, pairs = load_definitions(settings.definitions), _pairs(settings, work)
    if result.equal:
        pairs = {name: pair for name, pair in pairs.items() if name not in result.compared}
    former, again = work / "former.duckdb", tuple[int, ...]()
    if "store" in pairs:
        _replace_store(*pairs["store"], former)
    if "published file" in pairs:
        made, live = pairs["published file"]
        if any(difference.file == "published file" for difference in result.differences):
            shutil.rmtree(live.parent / exports.FOLDER / f"v{result.data_version:06d}", ignore_errors=True)
        try:
            again = _keep_too(settings, VersionArchive.beside(made))
            rename_over(made, live)
        except (OSError, StorageError):
            if former.exists():
                former.replace(settings.store)
            raise
    if settings.warehouse.exists():
        exports.update_exports(settings.warehouse, definitions)
    return replace_in(result, placed=tuple(pairs), kept_again=again)


def _replace_store(made: Path, live: Path, former: Path) -> None:
    """Put the store in place, and link the former one."""
    if live.exists():
        finish_store(live)
        os.link(live, former)
        live.with_name(live.name + ".wal").unlink(missing_ok=True)  # it would be replayed over the new one
    put_in_place(made, live)


def _keep_too(settings: Settings, made: VersionArchive) -> tuple[int, ...]:
    """Keep the versions that were made again and are not kept beside the live file, and the hold of a rollback; return
    the versions."""
    kept = VersionArchive.beside(settings.warehouse)
    kept.prepare()
    have = kept.versions()
    again = [version for version in list(made.versions().items())[-settings.keep_versions :] if version[0] not in have]
    for _, path in again:
        path.replace(kept.root / path.name)
    if made.rollback_in_force and not kept.rollback_in_force:
        (made.root / HELD).replace(kept.root / HELD)
    return tuple(number for number, _ in again)


def rebuilt_as_markdown(result: Rebuilt) -> str:
    """Return the result of a rebuild as Markdown."""
    return markdown_section("The rebuild", [f"- {plain_markdown(line)}" for line in result.text.splitlines()])
