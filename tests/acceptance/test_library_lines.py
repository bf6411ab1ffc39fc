"""What commands print is ours: no warning, log line or traceback of a library comes between, in a terminal or a pipe."""

from __future__ import annotations

import logging
import os
import pty
import re
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest

from local_indicators.flows.commands.library_lines import without_library_lines
from tests.support.own_workspace import own_workspace
from tests.support.places import HOME, Place

STRAY = re.compile(
    r"\b(INFO|DEBUG|WARNING|ERROR|CRITICAL)\b|\w+Warning\b|Traceback|Exception ignored|great_expectations|prefect\.|/tmp/tmp"
)
PROGRAM = "import sys; from local_indicators.flows.commands.application import main; sys.exit(main())"


@pytest.fixture
def own(tmp_path: Path) -> Place:
    return own_workspace(tmp_path / "own")


def environment(own: Place) -> dict[str, str]:
    """What a command is started with: no server of Prefect, and nothing that another test has set."""
    quiet = ("PREFECT_", "INDICATORS_", "PYTHONWARNINGS", "DO_NOT_TRACK")
    env = {name: value for name, value in os.environ.items() if not name.startswith(quiet)}
    own_place = {"PREFECT_HOME": str(own.root / "prefect"), "INDICATORS_WORKSPACE": str(own.root)}
    return {**env, **own_place, "PYTHONPATH": str(HOME), "COLUMNS": "200"}


def in_pipe(own: Place, *words: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, *words], env=environment(own), capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def in_terminal(own: Place, *words: str) -> tuple[int, str]:
    """Exit code of a command in a terminal, and what is seen there."""
    outer, inner = pty.openpty()
    command = [sys.executable, "-c", PROGRAM, *words]
    process = subprocess.Popen(command, env=environment(own), stdin=inner, stdout=inner, stderr=inner)
    os.close(inner)
    seen = b""
    while True:
        try:
            block = os.read(outer, 65_536)
        except OSError:  # the other end is closed
            break
        if not block:
            break
        seen += block
    os.close(outer)
    return process.wait(), re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.decode())


@pytest.mark.long
def test_a_night_prints_its_steps_and_its_report_and_nothing_else(own: Place) -> None:
    code, out, err = in_pipe(own, "nightly", "--today", "2011-04-30")
    assert code == 0, err
    assert [line for line in err.splitlines() if not line.endswith(" ...")] == []
    assert not STRAY.search(out), out
    code, seen = in_terminal(own, "nightly", "--today", "2011-05-01")
    assert code == 0, seen
    assert "Published" in seen or "differs" in seen
    assert not STRAY.search(seen), seen


@pytest.mark.long
def test_other_commands_print_nothing_of_libraries_either(own: Place) -> None:
    own.night(workspace=own.root)
    sent = str(own.inbox / "tester" / "attainment.xlsx")
    for words in (
        ("status",),
        ("check", sent, "--partner", "tester", "--marked-up", str(own.root / "marked.xlsx")),
        ("trace", "eyfs-good-level", "E06000018", "2009/10"),
        ("rebuild",),
        ("doctor",),
        ("deploy",),
    ):
        code, out, err = in_pipe(own, *words)
        assert code in (0, 1, 2), (words, err)
        assert not STRAY.search(out + err), (words, out, err)
        assert not STRAY.search(in_terminal(own, *words)[1]), words


@pytest.mark.long
def test_a_night_that_is_interrupted_says_so_in_one_line(own: Place) -> None:
    command = [sys.executable, "-c", PROGRAM, "nightly", "--today", "2011-04-30"]
    process = subprocess.Popen(command, env=environment(own), stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    seen = []
    for line in process.stderr:
        seen.append(line.rstrip())
        if line.startswith("Collecting"):
            process.send_signal(signal.SIGINT)
            time.sleep(1)
            process.send_signal(signal.SIGINT)  # by somebody without patience
    assert process.wait() == 4, seen
    assert seen[-1] == "indicators: stopped; the next night goes on from here"
    assert [line for line in seen[:-1] if not line.endswith(" ...")] == []


@pytest.mark.long
def test_a_night_leaves_no_line_of_libraries_in_the_log_of_a_worker(
    own: Place, caplog: pytest.LogCaptureFixture
) -> None:
    own.night(workspace=own.root)
    assert caplog.messages == []


def test_lines_of_libraries_are_kept_back_unless_they_are_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def complain() -> str:
        with without_library_lines():
            warnings.warn("it will change", FutureWarning, stacklevel=1)
            logging.getLogger("some.library").warning("it was slow")
        return capsys.readouterr().err

    monkeypatch.delenv("INDICATORS_DEBUG")
    monkeypatch.delenv("PYTHONWARNINGS", raising=False)
    before = logging.lastResort
    assert complain() == ""
    assert logging.lastResort is before
