"""Between two nights: owners hear within minutes, nothing is loaded, and nothing is told twice."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from local_indicators.common.errors import BusyError
from local_indicators.flows.pipeline.daytime_steps import run_between_nights
from local_indicators.flows.records.ledger import read_ledger
from local_indicators.flows.records.writer_lock import sole_writer
from local_indicators.schemas.notifications import DAYTIME_KINDS, REMINDER_KINDS
from local_indicators.schemas.return_calendar import is_on_time
from local_indicators.warehouse.gate.gate import ExpectationResult, Verdict
from local_indicators.warehouse.publication import publish_attempt
from tests.support.mail_server import Post, free_port, plain, post_office
from tests.support.places import TODAY, Place
from tests.support.small_returns import GOOD, KS2, values, with_value, write_partner, write_return

BAD = with_value(GOOD, 2, "about 67")


@pytest.fixture
def sender(place: Place, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INDICATORS_PARTNERS", str(write_partner(place.root / "partners")))
    return place.inbox / "tester" / "attainment.xlsx"


EARLY = date(2011, 4, 28)  # before anything is due


def to_tester(post: Post) -> list[str]:
    return [f"{m['Subject']}\n{plain(m)}" for m in post.messages if m["To"] == "tester@example.org"]


def test_an_owner_hears_by_day_and_the_night_loads_without_judging_again(place: Place, sender: Path) -> None:
    write_return(sender)
    with post_office(Post(free_port())) as post:
        by_day = run_between_nights(place.settings(smtp_url=post.url), "day", DAYTIME_KINDS)
        assert ([one.status for one in by_day.returns], by_day.replies.sent) == (["accepted"], 1)
        assert not place.published.exists()
        (first,) = to_tester(post)
        assert "to be loaded tonight, awaiting publication" in first
        assert run_between_nights(place.settings(smtp_url=post.url), "day", DAYTIME_KINDS).returns == ()
        report = place.night("night", smtp_url=post.url, today=TODAY + timedelta(1))
        assert ([one.status for one in report.returns], values(place)[KS2]) == (["accepted"], 67.0)
        assert place.night("next", smtp_url=post.url, today=TODAY + timedelta(2)).returns == ()
        _, second = to_tester(post)
        assert "readers can see it now" in second
        assert "Receipts" not in second
    ledger = read_ledger(place.archive)
    assert [outcome.validation_number for outcome in ledger.recorded_outcomes] == [1]


@pytest.mark.long
def test_what_was_wrong_by_day_is_not_told_again_by_night_and_its_cure_is(place: Place, sender: Path) -> None:
    write_return(sender, BAD)
    with post_office(Post(free_port())) as post:
        run_between_nights(place.settings(smtp_url=post.url, today=EARLY), "one", DAYTIME_KINDS)
        run_between_nights(place.settings(smtp_url=post.url, today=EARLY), "two", DAYTIME_KINDS)
        place.night("night", smtp_url=post.url, today=EARLY)
        assert [m.splitlines()[0] for m in to_tester(post)] == ["Please correct and send again: Attainment, 2009/10"]
        write_return(sender)
        run_between_nights(place.settings(smtp_url=post.url, today=EARLY), "three", DAYTIME_KINDS)
        assert to_tester(post)[-1].startswith("Resolved")
        place.night("night", smtp_url=post.url, today=EARLY)
        assert len(to_tester(post)) == 3


@pytest.mark.long
def test_mail_that_waits_is_sent_by_day_and_a_day_that_could_not_send_says_no_more_than_holds(
    place: Place, sender: Path
) -> None:
    write_return(sender)
    port = free_port()
    url = f"smtp://127.0.0.1:{port}"
    waiting = run_between_nights(place.settings(smtp_url=url, today=EARLY), "day", DAYTIME_KINDS).replies
    assert (waiting.sent, waiting.waiting) == (0, 1)
    with post_office(Post(port)) as post:
        place.night("night", smtp_url=url, today=EARLY)
        (only,) = to_tester(post)
    assert "awaiting" not in only  # it was published meanwhile
    write_return(sender, BAD)
    from local_indicators.flows.pipeline import replying

    with pytest.MonkeyPatch.context() as quick:
        quick.setattr(replying, "PAUSES_SECONDS", (0.0,))
        assert place.night("night", smtp_url=url, today=EARLY).replies.waiting == 1
    with post_office(Post(port)) as post:
        run_between_nights(place.settings(smtp_url=url, today=EARLY), "day", DAYTIME_KINDS)
        assert len(to_tester(post)) == 1
        assert place.night("night", smtp_url=url, today=EARLY).replies.sent == 0


@pytest.mark.long
def test_what_a_night_could_not_tell_of_its_gate_waits_through_the_day(
    place: Place, sender: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from local_indicators.flows.pipeline import replying

    monkeypatch.setattr(replying, "PAUSES_SECONDS", (0.0,))
    refusing = Verdict((ExpectationResult("x", "it holds", "critical", False, held=False, count=1, rows=()),))
    monkeypatch.setattr(publish_attempt, "judge_candidate", lambda *_: refusing)
    write_return(sender)
    port = free_port()
    url = f"smtp://127.0.0.1:{port}"
    assert place.night("night", smtp_url=url, today=EARLY).replies.waiting >= 2
    with post_office(Post(port)) as post:
        run_between_nights(place.settings(smtp_url=url, today=EARLY), "day", DAYTIME_KINDS)
        subjects = [str(m["Subject"]) for m in post.messages]
        assert any("publication refused" in subject for subject in subjects)
        assert "awaiting publication" in to_tester(post)[0]
        run_between_nights(place.settings(smtp_url=url, today=EARLY), "day", DAYTIME_KINDS)
        place.night("night", smtp_url=url, today=EARLY)
        assert [str(m["Subject"]) for m in post.messages] == subjects


def test_by_day_nobody_is_reminded_and_reminders_do_so_once_together_with_the_night(
    place: Place, sender: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = date(2012, 1, 31)
    with post_office(Post(free_port())) as post:
        given = place.settings(smtp_url=post.url, today=late)
        run_between_nights(given, "day", DAYTIME_KINDS)
        assert post.messages == []
        run_between_nights(given, "reminders", REMINDER_KINDS)
        told = [str(m["Subject"]) for m in post.messages]
        assert [one for one in told if one.startswith("Overdue")]
        run_between_nights(given, "reminders", REMINDER_KINDS)
        place.night("night", smtp_url=post.url, today=late)
        assert [str(m["Subject"]) for m in post.messages] == told
        write_return(sender)  # what lies in the inbox when reminders run is read first, so it is no reminder's cause
        run_between_nights(given, "reminders", REMINDER_KINDS)
        assert "Overdue" not in str(post.messages[-1]["Subject"])


def test_a_day_leaves_while_another_run_is_at_work_and_a_night_waits(place: Place, sender: Path) -> None:
    import threading

    write_return(sender)
    held, go = threading.Event(), threading.Event()

    def at_work() -> None:
        with sole_writer(place.archive):
            held.set()
            go.wait(30)

    other = threading.Thread(target=at_work)
    other.start()
    held.wait(30)
    with pytest.raises(BusyError):
        run_between_nights(place.settings(), "day", DAYTIME_KINDS)
    from local_indicators.flows.pipeline.night_steps import run_night

    threading.Timer(0.7, go.set).start()
    assert run_night(place.settings(), "night", patience_seconds=60).returns
    other.join()


def test_what_comes_by_day_counts_for_the_coming_night(place: Place, sender: Path) -> None:
    write_return(sender)
    run_between_nights(
        place.settings(), "day", DAYTIME_KINDS
    )  # today's night was not held yet, so it is the coming one
    place.night("night")
    write_return(sender, BAD)
    run_between_nights(place.settings(), "day", DAYTIME_KINDS)
    first, second = read_ledger(place.archive).submissions.values()
    assert is_on_time(TODAY - timedelta(1), first.night)
    assert not is_on_time(TODAY - timedelta(1), second.night)
    assert is_on_time(TODAY, second.night)
