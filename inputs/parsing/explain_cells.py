"""What became of every cell of the sheets that a layout reads: `indicators check --explain`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from local_indicators.common.cell_references import cell_position
from local_indicators.inputs.layouts.partner_layouts import Layout
from local_indicators.inputs.parsing.parse_return import parse
from local_indicators.inputs.parsing.tables.cell_account import KEYS, CellAccount, address_ranges
from local_indicators.inputs.readers.cells import Cells, Sheet
from local_indicators.schemas.findings import Finding, cells_of_finding
from local_indicators.schemas.observations import MEASURES, TidyTable

OUTSIDE = "outside of the tables"
NOT_READ = "sheet that no table of the layout reads"


@dataclass(frozen=True)
class ExplainedCells:
    """Cells of one sheet, as addresses and ranges in A1, and what became of all of them, in words."""

    sheet: str
    cells: tuple[str, ...]
    became: str

    def as_dict(self) -> dict[str, object]:
        """Return the record as `indicators check --explain --json` prints it."""
        return {"sheet": self.sheet, "cells": list(self.cells), "became": self.became}


def explain_cells(
    cells: Cells, layout: Layout, file_name: str, checked: Sequence[Finding] = ()
) -> list[ExplainedCells]:
    """What became of every filled cell of a file, sheet by sheet in the order of the cells; `checked` are findings of
    the checks, which are named beside those of the parser."""
    accounts: dict[str, CellAccount] = {}
    table, found = parse(cells, layout, file_name, accounts)
    figures = _figures(table)
    named = _named([*found, *checked])
    out: list[ExplainedCells] = []
    for sheet in cells.sheets:
        account = accounts.get(sheet.name)
        if account is None:
            whole = [
                cell_position(r, c)
                for r, row in enumerate(sheet.rows)
                for c, cell in enumerate(row)
                if cell is not None
            ]
            out += [ExplainedCells(sheet.name, tuple(address_ranges(whole)), NOT_READ)] if whole else []
            continue
        became: dict[str, list[int]] = {}
        for row, line in enumerate(sheet.rows):
            for column, cell in enumerate(line):
                if cell is not None:
                    key = (sheet.name, cell_position(row, column))
                    words = figures.get(key) or _left_out(sheet, account, row, column)
                    rules = "".join(f"; finding {rule}" for rule in named.get(key, ()))
                    became.setdefault(words + rules, []).append(cell_position(row, column))
        out += [
            ExplainedCells(sheet.name, tuple(address_ranges(found_at)), words) for words, found_at in became.items()
        ]
    return out


def _figures(table: TidyTable) -> Mapping[tuple[str, int], str]:
    """What the tidy table took each cell for."""
    taken: dict[tuple[str, int], str] = {}
    for row in table.frame.iter_rows(named=True):
        for name in ("indicator", "area", "period", "breakdown"):
            if row[f"at_{name}"] is not None:
                taken.setdefault((row["sheet"], row[f"at_{name}"]), name)
        for name in MEASURES:
            if row[f"at_{name}"] is not None:
                taken[row["sheet"], row[f"at_{name}"]] = f"{name} of {row['indicator_id'] or 'an unknown indicator'}"
    return taken


def _named(findings: Iterable[Finding]) -> Mapping[tuple[str, int], list[str]]:
    named: dict[tuple[str, int], list[str]] = {}
    for one in findings:
        for place in cells_of_finding(one):
            if one.rule not in named.setdefault(place, []):
                named[place].append(one.rule)
    return named


def _left_out(sheet: Sheet, account: CellAccount, row: int, column: int) -> str:
    reason = account.reason(sheet, row, column)
    if reason:
        return KEYS[reason]
    if any(body.top <= row < body.first and column in body.known for body in account.bodies):
        return KEYS["heading"]
    return OUTSIDE
