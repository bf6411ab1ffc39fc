"""The first sheet of a template: what to do, what is expected, and what each figure means."""

from __future__ import annotations

from collections.abc import Iterator

from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.worksheet import Worksheet

from local_indicators.inputs.layouts.template_stamp import stamp_of
from local_indicators.replies.templates.pages.page_layout import Template, describe
from local_indicators.replies.templates.workbook.page_sheet import FONT, write_text

INSTRUCTIONS = (
    "1. Go through the sheets in turn and fill in the yellow cells.",
    "2. The pale rows under them are for other areas or periods: leave no blank row between, and leave those that you "
    "do not need blank.",
    "3. Where there is no figure, type a mark: c confidential, x not available, z not applicable, low rounds to "
    "nought. Where there is a Status column, leave the figure blank and put the mark there.",
    "4. What a cell refuses, the check would refuse too. A note on a heading says what the figure means. Pasting goes "
    "around the limits of a cell, and the check does not.",
    "5. Save the workbook, as {name} or under a name of your own, and put it into your folder.",
    "Headings are locked so that they stay as they are; there is no password. This sheet is not read.",
)
Line = tuple[str, ...]
"""A line of the sheet: its style (title, heading or line), and the texts of one or two cells."""


def write_instructions(sheet: Worksheet, template: Template) -> None:
    """Write the instructions on an empty sheet, and lock it."""
    for row, (style, *texts) in enumerate(_lines(template), start=1):
        _write_line(sheet, row, style, texts)
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 34, 70
    sheet.sheet_view.showGridLines = False
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.protection.sheet = True
    stamp = stamp_of(template.request.layout)
    sheet.oddFooter.left.text = f"{stamp.collection}, template {stamp.version}"


def _write_line(sheet: Worksheet, row: int, style: str, texts: list[str]) -> None:
    for column, text in enumerate(texts, start=1):
        cell = sheet.cell(row, column)
        write_text(cell, text)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        cell.font = Font(name=FONT, bold=style != "line", size={"title": 14}.get(style, 11))
    if len(texts) == 1:
        sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=2)
        lines = len(texts[0]) // 100 + 1
    else:
        lines = max(len(texts[0]) // 32, len(texts[1]) // 68) + 1
    sheet.row_dimensions[row].height = 16 * lines + (6 if style != "line" else 0)


def _lines(template: Template) -> Iterator[Line]:
    """Yield the lines of the sheet from the top."""
    request, stamp = template.request, stamp_of(template.request.layout)
    yield "title", request.layout.title
    if request.expected_period:
        due = f", due {request.due:%-d %B %Y}" if request.due else ""
        yield "line", "Period expected", f"{request.expected_period}{due}"
    yield "heading", "What to do"
    yield from (("line", line.replace("{name}", template.file_name)) for line in INSTRUCTIONS)
    yield "heading", "Sheets"
    for page in template.pages:
        rows = f"{len(page.asked)} row{'' if len(page.asked) == 1 else 's'} to fill in"
        yield "line", page.name, rows if page.asked else "nothing expected this time"
    yield "heading", "Figures"
    for indicator in template.indicators:
        yield "line", indicator.title, describe(indicator).partition(": ")[2]
    yield "heading", "About this template"
    yield "line", "Return", f"{stamp.collection} ({stamp.partner})"
    yield "line", "Template version", stamp.version
    yield "line", "Definitions", stamp.definitions
