"""What a person meets at the command line: exit codes, one clear line each, and a published file left alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import duckdb
import pytest

from local_indicators.common.errors import StorageError
from local_indicators.flows.commands.application import COMMANDS, main
from tests.support.places import HOME, INCOMING, Place
from tests.support.small_returns import GOOD, write_partner, write_return


@pytest.fixture
def own_partner(place: Place, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test's own partner, and settings that point at the test's own folders."""
    for name, value in (
        ("PARTNERS", write_partner(place.root / "partners")),
        ("INBOX", place.inbox),
        ("WAREHOUSE", place.published),
        ("OUTBOX", place.outbox),
        ("ARCHIVE", place.archive),
        ("TODAY", "2011-05-31"),
    ):
        monkeypatch.setenv(f"INDICATORS_{name}", str(value))
    monkeypatch.delenv("INDICATORS_DEBUG", raising=False)
    return write_return(place.inbox / "tester" / "attainment.xlsx")


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
def test_every_command_shows_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert f"indicators {command}" in capsys.readouterr().out.split("example:")[1]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "COMMAND"),
        (("nigtly",), "nightly"),
        (("nightly", "--inbo", "x"), "--inbox"),
        (("status", "--today", "soon"), "'soon' is not a date such as 2011-05-31"),
        (("check",), "FILE"),
        (("waive", "S000001", "Figures!E6", "value.implausible"), "--reason"),
        (("rebuild", "--replace", "--reparse"), "--reparse"),
    ],
)
def test_wrong_usage_is_exit_2_and_says_what_is_meant(
    words: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    printed = capsys.readouterr()
    assert says in printed.out + printed.err


def test_check_json_is_the_contract(own_partner: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(own_partner), "--json"]) == 0
    (record,) = json.loads(capsys.readouterr().out)
    assert list(record) == ["file", "digest", "partner", "collection", "status", "rows", "findings", "not_checked"]
    assert (record["partner"], record["collection"], record["status"]) == ("tester", "tester-attainment", "accepted")
    assert (record["rows"], record["findings"], record["not_checked"]) == (5, [], ["history"])
    write_return(own_partner, [*GOOD, ("Nottm", *GOOD[0][1:])])
    assert main(["check", str(own_partner), "--json"]) == 1
    (record,) = json.loads(capsys.readouterr().out)
    (found,) = record["findings"]
    assert found == {
        "rule": "area.unknown",
        "severity": "error",
        "sheet": "Figures",
        "cell": "A9",
        "cells": ["A9"],
        "field": "area",
        "found": "Nottm",
        "expected": "the name or code of an area",
        "fix": "Use the area's full name or its code, as in E06000016 for Leicester.",
    }


def test_check_and_the_night_find_the_same(own_partner: Path, place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    from local_indicators.flows.records.ledger import read_ledger

    write_return(
        own_partner, [*GOOD, ("Nottm", *GOOD[0][1:]), GOOD[2], ("England", "Good level", "soon", "", 50, 1, 2)]
    )
    place.night()
    (outcome,) = read_ledger(place.archive).all_outcomes
    main(["check", str(own_partner), "--json"])
    (record,) = json.loads(capsys.readouterr().out)
    assert [f.as_dict() for f in outcome.findings] == record["findings"]
    assert len(record["findings"]) == 3


def test_trace_answers_in_words_and_says_no_with_exit_1(
    own_partner: Path, place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.night()
    assert main(["trace", "eyfs-good-level", "Nottingham", "2009/10"]) == 0
    said = capsys.readouterr().out
    for words in ("tester/attainment.xlsx", "Figures!E4", "tester", "S000001"):
        assert words in said
    assert main(["trace", "eyfs-good-level", "Nottingham", "2007/08"]) == 1
    assert main(["trace", "no-such-thing", "Nottingham", "2007/08"]) == 2
    assert main(["trace", "eyfs-good-level", "Nottingham", "the other day"]) == 2


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    said = capsys.readouterr().err
    lines = [line for line in said.splitlines() if line.startswith("indicators: ")]
    assert len(lines) == 1, said
    return lines[0]


def test_a_missing_inbox_is_usage(own_partner: Path, place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nightly", "--inbox", str(place.root / "nowhere")]) == 2
    assert "nowhere" in one_line(capsys)


def test_a_broken_toml_is_our_own_fault(own_partner: Path, place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    toml = place.root / "partners" / "tester.toml"
    for text, words in (
        ("id = ", "tester.toml: is not valid TOML"),
        (toml.read_text().replace('find = "Area"', 'fnd = "Area"'), "fnd"),
        (toml.read_text().replace("eyfs-good-level", "eyfs-good-levle"), "eyfs-good-levle"),
        (toml.read_text().replace('"^Note"', '"^(Note"'), "regular expression"),
    ):
        toml.write_text(text)
        assert main(["nightly"]) == 4
        said = one_line(capsys)
        assert "tester.toml" in said
        assert words in said
        write_partner(place.root / "partners")


@pytest.mark.usefixtures("prefect_server")
@pytest.mark.long
def test_what_cannot_be_written_is_named_and_the_published_file_stays(
    own_partner: Path, place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.night()
    before = place.published.read_bytes()
    file = place.root / "a-file"
    file.write_text("in the way")
    for option, name in (("--warehouse", "w.duckdb"), ("--outbox", "out"), ("--archive", "archive")):
        assert main(["nightly", option, str(file / name)]) == 4
        assert "a-file" in one_line(capsys)
    assert place.published.read_bytes() == before


@pytest.mark.long
@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("mount"), reason="needs a small file system of its own")
@pytest.mark.parametrize("kilobytes", [900, 3000, 4200])
def test_a_full_disk_is_one_line_and_the_next_night_ends_the_work(
    own_partner: Path, place: Place, kilobytes: int
) -> None:
    small = place.root / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(small)], check=False)
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        live = small / "indicators.duckdb"
        with pytest.raises(StorageError, match="small"):
            place.night(warehouse=live, archive=small / "archive", outbox=small / "outbox")
        if live.exists():  # the disk filled up only after the rename
            with duckdb.connect(str(live), read_only=True) as con:
                assert con.execute("SELECT count(*) FROM mart.observations").fetchone() == (5,)
        subprocess.run(["mount", "-o", "remount,size=60m", str(small)], check=True)
        report = place.night(warehouse=live, archive=small / "archive", outbox=small / "outbox")
        assert [line.status for line in report.returns] in (["accepted"], [])
        assert len(list((small / "outbox").glob("*.eml"))) == 1
        with duckdb.connect(str(live), read_only=True) as con:
            assert con.execute("SELECT count(*) FROM mart.observations").fetchone() == (5,)
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)


def test_two_nights_at_once_never_interleave(own_partner: Path, place: Place) -> None:
    from local_indicators.flows.records.writer_lock import sole_writer

    with sole_writer(place.archive), pytest.raises(StorageError, match="another run"):
        place.night()


@pytest.mark.long
def test_a_published_file_that_somebody_holds_open_is_replaced_all_the_same(own_partner: Path, place: Place) -> None:
    place.night("one")
    script = (
        f"import duckdb, sys; c = duckdb.connect({str(place.published)!r}); print('open', flush=True); sys.stdin.read()"
    )
    python = str(HOME / ".venv" / "bin" / "python")
    with subprocess.Popen([python, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == "open"
        write_return(own_partner, GOOD[:4])
        report = place.night("two")
        assert (report.publication.state, report.publication.data_version) == ("published", 2)
        holder.kill()


def test_the_examples_check_as_the_night_judged_them(capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(path) for path in sorted(INCOMING.rglob("*.*"))]
    assert main(["check", *files, "--json"]) == 1
    rejected = [r["file"] for r in json.loads(capsys.readouterr().out) if r["status"] == "rejected"]
    assert [Path(name).name for name in rejected] == ["Childcare_quality_2010.xlsx"]
