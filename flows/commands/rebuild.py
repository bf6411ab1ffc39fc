"""`indicators rebuild`: store and published file made again from ledger and archive."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from local_indicators.common.errors import UsageError
from local_indicators.flows.commands.options import ArchiveOption, JsonOption, WarehouseOption, WorkspaceOption
from local_indicators.flows.commands.terminal import as_json, progress_shown
from local_indicators.flows.recovery.rebuild_warehouse import rebuild as rebuild_from_ledger
from local_indicators.flows.recovery.reparse_report import reparse_submissions as report_reparsed
from local_indicators.flows.settings import settings


def rebuild(
    *,
    replace: Annotated[bool, Parameter(help="Put them in place, also where what is live differs.")] = False,
    reparse: Annotated[
        bool, Parameter(help="Only report what today's layouts and rules would have made of all that was sent.")
    ] = False,
    json: JsonOption = False,
    workspace: WorkspaceOption = None,
    warehouse: WarehouseOption = None,
    archive: ArchiveOption = None,
) -> int:
    """Make store and published file again, or report what today's rules would have made; exit code 1 for a
    difference."""
    if replace and reparse:
        raise UsageError("--replace", "cannot be given together with --reparse, which only reports")
    chosen = settings(workspace=workspace, warehouse=warehouse, archive=archive)
    if reparse:
        with progress_shown():
            report = report_reparsed(chosen)
        print(as_json(report.as_dict()) if json else report.text)
        return 1 if report.differences else 0
    with progress_shown():
        rebuilt = rebuild_from_ledger(chosen, "by-hand", replace=replace)
    print(as_json(rebuilt.as_dict()) if json else rebuilt.text)
    return 0 if rebuilt.succeeded else 1
