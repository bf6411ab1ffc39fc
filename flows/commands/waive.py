"""`indicators waive`: let one value through one waivable rule, with a reason, an approver and a last day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated

import polars as pl
from cyclopts import Parameter

from local_indicators.common.cell_references import address_of_position, cell_in_words, read_cell_reference
from local_indicators.common.errors import UsageError
from local_indicators.common.safe_text import FIELD_LIMIT, as_typed
from local_indicators.common.suggestions import did_you_mean
from local_indicators.flows.checking.known_figures import figures_known_to_owners
from local_indicators.flows.checking.validate_files import ValidationResult, validate_files
from local_indicators.flows.commands.options import (
    ArchiveOption,
    ByOption,
    TodayOption,
    UntilOption,
    WarehouseOption,
    WorkspaceOption,
)
from local_indicators.flows.records.archive import Archive
from local_indicators.flows.records.ledger import Ledger, read_ledger
from local_indicators.flows.records.loss_detection import record_ledger_head, require_no_losses
from local_indicators.flows.records.short_names import full_submission, newest_submission
from local_indicators.flows.records.writer_lock import sole_writer
from local_indicators.flows.settings import Settings, london_today, now, settings
from local_indicators.inputs.layouts.partner_layouts import load_partners
from local_indicators.inputs.parsing.return_identification import Origin
from local_indicators.schemas.definitions.loader import load_definitions
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.findings import Finding, cells_of_finding
from local_indicators.schemas.observations import KEY, CheckContext, Waiver
from local_indicators.schemas.rules import RULES
from local_indicators.schemas.submissions import Submission, WaiverGrant
from local_indicators.schemas.validation.row_validation import rows_of_finding
from local_indicators.warehouse.store import private_store

MOST_PLACES = 5
"""Cells that are named where a waiver asks for another."""


@dataclass(frozen=True)
class WaiverRequest:
    """A request to waive a rule: a cell of a submission, the rule, and why, by whom and until when."""

    submission: str
    cell: str
    rule: str
    reason: str
    by: str
    until: date


@dataclass(frozen=True)
class WaiverAnswer:
    """The waivers that were granted, if any, and what to tell the person who asked."""

    granted: tuple[WaiverGrant, ...]
    message: str


def waive(
    submission: Annotated[str, Parameter(help="The submission, such as S000005.")],
    cell: Annotated[str, Parameter(help="The cell that the finding names, such as 'Figures!E6'.")],
    rule: Annotated[str, Parameter(help="The rule, such as value.implausible.")],
    *,
    reason: Annotated[str, Parameter(help="Why the value is right; readers can see it.")],
    by: ByOption,
    until: UntilOption,
    workspace: WorkspaceOption = None,
    warehouse: WarehouseOption = None,
    archive: ArchiveOption = None,
    today: TodayOption = None,
) -> int:
    """Let one value through one waivable rule; exit code 1 where there is nothing to let through."""
    request = WaiverRequest(submission, cell, rule, reason=reason, by=by, until=until)
    answer = grant_waiver(request, settings(workspace=workspace, warehouse=warehouse, archive=archive, today=today))
    print(answer.message)
    return 0 if answer.granted else 1


def grant_waiver(request: WaiverRequest, given: Settings) -> WaiverAnswer:
    """Record a waiver for every value that the cell stands for, if the submission has that finding; the next night
    validates the submission again.

    Raises UsageError for a rule that cannot be waived, an invalid cell or day, and missing words.
    """
    today = given.today or london_today(now())
    asked_sheet, place = _parse_request(request, today)
    definitions = load_definitions(given.definitions)
    with sole_writer(given.archive):
        ledger = read_ledger(given.archive)
        require_no_losses(given, ledger)
        submission = ledger.submissions.get(full_submission(request.submission))
        if submission is None:
            return WaiverAnswer((), f"There is no submission {request.submission}; {newest_submission(ledger)}.")
        request = replace(request, submission=submission.id)
        findings = [(o.collection, f) for o in ledger.outcomes.get(submission.id, ()) for f in o.findings]
        sheet = asked_sheet or _only_sheet(findings, request.rule, place)
        matching = [(c, f) for c, f in findings if f.rule == request.rule and (sheet, place) in cells_of_finding(f)]
        if not matching:
            return WaiverAnswer((), _no_such_finding(request, [f for _, f in findings]))
        if not any(finding.is_error for _, finding in matching):
            return WaiverAnswer((), f"{as_typed(request.cell)} of {submission.id} is let through already.")
        collection = matching[0][0]
        today_judged = _validated_today(submission, collection, given, definitions, ledger, today)
        grants = _make_grants(request, sheet, place, today_judged, ledger)
        if not grants:
            return WaiverAnswer(
                (), f"Judged today, {submission.id} has no finding {request.rule} there to let through."
            )
        ledger.record_waivers(grants)
        record_ledger_head(given, ledger)
        return WaiverAnswer(
            tuple(grants), f"{_describe_grants(grants, submission, ledger)} {ledger.adoption_notice}".rstrip()
        )


def _no_such_finding(request: WaiverRequest, findings: Sequence[Finding]) -> str:
    """Return that a submission has no such finding, and where it has findings of that rule."""
    places = [
        as_typed(cell_in_words(sheet, address_of_position(position)))
        for finding in findings
        if finding.rule == request.rule
        for sheet, position in cells_of_finding(finding)
    ]
    at = f" It has it at {', '.join(places[:MOST_PLACES])}." if places else ""
    return f"{request.submission} has no finding {request.rule} at {as_typed(request.cell)}.{at}"


def _only_sheet(findings: Sequence[tuple[str | None, Finding]], rule: str, place: int) -> str:
    """Return the sheet of a cell that was named alone. Raises UsageError where several have that finding there."""
    sheets = {
        sheet for _, f in findings if f.rule == rule for sheet, position in cells_of_finding(f) if position == place
    }
    if len(sheets) > 1:
        named = " or ".join(cell_in_words(sheet, address_of_position(place)) for sheet in sorted(sheets))
        raise UsageError(address_of_position(place), f"has that finding on several sheets; name {named}")
    return next(iter(sheets), "")


def _parse_request(request: WaiverRequest, today: date) -> tuple[str, int]:
    """Return the sheet and the position that are asked about. Raises UsageError for what nobody could grant."""
    rule = RULES.get(request.rule)
    waivable = ", ".join(name for name, known_rule in RULES.items() if known_rule.strictness == "waivable")
    if rule is None or rule.strictness != "waivable":
        hint = did_you_mean(request.rule, tuple(RULES)) if rule is None else ""
        raise UsageError(request.rule, f"cannot be waived; the rules that can are {waivable}{hint}")
    if request.until < today:
        raise UsageError("--until", f"{request.until} is over; name a day from {today} on")
    for name, words in (("--reason", request.reason), ("--by", request.by)):
        if not words.strip() or len(words) > FIELD_LIMIT:
            raise UsageError(name, f"needs words, at most {FIELD_LIMIT} characters")
    named = read_cell_reference(request.cell)
    if named is None:
        raise UsageError(request.cell, "is not a cell such as 'Figures!E6'")
    return named


def _validated_today(
    submission: Submission,
    collection: str | None,
    given: Settings,
    definitions: Definitions,
    ledger: Ledger,
    today: date,
) -> ValidationResult | None:
    """Return the submission as the next night will validate it, without the waiver that is asked for."""
    partners = load_partners(definitions, given.partners)
    with private_store.open_store(given.store) as con:
        accepted, seen = figures_known_to_owners(con, given, definitions, partners, ledger)
    context = CheckContext(today, accepted, seen, ledger.waivers_in_force())
    archive = Archive(given.archive)
    arrival = (Origin(submission.partner, submission.path, today), lambda: archive.read_content(submission.digest))
    (results,) = validate_files([arrival], partners, definitions, context)
    return next((result for result in results if result.collection == collection), None)


def _make_grants(
    request: WaiverRequest, sheet: str, place: int, result: ValidationResult | None, ledger: Ledger
) -> list[WaiverGrant]:
    """Return the waivers to grant."""
    if result is None:
        return []
    findings = [
        f for f in result.findings if f.rule == request.rule and f.is_error and (sheet, place) in cells_of_finding(f)
    ]
    return [
        WaiverGrant(f"W{number:06d}", waiver, request.submission, sheet, address_of_position(place), now())
        for number, waiver in enumerate(
            _waivers(request, findings, sheet, place, result), start=len(ledger.waivers) + 1
        )
    ]


def _waivers(
    request: WaiverRequest, findings: Sequence[Finding], sheet: str, place: int, result: ValidationResult
) -> list[Waiver]:
    """Return a waiver for each row whose value the cell stands for: one, or all those under a heading that names a
    period."""
    if result.table is None:
        return []
    frame = result.table.frame.filter(pl.col("keyed"))
    rows = [
        pair
        for finding in findings
        for pair in rows_of_finding(frame, finding.rule, finding.field, _bound_place(finding, (sheet, place)))
    ]
    return [
        Waiver(
            collection=result.table.collection,
            key=tuple(row[name] for name in KEY),
            rule=request.rule,
            field=field,
            value=row[field],
            reason=as_typed(request.reason),
            approved_by=as_typed(request.by),
            until=request.until,
        )
        for row, field in rows
    ]


def _bound_place(finding: Finding, place: tuple[str, int]) -> tuple[str, int]:
    """Return the cell whose value a waiver binds: for a total and its parts that of the total."""
    return next(cells_of_finding(finding)) if finding.rule.startswith("total.") else place


def _describe_grants(grants: Sequence[WaiverGrant], submission: Submission, ledger: Ledger) -> str:
    """Return what was waived and what follows."""
    first = grants[0].waiver
    where = as_typed(cell_in_words(grants[0].sheet, grants[0].cell))
    many = f"{len(grants)} values of {where} are" if len(grants) > 1 else f"The value of {where} is"
    answer = f"{many} let through {first.rule} until {first.until:%-d %B %Y} ({', '.join(g.id for g in grants)})."
    if ledger.is_current(submission):
        return f"{answer} The next night judges {submission.id} again."
    return f"{answer} {submission.id} has been replaced since; it counts when the same value is sent again."
