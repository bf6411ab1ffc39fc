"""Texts in the older, binary workbooks: notes, headers and names of xls, and the properties of its file. Runs only in
the child process. Source: [MS-XLS] 2.4; the properties ([MS-OLEPS]) are searched for their texts as they stand."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping

from local_indicators.inputs.readers.cells import HiddenText
from local_indicators.inputs.readers.invisible_characters import without_invisible_characters

_WIDE = re.compile(rb"(?:[\x20-\x7e\xa0-\xff\n]\x00){4,}")
_NARROW = re.compile(rb"[\x20-\x7e\xa0-\xff]{4,}")
HEADER, FOOTER, NAME, OBJECT_TEXT, CONTINUE, DV = 0x14, 0x15, 0x18, 0x1B6, 0x3C, 0x1BE


def utf16_texts(content: bytes) -> Iterator[str]:
    """The texts in UTF-16 within binary content."""
    for found in _WIDE.finditer(content):
        yield found[0].decode("utf-16-le")


def xls_texts(records: bytes, properties: Mapping[str, bytes]) -> tuple[HiddenText, ...]:
    """Notes, text boxes, headers, footers and names of an xls workbook, and the texts of its properties, each once."""
    found: dict[HiddenText, None] = {}
    at, before = 0, 0
    while at + 4 <= len(records):
        kind, length = struct.unpack_from("<HH", records, at)
        body = records[at + 4 : at + 4 + length]
        at += 4 + length
        where = {HEADER: "header or footer", FOOTER: "header or footer", NAME: "defined name", DV: "note on cells"}.get(
            kind, ""
        )
        if kind == CONTINUE and before == OBJECT_TEXT:
            where = "comment"
        for text in _texts(body) if where else ():
            found[HiddenText(where, text)] = None
        before = kind
    for name, content in properties.items():
        for text in _texts(content):
            found[HiddenText("property of the file" if "summary" in name else "another part", text)] = None
    return tuple(found)


def _texts(body: bytes) -> Iterator[str]:
    """Texts of two bytes a letter, or of one where there are none; the first letter may be a mark of which it is."""
    wide = list(utf16_texts(body)) or list(utf16_texts(body[1:]))
    for text in wide or [found[0].decode("cp1252", "replace") for found in _NARROW.finditer(body)]:
        yield without_invisible_characters(text).strip()
