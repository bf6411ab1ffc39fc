"""xlsb: what the binary records of a workbook say beyond calamine's values.

Runs on untrusted bytes, so only in the child process (inputs.sandbox.child_process). Source: [MS-XLSB] 2.1.4 (records)
and 2.4.
"""

from __future__ import annotations

from collections.abc import Iterator

from local_indicators.common.cell_references import column_letters
from local_indicators.inputs.readers.appearance.number_formats import DAY_ZERO
from local_indicators.inputs.readers.calamine_sheets import (
    DAY_ZERO_1904,
    ERRORS,
    SheetParser,
    build_sheet,
    open_workbook,
)
from local_indicators.inputs.readers.cells import Cells, ErrorValue, Sheet
from local_indicators.inputs.readers.excel.xlsb_records import (
    END_BOOK,
    END_SHEET,
    read_integer,
    read_prefixed_text,
    read_records,
)
from local_indicators.inputs.readers.excel.xlsb_styles import RICH_CELL, VIEW, XlsbStyles, hides_zeros
from local_indicators.inputs.readers.refusals import (
    MOST_COLUMNS,
    MOST_ROWS,
    SizeBounds,
    refuse_damaged,
    refuse_too_many_cells,
)
from local_indicators.inputs.readers.size_limits import refuse_too_many_sheets
from local_indicators.inputs.readers.zip_package import ZipPackage, part_relations, read_part

ROW, BLANK, ERROR, FORMULA_ERROR, LAST_CELL = 0, 1, 3, 11, 11
BUNDLE_SHEET, PROPERTIES, COLUMN_INFO, MERGED = 156, 153, 60, 176


def read_xlsb(content: bytes, package: ZipPackage, main: str, bounds: SizeBounds) -> Cells:
    """The cells of an xlsb file. Raises Refused."""
    held = part_relations(package, main)
    book = open_workbook(content)
    at = {meta.name: index for index, meta in enumerate(book.sheets_metadata)}
    kinds = {kind: read_part(package, path) for kind, path in held.values() if kind in ("sharedStrings", "styles")}
    looks = XlsbStyles(kinds.get("styles", b""), kinds.get("sharedStrings", b""))
    sheets: list[Sheet] = []
    total = 0
    book_part = read_part(package, main)
    day_zero = DAY_ZERO_1904 if _counts_from_1904(book_part) else DAY_ZERO
    listed = list(_sheets(book_part))
    refuse_too_many_sheets([name for name, _, _ in listed])
    for name, relation, hidden in listed:
        kind, path = held.get(relation, ("", ""))
        if not kind or (kind == "worksheet" and name not in at):
            refuse_damaged(f"a workbook of which the sheet {name} is missing")
        if kind == "worksheet":
            scan = SheetParser(name, hidden, merged=[], day_zero=day_zero)
            _scan_sheet(read_part(package, path), scan, looks)
            refuse_too_many_cells(bounds, scan.rows, scan.columns, total, sheet=name)
            sheet, total = build_sheet(book, at[name], scan, bounds, total)
            sheets.append(sheet)
    return Cells("xlsb", tuple(sheets))


def _sheets(records: bytes) -> Iterator[tuple[str, str, bool]]:
    """The sheets of a book: name, id of the relation, whether hidden."""
    for kind, body in read_records(records, END_BOOK):
        if kind == BUNDLE_SHEET:
            state = read_integer(body, 0)
            relation, at = read_prefixed_text(body, 8)
            yield read_prefixed_text(body, at)[0], relation, state in (1, 2)


def _counts_from_1904(records: bytes) -> bool:
    return any(kind == PROPERTIES and body[:1] and body[0] & 1 for kind, body in read_records(records, END_BOOK))


def _scan_sheet(records: bytes, scan: SheetParser, looks: XlsbStyles) -> None:
    row, columns, rows = -1, set[int](), set[int]()
    for kind, body in read_records(records, END_SHEET):
        if kind == ROW:
            row = read_integer(body, 0)
            if row in rows:
                refuse_damaged(f"row {row + 1} given twice", scan.name, f"A{row + 1}")
            rows.add(row)
            columns = set()
            if len(body) > 11 and body[11] & 0x10:
                scan.hidden_rows.add(row)
        elif BLANK < kind <= LAST_CELL or kind == RICH_CELL:
            column = read_integer(body, 0)
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
            scan.hidden_columns.update(range(read_integer(body, 0), min(read_integer(body, 4) + 1, MOST_COLUMNS)))
        elif kind == VIEW:
            scan.hides_zeros = hides_zeros(body)
        elif kind == MERGED and scan.merged is not None:
            top, bottom, left, right = (read_integer(body, at) for at in (0, 4, 8, 12))
            scan.merged.append((top, left, bottom, right))
