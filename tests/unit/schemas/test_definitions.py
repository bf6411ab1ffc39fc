"""The definitions: what is shipped holds together, and a wrong one is refused with file, key and reason."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from local_indicators.common.errors import DefinitionError
from local_indicators.inputs.layouts.partner_layouts import Partner
from local_indicators.schemas.definitions.loader import SHIPPED_REFERENCE, load_definitions
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.warehouse.mart.reference_tables import create_reference_tables
from tests.support.places import DEFINITION_FILES

WRONG = [
    ("indicators/attainment.toml", 'polarity = "higher"', 'polarity = "up"', "polarity"),
    ("indicators/attainment.toml", "[eyfs-good-level]", "[eyfs-good-level]\nsurprise = 1", "surprise"),
    ("indicators/attainment.toml", 'replaces = "NI 072"', 'replaces = "NI 072"\ncompanion = "nobody"', "nobody"),
    ("indicators/participation.toml", 'time_identifier = "September"', 'time_identifier = "Smarch"', "Smarch"),
    ("indicators/attainment.toml", 'replaces = "NI 072"', 'replaces = "NI 999"', "NI 999"),
    ("areas.csv", "E06000018,Nottingham,Local authority,E12000004", "E06000018,Nottingham,Local authority,E12", "E12"),
    ("reference/areas.csv", "2013-03-31,E08000037", "2013-03-31,E08009999", "E08009999"),
    ("reference/areas.csv", "2013-03-31,E08000037", "2013-03-30,E08000037", "the day after"),
    ("targets.csv", "201011", "2010", "2010"),
    ("plan.toml", "[framework]", "[framework", "TOML"),
    ("reference/national_indicators.csv", "NI 001,", "NI 002,", "line 3, ni: NI 002 is listed twice, first on line 2"),
    ("reference/national_indicators.csv", "NI 072,", "NI 720,", "eyfs-good-level.replaces: 'NI 072' is no measure"),
    (
        "indicators/attainment.toml",
        'replaces = "NI 072"',
        'replaces = "NI 073"',
        "has eyfs-good-level as its indicator",
    ),
    ("frameworks.toml", '"national-indicator-set"', '"national-set"', "'national-set' is none of"),
    ("partnership.toml", "E06000018", "Nottinham", "did you mean Nottingham"),
    ("indicators/health.toml", 'officer = "', 'officer = "nobody-', "officer: 'nobody-"),
    ("indicators/health.toml", "range = [", "range = [9e9, 0] # [", "the lower limit"),
    ("targets.csv", "\npersistent-absence", "\n\npersistence", "line 3, persistence-secondary: is not an indicator"),
    ("targets.csv", "CYPP 2010-14", "Some plan", "line 2, persistent-absence-secondary.framework: 'Some plan'"),
    ("reference/peers.csv", "E08000003", "E08009999", "line 2, member_code: E08009999"),
    ("area_aliases.csv", "PCT:5EM", "E06009999", "E06009999 is not in areas.csv"),
    ("areas.csv", "\nPCT:5EM,", "\nE06000018,", "E06000018 is listed twice"),
    ("reference/scales.toml", "[", "surprise = 1\n[", "surprise: must be a table"),
    ("baskets.toml", "components = [", 'components = ["nothing", ', "'nothing' is not an indicator"),
]
ELSEWHERE = {
    "eyfs-good-level.replaces: 'NI 072' is no measure": "indicators/attainment.toml",
    "E08009999": "areas.csv",
    "the day after": "areas.csv",
}
"""What is wrong of a shipped file is told of the workspace's own, by which it can be set right."""


@pytest.mark.parametrize(("file", "right", "wrong", "named"), WRONG, ids=[f"{w[0]} {w[3]}" for w in WRONG])
def test_a_wrong_definition_is_refused_with_its_reason(
    file: str, right: str, wrong: str, named: str, tmp_path: Path
) -> None:
    folder = tmp_path / "definitions"
    shutil.copytree(DEFINITION_FILES, folder)
    shutil.copytree(SHIPPED_REFERENCE, folder / "reference")
    text = (folder / file).read_text(encoding="utf-8")
    assert right in text
    (folder / file).write_text(text.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(DefinitionError) as refused:
        load_definitions(folder, folder / "reference")
    assert refused.value.thing == str(folder / ELSEWHERE.get(named, file))
    assert named in str(refused.value)


def test_a_definition_that_excel_saved_with_its_mark_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "definitions"
    shutil.copytree(DEFINITION_FILES, folder)
    for name in ("targets.csv", "plan.toml"):
        (folder / name).write_bytes(b"\xef\xbb\xbf" + (folder / name).read_bytes())
    assert len(load_definitions(folder).targets) == len(load_definitions(DEFINITION_FILES).targets)


def test_traps_of_the_review_are_built_in(definitions: Definitions) -> None:
    of = definitions.indicators
    assert not of["persistent-absence-secondary"].total
    assert of["neet-16-18-september"].companion == "neet-16-18-september-not-known"
    assert of["neet-16-18-september"].replaces == ""
    assert of["neet-16-18"].replaces == "NI 117"
    assert of["social-care-referral-rate"].polarity == "neutral"
    assert not of["drug-users-regular-estimate"].additive
    assert of["safeguarding-inspection-judgement"].kind == "ordinal"
    assert of["absence-primary"].time_identifier != of["absence-primary-autumn-term"].time_identifier


def test_every_authority_is_a_return_of_the_data_owner(
    definitions: Definitions, partners: Mapping[str, Partner]
) -> None:
    owners = {c.id: p.id for p in partners.values() for c in p.says.collection}
    for indicator in definitions.indicators.values():
        assert indicator.data_owner in partners
        assert not indicator.authority or owners[indicator.authority] == indicator.data_owner


@pytest.mark.parametrize(
    ("typed", "code"),
    [("Nottingham", "E06000018"), ("892", "E06000018"), ("00FY", "E06000018"), ("nottingham city", "E06000018"),
     ("Nottinghamshire", "E10000024"), ("Mottingham", None), ("Cottingham", None), ("Notting", None),
     ("Bristol", "E06000023"), ("England", "E92000001")],
)  # fmt: skip
def test_a_place_is_told_by_code_or_whole_name(typed: str, code: str | None, definitions: Definitions) -> None:
    found = definitions.geography.find(typed, ("Local authority", "National"))
    assert (found.area_code if found else None) == code


COUNCIL = {
    "E06": "Local authority",
    "E07": "District",
    "E08": "Local authority",
    "E09": "Local authority",
    "E10": "Local authority",
}
LA = ("Local authority",)


def test_all_english_councils_are_known(definitions: Definitions) -> None:
    councils = [a for a in definitions.geography.areas if a.area_code[:3] in COUNCIL]
    assert Counter(a.area_code[:3] for a in councils) == {"E06": 66, "E07": 246, "E08": 39, "E09": 33, "E10": 34}
    today = Counter(a.area_code[:3] for a in councils if a.valid_to is None)
    assert today == {"E06": 63, "E07": 164, "E08": 36, "E09": 33, "E10": 21}
    assert {a.area_type for a in definitions.geography.areas} == {
        "National", "Region", "Sub-region", "Metropolitan county", "Local authority", "District", "NHS trust", "Police force area", "Statistical neighbours",
        "Council outside England",
    }  # fmt: skip


def test_every_council_is_whole(definitions: Definitions) -> None:
    geography = definitions.geography
    for area in geography.areas:
        if area.area_code[:3] not in COUNCIL:
            assert area.area_type not in COUNCIL.values()
            continue
        assert re.fullmatch(r"E\d{8}", area.area_code)
        assert area.area_type == COUNCIL[area.area_code[:3]]
        assert re.fullmatch(r"(\d{3})?", area.dfe_code)
        assert re.fullmatch(r"(00[A-Z]{2}|\d\dU[A-Z]|\d\d)?", area.legacy_code)
        assert bool(area.dfe_code) <= (area.area_type == "Local authority")
        region = geography.region_of(area.area_code)
        assert region is not None
        assert geography.by_code[region].area_type == "Region"
        parent = geography.by_code[area.parent_code]
        assert parent.area_type == ("Local authority" if area.area_type == "District" else "Region")
        assert area.valid_from is not None
        assert area.valid_to is None or (area.valid_from < area.valid_to and area.note)
        assert not area.valid_to or not parent.valid_to or area.valid_to <= parent.valid_to
        if area.valid_to is None:
            assert parent.valid_to is None
            assert area.dfe_code or area.area_type == "District"


def test_every_name_of_a_council_means_one_place_of_its_type(definitions: Definitions) -> None:
    geography = definitions.geography
    for area in geography.areas:
        for typed in (area.area_code, area.name, area.name.upper(), area.dfe_code):
            if typed:
                found = geography.find(typed, (area.area_type,), area.valid_from)
                assert found == area, typed
    held: dict[tuple[str, str], set[str]] = {}
    for name, meant in geography._names.items():
        for area in meant:
            held.setdefault((name, area.area_type), set()).add(area.area_code)
            assert geography.find(name, (area.area_type,)) is not None, f"{name} means several places"
    regions = {a.name.casefold() for a in geography.areas if a.area_type == "Region"}
    assert not [key for key in held if key[0] in regions and key[1] in COUNCIL.values()]


@pytest.mark.parametrize(
    ("typed", "code"),
    [("Telford & Wrekin", "E06000020"), ("Bournemouth, Christchurch & Poole", "E06000058"), ("St Helens", "E08000013"),
     ("Kingston-upon-Hull", "E06000010"), ("Hull", "E06000010"), ("Herefordshire", "E06000019"), ("Medway Towns", "E06000035"),
     ("Southend", "E06000033"), ("Southend-on-Sea", "E06000033"), ("Stoke on Trent", "E06000021"), ("Shepway", "E07000112"),
     ("Kings Lynn & West Norfolk", "E07000146"), ("King’s Lynn and West Norfolk", "E07000146"), ("Brent LB", "E09000005"),
     ("Nottinghamshire County Council", "E10000024"), ("Nottinghamshire CC", "E10000024"), ("Isles of Scilly UA", "E06000053"),
     ("37UJ", "E07000176"), ("00CH", "E08000020"), ("37", None), ("E", None), ("A", None), ("Scilly", None), ("Newcastle", None),
     ("Bolton Council", "E08000001"), ("Bolton Metropolitan Borough Council", "E08000001"), ("Wigan MBC", "E08000010"),
     ("London Borough of Brent", "E09000005"), ("Royal Borough of Greenwich", "E09000011"), ("Adur District Council", "E07000223"),
     ("Nottingham County Council", None), ("Nottinghamshire City Council", None), ("Mottingham Council", None), ("Notting Council", None),
     ("Bath", None), ("Wales", None), ("Barnsley Central", None)],
)  # fmt: skip
def test_a_council_is_told_as_partners_write_it(typed: str, code: str | None, definitions: Definitions) -> None:
    found = definitions.geography.find(typed, ("Local authority", "District"))
    assert (found.area_code if found else None) == code


def test_nottingham_nottinghamshire_mottingham_and_cottingham_are_four_things(definitions: Definitions) -> None:
    find = definitions.geography.find
    city, county = find("Nottingham"), find("Nottinghamshire")
    assert city is not None
    assert county is not None
    assert (city.area_code, city.dfe_code) == ("E06000018", "892")
    assert (county.area_code, county.dfe_code) == ("E10000024", "891")
    assert find("Mottingham") is None
    assert find("Cottingham") is None
    assert find("Nottinghamshire", ("District", "Region", "NHS trust", "Police force area")) is None


@pytest.mark.parametrize(
    ("typed", "on", "code"),
    [("Gateshead", date(2008, 3, 31), "E08000020"), ("Gateshead", date(2013, 3, 31), "E08000020"),
     ("Gateshead", date(2013, 4, 1), "E08000037"), ("390", date(2011, 9, 1), "E08000020"), ("390", date(2020, 9, 1), "E08000037"),
     ("E08000037", date(2011, 9, 1), "E08000037"), ("Durham", date(2009, 3, 31), "E10000010"), ("Durham", date(2010, 3, 31), "E06000047"),
     ("Dorset", date(2018, 9, 1), "E10000009"), ("Dorset", date(2019, 9, 1), "E06000059"), ("Sheffield", date(2025, 3, 31), "E08000019"),
     ("Sheffield", date(2025, 4, 1), "E08000039"), ("825", date(2019, 9, 1), "E10000002"), ("825", date(2020, 4, 1), "E06000060")],
)  # fmt: skip
def test_a_name_of_successive_codes_means_the_one_of_the_day(
    typed: str, on: date, code: str, definitions: Definitions
) -> None:
    found = definitions.geography.find(typed, LA, on)
    assert found is not None
    assert found.area_code == code


@pytest.mark.parametrize(
    ("code", "on", "now"),
    [("E08000020", date(2013, 3, 31), "E08000020"), ("E08000020", date(2013, 4, 1), "E08000037"), ("E08000037", date(2010, 1, 1), "E08000037"),
     ("E10000022", date(2008, 9, 1), "E10000022"), ("E10000022", date(2010, 9, 1), "E06000048"), ("E10000022", date(2014, 9, 1), "E06000057"),
     ("E07000097", date(2014, 1, 1), "E07000242"), ("E07000100", date(2012, 4, 1), "E07000240"), ("E07000101", date(2013, 4, 1), "E07000243"),
     ("E07000104", date(2012, 4, 1), "E07000241"), ("E08000016", date(2025, 4, 1), "E08000038"), ("E10000023", date(2023, 4, 1), "E06000065"),
     ("E10000027", date(2023, 3, 31), "E10000027"), ("E10000006", date(2024, 1, 1), "E10000006"), ("E07000007", date(2021, 1, 1), "E07000007")],
)  # fmt: skip
def test_a_replaced_code_leads_to_the_one_of_the_day_but_a_part_never_to_the_whole(
    code: str, on: date, now: str, definitions: Definitions
) -> None:
    geography = definitions.geography
    assert geography.current(geography.by_code[code], on).area_code == now


def test_without_a_day_a_name_means_the_first_of_its_codes(definitions: Definitions) -> None:
    for typed, code in (("Gateshead", "E08000020"), ("Northumberland", "E10000022"), ("Buckinghamshire", "E10000002")):
        found = definitions.geography.find(typed, LA)
        assert found is not None
        assert found.area_code == code
    assert definitions.geography.find("Durham") is None, "a county and a district until 2009"


@pytest.mark.parametrize(
    ("typed", "area_type"),
    [("E05000123", "Ward"), ("e05012270 ", "Ward"), ("E01013810", "LSOA"), ("E02002888", "MSOA"), ("E05", None),
     ("E0500012", None), ("E050001234", None), ("E05000123 (1)", None), ("E04000001", None), ("W05000123", "Ward"), ("E0500012٣", None)],
)  # fmt: skip
def test_a_ward_is_known_by_the_form_of_its_code(typed: str, area_type: str | None, definitions: Definitions) -> None:
    geography = definitions.geography
    found = geography.find(typed)
    assert (found.area_type if found else None) == area_type
    assert geography.find(typed, LA) is None
    if found:
        assert found == geography.find(typed, (found.area_type, "Local authority"), date(2010, 1, 1))
        assert found.area_code == found.name == typed.strip().upper()
        assert geography.current(found, date(2030, 1, 1)) == found
    assert {"Ward", "LSOA", "MSOA"} <= geography.area_types


def test_a_ward_keeps_its_rows_where_areas_are_joined(definitions: Definitions) -> None:
    shown = pl.DataFrame(
        {"area_code": ["E05012270", "E06000018"], "time_identifier": "Academic year", "time_period": "200910"}
    )
    with duckdb.connect() as con:
        create_reference_tables(con, definitions, shown)
        held = con.execute("SELECT area_code, name, area_type, region_code FROM ref_area ORDER BY 1").fetchall()
        assert held == [
            ("E05012270", "E05012270", "Ward", None),
            ("E06000018", "Nottingham", "Local authority", "E12000004"),
        ]
        create_reference_tables(con, definitions, shown.clear())
        assert con.execute("SELECT count(*) FROM ref_area WHERE area_code = 'E06000018'").fetchall() == [(0,)]


def test_the_plan_is_what_the_partnership_printed(definitions: Definitions) -> None:
    assert len(definitions.plan.operational) == 17
    assert len(definitions.plan.priority) == 5
    assert [p.title for p in definitions.plan.priority if not p.lead] == ["Reducing substance misuse"]
    silent = {o.title for o in definitions.plan.operational if o.reported_2010_11 == "no"}
    assert silent == {"Science City", "Learning transformation"}
