"""`indicators add`: a new entry in the workspace, with every key explained."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import Parameter

from local_indicators.common.errors import UsageError
from local_indicators.flows.commands.options import WorkspaceOption
from local_indicators.flows.settings import settings
from local_indicators.flows.workspaces.new_entries import KINDS, Entry, add_entry, missing_keys, parsed_keys


def add(
    kind: Annotated[str, Parameter(help=f"What to add: {', '.join(KINDS)}.")],
    id: Annotated[str, Parameter(help="Its id; for a target the id of its indicator.")],  # noqa: A002
    *keys: Annotated[str, Parameter(help="Keys and values, such as title='School attendance'.")],
    file: Annotated[str, Parameter(help="For an indicator: the file in definitions/indicators to put it in.")] = "",
    workspace: WorkspaceOption = None,
) -> int:
    """Write a new entry, checked before it is written; asks for what it needs, if there is somebody to ask."""
    if kind not in KINDS:
        raise UsageError(kind, f"cannot be added; what can is {', '.join(KINDS)}")
    chosen = settings(workspace=workspace)
    entry = Entry(kind, id, parsed_keys(keys), file.removesuffix(".toml"))
    if sys.stdin.isatty():
        asked = {name: input(f"{name} (such as {example}): ") for name, example in missing_keys(entry).items()}
        entry = Entry(kind, id, {**entry.given, **{name: value for name, value in asked.items() if value}}, entry.file)
    path = add_entry(entry, chosen)
    print(f"{kind} {id} is in {path}, with every key explained.")
    return 0
