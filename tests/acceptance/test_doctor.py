"""`indicators doctor`: each planted fault is told by exactly the check that is about it, and looking changes nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from local_indicators.flows.commands.application import main
from local_indicators.flows.operations.doctor import doctor_context, examination
from local_indicators.flows.operations.doctor.doctor_context import CheckResult
from local_indicators.flows.operations.doctor.examination import CHECKS, examine
from local_indicators.flows.settings import now
from tests.support.doctor_faults import PLANTED, Plant, plant_inbox
from tests.support.inbox_servers import PASSWORD, QUOTED
from tests.support.mail_server import Post, free_port, post_office
from tests.support.own_workspace import own_workspace, without_keys
from tests.support.places import HOME, Place
from tests.support.small_returns import GOOD, write_return


class Prefect:
    """A server that answers as Prefect's API does; a test changes what it says."""

    def __init__(self) -> None:
        wanted = yaml.safe_load((HOME / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
        self.deployments = [
            {
                "name": each["name"],
                "paused": False,
                "schedules": [{"active": True, "schedule": schedule} for schedule in each.get("schedules", ())],
                "work_pool_name": "local-indicators",
                "pull_steps": [],
            }
            for each in wanted
        ]
        self.pool: dict[str, Any] | int = {"is_paused": False}
        self.workers: list[dict[str, Any]] = [{"status": "ONLINE"}]
        self.late: list[dict[str, str]] = []
        self.url = ""

    def change(self, **other: Any) -> None:
        """Have every deployment say something else."""
        self.deployments = [{**deployment, **other} for deployment in self.deployments]

    def answer(self, path: str) -> Any:
        if path.endswith("/deployments/filter"):
            return self.deployments
        if path.endswith("/workers/filter"):
            return self.workers
        return self.late if path.endswith("/flow_runs/filter") else self.pool


@pytest.fixture(scope="module")
def prefect() -> Iterator[Prefect]:
    said = Prefect()

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.do_GET()

        def do_GET(self) -> None:
            answer = said.answer(self.path)
            self.send_response(answer if isinstance(answer, int) else 200)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Answers)
    said.url = f"http://127.0.0.1:{server.server_port}/api"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield said
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def post() -> Iterator[Post]:
    with post_office(Post(free_port())) as office:
        yield office


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A workspace of a partnership's own in which one night has run. Tests work on a copy of it."""
    made = own_workspace(tmp_path_factory.mktemp("healthy") / "own")
    made.night(workspace=made.root, today=date(2011, 4, 30))
    return made


@pytest.fixture
def here(
    nights: Place, tmp_path: Path, prefect: Prefect, post: Post, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    """A copy of it, with a mail server and a Prefect server at which all is well."""
    place = Place(tmp_path / "here")
    shutil.copytree(nights.root, place.root, symlinks=True)
    monkeypatch.chdir(place.root)
    for name in ("WORKSPACE", "INBOX", "ARCHIVE", "WAREHOUSE", "OUTBOX", "PARTNERS", "TODAY"):
        monkeypatch.delenv(f"INDICATORS_{name}", raising=False)
    for name, value in (
        ("INDICATORS_SMTP_URL", post.url),
        ("PREFECT_API_URL", prefect.url),
        ("PREFECT_HOME", place.root / "prefect"),
        ("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}"),
    ):
        monkeypatch.setenv(name, str(value))
    before = dict(vars(prefect))
    prefect.change(pull_steps=[{"prefect.deployments.steps.set_working_directory": {"directory": str(place.root)}}])
    yield place
    vars(prefect).update(before)


def levels(found: list[CheckResult]) -> dict[str, str]:
    """What is not well, by check; what is not looked at because of another is left out."""
    return {one.check: one.level for one in found if one.level != "ok" and not one.message.startswith("not looked at")}


def snapshot(root: Path) -> dict[str, tuple[int, bytes]]:
    return {str(p): (p.stat().st_mtime_ns, p.read_bytes()) for p in root.rglob("*") if p.is_file()}


def test_all_is_well_and_looking_changes_nothing(here: Place, post: Post, capsys: pytest.CaptureFixture[str]) -> None:
    before = snapshot(here.root)
    assert main(["doctor"]) == 0, capsys.readouterr().out
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines[:-1]] == ["settings", *CHECKS]
    assert lines[-1] == f"{len(CHECKS) + 1} checks: 0 wrong, 0 look, {len(CHECKS) + 1} ok."
    assert snapshot(here.root) == before
    assert post.came == []


@pytest.mark.parametrize(("plant", "check", "level", "says"), PLANTED, ids=[plant.__name__ for plant, *_ in PLANTED])
def test_a_planted_fault_is_told_by_its_own_check(
    plant: Plant, check: str, level: str, says: str, here: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(here, monkeypatch)
    found = examine()
    assert levels(found) == {check: level}
    (told,) = (one for one in found if one.check == check)
    assert says in f"{told.message} {told.action}"
    assert told.action
    assert all(secret not in str(found) for secret in (PASSWORD, QUOTED))


def said_by(check: str) -> tuple[str, str]:
    """The level that a check gives, and what it says."""
    (result,) = (result for result in examine() if result.check == check)
    return result.level, f"{result.message} {result.action}"


def test_what_prefect_lacks_is_told_with_the_command_that_mends_it(here: Place, prefect: Prefect) -> None:
    nightly = prefect.deployments[0]

    def told(level: str, *words: str) -> None:
        found, text = said_by("schedule")
        assert found == level, text
        assert all(word in text for word in words), text

    told("ok")
    nightly["schedules"] = [{"active": True, "schedule": {"cron": "0 3 * * *", "timezone": "Europe/London"}}]
    told("look", "nightly runs at 0 3 * * * Europe/London", "indicators deploy")
    prefect.late = [{"id": "1"}, {"id": "2"}]
    told("look", "2 run(s) are late", "prefect flow-run ls")
    an_hour_ago = (now() - timedelta(hours=1)).isoformat()
    for gone in (
        [],
        [{"status": "OFFLINE", "last_heartbeat_time": an_hour_ago, "heartbeat_interval_seconds": 30}],
        [{"status": "ONLINE", "last_heartbeat_time": an_hour_ago, "heartbeat_interval_seconds": 30}],
    ):
        prefect.workers = gone
        told("wrong", "no worker", f"cd {here.root} && ", "prefect worker start --pool local-indicators")
    prefect.pool = {"is_paused": True}
    told("wrong", "work-pool resume local-indicators")
    prefect.pool = 404
    told("wrong", "there is no work pool", "indicators deploy")
    nightly["schedules"] = [{"active": False, "schedule": {"cron": "30 1 * * *", "timezone": "Europe/London"}}]
    told("wrong", "switched off: nightly", "indicators deploy")
    nightly["schedules"] = []
    told("wrong", "without a schedule: nightly")
    nightly["paused"] = True
    told("wrong", "paused: nightly", "indicators deploy")
    prefect.change(pull_steps=[{"prefect.deployments.steps.set_working_directory": {"directory": "/srv/another"}}])
    told("wrong", "/srv/another", "indicators deploy")
    prefect.deployments = []
    told("wrong", "not deployed: nightly", "indicators deploy")


def test_a_clock_that_is_behind_the_ledger_and_a_night_long_ago_are_told(here: Place) -> None:
    assert levels(examine(at=now() - timedelta(days=400))) == {"clock": "wrong"}
    assert levels(examine(at=now() + timedelta(days=3))) == {"night": "wrong"}


def test_settings_that_cannot_be_used_are_told_and_nothing_else_is_guessed(
    here: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INDICATORS_INBOX", f"ftp://nightly:{QUOTED}@host/in")
    found = examine()
    assert levels(found) == {"settings": "wrong"}
    assert QUOTED not in str(found)


def test_an_inbox_on_a_server_that_is_down_is_told_without_its_password(
    here: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INDICATORS_INBOX", f"sftp://nightly:{QUOTED}@127.0.0.1:{free_port()}/in")
    found = examine()
    assert levels(found) == {"inbox": "wrong"}
    assert all(secret not in str(found) for secret in (PASSWORD, QUOTED))


def test_no_check_can_keep_another_from_being_made(here: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(_: doctor_context.DoctorContext) -> doctor_context.Diagnosis:
        raise RuntimeError("a library changed\n\x1b[2J")

    def hangs(_: doctor_context.DoctorContext) -> doctor_context.Diagnosis:
        time.sleep(1.5)
        return "ok", "", ""

    def well(_: doctor_context.DoctorContext) -> doctor_context.Diagnosis:
        return "ok", "well", ""

    monkeypatch.setattr(examination, "CHECKS", {"breaks": breaks, "hangs": hangs, "well": well})
    monkeypatch.setattr(examination, "CHECK_SECONDS", 0.2)
    found = {one.check: one for one in examine()}
    assert (found["breaks"].level, found["hangs"].level, found["well"].level) == ("wrong", "wrong", "ok")
    assert "\x1b" not in found["breaks"].message


def test_while_a_night_is_at_work_it_is_left_in_peace(here: Place) -> None:
    from local_indicators.flows.records.writer_lock import sole_writer
    from local_indicators.warehouse.store import private_store

    (here.archive / "nights.json").write_text(json.dumps({"began": now().isoformat()}), encoding="utf-8")
    with sole_writer(here.archive), private_store.open_store(here.published.parent / "store.duckdb"):
        assert levels(examine()) == {}


def test_json_and_the_exit_code_say_the_same(
    here: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plant_inbox(here, monkeypatch)
    assert main(["doctor", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [one["check"] for one in found if one["level"] == "wrong"] == ["inbox"]
    assert {"check", "level", "found", "do"} == set(found[0])


def test_without_prefect_a_line_of_cron_is_looked_for(here: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_API_URL")
    line = here.root / "crontab"
    line.write_text("#!/bin/sh\necho '30 1 * * * cd /srv && .venv/bin/indicators nightly'\n", encoding="utf-8")
    line.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda _: str(line))
    assert levels(examine()) == {}
    line.write_text("#!/bin/sh\necho '# indicators nightly'\n", encoding="utf-8")
    found = examine()
    if levels(found):  # this machine may have a line of its own
        assert levels(found) == {"schedule": "look"}
        assert re.search(r"PREFECT_API_URL", str(found))


# -- the workspace and what is in it ----------------------------------------------------------------------------------


def test_definitions_that_are_absent_are_told_once_in_one_line(here: Place) -> None:
    definitions = here.root / "definitions"
    without_keys(definitions, "officer")
    (definitions / "officers.toml").unlink()
    (definitions / "partnership.toml").write_text('areas = ["E06000016"]\n', encoding="utf-8")
    found = examine()
    (line,) = (result for result in found if "without" in result.message)
    assert (line.check, line.level) == ("definitions", "ok")
    for part in ("a plan", "officers", "targets", "neighbours"):
        assert part in line.message


def test_a_workspace_inside_the_code_is_told_and_the_example_plainly(
    here: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = tmp_path / "lib" / "site-packages" / "ours"
    shutil.copytree(here.root, inside)
    monkeypatch.chdir(inside)
    level, words = said_by("workspace")
    assert level == "wrong"
    assert f"mv {inside} " in words
    monkeypatch.chdir(here.root)
    assert said_by("workspace") == ("ok", f"{here.root} ")
    monkeypatch.setenv("INDICATORS_PARTNERS", str(HOME / "inputs" / "partners"))
    level, words = said_by("workspace")
    assert (level, "unset INDICATORS_PARTNERS" in words) == ("wrong", True)
    monkeypatch.delenv("INDICATORS_PARTNERS")
    monkeypatch.chdir(HOME)
    level, words = said_by("workspace")
    assert (level, "is the example workspace" in words, "indicators init" in words) == ("look", True, True)
    assert said_by("addresses")[0] == "ok"


def test_before_the_first_night_nothing_is_wrong_with_it(here: Place, tmp_path: Path) -> None:
    own_workspace(tmp_path / "new")
    os.chdir(tmp_path / "new")
    level, words = said_by("night")
    assert (level, words) == ("look", "no night has run yet run: indicators nightly")
    assert said_by("store")[0] == said_by("published")[0] == "ok"


def test_a_command_runs_as_it_is_printed_wherever_one_is(
    here: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store = here.published.parent / "store.duckdb"
    store.unlink()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert main(["doctor", "--workspace", str(here.root), "--json"]) == 1
    (lost,) = (each for each in json.loads(capsys.readouterr().out) if each["level"] == "wrong")
    assert lost["found"].startswith(f"{store} is lost")
    command = re.findall("`([^`]+)`", lost["do"])[0]
    done = subprocess.run(["sh", "-c", command], env={**os.environ, "PYTHONPATH": str(HOME)}, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert store.exists()


# -- how the last night ended -----------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_night_at_work_one_that_was_killed_and_one_that_mended_it_are_told_apart(here: Place) -> None:
    write_return(here.inbox / "tester" / "attainment-2.xlsx", (*GOOD[:-1], (*GOOD[-1][:4], "45.1%", None, None)))
    env = {
        **os.environ,
        "PYTHONPATH": str(HOME),
        "INDICATORS_TODAY": "2011-05-01",
        "INDICATORS_WORKSPACE": str(here.root),
    }
    words = [sys.executable, "-m", "tests.resilience.crash.stops", f"built@{here.root}", "plain"]
    night = subprocess.Popen(words, cwd=HOME, env=env)
    try:
        while not (here.root / "reached").exists():
            assert night.poll() is None
            time.sleep(0.05)
        assert levels(examine()) == {}
        level, text = said_by("night")
        assert (level, f"at work since {now():%Y-%m-%d}" in text, f"process {night.pid}" in text) == ("ok", True, True)
        later = [each for each in examine(at=now() + timedelta(hours=13)) if each.check == "night"]
        assert [(each.level, f"kill {night.pid}" in each.action) for each in later] == [("wrong", True)]
    finally:
        night.send_signal(signal.SIGKILL)
        night.wait()
    assert levels(examine()) == {"night": "wrong"}
    assert "crashed: it did not end, and its process is gone" in said_by("night")[1]
    from local_indicators.flows.records.writer_lock import sole_writer

    with sole_writer(here.archive):
        assert "another run is at work now" in said_by("night")[1]
    report = here.night(workspace=here.root, today=date(2011, 5, 1))
    assert any("did not end; this one went on" in note for note in report.notes)
    assert levels(examine()) == {}


def test_a_night_on_another_machine_is_not_taken_for_a_crash(here: Place) -> None:
    noted = {"began": now().isoformat(), "process": 1, "machine": "another-machine"}
    (here.archive / "nights.json").write_text(json.dumps(noted), encoding="utf-8")
    level, text = said_by("night")
    assert (level, "another-machine" in text) == ("look", True)


def test_looking_at_the_lock_does_not_keep_a_run_from_taking_it(here: Place) -> None:
    from local_indicators.flows.records.writer_lock import lock_holders, sole_writer

    stop = threading.Event()
    looking = threading.Thread(target=lambda: [lock_holders(here.archive) for _ in iter(stop.is_set, True)])
    looking.start()
    try:
        for _ in range(200):
            with sole_writer(here.archive):
                assert lock_holders(here.archive) == frozenset({os.getpid()})
    finally:
        stop.set()
        looking.join()
    assert lock_holders(here.archive) == frozenset()
