"""From a candidate to the published file: what differs, the gate's verdict, one rename."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal

import duckdb

from schemas.calendar import Standing
from schemas.definitions import Definitions
from schemas.faults import StorageFault
from warehouse.contract import MART
from warehouse.files import attached
from warehouse.gate import Verdict, gate
from warehouse.mart import build
from warehouse.store import connect

CANDIDATE = "candidate-"


@dataclass(frozen=True)
class Publication:
    """What a night published. `unchanged`: no row of mart differs and the live file was left as it is. `refused`: the
    gate said no, and the live file was left as it is. `changed` counts rows that differ, by table."""

    state: Literal["published", "unchanged", "refused"]
    data_version: int
    changed: dict[str, int]
    verdict: Verdict


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
    step: Callable[[str], None] = lambda _: None,
) -> Publication:
    """Build a candidate from the store, compare it with the live file, judge it, and put it in the live file's place.

    `con` is the store. Raises StorageFault where the folder cannot be written; the live file is then untouched.
    """
    folder = live.parent
    sweep(folder)
    _catch_up(con, live)
    candidate = folder / f"{CANDIDATE}{run}.duckdb"
    try:
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
        )
        before = live if live.exists() else None
        step("compare with what is published")
        changed = differences(candidate, before)
        version = live_version(before)
        if before is not None and not changed:
            return Publication("unchanged", version, {}, Verdict(()))
        step("judge the candidate")
        verdict = gate(candidate, before)
        if not verdict.passed:
            return Publication("refused", version, changed, verdict)
        step("publish")
        _stamp(candidate, version + 1, published_at)
        _replace(candidate, live)
        _record(con, version + 1, published_at, run)
        return Publication("published", version + 1, changed, verdict)
    except (duckdb.IOException, duckdb.FatalException, OSError) as error:
        raise StorageFault(live, f"cannot be published ({str(error).splitlines()[0]})") from None
    finally:
        sweep(folder)


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
            if table.name == "publication" and live is not None:
                sql = "SELECT has_examples FROM {0}.mart.publication"
            else:
                sql = f"SELECT * FROM {{0}}.mart.{table.name}"
            count = _count(con, sql, both=live is not None)
            if count:
                changed[table.name] = count
    return changed


def _count(con: duckdb.DuckDBPyConnection, sql: str, *, both: bool) -> int:
    new, old = sql.format("candidate"), sql.format("live")
    try:
        counted = f"SELECT count(*) FROM (({new} EXCEPT ALL {old}) UNION ALL ({old} EXCEPT ALL {new}))"
        row = con.execute(counted if both else f"SELECT count(*) FROM ({new})").fetchone()
    except duckdb.Error:  # the live file has another shape
        row = con.execute(f"SELECT count(*) FROM ({new})").fetchone()
    return int(row[0]) if row else 0


def _stamp(candidate: Path, version: int, published_at: datetime) -> None:
    con = connect(str(candidate))
    try:
        when = published_at.astimezone(UTC).replace(tzinfo=None)
        con.execute("UPDATE mart.publication SET data_version = ?, published_at = ?", [version, when])
        con.execute("CHECKPOINT")
    finally:
        con.close()


def _replace(candidate: Path, live: Path) -> None:
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


def _record(con: duckdb.DuckDBPyConnection, version: int, published_at: datetime, run: str) -> None:
    when = published_at.astimezone(UTC).replace(tzinfo=None)
    con.execute(
        "INSERT INTO publication SELECT ?, ?, ?, coalesce(max(load), 0) FROM load ON CONFLICT DO NOTHING",
        [version, when, run],
    )


def _catch_up(con: duckdb.DuckDBPyConnection, live: Path) -> None:
    """Record a publication whose night died between the rename and the record: only loads up to then were seen."""
    if not live.exists():
        return
    with attached(live=live) as there:
        row = there.execute("SELECT data_version, published_at, run FROM live.mart.publication").fetchone()
    if row:
        con.execute(
            """INSERT INTO publication
               SELECT $version, $at, $run, coalesce(max(load), 0) FROM load WHERE recorded_at <= $at
               ON CONFLICT DO NOTHING""",
            {"version": row[0], "at": row[1], "run": row[2]},
        )
