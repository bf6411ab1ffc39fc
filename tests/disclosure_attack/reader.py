"""A reader of everything that leaves: each table of each published version, its look back, its exports and reports.

What is read becomes facts: a number lies between two others, or figures' values add up to something.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from io import StringIO
from typing import Any, Literal

import duckdb

from schemas.definitions import Definitions
from schemas.geography import ENGLAND
from schemas.periods import read_period
from tests.disclosure_attack.forms import WORDS
from tests.disclosure_attack.nights import Told, Version
from tests.disclosure_attack.partnerships import PEERS, Partnership
from tests.disclosure_attack.people import Key, Meaning, State
from warehouse.claims import Claim, Figure, Input, judge_claims
from warehouse.contract import MART

Ask = Callable[..., list[tuple[Any, ...]]]
Measure = Literal["counted", "among", "value"]
OF_KEY = "indicator_id, definition_version, area_code, time_identifier, time_period, breakdown"
TOLD = "value, value_low, value_high, value_text, numerator, denominator, lower_ci, upper_ci, conf_status"
Z = 1.959963984540054
EXACT = 1e-7
ASKED = 40
"""So many hidden figures of a version are asked for by claims."""
HELD_ELSEWHERE = {"recorded_at", "published_from", "published_to"}
READ = {
    "observations": {"value", "value_low", "value_high", "numerator", "denominator", "lower_ci", "upper_ci"},
    "latest": {"previous_value", "change", "england_value", "england_gap", "region_value", "neighbours_value",
               "neighbours_n", "core_cities_value"},
    "trend": {"value", "lower_ci", "upper_ci", "spc_points", "spc_mean", "spc_lower", "spc_upper"},
    "scorecard": {"latest", "open_actions"},
    "revisions": {"old_value", "new_value"},
}  # fmt: skip
READ["history"] = READ["observations"]
READ["latest"] |= READ["observations"]


@dataclass(frozen=True)
class Bound:
    """A number of a figure lies between two others, as somewhere was read."""

    state: State
    measure: Measure
    low: float
    high: float
    where: str


@dataclass(frozen=True)
class Sum:
    """The values of figures, each times something, add up to a number between two others."""

    terms: tuple[tuple[State, float], ...]
    low: float
    high: float
    where: str


@dataclass
class Notes:
    """What has been read. `epochs` are the figures that each version, past or present, held; `same` are pairs of figures
    that one key had one after the other and that no revision tells apart."""

    bounds: list[Bound] = field(default_factory=list)
    sums: list[Sum] = field(default_factory=list)
    epochs: list[dict[Key, State]] = field(default_factory=list)
    hidden: set[State] = field(default_factory=set)
    same: set[tuple[State, State]] = field(default_factory=set)


class Reader:
    """Reads one partnership's versions in turn."""

    def __init__(self, made: Partnership) -> None:
        self.meanings: Mapping[str, Meaning] = {k: v for one in made.families for k, v in one.meanings.items()}
        self.links = {link.indicator: link for one in made.families for link in one.links}
        self.decimals = {n: m.decimals for n, m in self.meanings.items()} | {
            n: self.meanings[link.level].decimals for n, link in self.links.items() if n not in self.meanings
        }
        self.in_digits = made.in_digits
        self.notes = Notes()
        self.base: Mapping[str, float] = {}
        self.worked_out: set[State] = set()  # shares of rounded counts, which say nothing more than those
        self.before: tuple[list[datetime], dict[Key, State]] = [], {}

    def read(self, told: Told, definitions: Iterable[Definitions]) -> Notes:
        """Everything that a partnership's versions say, in the order of the nights, each under its definitions."""
        for number, (version, known) in enumerate(zip(told.versions, definitions, strict=True), start=1):
            self._under(known)
            self._version(version, f"v{number}")
        return self.notes

    def see(self, rows: Iterable[tuple[Any, ...]], known: Definitions, where: str) -> None:
        """Read rows of OF_KEY, submission and TOLD that were published under some definitions."""
        self._under(known)
        self._rows(rows, where)

    def stood(self, held: dict[Key, State]) -> None:
        """Note which figures stood together in a version."""
        self._epoch({key: state for key, state in held.items() if key[0] in self.decimals})

    def _under(self, known: Definitions) -> None:
        self.base = {n: float(known.disclosure[known.indicators[n].disclosure].round_base) for n in self.decimals}

    def _version(self, version: Version, name: str) -> None:
        with duckdb.connect(str(version.file), read_only=True) as con:

            def ask(sql: str, *values: object) -> list[tuple[Any, ...]]:
                return con.execute(sql, list(values)).fetchall()

            instants = [row[0] for row in ask("SELECT published_at FROM mart.publications ORDER BY 1")]
            columns = f"{OF_KEY}, submission, {TOLD}"
            for n, instant in enumerate(instants, start=1):
                held = self._rows(ask(f"SELECT {columns} FROM mart.as_of(?)", instant), f"{name} as of {n}")
                self._epoch(held)
            now = self._rows(ask(f"SELECT {columns} FROM mart.observations"), f"{name} observations")
            self._epoch(now)
            for table in ("latest", "history"):
                self._rows(ask(f"SELECT {columns} FROM mart.{table}"), f"{name} {table}")
            self._rows(ask(f"SELECT {columns} FROM '{version.exports / 'indicators.parquet'}'"), f"{name} parquet")
            self._beside(ask, now, name)
            self._trend(ask, now, name)
            self._revisions(ask, instants, now, name)
            self._printed(version, now, name)
            self._claims(version, now, name)
            _nothing_unread(ask, set(self.decimals))

    # -- rows of figures

    def _rows(self, rows: Iterable[tuple[Any, ...]], where: str) -> dict[Key, State]:
        held: dict[Key, State] = {}
        for row in rows:
            key: Key = tuple(row[:6])
            if key[0] in self.decimals:
                held[key] = (key, row[6])
                self._row(held[key], *row[7:], where)
        return held

    def _row(
        self, state: State, value: Any, low: Any, high: Any, text: Any, numerator: Any, denominator: Any,
        lower: Any, upper: Any, conf: Any, where: str,
    ) -> None:  # fmt: skip
        meaning, base = self.meanings.get(state[0][0]), self.base[state[0][0]]
        if base > 1 and numerator is not None and denominator is not None:
            self.worked_out.add(state)
        if value is not None:
            self._value(state, value, where)
        if low is not None or high is not None:
            off = base / 2 if meaning and meaning.is_count else 0.0
            ends = (low - off if low is not None else 0.0), (high + off if high is not None else float("inf"))
            self._bound(state, "counted" if meaning and meaning.is_count else "value", *ends, f"{where}, range")
        if text is not None:
            self._words(state, str(text), where)
        for measure, number in (("counted", numerator), ("among", denominator)):
            if number is not None:
                self._bound(state, measure, number - base / 2, number + base / 2, where)  # type: ignore[arg-type]
        if value is None and lower is not None and upper is not None and meaning and not meaning.is_count:
            self._limits(state, lower / meaning.per, upper / meaning.per, where)
        if conf == "c" and value is None:
            self.notes.hidden.add(state)

    def _bound(self, state: State, measure: Measure, low: float, high: float, where: str) -> None:
        self.notes.bounds.append(Bound(state, measure, low, high, where))

    def _value(self, state: State, value: float, where: str) -> None:
        """A value: of a count the number itself, of a share something that was printed to so many decimals."""
        meaning = self.meanings.get(state[0][0])
        if meaning and meaning.is_count:
            self._bound(state, "counted", value - self.base[state[0][0]] / 2, value + self.base[state[0][0]] / 2, where)
            return
        if state in self.worked_out:
            return
        off = half_unit(value, self.decimals[state[0][0]])
        self._bound(state, "value", value - off, value + off, where)
        if meaning:
            self._bound(state, "among", 1, float("inf"), where)

    def _words(self, state: State, text: str, where: str) -> None:
        numbers = [
            WORDS.index(word) if word in WORDS else int(word)
            for word in re.findall(r"[a-z]+|\d+", text.lower())
            if word in WORDS or word.isdigit()
        ]
        for measure, number in zip(("counted", "among"), numbers, strict=False):
            self._bound(state, measure, number, number, f"{where}, in words")  # type: ignore[arg-type]

    def _limits(self, state: State, lower: float, upper: float, where: str) -> None:
        """Wilson's limits give the share and its base back."""
        ratio = (lower * (1 - lower) / (upper * (1 - upper))) ** 0.5 if 0 < lower and upper < 1 else None
        if ratio:
            share = (lower + ratio * upper) / (1 + ratio)
            among = round(Z**2 * lower * (1 - lower) / (share - lower) ** 2)
            self._bound(state, "among", among, among, f"{where}, limits")
            self._bound(state, "counted", round(share * among), round(share * among), f"{where}, limits")

    def _epoch(self, held: dict[Key, State]) -> None:
        if held not in self.notes.epochs:
            self.notes.epochs.append(held)

    # -- what stands beside figures

    def _beside(self, ask: Ask, now: Mapping[Key, State], name: str) -> None:
        columns = ("previous_value, change, england_value, england_gap, region_value, neighbours_value, neighbours_n, "
                   "core_cities_value, value")  # fmt: skip
        for row in ask(f"SELECT {OF_KEY}, {columns} FROM mart.latest"):
            key: Key = tuple(row[:6])
            if key not in now:
                continue
            before, change, england, gap, region, neighbours, n, cities, value = row[6:]
            period = read_period(key[4], key[3])
            earlier = period.previous() if period else None
            others = (
                (earlier and (*key[:3], earlier.time_identifier, earlier.time_period, key[5]), before, change),
                ((*key[:2], ENGLAND, *key[3:]), england, gap),
                ((*key[:2], "E12000004", *key[3:]), region, None),
            )
            for other, level, difference in others:
                state = now.get(other) if other else None  # type: ignore[arg-type]
                if state is not None and level is not None:
                    self._value(state, level, f"{name} latest, beside")
                if state is not None and difference is not None:
                    self._add(((now[key], 1.0), (state, -1.0)), difference, f"{name} latest, difference")
            self._mean(key, now, neighbours, n, f"{name} latest, neighbours")
            assert cities is None

    def _mean(self, key: Key, now: Mapping[Key, State], mean: float | None, n: int | None, where: str) -> None:
        """A mean of as many peers as hold a figure is of all of them, of fewer is of those that show theirs."""
        peers = [now[one] for area in PEERS if (one := (*key[:2], area, *key[3:])) in now]  # type: ignore[comparison-overlap]
        if mean is not None and n == len(peers):
            self._add(tuple((state, 1.0 / len(peers)) for state in peers), mean, where)

    def _add(self, terms: tuple[tuple[State, float], ...], told: float, where: str) -> None:
        off = EXACT
        for state, times in terms:
            meaning = self.meanings.get(state[0][0])
            base = self.base[state[0][0]]
            one = base / 2 if meaning and meaning.is_count else half_unit(0.0, self.decimals[state[0][0]]) + base * 100
            off += abs(times) * one
        self.notes.sums.append(Sum(terms, told - off, told + off, where))

    def _trend(self, ask: Ask, now: Mapping[Key, State], name: str) -> None:
        columns = "value, lower_ci, upper_ci, spc_points, spc_mean"
        series: dict[tuple[Any, ...], list[Key]] = {}
        for key in sorted(now, key=lambda one: one[4]):
            series.setdefault((*key[:4], key[5]), []).append(key)
        for row in ask(f"SELECT {OF_KEY}, {columns} FROM mart.trend"):
            key: Key = tuple(row[:6])
            value, lower, upper, points, mean = row[6:]
            if key not in now:
                continue
            self._row(now[key], value, None, None, None, None, None, lower, upper, None, f"{name} trend")
            run = series[(*key[:4], key[5])]
            if mean is not None and points == len(run):
                self._add(tuple((now[one], 1.0 / points) for one in run), mean, f"{name} control limits")

    def _revisions(self, ask: Ask, instants: list[datetime], now: dict[Key, State], name: str) -> None:
        rows = ask(
            f"SELECT {OF_KEY}, old_submission, old_value, old_text, submission, new_value, new_text FROM mart.revisions",
        )
        changed = set()
        for row in rows:
            key: Key = tuple(row[:6])
            if key[0] in self.decimals:
                changed.add((key, row[6], row[9]))
                for sent, value, text in (row[6:9], row[9:12]):
                    self._row((key, sent), value, None, None, text, None, None, None, None, None, f"{name} revisions")
        before, self.before = self.before, (instants, now)
        looks_back = before[0] == instants[:-1]  # after a rollback what was published between is not told
        for key, state in now.items():
            old = before[1].get(key)
            if looks_back and old and old != state and (key, old[1], state[1]) not in changed and key in self.in_digits:
                self.notes.same.add((old, state))

    # -- exports, reports, claims

    def _printed(self, version: Version, now: Mapping[Key, State], name: str) -> None:
        """The csv of the quarterly report; the tidy csv holds what Parquet does, which `nothing_more` compares."""
        for row in csv.DictReader(StringIO(version.quarterly)):
            for key, state in now.items():
                place = (row["indicator_id"], row["area_code"], row["breakdown"], row["time_identifier"])
                if row["latest"] and (key[0], key[2], key[5], key[3]) == place and row["time_period"] == key[4]:
                    self._value(state, float(row["latest"]), f"{name} quarterly report")
        for path in sorted(version.exports.glob("*.csv")):
            if not path.name.endswith(".meta.csv"):
                with path.open(encoding="utf-8", newline="") as file:
                    for row in csv.DictReader(file):
                        self._tidy(row, now, f"{name} {path.name}")

    def _tidy(self, row: Mapping[str, str], now: Mapping[Key, State], where: str) -> None:
        codes = {value for name, value in row.items() if name.endswith("_code")}
        for key, state in now.items():
            number = row.get(key[0].replace("-", "_") + "_count") or row.get(key[0].replace("-", "_") + "_percent")
            named = dict(part.split("=") for part in key[5].split("; ")) if key[5] != "Total" else {}
            told = all(row.get(n.lower(), "Total") == named.get(n, "Total") for n in ("Sex", "FSM"))
            narrowest = next((row[n] for n in ("lad_code", "new_la_code", "region_code", "country_code") if row.get(n)), "")
            if number and told and key[2] in codes and key[2] == narrowest and key[3:5] == (row["time_identifier"], row["time_period"]):
                if re.fullmatch(r"-?\d+(\.\d+)?", number):
                    self._value(state, float(number), where)

    def _claims(self, version: Version, now: Mapping[Key, State], name: str) -> None:
        """What a report that states figures that are not shown is told of them."""
        columns: tuple[Literal["value", "numerator", "denominator"], ...] = ("value", "numerator", "denominator")
        shown = {one.state for one in self.notes.bounds if one.where == f"{name} observations"}
        asked = [state for state in now.values() if state not in shown][:ASKED]
        inputs = {
            f"i{n}{c}": Input(key[0], key[2], key[4], key[5], c) for n, (key, _) in enumerate(asked) for c in columns
        }
        if not inputs:
            return
        (judged,) = judge_claims(version.file, (Claim("all", "", inputs, (Figure(0.0, "+".join(inputs)),)),))
        for n, state in enumerate(asked):
            value, numerator, denominator = (judged.inputs[f"i{n}{c}"]["number"] for c in columns)
            self._row(state, value, None, None, None, numerator, denominator, None, None, None, f"{name} claims")


def half_unit(value: float, decimals: int) -> float:
    """How far a printed value may lie from what it was rounded from."""
    said = f"{value:.10f}".rstrip("0").partition(".")[2]
    return float(0.5 * 10.0 ** -max(decimals, len(said))) + EXACT


def _nothing_unread(ask: Ask, indicators: set[str]) -> None:
    """Nothing stands beside a figure in a column that this reader does not read."""
    for table in MART:
        names = {column.name for column in table.columns}
        numbers = [c.name for c in table.columns if c.type in ("DOUBLE", "BIGINT")]
        unread = [name for name in numbers if name not in READ.get(table.name, set())]
        if "indicator_id" in names and unread:
            for indicator, *found in ask(f"SELECT indicator_id, {', '.join(unread)} FROM mart.{table.name}"):
                told = [name for name, number in zip(unread, found, strict=True) if number is not None]
                assert indicator not in indicators or not told, f"nobody reads {table.name}: {told}"


def surfaces(notes: Notes) -> Iterator[str]:
    """What was read, for a count of it."""
    yield from (one.where for one in (*notes.bounds, *notes.sums))
