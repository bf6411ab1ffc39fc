"""`indicators backup` and `restore`: a workspace that is lost is again what it was, and its nights go on."""

from __future__ import annotations

import io
import json
import shutil
import stat
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local_indicators.common.errors import LocalIndicatorsError, UsageError
from local_indicators.flows.commands.application import main
from local_indicators.flows.pipeline.night_steps import run_night
from local_indicators.flows.records.writer_lock import sole_writer
from local_indicators.flows.settings import Settings, settings
from local_indicators.flows.workspaces.backup import back_up
from local_indicators.flows.workspaces.backup_contents import INSIDE
from local_indicators.flows.workspaces.restore import restore, verify
from local_indicators.warehouse.store.attached_files import connect_with_files
from tests.support.small_returns import GOOD, write_partner, write_return

SETTINGS = """organisation = "A partnership"
sender = "indicators@example.org"
analyst = "analyst@example.org"
today = 2011-04-28
definitions = {definitions}
{more}
"""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with one partner, whose archive lies elsewhere."""
    from tests.support.places import DEFINITION_FILES

    for name in ("INDICATORS_WORKSPACE", "INDICATORS_TODAY"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "workspace"
    folder.mkdir()
    shutil.copytree(DEFINITION_FILES, folder / "definitions")
    write_partner(folder / "partners")
    more = f"archive = {json.dumps(str(tmp_path / 'private archive'))}  # on another disk"
    (folder / "indicators.toml").write_text(SETTINGS.format(definitions='"definitions"', more=more), encoding="utf-8")
    (folder / ".env").write_text("INDICATORS_SMTP_URL=smtp://user:secret@127.0.0.1:9\n", encoding="utf-8")
    (folder / "inbox" / "tester").mkdir(parents=True)
    (folder / "inbox" / "waits for its first return").mkdir()
    write_return(folder / "inbox" / "tester" / "attainment-1.xlsx", GOOD)
    return folder


def night(folder: Path, number: int = 1) -> Any:
    return run_night(of(folder), f"night-{number}", patience_seconds=60)


def of(folder: Path) -> Settings:
    return settings(workspace=folder).model_copy(update={"smtp_url": None})


def rows(folder: Path, sql: str = "SELECT * EXCLUDE (recorded_at) FROM mart.observations ORDER BY ALL") -> list[Any]:
    with connect_with_files(live=of(folder).warehouse) as con:
        con.execute("USE live")
        return con.execute(sql).fetchall()


def send(folder: Path, number: int, value: float) -> None:
    changed = tuple((*row[:4], value, None, None) if n == 2 else row for n, row in enumerate(GOOD))
    write_return(folder / "inbox" / "tester" / f"attainment-{number}.xlsx", changed)


def test_a_lost_workspace_is_again_what_it_was_and_its_nights_go_on(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    night(workspace)
    saved, again = tmp_path / "saved.tar.gz", tmp_path / "again"
    assert main(["backup", str(saved), "--workspace", str(workspace)]) == 0
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    before, latest = rows(workspace), (workspace / "warehouse" / "exports" / "latest").readlink()
    shutil.rmtree(workspace)
    shutil.rmtree(tmp_path / "private archive")
    assert main(["restore", str(saved), str(again)]) == 0
    said = capsys.readouterr().out
    assert "The archive lay elsewhere" in said
    assert "user:secret" not in said
    assert not (again / ".env").exists()
    assert of(again).archive == again / "archive"
    assert rows(again) == before
    assert (again / "warehouse" / "exports" / "latest").readlink() == latest
    assert (again / "inbox" / "waits for its first return").is_dir()
    for private in (again / "archive", again / "archive" / "ledger.jsonl", again / "warehouse" / "store.duckdb"):
        assert not stat.S_IMODE(private.stat().st_mode) & 0o077, private
    assert not night(again, 2).returns
    assert rows(again) == before
    send(again, 2, 61.0)
    night(again, 3)
    assert rows(again) != before


def test_secrets_are_saved_only_when_asked_for(workspace: Path, tmp_path: Path) -> None:
    night(workspace)
    for number, with_secrets in enumerate((False, True)):
        file = back_up(of(workspace), tmp_path / f"{number}.tar.gz", 0, with_secrets=with_secrets).path
        restored = restore(file, tmp_path / f"again-{number}")
        assert (restored.folder / ".env").exists() == with_secrets


def test_a_backup_waits_for_a_night_and_says_so_when_it_takes_too_long(workspace: Path, tmp_path: Path) -> None:
    night(workspace)
    with sole_writer(of(workspace).archive), pytest.raises(LocalIndicatorsError, match="another run is at work"):
        back_up(of(workspace), tmp_path / "early.tar.gz", 0)
    assert not list(tmp_path.glob("*.tar.gz*"))
    assert not list(tmp_path.glob(".*.part"))


@pytest.mark.long
def test_a_backup_at_any_moment_of_many_nights_restores_to_nights_that_go_on(workspace: Path, tmp_path: Path) -> None:
    """Nights, each with a corrected return, run in a process of their own while backups are made one after the other."""
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom tests.resilience.test_backup import night, send\n"
        "folder = Path(sys.argv[1])\n"
        "for n in range(int(sys.argv[2])):\n    send(folder, 1, 40 + n)\n    night(folder, n)\n    time.sleep(0.8)\n"
    )
    nights = subprocess.Popen([sys.executable, "-c", program, str(workspace), "4"])
    saved: list[Path] = []
    while nights.poll() is None and len(saved) < 12:
        if (of(workspace).archive / "ledger.jsonl").exists():
            saved.append(back_up(of(workspace), tmp_path / f"b{len(saved)}.tar.gz", 120).path)
        time.sleep(0.2)
    assert nights.wait() == 0
    night(workspace, 99)
    wanted = rows(workspace, "SELECT indicator_id, area_code, time_period, value FROM mart.observations ORDER BY ALL")
    assert len(saved) > 1
    for number, file in enumerate(saved):
        again = tmp_path / f"again-{number}"
        restore(file, again)
        shutil.rmtree(again / "inbox" / "tester")
        shutil.copytree(workspace / "inbox" / "tester", again / "inbox" / "tester")  # what partners sent meanwhile
        night(again, 100)
        found = rows(again, "SELECT indicator_id, area_code, time_period, value FROM mart.observations ORDER BY ALL")
        assert found == wanted


def test_nothing_that_is_there_is_written_over(workspace: Path, tmp_path: Path) -> None:
    night(workspace)
    file = back_up(of(workspace), tmp_path / "saved.tar.gz", 0).path
    with pytest.raises(UsageError, match="is there already"):
        back_up(of(workspace), file, 0)
    with pytest.raises(UsageError, match="lies in the archive"):
        back_up(of(workspace), of(workspace).archive / "x.tar.gz", 0)
    with pytest.raises(UsageError, match="is not empty"):
        restore(file, workspace)


# -- a backup that is none, or is hostile -----------------------------------------------------------------------------


def remade(file: Path, change: Callable[[list[tuple[tarfile.TarInfo, bytes]]], None]) -> Path:
    """A backup with its members changed."""
    with tarfile.open(file) as tar:
        members = [(m, (tar.extractfile(m) or io.BytesIO()).read()) for m in tar]
    change(members)
    path = file.with_name("changed.tar.gz")
    with tarfile.open(path, "w:gz") as tar:
        for member, content in members:
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def named(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, link
    return member, b""


CHANGES: dict[str, Callable[[list[tuple[tarfile.TarInfo, bytes]]], None]] = {
    "a name above": lambda members: members.insert(0, named(f"{INSIDE}/../../escaped")),
    "an absolute name": lambda members: members.insert(0, named("/tmp/escaped")),  # noqa: S108
    "a link": lambda members: members.insert(0, named(f"{INSIDE}/x", tarfile.SYMTYPE, "/etc")),
    "a hard link": lambda members: members.insert(0, named(f"{INSIDE}/x", tarfile.LNKTYPE, "/etc/passwd")),
    "a device": lambda members: members.insert(0, named(f"{INSIDE}/x", tarfile.CHRTYPE)),
    "a name twice": lambda members: members.insert(1, members[0]),
    "a file too many": lambda members: members.insert(0, named(f"{INSIDE}/extra")),
    "a file too few": lambda members: members.pop(0) and None,
    "other bytes": lambda members: members.__setitem__(0, (members[0][0], members[0][1] + b"x")),
    "no manifest": lambda members: members.pop() and None,
    "a manifest that is none": lambda members: members.__setitem__(-1, (members[-1][0], b"[]")),
    "a file after the manifest": lambda members: members.append(named(f"{INSIDE}/late")),
    "a later form": lambda members: members.__setitem__(-1, (members[-1][0], _later(members[-1][1]))),
}


def _later(manifest: bytes) -> bytes:
    return json.dumps({**json.loads(manifest), "form": 99}).encode()


@pytest.mark.parametrize("change", CHANGES)
def test_a_damaged_or_hostile_backup_is_refused_and_leaves_nothing(
    change: str, workspace: Path, tmp_path: Path
) -> None:
    night(workspace)
    file = remade(back_up(of(workspace), tmp_path / "saved.tar.gz", 0).path, CHANGES[change])
    with pytest.raises(LocalIndicatorsError):
        verify(file)
    with pytest.raises(LocalIndicatorsError):
        restore(file, tmp_path / "new" / "again")
    assert not list((tmp_path / "new").iterdir())
    assert not (tmp_path / "escaped").exists()


def test_a_link_that_leads_elsewhere_is_not_laid(workspace: Path, tmp_path: Path) -> None:
    night(workspace)

    def change(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
        manifest = json.loads(members[-1][1])
        manifest["links"] = {
            f"{INSIDE}/a": "/etc/passwd",
            f"{INSIDE}/b": "../../x",
            "../c": "d",
            f"{INSIDE}/e": "README",
        }
        manifest["folders"] = ["/tmp/escaped", f"{INSIDE}/../../escaped"]  # noqa: S108
        members[-1] = (members[-1][0], json.dumps(manifest).encode())

    file = remade(back_up(of(workspace), tmp_path / "saved.tar.gz", 0).path, change)
    again = restore(file, tmp_path / "again").folder
    assert [path.name for path in again.iterdir() if path.is_symlink()] == ["e"]
    assert not (tmp_path / "escaped").exists()


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.9, 0.999])
def test_a_backup_that_was_cut_off_is_refused(kept: float, workspace: Path, tmp_path: Path) -> None:
    night(workspace)
    file = back_up(of(workspace), tmp_path / "saved.tar.gz", 0).path
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(LocalIndicatorsError):
        restore(file, tmp_path / "again")
    assert not (tmp_path / "again").exists()
