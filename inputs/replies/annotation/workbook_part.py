"""The workbook part of a copy: which sheets it has, and our own put in front of them.

Runs on untrusted bytes, so only in the child process.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from inputs.replies.annotation.active_content import Removed, dangling, leads_out, without, without_links
from inputs.replies.annotation.ooxml_package import Package
from inputs.replies.annotation.xml_splicing import (
    Edit,
    Element,
    NotEditable,
    add_inside,
    dropped,
    elements,
    escape,
    splice,
    tag_with,
)

SHEETS = "application/vnd.openxmlformats-officedocument.spreadsheetml"

_NOT_IN_A_COPY = ("functionGroups", "webPublishing", "webPublishObjects", "dataModel")


@dataclass(frozen=True)
class BookSheet:
    """One sheet of the sender's as the workbook lists it; `part` is None where there is none."""

    name: str
    link: str
    kind: str
    part: str | None
    hidden: bool


class Book:
    """The workbook part, read; `front` writes it with our sheet first."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._xml = package.part(package.workbook)
        self._all = elements(self._xml)
        kinds = {one.id: one for one in package.relations(package.workbook).held}
        self._entries = [
            (number, one)
            for number, one in enumerate(self._all)
            if one.name == "sheet" and _in(self._all, one, "sheets")
        ]
        self.sheets: list[BookSheet] = []
        for _, one in self._entries:
            link = one.links.get("id", "")
            to = kinds.get(link)
            part = package.name_of(to.target) if to and not to.external and package.has(to.target) else None
            hidden = one.attributes.get("state", "visible") != "visible"
            kind = to.kind if to else ""
            self.sheets.append(BookSheet(one.attributes.get("name", ""), link, kind, part, hidden))
        if not self.sheets:
            raise NotEditable("a workbook without sheets")

    def name_for(self, wanted: str, gone: set[str]) -> str:
        """The name for a sheet of ours: as wanted, or with the first number that makes it differ from all others but
        those whose links are `gone`."""
        taken = {sheet.name.casefold() for sheet in self.sheets if sheet.link not in gone}
        name, number = wanted, 2
        while name.casefold() in taken:
            name, number = f"{wanted} ({number})", number + 1
        return name

    def front(self, name: str, link: str, removed: Removed, gone: Iterable[str]) -> None:
        """Put a sheet in front, take out what was removed, and open the copy at the new sheet. `gone` are the links of
        sheets that are not in the copy."""
        package, xml, ids = self._package, self._xml, removed.links.get(self._package.workbook, set())
        gone = {*gone, *ids}
        out, lose = dangling(self._all, gone)
        edits: list[Edit] = [
            (e.start, e.inner, without_links(xml[e.start : e.inner], gone)) for e in (self._all[n] for n in lose)
        ]
        out += [n for n, one in enumerate(self._all) if one.name in _NOT_IN_A_COPY]
        name_edits, names_out = self._names(removed, gone)
        for one in self._all:
            if one.name == "workbookView":
                given = dropped(one.attributes, "activeTab", "firstSheet")
                edits.append((one.start, one.inner, tag_with(xml[one.start : one.inner], given)))
        root = next(one for one in self._all if one.name == "sheets")
        used = [
            int(one.attributes.get("sheetId", "0"))
            for _, one in self._entries
            if one.attributes.get("sheetId", "0").isdigit()
        ]
        says = f' name="{escape(name)}" sheetId="{max(used, default=0) + 1}" xmlns:r="{package.office}" r:id="{link}"/>'
        edits.append(add_inside(root, xml, b"<" + root.tag("sheet") + says.encode(), first_child=True))
        package.change(package.workbook, splice(xml, [*edits, *name_edits, *without(self._all, [*out, *names_out])]))
        package.retype(package.workbook, f"{SHEETS}.sheet.main+xml")

    def forget_names(self, removed: Removed) -> None:
        """Learn which defined names lead out of the workbook, so that formulas with them do too."""
        grown = True
        while grown:
            before = len(removed.names)
            for one in self._all:
                name = one.attributes.get("name", "").casefold()
                if one.name == "definedName" and name not in removed.names and _leads_out(one, removed):
                    removed.names.add(name)
                    removed.note("what a defined name stood for outside the workbook", one.attributes.get("name", ""))
            grown = len(removed.names) > before

    def _names(self, removed: Removed, gone: set[str]) -> tuple[list[Edit], list[int]]:
        """Defined names count sheets from the front, where ours is now; those of sheets that went go with them."""
        places: dict[int, int] = {}
        for number, sheet in enumerate(self.sheets):
            if sheet.link not in gone:
                places[number] = len(places) + 1
        edits: list[Edit] = []
        out: list[int] = []
        for index, one in enumerate(self._all):
            if one.name != "definedName":
                continue
            local = one.attributes.get("localSheetId", "")
            place = places.get(int(local)) if local.isdigit() else None
            if (local and place is None) or _is_macro(one):
                out.append(index)
                continue
            if local:
                tag = tag_with(self._xml[one.start : one.inner], {"localSheetId": str(place)})
                edits.append((one.start, one.inner, tag))
            if _leads_out(one, removed) and not one.empty:
                edits.append((one.inner, one.close, b"#REF!"))
        return edits, out


def _in(found: list[Element], one: Element, parent: str) -> bool:
    return one.parent >= 0 and found[one.parent].name == parent


def _is_macro(one: Element) -> bool:
    return any(one.attributes.get(key) in ("1", "true") for key in ("function", "vbProcedure", "xlm"))


def _leads_out(one: Element, removed: Removed) -> bool:
    return _is_macro(one) or leads_out(one.text, removed)
