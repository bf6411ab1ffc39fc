"""The hidden sheet of a template that holds the words of drop-downs and the limits of indicators."""

from __future__ import annotations

from collections.abc import Sequence

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.worksheet import Worksheet

from local_indicators.inputs.layouts.layout_language import LISTS_SHEET
from local_indicators.replies.templates.workbook.page_sheet import write_text


class WordLists:
    """Lists of words or numbers on a sheet of their own, each list once."""

    def __init__(self, sheet: Worksheet, book: Workbook) -> None:
        """Begin with an empty sheet of the workbook, whose name is LISTS_SHEET."""
        self._sheet, self._book = sheet, book
        self._ranges: dict[tuple[str | float, ...], str] = {}
        self._names: dict[str, str] = {}

    def range_of(self, values: Sequence[str | float]) -> str:
        """Return the range that holds a list, as Sheet!$A$1:$A$9, and write the list there if it is new."""
        key = tuple(values)
        if key not in self._ranges:
            column = len(self._ranges) + 1
            for row, value in enumerate(values, start=1):
                cell = self._sheet.cell(row, column)
                if isinstance(value, str):
                    write_text(cell, value)
                else:
                    cell.value = value
            letter = get_column_letter(column)
            self._ranges[key] = f"{LISTS_SHEET}!${letter}$1:${letter}${len(values)}"
        return self._ranges[key]

    def name_of(self, values: Sequence[str | float]) -> str:
        """Return a short defined name for a list, for formulas that may not be long."""
        reference = self.range_of(values)
        if reference not in self._names:
            name = self._names[reference] = f"_t{len(self._names) + 1}"
            self._book.defined_names[name] = DefinedName(name, attr_text=reference, hidden=True)
        return self._names[reference]

    def hide(self) -> None:
        """Hide and lock the sheet."""
        self._sheet.sheet_state = "hidden"
        self._sheet.protection.sheet = True
