"""The nightly flow: the steps of a night, as Prefect runs and shows them.

Prefect loads this file a second time under another name when it deploys it, so it defines no classes.
"""

from __future__ import annotations

from datetime import date

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from flows import night
from flows.night import Report
from flows.report import as_markdown
from flows.settings import settings
from flows.workers import stage_of

TASKS = {
    step: task(name=name, cache_policy=NO_CACHE)(step)
    for step, name in (
        (night.collect, "Collect what has arrived"),
        (night.judge, "Read and check returns"),
        (night.load, "Load the store"),
        (night.publish, "Publish the indicators"),
        (night.reply, "Answer data owners"),
    )
}
"""The steps as Prefect tasks. The archive's ledger owns what is done and what is not, so nothing is cached."""


@flow(name="nightly")
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
    done = night.whole_night(given, str(flow_run.id or "by-hand"), TASKS.__getitem__, stage_of(given))
    create_markdown_artifact(as_markdown(done), key="night", description="What came, what failed, what changed")
    return done
