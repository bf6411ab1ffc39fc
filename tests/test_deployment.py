"""prefect.yaml: it deploys, on London time, one night at a time."""

from __future__ import annotations

import os
import subprocess
from typing import Any

import pytest
import yaml

from flows.settings import LONDON
from tests.conftest import HOME


@pytest.mark.usefixtures("prefect_server")
def test_the_nightly_deployment_deploys() -> None:
    from prefect import get_client
    from prefect.settings import PREFECT_API_URL

    env = {**os.environ, "PREFECT_API_URL": str(PREFECT_API_URL.value()), "PREFECT_LOGGING_LEVEL": "WARNING"}
    prefect = str(HOME / ".venv" / "bin" / "prefect")

    def run(*words: str) -> None:
        done = subprocess.run([prefect, "--no-prompt", *words], cwd=HOME, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    run("work-pool", "create", "local-indicators", "--type", "process")
    run("deploy", "--all")
    with get_client(sync_client=True) as client:
        deployment: Any = client.read_deployment_by_name("nightly/nightly")
        asked = client.request("POST", "/deployments/{id}/schedule", path_params={"id": deployment.id}, json={})
        runs = client.read_flow_runs()
    assert asked.status_code == 200
    planned = [run.expected_start_time for run in runs if run.deployment_id == deployment.id]
    assert {f"{when.astimezone(LONDON):%H:%M}" for when in planned if when} == {"01:30"}
    assert deployment.entrypoint == "flows/nightly.py:nightly"
    (schedule,) = deployment.schedules
    assert (schedule.active, schedule.schedule.timezone) == (True, "Europe/London")
    assert deployment.global_concurrency_limit.limit == 1
    assert deployment.concurrency_options.collision_strategy.value == "ENQUEUE"
    assert set(deployment.parameter_openapi_schema["properties"]) == {
        "inbox", "warehouse", "outbox", "archive", "today",
    }  # fmt: skip


def test_every_entrypoint_is_there() -> None:
    for deployment in yaml.safe_load((HOME / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]:
        path, name = deployment["entrypoint"].split(":")
        assert f"def {name}(" in (HOME / path).read_text(encoding="utf-8")
