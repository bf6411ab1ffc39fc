"""What the person sees is what is read: number formats, and fonts inside cells, in each format of workbook."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_indicators.inputs.readers.appearance.number_formats import (
    appearance,
    changes_what_is_seen,
    round_to_fifteen_digits,
)
from local_indicators.inputs.readers.calamine_sheets import apply_number_format
from local_indicators.inputs.readers.cells import Cell, Cells, FormattedNumber
from local_indicators.inputs.sandbox.reader_processes import Limits, Reader
from tests.support.raw_workbooks import MAIN, links, record, rich, sst, xls, xls_looks, xlsb, xlsb_looks, xlsx
from tests.support.read_sheets import place, sheet_of

SHARE, THOUSANDS = "0.0%", "#,##0,"


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader(Limits()) as one:
        yield one


# -- xls


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
    assert sheet.rows[0] == [
        FormattedNumber(0.541, SHARE),
        FormattedNumber(5_200_000, THOUSANDS),
        FormattedNumber(5.2, '0.0"k£"'),
    ]
    assert sheet.rows[1] == [5.41, FormattedNumber(5.41, SHARE), FormattedNumber(5.41, "0%")]
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
        FormattedNumber(0.0, ";;;"),
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
        FormattedNumber(0.541, SHARE), FormattedNumber(5_200_000, THOUSANDS), FormattedNumber(0.5, "0%"),
        "5,200", "Plainly", "395", "395", FormattedNumber(0.0, ";;;"), 29,
    ]  # fmt: skip
    assert sheet.struck == {(0, 2), (0, 4)}


# -- ods


# -- number formats

FORMATS = [
    ("General", 0.541, 0.541), ("#,##0.00", 1234.5, 1234.5), ("[$£-809]#,##0;[Red]-[$£-809]#,##0", -5, -5), ("[$EUR] #,##0", 12, 12), ("0.00E+00", 1e6, 1e6),
    ("0%", 0.541, "54%"), ("0.0%;-0.0%", -0.05, "-5.0%"), ("0.0%%", 0.5, None), ("%0", 0.5, "%50"), ('0.0"%"', 54.1, None), ("0[$%]", 54, None),
    ("#,##0,", 5200000, "5,200"), ("0.0,,", 5200000, "5.2"), ("0,,.0", 5200000, None), ("[$€-2] 0%", 0.5, None), ("0%;0,.0", 0.5, None), ("#,##0,", 372.7, None), ('0.0,"k"', 5200, None), ('0.0"k"', 5.2, None),
    (";;;", 7, None), ("0;;", -3, None), ("0;-0;", 0, None), ("#", 0, None), ("#,###", 0.2, None), ('""', 5, None), ("0;0", -5, None), ("0;(0)", -5, -5),
    ("000", 5, "005"), ("0;-0;;@", 3, 3), ("0,;@", -4200000, "-4200"), ("@", 5, 5), ("# ?/?", 3.5, None), ("0 0", 12, 12), ("0\\-00", 1234, None),
    ('[<5]"c";0', 3, None), ('[<5]"c";0', 30, 30), ("[>=1000]0,;0", 520, 520), ("[>=1000]0,;0", -520, None), ("[<0]0;0", -5, None), ("[>=0]0;-0", -5, -5),
    ("0.##", 5, 5), ("0.00_);(0.00)", -5, -5), ('"1"0', 5, None), ("0\\1", 5, None), ("[$1]0", 5, None), ("[DBNum1]0", 5, 5), ("[Red][>100]0%;0", 0.5, 0.5),
    ("-0", 410, None), ("(#,##0)", 410, None), ("-0", -5, -5), ("-0;0", 410, None), ("[<5](0);0", 3, None), ("#.#", 0, None), ("#.##", 0.5, 0.5),
]  # fmt: skip


@pytest.mark.parametrize(("code", "held", "seen"), FORMATS, ids=str)
def test_a_format_shows_the_number_itself_or_what_is_seen_or_nothing_that_can_be_read(
    code: str, held: float, seen: float | str | None
) -> None:
    found = apply_number_format(float(held), code)
    if isinstance(seen, (int, float)):
        assert found == seen
    else:
        assert isinstance(found, FormattedNumber)
        assert (found.look.text if found.look.seen is not None else None) == seen


@pytest.mark.parametrize(
    ("value", "code", "seen"),
    [
        (395.0, "d mmm", datetime.fromisoformat("1901-01-29")), (395.0, '[$-809]d" of "mmmm', datetime.fromisoformat("1901-01-29")),
        (datetime.fromisoformat("1901-01-29"), '0" d"', FormattedNumber(395.0, '0" d"')), (datetime.fromisoformat("1901-01-29"), "0_d", 395.0),
        (datetime.fromisoformat("1901-01-29"), "[<1000]0;d mmm", 395.0), (-5.0, "d mmm", FormattedNumber(-5.0, "d mmm")), (3e6, "yyyy", FormattedNumber(3e6, "yyyy")),
        (timedelta(days=395), "[h]:mm", timedelta(days=395)), (timedelta(days=395), "0.0", 395.0), (True, "d mmm", True), ("5", "0%", "5"), (None, "0%", None),
    ],
)  # fmt: skip
def test_what_is_a_day_is_told_by_the_format_alone(value: Cell, code: str, seen: Cell) -> None:
    assert apply_number_format(value, code) == seen


HARMLESS = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["", "£", "[Red]", "[$€-2] ", "[$£-809]", "_-", "* ", '"£"', "+"]),
    st.sampled_from(["0", "#,##0", "#,###0", "General"]),
    st.sampled_from(["", ".0", ".00", ".0#", ".##"]),
    st.sampled_from(["", "_)", " ", "_-"]),
    st.sampled_from(["", ";-0.00", ";(#,##0)", ";[Red]-0", ";-0;0;@"]),
)
NUMBERS = st.floats(-1e15, 1e15, allow_nan=False).map(round_to_fifteen_digits)


@given(HARMLESS, NUMBERS)
def test_digits_with_separators_and_a_currency_show_the_number_itself(code: str, number: float) -> None:
    assert apply_number_format(number, code) == number


@given(st.sampled_from(["0", "#,##0", "0.0", "0.00"]), NUMBERS, st.integers(0, 3))
def test_commas_and_percent_signs_scale_what_is_seen(code: str, number: float, commas: int) -> None:
    share = appearance(number, code + "%")
    assert (share.seen, share.percent) == (round_to_fifteen_digits(number * 100), True)
    look = appearance(number, code + "," * commas)
    if look.seen is not None:
        assert abs(look.seen * 1000**commas - number) <= 1e-9 * abs(number) + 1e-3
        assert look.thousands == commas


HOSTILE = ["[" * 255, '"' * 255, "?" * 255, "0" * 255, "%" * 255, "," * 255, ";" * 255, "/" * 255, "E+" * 120, "#," * 127, "[<" * 100, "0/" * 100,
           "[>1E999]0;0", "[<=1.2.3]0;0", "0.0E+" + "0" * 200, "#/" + "9" * 200, "0" + "," * 200, "0." + "0" * 250, "d" * 255, "*" * 255]  # fmt: skip


@given(
    st.one_of(st.sampled_from(HOSTILE), st.text('0#?.,%;[]<>=E+-/@_*\\"$ GeneralhmsdybkK£159', max_size=60), st.text(max_size=30)),
    st.floats(allow_nan=False, allow_infinity=False),
)  # fmt: skip
def test_any_code_is_read_and_what_it_seems_to_show_has_digits(code: str, number: float) -> None:
    found = apply_number_format(number, code)
    assert changes_what_is_seen(code) or not isinstance(found, FormattedNumber)
    if isinstance(found, FormattedNumber) and found.look.seen is not None:
        assert any(one.isdigit() for one in found.look.text)


# -- xlsx

STYLES = (
    f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="170" formatCode="#,##0,"/></numFmts><fonts><font/><font><strike/></font>'
    '<font><vertAlign val="superscript"/></font><font><strike val="0"/></font></fonts><cellXfs><xf/><xf numFmtId="170"/>'
    '<xf fontId="1"/><xf fontId="2"/><xf fontId="3" numFmtId="10"/><xf numFmtId="14"/></cellXfs>'
    '<dxfs><dxf><font><strike/></font></dxf></dxfs></styleSheet>'
)  # fmt: skip
UP, THROUGH, BOLD = '<rPr><vertAlign val="superscript"/></rPr>', "<rPr><strike/></rPr>", "<rPr><b/></rPr>"
RICH = [
    (0, f"<r><t>5,200</t></r><r>{UP}<t>1</t></r>", "5,200", False),
    (0, f"<r>{THROUGH}<t>410</t></r><r>{BOLD}<t>395</t></r>", "395", False),
    (0, f"<r>{THROUGH}<t>410</t></r><r>{THROUGH.replace('<strike/>', '<strike val=' + repr('1') + '/>')}<t> </t></r>", "410 ", True),
    (2, f"<r><t>410</t></r><r>{BOLD}<t>395</t></r>", "395", False),
    (2, "<r><t>410</t></r><r><t>395</t></r>", "410395", True),
    (3, f"<r>{BOLD}<t>5,200</t></r><r><t>1</t></r>", "5,200", False),
    (0, f"<r><t>410</t></r><r>{UP}<t>1</t></r><r>{BOLD}<t>395</t></r>", "410\n395", False),
    (0, f"<r><t>410</t></r><r>{UP}<t>1</t></r><r>{BOLD}<t> 395</t></r>", "410\n 395", False),
    (0, f"<r><t>410</t></r><r>{UP}<t>1</t></r><r>{BOLD}<t> pupils</t></r>", "410 pupils", False),
    (0, f"<r><t>12.3</t></r><r>{UP}<t>p</t></r>", "12.3p", False),
    (0, f"<r><t>2010</t></r><r>{UP}<t>p</t></r>", "2010", False),
    (3, "<t>Area</t>", "Area", False),
    (2, "<t>Area</t>", "Area", True),
    (0, f"<r><t><![CDATA[5,200]]></t></r><!-- <r><t>0</t></r> --><r>{UP}<t>1</t></r>", "5,200", False),
]  # fmt: skip


@pytest.mark.parametrize(("style", "runs", "seen", "struck"), RICH)
@pytest.mark.parametrize("kind", ["shared", "inline"])
def test_runs_of_xlsx_are_notes_or_withdrawn_and_take_the_font_of_their_cell(
    kind: str, style: int, runs: str, seen: str, struck: bool, reader: Reader
) -> None:
    shared = {
        "xl/styles.xml": STYLES,
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}"><si><t>x</t></si><si>{runs}</si></sst>',
        "xl/_rels/workbook.xml.rels": links(
            {"worksheets/sheet1.xml": "worksheet", "styles.xml": "styles", "sharedStrings.xml": "sharedStrings"}
        ),
    }
    cell = '<v>1</v>' if kind == "shared" else f"<is>{runs}</is>"  # fmt: skip
    data = f'<row r="2"><c r="B2" s="{style}" t="{"s" if kind == "shared" else "inlineStr"}">{cell}</c></row>'
    sheet = sheet_of(xlsx(data, more=shared), reader)
    assert sheet.cell(1, 1) == seen
    assert sheet.struck == ({(1, 1)} if struck else set())


def test_numbers_of_xlsx_are_seen_by_their_styles_wherever_their_cells_say_what_they_are(reader: Reader) -> None:
    data = (
        '<row r="1"><c r="A1" s="1"><v>5200000</v></c><c s="1" r="B1" t="n"><f>A1</f><v>5200000</v></c><c r="C1" s="3"><v>5</v></c>'
        '<c r=\'D1\' s = \'2\'><v>7</v></c><!-- <c r="E1" s="2"><v>1</v></c> --><c r="E1" s="5"><v>-5</v></c></row>'
        '<row r="2" hidden="1" s="1" customFormat="1"><c s="4"><v>0.5</v></c><c><v>0.5</v></c><c s="1" t="str"><f>"5"</f><v>5</v></c></row>'
    )
    scaled = FormattedNumber(5_200_000, "#,##0,")
    for sheet in (
        sheet_of(xlsx(data, more={"xl/styles.xml": STYLES}), reader),
        sheet_of(xlsx(data, more={"xl/styles.xml": ('<?xml version="1.0" encoding="UTF-16"?>' + STYLES).encode("utf-16")}), reader),
    ):  # fmt: skip
        assert sheet.rows[0][:4] == [scaled, scaled, 5, 7]
        assert not isinstance(sheet.cell(0, 4), float)
        assert sheet.rows[1][:3] == [FormattedNumber(0.5, "0.00%"), 0.5, "5"]
        assert sheet.struck == {(0, 3)}


def test_xlsx_that_hides_zeros_shows_none(reader: Reader) -> None:
    view = '<sheetViews><sheetView showZeros="0" workbookViewId="0"/></sheetViews>'
    data = '<row r="1"><c r="A1"><v>0</v></c><c r="B1"><v>2</v></c></row>'
    assert sheet_of(xlsx(data, before=view), reader).rows[0] == [FormattedNumber(0.0, ";;;"), 2]
