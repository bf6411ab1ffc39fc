"""`indicators status`: where each expected return stands."""

from __future__ import annotations

from flows import standing
from flows.commands.options import ArchiveOption, JsonOption, TodayOption
from flows.commands.terminal import as_json, console
from flows.settings import settings


def status(*, archive: ArchiveOption = None, today: TodayOption = None, json: JsonOption = False) -> int:
    """Print the register of expected returns."""
    register = standing.status(settings(archive=archive, today=today))
    if json:
        print(as_json(register))
    else:
        standing.show(register, console())
    return 0
