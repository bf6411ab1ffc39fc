"""The nightly flow: the steps of a night, as Prefect runs and shows them.

Prefect loads this file a second time under another name when it deploys it, so it defines no classes.
"""

from __future__ import annotations

from datetime import date

from prefect import flow
from prefect.runtime import flow_run

from flows.checking.dask_workers import stage_of
from flows.operations.prefect_artifacts import HOOKS, PATIENCE_SECONDS, STEPS, of_the_night, progress_shown, show
from flows.pipeline import night_steps
from flows.pipeline.night_summary import Report
from flows.pipeline.run_report import as_markdown
from flows.settings import settings


@flow(name="nightly", flow_run_name=of_the_night, **HOOKS)
def nightly(
    inbox: str | None = None,
    warehouse: str | None = None,
    outbox: str | None = None,
    archive: str | None = None,
    today: date | None = None,
) -> Report:
    """One whole night. A rejected return is a normal night; only our own faults fail it. Parameters left out come from
    the settings."""
    given = settings(inbox=inbox, warehouse=warehouse, outbox=outbox, archive=archive, today=today)
    with progress_shown():
        done = night_steps.whole_night(
            given,
            str(flow_run.id or "by-hand"),
            STEPS.__getitem__,
            stage_of(given),
            patience_seconds=PATIENCE_SECONDS,
        )
    show("night", as_markdown(done), "What came, what failed, what changed")
    return done
