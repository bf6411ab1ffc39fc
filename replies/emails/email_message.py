"""A message as mail: blocks of words as text and as HTML, inert whoever wrote them, with files attached."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from html import escape
from textwrap import fill
from typing import NamedTuple

from schemas.findings import Finding, as_typed

MOST_CELLS = 40
"""Addresses shown of one finding."""
XLSX = ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet")


class Attachment(NamedTuple):
    """A file's name, given by us, its bytes, and where it lies with us."""

    name: str
    content: bytes
    place: str = ""


@dataclass(frozen=True)
class Envelope:
    """From whom to whom, and by what name: `id` is the message's own and never changes. `reply_to` reaches a person."""

    id: str
    to: str
    sender: str
    reply_to: str
    sent_at: datetime


@dataclass(frozen=True)
class Heading:
    text: str


@dataclass(frozen=True)
class Words:
    text: str


@dataclass(frozen=True)
class Facts:
    """Names and what they are."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Findings:
    """What to put right, in the order in which an owner works through the workbook, and how many more there are."""

    shown: tuple[Finding, ...]
    more: int = 0


Block = Heading | Words | Facts | Findings


def compose(
    subject: str, blocks: Sequence[Block], envelope: Envelope, attachments: Sequence[Attachment] = ()
) -> EmailMessage:
    """The message of a subject and blocks, with all text inert."""
    blocks = [_inert(block) for block in blocks]
    message = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    message["Subject"] = as_typed(subject)
    message["From"] = envelope.sender
    message["To"] = envelope.to
    message["Reply-To"] = envelope.reply_to
    message["Date"] = format_datetime(envelope.sent_at)
    message["Message-ID"] = f"<{envelope.id}@{domain_of(envelope.sender)}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n".join(line for block in blocks for line in _as_text(block)))
    message.add_alternative(_page(blocks), subtype="html")
    for name, content, _ in attachments:
        kind = XLSX if name.endswith(".xlsx") else ("application", "octet-stream")
        message.add_attachment(content, maintype=kind[0], subtype=kind[1], filename=name)
    return message


def _inert(block: Block) -> Block:
    """The block with each text on one line and without control characters, whoever wrote it."""
    if isinstance(block, Facts):
        return Facts(tuple((_line(name), _line(value)) for name, value in block.pairs))
    return block if isinstance(block, Findings) else replace(block, text=_line(block.text))


def _line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def domain_of(sender: str) -> str:
    """The domain of an address, which may be given with a name before it."""
    return parseaddr(sender)[1].rpartition("@")[2] or "localhost"


def _cells(one: Finding) -> tuple[str, ...]:
    """Where, what is wrong, found, expected, what to do, and the rule."""
    shown = ", ".join(as_typed(cell) for cell in one.cells[:MOST_CELLS])
    shown += f" and {len(one.cells) - MOST_CELLS} more" if len(one.cells) > MOST_CELLS else ""
    where = shown or ("whole sheet" if one.sheet else "whole file")
    where = f"{as_typed(one.sheet)}: {where}" if one.sheet else where
    kind = "" if one.is_error else "To look at. "
    return where, kind + one.says, as_typed(one.found), as_typed(one.expected), as_typed(one.fix), one.rule


def _more(findings: Findings) -> str:
    if not findings.more:
        return ""
    return f"... and {findings.more} more that are not listed here. The marked-up copy, where there is one, shows all."


def _as_text(block: Block) -> list[str]:
    if isinstance(block, Heading):
        return ["", block.text, "-" * min(len(block.text), 78), ""]
    if isinstance(block, Words):
        return [fill(block.text, 78, break_long_words=False, break_on_hyphens=False), ""]
    if isinstance(block, Facts):
        return [*(f"{name + ':':<18} {value}" for name, value in block.pairs), ""]
    lines: list[str] = []
    for number, one in enumerate(block.shown, start=1):
        where, says, found, expected, fix, rule = _cells(one)
        lines += [f"{number}. {where}", f"   {says}"]
        lines += [f"   Found: {found}"] if found else []
        lines += [f"   Expected: {expected}"] if expected else []
        lines += [f"   What to do: {fix}", f"   Rule: {rule}", ""]
    return [*lines, _more(block), ""] if block.more else lines


_CELL = 'style="border:1px solid #b1b4b6;padding:4px 8px;text-align:left;vertical-align:top"'
_COLUMNS = ("Where", "What is wrong", "Found", "Expected", "What to do", "Rule")


def _table(rows: Iterable[Sequence[str]], head: Sequence[str] = (), *, named: bool = False) -> str:
    """A table of cells; with `named`, the first cell of each row is its heading."""

    def cell(text: str, tag: str) -> str:
        return f"<{tag} {_CELL}>{escape(text)}</{tag}>"

    lines = ["<tr>" + "".join(cell(name, "th") for name in head) + "</tr>"] if head else []
    for row in rows:
        tags = ["th" if named and not number else "td" for number in range(len(row))]
        lines.append("<tr>" + "".join(map(cell, row, tags)) + "</tr>")
    return '<table style="border-collapse:collapse">\n' + "\n".join(lines) + "\n</table>"


def _as_html(block: Block) -> str:
    if isinstance(block, Heading):
        return f'<h2 style="font-size:1.15em">{escape(block.text)}</h2>'
    if isinstance(block, Words):
        return f"<p>{escape(block.text)}</p>"
    if isinstance(block, Facts):
        return _table(block.pairs, named=True) + "<p></p>"
    more = f"<p>{escape(_more(block))}</p>" if block.more else ""
    return _table((_cells(one) for one in block.shown), _COLUMNS) + more


def _page(blocks: Sequence[Block]) -> str:
    style = "font-family:Arial,sans-serif;color:#0b0c0c"
    body = "\n".join(_as_html(block) for block in blocks)
    return f'<!doctype html>\n<html lang="en"><body style="{style}">\n{body}\n</body></html>\n'
