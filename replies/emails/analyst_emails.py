"""What is sent to the performance analyst by mail; its words stand in templates/analyst.jinja and fault.jinja."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from email.message import EmailMessage
from typing import Any, TypeVar

from local_indicators.common.jinja_templates import NO_BRANDING, Branding
from local_indicators.common.printed_commands import approve_command
from local_indicators.common.safe_text import as_typed
from local_indicators.replies.emails.email_message import Envelope
from local_indicators.replies.emails.message_wording import worded_message
from local_indicators.replies.emails.notification_words import Names, of_kind, path_in_words, time_of
from local_indicators.replies.emails.officer_emails import escalated_returns, quarterly_reports
from local_indicators.replies.emails.size_limit import LIST_LENGTHS, NO_FILES, MessageFiles
from local_indicators.schemas.notifications import Notification

KINDS = ("gate", "set-aside", "wrong-folder", "differs", "bounced", "escalated")
"""What the subject names, in this order."""
Item = TypeVar("Item")


def to_analyst(
    notifications: Sequence[Notification],
    names: Names,
    envelope: Envelope,
    files: MessageFiles = NO_FILES,
    most: int = LIST_LENGTHS[0],
    branding: Branding = NO_BRANDING,
) -> EmailMessage:
    """Return the message to the performance analyst: what a person has to look into, and a quarter's report.

    `most` things of each kind are listed. Raises DefinitionError where the organisation's own template cannot be
    filled in.
    """
    values = {
        "reader": names.reader,
        "topics": [kind for kind in KINDS if of_kind(notifications, kind)],
        "refused": [_refusal(item, most) for item in of_kind(notifications, "gate")],
        "wrong_folder": _listed(
            of_kind(notifications, "wrong-folder"), most, lambda item: _misplaced_file(item, names)
        ),
        "differing": _listed(of_kind(notifications, "differs"), most, lambda item: _differing(item, names, most)),
        "set_aside": _set_aside(of_kind(notifications, "set-aside"), names, most),
        "bounced": _listed(of_kind(notifications, "bounced"), most, _bounced),
        **escalated_returns(notifications, names, most),
        **quarterly_reports(notifications, files),
    }
    return worded_message("analyst.jinja", values, envelope, files, branding)


def to_analyst_of_fault(
    fault: str, flows: Sequence[str], run: str, since: datetime, envelope: Envelope, branding: Branding = NO_BRANDING
) -> EmailMessage:
    """Return the message to the performance analyst about a fault of our own, which no return is to blame for.

    Raises DefinitionError where the organisation's own template cannot be filled in.
    """
    values = {"fault": fault, "flows": list(flows), "run": run, "since": time_of(since)}
    return worded_message("fault.jinja", values, envelope, NO_FILES, branding)


# -- what the template may use: organisations' own templates rely on these names --------------------------------------


def _listed(items: Sequence[Item], most: int, shown: Callable[[Item], Any]) -> dict[str, Any]:
    """Return as many items as a message of this length lists, and how many more there are."""
    return {"shown": [shown(item) for item in items[:most]], "more": max(len(items) - most, 0)}


def _refusal(item: Notification, most: int) -> dict[str, Any]:
    run, page, *reasons = item.details
    command = approve_command(run) if run else ""
    return {**_listed(reasons, most, as_typed), "run": run, "page": page, "approve": command}


def _misplaced_file(item: Notification, names: Names) -> dict[str, Any]:
    submission = item.submission
    if submission is None:
        return {"submission": ""}
    return {
        "partner": names.partner(submission.partner),
        "file": path_in_words(item),
        "submission": submission.id,
        "digest": submission.digest,
        "received": time_of(submission.first_seen),
    }


def _differing(item: Notification, names: Names, most: int) -> dict[str, Any]:
    """Return two returns that disagree: who sent what, and the cells to set beside each other; nothing that they
    hold."""
    sides = [
        {
            "partner": names.partner(partner),
            "title": names.title(collection),
            "file": as_typed(path),
            "submission": submission,
        }
        for partner, collection, path, submission in (item.details[:4], item.details[4:8])
    ]
    return {"sides": sides, "places": _listed(item.details[8:], most, as_typed)}


def _set_aside(notifications: Sequence[Notification], names: Names, most: int) -> dict[str, Any]:
    """Return the returns that were set aside: what the gate found, in which cells."""
    shown = [
        {
            "title": names.title(item.outcome.collection),
            "partner": names.partner(item.submission.partner),
            "file": path_in_words(item),
            "submission": item.submission.id,
            "reasons": [as_typed(reason) for reason in item.details],
            "approve": approve_command(item.submission.id),
        }
        for item in notifications[:most]
        if item.submission is not None and item.outcome is not None
    ]
    return {"shown": shown, "more": max(len(notifications) - most, 0)}


def _bounced(item: Notification) -> dict[str, Any]:
    recipient, address, file, answer, fix = item.details
    return {"recipient": recipient, "address": address, "file": file, "answer": answer, "fix": fix}
