"""Comments on cells: new ones beside, or within, those that a sheet has already, and the boxes that show them.

Runs on untrusted bytes, so only in the child process.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from inputs.replies.annotation.ooxml_package import Package
from inputs.replies.annotation.sheet_editor import Place
from inputs.replies.annotation.xml_splicing import (
    Edit,
    Element,
    NotEditable,
    add_inside,
    cell_text,
    children,
    elements,
    first,
    splice,
)
from schemas.findings import COLUMNS, a1, at, position

AUTHOR = "Local Indicators"
OURS = "Local Indicators: "
"""How the text of ours begins in a comment that is the sender's."""
MOST_ON_SHEET = 1000
"""Comments of ours on one sheet: an old drawing numbers its boxes in blocks of 1,024."""
_MAIN = {
    False: "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    True: "http://purl.oclc.org/ooxml/spreadsheetml/main",
}
_COMMENTS_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
_VML_TYPE = "application/vnd.openxmlformats-officedocument.vmlDrawing"


def comment_on(
    package: Package, sheet: str, legacy: str | None, texts: Mapping[Place, str]
) -> tuple[str | None, list[Place]]:
    """Put comments on cells of a sheet. Gives the relation of a new drawing that the sheet has to refer to, if one was
    needed, and the cells that could not be commented because a conversation of the sender's is on them."""
    if not texts:
        return None, []
    held = package.linked(sheet, "comments")
    blank = f'<comments xmlns="{_MAIN[package.strict]}"><authors/><commentList/></comments>'
    name = package.name_of(held[0].target) if held else ""
    xml = package.part(name) if held and package.has(name) else blank.encode()
    new, boxes, barred = _with_comments(xml, texts)
    if held and package.has(name):
        package.change(name, new)
    else:
        name = package.add("xl/comments/marked#.xml", new, _COMMENTS_TYPE)
        package.link(sheet, "comments", name)
    drawing = next((one for one in package.linked(sheet, "vmlDrawing") if one.id == legacy), None)
    if drawing is not None and package.has(drawing.target):
        target = package.name_of(drawing.target)
        package.change(target, _with_boxes(package.part(target), boxes))
        return None, barred
    target = package.add("xl/drawings/marked#.vml", _with_boxes(_BLANK_VML, boxes), _VML_TYPE)
    return package.link(sheet, "vmlDrawing", target), barred


def uncomment(package: Package, sheet: str) -> None:
    """Take out the comments that an earlier copy of ours put on a sheet."""
    for one in package.linked(sheet, "comments"):
        if not package.has(one.target):
            continue
        name = package.name_of(one.target)
        new, gone = _without_ours(package.part(name))
        package.change(name, new)
        for drawing in package.linked(sheet, "vmlDrawing"):
            if gone and package.has(drawing.target):
                target = package.name_of(drawing.target)
                package.change(target, _without_boxes(package.part(target), gone))


# -- the comments -----------------------------------------------------------------------------------------------------


def _with_comments(xml: bytes, texts: Mapping[Place, str]) -> tuple[bytes, list[Place], list[Place]]:
    found = elements(xml)
    authors, held = first(found, "authors"), first(found, "commentList")
    if authors is None or held is None:
        raise NotEditable("comments of an unusual kind")
    names = children(found.index(authors), found)
    ours, p = len(names), f"{found[0].prefix}:" if found[0].prefix else ""
    edits: list[Edit] = [add_inside(authors, xml, f"<{p}author>{AUTHOR}</{p}author>".encode())]
    there = {one.attributes.get("ref", ""): one for one in found if one.name == "comment"}
    new, boxes, barred = [], [], []
    for place in sorted(texts):
        reference = a1(at(*place))
        runs = _runs(texts[place], p)
        if reference not in there:
            new.append(f'<{p}comment ref="{reference}" authorId="{ours}"><{p}text>{runs}</{p}text></{p}comment>')
            boxes.append(place)
        elif _is_conversation(there[reference], names):
            barred.append(place)
        else:
            edits += _joined(there[reference], found, xml, _runs(f"\n{OURS}{texts[place]}", p), p)
    if new:
        edits.append(add_inside(held, xml, "".join(new).encode()))
    return splice(xml, edits), boxes, barred


def _is_conversation(one: Element, authors: list[Element]) -> bool:
    """Whether a comment only stands in for a threaded one, for programs that know no threads."""
    number = one.attributes.get("authorId", "")
    author = authors[int(number)].text if number.isdigit() and int(number) < len(authors) else ""
    return author.casefold().startswith("tc=")


def _runs(text: str, p: str) -> str:
    look = f'<{p}rPr><{p}sz val="9"/><{p}color rgb="FF7A1210"/><{p}rFont val="Tahoma"/></{p}rPr>'
    return f'<{p}r>{look}<{p}t xml:space="preserve">{cell_text(text)}</{p}t></{p}r>'


def _joined(one: Element, found: list[Element], xml: bytes, runs: str, p: str) -> list[Edit]:
    """Our words after those of the sender, who keeps the comment."""
    number = found.index(one)
    text = next((kid for kid in children(number, found) if kid.name == "text"), None)
    if text is None:
        raise NotEditable("a comment without text")
    inside = children(found.index(text), found)
    edits: list[Edit] = []
    for plain in (kid for kid in inside if kid.name == "t"):
        edits += [(plain.start, plain.start, f"<{p}r>".encode()), (plain.end, plain.end, f"</{p}r>".encode())]
    after = next((kid for kid in inside if kid.name in ("rPh", "phoneticPr")), None)
    edits.append((after.start, after.start, runs.encode()) if after else add_inside(text, xml, runs.encode()))
    return edits


def _without_ours(xml: bytes) -> tuple[bytes, list[Place]]:
    found = elements(xml)
    authors = [one.text for one in found if one.name == "author"]
    edits: list[Edit] = []
    gone: list[Place] = []
    for number, one in enumerate(found):
        by = one.attributes.get("authorId", "")
        if one.name == "comment" and by.isdigit() and int(by) < len(authors) and authors[int(by)] == AUTHOR:
            edits.append((one.start, one.end, b""))
            where = position(one.attributes.get("ref", ""))
            gone += [] if where is None else [divmod(where, COLUMNS)]
        elif one.name == "r" and "".join(kid.text for kid in children(number, found)).lstrip().startswith(OURS):
            edits.append((one.start, one.end, b""))
    return splice(xml, edits), gone


# -- their boxes ------------------------------------------------------------------------------------------------------

_SPACES = {
    "v": "urn:schemas-microsoft-com:vml",
    "o": "urn:schemas-microsoft-com:office:office",
    "x": "urn:schemas-microsoft-com:office:excel",
}
_BLANK_VML = (
    b'<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    b'xmlns:x="urn:schemas-microsoft-com:office:excel"><o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="1"/>'
    b"</o:shapelayout></xml>"
)
_SHAPETYPE = (
    '<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe"{spaces}>'
    '<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)
_BOX = (
    '<v:shape id="_x0000_s{id}" type="#_x0000_t202" style="position:absolute;margin-left:60pt;margin-top:2pt;'
    'width:230pt;height:110pt;z-index:{order};visibility:hidden" fillcolor="#ffffe1" o:insetmode="auto"{spaces}>'
    '<v:fill color2="#ffffe1"/><v:shadow on="t" color="black" obscured="t"/><v:path o:connecttype="none"/>'
    '<v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>'
    '<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/>'
    "<x:Anchor>{left}, 15, {top}, 2, {right}, 31, {bottom}, 4</x:Anchor><x:AutoFill>False</x:AutoFill>"
    "<x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
)
_SHAPE = re.compile(rb"<(?:\w+:)?shape\b(?:(?!</?(?:\w+:)?shape\b).)*</(?:\w+:)?shape\s*>", re.S)
_LAST_COLUMN, _LAST_ROW = COLUMNS - 1, 1_048_575


def _with_boxes(vml: bytes, places: list[Place]) -> bytes:
    closing = list(re.finditer(rb"</(?:\w+:)?xml\s*>", vml))
    if not closing:
        raise NotEditable("a drawing of an unusual kind")
    head = vml[:2000]
    spaces = "".join(
        f' xmlns:{letter}="{name}"'
        for letter, name in _SPACES.items()
        if f'xmlns:{letter}="{name}"'.encode() not in head
    )
    used = [int(number) for number in re.findall(rb"_x0000_s(\d{1,8})", vml)]
    number = max([1024, *used]) + 1
    new = "" if b'id="_x0000_t202"' in vml else _SHAPETYPE.format(spaces=spaces)
    for order, (row, column) in enumerate(places):
        left, top = min(column + 1, _LAST_COLUMN - 4), max(row - 1, 0)
        new += _BOX.format(
            id=number + order,
            order=order + 1,
            spaces=spaces,
            left=left,
            top=top,
            right=left + 4,
            bottom=min(top + 7, _LAST_ROW),
            row=row,
            column=column,
        )
    at_end = closing[-1].start()
    return vml[:at_end] + new.encode() + vml[at_end:]


def _without_boxes(vml: bytes, places: list[Place]) -> bytes:
    out = {(str(row).encode(), str(column).encode()) for row, column in places}

    def judge(match: re.Match[bytes]) -> bytes:
        row, column = (re.search(rb"<\w+:%s>\s*(\d+)\s*<" % name, match[0]) for name in (b"Row", b"Column"))
        is_note = re.search(rb"ObjectType\s*=\s*[\"']Note", match[0])
        return b"" if is_note and row and column and (row[1], column[1]) in out else match[0]

    return _SHAPE.sub(judge, vml)
