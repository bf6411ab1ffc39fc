"""The check of the schedule: that Prefect, cron or systemd runs the nights, and that a worker is there to run them."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote

from local_indicators.flows.operations.deployments import POOL, PREFECT, shipped_deployments
from local_indicators.flows.operations.doctor.doctor_context import Diagnosis, DoctorContext, shell, shortened
from local_indicators.flows.operations.prefect_api import PrefectServer, configured_server
from local_indicators.flows.settings import now

DEPLOY = "run: indicators deploy"
MISSED_HEARTBEATS = 3
"""After so many that did not come, a worker counts as gone, whatever the server still says of it."""
OWN_CRON = "30 1 * * *"


def check_schedule(context: DoctorContext) -> Diagnosis:
    """Check that Prefect runs the deployments or, without a Prefect server, that cron or systemd runs the nights."""
    server = configured_server(context.settings.workspace)
    if server is None:
        return _check_cron_and_systemd(context)
    try:
        return _check_deployments(server, context)
    except HTTPError as error:
        if error.code in (401, 403):
            do = "set PREFECT_API_KEY or PREFECT_API_AUTH_STRING as the server asks for it"
            return "wrong", f"the Prefect server {server.url} refuses the sign-in ({error.code})", do
        do = "see that PREFECT_API_URL ends in /api and names Prefect's server"
        return "wrong", f"the Prefect server {server.url} answers {error.code} {error.reason}", do
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or type(error).__name__
        message = f"the Prefect server {server.url} does not answer ({reason})"
        return "wrong", message, f"{_start('server')}; or correct PREFECT_API_URL"


def _start(what: str) -> str:
    """Return the command that starts server or worker: the unit of systemd where there is one, else all of a trial."""
    unit = f"local-indicators-{what}"
    if Path("/etc/systemd/system", f"{unit}.service").exists():
        return f"run: sudo systemctl restart {unit}"
    return "start it; for a trial, run: indicators up"


# -- without a Prefect server -----------------------------------------------------------------------------------------


def _check_cron_and_systemd(context: DoctorContext) -> Diagnosis:
    """Look for a line of cron or a systemd unit that runs the nights."""
    texts: list[str] = []
    if crontab := shutil.which("crontab"):
        done = subprocess.run([crontab, "-l"], capture_output=True, text=True, timeout=10, check=False)  # noqa: S603
        texts.append(done.stdout)
    files = [Path("/etc/crontab"), *Path("/etc/cron.d").glob("*"), *Path("/etc/cron.daily").glob("*")]
    units = (Path("/etc/systemd/system"), Path.home() / ".config" / "systemd" / "user")
    files += [path for folder in units for ending in ("*.service", "*.timer") for path in folder.glob(ending)]
    for file in files:
        with contextlib.suppress(OSError):
            texts.append(file.read_text("utf-8", "replace"))
    lines = [line for text in texts for line in text.splitlines() if not line.lstrip().startswith("#")]
    if any(re.search(r"indicators\s+nightly|local-indicators", line) for line in lines):
        return "ok", "cron or systemd runs the nights; no Prefect server is named", ""
    message = (
        "nothing runs the nights: no Prefect server is named, and no cron line or systemd unit of this account is seen"
    )
    program = Path(sys.executable).with_name("indicators")
    line = f"{OWN_CRON} cd {shell(context.settings.workspace)} && {shell(program)} nightly"
    if crontab:
        return "look", message, f"set PREFECT_API_URL, or run: (crontab -l; echo {shell(line)}) | crontab -"
    return (
        "look",
        message,
        "set PREFECT_API_URL, or have cron or systemd run the nights; for a trial, run: indicators up",
    )


# -- with one ---------------------------------------------------------------------------------------------------------


def _check_deployments(server: PrefectServer, context: DoctorContext) -> Diagnosis:
    """Compare what the Prefect server reports with prefect.yaml: deployments and their schedules, workers of the pool,
    late runs."""
    deployed = {deployment["name"]: deployment for deployment in server.ask("/deployments/filter", {})}
    wanted = {deployment["name"]: deployment for deployment in shipped_deployments()}
    if missing := sorted(wanted.keys() - deployed):
        return "wrong", f"not deployed: {shortened(missing)}", DEPLOY
    ours = {name: deployed[name] for name in wanted}
    timed = {name: deployed[name] for name in wanted if wanted[name].get("schedules")}
    return (
        _elsewhere(ours.values(), context.settings.workspace)
        or _switched_off(timed)
        or _without_worker(server, timed.values(), context)
        or _late_runs(server)
        or _other_times(timed, wanted)
        or ("ok", f"{len(wanted)} deployments at {server.url}, none paused, a worker is up, no run is late", "")
    )


def _elsewhere(deployments: Iterable[Mapping[str, Any]], workspace: Path) -> Diagnosis | None:
    """Return that deployments run in another workspace than this."""
    folders = {
        step["directory"]
        for deployment in deployments
        for steps in deployment.get("pull_steps") or ()
        for step in steps.values()
        if isinstance(step, dict) and "directory" in step
    }
    others = sorted(folder for folder in folders if not workspace.is_relative_to(folder) and Path(folder) != workspace)
    if not others:
        return None
    return "wrong", f"the deployments run in another folder: {shortened(others)}", f"to have them run in this, {DEPLOY}"


def _switched_off(timed: Mapping[str, Mapping[str, Any]]) -> Diagnosis | None:
    """Return which deployments are paused or have no schedule that is active."""
    paused = [name for name, deployment in timed.items() if deployment.get("paused")]
    unscheduled = [name for name, deployment in timed.items() if not deployment["schedules"]]
    active = {name: any(schedule["active"] for schedule in timed[name]["schedules"]) for name in timed}
    inactive = [name for name in timed if not active[name] and name not in paused and name not in unscheduled]
    states = {"paused": paused, "without a schedule": unscheduled, "with a schedule that is switched off": inactive}
    off = "; ".join(f"{state}: {shortened(names)}" for state, names in states.items() if names)
    return ("wrong", f"the schedule is off; {off}", f"to switch it on, {DEPLOY}") if off else None


def _without_worker(
    server: PrefectServer, timed: Iterable[Mapping[str, Any]], context: DoctorContext
) -> Diagnosis | None:
    """Return which pool is missing or paused, or has no worker that was seen within its heartbeats."""
    for pool in sorted({str(deployment["work_pool_name"] or POOL) for deployment in timed}):
        try:
            if server.ask(f"/work_pools/{quote(pool)}")["is_paused"]:
                return (
                    "wrong",
                    f"the work pool {pool} is paused",
                    f"run: {_prefect(server, 'work-pool', 'resume', pool)}",
                )
            workers = server.ask(f"/work_pools/{quote(pool)}/workers/filter", {})
        except HTTPError as error:
            if error.code != 404:
                raise
            return "wrong", f"there is no work pool {pool}", DEPLOY
        if any(_is_up(worker) for worker in workers):
            continue
        seen = max(
            (str(worker["last_heartbeat_time"]) for worker in workers if worker.get("last_heartbeat_time")), default=""
        )
        last = f"; the last was seen at {datetime.fromisoformat(seen):%Y-%m-%d %H:%M} UTC" if seen else ""
        by_hand = f"cd {shell(context.settings.workspace)} && {_prefect(server, 'worker', 'start', '--pool', pool)}"
        unit = "local-indicators-worker"
        by_unit = f"sudo systemctl restart {unit}" if Path(f"/etc/systemd/system/{unit}.service").exists() else ""
        return "wrong", f"no worker serves the pool {pool}{last}", f"run: {by_unit or by_hand}"
    return None


def _is_up(worker: Mapping[str, Any]) -> bool:
    """Return whether a worker was heard of lately; the server notices only after a while that one is gone."""
    seen, every = worker.get("last_heartbeat_time"), worker.get("heartbeat_interval_seconds") or 30
    silent = now() - datetime.fromisoformat(seen) if seen else timedelta(0)
    return worker["status"] == "ONLINE" and silent <= timedelta(seconds=MISSED_HEARTBEATS * every)


def _late_runs(server: PrefectServer) -> Diagnosis | None:
    """Return how many runs are late."""
    late = server.ask("/flow_runs/filter", {"flow_runs": {"state": {"name": {"any_": ["Late"]}}}, "limit": 200})
    if not late:
        return None
    do = f"see what holds the worker up: {_prefect(server, 'flow-run', 'ls', '--state', 'Late')}"
    return "look", f"{len(late)} run(s) are late", do


def _other_times(timed: Mapping[str, Mapping[str, Any]], wanted: Mapping[str, Mapping[str, Any]]) -> Diagnosis | None:
    """Return which deployments run at other times than prefect.yaml says."""

    def times(schedules: Iterable[Mapping[str, Any]]) -> set[str]:
        entries = (schedule.get("schedule", schedule) for schedule in schedules if schedule.get("active", True))
        return {f"{entry.get('cron') or 'no cron'} {entry.get('timezone') or 'UTC'}" for entry in entries}

    other = [
        f"{name} runs at {' and '.join(sorted(times(deployment['schedules'])))}, not {' and '.join(sorted(shipped))}"
        for name, deployment in timed.items()
        if times(deployment["schedules"]) != (shipped := times(wanted[name]["schedules"]))
    ]
    if not other:
        return None
    return "look", f"other times than are shipped: {shortened(other)}", f"if that is not meant, {DEPLOY}"


def _prefect(server: PrefectServer, *words: str) -> str:
    """Return a command of Prefect for the server, which is named unless the environment does."""
    named = [] if os.environ.get("PREFECT_API_URL") else [f"PREFECT_API_URL={server.url}"]
    return shell(*named, PREFECT, *words)
