"""Figures that bound each other: a share of all and those of its parts, complements, an area and those within it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from local_indicators.schemas.definitions.complete_breakdowns import complete_breakdowns
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.observations import KEY, CheckContext, TidyTable
from local_indicators.schemas.reference.geography import Geography
from local_indicators.schemas.validation.finding_collector import FindingCollector, Place
from local_indicators.schemas.validation.row_validation import first_measure_given, waiver_in_force
from local_indicators.schemas.validation.share_arithmetic import number_in_words

BEYOND_PARTS = 1.0
"""Percentage points by which a share of all may lie outside those of its parts: both are rounded, and a few people are
in no part."""

Row = dict[str, Any]
_PLACE = ["_return", *(name for name in KEY if name != "breakdown")]


def check_bounds(
    frame: pl.DataFrame,
    tables: Sequence[TidyTable],
    definitions: Definitions,
    context: CheckContext,
    collector: FindingCollector,
) -> None:
    """Note figures that cannot be right together, as far as no cell of them is named already."""
    found = (
        *_outside_parts(frame, definitions),
        *_complements(frame, definitions),
        *_below_areas(frame, definitions),
    )
    for rule, indexes, expected in found:
        rows = list(frame[indexes].iter_rows(named=True))
        places = [place for row in rows if (place := _cell(row)) is not None]
        first = next((row for row in rows if _cell(row) is not None), None)
        if first is not None and collector.free(first["_return"], places):
            number = first["_return"]
            collector.add(
                number,
                rule,
                places,
                field="value",
                found=rows[0]["value"],
                expected=expected,
                as_seen=first is rows[0],
                waiver=waiver_in_force(context, tables[number].collection, first, rule, "value"),
            )


_Found = tuple[str, list[int], str]


def _cell(row: Row) -> Place | None:
    position = row[f"at_{first_measure_given(row)}"]
    return None if position is None or row["sheet"] is None else (row["sheet"], position)


def _given(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows with a value, each key once."""
    rows = frame.filter(pl.col("keyed") & pl.col("value").is_not_null())
    return rows.filter(pl.struct("_return", *KEY).is_unique())


# -- a share of all, and those of its parts


def _outside_parts(frame: pl.DataFrame, definitions: Definitions) -> Iterator[_Found]:
    """A share of all lies between the least and the most of its parts, where all of them are given."""
    parts = [
        (indicator.id, dimension, breakdown, len(of))
        for indicator in definitions.indicators.values()
        if indicator.unit == "%" and indicator.bounds[0] == 0
        for dimension, of in complete_breakdowns(indicator, definitions)
        for breakdown in of
    ]
    schema = {"indicator_id": pl.String, "_dimension": pl.String, "breakdown": pl.String, "_of": pl.Int64}
    rows = _given(frame)
    divided = (
        rows.join(pl.DataFrame(parts, schema=schema, orient="row"), on=["indicator_id", "breakdown"])
        .group_by([*_PLACE, "_dimension"], maintain_order=True)
        .agg(
            pl.col("value").min().alias("_least"),
            pl.col("value").max().alias("_most"),
            pl.len().alias("_held"),
            pl.col("_of").first(),
            pl.col("_index").alias("_parts"),
        )
        .filter(pl.col("_held") == pl.col("_of"))
    )
    totals = rows.filter(pl.col("breakdown") == "Total").select(*_PLACE, "value", "_index")
    both = divided.join(totals, on=_PLACE, maintain_order="left")
    inside = pl.col("value").is_between(pl.col("_least") - BEYOND_PARTS, pl.col("_most") + BEYOND_PARTS)
    for row in both.filter(~inside).iter_rows(named=True):
        ends = f"{number_in_words(row['_least'])} and {number_in_words(row['_most'])}"
        yield (
            "total.outside-parts",
            [row["_index"], *row["_parts"]],
            f"between {ends}, the least and the most of its parts by {row['_dimension']}",
        )


# -- complements


def _complements(frame: pl.DataFrame, definitions: Definitions) -> Iterator[_Found]:
    """Two shares that are all there is make 100 together, within the rounding of both."""
    pairs = [
        (relation.indicator, relation.of[0]) for relation in definitions.relations if relation.kind == "complement"
    ]
    if not pairs:
        return
    place = ["_return", "area_code", "time_identifier", "time_period", "breakdown"]
    rows = _given(frame).select(*place, "indicator_id", "value", "_index")
    for one, other in pairs:
        decimals = min(definitions.indicators[one].decimals, definitions.indicators[other].decimals)
        mine = rows.filter(pl.col("indicator_id") == one)
        both = mine.join(rows.filter(pl.col("indicator_id") == other), on=place, suffix="_other", maintain_order="left")
        off = (pl.col("value") + pl.col("value_other") - 100).abs()
        for row in both.filter(off > 10.0**-decimals + 1e-9).iter_rows(named=True):
            rest = number_in_words(round(100 - row["value_other"], 6))
            said = (
                f"{rest}, which {number_in_words(row['value_other'])} for {definitions.indicators[other].title} leaves"
            )
            yield "total.complement-differs", [row["_index"], row["_index_other"]], said


# -- areas


def _below_areas(frame: pl.DataFrame, definitions: Definitions) -> Iterator[_Found]:
    """What is counted in an area is no less than what is counted in the areas of one kind within it."""
    counted = [
        indicator.id
        for indicator in definitions.indicators.values()
        if indicator.additive and indicator.counted and indicator.bounds[0] >= 0
    ]
    rows = _given(frame).filter(pl.col("indicator_id").is_in(counted))
    groups: dict[tuple[Any, ...], dict[str, Row]] = defaultdict(dict)
    names = ("_index", "area_code", "value", "base_value", *(n for n in (*_PLACE, "breakdown") if n != "area_code"))
    for row in rows.select(names).iter_rows(named=True):
        groups[tuple(row[n] for n in (*_PLACE, "breakdown") if n != "area_code")][row["area_code"]] = row
    for held in groups.values():
        if len(held) > 2:
            yield from _of_areas(held, definitions.geography)


def _of_areas(held: Mapping[str, Row], geography: Geography) -> Iterator[_Found]:
    within: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for code, row in held.items():
        area = geography.area(code)
        for above in _above(geography, code) if area else ():
            if above in held and area is not None:
                within[above, area.area_type].append(row)
    for (above, kind), parts in within.items():
        whole, summed = held[above], sum(row["value"] for row in parts)
        base = max([0.0, *(row["base_value"] or 0.0 for row in (whole, *parts))])
        if summed > whole["value"] + base / 2 * (len(parts) + 1) + 1e-9:
            said = f"at least {number_in_words(summed)}, which {len(parts)} areas within it ({kind}) make"
            yield "total.below-areas", [whole["_index"], *(row["_index"] for row in parts)], said


def _above(geography: Geography, code: str) -> Iterable[str]:
    """The areas that an area lies in."""
    seen: set[str] = set()
    area = geography.by_code.get(code)
    while area is not None and area.parent_code and area.parent_code not in seen:
        seen.add(area.parent_code)
        yield area.parent_code
        area = geography.by_code.get(area.parent_code)
