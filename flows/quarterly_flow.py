"""The flow that files the quarter's scorecard for the senior officers' group.

Prefect loads this file a second time under another name when it deploys it, so it defines no classes.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run
from pydantic import Field

from local_indicators.flows import run_context
from local_indicators.flows.delivery.quarterly_filing import (
    Audience,
    FiledReport,
    file_report,
    parse_quarter,
    report_recipients,
)
from local_indicators.flows.operations.prefect_artifacts import (
    HOOKS,
    PATIENCE_SECONDS,
    STEPS,
    outlive_worker,
    publish_page,
    timed_run_name,
)
from local_indicators.flows.pipeline import night_steps, reply_step
from local_indicators.flows.pipeline.run_report import quarterly_as_markdown
from local_indicators.flows.records.writer_lock import sole_writer
from local_indicators.flows.settings import now, settings

file_it = task(name="File the report", task_run_name="File the report", cache_policy=NO_CACHE)(file_report)


@flow(name="quarterly-report", flow_run_name=timed_run_name, **HOOKS)
def quarterly_report(
    quarter: Annotated[str | None, Field(pattern=r"^\d{4}-Q[1-4]$", description="such as 2011-Q1")] = None,
    to: Audience = "officers",
    again: bool = False,
    today: date | None = None,
    workspace: str | None = None,
) -> FiledReport:
    """File the published scorecard as a page and a csv under its quarter, and mail it once to whom it is for.

    Without a quarter, the last that has ended. A report that is there is left as it is; `again` files another edition.
    """
    outlive_worker()
    given = settings(workspace=workspace, today=today)
    with sole_writer(given.archive, PATIENCE_SECONDS):
        at = run_context.prepare_run(given, str(flow_run.id or "by-hand"), by_day=True)
        chosen = parse_quarter(quarter, at.today)
        readers = report_recipients(to, at.definitions, at.today)
        done: FiledReport = file_it(
            given.reports, given.warehouse, chosen, at.run, now(), readers, again=again, branding=given.branding
        )
        replies = STEPS[reply_step.reply_between_nights](at, frozenset({"report"}))
        night_steps.finish_run(at)
    publish_page("quarterly-report", quarterly_as_markdown(done, replies), "What was filed, and to whom it was sent")
    return done
