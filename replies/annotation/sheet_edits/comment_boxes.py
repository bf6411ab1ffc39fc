"""The boxes in which old programs show comments, in the VML drawing of a sheet.

Runs on untrusted bytes, so only in the child process.
"""

from __future__ import annotations

import re

from local_indicators.common.cell_references import COLUMNS
from local_indicators.replies.annotation.ooxml.xml_splicing import NotEditableError
from local_indicators.replies.annotation.sheet_edits.sheet_edit_plan import Place

_NAMESPACES = {
    "v": "urn:schemas-microsoft-com:vml",
    "o": "urn:schemas-microsoft-com:office:office",
    "x": "urn:schemas-microsoft-com:office:excel",
}
BLANK_DRAWING = (
    b'<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    b'xmlns:x="urn:schemas-microsoft-com:office:excel"><o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="1"/>'
    b"</o:shapelayout></xml>"
)
_SHAPETYPE = (
    '<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe"{namespaces}>'
    '<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)
_BOX = (
    '<v:shape id="_x0000_s{id}" type="#_x0000_t202" style="position:absolute;margin-left:60pt;margin-top:2pt;'
    'width:230pt;height:110pt;z-index:{order};visibility:hidden" fillcolor="#ffffe1" o:insetmode="auto"{namespaces}>'
    '<v:fill color2="#ffffe1"/><v:shadow on="t" color="black" obscured="t"/><v:path o:connecttype="none"/>'
    '<v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>'
    '<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/>'
    "<x:Anchor>{left}, 15, {top}, 2, {right}, 31, {bottom}, 4</x:Anchor><x:AutoFill>False</x:AutoFill>"
    "<x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
)
_SHAPE = re.compile(rb"<(?:\w+:)?shape\b(?:(?!</?(?:\w+:)?shape\b).)*</(?:\w+:)?shape\s*>", re.S)
_LAST_COLUMN, _LAST_ROW = COLUMNS - 1, 1_048_575


def add_boxes(vml: bytes, places: list[Place]) -> bytes:
    """Return a drawing with a hidden box for a comment on each of these cells. Raises NotEditableError."""
    end_tags = list(re.finditer(rb"</(?:\w+:)?xml\s*>", vml))
    if not end_tags:
        raise NotEditableError("a drawing of an unusual kind")
    head = vml[:2000]
    declarations = [f'xmlns:{prefix}="{uri}"' for prefix, uri in _NAMESPACES.items()]
    namespaces = "".join(f" {declaration}" for declaration in declarations if declaration.encode() not in head)
    used = [int(number) for number in re.findall(rb"_x0000_s(\d{1,8})", vml)]
    number = max([1024, *used]) + 1
    new = "" if b'id="_x0000_t202"' in vml else _SHAPETYPE.format(namespaces=namespaces)
    new += "".join(_box(number + order, order, place, namespaces) for order, place in enumerate(places))
    end = end_tags[-1].start()
    return vml[:end] + new.encode() + vml[end:]


def _box(number: int, order: int, place: Place, namespaces: str) -> str:
    """Return the shape of one box, to the right of its cell."""
    row, column = place
    left, top = min(column + 1, _LAST_COLUMN - 4), max(row - 1, 0)
    return _BOX.format(
        id=number,
        order=order + 1,
        namespaces=namespaces,
        left=left,
        top=top,
        right=left + 4,
        bottom=min(top + 7, _LAST_ROW),
        row=row,
        column=column,
    )


def remove_boxes(vml: bytes, places: list[Place]) -> bytes:
    """Return a drawing without the boxes of comments on these cells."""
    cells = {(str(row).encode(), str(column).encode()) for row, column in places}

    def kept(match: re.Match[bytes]) -> bytes:
        row, column = (re.search(rb"<\w+:%s>\s*(\d+)\s*<" % name, match[0]) for name in (b"Row", b"Column"))
        is_note = re.search(rb"ObjectType\s*=\s*[\"']Note", match[0])
        return b"" if is_note and row and column and (row[1], column[1]) in cells else match[0]

    return _SHAPE.sub(kept, vml)
