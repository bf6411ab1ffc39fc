"""xlsb: what the binary records of a workbook say beyond calamine's values.

Runs on untrusted bytes, so only in the child process (inputs.child). Source: [MS-XLSB] 2.1.4 (records) and 2.4.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from inputs.cells import Cells, ErrorValue, Sheet
from inputs.grid import ERRORS, Scan, open_book, sheet_of
from inputs.package import Package, part
from inputs.refused import Bounds, hold_to, refuse_cut_off, refuse_damaged
from inputs.xlsx import MOST_COLUMNS, MOST_ROWS, relations

ROW, BLANK, ERROR, FORMULA_ERROR, LAST_CELL = 0, 1, 3, 11, 11
END_SHEET, BUNDLE_SHEET, COLUMN_INFO, MERGED = 130, 156, 60, 176
END_BOOK = 132


def read_xlsb(content: bytes, package: Package, main: str, bounds: Bounds) -> Cells:
    """The cells of an xlsb file. Raises Refused."""
    held = relations(package, main)
    book = open_book(content)
    at = {meta.name: index for index, meta in enumerate(book.sheets_metadata)}
    for kind, path in held.values():
        if kind in ("sharedStrings", "styles"):
            part(package, path)
    sheets: list[Sheet] = []
    total = 0
    for name, relation, hidden in _sheets(part(package, main)):
        kind, path = held.get(relation, ("", ""))
        if not kind or (kind == "worksheet" and name not in at):
            refuse_damaged(f"a workbook of which the sheet {name} is missing")
        if kind == "worksheet":
            scan = Scan(name, hidden, merged=[])
            _scan_sheet(part(package, path), scan)
            hold_to(bounds, scan.rows, scan.columns, total, sheet=name)
            sheet, total = sheet_of(book, at[name], scan, bounds, total)
            sheets.append(sheet)
    return Cells("xlsb", tuple(sheets))


def _sheets(records: bytes) -> Iterator[tuple[str, str, bool]]:
    """The sheets of a book: name, id of the relation, whether hidden."""
    for kind, body in _records(records, END_BOOK):
        if kind == BUNDLE_SHEET:
            state = _whole(body, 0)
            relation, at = _text(body, 8)
            yield _text(body, at)[0], relation, state in (1, 2)


def _scan_sheet(records: bytes, scan: Scan) -> None:
    row = -1
    for kind, body in _records(records, END_SHEET):
        if kind == ROW:
            row = _whole(body, 0)
            if len(body) > 11 and body[11] & 0x10:
                scan.hidden_rows.add(row)
        elif BLANK < kind <= LAST_CELL:
            column = _whole(body, 0)
            if not 0 <= row < MOST_ROWS or column >= MOST_COLUMNS:
                refuse_damaged("a workbook with a cell outside the sheet")
            scan.reach(row, column)
            if kind in (ERROR, FORMULA_ERROR) and len(body) > 8:
                scan.marks[row, column] = ErrorValue(ERRORS.get(body[8], "#error"))
        elif kind == COLUMN_INFO and len(body) >= 18 and body[16] & 1:
            scan.hidden_columns.update(range(_whole(body, 0), min(_whole(body, 4) + 1, MOST_COLUMNS)))
        elif kind == MERGED and scan.merged is not None:
            top, bottom, left, right = (_whole(body, at) for at in (0, 4, 8, 12))
            scan.merged.append((top, left, bottom, right))


def _records(records: bytes, last: int) -> Iterator[tuple[int, bytes]]:
    """The records of a part up to the one that ends it. Raises Refused where that is missing."""
    at = 0
    while at < len(records):
        kind, at = _number(records, at, 2)
        length, at = _number(records, at, 4)
        body = records[at : at + length]
        if len(body) < length:
            refuse_cut_off()
        at += length
        yield kind, body
        if kind == last:
            return
    refuse_cut_off()


def _number(records: bytes, at: int, most: int) -> tuple[int, int]:
    """A number of 7 bits a byte, lowest first, and where it ends. A record's kind keeps its marker bits out."""
    number = 0
    for step in range(most):
        if at >= len(records):
            refuse_cut_off()
        byte = records[at]
        number |= (byte & 0x7F) << (7 * step)
        at += 1
        if not byte & 0x80:
            break
    return number, at


def _whole(body: bytes, at: int) -> int:
    if len(body) < at + 4:
        refuse_damaged()
    return int(struct.unpack_from("<I", body, at)[0])


def _text(body: bytes, at: int) -> tuple[str, int]:
    end = at + 4 + 2 * _whole(body, at)
    if end > len(body):
        refuse_damaged()
    return body[at + 4 : end].decode("utf-16-le", "replace"), end
