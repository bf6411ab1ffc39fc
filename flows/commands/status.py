"""`indicators status`: where each expected return stands."""

from __future__ import annotations

from local_indicators.flows.commands.options import ArchiveOption, JsonOption, TodayOption, WorkspaceOption
from local_indicators.flows.commands.terminal import as_json, console
from local_indicators.flows.records import return_register
from local_indicators.flows.settings import settings


def status(
    *,
    workspace: WorkspaceOption = None,
    archive: ArchiveOption = None,
    today: TodayOption = None,
    json: JsonOption = False,
) -> int:
    """Print the register of expected returns."""
    register = return_register.register_record(settings(workspace=workspace, archive=archive, today=today))
    if json:
        print(as_json(register))
    else:
        return_register.print_register(register, console())
    return 0
