"""Temporary tables of the definitions, each row with a number, by which mart is derived."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import polars as pl

from local_indicators.schemas.definitions.models import Definitions, Indicator
from local_indicators.schemas.reference.geography import ENGLAND
from local_indicators.schemas.reference.periods import read_period
from local_indicators.warehouse.mart.comparators import OPEN
from local_indicators.warehouse.mart.latest import RANKED

_INDICATOR = {
    **dict.fromkeys(("indicator_id", "title", "unit", "polarity"), pl.String()),
    "decimals": pl.Int64(),
    "time_identifier": pl.String(),
    "scale": pl.List(pl.String()),
    "per": pl.Float64(),
}
_REF_AREA: dict[str, Any] = {
    "number": pl.Int64,
    **dict.fromkeys(("area_code", "name", "area_type", "region_code"), pl.String),
    "region": pl.Int64,
    "place": pl.Int64,
}
_REF_PEER: dict[str, Any] = {
    "area": pl.Int64,
    **dict.fromkeys(("group_code", "group_version"), pl.String),
    **dict.fromkeys(("begins", "until", "member"), pl.Int64),
}
_REF_LISTED: dict[str, Any] = {"area_type": pl.String, "begins": pl.Int64, "until": pl.Int64}


def create_reference_tables(con: duckdb.DuckDBPyConnection, definitions: Definitions, shown: pl.DataFrame) -> None:
    """Temporary tables of the definitions, each row with a number: indicators, versions, areas, peers and periods."""
    indicators = list(definitions.indicators.values())
    frames = {
        "ref_indicator": pl.DataFrame(
            [_indicator_row(i, definitions) for i in indicators], schema=_INDICATOR, orient="row"
        ),
        "ref_version": pl.DataFrame(
            [(i.id, v.version, n, v.broke) for i in indicators for n, v in enumerate(i.versions, start=1)],
            schema={"indicator_id": pl.String, "definition_version": pl.String, "number": pl.Int64, "broke": pl.String},
            orient="row",
        ),
        **_places(definitions, shown),
        "ref_period": _periods(shown),
    }
    for name, frame in frames.items():
        numbered = frame if "number" in frame.columns else frame.with_row_index("number")
        con.register("made", numbered)
        con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM made")
        con.unregister("made")
    con.execute("SET VARIABLE england = ?", [ENGLAND])


def _places(definitions: Definitions, shown: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The areas that are held, who their peers are by place, and all areas of the kinds that are ranked.

    A place keeps its number through all its codes. A peer of another kind than the area is none. Days are counted from
    1970.
    """
    geography = definitions.geography
    held = shown["area_code"].unique().sort()
    known = {code: area for code in held if (area := geography.area(code)) is not None}
    number = {code: n for n, code in enumerate(known)}
    place: dict[str, int] = {}

    def of(code: str) -> int:
        area = geography.area(code)
        last = geography.current(area, date.max) if area else None
        return place.setdefault(last.area_code if last else code, len(place))

    peers = [
        (number[p.area_code], p.group_code, p.group_version, _day(p.valid_from), _day(p.valid_to, OPEN - 1))
        + (of(p.member_code),)
        for p in definitions.peers
        if p.area_code in known and geography.by_code[p.member_code].area_type == known[p.area_code].area_type
    ]
    areas = [
        (number[c], c, a.name, a.area_type, (r := geography.region_of(c)), number.get(r or ""), of(c))
        for c, a in known.items()
    ]
    listed = [(a.area_type, _day(a.valid_from, 0), _day(a.valid_to)) for a in geography.areas if a.area_type in RANKED]
    return {
        "ref_area": pl.DataFrame(areas, schema=_REF_AREA, orient="row"),
        "ref_peer": pl.DataFrame(peers, schema=_REF_PEER, orient="row"),
        "ref_listed": pl.DataFrame(listed, schema=_REF_LISTED, orient="row"),
    }


def _day(day: date | None, otherwise: int | None = None) -> int | None:
    return otherwise if day is None else (day - date(1970, 1, 1)).days


def _indicator_row(indicator: Indicator, definitions: Definitions) -> tuple[Any, ...]:
    scale = definitions.scales.get(indicator.scale)
    ranks = list(scale.values) if scale else []
    return (
        indicator.id,
        indicator.title,
        indicator.unit,
        indicator.polarity,
        indicator.decimals,
        indicator.time_identifier,
        ranks,
        indicator.per,
    )


def _periods(shown: pl.DataFrame) -> pl.DataFrame:
    """Each period that is held, as people write it, with the code of the one exactly before."""
    rows = []
    for identifier, code in shown.select("time_identifier", "time_period").unique().sort("*").iter_rows():
        period = read_period(code, identifier)
        before = period.previous() if period else None
        rows.append(
            (identifier, code, period.label if period else code)
            + (
                before.time_identifier if before else None,
                before.time_period if before else None,
                before.label if before else None,
            )
        )
    names = ("time_identifier", "time_period", "label", "before_identifier", "before_period", "before_label")
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row").with_row_index("number")
    held = frame.select("number", before_identifier="time_identifier", before_period="time_period")
    return frame.join(
        held.rename({"number": "before"}), on=["before_identifier", "before_period"], how="left", maintain_order="left"
    )
