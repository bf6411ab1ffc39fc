"""From a candidate to the published file: what differs, the gate's verdict, one rename; and back again."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal

import duckdb

from schemas.calendar import Standing
from schemas.definitions import Definitions
from schemas.faults import StorageFault
from schemas.outcomes import Grant
from warehouse import exports, store
from warehouse.contract import MART, MartTable
from warehouse.difference import Difference, difference, moved
from warehouse.files import attach, attached
from warehouse.gate import Result, Verdict, gate
from warehouse.going_back import tell_past
from warehouse.kept import Kept
from warehouse.mart import build
from warehouse.store import connect

CANDIDATE = "candidate-"
INSTANTS = {
    "history": ("published_from", "published_to"),
    "publications": ("published_at",),
    "revisions": ("changed_at",),
}
"""Where a candidate holds the instant at which it is to be published."""
LARGE = ("observations", "latest", "trend", "history", "revisions")
"""The tables that grow with what is held, each with an indicator_id."""
FEWEST_CHANGED = 20
"""A night may always change so many rows, however few there are; the limit in percent begins above it."""


@dataclass(frozen=True)
class Limits:
    """`change_pct`: a night that changes or removes more of the live rows than this asks a person first.
    `keep_versions`: how many published versions are kept to go back to."""

    change_pct: float = 25.0
    keep_versions: int = 10


@dataclass(frozen=True)
class Publication:
    """What a night published. `unchanged`: no row of mart differs and the live file was left as it is. `refused`: the
    gate said no or a person must be asked; the live file was left as it is and the candidate waits to be approved.
    `changed` counts rows that differ, by table; `page` shows verdict and difference."""

    state: Literal["published", "unchanged", "refused"]
    data_version: int
    changed: dict[str, int]
    verdict: Verdict
    difference: Difference = field(default_factory=Difference)
    page: str | None = None


EVERY = Limits(keep_versions=1_000_000)
"""What is made again keeps every version; whoever makes it lets go of those that nobody goes back to."""


class NotApproved(Exception):
    """A candidate or version that cannot be published now; the argument says why, for the person who asked."""


def publish_night(
    con: duckdb.DuckDBPyConnection,
    live: Path,
    definitions: Definitions,
    register: list[Standing],
    received: dict[str, tuple[datetime, str]],
    *,
    today: date,
    run: str,
    published_at: datetime,
    has_examples: bool,
    limits: Limits | None = None,
    waivers: Sequence[tuple[Grant, bool]] = (),
    step: Callable[[str], None] = lambda _: None,
) -> Publication:
    """Build a candidate from the store, compare it with the live file, judge it, and put it in the live file's place.

    `con` is the store, and `waivers` come with whether they have lapsed. Raises StorageFault where the folder cannot be
    written; the live file is then untouched.
    """
    limits = limits or Limits()
    folder, kept = live.parent, Kept.beside(live)
    sweep(folder)
    candidate = folder / f"{CANDIDATE}{run}.duckdb"
    try:
        catch_up(con, live, limits)
        published_at = store.after_all(con, published_at)
        before = live if live.exists() else None
        if before is not None:
            exports.follow(live, definitions)  # whoever published it may have died between the rename and the exports
        version = live_version(before)
        number = next_version(con, version)
        step("build the candidate")
        build(
            con,
            candidate,
            definitions,
            register,
            today,
            has_examples=has_examples,
            run=run,
            received=received,
            waivers=waivers,
            version=number,
            published_at=_utc(published_at),
        )
        step("compare with what is published")
        changed = differences(candidate, before)
        if before is not None and not changed:
            return Publication("unchanged", version, {}, Verdict(()))
        differs = difference(candidate, before)
        step("judge the candidate")
        verdict = _ask(gate(candidate, before, definitions, today), differs, limits, kept, version)
        about = {
            "run": run,
            "today": today.isoformat(),
            "judged_at": published_at.isoformat(),
            "compared_with": version,
        }
        if not verdict.passed:
            about |= {"state": "refused", "up_to_load": _newest_load(con)}
            page = kept.record(run, about, verdict, differs)
            kept.await_approval(candidate, run)
            return Publication("refused", version, changed, verdict, differs, str(page))
        step("publish")
        page = kept.record(run, about | {"state": "published", "data_version": number}, verdict, differs)
        rename_over(candidate, live)
        _remember(con, live)
        kept.keep_version(live, number, limits.keep_versions)
        kept.forget_candidates()
        step("write the exports")
        exports.follow(live, definitions)
        return Publication("published", number, changed, verdict, differs, str(page))
    except (duckdb.IOException, duckdb.FatalException, OSError) as error:
        raise StorageFault(live, f"cannot be published ({_in_words(error)})") from None
    finally:
        sweep(folder)


def _ask(verdict: Verdict, differs: Difference, limits: Limits, kept: Kept, version: int) -> Verdict:
    """The verdict, with what only a person can decide: whether so much may change at once, and whether to go on after
    a rollback."""
    asked = []
    rows = differs.changed + differs.removed
    too_many = rows > FEWEST_CHANGED and differs.changed_pct > limits.change_pct
    said = f"one night changes or removes at most {limits.change_pct:g}% of the published rows"
    shown = (f"{rows} of {differs.live_rows} rows, {differs.changed_pct:.0f}%",) if too_many else ()
    asked.append(Result("ask.change", said, "critical", False, held=not too_many, count=rows, rows=shown))
    held = kept.held
    if held is not None and version > held["data_version"]:  # approved, and what let go of it died before it did
        held = None
    said = "nothing is published after a rollback until a person approves it"
    shown = (f"rolled back to version {held['to']} by {held['by']}",) if held else ()
    asked.append(Result("ask.rolled-back", said, "critical", False, held=held is None, count=len(shown), rows=shown))
    return replace(verdict, results=(*verdict.results, *asked))


def approve(con: duckdb.DuckDBPyConnection, live: Path, run: str, at: datetime, limits: Limits | None = None) -> int:
    """Publish the candidate that a run's gate refused, if it is still the newest; its data_version.

    Raises NotApproved with the reason in words, StorageFault where the folder cannot be written.
    """
    limits, kept = limits or Limits(), Kept.beside(live)
    catch_up(con, live, limits)
    about = kept.recorded(run)
    candidate = kept.candidate(run)
    if about is None:
        raise NotApproved(f"No run called {run} is kept.")
    if about["state"] != "refused" or not candidate.exists():
        raise NotApproved(f"Run {run} has no candidate that waits: it was published, or a newer one took its place.")
    if not _of_this_release(candidate):
        raise NotApproved(f"Run {run} was of an earlier release. Run another night and approve that one.")
    version = live_version(live if live.exists() else None)
    if about["compared_with"] != version or about["up_to_load"] != _newest_load(con):
        raise NotApproved(f"Run {run} is not the newest any more. Run another night and approve that one.")
    never = [one["says"] for one in about["results"] if one["final"] and not one["held"]]
    if never:
        raise NotApproved(f"Run {run} can never be published: it breaks that {'; '.join(never)}.")
    number = next_version(con, version)
    _put_in_place(con, candidate, live, number, at, None, kept, limits)
    kept.forget_candidates()
    kept.let_go()
    return number


def roll_back(
    con: duckdb.DuckDBPyConnection,
    live: Path,
    to: int,
    by: str,
    at: datetime,
    limits: Limits | None = None,
    definitions: Definitions | None = None,
) -> int:
    """Publish a kept version again, under a new data_version, and hold publication until a person approves the next
    candidate; the new data_version. Its past is told as `definitions` let it be; without them, as an earlier release
    did, it is the past of that version alone. Raises NotApproved, StorageFault."""
    limits, kept = limits or Limits(), Kept.beside(live)
    catch_up(con, live, limits)
    source = kept.versions().get(to)
    if source is None:
        held = ", ".join(map(str, kept.versions())) or "none"
        raise NotApproved(f"Version {to} is not kept; there are: {held}.")
    if not _of_this_release(source):
        raise NotApproved(f"Version {to} is of an earlier release, in a shape that dashboards no longer read.")
    number = next_version(con, live_version(live if live.exists() else None))
    run = f"rollback-to-{to}"
    candidate = live.parent / f"{CANDIDATE}{run}.duckdb"
    try:
        shutil.copyfile(source, candidate)
        if definitions is not None:
            tell_past(con, candidate, definitions, number, at)
    except (duckdb.IOException, duckdb.FatalException, OSError) as error:
        raise StorageFault(live, f"cannot be published ({_in_words(error)})") from None
    kept.hold({"to": to, "by": by, "at": at.isoformat(), "data_version": number})
    _put_in_place(con, candidate, live, number, at, run, kept, limits)
    kept.forget_candidates()
    return number


def _put_in_place(
    con: duckdb.DuckDBPyConnection,
    candidate: Path,
    live: Path,
    number: int,
    at: datetime,
    again_by: str | None,
    kept: Kept,
    limits: Limits,
) -> None:
    try:
        _stamp(candidate, number, at, again_by)
        rename_over(candidate, live)
        _remember(con, live)
        kept.keep_version(live, number, limits.keep_versions)
    except (duckdb.IOException, duckdb.FatalException, OSError) as error:
        raise StorageFault(live, f"cannot be published ({_in_words(error)})") from None
    finally:
        sweep(live.parent)


def _of_this_release(path: Path) -> bool:
    """Whether a published file has the tables and columns of the contract."""
    with attached(file=path) as con:
        found = con.execute(
            """SELECT table_name, column_name, data_type FROM duckdb_columns()
               WHERE database_name = 'file' AND schema_name = 'mart'"""
        ).fetchall()
    return set(found) == {(table.name, column.name, column.type) for table in MART for column in table.columns}


def next_version(con: duckdb.DuckDBPyConnection, live: int) -> int:
    """The data_version after the live one and after every one that was ever published from this store."""
    row = con.execute("SELECT coalesce(max(data_version), 0) FROM publication").fetchone()
    return max(live, int(row[0]) if row else 0) + 1


def _newest_load(con: duckdb.DuckDBPyConnection) -> int:
    row = con.execute("SELECT coalesce(max(load), 0) FROM load").fetchone()
    return int(row[0]) if row else 0


def sweep(folder: Path) -> None:
    """Remove candidates, and their logs, that an interrupted night left behind."""
    for path in folder.glob(f"{CANDIDATE}*.duckdb*"):
        with contextlib.suppress(FileNotFoundError):
            path.unlink()


def live_version(live: Path | None) -> int:
    """The data_version of a published file; 0 where there is none."""
    if live is None:
        return 0
    with attached(live=live) as con:
        row = con.execute("SELECT data_version FROM live.mart.publication").fetchone()
    return int(row[0]) if row else 0


def differences(candidate: Path, live: Path | None) -> dict[str, int]:
    """How many rows of each mart table are in one of the two files alone; a table of another shape differs in all."""
    changed: dict[str, int] = {}
    with attached(candidate=candidate, live=live) as con:
        for table in MART:
            if table.name == "publications" and live is not None:
                continue
            if live is not None and table.name in LARGE:
                count = _count_large(con, table)
            elif table.name == "publication" and live is not None:
                count = _count(con, "SELECT has_examples FROM {0}.mart.publication", both=True)
            else:
                count = _count(con, f"SELECT * FROM {{0}}.mart.{table.name}", both=live is not None)
            if count:
                changed[table.name] = count
    return changed


def _count_large(con: duckdb.DuckDBPyConnection, table: MartTable) -> int:
    """The same for a table as large as the observations, of which only the indicators that differ are looked at."""
    try:
        groups = moved(con, table.name, [column.name for column in table.columns])
    except duckdb.Error:  # the live file has another shape
        groups = [[]]
    sql = f"SELECT * FROM {{0}}.mart.{table.name}"
    counts = []
    for indicators in groups:
        con.execute("CREATE OR REPLACE TEMP TABLE moving AS SELECT unnest(?::VARCHAR[]) AS indicator_id", [indicators])
        counts.append(_count(con, f"{sql} SEMI JOIN moving USING (indicator_id)" if indicators else sql, both=True))
    return sum(counts)


def _count(con: duckdb.DuckDBPyConnection, sql: str, *, both: bool) -> int:
    new, old = sql.format("candidate"), sql.format("live")
    try:
        counted = f"SELECT count(*) FROM (({new} EXCEPT ALL {old}) UNION ALL ({old} EXCEPT ALL {new}))"
        row = con.execute(counted if both else f"SELECT count(*) FROM ({new})").fetchone()
    except duckdb.Error:  # the live file has another shape
        row = con.execute(f"SELECT count(*) FROM ({new})").fetchone()
    return int(row[0]) if row else 0


def _stamp(candidate: Path, version: int, published_at: datetime, again_by: str | None) -> None:
    """Give a candidate the version and the instant at which it is published after all. A kept version that is published
    again, by the run `again_by`, keeps its own past and gets another publication after it."""
    con = connect(str(candidate))
    try:
        given = {"version": version, "at": _utc(published_at), "run": again_by}
        con.execute("BEGIN")
        if again_by is None:
            meant = con.execute("SELECT published_at FROM mart.publication").fetchall()[0][0]
            for table, columns in INSTANTS.items():
                for column in columns:
                    con.execute(f"UPDATE mart.{table} SET {column} = ? WHERE {column} = ?", [_utc(published_at), meant])
            con.execute("UPDATE mart.publications SET data_version = $version WHERE published_at = $at",
                        {"version": version, "at": given["at"]})  # fmt: skip
        else:
            con.execute("INSERT INTO mart.publications VALUES (?, ?)", [version, given["at"]])
        con.execute(
            "UPDATE mart.publication SET data_version = $version, published_at = $at, run = coalesce($run, run)", given
        )
        con.execute("COMMIT")
        con.execute("CHECKPOINT")
    finally:
        con.close()


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
            raise StorageFault(log, "a write-ahead log lies beside the file; close the program that writes there")
    candidate.chmod(0o644)
    with candidate.open("rb") as file:
        os.fsync(file.fileno())
    candidate.replace(live)
    folder = os.open(live.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _remember(con: duckdb.DuckDBPyConnection, live: Path) -> None:
    """Have the store know what the published file shows, also where the night that published it died before this."""
    with contextlib.ExitStack() as stack:
        attach(con.execute, "live", live, stack)
        stack.callback(con.execute, "DETACH live")
        store.remember(con, "live")


def catch_up(con: duckdb.DuckDBPyConnection, live: Path, limits: Limits | None = None) -> None:
    """Record and keep a publication whose night died between the rename and that: only loads up to then were seen."""
    if live.exists():
        _remember(con, live)
        Kept.beside(live).keep_version(live, live_version(live), (limits or Limits()).keep_versions)


# -- the same again, from what is on record ---------------------------------------------------------------------------


def publish_again(con: duckdb.DuckDBPyConnection, live: Path, version: int, sources: Mapping[str, Any]) -> None:
    """Build a version that was published once, as it was then, and put it in place: nobody is asked and nothing judged.

    `sources` are what mart.build needs beside the store, as they were. Raises StorageFault.
    """
    candidate = live.parent / f"{CANDIDATE}again-{version}.duckdb"
    build(con, candidate, version=version, **sources)
    rename_over(candidate, live)
    _remember(con, live)
    Kept.beside(live).keep_version(live, version, EVERY.keep_versions)


def approve_again(con: duckdb.DuckDBPyConnection, live: Path, candidate: Path, version: int, at: datetime) -> None:
    """Put a candidate in place that was approved at an instant. Raises StorageFault."""
    kept = Kept.beside(live)
    _put_in_place(con, candidate, live, version, at, None, kept, EVERY)
    kept.let_go()
