"""A reader who wants to know what was suppressed: everything that was ever published, subtraction and patience.

It shares no code with disclosure control. It reads published files only, writes down every sum that the figures obey,
takes every number in any of the files as known, and solves for what is left: whatever comes out exactly is recovered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from tests.histories import ask

Unknown = tuple[Any, ...]
Equation = tuple[dict[Unknown, Fraction], Fraction]
ROW = "indicator_id, definition_version, area_code, time_identifier, time_period, breakdown"


class Attack:
    """What a reader knows of each version of each figure: its numbers where shown, and sums among them."""

    def __init__(self, files: Sequence[Path], parents: Mapping[str, str], parts: Mapping[str, Sequence[str]]) -> None:
        self.parents, self.parts = parents, parts
        self.known: dict[Unknown, Fraction] = {}
        self.tables: list[dict[tuple[Any, ...], dict[str, Any]]] = []
        for path in files:
            instants = [row[0] for row in ask(path, "SELECT published_at FROM mart.publications ORDER BY 1")]
            for instant in instants:
                self._read(
                    ask(path, f"SELECT {ROW}, submission, value, numerator, denominator FROM mart.as_of(?)", instant)
                )
            self._read(ask(path, f"SELECT {ROW}, submission, value, numerator, denominator FROM mart.observations"))

    def _read(self, rows: Iterable[tuple[Any, ...]]) -> None:
        table: dict[tuple[Any, ...], dict[str, Any]] = {}
        for *key, submission, value, numerator, denominator in rows:
            table[tuple(key)] = {"submission": submission}
            numbers = {"value": value, "numerator": numerator, "denominator": denominator}
            for name, number in numbers.items():
                if number is not None:
                    self.known[(*key, submission, name)] = Fraction(number).limit_denominator(10**6)
        self.tables.append(table)

    def equations(self) -> list[Equation]:
        """Every total less its parts, every area less those within it, and every year to date less an earlier one."""
        found: list[Equation] = []
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
        rows: list[Equation] = []
        for terms, constant in self.equations():
            left = {u: c for u, c in terms.items() if u not in self.known}
            rows.append((left, constant - sum(c * self.known[u] for u, c in terms.items() if u in self.known)))
        return _solve(rows)


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
