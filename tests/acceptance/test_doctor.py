"""`indicators doctor`: each planted fault is told by exactly the check that is about it, and looking changes nothing."""

from __future__ import annotations

import json
import re
import shutil
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
from tests.support.places import HOME, Place
from tests.support.small_returns import write_partner, write_return


class Prefect:
    """A server that answers as Prefect's API does; a test changes what it says."""

    def __init__(self) -> None:
        wanted = yaml.safe_load((HOME / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
        self.deployments = [
            {
                "name": one["name"],
                "paused": False,
                "schedules": [{"active": True}],
                "work_pool_name": "local-indicators",
            }
            for one in wanted
        ]
        self.pool = {"is_paused": False}
        self.workers = [{"status": "ONLINE"}]
        self.late: list[dict[str, str]] = []
        self.url = ""

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
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(said.answer(self.path)).encode())

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
    """A place in which one night has run. Tests work on a copy of it."""
    made = Place(tmp_path_factory.mktemp("healthy"))
    write_partner(made.root / "partners")
    write_return(made.inbox / "tester" / "attainment.xlsx")
    made.night(partners=made.root / "partners", today=date(2011, 4, 30))
    return made


@pytest.fixture
def here(
    nights: Place, tmp_path: Path, prefect: Prefect, post: Post, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    """A copy of it, with a mail server and a Prefect server at which all is well."""
    place = Place(tmp_path / "here")
    shutil.copytree(nights.root, place.root)
    monkeypatch.chdir(place.root)
    for name, value in (
        ("INDICATORS_INBOX", place.inbox),
        ("INDICATORS_WAREHOUSE", place.published),
        ("INDICATORS_OUTBOX", place.outbox),
        ("INDICATORS_ARCHIVE", place.archive),
        ("INDICATORS_PARTNERS", place.root / "partners"),
        ("INDICATORS_SMTP_URL", post.url),
        ("INDICATORS_SENDER", "indicators@council.test"),
        ("INDICATORS_ANALYST", "analyst@council.test"),
        ("PREFECT_API_URL", prefect.url),
        ("PREFECT_HOME", place.root / "prefect"),
    ):
        monkeypatch.setenv(name, str(value))
    before = dict(vars(prefect))
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


def test_what_prefect_lacks_is_told_with_the_command_that_mends_it(here: Place, prefect: Prefect) -> None:
    def told() -> tuple[str, str]:
        (one,) = (one for one in examine() if one.check == "schedule")
        assert set(levels([one])) <= {"schedule"}
        return one.level, f"{one.message} {one.action}"

    assert told()[0] == "ok"
    prefect.late = [{"id": "1"}, {"id": "2"}]
    assert told()[0] == "look"
    assert "2 run(s) are late" in told()[1]
    prefect.workers = [{"status": "OFFLINE"}]
    assert "prefect worker start --pool local-indicators" in told()[1]
    prefect.pool = {"is_paused": True}
    assert "work-pool resume" in told()[1]
    prefect.deployments = [{**deployment, "paused": True} for deployment in prefect.deployments]
    assert "paused" in told()[1]
    prefect.deployments = []
    assert told()[0] == "wrong"
    assert "deploy --all" in told()[1]


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
