"""Upgrades: files made by earlier releases are taken over with their past, and those of a newer one are left alone."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from local_indicators.flows.commands.application import main
from local_indicators.flows.records.archive import Archive
from local_indicators.flows.recovery.rebuild_warehouse import rebuild
from local_indicators.warehouse.mart.mart_tables import MART, create_table_sql
from local_indicators.warehouse.publication.version_archive import VersionArchive
from local_indicators.warehouse.store.connection import connect
from tests.support.places import HOME, Place
from tests.support.random_nights import trusting

RELEASES = {path.stem: path for path in sorted((HOME / "tests" / "contract" / "releases").glob("*.zip"))}
REVISIONS = """SELECT indicator_id, definition_version, area_code, time_identifier, time_period, breakdown, old_value,
                      new_value, old_status, new_status, changed_at, old_submission, submission, why
               FROM mart.revisions ORDER BY changed_at, indicator_id"""
VALUES = "SELECT indicator_id, area_code, time_period, value, conf_status FROM {} ORDER BY ALL"
EARLY = [
    ("eyfs-good-level", "E06000018", "200910", 50, None),
    ("eyfs-good-level", "E92000001", "200910", 56, None),
    ("ks2-level-4-english-maths", "E06000018", "200809", 67, None),
]
HIDDEN = ("eyfs-good-level", "E06000015", "200910", None, "c")
KS2, KS4 = "ks2-level-4-english-maths", ("ks4-five-good-gcses", "E06000018", "200910", 44.2, None)
PUBLISHED = (
    [*EARLY, (KS2, "E06000018", "200910", 67, None), KS4],
    [HIDDEN, *EARLY, (KS2, "E06000018", "200910", 68, None), KS4],
    [HIDDEN, *EARLY, (KS2, "E06000018", "200910", 69, None)],
)
"""What each of the three versions of tests.contract.releases.make told."""


def left_by(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A place as a release left it."""
    with zipfile.ZipFile(RELEASES[name]) as whole:
        whole.extractall(folder)
    (folder / "inbox").mkdir()
    monkeypatch.setenv("INDICATORS_PARTNERS", str(folder / "partners"))
    return Place(folder)


def looked_back(place: Place) -> list[list[tuple[Any, ...]]]:
    instants = place.ask("SELECT published_at FROM mart.publications ORDER BY ALL")
    return [place.ask(VALUES.format(f"mart.as_of(TIMESTAMP '{at}')")) for (at,) in instants]


def _reshape(path: Path) -> None:
    """Give a published file the tables of today, so that it is of another release only by what the ledger lacks."""
    with connect(str(path)) as con:
        there = {name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        for table in MART:
            if table.name in there:
                con.execute(f"CREATE TEMP TABLE {table.name}_held AS FROM mart.{table.name}")
                con.execute(f"DROP TABLE mart.{table.name}")
            for statement in create_table_sql(table, "mart"):
                con.execute(statement)
            if table.name in there:
                con.execute(f"INSERT INTO mart.{table.name} BY NAME FROM {table.name}_held")


@pytest.mark.long
@pytest.mark.parametrize("name", RELEASES)
def test_a_release_is_taken_over_with_its_past(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = left_by(name, tmp_path, monkeypatch)
    revisions = place.ask(REVISIONS)
    assert len(revisions) == 3
    first = place.night("upgraded").publication
    assert first.state in ("published", "unchanged"), first.verdict.reasons
    assert place.ask(REVISIONS) == revisions
    assert looked_back(place)[:3] == list(PUBLISHED)
    with trusting():
        assert place.night("after").publication.state == "unchanged"
    done = rebuild(place.settings(), "again")
    assert (done.equal, done.notes, done.data_version) == (True, (), first.data_version), done.text
    shutil.rmtree(place.published.parent)
    assert rebuild(place.settings(), "again").placed == ("store", "published file")
    assert place.ask(REVISIONS) == revisions
    assert looked_back(place)[:3] == list(PUBLISHED)


def test_the_values_are_made_again_from_a_ledger_that_recorded_no_nights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = left_by("schema-2", tmp_path, monkeypatch)
    archive = Archive(place.archive)
    archive.prepare()
    toml = (tmp_path / "partners" / "tester.toml").read_bytes()
    archive.archive_definitions(hashlib.sha256(toml).hexdigest(), {"tester.toml": toml})
    shutil.rmtree(place.published.parent)
    done = rebuild(place.settings(), "again")
    assert done.succeeded
    assert place.ask(VALUES.format("mart.observations")) == PUBLISHED[-1]
    assert "Today's definitions stand in" in done.text
    assert "did not record its nights" in done.text
    with trusting():
        assert place.night("after").publication.state in ("published", "unchanged")
    assert rebuild(place.settings(), "again").equal


def test_a_version_of_an_earlier_release_is_not_gone_back_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = left_by("schema-1", tmp_path, monkeypatch)
    where = ["--warehouse", str(place.published), "--archive", str(place.archive), "--by", "performance-analyst"]
    assert main(["rollback", "3", *where]) == 1
    assert "of an earlier release, in a shape" in capsys.readouterr().err


@pytest.mark.long
def test_a_version_that_only_the_store_knew_can_be_gone_back_to_and_the_rest_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = left_by("schema-2", tmp_path, monkeypatch)
    for path in (place.published, *VersionArchive.beside(place.published).versions().values()):
        _reshape(path)
    where = ["--warehouse", str(place.published), "--archive", str(place.archive), "--by", "performance-analyst"]
    assert main(["rollback", "3", *where]) == 0
    done = rebuild(place.settings(), "again")
    assert (done.compared, done.equal, done.succeeded) == (("store",), True, False)
    assert "Version 4, which is live by the ledger, cannot be made again" in done.text
    with trusting():
        assert place.night("next").publication.state == "unchanged"  # by which that version can be made again
    assert looked_back(place)[:3] == list(PUBLISHED)
    done = rebuild(place.settings(), "again")
    assert (done.compared, done.equal, done.succeeded) == (("store", "published file"), True, True)


def test_a_live_file_that_lacks_columns_is_compared_by_what_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = left_by("schema-2", tmp_path, monkeypatch)
    with connect(str(place.published)) as con:
        for column in ("numerator", "lower_ci"):
            con.execute(f"ALTER TABLE mart.observations DROP COLUMN {column}")
        con.execute("DROP TABLE mart.scorecard")
    published = place.night("upgraded").publication
    assert (published.state, published.data_version) == ("published", 4), published.verdict.reasons
    difference = published.difference
    assert (difference.added, difference.changed, difference.removed, difference.live_rows) == (0, 0, 0, 5)
    assert looked_back(place)[:3] == list(PUBLISHED)


def test_what_a_newer_release_made_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = left_by("schema-2", tmp_path, monkeypatch)
    store = place.settings().store
    with connect(str(store)) as con:
        con.execute("UPDATE about SET schema_version = 99")
    before = store.read_bytes()
    where = ["--warehouse", str(place.published), "--archive", str(place.archive)]
    assert main(["rollback", "1", *where, "--by", "performance-analyst"]) == 4
    assert "made by a newer release: it is of schema version 99" in capsys.readouterr().err
    assert store.read_bytes() == before
    ledger = place.archive / "ledger.jsonl"
    ledger.write_bytes(b'{"kind":"ledger","version":99}\n' + ledger.read_bytes())
    assert main(["status", "--archive", str(place.archive)]) == 4
    said = capsys.readouterr().err
    assert "written by a newer release: it is of version 99" in said
    assert said.count("\n") == 1
