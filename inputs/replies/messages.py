"""The words of the message that answers a submission: a receipt, or the findings, as text and as HTML.

Partner text appears in it, so all of it is made inert: escaped in HTML, kept to one line, never in a header.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape

from schemas.findings import Finding, as_typed
from schemas.outcomes import Outcome, Submission

MOST_FINDINGS = 200
"""Findings shown in a message; how many more there are is said."""

STATUS_WORDS = {
    "accepted": "accepted",
    "accepted-with-warnings": "accepted, with something to look at",
    "partly-accepted": "accepted in part: the rows named below were left out",
    "rejected": "not accepted: nothing of it was used",
}
_COLUMNS = ("Where", "What is wrong", "Found", "Expected", "What to do")


def reply(
    submission: Submission,
    outcomes: Sequence[Outcome],
    titles: dict[str, str],
    *,
    to: str,
    sender: str,
    sent_at: datetime,
    published: bool,
) -> EmailMessage:
    """The message to a partner about one submission. `titles` names returns by collection; `published` says whether
    what was accepted can be seen by readers yet."""
    message = EmailMessage(policy=SMTP)
    worst = "rejected" if any(o.status == "rejected" for o in outcomes) else outcomes[0].status
    message["Subject"] = (
        f"Return {submission.id}: {'please correct and send again' if worst == 'rejected' else 'received'}"
    )
    message["From"] = sender
    message["To"] = to
    message["Date"] = format_datetime(sent_at)
    message["Message-ID"] = f"<{submission.id}.{submission.digest[:16]}@local-indicators.invalid>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_text(submission, outcomes, titles, published=published))
    message.add_alternative(_html(submission, outcomes, titles, published=published), subtype="html")
    return message


def _facts(
    submission: Submission, outcome: Outcome, titles: dict[str, str], *, published: bool
) -> list[tuple[str, str]]:
    status = STATUS_WORDS[outcome.status]
    if outcome.accepted and not published:
        status += "; awaiting publication"
    errors = sum(1 for f in outcome.findings if f.is_error)
    return [
        ("Return", titles.get(outcome.collection or "", "none that we expect from you")),
        ("File", as_typed(submission.path)),
        ("Submission", submission.id),
        ("Digest (SHA-256)", submission.digest),
        ("Received", f"{submission.first_seen:%d %B %Y %H:%M} UTC"),
        ("Rows", str(outcome.rows)),
        ("Status", status),
        ("To put right", str(errors)),
        ("To look at", str(len(outcome.findings) - errors)),
    ]


def _opening(outcomes: Sequence[Outcome]) -> str:
    if any(o.status == "rejected" for o in outcomes):
        return (
            "Thank you for your return. It cannot be used yet. Below is every cell that needs attention and what to do "
            "about it. Correct them in your workbook, save it under the same name and send it again."
        )
    return "Thank you for your return. Please keep this message: it is your receipt."


def _closing(outcomes: Sequence[Outcome]) -> str:
    if any("history" in o.not_checked for o in outcomes):
        return "It was checked without what was sent before."
    return "An unchanged file need not be sent again."


def _cells(one: Finding) -> tuple[str, ...]:
    where = ", ".join(one.cells) if one.cells else "whole sheet" if one.sheet else "whole file"
    where = f"{as_typed(one.sheet)}: {where}" if one.sheet else where
    kind = "" if one.is_error else "To look at. "
    return where, kind + one.says, one.found, one.expected, one.fix


def _text(submission: Submission, outcomes: Sequence[Outcome], titles: dict[str, str], *, published: bool) -> str:
    lines = [_opening(outcomes), ""]
    for outcome in outcomes:
        lines += [
            f"{name + ':':<18} {value}" for name, value in _facts(submission, outcome, titles, published=published)
        ]
        lines.append("")
        for number, one in enumerate(outcome.findings[:MOST_FINDINGS], start=1):
            where, says, found, expected, fix = _cells(one)
            lines += [f"{number}. {where}", f"   {says}"]
            lines += [f"   Found: {found}"] if found else []
            lines += [f"   Expected: {expected}"] if expected else []
            lines += [f"   What to do: {fix}", f"   Rule: {one.rule}", ""]
        lines += _more(outcome)
    return "\n".join([*lines, _closing(outcomes), ""])


def _more(outcome: Outcome) -> list[str]:
    more = len(outcome.findings) - MOST_FINDINGS
    return [f"... and {more} more of the same kind.", ""] if more > 0 else []


def _html(submission: Submission, outcomes: Sequence[Outcome], titles: dict[str, str], *, published: bool) -> str:
    cell = 'style="border:1px solid #b1b4b6;padding:4px 8px;text-align:left;vertical-align:top"'
    body = [f"<p>{escape(_opening(outcomes))}</p>"]
    for outcome in outcomes:
        facts = _facts(submission, outcome, titles, published=published)
        rows = "".join(f"<tr><th {cell}>{escape(n)}</th><td {cell}>{escape(v)}</td></tr>" for n, v in facts)
        body.append(f'<table style="border-collapse:collapse">{rows}</table>')
        if outcome.findings:
            head = "".join(f"<th {cell}>{escape(name)}</th>" for name in _COLUMNS)
            lines = "".join(
                "<tr>" + "".join(f"<td {cell}>{escape(v)}</td>" for v in _cells(one)) + "</tr>"
                for one in outcome.findings[:MOST_FINDINGS]
            )
            body.append(f'<h2>Findings</h2><table style="border-collapse:collapse"><tr>{head}</tr>{lines}</table>')
        body += [f"<p>{escape(line)}</p>" for line in _more(outcome) if line]
    body.append(f"<p>{escape(_closing(outcomes))}</p>")
    style = "font-family:Arial,sans-serif;color:#0b0c0c"
    return f'<!doctype html><html lang="en"><body style="{style}">{"".join(body)}</body></html>'
