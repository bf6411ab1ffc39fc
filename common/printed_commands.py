"""Commands that we print for people to copy: they run as they stand."""

from __future__ import annotations

import shlex

APPROVER = "performance-analyst"
"""The role that a printed approval names; whoever copies it may name another."""


def approve_command(name: str) -> str:
    """Return the command that approves a run, or lets a submission through the gate."""
    return f"indicators approve {shlex.quote(name)} --by {APPROVER}"
