"""Official rounding: counts rounded to a base beside exact shares, and totals of rounded parts."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from local_indicators.flows.checking.validate_files import ValidationResult, validate_files
from local_indicators.inputs.layouts.partner_layouts import Partner, load_partners
from local_indicators.inputs.parsing.return_identification import Origin
from local_indicators.schemas.definitions.loader import load_definitions
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.observations import KEY, CheckContext, Waiver
from tests.support.places import DEFINITION_FILES
from tests.support.small_returns import book

TODAY = date(2011, 5, 31)
PARTNER = """
id = "tester"
name = "A partner made by a test"
email = "tester@example.org"
[[collection]]
id = "{id}"
title = "Shares beside their counts"
files = ["{id}*"]
[[collection.layout]]
[[collection.layout.table]]
header = {{ find = "Area" }}
area = {{ column = "Area" }}
period = {{ column = "Year" }}
{key}
value = [
  {{ column = "%", scale = "percent", indicator = "{indicator}" }},
  {{ column = "Number", measure = "numerator", indicator = "{indicator}" {column} }},
  {{ column = "Of", measure = "denominator", indicator = "{indicator}" }},
]
"""
KINDS = {
    "exact": {},
    "table": {"key": "rounded_to = 5"},
    "column": {"column": ", rounded_to = 5"},
    "definition": {"indicator": "rounded-absence"},
    "takeup": {"indicator": "take-up"},
}
INDICATORS = """
[defaults]
kind = "number"
unit = "%"
polarity = "neutral"
decimals = 1
range = [0, 100]
time_identifier = "Academic year"
accumulation = "discrete"
area_types = ["National", "Local authority"]
breakdowns = {}
total = true
numerator = "children counted"
denominator = "children there are"
additive = false
source_return = "Local return"
replaces = ""
objective = ""
priority = ""
officer = "director-childrens-services"
data_owner = "schools-learning"
authority = ""
disclosure = "percentages"
lifecycle = "draft"
lifecycle_reason = "for a test"
versions = [{ version = "1", valid_from = 2001-09-01, broke = "" }]

[rounded-absence]
title = "Absence, from rounded counts"
definition = "A share of which the counts are published rounded to 5."
rounded_to = 5

[take-up]
title = "Take-up of childcare"
definition = "Children who take a place up, of the children of the area; those of other areas may come too."
range = [0, 150]
"""
Check = Any


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> Definitions:
    folder = tmp_path_factory.mktemp("rounding") / "definitions"
    shutil.copytree(DEFINITION_FILES, folder)
    (folder / "indicators" / "rounding.toml").write_text(INDICATORS, encoding="utf-8")
    return load_definitions(folder)


@pytest.fixture(scope="module")
def partners(definitions: Definitions, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Partner]:
    folder = tmp_path_factory.mktemp("partners")
    collections = []
    for name, said in KINDS.items():
        said = {"key": "", "column": "", "indicator": "persistent-absence-primary", **said}
        collections.append(PARTNER.format(id=name, **said).split("[[collection]]", 1))
    whole = collections[0][0] + "".join("[[collection]]" + rest for _, rest in collections)
    (folder / "tester.toml").write_text(whole, encoding="utf-8")
    return load_partners(definitions, folder)


def judged(
    kind: str,
    rows: Sequence[Sequence[Any]],
    partners: Mapping[str, Partner],
    definitions: Definitions,
    *waivers: Waiver,
) -> ValidationResult:
    content = book({"Figures": [["Area", "Year", "%", "Number", "Of"], *rows]})
    context = CheckContext(TODAY, waivers=waivers)
    ((one,),) = validate_files(
        [(Origin("tester", f"{kind}.xlsx", TODAY), lambda: content)], partners, definitions, context
    )
    return one


WITHIN = ["Nottingham", "2009/10", 5.8, 60, 1005]
"""58 of 1,003, both rounded to 5."""
BEYOND = ["Nottingham", "2009/10", 6.9, 60, 1005]
RULES = [
    ("exact", WITHIN, ["value.off-by-rounding"]), ("exact", BEYOND, ["value.does-not-match"]),
    ("exact", ["Nottingham", "2009/10", 6.1, 61, 1005], []), ("table", WITHIN, []), ("column", WITHIN, []), ("definition", WITHIN, []),
    ("table", BEYOND, ["value.does-not-match"]), ("table", ["Nottingham", "2009/10", 100.0, 1005, 1000], []),
    ("table", ["Nottingham", "2009/10", 100.0, 1010, 1000], ["value.numerator-above-denominator"]),
    ("exact", ["Nottingham", "2009/10", 621.5, 60, 1005], ["value.above-maximum"]),
    ("takeup", ["Nottingham", "2009/10", 136.9, 1369, 1000], []), ("takeup", ["Nottingham", "2009/10", 160.0, 1600, 1000], ["value.implausible"]),
    ("takeup", ["Nottingham", "2009/10", -1, None, None], ["value.below-minimum"]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "row", "rules"), RULES, ids=[f"{k} {r[2:]}" for k, r, _ in RULES])
def test_arithmetic_is_checked_within_the_rounding_that_is_said(
    kind: str, row: list[Any], rules: list[str], partners: Mapping[str, Partner], definitions: Definitions
) -> None:
    one = judged(kind, [row], partners, definitions)
    assert [finding.rule for finding in one.findings] == rules


def test_one_exact_count_in_a_return_shows_that_its_counts_are_not_rounded(
    partners: Mapping[str, Partner], definitions: Definitions
) -> None:
    rows = [WITHIN, ["Nottingham", "2008/09", 6.1, 61, 1003]]
    assert [f.rule for f in judged("exact", rows, partners, definitions).findings] == ["value.does-not-match"]


def test_the_finding_says_what_it_looks_like_and_is_let_through_by_a_waiver(
    partners: Mapping[str, Partner], definitions: Definitions
) -> None:
    one = judged("exact", [WITHIN], partners, definitions)
    (found,) = one.findings
    assert (found.cells, one.status) == (("C2", "D2", "E2"), "rejected")
    assert "60 looks rounded to 10 and 1,005 looks rounded to 5" in found.expected
    assert one.table is not None
    key = tuple(one.table.frame.row(0, named=True)[name] for name in KEY)
    waiver = Waiver(
        collection="exact",
        key=key,
        rule=found.rule,
        field="value",
        value=5.8,
        reason="Published so",
        approved_by="Head of data",
        until=date(2011, 9, 30),
    )
    let_through = judged("exact", [WITHIN], partners, definitions, waiver)
    assert let_through.status == "accepted-with-warnings"
    assert judged("exact", [WITHIN], partners, definitions, replace(waiver, value=5.7)).status == "rejected"
