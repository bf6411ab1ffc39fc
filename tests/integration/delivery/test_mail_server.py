"""The mail server: its address, secrets, encryption, delays, refusals and sizes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from local_indicators.common.errors import UsageError
from local_indicators.flows.delivery import outbox
from local_indicators.flows.delivery.mail_server import parse_mail_url
from tests.support.mail_server import Post, free_port, html, plain, post_office
from tests.support.mail_town import BAD, DAY, a_night, partner, send_in, subjects
from tests.support.places import HOME, Place

NIGHT = """
import sys
from datetime import date
from pathlib import Path
from local_indicators.flows.pipeline.night_steps import run_night
from local_indicators.flows.settings import settings
from local_indicators.warehouse.gate.gate import Verdict
from local_indicators.warehouse.publication import publish, publish_attempt
publish_attempt.judge_candidate = lambda *_: Verdict()
root = Path(sys.argv[1])
run_night(settings(inbox=root / "inbox", warehouse=root / "warehouse" / "indicators.duckdb", outbox=root / "outbox",
                     archive=root / "archive", today=date(2011, 5, 29), smtp_url=sys.argv[2]), "killed")
"""
SERVERS = {
    "says what it takes": ("SIZE 15000", "552 too much mail data"),
    "says nothing": ("", "552 too much mail data"),
    "says too much": ("SIZE 33554432", "554 5.3.4 message too big for system"),
    "has no limit to say": ("SIZE 0", "523 the message length exceeds the limit"),
    "says what is no number": ("SIZE many", "552-5.2.3 Message size\r\n552 5.2.3 exceeds the limit"),
    "breaks off": ("SIZE 33554432", "cut"),
}


def test_a_server_that_says_later_is_asked_again_in_the_same_night(town: Place, post: Post) -> None:
    send_in(town, "tester")
    post.says["tester@example.org"] = ["450 greylisted", "451 again later"]
    assert "1 message is sent." in a_night(town, 1, post.url)
    assert len(post.came) == 1
    assert post.tried == ["tester@example.org"] * 3


@pytest.mark.long
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


@pytest.mark.long
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

    from local_indicators.flows.nightly_flow import nightly

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
