"""What one run works with: settings, definitions, partners, archive, ledger, and the day it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from common.errors import StorageError
from flows.checking.staging import Desk, stage
from flows.delivery.mail_server import server_of
from flows.records.archive import Archive
from flows.records.ledger import Ledger, read_ledger
from flows.records.loss_detection import put_back, refuse_losses
from flows.settings import Settings, london_today, now
from inputs.layouts.partner_layouts import Partner, load_partners
from schemas.definitions.loader import load_definitions
from schemas.definitions.models import Definitions
from schemas.submissions import Submission

Stage = Callable[[Path, Sequence[Submission], Desk], Iterator[str]]


@dataclass(frozen=True, eq=False)
class Night:
    """What a night works with: where things are, what is true of good data, who sends what, the day it is, and the
    night that what arrives now counts for: between two nights the coming one, which is today's until it has been."""

    settings: Settings
    definitions: Definitions
    partners: Mapping[str, Partner]
    archive: Archive
    ledger: Ledger
    today: date
    run: str
    counts_for: date
    notes: list[str] = field(default_factory=list)
    stage: Stage = stage
    """Who reads and checks: this process, or workers elsewhere."""
    unseen: set[str] = field(default_factory=set)
    """Partners of whom something may lie in the inbox that could not be taken in tonight."""


def prepare(given: Settings, run: str, stage: Stage = stage, *, by_day: bool = False) -> Night:
    """Load and check everything that a night needs before it touches anything. Raises LocalIndicatorsError naming what
    is wrong."""
    server_of(given)
    definitions = load_definitions(given.definitions)
    partners = load_partners(definitions, given.partners)
    ledger = read_ledger(given.archive)
    put_back(refuse_losses(given, ledger))
    for folder in (given.warehouse.parent, given.outbox):
        _writable(folder)
    archive = Archive(given.archive)
    archive.prepare()
    today = given.today or london_today(now())
    been = any(one.today >= today for one in ledger.attempts[-1:])
    counts_for = today + timedelta(1) if by_day and been else today
    return Night(given, definitions, partners, archive, ledger, today, run, counts_for, stage=stage)


def _writable(folder: Path) -> None:
    probe = folder / ".writable"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"local indicators")
        probe.unlink()
    except OSError as error:
        raise StorageError(folder, f"cannot be written ({error.strerror})") from None
