"""Write to the analyst about a fault of our own, once for each fault until it is over.

It works where the archive, the settings or the mail server are what fails: it needs neither ledger nor lock, and a
message that cannot be sent lies in the outbox and is tried again at the end of each run.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import tempfile
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from local_indicators.common.atomic_files import write_whole
from local_indicators.common.errors import DefinitionError, LocalIndicatorsError
from local_indicators.common.jinja_templates import Branding
from local_indicators.common.safe_text import as_typed
from local_indicators.common.shipped_files import is_our_code, name_of_code
from local_indicators.flows.delivery.mail_server import parse_mail_url
from local_indicators.flows.delivery.outbox import send_unrecorded_message
from local_indicators.flows.settings_sources import WorkspaceSettings
from local_indicators.flows.workspace import find_workspace
from local_indicators.replies.emails.analyst_emails import to_analyst_of_fault
from local_indicators.replies.emails.email_message import Envelope

MEMORY_BYTES = 16_384
"""The size of the memory of faults from the start, so that it can be written even when the disk is full."""
MAX_FAULTS = 20
MAX_FAULT_LENGTH = 400
CUT_OFF = "the run was cut off before its end"
"""What is said of a run whose process is gone."""
FaultMemory = dict[str, dict[str, Any]]


class AlarmSettings(WorkspaceSettings):
    """What is needed to reach the analyst, whatever else of the settings is wrong."""

    outbox: Path = Path("outbox")
    archive: Path = Path("archive")
    sender: str = "indicators@example.org"
    analyst: str = "analyst@example.org"
    smtp_url: SecretStr | None = None
    templates: Path | None = None
    organisation: str = ""

    @classmethod
    def for_run(cls, parameters: Mapping[str, Any]) -> AlarmSettings:
        """Return the settings, with the folders that a run was given instead of those of the settings."""
        given = {name: parameters[name] for name in ("outbox", "archive") if parameters.get(name)}
        try:
            workspace = find_workspace(parameters.get("workspace"))
        except LocalIndicatorsError:  # the fault to tell may be just that
            workspace = Path.cwd()
        return cls(workspace=workspace, **given)

    @property
    def memory_paths(self) -> tuple[Path, ...]:
        """Return where the memory of faults may lie; the first that can be written holds it."""
        whose = hashlib.sha256(str(self.outbox.absolute()).encode()).hexdigest()[:12]
        spare = Path(tempfile.gettempdir()) / f"local-indicators-{os.getuid()}-{whose}"
        return (self.archive / "faults.json", self.outbox / ".faults.json", spare / "faults.json")


def describe_fault(error: BaseException | None, otherwise: str) -> str:
    """Return a fault in one line that shows no partner's data. Our own errors are quoted; of any other exception only
    type and place are named, because its message may contain anything."""
    if isinstance(error, LocalIndicatorsError):
        text = str(error)
    elif error is not None:
        ours = [f for f in traceback.extract_tb(error.__traceback__) if is_our_code(Path(f.filename))]
        where = f" at {name_of_code(Path(ours[-1].filename))}, line {ours[-1].lineno}" if ours else ""
        system = f" ({error.strerror})" if isinstance(error, OSError) and error.strerror else ""
        text = f"{type(error).__name__}{system}{where}"
    else:
        text = otherwise
    return as_typed(" ".join(text.split()))[:MAX_FAULT_LENGTH]


def report_fault(reach: AlarmSettings, flow: str, run: str, text: str, at: datetime, *, bearable: int = 0) -> str:
    """Remember a fault of a run, and notify the analyst if nobody has been yet; return what kept the message from being
    sent, or "". The first `bearable` times in a row are only remembered."""
    text = _without_secrets(text, reach)
    with _open_memory(reach.memory_paths) as memory:
        name = hashlib.sha256(re.sub(r"\d+", "#", text).encode()).hexdigest()[:12]
        blank = {"said": text, "flows": [], "run": run, "since": at.isoformat(), "times": 0, "told": False}
        fault = memory.setdefault(name, blank)
        fault |= {"flows": sorted({*fault["flows"], flow}), "times": fault["times"] + 1, "last": at.isoformat()}
        fault["due"] = fault.get("due", False) or fault["times"] > bearable
        return _notify_analyst(reach, memory)


def remembered_faults(reach: AlarmSettings, flow: str) -> list[Mapping[str, Any]]:
    """Return the faults that runs of a flow have ended with since one ended well, the newest last, each with `said`,
    `times`, `since` and `last`. Nothing is written or locked."""
    faults: list[Mapping[str, Any]] = []
    for path in reach.memory_paths:
        with contextlib.suppress(OSError, ValueError):
            memory = json.loads(path.read_bytes())
            faults += [fault for fault in memory.values() if flow in fault["flows"] and "last" in fault]
    return sorted(faults, key=lambda fault: str(fault["last"]))


def clear_faults(reach: AlarmSettings, flow: str) -> str:
    """Drop the faults of a flow that has run well, and send what could not be sent before; return what kept a message
    from being sent, or ""."""
    trouble = ""
    for number, path in enumerate(reach.memory_paths):
        if number and not path.exists():
            continue
        with _open_memory([path]) as memory:
            trouble = _notify_analyst(reach, memory) or trouble
            for name, fault in list(memory.items()):
                fault["flows"] = [other for other in fault["flows"] if other != flow]
                if not fault["flows"] and (fault["told"] or not fault.get("due")):
                    del memory[name]
    return trouble


def _notify_analyst(reach: AlarmSettings, memory: FaultMemory) -> str:
    """Write and send a message for each fault that is due and has not been sent; return what kept one from being sent,
    or ""."""
    trouble = ""
    for name, fault in memory.items():
        if fault["told"] or not fault.get("due"):
            continue
        identity = f"fault-{datetime.fromisoformat(fault['since']):%Y%m%d%H%M%S}-{name}"
        sent_at = datetime.fromisoformat(fault["since"])
        envelope = Envelope(identity, reach.analyst, reach.sender, reach.analyst, sent_at)
        content = _compose_message(reach, fault, sent_at, envelope)
        written = _write_to_outbox(reach.outbox / f"{identity}.eml", content)
        trouble = _send(reach, content, written=written)
        fault["told"] = not trouble
    return trouble


def _compose_message(reach: AlarmSettings, fault: Mapping[str, Any], since: datetime, envelope: Envelope) -> bytes:
    """Return the message about a fault; in our own words where the organisation's template is the fault."""
    description = (fault["said"], fault["flows"], fault["run"], since, envelope)
    try:
        return to_analyst_of_fault(*description, Branding(reach.templates, reach.organisation)).as_bytes()
    except DefinitionError:
        return to_analyst_of_fault(*description).as_bytes()


def _write_to_outbox(path: Path, content: bytes) -> bool:
    """Write a message to the outbox; return whether it is there."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)
        return True
    return False


def _send(reach: AlarmSettings, content: bytes, *, written: bool) -> str:
    """Return what kept a message from the analyst, or "". Without a mail server, the outbox is where it is
    delivered."""
    try:
        server = parse_mail_url(reach.smtp_url.get_secret_value() if reach.smtp_url else "")
    except LocalIndicatorsError as fault:
        return str(fault)
    if server is not None:
        return send_unrecorded_message(server, reach.sender, reach.analyst, content)
    return "" if written else "the outbox cannot be written"


def _without_secrets(text: str, reach: AlarmSettings) -> str:
    """Return a text without what a mail server's URL keeps secret."""
    url = reach.smtp_url.get_secret_value() if reach.smtp_url else ""
    text = text.replace(url, "(the mail server's URL)") if url else text
    return re.sub(r"\b[a-z][a-z0-9+.-]*://[^\s/@]*@", "(signed in)@", text)


# -- the memory of faults ---------------------------------------------------------------------------------------------


@contextmanager
def _open_memory(places: Sequence[Path]) -> Iterator[FaultMemory]:
    """Give the faults remembered at the first place that can be written, and write them back there at the end. One
    process at a time."""
    with contextlib.ExitStack() as stack:
        file = next((opened for path in places if (opened := _open_memory_file(path)) is not None), None)
        if file is not None:
            stack.callback(os.close, file)
            fcntl.flock(file, fcntl.LOCK_EX)
        memory = _read_memory(file)
        try:
            yield memory
        finally:
            if file is not None:
                with contextlib.suppress(OSError):
                    os.pwrite(file, _pad(memory), 0)
                    os.fsync(file)


def _open_memory_file(path: Path) -> int | None:
    """Open the memory at a path with room for all it may hold; None where that is not possible."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.parent.stat().st_uid != os.getuid():
            return None
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            if os.fstat(file).st_size < MEMORY_BYTES:
                os.pwrite(file, b" " * MEMORY_BYTES, 0)
                os.fsync(file)
        except OSError:
            os.close(file)
            raise
        return file
    return None


def _read_memory(file: int | None) -> FaultMemory:
    """Return the faults in an open file; none where it cannot be read."""
    with contextlib.suppress(OSError, ValueError):
        faults = json.loads(os.pread(file, MEMORY_BYTES, 0)) if file is not None else {}
        return faults if isinstance(faults, dict) else {}
    return {}


def _pad(memory: FaultMemory) -> bytes:
    """Return the memory at its fixed size; of too many faults the newest stay."""
    kept: Sequence[tuple[str, Any]] = list(memory.items())[-MAX_FAULTS:]
    while len(content := json.dumps(dict(kept)).encode()) > MEMORY_BYTES:
        kept = kept[1:]
    return content.ljust(MEMORY_BYTES)
