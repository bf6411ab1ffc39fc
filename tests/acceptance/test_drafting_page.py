"""The page on drafting: its workbook is drafted, corrected and read as the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from local_indicators.flows.commands.application import main
from tests.support.places import HOME
from tests.support.undescribed_workbooks import Rows, workbook

PAGE = (HOME / "docs" / "drafting.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```(\w+) ?(.*?)\n(.*?)^```", re.M | re.S)
BLOCKS = [(name, title, body) for name, title, body in FENCE.findall(PAGE)]
NAME = "refuges 2010-11.xlsx"


def block(name: str, number: int = 0) -> str:
    return str([body for kind, _, body in BLOCKS if kind == name][number])


def rows() -> Rows:
    """The rows of the page's sheet."""
    lines = {int(line.split("|")[0]): line.split("|")[1:] for line in block("sheet").splitlines()[1:]}
    return [[typed(cell.strip()) for cell in lines.get(number, [])] for number in range(1, max(lines) + 1)]


def typed(text: str) -> object:
    return float(text) if re.fullmatch(r"[\d.]+", text) else text or None


def as_shown(text: str) -> list[str]:
    """Lines without the spaces at their ends."""
    return [line.rstrip() for line in text.strip().splitlines()]


def test_the_example_of_the_page_is_true(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INDICATORS_WORKSPACE", str(HOME))
    monkeypatch.chdir(tmp_path)
    Path(NAME).write_bytes(workbook({"Refuges": rows()}))
    assert main(["draft", NAME, "-o", "refuges.toml", "--indicators", "new.toml"]) == 0
    printed = capsys.readouterr().out
    assert Path("refuges.toml").read_text(encoding="utf-8").strip() == block("toml").strip()
    shown = as_shown(printed)
    for line in as_shown(block("text")):
        assert line in shown
    toml = block("toml")
    for line in block("correction").splitlines():
        key = line.partition(" = ")[0]
        toml = re.sub(rf"^{key} = .*$", lambda _, new=line: new, toml, flags=re.M)  # type: ignore[misc]
    Path("refuges.toml").write_text(toml, encoding="utf-8")
    assert main(["draft", NAME, "--layout", "refuges.toml", "--indicators", "new.toml"]) == 0
    shown = as_shown(capsys.readouterr().out)
    for line in as_shown(block("text", 1)):
        assert line in shown
