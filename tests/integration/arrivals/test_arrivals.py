"""What arrives, by every way it can come: the same contract for a folder, a server and a store."""

from __future__ import annotations

import os
import time
import unicodedata
from pathlib import Path

import pytest

from local_indicators.flows import inboxes
from local_indicators.flows.intake import reading_files
from local_indicators.flows.intake.arrivals import collect
from local_indicators.flows.intake.inbox_files import normalised_name
from local_indicators.flows.pipeline.night_steps import run_night
from local_indicators.flows.pipeline.validate_step import validate
from local_indicators.warehouse.store import current_rows
from tests.support.arriving_files import WRONG, A, B, arrived, at, begun, judged
from tests.support.inbox_servers import Inbox, Store, inbox_of
from tests.support.places import Place

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
    from local_indicators.warehouse.store import private_store

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
