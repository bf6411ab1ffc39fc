"""Templates: what may be typed into one is what the check accepts, and its stamp tells whose it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from local_indicators.common.errors import UsageError
from local_indicators.flows.checking.validate_files import validate_files
from local_indicators.flows.commands.application import main
from local_indicators.flows.commands.template import template_of
from local_indicators.flows.settings import settings
from local_indicators.inputs.layouts.partner_layouts import Partner
from local_indicators.inputs.layouts.template_stamp import read_stamp, stamp_of
from local_indicators.inputs.parsing.parse_return import parse
from local_indicators.inputs.parsing.return_identification import Origin
from local_indicators.inputs.readers.cells import Cells
from local_indicators.inputs.readers.stamp_properties import TEMPLATE, stamp_properties
from local_indicators.inputs.sandbox.reader_processes import read_in_child
from local_indicators.replies.templates.workbook.excel_workbook import write_workbook
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.observations import CheckContext
from local_indicators.schemas.validation.check_tables import check
from tests.support.excel_validation import Filled, rows_to_fill
from tests.support.filled_templates import (
    COLLECTIONS,
    DAY,
    UNDRAWN,
    alone,
    cells_of,
    fill,
    fill_row,
    judged,
    made,
    numbers_of,
    put_row,
    with_row,
)
from tests.support.places import HOME

ROWS_TOGETHER = {
    "key.duplicate", "companion.missing", "area.replaced", "row.missing", "total.does-not-match", "area.contradicts",
    "total.outside-parts", "total.complement-differs", "total.below-areas", "value.hidden-in-part",
}  # fmt: skip
"""Rules that no cell's validation can know of."""
NO_MARKS = ("about 50", "12 or so", "#N/A", "-")
TEXTS = ("c", "x", "Z", "low", "..", "*", "<5", "n/a", *NO_MARKS)


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


# -- the workbook -----------------------------------------------------------------------------------------------------


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


def test_the_command_writes_a_file_and_never_over_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INDICATORS_WORKSPACE", str(HOME))
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
