"""Whether every cell of an xlsx sheet stands once, in its row, and on the sheet.

Programs that meet a cell twice keep the first or the last of it, or repair the file; nobody could say which of the two
its sender sees. Runs on untrusted bytes, so only in the child process (inputs.sandbox.child_process). Source: ECMA-376,
Part 1, 18.3.1.4 (c) and 18.3.1.73 (row).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from local_indicators.common.cell_references import column_letters, column_number_from_bytes
from local_indicators.inputs.readers.refusals import MOST_COLUMNS, MOST_ROWS, refuse_damaged
from local_indicators.inputs.readers.zip_package import integer_attribute

_ROW = re.compile(rb"""<(?:[\w.-]+:)?row(?=[\s/>])(?:[^>]*?\sr\s*=\s*["']([^"'>]*)["'])?""")
_CELL = re.compile(rb"""<(?:[\w.-]+:)?c(?=[\s/>])(?:[^>]*?\sr\s*=\s*["']([^"'>]*)["'])?""")
_ADDRESS = re.compile(rb"\$?([A-Za-z]{1,9})\$?([0-9]{1,9})")
_SHEET_DATA = re.compile(rb"<(?:[\w.-]+:)?sheetData(?=[\s/>])")
LONGEST = 20
"""Characters shown of what stands where an address belongs."""


def check_addresses(xml: bytes, begun: int, ended: int, sheet: str) -> tuple[int, int]:
    """How many rows and columns the cells of a sheet reach over, by their addresses. Raises Refused, naming the cell,
    where a row or a cell is given twice, stands in another row than it says, or lies outside the sheet.

    `begun` and `ended` are where the rows of the XML are. A row or cell without an address follows the one before it.
    """
    if len(_SHEET_DATA.findall(xml)) > 1:
        refuse_damaged("a workbook with a sheet whose rows are given twice", sheet)
    columns: set[bytes] = set()
    rows: set[int] = set()
    number = 0
    for said, start, end in _rows(xml, begun, ended):
        number = number + 1 if said is None else integer_attribute(said)
        if not 0 < number <= MOST_ROWS:
            refuse_damaged(f"a row outside the sheet: {_shown(said or b'')}", sheet)
        if number in rows:
            refuse_damaged(f"row {number} given twice", sheet, f"A{number}")
        rows.add(number)
        found = _CELL.findall(xml, start, end)
        digits = b"%d" % number
        letters = {one[: -len(digits)] for one in found if one.endswith(digits)}
        if len(letters) != len(found) or not letters <= columns:
            columns |= _columns(found, number, sheet)
    return max(rows, default=0), max((column_number_from_bytes(column) for column in columns), default=-1) + 1


def _rows(xml: bytes, begun: int, ended: int) -> Iterator[tuple[bytes | None, int, int]]:
    """What each row says of its number, and where its cells begin and end."""
    before = None
    for found in _ROW.finditer(xml, begun, ended):
        if before is not None:
            yield before[1], before.end(), found.start()
        before = found
    if before is not None:
        yield before[1], before.end(), ended


def _columns(found: Sequence[bytes], number: int, sheet: str) -> set[bytes]:
    """The columns of the cells of a row, looked at one by one. Raises Refused."""
    at, columns = -1, set[int]()
    for said in found:
        address = _ADDRESS.fullmatch(said)
        if said and not address:
            refuse_damaged(f"a cell with an address that is none: {_shown(said)}", sheet, f"A{number}")
        at = column_number_from_bytes(address[1]) if address else at + 1
        if at >= MOST_COLUMNS or (address and not 0 < integer_attribute(address[2]) <= MOST_ROWS):
            refuse_damaged(
                f"a cell outside the sheet: {_shown(said) or 'more than a row can hold'}", sheet, f"A{number}"
            )
        if address and integer_attribute(address[2]) != number:
            refuse_damaged(f"cell {_shown(said)} given in row {number}", sheet, _shown(said))
        if at in columns:
            refuse_damaged(f"a cell given twice in row {number}", sheet, f"{column_letters(at)}{number}")
        columns.add(at)
    return {column_letters(column).encode() for column in columns}


def _shown(said: bytes) -> str:
    return said[:LONGEST].decode("utf-8", "replace").replace("$", "").upper()
