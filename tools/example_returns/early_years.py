"""Example returns of the early years partner, of which one is full of faults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tools.example_returns.sheet_content import ALL_REPORTED, BOTH, Row, Sheet

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

WORKBOOKS: Mapping[str, Sequence[Sheet]] = {
    "early-years/Childrens_centres_April_2011.xlsx": CENTRES,
    "early-years/Childcare_quality_2010.xlsx": CHILDCARE,
}
"""The sheets of each workbook by its path in the inbox."""
