"""A publication that the gate refused, as the analyst is told of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Refusal:
    """A publication that the gate refused: its reasons, the page of the verdict, and the run, if it may be approved."""

    reasons: tuple[str, ...]
    page: str
    approvable_run: str
