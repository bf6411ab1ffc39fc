"""The gate: poisoned candidates are refused by name and live stays; what a person decides is done, and nothing else."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from local_indicators.flows.commands.application import main
from local_indicators.flows.pipeline.night_summary import NightReport
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.warehouse.disclosure import disclosure_control
from local_indicators.warehouse.gate.gate import Verdict, judge_candidate
from local_indicators.warehouse.store.connection import connect
from tests.support.places import Place
from tests.support.small_returns import GOOD, write_partner, write_return

NOTTINGHAM = "area_code = 'E06000018'"
POISONS = {
    "a key twice": (
        "INSERT INTO mart.observations SELECT * FROM mart.observations WHERE indicator_id = 'eyfs-good-level'",
        "key.observations",
    ),
    "an orphan of no return": (
        "UPDATE mart.observations SET submission = 'S999999' WHERE indicator_id = 'eyfs-good-level'",
        "reference.submission",
    ),
    "an indicator nobody defined": (
        "UPDATE mart.observations SET indicator_id = 'made-up' WHERE indicator_id = 'eyfs-good-level'",
        "reference.indicator",
    ),
    "an area that is not on the list": (
        "UPDATE mart.observations SET area_code = 'E06999999' WHERE indicator_id = 'eyfs-good-level'",
        "reference.area",
    ),
    "half of the rows missing": (
        f"DELETE FROM mart.observations WHERE {NOTTINGHAM} AND hash(indicator_id) % 2 = 0",
        "live.disappeared",
    ),
    "a value out of its range": (
        "UPDATE mart.observations SET value = 541 WHERE indicator_id = 'eyfs-good-level'",
        "figure.in-bounds",
    ),
    "a value that is no number": (
        "UPDATE mart.observations SET value = 'nan' WHERE indicator_id = 'eyfs-good-level'",
        "figure.number",
    ),
    "a share unlike its fraction": (
        "UPDATE mart.observations SET numerator = 30, denominator = 35 WHERE indicator_id = 'eyfs-good-level'",
        "figure.quotient",
    ),
    "a total unlike its parts": (
        """INSERT INTO mart.observations SELECT * REPLACE ('Judgement=Inadequate' AS breakdown, 11 AS value)
           FROM mart.observations WHERE breakdown = 'Judgement=Good'""",
        "figure.parts",
    ),
    "all pupils outside both of their parts": (
        """INSERT INTO mart.observations SELECT * REPLACE ('FSM=Not eligible' AS breakdown, 60 AS value)
           FROM mart.observations WHERE indicator_id = 'level-2-at-19' AND breakdown = 'FSM=Eligible'""",
        "figure.between-parts",
    ),
    "a column dropped": ("ALTER TABLE mart.observations DROP COLUMN numerator", "shape.observations"),
    "a private column": ("ALTER TABLE mart.observations ADD COLUMN email VARCHAR", "shape.observations"),
    "a private table": ("CREATE TABLE secrets (value DOUBLE)", "shape.nothing-else"),
    "a comment gone": ("COMMENT ON COLUMN mart.latest.rank IS NULL", "shape.nothing-missing"),
    "a suppressed value": (
        "UPDATE mart.observations SET value = 3, conf_status = NULL"
        " WHERE indicator_id = 'schools-high-persistent-absence' AND breakdown <> 'Total'",
        "disclosure.small",
    ),
    "a confidential row with its value": (
        "UPDATE mart.observations SET value = 12 WHERE conf_status = 'c'",
        "disclosure.confidential",
    ),
    "a value changed without a revision": (
        "UPDATE mart.observations SET value = 55 WHERE indicator_id = 'eyfs-good-level'",
        "live.changed",
    ),
    "a revision without a cause": (
        """INSERT INTO mart.revisions (indicator_id, definition_version, area_code, time_identifier, time_period,
               breakdown, changed_at, submission, why)
           SELECT indicator_id, definition_version, area_code, time_identifier, time_period, breakdown, recorded_at,
               submission, '' FROM mart.observations WHERE indicator_id = 'eyfs-good-level'""",
        "reference.revision",
    ),
    "latest without its row": (
        "UPDATE mart.latest SET time_period = '201011' WHERE indicator_id = 'eyfs-good-level'",
        "reference.latest",
    ),
    "an illustrative rank": (
        "UPDATE mart.latest SET rank = 1 WHERE provenance = 'illustrative'",
        "disclosure.ranked",
    ),
    "an invented comparator": (
        "UPDATE mart.latest SET england_value = 56 WHERE indicator_id = 'eyfs-good-level'",
        "disclosure.illustrative",
    ),
    "a national indicator missing": ("DELETE FROM mart.coverage WHERE ni = 'NI 055'", "count.coverage"),
    "an accepted return without its figures": (
        "DELETE FROM mart.observations WHERE source_file LIKE '%EYFSP%'",
        "complete.returns",
    ),
}


def judged(candidate: Path, live: Path, definitions: Definitions) -> Verdict:
    return judge_candidate(candidate, live, definitions, date(2011, 5, 26))


def test_what_was_published_holds(example_night: tuple[Place, NightReport], definitions: Definitions) -> None:
    published = example_night[0].published
    verdict = judged(published, published, definitions)
    assert [one.reason for one in verdict.broken if one.severity == "critical"] == []
    assert {"complete.overdue", "complete.fresh"} <= {one.id for one in verdict.broken}


@pytest.mark.long
@pytest.mark.parametrize("poison", POISONS)
def test_a_poisoned_candidate_is_refused_by_name(
    poison: str, example_night: tuple[Place, NightReport], definitions: Definitions, tmp_path: Path
) -> None:
    live, candidate = example_night[0].published, tmp_path / "candidate.duckdb"
    shutil.copyfile(live, candidate)
    sql, named = POISONS[poison]
    with connect(str(candidate)) as con:
        con.execute(sql)
    verdict = judged(candidate, live, definitions)
    assert not verdict.passed
    (found,) = [one for one in verdict.broken if one.id == named]
    assert found.severity == "critical"
    assert found.count or found.error
    assert named.startswith(("shape.observ", "shape.nothing", "key", "disclosure")) == found.final


def test_a_share_computed_beside_a_unit_slip_is_noticed(
    example_night: tuple[Place, NightReport], definitions: Definitions, tmp_path: Path
) -> None:
    """Ten figures of a measure, all divided by a hundred: each possible alone, all together never."""
    live, candidate = tmp_path / "live.duckdb", tmp_path / "candidate.duckdb"
    shutil.copyfile(example_night[0].published, live)
    with connect(str(live)) as con:
        con.execute(
            """INSERT INTO mart.observations
               SELECT o.* REPLACE ('E0600000' || n AS area_code, 40 + n AS value)
               FROM mart.observations AS o, range(1, 10) AS r(n)
               WHERE indicator_id = 'eyfs-good-level' AND area_code = 'E06000018'"""
        )
    shutil.copyfile(live, candidate)
    with connect(str(candidate)) as con:
        con.execute("UPDATE mart.observations SET value = value / 100 WHERE indicator_id = 'eyfs-good-level'")
    assert "live.drift" in {one.id for one in judged(candidate, live, definitions).broken}


# -- what a person decides --------------------------------------------------------------------------------------------


@pytest.fixture
def asked(place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A place whose second night changes more than a night may: every figure of thirty areas."""
    monkeypatch.setenv("INDICATORS_PARTNERS", str(write_partner(place.root / "partners")))
    figures(place, 40.0)
    assert place.night("one").publication.state == "published"
    figures(place, 50.0)
    return place


def figures(place: Place, value: float) -> None:
    councils = [f"E0600000{n}" for n in range(1, 10)] + [f"E060000{n}" for n in range(10, 24)]
    write_return(
        place.inbox / "tester" / "attainment.xlsx",
        [(code, "Good level", "2009/10", "reported", value, None, None) for code in councils] + list(GOOD[2:]),
    )


def decide(place: Place, *words: str) -> int:
    where = ["--warehouse", str(place.published), "--archive", str(place.archive), "--by", "performance-analyst"]
    return main([*words, *where])


def version(place: Place) -> int:
    return int(place.ask("SELECT data_version FROM mart.publication")[0][0])


def good_level(place: Place) -> set[float]:
    return {row[0] for row in place.ask("SELECT value FROM mart.observations WHERE indicator_id = 'eyfs-good-level'")}


@pytest.mark.long
def test_a_night_that_changes_too_much_asks_and_can_be_approved(
    asked: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    report = asked.night("two")
    assert report.publication.state == "refused"
    assert (report.publication.difference.changed, good_level(asked)) == (23, {40.0})
    assert decide(asked, "approve", "one") == 1
    assert "was published" in capsys.readouterr().err
    assert decide(asked, "approve", "two") == 0
    assert (version(asked), good_level(asked)) == (2, {50.0})
    assert b'"what":"approved"' in (asked.archive / "ledger.jsonl").read_bytes()
    assert asked.night("three").publication.state == "unchanged"
    assert decide(asked, "approve", "two") == 1


@pytest.mark.long
def test_a_candidate_that_is_not_the_newest_is_not_approved(asked: Place) -> None:
    asked.night("two")
    figures(asked, 60.0)
    asked.night("three")
    assert decide(asked, "approve", "two") == 1
    assert decide(asked, "approve", "../kept/three") == 1
    assert decide(asked, "approve", "three") == 0
    assert good_level(asked) == {60.0}


@pytest.mark.long
def test_the_limit_is_a_setting(asked: Place) -> None:
    assert asked.night("two", change_limit_pct=100).publication.state == "published"


def test_a_candidate_that_would_give_something_away_is_never_approved(
    asked: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(disclosure_control, "suppress_and_round", lambda rows, *_: rows)
    write_return(
        asked.inbox / "tester" / "attainment.xlsx",
        [("Nottingham", "Good level", "2009/10", "reported", 1.0, 2, 200), *GOOD[2:]],
    )
    asked.night("two")
    assert decide(asked, "approve", "two") == 1
    assert "can never be published" in capsys.readouterr().err
    assert good_level(asked) == {40.0}


@pytest.mark.long
def test_rolling_back_holds_publication_until_a_person_lets_it_go_on(asked: Place) -> None:
    asked.night("two", change_limit_pct=100)
    assert decide(asked, "rollback", "7") == 1
    assert decide(asked, "rollback", "1") == 0
    assert (version(asked), good_level(asked)) == (3, {40.0})
    held = asked.night("four", change_limit_pct=100)
    assert held.publication.state == "refused"
    assert (version(asked), good_level(asked)) == (3, {40.0})
    assert decide(asked, "approve", "four") == 0
    assert (version(asked), good_level(asked)) == (4, {50.0})
    figures(asked, 70.0)
    assert asked.night("five", change_limit_pct=100).publication.state == "published"


@pytest.mark.long
def test_versions_are_kept_so_many_and_privately(asked: Place) -> None:
    for value in (51.0, 52.0, 53.0):
        figures(asked, value)
        asked.night(f"night-{value:g}", change_limit_pct=100, keep_versions=2)
    kept = asked.published.parent / "kept"
    assert sorted(path.name for path in kept.glob("*.duckdb")) == ["indicators-v3.duckdb", "indicators-v4.duckdb"]
    assert kept.stat().st_mode & 0o077 == 0


@pytest.mark.long
def test_the_page_shows_verdict_and_difference_and_needs_nothing_else(asked: Place) -> None:
    report = asked.night("two")
    page = Path(report.publication.page or "").read_text(encoding="utf-8")
    assert "one night changes or removes at most 25%" in page
    assert "0 row(s) added, 23 changed, 0 removed" in page
    assert "http" not in page
    assert "<script" not in page


@pytest.mark.long
def test_a_published_version_whose_night_died_is_kept_by_the_next(asked: Place) -> None:
    kept = asked.published.parent / "kept"
    (kept / "indicators-v1.duckdb").unlink()
    asked.night("two", change_limit_pct=100)
    assert {path.name for path in kept.glob("indicators-v*")} == {"indicators-v1.duckdb", "indicators-v2.duckdb"}
