"""What the return before gave and this one does not: rows, periods, and what stood beside a figure."""

from __future__ import annotations

from typing import Any

import polars as pl

from local_indicators.schemas.findings import make_finding
from local_indicators.schemas.observations import KEY, MEASURES, TidyTable
from local_indicators.schemas.validation.completeness import PossiblyUnreadKeys
from local_indicators.schemas.validation.finding_collector import FindingCollector

_PERIOD = ["time_identifier", "time_period"]
Row = dict[str, Any]


def check_withdrawals(
    number: int, now: pl.DataFrame, mine: pl.DataFrame, absences: PossiblyUnreadKeys, collector: FindingCollector
) -> None:
    """Note what `mine`, the figures that are held of a return, has and `now` has not: a row of a period that the return
    speaks of; a whole period of those that the last file carried; and a number or word beside a figure. Each is named
    with its cell where that is blank now."""
    table = absences.tables[number]
    spoken_of = mine.join(now.select(_PERIOD).unique(), on=_PERIOD, how="semi")
    for row in spoken_of.join(now.select(KEY), on=list(KEY), how="anti").sort(KEY).iter_rows(named=True):
        if absences.certain(number, row, row["sheet"]):
            period = collector.period(number, row["time_identifier"], row["time_period"])
            what = f"no row for {row['indicator_id']}, {row['area_code']}, {period}, {row['breakdown']}"
            _note(number, "key.withdrawn", table, [row], what, describe_previous_row(row), collector)
    _gone(number, now, mine, absences, collector)
    _left_blank(number, now, mine, collector)


def _note(
    number: int, rule: str, table: TidyTable, rows: list[Row], found: str, expected: str, collector: FindingCollector
) -> None:
    """Note a finding with the cells of some rows of before that hold nothing now."""
    blank = [(row["sheet"], row["cell"]) for row in rows if (row["sheet"], row["cell"]) in table.blank]
    cells = [cell for sheet, cell in blank if sheet == blank[0][0]]
    sheet = blank[0][0] if blank else None
    one = make_finding(rule, sheet=sheet, cells=cells, field="value", found=found, expected=expected)
    collector.found[number].append(one)


def _gone(
    number: int, now: pl.DataFrame, mine: pl.DataFrame, absences: PossiblyUnreadKeys, collector: FindingCollector
) -> None:
    """Note periods that the file which gave the newest period gave too and this one does not. That a table moves on,
    and lets go of its oldest period for a newer one, is no loss."""
    for (identifier,), held in sorted(mine.group_by("time_identifier")):
        newest = held.get_column("time_period").max()
        files = held.filter(pl.col("time_period") == newest).get_column("source_file").unique()
        carried = held.filter(pl.col("source_file").is_in(files.implode()))
        before = set(carried.get_column("time_period"))
        here = set(now.filter(time_identifier=identifier).get_column("time_period").drop_nulls())
        if not before & here:
            continue
        moved = max(here) > str(newest)
        lost = [one for one in sorted(before - here) if not (moved and one < min(here))]
        rows = list(carried.filter(pl.col("time_period").is_in(lost)).sort("time_period", *KEY).iter_rows(named=True))
        if not lost or not all(absences.certain(number, row, row["sheet"]) for row in rows):
            continue
        periods = [collector.period(number, str(identifier), one) for one in lost]
        found = f"no figures for {', '.join(periods)}, of which there were {len(rows)}"
        _note(number, "period.gone", absences.tables[number], rows, found, describe_previous_row(rows[0]), collector)


def _left_blank(number: int, now: pl.DataFrame, mine: pl.DataFrame, collector: FindingCollector) -> None:
    """Note cells of figures that are blank now and said something of the same figure before."""
    both = now.filter("keyed", ~pl.col("faulty")).join(mine, on=list(KEY), how="inner", suffix="_before")
    for name in MEASURES:
        given = pl.any_horizontal(pl.col(one).is_not_null() for one in MEASURES)
        lost = both.filter(
            pl.col(name).is_null(),
            pl.col(f"{name}_before").is_not_null(),
            pl.col(f"at_{name}").is_not_null(),
            pl.col("obs_status").is_null() | pl.col("obs_status").is_in(["p", "e", "r", "u", "f", "b"]),
            pl.col("conf_status").is_null(),
            given,
        )
        for row in lost.iter_rows(named=True):
            place = (row["sheet"], row[f"at_{name}"])
            before = row[f"{name}_before"]
            said = f"{before:,.10g}" if isinstance(before, float) else before
            where = f"in {row['source_file']}" if row["source_file"] else "published"
            expected = f"{said}, as {where}, or a mark for why there is none"
            if collector.free(number, [place]):
                collector.add(number, "cell.left-blank", [place], field=name, found="", expected=expected)


def describe_previous_row(row: Row) -> str:
    """What the earlier row said and where; a row that another partner sent is told as readers see it."""
    where = f"in {row['source_file']}, {row['sheet']}!{row['cell']}" if row["source_file"] else "published"
    return f"{describe_value(row['value'], row['value_text'])}, as {where}"


def describe_value(value: float | None, text: str | None) -> str:
    """Return a value in words of findings: the number, else the text."""
    return f"{value:,.10g}" if value is not None else text or "no value"
