"""The rules on rows together: a key given twice, and totals that are not the sum of their parts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl

from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.observations import KEY, KEY_CELLS, MEASURES, CheckContext, TidyTable
from local_indicators.schemas.reference.breakdowns import Dimension, breakdown_parts, spell_breakdown
from local_indicators.schemas.validation.finding_collector import FindingCollector, Place
from local_indicators.schemas.validation.row_validation import first_measure_given, waiver_in_force

IMPLIED = (5.0, 10.0)
"""Bases that a total and its parts look rounded to where nobody says so: if all of them are multiples."""
DUPLICATES_NAMED = 50
"""Rows of one duplicated key whose cells a finding lists."""

Row = dict[str, Any]


# -- the same key twice -----------------------------------------------------------------------------------------------


def check_duplicates(frame: pl.DataFrame, collector: FindingCollector) -> None:
    """A key stands once in a return. Keys that stand twice because of one and the same cell, such as the area of a row
    with several values, are one finding. A part that could not be read is the same where it is said by the same cell,
    so that an unreadable year over a table hides no row that stands twice in it."""
    parts = [
        pl.coalesce(part, pl.concat_str(pl.lit("?"), "sheet", pl.col(cell).cast(pl.String).fill_null("")))
        for part, cell in zip(("area_code", "time_period", "breakdown"), KEY_CELLS[1:], strict=True)
    ]
    said = [
        pl.col(part).is_not_null() | pl.col(cell).is_not_null()  # under a heading that is missing nothing is said
        for part, cell in zip(("area_code", "time_period", "breakdown"), KEY_CELLS[1:], strict=True)
    ]
    rest = [pl.col(name).fill_null("") for name in ("definition_version", "time_identifier")]
    known = frame.filter(pl.col("indicator_id").is_not_null(), *said)
    known = known.with_columns(pl.struct("_return", "indicator_id", *parts, *rest).alias("_key"))
    merged: list[tuple[set[tuple[int, Place]], list[list[Row]]]] = []
    twice = known.filter(pl.col("_key").is_duplicated())
    for _, group in twice.group_by("_key", maintain_order=True):
        rows = list(group.iter_rows(named=True))
        cells = {(rows[0]["_return"], place) for place in _telling_apart(rows)}
        together = [one for one in merged if one[0] & cells]
        merged = [one for one in merged if not one[0] & cells]
        merged.append((cells.union(*(c for c, _ in together)), [*(g for _, gs in together for g in gs), rows]))
    for _, groups in merged:
        _note_duplicate(groups, collector)


def _telling_apart(rows: Sequence[Row]) -> list[Place]:
    """The cells that say the key of rows with the same key, but for those in which all the rows have their part."""
    shared = [name for name in KEY_CELLS if len({(row["sheet"], row[name]) for row in rows}) == 1]
    return [
        (row["sheet"], row[name])
        for row in reversed(rows[:DUPLICATES_NAMED])
        for name in KEY_CELLS
        if name not in shared and row[name] is not None
    ]


def _note_duplicate(groups: list[list[Row]], collector: FindingCollector) -> None:
    rows = groups[0]
    last, number = rows[-1], rows[0]["_return"]
    values = [_value_cell(row) for group in groups for row in reversed(group[:DUPLICATES_NAMED])]
    keys = [place for group in groups for place in _telling_apart(group)]
    places = [place for place in (*values, *keys) if place is not None]
    free = [place for place in dict.fromkeys(places) if collector.free(number, [place])]
    period = collector.period(number, last["time_identifier"], last["time_period"])
    shown = {**last, "time_period": period}
    what = f"{len(rows)} times: {', '.join(shown[n] or '?' for n in KEY if n != 'definition_version')}"
    more = f", and {len(groups) - 1} more of the same rows" if len(groups) > 1 else ""
    collector.add(number, "key.duplicate", free or places, field="value", found=what + more, expected="once")


def _value_cell(row: Row) -> Place | None:
    named = [first_measure_given(row), *MEASURES]
    return next(((row["sheet"], row[f"at_{n}"]) for n in named if row[f"at_{n}"] is not None), None)


# -- totals and their parts -------------------------------------------------------------------------------------------


def check_totals(
    frame: pl.DataFrame,
    tables: Sequence[TidyTable],
    definitions: Definitions,
    context: CheckContext,
    collector: FindingCollector,
) -> None:
    """The parts of an additive indicator make their total, within rounding. Where a part is missing, hidden or counted
    elsewhere, what is given of them is not above the total."""
    rows = frame.filter(pl.col("keyed"))
    steps = _steps(rows, definitions)
    if not steps.height:
        return
    place = ["_return", *(name for name in KEY if name != "breakdown")]
    grouped = (
        rows.join(steps, on=["indicator_id", "breakdown"], how="inner", maintain_order="left")
        .group_by([*place, "_parent", "_dimension"], maintain_order=True)
        .agg(
            pl.col("value").sum().alias("_sum"),
            pl.col("value").count().alias("_given"),
            pl.col("breakdown").n_unique().alias("_kinds"),
            pl.len().alias("_rows"),
            pl.col("_whole").first(),
            pl.col("_of").first(),
            pl.max_horizontal(pl.col("_rounding").first(), pl.col("base_value").max() / 2).alias("_rounding"),
            *((pl.col("value") % base == 0).all().alias(f"_by_{base:g}") for base in IMPLIED),
            pl.col("base_value").max().alias("_declared"),
            pl.col("_index").alias("_parts"),
        )
        .filter((pl.col("_given") > 0) & (pl.col("_kinds") == pl.col("_rows")))
    )
    totals = rows.filter(pl.col("value").is_not_null()).rename({"breakdown": "_parent", "value": "_total"})
    both = grouped.join(totals.select(*place, "_parent", "_total", "_index"), on=[*place, "_parent"], how="inner")
    over = pl.col("_sum") - pl.col("_total")
    allowed = pl.col("_rounding") * (pl.col("_given") + 1) + 1e-9
    complete = pl.col("_whole") & (pl.col("_given") == pl.col("_of"))
    wrong = both.filter(pl.when(complete).then(over.abs() > allowed).otherwise(over > allowed))
    for row in wrong.iter_rows(named=True):
        _note_total(row, frame, tables, context, collector)


def _looks_rounded(one: Row) -> float | None:
    """The base that a total and its parts look rounded to, where nobody declares one and it explains the difference."""
    if one["_declared"] is not None:
        return None
    off = abs(one["_sum"] - one["_total"])
    fits = (b for b in IMPLIED if one[f"_by_{b:g}"] and one["_total"] % b == 0 and off <= b / 2 * (one["_given"] + 1))
    return next(fits, None)


def _note_total(
    one: Row, frame: pl.DataFrame, tables: Sequence[TidyTable], context: CheckContext, collector: FindingCollector
) -> None:
    number = one["_return"]
    total, *members = frame[[one["_index"], *one["_parts"]]].iter_rows(named=True)
    mine = [(place, row) for row in (total, *members) if (place := _value_cell(row)) is not None]
    places = [place for place, _ in mine]
    if mine and collector.free(number, places):
        base = _looks_rounded(one)
        rule = "total.does-not-match" if base is None else "total.off-by-rounding"
        summed = f"{one['_sum']:,.10g}, which its parts by {one['_dimension']} make"
        collector.add(
            number,
            rule,
            places,
            field="value",
            found=one["_total"],
            expected=(summed if one["_given"] == one["_of"] and one["_whole"] else f"at least {summed}")
            + ("" if base is None else f"; all look rounded to {base:g}"),
            as_seen=mine[0][1] is total,
            waiver=waiver_in_force(context, tables[number].collection, mine[0][1], rule, "value"),
        )


def _steps(rows: pl.DataFrame, definitions: Definitions) -> pl.DataFrame:
    """For each breakdown that is held of an additive indicator, and each dimension of it: the breakdown that it is a
    part of, how many parts make that, whether they make the whole of it, and the half of a unit of rounding."""
    dimensions = {d.name: d for d in definitions.dimensions}
    found = []
    for indicator_id, breakdown in rows.select("indicator_id", "breakdown").unique().sort("*").iter_rows():
        one = definitions.indicators[indicator_id]
        if not one.additive or one.bounds[0] < 0:
            continue
        said = breakdown_parts(breakdown)
        rounding = max(_half_unit(one.decimals), definitions.disclosure[one.disclosure].round_base / 2)
        for name in said:
            if _adds_up(dimensions[name], one.breakdowns[name]):
                rest = {n: v for n, v in said.items() if n != name}
                parent = spell_breakdown(rest, definitions.dimension_order)
                whole = dimensions[name].exhaustive
                found.append((indicator_id, breakdown, name, parent, len(one.breakdowns[name]), whole, rounding))
    names = ("indicator_id", "breakdown", "_dimension", "_parent", "_of", "_whole", "_rounding")
    kinds: Iterable[Any] = (pl.String, pl.String, pl.String, pl.String, pl.Int64, pl.Boolean, pl.Float64)
    return pl.DataFrame(found, schema=dict(zip(names, kinds, strict=True)), orient="row")


def _adds_up(dimension: Dimension, values: Sequence[str]) -> bool:
    return dimension.partition and not set(values) & set(dimension.sums)


def _half_unit(decimals: int) -> float:
    """How far one printed number may be off by rounding; a count is exact."""
    return 0.5 * 10.0**-decimals if decimals else 0.0
