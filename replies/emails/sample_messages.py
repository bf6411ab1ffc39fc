"""Messages that say one of everything, to try an organisation's own templates before a night relies on them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from local_indicators.common.jinja_templates import Branding
from local_indicators.replies.emails.analyst_emails import to_analyst, to_analyst_of_fault
from local_indicators.replies.emails.email_message import Attachment, Envelope
from local_indicators.replies.emails.notification_words import Names
from local_indicators.replies.emails.officer_emails import to_officer
from local_indicators.replies.emails.owner_emails import to_owner
from local_indicators.replies.emails.size_limit import MessageFiles
from local_indicators.schemas.file_precedence import RivalSubmission
from local_indicators.schemas.findings import make_finding
from local_indicators.schemas.notifications import Kind, Notification
from local_indicators.schemas.return_calendar import ExpectedPeriod, ExpectedReturn
from local_indicators.schemas.submissions import Outcome, Status, Submission

AT = datetime(2011, 5, 26, 1, 30, tzinfo=UTC)
ENVELOPE = Envelope("sample", "owner@example.org", "indicators@example.org", "analyst@example.org", AT)
NAMES = Names("Sample partner", {"attainment": "Attainment"}, {"sample": "Sample partner"})
FILES = MessageFiles(
    (Attachment("scorecard-2011-Q1-sample.html", b""),), (Attachment("S000001.xlsx", b"", "copies/S000001.xlsx"),)
)
SAYS: dict[Kind, tuple[str, ...]] = {
    "set-aside": ("the parts are no more than their total: Figures!B6",),
    "gate": ("3f2c91d0", "3f2c91d0.html", "no figure is below 0: 2 rows break it", "every area is known: 1 breaks it"),
    "bounced": ("Sample partner", "owner@example.org", "sample.eml", "550 no such mailbox", "Correct the address."),
    "report": ("Scorecard, January to March 2011", "2011-Q1", "3"),
    "differs": ("sample", "attainment", "sample/a.xlsx", "S000001", "other", "attainment", "other/b.xlsx", "S000002",
                "pupils: Figures!B6 and Data!C7"),
}  # fmt: skip


def try_messages(branding: Branding) -> None:
    """Write messages of every kind with the organisation's templates and send none of them.

    Raises DefinitionError for the first template that cannot be filled in.
    """
    owners = owner_notifications()
    for notifications in (owners, *([item] for item in owners)):
        to_owner(notifications, NAMES, ENVELOPE, FILES, 1, branding)
    late = replace(_notification("escalated"), expected_return=_slot(None))
    reports = [_notification("escalated"), late, _notification("report")]
    for notifications in (reports, reports[:1], reports[2:]):
        to_officer(notifications, NAMES, ENVELOPE, FILES, 1, branding)
    kinds: tuple[Kind, ...] = ("gate", "wrong-folder", "differs", "set-aside", "bounced", "escalated", "report")
    for kind in kinds:
        to_analyst([_notification(kind)] * 2, NAMES, ENVELOPE, FILES, 1, branding)
    to_analyst_of_fault("the outbox: cannot be written", ["nightly"], "run", AT, ENVELOPE, branding)


def owner_notifications() -> list[Notification]:
    """Return all that an owner may be told, each branch of the words once."""
    kinds: tuple[Kind, ...] = ("set-aside", "overdue", "resolved", "published", "receipt", "awaiting", "tonight")
    outcomes = (
        _outcome("rejected", "cell.not-a-number"),
        _outcome("partly-accepted", "cell.not-a-number"),
        _outcome("accepted-with-warnings", ""),
        _outcome("rejected", "return.wrong-folder"),
        _outcome("rejected", "return.person-level"),
    )
    findings = [replace(_notification("findings"), outcome=outcome) for outcome in outcomes]
    findings.append(replace(findings[0], repeats="S000001"))
    rivals = tuple(
        RivalSubmission(_submission(partner), ("2010",), counts=counts, in_part=counts, why="it was changed last")
        for partner in ("sample", "other")
        for counts in (True, False)
    )
    receipt = replace(_notification("receipt"), rivals=rivals, counts_for=("2009",))
    late = replace(_notification("overdue"), expected_return=_slot(None))
    return [*findings, late, receipt, *(_notification(kind) for kind in kinds)]


def _notification(kind: Kind) -> Notification:
    outcome = _outcome("rejected", "cell.not-a-number")
    submission, slot = _submission("sample"), _slot(outcome)
    return Notification(kind, outcome.id, "partner/sample", submission, outcome, slot, details=SAYS.get(kind, ()))


def _submission(partner: str) -> Submission:
    return Submission(
        id="S000001",
        sequence=1,
        partner=partner,
        path=f"{partner}/attainment.xlsx",
        digest="ab" * 32,
        size=10,
        first_seen=AT,
        night=date(2011, 5, 26),
    )


def _slot(outcome: Outcome | None) -> ExpectedReturn:
    return ExpectedReturn(
        "sample", "attainment", ExpectedPeriod("2009/10", date(2011, 5, 20)), (outcome,) if outcome else ()
    )


def _outcome(status: Status, rule: str) -> Outcome:
    where = make_finding(
        rule or "cell.not-a-number", sheet="Figures", cells=["B6"], found="about 6", expected="a number"
    )
    findings = (where if rule else replace(where, severity="warning"),) * 2
    return Outcome(
        submission="S000001",
        partner="sample",
        collection="attainment",
        status=status,
        rows=12,
        findings=findings,
        not_checked=(),
        periods=("2009", "2010"),
        table=None,
        definitions="",
        layouts="",
        validated_at=AT,
    )
