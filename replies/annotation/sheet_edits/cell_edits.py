"""The edits that the cells of a sheet need: other styles for marked ones, new cells, formulas removed.

Runs on untrusted bytes, so only in the child process.
"""

from __future__ import annotations

import re
from bisect import bisect_left

from local_indicators.common.cell_references import COLUMNS, address_of_position, cell_position, position_of_address
from local_indicators.replies.annotation.active_content import refers_outside_workbook
from local_indicators.replies.annotation.ooxml.xml_splicing import Edit, Element, tag_end, with_attributes
from local_indicators.replies.annotation.sheet_edits.sheet_edit_plan import ColumnFormats, SheetEditPlan, is_true

FORMULA_REMOVED = "a formula that leads out of the workbook or needs a macro: its last value stays"


class NewCells:
    """Writes cells and rows that are marked but not in the sheet yet."""

    def __init__(self, plan: SheetEditPlan, columns: ColumnFormats) -> None:
        self._plan, self._columns = plan, columns
        self.prefix = b""
        """The namespace prefix of the sheet's elements with its colon, b"" without one."""

    def row(self, row: int) -> bytes:
        """Return a row that holds all its marked cells."""
        cells = self.cells(row, sorted(self._plan.marks_by_row[row]), {})
        start_tag = self.prefix + b'row r="' + str(row + 1).encode() + b'"'
        return b"<" + start_tag + b">" + cells + b"</" + self.prefix + b"row>"

    def cells(self, row: int, columns: list[int], row_attributes: dict[str, str]) -> bytes:
        """Return marked cells of a row, in the format that the row or else the column has."""
        return b"".join(self._cell(row, column, row_attributes) for column in columns)

    def _cell(self, row: int, column: int, row_attributes: dict[str, str]) -> bytes:
        row_style = row_attributes.get("s", "") if is_true(row_attributes.get("customFormat")) else ""
        base = int(row_style) if row_style.isdigit() else self._columns.style_of(column)
        style = self._plan.styles.marked(base, self._plan.marks_by_row[row][column])
        return b"<" + self.prefix + f'c r="{address_of_position(cell_position(row, column))}" s="{style}"/>'.encode()


class CellEdits:
    """Gets the rows and cells of a sheet from top to bottom and notes the edits that they need.

    Positions are bytes of the sheet's part; rows and columns are counted from 0.
    """

    def __init__(self, plan: SheetEditPlan, columns: ColumnFormats) -> None:
        self.edits: list[Edit] = []
        self.hidden_rows: set[int] = set()
        self.new_cells = NewCells(plan, columns)
        self._plan, self._xml = plan, plan.xml
        self._row, self._column = -1, -1
        self._row_tag: tuple[int, int, dict[str, str]] = (0, 0, {})  # start, end and attributes of the row's tag
        self._pending_columns: list[int] = []  # marked columns of this row that have not been met yet
        self._rows_met = 0  # how many of the marked rows have been met
        self._cell: tuple[int, dict[str, str]] | None = None
        self._address: str | None = None  # that of the current cell, where its column has not been worked out
        self._row_has_new_cells = self._formula_removed = False
        self._removed_shared_formulas: set[str | None] = set()

    @property
    def in_cell(self) -> bool:
        """Whether a cell has begun and not ended."""
        return self._cell is not None

    def begin_row(self, start: int, attributes: dict[str, str]) -> None:
        """Note the start tag of a row; marked rows that the sheet leaves out before it are made."""
        number = attributes.get("r", "")
        self._row = int(number) - 1 if number.isdigit() and len(number) < 9 else self._row + 1
        self._column, self._address, self._row_has_new_cells = -1, None, False
        marked = self._plan.marked_rows
        missing: list[bytes] = []
        while self._rows_met < len(marked) and marked[self._rows_met] < self._row:
            missing.append(self.new_cells.row(marked[self._rows_met]))
            self._rows_met += 1
        if missing:
            self.edits.append((start, start, b"".join(missing)))
        self._pending_columns = []
        if self._rows_met < len(marked) and marked[self._rows_met] == self._row:
            self._rows_met += 1
            self._pending_columns = sorted(self._plan.marks_by_row[self._row])
        if is_true(attributes.get("hidden")):
            self.hidden_rows.add(self._row)
        self._row_tag = (start, tag_end(self._xml, start) if self._pending_columns else start, attributes)

    def begin_cell(self, start: int, attributes: dict[str, str]) -> None:
        """Note the start tag of a cell; marked cells that the row leaves out before it are made."""
        self._cell = (start, attributes)
        address = attributes.get("r")
        if address is None:
            self._column = self._current_column() + 1
        self._address = address
        if self._pending_columns and self._pending_columns[0] <= (column := self._current_column()):
            count = bisect_left(self._pending_columns, column)
            self._insert(self._pending_columns[:count], start)
            self._pending_columns = self._pending_columns[count:]

    def _current_column(self) -> int:
        """Return the column of the current cell, or of the last one; worked out from its address only when needed."""
        if self._address is not None:
            cell = position_of_address(self._address)
            self._column = self._column + 1 if cell is None else cell % COLUMNS
            self._address = None
        return self._column

    def end_cell(self) -> None:
        """Note the new style of the current cell, if it is marked or was marked by an earlier copy."""
        if self._cell is None:
            return
        start, attributes = self._cell
        self._cell = None
        if not (self._pending_columns or self._plan.unmark or self._formula_removed):
            return
        changes = self._style_change(attributes.get("s", "0"))
        if self._formula_removed:
            changes["cm"] = None
            self._formula_removed = False
        if changes:
            end = tag_end(self._xml, start)
            self.edits.append((start, end, with_attributes(self._xml[start:end], changes)))

    def _style_change(self, style: str) -> dict[str, str | None]:
        base = int(style) if style.isdigit() else 0
        styles = self._plan.styles
        if self._pending_columns and self._pending_columns[0] == self._current_column():
            severity = self._plan.marks_by_row[self._row][self._pending_columns.pop(0)]
            return {"s": str(styles.marked(base, severity))}
        if self._plan.unmark and (original := styles.unmarked(base)) is not None:
            return {"s": str(original)}
        return {}

    def add_formula(self, formula: Element) -> None:
        """Note the formula of the current cell; one that leads out of the workbook is removed.

        The cells that share such a formula lose theirs too.
        """
        shared = formula.attributes.get("si") if formula.attributes.get("t") == "shared" else None
        removed = self._plan.removed
        if not (
            refers_outside_workbook(formula.text, removed) if formula.text else shared in self._removed_shared_formulas
        ):
            return
        if shared is not None:
            self._removed_shared_formulas.add(shared)
        self._formula_removed = True
        removed.formulas = True
        removed.add(
            FORMULA_REMOVED,
            f"{self._plan.name}!{address_of_position(cell_position(self._row, self._current_column()))}",
        )
        self.edits.append((formula.start, formula.end, b""))

    def end_row(self, end: int) -> None:
        """Make the marked cells that the row leaves out at its end; `end` is the byte at which its end tag begins."""
        tag_start, tag_stop, attributes = self._row_tag
        tag = with_attributes(
            self._xml[tag_start:tag_stop], {"spans": None}
        )  # a hint of the columns used, wrong with more
        if self._pending_columns and self._xml[tag_stop - 2 : tag_stop] == b"/>":
            cells = self.new_cells.cells(self._row, self._pending_columns, attributes)
            name = re.match(rb"<([^\s/>]+)", tag)
            end_tag = b"</" + (name[1] if name else b"row") + b">"
            self.edits.append((tag_start, tag_stop, tag[:-2] + b">" + cells + end_tag))
        else:
            self._insert(self._pending_columns, end)
            if self._row_has_new_cells and "spans" in attributes:
                self.edits.append((tag_start, tag_stop, tag))
        self._pending_columns = []

    def _insert(self, columns: list[int], before: int) -> None:
        """Make cells of the current row before a byte."""
        if columns:
            self._row_has_new_cells = True
            self.edits.append((before, before, self.new_cells.cells(self._row, columns, self._row_tag[2])))

    def end_sheet(self, data: Element) -> None:
        """Make the marked rows that the sheet leaves out at its end; `data` is the element with all rows."""
        missing = self._plan.marked_rows[self._rows_met :]
        if not missing:
            return
        rows = b"".join(self.new_cells.row(row) for row in missing)
        if data.empty:
            tag = self._xml[data.start : data.inner]
            whole = tag[:-2] + b">" + rows + b"</" + data.tag("sheetData") + b">"
            self.edits.append((data.start, data.end, whole))
        else:
            self.edits.append((data.close, data.close, rows))
