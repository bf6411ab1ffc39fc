"""`indicators doctor`: what a night depends on, looked at."""

from __future__ import annotations

from local_indicators.flows.commands.options import JsonOption, WorkspaceOption
from local_indicators.flows.commands.terminal import as_json
from local_indicators.flows.operations.doctor.examination import examine, print_results
from local_indicators.flows.settings import settings


def doctor(*, workspace: WorkspaceOption = None, json: JsonOption = False) -> int:
    """Print each check of the installation; exit code 1 where something is wrong."""
    checks = examine(lambda: settings(workspace=workspace))
    if json:
        print(as_json([check.as_dict() for check in checks]))
    else:
        print_results(checks)
    return 1 if any(check.level == "wrong" for check in checks) else 0
