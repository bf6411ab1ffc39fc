"""A workbook that holds, beside a small return, nearly everything that a workbook can: made by openpyxl, and then the
parts that openpyxl cannot make put into the package by hand."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping

import openpyxl
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table

from tests.support.small_returns import HEADINGS

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MICROSOFT = "http://schemas.microsoft.com/office/2006/relationships"
SPARKLINES = (
    '<extLst><ext xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main" '
    'uri="{05C60535-1F16-4fd2-B633-F4F36F0B64E0}"><x14:sparklineGroups '
    'xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main"><x14:sparklineGroup><x14:sparklines>'
    "<x14:sparkline><xm:f>Figures!E4:G4</xm:f><xm:sqref>I4</xm:sqref></x14:sparkline></x14:sparklines>"
    "</x14:sparklineGroup></x14:sparklineGroups></ext></extLst>"
)
TEXT_BOX = (
    '<xdr:wsDr xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><xdr:absoluteAnchor><xdr:pos x="0" y="0"/>'
    '<xdr:ext cx="900000" cy="300000"/><xdr:sp macro="{macro}" textlink=""><xdr:nvSpPr><xdr:cNvPr id="2" name="Box"/>'
    '<xdr:cNvSpPr txBox="1"/></xdr:nvSpPr><xdr:spPr><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></xdr:spPr>'
    "<xdr:txBody><a:bodyPr/><a:p><a:r><a:t>A box of words</a:t></a:r></a:p></xdr:txBody></xdr:sp><xdr:clientData/>"
    "</xdr:absoluteAnchor></xdr:wsDr>"
)
EXTERNAL = (
    '<externalLink xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><externalBook '
    f'xmlns:r="{OFFICE}" r:id="rId1"><sheetNames><sheetName val="Sheet1"/></sheetNames></externalBook></externalLink>'
)


def harmless() -> bytes:
    """Nothing in it has to be taken out: everything that is not marked has to survive."""
    return _with_parts(_book(), {}, macro="")


def harmful() -> bytes:
    """The same with macros, links, connections and embedded objects in it."""
    return _with_parts(_book(), _HARM, macro="[0]!Button1_Click")


def _book() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Figures"
    sheet["A1"] = "Attainment return"
    sheet.merge_cells("A1:D1")
    for column, heading in enumerate(HEADINGS, start=1):
        sheet.cell(3, column, heading)
    rows = [
        ("Nottingham", "Good level", "2009/10", "reported", 150.0, 500, 1000),
        ("England", "Good level", "2009/10", "reported", 56.0, 560, 1000),
        ("Nottm", "Key stage 2", "2009/10", "reported", 67, None, None),
        ("Nottingham", "Key stage 2", "2008/09", "reported", 67, 4, None),
    ]
    for number, row in enumerate(rows, start=4):
        for column, value in enumerate(row, start=1):
            sheet.cell(number, column, value)
    sheet["E5"] = "=100*F5/G5"
    sheet["F5"].number_format = "0.0"
    sheet["E4"].font = Font(bold=True, color="FF0000FF", name="Arial")
    sheet["E4"].number_format = '0.0"%"'
    sheet["E4"].fill = PatternFill("solid", fgColor="FFCCFFCC")
    sheet["E4"].border = Border(bottom=Side(style="thick"))
    sheet["E4"].alignment = Alignment(horizontal="center")
    sheet["A6"].comment = Comment("Is this the right name?", "The sender")
    sheet["B4"].comment = Comment("Checked in May.", "The sender")
    sheet.row_dimensions[6].hidden = True
    sheet.column_dimensions["B"].width = 33
    sheet.freeze_panes = "A4"
    sheet.conditional_formatting.add(
        "F4:F9", CellIsRule(operator="lessThan", formula=["0"], font=Font(color="FFFF0000"))
    )
    choice = DataValidation(type="list", formula1='"reported,illustrative"', allow_blank=True)
    sheet.add_data_validation(choice)
    choice.add("D4:D30")
    sheet["K3"], sheet["L3"], sheet["K4"], sheet["L4"] = "Key", "Word", 1, "one"
    sheet.add_table(Table(displayName="Words", ref="K3:L4"))
    sheet.print_area = "A1:G9"
    other = book.create_sheet("Findings")
    other["A1"] = "Our own findings"
    other["B2"] = "='Figures'!E4"
    hidden = book.create_sheet("It's hidden")
    hidden.sheet_state = "hidden"
    hidden["A1"] = "x"
    book.defined_names["Places"] = DefinedName("Places", attr_text="Figures!$A$4:$A$7")
    book.active = 1
    sheet.sheet_view.tabSelected, other.sheet_view.tabSelected = False, True
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


_HARM: Mapping[str, tuple[str, str, bytes, str]] = {
    # part: (source, kind of relation, content, content type)
    "xl/vbaProject.bin": (
        "xl/workbook.xml", f"{MICROSOFT}/vbaProject", b"\xd0\xcf\x11\xe0macro", "application/vnd.ms-office.vbaProject",
    ),
    "xl/externalLinks/externalLink1.xml": (
        "xl/workbook.xml", f"{OFFICE}/externalLink", EXTERNAL.encode(),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.externalLink+xml",
    ),
    "xl/calcChain.xml": (  # no harm in itself, but it would name cells that have no formula any more
        "xl/workbook.xml", f"{OFFICE}/calcChain",
        b'<calcChain xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><c r="A12" i="1"/></calcChain>',
        "application/vnd.openxmlformats-officedocument.spreadsheetml.calcChain+xml",
    ),
    "xl/connections.xml": (
        "xl/workbook.xml", f"{OFFICE}/connections",
        b'<connections xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><connection id="1" '
        b'name="q" type="5" refreshOnLoad="1"/></connections>',
        "application/vnd.openxmlformats-officedocument.spreadsheetml.connections+xml",
    ),
    "customXml/item1.xml": ("xl/workbook.xml", f"{OFFICE}/customXml", b"<DataMashup/>", "application/xml"),
    "customUI/customUI.xml": (
        "", "http://schemas.microsoft.com/office/2006/relationships/ui/extensibility",
        b"<customUI onLoad='Go'/>", "application/xml",
    ),
    "xl/embeddings/oleObject1.bin": (
        "xl/worksheets/sheet1.xml", f"{OFFICE}/oleObject", b"\xd0\xcf\x11\xe0object",
        "application/vnd.openxmlformats-officedocument.oleObject",
    ),
    "xl/dialogsheets/sheet1.xml": (  # the reader takes no workbook with a macro sheet
        "xl/workbook.xml", f"{OFFICE}/dialogsheet",
        b'<dialogsheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>',
        "application/vnd.openxmlformats-officedocument.spreadsheetml.dialogsheet+xml",
    ),
    "xl/pivotCache/pivotCacheDefinition1.xml": (
        "xl/workbook.xml", f"{OFFICE}/pivotCacheDefinition",
        b'<pivotCacheDefinition xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        b'<cacheSource type="external" connectionId="1"/></pivotCacheDefinition>',
        "application/vnd.openxmlformats-officedocument.spreadsheetml.pivotCacheDefinition+xml",
    ),
    "xl/pivotTables/pivotTable1.xml": (
        "xl/worksheets/sheet1.xml", f"{OFFICE}/pivotTable",
        b'<pivotTableDefinition xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" name="P" cacheId="1">'
        b'<location ref="N3:O4" firstHeaderRow="1" firstDataRow="1" firstDataCol="1"/></pivotTableDefinition>',
        "application/vnd.openxmlformats-officedocument.spreadsheetml.pivotTable+xml",
    ),
    "xl/activeX/activeX1.xml": (
        "xl/worksheets/sheet1.xml", f"{OFFICE}/control", b"<ax:ocx xmlns:ax='u'/>", "application/vnd.ms-office.activeX+xml",
    ),
}  # fmt: skip


def _with_parts(content: bytes, harm: Mapping[str, tuple[str, str, bytes, str]], *, macro: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"].decode()
    sheet = re.sub(r"<f>100\*F5/G5</f><v\s*/?>(</v>)?", "<f>100*F5/G5</f><v>56</v>", sheet)
    tail = '<drawing xmlns:r="R" r:id="rIdBox"/>'.replace("R", OFFICE)
    parts["xl/drawings/drawing9.xml"] = TEXT_BOX.replace("{macro}", macro).encode()
    _relate(parts, "xl/worksheets/sheet1.xml", "rIdBox", f"{OFFICE}/drawing", "/xl/drawings/drawing9.xml")
    types = _override("/xl/drawings/drawing9.xml", "application/vnd.openxmlformats-officedocument.drawing+xml")
    ids = {}
    for number, (name, (source, kind, body, content_type)) in enumerate(harm.items()):
        parts[name] = body
        types += _override(f"/{name}", content_type)
        ids[name] = f"rIdHarm{number}"
        _relate(parts, source, ids[name], kind, f"/{name}")
    if harm:
        sheet = _with_harm(parts, sheet, ids)
        types = types.replace("</Types>", "")
        parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(
            b"openxmlformats-officedocument.spreadsheetml.sheet.main+xml", b"ms-excel.sheet.macroEnabled.main+xml"
        )
    sheet = sheet.replace("<legacyDrawing ", f"{tail}<legacyDrawing ", 1)
    sheet = sheet.replace("</worksheet>", f"{SPARKLINES}</worksheet>")
    parts["xl/worksheets/sheet1.xml"] = sheet.encode()
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(b"</Types>", types.encode() + b"</Types>")
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in parts.items():
            archive.writestr(name, body)
    return whole.getvalue()


def _with_harm(parts: dict[str, bytes], sheet: str, ids: Mapping[str, str]) -> str:
    """Cells, elements and relations through which the harmful parts act."""
    _relate(parts, "xl/externalLinks/externalLink1.xml", "rId1", f"{OFFICE}/externalLinkPath", r"\\server\share\b.xlsx",
            external=True)  # fmt: skip
    _relate(parts, "xl/worksheets/sheet1.xml", "rIdWeb", f"{OFFICE}/hyperlink", "http://example.org/", external=True)
    book = parts["xl/workbook.xml"].decode()
    link = ids["xl/externalLinks/externalLink1.xml"]
    book = book.replace("</sheets>", f'</sheets><externalReferences><externalReference xmlns:r="{OFFICE}" r:id="{link}"/></externalReferences>')  # fmt: skip
    book = book.replace("<definedNames>", '<definedNames><definedName name="Far">[1]Sheet1!$A$1</definedName>')
    sheet_link, cache = ids["xl/dialogsheets/sheet1.xml"], ids["xl/pivotCache/pivotCacheDefinition1.xml"]
    book = book.replace(
        "<sheets>", f'<sheets><sheet xmlns:r="{OFFICE}" name="Dialog1" sheetId="90" r:id="{sheet_link}"/>'
    )
    book = book.replace('localSheetId="0"', 'localSheetId="1"')
    pivots = f'<pivotCaches><pivotCache xmlns:r="{OFFICE}" cacheId="1" r:id="{cache}"/></pivotCaches>'
    book = book.replace("</workbook>", f"{pivots}</workbook>")
    _relate(parts, "xl/pivotTables/pivotTable1.xml", "rId1", f"{OFFICE}/pivotCacheDefinition",
            "/xl/pivotCache/pivotCacheDefinition1.xml")  # fmt: skip
    parts["xl/workbook.xml"] = book.encode()
    cells = (
        '<row r="12"><c r="A12"><f>[1]Sheet1!A1</f><v>7</v></c>'
        '<c r="B12" t="str"><f>cmd|\' /c calc\'!A0</f><v>last</v></c>'
        '<c r="C12" t="str"><f>HYPERLINK("http://example.org/","x")</f><v>x</v></c>'
        '<c r="D12"><f>Far+1</f><v>8</v></c><c r="E12"><f>MyOwn(F5)</f><v>9</v></c>'
        '<c r="F12"><f>SUM(F4:F5)</f><v>1060</v></c><c r="G12"><f>Dialog1!A1</f><v>3</v></c></row>'
    )
    ole, control = ids["xl/embeddings/oleObject1.bin"], ids["xl/activeX/activeX1.xml"]
    compat = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    return (
        sheet.replace("</sheetData>", f"{cells}</sheetData>")
        .replace("<pageMargins", f'<hyperlinks><hyperlink xmlns:r="{OFFICE}" ref="A5" r:id="rIdWeb"/>'
                 '<hyperlink ref="A4" location="Figures!E4"/></hyperlinks><pageMargins', 1)
        .replace("<tableParts", f'<oleObjects><oleObject xmlns:r="{OFFICE}" progId="Package" shapeId="1" r:id="{ole}"/>'
                 f'</oleObjects><mc:AlternateContent {compat}><mc:Choice Requires="x14"><controls><control '
                 f'xmlns:r="{OFFICE}" shapeId="2" r:id="{control}" name="c"/></controls></mc:Choice>'
                 "<mc:Fallback/></mc:AlternateContent><tableParts", 1)
    )  # fmt: skip


def _override(name: str, kind: str) -> str:
    return f'<Override PartName="{name}" ContentType="{kind}"/>'


def _relate(parts: dict[str, bytes], source: str, link: str, kind: str, target: str, *, external: bool = False) -> None:
    folder, _, base = source.rpartition("/")
    name = f"{folder}/_rels/{base}.rels".lstrip("/")
    blank = b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"></Relationships>'
    mode = ' TargetMode="External"' if external else ""
    new = f'<Relationship Id="{link}" Type="{kind}" Target="{target}"{mode}/></Relationships>'
    parts[name] = parts.get(name, blank).replace(b"</Relationships>", new.encode())
