"""Text tables: csv and tsv in the encodings and with the separators that partners use.

Runs on untrusted bytes, so only in the child process (inputs.sandbox.child_process).
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator

from local_indicators.inputs.readers.cells import Cell, Cells, Sheet
from local_indicators.inputs.readers.refusals import (
    MOST_COLUMNS,
    Refused,
    SizeBounds,
    refuse_cut_off,
    refuse_damaged,
    refuse_other,
)

BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins with the mark of UTF-16, so it comes first
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
MOST_FIELD = 1_000_000
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_CHARACTERS = "text in a character set that is neither UTF-8 nor Western European"
_AS_UTF8 = "Open it in Excel, choose File, Save As and the type 'CSV UTF-8', or send an Excel workbook."
_FOREIGN = re.compile("[\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff]{5}")
"""Five accented letters on end: Greek, Russian or Chinese taken for cp1252, and no Western European word."""
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_TEXT_FORMULA = re.compile(r'="([^"=]*)"')
"""What programs write that keep Excel from making a number or a date of a text: Excel shows what is in the quotes."""
_END = "\x1a"
_LAST = "\0end"
"""A line that no text has, since one with a zero in it is refused."""


def decode_text(content: bytes) -> str:
    """The text that bytes are. UTF-8, UTF-16 and UTF-32 are told by their marks or their look; what is none of them
    is cp1252, or Mac Roman if only that fits and lines end as on old Macs. Raises Refused where it is none of these."""
    encoding = next((name for mark, name in BOMS if content.startswith(mark)), "") or _without_mark(content)
    if encoding == "utf-8" and _breaks_off(content):
        refuse_cut_off("text that breaks off in the middle of a character")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        if encoding != "utf-8":
            refuse_damaged(f"text that says it is {encoding.upper().removesuffix('-SIG')} and is not")
        text = _western(content)
    text = text.rstrip("\0" + _END) if text.endswith(("\0", _END)) else text
    if "\0" in text or len(_CONTROL.findall(text)) * 1000 > len(text):
        refuse_other("a file of no kind we know")
    return text


def _western(content: bytes) -> str:
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        if _CONTROL.search(content[:4096].decode("latin-1")):
            refuse_other("a file of no kind we know")
        if b"\n" in content or b"\r" not in content:
            raise Refused("return.unreadable", _CHARACTERS, _AS_UTF8) from None
        text = content.decode("mac_roman")
    if _FOREIGN.search(text):
        raise Refused("return.unreadable", _CHARACTERS, _AS_UTF8)
    return text


def _without_mark(content: bytes) -> str:
    """UTF-16 without a mark has a zero in every other byte, where its text is mostly Latin."""
    start = content[:2000]
    if len(start) >= 4 and len(content) % 2 == 0:
        for first, name in ((0, "utf-16-be"), (1, "utf-16-le")):
            zeros, others = start[first::2].count(0), start[1 - first :: 2].count(0)
            if others == 0 and zeros * 2 > len(start[first::2]):
                return name
    return "utf-8"


def _breaks_off(content: bytes) -> bool:
    """Whether this is UTF-8 but for a last character of which bytes are missing."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        whole = error.start >= len(content) - 3 and "unexpected end" in error.reason
        return whole and any(byte > 127 for byte in content[: error.start])
    return False


def read_delimited(text: str, bounds: SizeBounds) -> Cells:
    """The cells of a text table, of one sheet called csv. A first line such as `sep=;` names the separator and is no
    row, as in Excel. Raises Refused."""
    named = re.match(r'"?sep=(.)"?(?:\r\n|\r|\n|$)', text)
    separator = named[1] if named else _separator(text)
    csv.field_size_limit(MOST_FIELD)
    lines = _lines(text, named.end() if named else 0)
    rows: list[list[Cell]] = []
    begun, cells = 0, 0
    reader = csv.reader(lines, delimiter=separator)
    try:
        for row in reader:
            if row == [_LAST]:
                break
            rows.append([_cell(value) for value in _within(row, len(rows) + 1)])
            begun, cells = reader.line_num, cells + max(len(row), 1)
            if cells > bounds.cells:
                found = f"more cells than the {bounds.cells:,} that are read, by row {len(rows):,}"
                raise Refused("return.too-large", found)
        else:
            refuse_damaged(f"text in which a quotation mark opened after line {begun:,} is never closed")
    except csv.Error:
        found = f"a text of more than {MOST_FIELD:,} characters in one cell, after line {begun:,}"
        raise Refused("return.unreadable", found) from None
    ended = text.endswith(("\n", "\r")) or len(rows) < 2 or len(rows[-1]) >= max(map(len, rows[:-1]))
    return Cells("csv", (Sheet("csv", rows),), separator=separator, ended=ended)


def _within(row: list[str], number: int) -> list[str]:
    """A row without blanks beyond the last column of a sheet. Raises Refused where it goes on there."""
    if len(row) > MOST_COLUMNS and any(map(str.strip, row[MOST_COLUMNS:])):
        found = f"{len(row):,} fields in row {number:,}; at most {MOST_COLUMNS:,} are read"
        raise Refused("return.too-large", found, sheet="csv", cell=f"A{number}")
    return row[:MOST_COLUMNS]


def _cell(value: str) -> str | None:
    value = value.strip()
    if value.startswith('="') and (formula := _TEXT_FORMULA.fullmatch(value)):
        value = formula[1].strip()
    return (value.replace("\r\n", "\n").replace("\r", "\n") if "\r" in value else value) or None


def _lines(text: str, start: int) -> Iterator[str]:
    """Lines with their ends, and one at the end of all that only a quotation left open can swallow."""
    for line in _LINE.finditer(text, start):
        yield line[0]
    yield _LAST


def _separator(text: str) -> str:
    """The sign that the first lines agree on best: the one that splits most of them into the same many fields."""
    start = text[:20_000].replace("\r\n", "\n").replace("\r", "\n")
    lines = [line for line in start.split("\n") if line.strip()][:20]

    def agreement(sign: str) -> tuple[int, int]:
        widths = [len(row) for row in csv.reader(lines, delimiter=sign)]
        best = max(set(widths), key=lambda w: (w > 1, widths.count(w), w)) if widths else 1
        return (widths.count(best) if best > 1 else 0, best)

    return max(",;\t|", key=agreement)
