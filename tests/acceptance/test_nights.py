"""Nights with a partner of the test's own: replacement, revisions, corrections, quarantine, and nothing done twice."""

from __future__ import annotations

import stat
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.support.mail_server import html, plain
from tests.support.places import Place
from tests.support.small_returns import GOOD, KS2, values, with_value, write_partner, write_return


@pytest.fixture
def sender(place: Place, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path at which the test's own partner, added by one TOML, leaves its return."""
    monkeypatch.setenv("INDICATORS_PARTNERS", str(write_partner(place.root / "partners")))
    return place.inbox / "tester" / "attainment.xlsx"


def message_about(place: Place, submission: str) -> EmailMessage:
    """The message to the partner that holds a submission's receipt."""
    read = (message_from_bytes(p.read_bytes(), policy=policy.default) for p in place.outbox.glob("*-tester-*.eml"))
    (found,) = (message for message in read if submission in plain(message))
    return found


def test_a_partner_is_added_by_a_toml_and_a_workbook(place: Place, sender: Path) -> None:
    write_return(sender)
    report = place.night()
    assert [line.status for line in report.returns] == ["accepted"]
    assert values(place) == {
        ("eyfs-good-level", "E06000018", "200910"): 50.0,
        ("eyfs-good-level", "E92000001", "200910"): 56.0,
        KS2: 67.0,
        ("ks2-level-4-english-maths", "E06000018", "200809"): 67.0,
        ("ks4-five-good-gcses", "E06000018", "200910"): 44.2,
    }


def test_a_second_night_with_nothing_new_changes_nothing(place: Place, sender: Path) -> None:
    write_return(sender)
    place.night("one")
    before = place.published.read_bytes()
    outbox = sorted(p.name for p in place.outbox.iterdir())
    report = place.night("two")
    assert (report.returns, report.publication.state, report.publication.data_version) == ((), "unchanged", 1)
    assert place.published.read_bytes() == before
    assert sorted(p.name for p in place.outbox.iterdir()) == outbox


def test_a_corrected_return_replaces_and_leaves_a_revision(place: Place, sender: Path) -> None:
    write_return(sender)
    place.night("one")
    write_return(sender, with_value(GOOD, 2, 68))
    report = place.night("two")
    assert report.publication.data_version == 2
    assert values(place)[KS2] == 68.0
    revisions = place.ask("SELECT indicator_id, old_value, new_value, old_submission, submission FROM mart.revisions")
    assert revisions == [(KS2[0], 67.0, 68.0, "S000001", "S000002")]


@pytest.mark.long
def test_a_then_b_then_a_again_ends_at_a_and_is_three_submissions(place: Place, sender: Path) -> None:
    content = write_return(sender).read_bytes()
    place.night("one")
    write_return(sender, with_value(GOOD, 2, 68))
    place.night("two")
    sender.write_bytes(content)
    place.night("three")
    assert values(place)[KS2] == 67.0
    assert place.ask("SELECT count(DISTINCT submission) FROM mart.returns") == [(3,)]
    assert place.ask("SELECT old_value, new_value FROM mart.revisions ORDER BY changed_at") == [(67, 68), (68, 67)]
    assert len(list(place.outbox.glob("*.eml"))) == 3


@pytest.mark.long
def test_a_key_no_longer_held_is_withdrawn_with_a_warning_and_other_periods_stay(place: Place, sender: Path) -> None:
    write_return(sender)
    place.night("one")
    write_return(sender, tuple(row for row in GOOD if row[1] != "Key stage 4" and row[2] != "2008/09"))
    report = place.night("two")
    assert report.returns[0].status == "accepted-with-warnings"
    now = values(place)
    assert ("ks4-five-good-gcses", "E06000018", "200910") not in now
    assert ("ks2-level-4-english-maths", "E06000018", "200809") in now
    assert place.ask("SELECT indicator_id, new_status FROM mart.revisions") == [("ks4-five-good-gcses", "withdrawn")]


def test_a_rejected_return_loads_nothing_and_is_answered(place: Place, sender: Path) -> None:
    write_return(sender)
    place.night("one")
    write_return(sender, with_value(GOOD, 2, "about 67"))
    report = place.night("two")
    assert [line.status for line in report.rejected] == ["rejected"]
    assert values(place)[KS2] == 67.0
    assert len(list(place.outbox.iterdir())) == 2
    message = message_about(place, "S000002")
    assert message["To"] == "tester@example.org"
    assert "Figures!E6" in plain(message)
    assert "about 67" in plain(message)


def test_quarantine_loads_clean_rows_and_keeps_what_the_others_had(
    place: Place, sender: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INDICATORS_PARTNERS", str(write_partner(place.root / "q", on_error="quarantine")))
    write_return(sender)
    place.night("one")
    write_return(sender, with_value(with_value(GOOD, 2, "about 67"), 3, 66))
    report = place.night("two")
    assert report.returns[0].status == "partly-accepted"
    now = values(place)
    assert now[KS2] == 67.0
    assert now["ks2-level-4-english-maths", "E06000018", "200809"] == 66.0
    assert len(now) == 5


def test_private_things_are_private(place: Place, sender: Path) -> None:
    write_return(sender)
    place.night()
    store = place.published.parent / "store.duckdb"
    assert stat.S_IMODE(store.stat().st_mode) == 0o600
    for path in place.archive.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_partner_text_is_inert_in_the_reply(place: Place, sender: Path) -> None:
    hostile = '<img src=x onerror=alert(1)>=cmd|"/c calc"!A1'
    write_return(sender, with_value(GOOD, 2, hostile))
    place.night()
    message = message_about(place, "S000001")
    assert "<img" not in html(message)
    assert "&lt;img" in html(message)


def test_person_level_data_is_refused_and_nothing_of_it_is_kept(place: Place, sender: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (("Area", "Surname", "Date of birth"), ("Nottingham", "Exampleperson", "2001-02-03")):
        book.active.append(row)
    sender.parent.mkdir(parents=True)
    book.save(sender)
    report = place.night()
    assert report.returns[0].status == "rejected"
    kept = b"".join(p.read_bytes() for p in place.root.rglob("*") if p.is_file() and place.inbox not in p.parents)
    assert b"Exampleperson" not in kept
    assert not list((place.archive / "files").iterdir())
    assert not list((place.archive / "holding").iterdir())
    assert "return.person-level" in (place.archive / "ledger.jsonl").read_text(encoding="utf-8")


@pytest.mark.long
def test_a_meta_file_is_kept_with_its_csv_and_records_of_people_under_its_name_are_not(
    place: Place, sender: Path
) -> None:
    data = place.inbox / "tester" / "attainment.csv"
    data.parent.mkdir(parents=True)
    data.write_text(
        "Area,Measure,Year,Per cent,Number,Of\nNottingham,Good level,2009/10,50,500,1000\n", encoding="utf-8"
    )
    meta = data.with_name("attainment.meta.csv")
    meta.write_text("col_name,col_type,label\nper_cent,Indicator,Per cent\n", encoding="utf-8")
    place.night("one")
    files = place.archive / "files"
    assert sorted(p.read_bytes() for p in files.iterdir()) == sorted([data.read_bytes(), meta.read_bytes()])
    meta.write_text("Surname,Date of birth\nExampleperson,2001-02-03\n", encoding="utf-8")
    for run in ("two", "three"):
        place.night(run)
        kept = b"".join(p.read_bytes() for p in place.root.rglob("*") if p.is_file() and place.inbox not in p.parents)
        assert b"Exampleperson" not in kept
        assert not list((place.archive / "holding").iterdir())


def test_a_link_out_of_the_inbox_and_a_strange_folder_are_left_alone(place: Place, sender: Path) -> None:
    write_return(sender)
    secret = write_return(place.root / "elsewhere" / "attainment-secret.xlsx")
    (sender.parent / "attainment-link.xlsx").symlink_to(secret)
    (place.inbox / "stranger").mkdir()
    report = place.night()
    assert len(report.returns) == 1
    assert any("outside the inbox" in note for note in report.notes)
    assert any("stranger" in note for note in report.notes)


@pytest.mark.long
def test_a_torn_last_line_of_the_ledger_never_counted(place: Place, sender: Path) -> None:
    write_return(sender)
    place.night("one")
    ledger = place.archive / "ledger.jsonl"
    whole = ledger.read_bytes()
    ledger.write_bytes(whole + b'{"kind":"submission","id":"S0000')
    write_return(sender, with_value(GOOD, 2, 68))
    place.night("two")
    assert ledger.read_bytes().startswith(whole + b'{"kind":"submission","id":"S000002"')
    assert values(place)[KS2] == 68.0
