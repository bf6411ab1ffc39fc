"""Rows in scopes, of which none tells anything of another, and the scopes in which something could be worked out."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

import polars as pl

from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.observations import KEY
from local_indicators.schemas.reference.breakdowns import breakdown_parts, spell_breakdown
from local_indicators.warehouse.disclosure.relations.area_divisions import ancestors_of_area, area_layer, areas_around
from local_indicators.warehouse.disclosure.relations.people_counted import AMONG, COUNTED, OTHERS
from local_indicators.warehouse.disclosure.relations.time_windows import group_overlapping_windows, window_chains

SMALL_SUM = 1e-6
FEW = 5000.0
"""Up to how many people, in the square and by a unit of the last decimal, a printed share can give away its numbers: of
more, too many numbers would be printed the same for one of them to be told."""


def assign_scopes(rows: pl.DataFrame, definitions: Definitions) -> pl.DataFrame:
    """Rows with `scope`: the family; the period, or those that overlap, unless a family's values of different periods
    tell of each other; and the area, unless the family holds, for that period, an area that another lies in.
    `overlaps` says that there are periods that overlap."""
    rows = rows.join(
        _clusters(rows), on=["family", "time_identifier", "time_period"], how="left", maintain_order="left"
    )
    rows = rows.with_columns(
        pl.col("overlaps").fill_null(value=False),
        pl.when("moving").then(pl.lit("")).otherwise(
            pl.coalesce("cluster", pl.concat_str("time_identifier", "time_period", separator="|"))
        ).alias("when"),
    )  # fmt: skip
    above = pl.DataFrame(
        [(code, upper) for code in rows["area_code"].unique() for upper in areas_around(definitions.geography, code)],
        schema={"area_code": pl.String, "above": pl.String},
        orient="row",
    )
    places = rows.select("family", "when", "area_code").unique()
    nested = (
        places.join(above, on="area_code")
        .join(places.rename({"area_code": "above"}), on=["family", "when", "above"], how="semi")
        .select("family", "when").unique().with_columns(pl.lit(value=True).alias("nested"))
    )  # fmt: skip
    wide = pl.col("nested").fill_null(value=False) | pl.col("spread")
    return rows.join(nested, on=["family", "when"], how="left", maintain_order="left").with_columns(
        pl.struct("family", "when", pl.when(wide).then(pl.lit("")).otherwise(pl.col("area_code")).alias("where"))
        .rank("dense").alias("scope")
    )  # fmt: skip


def _clusters(rows: pl.DataFrame) -> pl.DataFrame:
    """The periods of each family that overlap another of the same indicator, in clusters."""
    spans = rows.filter("flows").select("family", "indicator_id", *KEY[3:5], "period_start", "period_end")
    periods: dict[tuple[int, str], dict[tuple[str, str], tuple[date, date]]] = defaultdict(dict)
    for family, indicator, identifier, period, start, end in spans.unique().drop_nulls("period_start").iter_rows():
        periods[family, indicator][identifier, period] = start, end or date.max
    first: dict[tuple[int, str, str], str] = {}
    for (family, _), windows in sorted(periods.items()):
        for group in group_overlapping_windows(windows):
            names = {first.get((family, *one), "|".join(one)) for one in group}
            least = min(names)
            first.update({one: least for one, name in first.items() if one[0] == family and name in names})
            first.update({(family, *one): least for one in group})
    return pl.DataFrame(
        [(*one, name, True) for one, name in first.items()],
        schema={"family": pl.Int64, "time_identifier": pl.String, "time_period": pl.String, "cluster": pl.String,
                "overlaps": pl.Boolean},
        orient="row",
    )  # fmt: skip


def scopes_at_risk(rows: pl.DataFrame, definitions: Definitions) -> pl.DataFrame:
    """The scopes in which something could be worked out that must not be: one that holds a small number or one that its
    sender hid, one with a past, one in which a total leaves a small number beside its parts, one with ranges, and one
    in which few people stand beside a printed share of some of them."""
    strict = rows.filter("secondary")
    now = strict.filter(pl.col("until").is_null() & pl.col("measured"))
    past = strict.join(strict.filter(pl.col("until").is_not_null()).select("scope").unique(), on="scope", how="semi")
    ranged = pl.col("guarded") & (pl.col("value_low").is_not_null() | pl.col("value_high").is_not_null())
    some = strict.filter(pl.col("small") | pl.col("asked_to_hide") | ranged)
    return pl.concat(
        [some.select("scope"), past.select("scope"), _few(strict), _small_spans(now)]
        + [_small_remainders(now, links) for links in (_part_links(now, definitions), _area_links(now, definitions))]
    ).unique()


def _few(strict: pl.DataFrame) -> pl.DataFrame:
    """Scopes with a printed share without its base beside a known number of people small enough to tell it by."""
    unit = 2 * pl.col("half")
    told = (
        strict.filter("told_among").group_by("scope", "indicator_id").agg(pl.col("denominator").min().alias("fewest"))
    )
    printed = strict.filter(pl.col("printed") & pl.col("guarded")).join(told, on=["scope", "indicator_id"])
    return printed.filter(pl.col("fewest").pow(2) * unit <= FEW).select("scope")


def _small_remainders(now: pl.DataFrame, links: pl.DataFrame) -> pl.DataFrame:
    """Scopes with a whole that is a little more than its parts. `links`: scope, whole, way, and a part's numbers."""
    found = [pl.DataFrame(schema={"scope": now.schema["scope"]})]
    for name in (COUNTED, AMONG, OTHERS):
        least = "min_denominator" if name == AMONG else "primary_min"
        sums = links.group_by("scope", "whole", "way").agg(pl.col(name).sum())
        wholes = now.select("scope", pl.struct(KEY).alias("whole"), pl.col(name).alias("told"), least)
        left = pl.col("told") - pl.col(name)
        both = sums.join(wholes, on=["scope", "whole"]).filter((left > SMALL_SUM) & (left < pl.col(least)))
        found.append(both.select("scope"))
    return pl.concat(found)


def _part_links(now: pl.DataFrame, definitions: Definitions) -> pl.DataFrame:
    order = definitions.dimension_order
    partitions = {dimension.name: dimension for dimension in definitions.dimensions if dimension.partition}
    lattice = []
    for breakdown in now["breakdown"].unique():
        named = breakdown_parts(breakdown)
        for name, value in named.items():
            if name not in partitions:
                continue
            rest = {k: v for k, v in named.items() if k != name}
            lattice.append((breakdown, spell_breakdown(rest, order), name))
            lattice += [
                (breakdown, spell_breakdown({**rest, name: whole}, order), f"{name}={whole}")
                for whole, made_of in partitions[name].sums.items()
                if value in made_of
            ]
    upper = pl.DataFrame(lattice, schema=dict.fromkeys(("breakdown", "upper", "way"), pl.String), orient="row")
    return now.join(upper, on="breakdown").with_columns(
        pl.struct(*KEY[:-1], pl.col("upper").alias("breakdown")).alias("whole")
    )


def _area_links(now: pl.DataFrame, definitions: Definitions) -> pl.DataFrame:
    geography = definitions.geography
    links = []
    for code in now["area_code"].unique():
        parents = ancestors_of_area(geography, code)
        links += [(code, upper, depth, area_layer(geography, code)) for depth, upper in enumerate(parents)]
        beside = sorted(areas_around(geography, code) - set(parents))
        links += [(code, upper, -1, area_layer(geography, code)) for upper in beside]
    above = pl.DataFrame(
        links,
        schema={"area_code": pl.String, "upper": pl.String, "depth": pl.Int64, "way": pl.String},
        orient="row",
    )
    whole = pl.struct(*KEY[:2], pl.col("upper").alias("area_code"), *KEY[3:]).alias("whole")
    held = now.select(pl.struct(KEY).alias("whole"))
    nearest = pl.col("depth") == pl.col("depth").filter(pl.col("depth") >= 0).min().over("row")
    return (
        now.join(above, on="area_code").with_columns(whole)
        .join(held, on="whole", how="semi")
        .filter((pl.col("depth") < 0) | nearest)
    )  # fmt: skip


def _small_spans(now: pl.DataFrame) -> pl.DataFrame:
    """Scopes with a window that is a little more than shorter ones in it, or that overlaps one it does not hold."""
    found: list[int] = []
    series = ["scope", *KEY[:3], "breakdown"]
    for (scope, *_), group in now.filter(pl.col("overlaps") & pl.col("flows")).group_by(series):
        told = {row["row"]: row for row in group.iter_rows(named=True)}
        spans = {n: (row["period_start"], row["period_end"] or date.max) for n, row in told.items()}
        for windows in group_overlapping_windows(spans):
            is_apart = any(a < c <= b < d for a, b in windows.values() for c, d in windows.values())
            if is_apart or any(_is_small(told, n, inside) for n, inside, _ in window_chains(windows)):
                found.append(int(str(scope)))
    return pl.DataFrame({"scope": found}, schema={"scope": now.schema["scope"]})


def _is_small(told: dict[int, dict[str, object]], whole: int, inside: list[int]) -> bool:
    """Whether a window less those inside it leaves a small number."""
    for name, least in ((COUNTED, "primary_min"), (AMONG, "min_denominator"), (OTHERS, "primary_min")):
        numbers = [told[n][name] for n in (whole, *inside)]
        if all(isinstance(number, float) for number in numbers):
            left = float(str(numbers[0])) - sum(float(str(number)) for number in numbers[1:])
            if SMALL_SUM < left < float(str(told[whole][least])):
                return True
    return False
