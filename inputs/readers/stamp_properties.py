"""The properties that a template carries its stamp in, as spreadsheet programs keep them in their files.

Runs on untrusted bytes, so only in the child process (inputs.sandbox.child_process).
"""

from __future__ import annotations

from xml.parsers import expat

TEMPLATE = "Local Indicators template"
VERSION = "Local Indicators template version"
DEFINITIONS = "Local Indicators definitions"

PARTS = {"docprops/custom.xml": "property", "meta.xml": "user-defined"}
"""Where they lie, in small letters, and the element that holds one: in Excel's workbooks and in OpenDocument's."""
_OURS = frozenset((TEMPLATE, VERSION, DEFINITIONS))
_LONGEST = 200
MOST_BYTES = 200_000


def stamp_properties(part: str, xml: bytes) -> dict[str, str]:
    """Our own properties among those of a part, by name; none where the part is not what it should be."""
    element, found = PARTS[part], {}
    held: list[str] = []
    text: list[str] = []
    if len(xml) > MOST_BYTES:
        return {}

    def begin(tag: str, attributes: dict[str, str]) -> None:
        if _plain(tag) == element:
            named = next((value for key, value in attributes.items() if _plain(key) == "name"), "")
            held[:], text[:] = [named], []

    def within(words: str) -> None:
        text.append(words)

    def end(tag: str) -> None:
        if _plain(tag) == element and held and held[0] in _OURS:
            found[held[0]] = " ".join("".join(text).split())[:_LONGEST]

    def refuse(*_: object) -> None:
        raise ValueError("a document type")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = begin, end, within
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(xml, True)
    except (expat.ExpatError, ValueError):
        return {}
    return found


def _plain(name: str) -> str:
    return name.rpartition(":")[2]
