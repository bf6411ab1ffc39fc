"""How the cells of an xls sheet look: number formats that tell, text formatted inside, what is struck out.

Runs on untrusted bytes, so only in the child process (inputs.sandbox.child_process). Source: [MS-XLS] 2.4.126 (FORMAT),
2.4.122 (FONT), 2.4.353 (XF), 2.4.265 (SST) and 2.5.293 (strings that go on in a CONTINUE record).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from local_indicators.inputs.readers.calamine_sheets import SheetParser
from local_indicators.inputs.readers.excel.cell_styles import PLAIN, CellStyles, Font, cell_runs, styles_by_number
from local_indicators.inputs.readers.refusals import refuse_damaged

FONT, XF, FORMAT, SST, CONTINUE, WINDOW2 = 0x0031, 0x00E0, 0x041E, 0x00FC, 0x003C, 0x023E
RICH_LABEL, SHARED_LABEL, MANY_NUMBERS = 0x00D6, 0x00FD, 0x00BD
TEXTS = (RICH_LABEL, SHARED_LABEL, 0x0204)
BIFF8 = 0x0600
MISSING_FONT = 4
"""Fonts are counted past this number, which no font has."""


@dataclass(frozen=True)
class RichText:
    """A text with the places, counted in UTF-16, from which a font is another."""

    text: bytes
    runs: tuple[tuple[int, int], ...]


@dataclass
class XlsStyles:
    """What the records of a workbook say of looks: gathered record by record, and then settled."""

    is_biff8: bool = True
    codes: dict[int, str] = field(default_factory=dict)
    fonts: list[Font] = field(default_factory=list)
    styles: list[tuple[int, int]] = field(default_factory=list)
    strings: list[bytes] = field(default_factory=list)
    rich: dict[int, RichText] = field(default_factory=dict)
    looks: CellStyles = field(default_factory=CellStyles)
    by_number: dict[int, Font] = field(default_factory=dict)
    in_strings: bool = False

    def take(self, kind: int, body: bytes) -> None:
        """Note what a record of the workbook says."""
        self.in_strings = kind == SST or (kind == CONTINUE and self.in_strings)
        if self.in_strings:
            self.strings.append(body)
        elif kind == FONT and len(body) >= 10:
            self.fonts.append(read_font(_whole(body, 2), _whole(body, 8)))
        elif kind == XF and len(body) >= 4:
            self.styles.append((_whole(body, 2), _whole(body, 0)))
        elif kind == FORMAT and len(body) > 3:
            self.codes[_whole(body, 0)] = self._code(body)

    def settle(self) -> None:
        """Work out the looks from what was noted. Raises Refused where the shared strings are not whole."""
        self.by_number = {number + (number >= MISSING_FONT): one for number, one in enumerate(self.fonts)}
        self.looks = styles_by_number(self.codes, self.by_number, self.styles)
        if self.strings and any(font != PLAIN for font in self.fonts):
            self.rich = read_rich_strings(self.strings)

    def _code(self, body: bytes) -> str:
        if not self.is_biff8:
            return body[3 : 3 + body[2]].decode("cp1252", "replace")
        count, flags = _whole(body, 2), body[4] if len(body) > 4 else 0
        return body[5:][: 2 * count].decode("utf-16-le", "replace") if flags & 1 else body[5:][:count].decode("latin-1")

    def note(self, kind: int, body: bytes, row: int, column: int, scan: SheetParser) -> None:
        """Note the look of the cell or cells of a record."""
        if kind == MANY_NUMBERS:
            for place, at in enumerate(range(4, len(body) - 2, 6)):
                self._note_style(_whole(body, at), row, column + place, scan)
            return
        if len(body) < 6:
            refuse_damaged()
        style = _whole(body, 4)
        self._note_style(style, row, column, scan)
        if kind in TEXTS:
            rich = self._rich(kind, body)
            if rich is not None:
                self._note_text(rich, style, row, column, scan)

    def _note_style(self, style: int, row: int, column: int, scan: SheetParser) -> None:
        if style in self.looks.formats:
            scan.format(row, column, self.looks.formats[style])
        if style in self.looks.fonts and self.looks.fonts[style].struck:
            scan.struck.add((row, column))

    def _rich(self, kind: int, body: bytes) -> RichText | None:
        if kind == SHARED_LABEL:
            return self.rich.get(int.from_bytes(body[6:10], "little"))
        if kind != RICH_LABEL or len(body) < 9:
            return None
        count = _whole(body, 6)
        if self.is_biff8:
            wide = body[8] & 1
            end = 9 + count * (1 + wide)
            text = body[9:end] if wide else body[9:end].decode("latin-1").encode("utf-16-le")
            runs = struct.iter_unpack("<HH", _whole_runs(body[end + 2 :]))
        else:
            end = 8 + count
            text = body[8:end].decode("cp1252", "replace").encode("utf-16-le")
            runs = struct.iter_unpack("<BB", body[end + 1 :][: len(body[end + 1 :]) // 2 * 2])
        return RichText(text, tuple((at, number) for at, number in runs))

    def _note_text(self, rich: RichText, style: int, row: int, column: int, scan: SheetParser) -> None:
        own = self.looks.fonts.get(style, PLAIN)
        scan.read_as(row, column, list(cell_runs(rich.text, rich.runs, self.by_number, own)))


def read_font(bits: int, script: int) -> Font:
    """A font by its bits and its script, as xls and xlsb hold them."""
    return Font(struck=bool(bits & 8), raised=script == 1, lowered=script == 2)


def hides_zeros(body: bytes) -> bool:
    """Whether the window of a sheet shows nothing where there is a zero."""
    return len(body) >= 2 and not _whole(body, 0) & 0x10


# -- shared strings


def read_rich_strings(pieces: Sequence[bytes]) -> dict[int, RichText]:
    """The shared strings that have fonts inside, by their number. `pieces` are the record and those that go on with it.
    Raises Refused where they are not whole."""
    at = _Strings(pieces)
    at.take(4)
    found = {}
    for number in range(int.from_bytes(at.take(4), "little")):
        if at.is_at_end:
            break
        count, flags = int.from_bytes(at.take(2), "little"), at.take(1)[0]
        runs = int.from_bytes(at.take(2), "little") if flags & 8 else 0
        extra = int.from_bytes(at.take(4), "little") if flags & 4 else 0
        text = at.text(count, wide=bool(flags & 1))
        if runs:
            found[number] = RichText(text, tuple(struct.iter_unpack("<HH", at.take(4 * runs))))
        at.take(extra)
    return found


class _Strings:
    """A place in the records of shared strings. A text that goes on in the next record begins there with new flags."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.pieces = list(pieces)
        self.piece = self.at = 0

    @property
    def is_at_end(self) -> bool:
        return self.piece == len(self.pieces) - 1 and self.at >= len(self.pieces[self.piece])

    def take(self, count: int) -> bytes:
        out: list[bytes] = []
        while True:
            part = self.pieces[self.piece][self.at : self.at + count]
            out.append(part)
            self.at, count = self.at + len(part), count - len(part)
            if not count:
                return b"".join(out)
            self._next()

    def text(self, count: int, *, wide: bool) -> bytes:
        """So many characters, in UTF-16."""
        out: list[bytes] = []
        while count:
            size = 2 if wide else 1
            part = self.pieces[self.piece][self.at : self.at + count * size]
            part = part[: len(part) // size * size]
            out.append(part if wide else part.decode("latin-1").encode("utf-16-le"))
            self.at, count = self.at + len(part), count - len(part) // size
            if count:
                self._next()
                wide = bool(self.take(1)[0] & 1)
        return b"".join(out)

    def _next(self) -> None:
        self.piece, self.at = self.piece + 1, 0
        if self.piece >= len(self.pieces):
            refuse_damaged()


def _whole_runs(body: bytes) -> bytes:
    return body[: len(body) // 4 * 4]


def _whole(body: bytes, at: int) -> int:
    return int.from_bytes(body[at : at + 2], "little")
