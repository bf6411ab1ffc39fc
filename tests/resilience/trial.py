"""`make trial`: ten minutes with a night and a day's replies every minute. Returns are dropped in while they run, the worker is
killed and started again, a night is killed with its worker, and the server is restarted. At the end every return must be
loaded or answered, exactly once, by what ledger, store, published file and mail server say."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from local_indicators.flows.operations import trial_server
from local_indicators.flows.operations.deployments import deploy
from local_indicators.flows.records.ledger import read_ledger
from local_indicators.flows.settings import settings
from local_indicators.warehouse.store import private_store
from tests.support.mail_server import Post, free_port, post_office
from tests.support.places import HOME, Place
from tests.support.small_returns import GOOD, write_partner, write_return

PARTNERS = ("one", "two", "three")
DROP_SECONDS = 8.0


@dataclass
class Trial:
    """A trial at work: where it is, what runs, and what was dropped in."""

    place: Place
    program: trial_server.Trial
    server: subprocess.Popen[bytes]
    worker: subprocess.Popen[bytes]
    dropped: dict[str, bytes] = field(default_factory=dict)
    chance: random.Random = field(default_factory=lambda: random.Random(2011))  # noqa: S311

    def log(self, name: str) -> Path:
        return self.place.root / f"{name}.log"

    def runs(self) -> list[dict[str, Any]]:
        request = urllib.request.Request(  # noqa: S310
            f"{self.program.environment['PREFECT_API_URL']}/flow_runs/filter",
            data=json.dumps(
                {"sort": "START_TIME_ASC", "limit": 200, "flow_runs": {"start_time": {"is_null_": False}}}
            ).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return list(json.loads(answer.read()))


def main() -> int:
    parser = argparse.ArgumentParser(prog="make trial")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--settle", type=float, default=8.0, help="minutes that the last runs may take afterwards")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="trial-") as folder, post_office(Post(free_port())) as post:
        trial = _begun(Place(Path(folder)), post)
        try:
            _go(trial, given.minutes * 60)
            settled = _settled(trial, given.settle * 60)
            runs = trial.runs()
        finally:
            for process in (trial.worker, trial.server):
                trial_server.end(process)
        wrong = [] if settled else ["not every return had been loaded and answered when time was up"]
        return _verdict(trial, post, runs, wrong)


def _begun(place: Place, post: Post) -> Trial:
    place.inbox.mkdir()
    for name in PARTNERS:
        write_partner(place.root / "partners", name)
    port = free_port()
    paths = {"INBOX": place.inbox, "WAREHOUSE": place.published, "OUTBOX": place.outbox, "ARCHIVE": place.archive}
    paths |= {"PARTNERS": place.root / "partners", "REPORTS": place.root / "reports"}
    os.environ.update({f"INDICATORS_{name}": str(path) for name, path in paths.items()})
    os.environ.update({"INDICATORS_TODAY": "2011-04-28", "INDICATORS_SMTP_URL": post.url})
    home = place.root / "prefect"
    program = trial_server.Trial(settings(), "127.0.0.1", port, home)
    os.environ["PREFECT_LOGGING_LEVEL"] = "INFO"
    home.mkdir()
    env = program.environment
    server = trial_server.start_server(program, place.root / "server.log")
    trial_server.wait_for(env["PREFECT_API_URL"], server)
    deploy(HOME, env, _every_minute(place.root / "prefect.yaml"))
    _say("server up, deployed with a cron of every minute")
    return Trial(place, program, server, trial_server.start_worker(program, place.root / "worker.log"))


def _every_minute(path: Path) -> Path:
    """prefect.yaml with the night and the replies every minute, and without the others."""
    says = yaml.safe_load((HOME / "prefect.yaml").read_text(encoding="utf-8"))
    says["deployments"] = [say for say in says["deployments"] if say["name"] in ("nightly", "replies")]
    for say in says["deployments"]:
        say["schedules"] = [{"cron": "* * * * *", "timezone": "Europe/London", "active": True}]
    path.write_text(yaml.safe_dump(says), encoding="utf-8")
    return path


# -- ten minutes ------------------------------------------------------------------------------------------------------


def _go(trial: Trial, seconds: float) -> None:
    begun = time.monotonic()
    events = [(0.2, _kill_worker), (0.35, _kill_worker_and_runs), (0.6, _restart_server)]
    while (gone := time.monotonic() - begun) < seconds:
        if events and gone > events[0][0] * seconds:
            events.pop(0)[1](trial)
        _drop(trial)
        time.sleep(DROP_SECONDS)


def _drop(trial: Trial) -> None:
    """A return: right, wrong, or one that was sent before and is corrected now; some are written slowly."""
    number, chance = len(trial.dropped), trial.chance
    path = trial.place.inbox / chance.choice(PARTNERS) / f"attainment-{number:03}.xlsx"
    value: Any = "about 67" if chance.random() < 0.3 else 40 + number % 50
    rows = tuple((*row[:4], value, None, None) if n == 2 else row for n, row in enumerate(GOOD))
    made = write_return(trial.place.root / "made" / path.name, rows).read_bytes()
    path.parent.mkdir(exist_ok=True)
    trial.dropped[path.relative_to(trial.place.inbox).as_posix()] = made
    if chance.random() < 0.3:
        with path.open("wb") as file:
            for at in range(0, len(made), 2000):
                file.write(made[at : at + 2000])
                file.flush()
                time.sleep(0.2)
    else:
        path.write_bytes(made)


def _kill_worker(trial: Trial) -> None:
    _say("kill -9: the worker")
    trial.worker.kill()
    trial.worker.wait()
    time.sleep(5)
    trial.worker = trial_server.start_worker(trial.program, trial.log("worker"))


def _kill_worker_and_runs(trial: Trial) -> None:
    for _ in range(1800):  # until something is at work
        if _children(trial.worker.pid):
            break
        time.sleep(0.1)
    killed = _children(trial.worker.pid)
    _say(f"kill -9: the worker and {len(killed)} process(es) of runs")
    trial.worker.kill()
    for pid in killed:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    trial.worker.wait()
    time.sleep(5)
    trial.worker = trial_server.start_worker(trial.program, trial.log("worker"))


def _children(pid: int) -> list[int]:
    """The processes that a process started, and those that they did."""
    found: list[int] = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            if int(path.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(path.parent.name))
    return [one for child in found for one in (child, *_children(child))]


def _restart_server(trial: Trial) -> None:
    _say("the server is stopped and started again")
    trial_server.end(trial.server)
    time.sleep(3)
    trial.server = trial_server.start_server(trial.program, trial.log("server"))
    trial_server.wait_for(trial.program.environment["PREFECT_API_URL"], trial.server)


def _settled(trial: Trial, seconds: float) -> bool:
    """Wait until all that was dropped in has been answered and what was accepted is in the store."""
    _say(f"{len(trial.dropped)} returns were dropped in; waiting for the last runs")
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        ledger = read_ledger(trial.place.archive)
        told = all(f"receipt/{outcome.id}" in ledger.told_keys for outcome in ledger.recorded_outcomes)
        waits = any(message.pending for message in ledger.messages.values())
        seen = len(ledger.outcomes) == len(trial.dropped) and told and not waits
        if (
            seen
            and all(outcome.id in ledger.loaded_at for outcome in ledger.recorded_outcomes if outcome.accepted)
            and _quiet(trial)
        ):
            return True
        time.sleep(3)
    return False


def _quiet(trial: Trial) -> bool:
    """No run is at work: what the store says can be read."""
    return not _children(trial.worker.pid)


# -- exactly once -----------------------------------------------------------------------------------------------------


def _verdict(trial: Trial, post: Post, runs: list[dict[str, Any]], wrong: list[str]) -> int:
    ledger = read_ledger(trial.place.archive)
    paths = Counter(submission.path for submission in ledger.submissions.values())
    wrong += [f"{path} is {paths[path]} submissions" for path in trial.dropped if paths[path] != 1]
    judged = Counter(outcome.submission for outcome in ledger.recorded_outcomes)
    wrong += [f"{name} was judged {judged[name]} times" for name in ledger.submissions if judged[name] != 1]
    accepted = [outcome for outcome in ledger.recorded_outcomes if outcome.accepted]
    with private_store.open_store(trial.place.settings().store) as con:
        loads = Counter(row[0] for row in con.execute("SELECT submission FROM load").fetchall())
    wrong += [
        f"{one.submission} was loaded {loads[one.submission]} times" for one in accepted if loads[one.submission] != 1
    ]
    wrong += [
        f"{name} was loaded and not accepted" for name in loads if name not in {one.submission for one in accepted}
    ]
    sent = Counter(
        key for message in ledger.messages.values() if message.state == "sent" for key in message.notification_keys
    )
    owed = [f"receipt/{outcome.id}" for outcome in ledger.recorded_outcomes] + [
        f"findings/{outcome.id}" for outcome in ledger.recorded_outcomes if outcome.findings
    ]
    excused = _replaced(ledger)
    wrong += [f"{key} was told {sent[key]} times" for key in owed if sent[key] != 1 and key not in excused]
    wrong += [f"{key} was told {count} times" for key, count in sent.items() if count > 1]
    ids = Counter(str(message["Message-ID"]) for message in post.messages if "fault-" not in str(message["Message-ID"]))
    in_doubt = _in_doubt(trial.place.archive / "ledger.jsonl")
    wrong += [
        f"{name} came {count} times"
        for name, count in ids.items()
        if count > 1 and name.strip("<>").partition("@")[0] not in in_doubt
    ]
    wrong += [
        f"{message.id} was sent and never came"
        for message in ledger.messages.values()
        if message.state == "sent" and not any(message.id in name for name in ids)
    ]
    newest = {one.submission for one in accepted}
    shown = {row[0] for row in trial.place.ask("SELECT DISTINCT submission FROM mart.observations")}
    wrong += [f"{name} is published and was not accepted" for name in shown - newest]
    last = max(newest, default="")
    wrong += [] if last in shown or not last else [f"{last}, the last that was accepted, is not published"]
    _figures(trial, post, runs, ledger, len(accepted))
    for one in wrong:
        _say(f"WRONG: {one}")
    _say("exactly once: " + ("no" if wrong else "yes"))
    return 1 if wrong else 0


def _replaced(ledger: Any) -> set[str]:
    """Findings that nobody need hear of: a later return put them right before they could be told."""
    last_good = max((ledger.submissions[one.submission].sequence for one in ledger.recorded if one.accepted), default=0)
    return {f"findings/{one.id}" for one in ledger.recorded if ledger.submissions[one.submission].sequence < last_good}


def _in_doubt(path: Path) -> set[str]:
    """Messages whose text was being handed over when a run was killed; those may come twice."""
    begun = Counter(
        entry["message"]
        for entry in map(json.loads, path.read_text(encoding="utf-8").splitlines())
        if entry["kind"] == "delivery" and entry.get("state") == "sending"
    )
    return {name for name, count in begun.items() if count > 1}


def _figures(trial: Trial, post: Post, runs: list[dict[str, Any]], ledger: Any, accepted: int) -> None:
    states = Counter((run["name"].split(" of ")[0], run["state_name"]) for run in runs)
    version = trial.place.ask("SELECT data_version FROM mart.publication")[0][0]
    faults = [str(m["Subject"]) for m in post.messages if "fault-" in str(m["Message-ID"])]
    rejected = len(ledger.recorded) - accepted
    _say(
        f"dropped {len(trial.dropped)}, submissions {len(ledger.submissions)}, accepted {accepted}, rejected {rejected}"
    )
    _say(
        f"versions published {version}, messages to owners {len(post.messages) - len(faults)}, about faults {len(faults)}"
    )
    _say("runs: " + ", ".join(f"{kind} {state.lower()} {count}" for (kind, state), count in sorted(states.items())))


def _say(words: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} trial: {words}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
