"""What Prefect's server is told of a workspace: the work pool, the deployments, and what it does by itself."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from local_indicators.common.errors import LocalIndicatorsError
from local_indicators.common.shipped_files import PACKAGE
from local_indicators.flows.operations.prefect_api import configured_server

PREFECT = Path(sys.executable).with_name("prefect")
POOL = "local-indicators"
DEPLOYMENTS = PACKAGE / "prefect.yaml"
"""The deployments as they are shipped."""
AUTOMATION = PACKAGE / "operations" / "automations.yaml"
"""What the server does with a run that is gone."""


class DeploymentError(LocalIndicatorsError):
    """Prefect would not take the deployments."""


def shipped_deployments() -> Iterator[dict[str, Any]]:
    """Yield the deployments as they are shipped."""
    import yaml

    yield from yaml.safe_load(DEPLOYMENTS.read_text("utf-8"))["deployments"]


def deploy(folder: Path, env: Mapping[str, str], file: Path = DEPLOYMENTS) -> None:
    """Make the work pool, or set the one that is there as it has to be, deploy all of a file of deployments, which then
    run in a folder, and have the server notice runs that are gone. Raises DeploymentError where Prefect refuses."""
    for words in (
        ["work-pool", "create", POOL, "--type", "process", "--overwrite"],
        ["deploy", "--all", "--prefect-file", str(file)],
    ):
        done = subprocess.run(  # noqa: S603
            [str(PREFECT), "--no-prompt", *words],
            cwd=folder,
            env={**os.environ, **env},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            reason = f"failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
            raise DeploymentError(f"prefect {' '.join(words)}", reason)
    _notice_runs_that_are_gone(folder, env)


def _notice_runs_that_are_gone(folder: Path, env: Mapping[str, str]) -> None:
    """Make the automation at the server, or set the one that is there as it has to be. Raises DeploymentError."""
    import yaml

    wanted = yaml.safe_load(AUTOMATION.read_text("utf-8"))
    server = configured_server(folder, env)
    try:
        if server is None:
            raise ValueError("PREFECT_API_URL is not set")
        there = server.ask("/automations/filter", {"automations": {"name": {"any_": [wanted["name"]]}}})
        if there:
            server.ask(f"/automations/{there[0]['id']}", wanted, "PUT")
        else:
            server.ask("/automations/", wanted)
    except (OSError, ValueError) as error:
        raise DeploymentError(AUTOMATION, f"was not taken by Prefect's server ({error})") from None
