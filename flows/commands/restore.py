"""`indicators restore`: a workspace again, from a backup."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from local_indicators.flows.commands.terminal import progress_shown
from local_indicators.flows.workspaces.restore import restore as restore_backup


def restore(
    file: Annotated[Path, Parameter(help="The backup.")],
    folder: Annotated[Path, Parameter(help="The folder of the workspace: a new or an empty one.")],
) -> int:
    """Restore a workspace, compare every file with its digest, and say what is left to do. No night is run."""
    with progress_shown():
        done = restore_backup(file, folder)
    print(f"{done.files} files, saved {done.made_at}, are restored in {done.folder}; each is as it was saved.")
    for name in done.moved:
        print(f"The {name} lay elsewhere; it is in the workspace now, and indicators.toml says so.")
    print("What is left to do:")
    print(f"  cd {shlex.quote(str(done.folder))}")
    if not done.secrets:
        print("  write the passwords into .env, if there were any: the backup holds none")
    if variables := sorted(name for name in os.environ if name.startswith("INDICATORS_")):
        print(f"  unset {' '.join(variables)}, unless they are meant for this workspace")
    print("  indicators doctor     says what is missing here")
    print("  indicators nightly    takes in what came after the backup and lies in the inbox")
    return 0
