"""Whatever ends a night, its user is told in one plain line, and the next night ends as an uninterrupted one would have.

These are some of the interruptions of `make crash`, which plays all of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from tests.resilience.crash.town import NIGHTS, environment
from tests.support.places import HOME, Place

pytestmark = pytest.mark.long


PLAYED = (
    "SIGTERM between rename and record",
    "disk full at the ledger",
    "disk full in the archive",
    "disk full for the candidate",
    "permission lost after the rename",
    "reading children are killed",
    "the clock is moved back",
    "a table is torn",
    "the published file is cut short",
    "the store is empty",
)


@pytest.fixture(scope="module")
def played() -> Mapping[str, Any]:
    """What came of each, played in one process that forks a child for each night."""
    command = [sys.executable, "-m", "tests.resilience.crash.scenes", *PLAYED]
    done = subprocess.run(command, cwd=HOME, capture_output=True, text=True)
    found = {one["scene"]: one for one in map(json.loads, done.stdout.splitlines())}
    assert found, done.stderr
    return found


@pytest.mark.parametrize("scene", PLAYED)
def test_an_interruption_is_told_and_costs_only_time(played: Mapping[str, Any], scene: str) -> None:
    assert played[scene]["wrong"] == []


@pytest.mark.usefixtures("prefect_server")
def test_sigterm_ends_a_night_of_prefect_in_one_line_and_its_run_is_on_record(place: Place) -> None:
    from prefect import get_client
    from prefect.settings import PREFECT_API_URL

    NIGHTS[0].before(place)
    env = {**os.environ, **environment(place, NIGHTS[0]), "PREFECT_API_URL": str(PREFECT_API_URL.value())}
    command = [sys.executable, "-c", TOLD_TO_END, "nightly"]
    done = subprocess.run(command, cwd=HOME, env=env, capture_output=True, text=True)
    assert done.returncode == 4, done.stderr
    assert done.stderr.splitlines()[-1] == "indicators: stopped; the next night goes on from here"
    with get_client(sync_client=True) as client:
        states = [run.state_name for run in client.read_flow_runs()]
    assert "Crashed" in states
    assert place.night(today=NIGHTS[0].today, partners=place.root / "partners").publication.state == "published"


TOLD_TO_END = """
import os, signal, sys
from tests.resilience.crash.stops import Stop, lay
lay(Stop("told to end", "local_indicators.warehouse.store.loading._withdraw", when="before"), lambda: os.kill(os.getpid(), signal.SIGTERM))
from local_indicators.flows.commands.application import main
sys.exit(main(sys.argv[1:]))
"""
