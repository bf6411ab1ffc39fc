"""Disclosure control: what small numbers of people would give away is not published, nor what would give it back.

Primary suppression of small counts by each indicator's policy; secondary suppression by warehouse.protection over the
sums of warehouse.relations, over every version that was published or is about to be; then rounding. A row is shown or
hidden whole: value, range, words, numerator and denominator.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import polars as pl

from schemas.breakdowns import parts, spell
from schemas.definitions import Definitions, Indicator
from schemas.periods import TO_DATE
from schemas.tables import KEY
from warehouse.marks import hide_marked
from warehouse.protection import protect
from warehouse.relations import AMONG, COUNTED, OTHERS, Scope, ancestors, layer, scope_of

HIDDEN = ("value", "value_low", "value_high", "value_text", "numerator", "denominator")
NOT_COUNTS = ("%", "pp", "£m", "rank")
ROW = (*KEY, "load")
SMALL_SUM = 1e-6


def guarded(definitions: Definitions) -> list[list[str]]:
    """The indicators whose rows disclosure control has to see, in families of those that tell something of each other:
    those with a policy, and those related to such."""
    strict = {one.id for one in definitions.indicators.values() if _has_policy(one, definitions)}
    members: dict[int, list[str]] = defaultdict(list)
    for name, family in _families(definitions).items():
        members[family].append(name)
    return [names for names in members.values() if strict.intersection(names)]


def withheld(states: pl.DataFrame, definitions: Definitions) -> pl.DataFrame:
    """The rows (KEY and load) that must not be shown, now or as what was said in the past.

    `states` are all rows of the guarded indicators that were ever published or are about to be (see store.counted).
    What an earlier version has shown cannot be taken back: its numbers count as known to every reader. Of an area that
    areas.csv does not list nobody here can tell what it is a part of, though a reader can: where that could give
    something away, its figures are hidden whatever their size.
    """
    if states.is_empty():
        return states.select(ROW)
    rows = _measured(hide_marked(states).with_row_index("row"), definitions)
    hidden = set(rows.filter(pl.col("small") | pl.col("unplaced"))["row"])
    for _, group in (
        rows.filter("secondary").join(_at_risk(rows, definitions), on="scope", how="semi").group_by("scope")
    ):
        risky = group.filter(pl.col("small") | pl.col("unplaced"))["row"]
        hidden |= _solved(scope_of(group.sort(*KEY, "since").to_dicts(), definitions), risky)
    return rows.filter(pl.col("row").is_in(list(hidden))).select(ROW).unique()  # a row may have been current twice


def _solved(scope: Scope, small: Iterable[int]) -> set[int]:
    """The rows of a scope to hide. What is hidden for another's sake must not be worked out from declared sums either,
    so its value becomes a target in its turn."""
    hidden, targets = set(small), dict(scope.targets)
    while True:
        hidden = protect(scope.problem, targets.items(), hidden)
        more = {n: 1.0 for n in scope.declared - targets.keys() if scope.problem.told_by[n] <= hidden}
        if not more:
            return hidden
        targets.update(more)


def suppress(rows: pl.DataFrame, hidden: pl.DataFrame, definitions: Definitions) -> pl.DataFrame:
    """The rows with every measure of a hidden one NULL and its status c, and the others rounded by their policy."""
    marked = hide_marked(rows).join(
        hidden.with_columns(pl.lit(value=True).alias("_hidden")), on=ROW, how="left", maintain_order="left"
    )
    unknown = ~pl.col("indicator_id").is_in(list(definitions.indicators))
    is_hidden = pl.col("_hidden").fill_null(value=False) | unknown
    cleared = [pl.when(is_hidden).then(None).otherwise(pl.col(name)).alias(name) for name in HIDDEN]
    status = pl.when(is_hidden).then(pl.lit("c")).otherwise(pl.col("conf_status")).alias("conf_status")
    return _rounded(marked.with_columns(*cleared, status).drop("_hidden"), definitions)


def is_count(indicator: Indicator) -> bool:
    """Whether the value itself counts people or things."""
    return (
        indicator.kind == "number"
        and not indicator.numerator
        and indicator.unit not in NOT_COUNTS
        and not indicator.unit.startswith("rate")
    )


# -- which indicators belong together


def _has_policy(one: Indicator, definitions: Definitions) -> bool:
    policy = definitions.disclosure[one.disclosure]
    return policy.primary_min > 0 or policy.min_denominator > 0 or not policy.zero_ok


def _families(definitions: Definitions) -> dict[str, int]:
    """Indicators by the family of those that tell something of each other."""
    family = {name: number for number, name in enumerate(definitions.indicators)}
    titles = {one.title.casefold(): one.id for one in definitions.indicators.values()}

    def join(one: str, other: str) -> None:
        old, new = family[one], family[other]
        family.update({name: new for name, number in family.items() if number == old})

    for relation in definitions.relations:
        for name in relation.of:
            join(relation.indicator, name)
    for one in definitions.indicators.values():
        if one.change_of:
            join(one.id, one.change_of)
        for named in (one.numerator, one.denominator):
            if named.casefold() in titles:
                join(one.id, titles[named.casefold()])
    return family


def _measured(states: pl.DataFrame, definitions: Definitions) -> pl.DataFrame:
    """The states with what each tells (numerator, denominator, remainder, value), whether it is small, and its scope:
    rows of different scopes tell nothing of each other."""
    rows = states.join(_policies(definitions), on="indicator_id", maintain_order="left")
    share = ~pl.col("is_count") & pl.col("per").is_not_null()
    value, counted, among = (pl.col(name) for name in ("value", "numerator", "denominator"))
    worked_out = (value * among / pl.col("per")).round(0)
    rows = rows.with_columns(
        pl.when("is_count").then(value).when(share).then(pl.coalesce(counted, worked_out)).otherwise(counted)
        .alias(COUNTED),
        pl.when("is_count").then(None)
        .when(share & (value > 0)).then(pl.coalesce(among, (counted * pl.col("per") / value).round(0)))
        .otherwise(among).alias(AMONG),
        (pl.col("conf_status").fill_null("") == "c").alias("asked_to_hide") & value.is_null() & counted.is_null(),
    )  # fmt: skip
    rows = rows.with_columns(
        pl.when(~pl.col("is_count") & (pl.col("per") == 100)).then(pl.col(AMONG) - pl.col(COUNTED)).alias(OTHERS)
    ).with_columns(
        (_small(COUNTED) | _small(OTHERS) | (pl.col(AMONG).is_between(0, pl.col("min_denominator"), closed="none")))
        .fill_null(value=False).alias("small"),
        (pl.col(COUNTED).is_not_null() | pl.col(AMONG).is_not_null() | pl.col("asked_to_hide")).alias("measured"),
    )  # fmt: skip
    unplaced = (
        pl.col("secondary") & pl.col("measured") & ~pl.col("area_code").is_in(list(definitions.geography.by_code))
    )
    return _scoped(rows.with_columns(unplaced.alias("unplaced")), definitions)


def _small(name: str) -> pl.Expr:
    number = pl.col(name)
    return (
        number.is_between(0, pl.col("primary_min"), closed="none") | ((number == 0) & ~pl.col("zero_ok"))
    ).fill_null(value=False)


def _policies(definitions: Definitions) -> pl.DataFrame:
    families = _families(definitions)
    moving = {
        families[one.id] for one in definitions.indicators.values() if one.change_of or one.time_identifier in TO_DATE
    }
    spread = {families[relation.indicator] for relation in definitions.relations if relation.kind == "england-gap"}
    strict = {
        families[one.id] for one in definitions.indicators.values() if definitions.disclosure[one.disclosure].secondary
    }
    return pl.DataFrame(
        [
            (
                one.id, is_count(one), one.per, one.decimals, policy.primary_min, policy.min_denominator,
                policy.zero_ok, families[one.id] in strict, families[one.id],
                families[one.id] in moving, families[one.id] in spread,
            )
            for one in definitions.indicators.values()
            for policy in [definitions.disclosure[one.disclosure]]
        ],
        schema={
            "indicator_id": pl.String, "is_count": pl.Boolean, "per": pl.Float64, "decimals": pl.Int64,
            "primary_min": pl.Int64, "min_denominator": pl.Int64, "zero_ok": pl.Boolean, "secondary": pl.Boolean,
            "family": pl.Int64, "moving": pl.Boolean, "spread": pl.Boolean,
        },
        orient="row",
    )  # fmt: skip


def _scoped(rows: pl.DataFrame, definitions: Definitions) -> pl.DataFrame:
    """Rows with `scope`: the family; the period, unless a family's values of different periods tell of each other; and
    the area, unless the family holds, for that period, an area that another lies in."""
    rows = rows.with_columns(
        pl.when("moving").then(pl.lit("")).otherwise(pl.concat_str("time_identifier", "time_period", separator="|"))
        .alias("when")
    )  # fmt: skip
    codes = rows["area_code"].unique()
    above = pl.DataFrame(
        [(code, upper) for code in codes for upper in ancestors(definitions.geography, code)],
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


def _at_risk(rows: pl.DataFrame, definitions: Definitions) -> pl.DataFrame:
    """The scopes in which something could be worked out that must not be: one that holds a small number or one that its
    sender hid, one with a past, or one in which a total leaves a small number beside its parts."""
    strict = rows.filter("secondary")
    now = strict.filter(pl.col("until").is_null() & pl.col("measured"))
    past = strict.join(strict.filter(pl.col("until").is_not_null()).select("scope").unique(), on="scope", how="semi")
    some = strict.filter(pl.col("small") | pl.col("asked_to_hide"))
    return pl.concat(
        [some.select("scope"), past.select("scope")]
        + [_small_remainders(now, links) for links in (_part_links(now, definitions), _area_links(now, definitions))]
        + [_small_spans(now)]
    ).unique()


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
    partitions = {one.name: one for one in definitions.dimensions if one.partition}
    lattice = []
    for breakdown in now["breakdown"].unique():
        named = parts(breakdown)
        for name, value in named.items():
            if name not in partitions:
                continue
            rest = {k: v for k, v in named.items() if k != name}
            lattice.append((breakdown, spell(rest, order), name))
            lattice += [
                (breakdown, spell({**rest, name: whole}, order), f"{name}={whole}")
                for whole, made_of in partitions[name].sums.items()
                if value in made_of
            ]
    upper = pl.DataFrame(lattice, schema=dict.fromkeys(("breakdown", "upper", "way"), pl.String), orient="row")
    return now.join(upper, on="breakdown").with_columns(
        pl.struct(*KEY[:-1], pl.col("upper").alias("breakdown")).alias("whole")
    )


def _area_links(now: pl.DataFrame, definitions: Definitions) -> pl.DataFrame:
    above = pl.DataFrame(
        [
            (code, upper, depth, layer(definitions.geography, code))
            for code in now["area_code"].unique()
            for depth, upper in enumerate(ancestors(definitions.geography, code))
        ],
        schema={"area_code": pl.String, "upper": pl.String, "depth": pl.Int64, "way": pl.String},
        orient="row",
    )
    whole = pl.struct(*KEY[:2], pl.col("upper").alias("area_code"), *KEY[3:]).alias("whole")
    held = now.select(pl.struct(KEY).alias("whole"))
    return (
        now.join(above, on="area_code").with_columns(whole)
        .join(held, on="whole", how="semi")
        .filter(pl.col("depth") == pl.col("depth").min().over("row"))
    )  # fmt: skip


def _small_spans(now: pl.DataFrame) -> pl.DataFrame:
    """Scopes in which a year to date is a little more than it was a while before."""
    to_date = now.filter(pl.col("time_identifier").is_in(list(TO_DATE)))
    run = [*KEY[:4], "breakdown", "period_start"]
    step = to_date.sort("period_end").with_columns(pl.col(COUNTED).diff().over(run).alias("step"))
    return step.filter((pl.col("step") > 0) & (pl.col("step") < pl.col("primary_min"))).select("scope")


# -- rounding


def _rounded(rows: pl.DataFrame, definitions: Definitions) -> pl.DataFrame:
    """Counts to the nearest multiple of their policy's base; a share or rate of rounded counts is worked out again;
    what rounds to nothing is NULL with the status low."""
    bases: list[tuple[Any, ...]] = [
        (one.id, float(policy.round_base), is_count(one), one.per)
        for one in definitions.indicators.values()
        if (policy := definitions.disclosure[one.disclosure]).round_base > 1
    ]
    if not bases:
        return rows
    schema = {"indicator_id": pl.String, "_base": pl.Float64, "_count": pl.Boolean, "_per": pl.Float64}
    kept = rows.columns
    rows = rows.join(
        pl.DataFrame(bases, schema=schema, orient="row"), on="indicator_id", how="left", maintain_order="left"
    )
    base = pl.col("_base")

    def nearest(name: str) -> pl.Expr:
        number = pl.col(name)
        return (number.sign() * (number.abs() / base + 0.5).floor() * base).alias(name)

    counts = ("value", "value_low", "value_high")
    rows = rows.with_columns(
        *(pl.when("_count").then(nearest(n)).otherwise(pl.col(n)).alias(n) for n in counts),
        *(pl.when(base > 0).then(nearest(n)).otherwise(pl.col(n)).alias(n) for n in ("numerator", "denominator")),
        pl.when("_count").then(None).otherwise(pl.col("value_text")).alias("value_text"),
        pl.when("_count").then(pl.col("value")).alias("_was"),
    )
    shares = (pl.col("_per") > 0) & pl.col("numerator").is_not_null() & (pl.col("denominator") > 0)
    to_nothing = (pl.col("_was") != 0) & (pl.col("value") == 0)
    return rows.with_columns(
        pl.when(shares).then(pl.col("_per") * pl.col("numerator") / pl.col("denominator"))
        .when(to_nothing).then(None).otherwise(pl.col("value")).alias("value"),
        pl.when(to_nothing).then(pl.lit("low")).otherwise(pl.col("obs_status")).alias("obs_status"),
    ).select(kept)  # fmt: skip
