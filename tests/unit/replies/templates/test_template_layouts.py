"""Layouts of every shape and version have templates that they read back, or are refused in words."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from local_indicators.common.errors import UsageError
from local_indicators.flows.commands.check import check_files
from local_indicators.flows.commands.template import template_of
from local_indicators.flows.settings import settings
from local_indicators.replies.templates.workbook.excel_workbook import write_workbook
from tests.support.excel_validation import Filled
from tests.support.filled_templates import DAY, fill

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


def test_words_of_a_layout_stay_words(tmp_path: Path) -> None:
    toml = LAYOUT.format(dates="", sheet="Profile", heading="=1+1").replace('"Area"', '"@Area"')
    template = template_of("profile", settings(today=DAY, partners=yearly(tmp_path / "p", toml)))
    book = openpyxl.load_workbook(io.BytesIO(write_workbook(template)))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {"=1+1", "@Area"} <= {cell.value for cell in cells}
    assert all(cell.data_type in ("s", "n") for cell in cells)


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


def test_a_layout_that_no_workbook_answers_is_refused_in_words(tmp_path: Path) -> None:
    two = LAYOUT.format(dates="", sheet="Profile", heading="Good level") + LAYOUT.format(
        dates="", sheet="Profile", heading="Other level"
    ).replace("[[collection.layout]]", "")
    partners = yearly(tmp_path / "p", two)
    with pytest.raises(
        UsageError, match="profile: has no workbook to fill in, because two of its tables lie on one sheet"
    ):
        template_of("profile", settings(today=DAY, partners=partners))
