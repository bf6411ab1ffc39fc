"""What the person sees is what is read: number formats, and fonts inside cells, in each format of workbook."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest

from inputs.cells import Cells, Sheet, Shown
from inputs.read import Limits, Reader
from tests.workbooks import record, rich, sst, xls, xls_looks, xlsb, xlsb_looks

SHARE, THOUSANDS = "0.0%", "#,##0,"


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader(Limits()) as one:
        yield one


def sheet_of(content: bytes, reader: Reader) -> Sheet:
    cells = reader.read(content)
    assert isinstance(cells, Cells), cells
    return cells.sheets[0]


# -- xls


def place(row: int, column: int, style: int) -> bytes:
    return struct.pack("<HHH", row, column, style)


FONTS = [(False, 0), (True, 0), (False, 1), (False, 0), (False, 2)]
"""Plain, struck out, raised, plain, and lowered, which is number 5, for no font has the number 4."""


@pytest.mark.parametrize("old", [False, True], ids=["97", "5"])
def test_xls_shows_numbers_by_their_formats(old: bool, reader: Reader) -> None:
    looks = xls_looks([SHARE, THOUSANDS, '0.0"k£"'], FONTS, [(0, 0), (164, 0), (165, 0), (166, 0), (9, 1)], old=old)
    many = b"".join(struct.pack("<HI", style, 541 << 2 | 3) for style in (0, 1, 4))
    cells = (
        record(0x0203, place(0, 0, 1) + struct.pack("<d", 0.541))
        + record(0x027E, place(0, 1, 2) + struct.pack("<I", 5_200_000 << 2 | 2))
        + record(0x0006, place(0, 2, 3) + struct.pack("<d", 5.2) + struct.pack("<HIH", 0, 0, 0))
        + record(0x00BD, struct.pack("<HH", 1, 0) + many + struct.pack("<H", 2))
    )
    sheet = sheet_of(xls(cells, book=looks, version=0x0500 if old else 0x0600), reader)
    assert sheet.rows[0] == [Shown(0.541, SHARE), Shown(5_200_000, THOUSANDS), Shown(5.2, '0.0"k£"')]
    assert sheet.rows[1] == [5.41, Shown(5.41, SHARE), Shown(5.41, "0%")]
    assert sheet.struck == {(1, 2)}


def test_xls_leaves_out_notes_and_what_is_struck_out_wherever_a_text_goes_on_in_the_next_record(reader: Reader) -> None:
    wide = "Łódź".encode("utf-16-le")
    strings = [
        struct.pack("<HB", 7, 0) + b"Plainly"
        + struct.pack("<HBHI", 6, 8 | 4, 1, 5) + b"5,20",
        b"\1" + "01".encode("utf-16-le") + struct.pack("<HH", 5, 2) + b"extra"
        + struct.pack("<HBH", 5, 8 | 1, 2) + wide[:4],
        b"\1" + wide[4:] + "2".encode("utf-16-le") + struct.pack("<HH", 4, 5),
        struct.pack("<HH", 5, 0) + struct.pack("<HBH", 8, 8, 1) + b"410\n395x" + struct.pack("<HH", 4, 3),
    ]  # fmt: skip
    looks = xls_looks([], FONTS, [(0, 0), (0, 1), (0, 2)])
    label = [(0, 0), (1, 0), (2, 0), (3, 1), (0, 1), (0, 2)]
    cells = b"".join(
        record(0x00FD, place(0, n, style) + struct.pack("<I", text)) for n, (text, style) in enumerate(label)
    )
    sheet = sheet_of(xls(cells, book=looks + sst(strings, 4)), reader)
    assert sheet.rows[0] == ["Plainly", "5,200", "Łódź2", "395x", "Plainly", "Plainly"]
    assert sheet.struck == {(0, 4)}


def test_xls_that_hides_zeros_shows_none(reader: Reader) -> None:
    cells = record(0x0203, place(0, 0, 0) + struct.pack("<d", 0)) + record(
        0x0203, place(0, 1, 0) + struct.pack("<d", 2)
    )
    assert sheet_of(xls(cells, sheet=record(0x023E, struct.pack("<HHHI", 0xA6, 0, 0, 0))), reader).rows[0] == [
        Shown(0.0, ";;;"),
        2,
    ]


def test_xls_whose_shared_strings_break_off_is_refused(reader: Reader) -> None:
    looks = xls_looks([], FONTS, [(0, 0)])
    broken = xls(b"", book=looks + sst([struct.pack("<HBH", 900, 8, 1) + b"5,20"], 4))
    assert not isinstance(reader.read(broken), Cells)


# -- xlsb


def test_xlsb_shows_numbers_by_their_formats_and_leaves_out_notes_and_what_is_struck_out(reader: Reader) -> None:
    fonts = [(False, 0), (True, 0), (False, 1)]
    styles = xlsb_looks([SHARE, THOUSANDS], fonts, [(0, 0), (164, 0), (165, 0), (9, 1), (0, 1)])
    strings = [(19, rich("5,2001", [(5, 2)])), (19, rich("Plainly", [])), (19, rich("410395", [(0, 1), (3, 0)]))]

    def cell(column: int, style: int) -> bytes:
        return struct.pack("<II", column, style)

    records = [
        (0, struct.pack("<IIHBB", 0, 0, 300, 0, 0) + bytes(5)),
        (5, cell(0, 1) + struct.pack("<d", 0.541)),
        (2, cell(1, 2) + struct.pack("<I", 5_200_000 << 2 | 2)),
        (9, cell(2, 3) + struct.pack("<d", 0.5) + bytes(6)),
        (7, cell(3, 0) + struct.pack("<I", 0)),
        (7, cell(4, 4) + struct.pack("<I", 1)),
        (7, cell(5, 4) + struct.pack("<I", 2)),
        (62, cell(6, 0) + rich("3951", [(3, 2)])),
        (5, cell(7, 0) + struct.pack("<d", 0)),
        (5, cell(8, 0) + struct.pack("<d", 28.999999999999996)),
    ]
    content = xlsb(records, before=[(133, b""), (137, struct.pack("<H", 0x3CC) + bytes(28)), (138, b""), (134, b"")],
                   styles=styles, strings=strings)  # fmt: skip
    sheet = sheet_of(content, reader)
    assert sheet.rows[0] == [
        Shown(0.541, SHARE), Shown(5_200_000, THOUSANDS), Shown(0.5, "0%"),
        "5,200", "Plainly", "395", "395", Shown(0.0, ";;;"), 29,
    ]  # fmt: skip
    assert sheet.struck == {(0, 2), (0, 4)}
