"""An Office Open XML package: its parts, what refers to what, and its writing with every other part left alone.

Runs on untrusted bytes, so only in the child process.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from local_indicators.replies.annotation.ooxml.xml_splicing import (
    Edit,
    Element,
    NotEditableError,
    apply_edits,
    escape_xml,
    in_utf8,
    insertion_edit,
    parse_elements,
    with_attributes,
)

TYPES = "[Content_Types].xml"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STRICT = "http://purl.oclc.org/ooxml/officeDocument/relationships"
MAX_INFLATED = 1 << 30
ROOT = ""
"""The package itself, as the source of relationships."""


@dataclass
class Relation:
    """One relationship: `kind` is the last word of its type, `target` a part name, or what is outside the package."""

    id: str
    kind: str
    target: str
    external: bool
    element: Element


@dataclass
class Relations:
    """What one part refers to, and how that list is changed."""

    name: str
    xml: bytes
    all: list[Relation]
    root: Element
    edits: list[Edit] = field(default_factory=list)
    new: list[bytes] = field(default_factory=list)
    new_ids: set[str] = field(default_factory=set)


class Package:
    """A package in memory. Parts that nobody changes are written back with the bytes they had."""

    def __init__(self, content: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
        except (zipfile.BadZipFile, ValueError, NotImplementedError):
            raise NotEditableError("a damaged zip file") from None
        members = [member for member in self._zip.infolist() if not member.is_dir()]
        if sum(member.file_size for member in members) > MAX_INFLATED:
            raise NotEditableError("too large when unpacked")
        self._members = {member.filename.replace("\\", "/").lstrip("/"): member for member in members}
        self._names = {name.casefold(): name for name in self._members}
        self.changed: dict[str, bytes] = {}
        self._types: dict[str, str] = {}
        self._relations: dict[str, Relations] = {}
        if not self.has_part(TYPES):
            raise NotEditableError("no list of content types")
        for relation in self.relations(ROOT).all:
            if relation.kind == "officeDocument" and not relation.external:
                self.workbook = self.part_name(relation.target)
                break
        else:
            raise NotEditableError("no workbook part")
        workbook_root = parse_elements(self.part(self.workbook))[0]
        self.strict = "purl.oclc.org" in workbook_root.space
        self.office = STRICT if self.strict else OFFICE

    # parts

    def has_part(self, name: str) -> bool:
        """Return whether there is a part of this name, in whatever case."""
        return name.casefold() in self._names

    def part_name(self, name: str) -> str:
        """Return a part's name as the package spells it."""
        return self._names.get(name.casefold(), name)

    def part(self, name: str) -> bytes:
        """Return the bytes of a part, in UTF-8 if it is XML, with the changes made so far. Raises NotEditableError."""
        name = self.part_name(name)
        if name in self.changed:
            return self.changed[name]
        if name not in self._members:
            raise NotEditableError(f"no part {name[-60:]}")
        try:
            content = self._zip.read(self._members[name])
        except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, RuntimeError, OSError):
            raise NotEditableError(f"damaged part {name[-60:]}") from None
        except Exception as error:  # zlib's own errors
            raise NotEditableError(f"damaged part ({type(error).__name__})") from None
        return in_utf8(content) if name.endswith((".xml", ".rels", ".vml")) else content

    def set_part(self, name: str, content: bytes) -> None:
        """Replace the bytes of a part."""
        if not self.has_part(name) or content != self.part(name):
            self.changed[self.part_name(name)] = content
            self._names.setdefault(name.casefold(), name)

    def add_part(self, wanted: str, content: bytes, content_type: str) -> str:
        """Add a part; return its name: `wanted` without its #, or with the first free number in place of that."""
        number = 1
        name = wanted.replace("#", "")
        while self.has_part(name):
            number += 1
            name = wanted.replace("#", str(number))
        self.set_part(name, content)
        self._types[name] = content_type
        return name

    def set_content_type(self, name: str, content_type: str) -> None:
        """Set what kind of part it is, whatever the sender's list says."""
        self._types[name] = content_type

    # relations

    def relations(self, source: str) -> Relations:
        """Return what a part refers to."""
        if source in self._relations:
            return self._relations[source]
        folder, base = posixpath.split(source)
        name = self.part_name(posixpath.join(folder, "_rels", f"{base}.rels"))
        blank = f'<?xml version="1.0" encoding="UTF-8"?>\n<Relationships xmlns="{PACKAGE}/relationships"/>'.encode()
        xml = self.part(name) if self.has_part(name) else blank
        root, *elements = parse_elements(xml)
        relations = [_relation(element, folder) for element in elements if element.name == "Relationship"]
        self._relations[source] = Relations(name, xml, relations, root)
        return self._relations[source]

    def relations_of_kind(self, source: str, kind: str) -> list[Relation]:
        """Return the relations of a part that are of one kind."""
        return [relation for relation in self.relations(source).all if relation.kind == kind]

    def remove_relation(self, source: str, relation: Relation) -> None:
        """Remove a relation from a part."""
        relations = self.relations(source)
        relations.all.remove(relation)
        relations.edits.append((relation.element.start, relation.element.end, b""))

    def add_relation(self, source: str, kind: str, target: str) -> str:
        """Add a relation to a part; return its id."""
        relations = self.relations(source)
        taken = {relation.id.casefold() for relation in relations.all} | relations.new_ids
        number = 1
        while (new := f"rIdLI{number}").casefold() in taken:
            number += 1
        relations.new_ids.add(new.casefold())
        tag = relations.root.tag("Relationship").decode()
        element = f'<{tag} Id="{new}" Type="{self.office}/{kind}" Target="/{escape_xml(target)}"/>'
        relations.new.append(element.encode())
        return new

    # writing

    def save(self, kept: set[str]) -> bytes:
        """Return the package with the `kept` parts, its new parts and the lists that go with them."""
        kept = {self.part_name(name) for name in kept} | set(self.changed) | {TYPES}
        for source, relations in self._relations.items():
            self._write_relations(source, relations, kept)
        self._write_types(kept)
        whole = io.BytesIO()
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in [*self._members, *(name for name in self.changed if name not in self._members)]:
                if name not in kept:
                    continue
                content = self.changed[name] if name in self.changed else self._zip.read(self._members[name])
                archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
        return whole.getvalue()

    def _write_relations(self, source: str, relations: Relations, kept: set[str]) -> None:
        if source and source not in kept:
            return
        if self.has_part(relations.name):
            kept.add(relations.name)
        edits = list(relations.edits)
        if relations.new:
            edits.append(insertion_edit(relations.root, relations.xml, b"".join(relations.new)))
        if edits:
            self.set_part(relations.name, apply_edits(relations.xml, edits))
            kept.add(relations.name)

    def _write_types(self, kept: set[str]) -> None:
        xml = self.part(TYPES)
        root, *elements = parse_elements(xml)
        edits: list[Edit] = []
        listed: set[str] = set()
        defaults = {
            element.attributes.get("Extension", "").casefold() for element in elements if element.name == "Default"
        }
        for element in elements:
            if element.name != "Override":
                continue
            name = self.part_name(unquote(element.attributes.get("PartName", "")).lstrip("/").replace("\\", "/"))
            if name in self._types and name not in listed:
                tag = with_attributes(xml[element.start : element.inner], {"ContentType": self._types[name]})
                edits.append((element.start, element.inner, tag))
                listed.add(name)
            elif name not in kept or name in listed:
                edits.append((element.start, element.end, b""))
        override, default = root.tag("Override").decode(), root.tag("Default").decode()
        new = "".join(
            f'<{override} PartName="/{escape_xml(name)}" ContentType="{kind}"/>'
            for name, kind in self._types.items()
            if name not in listed
        )
        if "rels" not in defaults:
            new += (
                f'<{default} Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            )
        if new:
            edits.append(insertion_edit(root, xml, new.encode()))
        self.set_part(TYPES, apply_edits(xml, edits))


_ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//|\\\\")


def _relation(element: Element, folder: str) -> Relation:
    attributes = element.attributes
    kind = re.split(r"[/\\]", attributes.get("Type", ""))[-1]
    target = attributes.get("Target", "")
    external = attributes.get("TargetMode", "").casefold() == "external" or bool(_ELSEWHERE.match(target))
    if not external:
        path = unquote(target.split("#")[0]).replace("\\", "/")
        target = posixpath.normpath(path.lstrip("/") if path.startswith("/") else posixpath.join(folder, path))
    return Relation(attributes.get("Id", ""), kind, target, external, element)


def reachable_relations(package: Package, allowed: frozenset[str]) -> Iterator[tuple[str, Relation]]:
    """Yield every relation that can be reached over those of allowed kinds, with its source; each source once."""
    waiting, seen = [ROOT], {ROOT}
    while waiting:
        source = waiting.pop()
        for relation in list(package.relations(source).all):
            yield source, relation
            target = package.part_name(relation.target)
            if not relation.external and relation.kind in allowed and package.has_part(target) and target not in seen:
                seen.add(target)
                waiting.append(target)
