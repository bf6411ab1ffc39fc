"""What is sent to data owners by mail.

One message has all the notifications of one recipient; its words stand in templates/owner.jinja. Partner text appears
in it, so all of it is made inert: escaped in HTML, kept to one line, never in a header.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from email.message import EmailMessage
from typing import Any

from local_indicators.common.jinja_templates import NO_BRANDING, Branding
from local_indicators.common.safe_text import as_typed
from local_indicators.replies.emails.email_message import Envelope
from local_indicators.replies.emails.message_wording import worded_message
from local_indicators.replies.emails.notification_words import (
    Names,
    day_of,
    of_kind,
    path_in_words,
    return_and_period,
    time_of,
)
from local_indicators.replies.emails.size_limit import LIST_LENGTHS, NO_FILES, MessageFiles
from local_indicators.schemas.file_precedence import RivalSubmission
from local_indicators.schemas.notifications import Notification, rule_forbidding_details
from local_indicators.schemas.submissions import Outcome, has_errors

STATUS_WORDS = {
    "accepted": "accepted",
    "accepted-with-warnings": "accepted, with something to look at",
    "partly-accepted": "accepted in part: the rows named below were left out",
    "rejected": "not accepted: nothing of it was used",
}
NOT_YOURS, SINGLE_PEOPLE = "return.wrong-folder", "return.person-level"


def to_owner(
    notifications: Sequence[Notification],
    names: Names,
    envelope: Envelope,
    files: MessageFiles = NO_FILES,
    most: int = LIST_LENGTHS[0],
    branding: Branding = NO_BRANDING,
) -> EmailMessage:
    """Return the one message of a night to a data owner: what to correct, what is overdue, what is resolved, receipts.

    `files` are marked-up copies of workbooks of which findings are told, named by us. `most` findings of each return
    are listed. Raises DefinitionError where the organisation's own template cannot be filled in.
    """
    overdue = of_kind(notifications, "overdue")
    values = {
        "reader": names.reader,
        "contact": envelope.reply_to,
        "topics": _topics(notifications, names),
        "to_correct": [_to_correct(item, names, most) for item in of_kind(notifications, "findings")],
        "set_aside": [
            {**_return_shown(item, names), "reasons": [as_typed(reason) for reason in item.details]}
            for item in of_kind(notifications, "set-aside")
        ],
        "has_overdue": bool(overdue),
        "overdue": list(_overdue(overdue, names)),
        "resolved": [_cured(item, names) for item in of_kind(notifications, "resolved")],
        "published": [_cured(item, names) for item in of_kind(notifications, "published")],
        **_receipts(notifications, names),
    }
    return worded_message("owner.jinja", values, envelope, files, branding)


# -- what the template may use: organisations' own templates rely on these names --------------------------------------


def _outcome(item: Notification) -> Outcome:
    if item.outcome is None:
        raise ValueError(f"{item.key} tells of no outcome")
    return item.outcome


def _unshown_rule(item: Notification) -> str:
    """Return the rule for which nothing of a file may be shown; empty for other files."""
    return rule_forbidding_details([item.outcome]) if item.outcome else ""


def _return_shown(item: Notification, names: Names) -> dict[str, Any]:
    outcome = _outcome(item)
    return {"title": names.title(outcome.collection), "file": path_in_words(item), "submission": outcome.submission}


def _cured(item: Notification, names: Names) -> dict[str, Any]:
    return {**_return_shown(item, names), "title": return_and_period(item, names)}


def _to_correct(item: Notification, names: Names, most: int) -> dict[str, Any]:
    """Return what is wrong with one file; of a file that is somebody else's nothing, not even its name."""
    outcome, rule = _outcome(item), _unshown_rule(item)
    if rule == NOT_YOURS:
        submission = item.submission.id if item.submission else ""
        return {"kind": "not-yours", "file": "", "submission": submission}
    if rule == SINGLE_PEOPLE:
        places = next((finding.found for finding in outcome.findings if finding.rule == SINGLE_PEOPLE), "")
        return {**_return_shown(item, names), "kind": "single-people", "places": "" if places is None else str(places)}
    errors = has_errors(outcome)
    return {
        **_return_shown(item, names),
        "kind": "unchanged" if item.repeats else "to-correct" if errors else "to-look-at",
        "has_errors": errors,
        "repeats": item.repeats,
        "count": sum(1 for finding in outcome.findings if finding.is_error) or len(outcome.findings),
        "status": outcome.status,
        "due": day_of(item.expected_return.expected.due) if item.expected_return else "",
        "findings": outcome.findings[:most],
        "more": max(len(outcome.findings) - most, 0),
    }


def _overdue(late: Sequence[Notification], names: Names) -> Iterator[dict[str, Any]]:
    for item in late:
        if item.expected_return is not None:
            last = item.expected_return.outcomes[-1].submission if item.expected_return.outcomes else ""
            yield {
                "title": return_and_period(item, names),
                "due": day_of(item.expected_return.expected.due),
                "last": last,
            }


def _receipts(notifications: Sequence[Notification], names: Names) -> dict[str, Any]:
    receipts = of_kind(notifications, "receipt")
    unseen = {item.about: item.kind for item in of_kind(notifications, "awaiting", "tonight")}
    with_findings = {item.about for item in of_kind(notifications, "findings")}
    return {
        "receipts": [
            _receipt(item, names, unseen.get(item.about, ""), findings_listed=item.about in with_findings)
            for item in receipts
        ],
        "has_rival_files": any(rival.submission.path != _path(item) for item in receipts for rival in item.rivals),
    }


def _receipt(item: Notification, names: Names, unseen: str, *, findings_listed: bool) -> dict[str, Any]:
    """Return the proof of one arrival. `unseen`: why readers do not see it yet. `findings_listed`: what is wrong with
    it stands in the same message."""
    outcome, rule = _outcome(item), _unshown_rule(item)
    errors = sum(1 for finding in outcome.findings if finding.is_error)
    return {
        "title": "" if rule else names.title(outcome.collection),
        "file": "" if rule == NOT_YOURS else path_in_words(item),
        "submission": outcome.submission,
        "digest": item.submission.digest if item.submission else "",
        "received": time_of(item.submission.first_seen) if item.submission else "",
        "status": STATUS_WORDS[outcome.status],
        "unseen": unseen,
        "is_replaced": bool(outcome.findings) and not findings_listed,
        "precedence": _precedence(item) if item.rivals else None,
        "rows": outcome.rows,
        "errors": errors,
        "warnings": len(outcome.findings) - errors,
    }


def _precedence(item: Notification) -> dict[str, Any]:
    """Return whether a file counts, beside which others of its return, and for which periods where not for all."""
    whole = set(_outcome(item).periods)

    def part(periods: Sequence[str]) -> list[str]:
        return [] if set(periods) == whole else list(periods)

    rivals = [
        {**_rival_shown(rival, item), "periods": part(rival.periods), "why": rival.why, "in_part": rival.in_part}
        for rival in item.rivals
    ]
    return {
        "counts": bool(item.counts_for),
        "periods": part(item.counts_for),
        "accepted": _outcome(item).accepted,
        "loses": [shown for rival, shown in zip(item.rivals, rivals, strict=True) if not rival.counts],
        "wins": [shown for rival, shown in zip(item.rivals, rivals, strict=True) if rival.counts],
    }


def _rival_shown(rival: RivalSubmission, item: Notification) -> dict[str, Any]:
    """Return another file of the same return. Of one that another partner sent, who answered for the return before,
    nothing is said."""
    submission = rival.submission
    if submission.partner != _outcome(item).partner:
        return {"file": "", "submission": "", "received": ""}
    return {
        "file": as_typed(submission.path),
        "submission": submission.id,
        "received": time_of(submission.first_seen),
    }


def _path(item: Notification) -> str:
    return item.submission.path if item.submission else ""


def _topics(notifications: Sequence[Notification], names: Names) -> list[dict[str, Any]]:
    """Return what the message is about, the most urgent first; `returns` by name where they may be named."""
    wrong = [item for item in of_kind(notifications, "findings") if item.outcome and has_errors(item.outcome)]
    by_rule: dict[str, list[Notification]] = {}
    for item in wrong:
        by_rule.setdefault(_unshown_rule(item), []).append(item)
    resolved, set_aside = (
        of_kind(notifications, "resolved"),
        of_kind(notifications, "set-aside"),
    )
    mentioned = {item.about for item in [*wrong, *resolved]} | {_outcome(item).id for item in set_aside}
    groups = {
        "delete": by_rule.get(SINGLE_PEOPLE, []),
        "not-yours": by_rule.get(NOT_YOURS, []),
        "correct": by_rule.get("", []),
        "set-aside": set_aside,
        "overdue": of_kind(notifications, "overdue"),
        "resolved": resolved,
        "published": of_kind(notifications, "published"),
        "received": [item for item in of_kind(notifications, "receipt") if item.about not in mentioned],
    }
    return [
        {"kind": kind, "count": len(items), "returns": [] if _unshown_rule(items[0]) else _returns_of(items, names)}
        for kind, items in groups.items()
        if items
    ]


def _returns_of(notifications: Sequence[Notification], names: Names) -> list[str]:
    return list(dict.fromkeys(return_and_period(item, names) for item in notifications))
