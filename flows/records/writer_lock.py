"""The lock of the archive, which one run holds at a time."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local_indicators.common.errors import BusyError, StorageError
from local_indicators.common.progress import report_progress

LOCK_RETRY_SECONDS = 0.5


@contextmanager
def sole_writer(archive: Path, patience_seconds: float = 0.0) -> Iterator[None]:
    """Hold the archive's lock, so that two runs never interleave. Raises BusyError if another run still holds it after
    `patience_seconds`, and StorageError if the archive cannot be written."""
    try:
        archive.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.open(archive / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StorageError(archive, f"the archive cannot be written ({error.strerror})") from None
    try:
        while not _try_lock(file):
            if patience_seconds <= 0:
                raise BusyError(archive, "another run is at work here; try again when it has ended")
            report_progress("Waiting for another run to end")
            time.sleep(LOCK_RETRY_SECONDS)
            patience_seconds -= LOCK_RETRY_SECONDS
        yield
    finally:
        os.close(file)


def _try_lock(file: int) -> bool:
    """Lock an open file if nobody has; return whether it is locked now."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


# -- who holds it -----------------------------------------------------------------------------------------------------


def lock_holders(archive: Path) -> frozenset[int] | None:
    """Return the ids of the processes that hold the archive's lock, 0 for one that cannot be told; None where this
    system does not say. The lock is not touched: a run that begins at this moment does not notice.

    /proc/locks has lines such as `1: FLOCK  ADVISORY  WRITE 1234 fe:00:2564742 0 EOF`, with device and inode. Some file
    systems name another device there than to those who open the file, so the inode decides, and where the process can
    be looked at, whether it has the file open.
    """
    path = archive / "lock"
    try:
        inode = str(path.stat().st_ino)
        locks = Path("/proc/locks").read_text("ascii")
    except FileNotFoundError:
        return None if path.exists() else frozenset()
    except OSError:
        return None
    found = set()
    for line in locks.splitlines():
        words = line.split()
        if len(words) < 8 or words[1] not in ("FLOCK", "POSIX") or words[5].rpartition(":")[2] != inode:
            continue
        process = max(int(words[4]), 0)
        if process == 0 or _has_open(process, path):
            found.add(process)
    return frozenset(found)


def _has_open(process: int, path: Path) -> bool:
    """Return whether a process has a file open; True where nobody may look."""
    try:
        handles = list(Path(f"/proc/{process}/fd").iterdir())
    except FileNotFoundError:
        return False
    except OSError:
        return True
    for handle in handles:
        with contextlib.suppress(OSError):
            if handle.samefile(path):
                return True
    return False
