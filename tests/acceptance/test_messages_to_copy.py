"""What is printed for people to copy: cells, commands, ids; tables that fit, and what was most likely meant."""

from __future__ import annotations

import io
import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from local_indicators.common.cell_references import cell_in_words, position_of_address, read_cell_reference
from local_indicators.flows.commands.application import main
from local_indicators.flows.text_tables import print_table
from tests.support.places import HOME, Place
from tests.support.small_returns import GOOD, write_partner, write_return

SHEETS = st.text(st.characters(codec="utf-8", exclude_characters="[]:*?/\\!", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=31).filter(lambda name: name.strip() == name and not name.startswith("'") and not name.endswith("'"))  # fmt: skip


@given(SHEETS, st.integers(1, 9999), st.sampled_from(["A", "Z", "AA", "XFD"]))
def test_a_cell_is_read_in_every_form_in_which_one_was_ever_printed(sheet: str, row: int, column: str) -> None:
    cell = f"{column}{row}"
    wanted = (sheet, position_of_address(cell))
    assert read_cell_reference(cell_in_words(sheet, cell)) == wanted
    assert cell_in_words("Another", cell_in_words(sheet, cell)) == cell_in_words(sheet, cell)
    assert read_cell_reference(f"{sheet}!${column}${row}") == wanted
    assert read_cell_reference(f"{sheet}: {cell}") == wanted
    assert read_cell_reference(cell) == ("", wanted[1])


WORDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=24)


@given(st.lists(st.lists(st.lists(WORDS, min_size=1, max_size=5).map(" ".join), min_size=3, max_size=3), min_size=1, max_size=5), st.integers(40, 200))  # fmt: skip
def test_no_word_of_a_table_is_broken_however_narrow_it_is(rows: list[list[str]], width: int) -> None:
    text = io.StringIO()
    print_table(
        ("One", "Two", "Three"), [[Text(cell) for cell in row] for row in rows], Console(file=text, width=width)
    )
    words = set(re.split(r"[\s│┃]+", text.getvalue()))
    assert {word for row in rows for cell in row for word in cell.split()} <= words


@pytest.fixture
def sender(place: Place, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A partner of the test's own, whose return lies in the inbox."""
    for name, value in (
        ("PARTNERS", write_partner(place.root / "partners")),
        ("INBOX", place.inbox),
        ("WAREHOUSE", place.published),
        ("OUTBOX", place.outbox),
        ("ARCHIVE", place.archive),
        ("TODAY", "2011-05-31"),
    ):
        monkeypatch.setenv(f"INDICATORS_{name}", str(value))
    return write_return(place.inbox / "tester" / "attainment.xlsx")


def test_eighty_columns_hold_what_a_night_and_status_and_check_print(sender: Path, place: Place) -> None:
    """In a terminal of eighty columns each file name, rule and cell stands whole on one line."""
    write_return(sender, [*GOOD, ("Leicestr", *GOOD[0][1:])])
    for words, copied in (
        (["check", str(sender)], ("area.unknown", "Figures!A9", "Leicestr")),
        (["status"], ("2011-05-01", "tester:")),
    ):
        shown = in_terminal(words, 80)
        lines = [line.rstrip() for line in shown.splitlines()]
        for word in copied:
            assert any(word in line for line in lines), shown
        assert "│" in shown or all(len(line) <= 80 for line in lines if not line.startswith("/")), shown


def in_terminal(words: list[str], columns: int) -> str:
    """What a command prints in a terminal."""
    mine, theirs = pty.openpty()
    env = {**os.environ, "COLUMNS": str(columns), "TERM": "dumb", "NO_COLOR": "1"}
    program = "import sys; from local_indicators.flows.commands.application import main; sys.exit(main())"
    child = subprocess.Popen([sys.executable, "-c", program, *words], cwd=HOME, env=env, stdout=theirs, stderr=theirs, stdin=theirs)  # fmt: skip
    os.close(theirs)
    found, until = b"", time.monotonic() + 60
    while time.monotonic() < until:
        if not select.select([mine], [], [], 0.5)[0]:
            if child.poll() is not None:
                break
            continue
        try:
            chunk = os.read(mine, 65536)
        except OSError:
            break
        if not chunk:
            break
        found += chunk
    child.wait(10)
    os.close(mine)
    return found.decode("utf-8", "replace").replace("\r", "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("trace", "eyfs-good-levl", "Nottingham", "2009/10"), "did you mean 'eyfs-good-level'"),
        (("trace", "eyfs-good-level", "Leicestr", "2009/10"), "did you mean Leicester"),
        (("trace", "eyfs-good-level", "Leicester", "Smarch"), "which is measured over"),
        (("trace", "level-2-at-19", "Leicester", "2009/10", "--breakdown", "FSM=Eligble"), "did you mean 'FSM=Eligible'"),
        (("template", "tester-attainmnt"), "did you mean 'tester-attainment'"),
        (("check", "X", "--partner", "testr"), "did you mean 'tester'"),
        (("waive", "S1", "Figures!E6", "value.implausble", "--reason", "x", "--by", "x", "--until", "2099-01-01"), "did you mean"),
    ],
)  # fmt: skip
def test_a_mistyped_word_at_the_command_line_is_guessed(
    words: tuple[str, ...], said: str, sender: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(sender) if word == "X" else word for word in words]) == 2
    assert said in capsys.readouterr().err


def test_a_mistyped_area_in_a_return_is_guessed_and_a_strange_one_is_not(
    sender: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_return(sender, [*GOOD, ("Leicestr", *GOOD[0][1:]), ("Elsewhere entirely", *GOOD[0][1:])])
    assert main(["check", str(sender), "--json"]) == 1
    shown = capsys.readouterr().out
    assert "did you mean Leicester" in shown
    assert shown.count("did you mean") == 1


def test_a_claim_about_a_name_that_is_none_is_an_error_and_never_no_data(
    sender: Path, place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.night()
    claims = place.root / "claims.toml"
    text = """[[claim]]
id = "C1"
says = "It was 54."
figure = [{ stated = 54, reckoned = "level" }]
[claim.inputs]
level = { indicator = "eyfs-good-level", area = "E06000018", period = "200910" }
"""
    for right, wrong, said in (
        ("eyfs-good-level", "eyfs-good-levl", "did you mean 'eyfs-good-level'"),
        ("E06000018", "E06000081", "area 'E06000081' is not known"),
        ("E06000018", "Leicester", "that of Leicester is E06000016"),
        ("200910", "2009/10", "write '200910'"),
        ("200910", "2009", "no period of eyfs-good-level"),
        ('"200910"', '"200910", breakdown = "FSM=Eligble"', "is none of eyfs-good-level"),
    ):
        claims.write_text(text.replace(right, wrong, 1), encoding="utf-8")
        assert main(["claims", str(claims)]) == 4
        assert said in capsys.readouterr().err


def test_status_shows_a_rejected_resubmission_and_folds_what_is_long(
    sender: Path, place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.night("one")
    write_return(sender, [*GOOD, ("Leicestr", *GOOD[0][1:])])
    place.night("two")
    assert main(["status"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "received" in shown
    assert "newest: rejected, S000002" in shown
    assert "indicators status --all lists them" in shown
    assert main(["status", "--all"]) == 0
    assert len(capsys.readouterr().out.splitlines()) > 20


def test_an_answer_is_sent_again_to_where_its_owner_is_written_to_now(
    sender: Path, place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.support.mail_server import Post, free_port, post_office

    place.night()
    assert main(["resend", "S1"]) == 1  # there is no mail server, and it says so
    assert "no mail server is set" in capsys.readouterr().out
    toml = place.root / "partners" / "tester.toml"
    toml.write_text(
        toml.read_text(encoding="utf-8").replace("tester@example.org", "moved@example.org"), encoding="utf-8"
    )
    with post_office(Post(free_port())) as post:
        monkeypatch.setenv("INDICATORS_SMTP_URL", post.url)
        assert main(["resend", "1"]) == 0
        assert main(["resend", "S000001"]) == 0
        assert [str(message["To"]) for message in post.messages] == ["moved@example.org"] * 2
    assert main(["resend", "S9"]) == 2
    assert "the newest is S000001" in capsys.readouterr().err
