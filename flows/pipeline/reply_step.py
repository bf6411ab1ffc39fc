"""The step that sends owners, officers and the analyst what they have to be told."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from local_indicators.common.progress import report_progress
from local_indicators.flows.pipeline.refusal import Refusal
from local_indicators.flows.pipeline.replying import ReplyContext, ReplyReport, send_replies
from local_indicators.flows.run_context import RunContext
from local_indicators.replies.annotation.marked_up_copy import copy_name
from local_indicators.replies.emails.email_message import Attachment
from local_indicators.schemas.notifications import Kind
from local_indicators.schemas.submissions import Outcome, Submission
from local_indicators.warehouse.publication.publish import Publication
from local_indicators.warehouse.store import private_store
from local_indicators.warehouse.store.disagreements import find_disagreements


def reply(context: RunContext, publication: Publication) -> ReplyReport:
    """Send owners, officers and the analyst what they have to be told: one message each, or none if nothing is new. The
    marked-up copy is attached where findings of a submission are told."""
    refusal = None
    if publication.state == "refused":
        broken = publication.verdict.broken
        reasons = tuple(expectation.reason for expectation in broken if expectation.severity == "critical")
        run = context.run if publication.verdict.approvable else ""
        refusal = Refusal(reasons, publication.page or "", run)
    return _reply(context, publication.data_version, refusal)


def reply_between_nights(context: RunContext, kinds: AbstractSet[Kind]) -> ReplyReport:
    """Send what can be told between two nights: notifications of these kinds, and those of messages that still wait."""
    return _reply(context, 0, None, kinds)


def _reply(
    context: RunContext, data_version: int, refusal: Refusal | None, kinds: AbstractSet[Kind] | None = None
) -> ReplyReport:
    """Send the replies of a run, and note former partners who get none."""
    report_progress("Answering data owners")
    with private_store.open_store(context.settings.store) as con:
        differing = find_disagreements(con)

    def copies(submission: Submission, _: Sequence[Outcome]) -> list[Attachment]:
        content, place = context.archive.read_copy(submission.id), f"copies/{submission.id}.xlsx in the archive"
        return [] if content is None else [Attachment(copy_name(submission.id), content, place)]

    former = {s.partner for s in context.ledger.submissions.values()} - set(context.partners)
    for partner in sorted(former):
        context.notes.append(f"{partner} is no longer a partner; what it sent is not answered.")
    return send_replies(
        ReplyContext(
            settings=context.settings,
            definitions=context.definitions,
            partners=context.partners,
            ledger=context.ledger,
            today=context.today,
            data_version=data_version,
            refusal=refusal,
            copies_of=copies,
            kinds=kinds,
            unread_partners=context.unread_partners,
            disagreements=differing,
        )
    )
