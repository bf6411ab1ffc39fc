"""xlsx and xlsm, Strict and transitional: which parts are sheets, and what their XML says beyond calamine's values.

Runs on untrusted bytes, so only in the child process (inputs.sandbox.child_process). Source: ECMA-376, Part 1, 18.3
(worksheets).
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

import python_calamine as calamine

from local_indicators.common.cell_references import column_number_from_bytes
from local_indicators.inputs.readers.appearance.number_formats import DAY_ZERO
from local_indicators.inputs.readers.appearance.rich_text import formatted_items
from local_indicators.inputs.readers.calamine_sheets import DAY_ZERO_1904, SheetParser, build_sheet, open_workbook
from local_indicators.inputs.readers.cells import Cells, ErrorValue, Sheet, Uncalculated
from local_indicators.inputs.readers.excel.cell_address_checks import check_addresses
from local_indicators.inputs.readers.excel.cell_styles import CellStyles, read_styles_part
from local_indicators.inputs.readers.excel.linked_data_types import RichValues
from local_indicators.inputs.readers.excel.xlsx_styles import note_styled_cells
from local_indicators.inputs.readers.refusals import (
    MOST_COLUMNS,
    MOST_ROWS,
    DamagedFile,
    Refused,
    SizeBounds,
    refuse_damaged,
    refuse_too_many_cells,
)
from local_indicators.inputs.readers.size_limits import refuse_too_many_sheets
from local_indicators.inputs.readers.zip_package import (
    MOST_TEXT,
    ZipPackage,
    integer_attribute,
    part_relations,
    read_xml_part,
    without_comments,
    xml_elements,
)

STRINGS, STYLES = "xl/sharedStrings.xml", "xl/styles.xml"
"""Where calamine looks for them, whatever the workbook says."""
FAR = 3
"""So many times the cells that are read would calamine hold without dying; beyond that it is not asked."""
TRUE = ("1", "true", "on")


@dataclass(frozen=True)
class WorksheetPart:
    """A worksheet of a workbook: its name, the part that holds it, and whether it is hidden."""

    name: str
    path: str
    hidden: bool


@dataclass(frozen=True)
class WorkbookParts:
    """What the workbook part says: its worksheets in order, the parts they share, and how to take its formulas. `rich`
    are parts about values that no old program knows, by kind."""

    sheets: tuple[WorksheetPart, ...]
    strings: str
    styles: str
    date1904: bool
    stale: bool
    rich: Mapping[str, str]


def read_xlsx(content: bytes, package: ZipPackage, main: str, bounds: SizeBounds) -> Cells:
    """The cells of an xlsx or xlsm file. Raises Refused."""
    said = _book(package, main)
    strings = read_xml_part(package, said.strings) if said.strings in package else b""
    if re.search(rb">[^<]{%d}" % MOST_TEXT, strings):
        raise Refused("return.too-large", f"a text of more than {MOST_TEXT:,} characters in one cell")
    styles = read_xml_part(package, said.styles) if said.styles else b""
    looks = read_styles_part(styles) if styles else CellStyles()
    formatted = formatted_items(without_comments(strings), all_runs=bool(looks.fonts))
    sheets: list[Sheet] = []
    total = 0
    usual = (main, said.strings or STRINGS, said.styles or STYLES) == ("xl/workbook.xml", STRINGS, STYLES)
    shared: calamine.CalamineWorkbook | None = None
    rich = RichValues(package, said.rich)
    for one in said.sheets:
        xml = read_xml_part(package, one.path)
        usual = usual and not package.recoded  # calamine would find nothing in what is not UTF-8, and not say so
        if not strings and (b't="s"' in xml or b"t='s'" in xml):
            refuse_damaged("a workbook of which the texts are missing")
        scan = SheetParser(one.name, one.hidden, day_zero=DAY_ZERO_1904 if said.date1904 else DAY_ZERO)
        xml = without_comments(xml)
        scan_sheet(xml, scan, bounds, stale=said.stale)
        note_styled_cells(xml, scan, looks, formatted)
        rich.mark(xml, scan)
        del xml  # it may be large, and calamine unpacks it for itself
        sheet = None
        if usual:
            with suppress(DamagedFile, ValueError):
                shared = shared or open_workbook(content)
                index = [meta.name for meta in shared.sheets_metadata].index(one.name)
                sheet, total = build_sheet(shared, index, scan, bounds, total)
        if sheet is None:
            # Every part is whole and well-formed, so the package is only laid out in a way that calamine does not
            # know: UTF-16, links it does not follow. It gets the same parts in the usual places.
            xml = read_xml_part(package, one.path)
            plain = open_workbook(_plain_package(one.name, xml, strings, styles, date1904=said.date1904))
            sheet, total = build_sheet(plain, 0, scan, bounds, total)
        sheets.append(sheet)
    return Cells("xlsx", tuple(sheets))


def main_part_path(package: ZipPackage) -> str:
    """The path of the part that a package of Microsoft's kind begins with; blank where there is none."""
    if "_rels/.rels" in package:
        for element in xml_elements(read_xml_part(package, "_rels/.rels")):
            if element.name == "Relationship" and element.get("Type").endswith("/officeDocument"):
                target = element.get("Target").replace("\\", "/").lstrip("/")
                if target in package:
                    return target
    usual = ("xl/workbook.xml", "xl/workbook.bin", "word/document.xml", "ppt/presentation.xml")
    return next((name for name in usual if name in package), "")


def _book(package: ZipPackage, main: str) -> WorkbookParts:
    held = part_relations(package, main)
    sheets, date1904, stale = [], False, False
    for element in xml_elements(read_xml_part(package, main)):
        if element.name == "workbookPr":
            date1904 = element.get("date1904") in TRUE
        elif element.name == "calcPr":
            stale = element.attributes.get("calcCompleted", "1") not in TRUE
        elif element.name == "sheet":
            kind, path = held.get(element.get("id"), ("", ""))
            if kind == "worksheet":
                sheets.append(
                    WorksheetPart(element.get("name"), path, element.get("state") in ("hidden", "veryHidden"))
                )
            elif not kind:
                refuse_damaged(f"a workbook of which the sheet {element.get('name')} is missing")
    refuse_too_many_sheets([sheet.name for sheet in sheets])
    kinds = {kind: path for kind, path in held.values() if kind != "worksheet"}
    return WorkbookParts(tuple(sheets), kinds.get("sharedStrings", ""), kinds.get("styles", ""), date1904, stale, kinds)


# -- what the XML of a sheet says beyond values

_TOKEN = re.compile(rb"<(?:[\w.-]+:)?(row|c|f|v|is)(?=[\s/>])([^>]*)>([^<]*)")
_FORMULA_CELL = re.compile(
    rb"<(?:[\w.-]+:)?c(?=[\s>])([^>]*)>\s*"
    rb"<(?:[\w.-]+:)?f(?=[\s/>])(?:[^>]*/>|[^>]*>[^<]*<[^>]*>)\s*"
    rb"(<(?:[\w.-]+:)?v(?=[\s/>])(?:[^>]*/>|[^>]*>([^<]*)))?"
)
_ERROR_CELL = re.compile(
    rb"""<(?:[\w.-]+:)?c(?=\s)([^>]*\st\s*=\s*["']e["'][^>]*)>\s*<(?:[\w.-]+:)?v(?=[\s/>])[^>]*>([^<]*)"""
)
_ROW = re.compile(rb"<(?:[\w.-]+:)?row(?=[\s/>])([^>]*)>")
_COL = re.compile(rb"<(?:[\w.-]+:)?col(?=[\s/>])([^>]*)>")
_ATTRIBUTE = re.compile(rb"""(?:^|\s)(r|t|hidden|min|max)\s*=\s*["']([^"']*)["']""")
_ADDRESS = re.compile(rb"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")
_DATA = re.compile(rb"<(?:[\w.-]+:)?sheetData(?=[\s/>])")


def scan_sheet(xml: bytes, scan: SheetParser, bounds: SizeBounds, *, stale: bool = False) -> None:
    """Note the errors, formulas without a value, hidden rows and columns, and the reach of a sheet's XML.

    Going through every value costs more than calamine's whole reading. It is done only where cells have no addresses of
    their own or might reach too far; otherwise errors and formulas are picked out. Raises Refused.
    """
    data = _DATA.search(xml)
    begun, ended = (data.start(), xml.rfind(b"sheetData")) if data else (len(xml), len(xml))
    if b"hidden" in xml:
        for attributes in _COL.findall(xml, 0, begun):
            said = _said(attributes)
            if said.get(b"hidden", b"").decode("ascii", "replace") in TRUE:
                first, last = integer_attribute(said.get(b"min", b"")), integer_attribute(said.get(b"max", b""))
                scan.hidden_columns.update(range(max(first, 1) - 1, min(last, MOST_COLUMNS)))
    asks = any(sign in xml for sign in (b'"e"', b"'e'", b"<f", b":f"))
    within = (begun, ended)
    rows, columns = check_addresses(xml, begun, ended, scan.name)
    if rows * columns > FAR * bounds.cells or (asks and not _scan_marks(xml, within, scan, stale=stale)):
        _scan_cells(xml, within, scan, stale=stale)
        refuse_too_many_cells(bounds, scan.rows, scan.columns, sheet=scan.name)
    elif b"hidden" in xml:
        _scan_rows(xml, within, scan)


def _scan_marks(xml: bytes, within: tuple[int, int], scan: SheetParser, *, stale: bool) -> bool:
    """Note errors and formulas without a value by the addresses of their cells; False if a cell has none."""
    for found in _FORMULA_CELL.finditer(xml, *within):
        said = _said(found[1])
        address = _ADDRESS.fullmatch(said.get(b"r", b""))
        if not address:
            return False
        value = (found[3] or b"").strip() if found[2] else None
        _note(
            scan,
            int(address[2]) - 1,
            column_number_from_bytes(address[1]),
            said.get(b"t", b""),
            value,
            formula=True,
            stale=stale,
        )
    for found in _ERROR_CELL.finditer(xml, *within):
        address = _ADDRESS.fullmatch(_said(found[1]).get(b"r", b""))
        if not address:
            return False
        value = found[2].strip()
        _note(scan, int(address[2]) - 1, column_number_from_bytes(address[1]), b"e", value, formula=False, stale=stale)
    return True


def _note(
    scan: SheetParser, row: int, column: int, kind: bytes, value: bytes | None, *, formula: bool, stale: bool
) -> None:
    """Mark a cell that shows an error, or whose formula has no value; a text that is blank is a value."""
    if not 0 <= row < MOST_ROWS or not 0 <= column < MOST_COLUMNS:
        refuse_damaged("a workbook with a cell outside the sheet", scan.name)
    if kind == b"e":
        scan.marks[row, column] = ErrorValue((value or b"#error").decode("utf-8", "replace")[:30])
    elif formula and (stale or value is None or (value == b"" and kind != b"str")):
        scan.marks[row, column] = Uncalculated()
    scan.reach(row, column)


def _scan_rows(xml: bytes, within: tuple[int, int], scan: SheetParser) -> None:
    number = -1
    for found in _ROW.finditer(xml, *within):
        said = _said(found[1])
        number = integer_attribute(said[b"r"]) - 1 if b"r" in said else number + 1
        if said.get(b"hidden", b"").decode("ascii", "replace") in TRUE:
            scan.hidden_rows.add(number)


def _scan_cells(xml: bytes, within: tuple[int, int], scan: SheetParser, *, stale: bool) -> None:
    for row, column, kind, formula, value in _cells(xml, within, scan):
        _note(scan, row, column, kind, value, formula=formula, stale=stale)


def _cells(
    xml: bytes, within: tuple[int, int], scan: SheetParser
) -> Iterator[tuple[int, int, bytes, bool, bytes | None]]:
    """Each cell that holds something: row, column, type, whether it is a formula, and its value as written."""
    row, column, kind, formula, value, inline = -1, -1, b"", False, None, False
    for token in _TOKEN.finditer(xml, *within):
        name, attributes, text = token.groups()
        if name in (b"row", b"c"):
            if formula or value or inline:
                yield row, column, kind, formula, value
            kind, formula, value, inline = b"", False, None, False
            said = _said(attributes)
            if name == b"row":
                row, column = (integer_attribute(said[b"r"]) - 1 if b"r" in said else row + 1), -1
                if said.get(b"hidden", b"").decode("ascii", "replace") in TRUE:
                    scan.hidden_rows.add(row)
                continue
            address = _ADDRESS.fullmatch(said.get(b"r", b""))
            row, column = (int(address[2]) - 1, column_number_from_bytes(address[1])) if address else (row, column + 1)
            kind = said.get(b"t", b"")
        elif name == b"f":
            formula = True
        elif name == b"v":
            value = text.strip()
        else:
            inline = True
    if formula or value or inline:
        yield row, column, kind, formula, value


def _said(attributes: bytes) -> dict[bytes, bytes]:
    return dict(_ATTRIBUTE.findall(attributes))


# -- the same parts where calamine looks for them

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def _plain_package(name: str, sheet: bytes, strings: bytes, styles: bytes, *, date1904: bool) -> bytes:
    """A workbook of one sheet, laid out as Excel lays them out."""
    held = {"worksheets/sheet1.xml": sheet, "sharedStrings.xml": strings, "styles.xml": styles}
    kinds = {"worksheets/sheet1.xml": "worksheet", "sharedStrings.xml": "sharedStrings", "styles.xml": "styles"}
    links = "".join(
        f'<Relationship Id="r{number}" Type="{_OFFICE}/{kinds[path]}" Target="{path}"/>'
        for number, path in enumerate(held)
        if held[path]
    )
    book = (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><workbookPr date1904="{int(date1904)}"/>'
        f'<sheets><sheet name={quoteattr(name)} sheetId="1" r:id="r0"/></sheets></workbook>'
    )
    root = f'<Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("_rels/.rels", f'<Relationships xmlns="{_PACKAGE}">{root}</Relationships>')
        archive.writestr("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{_PACKAGE}">{links}</Relationships>')
        archive.writestr("xl/workbook.xml", book)
        for path, content in held.items():
            if content:
                archive.writestr(f"xl/{path}", content)
    return whole.getvalue()
