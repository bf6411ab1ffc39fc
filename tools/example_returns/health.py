"""Example returns of the health partner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tools.example_returns.sheet_content import ALL_ILLUSTRATIVE, ALL_REPORTED, Row, Sheet

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

WORKBOOKS: Mapping[str, Sequence[Sheet]] = {
    "health/NCMP_Nottingham_2009-10.xlsx": NCMP,
    "health/Substance_misuse_2010-11.xlsx": SUBSTANCE_MISUSE,
}
"""The sheets of each workbook by its path in the inbox."""
