"""Example returns of the 14 to 19 partner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tools.example_returns.sheet_content import ALL_REPORTED, Sheet

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

WORKBOOKS: Mapping[str, Sequence[Sheet]] = {
    "fourteen-nineteen/Level_2_and_3_at_19_2010.xlsx": LEVEL_2_AND_3,
}
"""The sheets of each workbook by its path in the inbox."""
