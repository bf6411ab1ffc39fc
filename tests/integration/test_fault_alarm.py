"""A fault of our own: the analyst hears of it once, whatever it is that fails, and no secret or partner's data with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local_indicators.common.errors import StorageError
from local_indicators.flows.delivery import fault_alarm
from local_indicators.flows.delivery.fault_alarm import AlarmSettings, clear_faults, describe_fault, report_fault
from tests.support.mail_server import Post, free_port, plain, post_office

AT = datetime(2011, 5, 26, 0, 31, tzinfo=UTC)
FULL = "archive: the ledger cannot be written (No space left on device)"


def alarm(**given: Any) -> AlarmSettings:
    return AlarmSettings(workspace=Path.cwd(), **given)


@pytest.fixture
def reach(tmp_path: Path) -> Callable[[str], AlarmSettings]:
    def of(url: str = "") -> AlarmSettings:
        return alarm(outbox=tmp_path / "outbox", archive=tmp_path / "archive", smtp_url=url or None)

    return of


def test_a_fault_is_told_once_until_its_run_has_ended_well_and_it_comes_back(
    reach: Callable[[str], AlarmSettings],
) -> None:
    with post_office(Post(free_port())) as post:
        given = reach(post.url)
        for minutes in range(0, 60, 10):
            assert report_fault(given, "replies", "replies of 01:31", FULL, AT + timedelta(minutes=minutes)) == ""
        assert report_fault(given, "nightly", "night of 2011-05-26", FULL, AT) == ""
        assert [str(m["To"]) for m in post.messages] == ["analyst@example.org"]
        assert "No space left" in plain(post.messages[0])
        clear_faults(given, "replies")
        report_fault(given, "replies", "again", FULL, AT)  # the night has not ended well yet, so it is the same fault
        assert len(post.messages) == 1
        report_fault(given, "nightly", "night", "another thing is wrong", AT)
        assert len(post.messages) == 2
        for flow in ("replies", "nightly"):
            clear_faults(given, flow)
        report_fault(given, "nightly", "night of 2011-06-30", FULL, AT + timedelta(35))
        assert len(post.messages) == 3
        assert len({str(m["Message-ID"]) for m in post.messages}) == 3


def test_while_mail_is_what_fails_the_message_waits_and_any_later_run_sends_it(
    reach: Callable[[str], AlarmSettings], tmp_path: Path
) -> None:
    port = free_port()
    given = reach(f"smtp://user:secret-word@127.0.0.1:{port}")
    said = f"cannot connect to smtp://user:secret-word@127.0.0.1:{port}, nor to https://key:word@example.org/x"
    assert "mail server" in report_fault(given, "nightly", "night", said, AT)
    (written,) = (tmp_path / "outbox").glob("fault-*.eml")
    assert "mail server" in clear_faults(given, "nightly")
    plainly = reach(f"smtp://127.0.0.1:{port}")
    with post_office(Post(port)) as post:
        assert clear_faults(plainly, "replies") == ""
        clear_faults(plainly, "nightly")
        clear_faults(plainly, "replies")
        (message,) = post.messages
    text = plain(message) + written.read_text() + (tmp_path / "archive" / "faults.json").read_text()
    assert "secret-word" not in text
    assert ":word@" not in text
    broken = reach("smtp//nonsense")
    assert "smtp_url" in report_fault(broken, "nightly", "night", "another", AT)


def test_it_works_where_the_archive_or_all_folders_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path / "spare"))
    (tmp_path / "spare").mkdir()
    with post_office(Post(free_port())) as post:
        nowhere = tmp_path / "file" / "x"  # below a file no folder can be made
        for outbox in (tmp_path / "outbox", nowhere):
            given = alarm(outbox=outbox, archive=nowhere, smtp_url=post.url)
            for _ in range(3):
                assert report_fault(given, "nightly", "night", FULL, AT) == ""
        assert len(post.messages) == 2
        mended = alarm(outbox=tmp_path / "outbox", archive=tmp_path / "archive", smtp_url=post.url)
        clear_faults(mended, "nightly")  # forgets what was remembered elsewhere too
        elsewhere = alarm(outbox=tmp_path / "outbox", archive=nowhere, smtp_url=post.url)
        report_fault(elsewhere, "nightly", "n", FULL, AT)
        assert len(post.messages) == 3


@pytest.mark.long
def test_a_disk_that_became_full_does_not_make_it_forget(
    reach: Callable[[str], AlarmSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    with post_office(Post(free_port())) as post:
        given = reach(post.url)
        clear_faults(given, "nightly")  # a run that ended well leaves room for the memory
        monkeypatch.setattr(fault_alarm, "write_whole", _full)
        for _ in range(3):
            report_fault(given, "nightly", "night", FULL, AT)
        assert len(post.messages) == 1
        size = given.memory_paths[0].stat().st_size
        for number in range(100):
            report_fault(given, "nightly", "night", f"{'abcdefghij'[number % 10]}{'xyz' * (number // 10)} is wrong", AT)
        assert given.memory_paths[0].stat().st_size == size


def _full(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_what_is_told_holds_nothing_of_a_partner() -> None:
    def raised(error: Exception) -> Exception:
        try:
            raise error
        except Exception as caught:
            return caught

    assert "Exampleperson" not in describe_fault(raised(ValueError("Exampleperson, 2001-02-03")), "")
    assert describe_fault(raised(ValueError("Exampleperson")), "").startswith(
        "ValueError at tests/integration/test_fault_alarm.py, line"
    )
    assert describe_fault(StorageError("archive", "is\x1b[31m damaged"), "").startswith("archive: is")
    assert "\x1b" not in describe_fault(StorageError("archive", "is\x1b[31m damaged"), "")
    assert describe_fault(None, "the run was cut off") == "the run was cut off"


def test_a_run_by_day_that_is_cut_off_is_told_the_second_time(reach: Callable[[str], AlarmSettings]) -> None:
    with post_office(Post(free_port())) as post:
        given = reach(post.url)
        report_fault(given, "replies", "one", "cut off", AT, bearable=1)
        clear_faults(given, "replies")
        report_fault(given, "replies", "two", "cut off", AT, bearable=1)
        assert post.messages == []
        report_fault(given, "replies", "three", "cut off", AT, bearable=1)
        assert len(post.messages) == 1


def test_where_the_template_of_the_message_is_the_fault_it_is_written_in_our_words(
    reach: Callable[[str], AlarmSettings], tmp_path: Path
) -> None:
    (tmp_path / "fault.jinja").write_text("{{ faullt }}")
    with post_office(Post(free_port())) as post:
        given = reach(post.url).model_copy(update={"templates": tmp_path})
        assert report_fault(given, "nightly", "night", f"{tmp_path}/fault.jinja: line 1: uses faullt", AT) == ""
        assert "uses faullt" in plain(post.messages[0])
