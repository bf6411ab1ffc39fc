"""Example returns of the schools and learning partner, but for the csv of key stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tools.example_returns.sheet_content import ALL_ILLUSTRATIVE, ALL_REPORTED, BOTH, Sheet

EYFSP = (
    Sheet(
        "EYFSP",
        above=[("Early Years Foundation Stage Profile",), (ALL_REPORTED,)],
        head=[("Area", "Good level of development (%)"), (None, "2009/10")],
        body=[("Nottingham", 54.1)],
        notes=["78 points or more, and 6 or more in each scale of personal and language development."],
        formats={"2009/10": "0.0"},
    ),
    Sheet(
        "Calc",
        above=[("Owner's working sheet, hidden",)],
        head=[("Step", "Done")],
        body=[("Moderation", "yes"), ("Checked against the profile return", "yes")],
        hidden=True,
    ),
)

ABSENCE = (
    Sheet(
        "Primary absence",
        above=[("Overall absence from primary schools",), (BOTH,)],
        head=[("Measure", "Area", "Period", "% of half days missed", "Basis")],
        body=[
            ("Overall absence, autumn term", "Nottingham", "Autumn term 2010/11", 7.9, "Reported"),
            ("Overall absence, full year", "Nottingham", "2009/10", 6.5, "Illustrative"),
            ("Overall absence, full year", "Nottingham", "2008/09", 6.8, "Illustrative"),
            ("Overall absence, full year", "Nottingham", "2007/08", 6.6, "Illustrative"),
        ],
        notes=["A term must not be compared with a full year."],
        formats={"% of half days missed": "0.0"},
    ),
    Sheet(
        "Primary persistent absence",
        above=[("Persistent absence from primary schools (64 half days or more)",), (ALL_ILLUSTRATIVE,)],
        head=[("Year", "Area", "Enrolments", "Persistent absentees", "% persistently absent", "Basis")],
        body=[
            ("2006/07", "Nottingham", 19200, 1248, 6.5, "Illustrative"),
            ("2007/08", "Nottingham", 19000, 1197, 6.3, "Illustrative"),
            ("2008/09", "Nottingham", 18850, 1150, 6.1, "Illustrative"),
            ("2009/10", "Nottingham", 19100, 1032, 5.4, "Illustrative"),
            ("All years", None, 76150, 4627, None, None),
        ],
        notes=["Enrolments, not pupils: a pupil who moves school counts twice."],
        formats={"Enrolments": "#,##0", "Persistent absentees": "#,##0", "% persistently absent": "0.0"},
    ),
    Sheet(
        "Secondary PA",
        above=[("Persistent absence from secondary schools (64 half days or more)",), (ALL_REPORTED,)],
        head=[
            ("Area", "Year", "Persistently absent (%)", None),
            (None, None, "Without academies", "With academies"),
        ],
        body=[("Nottingham", "2009/10", 5.8, 7.2)],
        notes=["The national indicator counts schools that the council maintains: the figure without academies."],
        formats={"Without academies": "0.0", "With academies": "0.0"},
    ),
    Sheet(
        "Secondary gap",
        above=[("Overall absence from secondary schools: gap to England",), (ALL_REPORTED,)],
        head=[("Area", "Year", "Gap to England (points)")],
        body=[("Nottingham", "2001/02", 3.7)],
        notes=["Later gaps are not stated as figures."],
    ),
    Sheet(
        "Schools",
        above=[("Secondary schools in the city",), (ALL_REPORTED,)],
        head=[("Count", "Of which", "Area", "Year", "Number")],
        body=[
            ("Secondary schools with persistent absence above 10%", "All", "Nottingham", "2009/10", 4),
            ("Secondary schools with persistent absence above 10%", "Academies", "Nottingham", "2009/10", 3),
            ("Secondary academies open", "All", "Nottingham", "2009/10", 4),
        ],
    ),
    Sheet(
        "Notes",
        above=[("About these figures",)],
        head=[("Subject", "Note")],
        body=[("Source", "School Census; national comparators arrive a year later.")],
    ),
)

NATIONAL_RATE = "Expected at the national rate"
INSPECTIONS = (
    Sheet(
        "Counts",
        above=[("Ofsted inspections of schools and settings",), (ALL_REPORTED,)],
        head=[("Count of", "Area", "Window", "Number", "As stated")],
        # Numbers typed as text, as a paste from a report leaves them.
        body=[
            ("School inspections", "Nottingham", "September 2007 to December 2010", "104", None),
            ("Settings inspected", "England", "September 2007 to December 2010", "23,000", "over 23,000"),
            ("School inspections published", "Nottingham", "since September 2009", "35", None),
            ("Every Child Matters areas in which childcare is above England", "Nottingham", "since 2008", "2", None),
        ],
        notes=["Inspections of schools are counted locally and settings nationally: take no share of the two."],
    ),
    Sheet(
        "Attainment judgement",
        above=[("Schools judged inadequate for attainment",), (ALL_REPORTED,)],
        head=[("Area", "Window", "Schools judged inadequate", "Schools inspected", NATIONAL_RATE)],
        body=[("Nottingham", "since September 2009", 14, 35, 6)],
        notes=["Few schools: differences may be chance."],
    ),
    Sheet(
        "Judgements",
        above=[("Judgements of the city's services for children",), (ALL_REPORTED,)],
        head=[("Judged", "Area", "When", "Judgement")],
        body=[
            ("Annual performance assessment", "Nottingham", 2009, "good"),
            ("Annual performance assessment", "Nottingham", 2010, "adequate"),
            ("Safeguarding and looked-after children", "Nottingham", "November to December 2010", "good"),
        ],
        notes=["From 2010 the assessment follows performance against England: do not compare it with 2009."],
    ),
)

WORKBOOKS: Mapping[str, Sequence[Sheet]] = {
    "schools-learning/EYFSP_results_2010.xlsx": EYFSP,
    "schools-learning/Absence_2010-11.xlsx": ABSENCE,
    "schools-learning/Ofsted_inspections_2010.xlsx": INSPECTIONS,
}
"""The sheets of each workbook by its path in the inbox."""
