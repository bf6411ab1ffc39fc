"""Example returns of the partnership office."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tools.example_returns.sheet_content import ALL_ILLUSTRATIVE, ALL_REPORTED, Sheet

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
    "partnership-office/Year_end_facts_2010-11.xlsx": FACTS,
    "partnership-office/Action_log_2011-12.xlsx": ACTIONS,
}
"""The sheets of each workbook by its path in the inbox."""
