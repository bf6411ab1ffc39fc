"""What the commands share by which a person decides what is published."""

from __future__ import annotations

import sys
from collections.abc import Callable

from warehouse.publication.publish import NotApproved


def print_decision(decide: Callable[[], str]) -> int:
    """Do what was decided and print what came of it; exit code 1, with the reason, where it cannot be done."""
    try:
        print(decide())
    except NotApproved as reason:
        print(f"indicators: {reason}", file=sys.stderr)
        return 1
    return 0
