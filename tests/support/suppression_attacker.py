"""A reader who wants to know what was suppressed: everything that was ever published, subtraction and patience.

It shares no code with disclosure control. It reads every public surface of every version: each table of the published
files that holds figures, mart.as_of at every publication, the csv and Parquet exports, and what `indicators claims` says
of any figure it is asked for. It writes down every sum that the figures obey, takes every number it has seen as known, and
solves for what is left: whatever comes out exactly is recovered, and what cannot be as large as a number that may be
shown is known to be small.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import duckdb
import numpy as np
from scipy.optimize import linprog

from local_indicators.schemas.reference.geography import ENGLAND
from local_indicators.warehouse.queries.claims import Claim, ClaimInput, StatedFigure, judge_claims
from tests.support.publication_histories import ask

Unknown = tuple[Any, ...]
Equation = tuple[dict[Unknown, Fraction], Fraction]
ROW = "indicator_id, definition_version, area_code, time_identifier, time_period, breakdown"
TOLD = "submission, value, numerator, denominator"


class Attack:
    """What a reader knows of each version of each figure: its numbers where shown, and sums among them."""

    def __init__(self, files: Sequence[Path], parents: Mapping[str, str], parts: Mapping[str, Sequence[str]]) -> None:
        self.parents, self.parts = parents, parts
        self.known: dict[Unknown, Fraction] = {}
        self.tables: list[dict[tuple[Any, ...], dict[str, Any]]] = []
        self.told: list[Equation] = []
        for path in files:
            instants = [row[0] for row in ask(path, "SELECT published_at FROM mart.publications ORDER BY 1")]
            for instant in instants:
                self._read(ask(path, f"SELECT {ROW}, {TOLD} FROM mart.as_of(?)", instant))
            now = self._read(ask(path, f"SELECT {ROW}, {TOLD} FROM mart.observations"))
            for table in ("history", "latest"):
                self._read(ask(path, f"SELECT {ROW}, {TOLD} FROM mart.{table}"), whole=False)
            self._tables_around(path, now)
            self._claims(path, now)

    def export(self, folder: Path, copy: Path) -> None:
        """Read the exports of a version, whose published file is `copy`."""
        with duckdb.connect() as con:
            rows = con.execute(f"SELECT {ROW}, {TOLD} FROM '{folder / 'indicators.parquet'}'").fetchall()
        self._read(rows, whole=False)
        now = {tuple(key): sent for *key, sent in ask(copy, f"SELECT {ROW}, submission FROM mart.observations")}
        with (folder / "academic_year.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                place = row.get("new_la_code") or row.get("region_code") or row["country_code"]
                named = [f"{name}={row[name.lower()]}" for name in self.parts if row[name.lower()] != "Total"]
                for key, sent in now.items():
                    number = row[f"{key[0].replace('-', '_')}_count"]
                    if key[2:] == (place, row["time_identifier"], row["time_period"], "; ".join(named) or "Total"):
                        self._know(key, sent, "value", float(number) if number.isdigit() else None)

    def _know(self, key: Sequence[Any], submission: str, measure: str, number: float | None) -> None:
        if number is not None:
            self.known[(*key, submission, measure)] = Fraction(number).limit_denominator(10**6)

    def _read(self, rows: Iterable[tuple[Any, ...]], *, whole: bool = True) -> dict[tuple[Any, ...], dict[str, Any]]:
        """Note the numbers of rows; those of a `whole` version also obey sums."""
        table: dict[tuple[Any, ...], dict[str, Any]] = {}
        for *key, submission, value, numerator, denominator in rows:
            table[tuple(key)] = {"submission": submission}
            for name, number in (("value", value), ("numerator", numerator), ("denominator", denominator)):
                self._know(key, submission, name, number)
        if whole:
            self.tables.append(table)
        return table

    def _tables_around(self, path: Path, now: Mapping[tuple[Any, ...], Mapping[str, Any]]) -> None:
        """What other tables tell of figures: the latest's comparators, trend, scorecard and revisions."""

        def sent(key: tuple[Any, ...]) -> str:
            return str(now[key]["submission"]) if key in now else "?"

        columns = "previous_value, change, england_value, england_gap, region_value"
        for *start, before, change, england, gap, region in ask(path, f"SELECT {ROW}, {columns} FROM mart.latest"):
            key = tuple(start)
            earlier = (*key[:4], f"{int(key[4][:4]) - 1}{key[4][2:4]}", key[5])
            for other, level, difference in (
                (earlier, before, change),
                ((*key[:2], ENGLAND, *key[3:]), england, gap),
                ((*key[:2], self.parents.get(key[2]), *key[3:]), region, None),
            ):
                self._know(other, sent(other), "value", level)
                if difference is not None:
                    terms = {(*key, sent(key), "value"): Fraction(1), (*other, sent(other), "value"): Fraction(-1)}
                    self.told.append((terms, Fraction(difference).limit_denominator(10**6)))
        for *start, value in ask(path, f"SELECT {ROW}, value FROM mart.trend"):
            self._know(start, sent(tuple(start)), "value", value)
        for *start, value in ask(
            path, "SELECT indicator_id, area_code, time_identifier, time_period, breakdown, latest FROM mart.scorecard"
        ):
            for key in now:
                if (key[0], *key[2:]) == tuple(start):
                    self._know(key, sent(key), "value", value)
        for *start, old, before, new, after in ask(
            path, f"SELECT {ROW}, old_value, old_submission, new_value, submission FROM mart.revisions"
        ):
            self._know(start, before, "value", old)
            self._know(start, after, "value", new)

    def _claims(self, path: Path, now: Mapping[tuple[Any, ...], Mapping[str, Any]]) -> None:
        """What a report that states every figure is told of it."""
        columns: tuple[Literal["value", "numerator", "denominator"], ...] = ("value", "numerator", "denominator")
        keys = list(now)
        inputs = {
            f"i{n}{column}": ClaimInput(key[0], key[2], key[4], key[5], column)
            for n, key in enumerate(keys)
            for column in columns
        }
        (judged,) = judge_claims(path, (Claim("all", "every figure", inputs, (StatedFigure(0.0, "+".join(inputs)),)),))
        for n, key in enumerate(keys):
            for column in columns:
                told = judged.inputs[f"i{n}{column}"]
                self._know(key, str(now[key]["submission"]), column, told["number"])

    def equations(self) -> list[Equation]:
        """Every total less its parts, every area less those within it, and every year to date less an earlier one."""
        found = list(self.told)
        for table in self.tables:
            for key in table:
                for parts in self._divisions(key, table):
                    for name in ("value", "numerator", "denominator"):
                        terms = {(*key, table[key]["submission"], name): Fraction(1)}
                        for part in parts:
                            terms[(*part, table[part]["submission"], name)] = Fraction(-1)
                        found.append((terms, Fraction(0)))
        return found

    def _divisions(self, key: tuple[Any, ...], table: Mapping[tuple[Any, ...], Any]) -> Iterable[list[tuple[Any, ...]]]:
        *front, breakdown = key
        named = dict(p.split("=") for p in breakdown.split("; ")) if breakdown != "Total" else {}
        for dimension, values in self.parts.items():
            if dimension not in named:
                spelled = [
                    "; ".join(f"{d}={v}" for d, v in {**named, dimension: value}.items() if d in self.parts)
                    for value in values
                ]
                parts = [(*front, one) for one in map(self._in_order, spelled)]
                if all(part in table for part in parts):
                    yield parts
        inside = [area for area, parent in self.parents.items() if parent == key[2]]
        areas = [(*key[:2], area, *key[3:]) for area in inside]
        if areas and all(area in table for area in areas):
            yield areas

    def _in_order(self, breakdown: str) -> str:
        order = list(self.parts)
        return "; ".join(sorted(breakdown.split("; "), key=lambda part: order.index(part.split("=")[0])))

    def recovered(self) -> dict[Unknown, Fraction]:
        """Every number that was shown nowhere and follows from those that were, by elimination."""
        return _solve(self._left())

    def at_most(self) -> dict[Unknown, float]:
        """How large each number that was shown nowhere can be, for all that a reader knows: none is below 0."""
        rows = [row for row in self._left() if row[0]]
        unknowns = sorted({u for terms, _ in rows for u in terms}, key=str)
        place = {unknown: n for n, unknown in enumerate(unknowns)}
        matrix = np.zeros((len(rows), len(unknowns)))
        for n, (terms, _) in enumerate(rows):
            for unknown, sign in terms.items():
                matrix[n, place[unknown]] = float(sign)
        right = [float(constant) for _, constant in rows]
        most = {}
        for unknown in unknowns:
            aim = np.zeros(len(unknowns))
            aim[place[unknown]] = -1.0
            found = linprog(aim, A_eq=matrix, b_eq=right, method="highs")
            most[unknown] = -found.fun if found.status == 0 else math.inf
        return most

    def _left(self) -> list[Equation]:
        """The sums, less what is known."""
        rows: dict[Any, Equation] = {}
        for terms, constant in self.equations():
            left = {u: c for u, c in terms.items() if u not in self.known}
            right = constant - sum(c * self.known[u] for u, c in terms.items() if u in self.known)
            rows[frozenset(left.items()), right] = left, right
        return list(rows.values())


def _solve(rows: list[Equation]) -> dict[Unknown, Fraction]:
    """The unknowns that linear equations determine, by Gauss and Jordan over fractions."""
    done: dict[Unknown, Equation] = {}
    for given, constant in rows:
        terms, right = dict(given), constant
        for unknown in list(terms):
            if unknown in done and terms.get(unknown):
                terms, right = _less(terms, right, done[unknown], terms[unknown])
        if not terms:
            continue
        pivot = min(terms, key=str)
        scale = terms[pivot]
        row = ({u: c / scale for u, c in terms.items()}, right / scale)
        for other, (its_terms, its_right) in list(done.items()):
            if pivot in its_terms:
                done[other] = _less(its_terms, its_right, row, its_terms[pivot])
        done[pivot] = row
    return {unknown: right for unknown, (terms, right) in done.items() if len(terms) == 1}


def _less(terms: dict[Unknown, Fraction], right: Fraction, row: Equation, times: Fraction) -> Equation:
    left = dict(terms)
    for unknown, coefficient in row[0].items():
        left[unknown] = left.get(unknown, Fraction(0)) - times * coefficient
        if not left[unknown]:
            del left[unknown]
    return left, right - times * row[1]
