"""While a night is at work, another and every decision leave with a clear line; readers and the register go on."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.resilience.crash.state import state_of
from tests.resilience.crash.town import NIGHTS, environment
from tests.support.places import HOME, Place

pytestmark = pytest.mark.long


INDICATORS = str(Path(sys.executable).with_name("indicators"))
BUSY = ": another "
WORDS = ("--reason", "Counted", "--by", "Head of years", "--until", "2011-09-30")


def test_nothing_comes_between_a_night_and_its_end(place: Place) -> None:
    NIGHTS[0].before(place)
    place.night(today=NIGHTS[0].today, partners=place.root / "partners")
    NIGHTS[2].before(place)
    env = {**os.environ, **environment(place, NIGHTS[2])}

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=HOME, env=env, capture_output=True, text=True)

    night = subprocess.Popen(
        [sys.executable, "-m", "tests.resilience.crash.stops", f"built@{place.root}", "plain"], cwd=HOME, env=env
    )
    try:
        while not (place.root / "reached").exists():
            assert night.poll() is None
            time.sleep(0.1)
        before = (place.archive / "ledger.jsonl").read_bytes()
        second = run(sys.executable, "-m", "tests.resilience.crash.program", "nightly")
        for left in (
            second,
            run(INDICATORS, "approve", "some-run", "--by", "analyst"),
            run(INDICATORS, "rollback", "1", "--by", "analyst"),
            run(INDICATORS, "waive", "S000001", "Figures!E9", "value.implausible", *WORDS),
        ):
            assert left.returncode == 4, left.stdout + left.stderr
            assert BUSY in left.stderr.splitlines()[-1]
            assert "try again when it has ended" in left.stderr.splitlines()[-1]
        assert (place.archive / "ledger.jsonl").read_bytes() == before
        assert run(INDICATORS, "status").returncode == 0
        assert place.ask("SELECT data_version FROM mart.publication") == [(1,)]
    finally:
        (place.root / "go").touch()
        ended = night.wait(timeout=120)
    assert ended == 0
    assert place.ask("SELECT data_version FROM mart.publication") == [(2,)]
    assert state_of(place.root)["left behind"] == []
    assert run(INDICATORS, "rollback", "1", "--by", "analyst").returncode == 0
