"""What the commands share by which a person decides what is published."""

from __future__ import annotations

import sys
from collections.abc import Callable

from local_indicators.warehouse.publication.publish import NotApproved


def print_decision(decide: Callable[[], str]) -> int:
    """Carry out a decision and print the result; return exit code 1, with the reason, where it cannot be carried
    out."""
    try:
        print(decide())
    except NotApproved as reason:
        print(f"indicators: {reason}", file=sys.stderr)
        return 1
    return 0
