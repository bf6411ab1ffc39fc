"""What a night came to: a line for each return, who is late, and what was published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flows.pipeline.replying import ReplyReport
from flows.records.return_register import build_register
from flows.run_context import RunContext
from flows.settings import now
from schemas.return_calendar import SET_ASIDE, expected_returns
from warehouse.publication.publish import Publication


@dataclass(frozen=True)
class ReturnLine:
    """One line of the table that ends a night."""

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
        return [line for line in self.returns if line.status == "rejected"]


def summarise_night(night: RunContext, replies: ReplyReport, publication: Publication) -> NightReport:
    """What the night did, for people: a line for each outcome of the submissions it answered, or that were judged and
    answered since the night before."""
    nights = night.ledger.attempts
    since = nights[-2].at if len(nights) > 1 else now() - timedelta(1)
    by_day = {o.submission for o in night.ledger.all_outcomes if o.judged_at > since and o.partner in night.partners}
    lines = return_lines(night, sorted({*replies.answered, *by_day}))
    examples = tuple(p.id for p in night.partners.values() if p.says.example)
    published = str(night.settings.warehouse)
    notes = tuple(dict.fromkeys(night.notes))  # a step that was tried again says the same again
    return NightReport(
        returns=lines,
        publication=publication,
        published=published,
        run=night.run,
        replies=replies,
        notes=notes,
        example_partners=examples,
        overdue=tuple(_overdue_returns(night)),
    )


def _overdue_returns(night: RunContext) -> Iterator[OverdueReturn]:
    """Who is late, the longest overdue first."""
    told = night.ledger.told_keys
    slots = expected_returns(build_register(night.partners, night.ledger))
    for slot in sorted(slots, key=lambda one: (one.expected.due, one.partner, one.collection)):
        if slot.overdue(night.today):
            partner = night.partners[slot.partner]
            came = "what came was rejected" if slot.outcomes else "nothing has come"
            owner = "; owner reminded" if f"overdue/{slot.key}" in told else ""
            officer = "; officer told" if any(key.startswith(f"escalated/{slot.key}/") for key in told) else ""
            title = partner.collection(slot.collection).title
            expected = slot.expected
            yield OverdueReturn(partner.says.name, title, expected.period, expected.due, came + owner + officer)


def return_lines(night: RunContext, submissions: Sequence[str]) -> tuple[ReturnLine, ...]:
    """A line for each outcome of the submissions."""
    titles = {c.id: c.title for p in night.partners.values() for c in p.says.collection}
    lines = []
    for outcome in (o for name in submissions for o in night.ledger.outcomes[name]):
        errors = sum(1 for f in outcome.findings if f.is_error)
        path = night.ledger.submissions[outcome.submission].path
        title = titles.get(outcome.collection or "", "no return we expect")
        lines.append(
            ReturnLine(
                submission=outcome.submission,
                partner=outcome.partner,
                title=title,
                path=path,
                status=SET_ASIDE if outcome.id in night.ledger.set_aside else outcome.status,
                rows=outcome.rows,
                errors=errors,
                warnings=len(outcome.findings) - errors,
            )
        )
    return tuple(lines)
