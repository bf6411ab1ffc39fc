"""Templates: what may be typed into one is what the check accepts, and its stamp tells whose it is."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from common.errors import UsageError
from flows.checking.validate_files import ValidationResult, validate_files
from flows.commands.application import main
from flows.commands.check import check_files
from flows.commands.template import template_of
from flows.settings import settings
from inputs.layouts.partner_layouts import Layout, Partner
from inputs.layouts.template_stamp import read_stamp, stamp_of
from inputs.parsing.parse_return import parse
from inputs.parsing.return_identification import Origin
from inputs.readers.cells import Cells, Sheet
from inputs.readers.stamp_properties import TEMPLATE, stamp_properties
from inputs.sandbox.reader_processes import read_in_child
from replies.templates.pages.page_layout import Template
from replies.templates.workbook.excel_workbook import write_workbook
from schemas.definitions.models import Definitions
from schemas.observations import CheckContext
from schemas.validation.check_tables import check
from tests.support.excel_validation import Filled, rows_to_fill

DAY = date(2011, 5, 26)
COLLECTIONS = (
    "absence", "budgets", "child-measurement", "childcare-quality", "childrens-centres", "domestic-violence",
    "foundation-stage", "key-stages", "level-2-and-3", "neet", "road-casualties", "school-inspections",
    "social-care-referrals", "substance-misuse", "year-end-facts",
)  # fmt: skip
UNDRAWN = "action-log"
"""A return whose sheet holds several tables side by side, of which no blank workbook is drawn; that is said in words."""
ROWS_TOGETHER = {
    "key.duplicate", "companion.missing", "area.replaced", "row.missing", "total.does-not-match", "area.contradicts",
    "total.outside-parts", "total.complement-differs", "total.below-areas", "value.hidden-in-part",
}  # fmt: skip
"""Rules that no cell's validation can know of."""
NO_MARKS = ("about 50", "12 or so", "#N/A", "-")
TEXTS = ("c", "x", "Z", "low", "..", "*", "<5", "n/a", *NO_MARKS)
_made: dict[str, tuple[Template, bytes]] = {}


def made(collection: str) -> tuple[Template, bytes]:
    """The template of a shipped return, drawn once."""
    if collection not in _made:
        template = template_of(collection, settings(today=DAY))
        _made[collection] = template, write_workbook(template)
    return _made[collection]


def fill(book: Filled) -> Filled:
    """Fill in a template with what its own validations allow: every open cell of the rows that are begun, or where none
    is, of one row for each thing that it can be about."""
    for sheet in book.sheets:
        begun, free = rows_to_fill(sheet)
        for row in begun or free[:1]:
            fill_row(book, sheet, row)
    return book


def fill_row(book: Filled, sheet: Worksheet, row: int, given: str = "") -> None:
    """Fill the open cells of a row, all but the one that is given. Where parts must make their total, all are 0."""
    cells = [cell for cell in sheet[row] if not cell.protection.locked and cell.coordinate != given]
    for _ in range(3):  # a drop-down may wait for another cell
        for cell in cells:
            if cell.value is None and (words := book.words(sheet, cell.coordinate)):
                cell.value = words[0]
    for cell in cells:
        if cell.value is not None:
            continue
        first = (0,) if sheet.title in ("Centres", "Inspections") else ()
        for value in (
            (*first, 50, 100, 25, 10_000, 0.5, 1, 0, 3) if book.rule(sheet, cell.coordinate) else ("as stated",)
        ):
            cell.value = value
            if book.allows(sheet, cell.coordinate):
                break
        assert book.allows(sheet, cell.coordinate), f"{sheet.title}!{cell.coordinate} takes no value"


def cells_of(book: Filled) -> Cells:
    """The workbook as the reader gives it, without writing and reading a file for every value tried."""
    sheets = []
    for sheet in book.sheets:
        rows = [list(row) for row in sheet.iter_rows(values_only=True)]
        while rows and not any(value is not None for value in rows[-1]):
            rows.pop()
        merged = tuple((m.min_row - 1, m.min_col - 1, m.max_row - 1, m.max_col - 1) for m in sheet.merged_cells.ranges)
        sheets.append(Sheet(sheet.title, rows, merged))
    return Cells("xlsx", tuple(sheets))


def with_row(cells: Cells, sheet: Worksheet, row: int) -> Cells:
    """One sheet's cells with one row as it stands in the workbook now."""
    (held,) = cells.sheets
    now = [cell.value for cell in sheet[row]]
    return Cells("xlsx", (replace(held, rows=[*held.rows[: row - 1], now, *held.rows[row:]]),))


def alone(layout: Layout, cells: Cells, name: str) -> tuple[Layout, Cells]:
    """One sheet, and the layout of what lies on it."""
    tables = tuple(table for table in layout.says.table if table.takes_sheet(name))
    sheets = tuple(sheet for sheet in cells.sheets if sheet.name == name)
    return replace(layout, says=replace(layout.says, table=tables)), Cells("xlsx", sheets)


def numbers_of(template: Template) -> list[float]:
    """Numbers around everything that is a limit of some indicator of a return, and some that are nobody's limit."""
    ends = {0.0, 100.0, *(end for one in template.indicators for end in one.range)}
    around = {end + step for end in ends for step in (-1, -0.001, 0, 0.001, 1)}
    return sorted({*around, 0.5, 1.5, 50})


@pytest.mark.long
@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_template_filled_in_is_accepted(
    collection: str, partners: Mapping[str, Partner], definitions: Definitions
) -> None:
    template, content = made(collection)
    filled = fill(Filled(content)).saved()
    owner = template.request.layout.partner
    origin = Origin(owner, f"{owner}/a name that says nothing.xlsx", template.request.horizon)
    ((one,),) = validate_files(
        [(origin, lambda: filled)], partners, definitions, CheckContext(template.request.horizon)
    )
    assert (one.status, one.collection, one.findings) == ("accepted", collection, ())
    assert one.rows > 0


def test_every_shipped_return_is_tried(partners: Mapping[str, Partner]) -> None:
    every = sorted(c.id for p in partners.values() for c in p.says.collection)
    assert every == sorted((*COLLECTIONS, UNDRAWN))
    with pytest.raises(UsageError, match=UNDRAWN):
        made(UNDRAWN)


@pytest.mark.long
@pytest.mark.parametrize("collection", COLLECTIONS)
def test_what_a_cell_allows_is_what_the_check_accepts(collection: str, definitions: Definitions) -> None:
    template, content = made(collection)
    book = fill(Filled(content))
    tried: list[tuple[str, Any, bool]] = []
    parsed = []
    for sheet in book.sheets:
        layout, cells = alone(template.request.layout, cells_of(book), sheet.title)
        for row, address, value in trials(book, sheet, numbers_of(template)):
            allowed = all(book.allows(sheet, cell.coordinate) for cell in sheet[row])
            tried.append((f"{sheet.title}!{address}", value, allowed))
            parsed.append(parse(with_row(cells, sheet, row), layout, template.file_name))
    checked = check([table for table, _ in parsed], definitions, CheckContext(template.request.horizon))
    differ = []
    for (where, value, allowed), (_, shape), rest in zip(tried, parsed, checked, strict=True):
        against = [f for f in (*shape, *rest) if f.is_error and f.rule not in ROWS_TOGETHER]
        if allowed is bool(against):
            differ.append((where, value, allowed, [(f.rule, f.cell, f.expected) for f in against]))
    assert not differ
    assert {allowed for _, _, allowed in tried} == {True, False}


def trials(book: Filled, sheet: Worksheet, numbers: Sequence[float]) -> Iterator[tuple[int, str, Any]]:
    """Every value worth trying in every kind of cell of a sheet: row, address and value, while the value stands there.
    Where other cells depend on a cell they are filled in again."""
    begun, free = rows_to_fill(sheet)
    tried: list[tuple[int, DataValidation | None]] = []
    for row in [*begun, *(free[:1] if begun else [])]:
        held = [cell.value for cell in sheet[row]]
        fill_row(book, sheet, row)
        before = [cell.value for cell in sheet[row]]
        for cell in [c for c in sheet[row] if not c.protection.locked and book.rule(sheet, c.coordinate)]:
            kind = (cell.column, book.rule(sheet, cell.coordinate))
            if kind in tried:
                continue
            tried.append(kind)
            for value in values_to_try(book, sheet, cell.coordinate, numbers):
                cell.value = value
                if book.allows(sheet, cell.coordinate) and decides(book, sheet, cell.coordinate):
                    put_row(sheet, row, [value if one is cell else None for one in sheet[row]])
                    fill_row(book, sheet, row, cell.coordinate)
                yield row, cell.coordinate, value
                put_row(sheet, row, before)
        put_row(sheet, row, held)


def put_row(sheet: Worksheet, row: int, values: Sequence[Any]) -> None:
    for cell, value in zip(sheet[row], values, strict=True):
        cell.value = value


def decides(book: Filled, sheet: Worksheet, address: str) -> bool:
    """Whether what may be typed into other cells of the row depends on a cell."""
    column, row = re.fullmatch(r"([A-Z]+)(\d+)", address).groups()  # type: ignore[union-attr]
    rules = [book.rule(sheet, cell.coordinate) for cell in sheet[int(row)] if cell.coordinate != address]
    return any(rule is not None and re.search(rf"=\${column}\d+\)\*", rule.formula1 or "") for rule in rules)


def values_to_try(book: Filled, sheet: Worksheet, address: str, numbers: Sequence[float]) -> list[Any]:
    """Values around the limits of any indicator, and what people type instead of a number; the ends and the middle of a
    drop-down, and what is not in it."""
    rule, words = book.rule(sheet, address), book.words(sheet, address)
    assert rule is not None
    if words is not None:
        chosen = [*words[:4], words[len(words) // 2], *words[-3:]]
        return [*chosen, *(("Mottingham", "last year", "after-school clubs") if rule.showErrorMessage else ())]
    scale = 100 if sheet[address].number_format.endswith("%") else 1
    # Where marks have a column of their own, a cell for numbers takes nothing else.
    texts = TEXTS if scale == 1 else tuple(text for text in TEXTS if text != "<5")
    return [*(number / scale for number in numbers), *(texts if rule.type == "custom" else NO_MARKS)]


# -- whose it is, and what becomes of it untouched --------------------------------------------------------------------


def judged(content: bytes, partners: Mapping[str, Partner], definitions: Definitions, folder: str) -> ValidationResult:
    origin = Origin(folder, f"{folder}/Book1.xlsx", DAY)
    ((one,),) = validate_files([(origin, lambda: content)], partners, definitions, CheckContext(DAY))
    return one


@pytest.mark.parametrize("collection", ["absence", "neet", "year-end-facts"])
def test_an_untouched_template_is_told_to_be_empty(
    collection: str, partners: Mapping[str, Partner], definitions: Definitions
) -> None:
    template, content = made(collection)
    one = judged(content, partners, definitions, template.request.layout.partner)
    assert (one.status, one.collection) == ("rejected", collection)
    (found,) = one.findings
    assert (found.rule, found.found) == ("return.empty", "a template that is still blank")
    begun = sum(len(page.asked) for page in template.pages)
    assert len(found.cells) == begun


def test_a_template_with_one_figure_left_out_names_that_cell(
    partners: Mapping[str, Partner], definitions: Definitions
) -> None:
    book = fill(Filled(made("level-2-and-3")[1]))
    book.book["Attainment"]["E7"].value = None
    one = judged(book.saved(), partners, definitions, "fourteen-nineteen")
    assert [(f.rule, f.sheet, f.cells) for f in one.findings] == [("cell.blank", "Attainment", ("E7",))]


def test_the_template_of_another_partner_is_in_the_wrong_folder(
    partners: Mapping[str, Partner], definitions: Definitions
) -> None:
    filled = fill(Filled(made("neet")[1])).saved()
    one = judged(filled, partners, definitions, "health")
    assert ([f.rule for f in one.findings], one.table, one.layout) == (["return.wrong-folder"], None, None)
    assert "neet" not in str(one.findings).casefold()


def test_a_template_carries_its_stamp_through_the_reader() -> None:
    template, content = made("budgets")
    cells = read_in_child(content)
    assert isinstance(cells, Cells)
    stamp = read_stamp(cells.properties)
    assert stamp == stamp_of(template.request.layout)
    assert stamp.definitions == template.request.layout.definitions.digest


CUSTOM = """<?xml version="1.0"?>{doctype}
<Properties xmlns="urn:p" xmlns:vt="urn:vt"><property name="{name}"><vt:lpwstr>{value}</vt:lpwstr></property></Properties>
"""


@pytest.mark.parametrize(
    ("doctype", "name", "value", "found"),
    [
        ("", TEMPLATE, "careers/neet", {TEMPLATE: "careers/neet"}),
        ("", TEMPLATE, "x" * 5000, {TEMPLATE: "x" * 200}),
        ("", "Department", "Children", {}),
        ('<!DOCTYPE x [<!ENTITY a "aaaa">]>', TEMPLATE, "&a;&a;", {}),
        ("", TEMPLATE, "<unclosed", {}),
    ],
)
def test_only_our_own_properties_are_taken_from_a_file(
    doctype: str, name: str, value: str, found: dict[str, str]
) -> None:
    xml = CUSTOM.format(doctype=doctype, name=name, value=value).encode()
    assert stamp_properties("docprops/custom.xml", xml) == found


VERSIONS = """
id = "yearly"
name = "A partner whose return changes from year to year"
email = "yearly@example.org"

[[collection]]
id = "profile"
title = "Profile"
files = ["profile*"]
expect = [{ period = "2009/10", due = 2011-05-01 }]
"""
LAYOUT = """
[[collection.layout]]
{dates}
[[collection.layout.table]]
sheet = "{sheet}"
header = {{ find = "Area" }}
area = {{ column = "Area" }}
period = {{ column = "Year" }}
indicator = "eyfs-good-level"
value = [{{ column = "{heading}", scale = "percent" }}]
"""


def yearly(folder: Path, *layouts: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "yearly.toml").write_text("".join([VERSIONS, *layouts]), encoding="utf-8")
    return folder


def test_last_years_template_is_read_by_last_years_layout_or_refused(tmp_path: Path) -> None:
    old = LAYOUT.format(dates="valid_to = 2011-03-31", sheet="Old", heading="Good level")
    new = LAYOUT.format(dates="valid_from = 2011-04-01", sheet="New", heading="% at a good level")
    both = yearly(tmp_path / "both", old, new)
    last_year = template_of("profile", settings(today=date(2011, 3, 1), partners=both))
    assert [page.name for page in last_year.pages] == ["Old"]
    sent = tmp_path / "anything.xlsx"
    sent.write_bytes(fill(Filled(write_workbook(last_year))).saved())
    (one,) = check_files([sent], settings(today=DAY, partners=both))
    assert (one["status"], one["collection"], one["rows"]) == ("accepted", "profile", 1)
    (one,) = check_files([sent], settings(today=DAY, partners=yearly(tmp_path / "new", new)))
    (found,) = one["findings"]
    assert found["rule"] == "return.old-template"
    assert "first" in found["found"]
    assert "2011-04-01" in found["expected"]


def test_a_template_survives_a_layout_reworded_without_effect(tmp_path: Path) -> None:
    before = yearly(tmp_path / "before", LAYOUT.format(dates="", sheet="Profile", heading="Good level"))
    content = write_workbook(template_of("profile", settings(today=DAY, partners=before)))
    sent = tmp_path / "Book1.xlsx"
    sent.write_bytes(fill(Filled(content)).saved())
    reworded = LAYOUT.format(dates='ignore_sheets = ["Calc"]', sheet="Profile", heading="Good level")
    (one,) = check_files([sent], settings(today=DAY, partners=yearly(tmp_path / "after", reworded)))
    assert one["status"] == "accepted"


# -- the workbook -----------------------------------------------------------------------------------------------------


def test_words_of_a_layout_stay_words(tmp_path: Path) -> None:
    toml = LAYOUT.format(dates="", sheet="Profile", heading="=1+1").replace('"Area"', '"@Area"')
    template = template_of("profile", settings(today=DAY, partners=yearly(tmp_path / "p", toml)))
    book = openpyxl.load_workbook(io.BytesIO(write_workbook(template)))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {"=1+1", "@Area"} <= {cell.value for cell in cells}
    assert all(cell.data_type in ("s", "n") for cell in cells)


def test_the_same_template_is_the_same_bytes() -> None:
    template, content = made("childcare-quality")
    again = template_of("childcare-quality", settings(today=DAY))
    assert write_workbook(again) == content
    assert template.file_name == "childcare-quality.xlsx"


def test_headings_are_locked_and_say_what_they_mean() -> None:
    book = Filled(made("child-measurement")[1])
    sheet = book.book["2009-10"]
    assert sheet.protection.sheet
    assert sheet.protection.password is None
    assert [str(area) for area in sheet.merged_cells.ranges] == ["A4:B4"]
    assert sheet["C5"].value == "% obese"
    assert sheet["C5"].protection.locked
    assert "body mass index" in sheet["C5"].comment.text
    assert book.book["_template_lists"].sheet_state == "hidden"


ODD = """
id = "odd"
name = "Odd"
email = "odd@example.org"
[[collection]]
id = "odd"
title = "Odd return"
files = ["odd*"]
expect = [{ period = "2009/10", due = 2011-05-01 }]
[[collection.layout]]
[[collection.layout.table]]
"""
ODD_TABLES = {
    "banners": """
        header = { find = "Area" }
        area = { column = "Area" }
        period = { banner = "^Year: (.+)$" }
        indicator = "eyfs-good-level"
        value = [{ column = "Per cent" }]""",
    "letters": """
        header = { row = 5 }
        area = { column = "[B]" }
        period = { column = "[A]" }
        indicator = "eyfs-good-level"
        value = [{ column = "[D]" }, { column = "[F]", measure = "numerator" }, { column = "[E]", measure = "denominator" }]""",
    "words in a sheet's name": """
        sheet = "FSP *"
        header = { find = "Area" }
        area = { column = "Area", pattern = '^\\d+ (.+)$' }
        period = { sheet = "FSP (.+)" }
        indicator = "eyfs-good-level"
        value = [{ column = "Per cent" }]""",
    "areas across": """
        header = { find = "Measure", below = 1 }
        area = { header = '^(.+?) \\| ' }
        period = { file = '(20\\d{2}-\\d{2})' }
        indicator = { column = "Measure", map = { "Good" = "eyfs-good-level" } }
        value = [{ match = "Per cent$" }]""",
    "subjects across": """
        header = { find = "Area", above = 1, after = "^Table 2" }
        area = { column = "Area" }
        period = { cell = "B2" }
        indicator = "ks1-level-2-change"
        breakdown.Subject = { header = "(Reading|Writing|Mathematics)" }
        value = [{ match = "points" }]""",
    "a published shape": """
        shape = "fingertips"
        indicator = { column = "Indicator ID", map = { "90631" = "eyfs-good-level" } }""",
}


@pytest.mark.parametrize("name", ODD_TABLES)
def test_other_ways_of_laying_a_table_out_can_be_filled_in_too(name: str, tmp_path: Path) -> None:
    toml = ODD + ODD_TABLES[name].replace("\\\\", "\\")
    (tmp_path / "odd.toml").write_text(toml, encoding="utf-8")
    given = settings(today=DAY, partners=tmp_path)
    template = template_of("odd", given)
    sent = tmp_path / template.file_name
    sent.write_bytes(fill(Filled(write_workbook(template))).saved())
    (one,) = check_files([sent], given)
    assert (one["status"], one["findings"]) == ("accepted", [])
    assert one["rows"] > 0


def test_the_command_writes_a_file_and_never_over_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["template", "neet", "--today", "2011-05-26"]) == 0
    assert capsys.readouterr().out == "neet.xlsx\n"
    assert main(["template", "neet", "--today", "2011-05-26"]) == 0
    Path("neet.xlsx").write_bytes(b"figures")
    assert main(["template", "neet", "--today", "2011-05-26"]) == 2
    assert "-o" in capsys.readouterr().err
    assert Path("neet.xlsx").read_bytes() == b"figures"
    assert main(["template", "neet", "-o", "other.xlsx", "--period", "September 2010", "--today", "2011-05-26"]) == 0
    assert openpyxl.load_workbook("other.xlsx")["NEET"]["A5"].value == "NEET at the end of September"
    assert main(["template", "neet", "-o", "third.xlsx", "--period", "last year", "--today", "2011-05-26"]) == 2
    assert not Path("third.xlsx").exists()
    assert main(["template", "nest"]) == 2
    assert "neet" in capsys.readouterr().err


def test_a_layout_that_no_workbook_answers_is_refused_in_words(tmp_path: Path) -> None:
    two = LAYOUT.format(dates="", sheet="Profile", heading="Good level") + LAYOUT.format(
        dates="", sheet="Profile", heading="Other level"
    ).replace("[[collection.layout]]", "")
    partners = yearly(tmp_path / "p", two)
    with pytest.raises(
        UsageError, match="profile: has no workbook to fill in, because two of its tables lie on one sheet"
    ):
        template_of("profile", settings(today=DAY, partners=partners))
