"""Untrusted files: each is read right, or refused with a finding that says why; the reader survives all of them."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from local_indicators.inputs.readers.cells import Cells, ErrorValue, FormattedNumber, Sheet, Uncalculated
from local_indicators.inputs.sandbox.reader_processes import Limits, Reader
from local_indicators.schemas.findings import Finding
from tests.support.broken_workbooks import NEW_YEAR, ROW, flat_ods, workbook
from tests.support.raw_workbooks import MAIN, biff, compound, links, ods, record, xls, xlsb, xlsx, zipped


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
