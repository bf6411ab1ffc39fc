"""The example returns: workbooks such as partners really send, with the figures of a year-end review of 2010/11.

Every figure that the review states stands here exactly as printed. What a realistic return needs beyond them is
invented and says so in the workbook: `illustrative` in a Basis column or in a heading. One module holds the returns of
one partner. Writing them twice gives the same bytes.
"""

from __future__ import annotations

from pathlib import Path

from tools.example_returns import (
    careers,
    community_safety,
    early_years,
    finance,
    fourteen_nineteen,
    health,
    key_stages,
    partnership_office,
    schools_learning,
)
from tools.example_returns.workbook_writer import workbook_content

INCOMING = Path(__file__).parents[2] / "inputs" / "incoming"
PARTNERS = (
    health,
    schools_learning,
    careers,
    fourteen_nineteen,
    community_safety,
    early_years,
    finance,
    partnership_office,
)


def write(folder: Path = INCOMING) -> list[Path]:
    """Write every example return under `folder`, one folder a partner; return the paths written."""
    contents = {name: workbook_content(sheets) for partner in PARTNERS for name, sheets in partner.WORKBOOKS.items()}
    contents[key_stages.FILE_NAME] = key_stages.csv_content()
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return [folder / name for name in contents]
