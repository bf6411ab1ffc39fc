"""Texts of an OpenDocument workbook beside its cells: annotations, shapes, headers, properties. Runs only in the child
process. Source: OpenDocument 1.3, Part 3."""

from __future__ import annotations

from xml.parsers import expat

from local_indicators.inputs.readers.cells import HiddenText
from local_indicators.inputs.readers.hidden_content.xml_texts import texts_of_part
from local_indicators.inputs.readers.invisible_characters import without_invisible_characters
from local_indicators.inputs.readers.refusals import Refused
from local_indicators.inputs.readers.zip_package import ZipPackage, read_part

_ASIDE = {
    "annotation": "comment",
    "tracked-changes": "tracked change",
    "shapes": "text box",
    "custom-shape": "text box",
    "frame": "text box",
    "header": "header or footer",
    "footer": "header or footer",
    "content-validation": "note on cells",
}
_AUTHORS = frozenset(("creator", "initial-creator", "generator", "printed-by", "editing-cycles", "document-statistic"))


def ods_texts(package: ZipPackage) -> tuple[HiddenText, ...]:
    """The texts beside the cells, each once."""
    found: dict[HiddenText, None] = {}
    for name in ("content.xml", "styles.xml"):
        content = _held(package, name)
        if any(word.encode() in content for word in _ASIDE):
            found |= dict.fromkeys(_aside(content))
    for element, text, _ in texts_of_part(_held(package, "meta.xml") or b"<x/>", frozenset()):
        found[HiddenText("author" if element in _AUTHORS else "property", without_invisible_characters(text))] = None
    return tuple(found)


def _held(package: ZipPackage, name: str) -> bytes:
    try:
        return read_part(package, name) if name in package else b""
    except Refused:
        return b""


def _aside(xml: bytes) -> list[HiddenText]:
    """The paragraphs within annotations, shapes, headers and changes; who wrote an annotation is no part of it."""
    hidden_texts: list[HiddenText] = []
    places: list[str] = []
    open_at: list[str] = []
    said: list[str] = []

    def start(tag: str, _: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        open_at.append(name)
        if name in _ASIDE:
            places.append(_ASIDE[name])
        if name == "p" and places:
            said.clear()

    def text(words: str) -> None:
        if places and "p" in open_at:
            said.append(words)

    def end(tag: str) -> None:
        name = tag.rpartition(":")[2]
        open_at.pop()
        if name == "p" and places and "".join(said).strip():
            hidden_texts.append(HiddenText(places[-1], without_invisible_characters("".join(said)).strip()))
            said.clear()
        if name in _ASIDE:
            places.pop()

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    try:
        parser.Parse(xml, True)
    except (expat.ExpatError, ValueError):
        return hidden_texts
    return hidden_texts
