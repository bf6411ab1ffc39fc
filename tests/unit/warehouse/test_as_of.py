"""What was published when: mart.as_of, mart.history and mart.revisions over random histories of loads."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from local_indicators.schemas.definitions.models import Definitions
from local_indicators.warehouse.store import current_rows, row_history
from tests.support.publication_histories import BEGUN, COUNT, History, ask, figure

AREAS = ("E06000018", "E08000025", "E08000003", "E06000023")
PARTS = ("Total", "Coverage=Maintained", "Coverage=Academies")
HISTORIES = int(os.environ.get("HISTORIES", "3"))  # make histories: 20
VALUES = ("value", "value_low", "value_high", "value_text", "numerator", "denominator")


@contextmanager
def history(folder: Path, definitions: Definitions) -> Iterator[History]:
    made = History(folder, definitions)
    with made.open:
        yield made


def with_policy(definitions: Definitions, **changed: Any) -> Definitions:
    """The definitions with another policy for small counts."""
    policy = replace(definitions.disclosure["small-counts"], **changed)
    return replace(definitions, disclosure={**definitions.disclosure, "small-counts": policy})


def live_through(past: History, chance: random.Random) -> None:
    """Loads and publications at random: corrections, withdrawals, figures given again, two returns that speak of the
    same figures, and several loads between two publications."""
    keys = [(area, period, part) for area in AREAS for period in ("200809", "200910") for part in PARTS]
    past.load(figure(20.0, part, area=area, period=period) for area, period, part in keys)
    past.publish()
    for _ in range(chance.randint(2, 4)):
        for _ in range(chance.randint(0, 2)):
            period = chance.choice(("200809", "200910"))
            kept = [key for key in keys if key[1] == period and chance.random() < 0.9]
            past.load(
                (
                    figure(
                        float(chance.choice((2, 4, 20, 20, 20, 21))),
                        part,
                        area=area,
                        period=when,
                        obs_status=chance.choice((None, "p", "r")),
                    )
                    for area, when, part in kept
                ),
                chance.choice(("absence", "absence", "another")),
            )
        past.publish()


def rows(path: Path, sql: str, *values: object) -> dict[tuple[Any, ...], dict[str, Any]]:
    from local_indicators.warehouse.mart.mart_tables import TABLES

    names = [column.name for column in TABLES["observations"].columns]
    found = [dict(zip(names, row, strict=True)) for row in ask(path, sql, *values)]
    keyed = {tuple(row[name] for name in TABLES["observations"].key): row for row in found}
    assert len(keyed) == len(found)
    return keyed


def less_small(row: dict[str, Any], least: int) -> dict[str, Any]:
    if row["value"] is None or not 0 < row["value"] < least:
        return row
    return {**row, **dict.fromkeys(VALUES), "conf_status": "c"}


@pytest.mark.long
@pytest.mark.parametrize("seed", range(HISTORIES))
def test_as_of_is_what_was_published_less_what_todays_policy_suppresses(
    seed: int, tmp_path: Path, definitions: Definitions
) -> None:
    first = with_policy(definitions, primary_min=3, secondary=False)
    with history(tmp_path, first) as past:
        live_through(past, random.Random(seed))  # noqa: S311
        past.definitions = with_policy(definitions, primary_min=5, secondary=False)
        past.publish()
        before: dict[tuple[Any, ...], dict[str, Any]] = {}
        for when, copy in past.copies:
            told = {k: less_small(r, 5) for k, r in rows(copy, "SELECT * FROM mart.observations").items()}
            instant = when.replace(tzinfo=None)
            assert rows(past.live, "SELECT * FROM mart.as_of(?)", instant) == told
            assert rows(past.live, "SELECT * FROM mart.as_of(?)", instant - timedelta(seconds=1)) == before
            before = told
        assert past.publish().state == "unchanged"


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2))
def test_with_secondary_suppression_as_of_shows_nothing_that_was_not_published(
    seed: int, tmp_path: Path, definitions: Definitions
) -> None:
    with history(tmp_path, definitions) as past:
        live_through(past, random.Random(seed))  # noqa: S311
        for when, copy in past.copies:
            told = rows(copy, "SELECT * FROM mart.observations")
            now = rows(past.live, "SELECT * FROM mart.as_of(?)", when.replace(tzinfo=None))
            assert told.keys() == now.keys()
            for key, row in now.items():
                assert row == told[key] or row == {**told[key], **dict.fromkeys(VALUES), "conf_status": "c"}
        assert past.publish().state == "unchanged"


@pytest.mark.long
def test_revisions_say_what_changed_and_why(tmp_path: Path, definitions: Definitions) -> None:
    with history(tmp_path, definitions) as past:
        past.load([figure(20.0, obs_status="p"), figure(50.0, area="E08000003")])
        past.publish()
        past.load([figure(21.0), figure(50.0, area="E08000003")])
        past.publish()
        past.load([figure(22.0, obs_status="r"), figure(50.0, area="E08000003")])
        past.publish()
        past.load([figure(50.0, area="E08000003")])
        past.publish()
        past.load([figure(23.0), figure(50.0, area="E08000003")])
        past.publish()
        past.load([figure(2.0), figure(50.0, area="E08000003")])
        past.publish()
        changes = past.ask(
            "SELECT old_value, old_status, new_value, new_status, why FROM mart.revisions ORDER BY changed_at"
        )
        assert changes == [
            (20, "p", 21, None, "Provisional figure made final by a later return."),
            (21, None, 22, "r", "Revised by a later return."),
            (22, "r", None, "withdrawn", "Withdrawn: a later return for this period no longer gives it."),
            (None, "withdrawn", 23, None, "Given again by a later return."),
            (23, None, None, "c", "Replaced by a later return."),
        ]


def test_a_publication_that_the_store_never_heard_of_is_found_in_the_file(
    tmp_path: Path, definitions: Definitions
) -> None:
    """A night that dies between the rename and its record leaves a file that says all there is to know."""
    with history(tmp_path, definitions) as past:
        past.load([figure(20.0), figure(3.0, area="E08000003")])
        past.publish()
        told = [
            past.con.execute(f"FROM {name} ORDER BY ALL").fetchall() for name in ("publication", "stated", "withheld")
        ]
        assert [len(rows) for rows in told] == [1, 2, 1]
        for name in ("publication", "stated", "withheld"):
            past.con.execute(f"DELETE FROM {name}")
        assert past.publish().state == "unchanged"
        assert told == [
            past.con.execute(f"FROM {name} ORDER BY ALL").fetchall() for name in ("publication", "stated", "withheld")
        ]


@pytest.mark.long
def test_a_value_that_was_withheld_and_is_shown_since_is_told_as_it_was(
    tmp_path: Path, definitions: Definitions
) -> None:
    with history(tmp_path, definitions) as past:
        past.load([figure(3.0)])
        past.publish()
        past.definitions = with_policy(definitions, primary_min=0)
        past.publish()
        past.load([figure(3.0), figure(30.0, area="E08000003")])
        past.publish()
        assert past.publish().state == "unchanged"
        values = [
            past.ask("SELECT value FROM mart.as_of(?) WHERE area_code = 'E06000018'", when.replace(tzinfo=None))
            for when, _ in past.copies
        ]
        assert values == [[(None,)], [(3,)], [(3,)]]
        assert past.ask("SELECT DISTINCT indicator_id FROM mart.history") == [(COUNT,)]


def as_published(past: History, least: int = 0) -> None:
    """That the published file tells of every instant what the version of that instant showed."""
    versions = past.ask("SELECT data_version, published_at FROM mart.publications ORDER BY ALL")
    assert versions == [(n, when.replace(tzinfo=None)) for n, (when, _) in enumerate(past.copies, start=1)]
    before: dict[tuple[Any, ...], dict[str, Any]] = {}
    for when, copy in past.copies:
        told = {k: less_small(r, least) for k, r in rows(copy, "SELECT * FROM mart.observations").items()}
        instant = when.replace(tzinfo=None)
        assert rows(past.live, "SELECT * FROM mart.as_of(?)", instant) == told
        assert rows(past.live, "SELECT * FROM mart.as_of(?)", instant - timedelta(seconds=1)) == before
        before = told


@pytest.mark.long
@pytest.mark.parametrize("seed", range(HISTORIES))
def test_what_was_published_stays_so_whatever_is_rolled_back(
    seed: int, tmp_path: Path, definitions: Definitions
) -> None:
    """After every rollback, before and after the publication that follows it."""
    chance = random.Random(seed)  # noqa: S311
    with history(tmp_path, with_policy(definitions, primary_min=3, secondary=False)) as past:
        live_through(past, chance)
        for _ in range(3):
            past.roll_back(chance.randint(1, len(past.copies)))
            as_published(past)
            revised = set(past.ask("SELECT * FROM mart.revisions"))
            if chance.random() < 0.7:
                past.load([figure(float(chance.randint(1, 30)), area=area) for area in AREAS if chance.random() < 0.8])
                past.publish()
                as_published(past)
                assert revised <= set(past.ask("SELECT * FROM mart.revisions"))


@pytest.mark.long
def test_a_rollback_is_part_of_the_past(tmp_path: Path, definitions: Definitions) -> None:
    revised = "SELECT old_value, new_value FROM mart.revisions ORDER BY changed_at"
    with history(tmp_path, definitions) as past:
        past.load([figure(20.0), figure(50.0, area="E08000003")])
        past.publish()
        past.load([figure(30.0)])
        past.publish()
        past.roll_back(1)
        assert past.ask("SELECT value FROM mart.observations ORDER BY ALL") == [(20,), (50,)]
        as_published(past)
        assert past.ask(revised) == [(20, 30), (50, None), (30, 20), (None, 50)]
        past.publish()  # refused until a person approves it, which the history does an hour later
        as_published(past)
        assert past.ask(revised)[:4] == [(20, 30), (50, None), (30, 20), (None, 50)]
        assert past.publish().state == "unchanged"


@pytest.mark.long
def test_a_rollback_shows_nothing_that_no_version_has_shown(tmp_path: Path, definitions: Definitions) -> None:
    """A policy that has been loosened counts from the next publication on, which the gate judges."""
    with history(tmp_path, with_policy(definitions, primary_min=5, secondary=False)) as past:
        for value in (3.0, 4.0):
            past.load([figure(value), figure(50.0 + value, area="E08000003")])
            past.publish()
        past.definitions = with_policy(definitions, primary_min=0)
        past.roll_back(1)
        as_published(past)
        hidden = "SELECT DISTINCT value FROM mart.history WHERE area_code = 'E06000018'"
        assert past.ask(hidden) == [(None,)]
        assert past.ask("SELECT DISTINCT old_value, new_value FROM mart.revisions WHERE area_code = 'E06000018'") == [
            (None, None)
        ]


def test_no_figure_is_set_against_every_other(tmp_path: Path, definitions: Definitions) -> None:
    """A join that falls back to comparing row with row takes a time that grows with the square of what is held."""
    with history(tmp_path, definitions) as past:
        past.load([figure(20.0), figure(50.0, area="E08000003")])
        past.publish()
        plans: list[str] = []

        class Explained:
            """The store, which tells the plan of each statement before it runs it."""

            def execute(self, sql: str, *values: Any) -> Any:
                told = past.con.execute(f"EXPLAIN {sql}", *values).fetchall()
                plans.extend(str(plan) for _, plan in told)
                return past.con.execute(sql, *values)

        current_rows.create_current_rows(past.con, definitions)
        row_history.create_row_versions(Explained(), 2, BEGUN)  # type: ignore[arg-type]
        assert any("HASH_JOIN" in plan for plan in plans)
        assert not any("NL_JOIN" in plan or "CROSS_PRODUCT" in plan for plan in plans)


@pytest.mark.long
def test_a_row_that_is_hidden_and_was_current_twice_is_told_as_it_was(tmp_path: Path, definitions: Definitions) -> None:
    with history(tmp_path, definitions) as past:
        past.load([figure(3.0), figure(50.0, area="E08000003")])
        past.publish()
        past.load([figure(20.0), figure(51.0, area="E08000003")])
        past.publish()
        past.roll_back(1)
        past.publish()
        told = "SELECT value, conf_status, published_to IS NULL FROM mart.history WHERE area_code = 'E06000018'"
        assert past.ask(f"{told} ORDER BY published_from") == [
            (None, "c", False),
            (20, None, False),
            (None, "c", False),
            (20, None, True),
        ]
        assert past.publish().state == "unchanged"
