"""When it is our own fault: the analyst is written to, once for each fault until it is over.

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
from pydantic_settings import BaseSettings, SettingsConfigDict

from common.atomic_files import write_whole
from common.errors import DefinitionError, LocalIndicatorsError
from common.jinja_templates import Branding
from flows.delivery.mail_server import parse_mail_url
from flows.delivery.outbox import send_unrecorded_message
from flows.settings import HOME
from replies.emails.analyst_emails import to_analyst_of_fault
from replies.emails.email_message import Envelope
from schemas.findings import as_typed

MEMORY_BYTES = 16_384
"""The memory of faults has this size from the start, so that a full disk does not keep it from being written."""
MAX_FAULTS = 20
MAX_FAULT_LENGTH = 400
FaultMemory = dict[str, dict[str, Any]]


class AlarmSettings(BaseSettings):
    """What is needed to reach the analyst, whatever else of the settings is wrong."""

    model_config = SettingsConfigDict(env_prefix="INDICATORS_", env_file=".env", extra="ignore", frozen=True)

    outbox: Path = HOME / "outbox"
    archive: Path = HOME / "inputs" / "archive"
    sender: str = "indicators@example.org"
    analyst: str = "analyst@example.org"
    smtp_url: SecretStr | None = None
    templates: Path | None = None
    organisation: str = ""

    @classmethod
    def for_run(cls, parameters: Mapping[str, Any]) -> AlarmSettings:
        """With the folders that a run was given in place of those of the settings."""
        return cls(**{name: parameters[name] for name in ("outbox", "archive") if parameters.get(name)})

    @property
    def memory_paths(self) -> tuple[Path, ...]:
        """Where the memory of faults may lie; the first that can be written holds it."""
        whose = hashlib.sha256(str(self.outbox.absolute()).encode()).hexdigest()[:12]
        spare = Path(tempfile.gettempdir()) / f"local-indicators-{os.getuid()}-{whose}"
        return (self.archive / "faults.json", self.outbox / ".faults.json", spare / "faults.json")


def describe_fault(error: BaseException | None, otherwise: str) -> str:
    """A fault in one line that shows no partner's data: our own faults say it themselves; of any other exception only
    its kind and the place are told, for its words may hold anything."""
    if isinstance(error, LocalIndicatorsError):
        said = str(error)
    elif error is not None:
        ours = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(HOME)]
        ours = [f for f in ours if ".venv" not in f.filename] or ours
        where = f" at {Path(ours[-1].filename).relative_to(HOME)}, line {ours[-1].lineno}" if ours else ""
        system = f" ({error.strerror})" if isinstance(error, OSError) and error.strerror else ""
        said = f"{type(error).__name__}{system}{where}"
    else:
        said = otherwise
    return as_typed(" ".join(said.split()))[:MAX_FAULT_LENGTH]


def report_fault(reach: AlarmSettings, flow: str, run: str, said: str, at: datetime, *, bearable: int = 0) -> str:
    """Remember a fault of a run, and tell the analyst if nobody has been told of it yet; what kept the message from
    being sent, in words, or nothing. The first `bearable` times in a row are remembered only."""
    said = _without_secrets(said, reach)
    with _open_memory(reach.memory_paths) as memory:
        name = hashlib.sha256(re.sub(r"\d+", "#", said).encode()).hexdigest()[:12]
        blank = {"said": said, "flows": [], "run": run, "since": at.isoformat(), "times": 0, "told": False}
        one = memory.setdefault(name, blank)
        one |= {"flows": sorted({*one["flows"], flow}), "times": one["times"] + 1, "last": at.isoformat()}
        one["due"] = one.get("due", False) or one["times"] > bearable
        return _notify_analyst(reach, memory)


def clear_faults(reach: AlarmSettings, flow: str) -> str:
    """Forget the faults of a flow that has run well, and tell what could not be told before; what kept a message from
    being sent, in words, or nothing."""
    trouble = ""
    for number, path in enumerate(reach.memory_paths):
        if number and not path.exists():
            continue
        with _open_memory([path]) as memory:
            trouble = _notify_analyst(reach, memory) or trouble
            for name, one in list(memory.items()):
                one["flows"] = [other for other in one["flows"] if other != flow]
                if not one["flows"] and (one["told"] or not one.get("due")):
                    del memory[name]
    return trouble


def _notify_analyst(reach: AlarmSettings, memory: FaultMemory) -> str:
    """Write a message for each fault that is to be told and has not been, and send it."""
    trouble = ""
    for name, one in memory.items():
        if one["told"] or not one.get("due"):
            continue
        identity = f"fault-{datetime.fromisoformat(one['since']):%Y%m%d%H%M%S}-{name}"
        sent_at = datetime.fromisoformat(one["since"])
        envelope = Envelope(identity, reach.analyst, reach.sender, reach.analyst, sent_at)
        content = _worded(reach, one, sent_at, envelope)
        written = _write_to_outbox(reach.outbox / f"{identity}.eml", content)
        trouble = _send(reach, content, written=written)
        one["told"] = not trouble
    return trouble


def _worded(reach: AlarmSettings, fault: Mapping[str, Any], since: datetime, envelope: Envelope) -> bytes:
    """Return the message about a fault; in our own words where the organisation's template is the fault."""
    says = (fault["said"], fault["flows"], fault["run"], since, envelope)
    try:
        return to_analyst_of_fault(*says, Branding(reach.templates, reach.organisation)).as_bytes()
    except DefinitionError:
        return to_analyst_of_fault(*says).as_bytes()


def _write_to_outbox(path: Path, content: bytes) -> bool:
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)
        return True
    return False


def _send(reach: AlarmSettings, content: bytes, *, written: bool) -> str:
    """What kept a message from the analyst, or nothing. Without a mail server, the outbox is where it is delivered."""
    try:
        server = parse_mail_url(reach.smtp_url.get_secret_value() if reach.smtp_url else "")
    except LocalIndicatorsError as fault:
        return str(fault)
    if server is not None:
        return send_unrecorded_message(server, reach.sender, reach.analyst, content)
    return "" if written else "the outbox cannot be written"


def _without_secrets(said: str, reach: AlarmSettings) -> str:
    """The words without what a mail server's URL keeps secret."""
    url = reach.smtp_url.get_secret_value() if reach.smtp_url else ""
    said = said.replace(url, "(the mail server's URL)") if url else said
    return re.sub(r"\b[a-z][a-z0-9+.-]*://[^\s/@]*@", "(signed in)@", said)


# -- the memory of faults ---------------------------------------------------------------------------------------------


@contextmanager
def _open_memory(places: Sequence[Path]) -> Iterator[FaultMemory]:
    """The faults that are remembered at the first place that can be written, and are written back there at the end.
    One process at a time."""
    with contextlib.ExitStack() as stack:
        file = next((one for path in places if (one := _open_memory_file(path)) is not None), None)
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
    """The memory at a path with room for all it may hold; None where that cannot be had."""
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
    with contextlib.suppress(OSError, ValueError):
        found = json.loads(os.pread(file, MEMORY_BYTES, 0)) if file is not None else {}
        return found if isinstance(found, dict) else {}
    return {}


def _pad(memory: FaultMemory) -> bytes:
    """The memory at its one size; of too many faults the newest stay."""
    kept: Sequence[tuple[str, Any]] = list(memory.items())[-MAX_FAULTS:]
    while len(content := json.dumps(dict(kept)).encode()) > MEMORY_BYTES:
        kept = kept[1:]
    return content.ljust(MEMORY_BYTES)
