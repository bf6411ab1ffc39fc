"""The workbook part of a copy: which sheets it has, its defined names, and our own sheet put in front.

Runs on untrusted bytes, so only in the child process.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from local_indicators.replies.annotation.active_content import (
    RemovedContent,
    elements_with_removed_links,
    refers_outside_workbook,
    removal_edits,
    remove_link_attributes,
)
from local_indicators.replies.annotation.ooxml.ooxml_package import Package, Relation
from local_indicators.replies.annotation.ooxml.xml_splicing import (
    Edit,
    Element,
    NotEditableError,
    apply_edits,
    attributes_to_drop,
    escape_xml,
    insertion_edit,
    parse_elements,
    with_attributes,
)

SPREADSHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
"""How the content types of the parts of a workbook begin."""
NAME_REMOVED = "what a defined name stood for outside the workbook"
_NOT_IN_A_COPY = ("functionGroups", "webPublishing", "webPublishObjects", "dataModel")


@dataclass(frozen=True)
class BookSheet:
    """One sheet of the sender's as the workbook lists it.

    `link` is the id of its relation and `kind` the last word of that relation's type; `part` is None where there is no
    part.
    """

    name: str
    link: str
    kind: str
    part: str | None
    hidden: bool


class WorkbookPart:
    """The workbook part, read when it is made; `put_in_front` writes it. Raises NotEditableError without sheets."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._xml = package.part(package.workbook)
        self._elements = parse_elements(self._xml)
        self._entries = [
            element
            for element in self._elements
            if element.name == "sheet" and element.parent >= 0 and self._elements[element.parent].name == "sheets"
        ]
        relations = {relation.id: relation for relation in package.relations(package.workbook).all}
        self.sheets = [_sheet(package, entry, relations.get(entry.links.get("id", ""))) for entry in self._entries]
        if not self.sheets:
            raise NotEditableError("a workbook without sheets")

    def free_name(self, wanted: str, removed_links: set[str]) -> str:
        """Return a name for a sheet of ours: `wanted`, or that with the first number that makes it differ.

        It differs from the names of all sheets but those whose links are `removed_links`.
        """
        taken = {sheet.name.casefold() for sheet in self.sheets if sheet.link not in removed_links}
        name, number = wanted, 2
        while name.casefold() in taken:
            name, number = f"{wanted} ({number})", number + 1
        return name

    def put_in_front(self, name: str, link: str, removed: RemovedContent, removed_links: Iterable[str]) -> None:
        """Write the part with a sheet of ours in front, at which the copy opens, and without what was removed.

        `removed_links` are those of sheets that are not in the copy, besides those that `removed` has.
        """
        package, xml = self._package, self._xml
        links = {*removed_links, *removed.links.get(package.workbook, set())}
        out, bare = elements_with_removed_links(self._elements, links)
        edits: list[Edit] = [
            (element.start, element.inner, remove_link_attributes(xml[element.start : element.inner], links))
            for element in (self._elements[number] for number in bare)
        ]
        out += [number for number, element in enumerate(self._elements) if element.name in _NOT_IN_A_COPY]
        for element in self._elements:
            if element.name == "workbookView":
                edits.append(self._tag_edit(element, attributes_to_drop(element.attributes, "activeTab", "firstSheet")))
        edits.append(self._new_entry(name, link))
        name_edits, names_out = self._defined_names(removed, links)
        edits += [*name_edits, *removal_edits(self._elements, [*out, *names_out])]
        package.set_part(package.workbook, apply_edits(xml, edits))
        package.set_content_type(package.workbook, f"{SPREADSHEET_TYPE}.sheet.main+xml")

    def _new_entry(self, name: str, link: str) -> Edit:
        """Return the edit that lists a sheet of ours first."""
        sheets = next(element for element in self._elements if element.name == "sheets")
        ids = [entry.attributes.get("sheetId", "0") for entry in self._entries]
        number = max((int(sheet_id) for sheet_id in ids if sheet_id.isdigit()), default=0) + 1
        attributes = f'name="{escape_xml(name)}" sheetId="{number}" xmlns:r="{self._package.office}" r:id="{link}"'
        tag = b"<" + sheets.tag("sheet") + f" {attributes}/>".encode()
        return insertion_edit(sheets, self._xml, tag, first_child=True)

    def find_removed_names(self, removed: RemovedContent) -> None:
        """Note in `removed` which defined names lead out of the workbook, so that formulas with them do too."""
        count = -1
        while len(removed.names) > count:  # a name may lead out by way of another
            count = len(removed.names)
            for element in self._elements:
                name = element.attributes.get("name", "")
                is_new = element.name == "definedName" and name.casefold() not in removed.names
                if is_new and _leads_out(element, removed):
                    removed.names.add(name.casefold())
                    removed.add(NAME_REMOVED, name)

    def _defined_names(self, removed: RemovedContent, removed_links: set[str]) -> tuple[list[Edit], list[int]]:
        """Return the edits of defined names, and the indexes of those that are removed.

        Names count sheets from the front, where ours is now; those of sheets that are removed go with them.
        """
        remaining = [number for number, sheet in enumerate(self.sheets) if sheet.link not in removed_links]
        places = {number: place for place, number in enumerate(remaining, start=1)}
        edits: list[Edit] = []
        out: list[int] = []
        for index, element in enumerate(self._elements):
            if element.name != "definedName":
                continue
            sheet_number = element.attributes.get("localSheetId", "")
            place = places.get(int(sheet_number)) if sheet_number.isdigit() else None
            if (sheet_number and place is None) or _is_macro(element):
                out.append(index)
                continue
            if sheet_number:
                edits.append(self._tag_edit(element, {"localSheetId": str(place)}))
            if _leads_out(element, removed) and not element.empty:
                edits.append((element.inner, element.close, b"#REF!"))
        return edits, out

    def _tag_edit(self, element: Element, attributes: dict[str, str | None]) -> Edit:
        tag = with_attributes(self._xml[element.start : element.inner], attributes)
        return (element.start, element.inner, tag)


def _sheet(package: Package, entry: Element, relation: Relation | None) -> BookSheet:
    """Return the sheet of an entry in the workbook's list, and of the relation that the entry names."""
    is_inside = relation is not None and not relation.external and package.has_part(relation.target)
    return BookSheet(
        name=entry.attributes.get("name", ""),
        link=entry.links.get("id", ""),
        kind=relation.kind if relation else "",
        part=package.part_name(relation.target) if relation and is_inside else None,
        hidden=entry.attributes.get("state", "visible") != "visible",
    )


def _is_macro(name: Element) -> bool:
    return any(name.attributes.get(key) in ("1", "true") for key in ("function", "vbProcedure", "xlm"))


def _leads_out(name: Element, removed: RemovedContent) -> bool:
    return _is_macro(name) or refers_outside_workbook(name.text, removed)
