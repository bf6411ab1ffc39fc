"""`indicators upgrade`: what a new release needs of this workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from local_indicators.flows.commands.options import WorkspaceOption
from local_indicators.flows.settings import now, settings
from local_indicators.flows.workspaces.new_workspace import EXAMPLE
from local_indicators.flows.workspaces.upgrade import describe, upgrade_steps, workspace_from
from local_indicators.flows.workspaces.upgrade import upgrade as carry_out


def upgrade(
    *,
    dry_run: Annotated[bool, Parameter(negative="", help="Say what would be done, and change nothing.")] = False,
    from_: Annotated[
        Path | None,
        Parameter(name="--from", help="The .env of an installation without a workspace, to make one of it here."),
    ] = None,
    workspace: WorkspaceOption = None,
) -> int:
    """Do what can be done, and say what is left to a person; exit code 1 while something is."""
    if from_ is not None:
        folder = (workspace or Path.cwd()).expanduser().absolute()
        if dry_run:
            print(f"would be made: a workspace in {folder}, with the settings, definitions and partners of {from_}")
            return 0
        for sentence in workspace_from(from_.expanduser().absolute(), folder, EXAMPLE):
            print(f"done     {sentence}")
    chosen = settings(workspace=workspace)
    steps = upgrade_steps(chosen)
    copies = None if dry_run else carry_out(chosen, steps, now())
    for line in describe(steps, dry_run=dry_run):
        print(line)
    if copies is not None:
        print(f"What was changed is kept in {copies}.")
    if not steps:
        print("This workspace has all that this release needs.")
    return 1 if any(step.by_hand for step in steps) else 0
