"""The register: what is due, overdue and late to the day, who answers for what, and `indicators status`."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from local_indicators.flows.commands.application import main
from local_indicators.flows.records.return_register import accountability_gaps, accountable_officers
from local_indicators.inputs.layouts.partner_layouts import Partner
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.return_calendar import (
    ExpectedPeriod,
    expected_returns,
    is_beyond_grace,
    is_on_time,
    register_entries,
    status_of_missing_return,
)
from local_indicators.schemas.submissions import Outcome, Status
from local_indicators.warehouse.gate.gate import Verdict
from local_indicators.warehouse.publication import publish_attempt
from tests.support.places import HOME, Place
from tests.support.small_returns import GOOD, write_partner, write_return

DUE = date(2011, 5, 20)


def days(number: int) -> date:
    return DUE + timedelta(number)


def outcome(status: Status, name: str, *periods: str) -> Outcome:
    return Outcome(
        submission=name,
        partner="p",
        collection="c",
        status=status,
        rows=1,
        findings=(),
        not_checked=(),
        periods=periods,
        table=None,
        definitions="",
        layouts="",
        validated_at=datetime(2011, 5, 1, tzinfo=UTC),
    )


def test_the_night_after_the_due_date_is_the_last_that_is_on_time() -> None:
    assert [status_of_missing_return(DUE, days(n)) for n in (-1, 0, 1, 2)] == ["due", "due", "overdue", "overdue"]
    assert [is_on_time(DUE, days(n)) for n in (0, 1, 2)] == [True, True, False]
    assert [is_beyond_grace(DUE, days(n), 7) for n in (7, 8)] == [False, True]
    assert [is_beyond_grace(DUE, days(n), 0) for n in (0, 1)] == [False, True]


def test_a_rejected_return_is_rejected_and_is_overdue_once_its_time_is_over() -> None:
    expected = (ExpectedPeriod("2009/10", DUE), ExpectedPeriod("2010/11", days(365)))
    bad, good = outcome("rejected", "S1", "2009/10"), outcome("accepted", "S2", "2009/10")
    (first, second) = sorted(
        expected_returns(register_entries("p", "c", expected, [bad])), key=lambda s: s.expected.due
    )
    assert (first.status(DUE), first.is_overdue(DUE), first.is_overdue(days(1))) == ("rejected", False, True)
    assert (second.status(DUE), second.is_overdue(DUE)) == ("due", False)
    first = min(expected_returns(register_entries("p", "c", expected, [bad, good, bad])), key=lambda s: s.expected.due)
    assert (first.status(days(9)), first.is_overdue(days(9)), first.accepted_outcome) == ("received", False, good)


def test_the_example_plan_lacks_exactly_what_it_lacks(definitions: Definitions, partners: dict[str, Partner]) -> None:
    for day in (date(2011, 5, 26), date(2026, 11, 24)):
        found = accountability_gaps(definitions, partners, day)
        assert found["indicators_without_owner"] == []
        assert [one["priority"] for one in found["priorities_without_lead"]] == ["Reducing substance misuse"]
        titles = [one["title"] for one in found["objectives_never_reported"]]
        assert titles == ["Science City", "Learning transformation"]


def test_an_officer_who_left_and_an_owner_who_is_no_partner_are_missed(
    definitions: Definitions, partners: dict[str, Partner]
) -> None:
    left = {
        n: replace(o, valid_to=date(2011, 5, 1)) if n == "director-council" else o
        for n, o in definitions.officers.items()
    }
    others = {name: one for name, one in partners.items() if name != "careers"}
    found = accountability_gaps(replace(definitions, officers=left), others, date(2011, 5, 26))
    named = {one["indicator"] for one in found["indicators_without_owner"]}
    expected = {
        i.id for i in definitions.indicators.values() if i.officer == "director-council" or i.data_owner == "careers"
    }
    assert named == expected
    assert "Stronger safeguarding" in [one["priority"] for one in found["priorities_without_lead"]]


def test_the_officers_of_a_return_are_those_of_the_indicators_it_feeds(
    definitions: Definitions, partners: dict[str, Partner]
) -> None:
    officers = accountable_officers(partners, definitions, date(2011, 5, 26))
    assert officers["child-measurement"] == ("deputy-director-public-health",)
    assert officers["social-care-referrals"] == ("director-council",)
    assert officers["substance-misuse"] == ()
    assert accountable_officers(partners, definitions, date(2010, 1, 1))["child-measurement"] == ()


@pytest.fixture
def own(place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    folder = place.root / "partners"
    for name in ("one", "two", "three", "four"):
        write_partner(folder, name)
    toml = folder / "four.toml"
    toml.write_text(toml.read_text().replace("due = 2011-05-01", "due = 2011-07-01"))
    monkeypatch.setenv("INDICATORS_PARTNERS", str(folder))
    monkeypatch.setenv("INDICATORS_ARCHIVE", str(place.archive))
    monkeypatch.setattr(publish_attempt, "judge_candidate", lambda *_: Verdict())  # it has tests of its own
    write_return(place.inbox / "one" / "attainment.xlsx")
    write_return(place.inbox / "two" / "attainment.xlsx", [("Nottm", *GOOD[0][1:])])
    (place.inbox / "three").mkdir()
    (place.inbox / "three" / "attainment.xlsx").write_bytes(b"PK\x03\x04 broken")
    return place


def test_status_says_what_is_received_rejected_due_and_overdue(own: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--today", "2011-05-31", "--json"]) == 0
    before = {r["partner"]: r["status"] for r in json.loads(capsys.readouterr().out)["returns"]}
    assert before == {"one": "overdue", "two": "overdue", "three": "overdue", "four": "due"}
    own.night()
    assert main(["status", "--today", "2011-05-31", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    returns = {r["partner"]: r for r in found["returns"]}
    said = {name: (r["status"], r["overdue"], r["reminded"], r["escalated"]) for name, r in returns.items()}
    assert said == {
        "one": ("received", False, False, False),
        "two": ("rejected", True, True, True),
        "three": ("overdue", True, True, True),
        "four": ("due", False, False, False),
    }
    assert (returns["one"]["on_time"], returns["two"]["findings"]) == (False, 1)
    assert [one["partner"] for one in found["unexpected"]] == ["three"]
    assert found["messages_waiting"] == []
    assert main(["status", "--today", "2011-05-31"]) == 0
    words = capsys.readouterr().out
    assert "1 received, 1 rejected, 1 due, 1 overdue." in words
    for name in ("Science City", "Learning transformation", "Priority without a lead: Reducing substance misuse"):
        assert name in words


def test_status_needs_neither_prefect_nor_the_warehouse(own: Place, tmp_path: Path) -> None:
    heavy = ("prefect", "great_expectations", "duckdb", "openpyxl", "pandera")
    script = (
        "import sys; from local_indicators.flows.commands.application import main; main(['status']);"
        f"print([m for m in {heavy!r} if m in sys.modules], file=sys.stderr)"
    )
    python = str(HOME / ".venv" / "bin" / "python")
    env = {"INDICATORS_PARTNERS": str(own.root / "partners"), "INDICATORS_ARCHIVE": str(own.archive)}
    done = subprocess.run([python, "-c", script], cwd=HOME, env=env, capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_a_message_that_waits_is_in_the_register(own: Place, capsys: pytest.CaptureFixture[str]) -> None:
    from local_indicators.flows.delivery import outbox
    from tests.support.mail_server import free_port

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(outbox, "PAUSES_SECONDS", (0.0,))
        own.night(smtp_url=f"smtp://127.0.0.1:{free_port()}")
    assert main(["status", "--today", "2011-05-31", "--json"]) == 0
    waiting = json.loads(capsys.readouterr().out)["messages_waiting"]
    assert {one["to"] for one in waiting} >= {"partner/one", "partner/two", "partner/three"}
    assert all("Connection refused" in one["why"] for one in waiting)
