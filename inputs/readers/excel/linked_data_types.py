"""What a cell of Excel truly holds where the file says #VALUE!: a linked data type such as Geography, or a picture.

Such a cell shows a name or a picture, and #VALUE! stands in it only for programs that know no better. Which it is
stands in parts of their own. Runs on untrusted bytes, so only in the child process (inputs.sandbox.child_process).
Source: [MS-XLSX] 2.3.6 (rich values), and ECMA-376, Part 1, 18.9 (metadata).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar
from xml.parsers import expat

from local_indicators.common.cell_references import position_of_address
from local_indicators.common.safe_text import as_typed
from local_indicators.inputs.readers.calamine_sheets import SheetParser
from local_indicators.inputs.readers.cells import ErrorValue
from local_indicators.inputs.readers.zip_package import ZipPackage, parse_xml, read_xml_part

RULE = "cell.data-type"
UNTOLD = ErrorValue("one of Excel's data types, such as Geography or Stocks", RULE)
"""What a cell is taken for whose rich value the file does not tell."""
_KINDS = (
    ("_error", ""),
    ("image", "a picture in the cell"),
    ("_linkedentity", "one of Excel's linked data types, such as Geography or Stocks"),
    ("python", "an object of Python in Excel"),
    ("_entity", "one of Excel's data types"),
)
"""Rich values by what their type begins with or, without a line before it, holds. An error is only told in more detail
than an old program knows, and stays one."""
_SHOWN = ("_displaystring", "_display", "text", "name", "%entityname")
_CELL = re.compile(rb"""<(?:[\w.-]+:)?c(?=\s)([^>]*\svm\s*=\s*["']([0-9]{1,9})["'][^>]*)>""")
_ADDRESS = re.compile(rb"""(?:^|\s)r\s*=\s*["']([A-Za-z]{1,3}[0-9]{1,7})["']""")
T = TypeVar("T")


@dataclass
class _Element:
    """An element with its text, its attributes and its children."""

    name: str
    said: Mapping[str, str]
    children: list[_Element] = field(default_factory=list)
    text: str = ""

    def under(self, *names: str) -> list[_Element]:
        """The elements that a path of names leads to."""
        found = [self]
        for name in names:
            found = [child for one in found for child in one.children if child.name == name]
        return found


class RichValues:
    """The rich values of a workbook, read when a cell first asks for one. `parts` are paths by the kind of their
    relation to the workbook."""

    def __init__(self, package: ZipPackage, parts: Mapping[str, str]) -> None:
        self._package, self._parts = package, parts
        self._told: list[ErrorValue | None] | None = None

    def mark(self, xml: bytes, scan: SheetParser) -> None:
        """Put what they truly hold over the errors that cells of a sheet show. Raises Refused."""
        for found in _CELL.finditer(xml) if b"vm=" in xml or b"vm =" in xml else ():
            address = _ADDRESS.search(found[1])
            where = position_of_address(address[1].decode("ascii")) if address else None
            place = None if where is None else divmod(where, 16_384)
            if place is None or not isinstance(scan.marks.get(place), ErrorValue):
                continue
            if (truly := self._of(int(found[2]))) is not None:
                scan.marks[place] = truly

    def _of(self, number: int) -> ErrorValue | None:
        """What the value metadata of a number, from 1, stands for; None where that is an error."""
        if self._told is None:
            self._told = self._read()
        return self._told[number - 1] if 0 < number <= len(self._told) else UNTOLD

    def _tree(self, kind: str) -> _Element:
        path = self._parts.get(kind, "")
        return _tree(read_xml_part(self._package, path)) if path in self._package else _Element("", {})

    def _read(self) -> list[ErrorValue | None]:
        metadata = self._tree("sheetMetadata")
        types = [one.said.get("name") for one in metadata.under("metadataTypes", "metadataType")]
        rich = next((one for one in metadata.under("futureMetadata") if one.said.get("name") == "XLRICHVALUE"), None)
        blocks = rich.under("bk") if rich else []
        values, structures = self._tree("rdRichValue").under("rv"), self._tree("rdRichValueStructure").under("s")
        told: list[ErrorValue | None] = []
        for record in (block.under("rc") for block in metadata.under("valueMetadata", "bk")):
            one = next((rc for rc in record if _item(types, rc.said.get("t"), 1) == "XLRICHVALUE"), None)
            block = _item(blocks, one.said.get("v")) if one else None
            link = next(iter(block.under("extLst", "ext", "rvb")), None) if block else None
            told.append(_said(_item(values, link.said.get("i")) if link else None, structures))
        return told


def _said(value: _Element | None, structures: list[_Element]) -> ErrorValue | None:
    structure = _item(structures, value.said.get("s")) if value else None
    if value is None or structure is None:
        return UNTOLD
    kind = structure.said.get("t", "").casefold()
    what = next((words for known, words in _KINDS if known in kind), "one of Excel's data types")
    if not what:
        return None
    keys = [one.said.get("n", "").casefold() for one in structure.under("k")]
    held = dict(zip(keys, (one.text for one in value.under("v")), strict=False))
    shown = next((held[key] for key in _SHOWN if held.get(key, "").strip()), "")
    return ErrorValue(f"{as_typed(shown)[:60]} ({what})" if shown else what, RULE)


def _item(items: list[T], number: str | None, first: int = 0) -> T | None:
    at = int(number) - first if number and number.isdigit() and len(number) < 9 else -1
    return items[at] if 0 <= at < len(items) else None


def _tree(xml: bytes) -> _Element:
    """The elements of a part, below its root. Raises Refused where it is not well-formed."""
    top = _Element("", {})
    open_ones = [top]
    parser = expat.ParserCreate()

    def start(name: str, said: dict[str, str]) -> None:
        one = _Element(name.split(":")[-1], {key.split(":")[-1]: value for key, value in said.items()})
        open_ones[-1].children.append(one)
        open_ones.append(one)

    def text(said: str) -> None:
        open_ones[-1].text += said

    parser.StartElementHandler, parser.CharacterDataHandler = start, text
    parser.EndElementHandler = lambda _: open_ones.pop() and None
    parse_xml(xml, parser)
    return next(iter(top.children), top)
