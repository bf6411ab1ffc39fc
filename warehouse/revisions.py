"""What changed after it had been published: old value, new value, when, by which submission, and why."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import polars as pl

from schemas.tables import KEY, PAYLOAD

Row = dict[str, Any]


def revisions(history: pl.DataFrame, hidden: set[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The rows of mart.revisions from each key's states in the order of `load` (see store.history).

    Only a state that was published, or that is about to be, can be revised or revise. A key that disclosure control
    hides today is listed without its values, old or new.
    """
    out: list[tuple[Any, ...]] = []
    rows = history.sort(*KEY, "load").iter_rows(named=True)
    for key, states in groupby(rows, key=lambda row: tuple(row[name] for name in KEY)):
        before: Row | None = None
        for state in states:
            if before is not None and _differs(before, state):
                out.append(_revision(key, before, state, hidden=key in hidden))
            before = state
    return out


def _said(state: Row) -> tuple[Any, ...]:
    return (state["withdrawn"], *(None if state["withdrawn"] else state[name] for name in PAYLOAD))


def _differs(before: Row, after: Row) -> bool:
    return _said(before) != _said(after)


def _revision(key: tuple[Any, ...], before: Row, after: Row, *, hidden: bool) -> tuple[Any, ...]:
    def shown(state: Row, name: str) -> Any:
        return None if hidden or state["withdrawn"] else state[name]

    names = dict(zip(KEY, key, strict=True))
    return (
        names["indicator_id"],
        names["definition_version"],
        names["area_code"],
        names["time_identifier"],
        names["time_period"],
        names["breakdown"],
        shown(before, "value"),
        shown(after, "value"),
        shown(before, "value_text"),
        shown(after, "value_text"),
        _status(before, hidden=hidden),
        _status(after, hidden=hidden),
        after["recorded_at"],
        before["submission"],
        after["submission"],
        _why(before, after),
    )


def _status(state: Row, *, hidden: bool) -> str | None:
    if state["withdrawn"]:
        return "withdrawn"
    if hidden:
        return "c"
    return "; ".join(s for s in (state["obs_status"], state["conf_status"]) if s) or None


def _why(before: Row, after: Row) -> str:
    if after["withdrawn"]:
        return "Withdrawn: a later return for this period no longer gives it."
    if before["withdrawn"]:
        return "Given again by a later return."
    if before["obs_status"] == "p" and after["obs_status"] != "p":
        return "Provisional figure made final by a later return."
    return "Replaced by a later return."
