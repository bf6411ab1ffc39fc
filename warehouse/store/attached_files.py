"""Opening published files beside each other without ever holding up a reader or a writer."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import duckdb

from local_indicators.common.errors import StorageError
from local_indicators.warehouse.store.connection import connect


@contextmanager
def connect_with_files(**files: Path | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with each file attached read-only under its name; those that are None are left out.

    A file that another program has opened for writing is locked; what it holds is read from a copy, for published files
    never change in place. Raises StorageError.
    """
    with ExitStack() as stack:
        con = connect()
        spill = stack.enter_context(tempfile.TemporaryDirectory(prefix="indicators-"))
        stack.callback(con.close)
        con.execute(f"SET temp_directory = {_quoted(Path(spill))}")
        for name, path in files.items():
            if path is not None:
                attach_read_only(con.execute, name, path, stack)
        yield con


def attach_read_only(execute: Callable[[str], object], name: str, path: Path, stack: ExitStack) -> None:
    """Attach a file read-only, or a copy of it while another program writes there. `execute` runs a statement on the
    connection; the copy goes with the stack. Raises StorageError."""
    try:
        try:
            execute(f"ATTACH {_quoted(path)} AS {name} (READ_ONLY)")
        except duckdb.IOException as error:
            if "lock" not in str(error).lower():
                raise
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="indicators-")))
            shutil.copyfile(path, folder / "copy.duckdb")
            execute(f"ATTACH {_quoted(folder / 'copy.duckdb')} AS {name} (READ_ONLY)")
    except (duckdb.Error, OSError) as error:
        reason = "if it is damaged, restore it from a backup, or remove it and run a night"
        raise StorageError(path, f"cannot be opened ({str(error).splitlines()[0]}); {reason}") from None


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
