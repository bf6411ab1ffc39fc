"""The chain of the ledger: whatever is done to a line is found by the next reader, who names it, and a crash costs nothing."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from local_indicators.common.errors import StorageError
from local_indicators.flows.commands.application import main
from local_indicators.flows.records.ledger import Ledger, read_ledger
from local_indicators.flows.records.loss_detection import find_losses, gather_evidence, record_ledger_head
from local_indicators.schemas.submissions import Submission
from local_indicators.warehouse.store import private_store
from tests.support.places import HOME, Place

AT = datetime(2011, 5, 1, tzinfo=UTC)
Lines = list[bytes]


def sent(number: int) -> Submission:
    path = f"tester/{number}.xlsx"
    return Submission(
        id=f"S{number:06d}",
        sequence=number,
        partner="tester",
        path=path,
        digest=f"{number:064x}",
        size=1,
        first_seen=AT + timedelta(number),
        night=date(2011, 5, 1),
    )


def written(archive: Path, count: int = 9) -> Path:
    """A ledger of one line that begins it and a line for each of some submissions."""
    archive.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        read_ledger(archive).record_submission(sent(number))
    return archive / "ledger.jsonl"


def change(path: Path, how: Callable[[Lines], Lines]) -> None:
    path.write_bytes(b"".join(line + b"\n" for line in how(path.read_bytes().split(b"\n")[:-1])))


def altered(number: int) -> Callable[[Lines], Lines]:
    return lambda of: [
        line.replace(b"tester", b"another") if n == number else line for n, line in enumerate(of, start=1)
    ]


BROKEN: dict[str, tuple[Callable[[Lines], Lines], str]] = {
    "a changed line": (altered(5), "line 5: was changed after it was written"),
    "a changed first line": (lambda of: [of[0].replace(b'"adopted"', b' "adopted"'), *of[1:]], "line 1: was changed"),
    "a line that was written anew": (lambda of: [json.dumps(json.loads(one)).encode() if n == 6 else one for n, one in enumerate(of)], "line 7: was changed"),
    "other ends of lines": (lambda of: [line + b"\r" for line in of], "line 2: was changed"),
    "a missing line": (lambda of: [*of[:4], *of[5:]], r"line 5: follows a gap: it was written as line 6, so 1 line\(s\) are missing"),
    "missing lines": (lambda of: [*of[:3], *of[7:]], r"line 4: .* so 4 line\(s\) are missing"),
    "no beginning": (lambda of: of[1:], "line 1: has lost what was before it: it was written as line 2"),
    "swapped lines": (lambda of: [*of[:3], of[4], of[3], *of[5:]], "line 4: is out of place: it was written as line 5"),
    "a line twice": (lambda of: [*of[:6], of[5], *of[6:]], "line 7: is line 6 once more"),
    "an earlier line at the end": (lambda of: [*of, of[2]], "line 11: is line 3 once more"),
    "a line from elsewhere": (lambda of: [*of[:6], b'{"kind":"lapse","waiver":"W000001","submission":"S1","at":"2011-05-01"}', *of[6:]], "line 7: was put in or changed"),
    "no JSON": (lambda of: [*of[:6], b"{", *of[7:]], "line 7: is damaged"),
    "an empty line": (lambda of: [*of[:6], b"", *of[6:]], "line 7: is damaged"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_line_that_does_not_follow_is_named_and_nothing_is_written(name: str, tmp_path: Path) -> None:
    path = written(tmp_path)
    how, says = BROKEN[name]
    change(path, how)
    with pytest.raises(
        StorageError, match=rf"ledger\.jsonl: {says}.*; restore the ledger from a backup \(docs/backup\.md\)"
    ):
        read_ledger(tmp_path)


def test_every_command_that_reads_the_ledger_names_the_line(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(place.archive)
    change(path, altered(4))
    before = path.read_bytes()
    where, by = ["--archive", str(place.archive), "--warehouse", str(place.published)], ["--by", "performance-analyst"]
    waive = ["waive", "S000001", "A!B2", "value.implausible", "--reason", "Right", "--until", "2099-01-01"]
    commands = [["approve", "1", *by], ["rollback", "1", *by], [*waive, *by], ["rebuild"], ["rebuild", "--reparse"]]
    for command in commands:
        assert main([*command, *where]) == 4, command
        said = capsys.readouterr().err.splitlines()
        assert "ledger.jsonl: line 4: was changed after it was written; restore the ledger" in said[-1], command
    with pytest.raises(StorageError, match="line 4: was changed"):
        place.night()
    assert path.read_bytes() == before
    assert not place.published.parent.exists()


def test_a_torn_last_line_never_counted(tmp_path: Path) -> None:
    path = written(tmp_path)
    whole = path.read_bytes()
    for torn in (b'{"kind":"subm', whole.splitlines()[-1]):
        path.write_bytes(whole + torn)
        ledger = read_ledger(tmp_path)
        assert len(ledger.submissions) == 9
        ledger.record_submission(sent(9))
        assert len(read_ledger(tmp_path).submissions) == 10


@pytest.mark.parametrize(
    ("how", "says"),
    [
        (lambda of: of[:7], "it ends at line 7, and the store has seen line 10"),
        (lambda _: [], "it ends at line 0, and the store has seen line 10"),
        (altered(10), "line 10 is not the one that the store has seen"),
    ],
)
def test_an_end_that_is_cut_off_is_told_by_the_store(how: Callable[[Lines], Lines], says: str, place: Place) -> None:
    path, given = written(place.archive), place.settings()
    with private_store.open_store(given.store):
        pass
    record_ledger_head(given, read_ledger(place.archive))
    assert find_losses(gather_evidence(given, read_ledger(place.archive))) == ()
    change(path, how)
    (loss,) = find_losses(gather_evidence(given, read_ledger(place.archive)))
    assert (loss.part, loss.reason, loss.blocks_writing) == ("ledger", says, True)
    assert loss.remedy == "restore the ledger from a backup (docs/backup.md)"


@pytest.mark.parametrize("name", sorted(path.stem for path in (HOME / "tests" / "contract" / "releases").glob("*.zip")))
def test_a_ledger_of_an_earlier_release_is_adopted_once_and_protected(name: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(HOME / "tests" / "contract" / "releases" / f"{name}.zip") as whole:
        whole.extract("archive/ledger.jsonl", tmp_path)
    archive = tmp_path / "archive"
    path = archive / "ledger.jsonl"
    old = path.read_bytes()
    count = old.count(b"\n")
    ledger = read_ledger(archive)
    ledger.record_submission(sent(100))
    assert f"its {count} lines were written by an earlier release" in ledger.adoption_notice
    again = read_ledger(archive)
    again.record_submission(sent(101))
    assert again.adoption_notice == ""
    lines = path.read_bytes().splitlines()
    assert path.read_bytes().startswith(old)
    assert [json.loads(line)["kind"] for line in lines[count:]] == ["ledger", "submission", "submission"]
    assert list(read_ledger(archive).submissions)[-2:] == ["S000100", "S000101"]
    new = path.read_bytes()
    for how, says in (
        (altered(2), f"lines 1 to {count}: are not what they were"),
        (lambda of: [*of[: count - 1], *of[count:]], f"line {count}: begins the chain after {count} line"),
        (lambda of: [*of[:count], *of[count + 1 :]], f"line {count + 1}: has lost what was before it"),
        (altered(count + 2), f"line {count + 2}: was changed after it was written"),
    ):
        change(path, how)
        with pytest.raises(StorageError, match=says):
            read_ledger(archive)
        path.write_bytes(new)


def test_a_ledger_that_cannot_be_written_goes_on_as_if_nothing_had_been_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path)
    ledger: Ledger = read_ledger(tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("local_indicators.common.atomic_files.os.fsync", full)
        with pytest.raises(StorageError, match="No space left"):
            ledger.record_submission(sent(9))
    ledger.record_submission(sent(9))
    assert len(read_ledger(tmp_path).submissions) == 10
