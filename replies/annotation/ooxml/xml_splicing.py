"""Changes an XML part of a workbook by splicing bytes: whatever is not changed stays byte for byte what it was.

Expat says where elements begin and end; only the bytes in between are ever replaced. Runs on untrusted bytes, so only
in the child process.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

RELATIONSHIPS = frozenset(
    {
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
        "http://purl.oclc.org/ooxml/officeDocument/relationships",
    }
)
"""Namespaces of attributes such as r:id, transitional and strict."""

Edit = tuple[int, int, bytes]
"""First byte, the byte after the last, and what stands there instead."""


class NotEditableError(Exception):
    """The workbook, or a part of it, cannot be changed safely; the argument says why."""


@dataclass(eq=False)
class Element:
    """One element of a part.

    `name` is without prefix, `space` its namespace. Positions are bytes: `start`, `inner` (after the start tag),
    `close` (before the end tag) and `end`. `parent` is an index into the list it came in, -1 for the root. `links` are
    the values of its attributes in the relationships namespace.
    """

    name: str
    prefix: str
    space: str
    attributes: dict[str, str]
    links: dict[str, str]
    parent: int
    start: int
    inner: int
    close: int = -1
    end: int = -1
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text directly in it."""
        return "".join(self.pieces)

    @property
    def empty(self) -> bool:
        """Whether it was written as one tag, as in <a/>."""
        return self.close == self.end

    def tag(self, name: str) -> bytes:
        """Return the name that a sibling or child in the same namespace has to be written with."""
        return f"{self.prefix}:{name}".encode() if self.prefix else name.encode()


_DECLARED = re.compile(rb"^\s*<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_TAG_END = re.compile(rb"(?:[^>\"']|\"[^\"]*\"|'[^']*')*>")
_ATTRIBUTE = re.compile(rb"\s+([^\s=/>]+)\s*=\s*(\"[^\"]*\"|'[^']*')")


def in_utf8(xml: bytes) -> bytes:
    """Return a part in UTF-8, in which positions are counted; nearly all are already. Raises NotEditableError."""
    if xml.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    else:
        declared = _DECLARED.match(xml.removeprefix(b"\xef\xbb\xbf"))
        encoding = declared[1].decode() if declared else "utf-8"
    if encoding.lower() in ("utf-8", "utf8", "us-ascii", "ascii"):
        return xml
    try:
        text = xml.decode(encoding)
    except (LookupError, UnicodeDecodeError):
        raise NotEditableError(f"text in {encoding[:20]}") from None
    return re.sub(r"^\s*<\?xml[^>]*\?>", '<?xml version="1.0" encoding="UTF-8"?>', text.lstrip("\ufeff")).encode()


def namespace_parser() -> expat.XMLParserType:
    """Return a parser that knows namespaces, keeps prefixes and refuses a DOCTYPE, and so every declared entity."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.namespace_prefixes = True
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise NotEditableError("a part with a DOCTYPE")

    parser.StartDoctypeDeclHandler = refuse
    return parser


def parse_part(parser: expat.XMLParserType, xml: bytes) -> None:
    """Parse a whole part. Raises NotEditableError."""
    try:
        parser.Parse(xml, True)
    except expat.ExpatError as error:
        raise NotEditableError(f"a part that is not well-formed ({expat.ErrorString(error.code)})") from None


def split_name(name: str) -> tuple[str, str, str]:
    """Return namespace, name and prefix of a name as expat gives it."""
    parts = name.split(" ")
    if len(parts) == 1:
        return "", parts[0], ""
    return parts[0], parts[1], parts[2] if len(parts) > 2 else ""


def tag_end(xml: bytes, start: int) -> int:
    """Return the byte after the tag that begins at `start`. Raises NotEditableError."""
    match = _TAG_END.match(xml, start)
    if not match:
        raise NotEditableError("a tag without an end")
    return match.end()


def element_from_start_tag(
    xml: bytes, start: int, name: str, expat_attributes: Mapping[str, str], parent: int
) -> Element:
    """Return the element whose start tag expat has just met, at the byte `start`."""
    space, local, prefix = split_name(name)
    attributes: dict[str, str] = {}
    links: dict[str, str] = {}
    for key, value in expat_attributes.items():
        namespace, short, _ = split_name(key)
        if namespace in RELATIONSHIPS:
            links[short] = value
        elif not namespace or short not in attributes:
            attributes[short] = value
    return Element(
        name=local,
        prefix=prefix,
        space=space,
        attributes=attributes,
        links=links,
        parent=parent,
        start=start,
        inner=tag_end(xml, start),
    )


def close_element(element: Element, xml: bytes, at: int) -> None:
    """Note where an element ends; `at` is the byte at which expat met its end."""
    if xml[element.inner - 2 : element.inner] == b"/>":
        element.close = element.end = element.inner
    else:
        element.close, element.end = at, tag_end(xml, at)


def parse_elements(xml: bytes) -> list[Element]:
    """Return every element of a part in document order, the root first. Raises NotEditableError."""
    parsed: list[Element] = []
    stack: list[int] = []
    parser = namespace_parser()

    def begin(name: str, expat_attributes: dict[str, str]) -> None:
        parsed.append(
            element_from_start_tag(xml, parser.CurrentByteIndex, name, expat_attributes, stack[-1] if stack else -1)
        )
        stack.append(len(parsed) - 1)

    def finished(_: str) -> None:
        close_element(parsed[stack.pop()], xml, parser.CurrentByteIndex)

    def text(piece: str) -> None:
        parsed[stack[-1]].pieces.append(piece)

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = begin, finished, text
    parse_part(parser, xml)
    return parsed


def child_elements(of: int, parsed: list[Element]) -> list[Element]:
    """Return the child elements of the element with the index `of`."""
    return [element for element in parsed if element.parent == of]


def first_element(parsed: Iterable[Element], name: str) -> Element | None:
    """Return the first element of a name, if there is one."""
    return next((element for element in parsed if element.name == name), None)


def with_attributes(tag: bytes, attributes: Mapping[str, str | None]) -> bytes:
    """Return a start tag with attributes set, or dropped where the value is None. The others stay as written."""
    pending = dict(attributes)
    pieces, copied = [], 0
    head = re.match(rb"<[^\s/>]+", tag)
    end = head.end() if head else 0
    while match := _ATTRIBUTE.match(tag, end):
        end = match.end()
        name = match[1].decode("utf-8", "replace")
        if name not in pending:
            continue
        value = pending.pop(name)
        pieces += [tag[copied : match.start()], b"" if value is None else _attribute(name, value)]
        copied = end
    new = (_attribute(name, value) for name, value in pending.items() if value is not None)
    pieces += [tag[copied:end], *new, tag[end:]]
    return b"".join(pieces)


def attributes_to_drop(attributes: Mapping[str, str], *names: str) -> dict[str, str | None]:
    """Return those of the named attributes that are neither false nor empty, as what `with_attributes` needs to drop
    them."""
    return {name: None for name in names if attributes.get(name, "") not in ("", "0", "false", "off")}


def _attribute(name: str, value: str) -> bytes:
    return f' {name}="{escape_xml(value)}"'.encode()


def insertion_edit(element: Element, xml: bytes, new: bytes, *, first_child: bool = False) -> Edit:
    """Return the edit that puts new content into an element, at its end or, with `first_child`, its beginning."""
    if element.empty:
        tag = xml[element.start : element.inner]
        name = re.match(rb"<([^\s/>]+)", tag)
        return (element.inner - 2, element.inner, b">" + new + b"</" + (name[1] if name else b"") + b">")
    where = element.inner if first_child else element.close
    return (where, where, new)


def apply_edits(xml: bytes, edits: Iterable[Edit]) -> bytes:
    """Return a part with every edit made. An edit within something that is removed is dropped."""
    pieces, copied = [], 0
    for start, end, new in sorted(edits, key=lambda edit: (edit[0], edit[1] > edit[0], -edit[1])):
        if start < copied:
            continue
        pieces += [xml[copied:start], new]
        copied = end
    pieces.append(xml[copied:])
    return b"".join(pieces)


_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPECIAL = re.compile('[&<>"\n\r]|[^\t\u0020-\ud7ff]')
_LOOKS_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


def escape_xml(text: str) -> str:
    """Return text for XML, in an element or an attribute, without characters that XML does not allow."""
    if not _SPECIAL.search(text):
        return text
    text = _ILLEGAL.sub("", text)
    for sign, code in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("\n", "&#10;"), ("\r", "&#13;")):
        text = text.replace(sign, code)
    return text


def escape_cell_text(text: str) -> str:
    """Return text for a cell or a comment: escaped, and never taken for one of Excel's own escapes, as _x000D_."""
    return escape_xml(_LOOKS_ESCAPED.sub("_x005F_", text) if "_x" in text else text)
