"""Example returns of the careers partner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from tools.example_returns.sheet_content import BOTH, Sheet

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

WORKBOOKS: Mapping[str, Sequence[Sheet]] = {
    "careers/NEET_September_2010.xlsx": NEET,
}
"""The sheets of each workbook by its path in the inbox."""
