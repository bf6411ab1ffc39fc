"""Writes one page of a template on a sheet: texts, colours, number formats, notes, and what is locked."""

from __future__ import annotations

from openpyxl.cell.cell import Cell as SheetCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from local_indicators.replies.templates.entries.allowed_entries import AllowedEntry, DependentEntry, Number
from local_indicators.replies.templates.pages.page_layout import Page, TemplateCell

AUTHOR = "Local Indicators"
FONT = "Calibri"
MAX_NOTE = 2000
_LINE = Side(style="thin", color="FF9AA5B1")
_FILLS = {"heading": "FFD9E2EC", "given": "FFF0F0F0", "input": "FFFFF2B3", "spare": "FFFFFDF2"}
_UNLOCKED = ("formatCells", "formatColumns", "formatRows", "insertRows", "deleteRows", "sort", "autoFilter")
"""What may be done to a protected sheet."""


def write_text(cell: SheetCell, text: str) -> None:
    """Write a text as text: what begins like a formula is shown and never calculated."""
    cell.value = text
    cell.data_type = "s"
    cell.quotePrefix = text[:1] in ("=", "+", "-", "@")


def write_page(sheet: Worksheet, page: Page) -> None:
    """Write the cells of a page on an empty sheet, and protect what must stay as it is."""
    for (row, column), cell in sorted(page.cells.items()):
        sheet_cell = sheet.cell(row + 1, column + 1)
        if cell.text:
            write_text(sheet_cell, cell.text)
        _set_style(sheet_cell, cell)
    for top, left, bottom, right in page.merged:
        sheet.merge_cells(start_row=top + 1, start_column=left + 1, end_row=bottom + 1, end_column=right + 1)
    _set_widths(sheet, page)
    sheet.freeze_panes = sheet.cell(page.heading_rows[1] + 2, 1)
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    _protect(sheet)


def _set_widths(sheet: Worksheet, page: Page) -> None:
    """Make columns as wide as what stands in or under their last heading, within reason."""
    for column in sorted({column for _, column in page.cells}):
        texts = [
            cell.text or "" for (row, c), cell in page.cells.items() if c == column and row >= page.heading_rows[1]
        ]
        widest = max((len(text) for text in texts), default=0)
        sheet.column_dimensions[get_column_letter(column + 1)].width = min(max(widest + 2, 14), 46)


def _protect(sheet: Worksheet) -> None:
    """Lock what must stay as it is, without a password: rows, columns and formats may be changed."""
    sheet.protection.sheet = True
    for name in _UNLOCKED:
        setattr(sheet.protection, name, False)


def _set_style(sheet_cell: SheetCell, cell: TemplateCell) -> None:
    if cell.style in _FILLS:
        sheet_cell.fill = PatternFill("solid", fgColor=_FILLS[cell.style])
        sheet_cell.border = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
    if cell.style == "title":
        sheet_cell.font = Font(name=FONT, bold=True, size=14)
    if cell.style == "heading":
        sheet_cell.font = Font(name=FONT, bold=True)
        sheet_cell.alignment = Alignment(wrap_text=True, vertical="top")
    if cell.style in ("input", "spare"):
        sheet_cell.protection = Protection(locked=False)
        sheet_cell.number_format = _number_format(cell.entry)
    if cell.note:
        height = 40 + 18 * (len(cell.note) // 55 + 1)
        sheet_cell.comment = Comment(cell.note[:MAX_NOTE], AUTHOR, width=360, height=height)


def _number_format(entry: AllowedEntry | None) -> str:
    """Return the number format of a cell; text where words belong, so that Excel makes no date of 2009-10."""
    if isinstance(entry, DependentEntry):
        formats = sorted({_number_format(case) for _, case in entry.cases}, key=len)
        alike = len({(code[:1], code[-1:] == "%") for code in formats}) == 1
        return formats[-1] if alike else "General"  # the one with most decimals shows every figure as it was typed
    if not isinstance(entry, Number):
        return "@"
    digits = "." + "0" * entry.decimals if entry.decimals and not entry.whole else ""
    return f"0{digits}%" if entry.factor == 100 else f"#,##0{digits}"
