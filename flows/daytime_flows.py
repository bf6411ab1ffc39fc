"""The flows between two nights: answers within minutes, and reminders.

Prefect loads this file a second time under another name when it deploys it, so it defines no classes.
"""

from __future__ import annotations

from datetime import date

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed

from local_indicators.common.errors import BusyError
from local_indicators.flows.checking.dask_workers import staging_function
from local_indicators.flows.operations.prefect_artifacts import (
    DAYTIME_HOOKS,
    HOOKS,
    PATIENCE_SECONDS,
    STEPS,
    publish_page,
    show_progress,
    timed_run_name,
)
from local_indicators.flows.pipeline.daytime_steps import DaytimeReport, run_between_nights
from local_indicators.flows.pipeline.run_report import daytime_as_markdown
from local_indicators.flows.settings import settings
from local_indicators.schemas.notifications import DAYTIME_KINDS, REMINDER_KINDS


@flow(name="replies", flow_run_name=timed_run_name, **DAYTIME_HOOKS)
def replies(
    inbox: str | None = None,
    warehouse: str | None = None,
    outbox: str | None = None,
    archive: str | None = None,
    today: date | None = None,
    workspace: str | None = None,
) -> DaytimeReport | State[None]:
    """Check and answer what has arrived; load and publish nothing. Leaves at once while another run is at work, for
    that one answers too. Parameters left out come from the settings."""
    given = settings(workspace=workspace, inbox=inbox, warehouse=warehouse, outbox=outbox, archive=archive, today=today)
    try:
        with show_progress():
            done = run_between_nights(
                given, str(flow_run.id or "by-hand"), DAYTIME_KINDS, STEPS.__getitem__, staging_function(given)
            )
    except BusyError:
        return Completed(name="Left", message="Another run is at work here, and answers too.")
    _show("replies", done)
    return done


@flow(name="reminders", flow_run_name=timed_run_name, **HOOKS)
def reminders(
    inbox: str | None = None,
    warehouse: str | None = None,
    outbox: str | None = None,
    archive: str | None = None,
    today: date | None = None,
    workspace: str | None = None,
) -> DaytimeReport:
    """Remind owners of overdue returns and tell officers of those beyond the days of grace, each once, whether a night
    or this run comes first. What lies in the inbox is checked before, so that nobody is reminded of what was sent."""
    given = settings(workspace=workspace, inbox=inbox, warehouse=warehouse, outbox=outbox, archive=archive, today=today)
    with show_progress():
        done = run_between_nights(
            given,
            str(flow_run.id or "by-hand"),
            REMINDER_KINDS,
            STEPS.__getitem__,
            staging_function(given),
            patience_seconds=PATIENCE_SECONDS,
        )
    _show("reminders", done)
    return done


def _show(key: str, done: DaytimeReport) -> None:
    """Keep a page of a run that had something to do."""
    if done.returns or done.replies.sent or done.replies.waiting or done.replies.refused:
        publish_page(key, daytime_as_markdown(done), "What came, what was answered")
