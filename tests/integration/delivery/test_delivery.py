"""What is sent, to whom and when: nights with a real mail server on this machine, which is sometimes down."""

from __future__ import annotations

import io
import json
import os
import re
import time
from datetime import date, timedelta
from email import message_from_bytes, policy
from typing import Any

import duckdb
import openpyxl
import pytest

from local_indicators.flows.delivery import outbox
from local_indicators.flows.pipeline.night_steps import run_night
from local_indicators.flows.pipeline.run_report import sentences
from local_indicators.flows.records.ledger import read_ledger
from local_indicators.warehouse.gate.gate import ExpectationResult, Verdict
from local_indicators.warehouse.publication import publish_attempt
from tests.support.mail_server import Post, free_port, html, plain, post_office
from tests.support.mail_town import BAD, DAY, OFFICER, a_night, partner, send_in, subjects, superseded
from tests.support.places import INCOMING, Place
from tests.support.small_returns import GOOD, write_return


@pytest.mark.long
def test_five_nights_send_exactly_what_changed_with_the_mail_server_down_on_the_second(
    town: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same bad file five nights, and beside it partners who are answered only once the server is back."""
    monkeypatch.setattr(outbox, "PAUSES_SECONDS", (0.0, 0.0, 0.0))
    post = Post(free_port())
    for name, due in (("bettered", DAY + timedelta(9)), ("careful", DAY + timedelta(9)), ("dawdler", DAY)):
        partner(town, name, due)
    send_in(town, "tester", BAD)
    with post_office(post):
        a_night(town, 1, post.url)
    assert subjects(post.messages) == [("tester", "Please correct and send again: Attainment, 2009/10")]
    assert "Figures!A4" in plain(post.messages[0])

    send_in(town, "careful")
    send_in(town, "bettered", BAD)
    said = a_night(town, 2, post.url)  # and dawdler is overdue
    assert [s for s in said if "kept for a later night: 3 messages" in s and "Connection refused" in s]
    assert len(post.came) == 1

    send_in(town, "bettered")
    send_in(town, "dawdler")
    with post_office(post):
        a_night(town, 3, post.url)
        assert sorted(subjects(post.messages[1:])) == [
            ("bettered", "Received: Attainment, 2009/10"),
            ("careful", "Received: Attainment, 2009/10"),
            ("dawdler", "Received: Attainment, 2009/10"),
            ("tester", "Overdue: Attainment, 2009/10"),
        ]
        a_night(town, 4, post.url)
        assert len(post.came) == 5
        send_in(town, "tester")
        a_night(town, 5, post.url)
        a_night(town, 6, post.url)
    assert subjects(post.messages[5:]) == [("tester", "Resolved: Attainment, 2009/10")]

    of_bettered = next(plain(m) for m in post.messages if m["To"] == "bettered@example.org")
    assert "Nottm" not in of_bettered
    assert "not accepted; replaced since" in of_bettered
    for message in post.messages:
        assert len(set(re.findall(r"S\d{6}", plain(message)))) >= 1
    assert superseded(town) == [f"findings/{s}/bettered-attainment" for s in ["S000002"]] + [
        "overdue/dawdler-attainment/2009/10/2011-05-29"
    ]
    receipts = [set(re.findall(r"Submission: +(S\d{6})", plain(m))) for m in post.messages]
    submissions = read_ledger(town.archive).submissions
    assert sorted(s for group in receipts for s in group) == sorted(submissions)
    for message in post.messages:
        for name in re.findall(r"Submission: +(S\d{6})", plain(message)):
            assert submissions[name].digest in plain(message)
    assert len({m["Message-ID"] for m in post.messages}) == 6


def two_files(town: Place, first: Any, second: Any) -> None:
    """Two files of one return, changed in the same second; `first` is taken in first, by its name."""
    at = time.time() // 1 - 60
    for number, (name, rows) in enumerate((("attainment (1).xlsx", first), ("attainment.xlsx", second))):
        os.utime(send_in(town, "tester", rows, name), (at, at + 0.2 * (1 - number)))


def receipts(town: Place) -> list[dict[str, str]]:
    """The receipts of the one message in the outbox."""
    (path,) = town.outbox.glob("*tester*.eml")
    text = "\n".join(plain(message_from_bytes(path.read_bytes(), policy=policy.default)).splitlines())
    found = (
        re.findall(r"^([A-Z][^:\n]*): +(.*)$", part, re.MULTILINE) for part in text.split("Receipts")[1].split("\n\n")
    )
    return [facts for one in found if "Submission" in (facts := dict(one))]


OTHER = [(*GOOD[0][:4], 51.0, 510, 1000), *GOOD[1:]]
OLDER = [(area, measure, "2008/09", *rest) for area, measure, _, *rest in GOOD[:2]]


def test_of_two_files_of_one_second_both_receipts_say_which_counts_and_so_does_the_night(town: Place) -> None:
    two_files(town, OTHER, GOOD)
    said = sentences(town.night(today=DAY))
    loser, winner = receipts(town)
    assert loser["File"] == "tester/attainment (1).xlsx"
    assert re.fullmatch(
        r"no: tester/attainment\.xlsx \(submission S000002, received \d+ \w+ \d{4} \d\d:\d\d UTC\), for the same return, "
        r"counts in its place: the name of the other says '\(1\)'",
        loser["Counts"],
    )
    assert winner["File"] == "tester/attainment.xlsx"
    assert winner["Counts"].startswith("yes; in place of tester/attainment (1).xlsx (submission S000001, received ")
    assert any("S000002 counts in place of S000001" in s and "Attainment, 2008/09, 2009/10" in s for s in said)
    good_level = (
        "SELECT value FROM mart.observations WHERE indicator_id = 'eyfs-good-level' AND area_code = 'E06000018'"
    )
    assert town.ask(good_level) == [(50.0,)]  # what is said to count does
    (path,) = town.outbox.glob("*.eml")
    before = path.read_bytes()
    assert not any("counts in place" in s for s in sentences(town.night(today=DAY)))
    assert [p.read_bytes() for p in town.outbox.glob("*.eml")] == [before]


@pytest.mark.long
@pytest.mark.parametrize(
    ("first", "second", "says"),
    [
        (GOOD, BAD, ["", "no: tester/attainment (1).xlsx (submission S000001"]),  # the later one is not accepted
        (BAD, GOOD, ["no: tester/attainment.xlsx (submission S000002", ""]),
        (
            GOOD,
            GOOD[:3],
            ["yes for 2008/09; no for 2009/10: tester/attainment.xlsx (submission S000002", "yes; in place"],
        ),
        (
            GOOD[:3],
            GOOD,
            ["no: tester/attainment.xlsx", "yes; in place of tester/attainment (1).xlsx (submission S000001"],
        ),
        (OLDER, GOOD[:3], ["", ""]),  # each has a period of its own
    ],
)
def test_a_receipt_says_for_which_periods_a_file_counts_beside_another(
    town: Place, first: Any, second: Any, says: list[str]
) -> None:
    two_files(town, first, second)
    town.night(today=DAY)
    found = [receipt.get("Counts", "") for receipt in receipts(town)]
    assert [bool(one) for one in found] == [bool(say) for say in says]
    assert [one[: len(said)] for one, said in zip(found, says, strict=True)] == says


def test_a_file_whose_place_another_took_is_not_said_to_be_published(
    town: Place, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse = Verdict((ExpectationResult("few", "there are enough rows", "critical", False, held=False, count=1),))
    monkeypatch.setattr(publish_attempt, "judge_candidate", lambda *_: refuse)
    two_files(town, OTHER, GOOD)
    a_night(town, 1, post.url)
    monkeypatch.setattr(publish_attempt, "judge_candidate", lambda *_: Verdict())
    a_night(town, 2, post.url)
    (told,) = (" ".join(plain(m).split()) for m in post.messages if str(m["Subject"]).startswith("Published"))
    assert "tester/attainment.xlsx (submission S000002): it awaited publication" in told
    assert "S000001" not in told


@pytest.mark.long
def test_what_awaits_publication_is_said_once_and_so_is_its_publication(
    town: Place, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = iter(range(9))

    def refuse(*_: Any) -> Verdict:
        return Verdict(
            (ExpectationResult("few", "there are enough rows", "critical", False, held=False, count=next(counts)),)
        )

    send_in(town, "tester")
    monkeypatch.setattr(publish_attempt, "judge_candidate", refuse)
    for number in (1, 2):
        a_night(town, number, post.url)
    assert not town.published.exists()
    monkeypatch.setattr(publish_attempt, "judge_candidate", lambda *_: Verdict())
    for number in (3, 4):
        a_night(town, number, post.url)
    assert subjects(post.messages) == [
        ("tester", "Received: Attainment, 2009/10"),
        ("analyst", "To look into: publication refused"),
        ("tester", "Published: Attainment, 2009/10"),
    ]
    assert "accepted; awaiting publication" in plain(post.messages[0])
    assert "there are enough rows: 0" in plain(post.messages[1])


@pytest.mark.long
def test_the_same_findings_in_a_file_saved_again_are_not_listed_again(town: Place, post: Post) -> None:
    send_in(town, "tester", BAD)
    a_night(town, 1, post.url)
    write_return(town.inbox / "tester" / "attainment.xlsx", BAD, title="Saved again")
    a_night(town, 1, post.url)
    write_return(town.inbox / "tester" / "attainment.xlsx", [*BAD, ("Nottingham", "Good level", "soon", "", 50)])
    a_night(town, 1, post.url)
    first, second, third = (" ".join(plain(m).split()) for m in post.messages)
    assert "Found: Nottm" in first
    assert "Found: Nottm" not in second
    assert "submission S000001 named is still there: 1 thing" in second
    assert "Found: Nottm" in third
    assert "Found: soon" in third


@pytest.mark.long
def test_the_officer_is_told_after_the_days_of_grace_and_once(town: Place, post: Post) -> None:
    send_in(town, "tester", BAD)
    for number in (1, 3, 9, 10, 11):
        a_night(town, number, post.url)
        told = [m for m in post.messages if m["To"] == OFFICER]
        assert len(told) == (number >= 10)
    assert told[0]["Subject"] == "Overdue beyond the days of grace: Attainment, 2009/10"
    assert len(post.came) == 3
    partner(town, "hasty", DAY)
    a_night(town, 12, post.url, grace_days=20)
    assert [m["To"] for m in post.messages[3:]] == ["hasty@example.org"]


@pytest.mark.long
@pytest.mark.parametrize("by_mail", [True, False])
def test_nothing_of_a_file_in_the_wrong_folder_or_about_single_people_is_shown(
    place: Place, post: Post, by_mail: bool
) -> None:
    """Marks in a sheet's name, a cell and the document's properties: none may come back to anybody."""
    marks = ("Zwetschge", "Quitte", "Mispel")
    book = openpyxl.load_workbook(INCOMING / "schools-learning" / "Absence_2010-11.xlsx")
    book.create_sheet(marks[0])["A1"] = marks[1]
    book["Schools"]["D9"] = marks[1]
    book.properties.title = marks[2]
    (place.inbox / "careers").mkdir()
    book.save(place.inbox / "careers" / "Holunder_absence.xlsx")
    people = openpyxl.Workbook()
    assert people.active is not None
    people.active.title = marks[0]
    for row in (("Area", "Surname", "Date of birth"), ("Nottingham", marks[1], "2001-02-03")):
        people.active.append(row)
    (place.inbox / "health").mkdir()
    people.save(place.inbox / "health" / "list.xlsx")
    given = place.settings(today=date(2011, 5, 1), **({"smtp_url": post.url} if by_mail else {}))
    run_night(given, "test")
    if not by_mail:
        post.came += [("", path.read_bytes()) for path in sorted(place.outbox.glob("*.eml"))]
    by_address = {m["To"].partition("@")[0]: m for m in post.messages}
    assert set(by_address) >= {"careers.data", "health.data", "analyst"}
    assert not list((place.archive / "copies").iterdir())
    for to, message in by_address.items():
        whole = message.as_string() + plain(message) + html(message)
        assert not [mark for mark in (*marks, "Surname", "Exampleperson") if mark in whole]
        assert ("Holunder" in whole) == (to == "analyst")
        assert ("bsence" in plain(message)) == (to == "analyst")
    folder, people_of, analyst = (
        " ".join(plain(by_address[to]).split()) for to in ("careers.data", "health.data", "analyst")
    )
    assert "not one of your returns" in folder
    assert "Please tell us" in folder
    assert "Delete it from your folder" in people_of
    assert "careers/Holunder_absence.xlsx" in analyst
    assert "schools-learning.data" not in by_address


def test_a_marked_up_copy_is_attached_under_its_name(town: Place, post: Post) -> None:
    send_in(town, "tester", BAD)
    partner(town, "good", DAY + timedelta(9))
    send_in(town, "good")
    a_night(town, 1, post.url)
    attached = {m["To"]: [(a.get_filename(), a.get_content()) for a in m.iter_attachments()] for m in post.messages}
    assert attached["good@example.org"] == []
    ((name, content),) = attached["tester@example.org"]
    assert name == "S000002-marked-up.xlsx"
    sheets = openpyxl.load_workbook(io.BytesIO(content)).sheetnames
    assert (sheets[0], len(sheets)) == ("Findings", 2)


KEPT = ("submission", "outcomes")


@pytest.mark.long
def test_a_ledger_that_answered_each_submission_by_itself_is_taken_as_told(town: Place, post: Post) -> None:
    send_in(town, "tester", BAD)
    a_night(town, 1, post.url)
    ledger = town.archive / "ledger.jsonl"
    entries = [entry for entry in map(json.loads, ledger.read_text().splitlines()) if entry["kind"] in KEPT]
    lines = [json.dumps({key: entry[key] for key in entry if key not in ("line", "previous")}) for entry in entries]
    old = {"kind": "delivery", "submission": "S000001", "message": "S000001-tester.eml", "at": "2011-05-29T01:30:00"}
    ledger.write_text("\n".join([*lines, json.dumps(old), ""]))
    with duckdb.connect(str(town.settings().store)) as con:  # nor had the store of that release seen a ledger
        con.execute("DELETE FROM witness.ledger")
    a_night(town, 1, post.url)
    assert len(post.came) == 1
    send_in(town, "tester")
    a_night(town, 1, post.url)
    assert subjects(post.messages[1:]) == [("tester", "Resolved: Attainment, 2009/10")]
