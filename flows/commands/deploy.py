"""`indicators deploy`: the schedule of this workspace, on the Prefect server that the environment names."""

from __future__ import annotations

import os
import sys

from local_indicators.common.errors import UsageError
from local_indicators.flows.commands.options import WorkspaceOption
from local_indicators.flows.operations.trial_server import OFFLINE, Stopped
from local_indicators.flows.operations.trial_server import deploy as deploy_flows
from local_indicators.flows.settings import settings
from local_indicators.flows.workspace import VARIABLE


def deploy(*, workspace: WorkspaceOption = None) -> int:
    """Make the work pool and the deployments again, each run in this workspace; exit code 4 where Prefect refuses."""
    chosen = settings(workspace=workspace)
    url = os.environ.get("PREFECT_API_URL")
    if not url:
        raise UsageError("PREFECT_API_URL", "names no server; `indicators up` starts one for a trial")
    try:
        deploy_flows(chosen.workspace, {**os.environ, **OFFLINE, VARIABLE: str(chosen.workspace)})
    except Stopped as reason:
        print(f"indicators: {reason}", file=sys.stderr)
        return 4
    print(f"The flows of {chosen.workspace} are deployed to {url}.")
    return 0
