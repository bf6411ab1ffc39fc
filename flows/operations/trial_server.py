"""`indicators up`: a Prefect server, the work pool, the deployments and a worker for a trial, until Ctrl-C or SIGTERM.

Everything binds to this machine only, keeps its files in the workspace and reaches for nothing outside. What it
starts is stopped by process id, the worker first. For a real installation docs/operations.md has units for systemd.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from local_indicators.flows.operations.deployments import POOL, PREFECT, DeploymentError, deploy
from local_indicators.flows.operations.prefect_api import PAGES
from local_indicators.flows.settings import Settings
from local_indicators.flows.workspace import VARIABLE

START_SECONDS, STOP_SECONDS = 180.0, 60.0
WORKER_SECONDS = 10.0
"""A worker that ends sooner than this after its start is not started again."""
UI_FOLDER = "PREFECT_SERVER_UI_STATIC_DIRECTORY"
"""Where the server copies its pages to. By default that is its own code, which it may not be able to write, and which
every server of the same environment writes anew."""


class Stopped(Exception):
    """Somebody asked to stop, or a process that was started has ended by itself."""


OFFLINE = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "60",
}
"""Environment of all Prefect processes. The lease storage lets a restarted server know which runs are still at work;
otherwise a run would keep its place for ever. By the heartbeats, in seconds, the server notices a run that is gone."""
NO_WAY_OUT = {
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "NO_PROXY": "127.0.0.1,localhost,::1",
}
"""Environment of the server: a proxy at a port of this machine where nobody listens. Asked for the kinds of work
pools, the server would fetch them from a public registry, which no setting turns off; refused at once, it uses its
own copy."""


@dataclass(frozen=True)
class Trial:
    """What a trial is of: the settings of a workspace, where the server answers, where Prefect keeps its files."""

    settings: Settings
    host: str
    port: int
    home: Path

    @property
    def folder(self) -> Path:
        """The folder of the workspace, in which server and worker work."""
        return self.settings.workspace

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of Prefect's processes: which workspace, where the server is, where its files are, and
        to reach for nothing else."""
        reachable_host = "127.0.0.1" if self.host in ("", "0.0.0.0") else self.host  # noqa: S104
        own = {
            "PREFECT_API_URL": f"http://{reachable_host}:{self.port}/api",
            "PREFECT_HOME": str(self.home),
            "PREFECT_CLI_PROMPT": "false",
            UI_FOLDER: str(self.home / "ui"),
            VARIABLE: str(self.folder),
        }
        today = {"INDICATORS_TODAY": str(self.settings.today)} if self.settings.today else {}
        return {**os.environ, **own, **today, **OFFLINE}


def run_trial(trial: Trial) -> int:
    """Start everything, print where to look, and wait; return the exit code."""
    if not _is_free(trial.host, trial.port):
        reason = f"port {trial.port} is taken; choose another: indicators up --port {trial.port + 1}"
        print(f"indicators up: {reason}", file=sys.stderr)
        return 2
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    processes: list[subprocess.Popen[bytes]] = []
    try:
        _run(trial, processes)
    except (Stopped, DeploymentError) as reason:
        print(f"indicators up: {reason}; stopping", flush=True)
        return 0 if str(reason) == "asked to stop" else 1
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        for process in reversed(processes):
            end(process)
        print("indicators up: stopped", flush=True)
    return 0


def _stop(_number: int, _frame: FrameType | None) -> None:
    """Raise Stopped for a signal."""
    raise Stopped("asked to stop")


def _run(trial: Trial, processes: list[subprocess.Popen[bytes]]) -> None:
    """Start server and worker, and start the worker again if it is gone, until the server ends. Raises Stopped."""
    env, logs = trial.environment, trial.home
    logs.mkdir(parents=True, exist_ok=True)
    print("Starting the Prefect server ...", flush=True)
    processes.append(start_server(trial, logs / "server.log"))
    wait_for(env["PREFECT_API_URL"], processes[0])
    print("Making the work pool and the deployments ...", flush=True)
    deploy(trial.folder, env)
    processes.append(start_worker(trial, logs / "worker.log"))
    started = time.monotonic()
    print(_where_to_look(trial), flush=True)
    while processes[0].poll() is None:
        time.sleep(0.5)
        if processes[1].poll() is None:
            continue
        if time.monotonic() - started < WORKER_SECONDS:
            raise Stopped(f"the worker ends as soon as it has started; see {logs / 'worker.log'}")
        processes[1] = start_worker(trial, logs / "worker.log")
        started = time.monotonic()
        print("indicators up: the worker had ended by itself, and is started again", flush=True)
    raise Stopped(f"the server has ended by itself; see {logs / 'server.log'}")


def _where_to_look(trial: Trial) -> str:
    """Return what the person at the terminal needs to know."""
    api = trial.environment["PREFECT_API_URL"]
    page = api.removesuffix("/api")
    lines = [
        "",
        f"Look at            {page}",
        f"Pages of nights    {page}{PAGES}/night, and in the tab Artifacts of each run",
        "Run a night now    in a second shell:",
        f"                     export PREFECT_API_URL={api}",
        f"                     {PREFECT} deployment run nightly/nightly --watch",
        f"Logs               {trial.home / 'server.log'}, {trial.home / 'worker.log'}",
        "Stop               Ctrl-C here",
    ]
    if trial.settings.today:
        lines += [f"                   Runs take {trial.settings.today} for today, because the settings say so"]
    return "\n".join([*lines, ""])


# -- processes --------------------------------------------------------------------------------------------------------


def start(words: Sequence[str], folder: Path, env: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Start a command of Prefect in a session of its own, so that Ctrl-C reaches it through us only."""
    with log.open("ab") as file:
        return subprocess.Popen(  # noqa: S603
            [str(PREFECT), *words],
            cwd=folder,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def start_server(trial: Trial, log: Path) -> subprocess.Popen[bytes]:
    """Start Prefect's server, which has no way out of this machine."""
    words = ["server", "start", "--host", trial.host, "--port", str(trial.port)]
    return start(words, trial.folder, {**trial.environment, **NO_WAY_OUT}, log)


def start_worker(trial: Trial, log: Path) -> subprocess.Popen[bytes]:
    """Start a worker of the pool."""
    return start(["worker", "start", "--pool", POOL], trial.folder, trial.environment, log)


def wait_for(api: str, server: subprocess.Popen[bytes]) -> None:
    """Wait until the server answers. Raises Stopped where it ends or takes too long."""
    waited = 0.0
    while server.poll() is None and waited < START_SECONDS:
        if _answers(api):
            return
        time.sleep(0.5)
        waited += 0.5
    raise Stopped("the server did not start; see server.log beside Prefect's files")


def _answers(api: str) -> bool:
    """Return whether the server answers."""
    try:
        with urllib.request.urlopen(f"{api}/health", timeout=5) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except OSError:
        return False


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask a process to end, and end it and what it started if it does not."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _is_free(host: str, port: int) -> bool:
    """Return whether a port is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
