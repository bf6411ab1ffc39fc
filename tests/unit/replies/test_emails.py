"""The words of messages: somebody who reads nothing else can mend the workbook, and what partners typed stays inert."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser

import pytest

from local_indicators.replies.emails.analyst_emails import to_analyst
from local_indicators.replies.emails.email_message import Attachment, Envelope
from local_indicators.replies.emails.notification_words import Names
from local_indicators.replies.emails.owner_emails import to_owner
from local_indicators.replies.emails.size_limit import LIST_LENGTHS, MessageFiles, fit_to_size, size_as_sent
from local_indicators.schemas.findings import Finding, make_finding
from local_indicators.schemas.notifications import Notification
from local_indicators.schemas.return_calendar import ExpectedPeriod, ExpectedReturn
from local_indicators.schemas.submissions import Outcome, Status, Submission
from tests.support.mail_server import html, plain

SEEN = datetime(2011, 5, 26, 1, 30, tzinfo=UTC)
ENVELOPE = Envelope("id-1", "owner@example.org", "Indicators <indicators@example.org>", "analyst@example.org", SEEN)
NAMES = Names("A partner", {"attainment": "Attainment"}, {"one": "A partner"})
HOSTILE = '<img src=x onerror="alert(1)">\r\nBcc: all@example.org\x1b[2J\u202e=cmd|"/c calc"!A1'


def submission(path: str = "one/attainment.xlsx") -> Submission:
    return Submission(
        id="S000007",
        sequence=7,
        partner="one",
        path=path,
        digest="ab" * 32,
        size=10,
        first_seen=SEEN,
        night=date(2011, 5, 26),
    )


def outcome(findings: list[Finding], status: Status = "rejected") -> Outcome:
    whole = ("S000007", "one", "attainment", status, 12, tuple(findings), (), (), None, "", "", SEEN)
    return Outcome(*whole)


def news(findings: list[Finding], path: str = "one/attainment.xlsx", status: Status = "rejected") -> list[Notification]:
    told = outcome(findings, status)
    slot = ExpectedReturn("one", "attainment", ExpectedPeriod("2009/10", date(2011, 5, 20)), (told,))
    one = Notification("receipt", told.id, "partner/one", submission(path), told, slot)
    return [one, replace(one, kind="findings")] if findings else [one]


def sent(message: EmailMessage) -> EmailMessage:
    """The message as it is after a mail server has carried it."""
    return message_from_bytes(message.as_bytes(), policy=policy.default)


def bad(number: int, found: object = "about 67") -> Finding:
    where = [f"E{number}"]
    return make_finding("cell.not-a-number", sheet="Figures", cells=where, found=found, expected="a number")


def test_text_and_html_say_of_each_finding_where_what_found_expected_and_what_to_do() -> None:
    message = sent(to_owner(news([bad(6), bad(9)]), NAMES, ENVELOPE))
    one = bad(6)
    for body in (plain(message), html(message)):
        for words in ("Figures!E6", "Figures!E9", one.says, "about 67", one.expected, one.fix, one.rule):
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
    one = make_finding("cell.not-a-number", sheet=HOSTILE, cells=["E6"], found=HOSTILE, expected=HOSTILE, fix=HOSTILE)
    telling = news([one], path=f"one/{HOSTILE}.xlsx")
    names = replace(NAMES, titles={"attainment": HOSTILE})
    for message in (
        sent(to_owner(telling, names, ENVELOPE)),
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
    telling = news([bad(number) for number in range(1, LIST_LENGTHS[0] + 31)])
    message = sent(to_owner(telling, NAMES, ENVELOPE, MessageFiles((Attachment("S000007.xlsx", b"PK copy"),))))
    for body in (plain(message), html(message)):
        assert "... and 30 more" in " ".join(body.split())
        assert "S000007.xlsx" in body
    assert plain(message).count("What to do:") == LIST_LENGTHS[0]
    assert f"{LIST_LENGTHS[0] + 30} things to put right" in " ".join(plain(message).split())
    assert [part.get_filename() for part in message.iter_attachments()] == ["S000007.xlsx"]


@pytest.mark.parametrize(
    ("sizes", "most", "attached"),
    [
        ([7_000], 17_000, {0}),
        ([9_800], 17_000, set()),  # 9,800 bytes are 13,400 as they are sent, and the words 6,000
        ([9_800, 3_000, 2_000], 17_000, {1, 2}),
        ([0, 8_000], 20_000, {0, 1}),
    ],
)
def test_a_message_is_no_larger_as_it_is_sent_and_says_where_the_copies_are_that_stay_out(
    sizes: list[int], most: int, attached: set[int]
) -> None:
    copies = [
        Attachment(f"S00000{n}.xlsx", bytes([n]) * size, f"copies/S00000{n}.xlsx") for n, size in enumerate(sizes)
    ]
    telling = news([bad(1)])
    message, left_out = fit_to_size(lambda *given: to_owner(telling, NAMES, ENVELOPE, *given), copies, most)
    assert size_as_sent(message) == len(message.as_bytes()) <= most
    names = {part.get_filename() for part in message.iter_attachments()}
    assert names == {copies[n].name for n in attached}
    text = " ".join(plain(message).split())
    for number, one in enumerate(copies):
        assert (
            (one in left_out)
            == (number not in attached)
            == (f"too large for this mail. It lies with us as {one.place}" in text)
        )


def test_a_message_whose_own_words_are_too_many_lists_fewer_of_them() -> None:
    telling = [new for _ in range(9) for new in news([bad(number, "x" * 200) for number in range(1, 150)])]
    whole, _ = fit_to_size(lambda *given: to_owner(telling, NAMES, ENVELOPE, *given), [], 10_000_000)
    short, _ = fit_to_size(lambda *given: to_owner(telling, NAMES, ENVELOPE, *given), [], 200_000)
    assert size_as_sent(whole) > 1_000_000
    assert size_as_sent(short) <= 200_000
    assert 0 < plain(short).count("What to do:") < 9 * 149
    assert plain(short).count("Digest (SHA-256)") == 9  # a receipt is proof, and stays
    assert "more that are not listed here" in " ".join(plain(short).split())


def test_lines_are_short_enough_for_every_mail_server() -> None:
    wide = bad(1, "word " * 60)
    content = to_owner(news([replace(wide, cells=tuple(f"E{n}" for n in range(1, 500)))]), NAMES, ENVELOPE).as_bytes()
    assert max(len(line) for line in content.split(b"\r\n")) <= 998
    assert content.isascii()
    assert "and 459 more" in plain(sent(message_from_bytes(content, policy=policy.default)))


def test_a_receipt_alone_is_a_receipt() -> None:
    message = to_owner(news([], status="accepted"), NAMES, ENVELOPE)
    assert message["Subject"] == "Received: Attainment, 2009/10"
    assert "Rows:              12" in plain(message)
    assert "correct" not in plain(message)
