"""`indicators up`, a night and a day's replies on a machine without a network: all of it runs, nothing reaches out, and nothing is left."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.support.mail_server import free_port
from tests.support.places import HOME, INCOMING, Place

pytestmark = pytest.mark.long


MOST_SECONDS = 400.0
AUDIT = """
import os, sys

def hear(event, given):
    if event == "socket.connect":
        said = given[1]
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        said = given[0]
    else:
        return
    host = said[0] if isinstance(said, tuple) else said
    host = host.decode() if isinstance(host, bytes) else host
    if host in (None, "", "127.0.0.1", "::1", "localhost") or str(host).startswith("/"):
        return
    with open(os.environ["AUDIT_FILE"], "a") as file:
        print(os.getpid(), sys.argv[:3], event, said, file=file)

sys.addaudithook(hear)
"""
INSIDE = """
import os, signal, subprocess, sys, urllib.request
if os.environ.get("ALONE"):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
from local_indicators.flows.operations import trial_server as up
from local_indicators.flows.operations.deployments import PREFECT, deploy
from local_indicators.flows.operations.prefect_api import configured_server

told = up._where_to_look
def then_run(trial):
    env = trial.environment
    for name in ("nightly/nightly", "replies/replies"):
        given = [part for one in sys.argv[3:] for part in ("-p", one)]
        done = subprocess.run([str(PREFECT), "deployment", "run", name, "--watch", *given], env=env, capture_output=True, text=True)
        print(name, done.returncode, done.stdout[-600:] if done.returncode else "", flush=True)
    api = env["PREFECT_API_URL"]
    for path in ("", "/v2/artifacts/key/night"):
        asked = urllib.request.Request(api.removesuffix("/api") + path, headers={"Accept": "text/html"})
        print("page", path, urllib.request.urlopen(asked).status, flush=True)
    server = configured_server(trial.folder, env)
    deploy(trial.folder, env)  # again, as after a change
    print("automations", [each["enabled"] for each in server.ask("/automations/filter", {})], flush=True)
    workers = subprocess.run(["pgrep", "-P", str(os.getpid()), "-f", "worker start"], capture_output=True, text=True)
    os.kill(int(workers.stdout), signal.SIGKILL)
    return told(trial)
up._where_to_look = then_run
from local_indicators.flows.commands.application import main
sys.exit(main(["up", "--port", sys.argv[1], "--home", sys.argv[2]]))
"""


def alone() -> list[str]:
    """How a command is run in a network namespace of its own without a route; nothing where that is not allowed."""
    words = ["unshare", "--user", "--map-root-user", "--net"]
    if not shutil.which("unshare") or not shutil.which("ip"):
        return []
    tried = subprocess.run([*words, "ip", "link", "set", "lo", "up"], capture_output=True, check=False)
    return words if tried.returncode == 0 else []


def test_up_runs_a_night_and_replies_without_a_network_and_leaves_nothing(place: Place, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(AUDIT)
    heard, port, home = tmp_path / "heard", free_port(), tmp_path / "prefect"
    env = {
        name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "INDICATORS_", "DO_NOT"))
    }
    env |= {"PYTHONPATH": f"{tmp_path}:{HOME}", "AUDIT_FILE": str(heard), "PYTHONUNBUFFERED": "1"}
    prefix = alone()
    env |= {"ALONE": "1"} if prefix else {}
    given = {
        "inbox": INCOMING,
        "warehouse": place.published,
        "outbox": place.outbox,
        "archive": place.archive,
        "today": "2011-05-26",
    }
    words = [sys.executable, "-c", INSIDE, str(port), str(home), *(f"{name}={value}" for name, value in given.items())]
    up = subprocess.Popen(
        [*prefix, *words], cwd=HOME, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert up.stdout is not None
    said = []
    too_long = threading.Timer(MOST_SECONDS, up.terminate)
    too_long.start()
    for line in up.stdout:
        said.append(line)
        if "the worker had ended by itself, and is started again" in line:
            up.send_signal(signal.SIGTERM)
    too_long.cancel()
    up.wait(120)
    log = "".join(said) + "".join(path.read_text()[-3000:] for path in home.glob("*.log"))
    assert "nightly/nightly 0" in log, log
    assert "replies/replies 0" in log, log
    assert "page  200" in log, log
    assert "page /v2/artifacts/key/night 200" in log, log
    assert "automations [True]" in log, log
    assert said[-1] == "indicators up: stopped\n"
    assert up.returncode == 0
    assert not heard.exists(), heard.read_text()
    assert place.ask("SELECT data_version FROM mart.publication") == [(1,)]
    assert list(place.outbox.glob("*.eml"))
    assert not list(place.outbox.glob("fault-*"))
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
    assert not left_of(home)


def left_of(home: Path) -> list[str]:
    """Processes that still work with a folder of Prefect."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ") if Path("/proc").is_dir() else []:
        try:
            if f"PREFECT_HOME={home}".encode() in path.read_bytes():
                found.append(path.parent.name)
        except OSError:
            continue
    return found


def test_up_says_that_its_port_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    from local_indicators.flows.commands.application import main

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert main(["up", "--port", str(taken.getsockname()[1])]) == 2
    assert "is taken" in capsys.readouterr().err
