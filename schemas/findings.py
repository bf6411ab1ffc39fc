"""A finding: one thing wrong with what a partner sent, in one record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from typing import Any, Literal

from local_indicators.common.cell_references import COLUMNS, cell_position, column_letters, position_of_address
from local_indicators.common.safe_text import as_typed, with_strange_characters_named
from local_indicators.schemas.rules import RULES, Rule

WHOLE_FROM = 3
"""From this many cells, a column of which every cell fails one rule is one finding."""
COLLAPSE_FROM = 8
"""From this many cells of one column failing one rule, mostly one below the other, they are one finding."""
TOO_MANY = 60
"""From this many they are one finding wherever in the column they are."""
SAMPLES = 3
"""How many of them are shown as examples."""


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
        """Whether the finding keeps a return or row from being accepted."""
        return self.severity == "error"

    @property
    def is_waived(self) -> bool:
        """Whether a rule that blocks was waived for exactly this; `fix` then says by whom, until when and why."""
        return not self.is_error and RULES[self.rule].strictness == "waivable"

    @property
    def says(self) -> str:
        """What is wrong, as a sentence for the owner."""
        return RULES[self.rule].says

    def as_dict(self) -> dict[str, Any]:
        """Return the record as `indicators check --json` and the ledger have it."""
        return {**asdict(self), "cells": list(self.cells)}


def make_finding(
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
        rule=rule,
        severity=the_rule.severity,
        sheet=sheet,
        cell=cells[0] if cells else None,
        cells=tuple(cells),
        field=field,
        found=with_strange_characters_named(as_typed(found)),
        expected=expected,
        fix=fix or the_rule.fix,
    )


def finding_from_dict(record: dict[str, Any]) -> Finding:
    """Return the finding that `as_dict` gave."""
    return Finding(**{**record, "cells": tuple(record["cells"])})


# -- cell addresses ---------------------------------------------------------------------------------------------------


# -- many as one ------------------------------------------------------------------------------------------------------


def merge_findings(
    findings: Iterable[Finding], sheets: Sequence[str] = (), sizes: Mapping[tuple[str, int], int] | None = None
) -> list[Finding]:
    """Put findings in the order in which an owner works through the workbook, and say once what is wrong with a whole
    column, or a long run of its cells: one finding, with the ranges and the count.

    `sheets` is the order of the workbook's sheets, `sizes` how many cells of a sheet's column (from 0) were read. What
    concerns no cell comes before what concerns the cells of its sheet.
    """
    out: list[Finding] = []
    for _, same in groupby(sorted(findings, key=_alike), key=lambda one: _alike(one)[:-1]):
        group = list(same)
        out += [_as_one(group)] if _is_one_fault(group, sizes or {}) else group
    order = {name: number for number, name in enumerate(sheets)}
    return sorted(out, key=lambda one: _place(one, order))


def _place(finding: Finding, order: Mapping[str, int]) -> tuple[int, str, int, str]:
    where = position_of_address(finding.cell) if finding.cell else None
    sheet = -1 if finding.sheet is None else order.get(finding.sheet, len(order))
    return (sheet, finding.sheet or "", -1 if where is None else where, finding.rule)


Alike = tuple[str, str, str, str, tuple[int, ...], int]


def _alike(finding: Finding) -> Alike:
    """What findings must share to be one: rule, field and, in one row, the same columns. The row comes last."""
    places = [position_of_address(cell) for cell in finding.cells]
    rows = {place // COLUMNS for place in places if place is not None}
    told = finding.fix if finding.severity != RULES[finding.rule].severity else ""  # a waiver has words of its own
    what = (finding.sheet or "", f"{finding.rule} {finding.severity}", finding.field, told)
    if len(rows) != 1 or None in places:
        return (*what, (), -1)
    return (*what, tuple(place % COLUMNS for place in places if place is not None), rows.pop())


def _is_one_fault(group: Sequence[Finding], sizes: Mapping[tuple[str, int], int]) -> bool:
    """Whether findings that are alike say the same of a column: of all its cells, or of enough of them in rows that
    mostly follow each other, or of so many that nobody would read them one by one. Findings that no cell can be named
    for need only be many."""
    columns, rows = _alike(group[0])[-2], [_alike(one)[-1] for one in group]
    if columns and len(group) >= WHOLE_FROM and len(group) == sizes.get((group[0].sheet or "", columns[0])):
        return True
    if len(group) < COLLAPSE_FROM:
        return False
    if not columns:
        return all(not one.cells for one in group)
    return len(_runs(rows)) * 2 <= len(rows) or len(rows) >= TOO_MANY


def _as_one(group: Sequence[Finding]) -> Finding:
    """Findings that are alike as one. What was expected is said once if it was the same of all of them."""
    columns, runs = _alike(group[0])[-2], _runs([_alike(one)[-1] for one in group])
    cells = [
        f"{letters}{first + 1}" if first == last else f"{letters}{first + 1}:{letters}{last + 1}"
        for letters in map(column_letters, columns)
        for first, last in runs
    ]
    samples = ", ".join(repr(sample) for sample in list(dict.fromkeys(one.found for one in group))[:SAMPLES])
    expected = list(dict.fromkeys(one.expected for one in group))
    return replace(
        group[0],
        cell=group[0].cell,
        cells=tuple(cells),
        found=as_typed(f"{len(group)} {'cells' if columns else 'times'}, such as {samples}"),
        expected=expected[0] if len(expected) == 1 else _each(group),
    )


def _each(group: Sequence[Finding]) -> str:
    """What was expected where that differs from cell to cell: the first few, each with its cell."""
    said = "; ".join(f"{one.cell}: {one.expected}" if one.cell else one.expected for one in group[:SAMPLES])
    return f"{said}; and so on, each from its own row" if group[0].cell else f"{said}; and so on"


def _runs(rows: Sequence[int]) -> list[tuple[int, int]]:
    """The runs of rows that follow each other, as first and last; `rows` are in order."""
    runs: list[tuple[int, int]] = []
    for row in rows:
        if runs and row <= runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], row)
        else:
            runs.append((row, row))
    return runs


def cells_of_finding(finding: Finding) -> Iterator[tuple[str, int]]:
    """Every cell that a finding names, ranges spelt out, as sheet and position."""
    for cell in finding.cells:
        sheet = finding.sheet or ""
        if cell.startswith("'"):
            named, _, cell = cell.rpartition("!")
            sheet = named[1:-1].replace("''", "'")
        first, _, last = cell.partition(":")
        begin, end = position_of_address(first), position_of_address(last or first)
        if begin is None or end is None:
            continue
        (top, left), (bottom, right) = divmod(begin, COLUMNS), divmod(end, COLUMNS)
        yield from (
            (sheet, cell_position(row, column)) for row in range(top, bottom + 1) for column in range(left, right + 1)
        )
