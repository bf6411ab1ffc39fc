"""A single sheet read from the bytes of a workbook."""

from __future__ import annotations

import struct

from local_indicators.inputs.readers.cells import Cells, Sheet
from local_indicators.inputs.sandbox.reader_processes import Reader


def sheet_of(content: bytes, reader: Reader) -> Sheet:
    cells = reader.read(content)
    assert isinstance(cells, Cells), cells
    return cells.sheets[0]


def place(row: int, column: int, style: int) -> bytes:
    return struct.pack("<HHH", row, column, style)
