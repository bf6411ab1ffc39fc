"""`make up`: a Prefect server, the work pool, the deployments and a worker for a trial, until Ctrl-C or SIGTERM.

Everything binds to this machine only, keeps its files in the project's folder and reaches for nothing outside. What it
starts is stopped by process id, the worker first. For a real installation docs/operations.md has units for systemd.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

from local_indicators.flows.settings import HOME

PREFECT = Path(sys.executable).with_name("prefect")
POOL = "local-indicators"
TRIAL_DAY = "2011-05-26"
"""The date of a trial on the example returns, whose calendar is in 2011."""
START_SECONDS, STOP_SECONDS = 180.0, 60.0


class Stopped(Exception):
    """Somebody asked to stop, or a process that was started has ended by itself."""


OFFLINE = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
}
"""Environment of all Prefect processes. The last setting lets a restarted server know which runs are still at work;
otherwise a run would keep its place for ever."""
NO_WAY_OUT = {
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "NO_PROXY": "127.0.0.1,localhost,::1",
}
"""Environment of the server: a proxy at a port of this machine where nobody listens. Asked for the kinds of work
pools, the server would fetch them from a public registry, which no setting turns off; refused at once, it uses its
own copy."""


def environment(host: str, port: int, home: Path) -> dict[str, str]:
    """Return the environment of Prefect's processes: where the server is, where its files are, and to reach for nothing
    else."""
    reachable_host = "127.0.0.1" if host in ("", "0.0.0.0") else host  # noqa: S104
    url = {
        "PREFECT_API_URL": f"http://{reachable_host}:{port}/api",
        "PREFECT_HOME": str(home),
        "PREFECT_CLI_PROMPT": "false",
    }
    given = {**os.environ, **url, **OFFLINE}
    trial = not (HOME / ".env").exists() and not any(name.startswith("INDICATORS_") for name in given)
    return given | ({"INDICATORS_TODAY": TRIAL_DAY} if trial else {})


def main(arguments: Sequence[str] | None = None) -> int:
    """Start everything, print where to look, and wait; return the exit code."""
    parser = argparse.ArgumentParser(prog="make up", description=__doc__)
    parser.add_argument("--host", default=os.environ.get("UP_HOST", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=int(os.environ.get("UP_PORT", "4207")))
    parser.add_argument("--home", type=Path, default=HOME / ".prefect", help="where Prefect keeps its files")
    given = parser.parse_args(arguments)
    if not _is_free(given.host, given.port):
        print(f"make up: port {given.port} is taken; choose another with UP_PORT=4208 make up", file=sys.stderr)
        return 2
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    env = environment(given.host, given.port, given.home)
    processes: list[subprocess.Popen[bytes]] = []
    try:
        _run(given.host, given.port, env, processes)
    except Stopped as reason:
        print(f"make up: {reason}; stopping", flush=True)
        return 0 if str(reason) == "asked to stop" else 1
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        for process in reversed(processes):
            end(process)
        print("make up: stopped", flush=True)
    return 0


def _stop(_number: int, _frame: FrameType | None) -> None:
    """Raise Stopped for a signal."""
    raise Stopped("asked to stop")


def _run(host: str, port: int, env: Mapping[str, str], processes: list[subprocess.Popen[bytes]]) -> None:
    """Start server and worker, and wait until one of them ends. Raises Stopped."""
    api = env["PREFECT_API_URL"]
    logs = Path(env["PREFECT_HOME"])
    logs.mkdir(parents=True, exist_ok=True)
    print("Starting the Prefect server ...", flush=True)
    processes.append(start_server(host, port, env, logs / "server.log"))
    wait_for(api, processes[0])
    print("Making the work pool and the deployments ...", flush=True)
    deploy(env)
    processes.append(start_worker(env, logs / "worker.log"))
    print(_told(api, env, logs), flush=True)
    while all(process.poll() is None for process in processes):
        time.sleep(0.5)
    raise Stopped(f"the server or the worker has ended by itself; see {logs / 'server.log'} and {logs / 'worker.log'}")


def _told(api: str, env: Mapping[str, str], logs: Path) -> str:
    """Return what to tell the person at the terminal."""
    page = api.removesuffix("/api")
    lines = [
        "",
        f"Look at            {page}/deployments",
        "Run a night now    in a second shell, in this folder:",
        f"                     export PREFECT_API_URL={api}",
        "                     .venv/bin/prefect deployment run nightly/nightly --watch",
        f"Logs               {logs / 'server.log'}, {logs / 'worker.log'}",
        "Stop               Ctrl-C here",
    ]
    if "INDICATORS_TODAY" in env:
        lines += [f"                   Runs take {env['INDICATORS_TODAY']} for today, because INDICATORS_TODAY says so"]
    return "\n".join([*lines, ""])


# -- processes --------------------------------------------------------------------------------------------------------


def start(words: Sequence[str], env: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Start a command of Prefect in a session of its own, so that Ctrl-C reaches it through us only."""
    with log.open("ab") as file:
        return subprocess.Popen(  # noqa: S603
            [str(PREFECT), *words],
            cwd=HOME,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def start_server(host: str, port: int, env: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Start Prefect's server, which has no way out of this machine."""
    return start(["server", "start", "--host", host, "--port", str(port)], {**env, **NO_WAY_OUT}, log)


def start_worker(env: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Start a worker of the pool."""
    return start(["worker", "start", "--pool", POOL], env, log)


def deploy(env: Mapping[str, str], file: Path = HOME / "prefect.yaml") -> None:
    """Make the work pool, or set the one that is there as it has to be, and deploy all of prefect.yaml."""
    for words in (
        ["work-pool", "create", POOL, "--type", "process", "--overwrite"],
        ["deploy", "--all", "--prefect-file", str(file)],
    ):
        done = subprocess.run(  # noqa: S603
            [str(PREFECT), "--no-prompt", *words], cwd=HOME, env=dict(env), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Stopped(f"prefect {' '.join(words)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


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


if __name__ == "__main__":
    sys.exit(main())
