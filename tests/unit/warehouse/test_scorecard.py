"""The scorecard: every priority and objective, the figure it is judged by, who answers, and what is being done."""

from __future__ import annotations

from local_indicators.flows.pipeline.night_summary import NightReport
from local_indicators.schemas.definitions.models import Definitions
from tests.support.places import Place

Example = tuple[Place, NightReport]
PLAN = "CYPP 2010-14"


def test_every_priority_and_objective_has_a_row(example_night: Example, definitions: Definitions) -> None:
    place, _ = example_night
    rows = place.ask("SELECT priority, objective, indicator_id FROM mart.scorecard WHERE framework = ?", PLAN)
    assert {row[0] for row in rows if row[0]} == {one.title for one in definitions.plan.priority}
    said = {row[1] for row in rows}
    assert {"16. Science City", "9. Substance misuse", "Improving attendance"} <= said
    assert ("16. Science City", None) in {row[1:] for row in rows}  # never reported: shown, and without an indicator
    assert not [title for title in said if title and title.startswith(("4.", "17."))]  # ended on 25 May 2011


def test_a_row_joins_figure_target_officer_and_actions(example_night: Example) -> None:
    place, _ = example_night
    rows = place.ask(
        """SELECT breakdown, latest, target, target_period, target_status, direction, officer, open_actions
           FROM mart.scorecard WHERE framework = ? AND indicator_id = 'persistent-absence-secondary' ORDER BY 1""",
        PLAN,
    )
    officer = "Director for Schools and Learning"
    assert rows == [
        ("Coverage=Maintained", 5.8, 5, "201011", "no target", "not comparable", officer, 2),
        ("Coverage=Maintained and academies", 7.2, 5, "201011", "no target", "not comparable", officer, 2),
    ]
    misuse = place.ask("SELECT DISTINCT officer FROM mart.scorecard WHERE priority = 'Reducing substance misuse'")
    assert misuse == [(None,)]  # nobody answered for it, and it is shown so


def test_another_framework_has_targets_of_its_own_over_the_same_figures(example_night: Example) -> None:
    place, _ = example_night
    rows = place.ask(
        """SELECT indicator_id, latest, target, target_period, target_status FROM mart.scorecard
           WHERE framework = 'City plan to 2020' ORDER BY 1, 2 DESC"""
    )
    assert rows == [
        ("ks4-five-good-gcses", 44.2, 48, "201011", "no target"),
        ("level-2-at-19", 68.4, 85, "201920", "no target"),
        ("level-2-at-19", 52, None, None, "no target"),
    ]
    own = place.ask("SELECT target FROM mart.latest WHERE indicator_id IN ('ks4-five-good-gcses', 'level-2-at-19')")
    assert {target for (target,) in own} == {None}


def test_the_action_log_is_a_return_like_any_other(example_night: Example) -> None:
    place, _ = example_night
    assert place.ask("SELECT action, indicator_id, state, evidence IS NOT NULL, provenance FROM mart.actions") == [
        ("A01", "persistent-absence-secondary", "open", False, "illustrative"),
        ("A02", "persistent-absence-secondary", "open", False, "illustrative"),
        ("A03", "obesity-year-6", "open", False, "illustrative"),
        ("A04", "ks4-five-good-gcses", "done", True, "illustrative"),
    ]
    assert place.ask("SELECT count(*) FROM mart.returns WHERE collection = 'action-log' AND status = 'accepted'") == [
        (1,)
    ]


def test_a_basket_lists_its_parts_and_says_that_it_is_a_proxy(example_night: Example, definitions: Definitions) -> None:
    place, _ = example_night
    rows = place.ask("SELECT indicator_id, proxy FROM mart.baskets WHERE basket = 'aspirations'")
    assert set(rows) == {(name, True) for name in definitions.baskets["aspirations"].components}
