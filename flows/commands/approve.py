"""`indicators approve`: publish what the gate refused, or let through a return that it set aside."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from local_indicators.flows.commands.decisions import print_decision
from local_indicators.flows.commands.options import ArchiveOption, ByOption, WarehouseOption, WorkspaceOption
from local_indicators.flows.records.short_names import is_submission
from local_indicators.flows.recovery.approval import approve_run, release_set_aside
from local_indicators.flows.settings import settings


def approve(
    run: Annotated[
        str,
        Parameter(help="The run, as the night and its page name it, or its beginning; or a submission, such as S12."),
    ],
    *,
    by: ByOption,
    workspace: WorkspaceOption = None,
    warehouse: WarehouseOption = None,
    archive: ArchiveOption = None,
) -> int:
    """Publish the candidate of a refused run, or let a submission such as S000012 through the gate.

    Exit code 1 with the reason where it cannot be approved.
    """
    decide = release_set_aside if is_submission(run) else approve_run
    return print_decision(lambda: decide(settings(workspace=workspace, warehouse=warehouse, archive=archive), run, by))
