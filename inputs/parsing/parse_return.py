"""From cells to a tidy table, by a layout, with every value knowing its sheet, row and column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from local_indicators.common.cell_references import COLUMNS, cell_position, position_of_address, range_corners
from local_indicators.inputs.layouts.layout_language import OWN_SHEETS, TableLayout
from local_indicators.inputs.layouts.partner_layouts import Layout
from local_indicators.inputs.layouts.template_stamp import read_stamp
from local_indicators.inputs.parsing.cell_values.numbers import Comma, has_decimal_commas
from local_indicators.inputs.parsing.table_findings.surplus_fields import find_cut_off_figure
from local_indicators.inputs.parsing.table_rows import tidy_rows
from local_indicators.inputs.parsing.tables.cell_account import (
    CellAccount,
    find_struck_out_cells,
    find_unaccounted_numbers,
)
from local_indicators.inputs.parsing.tables.dimension_resolver import SheetTable
from local_indicators.inputs.parsing.tables.finding_notes import FindingNotes
from local_indicators.inputs.parsing.tables.titles import find_sheet_name_contradiction, find_title_area_contradiction
from local_indicators.inputs.parsing.tables.value_cells import Row
from local_indicators.inputs.readers.cells import Cell, Cells, FormattedNumber, Sheet
from local_indicators.inputs.readers.heading_text import heading_text
from local_indicators.schemas.definitions.models import Definitions
from local_indicators.schemas.findings import Finding, make_finding
from local_indicators.schemas.observations import MEASURES, TIDY, TidyTable


def parse(
    cells: Cells, layout: Layout, file_name: str = "", accounts: dict[str, CellAccount] | None = None
) -> tuple[TidyTable, list[Finding]]:
    """The tidy table that a layout finds in a file, and what is wrong with the shape and the cells of it.

    Never raises on a partner's data. What a finding already names is left out of the table or marked `faulty`, so that
    no later check complains of it again. `accounts`, where one is given, is filled with what became of the cells of
    each sheet.
    """
    cells = replace(
        cells, sheets=tuple(replace(s, rows=[_without_spaces(row) for row in s.rows]) for s in cells.sheets)
    )
    tables = _Tables(cells, layout, file_name, {} if accounts is None else accounts)
    for table in layout.says.table:
        tables.read(table)
    findings = _findings_of_file(tables)
    frame = pl.DataFrame(tables.rows, schema=TIDY, orient="row") if tables.rows else pl.DataFrame(schema=TIDY)
    frame = _compute_shares(frame, layout.definitions)
    broken = frozenset(f.sheet or "" for f in findings if f.is_error and f.rule.startswith("layout."))
    return TidyTable(
        partner=layout.partner,
        collection=layout.collection,
        frame=frame,
        speaks_of=tables.speaks_of,
        whole=not broken,
        requires=layout.requires,
        seen=_seen(cells, frame),
        typed=_typed(cells, tables.rows),
        broken=broken,
        thinned=frozenset(f.sheet or "" for f in findings if f.rule in LEFT_OUT),
    ), findings


class _Tables:
    """The tables of a layout as they are read, one after the other, from the sheets of a file."""

    def __init__(self, cells: Cells, layout: Layout, file_name: str, accounts: dict[str, CellAccount]) -> None:
        self.cells, self.layout, self.file_name, self.accounts = cells, layout, file_name, accounts
        self.rows: list[Row] = []
        self.findings: list[Finding] = []
        self.speaks_of: dict[str, tuple[str, ...]] = {}
        """The indicators that each sheet that was read speaks of."""
        self._noted: set[Any] = set()
        self._comma = _comma_of(cells)

    def read(self, table: TableLayout) -> None:
        """Read a table from every sheet that it takes; a sheet that is missing is a finding."""
        sheets = [_as_told(s, table) for s in self.cells.sheets if _takes(self.layout, table, s, self.cells)]
        if not sheets and not table.optional:
            held = ", ".join(s.name for s in self.cells.sheets)
            expected = f"a sheet called {' or '.join(table.sheet)}; nothing of what it should hold could be judged"
            self.findings.append(make_finding("layout.sheet-missing", found=f"sheets: {held}", expected=expected))
        for sheet in sheets:
            self._read_sheet(table, sheet)

    def _read_sheet(self, table: TableLayout, sheet: Sheet) -> None:
        self.speaks_of[sheet.name] = (*self.speaks_of.get(sheet.name, ()), *table.indicators)
        account = self.accounts.setdefault(sheet.name, CellAccount())
        account.aside += [area for text in table.ignore_cells if (area := range_corners(text))]
        on = SheetTable(
            book=self.cells,
            sheet=sheet,
            table=table,
            definitions=self.layout.definitions,
            file_name=self.file_name,
            account=account,
            comma=self._comma,
            tables=tuple(t for t in self.layout.says.table if _takes(self.layout, t, sheet, self.cells)),
        )
        self.rows.extend(tidy_rows(on, FindingNotes(sheet.name, self.findings, self._noted)))


def _findings_of_file(tables: _Tables) -> list[Finding]:
    """The findings of the tables, and after them those on the file as a whole."""
    cells, layout, rows, found = tables.cells, tables.layout, tables.rows, tables.findings
    found += find_cut_off_figure(cells, rows)
    found += list(_seen_beside(cells, layout, rows, tables.accounts, found))
    if cells.unseen and not layout.says.images:
        found.append(make_finding("layout.not-looked-into", found=", ".join(cells.unseen)))
    found += [_unexpected(s) for s in cells.sheets if s.name not in tables.speaks_of and not _ignored(s, layout)]
    if not rows and not any(finding.is_error for finding in found):
        found.append(make_finding("return.empty", found="no rows", expected="at least one row of figures"))
    if read_stamp(cells.properties) and rows and _untouched(rows, found):
        found = [_as_empty(found)]
    return _without_titles_of_labels(found)


LEFT_OUT = ("layout.left-out-by-blank", "layout.word-unsure", "layout.column-unmapped", "layout.number-unread")
"""Rules after which rows or columns of a sheet were not read that may hold what was given before."""


def _without_titles_of_labels(findings: list[Finding]) -> list[Finding]:
    """Findings without those that take what stands beside or under a missing label for a title."""
    labels = {
        (one.sheet, cell_position(row + down, column + right))
        for one in findings
        if one.rule == "layout.label-missing" and one.cell and (where := position_of_address(one.cell)) is not None
        for row, column in [divmod(where, COLUMNS)]
        for down, right in ((0, 1), (1, 0))
    }
    titles = ("period.contradicts", "area.title-differs")
    return [
        one
        for one in findings
        if one.rule not in titles or (one.sheet, position_of_address(one.cell or "")) not in labels
    ]


def _as_told(sheet: Sheet, table: TableLayout) -> Sheet:
    """A sheet as a table is to read it: with what its cells hold where the layout says that their formats mislead."""
    if table.formats == "seen":
        return sheet
    return replace(sheet, rows=[[c.number if type(c) is FormattedNumber else c for c in row] for row in sheet.rows])


def _comma_of(cells: Cells) -> Comma:
    """What a comma in a number is: doubtful where semicolons separate the fields of a file, or where a number in it has
    a comma that can only be a decimal one."""
    texts = (cell for sheet in cells.sheets for row in sheet.rows for cell in row if type(cell) is str)
    return "doubtful" if cells.separator == ";" or has_decimal_commas(texts) else "thousands"


def _seen_beside(
    cells: Cells, layout: Layout, rows: Sequence[Row], accounts: Mapping[str, CellAccount], findings: Sequence[Finding]
) -> Iterator[Finding]:
    """What a person sees on the sheets that were read and the tables do not: numbers that nothing reads, lines through
    what they read, and a period or an area in the name or title of a sheet that is not theirs."""
    for sheet in cells.sheets:
        account = accounts.get(sheet.name)
        if account is None:
            continue
        if account.bodies:
            yield from find_unaccounted_numbers(sheet, account, findings)
        by_name = [t for t in layout.says.table if t.area is not None and t.area.sheet and t.takes_sheet(sheet.name)]
        if by_name and account.bodies:
            top = min(body.top for body in account.bodies)
            if differs := find_title_area_contradiction(sheet, top, rows, layout.definitions.geography):
                yield differs
        if cells.kind != "csv" and (otherwise := find_sheet_name_contradiction(sheet, rows)):
            yield otherwise
        if sheet.struck:
            yield from find_struck_out_cells(sheet, rows)


def _seen(cells: Cells, frame: pl.DataFrame) -> Mapping[tuple[str, int], object]:
    """The cells of figures that show something else than the number they hold."""
    shown = {s.name: s for s in cells.sheets if any(type(cell) is FormattedNumber for row in s.rows for cell in row)}
    found: dict[tuple[str, int], object] = {}
    for name in (f"at_{measure}" for measure in MEASURES) if shown else ():
        for sheet, place in frame.select("sheet", name).drop_nulls().iter_rows():
            if sheet in shown and type(cell := shown[sheet].cell(*divmod(place, COLUMNS))) is FormattedNumber:
                found[sheet, place] = cell
    return found


def _typed(cells: Cells, rows: Sequence[Row]) -> dict[tuple[str, str], str]:
    """How each period of some rows was typed first, where a cell says it."""
    sheets = {sheet.name: sheet for sheet in cells.sheets}
    first = {(row["time_identifier"], row["time_period"]): row for row in reversed(rows)}
    return {
        period: heading_text(sheets[row["sheet"]].cell(*divmod(row["at_period"], COLUMNS)))
        for period, row in first.items()
        if row["time_period"] is not None and row["at_period"] is not None
    }


def _untouched(rows: list[Row], findings: list[Finding]) -> bool:
    """Whether nothing was typed into a template: its rows are there, and every figure is blank."""
    said = (*MEASURES, "obs_status", "conf_status")
    errors = [one for one in findings if one.is_error]
    blank = all(error.rule == "cell.blank" and error.field in MEASURES for error in errors)
    return bool(errors) and blank and not any(row[name] is not None for row in rows for name in said)


def _as_empty(findings: list[Finding]) -> Finding:
    """One finding for all blank cells of an untouched template."""
    home = findings[0].sheet
    cells = [c if one.sheet == home else f"'{one.sheet}'!{c}" for one in findings for c in one.cells]
    expected = "figures in the rows that the template begins"
    return make_finding(
        "return.empty", sheet=home, cells=cells, found="a template that is still blank", expected=expected
    )


def _without_spaces(row: list[Cell]) -> list[Cell]:
    """A row in which cells that hold nothing but spaces, which nobody sees, are blank."""
    if not any(type(cell) is str and not cell.strip() for cell in row):
        return row
    return [None if type(cell) is str and not cell.strip() else cell for cell in row]


def _takes(layout: Layout, table: TableLayout, sheet: Sheet, cells: Cells) -> bool:
    if cells.kind == "csv":
        return True
    seen = table.hidden_sheets == "read" or not sheet.hidden
    return not sheet.is_ours and layout.says.takes(table, sheet.name) and seen


def _unexpected(sheet: Sheet) -> Finding:
    hidden = " (hidden)" if sheet.hidden else ""
    return make_finding("layout.sheet-unexpected", sheet=sheet.name, found=f"sheet {sheet.name}{hidden}")


def _ignored(sheet: Sheet, layout: Layout) -> bool:
    ours = sheet.is_ours or sheet.name.casefold() in OWN_SHEETS
    return layout.says.ignores(sheet.name) or ours or not any(cell is not None for row in sheet.rows for cell in row)


def _compute_shares(frame: pl.DataFrame, definitions: Definitions) -> pl.DataFrame:
    """A share or rate that was given as numerator and denominator alone is computed, in its unit."""
    per = {i.id: i.per for i in definitions.indicators.values() if i.per is not None}
    times = pl.col("indicator_id").replace_strict(per, default=None, return_dtype=pl.Float64)
    computable = (
        times.is_not_null()
        & pl.col("value").is_null()
        & pl.col("at_value").is_null()
        & ~pl.col("faulty")
        & pl.col("obs_status").is_null()
        & pl.col("conf_status").is_null()
        & (pl.col("denominator") > 0)
        & (pl.col("numerator") >= 0)
    )
    return frame.with_columns(
        pl.when(computable)
        .then(times * pl.col("numerator") / pl.col("denominator"))
        .otherwise(pl.col("value"))
        .alias("value"),
        pl.when(computable).then(pl.col("at_numerator")).otherwise(pl.col("at_value")).alias("at_value"),
    )
