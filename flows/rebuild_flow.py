"""The flow that makes store and published file again, for the day on which somebody has to.

Prefect loads this file a second time under another name when it deploys it, so it defines no classes.
"""

from __future__ import annotations

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed

from local_indicators.flows.operations.prefect_artifacts import HOOKS, publish_page, show_progress, timed_run_name
from local_indicators.flows.recovery.rebuild_warehouse import rebuild as rebuild_all
from local_indicators.flows.recovery.rebuild_warehouse import rebuilt_as_markdown
from local_indicators.flows.settings import settings

make_again = task(name="Replay the ledger", task_run_name="Replay the ledger", cache_policy=NO_CACHE)(rebuild_all)


@flow(name="rebuild", flow_run_name=timed_run_name, **HOOKS)
def rebuild(
    replace: bool = False, warehouse: str | None = None, archive: str | None = None, workspace: str | None = None
) -> State[None]:
    """Make store and published file again from ledger and archive and compare them with what is live. They are put in
    place where these are missing, or where `replace` asks for it; files that differ are left and the run says so."""
    given = settings(workspace=workspace, warehouse=warehouse, archive=archive)
    with show_progress():
        result = make_again(given, str(flow_run.id or "by-hand"), replace=replace)
    publish_page("rebuild", rebuilt_as_markdown(result), "Whether what is live is what the ledger makes")
    summary = result.text.splitlines()[0]
    return Completed(message=summary) if result.succeeded else Completed(name="Different", message=summary)
