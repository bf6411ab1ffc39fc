"""Small workbooks that are broken, locked, old or hostile."""

from __future__ import annotations

import io
from datetime import datetime

import openpyxl

from tests.support.raw_workbooks import zipped

NEW_YEAR = datetime.fromisoformat("2011-01-01")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
TABLE = b"<table><tr><td>Nottingham</td><td>1</td></tr></table>"
LOL = '<!DOCTYPE sst [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
ROW = '<row r="1"><c r="A1"><v>1</v></c></row>'


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
