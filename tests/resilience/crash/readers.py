"""A dashboard that polls: it opens the published file, reads what it shows, and closes it, over and over.

`python -m tests.resilience.crash.readers POINTER` reads the file under the folder that POINTER names, until that is empty or the
process that started it is gone; it then prints, as JSON, how often it looked, what went wrong, and what each version showed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from tests.resilience.crash.state import digest_of, mart_of
from tests.support.places import HOME

PAUSE_SECONDS = 0.2
WHOLE_EVERY = 25
"""Of polls that find the same file, so many read no more than its version and a few counts."""


@dataclass
class Seen:
    """What readers saw: how often they looked, what went wrong, and which contents each version showed, by place."""

    polls: int = 0
    errors: list[str] = field(default_factory=list)
    contents: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    def add(self, other: dict[str, Any]) -> None:
        self.polls += other["polls"]
        self.errors += other["errors"]
        for place, versions in other["contents"].items():
            for version, found in versions.items():
                mine = self.contents.setdefault(place, {}).setdefault(version, [])
                mine += [one for one in found if one not in mine]

    def mixed(self, allowed: dict[str, set[tuple[int, str]]]) -> list[str]:
        """The contents that nobody published under their version, by place."""
        return [
            f"{place}: version {version} shows {one}"
            for place, versions in self.contents.items()
            for version, found in versions.items()
            for one in found
            if (int(version), one) not in allowed[place]
        ]


def look(path: Path, *, whole: bool) -> tuple[int, str | None]:
    """The version of a published file, and a digest of all that it shows."""
    with duckdb.connect(str(path), read_only=True) as con:
        before = con.execute("SELECT data_version FROM mart.publication").fetchall()
        shown = digest_of(mart_of(con)) if whole else None
        con.execute("SELECT count(*) FROM mart.latest JOIN mart.observations USING (indicator_id)").fetchall()
        after = con.execute("SELECT data_version FROM mart.publication").fetchall()
    if before != after or len(before) != 1:
        raise RuntimeError(f"version {before} became {after} while it was read")
    return int(before[0][0]), shown


def poll(pointer: Path) -> dict[str, Any]:
    """Look until the pointer is empty."""
    seen: dict[str, Any] = {"polls": 0, "errors": [], "contents": {}}
    last, same, started_by = None, 0, os.getppid()
    while (root := pointer.read_text()) and os.getppid() == started_by:
        path = Path(root) / "warehouse" / "indicators.duckdb"
        if path.exists():
            try:
                at = path.stat()
                found = (root, at.st_ino, at.st_mtime_ns)
                same = same + 1 if found == last else 0
                version, shown = look(path, whole=same % WHOLE_EVERY == 0)
                if shown:
                    contents = seen["contents"].setdefault(root, {}).setdefault(str(version), [])
                    contents += [shown] if shown not in contents else []
                seen["polls"] += 1
                last = found
            except Exception as error:
                if pointer.read_text() == root:  # otherwise the place was taken away, which no night does
                    seen["errors"].append(f"{root}: {error}")
        time.sleep(PAUSE_SECONDS)
    return seen


@contextmanager
def polling(pointer: Path, count: int) -> Iterator[Seen]:
    """So many readers at work while the block runs; what they saw is known after it."""
    seen = Seen()
    command = [sys.executable, "-m", "tests.resilience.crash.readers", str(pointer)]
    readers = [subprocess.Popen(command, cwd=HOME, stdout=subprocess.PIPE, text=True) for _ in range(count)]
    try:
        yield seen
    finally:
        point(pointer, "")
        for reader in readers:
            said, _ = reader.communicate(timeout=120)
            seen.add(json.loads(said))


def point(pointer: Path, root: Path | str) -> None:
    """Have readers look elsewhere from now on."""
    new = pointer.with_suffix(".new")
    new.write_text(str(root))
    new.replace(pointer)


def main(arguments: Sequence[str]) -> None:
    print(json.dumps(poll(Path(arguments[0]))))


if __name__ == "__main__":
    main(sys.argv[1:])
