"""Every public surface of every version: each table of the file, its look back, its exports, reports and claims."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from io import StringIO
from typing import Any, Literal

import duckdb

from local_indicators.schemas.reference.geography import ENGLAND
from local_indicators.schemas.reference.periods import read_period
from local_indicators.warehouse.mart.mart_tables import MART
from local_indicators.warehouse.queries.claims import Claim, ClaimInput, StatedFigure, judge_claims
from tests.fuzz.disclosure_attack.nights import Told, Version
from tests.fuzz.disclosure_attack.notes import Notes
from tests.fuzz.disclosure_attack.partnerships import PEERS, Partnership
from tests.fuzz.disclosure_attack.people import Key, State
from tests.fuzz.disclosure_attack.reader import OF_KEY, TOLD, Reader

Ask = Callable[..., list[tuple[Any, ...]]]
ASKED = 40
"""So many hidden figures of a version are asked for by claims."""
_ROW = {"value", "value_low", "value_high", "numerator", "denominator", "lower_ci", "upper_ci"}
READ = {
    "observations": _ROW,
    "history": _ROW,
    "latest": _ROW | {"previous_value", "change", "england_value", "england_gap", "region_value", "neighbours_value",
                      "neighbours_n"},
    "trend": {"value", "lower_ci", "upper_ci", "spc_points", "spc_mean", "spc_lower", "spc_upper"},
    "scorecard": {"latest", "open_actions"},
    "revisions": {"old_value", "new_value"},
}  # fmt: skip
"""The columns of numbers that are read. Every other must be empty beside the figures of a partnership: where one is not,
somebody has to have it read here."""


def read_everything(made: Partnership, told: Told) -> Notes:
    """What all versions of a partnership say, in the order of the nights, each under its definitions."""
    reader, past = Reader(made), _Past()
    for number, (version, night) in enumerate(zip(told.versions, made.nights, strict=True), start=1):
        reader.under(night.definitions)
        with duckdb.connect(str(version.file), read_only=True) as con:

            def ask(sql: str, *values: object, con: duckdb.DuckDBPyConnection = con) -> list[tuple[Any, ...]]:
                return con.execute(sql, list(values)).fetchall()

            _read(reader, ask, past, version, f"v{number}")
    return reader.notes


class _Past:
    """When the version before was published, after which others, and what it held."""

    instants: list[datetime]
    held: dict[Key, State]

    def __init__(self) -> None:
        self.instants, self.held = [], {}


def _read(reader: Reader, ask: Ask, past: _Past, version: Version, name: str) -> None:
    columns = f"{OF_KEY}, submission, {TOLD}"
    instants = [row[0] for row in ask("SELECT published_at FROM mart.publications ORDER BY 1")]
    for n, instant in enumerate(instants, start=1):
        held = reader.rows(ask(f"SELECT {columns} FROM mart.as_of(?)", instant), f"{name} as of {n}")
        reader.notes.epoch(held)
    now = reader.rows(ask(f"SELECT {columns} FROM mart.observations"), f"{name} observations")
    reader.notes.epoch(now)
    for table in ("latest", "history"):
        reader.rows(ask(f"SELECT {columns} FROM mart.{table}"), f"{name} {table}")
    reader.rows(ask(f"SELECT {columns} FROM '{version.exports / 'indicators.parquet'}'"), f"{name} parquet")
    _comparators(reader, ask, now, name)
    _trend(reader, ask, now, name)
    _revisions(reader, ask, past, instants, now, name)
    _reports(reader, version, now, name)
    _claims(reader, version, now, name)
    _nothing_unread(ask, set(reader.decimals))
    past.instants, past.held = instants, now


def _comparators(reader: Reader, ask: Ask, now: Mapping[Key, State], name: str) -> None:
    """The period before, England, the region and the neighbours, beside each newest figure."""
    columns = "previous_value, change, england_value, england_gap, region_value, neighbours_value, neighbours_n"
    for row in ask(f"SELECT {OF_KEY}, {columns} FROM mart.latest"):
        key: Key = row[:6]
        if key not in now:
            continue
        before, change, england, gap, region, neighbours, n = row[6:]
        period = read_period(key[4], key[3])
        earlier = period.previous() if period else None
        others: list[tuple[Key, Any, Any]] = [
            ((*key[:2], ENGLAND, *key[3:]), england, gap),
            ((*key[:2], "E12000004", *key[3:]), region, None),
        ]
        if earlier is not None:
            others.append(((*key[:3], earlier.time_identifier, earlier.time_period, key[5]), before, change))
        for other, level, difference in others:
            state = now.get(other)
            if state is not None and level is not None:
                reader.value(state, level, f"{name} latest, beside")
            if state is not None and difference is not None:
                reader.add(((now[key], 1.0), (state, -1.0)), difference, f"{name} latest, difference")
        _mean(reader, key, now, neighbours, n, f"{name} latest, neighbours")


def _mean(reader: Reader, key: Key, now: Mapping[Key, State], mean: float | None, n: int | None, where: str) -> None:
    """A mean of as many peers as hold a figure is of all of them; of fewer it is of those that show theirs."""
    keys: list[Key] = [(*key[:2], area, *key[3:]) for area in PEERS]
    peers = [now[key] for key in keys if key in now]
    if mean is not None and n == len(peers):
        reader.add(tuple((state, 1.0 / len(peers)) for state in peers), mean, where)


def _trend(reader: Reader, ask: Ask, now: Mapping[Key, State], name: str) -> None:
    """Each figure of a series, and the mean of its control chart."""
    series: dict[tuple[Any, ...], list[Key]] = {}
    for key in sorted(now, key=lambda one: one[4]):
        series.setdefault((*key[:4], key[5]), []).append(key)
    for row in ask(f"SELECT {OF_KEY}, value, lower_ci, upper_ci, spc_points, spc_mean FROM mart.trend"):
        place: Key = row[:6]
        value, lower, upper, points, mean = row[6:]
        if place not in now:
            continue
        reader.row(now[place], f"{name} trend", value=value, lower_ci=lower, upper_ci=upper)
        run = series[(*place[:4], place[5])]
        if mean is not None and points == len(run):
            reader.add(tuple((now[one], 1.0 / points) for one in run), mean, f"{name} control limits")


def _revisions(
    reader: Reader, ask: Ask, past: _Past, instants: list[datetime], now: Mapping[Key, State], name: str
) -> None:
    """What changed, and so what did not: a figure that was sent again without a revision is the same."""
    changed = set()
    columns = "old_submission, old_value, old_text, submission, new_value, new_text"
    for row in ask(f"SELECT {OF_KEY}, {columns} FROM mart.revisions"):
        key: Key = row[:6]
        if key[0] in reader.decimals:
            changed.add((key, row[6], row[9]))
            for sent, value, text in (row[6:9], row[9:12]):
                reader.row((key, sent), f"{name} revisions", value=value, value_text=text)
    if past.instants != instants[:-1]:  # after a rollback what was published between is not told
        return
    for key, state in now.items():
        old = past.held.get(key)
        if old and old != state and (key, old[1], state[1]) not in changed and key in reader.notes.in_digits:
            reader.notes.same.add((old, state))


def _reports(reader: Reader, version: Version, now: Mapping[Key, State], name: str) -> None:
    """The csv of the quarterly report, and the tidy csv files of the exports."""
    for row in csv.DictReader(StringIO(version.quarterly)):
        for key, state in now.items():
            place = (
                row["indicator_id"],
                row["area_code"],
                row["time_identifier"],
                row["time_period"],
                row["breakdown"],
            )
            if row["latest"] and (key[0], *key[2:]) == place:
                reader.value(state, float(row["latest"]), f"{name} quarterly report")
    for path in sorted(version.exports.glob("*.csv")):
        if not path.name.endswith(".meta.csv"):
            with path.open(encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file):
                    _tidy(reader, row, now, f"{name} {path.name}")


def _tidy(reader: Reader, row: Mapping[str, str], now: Mapping[Key, State], where: str) -> None:
    codes = ("lad_code", "new_la_code", "region_code", "country_code")
    place = next((row[code] for code in codes if row.get(code)), "")
    for key, state in now.items():
        column = key[0].replace("-", "_")
        number = row.get(f"{column}_count") or row.get(f"{column}_percent") or ""
        named = dict(part.split("=") for part in key[5].split("; ")) if key[5] != "Total" else {}
        here = (key[2], *key[3:5]) == (place, row["time_identifier"], row["time_period"])
        group = all(row.get(n.lower(), "Total") == named.get(n, "Total") for n in ("Sex", "FSM"))
        if here and group and re.fullmatch(r"-?\d+(\.\d+)?", number):
            reader.value(state, float(number), where)


def _claims(reader: Reader, version: Version, now: Mapping[Key, State], name: str) -> None:
    """What a report that states figures that are not shown is told of them."""
    columns: tuple[Literal["value", "numerator", "denominator"], ...] = ("value", "numerator", "denominator")
    shown = {bound.state for bound in reader.notes.bounds if bound.where == f"{name} observations"}
    asked = [state for state in now.values() if state not in shown][:ASKED]
    inputs = {
        f"i{n}{c}": ClaimInput(key[0], key[2], key[4], key[5], c) for n, (key, _) in enumerate(asked) for c in columns
    }
    if not inputs:
        return
    (judged,) = judge_claims(version.file, (Claim("all", "", inputs, (StatedFigure(0.0, "+".join(inputs)),)),))
    for n, state in enumerate(asked):
        reader.row(state, f"{name} claims", **{c: judged.inputs[f"i{n}{c}"]["number"] for c in columns})


def _nothing_unread(ask: Ask, indicators: set[str]) -> None:
    for table in MART:
        numbers = [c.name for c in table.columns if c.type in ("DOUBLE", "BIGINT")]
        unread = [name for name in numbers if name not in READ.get(table.name, set())]
        if unread and any(column.name == "indicator_id" for column in table.columns):
            for indicator, *found in ask(f"SELECT indicator_id, {', '.join(unread)} FROM mart.{table.name}"):
                told = [name for name, number in zip(unread, found, strict=True) if number is not None]
                assert indicator not in indicators or not told, f"nobody reads {table.name}: {told}"
