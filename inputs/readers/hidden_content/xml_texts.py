"""The texts of an XML part, wherever its format keeps them. Runs only in the child process."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Set
from xml.parsers import expat
from xml.sax.saxutils import unescape

Visit = Callable[[str, Mapping[str, str]], None]
_TAG = re.compile(r"<[^>]*>")


class _Declared(Exception):
    """The part declares a document type, which is not gone into."""


def texts_of_part(
    xml: bytes, whole: Set[str], attributes: Set[str] = frozenset(), marks: str = ""
) -> Iterator[tuple[str, str, str]]:
    """Each text of a part: the element that holds it, its text, and where it is by the attribute `marks` of the nearest
    element that has one. The text of an element in `whole` is put together from all within it; that of any other
    stands alone. `attributes` are those whose values are texts too. A part that cannot be parsed is one text."""
    work = _Blocks(whole, attributes, marks)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = work.start, work.end, work.text
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(xml, True)
    except (expat.ExpatError, ValueError, LookupError, _Declared):
        yield from (("", line.strip(), "") for line in _TAG.sub("\n", _decoded(xml)).splitlines() if line.strip())
        return
    yield from work.found


def _refuse(*_: object) -> None:
    raise _Declared


def _decoded(xml: bytes) -> str:
    coding = "utf-16" if xml[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    return unescape(xml.decode(coding, "replace"))


class _Blocks:
    """The state of going through a part: the elements that are open, and what each has said so far."""

    def __init__(self, whole: Set[str], attributes: Set[str], marks: str) -> None:
        self.whole, self.attributes, self.marks = whole, attributes, marks
        self.found: list[tuple[str, str, str]] = []
        self.open: list[tuple[str, list[str]]] = []
        self.within: list[list[str]] = []
        self.place = ""

    def start(self, tag: str, given: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        for key, value in given.items():
            local = key.rpartition(":")[2]
            if local == self.marks:
                self.place = value
            if local in self.attributes and value.strip():
                self.found.append((name, value, self.place))
        said: list[str] = []
        self.open.append((name, said))
        if name in self.whole:
            self.within.append(said)

    def text(self, text: str) -> None:
        if self.within:
            self.within[-1].append(text)
        elif self.open:
            self.open[-1][1].append(text)

    def end(self, _: str) -> None:
        name, said = self.open.pop()
        if name in self.whole:
            self.within.pop()
        if text := "".join(said).strip():
            self.found.append((name, text, self.place))


def without_cells(xml: bytes, names: Set[str]) -> bytes:
    """A part of a sheet without its cells; `names` is what the element of the cells may be called."""
    for name in names:
        begin = re.search(rb"<(?:[\w.-]+:)?" + name.encode() + rb"(?=[\s/>])", xml)
        end = xml.rfind(name.encode() + b">")
        if begin and end > begin.start():
            return xml[: begin.start()] + xml[end + len(name) + 1 :]
    return xml
