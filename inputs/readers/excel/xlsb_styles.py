"""How the cells of an xlsb sheet look: number formats that tell, text formatted inside, what is struck out.

Runs on untrusted bytes, so only in the child process (inputs.sandbox.child_process). Source: [MS-XLSB] 2.4.658
(BrtFmt), 2.4.149 (BrtFont), 2.4.820 (BrtXF), 2.4.821 (BrtSSTItem) and 2.5.121 (rich text).
"""

from __future__ import annotations

import struct

from local_indicators.inputs.readers.calamine_sheets import SheetParser
from local_indicators.inputs.readers.excel.cell_styles import PLAIN, Font, cell_runs, styles_by_number
from local_indicators.inputs.readers.excel.xls_styles import RichText, read_font
from local_indicators.inputs.readers.excel.xlsb_records import (
    END_STRINGS,
    END_STYLES,
    read_integer,
    read_prefixed_text,
    read_records,
    read_utf16,
)

FONT, FORMAT, STYLE, STRING, RICH_CELL, VIEW = 43, 44, 47, 19, 62, 137
BEGIN_STYLES, FINISH_STYLES, BEGIN_FONTS, FINISH_FONTS = 617, 618, 611, 612
SHARED_CELL = 7


class XlsbStyles:
    """The looks that the styles and the shared strings of a workbook define. Raises Refused."""

    def __init__(self, styles: bytes, strings: bytes) -> None:
        codes: dict[int, str] = {}
        fonts: list[Font] = []
        used: list[tuple[int, int]] = []
        within = 0
        for kind, body in read_records(styles, END_STYLES) if styles else ():
            if kind in (BEGIN_STYLES, FINISH_STYLES, BEGIN_FONTS, FINISH_FONTS):
                within = kind
            elif kind == FORMAT:
                codes[_half(body, 0)] = read_prefixed_text(body, 2)[0]
            elif kind == FONT and within == BEGIN_FONTS:
                fonts.append(read_font(_half(body, 2), _half(body, 6)))
            elif kind == STYLE and within == BEGIN_STYLES:
                used.append((_half(body, 2), _half(body, 4)))
        self.fonts = dict(enumerate(fonts))
        self.looks = styles_by_number(codes, self.fonts, used)
        self.rich = _rich_strings(strings) if strings and any(font != PLAIN for font in fonts) else {}

    def note(self, kind: int, body: bytes, row: int, column: int, scan: SheetParser) -> None:
        """Note the look of a cell."""
        style = read_integer(body, 4) & 0xFFFFFF
        own = self.looks.fonts.get(style, PLAIN)
        if style in self.looks.formats:
            scan.format(row, column, self.looks.formats[style])
        if own.struck:
            scan.struck.add((row, column))
        rich = self.rich.get(read_integer(body, 8)) if kind == SHARED_CELL else None
        if kind == RICH_CELL:
            text, end = read_utf16(body, 9)
            rich = RichText(text, _places(body, end) if body[8] & 1 else ())
            scan.marks[row, column] = text.decode("utf-16-le", "replace")  # calamine knows no such cells
        if rich is not None:
            scan.read_as(row, column, list(cell_runs(rich.text, rich.runs, self.fonts, own)))


def hides_zeros(body: bytes) -> bool:
    """Whether the view of a sheet shows nothing where there is a zero."""
    return len(body) >= 2 and not body[0] & 0x10


def _rich_strings(strings: bytes) -> dict[int, RichText]:
    """The shared strings that have fonts inside, by their number."""
    found: dict[int, RichText] = {}
    number = -1
    for kind, body in read_records(strings, END_STRINGS):
        if kind == STRING:
            number += 1
            if body[:1] and body[0] & 1:
                text, end = read_utf16(body, 1)
                found[number] = RichText(text, _places(body, end))
    return found


def _places(body: bytes, at: int) -> tuple[tuple[int, int], ...]:
    """The places in a text from which a font is another."""
    count = read_integer(body, at)
    inside = body[at + 4 : at + 4 + 4 * count]
    return tuple((place, number) for place, number in struct.iter_unpack("<HH", inside[: len(inside) // 4 * 4]))


def _half(body: bytes, at: int) -> int:
    return int.from_bytes(body[at : at + 2], "little")
