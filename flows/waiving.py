"""`indicators waive`: let one value through one waivable rule, with a reason, an approver and a last day."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from flows.archive import Archive
from flows.judging import Judgement, judge
from flows.ledger import Ledger, read_ledger, sole_writer
from flows.settings import Settings, london_today, now
from inputs.identify import Origin
from inputs.layouts import load_partners
from schemas.checks.rows import rows_at
from schemas.definitions import Definitions, load_definitions
from schemas.faults import UsageFault
from schemas.findings import FIELD_LIMIT, Finding, a1, as_typed, places, position
from schemas.outcomes import Grant, Submission
from schemas.rules import RULES
from schemas.tables import KEY, Context, Waiver
from warehouse import store
from warehouse.in_force import loads_of

_WHERE = re.compile(r"(?:'(?P<quoted>(?:[^']|'')+)'|(?P<plain>.+))!(?P<cell>[^!]+)")


@dataclass(frozen=True)
class Asked:
    """What somebody asks to be let through: a cell of a submission, the rule, and why, by whom and until when."""

    submission: str
    where: str
    rule: str
    reason: str
    by: str
    until: date


@dataclass(frozen=True)
class Answer:
    """What came of it: the waivers that were given, or none, and what to tell the person who asked."""

    granted: tuple[Grant, ...]
    says: str


def waive(asked: Asked, given: Settings) -> Answer:
    """Record a waiver for every value that the cell stands for, if the submission has that finding; the next night
    judges the submission again.

    Raises UsageFault for a rule that cannot be waived, a cell or day that is none, and words that are missing.
    """
    today = given.today or london_today(now())
    sheet, place = _checked(asked, today)
    definitions = load_definitions(given.definitions)
    with sole_writer(given.archive):
        ledger = read_ledger(given.archive)
        submission = ledger.submissions.get(asked.submission)
        if submission is None:
            return Answer((), f"There is no submission {asked.submission}.")
        held = [(o.collection, f) for o in ledger.outcomes.get(submission.id, ()) for f in o.findings]
        mine = [(c, f) for c, f in held if f.rule == asked.rule and (sheet, place) in places(f)]
        if not mine:
            return Answer((), f"{submission.id} has no finding {asked.rule} at {as_typed(asked.where)}.")
        if not any(finding.is_error for _, finding in mine):
            return Answer((), f"{as_typed(asked.where)} of {submission.id} is let through already.")
        collection = mine[0][0]
        today_judged = _judged_today(submission, collection, given, definitions, ledger, today)
        grants = _grants(asked, sheet, place, today_judged, ledger)
        if not grants:
            return Answer((), f"Judged today, {submission.id} has no finding {asked.rule} there to let through.")
        ledger.record_waivers(grants)
        return Answer(tuple(grants), _says(grants, submission, ledger))


def _checked(asked: Asked, today: date) -> tuple[str, int]:
    """The sheet and the position that are asked about; refuses what nobody could grant."""
    rule = RULES.get(asked.rule)
    waivable = ", ".join(name for name, one in RULES.items() if one.strictness == "waivable")
    if rule is None or rule.strictness != "waivable":
        raise UsageFault(asked.rule, f"cannot be waived; the rules that can are {waivable}")
    if asked.until < today:
        raise UsageFault("--until", f"{asked.until} is over; name a day from {today} on")
    for name, words in (("--reason", asked.reason), ("--by", asked.by)):
        if not words.strip() or len(words) > FIELD_LIMIT:
            raise UsageFault(name, f"needs words, at most {FIELD_LIMIT} characters")
    match = _WHERE.fullmatch(asked.where)
    place = position(match["cell"]) if match else None
    if match is None or place is None:
        raise UsageFault(asked.where, "is not a cell such as 'Figures!E6'")
    return (match["quoted"] or "").replace("''", "'") or match["plain"], place


def _judged_today(
    submission: Submission,
    collection: str | None,
    given: Settings,
    definitions: Definitions,
    ledger: Ledger,
    today: date,
) -> Judgement | None:
    """The submission as the next night will judge it, but for the waiver that is asked for."""
    partners = load_partners(definitions, given.partners)
    with store.opened(given.store) as con:
        without = loads_of(con, ledger.set_aside)
        accepted, spoken_for = store.accepted(con, without), store.current(con, definitions, without=without)
    context = Context(today, accepted, spoken_for, ledger.waivers_in_force())
    archive = Archive(given.archive)
    arrival = (Origin(submission.partner, submission.path, today), lambda: archive.content(submission.digest))
    (judged,) = judge([arrival], partners, definitions, context)
    return next((one for one in judged if one.collection == collection), None)


def _grants(asked: Asked, sheet: str, place: int, judged: Judgement | None, ledger: Ledger) -> list[Grant]:
    if judged is None:
        return []
    found = [f for f in judged.findings if f.rule == asked.rule and f.is_error and (sheet, place) in places(f)]
    return [
        Grant(f"W{number:06d}", waiver, asked.submission, sheet, a1(place), now())
        for number, waiver in enumerate(_waivers(asked, found, sheet, place, judged), start=len(ledger.waivers) + 1)
    ]


def _waivers(asked: Asked, found: Sequence[Finding], sheet: str, place: int, judged: Judgement) -> list[Waiver]:
    """A waiver for each row whose value the cell stands for: one, or all those under a heading that says a period."""
    if judged.table is None:
        return []
    frame = judged.table.frame.filter(pl.col("keyed"))
    rows = [pair for one in found for pair in rows_at(frame, one.rule, one.field, _bound_by(one, (sheet, place)))]
    return [
        Waiver(
            judged.table.collection,
            tuple(row[name] for name in KEY),
            asked.rule,
            field,
            row[field],
            as_typed(asked.reason),
            as_typed(asked.by),
            asked.until,
        )
        for row, field in rows
    ]


def _bound_by(one: Finding, asked: tuple[str, int]) -> tuple[str, int]:
    """The cell whose value a waiver of a finding binds: of a total and its parts that of the total."""
    return next(places(one)) if one.rule.startswith("total.") else asked


def _says(grants: Sequence[Grant], submission: Submission, ledger: Ledger) -> str:
    """What was let through and what comes of it."""
    first = grants[0].waiver
    many = f"{len(grants)} values are" if len(grants) > 1 else f"The value {as_typed(first.value)} is"
    said = f"{many} let through {first.rule} until {first.until:%-d %B %Y} ({', '.join(g.id for g in grants)})."
    if ledger.stands(submission):
        return f"{said} The next night judges {submission.id} again."
    return f"{said} {submission.id} has been replaced since; it counts when the same value is sent again."
