"""Files that cannot be read are refused with their own rule and what to do."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import pytest

from local_indicators.inputs.sandbox.reader_processes import Reader
from local_indicators.schemas.findings import Finding
from tests.support.broken_workbooks import LOL, OLE, ROW, TABLE, locked, spreadsheet_2003
from tests.support.raw_workbooks import MAIN, OFFICE, biff, compound, links, ods, record, xls, xlsb, xlsx, zipped

BRT_ROW = (0, struct.pack("<IIHBB", 0, 0, 300, 0, 0) + bytes(5))
BRT_CELL = (5, struct.pack("<IId", 0, 0, 2.5))
FLOAT = '<table:table-cell office:value-type="float" office:value="1" {}/>'
REPEATED = 'table:number-columns-repeated="1000000000"'
DTD = "<?xml version='1.0'?><!-- a --><!DOCTYPE p [<!ENTITY a 'b'>]><p>&a;</p>"


def merged(*ranges: str) -> str:
    return "<mergeCells>" + "".join(f'<mergeCell ref="{one}"/>' for one in ranges) + "</mergeCells>"


def number(row: int, column: int, value: float) -> bytes:
    """A record of an old workbook that gives a number to a cell."""
    return record(0x0203, struct.pack("<HHHd", row, column, 0, value))


def of_many_sheets(names: Sequence[str]) -> bytes:
    """A workbook whose sheets are all the same part."""
    sheets = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="r0"/>' for n, name in enumerate(names, start=1))
    book = f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{sheets}</sheets></workbook>'
    return xlsx(ROW, more={"xl/workbook.xml": book})


REFUSED = [
    ("empty", b"", "return.unreadable", "empty file"),
    ("blank", b"\0" * 600, "return.unreadable", "nothing in it"),
    ("web page", b"<html><body>" + TABLE + b"</body></html>", "return.web-page", "web page"),
    ("web page in UTF-16", ("\ufeff<html>" + TABLE.decode()).encode("utf-16-le"), "return.web-page", "web page"),
    ("bare table", TABLE, "return.web-page", "web page"),
    ("web archive", b"MIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n\r\n", "return.web-page", "web archive"),
    ("xml of 2003", spreadsheet_2003(), "return.old-format", "Excel 2003"),
    ("excel 4", b"\x09\x04\x06\x00\x00\x00\x10\x00" + bytes(90), "return.old-format", "Excel 4"),
    ("sylk", b"ID;PWXL;N;E\nC;Y1;X1;K1\nE\n", "return.old-format", "SYLK"),
    ("pdf", b"%PDF-1.7 ...", "return.not-a-spreadsheet", "PDF"),
    ("picture", b"\x89PNG\r\n\x1a\n" + bytes(50), "return.not-a-spreadsheet", "picture"),
    ("rich text", b"{\\rtf1 figures}", "return.not-a-spreadsheet", "rich text"),
    ("json", b'[{"area": "Nottingham"}]', "return.not-a-spreadsheet", "JSON"),
    ("xml", b"<?xml version='1.0'?><figures/>", "return.not-a-spreadsheet", "XML"),
    ("word, old", compound({"WordDocument": b"w"}), "return.not-a-spreadsheet", "Word document"),
    ("word, cut off", OLE + "WordDocument".encode("utf-16-le"), "return.not-a-spreadsheet", "Word document"),
    ("word, new", zipped({"word/document.xml": "<w/>"}), "return.not-a-spreadsheet", "Word document"),
    ("encrypted xlsx", compound({"EncryptedPackage": b"x"}), "return.encrypted", "password"),
    ("encrypted xls", xls(b"", book=record(0x2F, bytes(6))), "return.encrypted", "password"),
    ("encrypted ods", ods("", manifest="<m><encryption-data/></m>"), "return.encrypted", "password"),
    ("encrypted zip", locked(), "return.encrypted", "password"),
    ("csv in a zip", zipped({"figures.csv": "a,b\n1,2\n"}), "return.zipped", "figures.csv"),
    ("gzip", b"\x1f\x8b\x08" + bytes(30), "return.zipped", "gzip"),
    ("xlsx, cut off", xlsx(ROW)[:-60], "return.unreadable", "end is missing"),
    ("xls, cut off", xls(b"")[:1500], "return.unreadable", "end is missing"),
    ("xls, records cut off", compound({"Workbook": biff(b"")[:-4] + record(0x0203, bytes(14))}), "return.unreadable", "end is missing"),
    ("part cut off", xlsx(ROW + "<row r='2'><c r='A2'>", after="<broken"), "return.unreadable", "damaged"),
    ("part missing", zipped({"xl/workbook.xml": f'<workbook xmlns="{MAIN}"><sheets><sheet name="A" r:id="r9" xmlns:r="r"/></sheets></workbook>'}), "return.unreadable", "missing"),
    ("texts missing", xlsx('<row r="1"><c r="A1" t="s"><v>0</v></c></row>'), "return.unreadable", "missing"),
    ("entities", xlsx(ROW, more={"xl/styles.xml": LOL + "<styleSheet/>"}), "return.unsafe", "entities"),
    ("noise", bytes(range(256)) * 4, "return.not-a-spreadsheet", "no kind we know"),
    ("greek", "Περιοχή,Τιμή\n".encode("iso-8859-7"), "return.unreadable", "character set"),
    ("half a character", "Café,1\nCafé".encode()[:-1], "return.unreadable", "breaks off"),
    ("open quotation", b'Area,Value\n"Nottingham,1\n', "return.unreadable", "never closed"),
    ("outside the sheet", xlsx('<row r="1"><c r="ZZZ1"><f>1</f><v>1</v></c></row>'), "return.unreadable", "outside"),
    ("far apart", xlsx(ROW + '<row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'), "return.too-large", "1,048,576"),
    ("endless text", xlsx(ROW, more={"xl/_rels/workbook.xml.rels": links({"worksheets/sheet1.xml": "worksheet", "strings.xml": "sharedStrings"}), "xl/strings.xml": f'<sst xmlns="{MAIN}"><si><t>{"a" * 300_000}</t></si></sst>'}), "return.too-large", "one cell"),
]  # fmt: skip
TWICE_OR_FAR = [
    ("a million columns", xlsx(f"<row r='1'>{'<c><v>1</v></c>' * 1_000_000}</row>"), "return.unreadable", "A1", "outside"),
    ("beyond the last column", xlsx(ROW + '<row r="2"><c r="ZZZZ2"><v>2</v></c></row>'), "return.unreadable", "A2", "ZZZZ2"),
    ("one column too far", xlsx(ROW + '<row r="2"><c r="XFE2"><v>2</v></c></row>'), "return.unreadable", "A2", "XFE2"),
    ("beyond the last row", xlsx(ROW + '<row r="99999999"><c r="A99999999"/></row>'), "return.unreadable", None, "99999999"),
    ("a cell twice", xlsx('<row r="1"><c r="B1"><v>1</v></c><c r="C1"/><c r="b1"><v>2</v></c></row>'), "return.unreadable", "B1", "twice"),
    ("a cell twice, once unsaid", xlsx('<row r="1"><c r="C1"/><c r="A1"/><c/><c><v>2</v></c></row>'), "return.unreadable", "C1", "twice"),
    ("a row twice", xlsx(ROW + '<row r="2"/>' + '<row r="1"><c r="B1"><v>2</v></c></row>'), "return.unreadable", "A1", "row 1"),
    ("a cell in another row", xlsx('<row r="4"><c r="A5"><v>2</v></c></row>'), "return.unreadable", "A5", "row 4"),
    ("rows in two parts", xlsx(ROW, after=f"<sheetData>{ROW}</sheetData>"), "return.unreadable", None, "twice"),
    ("merged beyond", xlsx(ROW, after=merged("A1:ZZZ9")), "return.unreadable", "A1", "A1:ZZZ9"),
    ("merged a million times", xlsx(ROW, after=merged(*["A1:B1"] * 1_000_000)), "return.too-large", None, "merged"),
    ("a name twice", of_many_sheets(["Figures", "FIGURES"]), "return.unreadable", None, "two sheets"),
    ("too many sheets", of_many_sheets([f"S{n}" for n in range(65_000)]), "return.too-large", None, "65,000 sheets"),
    ("an endless text", xlsx(f'<row r="1"><c r="A1" t="inlineStr"><is>{"<r><t>abcdefgh</t></r>" * 90_000}</is></c></row>'), "return.too-large", "A1", "one cell"),
    ("entities where nobody looks", xlsx(ROW, more={"docProps/core.xml": DTD}), "return.unsafe", None, "docprops/core.xml"),
    ("entities in UTF-16", xlsx(ROW, more={"xl/theme/theme1.xml": DTD.encode("utf-16")}), "return.unsafe", None, "theme1.xml"),
    ("a number in every column", ods(f"<table:table-row>{FLOAT.format(REPEATED)}</table:table-row>"), "return.unreadable", "A1", "outside"),
    ("a column too far in ods", ods(f'<table:table-row><table:table-cell table:number-columns-repeated="20000"/>{FLOAT.format("")}</table:table-row>'), "return.unreadable", "XFF1", "outside"),
    ("rows without end in ods", ods(f'<table:table-row table:number-rows-repeated="1000000000">{FLOAT.format("")}</table:table-row>'), "return.unreadable", None, "outside"),
    ("a csv of a million columns", b",".join([b"1"] * 1_000_000), "return.too-large", "A1", "1,000,000 fields"),
    ("a csv with an endless text", b"Area\n" + b"a" * 900_000 + b"\n", "return.too-large", "A2", "one cell"),
    ("a cell twice in xlsb", xlsb([BRT_ROW, BRT_CELL, BRT_CELL]), "return.unreadable", "A1", "twice"),
    ("a row twice in xlsb", xlsb([BRT_ROW, BRT_CELL, BRT_ROW]), "return.unreadable", "A1", "row 1"),
    ("a cell twice in xls", xls(number(2, 1, 5.0) + number(2, 2, 5.0) + number(2, 1, 6.0)), "return.unreadable", "B3", "twice"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "rule", "cell", "words"), [r[1:] for r in TWICE_OR_FAR], ids=[r[0] for r in TWICE_OR_FAR]
)
def test_nothing_is_chosen_where_a_cell_stands_twice_and_nothing_is_read_beyond_a_sheet(
    content: bytes, rule: str, cell: str | None, words: str, reader: Reader
) -> None:
    found = reader.read(content)
    assert isinstance(found, Finding), found
    assert (found.rule, found.cell) == (rule, cell)
    assert words in found.found


@pytest.mark.parametrize(("content", "rule", "words"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_is_no_workbook_is_refused_with_its_own_rule(
    content: bytes, rule: str, words: str, reader: Reader
) -> None:
    found = reader.read(content)
    assert isinstance(found, Finding)
    assert found.rule == rule
    assert words in found.found
    assert found.fix
