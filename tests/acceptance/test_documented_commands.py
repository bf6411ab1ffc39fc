"""Commands of the docs: those of Start here are run, one after the other, in a fresh workspace; all others are understood."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from local_indicators.flows.commands.application import _application
from tests.support.places import HOME

PAGES = sorted([*(HOME / "docs").glob("*.md"), HOME / "README.md", HOME / "CONTRIBUTING.md"])
START = HOME / "docs" / "start.md"
STANDS_FOR = {
    "FILE": "x", "FOLDER": "x", "WORKBOOK": "x.xlsx", "ID": "x", "RUN": "3f2c91d0", "KIND": "indicator",
    "SUBMISSION": "S000001", "COLLECTION": "x", "DIR": "x",
}  # fmt: skip


def commands(page: Path) -> list[list[str]]:
    """Every command of a page, in blocks and within a sentence, as words."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"```(?:sh|text|console)?\n(.*?)```", text, re.DOTALL)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    found = [match[1] for line in lines if (match := re.match(r"\s*(?:[\w./]*/)?(indicators [a-z].*)", line))]
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    found += re.findall(r"`(indicators [a-z][^`\n]*)`", prose)
    words = []
    for command in found:
        plain = re.sub(r"\[[^\]]*\]|…|\.\.\.|\s[>|;#].*|&&.*", "", command.replace("\n", " "))
        plain = plain.rstrip("' ") if plain.count("'") % 2 and '"' not in plain else plain  # the end of sh -c '...'
        words.append([STANDS_FOR.get(word, word) for word in shlex.split(plain)[1:]])
    return words


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_the_docs_is_one(page: Path) -> None:
    """Its name is known, and so are the options that it is given; a sentence may name it without all of them."""
    application = _application()
    names = {name for name in application if not name.startswith("-")}
    for words in commands(page):
        assert words[0] in names, f"{page.name}: {words}"
        options = {word.partition("=")[0] for word in words[1:] if word.startswith("--")}
        known = known_options(words[0])
        assert options <= known, f"{page.name}: {words}"


def known_options(command: str) -> set[str]:
    import contextlib
    import io

    from local_indicators.flows.commands.application import main

    with contextlib.redirect_stdout(text := io.StringIO()):
        main([command, "--help"])
    return set(re.findall(r"--[a-z-]+", text.getvalue()))


@pytest.mark.long
def test_the_commands_of_start_here_lead_to_a_published_night(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "indicators"
    program.parent.mkdir()
    call = "import sys; from local_indicators.flows.commands.application import main; sys.exit(main())"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -c {shlex.quote(call)} "$@"\n', encoding="utf-8")
    program.chmod(0o700)
    blocks = re.findall(r"```sh\n(.*?)```", START.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) > 5
    script = "set -e\n" + "\n".join(blocks)
    env = {"PATH": f"{program.parent}:{os.environ['PATH']}", "HOME": str(tmp_path), "PYTHONPATH": str(HOME)}
    # what doctor says is wrong of a machine without a schedule is no fault of the page
    script = re.sub(r"(?m)^indicators doctor$", "indicators doctor || test $? = 1", script)
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    workspace = tmp_path / "leicester"
    assert (workspace / "warehouse" / "indicators.duckdb").is_file()
    assert (workspace / "inbox" / "schools" / "attendance 2026.xlsx").is_file()
    assert "school-attendance,Plan 2026-30" in (workspace / "definitions" / "targets.csv").read_text(encoding="utf-8")
