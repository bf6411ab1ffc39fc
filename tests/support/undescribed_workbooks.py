"""Workbooks that nobody has described, of many shapes, each with the figures that a person would read off it."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import openpyxl

from tests.support.raw_workbooks import ods

Rows = Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Undescribed:
    """A workbook: its name, its bytes, and figures of it as cell, area, period, breakdown and value. `reads` is how many
    figures there are; `says` are words that its draft must hold."""

    name: str
    content: bytes
    figures: tuple[tuple[str, str, str, str, float | None], ...]
    reads: int
    says: tuple[str, ...] = ()


def workbook(sheets: Mapping[str, Rows], merges: Mapping[str, Sequence[str]] | None = None) -> bytes:
    """An Excel workbook of some sheets."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
        for area in (merges or {}).get(name, ()):
            sheet.merge_cells(area)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


TIDY = Undescribed(
    "refuge places.xlsx",
    workbook(
        {
            "Data": [
                ["Area code", "Area name", "Year", "Refuge places per 100,000", "Notes"],
                ["E06000016", "Leicester", "2009/10", 4.5, "checked"],
                ["E06000016", "Leicester", "2010/11", 4.75, None],
                ["E06000015", "Derby", "2009/10", 3.25, None],
                ["E06000015", "Derby", "2010/11", 3.5, None],
            ]
        }
    ),
    (("Data!D2", "Leicester", "2009/10", "Total", 4.5), ("Data!D5", "Derby", "2010/11", "Total", 3.5)),
    4,
    ('unit = "rate per 100,000"', 'ignore = ["Area name", "Notes"]'),
)
WIDE_BY_YEAR = Undescribed(
    "library visits.xlsx",
    workbook(
        {
            "Visits": [
                ["Visits to libraries"],
                [],
                ["Council", "2008/09", "2009/10", "2010/11"],
                ["Leicester", 1200, 1310, 1405],
                ["Derby", 900, "..", 955],
                ["Total", 2100, 1310, 2360],
                [],
                ["Source: library counters"],
            ]
        }
    ),
    (("Visits!B4", "Leicester", "2008/09", "Total", 1200), ("Visits!C5", "Derby", "2009/10", "Total", None)),
    6,
    (r"match = '^\d{4} ?[/–-] ?\d{2}$'", "^Total$", 'stop = ["^Source"]', "visits-to-libraries"),
)
WIDE_BY_INDICATOR = Undescribed(
    "housing 2010.xlsx",
    workbook(
        {
            "Return": [
                ["Area", "Year", "Homes built", "% of homes empty", "Average rent (£)"],
                ["Leicester", 2010, 410, "2.5%", 95.5],
                ["Derby", 2010, 320, "3.1%", 88],
            ]
        }
    ),
    (("Return!C2", "Leicester", "2010", "Total", 410), ("Return!D3", "Derby", "2010", "Total", 3.1)),
    6,
    ('indicator = "homes-built"', 'unit = "%"', 'unit = "£"'),
)
TWO_ROW_HEADINGS = Undescribed(
    "attendance.xlsx",
    workbook(
        {
            "Attendance": [
                [None, "2008/09", None, "2009/10", None],
                ["Local authority", "Girls", "Boys", "Girls", "Boys"],
                ["Leicester", 93.5, 92.25, 94, 93],
                ["Derby", 92.5, 91.5, 93.5, 92.5],
            ]
        },
        {"Attendance": ["B1:C1", "D1:E1"]},
    ),
    (
        ("Attendance!B3", "Leicester", "2008/09", "Sex=Girls", 93.5),
        ("Attendance!E4", "Derby", "2009/10", "Sex=Boys", 92.5),
    ),
    8,
    ("breakdown.Sex", "above = 1"),
)
STACKED = Undescribed(
    "referrals.xlsx",
    workbook(
        {
            "Referrals": [
                ["Year", "Referrals", "Assessments"],
                ["Leicester"],
                ["2008/09", 310, 200],
                ["2009/10", 340, 215],
                ["Derby"],
                ["2008/09", 120, 90],
                ["2009/10", 130, 95],
            ]
        }
    ),
    (
        ("Referrals!B3", "Leicester", "2008/09", "Total", 310),
        ("Referrals!C7", "Derby", "2009/10", "Total", 95),
    ),
    8,
    ("banner = ",),
)
TITLE_WITH_PERIOD = Undescribed(
    "parks.xlsx",
    workbook(
        {
            "Parks": [
                ["Satisfaction with parks, April 2010 to March 2011"],
                ["Published 3 May 2012"],
                [],
                ["District", "Satisfied (%)", "Lower CI", "Upper CI"],
                ["Leicester", 71.5, 68, 75],
                ["Derby", 64, 61, 67],
            ]
        }
    ),
    (("Parks!B5", "Leicester", "2010/11", "Total", 71.5),),
    2,
    ('cell = "A1"', "value_low", "value_high"),
)
TOTALS_AND_NOTES = Undescribed(
    "waste.xlsx",
    workbook(
        {
            "Waste": [
                ["Authority", "Period", "Tonnes"],
                ["Leicester", "2009/10", 5200],
                ["Derby", "2009/10", "-"],
                ["Leicestershire and Rutland", "2009/10", 9000],
                ["Grand total", "2009/10", 14200],
                [],
                ["Notes"],
                ["1. Figures are of household waste only", 2009],
            ]
        }
    ),
    (("Waste!C2", "Leicester", "2009/10", "Total", 5200), ("Waste!C3", "Derby", "2009/10", "Total", None)),
    2,
    ("Grand total", 'markers = { "-" = "x" }', "QUESTION"),
)
QUARTERS = Undescribed(
    "potholes.csv",
    b"Authority,Financial year,Quarter,Potholes repaired\r\nLeicester,2010/11,Q1,120\r\nLeicester,2010/11,Q2,95\r\n"
    b"Derby,2010/11,Q1,80\r\nDerby,2010/11,Q2,x\r\n",
    (("csv!D2", "Leicester", "Q1 2010/11", "Total", 120), ("csv!D5", "Derby", "Q2 2010/11", "Total", None)),
    4,
    ("parts = ", 'time_identifier = "Financial quarter"'),
)
EES = Undescribed(
    "absence_la.csv",
    b"time_period,time_identifier,geographic_level,country_code,country_name,region_code,region_name,new_la_code,la_name,"
    b"school_type,sess_unauth_percent\r\n"
    b"200910,Academic year,National,E92000001,England,,,,,Total,1.25\r\n"
    b"200910,Academic year,National,E92000001,England,,,,,Secondary,1.5\r\n"
    b"200910,Academic year,Local authority,E92000001,England,E12000004,East Midlands,E06000016,Leicester,Total,1.75\r\n"
    b"200910,Academic year,Local authority,E92000001,England,E12000004,East Midlands,E06000016,Leicester,Secondary,c\r\n",
    (("csv!K2", "England", "2009/10", "Total", 1.25), ("csv!K4", "Leicester", "2009/10", "Total", 1.75)),
    2,
    ('shape = "ees"', "school_type", "QUESTION"),
)
SHEET_PER_YEAR = Undescribed(
    "bus punctuality.xlsx",
    workbook(
        {
            "Read me": [["Sent by the transport team"], ["Ask transport@example.org"]],
            "2008-09": [["Area", "Punctual, per cent"], ["Leicester", 81], ["Derby", 79.5]],
            "2009-10": [["Area", "Punctual, per cent"], ["Leicester", 83], ["Derby", 80.5]],
        }
    ),
    (
        ("'2008-09'!B2", "Leicester", "2008/09", "Total", 81),
        ("'2009-10'!B3", "Derby", "2009/10", "Total", 80.5),
    ),
    4,
    ('sheet = "20??-??"', 'ignore_sheets = ["Read me"]'),
)
AREAS_ACROSS = Undescribed(
    "comparison.xlsx",
    workbook(
        {
            "Comparison": [
                ["Year", "2010"],
                [],
                ["Indicator", "Leicester", "Derby", "England"],
                ["Smoking prevalence (%)", 24.5, 23, 21],
                ["Life expectancy at birth", 77.5, 78, 79.5],
            ]
        }
    ),
    (
        ("Comparison!B4", "Leicester", "2010", "Total", 24.5),
        ("Comparison!D5", "England", "2010", "Total", 79.5),
    ),
    6,
    ('beside = "Year"', "smoking-prevalence"),
)
TWO_TABLES = Undescribed(
    "care.xlsx",
    workbook(
        {
            "Care": [
                ["Children in care"],
                ["Area", "2009", "2010"],
                ["Leicester", 450, 470],
                [],
                ["Foster homes"],
                ["Area", "2009", "2010"],
                ["Leicester", 210, 220],
                ["Derby", 180, 190],
            ]
        }
    ),
    (("Care!C3", "Leicester", "2010", "Total", 470), ("Care!B8", "Derby", "2009", "Total", 180)),
    6,
)
OPEN_DOCUMENT = Undescribed(
    "cycling.ods",
    ods(
        "".join(
            "<table:table-row>"
            + "".join(
                f'<table:table-cell office:value-type="float" office:value="{cell}"><text:p>{cell}</text:p></table:table-cell>'
                if isinstance(cell, (int, float))
                else f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>'
                for cell in row
            )
            + "</table:table-row>"
            for row in (
                ("ONS code", "Year", "Number of cyclists", "Population"),
                ("E06000016", "2009/10", 5100, 300000),
                ("E06000015", "2009/10", 4200, 240000),
            )
        )
    ),
    (("Figures!C2", "Leicester", "2009/10", "Total", 5100),),
    4,
)
SHAPES = (
    TIDY,
    WIDE_BY_YEAR,
    WIDE_BY_INDICATOR,
    TWO_ROW_HEADINGS,
    STACKED,
    TITLE_WITH_PERIOD,
    TOTALS_AND_NOTES,
    QUARTERS,
    EES,
    SHEET_PER_YEAR,
    AREAS_ACROSS,
    TWO_TABLES,
    OPEN_DOCUMENT,
)
