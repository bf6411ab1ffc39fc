"""`indicators nightly`: one whole night through the Prefect flow."""

from __future__ import annotations

import atexit
import os
import signal
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local_indicators.common.progress import report_progress
from local_indicators.flows.commands.options import (
    ArchiveOption,
    InboxOption,
    OutboxOption,
    TodayOption,
    WarehouseOption,
    WorkspaceOption,
)
from local_indicators.flows.commands.terminal import console, progress_shown
from local_indicators.flows.inboxes import Address, check_inbox
from local_indicators.flows.pipeline.run_report import print_report
from local_indicators.flows.settings import needs_extra, settings
from local_indicators.inputs.layouts.partner_layouts import load_partners
from local_indicators.schemas.definitions.loader import load_definitions

if TYPE_CHECKING:
    from local_indicators.flows.pipeline.night_summary import NightReport

PREFECT = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_CLI_PROMPT": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
}
"""Settings of Prefect unless the environment has others: no telemetry, only critical log lines, and enough time to
start on a slow machine."""


def nightly(
    *,
    workspace: WorkspaceOption = None,
    inbox: InboxOption = None,
    warehouse: WarehouseOption = None,
    outbox: OutboxOption = None,
    archive: ArchiveOption = None,
    today: TodayOption = None,
) -> int:
    """Run one whole night and print its table; exit code 3 where the gate refused."""
    chosen = settings(
        workspace=workspace, inbox=inbox, warehouse=warehouse, outbox=outbox, archive=archive, today=today
    )
    needs_extra(chosen)
    _refuse_before_prefect(chosen.definitions, chosen.partners, chosen.inbox)
    names = ("workspace", "inbox", "warehouse", "outbox", "archive", "today")
    with progress_shown():
        report = _run_flow(flow_parameters(inbox, {name: getattr(chosen, name) for name in names}))
    print_report(report, console())
    return 3 if report.publication.state == "refused" else 0


def flow_parameters(inbox: str | None, chosen: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of the flow: absolute paths, and an inbox on a server only as it was typed, because Prefect
    shows the parameters of a run and the URL in the settings may hold a password."""
    return chosen if isinstance(chosen["inbox"], Path) else {**chosen, "inbox": inbox}


def _refuse_before_prefect(definitions: Path, partners: Path, inbox: Path | Address) -> None:
    """Refuse at once, and in one line, what would otherwise fail only after Prefect has started."""
    check_inbox(inbox)
    load_partners(load_definitions(definitions), partners)


def _run_flow(chosen: Mapping[str, Path | date | str | None]) -> NightReport:
    """Run the flow, with Prefect imported only now."""
    for name, value in PREFECT.items():
        os.environ.setdefault(name, value)
    report_progress("Starting Prefect")
    from local_indicators.flows.nightly_flow import nightly as nightly_flow

    parameters = {name: str(value) if isinstance(value, Path) else value for name, value in chosen.items()}
    try:
        return nightly_flow(**parameters)  # type: ignore[arg-type]
    finally:
        atexit.register(_end_in_peace)  # registered after Prefect's own, so that it comes before


def _end_in_peace() -> None:
    """Have Prefect stop its server, which takes some seconds, without a traceback from whoever loses patience."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
