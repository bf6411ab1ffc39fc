"""What the gate finds at fault is set aside with its return, and the rest is published the same night."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from local_indicators.common.errors import StorageError
from local_indicators.flows.commands.application import main
from local_indicators.flows.pipeline.night_summary import NightReport
from local_indicators.flows.records.ledger import read_ledger
from local_indicators.flows.recovery.approval import release_set_aside
from local_indicators.flows.recovery.rebuild_warehouse import rebuild
from tests.support.places import Place
from tests.support.small_returns import write_partner, write_return

AREAS = ("Derby", "Leicester", "Sheffield", "Leeds", "Birmingham", "Liverpool", "Manchester", "Nottingham", "Bristol, City of",
         "Newcastle upon Tyne", "Nottinghamshire", "Derbyshire")  # fmt: skip
PARTNERS = tuple(f"partner-{number}" for number in range(1, len(AREAS) + 1))
YEARS = ("2007/08", "2008/09", "2009/10")
Row = tuple[Any, ...]


@contextmanager
def unchecked() -> Iterator[None]:
    """The check passes over single rows, so that only the gate sees what is wrong with one."""
    with patch("local_indicators.schemas.validation.check_tables.check_rows"):
        yield


def rows_of(number: int, value: float, years: Sequence[str] = YEARS) -> list[Row]:
    """A partner's rows: of its own area, three years of two measures."""
    return [
        (AREAS[number], measure, year, "reported", value + at, None, None)
        for at, year in enumerate(years)
        for measure in ("Good level", "Key stage 4")
    ]


def send(place: Place, number: int, rows: Sequence[Row], name: str = "attainment.xlsx") -> Path:
    return write_return(place.inbox / PARTNERS[number] / name, rows)


def shown(place: Place, number: int) -> set[float]:
    """What readers see of a partner's good level."""
    sql = "SELECT value FROM mart.observations WHERE indicator_id = 'eyfs-good-level' AND area_name = ?"
    return {value for (value,) in place.ask(sql, AREAS[number])}


def statuses(place: Place) -> dict[str, str]:
    return dict(place.ask("SELECT submission, status FROM mart.returns WHERE submission IS NOT NULL"))


def mail(place: Place, to: str) -> str:
    """All that was ever sent to an address."""
    from email import message_from_bytes, policy

    said = []
    for path in sorted(place.outbox.glob("*.eml")):
        message = message_from_bytes(path.read_bytes(), policy=policy.default)
        if to in str(message["To"]):
            body = message.get_body(("plain",))
            said.append(" ".join(f"{message['Subject']} {body.get_content() if body else ''}".split()))
    return "\n".join(said)


@pytest.fixture
def town(place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Three partners whose first returns are published."""
    for name in PARTNERS[:3]:
        write_partner(place.root / "partners", name)
    monkeypatch.setenv("INDICATORS_PARTNERS", str(place.root / "partners"))
    for number in range(3):
        send(place, number, rows_of(number, 50))
    assert place.night("one").publication.state == "published"
    return place


def faulty(place: Place, number: int, run: str, *, value: float = 541.0, **other: Any) -> NightReport:
    """A night in which a partner's first figure is one that only the gate refuses."""
    first, *rest = rows_of(number, 51)
    send(place, number, [(*first[:4], value, *first[5:]), *rest])
    with unchecked():
        return place.night(run, **other)


@pytest.mark.long
def test_one_return_is_set_aside_and_the_others_are_published_the_same_night(town: Place) -> None:
    for number in (1, 2):
        send(town, number, rows_of(number, 60))
    report = faulty(town, 0, "two")
    assert report.publication.state == "published"
    assert [shown(town, number) for number in range(3)] == [{50, 51, 52}, {60, 61, 62}, {60, 61, 62}]
    assert statuses(town)["S000004"] == "set-aside"
    assert {line.status for line in report.returns} == {"accepted", "set-aside"}
    flagged = town.ask("SELECT DISTINCT submission, why IS NOT NULL FROM mart.set_aside ORDER BY 2")
    assert flagged == [("S000004", False), ("S000004", True)]
    owner, analyst = mail(town, f"{PARTNERS[0]}@"), mail(town, "analyst@")
    assert "Figures!E4" in owner
    assert "Figures!E4" in analyst
    assert "indicators approve S000004" in analyst
    assert "set aside" not in mail(town, f"{PARTNERS[1]}@")
    assert not town.ask("SELECT 1 FROM mart.history WHERE submission = 'S000004'")

    again = town.night("three")
    assert again.publication.state == "unchanged"
    assert mail(town, "analyst@").count("indicators approve S000004") == 1

    send(town, 0, rows_of(0, 55))
    town.night("four")
    assert shown(town, 0) == {55, 56, 57}
    assert statuses(town)["S000004"] == "accepted"
    assert not town.ask("SELECT 1 FROM mart.set_aside")
    assert not town.ask("SELECT 1 FROM mart.as_of(TIMESTAMP '2100-01-01') WHERE submission = 'S000004'")
    assert not town.ask("SELECT 1 FROM mart.revisions WHERE 'S000004' IN (submission, old_submission)")


@pytest.mark.long
def test_what_is_set_aside_is_made_again_by_a_rebuild(town: Place) -> None:
    send(town, 1, rows_of(1, 60))
    faulty(town, 0, "two")
    found = rebuild(town.settings(), "again")
    assert found.equal, found.text
    send(town, 2, rows_of(2, 70))
    town.night("three")
    send(town, 0, rows_of(0, 55)[:4])
    town.night("four")
    found = rebuild(town.settings(), "again")
    assert found.equal, found.text


@pytest.mark.long
def test_the_analyst_can_let_a_return_through_and_it_stays_so(town: Place, capsys: pytest.CaptureFixture[str]) -> None:
    faulty(town, 0, "two")
    where = ["--warehouse", str(town.published), "--archive", str(town.archive), "--by", "performance-analyst"]
    assert main(["approve", "S000001", *where]) == 1
    assert main(["approve", "S000004", *where]) == 0
    assert "The next night publishes it" in capsys.readouterr().out
    assert town.night("three").publication.state == "published"
    assert 541.0 in shown(town, 0)
    assert statuses(town)["S000004"] == "accepted"
    assert "it awaited publication, and readers can see it now" in mail(town, f"{PARTNERS[0]}@")
    send(town, 1, rows_of(1, 60))
    report = town.night("four")
    assert (report.publication.state, report.publication.set_aside, shown(town, 1)) == ("published", (), {60, 61, 62})
    assert [one.id for one in report.publication.verdict.broken if one.severity == "critical"] == []
    assert rebuild(town.settings(), "again").equal


def test_a_stricter_policy_publishes_nothing(town: Place) -> None:
    send(town, 1, rows_of(1, 60))
    report = faulty(town, 0, "two", on_fault="refuse")
    assert (report.publication.state, shown(town, 1)) == ("refused", {50, 51, 52})


def test_the_mail_about_a_refusal_has_run_reason_page_and_a_command_that_runs_as_printed(
    town: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    report = faulty(town, 0, "a1b2c3d4-night", on_fault="refuse")
    told = mail(town, "analyst@")
    assert report.publication.page is not None
    for words in (report.run, report.publication.page, report.publication.verdict.broken[0].reason.split(":")[0]):
        assert " ".join(words.split()) in told
    for name in ("WAREHOUSE", "ARCHIVE", "OUTBOX", "INBOX"):
        value = {"WAREHOUSE": town.published, "ARCHIVE": town.archive, "OUTBOX": town.outbox, "INBOX": town.inbox}[name]
        monkeypatch.setenv(f"INDICATORS_{name}", str(value))
    assert main(["status"]) == 0
    printed = capsys.readouterr().out
    command = re.search(r"indicators (approve \S+ --by \S+)", told)
    assert command is not None
    assert command[0] in " ".join(printed.split())
    typed = shlex.split(command[1])
    assert main([typed[0], typed[1][:6], *typed[2:]]) == 0  # its beginning is enough
    assert 541.0 in shown(town, 0)


@pytest.mark.long
def test_a_file_that_was_never_published_does_not_come_to_light_when_the_next_is_set_aside(town: Place) -> None:
    faulty(town, 0, "two")
    faulty(town, 0, "three", value=642.0)
    assert shown(town, 0) == {50, 51, 52}
    assert {name for name, status in statuses(town).items() if status == "set-aside"} == {"S000004", "S000005"}


@pytest.mark.long
def test_a_release_that_the_ledger_has_lost_is_found_before_anything_is_written(town: Place) -> None:
    faulty(town, 0, "two")
    release_set_aside(town.settings(), "S000004", "performance-analyst")
    ledger = town.archive / "ledger.jsonl"
    *kept, _ = ledger.read_bytes().splitlines(keepends=True)
    ledger.write_bytes(b"".join(kept))
    with pytest.raises(StorageError, match="the store has seen line"):
        town.night("three")


@pytest.mark.long
def test_what_a_return_withdraws_stays_while_it_is_set_aside(town: Place) -> None:
    """Its first figure is at fault, and it leaves out one of its last year, as a later file of that year does too."""
    first, *rest, last = [row for row in rows_of(0, 50) if row != rows_of(0, 50)[-2]]
    send(town, 0, [(*first[:4], 541.0, *first[5:]), *rest, last])
    with unchecked():
        town.night("two")
    assert shown(town, 0) == {50, 51, 52}
    send(town, 0, [last], "attainment-of-2009.xlsx")
    town.night("three")
    assert statuses(town)["S000004"] == "set-aside"
    assert shown(town, 0) == {50, 51}
    assert rebuild(town.settings(), "again").equal


@pytest.mark.long
def test_a_return_that_changes_too_much_does_not_hold_up_the_others(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    councils = [f"E060000{number:02d}" for number in range(1, 25) if number != 18]
    for name in PARTNERS[:8]:
        write_partner(place.root / "partners", name)
    monkeypatch.setenv("INDICATORS_PARTNERS", str(place.root / "partners"))

    def night(run: str, many: float, one: float) -> NightReport:
        rows = [(code, "Good level", "2009/10", "reported", many, None, None) for code in councils]
        send(place, 0, rows)
        send(place, 7, rows_of(7, one))
        return place.night(run)

    night("one", 40, 50)
    report = night("two", 50, 60)
    assert report.publication.state == "published"
    assert [one.submission for one in report.publication.set_aside] == ["S000003"]
    assert (shown(place, 7), shown(place, 0)) == ({60, 61, 62}, {40})
    where = ["--warehouse", str(place.published), "--archive", str(place.archive), "--by", "performance-analyst"]
    assert main(["approve", "S000003", *where]) == 0
    assert place.night("three").publication.state == "published"
    assert shown(place, 0) == {50}


Break = Callable[[Place, int, int], bool]


def out_of_bounds(place: Place, number: int, night: int) -> bool:
    """A value that only the gate refuses."""
    first, *rest = rows_of(number, 50 + night)
    send(place, number, [(*first[:4], 541.0 + night, *first[5:]), *rest])
    return True


def more_than_all(place: Place, number: int, night: int) -> bool:
    """A share of counts that only the gate refuses."""
    first, *rest = rows_of(number, 50 + night)
    send(place, number, [(*first[:5], 1201, 997), *rest])
    return True


def all_by_ten(place: Place, number: int, night: int) -> bool:
    """Another unit: every figure a tenth of what it was."""
    send(place, number, rows_of(number, 5))
    return False


def words(place: Place, number: int, night: int) -> bool:
    """A cell that the check refuses."""
    first, *rest = rows_of(number, 50 + night)
    send(place, number, [(*first[:4], "about 50", *first[5:]), *rest])
    return False


BREAKS: Sequence[Break] = (out_of_bounds, words, more_than_all, all_by_ten)


@pytest.mark.long
def test_twelve_partners_of_whom_one_breaks_something_every_night(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every other partner's good return is public the same night."""
    for name in PARTNERS:
        write_partner(place.root / "partners", name)
    monkeypatch.setenv("INDICATORS_PARTNERS", str(place.root / "partners"))
    for number in range(len(PARTNERS)):
        send(place, number, rows_of(number, 50))
    place.night("night-0")
    for night in range(1, 5):
        broken, good = night % len(PARTNERS), [(night + step) % len(PARTNERS) for step in (1, 5)]
        sets_aside = BREAKS[night - 1](place, broken, night)
        for number in good:
            send(place, number, rows_of(number, 60 + night))
        with unchecked():
            report = place.night(f"night-{night}", change_limit_pct=100)
        assert report.publication.state == "published"
        new = {one.submission for one in report.publication.set_aside} - set(_before(place, night))
        assert bool(new) == sets_aside
        for number in good:
            assert shown(place, number) == {60 + night, 61 + night, 62 + night}
    assert rebuild(place.settings(), "again").equal


def _before(place: Place, night: int) -> list[str]:
    """Submissions that came before a night."""
    newest = max(submission.sequence for submission in read_ledger(place.archive).submissions.values())
    return [f"S{number:06d}" for number in range(1, newest - 2)]
