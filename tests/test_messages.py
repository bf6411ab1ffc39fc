"""The words of messages: somebody who reads nothing else can mend the workbook, and what partners typed stays inert."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser

from inputs.replies.mail import Envelope
from inputs.replies.messages import MOST_FINDINGS, Names, to_owner
from inputs.replies.notices import to_analyst
from schemas.calendar import Expected, Slot
from schemas.findings import Finding, finding
from schemas.news import News
from schemas.outcomes import Outcome, Status, Submission
from tests.post import html, plain

SEEN = datetime(2011, 5, 26, 1, 30, tzinfo=UTC)
ENVELOPE = Envelope("id-1", "owner@example.org", "Indicators <indicators@example.org>", "analyst@example.org", SEEN)
NAMES = Names("A partner", {"attainment": "Attainment"}, {"one": "A partner"})
HOSTILE = '<img src=x onerror="alert(1)">\r\nBcc: all@example.org\x1b[2J\u202e=cmd|"/c calc"!A1'


def submission(path: str = "one/attainment.xlsx") -> Submission:
    return Submission("S000007", 7, "one", path, "ab" * 32, 10, SEEN, date(2011, 5, 26))


def outcome(findings: list[Finding], status: Status = "rejected") -> Outcome:
    whole = ("S000007", "one", "attainment", status, 12, tuple(findings), (), (), None, "", "", SEEN)
    return Outcome(*whole)


def news(findings: list[Finding], path: str = "one/attainment.xlsx", status: Status = "rejected") -> list[News]:
    told = outcome(findings, status)
    slot = Slot("one", "attainment", Expected("2009/10", date(2011, 5, 20)), (told,))
    one = News("receipt", told.id, "partner/one", submission(path), told, slot)
    return [one, replace(one, kind="findings")] if findings else [one]


def sent(message: EmailMessage) -> EmailMessage:
    """The message as it is after a mail server has carried it."""
    return message_from_bytes(message.as_bytes(), policy=policy.default)


def bad(number: int, found: object = "about 67") -> Finding:
    where = [f"E{number}"]
    return finding("cell.not-a-number", sheet="Figures", cells=where, found=found, expected="a number")


def test_text_and_html_say_of_each_finding_where_what_found_expected_and_what_to_do() -> None:
    message = sent(to_owner(news([bad(6), bad(9)]), NAMES, ENVELOPE, []))
    one = bad(6)
    for body in (plain(message), html(message)):
        for words in ("Figures: E6", "Figures: E9", one.says, "about 67", one.expected, one.fix, one.rule):
            assert words in body
        for fact in (
            "Attainment",
            "one/attainment.xlsx",
            "S000007",
            "ab" * 32,
            "26 May 2011 01:30 UTC",
            "not accepted",
        ):
            assert fact in body
    assert plain(message).count("What to do:") == 2
    assert message["Subject"] == "Please correct and send again: Attainment, 2009/10"
    assert (message["Reply-To"], message["Message-ID"]) == ("analyst@example.org", "<id-1@example.org>")


def test_what_a_partner_typed_is_inert_in_every_part() -> None:
    one = finding("cell.not-a-number", sheet=HOSTILE, cells=["E6"], found=HOSTILE, expected=HOSTILE, fix=HOSTILE)
    telling = news([one], path=f"one/{HOSTILE}.xlsx")
    names = replace(NAMES, titles={"attainment": HOSTILE})
    for message in (
        sent(to_owner(telling, names, ENVELOPE, [])),
        sent(to_analyst([replace(telling[0], kind="wrong-folder")], names, ENVELOPE)),
    ):
        assert message["Bcc"] is None
        assert message["To"] == "owner@example.org"
        tags = Tags()
        tags.feed(html(message))
        assert tags.seen <= {"html", "body", "p", "h2", "table", "tr", "th", "td"}
        for body in (plain(message), html(message), str(message["Subject"])):
            assert not {"\x1b", "\u202e"} & set(body)
        assert not [line for line in plain(message).splitlines() if line.startswith("Bcc")]


class Tags(HTMLParser):
    """The tags of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        self.seen.add(tag)


def test_many_findings_are_cut_with_their_count_and_point_at_the_copy() -> None:
    telling = news([bad(number) for number in range(1, MOST_FINDINGS + 31)])
    message = sent(to_owner(telling, NAMES, ENVELOPE, [("S000007.xlsx", b"PK copy")]))
    for body in (plain(message), html(message)):
        assert "... and 30 more" in " ".join(body.split())
        assert "S000007.xlsx" in body
    assert plain(message).count("What to do:") == MOST_FINDINGS
    assert f"{MOST_FINDINGS + 30} things to put right" in " ".join(plain(message).split())
    assert [part.get_filename() for part in message.iter_attachments()] == ["S000007.xlsx"]


def test_a_copy_too_large_for_mail_is_left_out_and_said() -> None:
    message = to_owner(news([bad(1)]), NAMES, ENVELOPE, [("S000007.xlsx", b"x" * 10_000_001)])
    assert not list(message.iter_attachments())
    assert "too large for a mail" in plain(message)


def test_lines_are_short_enough_for_every_mail_server() -> None:
    wide = bad(1, "word " * 60)
    content = to_owner(
        news([replace(wide, cells=tuple(f"E{n}" for n in range(1, 500)))]), NAMES, ENVELOPE, []
    ).as_bytes()
    assert max(len(line) for line in content.split(b"\r\n")) <= 998
    assert content.isascii()
    assert "and 459 more" in plain(sent(message_from_bytes(content, policy=policy.default)))


def test_a_receipt_alone_is_a_receipt() -> None:
    message = to_owner(news([], status="accepted"), NAMES, ENVELOPE, [])
    assert message["Subject"] == "Received: Attainment, 2009/10"
    assert "Rows:              12" in plain(message)
    assert "correct" not in plain(message)
