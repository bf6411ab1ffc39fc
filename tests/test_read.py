"""Untrusted files: each is read right, or refused with a finding that says why; the reader survives all of them."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import openpyxl
import pytest

from inputs.cells import Cells, ErrorValue, Uncalculated
from inputs.read import Limits, Reader, read, read_many
from schemas.findings import Finding

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def zipped(**parts: str) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name.replace("__", "/"), text)
    return whole.getvalue()


def workbook(tmp_path: Path, **cells: object) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    for address, value in cells.items():
        book.active[address] = value
    book.save(tmp_path / "made.xlsx")
    return (tmp_path / "made.xlsx").read_bytes()


REFUSED = [
    ("empty", b"", "return.unreadable"),
    ("web page", b"<html><body><table><tr><td>1</td></tr></table></body></html>", "return.not-a-spreadsheet"),
    ("pdf", b"%PDF-1.7 ...", "return.not-a-spreadsheet"),
    ("word, old", OLE + "WordDocument".encode("utf-16-le"), "return.not-a-spreadsheet"),
    ("word, new", zipped(word__document="<w/>"), "return.not-a-spreadsheet"),
    ("encrypted", OLE + "EncryptedPackage".encode("utf-16-le"), "return.encrypted"),
    ("csv in a zip", zipped(figures="a,b\n1,2\n"), "return.not-a-spreadsheet"),
    ("cut off", zipped(xl__workbook="<workbook/>")[:60], "return.unreadable"),
    ("noise", bytes(range(256)) * 4, "return.not-a-spreadsheet"),
]


@pytest.mark.parametrize(("content", "rule"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_is_no_workbook_is_refused_with_its_own_rule(content: bytes, rule: str) -> None:
    found = read(content)
    assert isinstance(found, Finding)
    assert found.rule == rule
    assert found.fix


def test_errors_and_formulas_never_calculated_are_not_blanks(tmp_path: Path) -> None:
    cells = read(workbook(tmp_path, A1="Value", A2="=1+1", A3="#N/A", B5=7))
    assert isinstance(cells, Cells)
    sheet = cells.sheets[0]
    assert sheet.cell(1, 0) == Uncalculated()
    assert sheet.cell(2, 0) == ErrorValue("#N/A")
    assert sheet.cell(4, 1) == 7


def test_addresses_are_the_senders_own_whatever_the_used_range(tmp_path: Path) -> None:
    cells = read(workbook(tmp_path, D7="here"))
    assert isinstance(cells, Cells)
    assert cells.sheets[0].cell(6, 3) == "here"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("Area;Value\nWrocław;1\n", "utf-8"), ("Area\tValue\nWrocław\t1\n", "utf-16"), ("Area,Value\rCafé,1\r", "cp1252"),
     ("Area,Value\nWrocław,1\n", "utf-8-sig")],
)  # fmt: skip
def test_csv_in_the_encodings_and_separators_that_partners_use(text: str, encoding: str) -> None:
    cells = read(text.encode(encoding))
    assert isinstance(cells, Cells)
    rows = cells.sheets[0].rows
    assert rows[0] == ["Area", "Value"]
    assert rows[1][0] in ("Wrocław", "Café")
    assert rows[1][1] == "1"


def test_a_bomb_and_a_giant_range_are_findings_and_the_next_file_is_read(tmp_path: Path) -> None:
    bomb = zipped(xl__workbook="<workbook/>", xl__worksheets__sheet1=" " * 3_000_000)
    lying = bytearray(bomb)
    at = lying.rfind(b"PK\x01\x02")
    lying[at + 24 : at + 28] = struct.pack("<I", 2_000_000_000)
    good = workbook(tmp_path, A1="fine")
    answers = list(read_many([lambda: bytes(lying), lambda: good], Limits(memory_bytes=700_000_000, seconds=20)))
    assert isinstance(answers[0], Finding)
    assert isinstance(answers[1], Cells)


def test_a_child_that_dies_or_hangs_is_a_finding_and_the_next_file_is_read(tmp_path: Path) -> None:
    good = workbook(tmp_path, A1="fine")
    with Reader(Limits(seconds=2)) as reader:
        assert isinstance(reader.read(good), Cells)
        child = reader._child
        assert child is not None
        child.kill()
        child.wait()
        found = reader.read(good)
        assert isinstance(found, Finding)
        assert found.rule == "return.too-large"
        assert isinstance(reader.read(good), Cells)


def test_too_many_bytes_are_refused_unread() -> None:
    found = read(b"x" * 2000, Limits(file_bytes=1000))
    assert isinstance(found, Finding)
    assert found.rule == "return.too-large"
