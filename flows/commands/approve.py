"""`indicators approve`: publish what the gate refused."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import Parameter

from flows.approval import approve_run
from flows.commands.options import ArchiveOption, ByOption, WarehouseOption
from flows.settings import settings
from warehouse.publish import NotApproved


def approve(
    run: Annotated[str, Parameter(help="The run, as the night and its page name it.")],
    *,
    by: ByOption,
    warehouse: WarehouseOption = None,
    archive: ArchiveOption = None,
) -> int:
    """Publish the candidate of a refused run; exit code 1 with the reason where it cannot be approved."""
    try:
        print(approve_run(settings(warehouse=warehouse, archive=archive), run, by))
    except NotApproved as reason:
        print(f"indicators: {reason}", file=sys.stderr)
        return 1
    return 0
