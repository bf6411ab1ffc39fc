"""What arrives, by every way it can come: the same contract for a folder, a server and a store."""

from __future__ import annotations

import os
import time
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from common.errors import InboxError, UsageError
from flows import inboxes
from flows.intake import inbox_listing, listing_memory, reading_files
from flows.intake.arrivals import collect
from flows.intake.inbox_files import normalised_name
from flows.pipeline.load_step import load
from flows.pipeline.night_steps import run_night
from flows.pipeline.validate_step import validate
from flows.run_context import RunContext, prepare_run
from flows.settings import settings
from schemas.submissions import Submission
from tests.support.inbox_servers import KINDS, PASSWORD, QUOTED, Inbox, Store, inbox_of, sftp_server
from tests.support.places import Place
from tests.support.small_returns import GOOD, HEADINGS, book, write_partner
from warehouse.store import current_rows


def workbook(value: object = 67.0, title: str = "Attainment return") -> bytes:
    rows = [list(row) for row in GOOD]
    rows[2][4] = value
    return book({"Figures": [[title], [], list(HEADINGS), *rows]})


A, B, WRONG = workbook(67.0), workbook(68.0), workbook("about 67")


@pytest.fixture(params=KINDS)
def inbox(request: pytest.FixtureRequest, place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    """An empty inbox of each kind, and a partner of the test's own."""
    with inbox_of(request.param, place.root) as made:
        at(made, place, monkeypatch)
        yield made


@pytest.fixture
def folder(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    with inbox_of("folder", place.root) as made:
        at(made, place, monkeypatch)
        yield made


def at(made: Inbox, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    write_partner(place.root / "partners", "tester")
    write_partner(place.root / "partners", "other")
    monkeypatch.setenv("INDICATORS_PARTNERS", str(place.root / "partners"))
    monkeypatch.setenv("INDICATORS_INBOX", made.given)
    for module in (reading_files, listing_memory):
        monkeypatch.setattr(module, "SETTLED_SECONDS", 0.05)
    monkeypatch.setattr(inbox_listing, "PAUSES_SECONDS", (0.0, 0.0))


def begun(place: Place, **other: Any) -> RunContext:
    paths = {"warehouse": place.published, "outbox": place.outbox, "archive": place.archive}
    return prepare_run(settings(**paths, today="2011-05-31", **other), "test")


def arrived(place: Place, **other: Any) -> list[str]:
    """The paths that a night takes in."""
    return [one.path for one in collect(begun(place, **other))]


def judged(place: Place) -> tuple[list[Submission], RunContext]:
    night = begun(place)
    came = collect(night)
    validate(night)
    load(night)
    return came, night


# -- every kind -------------------------------------------------------------------------------------------------------


def test_what_arrives_is_taken_in_once_with_its_bytes_and_its_folder_says_whose_it_is(
    inbox: Inbox, place: Place
) -> None:
    inbox.put("tester/2010/attainment.xlsx", A)
    inbox.put("other/attainment.xlsx", B)
    inbox.put("stranger/attainment.xlsx", A)
    inbox.put("attainment.xlsx", A)
    night = begun(place)
    came = collect(night)
    assert [(one.partner, one.path) for one in came] == [
        ("other", "other/attainment.xlsx"),
        ("tester", "tester/2010/attainment.xlsx"),
    ]
    assert [night.archive.read_content(one.digest) for one in came] == [B, A]
    assert [one.size for one in came] == [len(B), len(A)]
    assert sum("no partner's folder" in note for note in night.notes) == 2
    assert arrived(place) == []
    inbox.put("tester/2010/attainment.xlsx", B)
    assert arrived(place) == ["tester/2010/attainment.xlsx"]


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


def test_names_that_are_no_returns_are_left(inbox: Inbox, place: Place) -> None:
    for name in ("~$return.xlsx", ".~lock.return.xlsx#", "Thumbs.db", "desktop.ini", ".DS_Store", ".snapshot/attainment.xlsx",
                 "@eaDir/attainment.xlsx", "attainment.xlsx.part", "attainment.xlsx.filepart", "x.tmp", "y.crdownload"):  # fmt: skip
        inbox.put(f"tester/{name}", A)
    night = begun(place)
    assert collect(night) == []
    assert sum("not finished" in note for note in night.notes) == len(night.notes) == 4
    assert night.unread_partners == {"tester"}


@pytest.mark.long
def test_a_moved_file_is_no_arrival_and_what_takes_its_place_is_one(inbox: Inbox, place: Place) -> None:
    inbox.put("tester/attainment.xlsx", A)
    assert len(judged(place)[0]) == 1
    inbox.put("tester/old/attainment 1.xlsx", A, age_seconds=5)
    inbox.put("tester/attainment.xlsx", B)
    came, night = judged(place)
    assert [one.path for one in came] == ["tester/attainment.xlsx"]
    assert any("same bytes" in note and "S000001" in note for note in night.notes)
    assert arrived(place) == []
    inbox.put("tester/old/attainment 1.xlsx", B)  # now it does change: bytes at a known path
    inbox.put("tester/third/attainment.xlsx", A)  # and this goes back to what was replaced
    came, _ = judged(place)
    assert sorted(one.path for one in came) == ["tester/old/attainment 1.xlsx", "tester/third/attainment.xlsx"]


def test_a_wrong_return_that_is_renamed_arrives_again_only_if_its_name_says_something_else(
    inbox: Inbox, place: Place
) -> None:
    inbox.put("tester/attainment.xlsx", WRONG)
    assert len(judged(place)[0]) == 1
    inbox.remove("tester/attainment.xlsx")
    inbox.put("tester/attainment-again.xlsx", WRONG)
    assert judged(place)[0] == []
    inbox.put("tester/something-else.xlsx", WRONG)
    assert arrived(place) == ["tester/something-else.xlsx"]


@pytest.mark.long
def test_of_two_files_of_one_night_the_one_changed_last_counts(inbox: Inbox, place: Place) -> None:
    from warehouse.store import private_store

    inbox.put("tester/attainment.xlsx", A, age_seconds=50)
    inbox.put("tester/Attainment b.xlsx", B, age_seconds=500)
    if isinstance(inbox, Store):  # a store says itself when an object came
        time.sleep(1.1)
        inbox.put("tester/attainment.xlsx", A)
    came, night = judged(place)
    assert [one.path for one in came] == ["tester/Attainment b.xlsx", "tester/attainment.xlsx"]
    with private_store.open_store(night.settings.store) as con:
        rows = current_rows.last_accepted_rows(con).filter(
            indicator_id="ks2-level-4-english-maths", time_period="200910"
        )
    assert rows.filter(area_code="E06000018").get_column("value").to_list() == [67.0]


def test_names_differing_in_capitals_are_both_taken_in_and_told_once(inbox: Inbox, place: Place) -> None:
    inbox.put("tester/Attainment.xlsx", A, age_seconds=80)
    inbox.put("tester/attainment.xlsx", B, age_seconds=40)
    night = begun(place)
    assert len(collect(night)) == 2
    assert sum("capital letters" in note for note in night.notes) == 1
    again = begun(place)
    assert (collect(again), again.notes) == ([], [])


def test_accents_of_a_mac_and_of_windows_are_one_name(inbox: Inbox, place: Place) -> None:
    composed = "tester/attainment André.xlsx"
    inbox.put(unicodedata.normalize("NFD", composed), A)
    assert arrived(place) == [composed]
    inbox.remove(unicodedata.normalize("NFD", composed))
    inbox.put(composed, A)
    assert arrived(place) == []
    inbox.put(unicodedata.normalize("NFD", composed), B, age_seconds=20)
    night = begun(place)
    assert len(collect(night)) <= 1
    assert any("twice" in note for note in night.notes)
    assert arrived(place) == []


def test_names_that_would_act_are_spelled_out(inbox: Inbox, place: Place) -> None:
    unseen = "‮" if inbox.given.startswith("s3") else "\n\x1b[31m‮"  # the S3 server of the tests takes no line break
    inbox.put(f"tester/attainment{unseen}.xlsx", A)
    inbox.put(f"tester/attainment{'y' * 200}.xlsx", B)
    night = begun(place)
    names = [one.path for one in collect(night)]
    assert any(name.endswith("%E2%80%AE.xlsx") for name in names)
    assert len(names) == 2
    assert all(name.isprintable() for name in names)
    assert arrived(place) == []


def test_a_file_too_large_is_read_only_as_far_as_is_needed_to_say_so(inbox: Inbox, place: Place) -> None:
    big = b"PK\x03\x04" + bytes(2_500_000)
    inbox.put("tester/attainment.xlsx", big)
    night = begun(place, max_file_mb=1)
    (one,) = collect(night)
    assert one.size == len(big)
    assert len(night.archive.read_content(one.digest)) == 1_000_001
    (outcome,) = validate(night)
    assert [f.rule for f in outcome.findings] == ["return.too-large"]
    assert arrived(place, max_file_mb=1) == []


def test_a_csv_and_its_meta_file_are_one_arrival(inbox: Inbox, place: Place) -> None:
    inbox.put("tester/attainment.csv", b"Area,Measure\n")
    inbox.put("tester/attainment.meta.csv", b"col_name,col_type\n")
    (one,) = collect(begun(place))
    assert (one.path, bool(one.meta)) == ("tester/attainment.csv", True)
    assert arrived(place) == []
    inbox.put("tester/attainment.meta.csv", b"col_name,col_type,label\n")
    assert arrived(place) == ["tester/attainment.csv"]


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


def test_an_inbox_without_partners_folders_is_told_once_something_had_come(inbox: Inbox, place: Place) -> None:
    inbox.put("tester/attainment.xlsx", A)
    assert len(arrived(place)) == 1
    inbox.remove("tester/attainment.xlsx")
    if isinstance(getattr(inbox, "root", None), Path):
        (inbox.root / "tester").rmdir()  # type: ignore[attr-defined]
    elif inbox.given.startswith("memory"):
        inbox.files.pseudo_dirs[:] = ["", "/inbox", "/inbox/returns"]  # type: ignore[attr-defined]
    night = begun(place)
    assert collect(night) == []
    assert "holds no partner's folder" in " ".join(night.notes)
    assert night.unread_partners == {"tester", "other"}


# -- a folder ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["folder", "sftp"])
def test_nothing_outside_a_partners_own_folder_is_read_through_a_link(
    kind: str, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with inbox_of(kind, place.root) as made:
        at(made, place, monkeypatch)
        made.put("other/attainment.xlsx", B)
        (place.root / "secret.xlsx").write_bytes(A)
        mine = place.inbox / "tester"
        mine.mkdir()
        (mine / "attainment out.xlsx").symlink_to(place.root / "secret.xlsx")
        (mine / "attainment across.xlsx").symlink_to(place.inbox / "other" / "attainment.xlsx")
        (mine / "around").symlink_to(place.inbox)
        os.mkfifo(mine / "attainment pipe.xlsx")
        (place.inbox / "linked").symlink_to(place.inbox / "other")
        night = begun(place)
        assert [one.path for one in collect(night)] == ["other/attainment.xlsx"]
        assert len(night.notes) == 5


def test_a_folder_that_becomes_a_link_while_it_is_read_is_not_followed(folder: Inbox, place: Place) -> None:
    folder.put("tester/deep/attainment.xlsx", A)
    (place.root / "elsewhere").mkdir()
    (place.root / "elsewhere" / "attainment.xlsx").write_bytes(B)
    share = inboxes.Mounted(place.inbox)
    (place.inbox / "tester" / "deep").rename(place.root / "was")
    (place.inbox / "tester" / "deep").symlink_to(place.root / "elsewhere")
    with pytest.raises(OSError, match=r".*"), share.opened(("tester", "deep", "attainment.xlsx")):
        pass


def test_a_name_that_is_no_text_costs_only_its_own_spelling(folder: Inbox, place: Place) -> None:
    there = place.inbox / "tester"
    there.mkdir()
    (there / os.fsdecode(b"attainment caf\xe9.xlsx")).write_bytes(A)
    assert arrived(place) == ["tester/attainment caf%E9.xlsx"]
    assert arrived(place) == []


def test_a_file_that_grows_while_it_is_looked_at_is_left_for_the_next_night(
    folder: Inbox, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.put("tester/attainment.xlsx", A[:1000], age_seconds=0)
    folder.put("other/attainment.xlsx", B)

    def write_on(_: float) -> None:
        with (place.inbox / "tester" / "attainment.xlsx").open("ab") as file:
            file.write(A[1000:])

    monkeypatch.setattr(reading_files, "SETTLED_SECONDS", 30)
    monkeypatch.setattr(time, "sleep", lambda seconds: write_on(seconds) if seconds else None)
    night = begun(place)
    assert [one.path for one in collect(night)] == ["other/attainment.xlsx"]
    assert any("still being written" in note for note in night.notes)
    assert night.unread_partners == {"tester"}
    monkeypatch.undo()
    at(folder, place, monkeypatch)
    assert arrived(place) == ["tester/attainment.xlsx"]


def test_what_a_stopped_night_left_in_holding_is_swept(folder: Inbox, place: Place) -> None:
    folder.put("tester/attainment.xlsx", A)
    night = begun(place)
    (night.archive.landing / ("0" * 64)).write_bytes(b"left by a night that was stopped")
    (one,) = collect(night)
    assert [path.name for path in night.archive.landing.iterdir()] == [one.digest]


# -- servers ----------------------------------------------------------------------------------------------------------


def opened(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """Every file that is fetched from now on."""
    seen: list[Sequence[str]] = []
    really = inboxes.Remote.opened

    def counting(self: inboxes.Remote, file: inboxes.Parts) -> Any:
        seen.append(file)
        return really(self, file)

    monkeypatch.setattr(inboxes.Remote, "opened", counting)
    return seen


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
    from flows.commands.application import main

    assert main(["nightly", "--inbox", f"sftp://nightly:{QUOTED}@127.0.0.1/in"]) == 2
    said = capsys.readouterr().err
    assert "INDICATORS_INBOX" in said
    assert QUOTED not in said


def test_prefect_is_given_no_url_from_the_settings(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    from flows.commands.nightly import flow_parameters as _parameters

    monkeypatch.setenv("INDICATORS_INBOX", f"memory://nightly:{QUOTED}@inbox/in")
    chosen = settings()
    assert _parameters(None, {"inbox": chosen.inbox, "today": None}) == {"inbox": None, "today": None}


def test_a_file_url_is_a_path() -> None:
    assert settings(inbox="file:///srv/in%20box").inbox == Path("/srv/in box")


def test_spelling_keeps_what_people_can_read() -> None:
    assert normalised_name("Été – 50 % £.xlsx") == "Été – 50 % £.xlsx"
    assert normalised_name("a\u200bb") == "a%E2%80%8Bb"


@pytest.mark.long
def test_owners_are_told_once_of_a_renamed_file_and_not_reminded_of_what_may_lie_in_the_inbox_unread(
    folder: Inbox, place: Place
) -> None:
    folder.put("tester/attainment.xlsx.part", A)
    folder.put("other/attainment.xlsx", WRONG)

    def written() -> list[str]:
        run_night(begun(place).settings, "test")
        to = [path.name.split("-")[3] for path in place.outbox.glob("*.eml")]
        return sorted(name for name in to if name in ("tester", "other"))

    assert written() == ["other"]
    folder.remove("other/attainment.xlsx")
    folder.put("other/attainment renamed.xlsx", WRONG)
    assert written() == ["other"]
    folder.remove("tester/attainment.xlsx.part")
    assert written() == ["other", "tester"]
