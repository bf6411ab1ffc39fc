"""Whatever the check accepts, or a waiver lets through, the gate does not refuse for the sake of a figure."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from local_indicators.flows.checking.validate_files import ValidationResult, validate_files
from local_indicators.inputs.layouts.partner_layouts import Partner, load_partners
from local_indicators.inputs.parsing.return_identification import Origin
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.findings import cells_of_finding
from local_indicators.schemas.observations import KEY, CheckContext, Waiver
from local_indicators.schemas.return_calendar import RegisterEntry
from local_indicators.schemas.rules import RULES
from local_indicators.schemas.submissions import Outcome, Submission, WaiverGrant
from local_indicators.schemas.validation.row_validation import rows_of_finding
from local_indicators.warehouse.gate.gate import judge_candidate
from local_indicators.warehouse.mart.build_mart import build_candidate
from local_indicators.warehouse.store import loading, private_store
from tests.support.small_returns import book

TODAY = date(2011, 5, 31)
AT = datetime(2011, 5, 31, tzinfo=UTC)
RETURNS = 90
MEASURES = {
    "Level 2": "level-2-at-19",
    "Without": "without-level-2-at-19",
    "Good level": "eyfs-good-level",
    "Casualties": "road-casualties-children",
    "Inspections": "childrens-centre-inspections",
    "Schools": "schools-high-persistent-absence",
}
HEADINGS = ("Measure", "Area", "Year", "Meals", "Judgement", "Coverage", "Value", "Number", "Of", "Status")
LAYOUT = """
[[collection]]
id = "{id}"
title = "Figures"
files = ["{id}.xlsx"]
[[collection.layout]]
[[collection.layout.table]]
header = {{ find = "Measure" }}
area = {{ column = "Area" }}
period = {{ column = "Year" }}
breakdown.FSM = {{ column = "Meals", default = "Total" }}
breakdown.Judgement = {{ column = "Judgement", default = "Total" }}
breakdown.Coverage = {{ column = "Coverage", default = "Total" }}
status = {{ column = "Status" }}
{rounded}
value = [{{ column = "Value", blank = "skip" }}, {{ column = "Number", measure = "numerator" }},
         {{ column = "Of", measure = "denominator" }}]
indicator = {{ column = "Measure", map = {{ {map} }} }}
"""
Row = list[Any]


def partner(folder: Path, definitions: Definitions) -> Mapping[str, Partner]:
    """One partner with a collection for each return, some of which declare that their counts are rounded."""
    names = ", ".join(f'"{name}" = "{one}"' for name, one in MEASURES.items())
    toml = 'id = "tester"\nname = "A partner made by a test"\nemail = "tester@example.org"\n'
    for number in range(RETURNS):
        rounded = ("", "rounded_to = 5", "rounded_to = 10")[number % 3]
        toml += LAYOUT.format(id=f"r{number:03d}", rounded=rounded, map=names)
    folder.mkdir()
    (folder / "tester.toml").write_text(toml, encoding="utf-8")
    return load_partners(definitions, folder)


def figures(dice: random.Random, area: str, base: int) -> Iterator[Row]:
    """A return that is right, its counts rounded to a base."""

    def rounded(count: float) -> int:
        return round(count / base) * base if base else round(count)

    def row(measure: str, year: Any, value: Any, number: Any = None, of: Any = None, **groups: str) -> Row:
        said = {"Measure": measure, "Area": area, "Year": year, "Value": value, "Number": number, "Of": of, **groups}
        return [said.get(name) for name in HEADINGS]

    counts = {}
    for group in ("Eligible", "Not eligible"):
        of = dice.choice((12, 30, 110, 997, 1000, 4000))
        counts[group] = (round(of * dice.choice((0.004, 0.3, 0.5, 0.9, 1.0))), of)
    counts["Total"] = tuple(map(sum, zip(*counts.values(), strict=True)))  # type: ignore[assignment]
    for group, (number, of) in counts.items():
        shown = (rounded(number), rounded(of)) if dice.random() < 0.7 else (None, None)
        yield row("Level 2", "2009/10", round(100 * number / of, 1), *shown, Meals=group)
        if group != "Total":
            yield row("Without", "2009/10", round(100 - round(100 * number / of, 1), 1), Meals=group)
    yield row("Casualties", 2009, dice.randrange(0, 400))
    parts = {name: dice.choice((0, 0, 3, 7, 20)) for name in ("Outstanding", "Good", "Satisfactory", "Inadequate")}
    for name, count in [*parts.items(), ("Total", sum(parts.values()))]:
        yield row("Inspections", 2010, rounded(count), Judgement=name)
    yield row("Schools", "2009/10", rounded(12))
    yield row("Schools", "2009/10", rounded(7), Coverage="Maintained")


def with_a_fault(dice: random.Random, rows: list[Row]) -> list[Row]:
    """The rows with another thing in one cell of a figure."""
    row, column = dice.choice(rows), HEADINGS.index(dice.choice(("Value", "Value", "Number", "Of", "Status")))
    was = row[column] if isinstance(row[column], int | float) else 10
    change = (was + 1, was + 2, was + 5, was - 5, was - 3, was * 10, was / 10, 0, 9, 5, "c", "c", "x", "<5", "1-4")
    row[column] = dice.choice(("c", "x", "p", None)) if HEADINGS[column] == "Status" else dice.choice(change)
    return rows


def waivers_of(validation_result: ValidationResult) -> Iterator[WaiverGrant]:
    """A waiver for every error of a judgement, where all can be waived."""
    errors = [f for f in validation_result.findings if f.is_error]
    if validation_result.table is None or any(RULES[f.rule].strictness != "waivable" for f in errors):
        return
    for found in errors:
        frame = validation_result.table.frame.filter("keyed")
        for row, field in rows_of_finding(frame, found.rule, found.field or "value", next(cells_of_finding(found))):
            key = tuple(row[name] for name in KEY)
            waiver = Waiver(
                collection=validation_result.table.collection,
                key=key,
                rule=found.rule,
                field=field,
                value=row[field],
                reason="It is so",
                approved_by="A role",
                until=TODAY,
            )
            yield WaiverGrant(
                f"W-{validation_result.table.collection}-{found.cell}-{len(key)}", waiver, "S000001", "Sheet", "A1", AT
            )


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2))
def test_the_gate_refuses_no_figure_that_was_accepted(seed: int, tmp_path: Path, definitions: Definitions) -> None:
    dice = random.Random(seed)  # noqa: S311
    partners = partner(tmp_path / "partners", definitions)
    areas = [
        a.name for a in definitions.geography.areas if a.area_type == "Local authority" and a.held(date(2010, 1, 1))
    ]
    books = []
    for number, area in enumerate(dice.sample(areas, RETURNS)):
        rows = list(figures(dice, area, (0, 5, 10)[number % 3]))
        for _ in range(dice.choice((0, 1, 1, 2))):
            rows = with_a_fault(dice, rows)
        books.append((f"r{number:03d}", book({"Figures": [list(HEADINGS), *rows]})))
    arrivals = [(Origin("tester", f"{name}.xlsx", TODAY), lambda content=content: content) for name, content in books]

    def judged(grants: Sequence[WaiverGrant] = ()) -> list[ValidationResult]:
        context = CheckContext(TODAY, waivers=tuple(grant.waiver for grant in grants))
        return [one for (one,) in validate_files(arrivals, partners, definitions, context)]

    first = judged()
    grants = [grant for one in first if one.status == "rejected" for grant in waivers_of(one)]
    accepted = [one for one in (judged(grants) if grants else first) if one.status != "rejected"]
    said = Counter(f.rule for one in first for f in one.findings)
    assert RETURNS / 5 < len(accepted) < RETURNS, said
    candidate = tmp_path / "candidate.duckdb"
    standings = []
    with private_store.open_store(tmp_path / "store.duckdb") as con:
        for number, one in enumerate(accepted, start=1):
            assert one.table is not None
            sent = Submission(
                id=f"S{number:06d}",
                sequence=number,
                partner="tester",
                path=one.origin.path,
                digest="0" * 64,
                size=1,
                first_seen=AT,
                night=TODAY,
            )
            outcome = Outcome(
                submission=sent.id,
                partner="tester",
                collection=one.collection,
                status=one.status,
                rows=0,
                findings=(),
                not_checked=(),
                periods=(),
                table=None,
                definitions="",
                layouts="",
                validated_at=AT,
            )
            loading.load(con, sent, outcome, one.table.frame, AT)
            standings.append(RegisterEntry("tester", one.collection, None, outcome))
        received = {f"S{number:06d}": (AT.replace(tzinfo=None), "0" * 64) for number in range(1, len(accepted) + 1)}
        build_candidate(
            con, candidate, definitions, standings, TODAY, has_examples=False, run="test", received=received,
            version=1, published_at=AT.replace(tzinfo=None), waivers=[(grant, False) for grant in grants],
        )  # fmt: skip
    broken = [one for one in judge_candidate(candidate, None, definitions, TODAY).broken if one.severity == "critical"]
    assert [one.reason for one in broken] == []
