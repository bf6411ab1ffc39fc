"""Write the example returns: workbooks such as partners really send, with the figures of a year-end review of 2010/11.

Every figure that the review states stands here exactly as printed. What a realistic return needs beyond them is
invented and says so in the workbook: `illustrative` in a Basis column or in a heading. Running it twice gives the same
bytes.

    python -m tools.example_returns [DIR]      (DIR is inputs/incoming unless given)
"""

from __future__ import annotations

import csv
import io
import re
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

Cell = str | float | date | None
Row = tuple[Cell, ...]

INCOMING = Path(__file__).parents[2] / "inputs" / "incoming"
WRITTEN = datetime(2011, 5, 26, 9, 0)  # noqa: DTZ001 (workbook properties know no time zone)
BOTH = "Example return. Basis: reported = printed in the year-end review of 2010/11; illustrative = invented."
ALL_REPORTED = "Example return. Every figure is as printed in the year-end review of 2010/11."
ALL_ILLUSTRATIVE = "Example return. Every figure is illustrative, that is, invented."


@dataclass(frozen=True)
class Sheet:
    """One sheet: lines above the table, one or two rows of headings, the table, notes under it.

    In two rows of headings a blank is merged with the heading to its left, or with the one above. `formats` gives the
    number format of the column under a (last) heading.
    """

    name: str
    above: Sequence[Row]
    head: Sequence[Row]
    body: Sequence[Row]
    notes: Sequence[str] = ()
    formats: Mapping[str, str] = field(default_factory=dict)
    hidden: bool = False


# -- health ------------------------------------------------------------------------------------------------------------

NCMP_HEAD: Sequence[Row] = (("Children measured", None, "Prevalence"), ("Age group", "Area", "% obese"))
NCMP = (
    Sheet(
        "2009-10",
        above=[("National Child Measurement Programme, school year 2009/10",), (ALL_REPORTED,)],
        head=NCMP_HEAD,
        body=[
            ("Reception (4-5)", "Nottingham City PCT", 11.3),
            ("Reception (4-5)", "England", 9.8),
            ("Year 6 (10-11)", "Nottingham City PCT", 21.9),
            ("Year 6 (10-11)", "England", 18.7),
        ],
        notes=[
            "Obese: body mass index at or above the 95th centile of the 1990 British growth reference.",
            "Areas are NHS trusts, not councils.",
        ],
        formats={"% obese": "0.0"},
    ),
    Sheet(
        "2008-09",
        above=[("National Child Measurement Programme, school year 2008/09",), (ALL_REPORTED,)],
        head=NCMP_HEAD,
        body=[("Reception (4-5)", "Nottingham City PCT", ".."), ("Year 6 (10-11)", "Nottingham City PCT", 22.6)],
        notes=[".. not available in this return"],
        formats={"% obese": "0.0"},
    ),
    Sheet(
        "Ranking",
        above=[("Child obesity: rank among local NHS areas",), (ALL_REPORTED,)],
        head=[("Area", "Year", "Rank", "As published")],
        body=[("Nottingham City PCT", "2009/10", 123, "123rd of 151")],
        notes=["1 is the lowest obesity. The age group ranked is not stated."],
    ),
    Sheet(
        "Notes",
        above=[("About these figures",)],
        head=[("Subject", "Note")],
        body=[("Coverage", "State-funded schools. Uneven participation can move a figure.")],
    ),
)

SUBSTANCE_MISUSE = (
    Sheet(
        "Referrals",
        above=[("Young people referred for substance misuse, assessment or treatment",), (ALL_ILLUSTRATIVE,)],
        head=[
            ("Area", "Basis", "Referrals in the financial year", None, None),
            (None, None, "2008/09", "2009/10", "2010/11"),
        ],
        body=[("Nottingham City", "Illustrative", 212, 248, 275)],
        notes=["More referrals count as good by the partnership's convention."],
    ),
    Sheet(
        "Estimates",
        above=[("Estimates quoted in the review",), (ALL_REPORTED,)],
        head=[("Estimate", "Area", "Year", "From", "To", "Source")],
        body=[("People affected by each problem drug user", "United Kingdom", 2004, 1, 5, "Hidden Harm")],
        notes=["From: children under 16. To: anyone close to the user."],
    ),
)

# -- schools and learning ----------------------------------------------------------------------------------------------

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

KEY_STAGES_HEAD = (
    "time_period", "time_identifier",
    "geographic_level", "country_code", "country_name", "region_code", "region_name",
    "old_la_code", "new_la_code", "la_name",
    "measure", "subject", "figure", "unit", "status",
)  # fmt: skip
COUNTRY = ("E92000001", "England")
PLACES = {
    "Nottingham": ("Local authority", *COUNTRY, "E12000004", "East Midlands", "892", "E06000018", "Nottingham"),
    "England": ("National", *COUNTRY, "", "", "", "", ""),
    "Neighbours": ("Statistical neighbours", *COUNTRY, "", "", "", "", "Statistical neighbours of Nottingham"),
}
KS1, KS2 = "KS1 level 2+, change on year", "KS2 level 4+ English and maths"
KS4, SCIENCE = "KS4 5+ A*-C incl English and maths", "KS4 2+ A*-C science"
CHANGE, EBACC = ", change on year", "KS4 English Baccalaureate"
KEY_STAGES: Sequence[tuple[str, str, str, str, str, str, str]] = (
    # place, time period, measure, subject, figure, unit, status
    ("Nottingham", "200910", KS1, "Reading", "0", "points", ""),
    ("Nottingham", "200910", KS1, "Writing", "0", "points", ""),
    ("Nottingham", "200910", KS1, "Mathematics", "-3", "points", ""),
    ("Nottingham", "200910", KS2, "Total", "67", "%", "u"),
    ("Nottingham", "200809", KS2, "Total", "67", "%", ""),
    ("England", "200910", KS2, "Total", "74", "%", "u"),
    ("Neighbours", "200910", KS2, "Total", "70", "%", "u"),
    ("Nottingham", "200910", KS4, "Total", "44.2", "%", ""),
    ("Nottingham", "200809", KS4, "Total", "41.4", "%", ""),
    ("England", "200910", KS4, "Total", "53.7", "%", ""),
    ("Nottingham", "200910", KS4 + CHANGE, "Total", "2.8", "points", ""),
    ("England", "200910", KS4 + CHANGE, "Total", "3.6", "points", ""),
    ("Nottingham", "200910", EBACC, "Total", "8.9", "%", ""),
    ("England", "200910", EBACC, "Total", "15.6", "%", ""),
    ("Nottingham", "200910", SCIENCE, "Total", "58.4", "%", ""),
    ("England", "200910", SCIENCE, "Total", "60.2", "%", ""),
    ("Nottingham", "200910", SCIENCE + CHANGE, "Total", "8.6", "points", ""),
    ("England", "200910", SCIENCE + CHANGE, "Total", "6.0", "points", ""),
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

# -- careers, 14 to 19 -------------------------------------------------------------------------------------------------

SEPTEMBER = date(2010, 9, 1)
NEET = (
    Sheet(
        "NEET",
        above=[("16 to 18 year olds not in education, employment or training",), (BOTH,)],
        head=[("Measure", "Area", "Period", "% of 16 to 18 year olds", "Status", "Basis")],
        body=[
            ("NEET at the end of September", "Nottingham City", SEPTEMBER, 4.1, "indicative", "Reported"),
            ("Not known at the end of September", "Nottingham City", SEPTEMBER, 18.5, None, "Illustrative"),
            ("NEET, November to January average", "Nottingham City", "2009/10", 5.2, None, "Illustrative"),
            ("Not known, November to January average", "Nottingham City", "2009/10", 6.0, None, "Illustrative"),
        ],
        notes=["September is the month in which most is not known: never compare it with the annual average."],
        formats={"Period": "mmm-yy", "% of 16 to 18 year olds": "0.0"},
    ),
)

LEVEL_2_AND_3 = (
    Sheet(
        "Attainment",
        above=[("Level 2 and level 3 by age 19",), (ALL_REPORTED,)],
        head=[
            ("Cohort", None, None, None, "Reached the level"),
            ("Level", "Free school meals", "Area", "Year", "% of cohort"),
        ],
        body=[
            ("Level 2", "All", "Nottingham", "2009/10", 68.4),
            ("Level 2", "All", "England", "2009/10", 81.5),
            ("Level 2", "FSM", "Nottingham", "2009/10", 52),
            ("Level 3", "All", "Nottingham", "2009/10", 39.7),
        ],
        notes=["Cohort: 19 year olds who studied in the area's schools."],
    ),
    Sheet(
        "Without level 2",
        above=[("19 year olds without level 2",), (ALL_REPORTED,)],
        head=[("Free school meals", "Area", "Year", "Share without level 2")],
        body=[("FSM", "Nottingham", "2009/10", 0.48)],
        formats={"Share without level 2": "0%"},
    ),
    Sheet(
        "Gaps and changes",
        above=[("Gaps and changes, as printed",), (ALL_REPORTED,)],
        head=[("Difference", "Area", "Year", "Points")],
        body=[
            ("Level 2, change on year", "Nottingham", "2009/10", "5.5%"),
            ("Level 2, FSM gap", "Nottingham", "2009/10", "21%"),
            ("Level 2, FSM gap, change on year", "Nottingham", "2009/10", "0%"),
            ("Level 2, FSM gap, change over five years", "Nottingham", "2009/10", "-6%"),
            ("Level 3, change on year", "Nottingham", "2009/10", "3%"),
            ("Level 3, gap to England", "Nottingham", "2009/10", "-14.5%"),
            ("Level 3, FSM gap", "Nottingham", "2009/10", "20%"),
            ("Level 3, FSM gap, change on year", "Nottingham", "2009/10", "2%"),
        ],
        notes=["Percentage points throughout. A gap is the share of non-FSM less that of FSM; minus: it has closed."],
    ),
    Sheet(
        "Ranking",
        above=[("Level 2 by age 19: rank among local authorities",), (ALL_REPORTED,)],
        head=[("Area", "Year", "Rank", "As published")],
        body=[("Nottingham", "2009/10", 150, "150th of 152")],
        notes=["1 is the highest share."],
    ),
)

# -- community safety --------------------------------------------------------------------------------------------------

DOMESTIC_VIOLENCE = (
    Sheet(
        "Repeat cases",
        above=[("Cases heard at the risk assessment conference",), (ALL_ILLUSTRATIVE,)],
        head=[("Area", "Year", "Repeat cases", "Cases heard", "% repeat", "Basis")],
        body=[
            ("Nottingham", "2009/10", 126, 420, 30.0, "Illustrative"),
            ("Nottingham", "2010/11", 92, 460, 20.0, "Illustrative"),
        ],
        notes=["A low rate may mean that agencies refer less."],
        formats={"% repeat": "0.0"},
    ),
    Sheet(
        "Reduction",
        above=[("Repeat incidents of domestic violence",), (ALL_REPORTED,)],
        head=[("Area", "Year", "Reduction on the year before")],
        body=[("Nottingham", "2010/11", "approximately one third")],
    ),
    Sheet(
        "Children",
        above=[("Children and young people living with domestic violence",), (ALL_REPORTED,)],
        head=[("Area", "Year", "Lower estimate", "Upper estimate", "Status")],
        body=[("Nottingham", 2011, 7000, 10000, "estimate")],
        notes=["A modelled range: do not take the middle."],
        formats={"Lower estimate": "#,##0", "Upper estimate": "#,##0"},
    ),
    Sheet(
        "Refuges",
        above=[("Domestic violence refuges",), (ALL_REPORTED,)],
        head=[("Refuges", "Area", "Year", "Number")],
        body=[("Open", "Nottingham", 2011, 3), ("Closed in the year", "Nottingham", 2011, 3)],
    ),
)

ROAD_CASUALTIES = (
    Sheet(
        "Casualties",
        above=[("Road casualties under 16",), (ALL_ILLUSTRATIVE,)],
        head=[
            ("Area", "Children killed or seriously injured in the calendar year (illustrative)", None, None, None),
            (None, "2007", "2008", "2009", "2010"),
        ],
        body=[("Nottingham", 14, 11, 8, "*")],
        notes=["* fewer than 5, not shown"],
    ),
)

REFERRALS = (
    Sheet(
        "Referral rates",
        above=[("Referrals to children's social care",), (ALL_ILLUSTRATIVE,)],
        head=[("Area", "Year", "Referrals", "Children under 18", "Rate per 10,000", "Basis", "Working notes")],
        body=[
            ("Nottingham", "2007/08", 4095, 58500, 700.0, "Illustrative", None),
            ("Nottingham", "2008/09", 4350, 58000, 750.0, "Illustrative", "new recording from January"),
            ("Nottingham", "2009/10", 4640, 58000, 800.0, "Illustrative", "to be confirmed with the team"),
        ],
        notes=["Neither more nor fewer referrals is good in itself."],
        formats={"Referrals": "#,##0", "Children under 18": "#,##0", "Rate per 10,000": "0.0"},
    ),
    Sheet("Sheet1 (2)", above=[], head=[("Quarter", "Referrals (illustrative)")], body=[("Q1", 1130), ("Q2", 1185)]),
)

# -- early years -------------------------------------------------------------------------------------------------------

CENTRES_ABOVE: Sequence[Row] = (("Children's centres",), (ALL_REPORTED,), ("As at", "30 April 2011"))
CENTRES = (
    Sheet(
        "Centres",
        above=CENTRES_ABOVE,
        head=[("Centres", None, "Number")],
        body=[("Open", None, 18), ("Inspected by Ofsted", None, 5)],
    ),
    Sheet(
        "Inspections",
        above=CENTRES_ABOVE,
        head=[("Judgement", None, "Centres inspected")],
        body=[("Outstanding", None, 1), ("Good", None, 3), ("Satisfactory", None, 1), ("Total", None, 5)],
        notes=["Five are too few for a percentage."],
    ),
)

GOOD, PLACES_HELD, VACANCIES = "Providers good or outstanding (%)", "Childcare places", "Childcare vacancies"
# The bad return: eleven faults, one in each row that says so, and rows beside them that are right.
CHILDCARE = (
    Sheet(
        "Childcare",
        above=[("Childcare: quality and places",), (BOTH,)],
        head=[("Measure", "Area", "Year", "Good or outstanding", "Inspected", "Value", "Basis")],
        body=[
            (GOOD, "Nottingham", 2009, 198, 300, 66.0, "Illustrative"),
            (GOOD, "Nottingham", "not stated", None, None, "68%", "Reported"),  # no period
            (GOOD, "Mottingham", 2009, None, None, 64.0, "Illustrative"),  # no area we know
            (GOOD, "East Midlands", 2009, None, None, 167, "Illustrative"),  # above 100%
            (GOOD, "East Midlands", 2010, 320, 300, 64.0, "Illustrative"),  # more good than inspected
            (GOOD, "England", 2009, None, None, "#DIV/0!", "Illustrative"),  # a formula gone wrong
            (GOOD, "England", 2010, 210, 300, 75.0, "Illustrative"),  # 210 of 300 is 70%
            (GOOD, "England", "last year", None, None, 66.0, "Illustrative"),  # which year?
            (PLACES_HELD, "Nottingham", 2009, None, None, "about 8,500", "Illustrative"),  # text
            (PLACES_HELD, "Nottingham", 2010, None, None, 8620, "Illustrative"),
            (VACANCIES, "Nottingham", 2009, None, None, 640, "Illustrative"),
            (VACANCIES, "Nottingham", 2009, None, None, 655, "Illustrative"),  # twice
            (VACANCIES, "Nottingham", 2010, None, None, None, "Illustrative"),  # blank
            ("After-school clubs", "Nottingham", 2010, None, None, 12, "Illustrative"),  # no measure we know
        ],
        notes=["68% is printed in the review without a period."],
    ),
)

# -- finance, partnership office ---------------------------------------------------------------------------------------

POLICE_AREA = "Nottinghamshire Police"
BUDGETS = (
    Sheet(
        "Change in £m",
        above=[("Change in funding against the year before, £ million",), (ALL_REPORTED,)],
        head=[("Budget", "Area", "Year", "£m", "As stated", "Status")],
        body=[
            ("Council, government funding", "Nottingham", 2011, -60, None, None),
            ("Children's services", "Nottingham", 2011, -23, "over £23M", None),
            ("Police", POLICE_AREA, "2011/12", -10.3, "approx. £10.3M", None),
            ("Voluntary and community sector", "Nottingham", 2011, -18, "approximately £18M", "estimate"),
            ("Early Intervention Grant", "Nottingham", 2011, -5.303, None, None),
        ],
        notes=["A loss is negative. The lines overlap: do not add them."],
    ),
    Sheet(
        "Change in per cent",
        above=[("Change in funding, per cent",), (ALL_REPORTED,)],
        head=[("Budget", "Area", "Year", "Change", "Status")],
        body=[
            ("Children's services", "Nottingham", 2011, -0.246, None),
            ("Police", POLICE_AREA, "2011/12", -0.05, None),
            ("Police, over four years", POLICE_AREA, "2011/12", -0.22, None),
            ("Voluntary and community sector", "Nottingham", 2011, -0.38, "estimate"),
            ("Scheme that replaces EMA, as a share of EMA", "Nottingham", 2011, 0.32, None),
        ],
        notes=["The last line is a national share."],
        formats={"Change": "0.0%"},
    ),
    Sheet(
        "EMA",
        above=[("Education Maintenance Allowance",), (ALL_REPORTED,)],
        head=[("Students", "Area", "Academic year", "Number", "Status")],
        body=[
            ("Claiming the allowance", "Nottingham", "2009/10", 4608, "estimate"),
            ("In further education because of it", "Nottingham", "2009/10", 385, "estimate"),
        ],
        formats={"Number": "#,##0"},
    ),
)

FACTS = (
    Sheet(
        "Facts",
        above=[("Year-end facts of the partnership",), (ALL_REPORTED,)],
        head=[("Fact", "Area", "Period", "Number", "Out of", "Remark")],
        body=[
            ("Strategic objectives", "Nottingham", "2010/11", 5, None, None),
            ("Operational objectives", "Nottingham", "2010/11", 17, None, "in five strategic ones"),
            ("Operational objectives never reported", "Nottingham", "2010/11", 2, None, None),
            ("Priorities with a lead director", "Nottingham", "2010/11", 4, 5, "substance misuse had none"),
            ("Measures in the National Indicator Set", "England", "May 2010", 200, None, "as the partnership put it"),
        ],
    ),
)

ACTIONS = (
    Sheet(
        "Actions",
        above=[("Action log",), (ALL_ILLUSTRATIVE,), ("Year", "2011/12")],
        head=[("No.", "Action", "Indicator", "Owner", "Due", "State", "Evidence of effect", "Basis")],
        body=[
            (
                "A01",
                "Visit every school above 10% persistent absence",
                "persistent-absence-secondary",
                "Director for Schools and Learning",
                "2011-09-30",
                "open",
                None,
                "Illustrative",
            ),
            (
                "A02",
                "Text parents on the first morning of an absence",
                "persistent-absence-secondary",
                "Director for Schools and Learning",
                "2011-12-31",
                "open",
                None,
                "Illustrative",
            ),
            (
                "A03",
                "Offer a place in a weight programme to every family told of obesity",
                "obesity-year-6",
                "Deputy Director of Public Health",
                "2011-10-31",
                "open",
                None,
                "Illustrative",
            ),
            (
                "A04",
                "Tutor pupils at the border of grade C in mathematics",
                "ks4-five-good-gcses",
                "Director of Children's Services",
                "2011-05-01",
                "done",
                "Mock results rose in four of six schools",
                "Illustrative",
            ),
        ],
    ),
)

WORKBOOKS: Mapping[str, Sequence[Sheet]] = {
    "health/NCMP_Nottingham_2009-10.xlsx": NCMP,
    "health/Substance_misuse_2010-11.xlsx": SUBSTANCE_MISUSE,
    "schools-learning/EYFSP_results_2010.xlsx": EYFSP,
    "schools-learning/Absence_2010-11.xlsx": ABSENCE,
    "schools-learning/Ofsted_inspections_2010.xlsx": INSPECTIONS,
    "careers/NEET_September_2010.xlsx": NEET,
    "fourteen-nineteen/Level_2_and_3_at_19_2010.xlsx": LEVEL_2_AND_3,
    "community-safety/Domestic_violence_2010-11.xlsx": DOMESTIC_VIOLENCE,
    "community-safety/Road_casualties_2010.xlsx": ROAD_CASUALTIES,
    "community-safety/Social_care_referrals_2009-10.xlsx": REFERRALS,
    "early-years/Childrens_centres_April_2011.xlsx": CENTRES,
    "early-years/Childcare_quality_2010.xlsx": CHILDCARE,
    "finance/Budget_position_2011.xlsx": BUDGETS,
    "partnership-office/Year_end_facts_2010-11.xlsx": FACTS,
    "partnership-office/Action_log_2011-12.xlsx": ACTIONS,
}
KEY_STAGES_CSV = "schools-learning/Key_stages_2010.csv"


# -- writing -----------------------------------------------------------------------------------------------------------


def write(folder: Path = INCOMING) -> list[Path]:
    """Write every example return under a folder, one folder a partner; gives the paths written."""
    contents = {name: workbook(sheets) for name, sheets in WORKBOOKS.items()}
    contents[KEY_STAGES_CSV] = key_stages()
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return [folder / name for name in contents]


def workbook(sheets: Sequence[Sheet]) -> bytes:
    """The bytes of an xlsx workbook, the same every time."""
    book = Workbook()
    book.remove(book.active)
    book.properties.creator = "Example partner"
    book.properties.title = "Example return"
    book.properties.created = WRITTEN
    for sheet in sheets:
        _fill(book.create_sheet(sheet.name), sheet)
    saved = io.BytesIO()
    book.save(saved)
    return _without_time(saved.getvalue())


def _fill(page: Worksheet, sheet: Sheet) -> None:
    above = [*sheet.above, ()] if sheet.above else []
    notes = [(), *((note,) for note in sheet.notes)] if sheet.notes else []
    for row in (*above, *sheet.head, *sheet.body, *notes):
        page.append(row)
    if above:
        page["A1"].font = Font(bold=True, size=14)
    first, last = len(above) + 1, len(above) + len(sheet.head)
    for line in page.iter_rows(first, last):
        for cell in line:
            cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="top")
    for area in _merged(sheet.head, first):
        page.merge_cells(area)
    for number, heading in enumerate(sheet.head[-1], start=1):
        page.column_dimensions[get_column_letter(number)].width = 40 if number == 1 else 18
        for (cell,) in page.iter_rows(last + 1, last + len(sheet.body), number, number):
            cell.number_format = sheet.formats.get(str(heading), "General")
    page.sheet_state = "hidden" if sheet.hidden else "visible"


def _merged(head: Sequence[Row], first: int) -> Iterator[str]:
    """The merged areas of two rows of headings, of which the upper one is row `first`."""
    if len(head) < 2:
        return
    upper, lower = head
    for left, heading in enumerate(upper, start=1):
        right = left
        while right < len(upper) and upper[right] is None and lower[right] is not None:
            right += 1
        bottom = first + 1 if lower[left - 1] is None else first
        if heading is not None and (right, bottom) != (left, first):
            yield f"{get_column_letter(left)}{first}:{get_column_letter(right)}{bottom}"


def _without_time(content: bytes) -> bytes:
    """The same workbook without the moment at which it was saved, and stored unpacked, because what a compressor makes
    of a text differs from machine to machine."""
    fixed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as saved, zipfile.ZipFile(fixed, "w") as out:
        for name in saved.namelist():
            part = saved.read(name)
            if name == "docProps/core.xml":
                stamp = rf"\g<1>{WRITTEN:%Y-%m-%dT%H:%M:%SZ}".encode()
                part = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", stamp, part)
            info = zipfile.ZipInfo(name, WRITTEN.timetuple()[:6])
            info.create_system = 3
            out.writestr(info, part)
    return fixed.getvalue()


def key_stages() -> bytes:
    """The csv of key stage results, in the columns of the Department for Education."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(KEY_STAGES_HEAD)
    for place, period, *figure in KEY_STAGES:
        out.writerow((period, "Academic year", *PLACES[place], *figure))
    return text.getvalue().encode()


if __name__ == "__main__":
    for written in write(*map(Path, sys.argv[1:2])):
        print(written)
