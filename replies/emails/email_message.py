"""A message as mail: blocks as text and as HTML, inert whoever wrote them, with files attached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Any, Literal, NamedTuple

from local_indicators.common.cell_references import cell_in_words
from local_indicators.common.jinja_templates import NO_BRANDING, Branding, render
from local_indicators.common.safe_text import as_typed, printable_line
from local_indicators.schemas.findings import Finding

TEMPLATES = Path(__file__).parent / "templates"
MAX_CELLS_SHOWN = 40
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
    """The title of a section."""

    text: str
    kind: Literal["heading"] = "heading"


@dataclass(frozen=True)
class Paragraph:
    """One or more sentences."""

    text: str
    kind: Literal["paragraph"] = "paragraph"


@dataclass(frozen=True)
class FactTable:
    """Names, each with its value."""

    pairs: tuple[tuple[str, str], ...]
    kind: Literal["facts"] = "facts"


@dataclass(frozen=True)
class FindingTable:
    """Findings in the order in which an owner works through the workbook, and how many more there are."""

    shown: tuple[Finding, ...]
    more: int = 0
    kind: Literal["findings"] = "findings"

    @property
    def findings(self) -> list[dict[str, Any]]:
        """What the layouts may use of each finding."""
        return [_finding(finding) for finding in self.shown]


Block = Heading | Paragraph | FactTable | FindingTable


def compose(
    subject: str,
    blocks: Sequence[Block],
    envelope: Envelope,
    attachments: Sequence[Attachment] = (),
    branding: Branding = NO_BRANDING,
) -> EmailMessage:
    """Return the message of a subject and blocks, with all text inert.

    Raises DefinitionError where the organisation's own layout cannot be filled in.
    """
    values = {"blocks": [_inert(block) for block in blocks]}
    message = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    message["Subject"] = as_typed(subject)
    message["From"] = envelope.sender
    message["To"] = envelope.to
    message["Reply-To"] = envelope.reply_to
    message["Date"] = format_datetime(envelope.sent_at)
    message["Message-ID"] = f"<{envelope.id}@{domain_of(envelope.sender)}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(render(TEMPLATES, "message.txt.jinja", branding, values).removesuffix("\n"))
    message.add_alternative(render(TEMPLATES, "message.html.jinja", branding, values), subtype="html")
    for name, content, _ in attachments:
        kind = XLSX if name.endswith(".xlsx") else ("application", "octet-stream")
        message.add_attachment(content, maintype=kind[0], subtype=kind[1], filename=name)
    return message


def domain_of(sender: str) -> str:
    """Return the domain of an address, which may be given with a name before it."""
    return parseaddr(sender)[1].rpartition("@")[2] or "localhost"


def _inert(block: Block) -> Block:
    """Return the block with each text on one line and without control characters, whoever wrote it."""
    if isinstance(block, FactTable):
        return FactTable(tuple((printable_line(name), printable_line(value)) for name, value in block.pairs))
    return block if isinstance(block, FindingTable) else replace(block, text=printable_line(block.text))


def _finding(finding: Finding) -> dict[str, Any]:
    """Return where, what is wrong, found, expected, what to do, and the rule."""
    cells = ", ".join(as_typed(cell_in_words(finding.sheet, cell)) for cell in finding.cells[:MAX_CELLS_SHOWN])
    cells += f" and {len(finding.cells) - MAX_CELLS_SHOWN} more" if len(finding.cells) > MAX_CELLS_SHOWN else ""
    return {
        "where": cells or (f"{as_typed(finding.sheet)}, the whole sheet" if finding.sheet else "the whole file"),
        "is_error": finding.is_error,
        "says": finding.says,
        "found": as_typed(finding.found),
        "expected": as_typed(finding.expected),
        "fix": as_typed(finding.fix),
        "rule": finding.rule,
    }
