"""Reads a sheet once from top to bottom: its cells go to CellEdits, everything else is kept as elements.

Runs on untrusted bytes, so only in the child process.
"""

from __future__ import annotations

from local_indicators.replies.annotation.ooxml.xml_splicing import (
    Element,
    NotEditableError,
    close_element,
    element_from_start_tag,
    namespace_parser,
    parse_part,
)
from local_indicators.replies.annotation.sheet_edits.cell_edits import CellEdits
from local_indicators.replies.annotation.sheet_edits.sheet_edit_plan import ColumnFormats

RULE_FORMULAS = frozenset({"formula", "formula1", "formula2", "f"})
"""Elements outside the cells that hold a formula: of conditional formats, validations and sparklines."""
_ROW, _CELL, _FORMULA = 3, 4, 5
"""How deep in the XML rows, cells and formulas lie."""


class SheetParser:
    """Parses a sheet once. There may be millions of cells, so of each only what an edit needs is looked at."""

    def __init__(self, xml: bytes, cells: CellEdits, columns: ColumnFormats) -> None:
        self.elements: list[Element] = []
        """Every element that is no row or cell, in document order, the root first."""
        self._xml, self._cells, self._columns = xml, cells, columns
        self._parser = namespace_parser()
        self._depth = 0
        self._open: list[int] = []  # indexes into `elements` of those that have not ended
        self._in_data = False
        self._formula: Element | None = None
        self._cell_name = self._formula_name = ""

    def parse(self) -> None:
        """Read the sheet. Raises NotEditableError."""
        parser = self._parser
        parser.StartElementHandler, parser.EndElementHandler = self._begin, self._end
        parser.CharacterDataHandler = self._text
        parse_part(parser, self._xml)

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._in_data:
            self._begin_in_data(name, attributes)
            return
        parent = self._open[-1] if self._open else -1
        element = element_from_start_tag(self._xml, self._parser.CurrentByteIndex, name, attributes, parent)
        self._open.append(len(self.elements))
        self.elements.append(element)
        if element.name == "col":
            self._columns.add(element)
        if self._depth == 2 and element.name == "sheetData":
            self._in_data = True
            self._cell_name, self._formula_name = name.replace("sheetData", "c"), name.replace("sheetData", "f")
            self._cells.new_cells.prefix = f"{element.prefix}:".encode() if element.prefix else b""

    def _begin_in_data(self, name: str, attributes: dict[str, str]) -> None:
        if self._depth == _ROW:
            self._cells.begin_row(self._parser.CurrentByteIndex, attributes)
        elif name == self._cell_name and self._depth == _CELL:
            self._cells.begin_cell(self._parser.CurrentByteIndex, attributes)
        elif name == self._formula_name and self._depth == _FORMULA and self._cells.in_cell:
            self._formula = element_from_start_tag(self._xml, self._parser.CurrentByteIndex, name, attributes, -1)
        elif name in (self._cell_name, self._formula_name) or "markup-compatibility" in name:
            raise NotEditableError("cells in an unusual place")

    def _end(self, _: str) -> None:
        ended = self._depth
        self._depth -= 1
        if self._in_data and ended > 2:
            self._end_in_data(ended)
            return
        element = self.elements[self._open.pop()]
        close_element(element, self._xml, self._parser.CurrentByteIndex)
        if self._in_data and ended == 2:
            self._in_data = False
            self._cells.end_sheet(element)

    def _end_in_data(self, depth: int) -> None:
        if depth == _CELL:
            self._cells.end_cell()
        elif depth == _FORMULA and self._formula is not None:
            close_element(self._formula, self._xml, self._parser.CurrentByteIndex)
            self._cells.add_formula(self._formula)
            self._formula = None
        elif depth == _ROW:
            self._cells.end_row(self._parser.CurrentByteIndex)

    def _text(self, piece: str) -> None:
        if self._formula is not None:
            self._formula.pieces.append(piece)
        elif not self._in_data and self._open and self.elements[self._open[-1]].name in RULE_FORMULAS:
            self.elements[self._open[-1]].pieces.append(piece)
