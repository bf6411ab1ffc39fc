"""Waivers: one value let through one rule, from the command line through the nights to the published file."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from local_indicators.flows.commands.application import main
from local_indicators.flows.pipeline.load_step import load
from local_indicators.flows.pipeline.night_steps import collect
from local_indicators.flows.pipeline.validate_step import validate
from local_indicators.flows.records.ledger import read_ledger
from local_indicators.flows.recovery.rebuild_warehouse import rebuild
from local_indicators.flows.run_context import prepare_run
from local_indicators.schemas.submissions import Outcome
from local_indicators.warehouse.store import current_rows, private_store
from tests.support.places import Place
from tests.support.small_returns import GOOD, write_partner, write_return

CENTRES = ("Nottingham", "Centres", "2011", "reported", 4000, None, None)
ROWS = (*GOOD, CENTRES)
WAIVE = ("Figures!E9", "value.implausible")
WORDS = ("--reason", "Counted with outreach sites", "--by", "Head of early years", "--until", "2011-09-30")
NAMES = ("PARTNERS", "INBOX", "WAREHOUSE", "OUTBOX", "ARCHIVE", "TODAY")


@pytest.fixture
def sender(place: Place, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path at which the test's own partner leaves its return, with settings for the command line."""
    partners = write_partner(place.root / "partners")
    values = (partners, place.inbox, place.published, place.outbox, place.archive, "2011-05-31")
    for name, value in zip(NAMES, values, strict=True):
        monkeypatch.setenv(f"INDICATORS_{name}", str(value))
    return place.inbox / "tester" / "attainment.xlsx"


def waive(submission: str, *what: str, words: Sequence[str] = WORDS) -> int:
    return main(["waive", submission, *(what or WAIVE), *words])


def with_centres(count: object) -> tuple[tuple[Any, ...], ...]:
    return (*GOOD, (*CENTRES[:4], count, None, None))


def newest(place: Place) -> Outcome:
    return list(read_ledger(place.archive).recorded_outcomes)[-1]


def loaded(place: Place, run: str, **other: Any) -> Outcome:
    """A night up to what is loaded, without its publication; the newest outcome."""
    night = prepare_run(place.settings(**other), run)
    for step in (collect, validate, load):
        step(night)
    return newest(place)


def held(place: Place, indicator: str = "childrens-centres") -> list[float]:
    """The values that the store holds of an indicator, or of all of them."""
    with private_store.open_store(place.settings().store) as con:
        frame = current_rows.last_accepted_rows(con)
    return sorted(v for i, v in frame.select("indicator_id", "value").iter_rows() if indicator in ("", i))


def shown(place: Place) -> list[tuple[Any, ...]]:
    return place.ask("SELECT indicator_id, rule, value, reason, approved_by, until::VARCHAR, status FROM mart.waivers")


@pytest.mark.long
def test_a_waived_value_is_loaded_the_next_night_though_the_file_did_not_change(place: Place, sender: Path) -> None:
    write_return(sender, ROWS)
    assert place.night("one").returns[0].status == "rejected"
    assert place.ask("SELECT count(*) FROM mart.observations") == [(0,)]
    assert waive("S000001") == 0
    place.night("two")
    outcome = newest(place)
    assert (outcome.id, outcome.status) == ("S000001/tester-attainment/2", "accepted-with-warnings")
    (finding,) = outcome.findings
    assert (finding.rule, finding.severity, finding.is_waived) == ("value.implausible", "warning", True)
    for words in ("30 September 2011", "Head of early years", "Counted with outreach sites"):
        assert words in finding.fix
    assert held(place) == [4000]
    row = ("childrens-centres", "value.implausible", 4000, "Counted with outreach sites", "Head of early years")
    assert shown(place) == [(*row, "2011-09-30", "active")]
    assert place.ask("SELECT status FROM mart.returns WHERE submission IS NOT NULL") == [("accepted-with-warnings",)]
    assert place.night("three").publication.state == "unchanged"
    assert len(read_ledger(place.archive).recorded_outcomes) == 2


def test_a_waiver_survives_a_resend_and_ends_with_another_value(place: Place, sender: Path) -> None:
    write_return(sender, ROWS)
    loaded(place, "one")
    assert waive("S000001") == 0
    write_return(sender, ROWS, title="Sent again")
    assert loaded(place, "two").accepted
    assert [o.id for o in read_ledger(place.archive).recorded_outcomes][1:] == ["S000002/tester-attainment"]
    for run, count in (("three", 3900), ("four", 4000)):
        write_return(sender, with_centres(count))
        assert loaded(place, run).status == "rejected"
    assert list(read_ledger(place.archive).lapsed_waivers.values()) == ["S000003"]
    assert held(place) == [4000]


def test_a_waiver_ends_with_its_last_day(place: Place, sender: Path) -> None:
    write_return(sender, ROWS)
    loaded(place, "one")
    assert waive("S000001", words=(*WORDS[:-1], "2011-06-01")) == 0
    place.night("two", today="2011-06-02")
    assert newest(place).status == "rejected"
    assert [row[-1] for row in shown(place)] == ["lapsed"]
    assert shown(place)[0][2:4] == (None, None)


def test_other_values_and_other_rules_still_block(place: Place, sender: Path) -> None:
    write_return(sender, [*ROWS, ("Leicester", *CENTRES[1:])])
    loaded(place, "one")
    assert waive("S000001") == 0
    outcome = loaded(place, "two")
    assert outcome.status == "rejected"
    assert [(f.cell, f.severity) for f in outcome.findings] == [("E9", "warning"), ("E10", "error")]
    assert waive("S000001", "Figures!E10", "value.implausible") == 0
    assert loaded(place, "three").accepted
    assert held(place) == [4000, 4000]


def test_what_nobody_can_grant_is_refused(place: Place, sender: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_return(sender, [*ROWS, ("Nottm", *GOOD[0][1:])])
    loaded(place, "one")
    before = (place.archive / "ledger.jsonl").read_bytes()
    assert waive("S000009") == 1
    assert waive("S000001", "Figures!E4", "value.implausible") == 1
    assert waive("S000001", "Other!E9", "value.implausible") == 1
    assert waive("S000001", "Figures!A10", "area.unknown") == 2
    assert waive("S000001", "Figures!E9", "no.such-rule") == 2
    assert waive("S000001", "the ninth row", "value.implausible") == 2
    assert waive("S000001", words=(*WORDS[:-1], "2011-05-30")) == 2
    assert waive("S000001", words=("--reason", " ", *WORDS[2:])) == 2
    assert waive("S000001", words=(*WORDS[:-1], "soon")) == 2
    assert (place.archive / "ledger.jsonl").read_bytes() == before
    assert waive("S000001", "'Figures'!$E$9", "value.implausible") == 0
    assert "S000001 again" in capsys.readouterr().out


def test_a_replaced_submission_is_not_judged_again(
    place: Place, sender: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_return(sender, ROWS)
    loaded(place, "one")
    write_return(sender, with_centres(40))
    loaded(place, "two")
    assert waive("S000001") == 0
    assert "has been replaced" in capsys.readouterr().out
    loaded(place, "three")
    assert held(place) == [40]
    assert len(read_ledger(place.archive).recorded_outcomes) == 2


def test_a_period_in_the_future_is_waived_for_every_row_under_its_cell(place: Place, sender: Path) -> None:
    toml = place.root / "partners" / "tester.toml"
    in_a_cell = "period = { cell = 'B1' }\nignore = ['Year']"
    toml.write_text(toml.read_text().replace('period = { column = "Year" }', in_a_cell))

    write_return(sender, [row for row in GOOD if row[2] == "2009/10"])
    book = openpyxl.load_workbook(sender)
    book["Figures"]["B1"] = "2011/12"
    book.save(sender)
    loaded(place, "one")
    assert [(f.rule, f.cells) for f in newest(place).findings] == [("period.in-future", ("B1",))]
    assert waive("S000001", "Figures!B1", "period.in-future") == 0
    assert loaded(place, "two").accepted
    assert sorted(read_ledger(place.archive).waivers) == ["W000001", "W000002", "W000003", "W000004"]


def test_quarantined_rows_come_in_once_they_are_waived(
    place: Place, sender: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INDICATORS_PARTNERS", str(write_partner(place.root / "q", on_error="quarantine")))
    write_return(sender, ROWS)
    loaded(place, "one")
    assert newest(place).status == "partly-accepted"
    assert (held(place), len(held(place, ""))) == ([], 5)
    assert waive("S000001") == 0
    assert loaded(place, "two").validation_number == 2
    assert (held(place), len(held(place, ""))) == ([4000], 6)


def test_the_warehouse_can_be_rebuilt_from_the_ledger(place: Place, sender: Path) -> None:
    write_return(sender, ROWS)
    loaded(place, "one")
    assert waive("S000001") == 0
    loaded(place, "two")
    write_return(sender.with_name("attainment-2.xlsx"), [GOOD[2]])
    loaded(place, "three")

    def rows() -> list[tuple[Any, ...]]:
        with private_store.open_store(place.settings().store) as con:
            return current_rows.last_accepted_rows(con).sort("indicator_id", "time_period", "area_code").rows()

    before = rows()
    shutil.rmtree(place.published.parent)
    rebuild(place.settings(), "four", replace=False)
    assert rows() == before
    assert held(place) == [4000]


def test_a_value_too_small_to_publish_is_not_told_by_its_waiver(place: Place, sender: Path) -> None:
    toml = place.root / "partners" / "tester.toml"
    toml.write_text(toml.read_text().replace("childrens-centres", "schools-high-persistent-absence"))
    write_return(sender, [*GOOD, ("Nottingham", "Centres", "2011/12", "reported", 3, None, None)])
    loaded(place, "one")
    assert waive("S000001", "Figures!C9", "period.in-future", words=("--reason", "3 is right", *WORDS[2:])) == 0
    place.night("two")
    assert place.ask("SELECT value, conf_status FROM mart.observations WHERE unit = 'schools'") == [(None, "c")]
    ((_, _, value, reason, *_),) = shown(place)
    assert (value, reason) == (None, None)


def test_a_waiver_is_one_line_of_the_ledger_and_is_given_once(place: Place, sender: Path) -> None:
    write_return(sender, ROWS)
    loaded(place, "one")
    assert waive("S000001") == 0
    lines = (place.archive / "ledger.jsonl").read_text(encoding="utf-8").splitlines()
    entry = json.loads(lines[-1])
    assert entry["kind"] == "waiver"
    (grant,) = entry["waivers"]
    assert grant["waiver"]["key"] == ["childrens-centres", "1", "E06000018", "April", "2011", "Total"]
    assert (grant["waiver"]["value"], grant["waiver"]["until"]) == (4000, "2011-09-30")
    assert waive("S000001") == 1  # it is let through already


@pytest.mark.long
def test_what_is_loaded_again_after_a_waiver_is_published_once(
    place: Place, sender: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows that were clean the first time come with the same cells of the same submission again."""
    monkeypatch.setenv("INDICATORS_PARTNERS", str(write_partner(place.root / "q", on_error="quarantine")))
    write_return(sender, ROWS)
    assert place.night("one").returns[0].status == "partly-accepted"
    assert waive("S000001") == 0
    assert place.night("two").publication.data_version == 2
    assert place.night("three").publication.state == "unchanged"
