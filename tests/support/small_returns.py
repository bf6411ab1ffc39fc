"""Small files that tests make for themselves: a partner of their own with one simple return."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl

from tests.support.places import Place

Rows = tuple[tuple[Any, ...], ...]

KS2 = ("ks2-level-4-english-maths", "E06000018", "200910")

PARTNER = """
id = "{id}"
name = "A partner made by a test"
email = "{id}@example.org"

[[collection]]
id = "{id}-attainment"
title = "Attainment"
files = ["attainment*"]
on_error = "{on_error}"
expect = [{{ period = "2009/10", due = 2011-05-01 }}]

[[collection.layout]]
[[collection.layout.table]]
header = {{ find = "Area" }}
stop = ["^Note"]
area = {{ column = "Area" }}
period = {{ column = "Year" }}
provenance = {{ column = "Basis", default = "reported" }}

[collection.layout.table.indicator]
column = "Measure"
map = {{ "Good level" = "eyfs-good-level", "Key stage 2" = "ks2-level-4-english-maths", "Key stage 4" = "ks4-five-good-gcses", "Centres" = "childrens-centres" }}

[[collection.layout.table.value]]
column = "Per cent"
scale = "percent"
blank = "skip"

[[collection.layout.table.value]]
column = "Number"
measure = "numerator"

[[collection.layout.table.value]]
column = "Of"
measure = "denominator"
"""
BUSY_PARTNER = r"""
id = "tester"
name = "A partner made by a test"
email = "tester@example.org"

[[collection]]
id = "figures"
title = "Figures"
files = ["figures*"]
require = [{ indicator = "level-2-at-19", area = ["Nottingham", "England"] }]
[[collection.layout]]
ignore_sheets = ["Notes"]
[[collection.layout.table]]
sheet = "Figures"
header = { find = "Measure" }
area = { column = "Area" }
period = { column = "Year" }
provenance = { column = "Basis", default = "reported" }
status = { column = "Status" }
breakdown.Coverage = { column = "Group", default = "Total" }
value = [{ column = "Value" }, { column = "Number", measure = "numerator" }, { column = "Of", measure = "denominator" }]
[collection.layout.table.indicator]
column = "Measure"
[collection.layout.table.indicator.map]
"Absence" = "absence-primary"
"Centres" = "childrens-centres"
"Schools" = "schools-high-persistent-absence"
"NEET" = "neet-16-18-september"
"Not known" = "neet-16-18-september-not-known"
"Level 2" = "level-2-at-19"

[[collection]]
id = "ranges"
title = "Estimates"
files = ["ranges*"]
[[collection.layout]]
[[collection.layout.table]]
header = { find = "From" }
area = "Nottingham"
period = { column = "Year" }
indicator = "children-living-with-domestic-violence"
value = [{ column = "From", measure = "value_low" }, { column = "To", measure = "value_high" }]

[[collection]]
id = "judgements"
title = "Judgements"
files = ["judgements*"]
[[collection.layout]]
[[collection.layout.table]]
header = { find = "Judgement" }
area = "Nottingham"
period = { column = "Year" }
indicator = "childrens-services-annual-rating"
value = [{ column = "Judgement", measure = "value_text" }]

[[collection]]
id = "intervals"
title = "A share with its interval"
files = ["intervals*"]
[[collection.layout]]
[[collection.layout.table]]
header = { find = "Area" }
area = { column = "Area" }
period = { column = "Year" }
indicator = "absence-primary"
value = [{ column = "%" }, { column = "Lower", measure = "value_low" }, { column = "Upper", measure = "value_high" }]

[[collection]]
id = "places"
title = "A sheet for each place"
files = ["places*"]
[[collection.layout]]
[[collection.layout.table]]
header = { find = "Year" }
area = { sheet = '(.+)' }
period = { column = "Year" }
indicator = "absence-primary"
value = [{ column = "Absence" }]

[[collection]]
id = "twice"
title = "Two columns that say the year"
files = ["twice*"]
[[collection.layout]]
[[collection.layout.table]]
header = { find = "Year" }
area = "Nottingham"
period = { column = ["Year", "School year"] }
indicator = "absence-primary"
value = [{ column = "Absence" }]

[[collection]]
id = "labelled"
title = "A period beside its label"
files = ["labelled*"]
[[collection.layout]]
[[collection.layout.table]]
header = { find = "Primary absence" }
area = "Nottingham"
period = { beside = "Reporting period" }
indicator = "absence-primary"
value = [{ column = "Primary absence" }]

[[collection]]
id = "years"
title = "A column a year"
files = ["years*"]
[[collection.layout]]
[[collection.layout.table]]
header = { find = "Area" }
area = { column = "Area" }
indicator = "absence-primary"
period = { header = '(\d{4}.*)' }
value = [{ match = '\d{4}' }]

[[collection]]
id = "coded"
title = "Codes beside names"
files = ["coded*"]
[[collection.layout]]
[[collection.layout.table]]
header = { find = "Code" }
area = { column = ["Code", "Area"] }
period = { column = "Year" }
indicator = "absence-primary"
value = [{ column = "Absence" }]

[[collection]]
id = "chosen"
title = "Rows that are chosen by words"
files = ["chosen*"]
[[collection.layout]]
[[collection.layout.table]]
header = { find = "Level" }
area = { column = "Area" }
period = { column = "Year" }
indicator = "absence-primary"
only = [{ column = "Level", match = "^Authority$" }]
stop = ["^Refuges by year$"]
value = [{ column = "Absence" }]

[[collection]]
id = "bannered"
title = "Areas over their figures"
files = ["bannered*"]
[[collection.layout]]
[[collection.layout.table]]
sheet = "Sheet"
header = { find = "Year" }
area = { banner = '^(Nottingham|England)$' }
period = { column = "Year" }
indicator = "absence-primary"
value = [{ column = "Absence" }]
blank = "skip"
"""
"""A partner with returns of many kinds, so that every rule can be broken."""
BUSY_HEADINGS = ("Measure", "Area", "Year", "Basis", "Status", "Group", "Value", "Number", "Of")
HEADINGS = ("Area", "Measure", "Year", "Basis", "Per cent", "Number", "Of")
GOOD: tuple[tuple[Any, ...], ...] = (
    ("Nottingham", "Good level", "2009/10", "reported", 50.0, 500, 1000),
    ("England", "Good level", "2009/10", "reported", 56.0, 560, 1000),
    ("Nottingham", "Key stage 2", "2009/10", "reported", 67, None, None),
    ("Nottingham", "Key stage 2", "2008/09", "reported", 67, None, None),
    ("Nottingham", "Key stage 4", "2009/10", "reported", "44.2%", None, None),
)


def write_partner(folder: Path, name: str = "tester", *, on_error: str = "reject") -> Path:
    """The TOML of a partner of the test's own; the folder that holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.toml").write_text(PARTNER.format(id=name, on_error=on_error), encoding="utf-8")
    return folder


def write_return(
    path: Path, rows: Sequence[Sequence[Any]] = GOOD, *, title: str = "Attainment return", heading: str = "Per cent"
) -> Path:
    """A workbook with a title, headings in row 3 and rows from row 4; `heading` is that of the values."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Figures"
    sheet["A1"] = title
    for column, name in enumerate(HEADINGS, start=1):
        sheet.cell(3, column, heading if name == "Per cent" else name)
    for number, row in enumerate(rows, start=4):
        for column, value in enumerate(row, start=1):
            sheet.cell(number, column, value)
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    settled = time.time() - 60  # a file that has lain a minute need not be waited for
    os.utime(path, (settled, settled))
    return path


def book(sheets: Mapping[str, Sequence[Sequence[Any]]]) -> bytes:
    """A workbook of sheets, each with its rows from A1."""
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    whole = io.BytesIO()
    made.save(whole)
    return whole.getvalue()


def busy_rows() -> list[list[Any]]:
    """Many figures with fractions, totals and their parts, companions, and areas that must be there."""
    places = ("Nottingham", "England", "Leicester", "Derby")
    rows: list[list[Any]] = [list(BUSY_HEADINGS)]

    def add(measure: str, area: str, year: str, value: float, group: str | None = None, *parts: int) -> None:
        number, of = parts or (None, None)
        rows.append([measure, area, year, "reported", None, group, value, number, of])

    for year in (2007, 2008, 2009):
        for area in places:
            add("Absence", area, f"{year}/{year + 1}", 6.5, None, 650, 10_000)
            add("Level 2", area, f"{year}/{year + 1}", 68.4)
            add("NEET", area, str(year), 4.1)
            add("Not known", area, str(year), 8)
            if area != "England":
                for group, count in ((None, 42), ("Maintained", 30), ("Academies", 12)):
                    add("Schools", area, f"{year}/{year + 1}", count, group)
    return rows


def with_value(rows: Rows, number: int, value: object, column: int = 4) -> Rows:
    return tuple(
        tuple(value if (r, c) == (number, column) else cell for c, cell in enumerate(row)) for r, row in enumerate(rows)
    )


def values(place: Place) -> dict[tuple[Any, ...], Any]:
    rows = place.ask("SELECT indicator_id, area_code, time_period, value FROM mart.observations")
    return {row[:3]: row[3] for row in rows}
