"""Protections switched off one at a time, for tests alone: disclosure control is made blind to one thing that readers see.

Nothing of this can be reached by a setting. A door replaces what disclosure control is told (rows and definitions), or
what it does with its answer, and leaves what is published as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import polars as pl
import pytest

from local_indicators.schemas.definitions.loader import SHIPPED_REFERENCE
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.reference.geography import Geography
from local_indicators.warehouse.disclosure import disclosure_control
from local_indicators.warehouse.mart import build_mart, comparators

States = Callable[[pl.DataFrame], pl.DataFrame]
Known = Callable[[Definitions], Definitions]


@dataclass(frozen=True)
class Door:
    """A protection, how it is switched off, the kind of family that shows it, how many of them are attacked at once, and
    whether only published files show it."""

    kind: str
    open: Callable[[pytest.MonkeyPatch], None]
    families: int = 4
    of_files: bool = False


@contextmanager
def opened(name: str) -> Iterator[None]:
    """One protection switched off for a while; none for no name."""
    with pytest.MonkeyPatch.context() as patch:
        if name:
            DOORS[name].open(patch)
        yield


def _blind(
    states: States = lambda rows: rows, known: Known = lambda all_of: all_of
) -> Callable[[pytest.MonkeyPatch], None]:
    """Have disclosure control decide on other rows and definitions than those that are published."""

    def open_it(patch: pytest.MonkeyPatch) -> None:
        withheld, guarded = disclosure_control.rows_to_withhold, disclosure_control.sensitive_families
        patch.setattr(
            disclosure_control, "rows_to_withhold", lambda rows, all_of: withheld(states(rows), known(all_of))
        )
        patch.setattr(disclosure_control, "sensitive_families", lambda all_of: guarded(known(all_of)))

    return open_it


def _without(*names: str) -> States:
    return lambda rows: rows.with_columns(
        pl.lit(None, rows.schema[name]).alias(name) for name in names if name in rows.columns
    )


def _policies(**fields: Any) -> Known:
    return lambda all_of: replace(all_of, disclosure={k: replace(v, **fields) for k, v in all_of.disclosure.items()})


def _indicators(change: Callable[[Any], Any]) -> Known:
    return lambda all_of: replace(all_of, indicators={k: change(v) for k, v in all_of.indicators.items()})


def _relations(*kinds: str) -> Known:
    """Without the relations of some kinds."""

    def known(all_of: Definitions) -> Definitions:
        kept = tuple(relation for relation in all_of.relations if relation.kind not in kinds)
        changed = {
            k: replace(v, change_of="" if "change" in kinds else v.change_of) for k, v in all_of.indicators.items()
        }
        return replace(all_of, relations=kept, indicators=changed)

    return known


def _areas(**fields: str) -> Known:
    def known(all_of: Definitions) -> Definitions:
        areas = [replace(area, **fields) for area in all_of.geography.areas]  # type: ignore[arg-type]
        return replace(
            all_of,
            geography=Geography(areas, SHIPPED_REFERENCE / "areas.csv"),
        )

    return known


def _undivided(all_of: Definitions) -> Definitions:
    return replace(all_of, dimensions=tuple(replace(dimension, partition=False) for dimension in all_of.dimensions))


def _no_printed(rows: pl.DataFrame) -> pl.DataFrame:
    """Without the values of shares that come without their numbers."""
    share = pl.col("indicator_id").str.contains("-(?:count)$").not_()
    bare = share & pl.col("numerator").is_null()
    return rows.with_columns(pl.when(bare).then(None).otherwise(pl.col("value")).alias("value"))


def _apart(rows: pl.DataFrame) -> pl.DataFrame:
    """With no two periods that overlap: each is taken for a year of its own."""
    code = pl.concat_str("time_identifier", "time_period").rank("dense").cast(pl.Int32)
    first = pl.date(1000 + code, 1, 1)
    return rows.with_columns(first.alias("period_start"), pl.date(1000 + code, 12, 31).alias("period_end"))


def _now(rows: pl.DataFrame) -> pl.DataFrame:
    """Without what was published before."""
    return rows.filter(pl.col("until").is_null()).with_columns(pl.lit(None, pl.Int64).alias("shown_from"))


def _only_small(patch: pytest.MonkeyPatch) -> None:
    """Hide what is small and nothing for another's sake."""
    _blind(known=_policies(secondary=False))(patch)


def _comparators(patch: pytest.MonkeyPatch) -> None:
    """Compare, average and chart with figures that are hidden."""
    made = comparators.create_points

    def points(con: duckdb.DuckDBPyConnection) -> None:
        made(con)
        con.execute(
            """UPDATE point SET value = h.value FROM out.mart.observations AS o JOIN current_row AS h
               USING (indicator_id, definition_version, area_code, time_identifier, time_period, breakdown)
               WHERE o.rowid = point.row"""
        )

    patch.setattr(build_mart, "create_points", points)


def _past(name: str) -> Callable[[pytest.MonkeyPatch], None]:
    """Tell all of the past, whatever today's policy hides."""

    def open_it(patch: pytest.MonkeyPatch) -> None:
        made = getattr(build_mart, name)
        patch.setattr(build_mart, name, lambda past, hidden, *more: made(past, hidden.clear(), *more))

    return open_it


def _told_of_hidden(measure: str) -> Callable[[pytest.MonkeyPatch], None]:
    """Leave one measure in rows that are hidden."""
    return lambda patch: patch.setattr(
        disclosure_control, "HIDDEN", tuple(n for n in disclosure_control.HIDDEN if n != measure)
    )


DOORS: dict[str, Door] = {
    "small numbers": Door("tables", _blind(known=_policies(primary_min=0))),
    "small denominators": Door("tables", _blind(known=_policies(min_denominator=0))),
    "sums": Door("tables", _only_small),
    "breakdowns": Door("tables", _blind(known=_undivided)),
    "marks": Door("tables", _blind(_without("conf_status"))),
    "words": Door("tables", _blind(_without("value_text"))),
    "printed shares": Door("outcomes", _blind(_no_printed)),
    "shared denominators": Door(
        "outcomes", _blind(known=_indicators(lambda one: replace(one, denominator=f"{one.id} {one.denominator}")))
    ),
    "complements": Door("outcomes", _blind(known=_relations("complement"))),
    "changes and gaps": Door("changes", _blind(known=_relations("change", "gap", "england-gap"))),
    "larger areas": Door("layers", _blind(known=_areas(parent_code="", lies_in=""))),
    "areas across": Door("layers", _blind(known=_areas(lies_in=""))),
    "windows": Door("spans", _blind(_apart)),
    "earlier versions": Door("tables", _blind(_now)),
    "comparators and control limits": Door("runs", _comparators, 8, of_files=True),
    "look back": Door("tables", _past("publication_spells"), 8, of_files=True),
    "revisions": Door("tables", _past("revision_rows"), 8, of_files=True),
    "values of hidden rows": Door("tables", _told_of_hidden("value")),
    "numerators of hidden rows": Door("tables", _told_of_hidden("numerator")),
    "ranges of hidden rows": Door("tables", _told_of_hidden("value_high")),
    "words of hidden rows": Door("tables", _told_of_hidden("value_text")),
}
"""Protections by name. What a range tells is protected twice, by what its ends are taken to tell and by hiding them with
the row that a sender marked, so that only the second shows when it is open."""
