"""From bytes to cells: what a file is, told by its content, and its sheets read whole.

Runs on untrusted bytes, so only in the child process (inputs.child).
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace

import python_calamine as calamine

from inputs.cells import Cell, Cells, ErrorValue, Sheet, Uncalculated
from inputs.properties import PARTS, stamp_properties

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MAX_CELLS = 20_000_000
MAX_INFLATED = 1 << 30


class Refused(Exception):
    """The file cannot be read; args are the rule and what was found."""


def read(content: bytes) -> Cells:
    """Tell by content what a file is, and read it. Raises Refused."""
    if content.startswith(b"PK"):
        return _zip(content)
    if content.startswith(OLE):
        return _ole(content)
    if not content.strip(b"\0\r\n\t "):
        raise Refused("return.unreadable", "an empty file")
    start = content[:1024].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if start.startswith((b"<!doctype html", b"<html")) or b"<html" in start[:512]:
        raise Refused("return.not-a-spreadsheet", "a web page")
    if start.startswith(b"%pdf"):
        raise Refused("return.not-a-spreadsheet", "a PDF document")
    if start.startswith(b"{\\rtf"):
        raise Refused("return.not-a-spreadsheet", "a text document")
    return _csv(content)


def _zip(content: bytes) -> Cells:
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        names = {name.replace("\\", "/"): name for name in archive.namelist()}
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise Refused("return.unreadable", "a workbook that is cut off or damaged") from None
    inflated = sum(info.file_size for info in archive.infolist())
    if inflated > MAX_INFLATED:
        raise Refused("return.too-large", f"{inflated / 1e9:.1f} GB when unpacked")
    return replace(_book(content, archive, names), properties=_properties(archive, names))


def _properties(archive: zipfile.ZipFile, names: dict[str, str]) -> dict[str, str]:
    parts = ((name.lower(), own) for name, own in names.items() if name.lower() in PARTS)
    return {name: value for part, own in parts for name, value in stamp_properties(part, archive.read(own)).items()}


def _book(content: bytes, archive: zipfile.ZipFile, names: dict[str, str]) -> Cells:
    if any(name.endswith("xl/workbook.bin") for name in names):
        return _calamine(content, "xlsb", {})
    if any(name.startswith("word/") for name in names):
        raise Refused("return.not-a-spreadsheet", "a Word document")
    if "content.xml" in names:
        return _calamine(content, "ods", {})
    if any(name.startswith("xl/") for name in names):
        return _calamine(content, "xlsx", dict(_marks(archive, names)))
    held = ", ".join(list(names)[:3])
    raise Refused("return.not-a-spreadsheet", f"a zip file holding {held or 'nothing'}")


def _ole(content: bytes) -> Cells:
    def holds(name: str) -> bool:
        return name.encode("utf-16-le") in content

    if holds("EncryptedPackage"):
        raise Refused("return.encrypted", "an encrypted workbook")
    if holds("WordDocument"):
        raise Refused("return.not-a-spreadsheet", "a Word document")
    return _calamine(content, "xls", {})


Marks = dict[tuple[int, int], ErrorValue | Uncalculated]


def _calamine(content: bytes, kind: str, marks: dict[str, Marks]) -> Cells:
    try:
        book = calamine.load_workbook(io.BytesIO(content))
    except calamine.PasswordError:
        raise Refused("return.encrypted", "an encrypted workbook") from None
    except (calamine.CalamineError, calamine.ZipError, calamine.XmlError, OSError) as error:
        said = "an encrypted workbook" if "password" in str(error).lower() else "a workbook that is cut off or damaged"
        raise Refused("return.encrypted" if "encrypted" in said else "return.unreadable", said) from None
    sheets, total = [], 0
    for meta in book.sheets_metadata:
        if meta.typ != calamine.SheetTypeEnum.WorkSheet:
            continue
        sheet = book.get_sheet_by_name(meta.name)
        total += (sheet.end[0] + 1) * (sheet.end[1] + 1) if sheet.end else 0
        if total > MAX_CELLS:
            raise Refused("return.too-large", f"{total:,} cells")
        rows: list[list[Cell]] = [[_blank(v) for v in row] for row in sheet.to_python(skip_empty_area=False)]
        for (row, column), mark in marks.get(meta.name, {}).items():
            _place(rows, row, column, mark)
        merged = tuple((a[0], a[1], b[0], b[1]) for a, b in sheet.merged_cell_ranges or ())
        for area in merged:
            _clear_under(rows, area)
        hidden = meta.visible != calamine.SheetVisibleEnum.Visible
        sheets.append(Sheet(meta.name, rows, merged, hidden))
    return Cells(kind, tuple(sheets))


def _blank(value: object) -> Cell:
    return None if value == "" else value  # type: ignore[return-value]


def _clear_under(rows: list[list[Cell]], area: tuple[int, int, int, int]) -> None:
    """Only the first cell of a merged range is seen; what the file still holds under the others is stale."""
    top, left, bottom, right = area
    for number in range(top, min(bottom + 1, len(rows))):
        row = rows[number]
        for column in range(left, min(right + 1, len(row))):
            if (number, column) != (top, left):
                row[column] = None


def _place(rows: list[list[Cell]], row: int, column: int, mark: ErrorValue | Uncalculated) -> None:
    if row >= 1_048_576 or column >= 16_384 or row > len(rows) + 10_000:
        return
    while len(rows) <= row:
        rows.append([])
    rows[row].extend([None] * (column + 1 - len(rows[row])))
    if rows[row][column] is None or isinstance(mark, ErrorValue):
        rows[row][column] = mark


# -- what calamine does not tell: error values, and formulas without a value

_SHEET = re.compile(rb"<(?:\w+:)?sheet\b[^>]*>")
_ATTRIBUTE = re.compile(rb'([\w:]+)\s*=\s*(?:"([^"]*)"|\'([^\']*)\')')
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\b[^>]*>")
_CELL = re.compile(rb"<(?:\w+:)?c\b([^>]*[^/>])>(.{0,20000}?)</(?:\w+:)?c>", re.S)
_ERROR = re.compile(rb"<(?:\w+:)?v>(#[^<]{1,30})<")
_ADDRESS = re.compile(rb'\br\s*=\s*["\']([A-Z]{1,3})([0-9]{1,7})["\']')


def _attributes(tag: bytes) -> dict[str, str]:
    return {
        name.decode("ascii", "replace").split(":")[-1]: _unescape((a or b).decode("utf-8", "replace"))
        for name, a, b in _ATTRIBUTE.findall(tag)
    }


def _unescape(text: str) -> str:
    for code, sign in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&")):
        text = text.replace(code, sign)
    return text


def _marks(archive: zipfile.ZipFile, names: dict[str, str]) -> Iterator[tuple[str, Marks]]:
    """For each sheet of an xlsx file, the cells that hold an error or a formula that was never calculated."""
    book, relations = names.get("xl/workbook.xml"), names.get("xl/_rels/workbook.xml.rels")
    if not book or not relations:
        return
    targets = {}
    for tag in _RELATION.findall(archive.read(relations)):
        found = _attributes(tag)
        targets[found.get("Id", "")] = found.get("Target", "")
    for tag in _SHEET.findall(archive.read(book)):
        found = _attributes(tag)
        target = targets.get(found.get("id", ""), "")
        part = names.get(target.lstrip("/") if target.startswith("/") else f"xl/{target}")
        if part:
            yield found.get("name", ""), dict(_marks_of(archive.read(part)))


def _marks_of(xml: bytes) -> Iterator[tuple[tuple[int, int], ErrorValue | Uncalculated]]:
    if b't="e"' not in xml and b"t='e'" not in xml and b"<f" not in xml and b":f" not in xml:
        return
    for attributes, inside in _CELL.findall(xml):
        is_error = b't="e"' in attributes or b"t='e'" in attributes
        uncalculated = b"v>" not in inside and (b"<f" in inside or b":f" in inside) and b"<is" not in inside
        if not (is_error or uncalculated) or not (address := _ADDRESS.search(attributes)):
            continue
        column = 0
        for letter in address[1]:
            column = column * 26 + letter - 64
        text = _ERROR.search(inside)
        mark = ErrorValue(text[1].decode("ascii", "replace") if text else "#error") if is_error else Uncalculated()
        yield (int(address[2]) - 1, column - 1), mark


# -- csv


def _csv(content: bytes) -> Cells:
    text = _decoded(content)
    if "\0" in text:
        raise Refused("return.not-a-spreadsheet", "a file of no kind we know")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    csv.field_size_limit(1_000_000)
    try:
        rows: list[list[Cell]] = [
            [value.strip() or None for value in row]
            for row in csv.reader(io.StringIO(text), delimiter=_delimiter(text))
        ]
    except csv.Error as error:
        raise Refused("return.unreadable", f"text that is no table ({error})") from None
    return Cells("csv", (Sheet("csv", rows),))


def _decoded(content: bytes) -> str:
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _delimiter(text: str) -> str:
    """The separator that the first lines agree on best: the one that splits most of them into the same many fields."""
    lines = [line for line in text[:20_000].split("\n") if line.strip()][:20]
    if lines and (named := re.fullmatch(r'"?sep=(.)"?', lines[0].strip())):
        return named[1]

    def agreement(sign: str) -> tuple[int, int]:
        widths = [len(row) for row in csv.reader(lines, delimiter=sign)]
        best = max(set(widths), key=lambda w: (w > 1, widths.count(w), w)) if widths else 1
        return (widths.count(best) if best > 1 else 0, best)

    return max(",;\t|", key=agreement)
