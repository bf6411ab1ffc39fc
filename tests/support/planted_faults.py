"""Faults planted into good returns, found through where each figure of the tidy table stands."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl

from local_indicators.common.cell_references import COLUMNS, address_of_position
from local_indicators.flows.checking.validate_files import ValidationResult, validate_files
from local_indicators.inputs.layouts.partner_layouts import Partner
from local_indicators.inputs.parsing.return_identification import Origin
from local_indicators.schemas.definitions.models import Definitions, Indicator
from local_indicators.schemas.findings import Finding, cells_of_finding
from local_indicators.schemas.observations import CheckContext
from local_indicators.schemas.reference.periods import build_period

Cell = tuple[str, int]
Row = dict[str, Any]
KEY_PARTS = {"indicator_id": "indicator", "area_code": "area", "time_period": "period", "breakdown": "breakdown"}


@dataclass(frozen=True)
class Plant:
    """One fault: what is typed into one cell of a good return, and the rules that may name it. `beside` are the rows
    whose other cells it shows against: with another fault in them nobody could say which is the wrong one."""

    sheet: str
    place: int
    typed: Any
    rules: tuple[str, ...]
    beside: tuple[int, ...] = ()

    @property
    def touches(self) -> set[tuple[str, int]]:
        return {(self.sheet, row) for row in (self.place // COLUMNS, *self.beside)}

    def __str__(self) -> str:
        return f"{self.sheet}!{address_of_position(self.place)}={self.typed!r}"


@dataclass(frozen=True, eq=False)
class Good:
    """A return without errors, with the faults that can be planted into it."""

    path: Path
    partner: str
    plants: tuple[Plant, ...]

    def with_faults(self, plants: Sequence[Plant], target: Path) -> Path:
        """A copy of the return with the faults in it."""
        return write(self.path, {(p.sheet, p.place): p.typed for p in plants}, target)


def write(source: Path, cells: Mapping[Cell, Any], target: Path) -> Path:
    """A copy of a workbook or csv in which some cells say something else."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.suffix == ".csv":
        rows = _csv_rows(source)
        for (_, place), typed in cells.items():
            row, column = divmod(place, COLUMNS)
            rows[row][column] = "" if typed is None else str(typed)
        with target.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
        return target
    book = openpyxl.load_workbook(source)
    for (sheet, place), typed in cells.items():
        book[sheet][address_of_position(place)].value = typed
    book.save(target)
    return target


def _csv_rows(source: Path) -> list[list[str]]:
    with source.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def _reader(source: Path) -> Any:
    """A function that says what a cell of a file holds."""
    if source.suffix == ".csv":
        rows = _csv_rows(source)
        return lambda _, place: rows[place // COLUMNS][place % COLUMNS]
    book = openpyxl.load_workbook(source)
    return lambda sheet, place: book[sheet][address_of_position(place)].value


def good_returns(
    paths: Sequence[Path], partners: Mapping[str, Partner], definitions: Definitions, today: date
) -> list[Good]:
    """The returns among some files that are accepted as they are; the folder of each is its partner's."""
    arrivals = [(Origin(p.parent.name, p.name, today), p.read_bytes) for p in paths]
    judged = validate_files(arrivals, partners, definitions, CheckContext(today))
    return [
        Good(path, path.parent.name, tuple(plants_in(group, definitions, path)))
        for path, group in zip(paths, judged, strict=True)
        if all(one.status != "rejected" for one in group)
    ]


def judge_planted(
    jobs: Sequence[tuple[Good, Sequence[Plant]]],
    folder: Path,
    partners: Mapping[str, Partner],
    definitions: Definitions,
    today: date,
) -> list[list[str]]:
    """What is wrong with the findings of each of many returns with faults in them, judged in one pass."""
    arrivals = []
    for number, (good, plants) in enumerate(jobs):
        path = good.with_faults(plants, folder / str(number) / good.path.name)
        arrivals.append((Origin(good.partner, path.name, today), path.read_bytes))
    judged = validate_files(arrivals, partners, definitions, CheckContext(today))
    return [
        [f"{good.path.name}: {said}" for said in wrong_with([f for one in group for f in one.findings], plants)]
        for (good, plants), group in zip(jobs, judged, strict=True)
    ]


def wrong_with(findings: Iterable[Finding], plants: Sequence[Plant]) -> list[str]:
    """What is wrong with the findings of a return into which faults were planted: nothing, if each fault is in the
    cells of exactly one error and there is no other error."""
    errors = [(finding, set(cells_of_finding(finding))) for finding in findings if finding.is_error]
    said = []
    for plant in plants:
        naming = [one for one, cells in errors if (plant.sheet, plant.place) in cells]
        if len(naming) != 1:
            said.append(f"{plant} is named by {[(n.rule, n.cells) for n in naming]}")
        elif naming[0].rule not in plant.rules:
            said.append(f"{plant} is called {naming[0].rule}")
    planted = {(plant.sheet, plant.place) for plant in plants}
    said += [f"nobody planted {o.rule} {o.sheet} {o.cells} {o.found!r}" for o, c in errors if not c & planted]
    return [f"{one} of {[str(p) for p in plants]}" for one in said]


def mix(good: Good, chance: random.Random, most: int) -> list[Plant]:
    """Some faults in different cells of one return."""
    chosen: dict[Cell, Plant] = {}
    rows: set[tuple[str, int]] = set()
    alone: set[tuple[str, int]] = set()
    for plant in chance.sample(good.plants, min(len(good.plants), chance.randint(2, most))):
        cell, touches = (plant.sheet, plant.place), plant.touches
        if cell in chosen or touches & alone or (plant.beside and touches & rows):
            continue
        chosen[cell] = plant
        rows |= touches
        alone |= touches if plant.beside else set()
    return list(chosen.values())


# -- what can be wrong with one cell ----------------------------------------------------------------------------------


def plants_in(judged: Sequence[ValidationResult], definitions: Definitions, path: Path) -> Iterator[Plant]:
    """Every fault that one cell of a return can have by itself, each once."""
    seen: set[tuple[Cell, str]] = set()
    read = _reader(path)
    for one in judged:
        assert one.table is not None
        rows = list(one.table.frame.iter_rows(named=True))
        for row in rows:
            indicator = definitions.indicators[row["indicator_id"]]
            bounds = {definitions.indicators[r["indicator_id"]].bounds for r in rows if r["sheet"] == row["sheet"]}
            faults = [
                *_keys(row, blank=path.suffix != ".csv"),
                *_measures(row, indicator, alike=len(bounds) == 1),
                *_twins(row, rows, definitions, read),
            ]
            for plant in faults:
                key = ((plant.sheet, plant.place), repr(plant.typed))
                if key not in seen and read(plant.sheet, plant.place) != plant.typed:
                    seen.add(key)
                    yield plant


def _keys(row: Row, *, blank: bool) -> Iterator[Plant]:
    """Words that are no indicator, area, period or group. `blank` is False where an area has several columns."""
    nothing = [None] if blank else []
    faults: list[tuple[str, list[Any], tuple[str, ...]]] = [
        ("indicator", ["Something else", None], ("indicator.unknown", "cell.blank")),
        ("area", ["Nottingshire", "Mottingham", *nothing], ("area.unknown", "cell.blank")),
        ("period", ["last year", "2009/11", None], ("period.unknown", "cell.blank")),
        ("breakdown", ["Nobody we count"], ("breakdown.unknown",)),
    ]
    for name, words, rules in faults:
        if row[f"at_{name}"] is not None:
            yield from (Plant(row["sheet"], row[f"at_{name}"], word, rules) for word in words)
    if row["at_period"] is not None and row["time_identifier"] in ("Academic year", "Financial year", "Calendar year"):
        later = build_period(row["time_identifier"], 2031 + row["at_period"] // COLUMNS % 60)
        ended = ("period.in-future", "period.unknown")
        yield Plant(row["sheet"], row["at_period"], later.label, ended, (row["at_period"] // COLUMNS,))


def _measures(row: Row, indicator: Indicator, *, alike: bool) -> Iterator[Plant]:
    """What cannot be a figure. Unless all of a sheet's indicators have the same bounds, a row whose indicator cannot be
    read has none, so that a value beyond them is `beside`."""
    computed = row["at_value"] == row["at_numerator"]
    for name in ("value", "value_low", "value_high", "numerator", "denominator"):
        if row[name] is not None and row[f"at_{name}"] is not None and not (name == "value" and computed):
            for typed, rule in _numbers(name, row, indicator, computed=computed):
                compares = rule in ("value.does-not-match", "value.numerator-above-denominator", "cell.blank")
                compares |= not alike and rule in ("value.above-maximum", "value.below-minimum", "value.not-whole")
                beside = (row[f"at_{name}"] // COLUMNS,) if compares else ()
                yield Plant(row["sheet"], row[f"at_{name}"], typed, (rule,), beside)
    if indicator.kind == "ordinal" and row["at_value_text"] is not None:
        yield Plant(row["sheet"], row["at_value_text"], "rather fair", ("value.not-in-scale",))


def _numbers(name: str, row: Row, indicator: Indicator, *, computed: bool) -> Iterator[tuple[Any, str]]:
    yield "about a third", "cell.not-a-number"
    yield "#REF!", "cell.error-value"
    fraction = row["numerator"] is not None and row["denominator"] is not None
    if name in ("numerator", "denominator"):
        yield -3, "value.below-minimum"
        yield 12.5, "value.not-whole"
        if fraction:
            yield None, "cell.blank"
            if indicator.unit == "%":
                more = row["denominator"] + 1 if name == "numerator" else row["numerator"] - 1
                yield more, "value.numerator-above-denominator"
            if not computed:
                yield round(row[name] * (0.9 if name == "numerator" else 1.1)), "value.does-not-match"
        return
    low, high = indicator.bounds
    if low == 0:
        yield -7, "value.below-minimum"
    if high == 100:
        yield 16_700, "value.above-maximum"
    counted = indicator.counted
    if counted and name == "value":
        yield 12.5, "value.not-whole"
    if name == "value" and fraction and row["at_denominator"] is not None:
        yield row["value"] + 1.5, "value.does-not-match"


def _twins(row: Row, rows: Sequence[Row], definitions: Definitions, read: Any) -> Iterator[Plant]:
    """What makes a row say the same as another of its sheet."""
    mine = definitions.indicators[row["indicator_id"]]
    for other in rows:
        off = [part for part in (*KEY_PARTS, "time_identifier") if row[part] != other[part]]
        if len(off) != 1 or off[0] not in KEY_PARTS or other["sheet"] != row["sheet"]:
            continue
        at = f"at_{KEY_PARTS[off[0]]}"
        alike = mine.bounds == definitions.indicators[other["indicator_id"]].bounds
        if (
            alike
            and row[at] is not None
            and other[at] is not None
            and row["definition_version"] == other["definition_version"]
        ):
            cells = [one[f"at_{name}"] for one in (row, other) for name in KEY_PARTS.values()]
            under_a_heading = row["at_value"] is not None and row[at] // COLUMNS != row["at_value"] // COLUMNS
            beside = range(200) if under_a_heading else {cell // COLUMNS for cell in cells if cell is not None}
            # a code of another area contradicts the name beside it, and is told of as that
            rules = ("key.duplicate", "layout.heading-twice", "area.contradicts")
            yield Plant(row["sheet"], row[at], read(other["sheet"], other[at]), rules, tuple(beside))
