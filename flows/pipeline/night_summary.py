"""Summarise a night: a line for each return, who is late, and what was published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from local_indicators.flows.pipeline.replying import ReplyReport
from local_indicators.flows.records.return_register import build_register
from local_indicators.flows.run_context import RunContext
from local_indicators.flows.settings import now
from local_indicators.schemas.return_calendar import SET_ASIDE, expected_returns
from local_indicators.warehouse.publication.publish import Publication


@dataclass(frozen=True)
class ReturnLine:
    """One line of the table at the end of a night."""

    submission: str
    partner: str
    title: str
    path: str
    status: str
    rows: int
    errors: int
    warnings: int


@dataclass(frozen=True)
class OverdueReturn:
    """An expected return that is overdue, and who has been told."""

    partner: str
    title: str
    period: str
    due: date
    progress: str


@dataclass(frozen=True)
class NightReport:
    """What a night did."""

    returns: tuple[ReturnLine, ...]
    publication: Publication
    published: str
    run: str
    replies: ReplyReport
    notes: tuple[str, ...]
    example_partners: tuple[str, ...]
    overdue: tuple[OverdueReturn, ...] = ()

    @property
    def rejected(self) -> list[ReturnLine]:
        """Return the lines of rejected returns."""
        return [line for line in self.returns if line.status == "rejected"]


def summarise_night(context: RunContext, replies: ReplyReport, publication: Publication) -> NightReport:
    """Return what a night did: a line for each outcome of the submissions that it answered, or that were validated and
    answered since the night before."""
    nights = context.ledger.attempts
    since = nights[-2].at if len(nights) > 1 else now() - timedelta(1)
    by_day = {
        o.submission for o in context.ledger.all_outcomes if o.validated_at > since and o.partner in context.partners
    }
    lines = return_lines(context, sorted({*replies.answered, *by_day}))
    examples = tuple(p.id for p in context.partners.values() if p.says.example)
    published = str(context.settings.warehouse)
    notes = tuple(dict.fromkeys(context.notes))  # a step that was tried again says the same again
    return NightReport(
        returns=lines,
        publication=publication,
        published=published,
        run=context.run,
        replies=replies,
        notes=notes,
        example_partners=examples,
        overdue=tuple(_overdue_returns(context)),
    )


def _overdue_returns(context: RunContext) -> Iterator[OverdueReturn]:
    """Yield the overdue returns, the longest overdue first."""
    told_keys = context.ledger.told_keys
    slots = expected_returns(build_register(context.partners, context.ledger))
    for slot in sorted(
        slots,
        key=lambda expected_return: (expected_return.expected.due, expected_return.partner, expected_return.collection),
    ):
        if slot.is_overdue(context.today):
            partner = context.partners[slot.partner]
            came = "what came was rejected" if slot.outcomes else "nothing has come"
            owner = "; owner reminded" if f"overdue/{slot.key}" in told_keys else ""
            officer = "; officer told" if any(key.startswith(f"escalated/{slot.key}/") for key in told_keys) else ""
            title = partner.collection(slot.collection).title
            expected = slot.expected
            yield OverdueReturn(partner.says.name, title, expected.period, expected.due, came + owner + officer)


def return_lines(context: RunContext, submissions: Sequence[str]) -> tuple[ReturnLine, ...]:
    """Return a line for each outcome of the submissions."""
    titles = {c.id: c.title for p in context.partners.values() for c in p.says.collection}
    lines = []
    for outcome in (o for name in submissions for o in context.ledger.outcomes[name]):
        errors = sum(1 for f in outcome.findings if f.is_error)
        path = context.ledger.submissions[outcome.submission].path
        title = titles.get(outcome.collection or "", "no return we expect")
        lines.append(
            ReturnLine(
                submission=outcome.submission,
                partner=outcome.partner,
                title=title,
                path=path,
                status=SET_ASIDE if outcome.id in context.ledger.set_aside else outcome.status,
                rows=outcome.rows,
                errors=errors,
                warnings=len(outcome.findings) - errors,
            )
        )
    return tuple(lines)
