"""The zip file that a modern workbook is: opened with care, its parts read whole or not at all.

Runs on untrusted bytes, so only in the child process (inputs.sandbox.child_process).
"""

from __future__ import annotations

import html
import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from local_indicators.inputs.readers.refusals import (
    Refused,
    SizeBounds,
    refuse_cut_off,
    refuse_damaged,
    refuse_encrypted,
    refuse_unsafe,
)

MOST_PROLOGUE = 65_536
"""Bytes in which the first element of a part begins."""
MOST_TEXT = 200_000
"""Bytes of one text in a workbook; Excel's own limit of 32,767 characters needs fewer however they are written."""


@dataclass
class ZipPackage:
    """An opened zip file. `parts` are by path in lower case, with forward slashes and none in front."""

    archive: zipfile.ZipFile
    parts: Mapping[str, zipfile.ZipInfo]
    recoded: set[str] = field(default_factory=set)
    """XML parts that were read and are not in UTF-8."""

    def __contains__(self, name: str) -> bool:
        return name.lower() in self.parts


@dataclass(frozen=True)
class XmlElement:
    """The start of an XML element: its name and attributes without their namespaces."""

    name: str
    attributes: Mapping[str, str]

    def get(self, name: str) -> str:
        """Return an attribute by its local name, "" where there is none."""
        return self.attributes.get(name, "")


def open_package(content: bytes, bounds: SizeBounds) -> ZipPackage:
    """The parts of a zip file. Raises Refused where it is cut off, damaged, locked, or unfolds to too much."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        listed = [info for info in archive.infolist() if not info.is_dir()]
    except zipfile.BadZipFile as error:
        if "not a zip file" in str(error):
            refuse_cut_off("a workbook or zip file whose end is missing")
        refuse_damaged("a workbook or zip file that is damaged")
    except (ValueError, NotImplementedError, OverflowError, EOFError):
        refuse_damaged("a workbook or zip file that is damaged")
    inflated = sum(info.file_size for info in listed)
    if inflated > bounds.inflated_bytes:
        found = f"a file of {len(content) / 1e6:.1f} MB that unpacks to {inflated / 1e6:,.0f} MB"
        raise Refused("return.too-large", f"{found}; at most {bounds.inflated_bytes / 1e6:,.0f} MB are unpacked")
    parts: dict[str, zipfile.ZipInfo] = {}
    for info in listed:
        name = info.filename.replace("\\", "/").lstrip("/").lower()
        if name in parts:
            refuse_damaged("a workbook or zip file with two parts of one name")
        parts[name] = info
    return ZipPackage(archive, parts)


def read_part(package: ZipPackage, name: str) -> bytes:
    """The bytes of a part, whole and with the right checksum. Raises Refused."""
    info = package.parts.get(name.lower())
    if info is None:
        refuse_damaged("a workbook of which a part is missing")
    if info.flag_bits & 1:
        refuse_encrypted("a zip file that opens only with a password")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        refuse_damaged("a workbook packed in a way that no spreadsheet program uses")
    try:
        return package.archive.read(info)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, OSError, RuntimeError):
        refuse_damaged("a workbook of which a part is damaged")


def read_xml_part(package: ZipPackage, name: str) -> bytes:
    """An XML part in UTF-8, known to be well-formed and to declare no entities. Raises Refused."""
    content = read_part(package, name)
    _parse(content, expat.ParserCreate())
    encoding = _declared(content)
    if encoding in ("utf-8", "us-ascii", "ascii"):
        return content
    package.recoded.add(name.lower())
    return _in_utf8(content, encoding)


def refuse_doctypes(package: ZipPackage) -> None:
    """Raise Refused where any XML part of a workbook declares a document type, be it one that nothing is read of: what
    opens the file next may."""
    for name, info in package.parts.items():
        if name.endswith((".xml", ".rels", ".vml")) and not info.flag_bits & 1:
            try:
                with package.archive.open(info) as file:
                    start = file.read(MOST_PROLOGUE)
            except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, OSError, RuntimeError):
                refuse_damaged("a workbook of which a part is damaged")
            if start[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in start[:4]:
                start = start.replace(b"\0", b"")[2 * (start[0] > 0x7F) :]
            if _declares_type(start):
                refuse_unsafe(f"a workbook that declares XML entities, as attacks on readers do, in its part {name}")


def _declares_type(start: bytes) -> bool:
    """Whether what precedes the first element of an XML text declares its type, or goes on without end."""
    start = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    while (end := next((e for b, e in ((b"<?", b"?>"), (b"<!--", b"-->")) if start.startswith(b)), b"")) != b"":
        _, ended, start = start.partition(end)
        if not ended:
            return True
        start = start.lstrip()
    return start.startswith(b"<!DOCTYPE")


def without_comments(content: bytes) -> bytes:
    """A well-formed XML text in which nothing looks like an element that is none: in comments or in quoted text."""
    if b"<!--" not in content and b"<![CDATA[" not in content:
        return content
    kept = re.split(rb"(<!--.*?-->|<!\[CDATA\[.*?\]\]>)", content, flags=re.S)
    return b"".join(
        b"" if one.startswith(b"<!--") else html.escape(one[9:-3].decode("utf-8", "replace"), quote=False).encode()
        if one.startswith(b"<![CDATA[") else one
        for one in kept
    )  # fmt: skip


def xml_elements(content: bytes) -> list[XmlElement]:
    """The elements of a small XML part in order. Raises Refused where it is not well-formed."""
    found: list[XmlElement] = []
    parser = expat.ParserCreate()

    def start(name: str, attributes: dict[str, str]) -> None:
        found.append(XmlElement(name.split(":")[-1], {key.split(":")[-1]: value for key, value in attributes.items()}))

    parser.StartElementHandler = start
    _parse(content, parser)
    return found


def integer_attribute(digits: bytes | str) -> int:
    """The whole number that an attribute says; 0 where it says none, or one that no workbook has."""
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 9 else 0


def parse_xml(content: bytes, parser: expat.XMLParserType) -> None:
    """Run a parser with handlers over the whole of an XML text. Raises Refused where it is not well-formed."""
    _parse(content, parser)


def _parse(content: bytes, parser: expat.XMLParserType) -> None:
    parser.StartDoctypeDeclHandler = _no_doctype
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError):
        refuse_damaged("a workbook of which a part is damaged")


def _no_doctype(*_: object) -> None:
    refuse_unsafe("a workbook that declares XML entities, as attacks on readers do")


def _declared(content: bytes) -> str:
    """The encoding of a well-formed XML text."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    if content[:2] == b"\0<" or content[:2] == b"<\0":
        return "utf-16-be" if content[:1] == b"\0" else "utf-16-le"
    said = re.match(rb"""\s*<\?xml[^>]*?encoding\s*=\s*["']([\w.-]+)""", content.removeprefix(b"\xef\xbb\xbf"))
    return said[1].decode("ascii").lower() if said else "utf-8"


def _in_utf8(content: bytes, encoding: str) -> bytes:
    try:
        text = content.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        refuse_damaged("a workbook of which a part is damaged")
    return re.sub(r"^\ufeff?\s*<\?xml[^>]*\?>", '<?xml version="1.0" encoding="UTF-8"?>', text, count=1).encode()


def part_relations(package: ZipPackage, main: str) -> dict[str, tuple[str, str]]:
    """What a part points at: by the id of the relation, its kind and the path of the part."""
    folder, _, name = main.rpartition("/")
    path = f"{folder}/_rels/{name}.rels".lstrip("/")
    found = {}
    for one in xml_elements(read_xml_part(package, path)) if path in package else ():
        target = one.get("Target").replace("\\", "/")
        if one.name == "Relationship" and one.get("TargetMode") != "External":
            whole = target if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            found[one.get("Id")] = (one.get("Type").rpartition("/")[2], whole.lstrip("/"))
    return found
