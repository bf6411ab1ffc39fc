"""The checks on tidy tables: one pandera validation over many returns together, every finding in one pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandera.polars as pa
import polars as pl

from schemas.definitions import Definitions, Indicator
from schemas.findings import Finding, a1, finding
from schemas.periods import EXPECTED
from schemas.tables import KEY, KEY_CELLS, TIDY, Context, Table

DUPLICATES_NAMED = 50
"""Rows of one duplicated key whose cells a finding lists."""

Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class RowCheck:
    """A rule on single rows: `passes` is True where the row keeps it; `cells` are the fields whose cells it names."""

    rule: str
    field: str
    passes: pl.Expr
    cells: tuple[str, ...]
    expected: Callable[[Row], str]


def check(tables: Sequence[Table], definitions: Definitions, context: Context) -> list[list[Finding]]:
    """Judge tidy tables against the definitions and the context; one list of findings for each table, in its order.

    Never raises on what a partner sent: what cannot be judged because a cell is already in a finding is left alone.
    """
    if not tables:
        return []
    whole = pl.concat([t.frame.with_columns(pl.lit(n).alias("_return")) for n, t in enumerate(tables)])
    frame = _with_definitions(whole, definitions, context)
    found: list[list[Finding]] = [[] for _ in tables]
    for one, indexes in _failures(frame).items():
        for row in frame[indexes].iter_rows(named=True):
            cells = tuple(a1(row[f"at_{f}"]) for f in one.cells if row[f"at_{f}"] is not None)
            found[row["_return"]].append(
                finding(
                    one.rule,
                    sheet=row["sheet"],
                    cells=cells,
                    field=one.field,
                    found=row[one.field],
                    expected=one.expected(row),
                )
            )
    _duplicates(frame, found)
    _history(frame, tables, context, found)
    return found


def _with_definitions(whole: pl.DataFrame, definitions: Definitions, context: Context) -> pl.DataFrame:
    """Each row with the limits of its indicator beside it, and what other rows of its return say of it."""
    known = whole.get_column("indicator_id").drop_nulls().unique().to_list()
    limits = pl.DataFrame(
        [_limits(definitions, definitions.indicators[i]) for i in known],
        schema={
            "indicator_id": pl.String,
            "_lowest": pl.Float64,
            "_highest": pl.Float64,
            "_low": pl.Float64,
            "_high": pl.Float64,
            "_unit": pl.String,
            "_per": pl.Float64,
            "_decimals": pl.Int64,
            "_scale": pl.List(pl.String),
            "_companion": pl.String,
        },
        orient="row",
    )
    frame = whole.join(limits, on="indicator_id", how="left", maintain_order="left")
    place = ["_return", "area_code", "time_period", "breakdown"]
    beside = frame.filter("keyed").select(*place, pl.col("indicator_id").alias("_companion")).unique()
    unsure = frame.filter(~pl.col("keyed")).select("_return").unique().get_column("_return")
    return (
        frame.join(
            beside.with_columns(pl.lit(value=True).alias("_beside")),
            on=[*place, "_companion"],
            how="left",
            maintain_order="left",
        )
        .with_columns(
            pl.lit(context.today).alias("_today"),
            pl.col("_return").is_in(unsure.implode()).alias("_unsure"),
            pl.col("_beside").fill_null(value=False),
        )
        .with_row_index("_index")
    )


def _limits(definitions: Definitions, one: Indicator) -> tuple[Any, ...]:
    scale = definitions.scales.get(one.scale)
    return (
        one.id,
        *one.bounds,
        *one.range,
        one.unit,
        one.per,
        one.decimals,
        list(scale.values) if scale else None,
        one.companion or None,
    )


# -- rules on single rows ---------------------------------------------------------------------------------------------

_SHARE = pl.col("_unit") == "%"
_PARTS_SOUND = (
    (pl.col("numerator") >= 0)
    & (~_SHARE | (pl.col("numerator") <= pl.col("denominator")))
    & (pl.col("numerator").round(0) == pl.col("numerator"))
    & (pl.col("denominator").round(0) == pl.col("denominator"))
)
_IN_BOUNDS = pl.col("value").is_between("_lowest", "_highest")
_TOLERANCE = (
    pl.when(pl.col("value").round(0) == pl.col("value"))
    .then(0.5)
    .otherwise(0.5 * pl.lit(10.0).pow(-pl.col("_decimals")))
)


def _number(value: float) -> str:
    return f"{value:,.10g}"


def _row_checks() -> tuple[RowCheck, ...]:
    checks: list[RowCheck] = []
    for name in ("value", "value_low", "value_high"):
        value = pl.col(name)
        checks += [
            RowCheck(
                "value.above-maximum",
                name,
                value.is_null() | (value <= pl.col("_highest")),
                (name,),
                lambda row: f"at most {_number(row['_highest'])} {row['_unit']}",
            ),
            RowCheck(
                "value.below-minimum",
                name,
                value.is_null() | (value >= pl.col("_lowest")),
                (name,),
                lambda row: f"at least {_number(row['_lowest'])} {row['_unit']}",
            ),
            RowCheck(
                "value.implausible",
                name,
                value.is_null() | value.is_between("_low", "_high") | ~value.is_between("_lowest", "_highest"),
                (name,),
                lambda row: f"between {_number(row['_low'])} and {_number(row['_high'])} {row['_unit']}",
            ),
        ]
    for name in ("numerator", "denominator"):
        part = pl.col(name)
        checks += [
            RowCheck(
                "value.below-minimum",
                name,
                part.is_null() | (part >= 0),
                (name,),
                lambda _: "a count of 0 or more",
            ),
            RowCheck(
                "value.not-whole",
                name,
                part.is_null() | (part < 0) | (part.round(0) == part),
                (name,),
                lambda _: "a whole number",
            ),
        ]
    counted = (pl.col("_decimals") == 0) & ~pl.col("_unit").is_in(["%", "pp"]) & pl.col("value").is_not_null()
    checks += [
        RowCheck(
            "value.not-whole",
            "value",
            ~counted | ~_IN_BOUNDS | (pl.col("value").round(0) == pl.col("value")),
            ("value",),
            lambda _: "a whole number",
        ),
        RowCheck(
            "value.range-reversed",
            "value_low",
            pl.col("value_low").is_null()
            | pl.col("value_high").is_null()
            | (pl.col("value_low") <= pl.col("value_high")),
            ("value_low", "value_high"),
            lambda row: f"at most the upper end, {_number(row['value_high'])}",
        ),
        RowCheck(
            "value.numerator-above-denominator",
            "numerator",
            ~_SHARE
            | pl.col("numerator").is_null()
            | pl.col("denominator").is_null()
            | (pl.col("denominator") < 0)
            | (pl.col("numerator") <= pl.col("denominator")),
            ("numerator", "denominator"),
            lambda row: f"at most the denominator, {_number(row['denominator'])}",
        ),
        RowCheck(
            "value.does-not-match",
            "value",
            pl.col("_per").is_null()
            | pl.col("value").is_null()
            | ~_IN_BOUNDS
            | pl.col("numerator").is_null()
            | pl.col("denominator").is_null()
            | ~_PARTS_SOUND
            | (
                (pl.col("denominator") > 0)
                & (
                    (pl.col("value") - pl.col("_per") * pl.col("numerator") / pl.col("denominator")).abs()
                    <= _TOLERANCE + 1e-9
                )
            ),
            ("value", "numerator", "denominator"),
            _matching_share,
        ),
        RowCheck(
            "value.not-in-scale",
            "value_text",
            pl.col("_scale").is_null()
            | pl.col("value_text").is_null()
            | pl.col("value_text").str.to_lowercase().is_in(pl.col("_scale")),
            ("value_text",),
            lambda row: "one of " + ", ".join(row["_scale"]),
        ),
        RowCheck(
            "period.in-future",
            "time_period",
            pl.col("period_start").is_null() | (pl.col("period_start") <= pl.col("_today")),
            ("period", "value"),
            lambda row: f"{EXPECTED[row['time_identifier']]}, begun by {row['_today']:%-d %B %Y}",
        ),
        RowCheck(
            "companion.missing",
            "value",
            pl.col("_companion").is_null()
            | pl.col("_beside")
            | pl.col("_unsure")
            | ~pl.col("keyed")
            | pl.col("value").is_null(),
            ("value",),
            lambda row: f"{row['_companion']} for the same area and period",
        ),
    ]
    return tuple(checks)


def _matching_share(row: Row) -> str:
    if not row["denominator"]:
        return "no value, for the denominator is 0"
    share = row["_per"] * row["numerator"] / row["denominator"]
    return f"{share:.{row['_decimals']}f}, which is {_number(row['numerator'])} of {_number(row['denominator'])}"


ROW_CHECKS = _row_checks()


def _schema() -> pa.DataFrameSchema:
    """The pandera schema of a tidy table. Cells are parsed before: types are a promise and nothing is coerced."""

    def as_check(number: int, one: RowCheck) -> pa.Check:
        def run(data: pa.PolarsData) -> pl.LazyFrame:
            return data.lazyframe.select(one.passes.fill_null(value=True).alias("keeps"))

        return pa.Check(run, name=str(number))

    columns: Mapping[str, pa.Column] = {
        name: pa.Column(kind, nullable=name not in ("sheet", "provenance", "keyed", "faulty"))
        for name, kind in TIDY.items()
    }
    return pa.DataFrameSchema(dict(columns), checks=[as_check(n, c) for n, c in enumerate(ROW_CHECKS)], strict=False)


_SCHEMA = _schema()


def _failures(frame: pl.DataFrame) -> dict[RowCheck, list[int]]:
    """The rows that fail each check, in row order."""
    try:
        _SCHEMA.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases.select("check", "index")
        if cases.get_column("index").null_count():
            raise RuntimeError(f"a check could not run: {errors.failure_cases.head(3)}") from errors
        by_check: dict[RowCheck, list[int]] = {}
        for (number,), rows in cases.group_by("check"):
            by_check[ROW_CHECKS[int(str(number))]] = sorted(rows.get_column("index").unique().to_list())
        return by_check
    return {}


# -- rules on rows together -------------------------------------------------------------------------------------------


def _duplicates(frame: pl.DataFrame, found: list[list[Finding]]) -> None:
    key = ["_return", *KEY]
    twice = frame.filter(pl.col("keyed")).filter(pl.struct(key).is_duplicated())
    for _, group in twice.group_by(key, maintain_order=True):
        rows = list(group.head(DUPLICATES_NAMED).iter_rows(named=True))
        last = rows[-1]
        cells = [_cell(row, row[f"at_{f}"], last["sheet"]) for row in reversed(rows) for f in _given(row)]
        cells += [
            _cell(row, row[name], last["sheet"])
            for row in reversed(rows)
            for name in KEY_CELLS
            if row[name] is not None
        ]
        found[last["_return"]].append(
            finding(
                "key.duplicate",
                sheet=last["sheet"],
                cells=list(dict.fromkeys(cells)),
                field="value",
                found=f"{group.height} times: {', '.join(str(last[n]) for n in KEY if n != 'definition_version')}",
                expected="once",
            )
        )


def _given(row: Row) -> list[str]:
    """The measures that a row has a cell for, the value first."""
    return [name for name in ("value", "value_text", "value_low", "numerator") if row[f"at_{name}"] is not None][:1]


def _cell(row: Row, where: int, home: str) -> str:
    return a1(where) if row["sheet"] == home else f"'{row['sheet']}'!{a1(where)}"


def _history(frame: pl.DataFrame, tables: Sequence[Table], context: Context, found: list[list[Finding]]) -> None:
    """What differs from what was accepted before: keys no longer there, and values another return is the authority
    for."""
    if context.accepted is not None:
        for number, table in enumerate(tables):
            now = frame.filter(pl.col("_return") == number)
            if now.filter(~pl.col("keyed")).height:
                continue
            mine = context.accepted.filter(pl.col("collection") == table.collection)
            period = ["time_identifier", "time_period"]
            spoken_of = mine.join(now.select(period).unique(), on=period, how="semi")
            for row in spoken_of.join(now.select(KEY), on=list(KEY), how="anti").iter_rows(named=True):
                found[number].append(_withdrawn(row))
    if context.authority is not None and context.authority.height:
        both = frame.filter("keyed").join(context.authority, on=list(KEY), how="inner", suffix="_there")
        owner = pl.Series("collection_here", [t.collection for t in tables])
        both = both.with_columns(owner.gather(both.get_column("_return")).alias("_collection"))
        differs = pl.col("value").ne_missing(pl.col("value_there")) | pl.col("value_text").ne_missing(
            pl.col("value_text_there")
        )
        for row in both.filter((pl.col("_collection") != pl.col("collection")) & differs).iter_rows(named=True):
            found[row["_return"]].append(
                finding(
                    "key.differs",
                    sheet=row["sheet"],
                    cells=[a1(row[f"at_{f}"]) for f in _given(row)],
                    field="value",
                    found=row["value"] if row["value"] is not None else row["value_text"],
                    expected=f"{_shown(row['value_there'], row['value_text_there'])}, as in "
                    f"{row['source_file']}, {row['sheet_there']}!{row['cell']}",
                )
            )


def _shown(value: float | None, text: str | None) -> str:
    return _number(value) if value is not None else text or "no value"


def _withdrawn(row: Row) -> Finding:
    return finding(
        "key.withdrawn",
        field="value",
        found=f"no row for {row['indicator_id']}, {row['area_code']}, {row['time_period']}, {row['breakdown']}",
        expected=f"{_shown(row['value'], row['value_text'])}, as in {row['source_file']}, {row['sheet']}!{row['cell']}",
    )
