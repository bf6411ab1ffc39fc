"""Rows of a csv file: none with more fields than headings is read, and no figure at a torn end passes in silence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from local_indicators.flows.checking.validate_files import ValidationResult, validate_files
from local_indicators.inputs.layouts.partner_layouts import load_partners
from local_indicators.inputs.parsing.return_identification import Origin
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.observations import CheckContext

PARTNER = """
id = "tester"
name = "A partner made by a test"
email = "tester@example.org"
[[collection]]
id = "places"
title = "Places"
files = ["places*"]
[[collection.layout]]
[[collection.layout.table]]
header = { find = "Area" }
ignore = ["Notes"]
area = { column = "Area" }
period = { column = "Year" }
indicator = "childcare-places"
value = [{ column = "Places" }]
"""
TODAY = date(2011, 5, 26)


@pytest.fixture
def judged(tmp_path: Path, definitions: Definitions) -> Callable[[str], ValidationResult]:
    (tmp_path / "tester.toml").write_text(PARTNER, encoding="utf-8")
    partners = load_partners(definitions, tmp_path)

    def one(text: str) -> ValidationResult:
        arrival = (Origin("tester", "places.csv", TODAY), text.encode)
        ((judgement,),) = validate_files([arrival], partners, definitions, CheckContext(TODAY))
        return judgement

    return one


TOO_MANY = {
    "thousands": "Area,Year,Places\nDerby,2010,980\nNottingham,2010,5,200\n",
    "thousands before a blank note": "Area,Year,Places,Notes\nDerby,2010,980,\nNottingham,2010,5,200,\n",
    "thousands in a row with room for a note": "Area,Year,Places,Notes\nDerby,2010,980,late\nNottingham,2010,5,200\n",
    "a name": 'Area,Year,Places\n"Bristol, City of",2010,980\nBristol, City of,2010,5200\n',
    "every row": "Area,Year,Places\nNottingham,2010,1,980\nDerby,2010,5,200\n",
    "semicolons": "Area;Year;Places\nDerby;2010;980\nNottingham;2010;5;200\n",
    "a heading row that Excel made as long as the others": "Area,Year,Places,\nDerby,2010,980,\nNottingham,2010,5,200\n",
}


@pytest.mark.parametrize("text", TOO_MANY.values(), ids=TOO_MANY.keys())
def test_a_row_of_more_fields_than_headings_is_one_finding_on_its_cells(
    text: str, judged: Callable[[str], ValidationResult]
) -> None:
    judgement = judged(text)
    assert judgement.status == "rejected"
    assert {finding.rule for finding in judgement.findings} == {"layout.too-many-fields"}
    last = judgement.findings[-1]
    assert {"A3", "B3", "C3", "D3"} == set(last.cells)
    assert " | " in last.found


READ = {
    "blank fields at the end": "Area,Year,Places\nNottingham,2010,5200,,\nDerby,2010,980,\n",
    "quotation marks": 'Area,Year,Places\n"Nottingham",2010,"5,200"\nDerby,2010,980\n',
    "a comma in every row": "Area,Year,Places,\nNottingham,2010,5200,\nDerby,2010,980,\n",
    "no line end": "Area,Year,Places\nNottingham,2010,5200\nDerby,2010,980",
    "a last row without its note": "Area,Year,Places,Notes\nNottingham,2010,5200,a\nDerby,2010,980\n",
}


@pytest.mark.parametrize("text", READ.values(), ids=READ.keys())
def test_what_is_written_whole_is_read_without_a_finding(text: str, judged: Callable[[str], ValidationResult]) -> None:
    judgement = judged(text)
    assert judgement.findings == ()
    assert judgement.table is not None
    assert judgement.table.frame["value"].to_list() == [5200, 980]


def test_a_figure_at_a_torn_end_is_named(judged: Callable[[str], ValidationResult]) -> None:
    torn = "Area,Year,Places,Notes\nNottingham,2010,5200,checked\nDerby,2010,98"
    assert [(finding.rule, finding.cell) for finding in judged(torn).findings] == [("cell.may-be-cut", "C3")]
    for earlier in range(len(torn) - 3, len(torn) - 10, -1):
        assert judged(torn[:earlier]).status == "rejected"
