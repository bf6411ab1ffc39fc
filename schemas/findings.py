"""A finding: one thing wrong with what a partner sent, in one record."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from typing import Any, Literal

from schemas.rules import RULES, Rule

FIELD_LIMIT = 200
"""Characters kept of what a partner typed, so that one cell cannot flood a report."""
MOST_RUNS = 20
"""Runs of cells that one finding lists; where there are more, one range covers them and the count says how many."""
COLLAPSE_FROM = 8
"""From this many cells of one column failing one rule, they are one finding."""


@dataclass(frozen=True)
class Finding:
    """One thing wrong. `cell` is where to look first and `cells` all that are involved, in A1 of the sender's own
    file; a cell of another sheet than `sheet` is written `'Other sheet'!B2`."""

    rule: str
    severity: Literal["error", "warning"]
    sheet: str | None
    cell: str | None
    cells: tuple[str, ...]
    field: str
    found: str
    expected: str
    fix: str

    @property
    def is_error(self) -> bool:
        return self.severity == "error"

    @property
    def says(self) -> str:
        """What is wrong, as a sentence for the owner."""
        return RULES[self.rule].says

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "cells": list(self.cells)}


def finding(
    rule: str,
    *,
    sheet: str | None = None,
    cells: Sequence[str] = (),
    field: str = "",
    found: object = "",
    expected: str = "",
    fix: str = "",
) -> Finding:
    """Make a finding of a rule in the list; the first of `cells` is where to look first."""
    the_rule: Rule = RULES[rule]
    return Finding(
        rule,
        the_rule.severity,
        sheet,
        cells[0] if cells else None,
        tuple(cells),
        field,
        as_typed(found),
        expected,
        fix or the_rule.fix,
    )


def from_dict(record: dict[str, Any]) -> Finding:
    return Finding(**{**record, "cells": tuple(record["cells"])})


def as_typed(value: object) -> str:
    """The value as its sender would recognise it: one line, no control characters, at most 200 characters."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    text = "".join(c if c.isprintable() else " " for c in str(value))
    text = " ".join(text.split())
    return text if len(text) <= FIELD_LIMIT else text[: FIELD_LIMIT - 1] + "…"


# -- cell addresses ---------------------------------------------------------------------------------------------------

COLUMNS = 16_384
"""Columns of an Excel sheet. A position is `row * COLUMNS + column`, both counted from 0."""


def column_letters(column: int) -> str:
    """Letters of a column counted from 0: 0 is A, 27 is AB."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def a1(position: int) -> str:
    """The A1 address of a position."""
    row, column = divmod(position, COLUMNS)
    return f"{column_letters(column)}{row + 1}"


def at(row: int, column: int) -> int:
    """The position of a row and a column, both counted from 0."""
    return row * COLUMNS + column


_A1 = re.compile(r"\$?([A-Za-z]{1,3})\$?([1-9]\d{0,6})")


def position(address: str) -> int | None:
    """The position of an A1 address, or None where it is none."""
    match = _A1.fullmatch(address.strip())
    if not match:
        return None
    column = 0
    for letter in match[1].upper():
        column = column * 26 + ord(letter) - 64
    return at(int(match[2]) - 1, column - 1) if column <= COLUMNS else None


# -- many as one ------------------------------------------------------------------------------------------------------


def collapse(findings: Iterable[Finding]) -> list[Finding]:
    """Put findings in the order in which an owner works through the workbook, and say once what is wrong with a whole
    run of cells of one column: one finding, with the range and the count."""
    ordered = sorted(findings, key=_by_column)
    out: list[Finding] = []
    for _, same in groupby(ordered, key=lambda f: _by_column(f)[:4]):
        group = list(same)
        if len(group) < COLLAPSE_FROM or any(len(f.cells) != 1 for f in group):
            out += group
            continue
        runs = _runs(group)
        samples = list(dict.fromkeys(f.found for f in group))[:3]
        found = f"{len(group)} cells, such as {', '.join(repr(s) for s in samples)}"
        out.append(replace(group[0], cells=runs, found=as_typed(found)))
    return sorted(out, key=lambda f: (f.sheet or "", (position(f.cell) if f.cell else None) or -1, f.rule))


def _by_column(one: Finding) -> tuple[str, str, str, int, int]:
    where = position(one.cell) if one.cell else None
    row, column = divmod(where, COLUMNS) if where is not None else (-1, -1)
    return (one.sheet or "", one.rule, one.field, column, row)


def _runs(group: list[Finding]) -> tuple[str, ...]:
    """Ranges that hold the cells of findings in one column, ordered by row; exactly, unless there are very many."""
    rows = [_by_column(f)[4] for f in group]
    column = column_letters(_by_column(group[0])[3])
    runs: list[list[int]] = []
    for row in rows:
        if runs and row <= runs[-1][1] + 1:
            runs[-1][1] = row
        else:
            runs.append([row, row])
    if len(runs) > MOST_RUNS:
        return (f"{column}{runs[0][0] + 1}:{column}{runs[-1][1] + 1}",)
    return tuple(f"{column}{a + 1}" if a == b else f"{column}{a + 1}:{column}{b + 1}" for a, b in runs)
