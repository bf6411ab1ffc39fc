"""What a message says: its subject and blocks, as a wording template puts them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from email.message import EmailMessage
from typing import Any

from local_indicators.common.errors import DefinitionError
from local_indicators.common.jinja_templates import Branding, render, template_file
from local_indicators.replies.emails.email_message import (
    TEMPLATES,
    Block,
    Envelope,
    FactTable,
    FindingTable,
    Heading,
    Paragraph,
    compose,
)
from local_indicators.replies.emails.size_limit import MessageFiles, size_in_words
from local_indicators.schemas.findings import Finding

Text = Callable[[], str]
"""What stands between `{% call ... %}` and `{% endcall %}`."""
WORDING_NAMES = ("subject", "heading", "paragraph", "facts", "fact", "findings")


def worded_message(
    name: str, values: Mapping[str, Any], envelope: Envelope, files: MessageFiles, branding: Branding
) -> EmailMessage:
    """Return the message that the wording template `name` makes of `values`, with files attached.

    Raises DefinitionError where a template of the organisation cannot be filled in or says something outside of
    subject, heading, paragraph, facts and findings.
    """
    draft = _Draft()
    words = {word: getattr(draft, word) for word in WORDING_NAMES}
    stray = render(TEMPLATES, name, branding, {**values, **_files_shown(files), **words}).split()
    if stray:
        reason = f"says something outside of {', '.join(WORDING_NAMES)}: {' '.join(stray)[:80]!r}"
        raise DefinitionError(template_file(TEMPLATES, name, branding), reason)
    return compose(" ".join(draft.subject_text.split()), draft.blocks, envelope, files.attached, branding)


def _files_shown(files: MessageFiles) -> dict[str, Any]:
    """Return what a wording may use of the files that go with a message, and of those that are too large to."""
    return {
        "attached": [file.name for file in files.attached],
        "left_out": [
            {"name": file.name, "size": size_in_words(len(file.content)), "place": file.place}
            for file in files.left_out
        ],
    }


class _Draft:
    """Subject and blocks in the order in which a wording template gives them. Each method gives the template an empty
    text in return: what a message says is collected here, so that nothing in a value can pass for structure."""

    def __init__(self) -> None:
        self.subject_text = ""
        self.blocks: list[Block] = []
        self._pairs: list[tuple[str, str]] = []

    def subject(self, caller: Text) -> str:
        """Set the subject."""
        self.subject_text = caller()
        return ""

    def heading(self, caller: Text) -> str:
        """Add the title of a section."""
        self.blocks.append(Heading(caller()))
        return ""

    def paragraph(self, caller: Text) -> str:
        """Add a paragraph."""
        self.blocks.append(Paragraph(caller()))
        return ""

    def facts(self, caller: Text) -> str:
        """Add a table of the facts that are given inside."""
        self._pairs = []
        stray = caller()
        self.blocks.append(FactTable(tuple(self._pairs)))
        return stray

    def fact(self, name: str, value: object = "", caller: Text | None = None) -> str:
        """Add a name and its value, or what is written inside, to the table of facts around it."""
        self._pairs.append((name, caller() if caller else str(value)))
        return ""

    def findings(self, shown: tuple[Finding, ...], more: int = 0) -> str:
        """Add a table of findings, and how many more there are."""
        self.blocks.append(FindingTable(tuple(shown), more))
        return ""
