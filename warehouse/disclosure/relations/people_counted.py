"""What each row tells of people: how many are counted, among how many, how many that leaves, and whether that is small.

A number is judged by what a reader learns, whatever tells it: the number itself, a share of a known number of people, a
range whose upper end is small, or words.
"""

from __future__ import annotations

import polars as pl

from local_indicators.schemas.definitions.models import Definitions
from local_indicators.warehouse.disclosure.counts_in_words import count_range_in_text, share_in_text
from local_indicators.warehouse.disclosure.relations.indicator_families import indicator_families, is_count

COUNTED, AMONG, OTHERS, SHOWN = "numerator", "denominator", "remainder", "value"
"""The numbers that a row tells: how many are counted, among how many, how many that leaves, and the value itself."""
AT_MOST = {COUNTED: "counted_most", OTHERS: "others_most"}
"""Where a row gives away only how many there are at most, the column that says so."""
ROUNDING = 1e-9


def with_people_counted(states: pl.DataFrame, definitions: Definitions) -> pl.DataFrame:
    """The states (see disclosure.withheld) with what each row tells.

    Adds the indicator's policy and family; `told_counted` and `told_among`, whether the numbers are given rather than
    worked out; COUNTED, AMONG and OTHERS, as given or as near as they can be told; `counted_most` and `others_most`;
    `half`, half a unit of the printed value; `asked_to_hide`; `small`, which is what must be hidden for its own sake;
    and `with_people_counted`, whether there is anything to be added up.
    """
    rows = _said(states.join(disclosure_policies(definitions), on="indicator_id", maintain_order="left"))
    rows = _with_shared_bases(rows, definitions)
    share = ~pl.col("is_count") & pl.col("per").is_not_null()
    value, counted, among, per = (pl.col(name) for name in ("value", "numerator", "base", "per"))
    rows = rows.with_columns(
        pl.when("is_count").then(value).when(share).then(pl.coalesce(counted, (value * among / per).round(0)))
        .otherwise(counted).alias(COUNTED),
        pl.when("is_count").then(None)
        .when(share & (value > 0)).then(pl.coalesce("denominator", (counted * per / value).round(0)))
        .otherwise(pl.col("denominator")).alias(AMONG),
        _most(share).alias("counted_most"), _others_most(share).alias("others_most"),
    )  # fmt: skip
    others = pl.when(share & (per == 100)).then(pl.coalesce(AMONG, "base") - pl.col(COUNTED))
    rows = rows.with_columns(others.alias(OTHERS))
    tiny = pl.col(AMONG).is_between(0, pl.col("min_denominator"), closed="none")
    small = _small(COUNTED) | _small(OTHERS) | _small("counted_most") | _small("others_most") | tiny
    return rows.with_columns(
        (small | _small("words_most") | (pl.col("asked_to_hide") & pl.col("guarded"))).fill_null(value=False)
        .alias("small"),
        (pl.col(COUNTED).is_not_null() | pl.col(AMONG).is_not_null() | pl.col("asked_to_hide")).alias("measured"),
        (share & value.is_not_null() & ~(pl.col("told_counted") & pl.col("told_among"))).alias("printed"),
    )  # fmt: skip


def _small(name: str) -> pl.Expr:
    number = pl.col(name)
    return (
        number.is_between(0, pl.col("primary_min"), closed="none") | ((number == 0) & ~pl.col("zero_ok"))
    ).fill_null(value=False)


def _said(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with one number where a range has but one in it or words give it, and what is given told from what is
    not."""
    low, high, value = pl.col("value_low"), pl.col("value_high"), pl.col("value")
    texts = rows.filter(pl.col("guarded") & (pl.col("kind") != "ordinal"))["value_text"].drop_nulls().unique()
    rows = _with_said_shares(rows, texts)
    found = [(text, *said) for text in texts if (said := count_range_in_text(text)) is not None]
    schema = {"value_text": pl.String, "words_least": pl.Float64, "words_most": pl.Float64}
    words = pl.DataFrame(found, schema=schema, orient="row")
    rows = rows.join(words, on="value_text", how="left", maintain_order="left")
    counts = pl.col("is_count") & pl.col("guarded")
    in_words = pl.when(counts & (pl.col("words_least") == pl.col("words_most"))).then("words_most")
    most = pl.when(pl.col("guarded") & (pl.col("kind") != "ordinal")).then("words_most")
    return rows.with_columns(
        pl.coalesce(value, pl.when(low == high).then(low), in_words).alias("value"),
        most.alias("words_most"),
        value.is_null().alias("without_value"),
        (pl.col("conf_status").fill_null("") == "c").alias("asked_to_hide"),
        (pl.col("numerator").is_not_null() | (counts & (value.is_not_null() | (low == high)))).alias("told_counted"),
        pl.col("denominator").is_not_null().alias("told_among"),
        (0.5 * pl.lit(10.0).pow(-_decimals())).alias("half"),
    ).with_columns(
        pl.when(~pl.col("asked_to_hide")).then("shown_from").alias("shown_from"),
        pl.when("without_value").then("value_low").alias("value_low"),
        pl.when("without_value").then("value_high").alias("value_high"),
    )


def _with_said_shares(rows: pl.DataFrame, texts: pl.Series) -> pl.DataFrame:
    """Rows of shares and rates with the numerator and denominator that their words give."""
    found = [(text, *said) for text in texts if (said := share_in_text(text)) is not None]
    schema = {"value_text": pl.String, "said_counted": pl.Float64, "said_among": pl.Float64}
    rows = rows.join(
        pl.DataFrame(found, schema=schema, orient="row"), on="value_text", how="left", maintain_order="left"
    )
    share = pl.col("guarded") & ~pl.col("is_count") & pl.col("per").is_not_null()
    return rows.with_columns(
        pl.coalesce("numerator", pl.when(share).then("said_counted")).alias("numerator"),
        pl.coalesce("denominator", pl.when(share).then("said_among")).alias("denominator"),
    )


def _decimals() -> pl.Expr:
    """How many decimals of a value are printed: those of its indicator, or more where it has more."""
    value = pl.col("value").fill_null(0.0)
    found = pl.col("decimals")
    for places in range(6, 0, -1):
        finer = (value - value.round(places - 1)).abs() > 10.0 ** -(places + 2)
        found = (
            pl.when(finer & (pl.col("decimals") < places) & (found == pl.col("decimals"))).then(places).otherwise(found)
        )
    return found


def _with_shared_bases(rows: pl.DataFrame, definitions: Definitions) -> pl.DataFrame:
    """Rows with `base`: the denominator, or the smallest that another indicator gives for the same people."""
    who = {indicator.id: indicator.population for indicator in definitions.indicators.values() if indicator.population}
    rows = rows.with_columns(
        pl.col("indicator_id").replace_strict(who, default=None, return_dtype=pl.String).alias("population")
    )
    where = ["population", "area_code", "time_identifier", "time_period", "breakdown"]
    titles = {
        " ".join(indicator.title.casefold().split()): indicator.id
        for indicator in definitions.indicators.values()
        if is_count(indicator)
    }
    named = {one: words for words, one in titles.items()}
    counts = rows.filter(pl.col("is_count") & pl.col("value").is_not_null()).with_columns(
        pl.col("indicator_id").replace_strict(named, default=None, return_dtype=pl.String).alias("population"),
        pl.col("value").alias("denominator"),
    )
    given = pl.concat([rows.select(*where, "denominator"), counts.select(*where, "denominator")])
    shared = given.drop_nulls().filter(pl.col("denominator") > 0).group_by(where).agg(pl.col("denominator").min())
    shared = shared.rename({"denominator": "shared"})
    rows = rows.join(shared, on=where, how="left", maintain_order="left")
    return rows.with_columns(pl.coalesce("denominator", "shared").alias("base"))


def _most(share: pl.Expr) -> pl.Expr:
    """How many a row counts at most: by the upper end of its range, or of what its printed share may be of its base."""
    high, base, per = pl.col("value_high"), pl.col("base"), pl.col("per")
    printed = pl.col("value") + pl.col("half")
    of_base = pl.when(share & ~pl.col("told_counted")).then(
        (pl.coalesce(pl.when(pl.col("value") > 0).then(printed), high) * base / per + ROUNDING).floor()
    )
    return pl.when("is_count").then(high).otherwise(of_base)


def _others_most(share: pl.Expr) -> pl.Expr:
    low, base, per = pl.col("value_low"), pl.col("base"), pl.col("per")
    printed = pl.when(pl.col("value") < 100).then(pl.col("value") - pl.col("half"))
    least = (pl.coalesce(printed, low) * base / per - ROUNDING).ceil()
    return pl.when(share & (per == 100) & ~pl.col("told_counted")).then(base - least)


def disclosure_policies(definitions: Definitions) -> pl.DataFrame:
    """What disclosure control has to know of each indicator."""
    family = indicator_families(definitions)
    changes = {relation.indicator for relation in definitions.relations if relation.kind == "change"}
    moving = {
        family[indicator.id]
        for indicator in definitions.indicators.values()
        if indicator.change_of or indicator.id in changes
    }
    spread = {family[relation.indicator] for relation in definitions.relations if relation.kind == "england-gap"}
    strict = {
        family[indicator.id]
        for indicator in definitions.indicators.values()
        if definitions.disclosure[indicator.disclosure].secondary
    }
    return pl.DataFrame(
        [
            (
                indicator.id, indicator.kind, is_count(indicator), indicator.per, indicator.decimals,
                policy.primary_min, policy.min_denominator, policy.zero_ok,
                policy.primary_min > 0 or policy.min_denominator > 0 or not policy.zero_ok,
                indicator.accumulation != "snapshot", family[indicator.id] in strict,
                family[indicator.id], family[indicator.id] in moving, family[indicator.id] in spread,
            )
            for indicator in definitions.indicators.values()
            for policy in [definitions.disclosure[indicator.disclosure]]
        ],
        schema={
            "indicator_id": pl.String, "kind": pl.String, "is_count": pl.Boolean, "per": pl.Float64,
            "decimals": pl.Int64, "primary_min": pl.Int64, "min_denominator": pl.Int64, "zero_ok": pl.Boolean,
            "guarded": pl.Boolean, "flows": pl.Boolean, "secondary": pl.Boolean, "family": pl.Int64,
            "moving": pl.Boolean, "spread": pl.Boolean,
        },
        orient="row",
    )  # fmt: skip
