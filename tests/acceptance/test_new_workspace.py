"""A partnership of its own, from nothing: made, added to, filled in and published by commands alone, with no plan, no
officers, no targets, no national set and nothing of the example."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest

from local_indicators.flows.commands.application import main
from local_indicators.flows.settings import settings
from local_indicators.flows.workspaces.new_workspace import EXAMPLE
from local_indicators.schemas.definitions.loader import load_definitions
from local_indicators.warehouse.store.attached_files import connect_with_files

DAY = "2026-12-01"
NAME = 'Leicester\'s "own" partnership \\ trust'
GIVEN = ("--name", NAME, "--area", "leicester city council", "--sender", "i@example.org", "--analyst", "a@example.org")


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new workspace, in which the commands are run."""
    folder = tmp_path / "own workspace"
    assert main(["init", str(folder), *GIVEN, "--today", DAY]) == 0
    monkeypatch.chdir(folder)
    for name in ("INDICATORS_WORKSPACE", "INDICATORS_TODAY"):
        monkeypatch.delenv(name, raising=False)
    return folder


def ask(folder: Path, sql: str) -> list[tuple[object, ...]]:
    with connect_with_files(live=folder / "warehouse" / "indicators.duckdb") as con:
        con.execute("USE live")
        return con.execute(sql).fetchall()


def fill_in(path: Path, area: str, figure: float) -> None:
    """Write a figure into the row of an area of a template, as a data owner does."""
    workbook = openpyxl.load_workbook(path)
    sheet = workbook["Figures"]
    headings = next(row for row in sheet.iter_rows() if any(cell.value == "Area" for cell in row))
    names = [cell.value for cell in headings]
    for row in sheet.iter_rows(min_row=headings[0].row + 1):
        if row[names.index("Area")].value == area:
            row[len(names) - 1].value = figure
            break
    workbook.save(path)


def night(*options: str) -> int:
    return main(["nightly", "--today", DAY, *options])


def test_a_first_night_runs_at_once_and_the_return_that_was_filled_in_is_published(
    workspace: Path, prefect_server: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert settings().organisation == NAME
    assert load_definitions(workspace / "definitions").home == {"E06000016"}
    assert night() == 0
    assert "rejected" in capsys.readouterr().out
    (blank,) = (workspace / "inbox").rglob("*.xlsx")
    fill_in(blank, "Leicester", 612)
    assert night() == 0
    found = ask(workspace, "SELECT area_code, time_period, value FROM mart.latest")
    assert found == [("E06000016", "202526", 612.0)]
    assert ask(workspace, "SELECT count(*) FROM mart.coverage") == [(0,)]
    assert ask(workspace, "SELECT framework, indicator_id, latest FROM mart.scorecard") == [
        ("no plan", "children-looked-after", 612.0)
    ]
    assert main(["trace", "children-looked-after", "Leicester", "2025/26"]) == 0
    assert main(["status", "--today", DAY]) == 0
    assert "ottingham" not in capsys.readouterr().out.lower()
    sent = "".join(path.read_text(encoding="utf-8", errors="replace") for path in (workspace / "outbox").glob("*.eml"))
    assert "ottingham" not in sent.lower()


ADDED = (
    ("indicator", "school-attendance", "title=School attendance", "unit=%", "time_identifier=Academic year", "definition=x"),
    ("partner", "youth", 'name=Youth "service"', "email=youth@example.org"),
    ("collection", "clubs", "partner=youth", "title=Clubs", "files=clubs*.xlsx", "indicator=school-attendance",
     "period=2025/26", "due=2026-12-24"),
    ("officer", "head", "role=Head of service", "email=head@example.org", "valid_from=2020-01-01"),
    ("objective", "stability", "title=Stable homes", "valid_from=2026-04-01", "plan=Plan 2026-30"),
    ("target", "school-attendance", "framework=Plan 2026-30", "area_code=E06000016", "time_period=202526", "operator=>=",
     "value=93"),
)  # fmt: skip


def test_what_is_added_is_explained_loads_and_is_published(workspace: Path, prefect_server: None) -> None:
    for words in ADDED:
        assert main(["add", *words]) == 0
    own = (workspace / "definitions" / "indicators" / "own.toml").read_text(encoding="utf-8")
    for key in ("polarity", "disclosure", "officer", "versions"):
        assert any(line.startswith(f"# {key} = ") and line.count("#") == 2 for line in own.splitlines()), key
    template = workspace / "inbox" / "youth" / "clubs 2026.xlsx"
    assert main(["template", "clubs", "-o", str(template), "--today", DAY]) == 0
    fill_in(template, "Leicester", 92.5)
    assert night() == 0
    assert ask(workspace, "SELECT value, target, target_status FROM mart.latest") == [(92.5, 93.0, "missed")]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("indicator", "Two words"), "small letters, digits and hyphens"),
        (("indicator", "x"), "needs title, definition, unit, time_identifier; for example: indicators add indicator x"),
        (("indicator", "x", "titel=y"), "known are"),
        (("indicator", "x", "title"), "must be a key and its value"),
        (("table", "x"), "what can is partner, collection"),
        (("target", "children-looked-aftr", "framework=P", "area_code=E06000016", "time_period=202526", "operator=<=", "value=1"), "did you mean 'children-looked-after'"),
        (("indicator", "x", "title=X", "unit=%", "time_identifier=Finacial year", "definition=x"), "did you mean 'Financial year'"),
        (("officer", "x", "role=X", "email=x@example.org", "valid_from=soon"), "must be a date such as"),
    ],
)  # fmt: skip
def test_what_does_not_load_is_not_written(
    words: Sequence[str], said: str, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in workspace.rglob("*") if path.is_file()}
    assert main(["add", *words]) in (2, 4)
    assert said in capsys.readouterr().err
    assert {path: path.read_bytes() for path in workspace.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--area", "Leicestr"), "did you mean Leicester"),
        (("--analyst", "nobody"), "must be one e-mail address"),
        (("--name", " "), "must be the name"),
    ],
)
def test_a_wrong_answer_is_refused_and_nothing_is_made(
    options: tuple[str, str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = dict(zip(GIVEN[::2], GIVEN[1::2], strict=True)) | {options[0]: options[1]}
    folder = tmp_path / "new"
    assert main(["init", str(folder), *(word for pair in given.items() for word in pair)]) == 2
    assert said in capsys.readouterr().err
    assert not folder.exists()


def test_a_folder_that_holds_something_is_not_written_into(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", str(workspace), *GIVEN]) == 2
    assert "is a workspace already" in capsys.readouterr().err


def test_outside_a_workspace_a_command_says_so_and_how_to_make_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("INDICATORS_WORKSPACE", raising=False)
    for words in (["status"], ["nightly"], ["check", "x.xlsx"], ["template", "x"], ["claims"]):
        assert main(words) == 2
        assert "`indicators init FOLDER` makes one" in capsys.readouterr().err


def test_the_example_can_be_copied_and_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "example"
    assert main(["init", str(folder), "--example"]) == 0
    monkeypatch.chdir(folder)
    assert settings().today is not None
    assert main(["status"]) == 0
    copied = {p.relative_to(folder) for p in folder.rglob("*") if p.is_file()}
    assert {p.relative_to(EXAMPLE) for p in EXAMPLE.rglob("*") if p.is_file()} <= copied


def test_settings_come_from_the_nearest_workspace_and_its_files(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = workspace / "partners" / "deep"
    below.mkdir()
    monkeypatch.chdir(below)
    assert settings().workspace == workspace
    (workspace / ".env").write_text("INDICATORS_ARCHIVE=elsewhere\n", encoding="utf-8")
    assert settings().archive == workspace / "elsewhere"
    monkeypatch.setenv("INDICATORS_ARCHIVE", "from here")
    assert settings().archive == below / "from here"
    other = tmp_path / "other"
    shutil.copytree(workspace, other)
    assert settings(workspace=other).workspace == other
    monkeypatch.setenv("INDICATORS_WORKSPACE", str(other))
    assert settings().workspace == other


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('inbx = "x"', "did you mean inbox"),
        ('smtp_url = "smtp://user:secret@mail.example.org"', "holds a password"),
        ("grace_days = ", "not valid TOML"),
        ('grace_days = "many"', "grace_days"),
    ],
)
def test_a_wrong_setting_is_told_with_its_file_and_without_secrets(
    line: str, said: str, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (workspace / "indicators.toml").open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    assert main(["status"]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert "secret" not in told
