"""The keys whose new figures are set aside: the rows of mart.set_aside, which hold no figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb

from local_indicators.schemas.observations import KEY
from local_indicators.schemas.set_aside_returns import SetAside
from local_indicators.warehouse.store.loads_in_force import loads_of_outcomes


def set_aside_keys(con: duckdb.DuckDBPyConnection, set_aside: Sequence[SetAside]) -> list[tuple[Any, ...]]:
    """Each key that a return gives, or withdraws, which is set aside, with what the gate found at its own cell."""
    rows: list[tuple[Any, ...]] = []
    for one in set_aside:
        why = {cell: fault.says for fault in reversed(one.faults) for cell in fault.cells}
        for load in loads_of_outcomes(con, [one.outcome]):
            found = con.execute(
                f"SELECT {', '.join(KEY)}, sheet, cell FROM observation WHERE load = ? ORDER BY ALL", [load]
            ).fetchall()
            rows += [(*key, one.submission, one.collection, why.get(f"{sheet}!{cell}")) for *key, sheet, cell in found]
    return rows
