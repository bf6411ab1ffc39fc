"""Removes active content from a partner's workbook before a copy of it goes back, and notes what was removed.

Only relations of kinds that are known to be harmless are followed; whatever else a package has is not in the copy. Runs
on untrusted bytes, so only in the child process.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from local_indicators.common.safe_text import as_typed
from local_indicators.replies.annotation.ooxml.ooxml_package import ROOT, Package, Relation, reachable_relations
from local_indicators.replies.annotation.ooxml.xml_splicing import (
    Edit,
    Element,
    NotEditableError,
    apply_edits,
    attributes_to_drop,
    first_element,
    parse_elements,
    with_attributes,
)

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
"""Last words of the types of relations that stay in a copy."""

PICTURE_RELATIONS = frozenset(("image", "hdphoto", "media", "thumbnail"))
"""Those of them that lead to pictures, which no check looks into."""

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
"""Cells that a line about something removed names."""


@dataclass
class RemovedContent:
    """What has been removed: for each thing in words, where it was.

    `links` are the ids removed from each part; `names` and `sheets` what formulas may no longer refer to, in lower
    case. `macros`, `pivots` and `formulas` say whether any of these were removed.
    """

    places: dict[str, list[str]] = field(default_factory=dict)
    links: dict[str, set[str]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    sheets: set[str] = field(default_factory=set)
    macros: bool = False
    pivots: bool = False
    formulas: bool = False

    def add(self, what: str, where: str = "") -> None:
        """Note that something was removed, and where it was."""
        self.places.setdefault(what, []).append(as_typed(where))

    def in_words(self) -> list[tuple[str, str]]:
        """Return each thing removed and where it was; a long list of places is cut, with the number of the others."""
        lines = []
        for what, where in self.places.items():
            named = list(dict.fromkeys(place for place in where if place))
            more = f" and {len(named) - MAX_PLACES} more" if len(named) > MAX_PLACES else ""
            count = f" ({len(where)})" if len(where) > 1 else ""
            lines.append((f"{what}{count}", ", ".join(named[:MAX_PLACES]) + more))
        return lines


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
    """Return whether a formula refers to something outside the workbook, or to something that was removed from it.

    Outside are other workbooks, programs (DDE), the web and macros. A formula in doubt counts as one that does.
    """
    if _INSIDE_LINK.match(formula):
        formula = _INSIDE_LINK.sub("", formula, count=1)
    bare = _STRINGS.sub('""', formula)
    if "|" in bare or _ELSEWHERE.search(bare):
        return True
    for prefix, name in _CALL.findall(bare):
        if name.upper() in _REACHING_OUT or "_xll" in prefix or (removed.macros and _is_macro_function(prefix, name)):
            return True
        if removed.pivots and name.upper() == "GETPIVOTDATA":
            return True
    if removed.names and removed.names.intersection(re.findall(r"[^\W\d][\w.\\]*", bare.casefold())):
        return True
    return any(re.search(rf"(?<![\w.]){re.escape(name)}'?!", bare.casefold()) for name in removed.sheets)


def _is_macro_function(prefix: str, name: str) -> bool:
    """Return whether a function is none of Excel's, so that only a macro can have made it."""
    from openpyxl.utils import FORMULAE

    return not prefix and name.upper() not in FORMULAE


# -- which parts stay -------------------------------------------------------------------------------------------------


def remove_active_content(package: Package, removed: RemovedContent, *, images: bool = True) -> set[str]:
    """Remove every relation that is not known to be harmless; return the parts that stay.

    Pictures, which no check looks into, stay only with `images`. Raises NotEditableError where too much depends on
    what would have to be removed.
    """
    kept: set[str] = set()
    may_stay = KEPT_RELATIONS if images else KEPT_RELATIONS - PICTURE_RELATIONS
    _remove_fed_pivots(package, removed)
    for source, relation in reachable_relations(package, may_stay):
        if relation.external or relation.kind not in may_stay:
            _remove(package, source, relation, removed)
        elif package.has_part(relation.target):
            kept.add(package.part_name(relation.target))
    return kept


def _remove_fed_pivots(package: Package, removed: RemovedContent) -> None:
    """Remove the pivot tables whose source lies outside the workbook; on the sheets their last values stay."""
    fed = set()
    for cache in package.relations_of_kind(package.workbook, "pivotCacheDefinition"):
        if package.has_part(cache.target) and _is_fed(package, package.part_name(cache.target)):
            fed.add(package.part_name(cache.target))
            removed.pivots = True
            _remove(package, package.workbook, cache, removed)
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
    """Return whether a pivot table's cache is filled from outside the workbook."""
    if any(relation.external for relation in package.relations(cache).all):
        return True
    source = first_element(parse_elements(package.part(cache)), "cacheSource")
    return source is not None and (source.attributes.get("type") == "external" or "connectionId" in source.attributes)


def _remove(package: Package, source: str, relation: Relation, removed: RemovedContent) -> None:
    """Remove one relation and note what it led to."""
    removed.links.setdefault(source, set()).add(relation.id)
    what = (
        UNSEEN_PICTURE
        if relation.kind in PICTURE_RELATIONS and not relation.external
        else REMOVED_RELATIONS.get(
            relation.kind, f"a part of a kind that we do not know ({as_typed(relation.kind)[:40]})"
        )
    )
    if relation.kind == "hyperlink":
        pass  # noted with its cell, where the cell is known
    elif relation.kind == "externalLink":
        removed.add(*_link_elsewhere(package, relation))
    elif relation.kind == "customXml" and source == ROOT:
        removed.add(what)
    else:
        removed.add(what, relation.target if relation.external else "")
    removed.macros |= relation.kind in ("vbaProject", "xlMacrosheet", "xlIntlMacrosheet")
    package.remove_relation(source, relation)


def _link_elsewhere(package: Package, relation: Relation) -> tuple[str, str]:
    """Return what an external link is, in words, and what it leads to."""
    if relation.external or not package.has_part(relation.target):
        return REMOVED_RELATIONS["externalLink"], relation.target
    try:
        for element in parse_elements(package.part(relation.target)):
            if element.name == "ddeLink":
                service, topic = (element.attributes.get(name, "") for name in ("ddeService", "ddeTopic"))
                return "a link to another program (DDE)", f"{service} {topic}"
        links = package.relations(package.part_name(relation.target)).all
    except NotEditableError:
        links = []
    return REMOVED_RELATIONS["externalLink"], next((link.target for link in links), "")


# -- parts other than sheets ------------------------------------------------------------------------------------------

_EMPTIED = frozenset(
    {
        "AlternateContent", "Choice", "Fallback", "controls", "oleObjects", "hyperlinks", "externalReferences",
        "tableParts", "dataValidations", "conditionalFormatting", "conditionalFormattings", "customProperties",
        "pivotCaches", "dataRefs", "dataConsolidate",
    }
)  # fmt: skip
"""Elements that are removed once everything in them is."""


def removal_edits(elements: list[Element], numbers: Iterable[int]) -> list[Edit]:
    """Return the edits that remove the elements of these `numbers`, and the lists that are then empty."""
    removed = set(numbers)
    waiting = list(removed)
    children: dict[int, list[int]] = {}
    for number, element in enumerate(elements):
        children.setdefault(element.parent, []).append(number)
    while waiting:
        parent = elements[waiting.pop()].parent
        if parent < 0 or parent in removed or elements[parent].name not in _EMPTIED:
            continue
        if all(
            child in removed or (elements[child].name == "Fallback" and child not in children)
            for child in children[parent]
        ):
            removed.add(parent)
            waiting.append(parent)
    return [(elements[number].start, elements[number].end, b"") for number in removed]


def elements_with_removed_links(elements: list[Element], ids: set[str]) -> tuple[list[int], list[int]]:
    """Return the elements that refer to removed relations: those to remove, and those that only lose the reference."""
    to_remove: list[int] = []
    to_unlink: list[int] = []
    for number, element in enumerate(elements):
        if ids.intersection(element.links.values()):
            (to_unlink if element.name in ("blip", "imagedata", "fill") else to_remove).append(number)
    return to_remove, to_unlink


def remove_link_attributes(tag: bytes, ids: set[str]) -> bytes:
    """Return a start tag without the attributes that refer to removed relations."""
    pattern = rb"\s+[\w.-]+:[\w.-]+\s*=\s*[\"'](?:" + b"|".join(re.escape(link.encode()) for link in ids) + rb")[\"']"
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
    elements = parse_elements(xml)
    to_remove, to_unlink = elements_with_removed_links(elements, ids)
    edits = [
        (element.start, element.inner, remove_link_attributes(xml[element.start : element.inner], ids))
        for element in (elements[number] for number in to_unlink)
    ]
    for number in to_remove:
        if elements[number].name.startswith("hlink"):
            removed.add(REMOVED_RELATIONS["hyperlink"], "on a shape")
    for number, element in enumerate(elements):
        edit, is_removed = _cleaned(element, xml, removed, fed=bool(ids))
        to_remove += [number] if is_removed else []
        edits += [edit] if edit else []
    package.set_part(name, apply_edits(xml, [*edits, *removal_edits(elements, to_remove)]))


_FED = ("tableType", "connectionId", "queryTableFieldId", "uniqueName")


def _cleaned(element: Element, xml: bytes, removed: RemovedContent, *, fed: bool) -> tuple[Edit | None, bool]:
    """Return the edit of one element's start tag or text, if it needs one, and whether the element is to be removed.

    `fed`: what filled the part from outside was removed.
    """
    attributes = element.attributes
    changes: dict[str, str | None] = {}
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
    if attributes.get("macro"):
        changes["macro"] = "" if element.name != "control" else None
        removed.add("macros that buttons and shapes call")
    if "fmlaMacro" in attributes:
        changes["fmlaMacro"] = None
    if attributes.get("textlink") and refers_outside_workbook(attributes["textlink"], removed):
        changes["textlink"] = ""
    if fed and element.name in ("table", "tableColumn"):
        changes |= {key: None for key in _FED if key in attributes}
    changes |= attributes_to_drop(attributes, "tabSelected")
    for key in ("fmlaLink", "fmlaRange", "fmlaTxbx", "fmlaGroup"):
        if key in attributes and refers_outside_workbook(attributes[key], removed):
            changes[key] = None
    if not changes:
        return None, False
    return (element.start, element.inner, with_attributes(xml[element.start : element.inner], changes)), False


_RELATED = re.compile(rb"\s(?:\w+:)?relid\s*=\s*(?:\"[^\"]*\"|'[^']*')", re.I)
_VML = (
    re.compile(rb"<(\w+:)?FmlaMacro\b[^>]*>[^<]*</(?:\w+:)?FmlaMacro\s*>", re.I),
    re.compile(rb"\s(?:\w+:)?href\s*=\s*(?:\"(?!#)[^\"]*\"|'(?!#)[^']*')", re.I),
    re.compile(rb"\ssrc\s*=\s*(?:\"[^\"]*\"|'[^']*')", re.I),
    re.compile(rb"<script\b.*?</script\s*>", re.I | re.S),
)


def _clean_vml(package: Package, name: str, patterns: Iterable[re.Pattern[bytes]]) -> None:
    """Remove what could act from an old drawing: by patterns, for such a drawing need not be well-formed."""
    content = package.part(name)
    for pattern in patterns:
        content = pattern.sub(b"", content)
    package.set_part(name, content)
