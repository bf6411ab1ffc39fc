"""A rebuild equals what is live, row for row, whatever happened before; and what is live is safe from it."""

from __future__ import annotations

import json
import os
import random
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import openpyxl
import pytest

from local_indicators.common.errors import LocalIndicatorsError
from local_indicators.flows.commands.application import main
from local_indicators.flows.records.ledger import read_ledger
from local_indicators.flows.recovery.rebuild_warehouse import rebuild
from local_indicators.flows.recovery.reparse_report import reparse_submissions
from local_indicators.warehouse.store.connection import connect
from tests.support.places import Place
from tests.support.random_nights import Life, copied_to, differing, live_through, trusting
from tests.support.small_returns import write_return

pytestmark = pytest.mark.long


REBUILDS = int(os.environ.get("REBUILDS", "2"))  # make rebuilds: 20 longer ones


@pytest.mark.parametrize("seed", range(REBUILDS))
def test_a_random_history_is_made_again_row_for_row(seed: int, tmp_path: Path) -> None:
    life = Life(Place(tmp_path), random.Random(seed))  # noqa: S311
    with trusting():
        live_through(life, 4 if REBUILDS < 5 else 14)
        life.night(change_limit_pct=100)
        done = rebuild(life.settings(), "again")
    assert done.equal, done.text
    assert (done.compared, done.notes) == (("store", "published file"), ())


KEY_STAGES = "schools-learning/Key_stages_2010.csv"
NOTTINGHAM = "Local authority,E92000001,England,E12000004,East Midlands,892,E06000018,Nottingham"


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Life:
    """The example data after all that can happen to it. Tests must leave it as it is, or copy it."""
    life = Life(Place(tmp_path_factory.mktemp("lived")), examples=True)
    ks2 = f"200910,Academic year,{NOTTINGHAM},KS2 level 4+ English and maths,Total"
    with trusting():
        assert life.night().publication.data_version == 1
        gone = '200910,Academic year,National,E92000001,England,,,,,,"KS4 2+ A*-C science, change on year",Total,6.0,'
        life.correct(KEY_STAGES, (f"{ks2},67,", f"{ks2},68,"), (f"{gone}points,\n", ""))
        assert life.night().publication.data_version == 2
        life.correct(KEY_STAGES, ("Mathematics,-3,", "Mathematics,145,"))
        report = life.night()
        assert ([line.status for line in report.returns], report.publication.data_version) == (["rejected"], 3)
        assert life.waive()
        assert life.night().publication.data_version == 4
        assert life.roll_back(2)
        assert life.night().publication.state == "refused"
        assert life.approve()
        one = 'replaces = "NI 073"\nversions = [{ version = "1", valid_from = 2007-09-01, valid_to = 2015-08-31, broke = "" }'
        two = '{ version = "2", valid_from = 2009-09-01, valid_to = 2015-08-31, broke = "Counted anew." }'
        life.define("indicators/attainment.toml", one, f"{one.replace('2015-08', '2009-08')}, {two}")
        toml = "../partners/schools-learning.toml"
        life.define(toml, 'value = [{ column = "figure" }]', 'value = [{ column = "amount" }]')
        life.define(toml, 'title = "Key stage attainment"', 'title = "Key stages"\non_error = "quarantine"')
        life.correct(KEY_STAGES, (",subject,figure,", ",subject,amount,"), (",Total,8.9,", ",Total,about 9,"))
        report = life.night()
        assert ([line.status for line in report.returns], report.publication.data_version) == (["partly-accepted"], 7)
        assert life.night().publication.state == "unchanged"
    return life


def looked_back(life: Life) -> list[list[tuple[Any, ...]]]:
    """What had been published at each publication, as the published file tells it."""
    instants: list[tuple[datetime]] = life.place.ask("SELECT published_at FROM mart.publications ORDER BY ALL")
    assert len(instants) == 7
    return [life.place.ask("SELECT * FROM mart.as_of(?) ORDER BY ALL", at) for (at,) in instants]


def test_the_example_data_is_made_again_row_for_row_with_its_past(lived: Life, tmp_path: Path) -> None:
    life = copied_to(lived, tmp_path)
    before = looked_back(life)
    shutil.rmtree(life.place.published.parent)
    life.place.published.parent.mkdir()
    with pytest.raises(
        LocalIndicatorsError, match="ledger knows of version 7, and here it ends at 0; run `indicators rebuild"
    ):
        life.night()
    done = rebuild(life.settings(), "again")
    assert (done.data_version, done.versions, done.notes) == (7, 7, ())
    assert (done.compared, done.placed, done.succeeded) == ((), ("store", "published file"), True)
    assert differing(life, lived) == []
    assert looked_back(life) == before
    names = {path.name for path in life.place.published.parent.iterdir()}
    assert names == {"exports", "indicators.duckdb", "kept", "store.duckdb"}
    assert {path.name for path in (life.place.published.parent / "exports").iterdir()} == {"v000007", "latest"}
    with trusting():
        assert life.night().publication.state == "unchanged"
    assert life.roll_back(3)


def test_what_differs_is_told_and_replaced_only_when_asked(
    lived: Life, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    life = copied_to(lived, tmp_path)
    where = ["rebuild", "--warehouse", str(life.place.published), "--archive", str(life.place.archive)]
    with connect(str(life.place.published)) as con:
        con.execute("UPDATE mart.latest SET value = 99 WHERE indicator_id = 'ks4-five-good-gcses'")
    with connect(str(life.settings().store)) as con:
        con.execute("DELETE FROM stated WHERE since = 1")
    tampered = life.place.published.read_bytes()
    assert main(where) == 1
    said = capsys.readouterr().out
    assert "published file, mart.latest: 2 row(s) only live, 2 only rebuilt" in said
    assert "    live: ks4-five-good-gcses E06000018 Total\n" in said
    assert "store, main.stated: 0 row(s) only live," in said
    assert "99" not in said
    assert life.place.published.read_bytes() == tampered
    assert main([*where, "--replace"]) == 0
    assert "Put in place: store and published file." in capsys.readouterr().out
    assert differing(life, lived) == []


def test_a_rebuild_that_cannot_be_done_leaves_what_is_live(lived: Life, tmp_path: Path) -> None:
    life = copied_to(lived, tmp_path)
    before = life.place.published.read_bytes(), life.settings().store.read_bytes()
    next((life.place.archive / "outcomes").glob("*.parquet")).unlink()
    where = ["rebuild", "--replace", "--warehouse", str(life.place.published), "--archive", str(life.place.archive)]
    assert main(where) == 4
    assert (life.place.published.read_bytes(), life.settings().store.read_bytes()) == before
    assert not list(life.place.published.parent.glob(".rebuild*"))
    assert main(["rebuild", "--archive", str(tmp_path / "nowhere")]) == 2


def test_a_published_file_that_cannot_be_replaced_leaves_the_former_store(place: Place) -> None:
    life = Life(place)
    life.send(life.figures())
    with trusting():
        life.night()
    store, log = life.settings().store, place.published.with_name("indicators.duckdb.wal")
    with connect(str(store)) as con:
        con.execute("DELETE FROM stated")
    before = store.read_bytes()
    log.write_bytes(b"what some other program wrote")
    with pytest.raises(LocalIndicatorsError, match="a write-ahead log lies beside the file"):
        rebuild(life.settings(), "again", replace=True)
    assert store.read_bytes() == before
    log.unlink()
    done = rebuild(life.settings(), "again", replace=True)
    assert [difference.table for difference in done.differences] == ["main.stated"]
    assert rebuild(life.settings(), "again").equal


def test_reading_again_under_todays_layouts_and_rules_reports_and_changes_nothing(
    lived: Life, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    life = copied_to(lived, tmp_path)
    files = [life.place.archive / "ledger.jsonl", life.settings().store, life.place.published]
    before = [path.read_bytes() for path in files]
    found = reparse_submissions(life.settings())
    assert [(difference.submission, difference.recorded, difference.today) for difference in found.differences] == [
        ("S000015", "accepted", "rejected"),  # its heading is no longer one that the layout knows
        ("S000017", "accepted-with-warnings", "rejected"),
        ("S000018", "accepted-with-warnings", "rejected"),
        ("S000019", "partly-accepted", "partly-accepted"),  # and so it takes nothing away from what went before
    ]
    assert found.differences[0].rules_only_today == {"layout.heading-missing": 1}
    assert found.differences[0].rows_only_recorded == 18
    assert found.differences[3].rules_only_recorded == {"key.withdrawn": 3}
    assert "S000015 schools-learning/Key_stages_2010.csv: key-stages\n  was accepted, would be rejected" in found.text
    assert [path.read_bytes() for path in files] == before


def test_what_cannot_be_read_again_is_named(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    life = Life(place)
    write_return(place.inbox / "tester" / "attainment.xlsx")
    write_return(place.inbox / "another" / "attainment.xlsx", title="The same figures from somebody else")
    people = openpyxl.Workbook()
    for row in (("Area", "Surname", "Date of birth"), ("Nottingham", "Exampleperson", "2001-02-03")):
        people.worksheets[0].append(row)
    people.save(place.inbox / "tester" / "attainment-pupils.xlsx")
    with trusting():
        life.night()
    sent = read_ledger(place.archive).submissions.values()
    (place.archive / "files" / next(one.digest for one in sent if one.path == "tester/attainment.xlsx")).unlink()
    where = ["rebuild", "--reparse", "--json", "--warehouse", str(place.published), "--archive", str(place.archive)]
    with patch.dict(os.environ, INDICATORS_DEFINITIONS=str(life.definitions), INDICATORS_PARTNERS=str(life.partners)):
        assert main(where) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["submissions"], found["differences"]) == (3, [])
    assert {one["path"]: one["why"].split(";")[0] for one in found["unread"]} == {
        "tester/attainment-pupils.xlsx": "held records of people, so nothing of it was kept",
        "tester/attainment.xlsx": "is missing from the archive",
    }
