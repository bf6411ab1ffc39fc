"""A night that is killed costs nothing but time: the next one ends the work, and nothing is lost, doubled or torn.

This is the short version; `make crash` kills at every named step through Prefect and at two hundred random moments.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from local_indicators.warehouse.gate.gate import Verdict
from local_indicators.warehouse.publication import publish_attempt
from tests.resilience.crash.publishes import publishing
from tests.support.places import HOME

pytestmark = pytest.mark.long


def test_killed_nights_end_where_an_uninterrupted_one_does() -> None:
    command = [sys.executable, "-m", "tests.resilience.crash.long", "short"]
    done = subprocess.run(command, cwd=HOME, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nothing is wrong." in done.stdout


def test_readers_see_no_error_and_notice_each_version_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish_attempt, "judge_candidate", lambda *_: Verdict())
    assert publishing(tmp_path, 10) == []
