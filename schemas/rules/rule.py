"""A rule of good data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Strictness = Literal["hard", "waivable", "advisory"]


@dataclass(frozen=True)
class Rule:
    """One rule. `hard` is never let through, `waivable` blocks until waived, `advisory` only warns."""

    id: str
    strictness: Strictness
    says: str
    fix: str
    example: str

    @property
    def severity(self) -> Literal["error", "warning"]:
        """`warning` for an advisory rule, else `error`."""
        return "warning" if self.strictness == "advisory" else "error"
