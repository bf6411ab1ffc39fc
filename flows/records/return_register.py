"""The register of returns, from the ledger and the partners' TOML files: what is expected of whom, what has come, who
was told, and which parts of the plan nobody is responsible for. Needs neither Prefect nor the warehouse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from local_indicators.common.printed_commands import approve_command
from local_indicators.common.safe_text import as_typed
from local_indicators.flows.records.ledger import Ledger, read_ledger
from local_indicators.flows.settings import Settings, london_today, now
from local_indicators.inputs.layouts.partner_layouts import CollectionRecord, Partner, load_partners
from local_indicators.schemas.definitions.loader import load_definitions
from local_indicators.schemas.definitions.models import Definitions, Officer
from local_indicators.schemas.file_precedence import Precedence
from local_indicators.schemas.notification_history import NotificationHistory
from local_indicators.schemas.return_calendar import (
    ExpectedReturn,
    RegisterEntry,
    expected_returns,
    is_on_time,
    register_entries,
)
from local_indicators.schemas.submissions import Outcome

Record = dict[str, Any]


def build_register(partners: Mapping[str, Partner], ledger: Ledger) -> list[RegisterEntry]:
    """Return the register: every expected return and every arrival, for each partner and return."""
    entries: list[RegisterEntry] = []
    outcomes = list(ledger.all_outcomes)
    for partner in partners.values():
        for collection in partner.says.collection:
            own_outcomes = [o for o in outcomes if o.collection == collection.id]
            entries += register_entries(partner.id, collection.id, collection.expect, own_outcomes)
    known = {c.id for p in partners.values() for c in p.says.collection}
    entries += [RegisterEntry(o.partner, o.collection, None, o) for o in outcomes if o.collection not in known]
    return entries


def notification_history(partners: Mapping[str, Partner], ledger: Ledger) -> NotificationHistory:
    """Return what has come, what is expected and what has been sent, from which notifications are drawn."""
    slots = expected_returns(build_register(partners, ledger))
    return NotificationHistory(
        submissions=ledger.submissions,
        outcomes=ledger.outcomes,
        expected_returns=slots,
        told_keys=ledger.told_keys,
        composed_keys=ledger.composed_keys,
        loaded_at=ledger.loaded_at,
        set_aside=ledger.set_aside,
    )


def describe_replacements(
    partners: Mapping[str, Partner], ledger: Ledger, outcomes: Iterable[Outcome]
) -> Iterator[str]:
    """Yield sentences for the analyst: which of the outcomes now count in place of another file of the same return, or
    do not, and why."""
    order = Precedence(ledger.submissions, ledger.outcomes, ledger.loaded_at)
    sentences: dict[tuple[str, str], tuple[str, str]] = {}
    for outcome in outcomes:
        for rival in order.rivals(outcome):
            if not outcome.accepted or outcome.partner not in partners or outcome.collection is None:
                continue
            own, rival_submission = ledger.submissions[outcome.submission], rival.submission
            used, other = (rival_submission, own) if rival.counts else (own, rival_submission)
            if used.path == other.path:
                continue
            title = partners[outcome.partner].collection(outcome.collection).title
            sentences[used.id, other.id] = (
                f"{used.id} counts in place of {other.id}, another file of one return: {title}, "
                f"{', '.join(rival.periods)}. They are {as_typed(used.path)} and {as_typed(other.path)}.",
                f"{used.id} counts in place of {other.id} because {rival.why}.",
            )
    yield from (sentence for both in sentences.values() for sentence in both)


# -- who answers for what ---------------------------------------------------------------------------------------------


def holds_office(officer: Officer | None, today: date) -> bool:
    """Return whether an officer is in office on a day."""
    if officer is None:
        return False
    return officer.valid_from <= today and (officer.valid_to is None or today <= officer.valid_to)


def accountable_officers(
    partners: Mapping[str, Partner], definitions: Definitions, today: date
) -> Mapping[str, tuple[str, ...]]:
    """Return the accountable officers in office for each return: those of the indicators that it feeds."""
    officers: dict[str, tuple[str, ...]] = {}
    for partner in partners.values():
        for collection in partner.says.collection:
            fed = set(_indicators_fed_by(collection))
            named = sorted(
                {i.officer for i in definitions.indicators.values() if i.id in fed or i.authority == collection.id}
            )
            officers[collection.id] = tuple(n for n in named if holds_office(definitions.officers.get(n), today))
    return officers


def _indicators_fed_by(collection: CollectionRecord) -> Iterator[str]:
    """Yield the ids of the indicators that a return's layouts name."""
    for layout in collection.layout:
        for table in layout.table:
            for scope in table.scopes:
                if scope.indicator is not None:
                    names = (scope.indicator.const, scope.indicator.default, *scope.indicator.map.values())
                    yield from (word for word in names if word)


def accountability_gaps(definitions: Definitions, partners: Mapping[str, Partner], today: date) -> Record:
    """Return the indicators without a current owner, the priorities without a lead in office, and the objectives that
    never reported by the plan's own record. An indicator that names no officer is covered by its priority."""
    officers = definitions.officers
    fed = {name for p in partners.values() for c in p.says.collection for name in _indicators_fed_by(c)}
    owners = [
        {"indicator": i.id, "title": i.title, "data_owner": i.data_owner, "officer": i.officer}
        for i in definitions.indicators.values()
        if i.lifecycle != "retired"
        and (
            (i.data_owner not in partners if i.data_owner else i.id not in fed)
            or (i.officer and not holds_office(officers.get(i.officer), today))
        )
    ]
    leads = [
        {
            "priority": p.title,
            "lead": p.lead,
            "indicators": sorted(i.id for i in definitions.indicators.values() if i.priority == p.title),
        }
        for p in definitions.plan.priority
        if not holds_office(officers.get(p.lead), today)
    ]
    silent = [{"objective": o.id, "title": o.title} for o in definitions.plan.operational if o.reported_2010_11 == "no"]
    return {
        "indicators_without_owner": owners,
        "priorities_without_lead": leads,
        "objectives_never_reported": silent,
    }


# -- indicators status ------------------------------------------------------------------------------------------------


def register_record(settings: Settings) -> Record:
    """Return the register as `indicators status --json` prints it. Raises LocalIndicatorsError."""
    definitions = load_definitions(settings.definitions)
    partners = load_partners(definitions, settings.partners)
    ledger = read_ledger(settings.archive)
    today = settings.today or london_today(now())
    lines = build_register(partners, ledger)
    returns = [_expected_record(slot, partners, ledger, today) for slot in expected_returns(lines)]
    return {
        "today": today.isoformat(),
        "returns": sorted(returns, key=lambda r: (r["due"], r["partner"], r["collection"], r["period"])),
        "unexpected": [_unexpected_record(line, ledger) for line in lines if line.outcome and line.expected is None],
        "messages_waiting": [
            {"message": m.id, "to": m.recipient, "night": m.night.isoformat(), "state": m.state, "why": m.detail}
            for m in ledger.messages.values()
            if m.pending or m.state == "refused"
        ],
        "held": held_publications(settings),
        "not_defined": absent_definitions(definitions),
        **accountability_gaps(definitions, partners, today),
    }


def held_publications(settings: Settings) -> list[str]:
    """Return what keeps publication waiting for a decision, in sentences with the command that decides."""
    kept = settings.warehouse.parent / "kept"
    sentences = []
    waiting = sorted(kept.glob("candidate-*.duckdb"), key=lambda path: path.stat().st_mtime)
    if waiting:
        run = waiting[-1].stem.removeprefix("candidate-")
        page = kept / f"{run}.html"
        sentences += [
            f"The gate refused run {run}, and what is published stays as it was. Its verdict:",
            f"  {page}",
            f"If it is right all the same: {approve_command(run)}",
        ]
    if (kept / "held.json").exists():
        sentences.append("A rollback holds publication until a run is approved: run a night, then approve it.")
    return sentences


def absent_definitions(definitions: Definitions) -> list[str]:
    """Return in one sentence which parts of the definitions are absent and what is left out without them."""
    parts = {
        "officers.toml": (definitions.officers, "nobody but the analyst is told of what is overdue"),
        "plan.toml": (definitions.plan.framework, "the scorecard lists indicators without priorities"),
        "targets.csv": (definitions.targets, "nothing is compared with a target"),
    }
    absent = {name: meaning for name, (given, meaning) in parts.items() if not given}
    if not absent:
        return []
    return [f"Not defined: {', '.join(absent)}. So {'; '.join(absent.values())}."]


def _expected_record(
    expected_return: ExpectedReturn, partners: Mapping[str, Partner], ledger: Ledger, today: date
) -> Record:
    """Return the record of an expected return."""
    answer = expected_return.accepted_outcome or (expected_return.outcomes[-1] if expected_return.outcomes else None)
    accepted = sorted(outcome.submission for outcome in expected_return.outcomes if outcome.accepted)
    newest = max(expected_return.outcomes, key=lambda o: o.submission, default=None)
    submission = ledger.submissions[answer.submission] if answer else None
    return {
        "partner": expected_return.partner,
        "collection": expected_return.collection,
        "title": partners[expected_return.partner].collection(expected_return.collection).title,
        "period": expected_return.expected.period,
        "due": expected_return.expected.due.isoformat(),
        "status": expected_return.status(today),
        "overdue": expected_return.is_overdue(today),
        "submission": answer.submission if answer else None,
        "accepted_submission": accepted[-1] if accepted else None,
        "newest_submission": newest.submission if newest else None,
        "newest_outcome": newest.status if newest else None,
        "received_at": submission.first_seen.isoformat() if submission else None,
        "on_time": is_on_time(expected_return.expected.due, submission.night)
        if submission and expected_return.accepted_outcome
        else None,
        "outcome": answer.status if answer else None,
        "findings": len(answer.findings) if answer else 0,
        "set_aside": sorted(
            {outcome.submission for outcome in expected_return.outcomes if outcome.id in ledger.set_aside}
        ),
        "reminded": f"overdue/{expected_return.key}" in ledger.told_keys,
        "escalated": any(key.startswith(f"escalated/{expected_return.key}/") for key in ledger.told_keys),
    }


def _unexpected_record(line: RegisterEntry, ledger: Ledger) -> Record:
    """Return the record of an arrival that nobody expected."""
    outcome = line.outcome
    if outcome is None:
        raise ValueError("a line without an outcome is no arrival")
    return {
        "partner": line.partner,
        "collection": line.collection,
        "submission": outcome.submission,
        "received_at": ledger.submissions[outcome.submission].first_seen.isoformat(),
        "outcome": outcome.status,
        "findings": len(outcome.findings),
    }
