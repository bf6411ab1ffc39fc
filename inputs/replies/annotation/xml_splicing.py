"""Change an XML part of a workbook by splicing bytes, so that whatever is not changed stays byte for byte what it was.

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
"""From this byte, up to and without that one, stands this instead."""


class NotEditable(Exception):
    """The part is not XML that can be changed safely; the argument says why."""


@dataclass(eq=False)
class Element:
    """One element: its name without prefix, and the bytes it takes: `start`, `inner` (after the start tag), `close`
    (before the end tag) and `end`. `parent` is an index into the list it came in, -1 for the root. `links` are the
    values of its attributes in the relationships namespace."""

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
        return "".join(self.pieces)

    @property
    def empty(self) -> bool:
        """Whether it was written as one tag, as in <a/>."""
        return self.close == self.end

    def tag(self, name: str) -> bytes:
        """The name that a sibling or child in the same namespace has to be written with."""
        return f"{self.prefix}:{name}".encode() if self.prefix else name.encode()


_DECLARED = re.compile(rb"^\s*<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_TAG_END = re.compile(rb"(?:[^>\"']|\"[^\"]*\"|'[^']*')*>")
_ATTRIBUTE = re.compile(rb"\s+([^\s=/>]+)\s*=\s*(\"[^\"]*\"|'[^']*')")


def in_utf8(xml: bytes) -> bytes:
    """The part in UTF-8, in which positions are counted; nearly all are already."""
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
        raise NotEditable(f"text in {encoding[:20]}") from None
    return re.sub(r"^\s*<\?xml[^>]*\?>", '<?xml version="1.0" encoding="UTF-8"?>', text.lstrip("\ufeff")).encode()


def parser_of() -> expat.XMLParserType:
    """A parser that knows namespaces, keeps prefixes and refuses a DOCTYPE, with all the tricks that entities allow."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.namespace_prefixes = True
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise NotEditable("a part with a DOCTYPE")

    parser.StartDoctypeDeclHandler = refuse
    return parser


def run(parser: expat.XMLParserType, xml: bytes) -> None:
    """Parse a whole part. Raises NotEditable."""
    try:
        parser.Parse(xml, True)
    except expat.ExpatError as error:
        raise NotEditable(f"a part that is not well-formed ({expat.ErrorString(error.code)})") from None


def split_name(name: str) -> tuple[str, str, str]:
    """Namespace, name and prefix of a name as expat gives it."""
    parts = name.split(" ")
    if len(parts) == 1:
        return "", parts[0], ""
    return parts[0], parts[1], parts[2] if len(parts) > 2 else ""


def tag_end(xml: bytes, start: int) -> int:
    """The byte after the tag that begins at `start`."""
    found = _TAG_END.match(xml, start)
    if not found:
        raise NotEditable("a tag without an end")
    return found.end()


def element_at(xml: bytes, start: int, name: str, given: Mapping[str, str], parent: int) -> Element:
    """The element whose start tag expat has just met."""
    space, local, prefix = split_name(name)
    attributes: dict[str, str] = {}
    links: dict[str, str] = {}
    for key, value in given.items():
        of, short, _ = split_name(key)
        if of in RELATIONSHIPS:
            links[short] = value
        elif not of or short not in attributes:
            attributes[short] = value
    return Element(local, prefix, space, attributes, links, parent, start, tag_end(xml, start))


def finish(element: Element, xml: bytes, at: int) -> None:
    """Note where an element ends; `at` is the byte at which expat met its end."""
    if xml[element.inner - 2 : element.inner] == b"/>":
        element.close = element.end = element.inner
    else:
        element.close, element.end = at, tag_end(xml, at)


def elements(xml: bytes) -> list[Element]:
    """Every element of a part in document order, the root first. Raises NotEditable."""
    found: list[Element] = []
    stack: list[int] = []
    parser = parser_of()

    def begin(name: str, given: dict[str, str]) -> None:
        found.append(element_at(xml, parser.CurrentByteIndex, name, given, stack[-1] if stack else -1))
        stack.append(len(found) - 1)

    def finished(_: str) -> None:
        finish(found[stack.pop()], xml, parser.CurrentByteIndex)

    def text(piece: str) -> None:
        found[stack[-1]].pieces.append(piece)

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = begin, finished, text
    run(parser, xml)
    return found


def children(of: int, found: list[Element]) -> list[Element]:
    """The child elements of the element with that index."""
    return [element for element in found if element.parent == of]


def first(found: Iterable[Element], name: str) -> Element | None:
    """The first element of a name."""
    return next((element for element in found if element.name == name), None)


def tag_with(tag: bytes, attributes: Mapping[str, str | None]) -> bytes:
    """A start tag with attributes set, or dropped where the value is None. The others stay as they are written."""
    left = dict(attributes)
    out, done = [], 0
    head = re.match(rb"<[^\s/>]+", tag)
    at = head.end() if head else 0
    while match := _ATTRIBUTE.match(tag, at):
        at = match.end()
        name = match[1].decode("utf-8", "replace")
        if name not in left:
            continue
        value = left.pop(name)
        out += [tag[done : match.start()], b"" if value is None else _attribute(name, value)]
        done = at
    out += [tag[done:at], *(_attribute(name, value) for name, value in left.items() if value is not None), tag[at:]]
    return b"".join(out)


def dropped(says: Mapping[str, str], *names: str) -> dict[str, str | None]:
    """Which of the named attributes say something (not 0, not nothing), as what `tag_with` needs to drop them."""
    return {name: None for name in names if says.get(name, "") not in ("", "0", "false", "off")}


def _attribute(name: str, value: str) -> bytes:
    return f' {name}="{escape(value)}"'.encode()


def add_inside(element: Element, xml: bytes, new: bytes, *, first_child: bool = False) -> Edit:
    """The edit that puts new content into an element, at its end or its beginning."""
    if element.empty:
        tag = xml[element.start : element.inner]
        name = re.match(rb"<([^\s/>]+)", tag)
        return (element.inner - 2, element.inner, b">" + new + b"</" + (name[1] if name else b"") + b">")
    where = element.inner if first_child else element.close
    return (where, where, new)


def splice(xml: bytes, edits: Iterable[Edit]) -> bytes:
    """The part with every edit made. What lies within something that is taken out goes with it."""
    out, done = [], 0
    for start, end, new in sorted(edits, key=lambda edit: (edit[0], edit[1] > edit[0], -edit[1])):
        if start < done:
            continue
        out += [xml[done:start], new]
        done = end
    out.append(xml[done:])
    return b"".join(out)


_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPECIAL = re.compile('[&<>"\n\r]|[^\t\u0020-\ud7ff]')
_LOOKS_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


def escape(text: str) -> str:
    """Text for XML, in an element or an attribute, without characters that XML cannot hold."""
    if not _SPECIAL.search(text):
        return text
    text = _ILLEGAL.sub("", text)
    for sign, code in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("\n", "&#10;"), ("\r", "&#13;")):
        text = text.replace(sign, code)
    return text


def cell_text(text: str) -> str:
    """Text for a cell or a comment: escaped, and never taken for one of Excel's own escapes such as _x000D_."""
    return escape(_LOOKS_ESCAPED.sub("_x005F_", text) if "_x" in text else text)
