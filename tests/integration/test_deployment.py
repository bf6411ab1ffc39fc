"""prefect.yaml and the flows it names: they deploy, on London time, with parameters that are checked; and what an operator sees."""

from __future__ import annotations

import asyncio
import importlib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml

from local_indicators.flows.operations.trial_server import NO_WAY_OUT, OFFLINE
from local_indicators.flows.records.writer_lock import sole_writer
from local_indicators.flows.settings import LONDON
from tests.support.places import HOME, Place
from tests.support.small_returns import GOOD, write_partner, write_return

pytestmark = pytest.mark.long


SCHEDULES = {
    "nightly/nightly": "30 1 * * *",
    "replies/replies": "*/10 7-19 * * *",
    "reminders/reminders": "5 8 * * *",
    "quarterly-report/quarterly-report": "0 7 5 1,4,7,10 *",
    "rebuild/rebuild": None,
}
PLACES = {"workspace", "inbox", "warehouse", "outbox", "archive", "today"}
PARAMETERS = {
    "nightly/nightly": PLACES,
    "replies/replies": PLACES,
    "reminders/reminders": PLACES,
    "quarterly-report/quarterly-report": {"workspace", "quarter", "to", "again", "today"},
    "rebuild/rebuild": {"workspace", "replace", "warehouse", "archive"},
}


@pytest.fixture(scope="module")
def deployed(prefect_server: None) -> dict[str, Any]:
    """Everything of prefect.yaml, deployed as docs/operations.md says, by name."""
    from prefect import get_client
    from prefect.settings import PREFECT_API_URL

    env = {**os.environ, "PREFECT_API_URL": str(PREFECT_API_URL.value()), "PREFECT_LOGGING_LEVEL": "WARNING"}
    prefect = str(HOME / ".venv" / "bin" / "prefect")
    for words in (["work-pool", "create", "local-indicators", "--type", "process", "--overwrite"], ["deploy", "--all"]):
        done = subprocess.run([prefect, "--no-prompt", *words], cwd=HOME, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    with get_client(sync_client=True) as client:
        return {name: client.read_deployment_by_name(name) for name in SCHEDULES}


def test_everything_deploys_on_london_time_one_run_at_a_time(deployed: dict[str, Any]) -> None:
    from prefect import get_client

    for name, one in deployed.items():
        crons = [(s.active, s.schedule.cron, s.schedule.timezone) for s in one.schedules]
        assert crons == ([(True, SCHEDULES[name], "Europe/London")] if SCHEDULES[name] else [])
        strategy = "CANCEL_NEW" if name == "replies/replies" else "ENQUEUE"
        assert (one.global_concurrency_limit.limit, one.concurrency_options.collision_strategy.value) == (1, strategy)
        assert set(one.parameter_openapi_schema["properties"]) == PARAMETERS[name]
        assert one.enforce_parameter_schema
        assert "local-indicators" in one.tags
    with get_client(sync_client=True) as client:
        night = deployed["nightly/nightly"]
        asked = client.request("POST", "/deployments/{id}/schedule", path_params={"id": night.id}, json={})
        assert asked.status_code == 200
        planned = [r.expected_start_time for r in client.read_flow_runs() if r.deployment_id == night.id]
    assert {f"{when.astimezone(LONDON):%H:%M}" for when in planned if when} == {"01:30"}


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("quarterly-report/quarterly-report", {"quarter": "2011-Q9"}),
        ("quarterly-report/quarterly-report", {"to": "everybody"}),
        ("rebuild/rebuild", {"replace": "perhaps"}),
    ],
)
def test_a_wrong_parameter_is_refused_when_a_run_is_made(
    deployed: dict[str, Any], name: str, parameters: dict[str, Any]
) -> None:
    from prefect.deployments import run_deployment
    from prefect.exceptions import PrefectHTTPStatusError

    with pytest.raises(PrefectHTTPStatusError):
        run_deployment(name, parameters=parameters, timeout=0)


def test_what_a_schema_cannot_refuse_is_refused_when_the_run_begins() -> None:
    from prefect.exceptions import ParameterTypeError

    from local_indicators.flows.nightly_flow import nightly

    with pytest.raises(ParameterTypeError):
        nightly.validate_parameters({"today": "yesterday"})


# -- what an operator sees --------------------------------------------------------------------------------------------


@pytest.fixture
def given(place: Place, prefect_server: None, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, Any], Path]:
    """Parameters of a run on a partner of the test's own, and where its return lies."""
    monkeypatch.setenv("INDICATORS_PARTNERS", str(write_partner(place.root / "partners")))
    for name, path in (("REPORTS", place.root / "reports"), ("ARCHIVE", place.archive), ("OUTBOX", place.outbox)):
        monkeypatch.setenv(f"INDICATORS_{name}", str(path))
    monkeypatch.setenv("INDICATORS_WAREHOUSE", str(place.published))
    paths = {"inbox": place.inbox, "warehouse": place.published, "outbox": place.outbox, "archive": place.archive}
    return {**{name: str(path) for name, path in paths.items()}, "today": "2011-04-28"}, place.inbox / "tester"


def seen(flow: str) -> tuple[Any, list[str], dict[str, str]]:
    """The newest run of a flow, the names of its steps, and the pages that it left."""
    from prefect import get_client
    from prefect.client.schemas.filters import FlowFilter, FlowFilterName, FlowRunFilter, FlowRunFilterStartTime
    from prefect.client.schemas.sorting import FlowRunSort

    with get_client(sync_client=True) as client:
        flows = FlowFilter(name=FlowFilterName(any_=[flow]))
        begun = FlowRunFilter(start_time=FlowRunFilterStartTime(is_null_=False))
        run = client.read_flow_runs(
            flow_filter=flows, flow_run_filter=begun, sort=FlowRunSort.START_TIME_DESC, limit=1
        )[0]
        tasks = client.request("POST", "/task_runs/filter", json={"flow_runs": {"id": {"any_": [str(run.id)]}}}).json()
        pages = client.request(
            "POST", "/artifacts/filter", json={"artifacts": {"flow_run_id": {"any_": [str(run.id)]}}}
        ).json()
    return run, [task["name"] for task in tasks], {page["key"]: page["data"] for page in pages}


def test_names_and_pages_say_what_a_run_is_about(place: Place, given: tuple[dict[str, Any], Path]) -> None:
    from local_indicators.flows.daytime_flows import replies
    from local_indicators.flows.nightly_flow import nightly

    parameters, folder = given
    hostile = "attainment-[x](javascript:alert(1))<img src=x>|`.xlsx"
    write_return(folder / hostile, [("Nowhere at all", *GOOD[0][1:])])
    replies(**parameters)
    run, tasks, pages = seen("replies")
    assert run.name.startswith("replies of 2")
    assert f"Read and check tester/{hostile}"[:40] in [name[:40] for name in tasks]
    assert set(pages) == {"replies"}
    write_return(folder / "attainment-two.xlsx")
    nightly(**parameters)
    run, tasks, pages = seen("nightly")
    assert run.name == "night of 2011-04-28"
    assert "Read and check tester/attainment-two.xlsx" in tasks
    page = pages["night"]
    for heading in ("What came", "What failed", "What the night came to", "The gate", "What changed", "Who is late"):
        assert f"## {heading}" in page
    assert "attainment-two" in page
    unescaped = re.sub(r"\\.", "", page)
    for active in ("<", "[", "`", "javascript:"):
        assert active not in unescaped
    with sole_writer(place.archive):
        left = replies(**parameters, return_state=True)
    assert (left.name, left.is_completed()) == ("Left", True)


def test_pages_are_where_prefect_shows_artifacts(place: Place, given: tuple[dict[str, Any], Path]) -> None:
    """In the tab of their run, in its graph, and under their key, where the newest comes first."""
    from prefect import get_client

    from local_indicators.flows.nightly_flow import nightly

    parameters, folder = given
    write_return(folder / "attainment.xlsx")
    nightly(**parameters)
    earlier = seen("nightly")[0]
    nightly(**parameters)
    run = seen("nightly")[0]
    with get_client(sync_client=True) as client:

        def ask(path: Any, wanted: dict[str, Any] | None = None) -> Any:
            return client.request("GET" if wanted is None else "POST", path, json=wanted).json()

        (page,) = ask("/artifacts/filter", {"artifacts": {"flow_run_id": {"any_": [str(run.id)]}}})
        latest = ask("/artifacts/night/latest")
        (collection,) = ask("/artifacts/latest/filter", {"artifacts": {"key": {"any_": ["night"]}}})
        graph = ask(f"/flow_runs/{run.id}/graph-v2")
        every = ask("/artifacts/filter", {"artifacts": {"key": {"any_": ["night"]}}, "sort": "CREATED_DESC"})
    assert (page["key"], page["type"]) == ("night", "markdown")
    assert page["description"] == "What came, what failed, what changed"
    assert latest["flow_run_id"] == collection["flow_run_id"] == str(run.id)
    assert collection["latest_id"] == page["id"]
    assert [(each["key"], each["is_latest"]) for each in graph["artifacts"]] == [("night", True)]
    assert [each["flow_run_id"] for each in every[:2]] == [str(run.id), str(earlier.id)]


def test_a_share_that_is_away_for_a_moment_is_tried_again(
    place: Place, given: tuple[dict[str, Any], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from local_indicators.flows.daytime_flows import replies
    from local_indicators.flows.operations import prefect_artifacts
    from local_indicators.flows.pipeline import night_steps

    parameters, _ = given
    away = place.inbox.rename(place.root / "away")
    quick = prefect_artifacts.STEPS[night_steps.collect].with_options(retry_delay_seconds=[0.1] * 3)  # type: ignore[attr-defined]
    monkeypatch.setitem(prefect_artifacts.STEPS, night_steps.collect, quick)
    assert replies(**parameters, return_state=True).is_failed()
    assert "the inbox is not there" in next(place.outbox.glob("fault-*.eml")).read_text().replace("=\n", "")

    def back(*_: object) -> bool:
        away.rename(place.inbox)
        return True

    write_return(away / "tester" / "attainment.xlsx")
    monkeypatch.setitem(prefect_artifacts.STEPS, night_steps.collect, quick.with_options(retry_condition_fn=back))
    assert len(replies(**parameters).returns) == 1


def test_our_own_fault_fails_the_run_and_is_told_once(place: Place, given: tuple[dict[str, Any], Path]) -> None:
    from local_indicators.flows.daytime_flows import reminders
    from local_indicators.flows.nightly_flow import nightly

    parameters, _ = given
    (place.root / "file").write_text("")
    broken = {**parameters, "warehouse": str(place.root / "file" / "x" / "i.duckdb")}
    for flow in (nightly, reminders, nightly):
        assert flow(**broken, return_state=True).is_failed()
    (message,) = place.outbox.glob("fault-*.eml")
    assert "cannot be written" in message.read_text().replace("=\n", "")
    assert nightly(**parameters, return_state=True).is_completed()


def test_a_worker_can_tell_of_a_run_whose_process_was_killed(
    place: Place, given: tuple[dict[str, Any], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It calls the hooks in another way than the run does: by the names of their parameters."""
    from prefect.client.schemas.objects import FlowRun
    from prefect.runner._workspace_runtime_bootstrap import _run_hooks
    from prefect.states import Crashed

    from local_indicators.flows.nightly_flow import nightly

    run = FlowRun(flow_id=uuid4(), name="night of 2011-04-28", parameters=given[0])
    asyncio.run(_run_hooks(nightly.on_crashed_hooks, run, nightly, Crashed(message="Process exited: -9")))
    (message,) = place.outbox.glob("fault-*.eml")
    assert "cut off before its end" in message.read_text().replace("=\n", "")


ORPHAN = """
import logging, sys, time
from pathlib import Path
from prefect.logging.configuration import setup_logging
from local_indicators.flows.operations.prefect_artifacts import outlive_worker
setup_logging()
outlive_worker()
while not Path(sys.argv[1], "gone").exists():
    time.sleep(0.05)
for number in range(3):
    logging.getLogger("prefect").warning("line %s", number)
    print("a line", number, flush=True)
Path(sys.argv[1], "ended").touch()
"""


def test_a_run_goes_on_when_the_worker_that_reads_its_log_is_gone(tmp_path: Path) -> None:
    reads, writes = os.pipe()
    env = {**os.environ, "PREFECT_LOGGING_LEVEL": "INFO", "PYTHONPATH": str(HOME)}
    run = subprocess.Popen([sys.executable, "-c", ORPHAN, str(tmp_path)], env=env, stdout=writes, stderr=writes)
    os.close(writes)
    os.close(reads)
    (tmp_path / "gone").touch()
    assert run.wait(120) == 0
    assert (tmp_path / "ended").exists()


def test_the_quarter_and_the_rebuild_run(place: Place, given: tuple[dict[str, Any], Path]) -> None:
    from local_indicators.flows.nightly_flow import nightly
    from local_indicators.flows.quarterly_flow import quarterly_report
    from local_indicators.flows.rebuild_flow import rebuild

    parameters, folder = given
    write_return(folder / "attainment.xlsx")
    nightly(**parameters)
    quarterly_report(quarter="2011-Q1", to="analyst", today=parameters["today"])
    _, _, pages = seen("quarterly-report")
    assert "filed" in pages["quarterly-report"]
    assert len(list((place.root / "reports" / "2011-Q1").iterdir())) == 3
    assert rebuild(return_state=True).name == "Completed"
    assert "equal, row for row" in seen("rebuild")[2]["rebuild"]


# -- what the files for a real server say -----------------------------------------------------------------------------


def test_the_files_for_a_real_server_say_what_the_trial_does() -> None:
    def told(name: str) -> dict[str, str]:
        lines = (HOME / "operations" / name).read_text(encoding="utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))

    assert OFFLINE.items() <= told("prefect.env").items()
    assert told("prefect-server.env") == NO_WAY_OUT
    units = sorted((HOME / "operations" / "systemd").glob("*.service"))
    assert [unit.stem for unit in units] == ["local-indicators-server", "local-indicators-worker"]
    for unit in units:
        text = unit.read_text(encoding="utf-8")
        assert "NoNewPrivileges=yes" in text
        assert "--host 127.0.0.1" in text or "server" not in unit.stem


def test_every_entrypoint_is_there() -> None:
    for deployment in yaml.safe_load((HOME / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]:
        module, name = deployment["entrypoint"].split(":")
        assert callable(getattr(importlib.import_module(module), name))
