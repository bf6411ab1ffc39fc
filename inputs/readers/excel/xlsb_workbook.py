"""xlsb: what the binary records of a workbook say beyond calamine's values.

Runs on untrusted bytes, so only in the child process (inputs.sandbox.child_process). Source: [MS-XLSB] 2.1.4 (records)
and 2.4.
"""

from __future__ import annotations

from collections.abc import Iterator

from inputs.readers.appearance.number_formats import DAY_ZERO
from inputs.readers.calamine_sheets import DAY_ZERO_1904, ERRORS, Scan, open_book, sheet_of
from inputs.readers.cells import Cells, ErrorValue, Sheet
from inputs.readers.excel.xlsb_records import END_BOOK, END_SHEET, records_of, text_at, whole
from inputs.readers.excel.xlsb_styles import RICH_CELL, VIEW, XlsbLooks, hides_zeros
from inputs.readers.refusals import MOST_COLUMNS, MOST_ROWS, Bounds, hold_to, refuse_damaged
from inputs.readers.size_limits import hold_sheets
from inputs.readers.zip_package import Package, part, relations
from schemas.findings import column_letters

ROW, BLANK, ERROR, FORMULA_ERROR, LAST_CELL = 0, 1, 3, 11, 11
BUNDLE_SHEET, PROPERTIES, COLUMN_INFO, MERGED = 156, 153, 60, 176


def read_xlsb(content: bytes, package: Package, main: str, bounds: Bounds) -> Cells:
    """The cells of an xlsb file. Raises Refused."""
    held = relations(package, main)
    book = open_book(content)
    at = {meta.name: index for index, meta in enumerate(book.sheets_metadata)}
    kinds = {kind: part(package, path) for kind, path in held.values() if kind in ("sharedStrings", "styles")}
    looks = XlsbLooks(kinds.get("styles", b""), kinds.get("sharedStrings", b""))
    sheets: list[Sheet] = []
    total = 0
    book_part = part(package, main)
    day_zero = DAY_ZERO_1904 if _counts_from_1904(book_part) else DAY_ZERO
    listed = list(_sheets(book_part))
    hold_sheets([name for name, _, _ in listed])
    for name, relation, hidden in listed:
        kind, path = held.get(relation, ("", ""))
        if not kind or (kind == "worksheet" and name not in at):
            refuse_damaged(f"a workbook of which the sheet {name} is missing")
        if kind == "worksheet":
            scan = Scan(name, hidden, merged=[], day_zero=day_zero)
            _scan_sheet(part(package, path), scan, looks)
            hold_to(bounds, scan.rows, scan.columns, total, sheet=name)
            sheet, total = sheet_of(book, at[name], scan, bounds, total)
            sheets.append(sheet)
    return Cells("xlsb", tuple(sheets))


def _sheets(records: bytes) -> Iterator[tuple[str, str, bool]]:
    """The sheets of a book: name, id of the relation, whether hidden."""
    for kind, body in records_of(records, END_BOOK):
        if kind == BUNDLE_SHEET:
            state = whole(body, 0)
            relation, at = text_at(body, 8)
            yield text_at(body, at)[0], relation, state in (1, 2)


def _counts_from_1904(records: bytes) -> bool:
    return any(kind == PROPERTIES and body[:1] and body[0] & 1 for kind, body in records_of(records, END_BOOK))


def _scan_sheet(records: bytes, scan: Scan, looks: XlsbLooks) -> None:
    row, columns, rows = -1, set[int](), set[int]()
    for kind, body in records_of(records, END_SHEET):
        if kind == ROW:
            row = whole(body, 0)
            if row in rows:
                refuse_damaged(f"row {row + 1} given twice", scan.name, f"A{row + 1}")
            rows.add(row)
            columns = set()
            if len(body) > 11 and body[11] & 0x10:
                scan.hidden_rows.add(row)
        elif BLANK < kind <= LAST_CELL or kind == RICH_CELL:
            column = whole(body, 0)
            if not 0 <= row < MOST_ROWS or column >= MOST_COLUMNS:
                refuse_damaged("a workbook with a cell outside the sheet", scan.name)
            if column in columns:
                refuse_damaged(f"a cell given twice in row {row + 1}", scan.name, f"{column_letters(column)}{row + 1}")
            columns.add(column)
            scan.reach(row, column)
            looks.note(kind, body, row, column, scan)
            if kind in (ERROR, FORMULA_ERROR) and len(body) > 8:
                scan.marks[row, column] = ErrorValue(ERRORS.get(body[8], "#error"))
        elif kind == COLUMN_INFO and len(body) >= 18 and body[16] & 1:
            scan.hidden_columns.update(range(whole(body, 0), min(whole(body, 4) + 1, MOST_COLUMNS)))
        elif kind == VIEW:
            scan.hides_zeros = hides_zeros(body)
        elif kind == MERGED and scan.merged is not None:
            top, bottom, left, right = (whole(body, at) for at in (0, 4, 8, 12))
            scan.merged.append((top, left, bottom, right))
