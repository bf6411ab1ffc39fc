"""The rules, each by the smallest return that breaks it and nothing else; and the guide that is written from them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import openpyxl
import polars as pl
import pytest
from openpyxl.packaging.custom import StringProperty
from openpyxl.styles import Font

from local_indicators.common.cell_references import address_of_position
from local_indicators.flows.checking.validate_files import ValidationResult, validate_files
from local_indicators.inputs.layouts.partner_layouts import Partner, load_partners
from local_indicators.inputs.parsing.return_identification import Origin
from local_indicators.inputs.readers.stamp_properties import TEMPLATE, VERSION
from local_indicators.inputs.sandbox.reader_processes import Limits
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.observations import CheckContext, CurrentFile
from local_indicators.schemas.rules import RULES
from tests.support.places import HOME
from tests.support.small_returns import BUSY_HEADINGS as HEADINGS
from tests.support.small_returns import BUSY_PARTNER, book
from tools.owners_guide import GUIDE, with_rules

TODAY = date(2016, 5, 31)
OTHER = """
id = "other"
name = "Another partner"
email = "other@example.org"
[[collection]]
id = "refuges"
title = "Refuges"
files = ["refuges*"]
[[collection.layout]]
[[collection.layout.table]]
sheet = "Refuges"
header = { find = "Open" }
area = "Nottingham"
period = { column = "Year" }
indicator = "domestic-violence-refuges"
value = [{ column = "Open" }]
"""
LEVELS = """
[[collection]]
id = "levels"
title = "Levels"
files = ["levels*"]
[[collection.layout]]
[[collection.layout.table]]
header = { find = "Group" }
area = { column = "Area" }
period = { column = "Year" }
breakdown.FSM = { column = "Group", default = "Total" }
value = [{ column = "Value" }]
[collection.layout.table.indicator]
column = "Measure"
map = { "Level 2" = "level-2-at-19", "Without level 2" = "without-level-2-at-19", "Casualties" = "road-casualties-children" }
"""
GOOD = {"Measure": "Absence", "Area": "Nottingham", "Year": "2009/10", "Value": 6.5}

Rows = Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Case:
    """A file that breaks one rule, and what was accepted before it from this partner or is published of another,
    and where the files lay in which the figures came that are held for 2009/10."""

    name: str
    content: bytes
    before: bytes = b""
    by_another: bool = False
    today: date = TODAY
    files: tuple[str, ...] = ()


def rows(*of: Mapping[str, Any]) -> list[list[Any]]:
    """Headings, and the good row with what is said of each."""
    return [list(HEADINGS), *([{**GOOD, **one}.get(name) for name in HEADINGS] for one in of)]


def figures(*of: Mapping[str, Any], **other: Any) -> Case:
    return Case("figures.xlsx", book({"Figures": rows(*of)}), **other)


def sheet(name: str, of: Rows) -> Case:
    return Case(name, book({"Sheet": of}))


def levels(*of: Sequence[Any]) -> Case:
    """Measures of several areas and groups."""
    headings = [["Measure", "Area", "Year", "Value", "Group"]]
    years = {"Casualties": 2009}
    return sheet("levels.xlsx", [*headings, *([m, a, years.get(m, "2009/10"), *rest] for m, a, *rest in of)])


def years(*values: float) -> bytes:
    """Absence year by year, up to 2008/09."""
    first = 2009 - len(values)
    return book({"Figures": rows(*({"Year": f"{y}/{y + 1}", "Value": v} for y, v in enumerate(values, start=first)))})


def zipped(parts: Mapping[str, bytes]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return whole.getvalue()


def with_entities(workbook: bytes) -> bytes:
    """A workbook whose first sheet declares an XML entity."""
    with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = b'<!DOCTYPE worksheet [<!ENTITY a "b">]>' + parts[sheet]
    return zipped(parts)


def with_data_type(workbook: bytes) -> bytes:
    """A workbook in which the cells of the first sheet that show an error hold one of Excel's data types."""
    with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = parts[sheet].replace(b't="e"', b't="e" vm="1"')
    return zipped(parts)


def text(*lines: Sequence[Any]) -> bytes:
    """A csv file that does not end its last line."""
    return "\n".join(",".join(map(str, line)) for line in lines).encode()


def of_template(template: str, workbook: bytes) -> bytes:
    """A workbook with the stamp of a template whose version nobody knows any more."""
    held = openpyxl.load_workbook(io.BytesIO(workbook))
    for name, value in ((TEMPLATE, template), (VERSION, "2001-01-01 0123456789ab")):
        held.custom_doc_props.append(StringProperty(name=name, value=value))
    whole = io.BytesIO()
    held.save(whole)
    return whole.getvalue()


def looking(value: float, number_format: str = "General", *, strike: bool = False) -> Case:
    """A return whose one figure looks as a number format and a line through it make it look."""
    held = openpyxl.load_workbook(io.BytesIO(book({"Figures": rows({"Value": value})})))
    cell = held["Figures"].cell(2, HEADINGS.index("Value") + 1)
    cell.number_format, cell.font = number_format, Font(strike=strike)
    whole = io.BytesIO()
    held.save(whole)
    return Case("figures.xlsx", whole.getvalue())


def chosen(*lines: Sequence[Any]) -> Case:
    """A return of which rows are read that say Authority, until the refuges."""
    return Case("chosen.xlsx", book({"Sheet": [["Level", "Area", "Year", "Absence"], *lines]}))


LEVEL = ("Authority", "Nottingham", "2009/10", 6.5)
SHARE = {"Value": 50.0, "Number": 500, "Of": 1000}
SCHOOLS = {"Measure": "Schools", "Value": 40}
COLUMNS = tuple(name for name in HEADINGS if name != "Area")


def with_picture(workbook: bytes) -> bytes:
    """A workbook with a picture in it."""
    with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    return zipped({**parts, "xl/media/image1.png": b"\x89PNG"})


CASES: dict[str, Case] = {
    "return.unreadable": Case("figures.xlsx", b""),
    "return.encrypted": Case(
        "figures.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le")
    ),
    "return.rights-managed": Case("figures.csv", b".pfile\x02\x00"),
    "return.not-a-spreadsheet": Case("figures.xlsx", b"%PDF-1.7 ..."),
    "return.web-page": Case("figures.xls", b"<html><body><table><tr><td>1</td></tr></table></body></html>"),
    "return.old-format": Case("figures.slk", b"ID;PWXL;N;E\nC;Y1;X1;K6.5\nE\n"),
    "return.zipped": Case("figures.zip", zipped({"figures.csv": b"Area,Value\nNottingham,6.5\n"})),
    "return.unsafe": Case("figures.xlsx", with_entities(book({"Figures": rows({})}))),
    "return.old-template": Case("figures.xlsx", of_template("tester/figures", book({"Notes": [["As of old"]]}))),
    "return.too-large": Case("figures.csv", b"x" * 100_000),
    "return.unknown": Case("letter.xlsx", book({"Letter": [["Dear all"]]})),
    "return.wrong-folder": Case("refuges.xlsx", book({"Refuges": [["Year", "Open"], [2011, 3]]})),
    "return.person-level": Case(
        "figures.xlsx", book({"Figures": [["Surname", "Date of birth"], ["Exampleperson", "2001-02-03"]]})
    ),
    "return.empty": figures(),
    "return.doubtful-name": Case("figures (1).xlsx", book({"Figures": rows({})})),
    "return.old-by-name": Case(
        "tester/figures_old_do_not_use.xlsx", book({"Figures": rows({})}), files=("tester/figures.xlsx",)
    ),
    "return.older-than-held": Case(
        "tester/figures v1.xlsx", book({"Figures": rows({})}), files=("tester/figures v2.xlsx",)
    ),
    "layout.word-mistyped": chosen(LEVEL, ["Refuges by yaer"], ["Open", None, "2009/10", "three"]),
    "layout.word-unsure": chosen(LEVEL, ["Authorty", "Derby", "2009/10", 6.4]),
    "layout.left-out-by-blank": chosen(LEVEL, [None, "Derby", "2009/10", 6.4], ["Authority", "Leeds", "2009/10", 6.1]),
    "layout.note-in-table": Case("figures.xlsx", book({"Figures": [*rows({}), ["* fewer than 5, not shown"]]})),
    "cell.left-blank": Case("ranges.xlsx", book({"Figures": [["Year", "From", "To"], [2010, 7000, None]]})),
    "area.name-mistyped": Case(
        "coded.xlsx",
        book({"Sheet": [["Code", "Area", "Year", "Absence"], ["E06000018", "Notingham", "2009/10", 6.5]]}),
    ),
    "period.gone": figures({}, before=book({"Figures": rows({}, {"Year": "2008/09"})})),
    "layout.sheet-missing": Case("figures.xlsx", book({"Notes": rows({})})),
    "layout.sheet-unexpected": Case("figures.xlsx", book({"Figures": rows({}), "Sheet1 (2)": [["Q1", 3]]})),
    "layout.label-missing": sheet("labelled.xlsx", [["Year", "2009/10"], ["Primary absence"], [6.5]]),
    "layout.banner-unknown": sheet("bannered.xlsx", [["Year", "Absence"], ["Notingham"], ["2009/10", 6.5]]),
    "area.title-differs": Case(
        "places.xlsx", book({"Derby": [["Leicester: absence"], ["Year", "Absence"], ["2009/10", 6.5]]})
    ),
    "period.said-twice": sheet("twice.xlsx", [["Year", "School year", "Absence"], ["2009/10", "2008/09", 6.5]]),
    "period.contradicts": sheet("years.xlsx", [["Primary absence 2008/09"], ["Area", "2009/10"], ["Nottingham", 6.5]]),
    "area.contradicts": sheet(
        "coded.xlsx", [["Code", "Area", "Year", "Absence"], ["E06000018", "Derby", "2009/10", 6.5]]
    ),
    "layout.heading-missing": Case(
        "figures.xlsx", book({"Figures": [list(COLUMNS), [GOOD.get(name) for name in COLUMNS]]})
    ),
    "layout.heading-twice": sheet("years.xlsx", [["Area", "2008/09", "2008/09"], ["Nottingham", 6.5, 6.6]]),
    "layout.rows-below": Case("figures.xlsx", book({"Figures": [*rows({}), [], *rows({"Year": "2008/09"})[1:]]})),
    "layout.too-many-fields": Case(
        "figures.csv", text(HEADINGS, ("Schools", "Nottingham", "2009/10", "", "", "", 1, 234, 5, 678))
    ),
    "layout.column-unmapped": Case(
        "figures.xlsx",
        book({"Figures": [[*row, cell] for row, cell in zip(rows({}), ("Remark", "fine"), strict=True)]}),
    ),
    "layout.not-looked-into": Case("figures.xlsx", with_picture(book({"Figures": rows({})}))),
    "layout.number-unread": Case("figures.xlsx", book({"Figures": [*rows({})[:1], [*rows({})[1], None, 6.8]]})),
    "cell.shown-otherwise": looking(6.5, '0.0"k"'),
    "cell.not-a-share": figures({**SCHOOLS, "Value": "41%"}),
    "cell.decimal-comma": figures({"Value": "0,541"}),
    "cell.struck-out": looking(6.5, strike=True),
    "cell.not-a-number": figures({"Value": "about 6"}),
    "cell.made-a-date": figures({"Value": date(2016, 4, 1)}),
    "cell.footnote-read": figures({"Area": "Nottingham2"}),
    "cell.error-value": figures({"Value": "#DIV/0!"}),
    "cell.data-type": Case("figures.xlsx", with_data_type(book({"Figures": rows({"Area": "#VALUE!"})}))),
    "cell.may-be-cut": Case("figures.csv", text(HEADINGS, tuple(GOOD.get(name, "") for name in HEADINGS[:7]))),
    "cell.not-calculated": figures({"Value": "=1+1"}),
    "cell.blank": figures({"Value": None}),
    "indicator.unknown": figures({"Measure": "Something else"}),
    "area.unknown": figures({"Area": "Nottm"}),
    "area.wrong-type": figures({"Area": "Nottinghamshire Police"}),
    "area.ended": figures({"Area": "Cumbria", "Year": "2024/25"}, today=date(2026, 5, 31)),
    "area.replaced": figures({"Area": "E08000020", "Year": "2014/15"}),
    "period.unknown": figures({"Year": "last year"}),
    "period.in-future": figures({}, today=date(2009, 8, 31)),
    "breakdown.unknown": figures({**SCHOOLS, "Group": "Free schools"}),
    "status.unknown": figures({"Status": "to be agreed"}),
    "provenance.unknown": figures({"Basis": "guess"}),
    "value.above-maximum": figures({"Value": 167}),
    "value.below-minimum": figures({"Value": -3}),
    "value.implausible": figures({"Measure": "Centres", "Year": "2011", "Value": 4000}),
    "value.not-in-scale": sheet("judgements.xlsx", [["Year", "Judgement"], [2009, "fair"]]),
    "value.not-whole": figures({**SCHOOLS, "Value": 12.5}),
    "value.range-reversed": sheet("ranges.xlsx", [["Year", "From", "To"], [2011, 10_000, 7_000]]),
    "value.numerator-above-denominator": figures({**SHARE, "Number": 1001}),
    "value.does-not-match": figures({**SHARE, "Value": 53}),
    "value.off-by-rounding": figures({**SHARE, "Value": 52.1, "Number": 60, "Of": 120}),
    "value.hidden-in-part": figures({**SHARE, "Value": "c"}),
    "value.outside-interval": sheet(
        "intervals.xlsx", [["Area", "Year", "%", "Lower", "Upper"], ["Nottingham", "2009/10", 6.5, 6.6, 6.9]]
    ),
    "key.duplicate": figures({}, {"Value": 6.6}),
    "total.does-not-match": figures(
        SCHOOLS, {**SCHOOLS, "Group": "Maintained", "Value": 30}, {**SCHOOLS, "Group": "Academies", "Value": 12}
    ),
    "total.off-by-rounding": figures(
        SCHOOLS, {**SCHOOLS, "Group": "Maintained", "Value": 25}, {**SCHOOLS, "Group": "Academies", "Value": 20}
    ),
    "total.outside-parts": levels(
        ("Level 2", "Nottingham", 50),
        ("Level 2", "Nottingham", 60, "Eligible"),
        ("Level 2", "Nottingham", 62, "Not eligible"),
    ),
    "total.complement-differs": levels(
        ("Level 2", "Nottingham", 68.4, "Eligible"), ("Without level 2", "Nottingham", 30, "Eligible")
    ),
    "total.below-areas": levels(
        ("Casualties", "East Midlands", 20), ("Casualties", "Nottingham", 12), ("Casualties", "Derby", 12)
    ),
    "row.missing": figures({"Measure": "Level 2", "Value": 68.4}),
    "companion.missing": figures({"Measure": "NEET", "Year": 2010, "Value": 4.1}),
    "value.jump": figures({"Value": 9.9}, before=years(6.4, 6.5, 6.3, 6.4, 6.5, 6.4)),
    "key.withdrawn": figures({}, before=book({"Figures": rows({}, {"Area": "England"})})),
    "key.differs": figures({}, before=book({"Figures": rows({"Value": 6.7})}), by_another=True),
}


@pytest.fixture(scope="module")
def partners(tmp_path_factory: pytest.TempPathFactory, definitions: Definitions) -> Mapping[str, Partner]:
    folder = tmp_path_factory.mktemp("partners")
    (folder / "tester.toml").write_text(BUSY_PARTNER + LEVELS, encoding="utf-8")
    (folder / "other.toml").write_text(OTHER, encoding="utf-8")
    return load_partners(definitions, folder)


Judge = Callable[[Case], ValidationResult]


@pytest.fixture(scope="module")
def judged(partners: Mapping[str, Partner], definitions: Definitions) -> Judge:
    """Judges a case; one child process reads them all."""

    def one(name: str, content: bytes, context: CheckContext) -> ValidationResult:
        arrival = (Origin("tester", name, context.today), lambda: content)
        ((judgement,),) = validate_files([arrival], partners, definitions, context, limits=Limits(file_bytes=50_000))
        return judgement

    def run(case: Case) -> ValidationResult:
        context = CheckContext(case.today)
        if case.before:
            before = one("figures.xlsx", case.before, context)
            assert before.table is not None
            assert before.findings == ()
            address = pl.col("at_value").map_elements(address_of_position, return_dtype=pl.String)
            held = before.table.frame.with_columns(
                address.alias("cell"),
                pl.lit("before.xlsx").alias("source_file"),
                pl.lit("figures").alias("collection"),
                pl.lit("tester").alias("partner"),
            )
            elsewhere = held.with_columns(pl.lit("elsewhere").alias("collection"), pl.lit(0.0).alias("tolerance"))
            context = (
                CheckContext(case.today, held.clear(), elsewhere) if case.by_another else CheckContext(case.today, held)
            )
        held_in = tuple(CurrentFile("figures", "2009/10", path, "", None, own=False) for path in case.files)
        return one(case.name, case.content, replace(context, files=held_in))

    return run


def test_every_rule_has_a_case_and_every_case_a_rule() -> None:
    assert set(CASES) == set(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_the_smallest_fault_breaks_its_rule_and_no_other(rule: str, judged: Judge) -> None:
    judgement = judged(CASES[rule])
    assert [finding.rule for finding in judgement.findings] == [rule]
    (found,) = judgement.findings
    assert found.severity == RULES[rule].severity
    assert found.fix
    assert judgement.status == ("accepted-with-warnings" if RULES[rule].strictness == "advisory" else "rejected")
    without_a_cell = {
        "layout.label-missing",
        "layout.not-looked-into",
        "layout.sheet-missing",
        "layout.sheet-unexpected",
        "row.missing",
    }
    of_all = rule.startswith("return.") and rule != "return.person-level"
    assert (found.cell is None) == (of_all or rule in without_a_cell)


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_said_in_whole_sentences(rule: str) -> None:
    one = RULES[rule]
    for words in (one.says, one.fix, one.example):
        assert words[0].isupper() or not words[0].isalpha()
        assert words.endswith((".", "'", "?"))


def test_the_guide_for_owners_holds_every_rule_as_it_is() -> None:
    text = (HOME / GUIDE).read_text(encoding="utf-8")
    assert text == with_rules(text), "run `make docs`"
    for rule in RULES:
        assert f"`{rule}`" in text
