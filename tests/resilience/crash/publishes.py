"""Readers that poll while versions are published one after another: no error, and each new version is noticed by the
first refresh that begins after it was published.

A refresh is: open, read the version, close. `python -m tests.resilience.crash.publishes KIND PUBLISHED STOP` refreshes until the file
STOP is there and prints each refresh as JSON: when it began (monotonic seconds) and the version that it read.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from tests.support.places import DEFINITION_FILES, HOME

PAUSE_SECONDS = 0.05
VERSION = "SELECT data_version, (SELECT count(*) FROM mart.observations) FROM mart.publication"
Refresh = tuple[float, int]


def opening(path: Path) -> Iterator[int]:
    """A reader that has nothing open between its refreshes."""
    while True:
        with duckdb.connect(str(path), read_only=True) as con:
            yield con.execute(VERSION).fetchall()[0][0]


def attaching(path: Path) -> Iterator[int]:
    """A reader that lives on, and attaches the file anew for each refresh."""
    con = duckdb.connect()
    while True:
        con.execute(f"ATTACH '{path}' AS live (READ_ONLY)")
        found = con.execute(VERSION.replace("mart.", "live.mart.")).fetchall()[0][0]
        con.execute("DETACH live")
        yield found


def keeping(path: Path) -> Iterator[int]:
    """A reader that keeps its connection, which goes on showing one version, and opens again for each refresh."""
    con = duckdb.connect(str(path), read_only=True)
    while True:
        shown = con.execute(VERSION).fetchall()
        time.sleep(2 * PAUSE_SECONDS)
        if con.execute(VERSION).fetchall() != shown:
            raise RuntimeError("a version changed in an open connection")
        con.close()
        con = duckdb.connect(str(path), read_only=True)
        yield con.execute(VERSION).fetchall()[0][0]


KINDS: dict[str, Callable[[Path], Iterator[int]]] = {"opens": opening, "attaches": attaching, "keeps": keeping}


def refresh(kind: str, path: Path, stop: Path) -> list[Refresh]:
    found: list[Refresh] = []
    reader = KINDS[kind](path)
    while not stop.exists():
        if kind == "keeps":  # its refresh begins when it opens again, in the midst of its turn
            version, begun = next(reader), time.monotonic()
        else:
            begun = time.monotonic()
            version = next(reader)
        found.append((begun, version))
        time.sleep(PAUSE_SECONDS)
    return found


@contextmanager
def refreshing(path: Path, seen: dict[str, list[Refresh]]) -> Iterator[None]:
    """One reader of each kind at work while the block runs; what they saw is in `seen` after it."""
    stop = path.with_name("stop")
    command = [sys.executable, "-m", "tests.resilience.crash.publishes"]
    readers = {
        kind: subprocess.Popen([*command, kind, str(path), str(stop)], cwd=HOME, stdout=subprocess.PIPE, text=True)
        for kind in KINDS
    }
    try:
        yield
    finally:
        stop.touch()
        for kind, reader in readers.items():
            said, _ = reader.communicate(timeout=120)
            seen[kind] = json.loads(said) if reader.returncode == 0 else []


def late(refreshes: Sequence[Refresh], published: Sequence[tuple[float, float, int]]) -> list[str]:
    """The refreshes that began after a version was published and did not show it, or showed one that was not yet.
    `published` are the instants at which publishing began and ended, and the version."""
    wrong = []
    for begun, version in refreshes:
        least = max((number for _, ended, number in published if ended <= begun), default=0)
        if version < least:
            wrong.append(f"a refresh showed version {version} when {least} was published")
    if [version for _, version in refreshes] != sorted(version for _, version in refreshes):
        wrong.append("versions went back")
    return wrong


def publishing(folder: Path, count: int) -> list[str]:
    """Publish so many versions with three readers at work; what was wrong."""
    from local_indicators.schemas.definitions.loader import load_definitions
    from tests.support.publication_histories import History, figure

    history = History(folder, load_definitions(DEFINITION_FILES))
    seen: dict[str, list[Refresh]] = {}
    published: list[tuple[float, float, int]] = []

    def one(number: int) -> None:
        history.load([figure(float(40 + number), area=area) for area in ("E06000018", "E06000016")])
        begun = time.monotonic()
        said = history.publish()
        published.append((begun, time.monotonic(), said.data_version))

    with history.open:
        one(0)
        with refreshing(history.live, seen):
            for number in range(1, count + 1):
                one(number)
            time.sleep(20 * PAUSE_SECONDS)
    wrong = [f"{kind}: {said}" for kind, refreshes in seen.items() for said in late(refreshes, published)]
    for kind, refreshes in seen.items():
        versions = {version for _, version in refreshes}
        print(
            f"  reader that {kind}: {len(refreshes)} refreshes, {len(versions)} of {count + 1} versions seen",
            flush=True,
        )
        if not refreshes or max(versions) != published[-1][2]:
            wrong.append(f"{kind}: it failed, or never saw the last version")
    if [number for *_, number in published] != list(range(1, count + 2)):
        wrong.append(f"versions published: {[number for *_, number in published]}")
    return wrong


def fifty_publishes(root: Path, count: int) -> list[str]:
    """The long version of `make crash`."""
    print(f"\n{count} publications, three readers", flush=True)
    folder = root / "publishes"
    folder.mkdir()
    return publishing(folder, count)


if __name__ == "__main__":
    print(json.dumps(refresh(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))))
