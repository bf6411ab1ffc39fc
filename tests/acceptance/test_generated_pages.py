"""The pages of docs that are made from what they describe are current, and every example on them runs."""

from __future__ import annotations

import csv
import re
import tomllib

import pytest

from local_indicators.flows.pipeline.night_summary import NightReport
from local_indicators.warehouse.mart.mart_tables import MART
from tests.support.places import CLAIMS, HOME, Place
from tools.documentation_pages import DASHBOARDS, NATIONAL_SET, coverage_of, dashboards, national_set

Example = tuple[Place, NightReport]
FROZEN = HOME / "tests" / "acceptance" / "mart_columns.csv"
EXAMPLES = re.findall(r"```sql\n(.*?)```", DASHBOARDS.read_text(encoding="utf-8"), re.S)


def test_the_dashboards_page_lists_the_tables_of_the_contract() -> None:
    page = DASHBOARDS.read_text(encoding="utf-8")
    assert page == dashboards(page)  # if not: python -m tools.documentation_pages


def test_no_column_changes_without_notice() -> None:
    """Columns that dashboards read: to add some is to add lines; a change or a loss breaks a dashboard."""
    with FROZEN.open(encoding="utf-8", newline="") as file:
        frozen = [tuple(row) for row in csv.reader(file)]
    assert [(table.name, column.name, column.type) for table in MART for column in table.columns] == frozen


@pytest.mark.parametrize("sql", EXAMPLES, ids=range(len(EXAMPLES)))
def test_every_example_query_runs(sql: str, example_night: Example) -> None:
    place, _ = example_night
    place.ask(sql)


def test_the_page_of_the_national_set_is_current(example_night: Example) -> None:
    place, _ = example_night
    rows = coverage_of(place.published)
    assert NATIONAL_SET.read_text(encoding="utf-8") == national_set(rows)  # if not: python -m tools.documentation_pages
    assert [row[0] for row in rows] == [f"NI {number:03d}" for number in range(1, 200)]
    assert all(row[2] for row in rows)


def test_the_claims_page_shows_a_claim_as_the_file_has_it() -> None:
    (shown,) = re.findall(r"```toml\n(.*?)```", (HOME / "docs" / "claims.md").read_text(encoding="utf-8"), re.S)
    (claim,) = tomllib.loads(shown)["claim"]
    held = {load["id"]: load for load in tomllib.loads(CLAIMS.read_text(encoding="utf-8"))["claim"]}
    assert claim == held[claim["id"]]
