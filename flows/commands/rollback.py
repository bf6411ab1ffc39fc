"""`indicators rollback`: publish an earlier version again."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from local_indicators.flows.commands.decisions import print_decision
from local_indicators.flows.commands.options import ArchiveOption, ByOption, WarehouseOption, WorkspaceOption
from local_indicators.flows.recovery.approval import roll_back_to
from local_indicators.flows.settings import settings


def rollback(
    version: Annotated[int, Parameter(help="The data_version to go back to.")],
    *,
    by: ByOption,
    workspace: WorkspaceOption = None,
    warehouse: WarehouseOption = None,
    archive: ArchiveOption = None,
) -> int:
    """Publish a kept version under a new number; exit code 1 with the reason where it is not kept."""
    return print_decision(
        lambda: roll_back_to(settings(workspace=workspace, warehouse=warehouse, archive=archive), version, by)
    )
