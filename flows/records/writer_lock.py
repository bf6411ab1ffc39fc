"""The lock of the archive, which one run holds at a time."""

from __future__ import annotations

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
