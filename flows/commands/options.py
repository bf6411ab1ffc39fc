"""Options that several commands share, each declared once with its name, metavar and help."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter, Token


def _day(_type: Any, tokens: tuple[Token, ...]) -> date:
    """Parse a day. Raises ValueError for what is none."""
    text = tokens[0].value
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a date such as 2011-05-31") from None


InboxOption = Annotated[
    str | None,
    Parameter(help="Folder with one folder for each partner, or the URL of a server with such a folder."),
]
WorkspaceOption = Annotated[
    Path | None, Parameter(help="The folder of the workspace, if it is not the one that the working directory is in.")
]
WarehouseOption = Annotated[str | None, Parameter(help="The published file; the private store lies beside it.")]
OutboxOption = Annotated[str | None, Parameter(help="Folder for replies.")]
ArchiveOption = Annotated[str | None, Parameter(help="Folder for the ledger and the files that were sent.")]
TodayOption = Annotated[date | None, Parameter(converter=_day, help="The day to take for today, such as 2011-05-31.")]
JsonOption = Annotated[bool, Parameter(negative="", help="Print the answer as JSON.")]
ByOption = Annotated[str, Parameter(help="Who answers for it, as a role.")]
UntilOption = Annotated[date, Parameter(converter=_day, help="The last day on which it holds.")]
OutputOption = Annotated[Path | None, Parameter(name=["--output", "-o"], help="The file to write.")]
