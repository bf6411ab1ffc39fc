"""The workspace: the folder in which a partnership keeps everything of its own, apart from the code.

Its `indicators.toml` makes it one. `partners/`, `definitions/`, `claims/` and `texts/` beside it are written by people;
inbox, archive, warehouse, outbox and reports are filled by partners and nights.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from local_indicators.common.errors import UsageError

SETTINGS_FILE = "indicators.toml"
VARIABLE = "INDICATORS_WORKSPACE"
FOLDERS: Mapping[str, str] = {
    "inbox": "inbox",
    "warehouse": "warehouse/indicators.duckdb",
    "outbox": "outbox",
    "archive": "archive",
    "reports": "reports",
    "definitions": "definitions",
    "partners": "partners",
    "claims": "claims",
}
"""Where things lie in a workspace unless its settings say otherwise."""
TEXTS = "texts"
"""The folder of own wording, used where there is one."""
HOW_TO_GET_ONE = (
    f"`indicators init FOLDER` makes one; name one by --workspace FOLDER or {VARIABLE}, or work in a folder below it"
)


def find_workspace(given: str | Path | None = None) -> Path:
    """Return the folder of the workspace, absolute: the one that is given, else the one in INDICATORS_WORKSPACE, else
    the nearest folder upwards of the working directory with an `indicators.toml`. Raises UsageError, which says how to
    make one."""
    named = given or os.environ.get(VARIABLE)
    if named:
        folder = Path(named).expanduser().absolute()
        folder = folder.parent if folder.name == SETTINGS_FILE else folder
        if not (folder / SETTINGS_FILE).is_file():
            whence = "--workspace" if given else VARIABLE
            raise UsageError(f"{whence} {folder}", f"holds no {SETTINGS_FILE}, so it is no workspace; {HOW_TO_GET_ONE}")
        return folder
    here = Path.cwd()
    found = next((folder for folder in (here, *here.parents) if (folder / SETTINGS_FILE).is_file()), None)
    if found is None:
        reason = f"neither {here} nor a folder above it holds {SETTINGS_FILE}; {HOW_TO_GET_ONE}"
        raise UsageError("no workspace", reason)
    return found
