"""xls, of Excel 5 to 2003: the streams of the compound file, and what the records say beyond calamine's values.

Runs on untrusted bytes, so only in the child process (inputs.sandbox.child_process). Source: [MS-CFB] 2.2 to 2.6 and
[MS-XLS] 2.4.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass

from local_indicators.common.cell_references import column_letters
from local_indicators.inputs.readers.appearance.number_formats import DAY_ZERO
from local_indicators.inputs.readers.calamine_sheets import (
    DAY_ZERO_1904,
    ERRORS,
    SheetParser,
    build_sheet,
    open_workbook,
)
from local_indicators.inputs.readers.cells import Cells, ErrorValue, Sheet, Uncalculated
from local_indicators.inputs.readers.encryption import (
    ENCRYPTED,
    FILEPASS,
    RIGHTS,
    as_compound_file,
    refuse_managed,
    unlocked_records,
)
from local_indicators.inputs.readers.excel.xls_styles import BIFF8, WINDOW2, XlsStyles, hides_zeros
from local_indicators.inputs.readers.hidden_content.binary_texts import xls_texts
from local_indicators.inputs.readers.refusals import (
    Refused,
    SizeBounds,
    refuse_cut_off,
    refuse_damaged,
    refuse_encrypted,
    refuse_old,
    refuse_other,
)
from local_indicators.inputs.readers.size_limits import refuse_too_many_sheets

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MOST_ROWS, MOST_COLUMNS = 65_536, 256
NO_STREAM, LAST_SECTOR = 0xFFFFFFFF, 0xFFFFFFFA


# -- the compound file


@dataclass(frozen=True)
class CompoundEntry:
    """A stream or folder directly under the root: where it begins and how many bytes it has."""

    name: str
    start: int
    size: int


@dataclass(frozen=True)
class CompoundFile:
    """A compound file: its bytes, its tables of sectors, and what lies directly under its root, by name."""

    content: bytes
    sector: int
    table: tuple[int, ...]
    small_table: tuple[int, ...]
    small: bytes
    entries: Mapping[str, CompoundEntry]


def open_compound_file(content: bytes) -> CompoundFile:
    """The compound file that bytes are. Raises Refused where it is cut off or damaged."""
    if len(content) < 512:
        refuse_cut_off()
    shift, _ = struct.unpack_from("<HH", content, 30)
    if shift not in (9, 12):
        refuse_damaged()
    sector = 1 << shift
    directory, small_first = struct.unpack_from("<I", content, 48)[0], struct.unpack_from("<I", content, 60)[0]
    table: list[int] = []
    for number in _table_sectors(content, sector):
        table += struct.unpack(f"<{sector // 4}I", _sector(content, sector, number))
    whole = tuple(table)
    listed = b"".join(_sector(content, sector, n) for n in _chain(whole, directory))
    if len(listed) < 128:
        refuse_damaged()
    root_start, root_size = struct.unpack_from("<II", listed, 116)
    small = b"".join(_sector(content, sector, n) for n in _chain(whole, root_start))[:root_size] if root_size else b""
    small_table = b"".join(_sector(content, sector, n) for n in _chain(whole, small_first))
    small_entries = struct.unpack(f"<{len(small_table) // 4}I", small_table)
    return CompoundFile(content, sector, whole, small_entries, small, dict(_under_root(listed)))


def read_stream(compound: CompoundFile, name: str) -> bytes:
    """The bytes of a stream under the root, whole. Raises Refused."""
    entry = compound.entries[name.lower()]
    if entry.size > len(compound.content):
        refuse_cut_off()
    if entry.size < 4096:
        pieces = [compound.small[n * 64 : n * 64 + 64] for n in _chain(compound.small_table, entry.start)]
    else:
        pieces = [_sector(compound.content, compound.sector, n) for n in _chain(compound.table, entry.start)]
    found = b"".join(pieces)[: entry.size]
    if len(found) < entry.size:
        refuse_cut_off()
    return found


def _sector(content: bytes, size: int, number: int) -> bytes:
    """A sector; the last of a file may be short, as some programs write it."""
    found = content[(number + 1) * size : (number + 2) * size]
    if not found:
        refuse_cut_off()
    return found.ljust(size, b"\0")


def _table_sectors(content: bytes, sector: int) -> Iterator[int]:
    count = struct.unpack_from("<I", content, 44)[0]
    if count * sector > len(content) + sector:
        refuse_cut_off()
    numbers = [n for n in struct.unpack_from("<109I", content, 76) if n < LAST_SECTOR]
    further, left = struct.unpack_from("<II", content, 68)
    while further < LAST_SECTOR and left and len(numbers) < count:
        held = struct.unpack(f"<{sector // 4}I", _sector(content, sector, further))
        numbers += [n for n in held[:-1] if n < LAST_SECTOR]
        further, left = held[-1], left - 1
    yield from numbers[:count]


def _chain(table: tuple[int, ...], first: int) -> Iterator[int]:
    number, left = first, len(table)
    while number < LAST_SECTOR:
        if number >= len(table) or not left:
            refuse_damaged()
        yield number
        number, left = table[number], left - 1


def _under_root(listed: bytes) -> Iterator[tuple[str, CompoundEntry]]:
    """The entries of the root's own folder; what is embedded lies in folders below and is none of it."""
    count = len(listed) // 128
    waiting, seen = [struct.unpack_from("<I", listed, 76)[0]], set()
    while waiting:
        number = waiting.pop()
        if number >= count or number in seen:
            continue
        seen.add(number)
        at = number * 128
        length = struct.unpack_from("<H", listed, at + 64)[0]
        name = listed[at : at + max(min(length, 64) - 2, 0)].decode("utf-16-le", "replace")
        before, after = struct.unpack_from("<II", listed, at + 68)
        waiting += [before, after]
        yield name.lower(), CompoundEntry(name, *struct.unpack_from("<II", listed, at + 116))


# -- which program's file it is

WORKBOOKS = ("workbook", "book")
OTHERS = {
    "worddocument": "a Word document", "powerpoint document": "a PowerPoint presentation", "visiodocument": "a drawing",
    "__properties_version1.0": "an Outlook message", "quill": "a Publisher document",
}  # fmt: skip


def open_ole_workbook(content: bytes) -> CompoundFile:
    """A compound file that holds a workbook: an old one, or one of today that is encrypted. Raises Refused."""
    try:
        compound = open_compound_file(content)
    except Refused:
        named = {name for name in (ENCRYPTED, *RIGHTS, *OTHERS, *WORKBOOKS) if _mentions(content, name)}
        refuse_managed(content, named)
        if ENCRYPTED in named:
            refuse_encrypted()
        _refuse_others(named)
        raise
    names = set(compound.entries)
    refuse_managed(content, names)
    _refuse_others(names)
    if not names & {ENCRYPTED, *WORKBOOKS}:
        refuse_damaged("an old Office file that holds no workbook")
    return compound


def read_xls(content: bytes, compound: CompoundFile, bounds: SizeBounds) -> Cells:
    """The cells of an old workbook. Raises Refused."""
    records = read_stream(compound, next(name for name in WORKBOOKS if name in compound.entries))
    if _is_encrypted(records):
        records = unlocked_records(records)
        content = as_compound_file(records)
    scans = list(scan_workbook(records))
    book = open_workbook(content)
    if len(book.sheets_metadata) != len(scans):
        refuse_damaged()
    sheets: list[Sheet] = []
    total = 0
    refuse_too_many_sheets([meta.name for meta in book.sheets_metadata])
    for index, (scan, meta) in enumerate(zip(scans, book.sheets_metadata, strict=True)):
        if scan is not None:
            scan.name = meta.name
            sheet, total = build_sheet(book, index, scan, bounds, total)
            sheets.append(sheet)
    return Cells("xls", tuple(sheets), elsewhere=xls_texts(records, _summaries(compound)))


def _summaries(compound: CompoundFile) -> dict[str, bytes]:
    """The streams that hold the properties of the file, by name; one that is damaged holds none."""
    found = {}
    for name in compound.entries:
        if "summaryinformation" in name:
            with suppress(Refused):
                found[name] = read_stream(compound, name)
    return found


def _refuse_others(names: Set[str]) -> None:
    """Refuse what is another program's, by the names of its streams."""
    said = "" if names & {ENCRYPTED, *WORKBOOKS} else next((OTHERS[name] for name in OTHERS if name in names), "")
    if said == "a Word document":
        refuse_other(said, "Copy the table from Word into the template (or an Excel workbook) and send that.")
    if said:
        refuse_other(said)


def _mentions(content: bytes, name: str) -> bool:
    """Whether a damaged compound file names a stream, in whatever case."""
    return name.encode("utf-16-le") in content.lower()


# -- the records

BOF, EOF, BOUNDSHEET = 0x0809, 0x000A, 0x0085
CODEPAGE, DATE1904 = 0x0042, 0x0022
APPLE = frozenset({10001, 10002, 10003, 10004, 10005, 10006, 10008, 10010, 10017, 10021, 10029, 10079, 10081, 10082})
ROW, COLINFO, BOOLERR, UNCALCED = 0x0208, 0x007D, 0x0205, 0x005E
FORMULAS = (0x0006, 0x0206, 0x0406)
ONE_CELL = (0x0203, 0x0204, 0x00FD, 0x027E, 0x00D6, BOOLERR, *FORMULAS)
MULRK = 0x00BD
WORKSHEET = 0


def scan_workbook(records: bytes) -> Iterator[SheetParser | None]:
    """For each sheet in order, what its records say; None for charts and macros. Raises Refused."""
    sheets, version, looks, day_zero = [], 0, XlsStyles(), DAY_ZERO
    for kind, body in _records(records, 0):
        looks.take(kind, body)
        if kind in (0x0009, 0x0209, 0x0409):
            refuse_old("a workbook of Excel 4 or older")
        if kind == BOF:
            version = version or _whole(body, 0)
            looks.is_biff8 = version == BIFF8
        elif kind == DATE1904 and _whole(body, 0):
            day_zero = DAY_ZERO_1904
        elif kind == CODEPAGE and _whole(body, 0) in APPLE:
            refuse_old("a workbook in an old character set of Apple's that we cannot read")
        elif kind == BOUNDSHEET:
            if len(body) < 6:
                refuse_damaged()
            sheets.append((*struct.unpack_from("<IBB", body), _name_of(body, is_biff8=looks.is_biff8)))
    if not version:
        refuse_damaged()
    looks.settle()
    for start, state, kind, name in sheets:
        if kind != WORKSHEET:
            yield None
            continue
        scan = SheetParser(name, hidden=bool(state & 3), day_zero=day_zero)
        _scan_sheet(records, start, scan, looks)
        yield scan


def _name_of(sheet: bytes, *, is_biff8: bool) -> str:
    """The name of a sheet by its record in the book, near enough to say of what a finding is."""
    length = sheet[6] if len(sheet) > 6 else 0
    if not is_biff8:
        return sheet[7 : 7 + length].decode("cp1252", "replace")
    wide = len(sheet) > 7 and sheet[7] & 1
    return sheet[8 : 8 + length * (2 if wide else 1)].decode("utf-16-le" if wide else "latin-1", "replace")


def _is_encrypted(records: bytes) -> bool:
    return any(kind == FILEPASS for kind, _ in _records(records, 0))


def _records(records: bytes, start: int) -> Iterator[tuple[int, bytes]]:
    """The records of a substream, without those of charts inside it. Raises Refused where its end is missing."""
    at, depth = start, 0
    while True:
        if at + 4 > len(records):
            refuse_cut_off()
        kind, length = struct.unpack_from("<HH", records, at)
        body = records[at + 4 : at + 4 + length]
        if len(body) < length:
            refuse_cut_off()
        at += 4 + length
        if kind == BOF:
            depth += 1
        elif kind == EOF:
            depth -= 1
            if depth <= 0:
                return
        if depth <= 1:
            yield kind, body


def _scan_sheet(records: bytes, start: int, scan: SheetParser, looks: XlsStyles) -> None:
    stale, begun, given = False, False, bytearray(MOST_ROWS * MOST_COLUMNS // 8)
    for kind, body in _records(records, start):
        if not begun and kind != BOF:
            refuse_damaged()
        begun = True
        if kind in ONE_CELL or kind == MULRK:
            row, column = _whole(body, 0), _whole(body, 2)
            last = _whole(body, len(body) - 2) if kind == MULRK else column
            if not column <= last < MOST_COLUMNS:
                refuse_damaged("a workbook with a cell outside the sheet")
            _give(given, row, column, last, scan)
            scan.reach(row, last)
            looks.note(kind, body, row, column, scan)
            if kind == BOOLERR and len(body) >= 8 and body[7]:
                scan.marks[row, column] = ErrorValue(ERRORS.get(body[6], "#error"))
            elif kind in FORMULAS:
                _mark_formula(scan, row, column, body, stale=stale)
        elif kind == ROW and len(body) >= 14 and _whole(body, 12) & 0x20:
            scan.hidden_rows.add(_whole(body, 0))
        elif kind == COLINFO and len(body) >= 10 and _whole(body, 8) & 1:
            scan.hidden_columns.update(range(_whole(body, 0), min(_whole(body, 2) + 1, MOST_COLUMNS)))
        elif kind == UNCALCED:
            stale = True
        elif kind == WINDOW2:
            scan.hides_zeros = hides_zeros(body)


def _give(given: bytearray, row: int, first: int, last: int, scan: SheetParser) -> None:
    """Note that cells of a row are given. Raises Refused for one that was given before."""
    for column in range(first, last + 1):
        byte, bit = divmod(row * MOST_COLUMNS + column, 8)
        if given[byte] & 1 << bit:
            cell = f"{column_letters(column)}{row + 1}"
            refuse_damaged(f"cell {cell} given twice", scan.name, cell)
        given[byte] |= 1 << bit


def _mark_formula(scan: SheetParser, row: int, column: int, body: bytes, *, stale: bool) -> None:
    """A formula's result may be an error; and it is none at all if it is a blank text that is to be worked out on
    loading, or if the sheet was saved before its formulas were."""
    if len(body) < 16:
        refuse_damaged()
    to_work_out = bool(_whole(body, 14) & 2)
    if body[12:14] == b"\xff\xff" and body[6] == 2:
        scan.marks[row, column] = ErrorValue(ERRORS.get(body[8], "#error"))
    elif stale or (body[12:14] == b"\xff\xff" and body[6] == 3 and to_work_out):
        scan.marks[row, column] = Uncalculated()


def _whole(body: bytes, at: int) -> int:
    if not 0 <= at <= len(body) - 2:
        refuse_damaged()
    return int.from_bytes(body[at : at + 2], "little")
