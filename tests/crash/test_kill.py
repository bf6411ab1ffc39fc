"""A night that is killed costs nothing but time: the next one ends the work, and nothing is lost, doubled or torn."""

from __future__ import annotations

import random
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.conftest import HOME, Place
from tests.makers import GOOD, write_partner, write_return

KILLS = 12
SEED = 20110531

NIGHT = """
import sys
from datetime import date
from pathlib import Path
from flows.night import whole_night
from flows.settings import settings
root = Path(sys.argv[1])
print("ready", flush=True)
whole_night(settings(inbox=root / "inbox", warehouse=root / "warehouse" / "indicators.duckdb", outbox=root / "outbox",
                     archive=root / "archive", partners=root / "partners", today=date(2011, 5, 31)), "killed")
"""


def returns(place: Place, round_number: int) -> None:
    """Three partners' returns, of which one changes every round and one is wrong."""
    for name in ("one", "two", "three"):
        write_partner(place.root / "partners", name)
    write_return(place.inbox / "one" / "attainment.xlsx")
    changed = tuple(("Birmingham", *row[1:3], row[3], 40.0 + round_number, None, None) for row in GOOD[:1])
    write_return(place.inbox / "two" / "attainment.xlsx", changed)
    write_return(place.inbox / "three" / "attainment.xlsx", [("Nowhere", *GOOD[0][1:])])


def state(place: Place) -> dict[str, Any]:
    """What must be the same whether or not nights were killed: rows without the times at which they were recorded."""
    return {
        "observations": place.ask(
            """SELECT indicator_id, area_code, time_period, breakdown, value, numerator, submission, cell
               FROM mart.observations ORDER BY ALL"""
        ),
        "revisions": place.ask(
            "SELECT indicator_id, area_code, old_value, new_value FROM mart.revisions ORDER BY changed_at"
        ),
        "returns": place.ask("SELECT partner, collection, status, findings, submission FROM mart.returns ORDER BY ALL"),
        "messages": sorted(path.name for path in place.outbox.iterdir()),
        "holding": [path.name for path in (place.archive / "holding").iterdir()],
    }


def start(place: Place) -> subprocess.Popen[str]:
    python = str(HOME / ".venv" / "bin" / "python")
    night = subprocess.Popen([python, "-c", NIGHT, str(place.root)], cwd=HOME, stdout=subprocess.PIPE, text=True)
    assert night.stdout is not None
    assert night.stdout.readline().strip() == "ready"
    return night


def published_is_whole(place: Place) -> None:
    if place.published.exists():
        rows = place.ask("SELECT count(*), (SELECT count(*) FROM mart.publication) FROM mart.observations")
        assert rows[0][1] == 1


def test_killed_nights_end_where_an_uninterrupted_one_does(tmp_path: Path) -> None:
    chance = random.Random(SEED)  # noqa: S311
    killed, quiet = Place(tmp_path / "killed"), Place(tmp_path / "quiet")
    for round_number in range(2):
        for place in (killed, quiet):
            returns(place, round_number)
        begun = time.monotonic()
        with start(quiet) as night:
            assert night.wait() == 0
        whole = time.monotonic() - begun
        for _ in range(KILLS // 2):
            with start(killed) as night:
                time.sleep(chance.uniform(0, whole))
                night.kill()
            published_is_whole(killed)
        with start(killed) as night:
            assert night.wait() == 0
        assert state(killed) == state(quiet)
