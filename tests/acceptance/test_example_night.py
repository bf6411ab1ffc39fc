"""The example returns through the real flow: every stated figure of the review is published, and can be traced."""

from __future__ import annotations

import csv
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from local_indicators.flows.pipeline.night_summary import NightReport
from local_indicators.flows.pipeline.run_report import as_markdown, sentences
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.warehouse.mart.mart_tables import MART
from local_indicators.warehouse.queries.trace import trace_value
from tests.support.mail_server import plain
from tests.support.places import INCOMING, TODAY, Place

Example = tuple[Place, NightReport]
STATED = list(csv.DictReader((Path(__file__).parent / "stated_figures.csv").open(encoding="utf-8")))
KEY = ("indicator_id", "area_code", "time_period", "time_identifier", "breakdown")
NUMBERS = ("value", "value_low", "value_high", "numerator", "denominator")

JUDGED = [
    # indicator, area, period, breakdown, value: the figures that a board would look up first
    ("eyfs-good-level", "E06000018", "200910", "Total", 54.1),
    ("ks2-level-4-english-maths", "E06000018", "200809", "Total", 67),
    ("ks2-level-4-english-maths", "E06000018", "200910", "Total", 67),
    ("ks2-level-4-english-maths", "E92000001", "200910", "Total", 74),
    ("ks2-level-4-english-maths", "SN:E06000018", "200910", "Total", 70),
    ("ks4-five-good-gcses", "E06000018", "200910", "Total", 44.2),
    ("ks4-five-good-gcses", "E06000018", "200809", "Total", 41.4),
    ("ks4-five-good-gcses", "E92000001", "200910", "Total", 53.7),
    ("english-baccalaureate", "E06000018", "200910", "Total", 8.9),
    ("english-baccalaureate", "E92000001", "200910", "Total", 15.6),
    ("ks4-two-sciences", "E06000018", "200910", "Total", 58.4),
    ("ks4-two-sciences", "E92000001", "200910", "Total", 60.2),
    ("level-2-at-19", "E06000018", "200910", "Total", 68.4),
    ("level-2-at-19", "E92000001", "200910", "Total", 81.5),
    ("level-2-at-19", "E06000018", "200910", "FSM=Eligible", 52),
    ("level-3-at-19", "E06000018", "200910", "Total", 39.7),
    ("obesity-reception", "PCT:5EM", "200910", "Total", 11.3),
    ("obesity-reception", "E92000001", "200910", "Total", 9.8),
    ("obesity-year-6", "PCT:5EM", "200910", "Total", 21.9),
    ("obesity-year-6", "PCT:5EM", "200809", "Total", 22.6),
    ("obesity-year-6", "E92000001", "200910", "Total", 18.7),
    ("persistent-absence-secondary", "E06000018", "200910", "Coverage=Maintained", 5.8),
    ("persistent-absence-secondary", "E06000018", "200910", "Coverage=Maintained and academies", 7.2),
    ("absence-primary-autumn-term", "E06000018", "201011", "Total", 7.9),
    ("neet-16-18-september", "E06000018", "2010", "Total", 4.1),
]


def number(text: str) -> float | None:
    return float(text) if text else None


def test_one_return_is_rejected_one_warns_and_the_rest_are_accepted(example_night: Example) -> None:
    _, report = example_night
    assert [line.path for line in report.rejected] == ["early-years/Childcare_quality_2010.xlsx"]
    assert report.rejected[0].errors >= 8
    assert sum(line.status == "accepted-with-warnings" for line in report.returns) == 1
    assert len(report.returns) >= 8
    assert any("early-years/Childcare_quality_2010.xlsx" in sentence for sentence in sentences(report))
    assert "rejected" in as_markdown(report)


@pytest.mark.parametrize("stated", STATED, ids=lambda row: f"{row['source']} {row['indicator_id']}")
def test_every_stated_figure_is_published_as_printed(stated: dict[str, str], example_night: Example) -> None:
    place, _ = example_night
    rows = place.ask(
        f"""SELECT {", ".join(NUMBERS)}, value_text, obs_status, conf_status, provenance FROM mart.observations
            WHERE {" AND ".join(f"{name} = ?" for name in KEY)}""",
        *(stated[name] for name in KEY),
    )
    assert len(rows) == 1
    *numbers, text, status, confidential, provenance = rows[0]
    assert provenance == "reported"
    if stated["indicator_id"] == "schools-high-persistent-absence":  # 4 and 3: too few to publish
        assert confidential == "c"
        assert numbers == [None] * 5
        return
    printed: list[Any] = [number(stated[name]) for name in NUMBERS]
    if printed[0] is None and printed[3] is not None and printed[4]:
        printed[0] = pytest.approx(100 * printed[3] / printed[4])  # stated as 14 of 35: the share is computed
    assert numbers == printed
    assert (text or "") == stated["value_text"]
    assert (status or "") == stated["obs_status"]


@pytest.mark.parametrize("judged", JUDGED, ids=lambda row: f"{row[0]} {row[1]} {row[2]} {row[3]}")
def test_trace_names_the_cell_that_holds_the_value(
    judged: tuple[str, str, str, str, float], example_night: Example, definitions: Definitions
) -> None:
    indicator, area, period, breakdown, value = judged
    place, _ = example_night
    (found,) = trace_value(place.published, definitions, indicator, area, period, breakdown)
    assert found.row["value"] == value
    assert found.sender == found.row["source_file"].split("/")[0]
    assert cell_of(found.row) == value


def cell_of(row: dict[str, Any]) -> float:
    """The number in the cell of the example file that a row names."""
    path = INCOMING / row["source_file"]
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            line = list(csv.reader(file))[int(row["cell"][1:]) - 1]
        return float(line[ord(row["cell"][0]) - 65])
    typed = openpyxl.load_workbook(path)[row["sheet"]][row["cell"]].value
    return float(str(typed).strip("%"))


def test_what_must_not_be_compared_is_not(example_night: Example) -> None:
    place, _ = example_night
    term = place.ask(
        """SELECT time_identifier, previous_value, england_value, neighbours_value, rank, not_comparable_because
           FROM mart.latest WHERE indicator_id = 'absence-primary-autumn-term'"""
    )
    assert len(term) == 1
    assert term[0][:5] == ("Autumn term", None, None, None, None)
    assert "Autumn term 2009/10" in term[0][5]
    coverage = place.ask(
        """SELECT breakdown, value, direction FROM mart.latest
           WHERE indicator_id = 'persistent-absence-secondary' ORDER BY 1"""
    )
    assert coverage == [
        ("Coverage=Maintained", 5.8, "not comparable"),
        ("Coverage=Maintained and academies", 7.2, "not comparable"),
    ]


def test_latest_compares_what_can_be_compared(example_night: Example) -> None:
    place, _ = example_night
    row = place.ask(
        """SELECT value, previous_value, change, direction, england_value, england_gap, neighbours_value, neighbours_n,
                  neighbours_of, neighbours_version, region_value
           FROM mart.latest WHERE indicator_id = 'ks2-level-4-english-maths' AND area_code = 'E06000018'"""
    )
    assert row == [(67, 67, 0, "no change", 74, -7, 70, None, "E06000018", "printed average", None)]
    (obesity,) = place.ask(
        """SELECT change, direction, england_gap FROM mart.latest
           WHERE indicator_id = 'obesity-year-6' AND area_code = 'PCT:5EM'"""
    )
    assert obesity == (-0.7, "improving", 3.2)


def test_small_counts_cannot_be_worked_out(example_night: Example) -> None:
    place, _ = example_night
    shown = place.ask(
        """SELECT value, numerator, value_text, conf_status FROM mart.observations
           WHERE indicator_id = 'schools-high-persistent-absence'"""
    )
    assert len(shown) == 2
    assert set(shown) == {(None, None, None, "c")}


def test_coverage_answers_for_all_199(example_night: Example) -> None:
    place, _ = example_night
    rows = place.ask("SELECT ni, latest_period, indicator_id, certainty FROM mart.coverage ORDER BY ni")
    assert [row[0] for row in rows] == [f"NI {n:03d}" for n in range(1, 200)]
    answers = {row[0]: row[1] for row in rows}
    assert answers["NI 055"] == "2009/10"
    assert answers["NI 069"] == "no measure"
    assert answers["NI 117"] == "no measure"  # only illustrative annual values are held
    assert {row[3] for row in rows} == {"V", "K", "k"}


def test_the_published_file_is_the_contract_and_nothing_else(example_night: Example) -> None:
    place, _ = example_night
    columns = place.ask(
        """SELECT table_name, column_name, data_type, comment FROM duckdb_columns()
           WHERE database_name = 'live' AND NOT internal"""
    )
    assert set(columns) == {(t.name, c.name, c.type, c.comment) for t in MART for c in t.columns}
    assert place.ask("SELECT DISTINCT schema_name FROM duckdb_tables() WHERE database_name = 'live'") == [("mart",)]
    tables = dict(place.ask("SELECT table_name, comment FROM duckdb_tables() WHERE database_name = 'live'"))
    assert tables == {t.name: t.comment for t in MART}
    assert place.ask("SELECT data_version, has_examples FROM mart.publication") == [(1, True)]


def test_the_register_says_what_is_due_and_overdue(example_night: Example) -> None:
    place, _ = example_night
    statuses = {row[0] for row in place.ask("SELECT DISTINCT status FROM mart.returns")}
    assert statuses == {"accepted", "accepted-with-warnings", "rejected", "due", "overdue"}


def test_each_partner_gets_one_message_with_a_receipt_for_each_submission(example_night: Example) -> None:
    place, report = example_night
    read = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in place.outbox.glob("*.eml")]
    texts = {str(message["To"]): plain(message) for message in read}
    assert len(texts) == len(read)
    for line in report.returns:
        text = texts[f"{line.partner}.data@example.org"]
        assert text.count(f"Submission:        {line.submission}") == 1
        assert line.path in text
    officers = {to for to in texts if to.startswith("director.")}
    assert officers == {"director.council@example.org", "director.childrens.services@example.org"}
    assert set(texts) == {f"{line.partner}.data@example.org" for line in report.returns} | officers
    (rejected,) = report.rejected
    assert texts[f"{rejected.partner}.data@example.org"].count("What to do:") == rejected.errors


def test_a_second_night_through_prefect_changes_nothing(example_night: Example) -> None:
    from local_indicators.flows.nightly_flow import nightly

    place, _ = example_night
    before = place.published.read_bytes()
    again = nightly(
        inbox=str(INCOMING),
        warehouse=str(place.published),
        outbox=str(place.outbox),
        archive=str(place.archive),
        today=TODAY,
    )
    assert again.returns == ()
    assert again.publication.state == "unchanged"
    assert again.publication.data_version == 1
    assert place.published.read_bytes() == before
    assert any("nothing was loaded" in sentence for sentence in sentences(again))


def test_the_night_leaves_an_artifact_that_says_the_same(example_night: Example) -> None:
    from prefect import get_client

    _, report = example_night
    with get_client(sync_client=True) as client:
        artifacts = client.read_artifacts()
    assert as_markdown(report) in [artifact.data for artifact in artifacts if artifact.key == "night"]


def test_the_example_returns_are_what_their_script_writes(tmp_path: Path) -> None:
    from tools.example_returns import write

    write(tmp_path)
    made = {p.relative_to(tmp_path): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    kept = {p.relative_to(INCOMING): p.read_bytes() for p in INCOMING.rglob("*") if p.is_file()}
    assert made == kept
