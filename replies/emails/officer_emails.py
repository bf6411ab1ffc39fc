"""What is sent to accountable officers by mail; its words stand in templates/officer.jinja."""

from __future__ import annotations

from collections.abc import Sequence
from email.message import EmailMessage
from typing import Any

from local_indicators.common.jinja_templates import NO_BRANDING, Branding
from local_indicators.replies.emails.email_message import Envelope
from local_indicators.replies.emails.message_wording import worded_message
from local_indicators.replies.emails.notification_words import Names, day_of, of_kind, return_and_period
from local_indicators.replies.emails.size_limit import LIST_LENGTHS, NO_FILES, MessageFiles
from local_indicators.schemas.notifications import Notification


def to_officer(
    notifications: Sequence[Notification],
    names: Names,
    envelope: Envelope,
    files: MessageFiles = NO_FILES,
    most: int = LIST_LENGTHS[0],
    branding: Branding = NO_BRANDING,
) -> EmailMessage:
    """Return the message to an accountable officer: returns that are overdue beyond the days of grace, and a quarter's
    report with its files.

    `most` returns are listed. Raises DefinitionError where the organisation's own template cannot be filled in.
    """
    late = of_kind(notifications, "escalated")
    values = {
        "reader": names.reader,
        "escalated_returns": list(dict.fromkeys(return_and_period(item, names) for item in late)),
        **escalated_returns(notifications, names, most),
        **quarterly_reports(notifications, files),
    }
    return worded_message("officer.jinja", values, envelope, files, branding)


def escalated_returns(notifications: Sequence[Notification], names: Names, most: int) -> dict[str, Any]:
    """Return what a wording may use of returns that are overdue beyond the days of grace, at most `most` of them."""
    late = of_kind(notifications, "escalated")
    shown = [
        {
            "title": return_and_period(item, names),
            "partner": names.partner(item.expected_return.partner),
            "due": day_of(item.expected_return.expected.due),
            "last": item.expected_return.outcomes[-1].submission if item.expected_return.outcomes else "",
        }
        for item in late[:most]
        if item.expected_return is not None
    ]
    return {"has_escalated": bool(late), "escalated": {"shown": shown, "more": max(len(late) - most, 0)}}


def quarterly_reports(notifications: Sequence[Notification], files: MessageFiles) -> dict[str, Any]:
    """Return what a wording may use of the reports of a quarter that were filed."""
    reports = []
    for item in of_kind(notifications, "report"):
        title, name, version = item.details
        attached = [file.name for file in files.attached if file.name.startswith(f"scorecard-{name}-")]
        reports.append({"title": title, "name": name, "data_version": version, "attached": attached})
    return {"reports": reports}
