"""`indicators doctor`: look at everything that a night depends on, and say of each what was found and what to do.

Nothing is written, nothing is sent, and no lock is taken that a night could meet. No check can keep another from being
made, and none takes longer than `CHECK_SECONDS`. What is said holds no partner's data and no secret.
"""

from __future__ import annotations

import base64
import contextlib
import importlib.metadata
import os
import re
import shutil
import stat
import subprocess
import tempfile
import tomllib
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import orjson

from common.errors import LocalIndicatorsError
from flows.delivery.mail_server import server_of
from flows.delivery.outbox import trouble_with
from flows.inboxes import Address, check_inbox, share_at, within
from flows.records.ledger import Ledger, read_ledger
from flows.records.loss_detection import Loss, Part, losses, missing_files, past_of
from flows.settings import HOME, LONDON, Settings, now, settings
from inputs.layouts.partner_layouts import Partner, load_partners
from schemas.definitions.loader import load_definitions
from schemas.definitions.models import Definitions
from warehouse.store.surviving_records import copied

Level = Literal["ok", "look", "wrong"]
CHECK_SECONDS = 60.0
STALE = timedelta(hours=26)
"""A day, and time for the night itself and for the hour that a change of clocks adds."""
LONGEST_NIGHT = timedelta(hours=12)
GB = 1_000_000_000
LARGEST_COPIED = GB // 2
GUIDE = "docs/arrivals.md"


@dataclass(frozen=True)
class Health:
    """What one check came to. `look`: a person should know. `wrong`: nights fail or mislead until it is put right."""

    check: str
    level: Level
    found: str
    do: str = ""

    def as_dict(self) -> dict[str, str]:
        return {"check": self.check, "level": self.level, "found": self.found, "do": self.do}


Said = tuple[Level, str, str]


class _NotKnown(Exception):
    """What a check looks at cannot be had, for a reason that another check tells."""


@dataclass(eq=False)
class Patient:
    """What is looked at: the settings, the moment, and what can be loaded by them, each once."""

    given: Settings
    at: datetime

    @cached_property
    def definitions(self) -> Definitions:
        return load_definitions(self.given.definitions)

    @cached_property
    def partners(self) -> Mapping[str, Partner]:
        return load_partners(self.definitions, self.given.partners)

    @cached_property
    def ledger(self) -> Ledger:
        return read_ledger(self.given.archive)

    @cached_property
    def losses(self) -> Mapping[Part, Loss]:
        """What is lost, by the part that lost it; nothing where that is not known or another check tells."""
        with contextlib.suppress(LocalIndicatorsError), copied(self.given.store, LARGEST_COPIED) as store:
            if store is not None and not _at_work(self):
                return {one.part: one for one in losses(past_of(self.given, self.ledger, store))}
        return {}

    def lost(self, part: Part) -> Said | None:
        """What is lost of a part, if anything is."""
        one = self.losses.get(part)
        return None if one is None else ("wrong" if one.stops else "look", one.says, one.do)


def examine(given: Callable[[], Settings] = settings, at: datetime | None = None) -> list[Health]:
    """Every check, in a fixed order. Never raises."""
    found, patient = _settings(given, at or now())
    if patient is None:
        return [found, *(Health(name, "look", "not looked at, because the settings cannot be used") for name in CHECKS)]
    return [_hidden(one, patient) for one in (found, *(_made(name, check, patient) for name, check in CHECKS.items()))]


def _made(name: str, check: Callable[[Patient], Said], patient: Patient) -> Health:
    try:
        return Health(name, *within(CHECK_SECONDS, lambda: check(patient)))
    except _NotKnown as reason:
        return Health(name, "look", f"not looked at: {reason}")
    except TimeoutError:
        return Health(name, "wrong", f"no answer within {CHECK_SECONDS:g} seconds", "see why it hangs, then ask again")
    except LocalIndicatorsError as fault:
        return Health(name, "wrong", str(fault), "put right what it names")
    except Exception as error:
        return Health(
            name, "wrong", f"the check itself failed ({type(error).__name__}: {error})", "tell the developers"
        )


def _hidden(one: Health, patient: Patient) -> Health:
    """The same without anything that is secret in the settings, in one line and without signs that a terminal obeys."""
    secrets = [patient.given.smtp_url.get_secret_value()] if patient.given.smtp_url else []
    inbox = patient.given.inbox
    if isinstance(inbox, Address):
        secrets += [inbox.password.get_secret_value(), quote(inbox.password.get_secret_value(), safe="")]
    with contextlib.suppress(LocalIndicatorsError):
        server = server_of(patient.given)
        secrets += [server.password, quote(server.password, safe="")] if server else []

    def said(text: str) -> str:
        for secret in filter(None, secrets):
            text = text.replace(secret, "…")
        return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:600]

    return Health(one.check, one.level, said(one.found), said(one.do))


def _known(what: str, load: Callable[[], Any]) -> Any:
    try:
        return load()
    except LocalIndicatorsError:
        raise _NotKnown(f"see {what}") from None


# -- how it is set up -------------------------------------------------------------------------------------------------


def _settings(given: Callable[[], Settings], at: datetime) -> tuple[Health, Patient | None]:
    try:
        patient = Patient(given(), at)
    except LocalIndicatorsError as fault:
        return Health("settings", "wrong", str(fault), "correct it in the environment or in .env"), None
    except Exception as error:
        return Health("settings", "wrong", f"cannot be read ({type(error).__name__})", "see that .env is text"), None
    known = {f"INDICATORS_{name.upper()}" for name in Settings.model_fields} | {"INDICATORS_DEBUG"}
    unknown = sorted({name for name in (*os.environ, *_dotenv()) if name.upper().startswith("INDICATORS_")} - known)
    if (file := Path(".env")).exists() and stat.S_IMODE(file.stat().st_mode) & 0o077 and _has_secret(patient.given):
        return Health(
            "settings", "wrong", "others can read .env, and there are secrets", "run: chmod 600 .env"
        ), patient
    if unknown:
        return Health("settings", "look", f"no setting is called {', '.join(unknown)}", "correct the spelling"), patient
    if patient.given.today is not None:
        found = f"INDICATORS_TODAY makes every night take {patient.given.today} for today"
        return Health("settings", "look", found, "leave it out for real nights"), patient
    return Health("settings", "ok", f"published file {patient.given.warehouse}"), patient


def _dotenv() -> dict[str, str]:
    """The lines of .env, by name."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        pairs = re.findall(r"(?m)^\s*(?:export\s+)?(\w+)\s*=\s*(.*?)\s*$", Path(".env").read_text(encoding="utf-8"))
        return {name: value.strip("'\"") for name, value in pairs}
    return {}


def _has_secret(given: Settings) -> bool:
    inbox = given.inbox
    return given.smtp_url is not None or (isinstance(inbox, Address) and bool(inbox.password.get_secret_value()))


def _libraries(_: Patient) -> Said:
    from packaging.markers import Marker

    lock = HOME / "requirements.lock"
    if not lock.exists():
        return "ok", "there is no requirements.lock to compare with", ""
    wanted = re.findall(
        r"(?m)^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)(?:\s*;\s*([^\\\n]+))?", lock.read_text("utf-8")
    )
    held = {_plain(one.name): one.version for one in importlib.metadata.distributions() if one.name}
    here = [(name, version) for name, version, marker in wanted if not marker or Marker(marker.strip()).evaluate()]
    missing = [name for name, _ in here if _plain(name) not in held]
    other = [
        f"{name} is {held[_plain(name)]} and not {version}"
        for name, version in here
        if held.get(_plain(name), version) != version
    ]
    again = "install again from the lock: rm .venv/ready && make install"
    if missing:
        return "wrong", f"not installed: {_few(missing)}", again
    if other:
        return "wrong", _few(other), again
    return "ok", f"{len(here)} packages as the lock says", ""


def _plain(name: str) -> str:
    """A package's name as the index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _definitions(patient: Patient) -> Said:
    return "ok", f"{len(patient.definitions.indicators)} indicators", ""


def _layouts(patient: Patient) -> Said:
    _known("definitions", lambda: patient.definitions)
    count = sum(len(one.says.collection) for one in patient.partners.values())
    return "ok", f"{len(patient.partners)} partners with {count} returns", ""


def _examples(patient: Patient) -> Said:
    partners = _known("layouts", lambda: patient.partners)
    named = sorted(one.id for one in partners.values() if one.says.example)
    if named:
        do = "for a real installation, point INDICATORS_PARTNERS at partners of your own, with an archive of their own"
        return "look", f"example partners: {_few(named)}", do
    gone = sorted(
        {one.partner for one in _known("ledger", lambda: patient.ledger).submissions.values()} - set(partners)
    )
    if gone:
        do = "if they were examples or a trial, begin again with an archive, store and published file of your own"
        return "look", f"the archive holds returns of {_few(gone)}, of whom there is no TOML", do
    return "ok", "no example data", ""


# -- where things are -------------------------------------------------------------------------------------------------


def _inbox(patient: Patient) -> Said:
    given = patient.given
    try:
        check_inbox(given.inbox)
        top = share_at(given.inbox, min(given.inbox_seconds, CHECK_SECONDS / 2)).entries(())
    except LocalIndicatorsError as fault:
        return "wrong", str(fault), f"correct INDICATORS_INBOX; {GUIDE} has an example of each kind"
    except OSError as error:
        do = f"see that the server or share is up, the sign-in right and its key known ({GUIDE})"
        return "wrong", f"{given.inbox} cannot be read ({error.strerror})", do
    partners = _known("layouts", lambda: patient.partners)
    missing = sorted(set(partners) - {one.name for one in top if one.kind == "folder"})
    if len(missing) == len(partners):
        return (
            "wrong",
            f"{given.inbox} holds no partner's folder",
            "see that the share is mounted and the path is right",
        )
    if missing:
        return "look", f"{given.inbox} has no folder for {_few(missing)}", "make a folder of that name for each"
    return "ok", f"{given.inbox} can be read, with a folder for each of {len(partners)} partners", ""


def _permissions(patient: Patient) -> Said:
    given = patient.given
    folders = {"archive": given.archive, "warehouse": given.warehouse.parent, "outbox": given.outbox}
    for name, folder in folders.items():
        there = next(one for one in (folder, *folder.parents) if one.exists())
        if not there.is_dir() or not os.access(there, os.R_OK | os.W_OK | os.X_OK):
            do = f"give the account that runs the nights the right to write into {there}"
            return "wrong", f"the {name} {folder} cannot be written", do
    private = [given.archive, given.archive / "ledger.jsonl", given.store, given.warehouse.parent / "kept"]
    for path in (one for one in private if one.exists()):
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            return "wrong", f"others can read {path}, which holds what must not be shown", f"run: chmod go= {path}"
        if path.stat().st_uid != os.geteuid():
            do = "run nights and doctor as one account, and give it what is there: chown -R"
            return "wrong", f"{path} belongs to another account", do
    if given.warehouse.exists() and not os.access(given.warehouse, os.R_OK):
        return "wrong", f"{given.warehouse} cannot be read", f"run: chmod a+r {given.warehouse}"
    return "ok", "what must be written can be, and what is private is private", ""


def _disk(patient: Patient) -> Said:
    given = patient.given
    seen: dict[int, tuple[int, Path]] = {}
    for folder in (given.archive, given.warehouse.parent, given.outbox, Path(tempfile.gettempdir())):
        there = next(one for one in (folder, *folder.parents) if one.exists())
        seen[there.stat().st_dev] = (shutil.disk_usage(there).free, there)
    files = (given.warehouse, given.store)
    needed = GB + 3 * sum(path.stat().st_size for path in files if path.exists())
    free, where = min(seen.values())
    said = f"{free / GB:.1f} GB free at {where}; a night may take {needed / GB:.1f}"
    do = "make room: old messages in the outbox and old versions in kept/ (INDICATORS_KEEP_VERSIONS) may go"
    if free < needed:
        return "wrong", said, do
    return ("look" if free < 3 * needed else "ok"), said, do if free < 3 * needed else ""


def _clock(patient: Patient) -> Said:
    offset = LONDON.utcoffset(datetime(2011, 7, 1, 12, tzinfo=UTC).replace(tzinfo=None))
    if offset != timedelta(hours=1):
        return "wrong", "the time zone Europe/London is not what it is", "install tzdata again: make install"
    newest = _newest_line(patient.given.archive / "ledger.jsonl")
    if newest is not None and newest > patient.at + timedelta(minutes=5):
        do = "set the clock (timedatectl); a night that runs now would be recorded before what came earlier"
        return (
            "wrong",
            f"it is {patient.at:%Y-%m-%d %H:%M} UTC here, and the ledger is already at {newest:%Y-%m-%d %H:%M}",
            do,
        )
    return "ok", f"{patient.at.astimezone(LONDON):%Y-%m-%d %H:%M} in London", ""


def _newest_line(path: Path) -> datetime | None:
    """The newest instant in the last lines of the ledger, which need not be readable as a whole."""
    with contextlib.suppress(OSError):
        with path.open("rb") as file:
            file.seek(max(path.stat().st_size - 65_536, 0))
            tail = file.read().decode("utf-8", "replace")
        said = re.findall(r'"(?:at|first_seen|judged_at|granted_at)":"([0-9T:.+-]{19,40})"', tail)
        with contextlib.suppress(ValueError):
            return max((datetime.fromisoformat(one) for one in said), default=None)
    return None


# -- what nights have left --------------------------------------------------------------------------------------------


def _ledger(patient: Patient) -> Said:
    ledger = patient.ledger
    if lost := patient.lost("ledger"):
        return lost
    missing = missing_files(patient.given.archive, ledger)
    if missing and not _at_work(patient):
        do = "restore them from a backup; nothing can be rebuilt without them"
        return "wrong", f"{missing} file(s) that the ledger names are not in the archive", do
    with contextlib.suppress(FileNotFoundError):
        if not ledger.path.read_bytes().endswith(b"\n"):
            return (
                "look",
                "the last line was cut off by a crash and never counted",
                "nothing: the next night removes it",
            )
    return "ok", f"{len(ledger.submissions)} submissions, {len(ledger.recorded)} outcomes", ""


def _store(patient: Patient) -> Said:
    """The store's version, read from a copy: a reader would shut out the night that comes meanwhile."""
    from warehouse.store.connection import connect
    from warehouse.store.private_store import SCHEMA_VERSION

    path = patient.given.store
    if not path.exists():
        return patient.lost("store") or ("ok", "there is none yet; the first night makes it", "")
    if path.stat().st_size > LARGEST_COPIED:
        return "ok", "too large to be looked at without holding up a night, which checks it by itself", ""
    with copied(path, LARGEST_COPIED) as copy:
        try:
            with contextlib.closing(connect(str(copy))) as con:
                row = con.execute("SELECT schema_version FROM about").fetchone()
        except Exception as error:
            if _at_work(patient):
                return "ok", "a night is writing to it", ""
            do = "restore it from a backup, or run `indicators rebuild --replace`"
            return "wrong", f"{path} cannot be read ({str(error).splitlines()[0][:120]})", do
    version = int(row[0]) if row else SCHEMA_VERSION
    if version > SCHEMA_VERSION:
        return "wrong", f"schema version {version}; this release reads {SCHEMA_VERSION}", "run the newer release again"
    if version < SCHEMA_VERSION:
        return (
            "look",
            f"schema version {version} of an earlier release",
            "make a backup; the next night brings it up to date",
        )
    return patient.lost("store") or ("ok", f"schema version {version}", "")


def _published(patient: Patient) -> Said:
    from warehouse.mart.mart_tables import MART
    from warehouse.store.attached_files import attached

    path = patient.given.warehouse
    lost = patient.lost("published file")
    if not path.exists():
        return lost or ("ok", "nothing is published yet; the first night does", "")
    if Path(f"{path}.wal").exists():
        do = "close the program that opened the published file to write, then delete the .wal"
        return "wrong", f"a write-ahead log lies beside {path}", do
    again = "move it away: the next night puts it back from kept/; or run `indicators rebuild --replace`"
    try:
        with attached(live=path) as con:
            for table in MART:
                con.execute(f"SELECT count(*) FROM live.mart.{table.name}").fetchone()
            row = con.execute("SELECT data_version, has_examples FROM live.mart.publication").fetchone()
    except Exception as error:
        return "wrong", f"it is not whole ({str(error).splitlines()[0][:160]})", again
    if row is None:
        return "wrong", "it does not say which version it is", again
    if lost:
        return lost
    if row[1] and not any(one.says.example for one in _known("layouts", lambda: patient.partners).values()):
        return (
            "look",
            f"data version {row[0]} was published with example data",
            "run a night, and see the check examples",
        )
    return patient.lost("kept versions") or ("ok", f"data version {row[0]}, whole", "")


def _candidate(patient: Patient) -> Said:
    folder = patient.given.warehouse.parent
    waiting = sorted((folder / "kept").glob("candidate-*.duckdb"))
    if waiting:
        run = waiting[-1].stem.removeprefix("candidate-")
        do = f"open {folder / 'kept' / f'{run}.html'}; if it is right all the same: indicators approve {run} --by ROLE"
        return "look", f"the gate refused run {run}, which waits for a decision", do
    if (folder / "kept" / "held.json").exists():
        return (
            "look",
            "a rollback holds publication",
            "put its cause right, run a night, then: indicators approve RUN --by ROLE",
        )
    old = [one for one in folder.glob("candidate-*.duckdb*") if patient.at - _modified(one) > LONGEST_NIGHT]
    if old:
        return "look", f"{len(old)} file(s) of a night that was stopped", "nothing: the next night removes them"
    return "ok", "nothing waits for a decision", ""


def _set_aside(patient: Patient) -> Said:
    at_fault = [one for one in _known("ledger", lambda: patient.ledger).set_aside.values() if one.faults]
    if not at_fault:
        return "ok", "no return is set aside", ""
    names = sorted({one.submission for one in at_fault})
    do = f"its owner is told; if it is right all the same: indicators approve {names[0]} --by ROLE"
    return "look", f"{_few(names)}: accepted and not published, {at_fault[0].faults[0].text}", do


def _night(patient: Patient) -> Said:
    marks = _marks(patient)
    began, ended = marks.get("began"), marks.get("ended")
    if began is None and ended is None:
        return "look", "no night has run yet", "run one by hand: indicators nightly"
    if began is not None and (ended is None or began > ended):
        if patient.at - began < LONGEST_NIGHT:
            return "ok", f"a night began at {began:%Y-%m-%d %H:%M} UTC and is at work, or was stopped", ""
        return (
            "wrong",
            f"the night of {began:%Y-%m-%d %H:%M} UTC did not end",
            "see why it failed; run: indicators nightly",
        )
    if ended is None or patient.at - ended > STALE:
        said = f"the last night ended at {ended:%Y-%m-%d %H:%M} UTC" if ended else "no night has ended"
        return "wrong", said, "see the check schedule; run one by hand: indicators nightly"
    return "ok", f"the last night ended at {ended:%Y-%m-%d %H:%M} UTC", ""


def _marks(patient: Patient) -> dict[str, datetime]:
    with contextlib.suppress(FileNotFoundError, ValueError, AttributeError):
        held = orjson.loads((patient.given.archive / "nights.json").read_bytes())
        return {name: datetime.fromisoformat(held[name]) for name in ("began", "ended") if name in held}
    return {}


def _at_work(patient: Patient) -> bool:
    marks = _marks(patient)
    return "began" in marks and marks["began"] > marks.get("ended", datetime.min.replace(tzinfo=UTC))


def _modified(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _messages(patient: Patient) -> Said:
    messages = list(_known("ledger", lambda: patient.ledger).messages.values())
    pending = sum(one.pending for one in messages)
    refused = sum(one.state == "refused" for one in messages)
    if pending or refused:
        do = "indicators status names them and says why; correct the address or see the check mail"
        return "look", f"{pending} message(s) wait and {refused} were refused", do
    return "ok", "none waits", ""


def _backups(patient: Patient) -> Said:
    what = ", ".join(map(str, (patient.given.archive, patient.given.store, patient.given.warehouse)))
    return (
        "ok",
        "cannot be seen from here",
        f"back up {what}, the definitions and the partners' TOMLs, and try a restore",
    )


# -- what nights speak to ---------------------------------------------------------------------------------------------


def _mail(patient: Patient) -> Said:
    server = server_of(patient.given)
    if server is None:
        return "look", "no mail server is set: messages are only written to the outbox", "set INDICATORS_SMTP_URL"
    trouble = trouble_with(server, patient.given.sender)
    if trouble:
        return "wrong", f"{server}: {trouble}", "see that the server is up and INDICATORS_SMTP_URL is right"
    ours = {"INDICATORS_SENDER": patient.given.sender, "INDICATORS_ANALYST": patient.given.analyst}
    unset = [name for name, address in ours.items() if address.endswith(("@example.org", ".example.org"))]
    if unset:
        return "look", f"{server} takes our mail, but {_few(unset)} is an example", "set it to a real address"
    how = {"none": "in clear", "starttls": "with STARTTLS", "always": "encrypted"}[server.tls]
    return "ok", f"{server} takes our mail, {how}{', signed in' if server.user else ''}; nothing was sent", ""


def _schedule(_: Patient) -> Said:
    url = _prefect("PREFECT_API_URL")
    if not url:
        return _timers()
    try:
        return _deployed(url.rstrip("/"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or type(error).__name__
        return "wrong", f"the Prefect server does not answer ({reason})", "start it, or correct PREFECT_API_URL"


def _timers() -> Said:
    """Without a Prefect server, cron or systemd must run the nights."""
    texts: list[str] = []
    if crontab := shutil.which("crontab"):
        done = subprocess.run([crontab, "-l"], capture_output=True, text=True, timeout=10, check=False)  # noqa: S603
        texts.append(done.stdout)
    files = [Path("/etc/crontab"), *Path("/etc/cron.d").glob("*"), *Path("/etc/cron.daily").glob("*")]
    units = (Path("/etc/systemd/system"), Path.home() / ".config" / "systemd" / "user")
    files += [one for folder in units for ending in ("*.service", "*.timer") for one in folder.glob(ending)]
    for file in files:
        with contextlib.suppress(OSError):
            texts.append(file.read_text("utf-8", "replace"))
    lines = [line for text in texts for line in text.splitlines() if not line.lstrip().startswith("#")]
    if any(re.search(r"indicators\s+nightly|local-indicators", line) for line in lines):
        return "ok", "cron or systemd runs the nights; no Prefect server is named", ""
    found = (
        "no Prefect server is named, and this account sees no cron line or systemd unit that runs indicators nightly"
    )
    return "look", found, "set PREFECT_API_URL, or let cron or systemd run the nights"


def _prefect(name: str) -> str:
    """A setting as Prefect finds it: in the environment, in .env, in the profile in use."""
    if value := os.environ.get(name) or _dotenv().get(name):
        return value
    home = Path(os.environ.get("PREFECT_HOME") or Path.home() / ".prefect").expanduser()
    with contextlib.suppress(OSError, ValueError, AttributeError):
        held = tomllib.loads((home / "profiles.toml").read_text("utf-8"))
        active = os.environ.get("PREFECT_PROFILE") or held.get("active", "")
        return str(held.get("profiles", {}).get(active, {}).get(name, ""))
    return ""


def _deployed(url: str) -> Said:
    """What the Prefect server says of the deployments in prefect.yaml, of the pool's workers and of late runs."""
    there = {one["name"]: one for one in _asked(url, "/deployments/filter", {})}
    wanted = list(_wanted())
    if missing := sorted({one["name"] for one in wanted} - set(there)):
        return "wrong", f"not deployed: {_few(missing)}", "run: prefect --no-prompt deploy --all"
    timed = [one["name"] for one in wanted if one.get("schedules")]
    stopped = [name for name in timed if not _runs(there[name])]
    if stopped:
        return "wrong", f"paused or without a schedule: {_few(stopped)}", "resume it in Prefect, or deploy again"
    for pool in sorted({there[name]["work_pool_name"] for name in timed} - {None}):
        if _asked(url, f"/work_pools/{quote(pool)}")["is_paused"]:
            return "wrong", f"the work pool {pool} is paused", f"run: prefect work-pool resume {pool}"
        workers = _asked(url, f"/work_pools/{quote(pool)}/workers/filter", {})
        if not any(one["status"] == "ONLINE" for one in workers):
            return "wrong", f"no worker serves the pool {pool}", f"run: prefect worker start --pool {pool}"
    late = _asked(url, "/flow_runs/filter", {"flow_runs": {"state": {"name": {"any_": ["Late"]}}}, "limit": 200})
    if late:
        do = "see that the worker is up; delete runs in Prefect that nobody needs any more"
        return "look", f"{len(late)} run(s) are late", do
    return "ok", f"{len(wanted)} deployment(s), none paused, a worker is up, no run is late", ""


def _wanted() -> Iterator[dict[str, Any]]:
    import yaml

    yield from yaml.safe_load((HOME / "prefect.yaml").read_text("utf-8"))["deployments"]


def _runs(deployment: dict[str, Any]) -> bool:
    return not deployment.get("paused") and any(one["active"] for one in deployment["schedules"])


def _asked(url: str, path: str, question: object = None) -> Any:
    """What Prefect's API answers. Raises OSError or ValueError."""
    if not url.startswith(("http://", "https://")):
        raise ValueError("PREFECT_API_URL is no URL")
    headers = {"Content-Type": "application/json"}
    if key := _prefect("PREFECT_API_KEY"):
        headers["Authorization"] = f"Bearer {key}"
    elif sign_in := _prefect("PREFECT_API_AUTH_STRING"):
        headers["Authorization"] = f"Basic {base64.b64encode(sign_in.encode()).decode()}"
    body = None if question is None else orjson.dumps(question)
    asked = urllib.request.Request(f"{url}{path}", body, headers)  # noqa: S310 - checked above
    with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310
        return orjson.loads(answer.read())


def _few(names: list[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


CHECKS: Mapping[str, Callable[[Patient], Said]] = {
    "libraries": _libraries,
    "definitions": _definitions,
    "layouts": _layouts,
    "examples": _examples,
    "inbox": _inbox,
    "permissions": _permissions,
    "disk": _disk,
    "clock": _clock,
    "ledger": _ledger,
    "store": _store,
    "published": _published,
    "candidate": _candidate,
    "set-aside": _set_aside,
    "night": _night,
    "messages": _messages,
    "mail": _mail,
    "schedule": _schedule,
    "backups": _backups,
}


def show(found: list[Health]) -> None:
    """Print a line for each check, and one that says what it comes to."""
    for one in found:
        do = f"  ->  {one.do}" if one.do else ""
        print(f"{one.level:5}  {one.check:11}  {one.found}{do}")
    counts = {level: sum(one.level == level for one in found) for level in ("wrong", "look", "ok")}
    print(f"{len(found)} checks: " + ", ".join(f"{count} {level}" for level, count in counts.items()) + ".")
