"""The texts and hidden tables of an Excel workbook of today, part by part. Runs only in the child process."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from local_indicators.inputs.readers.cells import Cells, HiddenText, Sheet
from local_indicators.inputs.readers.hidden_content.binary_texts import utf16_texts
from local_indicators.inputs.readers.hidden_content.hidden_tables import HiddenTables, pivot_caches, records_in_xml
from local_indicators.inputs.readers.hidden_content.xml_texts import texts_of_part, without_cells
from local_indicators.inputs.readers.invisible_characters import without_invisible_characters
from local_indicators.inputs.readers.refusals import Refused, SizeBounds
from local_indicators.inputs.readers.zip_package import ZipPackage, part_relations, read_part, xml_elements

MOST_CHARACTERS = 20_000_000
"""Of all texts beside the cells together; a workbook with more of them is no return."""
_SKIPPED = re.compile(
    r"\[content_types\]\.xml|(?:.*/)?_rels/.*|.*/(?:styles|theme\d*|calcchain|metadata|sharedstrings)\.xml|.*/theme/.*|.*\.(?:rels|png|jpe?g|gif|bmp|emf|wmf|tiff?|ico|svg)"
    r"|.*/printersettings/.*|docprops/thumbnail.*|.*/rd[a-z]+\.xml|.*/richdata/.*"
)
_PLACES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("comment", re.compile(r".*/(?:comments|threadedcomments)[^/]*(?:/[^/]+)?\.xml")),
    ("author", re.compile(r".*/persons/.*")),
    ("text box", re.compile(r".*/(?:drawings|diagrams)/.*")),
    ("chart", re.compile(r".*/charts/.*")),
    ("link to another workbook", re.compile(r".*/externallinks/.*")),
    ("slicer", re.compile(r".*/(?:slicers?|slicercaches|timelines?|timelinecaches)/.*")),
    ("property", re.compile(r"docprops/core\.xml")),
    ("property of the file", re.compile(r"docprops/.*|docmetadata/.*")),
)
_AUTHORS = frozenset(
    ("creator", "lastModifiedBy", "Manager", "Company", "AppVersion", "Application", "TotalTime", "Template")
)
_WHOLE = frozenset(("comment", "threadedComment", "p", "si", "is"))
_ATTRIBUTES = frozenset(
    {
        "displayName", "userId", "descr", "title", "alt", "prompt", "promptTitle", "error", "errorTitle", "tooltip",
        "comment", "description", "caption", "val", "v", "display", "customMenu", "statusBar", "codeName",
    }
)  # fmt: skip
_QUOTED = re.compile(r'"((?:[^"]|""){5,})"')


@dataclass
class HiddenContent:
    """What has been found so far, each text once."""

    texts: dict[HiddenText, None] = field(default_factory=dict)
    characters: int = 0

    def add(self, where: str, text: str, sheet: str = "", cell: str = "") -> None:
        """Note a text. Raises Refused where there are too many."""
        text = without_invisible_characters(text).strip()
        if len(text) < 4 or not any(c.isalnum() for c in text):
            return
        one = HiddenText(where, text, sheet, cell)
        if one not in self.texts:
            self.texts[one] = None
            self.characters += len(text)
            if self.characters > MOST_CHARACTERS:
                raise Refused(
                    "return.too-large",
                    "a workbook with millions of characters in comments, properties and hidden tables",
                )


def find_hidden_content(
    package: ZipPackage, main: str, cells: Cells, bounds: SizeBounds
) -> tuple[tuple[HiddenText, ...], tuple[tuple[str, Sheet], ...]]:
    """The texts elsewhere in a workbook, and the tables that no sheet shows. Raises Refused for too much of it."""
    found, tables = HiddenContent(), HiddenTables(bounds)
    owners = _owners(package, main)
    for name in sorted(package.parts):
        if _SKIPPED.fullmatch(name):
            continue
        try:
            content = read_part(package, name)
        except Refused:  # it may be damaged; what hangs on it is said where it is read
            continue
        if name.endswith(".bin") or not content.lstrip(b"\xef\xbb\xbf\xff\xfe \r\n\t").startswith((b"<", b"\0<")):
            if main.endswith(".bin") and re.search(r"comments|pivotcache|externallink", name):
                for run in utf16_texts(content):
                    found.add("comment" if "comment" in name else "hidden table", run)
        elif "/pivotcache/" in name:
            continue
        elif name.startswith("customxml/"):
            tables.add("custom XML", records_in_xml(content))
        elif name != main.lower():
            _note_part(found, name, content, owners)
    if main in package and not main.endswith(".bin"):
        _note_names(found, read_part(package, main))
        tables.add("the data behind a pivot table", pivot_caches(package))
        _note_strings(found, package, cells)
    return tuple(found.texts), tuple(tables.sheets)


def _owners(package: ZipPackage, main: str) -> Mapping[str, str]:
    """The sheet to which a part belongs, by the part's path in small letters."""
    found: dict[str, str] = {}
    try:
        held = part_relations(package, main)
        for one in xml_elements(read_part(package, main)) if not main.endswith(".bin") else ():
            kind, path = held.get(one.get("id"), ("", ""))
            if one.name == "sheet" and kind:
                found[path.lower()] = one.get("name")
                found |= {target.lower(): one.get("name") for _, target in part_relations(package, path).values()}
    except Refused:
        return found
    return found


def _note_part(hidden_content: HiddenContent, name: str, content: bytes, owners: Mapping[str, str]) -> None:
    where = next((where for where, form in _PLACES if form.fullmatch(name)), "")
    if name.endswith(".vml"):
        content = (
            b"<x>" + b"".join(re.findall(rb"<(?:\w+:)?textbox\b.*?</(?:\w+:)?textbox>", content, re.S | re.I)) + b"</x>"
        )
        where = "text box"
    is_sheet = "/worksheets/" in name or "/chartsheets/" in name
    if is_sheet:
        _note_formulas(hidden_content, content, owners.get(name, ""))
        content = without_cells(content, {"sheetData"})
    sheet = owners.get(name, "")
    for element, text, cell in texts_of_part(content, _WHOLE, _ATTRIBUTES, "ref" if where == "comment" else ""):
        said = where or (
            "header or footer"
            if re.search(r"header|footer", element, re.I)
            else "note on cells"
            if is_sheet
            else "another part"
        )
        if where == "property" and element in _AUTHORS:
            said = "author"
        if is_sheet and element in ("formula", "formula1", "formula2"):
            text = " ".join(_QUOTED.findall(text))
        if said == "header or footer":
            text = re.sub(r"&(?:[LCRDTPNFAGBIUESXYHO]|\d+|\"[^\"]*\"|K[0-9A-F]{6})", " ", text)
        hidden_content.add(said, text, sheet, cell.replace("$", "") if where == "comment" else "")


def _note_formulas(hidden_content: HiddenContent, xml: bytes, sheet: str) -> None:
    """Texts in quotation marks within the formulas of cells, of conditional formats and of validations."""
    formulas = set(re.findall(rb"<(?:[\w.-]+:)?(?:f|formula[12]?)(?:\s[^>]*)?>([^<]*(?:\"|&quot;)[^<]*)<", xml))
    for formula in formulas:
        for text in _QUOTED.findall(formula.decode("utf-8", "replace").replace("&quot;", '"')):
            hidden_content.add("formula", text, sheet)


def _note_names(hidden_content: HiddenContent, xml: bytes) -> None:
    """Defined names, what they say, and texts in their formulas."""
    for element, text, _ in texts_of_part(xml, frozenset(), _ATTRIBUTES | {"name"}):
        if element == "definedName":
            quoted = _QUOTED.findall(text)
            hidden_content.add("defined name", "; ".join(quoted) if quoted else text if "!" not in text else "")


def _note_strings(hidden_content: HiddenContent, package: ZipPackage, cells: Cells) -> None:
    """Texts that the workbook keeps and no cell shows any more."""
    name = next((name for name in package.parts if name.endswith("/sharedstrings.xml")), "")
    try:
        xml = read_part(package, name) if name else b""
    except Refused:
        return
    held = {cell for sheet in cells.sheets for row in sheet.rows for cell in row if type(cell) is str}
    if xml and xml.count(b"<si") > len(held):
        shown: Collection[str] = {without_invisible_characters(text).strip() for text in held}
        for _, text, _ in _texts_of(xml):
            if without_invisible_characters(text).strip() not in shown:
                hidden_content.add("text that no cell shows", text)


def _texts_of(xml: bytes) -> Iterator[tuple[str, str, str]]:
    yield from texts_of_part(xml, frozenset(("si",)))
