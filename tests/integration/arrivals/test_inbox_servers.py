"""Inboxes on servers: what they refuse, what they show, and what is fetched again."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from local_indicators.common.errors import InboxError, UsageError
from local_indicators.flows import inboxes
from local_indicators.flows.intake.arrivals import collect
from local_indicators.flows.pipeline.night_steps import run_night
from local_indicators.flows.settings import settings
from tests.support.arriving_files import A, B, arrived, at, begun, opened
from tests.support.inbox_servers import PASSWORD, QUOTED, Inbox, Store, inbox_of, sftp_server
from tests.support.places import Place


@pytest.mark.parametrize("kind", ["sftp", "s3"])
def test_a_whole_night_from_a_server_shows_no_secret(kind: str, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with inbox_of(kind, place.root) as made:
        at(made, place, monkeypatch)
        made.put("tester/attainment.xlsx", A)
        given = begun(place).settings
        report = run_night(given, "one")
    assert [line.status for line in report.returns] == ["accepted"]
    assert place.ask(
        "SELECT value FROM mart.observations WHERE indicator_id LIKE 'ks2%' AND time_period = '200910'"
    ) == [(67.0,)]
    kept = b"".join(p.read_bytes() for p in place.root.rglob("*") if p.is_file())
    shown = kept.decode("utf-8", "replace") + repr(given) + str(given) + str(given.model_dump()) + repr(report)
    for form in (PASSWORD, QUOTED):
        assert form not in shown


def test_a_share_that_vanishes_half_way_costs_only_what_was_not_read(
    inbox: Inbox, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [f"tester/attainment {number}.csv" for number in range(6)]
    for number, path in enumerate(paths):
        inbox.put(path, b"Area\n%d\n" % number, age_seconds=100)
    kind = inboxes.Mounted if inbox.given.startswith("/") else inboxes.Remote
    really, asked = kind.opened, []

    def going_away(self: Any, file: inboxes.Parts) -> Any:
        asked.append(file)
        if len(asked) == 4:
            if inbox.given.startswith("sftp"):
                inbox.stop()  # type: ignore[attr-defined]
            else:
                monkeypatch.setattr(kind, "answers", lambda _: False)
                raise OSError(107, "Transport endpoint is not connected")
        return really(self, file)

    monkeypatch.setattr(kind, "opened", going_away)
    night = begun(place)
    assert [one.path for one in collect(night)] == paths[:3]
    (note,) = night.notes
    assert "3 of 6 files were read, the other 3 are left for the next night" in note
    assert night.unread_partners == {"tester"}
    if not inbox.given.startswith("sftp"):
        monkeypatch.undo()
        at(inbox, place, monkeypatch)
        assert arrived(place) == paths[3:]


@pytest.mark.long
@pytest.mark.parametrize("kind", ["s3", "sftp"])
def test_what_did_not_change_is_not_fetched_again_and_what_changed_is(
    kind: str, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with inbox_of(kind, place.root) as made:
        at(made, place, monkeypatch)
        for number in range(8):
            made.put(f"tester/attainment {number}.csv", b"Area\n%d\n" % number, age_seconds=600)
        assert len(arrived(place)) == 8
        fetched = opened(monkeypatch)
        assert arrived(place) == []
        assert fetched == []
        made.put("tester/attainment 7.csv", b"Area\n8\n", age_seconds=30)
        assert arrived(place) == ["tester/attainment 7.csv"]
        assert len(fetched) == 1
        # Same size, same time of change, other bytes: a store's mark tells; a server's times do not, until they are
        # believed no longer.
        made.put("tester/attainment 3.csv", b"Area\n5\n", age_seconds=600)
        if kind == "sftp":
            when = (place.inbox / "tester" / "attainment 4.csv").stat().st_mtime
            os.utime(place.inbox / "tester" / "attainment 3.csv", (when, when))
            arrived(place)
            assert arrived(place, reread_days=0) in ([], ["tester/attainment 3.csv"])
            assert len(fetched) >= 9
        else:
            assert arrived(place) == ["tester/attainment 3.csv"]
        (place.archive / "seen.json").write_bytes(b"{ damaged")
        assert arrived(place) == []


def test_odd_keys_of_a_store_lead_nowhere(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with inbox_of("s3", place.root) as made:
        import boto3

        at(made, place, monkeypatch)
        assert isinstance(made, Store)

        endpoint = made.given.partition("endpoint=")[2]
        client = boto3.client(
            "s3",
            endpoint_url=endpoint,
            aws_access_key_id="AKTEST",
            aws_secret_access_key=PASSWORD,
            region_name="us-east-1",
        )
        for key in ("in/tester/../other/attainment.xlsx", "in/tester//attainment.xlsx", "in/tester/./attainment.xlsx",
                    "in/../tester/attainment.xlsx", "in/tester/folder/", "in//attainment.xlsx", "elsewhere/tester/a.xlsx"):  # fmt: skip
            client.put_object(Bucket=made.root.partition("/")[0], Key=key, Body=A if not key.endswith("/") else b"")
        client.put_object(Bucket=made.root.partition("/")[0], Key="in/tester/attainment.xlsx", Body=B)
        night = begun(place)
        assert [one.path for one in collect(night)] == ["tester/attainment.xlsx"]
        assert len(night.notes) >= 3
        assert all("left alone" in note for note in night.notes)


def test_a_server_that_refuses_or_is_not_the_one_we_know_is_one_clear_fault(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place.inbox / "tester").mkdir()
    with sftp_server(place.inbox) as server:
        known = place.root / "known"
        known.write_text(server.known_hosts, encoding="utf-8")
        wrong = server.url.replace(QUOTED, "hunter2")
        unknown = place.root / "nobody"
        unknown.write_text("", encoding="utf-8")
        for given in (f"{wrong}?known_hosts={known}", f"{server.url}?known_hosts={unknown}"):
            at(_Given(given), place, monkeypatch)
            with pytest.raises(InboxError) as fault:
                arrived(place)
            assert "127.0.0.1" in str(fault.value)
            assert "\n" not in str(fault.value)
            for secret in ("hunter2", PASSWORD, QUOTED, "nightly"):
                assert secret not in str(fault.value)
        at(_Given(f"{server.url}?known_hosts={known}"), place, monkeypatch)
        assert arrived(place) == []
    with pytest.raises(InboxError):
        arrived(place)


class _Given:
    def __init__(self, given: str) -> None:
        self.given = given

    def put(self, path: str, content: bytes, age_seconds: float = 60) -> None: ...
    def remove(self, path: str) -> None: ...


def test_a_server_that_keeps_silent_is_given_up(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    from fsspec.implementations.memory import MemoryFileSystem

    with inbox_of("memory", place.root) as made:
        at(made, place, monkeypatch)
        made.put("tester/attainment.xlsx", A)
        really = MemoryFileSystem.open

        def slow(self: Any, *given: Any, **more: Any) -> Any:
            time.sleep(2)
            return really(self, *given, **more)

        monkeypatch.setattr(MemoryFileSystem, "open", slow)
        night = begun(place, inbox_seconds=0.2)
        assert collect(night) == []
        assert "no answer within 0.2 seconds" in " ".join(night.notes)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("ftp://host/in", "must be a path, or a URL"),
        ("sftp:///in", "must be a path, or a URL"),
        ("sftp://u:s3cret@host:port/in", "cannot be read"),
        ("sftp://u:s3cret@host/in?colour=red", "no option colour"),
        ("s3://k:s3cret@bucket/in?endpoint=http://store.example.org", "https://"),
        ("sftp://u@host/in?key_file=/nowhere/s3cret", "key_file"),
        ("az://account:s3cret@container/in", "local-indicators[azure]"),
    ],
)
def test_an_inbox_that_cannot_be_used_is_usage_and_shows_no_secret(
    given: str, says: str, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(_Given(given), place, monkeypatch)
    monkeypatch.setitem(__import__("sys").modules, "adlfs", None)
    with pytest.raises(UsageError) as fault:
        collect(begun(place))
    assert says in str(fault.value)
    assert "s3cret" not in str(fault.value)


def test_a_password_is_taken_from_the_settings_only(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    from local_indicators.flows.commands.application import main

    assert main(["nightly", "--inbox", f"sftp://nightly:{QUOTED}@127.0.0.1/in"]) == 2
    said = capsys.readouterr().err
    assert "INDICATORS_INBOX" in said
    assert QUOTED not in said


def test_prefect_is_given_no_url_from_the_settings(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    from local_indicators.flows.commands.nightly import flow_parameters as _parameters

    monkeypatch.setenv("INDICATORS_INBOX", f"memory://nightly:{QUOTED}@inbox/in")
    chosen = settings()
    assert _parameters(None, {"inbox": chosen.inbox, "today": None}) == {"inbox": None, "today": None}


def test_a_file_url_is_a_path() -> None:
    assert settings(inbox="file:///srv/in%20box").inbox == Path("/srv/in box")
