"""`indicators status`: where each expected return stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.text import Text

from local_indicators.common.safe_text import printable_line
from local_indicators.flows.commands.options import ArchiveOption, JsonOption, TodayOption, WorkspaceOption
from local_indicators.flows.commands.terminal import as_json, console
from local_indicators.flows.records.return_register import Record, register_record
from local_indicators.flows.settings import settings
from local_indicators.flows.text_tables import print_table


def status(
    *,
    workspace: WorkspaceOption = None,
    archive: ArchiveOption = None,
    today: TodayOption = None,
    all: Annotated[bool, Parameter(negative="", help="List everything, however long.")] = False,  # noqa: A002
    json: JsonOption = False,
) -> int:
    """Print the register of expected returns."""
    register = register_record(settings(workspace=workspace, archive=archive, today=today))
    if json:
        print(as_json(register))
    else:
        print_register(register, console(), everything=all)
    return 0


STYLES = {"received": "green", "rejected": "bold red", "due": "", "overdue": "bold red"}


def print_register(register: Record, console: Console, *, everything: bool = False) -> None:
    """Print the register for people: what needs somebody first; long lists only where `everything` is asked for."""
    print(f"Expected returns on {register['today']}")
    print_table(("Due", "Return", "Where it stands"), [_line(entry) for entry in _by_urgency(register)], console)
    console.print()
    for sentence in _sentences(register, everything=everything):
        console.print(Text(printable_line(sentence)), soft_wrap=True)


def _by_urgency(register: Record) -> list[Record]:
    """The expected returns: overdue, rejected, due, then received, each by the day on which it is due."""
    order = {"overdue": 0, "rejected": 1, "due": 2, "received": 3}
    return sorted(
        register["returns"], key=lambda entry: (0 if entry["overdue"] else order[entry["status"]], entry["due"])
    )


def _line(entry: Record) -> tuple[Text | str, ...]:
    """A line of the table: when it is due, what it is, and where it stands with its newest submission."""
    status = entry["status"] + (", overdue" if entry["overdue"] and entry["status"] != "overdue" else "")
    status += ", late" if entry["on_time"] is False else ""
    shown = entry["accepted_submission"] or entry["submission"]
    status += f", {shown}" if shown else ""
    if entry["newest_submission"] != shown:
        status += f"; newest: {entry['newest_outcome']}, {entry['newest_submission']}"
    status += f"; set aside: {', '.join(entry['set_aside'])}" if entry["set_aside"] else ""
    status += "; officer told" if entry["escalated"] else "; owner reminded" if entry["reminded"] else ""
    what = f"{entry['partner']}: {entry['title']}, {entry['period']}"
    return entry["due"], what, Text(status, style=STYLES[entry["status"]])


MOST_LISTED = 5
"""Sentences of one kind that are printed unless everything is asked for."""


def _sentences(register: Record, *, everything: bool) -> Iterator[str]:
    """Yield the sentences below the table."""
    counts = Counter(entry["status"] for entry in register["returns"])
    yield ", ".join(f"{counts[status]} {status}" for status in STYLES) + "."
    yield from register["held"]
    yield from register["not_defined"]
    for what, sentences in _kinds(register).items():
        shown = sentences if everything or len(sentences) <= MOST_LISTED else sentences[: MOST_LISTED - 1]
        yield from shown
        if len(shown) < len(sentences):
            yield f"In all {len(sentences)} {what}: indicators status --all lists them."


def _kinds(register: Record) -> dict[str, list[str]]:
    """The sentences of each kind of which there may be many."""
    return {
        "answer no expected return": [
            f"{entry['submission']} of {entry['partner']} answers no expected return ({entry['outcome']})."
            for entry in register["unexpected"]
        ],
        "indicators have no owner in date": [
            f"Indicator without an owner in date: {entry['title']} ({entry['indicator']})."
            for entry in register["indicators_without_owner"]
        ],
        "priorities have no lead": [
            f"Priority without a lead: {entry['priority']}." for entry in register["priorities_without_lead"]
        ],
        "objectives never reported": [
            f"Objective that never reported: {entry['title']}." for entry in register["objectives_never_reported"]
        ],
        "messages wait or were refused": [
            f"Message {entry['state']}: {entry['message']}, to {entry['to']}. {entry['why']}"
            for entry in register["messages_waiting"]
        ],
    }
