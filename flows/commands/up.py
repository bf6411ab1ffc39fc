"""`indicators up`: a Prefect server, the deployments and a worker for a trial on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from local_indicators.flows.commands.options import TodayOption, WorkspaceOption
from local_indicators.flows.operations.trial_server import Trial, run_trial
from local_indicators.flows.settings import settings


def up(
    *,
    host: Annotated[str, Parameter(help="The address at which the server answers; this machine only by default.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, Parameter(help="The port at which it answers.")] = 4207,
    home: Annotated[Path | None, Parameter(help="Where Prefect keeps its files; .prefect in the workspace.")] = None,
    today: TodayOption = None,
    workspace: WorkspaceOption = None,
) -> int:
    """Start server, deployments and worker, say where to look, and wait until Ctrl-C."""
    chosen = settings(workspace=workspace, today=today)
    return run_trial(Trial(chosen, host, port, (home or chosen.workspace / ".prefect").absolute()))
