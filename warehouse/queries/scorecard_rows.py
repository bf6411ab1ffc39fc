"""What a report knows of the published scorecard."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Scorecard:
    """The rows of mart.scorecard with their provenance, in its order, and the version and file they were read from."""

    rows: tuple[Row, ...]
    data_version: int
    published_at: datetime
    run: str
    has_examples: bool
    published_sha256: str
