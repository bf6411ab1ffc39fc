"""The marked-up copy: what is wrong is in colour, in comments and in a list, and nothing else of the workbook changes."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local_indicators.common.cell_references import address_of_position, cell_position
from local_indicators.flows.commands.application import main
from local_indicators.inputs.layouts.layout_language import SHORTHAND
from local_indicators.inputs.parsing.cell_values.numbers import NumberReading, read_number
from local_indicators.inputs.readers.cells import FINDINGS_MARK, Cells, Sheet
from local_indicators.inputs.readers.read_file import read_file as read_here
from local_indicators.replies.annotation.active_content import RemovedContent, refers_outside_workbook
from local_indicators.replies.annotation.annotated_workbook import annotate_workbook
from local_indicators.replies.annotation.ooxml.cell_styles import FILLS
from local_indicators.replies.annotation.values_only_workbook import values_only_workbook
from local_indicators.schemas.findings import make_finding
from tests.support.hard_workbook import harmful, harmless
from tests.support.marked_copies import NOON, cells_of, fill_of, marked, parts_of, read_cells, text_of
from tests.support.small_returns import GOOD, write_return

# -- a workbook changed in place --------------------------------------------------------------------------------------


def test_only_what_is_marked_changes() -> None:
    content = harmless()
    before, after = parts_of(content), parts_of(marked(content))
    changed = {name for name in before if after.get(name) != before[name]}
    assert changed == {
        "[Content_Types].xml",
        "xl/_rels/workbook.xml.rels",
        "xl/workbook.xml",
        "xl/styles.xml",
        "xl/worksheets/sheet1.xml",
        "xl/worksheets/sheet2.xml",  # was the sheet on show, and now ours is
        "xl/worksheets/sheet3.xml",
        "xl/comments/comment1.xml",
        "xl/drawings/commentsDrawing1.vml",
    }
    old, new = cells_of(before["xl/worksheets/sheet1.xml"]), cells_of(after["xl/worksheets/sheet1.xml"])
    coloured = {"E4", "A6", "G7", "C15", "C16", "C17", "B4"}
    assert {name: cell for name, cell in new.items() if name not in coloured} == {
        name: cell for name, cell in old.items() if name not in coloured
    }

    def outside(xml: bytes) -> str:
        text = re.sub(r"<sheetData>.*</sheetData>", "", xml.decode(), flags=re.S)
        return re.sub(r'<dimension ref="[^"]*"', "<dimension", text)

    assert outside(after["xl/worksheets/sheet1.xml"]) == outside(before["xl/worksheets/sheet1.xml"])
    assert b"<f>100*F5/G5</f><v>56</v>" in after["xl/worksheets/sheet1.xml"]
    assert b"sparkline" in after["xl/worksheets/sheet1.xml"]


def test_values_and_addresses_stay_and_marked_cells_keep_their_format() -> None:
    before, copy = harmless(), marked(harmless())
    old, new = read_cells(before), read_cells(copy)
    assert [s.name for s in new.sheets] == ["Findings (2)", "Figures", "Findings", "It's hidden"]
    for ours, theirs in zip(new.sheets[1:], old.sheets, strict=True):
        assert [cell for row in ours.rows for cell in row if cell is not None] == [
            cell for row in theirs.rows for cell in row if cell is not None
        ]
        assert all(ours.cell(r, c) == theirs.cell(r, c) for r in range(20) for c in range(14))
        assert (ours.merged, ours.hidden, ours.hidden_rows) == (theirs.merged, theirs.hidden, theirs.hidden_rows)
    was = openpyxl.load_workbook(io.BytesIO(before))["Figures"]
    now = openpyxl.load_workbook(io.BytesIO(copy))
    sheet = now["Figures"]
    for look in ("font", "number_format", "border", "alignment", "protection"):
        assert repr(getattr(sheet["E4"], look)) == repr(getattr(was["E4"], look))
    assert {fill_of(sheet[a]) for a in ("E4", "A6", "G7", "C15", "C16", "C17")} == {FILLS["error"]}
    assert fill_of(sheet["B4"]) == fill_of(now["It's hidden"]["A1"]) == FILLS["warning"]
    assert fill_of(sheet["F4"]) == ""
    assert now.defined_names["Places"].attr_text == "Figures!$A$4:$A$7"
    assert sheet.print_area == "'Figures'!$A$1:$G$9"
    assert sheet.row_dimensions[6].hidden
    assert sheet.column_dimensions["B"].width == 33
    assert sheet.data_validations.dataValidation[0].formula1 == '"reported,illustrative"'
    assert [str(area.sqref) for area in sheet.conditional_formatting] == ["F4:F9"]
    assert now.active.title == "Findings (2)"
    assert [s.sheet_view.tabSelected for s in now.worksheets].count(True) == 1


def test_comments_say_what_to_do_beside_those_of_the_sender() -> None:
    copy = marked(harmless())
    sheet = openpyxl.load_workbook(io.BytesIO(copy))["Figures"]
    said = sheet["E4"].comment.text
    for words in ("higher than it can be", "Found: 150", "Expected: at most 100 %", "What to do: Correct the value."):
        assert words in said
    assert sheet["A6"].comment.text.startswith("Is this the right name?")
    assert "not an area we know" in sheet["A6"].comment.text
    assert sheet["B4"].comment.text.startswith("Checked in May.")
    assert sheet["G7"].comment is not None
    assert sheet["C15"].comment is not None
    assert sheet["C16"].comment is None
    vml = next(body for name, body in parts_of(copy).items() if name.endswith(".vml") and b"<x:Row>3</x:Row>" in body)
    assert len(set(re.findall(rb'id="(_x0000_s\d+)"', vml))) == len(re.findall(rb"<(?:\w+:)?shape ", vml))


def test_findings_are_listed_in_the_order_of_the_workbook_with_links_to_their_cells() -> None:
    copy = marked(harmless())
    sheet = openpyxl.load_workbook(io.BytesIO(copy)).worksheets[0]
    head = next(r for r in range(1, 30) if sheet.cell(r, 2).value == "Where")
    lines = [[sheet.cell(r, c).value for c in range(1, 10)] for r in range(head + 1, head + 7)]
    assert [line[1] for line in lines] == [
        "the whole file", "Figures!E4", "Figures!A6 (hidden)", "Figures!G7", "Figures!C15:C17",
        "'It''s hidden'!A1, Figures!B4 (hidden)",
    ]  # fmt: skip
    assert lines[1][3:] == [
        "To put right", "The value is higher than it can be.", "150", "at most 100 %", "Correct the value.",
        "value.above-maximum",
    ]  # fmt: skip
    jumps = {sheet.cell(r, 2).value: sheet.cell(r, 2).hyperlink.location for r in range(head + 2, head + 7)}
    assert jumps["Figures!C15:C17"] == "'Figures'!C15:C17"
    assert jumps["'It''s hidden'!A1, Figures!B4 (hidden)"] == "'It''s hidden'!A1"
    xml = parts_of(copy)["xl/worksheets/findings.xml"]
    assert b"<f" not in xml.replace(b"<fo", b"")
    assert "=cmd|'/c calc'!A0" in [line[5] for line in lines]
    text = text_of(read_cells(copy).sheets[0])
    assert "S000007" in text
    assert "Attainment: not accepted" in text


def test_cells_know_their_period(own_partner: Path, tmp_path: Path) -> None:
    rows = [("Nottingham", "Key stage 2", "2008/09", "reported", 167, None, None), *GOOD]
    write_return(own_partner, rows)
    assert main(["check", str(own_partner), "--json", "--marked-up", str(tmp_path / "mended.xlsx")]) == 1
    text = text_of(read_cells((tmp_path / "mended.xlsx").read_bytes()).sheets[0])
    assert "Figures!E4 | 2008/09 | To put right" in text


# -- what is taken out ------------------------------------------------------------------------------------------------


def test_what_could_act_is_taken_out_and_listed() -> None:
    content = harmful()
    parts = parts_of(marked(content))
    everything = b"\n".join(
        name.encode() + body
        for name, body in parts.items()
        if name.count("/") < 2 or ("/findings" not in name and "/comment" not in name)
    )
    for trace in (b"vbaProject", b"externalLink", b"externalReference", b"connections", b"customXml", b"customUI",
                  b"oleObject", b"activeX", b"example.org", b"server", b"macroEnabled", b"Button1_Click", b"HYPERLINK",
                  b"cmd|", b"[1]", b"MyOwn", b"Far+1", b"controls", b"pivotCache", b"pivotTable", b"calcChain", b"ialog1"):  # fmt: skip
        assert trace not in everything, trace
    copy = marked(content)
    text = text_of(read_cells(copy).sheets[0])
    for words in ("macros (VBA)", "a link to another workbook: \\\\server\\share\\b.xlsx", "data connections",
                  "custom XML data", "changes to the ribbon", "an embedded object", "an ActiveX control",
                  "a hyperlink that leads out of the workbook: Figures!A5", "Figures!A12, Figures!B12, Figures!C12",
                  "a dialog sheet", "a pivot table that is fed from outside", "macros that buttons and shapes call"):  # fmt: skip
        assert words in text, words
    sheet = openpyxl.load_workbook(io.BytesIO(copy))["Figures"]
    assert [sheet[f"{c}12"].value for c in "ABCDEFG"] == [7, "last", "x", 8, 9, "=SUM(F4:F5)", 3]
    assert sheet.print_area == "'Figures'!$A$1:$G$9"
    assert sheet["A4"].hyperlink.location == "Figures!E4"
    assert b"A box of words" in parts["xl/drawings/drawing9.xml"]
    types = parts["[Content_Types].xml"].decode()
    named = {name.lstrip("/") for name in re.findall(r'PartName="([^"]+)"', types)}
    assert named <= set(parts)
    assert 'PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"' in types  # fmt: skip


@pytest.mark.parametrize(
    ("formula", "out"),
    [
        ("SUM(A1:A3)", False), ("Table1[2010]+Table1[[2010]:[2011]]", False), ("[0]!Local", False),
        ('IF(A1="[1]Sheet!A1","cmd|x","")', False), ("'Year (2010)'!A1", False), ('HYPERLINK("#Figures!A1","go")', False),
        ("[1]Sheet1!A1", True), ("'[1]Sheet 1, (b)'!A1*2", True), ("[2]!Name", True), ("cmd|'/c calc'!A0", True),
        ("'C:\\x\\[b.xlsx]S'!A1", True), ('HYPERLINK("http://x.org")', True), ('hyperlink(A1,"x")', True),
        ('_xlfn.WEBSERVICE("http://x")', True), ("'file:///x.ods'#$Sheet1.A1", True), ("SUM([1]Sheet1!A1:A4)", True),
    ],
)  # fmt: skip
def test_formulas_that_lead_out_of_the_workbook_are_told_from_others(formula: str, out: bool) -> None:
    assert refers_outside_workbook(formula, RemovedContent()) is out


# -- packages of an unusual build -------------------------------------------------------------------------------------


def _strict(sheet: str) -> bytes:
    """A Strict package with prefixed names, a workbook in a folder of its own and no styles."""
    main_space, rel = (
        "http://purl.oclc.org/ooxml/spreadsheetml/main",
        "http://purl.oclc.org/ooxml/officeDocument/relationships",
    )
    package = "http://schemas.openxmlformats.org/package/2006"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="a" Type="{rel}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<s:workbook xmlns:s="{main_space}" xmlns:q="{rel}" conformance="strict"><s:sheets>'
        '<s:sheet name="One" sheetId="4" q:id="b"/></s:sheets></s:workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="b" Type="{rel}/worksheet" Target="worksheets/one.xml"/></Relationships>',
        "xl/worksheets/one.xml": f'<s:worksheet xmlns:s="{main_space}">{sheet}</s:worksheet>',
    }  # fmt: skip
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return whole.getvalue()


def test_implicit_coordinates_prefixes_and_strict_names_are_understood() -> None:
    sheet = (
        "<s:sheetData><s:row><s:c><s:v>1</s:v></s:c><s:c><s:v>2</s:v></s:c></s:row><s:row/>"
        '<s:row r="5" spans="3:3"><s:c r="C5"><s:v>5</s:v></s:c><s:c><s:v>6</s:v></s:c></s:row></s:sheetData>'
    )
    found = [
        make_finding("cell.blank", sheet="One", cells=[c]) for c in ("B1", "D1", "B2", "A4", "A5", "D5", "F5", "B9")
    ]
    parts = parts_of(marked(_strict(sheet), tuple(found)))
    xml = parts["xl/worksheets/one.xml"].decode()
    plain = re.sub(r's="\d+"', "s", xml.split("<s:sheetData>")[1].split("</s:sheetData>")[0])
    assert plain == (
        '<s:row><s:c><s:v>1</s:v></s:c><s:c s><s:v>2</s:v></s:c><s:c r="D1" s/></s:row><s:row><s:c r="B2" s/></s:row>'
        '<s:row r="4"><s:c r="A4" s/></s:row>'
        '<s:row r="5"><s:c r="A5" s/><s:c r="C5"><s:v>5</s:v></s:c><s:c s><s:v>6</s:v></s:c><s:c r="F5" s/></s:row>'
        '<s:row r="9"><s:c r="B9" s/></s:row>'
    )
    assert "<s:legacyDrawing " in xml
    assert 'xmlns="http://purl.oclc.org/ooxml/spreadsheetml/main"' in parts["xl/worksheets/findings.xml"].decode()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<sheetData>", b"<sheetData><!-- -->"),  # nothing unusual: still changed in place
        (b'<c r="F5"', b'<x xmlns="urn:x"><f xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">cmd|a!b</f></x><c r="F5"'),
    ],
)  # fmt: skip
def test_what_cannot_be_changed_safely_is_shown_by_its_values(old: bytes, new: bytes) -> None:
    parts = parts_of(harmless())
    parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"].replace(old, new)
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, body in parts.items():
            archive.writestr(name, body)
    cells = read_cells(marked(whole.getvalue()))
    assert ("it could not be marked as it stands" in text_of(cells.sheets[0])) is (b"cmd|" in new)
    assert read_number(cells.sheets[1].cell(3, 4), "percent", SHORTHAND) == NumberReading(150.0)
    assert b"cmd|a" not in b"".join(parts_of(marked(whole.getvalue())).values())


# -- other kinds of file ----------------------------------------------------------------------------------------------


def test_a_csv_is_shown_as_a_workbook_in_which_nothing_is_a_formula() -> None:
    content = b"Area,Value\nNottingham,=1+1\n\"=cmd|'/c calc'!A0\",5\n+44,-3\n@x,\n"
    copy = marked(content, (make_finding("cell.not-a-number", sheet="csv", cells=["B2"], found="=1+1"),), "a.csv")
    cells, was = read_cells(copy), read_cells(content)
    assert cells.sheets[1].rows[:4] == was.sheets[0].rows[:4]
    assert "of the kind csv" in text_of(cells.sheets[0])
    sheet = openpyxl.load_workbook(io.BytesIO(copy))["csv"]
    assert fill_of(sheet["B2"]) == FILLS["error"]
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    assert b"<f>" not in b"".join(parts_of(copy).values())


def test_a_rendering_keeps_kinds_of_value_merges_and_what_is_hidden() -> None:
    rows: list[list[Any]] = [
        ["t", 1.5, 2, True, NOON.replace(hour=0), NOON],
        [None, None, "_x000D_\x01"],
    ]
    sheets = (Sheet("A/b [c]", rows, ((2, 0, 3, 1),), hidden_rows=frozenset({1})), Sheet("a b  c", [], hidden=True))
    content, names, notes = values_only_workbook(Cells("ods", sheets))
    cells = read_cells(content)
    assert names == {"A/b [c]": "A b  c", "a b  c": "a b  c (2)"}
    assert any("'A/b [c]'" in note for note in notes)
    first, second = cells.sheets
    assert first.rows[0] == rows[0]
    assert (first.merged, second.hidden) == (((2, 0, 3, 1),), True)
    opened = openpyxl.load_workbook(io.BytesIO(content))
    assert opened.sheetnames == list(names.values())
    assert opened.worksheets[0].row_dimensions[2].hidden


# -- the way round ----------------------------------------------------------------------------------------------------


# -- whatever partners call and type things ---------------------------------------------------------------------------

NAMES = st.text(
    st.characters(exclude_characters="[]:*?/\\'", exclude_categories=("Cc", "Cs", "Cn", "Co")), min_size=1, max_size=20
).filter(lambda name: name.strip() == name)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


@settings(max_examples=25, deadline=None)
@given(
    name=st.builds(lambda a, b: f"{a}'{b}", NAMES, NAMES) | NAMES,
    found=TEXTS,
    row=st.integers(1, 300),
    start=st.sampled_from("=+-@\t|"),
)
def test_any_name_and_any_text_is_shown_and_nothing_of_it_acts(name: str, found: str, row: int, start: str) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.title = name
    book.active["B2"] = 3
    whole = io.BytesIO()
    book.save(whole)
    one = make_finding("cell.not-a-number", sheet=name, cells=[f"C{row}"], field="value")
    record = {**one.as_dict(), "found": start + found, "says": start + found, "period": "", "title": found}
    copy = annotate_workbook(whole.getvalue(), [("File", start + found)], [record])
    cells = read_here(copy)
    assert cells.sheets[0].cell(0, 0) == FINDINGS_MARK
    assert cells.sheets[1].name == name
    assert cells.sheets[1].cell(1, 1) == 3
    opened = openpyxl.load_workbook(io.BytesIO(copy))
    ours, theirs = opened.worksheets
    assert all(cell.data_type != "f" for line in ours.iter_rows() for cell in line)
    jump = next(cell.hyperlink.location for line in ours.iter_rows() for cell in line if cell.hyperlink)
    assert jump == "'" + name.replace("'", "''") + f"'!C{row}"
    assert fill_of(theirs[f"C{row}"]) == FILLS["error"]
    assert theirs[f"C{row}"].comment is not None


PLACES = st.tuples(st.integers(0, 30), st.integers(0, 12))


@settings(max_examples=40, deadline=None)
@given(
    filled=st.dictionaries(PLACES, st.floats(-1e9, 1e9) | TEXTS.filter(str.isprintable), max_size=30),
    wanted=st.sets(PLACES, min_size=1, max_size=20),
    explicit=st.booleans(),
)
def test_wherever_cells_are_exactly_those_that_are_named_get_a_colour(
    filled: dict[tuple[int, int], Any], wanted: set[tuple[int, int]], explicit: bool
) -> None:
    rows: list[list[Any]] = [[filled.get((row, column)) for column in range(13)] for row in range(31)]
    plain, _, _ = values_only_workbook(Cells("ods", (Sheet("One", rows),)))
    parts = parts_of(plain)
    if not explicit:  # without addresses a row starts at column A and goes on without a gap
        xml = re.sub(r'<row r="\d+">', "<row>", parts["xl/worksheets/sheet1.xml"].decode())
        parts["xl/worksheets/sheet1.xml"] = re.sub(r'<c r="[A-Z]+\d+"', "<c", xml).encode()
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, body in parts.items():
            archive.writestr(name, body)
    before = read_here(whole.getvalue()).sheets[0]
    cells = [address_of_position(cell_position(row, column)) for row, column in sorted(wanted)]
    record = make_finding("cell.blank", sheet="One", cells=cells).as_dict() | {"says": "", "period": "", "title": ""}
    copy = annotate_workbook(whole.getvalue(), [], [record])
    after = read_here(copy).sheets[1]
    assert all(after.cell(row, column) == before.cell(row, column) for row in range(40) for column in range(20))
    sheet = openpyxl.load_workbook(io.BytesIO(copy))["One"]
    assert {cell.coordinate for line in sheet.iter_rows() for cell in line if fill_of(cell)} == set(cells)
