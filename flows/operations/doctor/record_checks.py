"""Checks of what nights leave behind: ledger, store, published file, candidates, messages and backups."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from pathlib import Path

from local_indicators.flows.operations.doctor.doctor_context import (
    MAX_COPY_BYTES,
    MAX_NIGHT_DURATION,
    Diagnosis,
    DoctorContext,
    require,
    shell,
    shortened,
)
from local_indicators.flows.records.loss_detection import count_missing_files
from local_indicators.warehouse.store.surviving_records import copy_of_store


def check_ledger(context: DoctorContext) -> Diagnosis:
    """Check that the ledger is whole and that every file it names is in the archive."""
    ledger = context.ledger
    if lost := context.diagnose_loss("ledger"):
        return lost
    missing = count_missing_files(context.settings.archive, ledger)
    if missing and not context.run_at_work:
        do = f"restore {context.settings.archive} from a backup; nothing can be rebuilt without them"
        return "wrong", f"{missing} file(s) that the ledger names are not in the archive", do
    with contextlib.suppress(FileNotFoundError):
        if not ledger.path.read_bytes().endswith(b"\n"):
            do = "nothing to do: the next night removes it"
            return "look", "the last line was cut off by a crash and never counted", do
    return "ok", f"{len(ledger.submissions)} submissions, {len(ledger.recorded_outcomes)} outcomes", ""


def check_store(context: DoctorContext) -> Diagnosis:
    """Check the schema version of the store. It is read from a copy: opening the store would shut out a night that
    begins meanwhile."""
    from local_indicators.warehouse.store.connection import connect
    from local_indicators.warehouse.store.private_store import SCHEMA_VERSION

    path = context.settings.store
    if not path.exists():
        if context.run_at_work:
            return "ok", "a run is at work; look again when it has ended", ""
        return context.diagnose_loss("store") or ("ok", "there is none yet; the first night makes it", "")
    if path.stat().st_size > MAX_COPY_BYTES:
        return "ok", "too large to be looked at without holding up a night, which checks it by itself", ""
    with copy_of_store(path, MAX_COPY_BYTES) as copy:
        try:
            with contextlib.closing(connect(str(copy))) as con:
                row = con.execute("SELECT schema_version FROM about").fetchone()
        except Exception as error:
            if context.run_at_work:
                return "ok", "a night is writing to it", ""
            do = "restore it from a backup, or run `indicators rebuild --replace`"
            return "wrong", f"{path} cannot be read ({str(error).splitlines()[0][:120]})", do
    version = int(row[0]) if row else SCHEMA_VERSION
    if version > SCHEMA_VERSION:
        do = "install the newer release again; this one must not write to it"
        return "wrong", f"{path} has schema version {version}; this release reads {SCHEMA_VERSION}", do
    if version < SCHEMA_VERSION:
        return (
            "look",
            f"schema version {version} of an earlier release",
            "make a backup; the next night brings it up to date",
        )
    return context.diagnose_loss("store") or ("ok", f"schema version {version}", "")


def check_published_file(context: DoctorContext) -> Diagnosis:
    """Check that every table of the published file can be read and that it holds no example data."""
    from local_indicators.warehouse.mart.mart_tables import MART
    from local_indicators.warehouse.store.attached_files import connect_with_files

    path = context.settings.warehouse
    lost = context.diagnose_loss("published file")
    if not path.exists():
        return lost or ("ok", "nothing is published yet; the first night does", "")
    if Path(f"{path}.wal").exists():
        do = f"close the program that opened the published file to write, then run: {shell('rm', f'{path}.wal')}"
        return "wrong", f"a write-ahead log lies beside {path}", do
    away = shell("mv", path, path.with_suffix(".damaged"))
    again = f"run: {away} && indicators nightly, which puts it back from kept/; or run: indicators rebuild --replace"
    try:
        with connect_with_files(live=path) as con:
            for table in MART:
                con.execute(f"SELECT count(*) FROM live.mart.{table.name}").fetchone()
            row = con.execute("SELECT data_version, has_examples FROM live.mart.publication").fetchone()
    except Exception as error:
        return "wrong", f"it is not whole ({str(error).splitlines()[0][:160]})", again
    if row is None:
        return "wrong", "it does not say which version it is", again
    if lost:
        return lost
    if row[1] and not any(partner.says.example for partner in require("layouts", lambda: context.partners).values()):
        do = "run: indicators nightly; then see the check examples"
        return "look", f"data version {row[0]} was published with example data", do
    return context.diagnose_loss("kept versions") or ("ok", f"data version {row[0]}, whole", "")


def check_candidates(context: DoctorContext) -> Diagnosis:
    """Check whether a refused candidate or a rollback waits for a decision, or a stopped night left files."""
    folder = context.settings.warehouse.parent
    waiting = sorted((folder / "kept").glob("candidate-*.duckdb"))
    if waiting:
        run = waiting[-1].stem.removeprefix("candidate-")
        page = folder / "kept" / f"{run}.html"
        do = f"open {page}; if it is right all the same: indicators approve {run} --by performance-analyst"
        return "look", f"the gate refused run {run}, which waits for a decision", do
    if (folder / "kept" / "held.json").exists():
        return (
            "look",
            "a rollback holds publication",
            "put its cause right, then run: indicators nightly; it says how to approve what it makes",
        )
    old = [path for path in folder.glob("candidate-*.duckdb*") if context.at - _modified_at(path) > MAX_NIGHT_DURATION]
    if old:
        return "look", f"{len(old)} file(s) of a night that was stopped", "nothing to do: the next night removes them"
    return "ok", "nothing waits for a decision", ""


def check_set_aside_returns(context: DoctorContext) -> Diagnosis:
    """Check whether the gate has set a return aside."""
    at_fault = [entry for entry in require("ledger", lambda: context.ledger).set_aside.values() if entry.faults]
    if not at_fault:
        return "ok", "no return is set aside", ""
    names = sorted({entry.submission for entry in at_fault})
    do = f"its owner is told; if it is right all the same: indicators approve {names[0]} --by performance-analyst"
    return "look", f"{shortened(names)}: accepted and not published, {at_fault[0].faults[0].text}", do


def _modified_at(path: Path) -> datetime:
    """Return when a file was last changed (UTC)."""
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def check_messages(context: DoctorContext) -> Diagnosis:
    """Check whether messages wait or were refused."""
    messages = list(require("ledger", lambda: context.ledger).messages.values())
    pending = sum(message.pending for message in messages)
    refused = sum(message.state == "refused" for message in messages)
    if pending or refused:
        do = "for who and why, run: indicators status; correct the address, or see the check mail"
        return "look", f"{pending} message(s) wait and {refused} were refused", do
    return "ok", "none waits", ""


def name_what_to_back_up(context: DoctorContext) -> Diagnosis:
    """Name what to back up; whether that is done cannot be seen from here."""
    workspace = context.settings.workspace
    file = workspace.with_name(f"{workspace.name}-{context.at:%Y-%m-%d}.tar.gz")
    command = f"indicators backup {shell(file)}"
    return "ok", "cannot be seen from here", f"save the whole workspace, better on another machine; run: {command}"
