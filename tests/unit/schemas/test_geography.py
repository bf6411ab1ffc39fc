"""Areas beyond the councils of England, and the page that says which areas there are."""

from __future__ import annotations

import re
from datetime import date

import pytest

from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.reference.geography import UNLISTED
from tests.support.places import HOME
from tests.support.small_marts import ENGLAND, latest, row, with_indicator

PAGE = HOME / "docs" / "areas.md"
_LINE = re.compile(r"^\| ([^|]+) \| ([A-Z0-9 ]+) \| (yes|no) \| ([^|]+) \|$", re.M)


def test_the_page_lists_every_type_with_the_codes_it_has(definitions: Definitions) -> None:
    told = {
        name.strip(): (set(codes.split()), listed.strip() == "yes")
        for name, codes, listed, _ in _LINE.findall(PAGE.read_text(encoding="utf-8"))
    }
    held: dict[str, tuple[set[str], bool]] = {}
    for area in definitions.geography.areas:
        held.setdefault(area.area_type, (set(), True))[0].add(area.area_code.partition(":")[0][:3])
    for prefix, kind in UNLISTED.items():
        held.setdefault(kind, (set(), False))[0].add(prefix)
    assert told == held


@pytest.mark.parametrize(
    ("typed", "code"),
    [("Cardiff Council", "W06000015"), ("Caerdydd", "W06000015"), ("City and County of Swansea", "W06000011"), ("Isle of Anglesey County Council", "W06000001"),
     ("Wrexham County Borough Council", "W06000006"), ("Rhondda Cynon Taf CBC", "W06000016"), ("Newport City Council", "W06000022"),
     ("The City of Edinburgh Council", "S12000036"), ("Glasgow City Council", "S12000049"), ("Glasgow", "S12000049"), ("The Highland Council", "S12000017"),
     ("Argyll & Bute Council", "S12000035"), ("Comhairle nan Eilean Siar", "S12000013"), ("Fife Council", "S12000047"), ("Orkney Islands Council", "S12000023"),
     ("Belfast City Council", "N09000003"), ("Derry City & Strabane District Council", "N09000005"), ("Mid Ulster District Council", "N09000009"),
     ("Armagh City, Banbridge and Craigavon Borough Council", "N09000002"), ("Cardiff Borough Council", None), ("Edinburgh County Council", None),
     ("Wales Council", None)],
)  # fmt: skip
def test_a_council_outside_england_is_told_as_partners_write_it(
    typed: str, code: str | None, definitions: Definitions
) -> None:
    found = definitions.geography.find(typed, ("Council outside England",), date(2022, 4, 1))
    assert (found.area_code if found else None) == code


@pytest.mark.parametrize(
    ("code", "kind"),
    [("W05000864", "Ward"), ("S13002835", "Ward"), ("N08000101", "Ward"), ("W01000001", "LSOA"), ("s01006506", "Data zone"),
     ("N20000001", "Data zone"), ("S02001236", "Intermediate zone"), ("W07000041", "Constituency"), ("S08000015", "Health board")],
)  # fmt: skip
def test_small_areas_of_all_four_countries_are_told_by_their_codes(
    code: str, kind: str, definitions: Definitions
) -> None:
    area = definitions.geography.find(code, (kind,))
    assert area is not None
    assert (area.area_code, area.area_type) == (code.upper(), kind)
    assert definitions.geography.find(code[:-1]) is None


@pytest.mark.parametrize(
    ("code", "name", "kind", "of"),
    [
        ("W06000015", "Cardiff", "Council outside England", "councils in England"),
        ("W05000864", "W05000864", "Ward", "councils"),
    ],
)
def test_such_areas_are_published_without_a_rank_and_with_the_reason(
    code: str, name: str, kind: str, of: str, definitions: Definitions
) -> None:
    made = with_indicator(definitions, area_types=("National", kind))
    rows = [row(area=code, value=50.0), row(area=code, year=2008, value=48.0), row(area=ENGLAND, value=60.0)]
    found = latest(made, rows, area=code)
    assert (found["area_name"], found["area_type"], found["previous_value"], found["rank"]) == (name, kind, 48, None)
    assert f"the ranks are of {of}, and this area is none" in found["not_comparable_because"]
