"""Figures that their sender hid: a mark in the place of the value hides the counts beside it too."""

from __future__ import annotations

import polars as pl

_TELLS = ("value", "value_text", "numerator")
_HIDES = (*_TELLS, "denominator")


def hide_marked(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of the store, where one that its sender marked as confidential gives nothing that the mark is to hide. The
    ends of a range that stands for a mark, as in <5, are what the sender shows."""
    tells = pl.any_horizontal(pl.col(name).is_not_null() for name in _TELLS if name in rows.columns)
    marked = (pl.col("conf_status") == "c").fill_null(value=False) & tells
    cleared = (
        pl.when(marked).then(None).otherwise(pl.col(name)).alias(name) for name in _HIDES if name in rows.columns
    )
    return rows.with_columns(*cleared)
