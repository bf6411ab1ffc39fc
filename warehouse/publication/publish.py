"""From a candidate to the published file: what differs, the gate's verdict, one rename; and back again."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal

import duckdb

from local_indicators.common.atomic_files import put_in_place
from local_indicators.common.errors import StorageError
from local_indicators.common.jinja_templates import NO_BRANDING, Branding
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.return_calendar import RegisterEntry
from local_indicators.schemas.set_aside_returns import SetAside
from local_indicators.schemas.submissions import WaiverGrant
from local_indicators.warehouse.gate.gate import Verdict
from local_indicators.warehouse.mart.build_mart import build_candidate
from local_indicators.warehouse.publication import exports
from local_indicators.warehouse.publication.approval_limits import ApprovalLimits
from local_indicators.warehouse.publication.publish_attempt import JudgedCandidate, PublicationAttempt, settle_candidate
from local_indicators.warehouse.publication.rollback_history import write_rollback_history
from local_indicators.warehouse.publication.version_archive import VersionArchive
from local_indicators.warehouse.publication.version_difference import VersionDifference
from local_indicators.warehouse.publication.version_stamp import has_current_shape, stamp_version
from local_indicators.warehouse.store import loading, published_versions
from local_indicators.warehouse.store.attached_files import attach_read_only, connect_with_files

CANDIDATE = "candidate-"


@dataclass(frozen=True)
class Publication:
    """What a night published. `unchanged`: no row of mart differs and the live file was left as it is. `refused`: the
    gate said no or a person must be asked; the live file was left as it is and the candidate waits to be approved.
    `changed` counts rows that differ, by table; `page` shows verdict and difference; `set_aside` are the returns whose
    new figures were left out."""

    state: Literal["published", "unchanged", "refused"]
    data_version: int
    changed: dict[str, int]
    verdict: Verdict
    difference: VersionDifference = field(default_factory=VersionDifference)
    page: str | None = None
    set_aside: tuple[SetAside, ...] = ()


EVERY = ApprovalLimits(keep_versions=1_000_000)
"""What is made again keeps every version; whoever makes it lets go of those that nobody goes back to."""


class NotApproved(Exception):
    """A candidate or version that cannot be published now; the argument says why, for the person who asked."""


def publish_candidate(
    con: duckdb.DuckDBPyConnection,
    live: Path,
    definitions: Definitions,
    register: list[RegisterEntry],
    received: dict[str, tuple[datetime, str]],
    *,
    today: date,
    run: str,
    published_at: datetime,
    has_examples: bool,
    limits: ApprovalLimits | None = None,
    branding: Branding = NO_BRANDING,
    waivers: Sequence[tuple[WaiverGrant, bool]] = (),
    released: Collection[str] = (),
    was_aside: Collection[str] = (),
    tell: Callable[[Sequence[SetAside]], None] = lambda _: None,
    step: Callable[[str], None] = lambda _: None,
) -> Publication:
    """Build a candidate from the store, compare it with the live file, judge it, and put it in the live file's place.

    `con` is the store, and `waivers` come with whether they have lapsed. `released` are outcomes that a person let
    through the gate, and `was_aside` those that the attempt before left out. What is set aside is told to `tell` before
    anything is put in place. Raises StorageError where the folder cannot be written; the live file is then untouched.
    """
    limits, candidate = limits or ApprovalLimits(), live.parent / f"{CANDIDATE}{run}.duckdb"
    sources = {"register": register, "today": today, "has_examples": has_examples, "run": run,
               "received": received, "waivers": waivers, "published_at": published_at}  # fmt: skip
    remove_leftover_candidates(live.parent)
    try:
        attempt = _prepare(con, live, candidate, definitions, sources, limits, (released, was_aside), step)
        made = settle_candidate(attempt)
        tell(made.set_aside)
        if made.is_live:
            return Publication("unchanged", attempt.version, {}, Verdict(()), set_aside=made.set_aside)
        return _conclude(attempt, live, made, branding)
    except (duckdb.IOException, duckdb.FatalException, OSError) as error:
        raise StorageError(live, f"cannot be published ({_in_words(error)})") from None
    finally:
        remove_leftover_candidates(live.parent)


def _prepare(
    con: duckdb.DuckDBPyConnection,
    live: Path,
    candidate: Path,
    definitions: Definitions,
    sources: dict[str, Any],
    limits: ApprovalLimits,
    outcomes: tuple[Collection[str], Collection[str]],
    step: Callable[[str], None],
) -> PublicationAttempt:
    """Finish what an interrupted night left, and settle of which version and instant the candidate is to be."""
    record_unrecorded_publication(con, live, limits)
    published_at = loading.next_instant(con, sources["published_at"])
    before = live if live.exists() else None
    if before is not None:
        # whoever published it may have died between the rename and the exports
        exports.update_exports(live, definitions)
    version = live_version(before)
    return PublicationAttempt(
        con=con,
        candidate=candidate,
        before=before,
        definitions=definitions,
        sources=sources | {"version": next_version(con, version), "published_at": _utc(published_at)},
        limits=limits,
        kept=VersionArchive.beside(live),
        version=version,
        outcomes=outcomes,
        step=step,
    )


def _facts(attempt: PublicationAttempt, set_aside: Sequence[SetAside]) -> dict[str, Any]:
    """What is kept of an attempt to publish, whatever comes of it."""
    sources = attempt.sources
    facts = {
        "run": sources["run"],
        "today": sources["today"].isoformat(),
        "judged_at": sources["published_at"].replace(tzinfo=UTC).isoformat(),
        "compared_with": attempt.version,
    }
    return facts | ({"set_aside": ", ".join(one.outcome for one in set_aside)} if set_aside else {})


def _conclude(attempt: PublicationAttempt, live: Path, made: JudgedCandidate, branding: Branding) -> Publication:
    """Put a candidate in the live file's place, or keep it for a person where the gate refuses it."""
    con, kept, about = attempt.con, attempt.kept, _facts(attempt, made.set_aside)
    told = made.changed, made.verdict, made.differs
    if not made.verdict.passed:
        about |= {"state": "refused", "up_to_load": _newest_load(con)}
        page = kept.record_verdict(about["run"], about, made.verdict, made.differs, branding)
        kept.await_approval(attempt.candidate, about["run"])
        return Publication("refused", attempt.version, *told, str(page), made.set_aside)
    attempt.step("publish")
    number = next_version(con, attempt.version)
    stated = about | {"state": "published", "data_version": number}
    page = kept.record_verdict(about["run"], stated, made.verdict, made.differs, branding)
    rename_over(attempt.candidate, live)
    _remember(con, live)
    kept.keep_version(live, number, attempt.limits.keep_versions)
    kept.delete_candidates()
    attempt.step("write the exports")
    exports.update_exports(live, attempt.definitions)
    return Publication("published", number, *told, str(page), made.set_aside)


# -- a candidate that the gate lets pass, or that nobody can be named for ---------------------------------------------


def approve_candidate(
    con: duckdb.DuckDBPyConnection, live: Path, run: str, at: datetime, limits: ApprovalLimits | None = None
) -> int:
    """Publish the candidate that a run's gate refused, if it is still the newest; its data_version.

    Raises NotApproved with the reason in words, StorageError where the folder cannot be written.
    """
    limits, kept = limits or ApprovalLimits(), VersionArchive.beside(live)
    record_unrecorded_publication(con, live, limits)
    about = kept.recorded_verdict(run)
    candidate = kept.candidate_path(run)
    if about is None:
        raise NotApproved(f"No run called {run} is kept.")
    if about["state"] != "refused" or not candidate.exists():
        raise NotApproved(f"Run {run} has no candidate that waits: it was published, or a newer one took its place.")
    if not has_current_shape(candidate):
        raise NotApproved(f"Run {run} was of an earlier release. Run another night and approve that one.")
    version = live_version(live if live.exists() else None)
    if about["compared_with"] != version or about["up_to_load"] != _newest_load(con):
        raise NotApproved(f"Run {run} is not the newest any more. Run another night and approve that one.")
    never = [one["says"] for one in about["results"] if one["final"] and not one["held"]]
    if never:
        raise NotApproved(f"Run {run} can never be published: it breaks that {'; '.join(never)}.")
    number = next_version(con, version)
    _put_in_place(con, candidate, live, number, at, None, kept, limits)
    kept.delete_candidates()
    kept.end_rollback()
    return number


def roll_back(
    con: duckdb.DuckDBPyConnection,
    live: Path,
    to: int,
    by: str,
    at: datetime,
    limits: ApprovalLimits | None = None,
    definitions: Definitions | None = None,
) -> int:
    """Publish a kept version again, under a new data_version, and hold publication until a person approves the next
    candidate; the new data_version. Its past is told as `definitions` let it be; without them, as an earlier release
    did, it is the past of that version alone. Raises NotApproved, StorageError."""
    limits, kept = limits or ApprovalLimits(), VersionArchive.beside(live)
    record_unrecorded_publication(con, live, limits)
    source = kept.versions().get(to)
    if source is None:
        held = ", ".join(map(str, kept.versions())) or "none"
        raise NotApproved(f"Version {to} is not kept; there are: {held}.")
    if not has_current_shape(source):
        raise NotApproved(f"Version {to} is of an earlier release, in a shape that dashboards no longer read.")
    number = next_version(con, live_version(live if live.exists() else None))
    run = f"rollback-to-{to}"
    candidate = live.parent / f"{CANDIDATE}{run}.duckdb"
    try:
        shutil.copyfile(source, candidate)
        if definitions is not None:
            write_rollback_history(con, candidate, definitions, number, at)
    except (duckdb.IOException, duckdb.FatalException, OSError) as error:
        raise StorageError(live, f"cannot be published ({_in_words(error)})") from None
    kept.record_rollback({"to": to, "by": by, "at": at.isoformat(), "data_version": number})
    _put_in_place(con, candidate, live, number, at, run, kept, limits)
    kept.delete_candidates()
    return number


def _put_in_place(
    con: duckdb.DuckDBPyConnection,
    candidate: Path,
    live: Path,
    number: int,
    at: datetime,
    again_by: str | None,
    kept: VersionArchive,
    limits: ApprovalLimits,
) -> None:
    try:
        stamp_version(candidate, number, at, again_by)
        rename_over(candidate, live)
        _remember(con, live)
        kept.keep_version(live, number, limits.keep_versions)
    except (duckdb.IOException, duckdb.FatalException, OSError) as error:
        raise StorageError(live, f"cannot be published ({_in_words(error)})") from None
    finally:
        remove_leftover_candidates(live.parent)


def next_version(con: duckdb.DuckDBPyConnection, live: int) -> int:
    """The data_version after the live one and after every one that was ever published from this store."""
    row = con.execute("SELECT coalesce(max(data_version), 0) FROM publication").fetchone()
    return max(live, int(row[0]) if row else 0) + 1


def _newest_load(con: duckdb.DuckDBPyConnection) -> int:
    row = con.execute("SELECT coalesce(max(load), 0) FROM load").fetchone()
    return int(row[0]) if row else 0


def remove_leftover_candidates(folder: Path) -> None:
    """Remove candidates, and their logs, that an interrupted night left behind."""
    for path in folder.glob(f"{CANDIDATE}*.duckdb*"):
        with contextlib.suppress(FileNotFoundError):
            path.unlink()


def live_version(live: Path | None) -> int:
    """The data_version of a published file; 0 where there is none."""
    if live is None:
        return 0
    with connect_with_files(live=live) as con:
        row = con.execute("SELECT data_version FROM live.mart.publication").fetchone()
    return int(row[0]) if row else 0


def _in_words(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return f"see that the disk is not full: {str(error).splitlines()[0]}"


def _utc(when: datetime) -> datetime:
    return when.astimezone(UTC).replace(tzinfo=None)


def rename_over(candidate: Path, live: Path) -> None:
    """One rename, after everything is on disk. A write-ahead log beside either would be replayed over it: refuse."""
    for log in (candidate.with_name(candidate.name + ".wal"), live.with_name(live.name + ".wal")):
        if log.exists():
            raise StorageError(log, "a write-ahead log lies beside the file; close the program that writes there")
    candidate.chmod(0o644)
    put_in_place(candidate, live)


def _remember(con: duckdb.DuckDBPyConnection, live: Path) -> None:
    """Have the store know what the published file shows, also where the night that published it died before this."""
    with contextlib.ExitStack() as stack:
        attach_read_only(con.execute, "live", live, stack)
        stack.callback(con.execute, "DETACH live")
        published_versions.record_published_rows(con, "live")


def record_unrecorded_publication(
    con: duckdb.DuckDBPyConnection, live: Path, limits: ApprovalLimits | None = None
) -> None:
    """Record and keep a publication whose night died between the rename and that: only loads up to then were seen."""
    if live.exists():
        _remember(con, live)
        VersionArchive.beside(live).keep_version(live, live_version(live), (limits or ApprovalLimits()).keep_versions)


# -- the same again, from what is on record ---------------------------------------------------------------------------


def republish_version(con: duckdb.DuckDBPyConnection, live: Path, version: int, sources: Mapping[str, Any]) -> None:
    """Build a version that was published once, as it was then, and put it in place: nobody is asked and nothing judged.

    `sources` are what mart.build needs beside the store, as they were. Raises StorageError.
    """
    candidate = live.parent / f"{CANDIDATE}again-{version}.duckdb"
    build_candidate(con, candidate, version=version, **sources)
    rename_over(candidate, live)
    _remember(con, live)
    VersionArchive.beside(live).keep_version(live, version, EVERY.keep_versions)


def republish_approved_candidate(
    con: duckdb.DuckDBPyConnection, live: Path, candidate: Path, version: int, at: datetime
) -> None:
    """Put a candidate in place that was approved at an instant. Raises StorageError."""
    kept = VersionArchive.beside(live)
    _put_in_place(con, candidate, live, version, at, None, kept, EVERY)
    kept.end_rollback()
