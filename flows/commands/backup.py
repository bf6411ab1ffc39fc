"""`indicators backup`: the whole workspace in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from local_indicators.flows.commands.options import WorkspaceOption
from local_indicators.flows.commands.terminal import progress_shown
from local_indicators.flows.settings import settings
from local_indicators.flows.workspaces.backup import back_up
from local_indicators.flows.workspaces.restore import verify


def backup(
    file: Annotated[Path, Parameter(help="The file to write, such as /mnt/backup/leicester-2026-12-01.tar.gz.")],
    *,
    check: Annotated[bool, Parameter(negative="", help="Read a backup that is there, and compare it.")] = False,
    with_secrets: Annotated[bool, Parameter(negative="", help="Save .env too, which holds passwords.")] = False,
    wait: Annotated[float, Parameter(help="Minutes to wait for a night that is at work.")] = 120.0,
    workspace: WorkspaceOption = None,
) -> int:
    """Write a backup, and read it once to be sure of it."""
    if check:
        with progress_shown():
            manifest = verify(file)
        print(f"{file} is whole: {len(manifest['files'])} files, saved {manifest['made_at']}.")
        return 0
    chosen = settings(workspace=workspace)
    with progress_shown():
        saved = back_up(chosen, file, wait * 60, with_secrets=with_secrets)
        verify(saved.path)
    print(
        f"{saved.files} files, {saved.size / 1_000_000:.1f} MB, are saved in {saved.path}, which was read and is whole."
    )
    print("It holds what must not be published: keep it as you keep the archive.")
    if not with_secrets and (chosen.workspace / ".env").exists():
        print(".env is not in it; keep its passwords elsewhere, or save it too by --with-secrets.")
    return 0
