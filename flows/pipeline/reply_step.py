"""The step that tells owners, officers and the analyst what they have to be told."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from common.progress import report_progress
from flows.pipeline.replying import ReplyContext, ReplyReport, send_replies
from flows.run_context import RunContext
from replies.annotation.marked_up_copy import copy_name
from replies.emails.email_message import Attachment
from schemas.notifications import Kind
from schemas.submissions import Outcome, Submission
from warehouse.publication.publish import Publication
from warehouse.store import private_store
from warehouse.store.disagreements import find_disagreements


def reply(night: RunContext, publication: Publication) -> ReplyReport:
    """Tell owners, officers and the analyst what they have to be told: one message each, or none if nothing is new.
    The marked-up copy goes with a submission whose findings are told."""
    critical = [one.reason for one in publication.verdict.broken if one.severity == "critical"]
    return _reply(night, publication.data_version, critical if publication.state == "refused" else None)


def reply_between_nights(night: RunContext, tells: AbstractSet[Kind]) -> ReplyReport:
    """Tell what can be told between two nights: news of these kinds, and what still waits to be told."""
    return _reply(night, 0, None, tells)


def _reply(
    night: RunContext, data_version: int, refused: Sequence[str] | None, tells: AbstractSet[Kind] | None = None
) -> ReplyReport:
    report_progress("Answering data owners")
    with private_store.open_store(night.settings.store) as con:
        found = find_disagreements(con)

    def copies(submission: Submission, _: Sequence[Outcome]) -> list[Attachment]:
        content, place = night.archive.read_copy(submission.id), f"copies/{submission.id}.xlsx in the archive"
        return [] if content is None else [Attachment(copy_name(submission.id), content, place)]

    gone = {s.partner for s in night.ledger.submissions.values()} - set(night.partners)
    for partner in sorted(gone):
        night.notes.append(f"{partner} is no longer a partner; what it sent is not answered.")
    return send_replies(
        ReplyContext(
            settings=night.settings,
            definitions=night.definitions,
            partners=night.partners,
            ledger=night.ledger,
            today=night.today,
            data_version=data_version,
            refused_because=refused,
            copies_of=copies,
            kinds=tells,
            unread_partners=night.unread_partners,
            disagreements=found,
        )
    )
