"""`indicators approve`: publish what the gate refused, or let through a return that it set aside."""

from __future__ import annotations

import re
import sys
from typing import Annotated

from cyclopts import Parameter

from flows.approval import approve_run, release
from flows.commands.options import ArchiveOption, ByOption, WarehouseOption
from flows.settings import settings
from warehouse.publish import NotApproved


def approve(
    run: Annotated[str, Parameter(help="The run, as the night and its page name it; or a submission.")],
    *,
    by: ByOption,
    warehouse: WarehouseOption = None,
    archive: ArchiveOption = None,
) -> int:
    """Publish the candidate of a refused run, or let a submission such as S000012 through the gate.

    Exit code 1 with the reason where it cannot be approved.
    """
    decide = release if re.fullmatch(r"S[0-9]{6,}", run) else approve_run
    try:
        print(decide(settings(warehouse=warehouse, archive=archive), run, by))
    except NotApproved as reason:
        print(f"indicators: {reason}", file=sys.stderr)
        return 1
    return 0
