"""docs/backup.md: its commands, as they stand there, keep and restore an installation of the example data."""

from __future__ import annotations

import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from local_indicators.flows.pipeline.night_summary import NightReport
from local_indicators.flows.records.writer_lock import sole_writer
from tests.resilience.crash.state import state_of, unlike
from tests.support.places import HOME, INCOMING, TODAY, Place

PAGE = HOME / "docs" / "backup.md"
pytestmark = pytest.mark.skipif(shutil.which("flock") is None, reason="flock is not installed here")


def blocks(place: Place) -> list[str]:
    """The commands of the page, with its folder and its program in place of the documented ones."""
    found = re.findall(r"```sh\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    program = (
        f"env INDICATORS_INBOX={place.inbox} INDICATORS_WAREHOUSE={place.published} INDICATORS_OUTBOX={place.outbox} "
        f"INDICATORS_ARCHIVE={place.archive} INDICATORS_TODAY={TODAY} {sys.executable} -m tests.resilience.crash.program "
    )
    return [
        re.sub(r"(?m)^indicators ", program, one.replace("/srv/local-indicators", str(place.root))) for one in found
    ]


def start(commands: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(["sh", "-euc", commands], env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(HOME)})


@pytest.mark.long
def test_the_documented_backup_waits_for_a_night_and_restores_what_was(
    example_night: tuple[Place, NightReport], tmp_path: Path
) -> None:
    shutil.copytree(example_night[0].root, tmp_path / "place", symlinks=True)
    place = Place(tmp_path / "place")
    shutil.copytree(INCOMING, place.inbox)
    shutil.copytree(HOME / "inputs" / "partners", place.root / "partners")
    before = state_of(place.root)
    backup, restore = blocks(place)
    with sole_writer(place.archive):  # a night is at work
        going = start(backup)
        with pytest.raises(subprocess.TimeoutExpired):
            going.wait(timeout=2)
        assert "archive/ledger.jsonl" not in _list(place)
    assert going.wait() == 0
    assert "archive/ledger.jsonl" in _list(place)

    place.published.write_bytes(b"")
    (place.published.parent / "store.duckdb").unlink()
    shutil.rmtree(place.archive / "outcomes")
    (place.archive / "ledger.jsonl").write_text("nothing of this can be read\n", encoding="utf-8")
    assert start(restore).wait() == 0
    shutil.rmtree(place.root / "aside")
    assert unlike(state_of(place.root), before) == []
    assert stat.S_IMODE((place.published.parent / "store.duckdb").stat().st_mode) == 0o600


def _list(place: Place) -> str:
    path = place.root / "backups" / "latest.list"
    return path.read_text("utf-8") if path.exists() else ""
