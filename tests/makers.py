"""Small files that tests make for themselves: a partner of their own with one simple return."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl

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


def write_return(path: Path, rows: Sequence[Sequence[Any]] = GOOD, *, title: str = "Attainment return") -> Path:
    """A workbook with a title, headings in row 3 and rows from row 4."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Figures"
    sheet["A1"] = title
    for column, heading in enumerate(HEADINGS, start=1):
        sheet.cell(3, column, heading)
    for number, row in enumerate(rows, start=4):
        for column, value in enumerate(row, start=1):
            sheet.cell(number, column, value)
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    settled = time.time() - 60  # a file that has lain a minute need not be waited for
    os.utime(path, (settled, settled))
    return path
