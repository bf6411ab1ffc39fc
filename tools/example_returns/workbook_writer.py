"""Writes the sheets of an example return as an Excel workbook, the same bytes every time."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from tools.example_returns.sheet_content import Row, Sheet

WRITTEN = datetime(2011, 5, 26, 9, 0)  # noqa: DTZ001 (workbook properties know no time zone)
"""The time at which every example workbook says it was saved."""


def workbook_content(sheets: Sequence[Sheet]) -> bytes:
    """Return the bytes of an xlsx workbook with these sheets."""
    book = Workbook()
    book.remove(book.active)
    book.properties.creator = "Example partner"
    book.properties.title = "Example return"
    book.properties.created = WRITTEN
    for sheet in sheets:
        _fill(book.create_sheet(sheet.name), sheet)
    saved = io.BytesIO()
    book.save(saved)
    return _without_time(saved.getvalue())


def _fill(worksheet: Worksheet, sheet: Sheet) -> None:
    above = [*sheet.above, ()] if sheet.above else []
    notes = [(), *((note,) for note in sheet.notes)] if sheet.notes else []
    for row in (*above, *sheet.head, *sheet.body, *notes):
        worksheet.append(row)
    if above:
        worksheet["A1"].font = Font(bold=True, size=14)
    first, last = len(above) + 1, len(above) + len(sheet.head)
    for row in worksheet.iter_rows(first, last):
        for cell in row:
            cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="top")
    for area in _merged_areas(sheet.head, first):
        worksheet.merge_cells(area)
    for number, heading in enumerate(sheet.head[-1], start=1):
        worksheet.column_dimensions[get_column_letter(number)].width = 40 if number == 1 else 18
        for (cell,) in worksheet.iter_rows(last + 1, last + len(sheet.body), number, number):
            cell.number_format = sheet.formats.get(str(heading), "General")
    worksheet.sheet_state = "hidden" if sheet.hidden else "visible"


def _merged_areas(head: Sequence[Row], first: int) -> Iterator[str]:
    """Yield the merged areas of two rows of headings, of which the upper one is row `first`."""
    if len(head) < 2:
        return
    upper, lower = head
    for left, heading in enumerate(upper, start=1):
        right = left
        while right < len(upper) and upper[right] is None and lower[right] is not None:
            right += 1
        bottom = first + 1 if lower[left - 1] is None else first
        if heading is not None and (right, bottom) != (left, first):
            yield f"{get_column_letter(left)}{first}:{get_column_letter(right)}{bottom}"


def _without_time(content: bytes) -> bytes:
    """Return the same workbook without the time at which it was saved, and stored unpacked.

    What a compressor makes of a text differs from machine to machine.
    """
    fixed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as saved, zipfile.ZipFile(fixed, "w") as out:
        for name in saved.namelist():
            part = saved.read(name)
            if name == "docProps/core.xml":
                stamp = rf"\g<1>{WRITTEN:%Y-%m-%dT%H:%M:%SZ}".encode()
                part = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", stamp, part)
            info = zipfile.ZipInfo(name, WRITTEN.timetuple()[:6])
            info.create_system = 3
            out.writestr(info, part)
    return fixed.getvalue()
