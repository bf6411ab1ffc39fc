"""`indicators upgrade`: an installation of the release before workspaces goes on as one, and nothing means anything else."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from local_indicators.common.errors import StorageError
from local_indicators.flows.commands.application import main
from local_indicators.flows.pipeline.night_steps import run_night
from local_indicators.flows.settings import settings
from local_indicators.flows.workspaces.upgrade import Step, upgrade, upgrade_steps
from local_indicators.schemas.definitions.loader import SHIPPED_REFERENCE, load_definitions
from local_indicators.warehouse.store.attached_files import connect_with_files
from tests.support.places import DEFINITION_FILES, TODAY
from tests.support.small_returns import GOOD, write_partner, write_return

CODE = "E06000018"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, lines: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)


def old_definitions(folder: Path) -> None:
    """Definitions as the release before held them: the whole reference among them, each measure naming its indicator."""
    shutil.copytree(DEFINITION_FILES, folder)
    for name in ("breakdowns.toml", "disclosure.toml", "scales.toml", "peers.csv"):
        shutil.copy(SHIPPED_REFERENCE / name, folder / name)
    write(folder / "peers.csv", [row for row in rows(folder / "peers.csv") if row["area_code"] == CODE])
    own = {row["area_code"]: row for row in rows(folder / "areas.csv")}
    sn = {**dict.fromkeys(own[CODE], ""), "area_code": f"SN:{CODE}", "name": "Statistical neighbours of Nottingham",
          "area_type": "Statistical neighbours", "parent_code": "E92000001"}  # fmt: skip
    areas = [own.pop(row["area_code"], row) for row in rows(SHIPPED_REFERENCE / "areas.csv")]
    write(folder / "areas.csv", [*areas, *own.values(), sn])
    aliases = [
        {**row, "area_code": row["area_code"].replace("SN:*", f"SN:{CODE}")}
        for row in [*rows(SHIPPED_REFERENCE / "area_aliases.csv"), *rows(folder / "area_aliases.csv")]
    ]
    write(folder / "area_aliases.csv", aliases)
    replaced = {i.replaces: i.id for i in load_definitions(DEFINITION_FILES).indicators.values() if i.replaces}
    national = rows(SHIPPED_REFERENCE / "national_indicators.csv")
    write(
        folder / "national_indicators.csv", [{**row, "indicator_id": replaced.get(row["ni"], "")} for row in national]
    )
    (folder / "partnership.toml").unlink()
    text = (folder / "frameworks.toml").read_text(encoding="utf-8")
    (folder / "frameworks.toml").write_text(text[text.index("# Frameworks") :], encoding="utf-8")


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation whose settings stand in a .env, after a night."""
    for name in ("INDICATORS_WORKSPACE", "INDICATORS_TODAY", "PREFECT_API_URL"):
        monkeypatch.delenv(name, raising=False)
    root = tmp_path / "installation"
    root.mkdir()
    old_definitions(root / "own definitions")
    write_partner(root / "own partners")
    write_return(root / "returns" / "tester" / "attainment.xlsx", GOOD)
    (root / ".env").write_text(
        "# of the release before\nINDICATORS_INBOX=returns\nINDICATORS_ARCHIVE=private\n"
        "export INDICATORS_DEFINITIONS='own definitions'\nINDICATORS_PARTNERS=own partners\nINDICATORS_GRACE_DAYS=5\n"
        f"INDICATORS_SMTP_URL=smtp://user:secret@127.0.0.1:9\nINDICATORS_TODAY={TODAY}\nINDICATORS_COLOUR=blue\n",
        encoding="utf-8",
    )
    (root / "indicators.toml").write_text("", encoding="utf-8")  # only to run the night of then
    paths = {name: root / where for name, where in (("inbox", "returns"), ("archive", "private"))}
    paths |= {"definitions": root / "own definitions", "partners": root / "own partners"}
    given = settings(workspace=root, **paths, today=TODAY).model_copy(update={"smtp_url": None})
    run_night(given, "before")
    (root / "indicators.toml").unlink()
    return root


def published(folder: Path) -> list[tuple[Any, ...]]:
    with connect_with_files(live=folder) as con:
        found: list[tuple[Any, ...]] = []
        for table in ("observations", "coverage", "scorecard", "latest"):
            found += con.execute(f"SELECT * FROM live.mart.{table} ORDER BY ALL").fetchall()
        return found


def test_an_installation_goes_on_as_a_workspace_and_publishes_the_same(
    installation: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "workspace"
    folder.mkdir()
    monkeypatch.chdir(folder)
    before = published(installation / "warehouse" / "indicators.duckdb")
    assert main(["upgrade", "--from", str(installation / ".env")]) == 0
    said = capsys.readouterr().out
    assert "COLOUR is no setting of this release" in said
    assert "secret" not in said
    given = settings().model_copy(update={"smtp_url": None})
    assert (given.archive, given.grace_days) == (installation / "private", 5)
    assert "secret" not in (folder / "indicators.toml").read_text(encoding="utf-8")
    assert (folder / ".env").stat().st_mode & 0o077 == 0
    definitions = folder / "definitions"
    assert {row["area_code"] for row in rows(definitions / "areas.csv")} == {CODE, "PCT:5EM", f"SN:{CODE}"}
    for name in ("national_indicators.csv", "peers.csv", "breakdowns.toml", "disclosure.toml", "scales.toml"):
        assert not (definitions / name).exists(), name
    assert len(load_definitions(definitions).national) == 199
    done = run_night(given, "after")
    assert not done.returns
    assert published(given.warehouse) == before
    assert main(["upgrade"]) == 0
    assert "has all that this release needs" in capsys.readouterr().out


def test_a_dry_run_changes_nothing_and_says_the_same(
    installation: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (installation / "indicators.toml").write_text('definitions = "own definitions"\npartners = "own partners"\n')
    before = {path: path.read_bytes() for path in installation.rglob("*") if path.is_file()}
    assert main(["upgrade", "--dry-run", "--workspace", str(installation)]) == 0
    assert "would be done" in capsys.readouterr().out
    assert {path: path.read_bytes() for path in installation.rglob("*") if path.is_file()} == before
    assert main(["upgrade", "--workspace", str(installation)]) == 0
    (copies,) = (installation / "upgrade-copies").iterdir()
    for path, content in before.items():
        if not path.exists() or path.read_bytes() != content:
            assert (copies / path.relative_to(installation)).read_bytes() == content, path


def add_own_ward(folder: Path) -> None:
    write(folder / "areas.csv", [*rows(folder / "areas.csv"), {**dict.fromkeys(rows(folder / "areas.csv")[0], ""), "area_code": "PATCH:1", "name": "North", "area_type": "Patch", "parent_code": CODE}])  # fmt: skip


def turn_dimensions_round(folder: Path) -> None:
    text = (folder / "breakdowns.toml").read_text(encoding="utf-8")
    head, *parts = text.split("[[dimension]]")
    (folder / "breakdowns.toml").write_text("[[dimension]]".join([head, *reversed(parts)]), encoding="utf-8")


@pytest.mark.parametrize("change", [add_own_ward, turn_dimensions_round])
def test_what_is_a_partnerships_own_is_kept_and_means_the_same(
    change: Callable[[Path], None], installation: Path
) -> None:
    folder = installation / "own definitions"
    change(folder)
    before = load_definitions(folder, folder / "reference")
    (installation / "indicators.toml").write_text('definitions = "own definitions"\npartners = "own partners"\n')
    assert main(["upgrade", "--workspace", str(installation)]) == 0
    after = load_definitions(folder)
    assert set(before.geography.areas) <= set(after.geography.areas)
    assert before.dimensions == after.dimensions


def test_definitions_that_would_mean_something_else_are_left_as_they_are(
    installation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (installation / "indicators.toml").write_text('definitions = "own definitions"\npartners = "own partners"\n')
    given = settings(workspace=installation)
    steps = [step for step in upgrade_steps(given) if step.file is not None and step.file.name != "partnership.toml"]
    wrong = [*steps, Step("another place", given.definitions / "partnership.toml", 'areas = ["Leicester"]\n')]
    before = {path: path.read_bytes() for path in given.definitions.rglob("*") if path.is_file()}
    with pytest.raises(StorageError, match="would not mean the same"):
        upgrade(given, wrong, datetime(2026, 12, 1, tzinfo=UTC))
    assert {path: path.read_bytes() for path in given.definitions.rglob("*") if path.is_file()} == before


def test_old_deployments_are_told_with_the_command_that_mends_them(
    installation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (installation / "indicators.toml").write_text('definitions = "own definitions"\npartners = "own partners"\n')
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    given = settings(workspace=installation)

    def of_before(_: str) -> Any:
        return [{"name": "nightly", "entrypoint": "flows/nightly_flow.py:nightly"}]

    def of_now(_: str) -> Any:
        return [{"name": "nightly", "entrypoint": "local_indicators.flows.nightly_flow:nightly"}]

    assert "run `indicators deploy`" in [step.by_hand for step in upgrade_steps(given, of_before)]
    assert not [step for step in upgrade_steps(given, of_now) if step.by_hand]
    assert any("does not answer" in step.what for step in upgrade_steps(given))
