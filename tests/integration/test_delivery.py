"""What is sent, to whom and when: nights with a real mail server on this machine, which is sometimes down."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import date, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from common.errors import UsageError
from flows.delivery import outbox
from flows.delivery.mail_server import parse_mail_url
from flows.pipeline.night_steps import run_night
from flows.pipeline.run_report import sentences
from flows.records.ledger import read_ledger
from tests.support.mail_server import Post, free_port, html, plain, post_office
from tests.support.places import HOME, INCOMING, Place
from tests.support.small_returns import GOOD, write_partner, write_return
from warehouse.gate.gate import ExpectationResult, Verdict
from warehouse.publication import publish_attempt

BAD = [("Nottm", *GOOD[0][1:])]
DAY = date(2011, 5, 29)
OFFICER = "director.childrens.services@example.org"


@pytest.fixture(autouse=True)
def open_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate has tests of its own; here it lets everything pass, in no time."""
    monkeypatch.setattr(publish_attempt, "judge_candidate", lambda *_: Verdict())


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    monkeypatch.setattr(outbox, "PAUSES_SECONDS", (0.0, 0.0, 0.0))
    with post_office(Post(free_port())) as up:
        yield up


@pytest.fixture
def town(place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A place with one partner of its own, whose return is due on the second day."""
    partner(place, "tester", DAY + timedelta(1))
    monkeypatch.setenv("INDICATORS_PARTNERS", str(place.root / "partners"))
    return place


def partner(place: Place, name: str, due: date) -> None:
    toml = write_partner(place.root / "partners", name) / f"{name}.toml"
    toml.write_text(toml.read_text().replace("due = 2011-05-01", f"due = {due}"))


def send_in(place: Place, name: str, rows: Any = GOOD, file: str = "attainment.xlsx") -> Path:
    return write_return(place.inbox / name / file, rows)


def a_night(place: Place, number: int, url: str, **other: Any) -> list[str]:
    """Night `number`, counted from 1, with a mail server at a URL; what its report says."""
    return sentences(place.night(today=DAY + timedelta(number - 1), smtp_url=url, **other))


def subjects(messages: list[EmailMessage]) -> list[tuple[str, str]]:
    return [(str(m["To"]).partition("@")[0], str(m["Subject"])) for m in messages]


def superseded(place: Place) -> list[str]:
    lines = [json.loads(line) for line in (place.archive / "ledger.jsonl").read_text().splitlines()]
    return sorted(key for line in lines for key in line.get("superseded", []))


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
    assert "Figures: A4" in plain(post.messages[0])

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
    found = [one.get("Counts", "") for one in receipts(town)]
    assert [bool(one) for one in found] == [bool(one) for one in says]
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


def test_a_server_that_says_later_is_asked_again_in_the_same_night(town: Place, post: Post) -> None:
    send_in(town, "tester")
    post.says["tester@example.org"] = ["450 greylisted", "451 again later"]
    assert "1 message is sent." in a_night(town, 1, post.url)
    assert len(post.came) == 1
    assert post.tried == ["tester@example.org"] * 3


def test_a_mailbox_that_is_refused_for_good_stops_nobody_else_and_the_analyst_is_told_once(
    town: Place, post: Post
) -> None:
    partner(town, "gone", DAY + timedelta(9))
    send_in(town, "gone")
    send_in(town, "tester")
    post.says["gone@example.org"] = ["550 no such <b>mailbox</b>"]
    for number in (1, 2):
        said = a_night(town, number, post.url)
        assert number == 2 or any("Refused for good" in s for s in said)
    assert subjects(post.messages) == [
        ("tester", "Received: Attainment, 2009/10"),
        ("analyst", "To look into: mail refused"),
    ]
    assert "gone@example.org" in plain(post.messages[1])
    assert "<b>" not in html(post.messages[1])
    assert post.tried.count("gone@example.org") == 1
    toml = town.root / "partners" / "gone.toml"
    toml.write_text(toml.read_text().replace("gone@example.org", "found@example.org"))
    a_night(town, 2, post.url)
    assert subjects(post.messages[2:]) == [("found", "Received: Attainment, 2009/10")]


def test_without_tls_where_it_is_asked_for_nothing_is_sent_and_no_secret_is_shown(town: Place, post: Post) -> None:
    secret = "phrase-of-the-test"  # noqa: S105
    send_in(town, "tester")
    said = a_night(town, 1, f"smtp://robot:{secret}@127.0.0.1:{post.port}?starttls")
    assert any("STARTTLS" in s for s in said)
    assert not post.came
    kept = b"".join(p.read_bytes() for p in town.root.rglob("*") if p.is_file())
    assert secret.encode() not in kept
    assert secret not in " ".join(said)
    assert secret not in repr(town.settings(smtp_url=f"smtp://robot:{secret}@127.0.0.1"))
    a_night(town, 2, post.url)
    assert subjects(post.messages) == [("tester", "Received: Attainment, 2009/10")]


def test_mail_goes_encrypted_and_signed_in_to_a_server_whose_certificate_is_trusted_only(
    town: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "PAUSES_SECONDS", (0.0,))
    certificate, context = a_certificate(town.root)
    post = Post(free_port())
    send_in(town, "tester")
    with post_office(post, context, password="open/sesame"):  # noqa: S106
        url = f"smtp://robot:{{}}@127.0.0.1:{post.port}?starttls"
        assert any("certificate is not trusted" in s for s in a_night(town, 1, url.format("open%2Fsesame")))
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert any("password" in s for s in a_night(town, 1, url.format("wrong")))
        assert not post.came
        a_night(town, 1, url.format("open%2Fsesame"))
    assert post.signed_in[-1] == b"robot"
    assert subjects(post.messages) == [("tester", "Received: Attainment, 2009/10")]


def a_certificate(folder: Path) -> tuple[Path, Any]:
    """A certificate for 127.0.0.1 that nobody trusts unless told to, and the server's side of it."""
    import ssl

    certificate, key = folder / "certificate.pem", folder / "key.pem"
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(certificate),
         "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
        capture_output=True,
    )  # fmt: skip
    if made.returncode:
        pytest.skip("no certificate can be made here")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return certificate, context


NIGHT = """
import sys
from datetime import date
from pathlib import Path
from flows.pipeline.night_steps import run_night
from flows.settings import settings
from warehouse.gate.gate import Verdict
from warehouse.publication import publish, publish_attempt
publish_attempt.judge_candidate = lambda *_: Verdict()
root = Path(sys.argv[1])
run_night(settings(inbox=root / "inbox", warehouse=root / "warehouse" / "indicators.duckdb", outbox=root / "outbox",
                     archive=root / "archive", today=date(2011, 5, 29), smtp_url=sys.argv[2]), "killed")
"""


@pytest.mark.long
@pytest.mark.parametrize("when", ["before the text", "after the text"])
def test_a_night_that_is_killed_while_it_sends_neither_loses_nor_doubles(town: Place, when: str) -> None:
    """Before the text the server cannot have the message. After it only the server knows whether it was delivered: the
    same bytes with the same Message-ID go again, by which mail systems tell a copy."""
    partner(town, "second", DAY + timedelta(9))
    send_in(town, "tester", BAD)
    send_in(town, "second")
    post = Post(free_port())

    def run() -> int:
        python = str(HOME / ".venv" / "bin" / "python")
        with subprocess.Popen([python, "-c", NIGHT, str(town.root), post.url], cwd=HOME) as going:

            def kill() -> None:
                os.kill(going.pid, signal.SIGKILL)
                going.wait()

            if when == "before the text":
                post.at_recipient = kill
            else:
                post.at_text = lambda: kill() or None  # type: ignore[func-returns-value]
            return going.wait()

    with post_office(post):
        assert run() == -signal.SIGKILL
        post.at_text, post.at_recipient = lambda: None, lambda: None
        a_night(town, 1, post.url)
        a_night(town, 1, post.url)
    came = sorted(post.came)
    if when == "after the text":
        assert len(came) == 3
        doubled = next(one for one in came if came.count(one) == 2)
        came.remove(doubled)
    assert sorted(to for to, _ in came) == ["second@example.org", "tester@example.org"]


def test_a_server_that_hangs_up_after_the_text_gets_the_same_message_again(town: Place, post: Post) -> None:
    send_in(town, "tester")
    answers = iter(["421 going down", "452 full"])
    post.at_text = lambda: next(answers, None)
    a_night(town, 1, post.url)
    assert len(post.came) == 3
    assert len({content for _, content in post.came}) == 1


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


SERVERS = {
    "says what it takes": ("SIZE 15000", "552 too much mail data"),
    "says nothing": ("", "552 too much mail data"),
    "says too much": ("SIZE 33554432", "554 5.3.4 message too big for system"),
    "has no limit to say": ("SIZE 0", "523 the message length exceeds the limit"),
    "says what is no number": ("SIZE many", "552-5.2.3 Message size\r\n552 5.2.3 exceeds the limit"),
    "breaks off": ("SIZE 33554432", "cut"),
}


@pytest.mark.long
@pytest.mark.parametrize("server", SERVERS)
def test_a_copy_too_large_for_the_server_stays_out_and_its_message_says_where_it_is(
    town: Place, post: Post, server: str
) -> None:
    post.size, post.too_large = SERVERS[server]
    post.takes = lambda _to, size: size <= 15_000
    partner(town, "good", DAY + timedelta(9))
    send_in(town, "good")
    send_in(town, "tester", BAD)
    said = a_night(town, 1, post.url)
    assert sorted(subjects(post.messages)) == [
        ("good", "Received: Attainment, 2009/10"),
        ("tester", "Please correct and send again: Attainment, 2009/10"),
    ]
    (told,) = (m for m in post.messages if m["To"] == "tester@example.org")
    assert not list(told.iter_attachments())
    text = " ".join(plain(told).split())
    assert "S000002-marked-up.xlsx (0.1 MB) is too large for this mail" in text
    assert "It lies with us as copies/S000002.xlsx in the archive" in text
    assert (town.archive / "copies" / "S000002.xlsx").is_file()
    assert "Found: Nottm" in text
    assert any("Too large for mail" in s and "copies/S000002.xlsx" in s for s in said)
    assert sorted(p.read_bytes() for p in town.outbox.glob("*.eml")) == sorted(content for _, content in post.came)
    a_night(town, 1, post.url)
    assert len(post.came) == 2


def test_a_message_refused_for_its_size_stops_no_other_and_the_analyst_is_told_the_true_reason(
    town: Place, post: Post
) -> None:
    for name in ("full", "good"):
        partner(town, name, DAY + timedelta(9))
        send_in(town, name)
    send_in(town, "tester", BAD)
    post.takes = lambda to, _size: to != "tester@example.org"
    post.too_large = "552 5.3.4 Message size exceeds fixed limit"
    post.says["full@example.org"] = ["552 5.2.2 mailbox full"]
    a_night(town, 1, post.url)
    a_night(town, 1, post.url)
    assert subjects(post.messages) == [
        ("good", "Received: Attainment, 2009/10"),
        ("analyst", "To look into: mail refused"),
    ]
    full, large = " ".join(plain(post.messages[-1]).split()).split("A message that was refused for good")[1:]
    assert "tester@example.org" in large
    assert "too large for the mail server: it is 0.1 MB as it is sent" in large
    assert "552 5.3.4 Message size exceeds fixed limit" in large
    assert "The address is right" in large
    assert "full@example.org" in full
    assert "said: 552 5.2.2 mailbox full" in full
    assert "too large" not in full


def test_a_server_that_says_it_takes_nothing_refuses_by_itself_and_the_night_says_why(town: Place, post: Post) -> None:
    post.size, post.takes = "SIZE 100", lambda to, _size: not to.startswith("analyst")
    post.says["tester@example.org"] = ["550 no such mailbox"]
    partner(town, "good", DAY + timedelta(9))
    send_in(town, "good")
    send_in(town, "tester", BAD)
    said = " ".join(a_night(town, 1, post.url))
    assert subjects(post.messages) == [("good", "Received: Attainment, 2009/10")]
    assert "2 messages; the analyst's own: too large for the mail server" in said


def test_the_settings_limit_a_message_as_it_is_sent(town: Place) -> None:
    send_in(town, "tester", BAD)
    town.night(today=DAY, max_mail_mb=0.015)
    (message,) = town.outbox.glob("*.eml")
    assert message.stat().st_size <= 15_000
    assert b"too large for this mail" in message.read_bytes().replace(b"\r\n", b" ")


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


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://example.org", "must look like"),
        ("smtp://robot:hush@mail.example.org", "needs ?starttls"),
        ("smtp://robot:hush@mail.example.org:port", "must look like"),
        ("smtp://mail.example.org?tls", "must look like"),
    ],
)
def test_a_wrong_url_of_the_mail_server_is_refused_without_showing_it(town: Place, url: str, words: str) -> None:
    with pytest.raises(UsageError, match=re.escape(words)) as refused:
        town.night(smtp_url=url)
    assert "hush" not in str(refused.value)
    assert not (town.archive / "ledger.jsonl").exists()


def test_the_url_says_how_to_speak_to_the_server() -> None:
    plainly, by_starttls, always = (
        parse_mail_url(url)
        for url in ("smtp://localhost", "smtp://u:p%40ss@mail.example.org?starttls", "smtps://u:p@m")
    )
    assert plainly is not None
    assert (plainly.port, plainly.tls) == (25, "none")
    assert by_starttls is not None
    assert (by_starttls.port, by_starttls.tls, by_starttls.password) == (587, "starttls", "p@ss")
    assert "p@ss" not in repr(by_starttls)
    assert always is not None
    assert (always.port, always.tls) == (465, "always")
    assert parse_mail_url("") is None


@pytest.mark.usefixtures("prefect_server")
@pytest.mark.long
def test_the_mail_server_s_password_reaches_nothing_that_prefect_keeps(
    town: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prefect import get_client

    from flows.nightly_flow import nightly

    secret = "word-of-the-test"  # noqa: S105
    monkeypatch.setattr(outbox, "PAUSES_SECONDS", (0.0,))
    monkeypatch.setenv("INDICATORS_SMTP_URL", f"smtp://robot:{secret}@127.0.0.1:{free_port()}")
    send_in(town, "tester")
    report = nightly(str(town.inbox), str(town.published), str(town.outbox), str(town.archive), DAY)
    assert report.replies.waiting == 1
    with get_client(sync_client=True) as client:
        kept = [*client.read_flow_runs(), *client.read_task_runs(), *client.read_artifacts(), *client.read_logs()]
    assert kept
    assert secret not in repr(report) + "".join(one.model_dump_json() for one in kept)
