"""Untrusted files: each is read right, or refused with a finding that says why; the reader survives all of them."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from operator import itemgetter

import openpyxl
import pytest

from common.errors import LocalIndicatorsError, ReaderError, StorageError
from inputs.readers.cells import Cells, ErrorValue, FormattedNumber, Sheet, Uncalculated
from inputs.sandbox import reader_processes as reading
from inputs.sandbox.reader_processes import Limits, Reader, ReaderPool
from schemas.findings import Finding
from tests.support.places import HOME
from tests.support.raw_workbooks import MAIN, OFFICE, biff, compound, links, ods, record, xls, xlsb, xlsx, zipped

NEW_YEAR = datetime.fromisoformat("2011-01-01")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
TABLE = b"<table><tr><td>Nottingham</td><td>1</td></tr></table>"


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader(Limits()) as one:
        yield one


def workbook(**cells: object) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    for address, value in cells.items():
        book.active[address] = value
    whole = io.BytesIO()
    book.save(whole)
    return whole.getvalue()


def locked() -> bytes:
    """A zip file whose one member says that it is encrypted."""
    content = bytearray(zipped({"figures.csv": "a,b\n"}))
    content[6] |= 1
    content[content.find(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def flat_ods(text: str) -> bytes:
    space = "urn:oasis:names:tc:opendocument:xmlns"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<o:document xmlns:o="{space}:office:1.0" xmlns:office="x" xmlns:t="{space}:table:1.0"'
        f' xmlns:x="{space}:text:1.0"><o:body><o:spreadsheet><t:table t:name="Figures"><t:table-row t:number-rows-repeated="6"/>'
        f'<t:table-row><t:table-cell t:number-columns-repeated="3"/><t:table-cell><x:p>{text}</x:p></t:table-cell></t:table-row>'
        f"</t:table></o:spreadsheet></o:body></o:document>"
    ).encode()


def spreadsheet_2003() -> bytes:
    return (
        b'<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n'
        b'<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet/></Workbook>'
    )


LOL = '<!DOCTYPE sst [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
ROW = '<row r="1"><c r="A1"><v>1</v></c></row>'
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


BRT_ROW = (0, struct.pack("<IIHBB", 0, 0, 300, 0, 0) + bytes(5))
BRT_CELL = (5, struct.pack("<IId", 0, 0, 2.5))
FLOAT = '<table:table-cell office:value-type="float" office:value="1" {}/>'
REPEATED = 'table:number-columns-repeated="1000000000"'
DTD = "<?xml version='1.0'?><!-- a --><!DOCTYPE p [<!ENTITY a 'b'>]><p>&a;</p>"
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


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"])
@pytest.mark.parametrize("encoding", ["utf-16", "windows-1252"])
def test_a_part_in_another_encoding_is_read(part: str, encoding: str, reader: Reader) -> None:
    with zipfile.ZipFile(io.BytesIO(xlsx(ROW))) as archive:
        parts: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    text = archive_text(parts[part]).replace("UTF-8", encoding.upper())
    assert sheet_of(zipped({**parts, part: text.encode(encoding)}), reader).rows == [[1.0]]


def archive_text(content: str | bytes) -> str:
    return content if isinstance(content, str) else content.decode()


def test_rows_and_cells_in_another_order_are_where_they_say(reader: Reader) -> None:
    mixed = '<row r="3"><c r="C3"><v>33</v></c><c r="A3"><v>31</v></c></row>' + ROW
    sheet = sheet_of(xlsx(mixed, before='<dimension ref="A1:XFD1048576"/>'), reader)
    assert [sheet.cell(2, 0), sheet.cell(2, 2), sheet.cell(0, 0)] == [31, 33, 1]


@pytest.mark.parametrize(("content", "rule", "words"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_is_no_workbook_is_refused_with_its_own_rule(
    content: bytes, rule: str, words: str, reader: Reader
) -> None:
    found = reader.read(content)
    assert isinstance(found, Finding)
    assert found.rule == rule
    assert words in found.found
    assert found.fix


# -- cells


def sheet_of(content: bytes, reader: Reader) -> Sheet:
    cells = reader.read(content)
    assert isinstance(cells, Cells), cells
    return cells.sheets[0]


def test_errors_and_formulas_never_calculated_are_not_blanks(reader: Reader) -> None:
    sheet = sheet_of(workbook(A1="Value", A2="=1+1", A3="#N/A", B5=7), reader)
    assert sheet.cell(1, 0) == Uncalculated()
    assert sheet.cell(2, 0) == ErrorValue("#N/A")
    assert sheet.cell(4, 1) == 7


XML_CELLS = [
    ('<c r="C3" t="e"><f>1/0</f><v>#DIV/0!</v></c>', ErrorValue("#DIV/0!")),
    ("<c r='C3' t = 'e'><v>#REF!</v></c>", ErrorValue("#REF!")),
    ('<c r="C3"><f>A1</f></c>', Uncalculated()),
    ('<c r="C3"><f>A1</f><v></v></c>', Uncalculated()),
    ('<c r="C3"><f>A1</f><v/></c>', Uncalculated()),
    ('<c r="C3"><f t="shared" si="0"/></c>', Uncalculated()),
    ('<c r="C3"><f><![CDATA[A1<B1]]></f></c>', Uncalculated()),
    ('<c r="C3" t="str"><f>""</f><v></v></c>', None),
    ('<c r="C3"><f>1+1</f><v>2</v></c>', 2),
    ('<c r="C3"><v>1e999</v></c>', ErrorValue("#NUM!")),
    ("<c r=\"C3\"><v>7</v></c><!-- <c r='C3' t='e'><v>#N/A</v></c> -->", 7),
    ('<c r="C3"><v>0.1</v></c>', 0.1),
    ('<c r="C3"><v>123456789.123456789</v></c>', 123456789.123457),
    ('<c r="C3" s="1"><v>40544</v></c>', NEW_YEAR),
    ('<c r="C3" s="2"><v>0.5</v></c>', FormattedNumber(0.5, "0.00%")),
    ('<c r="C3" t="d"><v>2011-01-01T00:00:00</v></c>', NEW_YEAR),
    ('<c r="C3" t="b"><v>1</v></c>', True),
    ('<c r="C3" t="inlineStr"><is><r><t xml:space="preserve">Good </t></r><r><t>level</t></r><rPh sb="0" eb="1"><t>x</t></rPh></is></c>', "Good level"),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "expected"), XML_CELLS)
def test_a_cell_of_xlsx_is_what_its_xml_says(cell: str, expected: object, reader: Reader) -> None:
    assert sheet_of(xlsx(f'<row r="3">{cell}</row>'), reader).cell(2, 2) == expected


@pytest.mark.parametrize(
    "content",
    [
        xlsx('<row r="7"><c r="D7" t="inlineStr"><is><t>here</t></is></c></row>', strict=True),
        xlsx('<x:row r="7"><x:c r="D7" t="inlineStr"><x:is><x:t>here</x:t></x:is></x:c></x:row>', prefix="x"),
        xlsx('<row r="7"><c r="D7" t="inlineStr"><is><t>here</t></is></c></row>', encoding="utf-16"),
        xlsx("<row/>" * 6 + '<row><c/><c/><c/><c t="inlineStr"><is><t>here</t></is></c></row>'),
        xlsx('<row r="7"><c r="D7" t="inlineStr"><is><t>here</t></is></c></row>', before='<dimension ref="A1:XFD1048576"/>'),
        xlsx('<row r="7"><c r="D7" t="inlineStr"><is><t>here</t></is></c></row><row r="1048576"><c r="XFD1048576" s="2"/></row>'),
        ods('<table:table-row table:number-rows-repeated="6"/><table:table-row><table:table-cell table:number-columns-repeated="3"/><table:table-cell office:value-type="string"><text:p>here</text:p></table:table-cell></table:table-row><table:table-row table:number-rows-repeated="1048569"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>'),
        flat_ods("here"),
        b"\n" * 6 + b",,,here,\n",
        b"sep=;\r\n" + b";\r\n" * 6 + b";;;here\r\n",
    ],
    ids=["strict", "prefix", "utf-16", "no addresses", "lying range", "far format", "ods", "flat ods", "csv", "csv with sep"],
)  # fmt: skip
def test_addresses_are_the_senders_own_whatever_the_used_range(content: bytes, reader: Reader) -> None:
    sheet = sheet_of(content, reader)
    assert [(r, c, v) for r, row in enumerate(sheet.rows) for c, v in enumerate(row) if v is not None] == [
        (6, 3, "here")
    ]


@pytest.mark.parametrize(
    ("end", "ended"),
    [(b"C,20", False), (b"C,20\n", True), (b"C,2010,3", True), (b"C,2010,3\r\n", True), (b"", True)],
)
def test_text_whose_last_row_is_short_is_read_and_known_to_end_so(end: bytes, ended: bool, reader: Reader) -> None:
    cells = reader.read(b"Area,Year,Value\nA,2010,1\nB,2010,2\n" + end)
    assert isinstance(cells, Cells), cells
    assert cells.ended == ended
    assert len(cells.sheets[0].rows) == 3 + bool(end)


def test_a_workbook_saved_before_it_was_calculated_holds_no_values_of_formulas(reader: Reader) -> None:
    rows = '<row r="1"><c r="A1"><f>1+1</f><v>2</v></c><c r="B1"><v>3</v></c></row>'
    assert sheet_of(xlsx(rows, book='<calcPr calcCompleted="0"/>'), reader).rows[0] == [Uncalculated(), 3]


def test_texts_and_styles_lie_where_the_workbook_says(reader: Reader) -> None:
    """Another part in the usual place is not what Excel shows."""
    kinds = {"worksheets/sheet1.xml": "worksheet", "styles.xml": "styles", "other.xml": "sharedStrings"}
    texts = '<sst xmlns="%s"><si><t>%s</t></si></sst>'
    more = {
        "xl/_rels/workbook.xml.rels": links(kinds),
        "xl/other.xml": texts % (MAIN, "shown"),
        "xl/sharedStrings.xml": texts % (MAIN, "stale"),
    }
    assert sheet_of(xlsx('<row r="1"><c r="A1" t="s"><v>0</v></c></row>', more=more), reader).cell(0, 0) == "shown"


def test_dates_count_from_1904_where_the_workbook_says_so(reader: Reader) -> None:
    cell = '<row r="1"><c r="A1" s="1"><v>39082</v></c></row>'
    assert sheet_of(xlsx(cell, book='<workbookPr date1904="1"/>'), reader).cell(0, 0) == NEW_YEAR
    number = record(0x0203, struct.pack("<HHHd", 0, 0, 1, 39082))
    formats = record(0x00E0, struct.pack("<HHHHHHHHHH", 0, 0, *[0] * 8)) + record(
        0x00E0, struct.pack("<HHHHHHHHHH", 0, 14, *[0] * 8)
    )
    assert sheet_of(xls(number, book=record(0x0022, b"\1\0") + formats), reader).cell(0, 0) == NEW_YEAR


def test_hidden_rows_and_columns_and_what_is_under_a_merge_are_known_in_xlsx(reader: Reader) -> None:
    rows = '<row r="1"><c r="A1"><v>1</v></c><c r="B1"><v>9</v></c></row><row r="2" hidden="1"><c r="A2"><v>2</v></c></row>'
    columns, merge = (
        '<cols><col min="3" max="4" hidden="1"/></cols>',
        '<mergeCells><mergeCell ref="A1:B1"/></mergeCells>',
    )
    for formula in ("", '<row r="3"><c r="A3" t="e"><v>#N/A</v></c></row>'):
        sheet = sheet_of(xlsx(rows + formula, before=columns, after=merge), reader)
        assert (sheet.hidden_rows, sheet.hidden_columns) == (frozenset({1}), frozenset({2, 3}))
        assert sheet.merged == ((0, 0, 0, 1),)
        assert (sheet.cell(0, 0), sheet.cell(0, 1)) == (1, None)


def test_xls_tells_errors_hidden_rows_and_formulas_never_calculated(reader: Reader) -> None:
    def place(row: int, column: int) -> bytes:
        return struct.pack("<HHH", row, column, 0)

    cells = (
        record(0x0208, struct.pack("<HHHHHHHH", 1, 0, 3, 0, 0, 0, 0x20, 0))
        + record(0x0203, place(0, 0) + struct.pack("<d", 2.5))
        + record(0x0205, place(0, 1) + b"\x2a\x01")
        + record(0x0006, place(1, 0) + b"\2\0\x07\0\0\0\xff\xff" + struct.pack("<HIH", 0, 0, 0))
        + record(0x0006, place(1, 1) + b"\3\0\0\0\0\0\xff\xff" + struct.pack("<HIH", 3, 0, 0))
        + record(0x0006, place(1, 2) + struct.pack("<d", 4) + struct.pack("<HIH", 0, 0, 0))
    )
    columns = record(0x007D, struct.pack("<HHHHHH", 3, 4, 0, 0, 1, 0))
    sheet = sheet_of(xls(cells, sheet=columns, state=1), reader)
    assert sheet.rows[0][:2] == [2.5, ErrorValue("#N/A")]
    assert sheet.rows[1] == [ErrorValue("#DIV/0!"), Uncalculated(), 4]
    assert (sheet.hidden, sheet.hidden_rows, sheet.hidden_columns) == (True, frozenset({1}), frozenset({3, 4}))
    stale = sheet_of(xls(cells, sheet=record(0x005E, b"\1\0")), reader)
    assert stale.rows[1] == [ErrorValue("#DIV/0!"), Uncalculated(), Uncalculated()]


def test_an_embedded_word_document_does_not_make_a_workbook_one(reader: Reader) -> None:
    inside = biff(record(0x0203, struct.pack("<HHHd", 0, 0, 0, 1)))
    assert sheet_of(compound({"Workbook": inside, "Note of WordDocument": b"w"}), reader).cell(0, 0) == 1


def test_xlsb_tells_errors_hidden_rows_and_merges(reader: Reader) -> None:
    def row(number: int, flags: int = 0) -> tuple[int, bytes]:
        return 0, struct.pack("<IIHBB", number, 0, 300, 0, flags) + bytes(5)

    def cell(column: int) -> bytes:
        return struct.pack("<II", column, 0)

    records = [
        row(0), (5, cell(0) + struct.pack("<d", 2.5)), (3, cell(1) + b"\x2a"),
        row(1, 0x10), (11, cell(0) + b"\x07" + bytes(10)),
    ]  # fmt: skip
    sheet = sheet_of(xlsb(records), reader)
    assert sheet.rows[0][:2] == [2.5, ErrorValue("#N/A")]
    assert sheet.cell(1, 0) == ErrorValue("#DIV/0!")
    assert sheet.hidden_rows == frozenset({1})


def test_ods_tells_errors_formulas_hidden_rows_merges_and_notes(reader: Reader) -> None:
    one = "table:table-cell"
    rows = (
        f'<table:table-row><{one} office:value-type="float" office:value="2.5"><office:annotation><text:p>a note</text:p>'
        f'</office:annotation><text:p>2.50</text:p></{one}><{one} table:formula="of:=NA()" office:value-type="string" '
        f'office:string-value="" calcext:value-type="error"><text:p>#N/A</text:p></{one}><{one} table:formula="of:=[.A1]"/>'
        f'<{one} office:value-type="date" office:date-value="2011-01-01"/></table:table-row>'
        f'<table:table-row table:visibility="filter"><{one} office:value-type="percentage" office:value="0.5" '
        f'table:number-columns-spanned="2"/><table:covered-table-cell office:value-type="float" office:value="9"/>'
        f"</table:table-row>"
    )
    hidden = '<table:table-column/><table:table-column table:visibility="collapse"/>'
    sheet = sheet_of(ods(rows, head=hidden, style='table:display="false"', mimetype=False), reader)
    assert sheet.rows[0] == [2.5, ErrorValue("#N/A"), Uncalculated(), NEW_YEAR]
    assert sheet.rows[1] == [FormattedNumber(0.5, "0.00%")]
    assert (sheet.merged, sheet.hidden) == (((1, 0, 1, 1),), True)
    assert (sheet.hidden_rows, sheet.hidden_columns) == (frozenset({1}), frozenset({1}))


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("Area;Value\nWrocław;1\n", "utf-8"), ("Area\tValue\nWrocław\t1\n", "utf-16"), ("Area,Value\rCafé,1\r", "cp1252"),
     ("Area,Value\nWrocław,1\n", "utf-8-sig"), ("Area,Value\r\nCafé,1\r\n", "utf-16-le"), ("Area|Value\nCafé|1", "utf-32"), ('Area,Value\nCafé,="1"\n', "utf-8"),
     ("Area,Value\rCafé,1\rùn,2\r", "mac_roman"), ('"Area","Value"\n"Café","1"\n\x1a', "cp1252")],
)  # fmt: skip
def test_csv_in_the_encodings_and_separators_that_partners_use(text: str, encoding: str, reader: Reader) -> None:
    rows = sheet_of(text.encode(encoding), reader).rows
    assert rows[0] == ["Area", "Value"]
    assert rows[1][0] in ("Wrocław", "Café")
    assert rows[1][1] == "1"


# -- limits


def bomb() -> bytes:
    """A sheet that unpacks to far more than it says."""
    content = bytearray(xlsx(ROW, more={"xl/media/image1.png": bytes(3_000_000)}))
    at = content.find(b"PK\x01\x02", content.find(b"xl/media/image1.png") + 1)
    while b"image1" not in content[at : at + 100]:
        at = content.find(b"PK\x01\x02", at + 1)
    content[at + 24 : at + 28] = struct.pack("<I", 2_000_000_000)
    return bytes(content)


def test_a_bomb_is_a_finding_and_the_next_file_is_read() -> None:
    good = workbook(A1="fine")
    with ReaderPool(Limits()) as readers:
        answers = [answer for _, answer in sorted(filter(None, readers.read([bomb, lambda: good])), key=itemgetter(0))]
    assert isinstance(answers[0], Finding)
    assert answers[0].rule == "return.too-large"
    assert "2,00" in answers[0].found
    assert isinstance(answers[1], Cells)


def test_a_file_is_not_blamed_for_a_child_that_died_before_it_was_asked() -> None:
    good = workbook(A1="fine")
    with Reader(Limits()) as reader:
        for _ in range(2):
            assert isinstance(reader.read(good), Cells)
            assert reader._child is not None
            reader._child.kill()
            reader._child.wait()


HOSTILE_JOBS = """
import os, sys, time, types
from inputs.sandbox import child_process
jobs = types.ModuleType("jobs")
jobs.answers = lambda body: b"k"
jobs.dies = lambda body: os.abort()
jobs.hangs = lambda body: time.sleep(60)
jobs.works = lambda body: [x for x in iter(int, 1)]
jobs.fills_memory = lambda body: bytes(10**10)
jobs.crashes = lambda body: os.kill(os.getpid(), 11)
sys.modules["jobs"] = jobs
child_process.serve_requests(1_000_000_000, 1)
"""


def in_child(script: str) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-c", script], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, cwd=HOME
    )


@pytest.mark.parametrize(
    ("job", "rule", "words"),
    [
        ("dies", "return.too-large", "MB"),
        ("hangs", "return.too-large", "seconds"),
        ("works", "return.too-large", "seconds"),
        ("fills_memory", "return.too-large", "MB"),
        ("crashes", "return.unsafe", "crash"),
    ],
)
def test_a_child_that_dies_or_overruns_is_a_finding_and_the_next_file_is_read(
    job: str, rule: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_started", lambda _: in_child(HOSTILE_JOBS))
    with Reader(Limits(seconds=1)) as reader:
        found = reader.run(f"jobs:{job}", b"", b"")
        assert isinstance(found, Finding)
        assert (found.rule, words in found.found) == (rule, True)
        assert reader.run("jobs:answers", b"", b"") == b"k"


def test_a_child_that_cannot_start_is_our_own_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_started", lambda _: in_child("raise MemoryError"))
    with Reader(Limits()) as reader, pytest.raises(ReaderError, match="memory"):
        reader.read(b"a,b\n1,2\n")


@pytest.mark.parametrize(
    "content",
    [b"a,b,c\n" * 400, xlsx("".join(f'<row r="{n}"><c r="C{n}"><v>1</v></c></row>' for n in range(1, 401))),
     ods('<table:table-row table:number-rows-repeated="1000000"><table:table-cell office:value-type="float" office:value="1"/></table:table-row>')],
    ids=["csv", "xlsx", "ods"],
)  # fmt: skip
def test_more_cells_than_the_limit_are_a_finding(content: bytes) -> None:
    with Reader(Limits(cells=1000)) as reader:
        found = reader.read(content)
        assert isinstance(found, Finding)
        assert (found.rule, "1,000" in found.found) == ("return.too-large", True)
        assert isinstance(reader.read(content[:0] + b"a,b\n1,2\n"), Cells)


def test_too_many_bytes_are_refused_unread() -> None:
    with Reader(Limits(file_bytes=1000)) as reader:
        found = reader.read(b"x" * 2000)
        assert isinstance(found, Finding)
        assert found.rule == "return.too-large"
        assert reader._child is None


def test_a_slow_file_holds_up_nothing_but_its_own_answer() -> None:
    """While the first is not there yet, all others come; and no more than may wait are read before they are asked for."""
    opened: list[int] = []
    let_go = threading.Event()

    def content(number: int) -> bytes:
        opened.append(number)
        if number == 0:
            assert let_go.wait(60)
        return b"a,b\n%d,2\n" % number

    with ReaderPool(Limits()) as readers:
        answers = readers.read([partial(content, number) for number in range(200)])
        came = [one for one in (next(answers),) if one]
        time.sleep(0.2)
        assert len(opened) <= reading.FILES_AHEAD + 3
        while len(came) < 199:
            came += [one for one in (next(answers),) if one]
        assert next(answers) is None  # whoever waits is told that nothing comes
        let_go.set()
        came += [one for one in answers if one]
    assert [number for number, _ in came][-1] == 0
    assert sorted(number for number, _ in came) == list(range(200))
    for number, answer in came:
        assert isinstance(answer, Cells)
        assert answer.sheets[0].cell(1, 0) == str(number)


@pytest.mark.parametrize("where", ["opening", "starting"])
def test_our_own_fault_ends_the_reading_of_many(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a child's thread meets comes to whoever waits for the file, and nobody waits for ever."""
    if where == "starting":
        monkeypatch.setattr(reading, "_started", lambda _: in_child("raise MemoryError"))

    def gone() -> bytes:
        if where == "opening":
            raise StorageError("archive", "is gone")
        return b"a,b\n1,2\n"

    with pytest.raises(LocalIndicatorsError), ReaderPool(Limits()) as readers:
        list(readers.read([gone] * 5))


def test_the_bytes_of_a_zip_are_the_same_to_every_reader() -> None:
    """Two members of one name, or of names that differ in case, could be read as one or the other."""
    content = xlsx(ROW)
    whole = io.BytesIO(content)
    with zipfile.ZipFile(whole, "a") as archive:
        archive.writestr("XL/worksheets/sheet1.xml", "<worksheet/>")
    with Reader(Limits()) as reader:
        found = reader.read(whole.getvalue())
        assert isinstance(found, Finding)
        assert "two parts" in found.found
