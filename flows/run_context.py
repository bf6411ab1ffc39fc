"""What one run works with: settings, definitions, partners, archive, ledger and the date."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from local_indicators.common.errors import StorageError
from local_indicators.flows.checking.staging import ValidationContext, stage_submissions
from local_indicators.flows.delivery.mail_server import configured_mail_server
from local_indicators.flows.records.archive import Archive
from local_indicators.flows.records.ledger import Ledger, read_ledger
from local_indicators.flows.records.loss_detection import require_no_losses, restore_published_file
from local_indicators.flows.settings import Settings, london_today, now
from local_indicators.flows.template_check import check_templates
from local_indicators.inputs.layouts.partner_layouts import Partner, load_partners
from local_indicators.schemas.definitions.loader import load_definitions
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.submissions import Submission

StagingFunction = Callable[[Path, Sequence[Submission], ValidationContext], Iterator[str]]


@dataclass(eq=False)
class RunContext:
    """What a run works with.

    `today` is the London date. `night` is the night that what arrives now counts for: between two nights the coming
    one, and today's until that has run. `notes` collects what to tell the analyst at the end. `stage_submissions` reads
    and checks submissions, in this process or on workers. `unread_partners` are those of whom something may lie in the
    inbox that could not be read.
    """

    settings: Settings
    definitions: Definitions
    partners: Mapping[str, Partner]
    archive: Archive
    ledger: Ledger
    today: date
    run: str
    night: date
    notes: list[str] = field(default_factory=list)
    stage_submissions: StagingFunction = stage_submissions
    unread_partners: set[str] = field(default_factory=set)


def prepare_run(
    settings: Settings, run: str, stage: StagingFunction = stage_submissions, *, by_day: bool = False
) -> RunContext:
    """Load and check everything that a run needs before it changes anything; `by_day` is for a run between two nights.
    Raises LocalIndicatorsError naming what is wrong."""
    configured_mail_server(settings)
    check_templates(settings.branding)
    definitions = load_definitions(settings.definitions)
    partners = load_partners(definitions, settings.partners)
    ledger = read_ledger(settings.archive)
    restore_published_file(require_no_losses(settings, ledger))
    for folder in (settings.warehouse.parent, settings.outbox):
        _require_writable(folder)
    archive = Archive(settings.archive)
    archive.prepare()
    today = settings.today or london_today(now())
    had_night = any(attempt.today >= today for attempt in ledger.attempts[-1:])
    night = today + timedelta(1) if by_day and had_night else today
    return RunContext(
        settings=settings,
        definitions=definitions,
        partners=partners,
        archive=archive,
        ledger=ledger,
        today=today,
        run=run,
        night=night,
        stage_submissions=stage,
    )


def _require_writable(folder: Path) -> None:
    """Raise StorageError if a folder cannot be made or written."""
    probe = folder / ".writable"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"local indicators")
        probe.unlink()
    except OSError as error:
        raise StorageError(folder, f"cannot be written ({error.strerror})") from None
