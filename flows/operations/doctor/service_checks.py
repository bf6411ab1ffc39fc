"""Checks of the services that nights use: the mail server and the scheduler (Prefect, cron or systemd)."""

from __future__ import annotations

import base64
import contextlib
import os
import re
import shutil
import subprocess
import tomllib
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson

from local_indicators.common.shipped_files import PACKAGE
from local_indicators.flows.delivery.mail_server import configured_mail_server
from local_indicators.flows.delivery.outbox import probe_mail_server
from local_indicators.flows.operations.doctor.doctor_context import Diagnosis, DoctorContext, read_dotenv, shortened


def check_mail_server(context: DoctorContext) -> Diagnosis:
    """Check that the mail server would take mail, without sending any, and that the addresses are real."""
    server = configured_mail_server(context.settings)
    if server is None:
        return "look", "no mail server is set: messages are only written to the outbox", "set INDICATORS_SMTP_URL"
    trouble = probe_mail_server(server, context.settings.sender)
    if trouble:
        return "wrong", f"{server}: {trouble}", "see that the server is up and INDICATORS_SMTP_URL is right"
    ours = {"INDICATORS_SENDER": context.settings.sender, "INDICATORS_ANALYST": context.settings.analyst}
    unset = [name for name, address in ours.items() if address.endswith(("@example.org", ".example.org"))]
    if unset:
        return "look", f"{server} takes our mail, but {shortened(unset)} is an example", "set it to a real address"
    how = {"none": "in clear", "starttls": "with STARTTLS", "always": "encrypted"}[server.tls]
    return "ok", f"{server} takes our mail, {how}{', signed in' if server.user else ''}; nothing was sent", ""


def check_schedule(_: DoctorContext) -> Diagnosis:
    """Check that Prefect runs the deployments or, without a Prefect server, that cron or systemd runs the nights."""
    url = _prefect_setting("PREFECT_API_URL")
    if not url:
        return _check_cron_and_systemd()
    try:
        return _check_deployments(url.rstrip("/"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or type(error).__name__
        return "wrong", f"the Prefect server does not answer ({reason})", "start it, or correct PREFECT_API_URL"


def _check_cron_and_systemd() -> Diagnosis:
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
        "no Prefect server is named, and this account sees no cron line or systemd unit that runs indicators nightly"
    )
    return "look", message, "set PREFECT_API_URL, or let cron or systemd run the nights"


def _prefect_setting(name: str) -> str:
    """Return a setting as Prefect finds it: in the environment, in .env or in the active profile; "" if there is
    none."""
    if value := os.environ.get(name) or read_dotenv().get(name):
        return value
    home = Path(os.environ.get("PREFECT_HOME") or Path.home() / ".prefect").expanduser()
    with contextlib.suppress(OSError, ValueError, AttributeError):
        profiles = tomllib.loads((home / "profiles.toml").read_text("utf-8"))
        active = os.environ.get("PREFECT_PROFILE") or profiles.get("active", "")
        return str(profiles.get("profiles", {}).get(active, {}).get(name, ""))
    return ""


def _check_deployments(url: str) -> Diagnosis:
    """Compare what the Prefect server reports with prefect.yaml: deployments, schedules, workers of the pool and late
    runs."""
    deployed = {deployment["name"]: deployment for deployment in _query_prefect(url, "/deployments/filter", {})}
    wanted = list(_configured_deployments())
    if missing := sorted({deployment["name"] for deployment in wanted} - set(deployed)):
        return "wrong", f"not deployed: {shortened(missing)}", "run: prefect --no-prompt deploy --all"
    timed = [deployment["name"] for deployment in wanted if deployment.get("schedules")]
    stopped = [name for name in timed if not _is_active(deployed[name])]
    if stopped:
        return "wrong", f"paused or without a schedule: {shortened(stopped)}", "resume it in Prefect, or deploy again"
    for pool in sorted({deployed[name]["work_pool_name"] for name in timed} - {None}):
        if _query_prefect(url, f"/work_pools/{quote(pool)}")["is_paused"]:
            return "wrong", f"the work pool {pool} is paused", f"run: prefect work-pool resume {pool}"
        workers = _query_prefect(url, f"/work_pools/{quote(pool)}/workers/filter", {})
        if not any(worker["status"] == "ONLINE" for worker in workers):
            return "wrong", f"no worker serves the pool {pool}", f"run: prefect worker start --pool {pool}"
    late = _query_prefect(
        url, "/flow_runs/filter", {"flow_runs": {"state": {"name": {"any_": ["Late"]}}}, "limit": 200}
    )
    if late:
        do = "see that the worker is up; delete runs in Prefect that nobody needs any more"
        return "look", f"{len(late)} run(s) are late", do
    return "ok", f"{len(wanted)} deployment(s), none paused, a worker is up, no run is late", ""


def _configured_deployments() -> Iterator[dict[str, Any]]:
    """Yield the deployments of prefect.yaml."""
    import yaml

    yield from yaml.safe_load((PACKAGE / "prefect.yaml").read_text("utf-8"))["deployments"]


def _is_active(deployment: dict[str, Any]) -> bool:
    """Return whether a deployment is not paused and has an active schedule."""
    return not deployment.get("paused") and any(schedule["active"] for schedule in deployment["schedules"])


def _query_prefect(url: str, path: str, query: object = None) -> Any:
    """Return the answer of Prefect's API. Raises OSError or ValueError."""
    if not url.startswith(("http://", "https://")):
        raise ValueError("PREFECT_API_URL is no URL")
    headers = {"Content-Type": "application/json"}
    if key := _prefect_setting("PREFECT_API_KEY"):
        headers["Authorization"] = f"Bearer {key}"
    elif sign_in := _prefect_setting("PREFECT_API_AUTH_STRING"):
        headers["Authorization"] = f"Basic {base64.b64encode(sign_in.encode()).decode()}"
    body = None if query is None else orjson.dumps(query)
    request = urllib.request.Request(f"{url}{path}", body, headers)  # noqa: S310 - checked above
    with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
        return orjson.loads(response.read())
