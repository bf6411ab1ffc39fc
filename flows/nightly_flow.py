"""The nightly flow: the steps of a night, as Prefect runs and shows them.

Prefect loads this file a second time under another name when it deploys it, so it defines no classes.
"""

from __future__ import annotations

from datetime import date

from prefect import flow
from prefect.runtime import flow_run

from local_indicators.flows.checking.dask_workers import staging_function
from local_indicators.flows.operations.prefect_artifacts import (
    HOOKS,
    PATIENCE_SECONDS,
    STEPS,
    night_run_name,
    publish_page,
    show_progress,
)
from local_indicators.flows.pipeline import night_steps
from local_indicators.flows.pipeline.night_summary import NightReport
from local_indicators.flows.pipeline.run_report import as_markdown
from local_indicators.flows.settings import settings


@flow(name="nightly", flow_run_name=night_run_name, **HOOKS)
def nightly(
    inbox: str | None = None,
    warehouse: str | None = None,
    outbox: str | None = None,
    archive: str | None = None,
    today: date | None = None,
    workspace: str | None = None,
) -> NightReport:
    """One whole night. A rejected return is a normal night; only our own faults fail it. Parameters left out come from
    the settings."""
    given = settings(workspace=workspace, inbox=inbox, warehouse=warehouse, outbox=outbox, archive=archive, today=today)
    with show_progress():
        done = night_steps.run_night(
            given,
            str(flow_run.id or "by-hand"),
            STEPS.__getitem__,
            staging_function(given),
            patience_seconds=PATIENCE_SECONDS,
        )
    publish_page("night", as_markdown(done), "What came, what failed, what changed")
    return done
