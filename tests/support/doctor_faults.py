"""Faults of an installation, each planted into one that is in order, with what the doctor is to say of it."""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import re
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from local_indicators.flows.delivery.fault_alarm import CUT_OFF, AlarmSettings, report_fault
from local_indicators.flows.records.ledger import read_ledger
from local_indicators.flows.settings import now
from local_indicators.schemas.notifications import Message
from tests.support.inbox_servers import QUOTED
from tests.support.mail_server import free_port
from tests.support.own_workspace import with_own_address
from tests.support.places import DEFINITION_FILES, PARTNERS, Place
from tests.support.small_returns import write_partner

Plant = Callable[[Place, pytest.MonkeyPatch], None]


def plant_line(here: Place, _: pytest.MonkeyPatch) -> None:
    ledger = here.archive / "ledger.jsonl"
    ledger.write_bytes(b"no json\n" + ledger.read_bytes())


def plant_torn(here: Place, _: pytest.MonkeyPatch) -> None:
    with (here.archive / "ledger.jsonl").open("ab") as file:
        file.write(b'{"kind":"subm')


def plant_changed(here: Place, _: pytest.MonkeyPatch) -> None:
    ledger = here.archive / "ledger.jsonl"
    ledger.write_bytes(ledger.read_bytes().replace(b'"partner":"tester"', b'"partner":"toaster"', 1))


def plant_cut(here: Place, _: pytest.MonkeyPatch) -> None:
    ledger = here.archive / "ledger.jsonl"
    ledger.write_bytes(ledger.read_bytes().partition(b'{"kind":"message"')[0])


def plant_no_store(here: Place, _: pytest.MonkeyPatch) -> None:
    (here.published.parent / "store.duckdb").unlink()


def plant_unpublished(here: Place, _: pytest.MonkeyPatch) -> None:
    here.published.unlink()


def plant_nothing_kept(here: Place, _: pytest.MonkeyPatch) -> None:
    (here.published.parent / "kept" / "indicators-v1.duckdb").unlink()


def plant_lost(here: Place, _: pytest.MonkeyPatch) -> None:
    next((here.archive / "files").iterdir()).unlink()


def plant_definition(here: Place, _: pytest.MonkeyPatch) -> None:
    (here.root / "definitions" / "officers.toml").write_text("broken = [", encoding="utf-8")


def plant_layout(here: Place, _: pytest.MonkeyPatch) -> None:
    (here.root / "partners" / "tester.toml").write_text('id = "someone-else"\n', encoding="utf-8")


def plant_example(here: Place, _: pytest.MonkeyPatch) -> None:
    toml = here.root / "partners" / "tester.toml"
    toml.write_text("example = true\n" + toml.read_text(encoding="utf-8"), encoding="utf-8")


def plant_copied_partner(here: Place, _: pytest.MonkeyPatch) -> None:
    toml = here.root / "partners" / "tester.toml"
    name = re.search(r'^name = "(.+)"', (PARTNERS / "health.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert name
    ours = toml.read_text(encoding="utf-8").replace('id = "tester"', 'id = "health"')
    ours = re.sub(r"(?m)^name = .*", f'name = "{name[1]}"', ours)
    ours = re.sub(r"(?m)^email = .*", 'email = "health.data@example.org"', ours)
    (here.root / "partners" / "health.toml").write_text(ours, encoding="utf-8")
    toml.unlink()
    (here.inbox / "tester").rename(here.inbox / "health")


def plant_example_plan(here: Place, _: pytest.MonkeyPatch) -> None:
    shutil.copy(DEFINITION_FILES / "plan.toml", here.root / "definitions")


def plant_example_targets(here: Place, _: pytest.MonkeyPatch) -> None:
    text = (DEFINITION_FILES / "targets.csv").read_text(encoding="utf-8").splitlines()
    ours = [text[0], next(line for line in text if "CYPP" not in line and "," in line and line != text[0])]
    framework = ours[1].split(",")[text[0].split(",").index("framework")]
    entry = f'[[framework]]\nid = "{framework}"\ntitle = "Ours"\nvalid_from = 2010-04-01\nvalid_to = 2020-08-31\n'
    (here.root / "definitions" / "frameworks.toml").write_text(entry, encoding="utf-8")
    (here.root / "definitions" / "targets.csv").write_text("\n".join(ours) + "\n", encoding="utf-8")


def plant_gone_partner(here: Place, _: pytest.MonkeyPatch) -> None:
    write_partner(here.root / "partners", "successor")
    with_own_address(here.root / "partners" / "successor.toml")
    (here.root / "partners" / "tester.toml").unlink()
    (here.inbox / "successor").mkdir()


def plant_inbox(here: Place, _: pytest.MonkeyPatch) -> None:
    shutil.rmtree(here.inbox)


def plant_unmounted(here: Place, _: pytest.MonkeyPatch) -> None:
    shutil.rmtree(here.inbox / "tester")


def plant_folderless(here: Place, _: pytest.MonkeyPatch) -> None:
    write_partner(here.root / "partners", "newcomer")
    with_own_address(here.root / "partners" / "newcomer.toml")


def plant_open_archive(here: Place, _: pytest.MonkeyPatch) -> None:
    here.archive.chmod(0o755)


def plant_open_store(here: Place, _: pytest.MonkeyPatch) -> None:
    (here.published.parent / "store.duckdb").chmod(0o644)


def plant_outbox(here: Place, _: pytest.MonkeyPatch) -> None:
    shutil.rmtree(here.outbox)
    here.outbox.write_bytes(b"a file in its place")


def plant_full(_: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**12, 10**12, 10**6))


def plant_newer_store(here: Place, _: pytest.MonkeyPatch) -> None:
    from local_indicators.warehouse.store.connection import connect

    with contextlib.closing(connect(str(here.published.parent / "store.duckdb"))) as con:
        con.execute("UPDATE about SET schema_version = 99")


def plant_torn_store(here: Place, _: pytest.MonkeyPatch) -> None:
    (here.published.parent / "store.duckdb").write_bytes(b"not a database" * 1000)


def plant_half(here: Place, _: pytest.MonkeyPatch) -> None:
    here.published.write_bytes(here.published.read_bytes()[:20_000])


def plant_wal(here: Place, _: pytest.MonkeyPatch) -> None:
    Path(f"{here.published}.wal").write_bytes(b"")


def plant_candidate(here: Place, _: pytest.MonkeyPatch) -> None:
    (here.published.parent / "kept" / "candidate-3f2c91d0.duckdb").write_bytes(b"")


def plant_rollback(here: Place, _: pytest.MonkeyPatch) -> None:
    (here.published.parent / "kept" / "held.json").write_bytes(b"{}")


def plant_unended(here: Place, _: pytest.MonkeyPatch) -> None:
    marks = here.archive / "nights.json"
    began = (now() - timedelta(hours=1)).isoformat()
    marks.write_text(json.dumps({"began": began, "ended": "2011-01-01T00:00:00+00:00"}), encoding="utf-8")


def plant_message(here: Place, _: pytest.MonkeyPatch) -> None:
    ledger = read_ledger(here.archive)
    message = Message("m", "partner/tester", "owner@council.test", "m.eml", ("k",), date(2011, 5, 31))
    ledger.record_message(message, now())
    ledger.record_delivery("m", "waiting", now(), detail="later")


def plant_no_mail(_: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("INDICATORS_SMTP_URL")


def plant_dead_mail(_: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INDICATORS_SMTP_URL", f"smtp://nightly:{QUOTED}@127.0.0.1:{free_port()}")


def plant_example_sender(_: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INDICATORS_SENDER", "indicators@example.org")


def plant_example_analyst(here: Place, _: pytest.MonkeyPatch) -> None:
    (here.root / "indicators.toml").write_text('sender = "indicators@council.test"\n', encoding="utf-8")


def plant_example_officer(here: Place, _: pytest.MonkeyPatch) -> None:
    officers = here.root / "definitions" / "officers.toml"
    officers.write_text(
        officers.read_text(encoding="utf-8").replace("council.test", "mail.example.com", 1), encoding="utf-8"
    )


def plant_example_partner(here: Place, _: pytest.MonkeyPatch) -> None:
    write_partner(here.root / "partners")


def plant_failed(here: Place, _: pytest.MonkeyPatch) -> None:
    reach = AlarmSettings(workspace=here.root, outbox=here.outbox, archive=here.archive)
    report_fault(reach, "nightly", "night of 2011-05-01", "peers.csv, line 4: cannot be read", now())


def plant_cut_off(here: Place, _: pytest.MonkeyPatch) -> None:
    reach = AlarmSettings(workspace=here.root, outbox=here.outbox, archive=here.archive)
    report_fault(reach, "nightly", "night of 2011-05-01", CUT_OFF, now())


def plant_unnoted(here: Place, _: pytest.MonkeyPatch) -> None:
    (here.archive / "nights.json").unlink()


def plant_dead_prefect(_: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{free_port()}/api")


def plant_misspelt(_: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INDICATORS_INBX", "/srv")


def plant_frozen_day(_: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INDICATORS_TODAY", "2011-04-30")


def plant_open_dotenv(here: Place, _: pytest.MonkeyPatch) -> None:
    (here.root / ".env").write_text("INDICATORS_GRACE_DAYS=7\n", encoding="utf-8")
    (here.root / ".env").chmod(0o644)


def plant_other_version(_: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    held = list(importlib.metadata.distributions())

    class Older:
        name, version = "duckdb", "1.0.0"

    monkeypatch.setattr(importlib.metadata, "distributions", lambda: [*held, Older()])


PLANTED: tuple[tuple[Plant, str, str, str], ...] = (
    (plant_misspelt, "settings", "look", "INDICATORS_INBX"),
    (plant_frozen_day, "settings", "look", "2011-04-30"),
    (plant_open_dotenv, "settings", "wrong", "chmod 600"),
    (plant_other_version, "libraries", "wrong", "duckdb is 1.0.0"),
    (plant_definition, "definitions", "wrong", "officers.toml"),
    (plant_layout, "layouts", "wrong", "tester.toml"),
    (plant_example, "examples", "look", "tester"),
    (plant_example_plan, "examples", "look", "definitions/plan.toml"),
    (plant_example_targets, "examples", "look", "1 of 1 targets"),
    (plant_gone_partner, "examples", "look", "no TOML"),
    (plant_inbox, "inbox", "wrong", "not there"),
    (plant_unmounted, "inbox", "wrong", "mounted"),
    (plant_folderless, "inbox", "look", "newcomer"),
    (plant_open_archive, "permissions", "wrong", "chmod go="),
    (plant_open_store, "permissions", "wrong", "store.duckdb"),
    (plant_outbox, "permissions", "wrong", "outbox"),
    (plant_full, "disk", "wrong", "make room"),
    (plant_line, "ledger", "wrong", "backup"),
    (plant_torn, "ledger", "look", "cut off"),
    (plant_changed, "ledger", "wrong", "line 2: was changed after it was written; restore the ledger"),
    (plant_cut, "ledger", "wrong", "the store has seen line"),
    (plant_no_store, "store", "wrong", "warehouse/store.duckdb is lost: "),
    (plant_no_store, "store", "wrong", "run `indicators rebuild`"),
    (plant_unpublished, "published", "look", "the next night puts version 1 back"),
    (plant_nothing_kept, "published", "look", "version(s) 1 cannot be gone back to"),
    (plant_lost, "ledger", "wrong", "1 file(s)"),
    (plant_newer_store, "store", "wrong", "newer release"),
    (plant_torn_store, "store", "wrong", "backup"),
    (plant_half, "published", "wrong", "not whole"),
    (plant_wal, "published", "wrong", "write-ahead"),
    (plant_candidate, "candidate", "look", "indicators approve 3f2c91d0"),
    (plant_rollback, "candidate", "look", "rollback"),
    (plant_unended, "night", "wrong", "crashed"),
    (plant_failed, "night", "wrong", "failed: peers.csv, line 4: cannot be read"),
    (plant_cut_off, "night", "wrong", "crashed"),
    (plant_unnoted, "night", "look", "the ledger knows of a night"),
    (plant_message, "messages", "look", "1 message(s) wait"),
    (plant_no_mail, "mail", "look", "INDICATORS_SMTP_URL"),
    (plant_dead_mail, "mail", "wrong", "refused"),
    (plant_example_sender, "addresses", "look", "INDICATORS_SENDER"),
    (plant_example_analyst, "addresses", "look", "indicators.toml"),
    (plant_example_officer, "addresses", "look", "definitions/officers.toml"),
    (plant_example_partner, "addresses", "look", "partners/tester.toml"),
    (plant_dead_prefect, "schedule", "wrong", "does not answer"),
)
