"""`indicators deploy`: the schedule of a workspace, told to the Prefect server that is set."""

from __future__ import annotations

import os

from local_indicators.common.errors import UsageError
from local_indicators.flows.commands.options import WorkspaceOption
from local_indicators.flows.operations.deployments import POOL, shipped_deployments
from local_indicators.flows.operations.deployments import deploy as deploy_all
from local_indicators.flows.operations.prefect_api import configured_server, prefect_setting
from local_indicators.flows.settings import settings
from local_indicators.flows.workspace import VARIABLE

PASSED_ON = ("PREFECT_API_KEY", "PREFECT_API_AUTH_STRING")


def deploy(*, workspace: WorkspaceOption = None) -> int:
    """Make the work pool and deploy every flow, to run in this workspace; what is there already is brought up to
    date."""
    folder = settings(workspace=workspace).workspace
    server = configured_server(folder)
    if server is None:
        raise UsageError("PREFECT_API_URL", "is not set; it names the server, such as http://127.0.0.1:4207/api")
    signed_in = {name: value for name in PASSED_ON if (value := prefect_setting(name, folder))}
    here = {"PREFECT_API_URL": server.url, "PREFECT_CLI_PROMPT": "false", VARIABLE: str(folder)}
    deploy_all(folder, {**os.environ, **signed_in, **here})
    for deployment in shipped_deployments():
        schedules = ", ".join(schedule["cron"] for schedule in deployment.get("schedules", ()))
        print(f"{deployment['name']:17} {schedules or 'no schedule'}")
    print(f"Deployed at {server.url} for {folder}; a worker of the pool {POOL} runs them.")
    return 0
