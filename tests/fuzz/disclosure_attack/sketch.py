"""The nights of a partnership without a store or a file: what disclosure control decides in each, and what that shows.

It asks disclosure control as the build does, with every row that was or is to be published, and shows what it lets
through of the present and of the past. What else the published file holds is left to `nights`; this takes a hundredth
of the time.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from local_indicators.schemas.definitions.models import Definitions
from local_indicators.warehouse.disclosure import disclosure_control
from tests.fuzz.disclosure_attack.nights import Told, note_limits
from tests.fuzz.disclosure_attack.notes import Notes
from tests.fuzz.disclosure_attack.partnerships import Partnership, Row
from tests.fuzz.disclosure_attack.people import Key
from tests.fuzz.disclosure_attack.reader import MEASURES, Reader
from tests.support.publication_histories import tidy

KEY = ("indicator_id", "definition_version", "area_code", "time_identifier", "time_period", "breakdown")


class _Book:
    """Every figure that was sent, numbered by load, with the versions between which it stood and that first showed it."""

    def __init__(self) -> None:
        self.frames: list[pl.DataFrame] = []
        self.stood: dict[tuple[int, Key], list[int | None]] = {}
        self.newest: dict[str, tuple[int, tuple[Row, ...]]] = {}

    def load(self, collection: str, rows: tuple[Row, ...], definitions: Definitions) -> str:
        number = len(self.frames) + 1
        self.frames.append(
            tidy([{**dict(zip(KEY, row.key, strict=True)), **row.sent} for row in rows], definitions).with_columns(
                load=pl.lit(number, pl.Int64), submission=pl.lit(f"S{number:06d}")
            )
        )
        self.newest[collection] = number, rows
        return f"S{number:06d}"

    def stand(self, version: int) -> set[tuple[int, Key]]:
        """Note what stands in a version."""
        held = {(number, row.key) for number, rows in self.newest.values() for row in rows}
        for one in held:
            self.stood.setdefault(one, [version, None, None])
        for one, span in self.stood.items():
            if one not in held and span[1] is None:
                span[1] = version
        return held

    def states(self) -> pl.DataFrame:
        spans = pl.DataFrame(
            [(number, *key, *span) for (number, key), span in self.stood.items()],
            schema={"load": pl.Int64, **dict.fromkeys(KEY, pl.String)}
            | dict.fromkeys(("since", "until", "shown_from"), pl.Int64),
            orient="row",
        )
        return pl.concat(self.frames).join(spans, on=["load", *KEY], maintain_order="left")

    def show(self, hidden: pl.DataFrame, version: int) -> None:
        """Note what a version is the first to show."""
        kept = {(row[-1], tuple(row[:-1])) for row in hidden.select(*KEY, "load").iter_rows()}
        for one, span in self.stood.items():
            if one not in kept and span[2] is None:
                span[2] = version


def sketch(made: Partnership) -> tuple[Told, Notes]:
    """What was sent and what a reader learns of it, night by night."""
    told, reader, book = Told(), Reader(made), _Book()
    for version, night in enumerate((n for n in made.nights if n.rollback_to is None), start=1):
        for collection, rows in night.returns.items():
            sent = book.load(collection, rows, night.definitions)
            told.sent |= {(row.key, sent): row for row in rows}
        held = book.stand(version)
        told.current.append(frozenset((key, f"S{number:06d}") for number, key in held))
        states = book.states()
        hidden = disclosure_control.rows_to_withhold(states, night.definitions)
        book.show(hidden, version)
        reader.under(night.definitions)
        reader.rows(_shown(states, hidden, night.definitions), f"v{version}")
        note_limits(told, night.definitions)
    for current in told.current:
        reader.notes.epoch({state[0]: state for state in current})
    return told, reader.notes


def _shown(states: pl.DataFrame, hidden: pl.DataFrame, definitions: Definitions) -> list[tuple[Any, ...]]:
    lines = disclosure_control.suppress_and_round(states, hidden, definitions).with_columns(
        pl.lit(None, pl.Float64).alias("lower_ci"), pl.lit(None, pl.Float64).alias("upper_ci")
    )
    return lines.select(*KEY, "submission", *MEASURES).rows()
