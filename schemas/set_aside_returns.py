"""What the gate set aside: an accepted return whose new figures are not published yet, why, and where to look."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from local_indicators.common.config_files import STRICT_KEYS
from local_indicators.schemas.submissions import outcome_id

MOST_CELLS = 20
"""Cells that are told of one fault."""


@dataclass(frozen=True)
class SetAsideReason:
    """An expectation of the gate that a return fails: its id, what must hold in words, and the return's own cells, each
    as Sheet!B6."""

    __pydantic_config__ = STRICT_KEYS
    rule: str
    says: str
    cells: tuple[str, ...]

    @property
    def text(self) -> str:
        """Return in one line what must hold, and the cells."""
        more = f" and {len(self.cells) - MOST_CELLS} more" if len(self.cells) > MOST_CELLS else ""
        return f"{self.says}: {', '.join(self.cells[:MOST_CELLS])}{more}" if self.cells else self.says


@dataclass(frozen=True)
class SetAside:
    """An accepted outcome that is left out of what is published. `faults` is empty for an earlier file of the same
    return, which does not replace the later one."""

    __pydantic_config__ = STRICT_KEYS
    submission: str
    collection: str
    validation_number: Annotated[int, Field(alias="judgement")]
    faults: tuple[SetAsideReason, ...] = ()

    @property
    def outcome(self) -> str:
        """Return the id of the outcome."""
        return outcome_id(self.submission, self.collection, self.validation_number)

    @property
    def key(self) -> str:
        """Return a key that is the same as long as the same outcome is set aside for the same reasons."""
        reasons = "\0".join(fault.text for fault in self.faults)
        return f"{self.outcome}/{hashlib.sha256(reasons.encode()).hexdigest()[:10]}"
