"""The records that the binary parts of an xlsb file are made of.

Runs on untrusted bytes, so only in the child process (inputs.sandbox.child_process). Source: [MS-XLSB] 2.1.4.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from local_indicators.inputs.readers.refusals import refuse_cut_off, refuse_damaged

END_SHEET, END_BOOK, END_STRINGS, END_STYLES = 130, 132, 160, 279


def read_records(part: bytes, last: int) -> Iterator[tuple[int, bytes]]:
    """The records of a part up to the one that ends it. Raises Refused where that is missing."""
    at = 0
    while at < len(part):
        kind, at = _number(part, at, 2)
        length, at = _number(part, at, 4)
        body = part[at : at + length]
        if len(body) < length:
            refuse_cut_off()
        at += length
        yield kind, body
        if kind == last:
            return
    refuse_cut_off()


def _number(part: bytes, at: int, most: int) -> tuple[int, int]:
    """A number of 7 bits a byte, lowest first, and where it ends. A record's kind keeps its marker bits out."""
    number = 0
    for step in range(most):
        if at >= len(part):
            refuse_cut_off()
        byte = part[at]
        number |= (byte & 0x7F) << (7 * step)
        at += 1
        if not byte & 0x80:
            break
    return number, at


def read_integer(body: bytes, at: int) -> int:
    """A whole number of four bytes. Raises Refused where the record is too short."""
    if len(body) < at + 4:
        refuse_damaged()
    return int(struct.unpack_from("<I", body, at)[0])


def read_utf16(body: bytes, at: int) -> tuple[bytes, int]:
    """A text in UTF-16 that its length precedes, and where it ends. Raises Refused where the record is too short."""
    end = at + 4 + 2 * read_integer(body, at)
    if end > len(body):
        refuse_damaged()
    return body[at + 4 : end], end


def read_prefixed_text(body: bytes, at: int) -> tuple[str, int]:
    """A text that its length precedes, and where it ends. Raises Refused where the record is too short."""
    encoded, end = read_utf16(body, at)
    return encoded.decode("utf-16-le", "replace"), end
