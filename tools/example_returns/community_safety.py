"""Example returns of the community safety partner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tools.example_returns.sheet_content import ALL_ILLUSTRATIVE, ALL_REPORTED, Sheet

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

WORKBOOKS: Mapping[str, Sequence[Sheet]] = {
    "community-safety/Domestic_violence_2010-11.xlsx": DOMESTIC_VIOLENCE,
    "community-safety/Road_casualties_2010.xlsx": ROAD_CASUALTIES,
    "community-safety/Social_care_referrals_2009-10.xlsx": REFERRALS,
}
"""The sheets of each workbook by its path in the inbox."""
