"""Example returns of the finance partner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tools.example_returns.sheet_content import ALL_REPORTED, Sheet

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

WORKBOOKS: Mapping[str, Sequence[Sheet]] = {
    "finance/Budget_position_2011.xlsx": BUDGETS,
}
"""The sheets of each workbook by its path in the inbox."""
