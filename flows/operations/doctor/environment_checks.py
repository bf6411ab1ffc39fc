"""Checks of the machine: the inbox, the rights to read and write, free disk space and the clock."""

from __future__ import annotations

import contextlib
import getpass
import os
import re
import shutil
import stat
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from local_indicators.common.errors import LocalIndicatorsError
from local_indicators.flows.inboxes import check_inbox, share_at
from local_indicators.flows.operations.doctor.doctor_context import (
    ARRIVALS_GUIDE,
    CHECK_SECONDS,
    GIGABYTE,
    Diagnosis,
    DoctorContext,
    edit,
    require,
    shell,
    shortened,
)
from local_indicators.flows.settings import LONDON
from local_indicators.flows.workspace import SETTINGS_FILE


def check_inbox_access(context: DoctorContext) -> Diagnosis:
    """Check that the inbox can be read and holds a folder for each partner."""
    given = context.settings
    try:
        check_inbox(given.inbox)
        top = share_at(given.inbox, min(given.inbox_seconds, CHECK_SECONDS / 2)).entries(())
    except LocalIndicatorsError as fault:
        file = edit(given.workspace / SETTINGS_FILE)
        return (
            "wrong",
            str(fault),
            f"make it, or name another inbox: {file}; {ARRIVALS_GUIDE} has an example of each kind",
        )
    except OSError as error:
        do = f"see that the server or share is up, the sign-in right and its key known ({ARRIVALS_GUIDE})"
        return "wrong", f"{given.inbox} cannot be read ({error.strerror})", do
    partners = require("layouts", lambda: context.partners)
    missing = sorted(set(partners) - {entry.name for entry in top if entry.kind == "folder"})
    if len(missing) == len(partners):
        return (
            "wrong",
            f"{given.inbox} holds no partner's folder",
            "see that the share is mounted and the path is right",
        )
    if missing:
        made = [given.inbox / name for name in missing] if isinstance(given.inbox, Path) else []
        do = f"run: {shell('mkdir', *made)}" if made else "make a folder of that name for each"
        return "look", f"{given.inbox} has no folder for {shortened(missing)}", do
    return "ok", f"{given.inbox} can be read, with a folder for each of {len(partners)} partners", ""


def check_permissions(context: DoctorContext) -> Diagnosis:
    """Check that what nights write can be written, and that what is private is readable by its owner only."""
    given = context.settings
    folders = {"archive": given.archive, "warehouse": given.warehouse.parent, "outbox": given.outbox}
    for name, folder in folders.items():
        existing = next(path for path in (folder, *folder.parents) if path.exists())
        if not existing.is_dir() or not os.access(existing, os.R_OK | os.W_OK | os.X_OK):
            mine = shell("sudo", "chown", "-R", getpass.getuser(), existing)
            do = (
                f"run: {mine}"
                if existing.is_dir()
                else f"it is a file; run: {shell('mv', existing, f'{existing}.old')}"
            )
            return "wrong", f"the {name} {folder} cannot be written", do
    private = [given.archive, given.archive / "ledger.jsonl", given.store, given.warehouse.parent / "kept"]
    for path in (path for path in private if path.exists()):
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            return (
                "wrong",
                f"others can read {path}, which holds what must not be shown",
                f"run: {shell('chmod', 'go=', path)}",
            )
        if path.stat().st_uid != os.geteuid():
            mine = shell("sudo", "chown", "-R", getpass.getuser(), path)
            do = f"run nights and doctor as one account; to give this one what is there: {mine}"
            return "wrong", f"{path} belongs to another account", do
    if given.warehouse.exists() and not os.access(given.warehouse, os.R_OK):
        return "wrong", f"{given.warehouse} cannot be read", f"run: {shell('chmod', 'a+r', given.warehouse)}"
    return "ok", "what must be written can be, and what is private is private", ""


def check_disk_space(context: DoctorContext) -> Diagnosis:
    """Check that the fullest disk has room for a night: a gigabyte and three times the database files."""
    given = context.settings
    free_space: dict[int, tuple[int, Path]] = {}
    for folder in (given.archive, given.warehouse.parent, given.outbox, Path(tempfile.gettempdir())):
        existing = next(path for path in (folder, *folder.parents) if path.exists())
        free_space[existing.stat().st_dev] = (shutil.disk_usage(existing).free, existing)
    files = (given.warehouse, given.store)
    needed = GIGABYTE + 3 * sum(path.stat().st_size for path in files if path.exists())
    free, where = min(free_space.values())
    message = f"{free / GIGABYTE:.1f} GB free at {where}; a night may take {needed / GIGABYTE:.1f}"
    sizes = shell("du", "-sh", given.outbox, given.warehouse.parent / "kept")
    do = f"make room: old messages in the outbox and old versions in kept (keep_versions) may go: {sizes}"
    if free < needed:
        return "wrong", message, do
    return ("look" if free < 3 * needed else "ok"), message, do if free < 3 * needed else ""


def check_clock(context: DoctorContext) -> Diagnosis:
    """Check the time zone data, and that the clock is not behind the ledger."""
    offset = LONDON.utcoffset(datetime(2011, 7, 1, 12, tzinfo=UTC).replace(tzinfo=None))
    if offset != timedelta(hours=1):
        do = f"install tzdata again: {shell(sys.executable, '-m', 'pip', 'install', '--force-reinstall', 'tzdata')}"
        return "wrong", "the time zone Europe/London is not what it is", do
    newest = _newest_ledger_time(context.settings.archive / "ledger.jsonl")
    if newest is not None and newest > context.at + timedelta(minutes=5):
        do = "run: sudo timedatectl set-ntp true; a night that runs now would be recorded before what came earlier"
        return (
            "wrong",
            f"it is {context.at:%Y-%m-%d %H:%M} UTC here, and the ledger is already at {newest:%Y-%m-%d %H:%M}",
            do,
        )
    return "ok", f"{context.at.astimezone(LONDON):%Y-%m-%d %H:%M} in London", ""


def _newest_ledger_time(path: Path) -> datetime | None:
    """Return the newest time (UTC) in the last lines of the ledger, which need not be readable as a whole; None if
    there is none."""
    with contextlib.suppress(OSError):
        with path.open("rb") as file:
            file.seek(max(path.stat().st_size - 65_536, 0))
            tail = file.read().decode("utf-8", "replace")
        times = re.findall(r'"(?:at|first_seen|judged_at|granted_at)":"([0-9T:.+-]{19,40})"', tail)
        with contextlib.suppress(ValueError):
            return max((datetime.fromisoformat(time) for time in times), default=None)
    return None
