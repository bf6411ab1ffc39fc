"""The rules on single rows, as one pandera validation over the rows of many returns together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandera.polars as pa
import polars as pl

from local_indicators.schemas.definitions.models import Definitions, Indicator
from local_indicators.schemas.observations import KEY, MEASURES, TIDY, CheckContext, TidyTable, Waiver
from local_indicators.schemas.reference.periods import EXPECTED
from local_indicators.schemas.rules import RULES
from local_indicators.schemas.validation.finding_collector import FindingCollector, Place
from local_indicators.schemas.validation.share_arithmetic import (
    Row,
    RowCheck,
    apparent_rounding_base,
    hidden_part_checks,
    interval_checks,
    number_in_words,
    numerator_tolerance,
    share_checks,
)

# -- the rows with what the definitions say of them -------------------------------------------------------------------

_LIMITS: dict[str, Any] = {
    "_limits_of": pl.String,
    "_lowest": pl.Float64,
    "_highest": pl.Float64,
    "_low": pl.Float64,
    "_high": pl.Float64,
    "_unit": pl.String,
    "_per": pl.Float64,
    "_decimals": pl.Int64,
    "_counted": pl.Boolean,
    "_scale": pl.List(pl.String),
}


def join_definitions(tables: Sequence[TidyTable], definitions: Definitions, context: CheckContext) -> pl.DataFrame:
    """The rows of all tables under each other: `_return` is a table's number, `_index` the row's, `_today` the day, and
    beside them the limits of the row's indicator. Where the indicator could not be read, the limits are those that
    every indicator of its sheet has in common, so that one unreadable cell hides nothing else that is wrong."""
    whole = pl.concat([t.frame.with_columns(pl.lit(n).alias("_return")) for n, t in enumerate(tables)])
    named = pl.concat_str(pl.lit("?"), pl.col("_return").cast(pl.String), pl.lit("/"), pl.col("sheet"))
    whole = whole.with_columns(pl.coalesce("indicator_id", named).alias("_limits_of"))
    limits = [
        _limits(definitions, definitions.indicators[i])
        for i in whole.get_column("indicator_id").drop_nulls().unique().sort()
    ]
    unread = whole.filter(pl.col("indicator_id").is_null()).select("_limits_of", "_return", "sheet").unique()
    for name, number, sheet in unread.iter_rows():
        may_be = [definitions.indicators[i] for i in tables[number].speaks_of.get(sheet, ())]
        if may_be:
            limits.append(_common(name, [_limits(definitions, one) for one in may_be]))
    known = pl.DataFrame(limits, schema=_LIMITS, orient="row")
    return (
        whole.join(known, on="_limits_of", how="left", maintain_order="left")
        .with_columns(
            pl.lit(context.today).alias("_today"),
            apparent_rounding_base("numerator"),
            apparent_rounding_base("denominator"),
        )
        .with_row_index("_index")
    )


def _limits(definitions: Definitions, indicator: Indicator) -> tuple[Any, ...]:
    scale = definitions.scales.get(indicator.scale)
    return (
        indicator.id,
        *indicator.bounds,
        *indicator.range,
        indicator.unit,
        indicator.per,
        indicator.decimals,
        indicator.counted,
        list(scale.values) if scale else None,
    )


def _common(name: str, limits: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    """What holds of a row whichever of several indicators it is of."""
    lowest, highest = min(limit[1] for limit in limits), max(limit[2] for limit in limits)
    units = {limit[5] for limit in limits}
    unit = units.pop() if len(units) == 1 else None
    scales = [limit[9] for limit in limits]
    scale = sorted({word for words in scales for word in words}) if all(scales) else None
    return (name, lowest, highest, None, None, unit, None, None, all(limit[8] for limit in limits), scale)


# -- the rules, in the order in which they claim a cell ---------------------------------------------------------------


def _with_unit(words: str, row: Row) -> str:
    return f"{words} {row['_unit']}" if row["_unit"] else words


def _row_checks() -> tuple[RowCheck, ...]:
    checks = (*_parts(), *_bounds(), *_ends(), *share_checks(), *interval_checks(), *_plausible(), *_future())
    return (*checks, *hidden_part_checks())


def _parts() -> list[RowCheck]:
    checks: list[RowCheck] = []
    for name in ("numerator", "denominator"):
        part = pl.col(name)
        checks += [
            RowCheck("value.below-minimum", name, part >= 0, (name,), lambda _: "a count of 0 or more"),
            RowCheck("value.not-whole", name, part.round(0) == part, (name,), lambda _: "a whole number"),
        ]
    above = RowCheck(
        "value.numerator-above-denominator",
        "numerator",
        (pl.col("_unit") != "%")
        | (pl.col("_highest") > 100)
        | (pl.col("numerator") <= pl.col("denominator") + numerator_tolerance()),
        ("numerator", "denominator"),
        lambda row: f"at most the denominator, {number_in_words(row['denominator'])}",
    )
    return [*checks, above]


def _bounds() -> list[RowCheck]:
    checks: list[RowCheck] = []
    for name in ("value", "value_low", "value_high"):
        value = pl.col(name)
        checks += [
            RowCheck(
                "value.above-maximum",
                name,
                value <= pl.col("_highest"),
                (name,),
                lambda row: _with_unit(f"at most {number_in_words(row['_highest'])}", row),
            ),
            RowCheck(
                "value.below-minimum",
                name,
                value >= pl.col("_lowest"),
                (name,),
                lambda row: _with_unit(f"at least {number_in_words(row['_lowest'])}", row),
            ),
        ]
    whole = RowCheck(
        "value.not-whole",
        "value",
        ~pl.col("_counted") | (pl.col("value").round(0) == pl.col("value")),
        ("value",),
        lambda _: "a whole number",
    )
    in_scale = pl.col("value_text").str.to_lowercase().is_in(pl.col("_scale"))
    scale = RowCheck(
        "value.not-in-scale",
        "value_text",
        pl.col("_scale").is_null() | in_scale,
        ("value_text",),
        lambda row: "one of " + ", ".join(row["_scale"]),
    )
    return [*checks, whole, scale]


def _ends() -> list[RowCheck]:
    return [
        RowCheck(
            "value.range-reversed",
            "value_low",
            pl.col("value_low") <= pl.col("value_high"),
            ("value_low", "value_high"),
            lambda row: f"at most the upper end, {number_in_words(row['value_high'])}",
        )
    ]


def _plausible() -> list[RowCheck]:
    return [
        RowCheck(
            "value.implausible",
            name,
            pl.col(name).is_between("_low", "_high"),
            (name,),
            lambda row: _with_unit(f"between {number_in_words(row['_low'])} and {number_in_words(row['_high'])}", row),
        )
        for name in ("value", "value_low", "value_high")
    ]


def _future() -> list[RowCheck]:
    return [
        RowCheck(
            "period.in-future",
            "time_period",
            pl.col("period_start") <= pl.col("_today"),
            ("period",),
            lambda row: f"{EXPECTED[row['time_identifier']]}, begun by {row['_today']:%-d %B %Y}",
        )
    ]


ROW_CHECKS = _row_checks()


def _schema() -> pa.DataFrameSchema:
    """The pandera schema of a tidy table. Cells are parsed before: types are a promise and nothing is coerced. What is
    not given, or not known of an indicator, keeps every rule."""

    def as_check(number: int, row_check: RowCheck) -> pa.Check:
        def run(data: pa.PolarsData) -> pl.LazyFrame:
            return data.lazyframe.select(row_check.passes.fill_null(value=True).alias("keeps"))

        return pa.Check(run, name=str(number))

    columns: Mapping[str, pa.Column] = {
        name: pa.Column(kind, nullable=name not in ("sheet", "provenance", "keyed", "faulty"))
        for name, kind in TIDY.items()
    }
    return pa.DataFrameSchema(dict(columns), checks=[as_check(n, c) for n, c in enumerate(ROW_CHECKS)], strict=False)


_SCHEMA = _schema()


def _failures(frame: pl.DataFrame) -> dict[int, list[int]]:
    """The rows that fail each check by its number, in the order of the checks and of the rows."""
    try:
        _SCHEMA.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases.select("check", "index")
        if cases.get_column("index").null_count():
            raise RuntimeError(f"a check could not run: {errors.failure_cases.head(3)}") from errors
        by_check = {
            int(str(number)): sorted(rows.get_column("index").unique().to_list())
            for (number,), rows in cases.group_by("check")
        }
        return dict(sorted(by_check.items()))
    return {}


def check_rows(
    frame: pl.DataFrame, tables: Sequence[TidyTable], context: CheckContext, collector: FindingCollector
) -> None:
    """Note what is wrong with single rows. A row whose cell an earlier rule names already is left alone by the later
    ones: they could only say again what follows from it."""
    for number, indexes in _failures(frame).items():
        one = ROW_CHECKS[number]
        rows = frame[indexes].iter_rows(named=True)
        if one.rule == "period.in-future":
            _in_future(one, rows, tables, context, collector)
            continue
        for row in rows:
            places = _places(row, one.cells)
            if collector.free(row["_return"], places):
                waiver = waiver_in_force(context, tables[row["_return"]].collection, row, one.rule, one.field)
                _note(collector, one, row, places, waiver)


def _note(
    collector: FindingCollector, row_check: RowCheck, row: Row, places: Sequence[Place], waiver: Waiver | None
) -> None:
    collector.add(
        row["_return"],
        row_check.rule,
        places,
        field=row_check.field,
        found=collector.period(row["_return"], row["time_identifier"], row["time_period"])
        if row_check.field == "time_period"
        else row[row_check.field],
        expected=row_check.expected(row),
        as_seen=row_check.field != "value"
        or row["at_value"] != row["at_numerator"],  # a share worked out stands in no cell
        waiver=waiver,
    )


def _places(row: Row, fields: Iterable[str]) -> list[Place]:
    """The cells of a row's fields. The ends of a hidden range, `<5`, are said by the cell of the value itself, and a
    value that was never typed by the two that it was computed from."""
    at: list[int | None] = []
    for name in fields:
        where = row[f"at_{name}"]
        at.append(row["at_value"] if where is None and name in ("value_low", "value_high") else where)
        if name == "value" and where == row["at_numerator"]:
            at.append(row["at_denominator"])
    return list(dict.fromkeys((row["sheet"], position) for position in at if position is not None))


def _in_future(
    row_check: RowCheck,
    rows: Iterable[Row],
    tables: Sequence[TidyTable],
    context: CheckContext,
    collector: FindingCollector,
) -> None:
    """One finding for each cell that says a period, however many rows stand under it; where no cell says it (a sheet's
    name, the layout), one for each sheet, with the cells of the values."""
    groups: dict[Any, list[tuple[Row, Waiver | None]]] = {}
    for row in rows:
        waiver = waiver_in_force(
            context, tables[row["_return"]].collection, row, row_check.rule, first_measure_given(row)
        )
        what = (row["_return"], row["sheet"], row["at_period"], row["time_period"], waiver)
        groups.setdefault(what, []).append((row, waiver))
    for (_, _, at_period, _, waiver), group in groups.items():
        first = group[0][0]
        places = _places(first, row_check.cells)
        if at_period is None:
            places = [place for row, _ in group for place in _places(row, [first_measure_given(row)])]
        _note(collector, row_check, first, places, waiver)


def first_measure_given(row: Row) -> str:
    """The measure that a row gives first: the one that stands for it."""
    return next((name for name in MEASURES if row[name] is not None), "value")


def waiver_in_force(context: CheckContext, collection: str, row: Row, rule: str, field: str) -> Waiver | None:
    """The waiver that lets a row's value through a rule today, if there is one."""
    if RULES[rule].strictness != "waivable" or not row["keyed"]:
        return None
    return next(
        (
            waiver
            for waiver in context.waivers
            if waiver.lets_through(collection, tuple(row[n] for n in KEY), rule, field, row[field], context.today)
        ),
        None,
    )


def rows_of_finding(frame: pl.DataFrame, rule: str, field: str, place: Place) -> list[tuple[Row, str]]:
    """The rows whose finding of a rule on a field names a cell, each with the measure that a waiver of it binds."""
    cells = next((one.cells for one in ROW_CHECKS if (one.rule, one.field) == (rule, field)), (field,))
    found: list[tuple[Row, str]] = []
    for row in frame.filter(pl.col("sheet") == place[0]).iter_rows(named=True):
        measure = field if field in MEASURES else first_measure_given(row)
        if place in (_places(row, cells) or _places(row, [measure])):
            found.append((row, measure))
    return found
