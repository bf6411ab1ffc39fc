"""The checks on tidy tables: many returns together, every finding in one pass, and no cell named by two errors.

rows      single rows, as one pandera validation
together  a key given twice, totals and their parts
bounds    a share of all and those of its parts, complements, an area and those within it
absence   companions and required rows that are not there
history   what was accepted before, and what another return says

They run in that order, from what is certain of one cell to what is only likely; a rule leaves alone what an earlier one
has named, because it could only say again what follows from it.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.findings import Finding
from local_indicators.schemas.observations import MEASURES, CheckContext, TidyTable
from local_indicators.schemas.validation.bounding_figures import check_bounds
from local_indicators.schemas.validation.completeness import PossiblyUnreadKeys, check_companions, check_required
from local_indicators.schemas.validation.duplicates_and_totals import check_duplicates, check_totals
from local_indicators.schemas.validation.finding_collector import FindingCollector
from local_indicators.schemas.validation.history import check_history
from local_indicators.schemas.validation.row_validation import check_rows, join_definitions
from local_indicators.schemas.validation.sibling_returns import with_sibling_returns

__all__ = ("check",)


def check(tables: Sequence[TidyTable], definitions: Definitions, context: CheckContext) -> list[list[Finding]]:
    """Judge tidy tables against the definitions and the context; one list of findings for each table, in its order.

    Never raises on what a partner sent: what cannot be judged because a cell is already in a finding is left alone.
    """
    if not tables:
        return []
    frame = join_definitions(tables, definitions, context)
    collector = FindingCollector(
        [[] for _ in tables], [table.seen for table in tables], [table.typed for table in tables]
    )
    _already_named(frame, collector)
    check_rows(frame, tables, context, collector)
    check_duplicates(frame, collector)
    beside = with_sibling_returns(frame, tables, context)
    check_totals(beside, tables, definitions, context, collector)
    check_bounds(beside, tables, definitions, context, collector)
    absences = PossiblyUnreadKeys(frame, tables)
    check_companions(frame, definitions, absences, collector)
    check_required(frame, definitions, absences, collector)
    check_history(frame, tables, definitions, context, absences, collector)
    return collector.found


def _already_named(frame: pl.DataFrame, collector: FindingCollector) -> None:
    """The cells of a faulty row that gave nothing are those that the parser names."""
    faulty = frame.filter(pl.col("faulty"))
    for name in MEASURES:
        unread = faulty.filter(pl.col(name).is_null() & pl.col(f"at_{name}").is_not_null())
        for number, sheet, position in unread.select("_return", "sheet", f"at_{name}").iter_rows():
            collector.named.add((number, (sheet, position)))
