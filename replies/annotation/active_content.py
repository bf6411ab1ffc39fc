"""What is taken out of a partner's workbook before a copy of it goes back, and what is said of each thing taken out.

Only relations of kinds that are known to be harmless are followed: whatever else a package holds stays behind. Runs on
untrusted bytes, so only in the child process.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from replies.annotation.ooxml.ooxml_package import ROOT, Package, Relation, reachable_relations
from replies.annotation.ooxml.xml_splicing import (
    Edit,
    Element,
    NotEditableError,
    apply_edits,
    attributes_to_drop,
    first_element,
    parse_elements,
    with_attributes,
)
from schemas.findings import as_typed

KEPT_RELATIONS = frozenset(
    {
        "officeDocument", "core-properties", "extended-properties", "extendedProperties", "custom-properties",
        "customProperties", "coreProperties", "thumbnail", "classificationlabels",
        "worksheet", "chartsheet", "theme", "themeOverride", "styles", "sharedStrings", "calcChain", "sheetMetadata",
        "comments", "threadedComment", "person", "vmlDrawing", "drawing", "image", "chart", "chartUserShapes",
        "chartStyle", "chartColorStyle", "chartEx", "table", "printerSettings",
        "pivotTable", "pivotCacheDefinition", "pivotCacheRecords", "slicer", "slicerCache", "timeline", "timelineCache",
        "diagramData", "diagramLayout", "diagramQuickStyle", "diagramColors", "diagramDrawing", "ctrlProp",
        "rdRichValue", "rdRichValueStructure", "rdRichValueTypes", "rdSupportingPropertyBag",
        "rdSupportingPropertyBagStructure", "rdArray", "richStyles", "richValueRel", "FeaturePropertyBag",
        "hdphoto", "media", "namedSheetView",
    }
)  # fmt: skip
"""Last words of the types of relations that stay."""

PICTURE_RELATIONS = frozenset(("image", "hdphoto", "media", "thumbnail"))
"""Of these, what shows something that nobody has looked at."""

REMOVED_RELATIONS: Mapping[str, str] = {
    "vbaProject": "macros (VBA)",
    "vbaProjectSignature": "macros (VBA)",
    "wordVbaData": "macros (VBA)",
    "xlMacrosheet": "a macro sheet",
    "xlIntlMacrosheet": "a macro sheet",
    "dialogsheet": "a dialog sheet",
    "attachedToolbars": "attached toolbars",
    "extensibility": "changes to the ribbon",
    "userCustomization": "changes to the ribbon",
    "externalLink": "a link to another workbook",
    "externalLinkPath": "a link to another workbook",
    "connections": "data connections",
    "queryTable": "a query",
    "xmlMaps": "XML maps",
    "tableSingleCells": "XML maps",
    "oleObject": "an embedded object",
    "package": "an embedded file",
    "control": "an ActiveX control",
    "customXml": "custom XML data",
    "customProperty": "data of another program",
    "hyperlink": "a hyperlink that leads out of the workbook",
    "image": "a picture fetched from elsewhere",
    "volatileDependencies": "links to live data",
    "origin": "a digital signature, which holds for the original only",
    "webextensiontaskpanes": "an add-in",
    "webextension": "an add-in",
    "powerPivotData": "a data model",
    "pivotCacheDefinition": "a pivot table that is fed from outside the workbook: its last values stay",
}
UNSEEN_PICTURE = "a picture, which nobody has looked at"
MAX_PLACES = 12
"""Cells that a line about something taken out names."""


@dataclass
class RemovedContent:
    """What has been taken out: for each thing in words, where it was. `links` are the ids taken out of each part,
    `names` and `sheets` what formulas may no longer refer to, in small letters. `macros`, `pivots` and `formulas` say
    whether any of these were."""

    places: dict[str, list[str]] = field(default_factory=dict)
    links: dict[str, set[str]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    sheets: set[str] = field(default_factory=set)
    macros: bool = False
    pivots: bool = False
    formulas: bool = False

    def add(self, what: str, where: str = "") -> None:
        self.places.setdefault(what, []).append(as_typed(where))

    def in_words(self) -> list[tuple[str, str]]:
        """Each thing taken out, and where it was; a long list is cut, saying how many more."""
        out = []
        for what, where in self.places.items():
            named = list(dict.fromkeys(place for place in where if place))
            more = f" and {len(named) - MAX_PLACES} more" if len(named) > MAX_PLACES else ""
            count = f" ({len(where)})" if len(where) > 1 else ""
            out.append((f"{what}{count}", ", ".join(named[:MAX_PLACES]) + more))
        return out


# -- formulas that lead out of the workbook ---------------------------------------------------------------------------

_STRINGS = re.compile(r'"(?:[^"]|"")*"')
_ELSEWHERE = re.compile(
    r"""'[^'\[]*\[(?!0\])[^\[\]]+\](?:[^']|'')*'!"""  # '[1]Sheet 1'!A1, 'C:\\folder\\[book.xlsx]Sheet'!A1
    r"""|(?<![\w\]\[.'@])\[(?!0\])[^\[\]]+\][^\s'"()\[\],;:+*/^&=<>!]*!"""  # [1]Sheet!A1, [1]!Name
    r"""|'[^']*:/[^']*'#"""
    r"""|'(?:\\\\|https?:)[^']*'!"""
)
_CALL = re.compile(r"(?<![\w.])((?:_xlfn\.|_xlws\.|_xll\.|_xludf\.)*)([A-Za-z_][\w.]*)\s*\(")
_REACHING_OUT = frozenset(
    {
        "HYPERLINK", "WEBSERVICE", "RTD", "CALL", "REGISTER", "REGISTER.ID", "EXEC", "IMAGE", "STOCKHISTORY",
        "SQL.REQUEST", "DDE", "EVALUATE", "CUBEVALUE", "CUBEMEMBER", "CUBESET", "CUBERANKEDMEMBER", "CUBESETCOUNT",
        "CUBEMEMBERPROPERTY", "CUBEKPIMEMBER", "PY", "COPILOT", "TRANSLATE", "DETECTLANGUAGE", "IMPORTDATA",
    }
)  # fmt: skip
_INSIDE_LINK = re.compile(r'\s*HYPERLINK\(\s*"#[^"]*"', re.I)


def refers_outside_workbook(formula: str, removed: RemovedContent) -> bool:
    """Whether a formula reaches beyond the workbook, or needs something that was taken out of it: another workbook, a
    program (DDE), the web, a macro. A formula in doubt counts as one that does."""
    if _INSIDE_LINK.match(formula):
        formula = _INSIDE_LINK.sub("", formula, count=1)
    bare = _STRINGS.sub('""', formula)
    if "|" in bare or _ELSEWHERE.search(bare):
        return True
    for prefix, name in _CALL.findall(bare):
        if name.upper() in _REACHING_OUT or "_xll" in prefix or (removed.macros and _is_own(prefix, name)):
            return True
        if removed.pivots and name.upper() == "GETPIVOTDATA":
            return True
    if removed.names and removed.names.intersection(re.findall(r"[^\W\d][\w.\\]*", bare.casefold())):
        return True
    return any(re.search(rf"(?<![\w.]){re.escape(name)}'?!", bare.casefold()) for name in removed.sheets)


def _is_own(prefix: str, name: str) -> bool:
    """Whether a function is none of Excel's, so that only a macro can have made it."""
    from openpyxl.utils import FORMULAE

    return not prefix and name.upper() not in FORMULAE


# -- which parts stay -------------------------------------------------------------------------------------------------


def remove_active_content(package: Package, removed: RemovedContent, *, images: bool = True) -> set[str]:
    """Take out every relation that is not known to be harmless, and pictures, which nobody looks into, unless `images`
    says that they may stay; the parts that stay. Raises NotEditableError where too much hangs on what would have to
    go."""
    kept: set[str] = set()
    may_stay = KEPT_RELATIONS if images else KEPT_RELATIONS - PICTURE_RELATIONS
    _take_out_fed_pivots(package, removed)
    for source, one in reachable_relations(package, may_stay):
        if one.external or one.kind not in may_stay:
            _take_out(package, source, one, removed)
        elif package.has_part(one.target):
            kept.add(package.part_name(one.target))
    return kept


def _take_out_fed_pivots(package: Package, removed: RemovedContent) -> None:
    """Take out the pivot tables whose source lies outside the workbook; on the sheets their last values stay."""
    fed = set()
    for one in package.relations_of_kind(package.workbook, "pivotCacheDefinition"):
        if package.has_part(one.target) and _is_fed(package, package.part_name(one.target)):
            fed.add(package.part_name(one.target))
            removed.pivots = True
            _take_out(package, package.workbook, one, removed)
    if not fed:
        return
    for sheet in package.relations_of_kind(package.workbook, "worksheet"):
        name = package.part_name(sheet.target)
        for table in package.relations_of_kind(name, "pivotTable"):
            caches = package.relations_of_kind(package.part_name(table.target), "pivotCacheDefinition")
            if any(package.part_name(cache.target) in fed for cache in caches):
                package.remove_relation(name, table)
    if package.relations_of_kind(package.workbook, "slicerCache") or package.relations_of_kind(
        package.workbook, "timelineCache"
    ):
        raise NotEditableError("slicers over tables that are fed from outside the workbook")


def _is_fed(package: Package, cache: str) -> bool:
    """Whether a pivot table's cache is filled from outside the workbook."""
    if any(one.external for one in package.relations(cache).all):
        return True
    source = first_element(parse_elements(package.part(cache)), "cacheSource")
    return source is not None and (source.attributes.get("type") == "external" or "connectionId" in source.attributes)


def _take_out(package: Package, source: str, one: Relation, removed: RemovedContent) -> None:
    removed.links.setdefault(source, set()).add(one.id)
    what = (
        UNSEEN_PICTURE
        if one.kind in PICTURE_RELATIONS and not one.external
        else REMOVED_RELATIONS.get(one.kind, f"a part of a kind that we do not know ({as_typed(one.kind)[:40]})")
    )
    if one.kind == "hyperlink":
        pass  # said with its cell, where the cell is known
    elif one.kind == "externalLink":
        removed.add(*_link_elsewhere(package, one))
    elif one.kind == "customXml" and source == ROOT:
        removed.add(what)
    else:
        removed.add(what, one.target if one.external else "")
    removed.macros |= one.kind in ("vbaProject", "xlMacrosheet", "xlIntlMacrosheet")
    package.remove_relation(source, one)


def _link_elsewhere(package: Package, one: Relation) -> tuple[str, str]:
    """What an external link leads to, in words."""
    if one.external or not package.has_part(one.target):
        return REMOVED_RELATIONS["externalLink"], one.target
    try:
        for element in parse_elements(package.part(one.target)):
            if element.name == "ddeLink":
                said = element.attributes
                return "a link to another program (DDE)", f"{said.get('ddeService', '')} {said.get('ddeTopic', '')}"
        held = package.relations(package.part_name(one.target)).all
    except NotEditableError:
        held = []
    return REMOVED_RELATIONS["externalLink"], next((link.target for link in held), "")


# -- parts other than sheets ------------------------------------------------------------------------------------------

_EMPTIED = frozenset(
    {
        "AlternateContent", "Choice", "Fallback", "controls", "oleObjects", "hyperlinks", "externalReferences",
        "tableParts", "dataValidations", "conditionalFormatting", "conditionalFormattings", "customProperties",
        "pivotCaches", "dataRefs", "dataConsolidate",
    }
)  # fmt: skip
"""Elements that go when all that they held has gone."""


def removal_edits(found: list[Element], gone: Iterable[int]) -> list[Edit]:
    """The edits that take elements out, and with them what then holds nothing."""
    out = set(gone)
    waiting = list(out)
    kids: dict[int, list[int]] = {}
    for number, element in enumerate(found):
        kids.setdefault(element.parent, []).append(number)
    while waiting:
        parent = found[waiting.pop()].parent
        if parent < 0 or parent in out or found[parent].name not in _EMPTIED:
            continue
        if all(kid in out or (found[kid].name == "Fallback" and kid not in kids) for kid in kids[parent]):
            out.add(parent)
            waiting.append(parent)
    return [(found[number].start, found[number].end, b"") for number in out]


def elements_with_removed_links(found: list[Element], ids: set[str]) -> tuple[list[int], list[int]]:
    """The elements that refer to relations taken out: those to go, and those that only lose the reference."""
    gone: list[int] = []
    lose: list[int] = []
    for number, element in enumerate(found):
        if ids.intersection(element.links.values()):
            (lose if element.name in ("blip", "imagedata", "fill") else gone).append(number)
    return gone, lose


def remove_link_attributes(tag: bytes, ids: set[str]) -> bytes:
    """A start tag without the attributes that refer to relations taken out."""
    pattern = rb"\s+[\w.-]+:[\w.-]+\s*=\s*[\"'](?:" + b"|".join(re.escape(i.encode()) for i in ids) + rb")[\"']"
    return re.sub(pattern, b"", tag)


def clean_other_part(package: Package, name: str, removed: RemovedContent) -> None:
    """Clean a part that is neither the workbook nor a sheet: drawings, charts, tables, pivot tables."""
    ids = removed.links.get(name, set())
    if name.endswith(".vml"):
        _clean_vml(package, name, (*_VML, _RELATED) if ids else _VML)
        return
    folder = name.rsplit("/", 2)[-2] if name.count("/") else ""
    if not ids and folder not in ("drawings", "charts", "tables", "ctrlProps", "chartsheets"):
        return
    if not name.endswith(".xml"):
        return
    xml = package.part(name)
    found = parse_elements(xml)
    gone, lose = elements_with_removed_links(found, ids)
    edits = [(e.start, e.inner, remove_link_attributes(xml[e.start : e.inner], ids)) for e in (found[n] for n in lose)]
    for number in gone:
        if found[number].name.startswith("hlink"):
            removed.add(REMOVED_RELATIONS["hyperlink"], "on a shape")
    for number, element in enumerate(found):
        edit, goes = _cleaned(element, xml, removed, fed=bool(ids))
        gone += [number] if goes else []
        edits += [edit] if edit else []
    package.set_part(name, apply_edits(xml, [*edits, *removal_edits(found, gone)]))


_FED = ("tableType", "connectionId", "queryTableFieldId", "uniqueName")


def _cleaned(element: Element, xml: bytes, removed: RemovedContent, *, fed: bool) -> tuple[Edit | None, bool]:
    """What has to change at one element: its start tag or its text, or that it has to go. `fed`: what filled the part
    from outside was taken out."""
    says = element.attributes
    drop: dict[str, str | None] = {}
    if element.name in ("calculatedColumnFormula", "totalsRowFormula") and refers_outside_workbook(
        element.text, removed
    ):
        removed.add("a formula of a table that leads out of the workbook")
        return None, True
    if element.name == "xmlColumnPr":
        return None, True
    if element.name == "f" and element.text and refers_outside_workbook(element.text, removed):
        removed.add("the source of a chart that lies outside the workbook")
        return (element.inner, element.close, b"#REF!"), False
    if says.get("macro"):
        drop["macro"] = "" if element.name != "control" else None
        removed.add("macros that buttons and shapes call")
    if "fmlaMacro" in says:
        drop["fmlaMacro"] = None
    if says.get("textlink") and refers_outside_workbook(says["textlink"], removed):
        drop["textlink"] = ""
    if fed and element.name in ("table", "tableColumn"):
        drop |= {key: None for key in _FED if key in says}
    drop |= attributes_to_drop(says, "tabSelected")
    for key in ("fmlaLink", "fmlaRange", "fmlaTxbx", "fmlaGroup"):
        if key in says and refers_outside_workbook(says[key], removed):
            drop[key] = None
    if not drop:
        return None, False
    return (element.start, element.inner, with_attributes(xml[element.start : element.inner], drop)), False


_RELATED = re.compile(rb"\s(?:\w+:)?relid\s*=\s*(?:\"[^\"]*\"|'[^']*')", re.I)
_VML = (
    re.compile(rb"<(\w+:)?FmlaMacro\b[^>]*>[^<]*</(?:\w+:)?FmlaMacro\s*>", re.I),
    re.compile(rb"\s(?:\w+:)?href\s*=\s*(?:\"(?!#)[^\"]*\"|'(?!#)[^']*')", re.I),
    re.compile(rb"\ssrc\s*=\s*(?:\"[^\"]*\"|'[^']*')", re.I),
    re.compile(rb"<script\b.*?</script\s*>", re.I | re.S),
)


def _clean_vml(package: Package, name: str, forms: Iterable[re.Pattern[bytes]]) -> None:
    """Old drawings need not be well-formed, so what could act is taken out of them by its look."""
    content = package.part(name)
    for pattern in forms:
        content = pattern.sub(b"", content)
    package.set_part(name, content)
