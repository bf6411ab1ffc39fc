"""What should be in a return and is not: companions and required rows. A row is missing only where no row that could
not be read, or that stands twice, may have been meant for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

import polars as pl

from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.findings import make_finding
from local_indicators.schemas.observations import KEY, RequiredRows, TidyTable
from local_indicators.schemas.validation.finding_collector import FindingCollector, Place

PARTS = ("indicator_id", "area_code", "time_period", "breakdown")
CELLS = dict(zip(PARTS, ("at_indicator", "at_area", "at_period", "at_breakdown"), strict=True))
FEW = 200
"""Up to this many things missing of a kind from a return, the rows that may be meant for each are looked for."""
EVERY_MASK = tuple(product((False, True), repeat=len(PARTS)))

Row = dict[str, Any]
Key = tuple[str, ...]


class PossiblyUnreadKeys:
    """What each table may hold besides the keys that could be read; built once for a batch and only asked."""

    def __init__(self, frame: pl.DataFrame, tables: Sequence[TidyTable]) -> None:
        self.frame, self.tables = frame, tables
        self.may_be: set[tuple[Any, ...]] = set()
        """The keys that rows may be meant for, None for a part that may be any: of a return, and of a sheet of it."""
        for number, sheet, *parts in _unread(frame).select("_return", "sheet", *PARTS).unique().iter_rows():
            self._add(number, sheet, *parts)
        for number, sheet, *parts in _misplaced(frame).select("_return", "sheet", *PARTS).unique().iter_rows():
            for one in range(len(PARTS)):  # any one part of a key that stands twice may be the one that is wrong
                self._add(number, sheet, *(None if n == one else p for n, p in enumerate(parts)))
        self.late: set[tuple[Any, ...]] = set()
        """Indicators and breakdowns with a period that has not begun: by then an area may have another code."""
        late = frame.filter(pl.col("period_start") > pl.col("_today"))
        for number, sheet, indicator, area, breakdown in (
            late.select("_return", "sheet", "indicator_id", "area_code", "breakdown").unique().iter_rows()
        ):
            self._add(number, sheet, indicator, area, None, breakdown)
            self.late.add((number, indicator, breakdown))

    def _add(self, number: int, sheet: str, *parts: str | None) -> None:
        self.may_be |= {(number, "", *parts), (number, sheet, *parts)}

    def certain(self, number: int, key: Mapping[str, Any], sheet: str = "") -> bool:
        """Whether a key that a table does not hold is really missing from it: no row of it, or of the `sheet` on which
        it stood before, can be meant for it."""
        table = self.tables[number]
        if not table.whole and (not sheet or not table.broken or table.broken & {sheet, ""}):
            return False
        if sheet and (sheet in table.thinned or (number, key["indicator_id"], key["breakdown"]) in self.late):
            return False
        parts = [key[name] for name in PARTS]
        masked = (tuple(None if m else p for m, p in zip(mask, parts, strict=True)) for mask in EVERY_MASK)
        return not any((number, sheet, *one) in self.may_be for one in masked)


def _unread(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(~pl.col("keyed"))


def _misplaced(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(pl.col("keyed")).filter(pl.struct("_return", *KEY).is_duplicated())


# -- companions -------------------------------------------------------------------------------------------------------

_WHERE = ["_return", "area_code", "time_period", "breakdown"]


def check_companions(
    frame: pl.DataFrame, definitions: Definitions, absences: PossiblyUnreadKeys, collector: FindingCollector
) -> None:
    """A figure that may only be read beside another needs it for the same area, period and breakdown."""
    pairs = {i.id: i.companion for i in definitions.indicators.values() if i.companion}
    of = pl.col("indicator_id").replace_strict(pairs, default=None, return_dtype=pl.String)
    keyed = frame.filter(pl.col("keyed"))
    needing = keyed.with_columns(of.alias("_companion")).filter(
        pl.col("_companion").is_not_null() & pl.col("value").is_not_null()
    )
    if not needing.height:
        return
    beside = keyed.select(*_WHERE, pl.col("indicator_id").alias("_companion"))
    alone = needing.join(beside, on=[*_WHERE, "_companion"], how="anti", maintain_order="left")
    mains = needing.select(*_WHERE, pl.col("_companion").alias("indicator_id"))
    spare = keyed.filter(pl.col("indicator_id").is_in(list(pairs.values()))).join(
        mains, on=[*_WHERE, "indicator_id"], how="anti"
    )
    lacking = Counter(alone.get_column("_return"))
    spares: dict[int, list[Row]] = {}
    for row in spare.filter(pl.col("_return").is_in([n for n, count in lacking.items() if count <= FEW])).iter_rows(
        named=True
    ):
        spares.setdefault(row["_return"], []).append(row)
    for row in alone.iter_rows(named=True):
        number, key = row["_return"], {**row, "indicator_id": row["_companion"]}
        places = [(row["sheet"], row["at_value"])] if row["at_value"] is not None else []
        if absences.certain(number, key) and collector.free(number, places):
            nearly = _nearly(key, spares.get(number, ()))
            collector.add(
                number,
                "companion.missing",
                [*places, *(place for place, _ in nearly if collector.free(number, [place]))],
                field="value",
                found=row["value"],
                expected=f"{definitions.indicators[row['_companion']].title} ({row['_companion']}) for the same area "
                "and period",
            )


def _nearly(key: Mapping[str, Any], rows: Iterable[Row]) -> list[tuple[Place, Row]]:
    """The cells of rows that would have a key if that one cell said something else."""
    found: list[tuple[Place, Row]] = []
    for row in rows:
        off = [name for name in PARTS if row[name] != key[name]]
        if len(off) == 1 and row[CELLS[off[0]]] is not None:
            found.append(((row["sheet"], row[CELLS[off[0]]]), row))
    return found


# -- required rows ----------------------------------------------------------------------------------------------------


def check_required(
    frame: pl.DataFrame, definitions: Definitions, absences: PossiblyUnreadKeys, collector: FindingCollector
) -> None:
    """Every row that a return must hold is there; one that may stand under a wrong name is named beside."""
    for number, table in enumerate(absences.tables):
        for required in table.requires:
            begun = pl.col("period_start") <= pl.col("_today")
            now = frame.filter((pl.col("_return") == number) & pl.col("keyed") & begun)
            if required.indicators:
                now = now.filter(pl.col("indicator_id").is_in(list(required.indicators)))
            if now.height:
                _missing(number, required, list(now.iter_rows(named=True)), definitions, absences, collector)


def _missing(
    number: int,
    required: RequiredRows,
    rows: list[Row],
    definitions: Definitions,
    absences: PossiblyUnreadKeys,
    collector: FindingCollector,
) -> None:
    held = {_key(row) for row in rows}
    wanted = _wanted(required, rows, definitions)
    missing = [
        key for key in wanted if key not in held and absences.certain(number, dict(zip(PARTS, key, strict=True)))
    ]
    weight = {period: (sum(k[2] == period for k in held), period) for period in {k[2] for k in held}}
    kinds = Counter((k[0], k[1], k[3]) for k in held)
    once = {k for k in held - wanted if kinds[k[0], k[1], k[3]] == 1}  # what is given year after year is no slip
    moved: set[Key] = set()
    named: list[tuple[Key, list[Place]]] = []
    for key in sorted(missing, key=lambda k: (weight.get(k[2], (0, "")), k), reverse=True):
        spare = [r for r in rows if _key(r) in once or weight[r["time_period"]] < weight[key[2]]]
        if key[2] in weight and all(k in moved for k in held if k[2] == key[2]):
            continue  # every row of that period was meant for another one
        nearly = _nearly(dict(zip(PARTS, key, strict=True)), spare) if len(missing) <= FEW else []
        moved.update(_key(row) for _, row in nearly)
        named.append((key, [place for place, _ in nearly if collector.free(number, [place])]))
    for key, places in reversed(named):
        _note_missing(number, key, places, rows[0]["sheet"], definitions, collector)


def _note_missing(
    number: int, key: Key, places: list[Place], sheet: str, definitions: Definitions, collector: FindingCollector
) -> None:
    area, one = definitions.geography.area(key[1]), definitions.indicators[key[0]]
    period = collector.period(number, one.time_identifier, key[2])
    what = f"no row for {one.title}, {area.name if area else key[1]}, {period}, {key[3]}"
    if places:
        collector.add(number, "row.missing", places, field="row", found=what, expected="that row")
    else:
        collector.found[number].append(
            make_finding("row.missing", sheet=sheet, field="row", found=what, expected="that row")
        )


def _key(row: Row) -> Key:
    return tuple(row[name] for name in PARTS)


def _wanted(required: RequiredRows, rows: Sequence[Row], definitions: Definitions) -> set[Key]:
    """Every key that must be there, given the periods that the rows speak of."""
    wanted: set[Key] = set()
    for identifier, period in {(r["time_identifier"], r["time_period"]) for r in rows}:
        here = [i for i in required.indicators if definitions.indicators[i].time_identifier == identifier]
        here = here or sorted({r["indicator_id"] for r in rows if r["time_period"] == period})
        for indicator in here:
            mine = [r for r in rows if r["indicator_id"] == indicator]
            areas = required.areas or tuple({r["area_code"] for r in mine})
            breakdowns = required.breakdowns or tuple({r["breakdown"] for r in mine}) or ("Total",)
            wanted.update(product((indicator,), areas, (period,), breakdowns))
    return wanted
