"""What a person sees in ods workbooks is what is read."""

from __future__ import annotations

import io
import zipfile

import pytest

from local_indicators.inputs.readers.cells import FormattedNumber
from local_indicators.inputs.sandbox.reader_processes import Reader
from tests.support.raw_workbooks import ods
from tests.support.read_sheets import sheet_of

NUMBER = '<number:number number:decimal-places="{}" number:min-integer-digits="1" number:grouping="true"{}/>'
BY = ' number:display-factor="{}"'
DATA = {
    "share": f"<number:percentage-style style:name='share'>{NUMBER.format(1, '')}<number:text>%</number:text></number:percentage-style>",
    "plain": f"<number:number-style style:name='plain'>{NUMBER.format(0, '')}</number:number-style>",
    "general": "<number:number-style style:name='general'><number:number number:min-integer-digits='1'/></number:number-style>",
    "scaled": f"<number:number-style style:name='scaled'>{NUMBER.format(0, BY.format(1000))}</number:number-style>",
    "hundreds": f"<number:number-style style:name='hundreds'>{NUMBER.format(0, BY.format(100))}</number:number-style>",
    "words": f"<number:number-style style:name='words'>{NUMBER.format(1, '')}<number:text> m</number:text></number:number-style>",
    "within": "<number:number-style style:name='within'><number:number number:decimal-places='0' number:min-integer-digits='3'>"
    "<number:embedded-text number:position='2'>-</number:embedded-text></number:number></number:number-style>",
    "none": "<number:number-style style:name='none'/>",
    "part": "<number:number-style style:name='part'><number:fraction number:min-integer-digits='0' number:min-numerator-digits='1' "
    "number:min-denominator-digits='1'/></number:number-style>",
    "money": f"<number:currency-style style:name='money'><number:currency-symbol>£</number:currency-symbol>{NUMBER.format(2, '')}</number:currency-style>",
    "day": "<number:date-style style:name='day'><number:day/><number:text> </number:text><number:month number:textual='true'/></number:date-style>",
    "mapped": f"<number:number-style style:name='few'><number:text>c</number:text></number:number-style>"
    f"<number:number-style style:name='mapped'>{NUMBER.format(0, '')}<style:map style:condition='value()&lt;5' style:apply-style-name='few'/></number:number-style>",
    "signed": f"<number:percentage-style style:name='up'>{NUMBER.format(0, '')}<number:text>%</number:text></number:percentage-style>"
    f"<number:percentage-style style:name='signed'><number:text>-</number:text>{NUMBER.format(0, '')}<number:text>%</number:text>"
    f"<style:map style:condition='value()&gt;=0' style:apply-style-name='up'/></number:percentage-style>",
}  # fmt: skip
SEEN_IN_ODS = [
    ("share", "float", "0.541", "54.1%", "54.1%", 54.1), ("share", "percentage", "0.541", "54,1 %", "54.1%", 54.1), ("share", "percentage", "0.541", "", "54.1%", 54.1),
    ("general", "percentage", "0.541", "54.10%", "54.10%", 54.1), ("plain", "float", "1234", "1,234", 1234, 1234), ("plain", "float", "1234", "1.234", 1234, 1234),
    ("general", "float", "0.541", "0.541", 0.541, 0.541), ("general", "float", "28.999999999999996", "29", 29, 29), ("plain", "float", "1234.5", "1,235", 1234.5, 1234.5),
    ("general", "float", "1.5e15", "1.5E+15", 1.5e15, 1.5e15), ("scaled", "float", "5200000", "5,200", "5,200", 5200), ("words", "float", "5.2", "5.2 m", "5.2 m", None),
    ("none", "float", "5", "", "", None), ("part", "float", "3.5", "3 1/2", "3 1/2", None), ("money", "currency", "-12.5", "-£12.50", -12.5, -12.5),
    ("mapped", "float", "3", "c", "c", None), ("mapped", "float", "1300", "1,300", 1300, 1300), ("signed", "percentage", "-0.05", "-5%", "-5%", -5),
    ("within", "float", "512", "5-12", "5-12", None), ("hundreds", "float", "1200", "12", "1,200?", None), ("plain", "float", "41", "###", 41, 41),
    # Where style and text disagree, nobody can tell which is meant.
    ("plain", "float", "41", "410", "410 or 41", None), ("general", "float", "0.541", "54.1%", "54.1% or 0.541", None), ("share", "float", "0.541", "0.541", "0.541 or 54.1%", None),
    ("general", "float", "5.2", "5.2 m", "5.2 m or 5.2", None), ("plain", "float", "-41", "41", "41 or -41", None), ("plain", "float", "395", "n/a", "n/a or 395", None),
]  # fmt: skip


@pytest.mark.parametrize(("style", "kind", "held", "drawn", "seen", "number"), SEEN_IN_ODS)
def test_ods_shows_numbers_by_their_data_styles(
    style: str, kind: str, held: str, drawn: str, seen: object, number: float | None, reader: Reader
) -> None:
    own = f'<style:style style:name="ce1" style:family="table-cell" style:data-style-name="{style}"/>'
    cell = (
        f'<table:table-row><table:table-cell table:style-name="ce1" office:value-type="{kind}" office:value="{held}">'
        f"<text:p>{drawn}</text:p></table:table-cell></table:table-row>"
    )
    found = sheet_of(ods(cell, styles=DATA[style] + own), reader).cell(0, 0)
    if isinstance(found, FormattedNumber):
        if style == "hundreds":
            assert found.look.seen is None
            return
        assert (found.look.text, found.look.seen) == (seen, number)
    else:
        assert found == seen


def test_a_count_under_a_day_in_ods_is_no_count(reader: Reader) -> None:
    own = '<style:style style:name="ce1" style:family="table-cell" style:data-style-name="day"/>'
    cell = (
        '<table:table-row><table:table-cell table:style-name="ce1" office:value-type="float" office:value="395">'
        "<text:p>{}</text:p></table:table-cell></table:table-row>"
    )
    for drawn in ("", "29 Jan", "395"):
        found = sheet_of(ods(cell.format(drawn), styles=DATA["day"] + own), reader).cell(0, 0)
        assert not isinstance(found, float)
        assert not (isinstance(found, FormattedNumber) and found.look.seen)


@pytest.mark.parametrize("flat", [False, True], ids=["ods", "flat"])
def test_styles_of_ods_are_inherited_from_parents_rows_and_columns_and_named_in_both_parts(
    flat: bool, reader: Reader
) -> None:
    cell = '<table:table-cell office:value-type="float" office:value="0.5"{}/>'
    common = (
        f"<office:styles><style:default-style style:family='table-cell'/>{DATA['share']}"
        "<style:style style:name='Shares' style:family='table-cell' style:data-style-name='share'/></office:styles>"
    )
    misleading = f"<office:automatic-styles>{DATA['share'].replace('share', 'plain')}</office:automatic-styles>"
    own = (
        f"{DATA['plain']}<style:style style:name='ce1' style:family='table-cell' style:parent-style-name='Shares'>"
        "<style:text-properties style:text-line-through-style='solid'/></style:style>"
        "<style:style style:name='ce2' style:family='table-cell' style:parent-style-name='Shares' style:data-style-name='plain'/>"
    )
    head = "<table:table-column/><table:table-column table:number-columns-repeated='2' table:default-cell-style-name='ce1'/>"
    row = "<table:table-row>" + cell.format("") * 3 + cell.format(" table:style-name='ce2'") + "</table:table-row>"
    rows = row + row.replace("<table:table-row>", "<table:table-row table:default-cell-style-name='Shares'>")
    if flat:
        whole = zipfile.ZipFile(io.BytesIO(ods(rows, head=head, styles=own))).read("content.xml").decode()
        whole = whole.replace("<office:automatic-styles>", common + "<office:automatic-styles>", 1)
        content = whole.replace("office:document-content", "office:document").encode()
    else:
        content = ods(rows, head=head, styles=own, common=common + misleading)
    sheet = sheet_of(content, reader)
    share = FormattedNumber(0.5, "#,##0.0%")
    assert sheet.rows == [[0.5, share, share, 0.5], [share, share, share, 0.5]]
    assert sheet.struck == {(0, 1), (0, 2)}


def test_ods_leaves_out_notes_and_what_is_struck_out(reader: Reader) -> None:
    styles = "".join(
        f"<style:style style:name='{name}' style:family='text'{parent}><style:text-properties {said}/></style:style>"
        for name, said, parent in (
            ("up", "style:text-position='super 58%'", ""), ("risen", "style:text-position='33% 58%'", ""),
            ("down", "style:text-position='sub 58%'", ""), ("through", "style:text-line-through-style='solid'", ""),
            ("level", "style:text-position='0% 100%'", " style:parent-style-name='up'"),
            ("child", "style:color='red'", " style:parent-style-name='up'"),
        )
    )  # fmt: skip
    texts = [
        ("5,200<text:span text:style-name='up'>1</text:span>", "5,200"),
        ("5,200<text:span text:style-name='risen'>1</text:span>", "5,200"),
        ("5,200<text:span text:style-name='child'><text:span>1</text:span></text:span>", "5,200"),
        ("5,200<text:span text:style-name='unknown'>1</text:span>", "5,200"),
        ("5,2<text:span text:style-name='level'>00</text:span>", "5,200"),
        ("<text:span text:style-name='through'>410</text:span> 395", " 395"),
        ("<text:span text:style-name='through'>410</text:span>", "410"),
        ("CO<text:span text:style-name='down'>2</text:span>", "CO2"),
        ("410</text:p><text:p>395", "410\n395"),
    ]
    rows = "".join(
        f"<table:table-row><table:table-cell office:value-type='string'><text:p>{text}</text:p></table:table-cell></table:table-row>"
        for text, _ in texts
    )
    sheet = sheet_of(ods(rows, styles=styles), reader)
    assert [row[0] for row in sheet.rows] == [seen for _, seen in texts]
    assert sheet.struck == {(6, 0)}


def test_ods_that_hides_zeros_shows_none(reader: Reader) -> None:
    cells = "".join(f'<table:table-cell office:value-type="float" office:value="{value}"/>' for value in (0, 2))
    assert sheet_of(ods(f"<table:table-row>{cells}</table:table-row>", hide_zeros=True), reader).rows[0] == [
        FormattedNumber(0.0, ";;;"),
        2,
    ]
