"""How the cells of an xlsx sheet look: number formats that tell, text formatted inside, what is struck out.

Runs on untrusted bytes, so only in the child process (inputs.sandbox.child_process). Source: ECMA-376, Part 1, 18.3 and
18.4.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from local_indicators.common.cell_references import column_number_from_bytes
from local_indicators.inputs.readers.appearance.rich_text import TextRun, has_formatting, runs_of
from local_indicators.inputs.readers.calamine_sheets import SheetParser
from local_indicators.inputs.readers.excel.cell_styles import PLAIN, CellStyles
from local_indicators.inputs.readers.refusals import MOST_COLUMNS
from local_indicators.inputs.readers.zip_package import integer_attribute

_CELL = re.compile(rb"<(?:[\w.-]+:)?(row|c)(?=[\s/>])([^>]*)>")
_ATTRIBUTE = re.compile(rb"""(?:^|\s)(r|s|t)\s*=\s*["']([^"']*)["']""")
_USUAL = re.compile(rb""" r="([A-Z]{1,3})([0-9]{1,7})" s="([0-9]{1,6})"(?: t="([A-Za-z]+)")?""")
_ADDRESS = re.compile(rb"([A-Za-z]{1,3})([0-9]{1,7})")
_VALUE = re.compile(
    rb"\s*(?:<(?:[\w.-]+:)?f(?=[\s/>])(?:[^>]*/>|[^>]*>[^<]*<[^>]*>)\s*)?<(?:[\w.-]+:)?v[^>]*>\s*([0-9]+)"
)
_INLINE = re.compile(rb"\s*<((?:[\w.-]+:)?)is(?=[\s>])[^>]*>(.*?)</\1is\s*>", re.S)
_NO_ZEROS = re.compile(rb"""<(?:[\w.-]+:)?sheetView\s[^>]*showZeros\s*=\s*["'](?:0|false|off)["']""")


def note_styled_cells(
    xml: bytes, scan: SheetParser, looks: CellStyles, formatted: Mapping[int, Sequence[TextRun]]
) -> None:
    """Note the cells of a sheet whose look says something else than their value. Only cells whose style or text may do
    so are looked at, since going through every cell costs more than calamine's whole reading."""
    begun = xml.find(b"sheetData")
    scan.hides_zeros = bool(_NO_ZEROS.search(xml, 0, max(begun, 0)))
    styles = set(looks.formats) | {style for style, font in looks.fonts.items() if font.struck}
    inline = has_formatting(xml) or bool(looks.fonts and b"inlineStr" in xml)
    if not styles and not formatted and not inline:
        return
    for row, column, style, kind, end in _cells(xml, max(begun, 0), styles, texts=bool(formatted) or inline):
        font = looks.fonts.get(style, PLAIN)
        if style in looks.formats and kind in (b"", b"n"):
            scan.format(row, column, looks.formats[style])
        if font.struck:
            scan.struck.add((row, column))
        runs: Sequence[TextRun] = ()
        if kind == b"s" and formatted:
            value = _VALUE.match(xml, end)
            runs = formatted.get(int(value[1]), ()) if value else ()
        elif kind == b"inlineStr" and inline and (inside := _INLINE.match(xml, end)):
            runs = tuple(runs_of(inside[2]))
        if runs:
            scan.read_as(row, column, font.holds(runs))


def _cells(xml: bytes, begun: int, styles: set[int], *, texts: bool) -> Iterator[tuple[int, int, int, bytes, int]]:
    """The cells that may look otherwise: row, column, style, type, and where what is in them begins."""
    columns: dict[bytes, int] = {}
    for match in _pattern(styles, texts=texts).finditer(xml, begun) if 0 not in styles else ():
        if usual := _USUAL.fullmatch(match[1]):
            letters, row, style, kind = usual.groups()
            if letters not in columns:
                columns[letters] = column_number_from_bytes(letters)
            if columns[letters] < MOST_COLUMNS:
                yield int(row) - 1, columns[letters], int(style), kind or b"", match.end()
            continue
        said = dict(_ATTRIBUTE.findall(match[1]))
        address = _ADDRESS.fullmatch(said.get(b"r", b""))
        if address is None:
            break
        column = column_number_from_bytes(address[1])
        if column < MOST_COLUMNS and not match[1].endswith(b"/"):
            yield int(address[2]) - 1, column, integer_attribute(said.get(b"s", b"")), said.get(b"t", b""), match.end()
    else:
        if 0 not in styles:
            return
    yield from _every_cell(xml, begun)


def _pattern(styles: set[int], *, texts: bool) -> re.Pattern[bytes]:
    """The starts of cells of some styles, and of texts if they are asked for."""
    ways = []
    if styles:
        ways.append(rb"""\ss\s*=\s*["'](?:%s)["']""" % b"|".join(str(n).encode() for n in sorted(styles)))
    if texts:
        ways.append(rb"""\st\s*=\s*["'](?:s|inlineStr)["']""")
    return re.compile(rb"<(?:[\w.-]+:)?c(?=\s)([^>]*?(?:%s)[^>]*)>" % b"|".join(ways))


def _every_cell(xml: bytes, begun: int) -> Iterator[tuple[int, int, int, bytes, int]]:
    """Every cell, where some have no address of their own or the first style of all tells something."""
    row, column = -1, -1
    for match in _CELL.finditer(xml, begun):
        said = dict(_ATTRIBUTE.findall(match[2]))
        if match[1] == b"row":
            row, column = (integer_attribute(said[b"r"]) - 1 if b"r" in said else row + 1), -1
            continue
        address = _ADDRESS.fullmatch(said.get(b"r", b""))
        row, column = (int(address[2]) - 1, column_number_from_bytes(address[1])) if address else (row, column + 1)
        if row >= 0 and column < MOST_COLUMNS and not match[2].endswith(b"/"):
            yield row, column, integer_attribute(said.get(b"s", b"")), said.get(b"t", b""), match.end()
