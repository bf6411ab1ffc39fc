"""The styles of a workbook: for a marked cell its own format with another fill, and the formats of our own sheet.

Runs on untrusted bytes, so only in the child process.
"""

from __future__ import annotations

from collections.abc import Iterator

from local_indicators.replies.annotation.ooxml.xml_splicing import (
    Edit,
    Element,
    NotEditableError,
    apply_edits,
    child_elements,
    insertion_edit,
    parse_elements,
    with_attributes,
)

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
FILLS = {"error": "FFF8C4C2", "warning": "FFFFE8A3"}
"""Colours of marked cells: light enough to read what stands on them, in black or in blue."""
MAX_FORMATS = 60_000
"""Excel allows some 65,000 cell formats."""
BLANK = (
    f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<styleSheet xmlns="{MAIN}">'
    '<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '</fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs></styleSheet>'
).encode()
_FONTS = {
    "title": '<{p}b/><{p}sz val="14"/><{p}name val="Arial"/>',
    "head": '<{p}b/><{p}sz val="10"/><{p}color rgb="FFFFFFFF"/><{p}name val="Arial"/>',
    "label": '<{p}b/><{p}sz val="10"/><{p}name val="Arial"/>',
    "text": '<{p}sz val="10"/><{p}name val="Arial"/>',
    "link": '<{p}u/><{p}sz val="10"/><{p}color rgb="FF0B3C8C"/><{p}name val="Arial"/>',
}
_HEAD_FILL = "FF1D4F76"
_LOOKS = {  # font and colour
    "title": ("title", None),
    "label": ("label", None),
    "heading": ("label", None),
    "plain": ("text", None),
    "text": ("text", None),
    "head": ("head", _HEAD_FILL),
    "link": ("link", None),
    "error": ("text", FILLS["error"]),
    "warning": ("text", FILLS["warning"]),
}
_LISTS = ("fonts", "fills", "cellXfs")
_NONE = -1


class Styles:
    """The style part of a workbook, and what is added to it. Raises NotEditableError for one that cannot be added to.

    Cell formats, fonts and fills are counted from 0. In a fill of ours the colour behind, which no program shows, is
    the one that the cell had before, so that the next copy can give it back.
    """

    def __init__(self, xml: bytes) -> None:
        parsed = parse_elements(xml)
        if not any(element.name in _LISTS for element in parsed):
            xml, parsed = BLANK, parse_elements(BLANK)  # some programs write a list of styles that lists none
        self._xml, self._elements = xml, parsed
        numbers = {element.name: number for number, element in enumerate(parsed) if element.parent == 0}
        if not set(_LISTS) <= numbers.keys():
            raise NotEditableError("styles of an unusual kind")
        self._lists = {name: parsed[numbers[name]] for name in _LISTS}
        self._existing = {name: child_elements(numbers[name], parsed) for name in _LISTS}
        self._added: dict[str, list[bytes]] = {name: [] for name in _LISTS}
        self._numbers: dict[tuple[object, ...], int] = {}
        self._solid_fills = dict(_solid_fills(parsed, numbers["fills"]))
        self._prefix = f"{parsed[0].prefix}:" if parsed[0].prefix else ""

    def marked(self, base: int, severity: str) -> int:
        """Return the cell format that differs from `base` in its fill only. Raises NotEditableError at Excel's
        limit."""
        key = ("marked", base, severity)
        if key not in self._numbers:
            fill = self._fill_of(base)
            before = self._colour(fill)
            if before is not None and before.attributes.get("rgb") in FILLS.values():
                before = self._colour(fill, "bgColor")  # an earlier copy coloured it
            self._numbers[key] = self._with_fill(base, self._mark_fill(FILLS[severity], before))
        return self._numbers[key]

    def unmarked(self, base: int) -> int | None:
        """Return the format that a cell had before an earlier copy of ours marked it; None where none did."""
        key = ("unmarked", base)
        if key not in self._numbers:
            fill = self._fill_of(base)
            colour = self._colour(fill)
            is_ours = colour is not None and colour.attributes.get("rgb") in FILLS.values()
            self._numbers[key] = self._with_fill(base, self._fill_before(fill)) if is_ours else _NONE
        return None if self._numbers[key] == _NONE else self._numbers[key]

    def own(self, look: str) -> int:
        """Return a cell format of our own sheet: title, label, heading, plain, text, head, link, error or warning."""
        key = ("own", look)
        if key not in self._numbers:
            p = self._prefix
            font_name, colour = _LOOKS[look]
            font = self._add("fonts", f"<{p}font>{_FONTS[font_name].format(p=p)}</{p}font>")
            fill = self._mark_fill(colour, None) if colour else 0
            wrap = "" if look in ("title", "heading", "plain") else ' wrapText="1"'
            self._numbers[key] = self._add(
                "cellXfs",
                f'<{p}xf numFmtId="0" fontId="{font}" fillId="{fill}" borderId="0" xfId="0" applyFont="1" '
                f'applyFill="1" applyAlignment="1"><{p}alignment vertical="top"{wrap}/></{p}xf>',
            )
        return self._numbers[key]

    def xml(self) -> bytes:
        """Return the part with what was added."""
        edits: list[Edit] = []
        for name, element in self._lists.items():
            if not self._added[name]:
                continue
            new = b"".join(self._added[name])
            count = str(len(self._existing[name]) + len(self._added[name]))
            tag = with_attributes(self._xml[element.start : element.inner], {"count": count})
            if element.empty:
                whole = tag[:-2] + b">" + new + b"</" + element.tag(name) + b">"
                edits.append((element.start, element.end, whole))
            else:
                edits += [(element.start, element.inner, tag), insertion_edit(element, self._xml, new)]
        return apply_edits(self._xml, edits)

    def _fill_of(self, base: int) -> str:
        """Return the number of the fill of a cell format, as it is written."""
        formats = self._existing["cellXfs"]
        return formats[base].attributes.get("fillId", "0") if 0 <= base < len(formats) else "0"

    def _with_fill(self, base: int, fill: int) -> int:
        formats = self._existing["cellXfs"]
        if not formats or len(formats) + len(self._added["cellXfs"]) > MAX_FORMATS:
            raise NotEditableError("more cell formats than Excel allows")
        element = formats[base] if 0 <= base < len(formats) else formats[0]
        tag = with_attributes(self._xml[element.start : element.inner], {"fillId": str(fill), "applyFill": "1"})
        return self._add("cellXfs", tag + self._xml[element.inner : element.end])

    def _add(self, name: str, new: str | bytes) -> int:
        """Add an entry to a list of the part; its number."""
        self._added[name].append(new.encode() if isinstance(new, str) else new)
        return len(self._existing[name]) + len(self._added[name]) - 1

    def _mark_fill(self, rgb: str, before: Element | None) -> int:
        """Return the fill of one colour, with the colour behind it that a cell had before."""
        attributes = dict(before.attributes) if before is not None else {"indexed": "64"}
        key = ("fill", rgb, tuple(sorted(attributes.items())))
        if key not in self._numbers:
            p = self._prefix
            behind = with_attributes(f"<{p}bgColor/>".encode(), attributes).decode()
            self._numbers[key] = self._add_solid_fill(f'<{p}fgColor rgb="{rgb}"/>{behind}')
        return self._numbers[key]

    def _fill_before(self, fill: str) -> int:
        """Return the fill that a cell had before a copy of ours gave it this one; 0 is the empty fill."""
        behind = self._colour(fill, "bgColor")
        attributes = dict(behind.attributes) if behind is not None else {"indexed": "64"}
        if attributes.get("indexed") == "64":
            return 0
        p = self._prefix
        front = with_attributes(f"<{p}fgColor/>".encode(), attributes).decode()
        key = ("before", front)
        if key not in self._numbers:
            self._numbers[key] = self._add_solid_fill(f'{front}<{p}bgColor indexed="64"/>')
        return self._numbers[key]

    def _add_solid_fill(self, colours: str) -> int:
        p = self._prefix
        return self._add("fills", f'<{p}fill><{p}patternFill patternType="solid">{colours}</{p}patternFill></{p}fill>')

    def _colour(self, fill: str, part: str = "fgColor") -> Element | None:
        """Return the colour in front (fgColor) or behind (bgColor) of a fill that is one colour; None of any other."""
        number = int(fill) if fill.isdigit() else -1
        return self._solid_fills.get(number, {}).get(part)


def _solid_fills(parsed: list[Element], fills: int) -> Iterator[tuple[int, dict[str, Element]]]:
    """For each fill that is one colour, by its number: its elements by name. `fills` is the index of the list."""
    number, solid = -1, {}
    for index, element in enumerate(parsed):
        if element.parent == fills:
            number += 1
        elif element.name == "patternFill" and parsed[element.parent].parent == fills:
            solid[index] = number if element.attributes.get("patternType") == "solid" else None
    for index, fill in solid.items():
        if fill is not None:
            yield fill, {child.name: child for child in parsed[index : index + 4] if child.parent == index}
