"""The styles of a workbook: for a marked cell its own format with another fill, and the formats of our own sheet."""

from __future__ import annotations

from collections.abc import Iterator

from inputs.replies.annotation.xml_splicing import (
    Edit,
    Element,
    NotEditable,
    add_inside,
    children,
    elements,
    splice,
    tag_with,
)

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
FILLS = {"error": "FFF8C4C2", "warning": "FFFFE8A3"}
"""Colours of marked cells: light enough to read what stands on them, in black or in blue."""
MOST_FORMATS = 60_000
"""Excel holds no more than some 65,000 cell formats."""
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
_LOOKS = {  # font and fill
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


class Styles:
    """The style part of a workbook, and what is added to it."""

    def __init__(self, xml: bytes) -> None:
        found = elements(xml)
        if not any(one.name in ("fonts", "fills", "cellXfs") for one in found):
            xml, found = BLANK, elements(BLANK)  # some programs write a list of styles that lists none
        self._xml, self._all = xml, found
        lists = {one.name: number for number, one in enumerate(self._all) if one.parent == 0}
        if not {"fonts", "fills", "cellXfs"} <= lists.keys():
            raise NotEditable("styles of an unusual kind")
        self._lists = {name: self._all[lists[name]] for name in ("fonts", "fills", "cellXfs")}
        self._held = {name: children(lists[name], self._all) for name in self._lists}
        self._new: dict[str, list[bytes]] = {name: [] for name in self._lists}
        self._known: dict[tuple[object, ...], int] = {}
        self._solid = dict(self._solid_fills(lists["fills"]))
        prefix = self._all[0].prefix
        self._p = f"{prefix}:" if prefix else ""

    def _solid_fills(self, fills: int) -> Iterator[tuple[int, dict[str, Element]]]:
        """For each fill that is one colour, by its number: what is in front and what is behind."""
        number, patterns = -1, {}
        for index, one in enumerate(self._all):
            if one.parent == fills:
                number += 1
            elif one.name == "patternFill" and self._all[one.parent].parent == fills:
                patterns[index] = number if one.attributes.get("patternType") == "solid" else None
        for index, at in patterns.items():
            if at is not None:
                yield at, {kid.name: kid for kid in self._all[index : index + 4] if kid.parent == index}

    def marked(self, base: int, severity: str) -> int:
        """The cell format that differs from `base` in its fill only."""
        key = ("marked", base, severity)
        if key not in self._known:
            own = self._held["cellXfs"][base] if 0 <= base < len(self._held["cellXfs"]) else None
            fill = own.attributes.get("fillId", "0") if own else "0"
            under = self._colour(fill)
            if under is not None and under.attributes.get("rgb") in FILLS.values():
                under = self._colour(fill, "bgColor")  # an earlier copy coloured it
            self._known[key] = self._with_fill(base, self._fill(FILLS[severity], under))
        return self._known[key]

    def unmarked(self, base: int) -> int | None:
        """The format that a cell had before an earlier copy marked it; None where none did."""
        key = ("unmarked", base)
        if key not in self._known:
            held = self._held["cellXfs"]
            own = held[base].attributes.get("fillId", "0") if 0 <= base < len(held) else "0"
            under = self._colour(own)
            ours = under is not None and under.attributes.get("rgb") in FILLS.values()
            self._known[key] = self._with_fill(base, self._fill_before(own)) if ours else -1
        return self._known[key] if self._known[key] >= 0 else None

    def own(self, look: str) -> int:
        """A format of our own sheet."""
        key = ("own", look)
        if key not in self._known:
            p = self._p
            font_name, colour = _LOOKS[look]
            fonts = _FONTS[font_name].format(p=p)
            font = self._add("fonts", f"<{p}font>{fonts}</{p}font>".encode())
            fill = self._fill(colour, None) if colour else 0
            wrap = "" if look in ("title", "heading", "plain") else ' wrapText="1"'
            self._known[key] = self._add(
                "cellXfs",
                f'<{p}xf numFmtId="0" fontId="{font}" fillId="{fill}" borderId="0" xfId="0" applyFont="1" '
                f'applyFill="1" applyAlignment="1"><{p}alignment vertical="top"{wrap}/></{p}xf>'.encode(),
            )
        return self._known[key]

    def xml(self) -> bytes:
        """The part with what was added."""
        edits: list[Edit] = []
        for name, one in self._lists.items():
            if not self._new[name]:
                continue
            new = b"".join(self._new[name])
            count = str(len(self._held[name]) + len(self._new[name]))
            tag = tag_with(self._xml[one.start : one.inner], {"count": count})
            if one.empty:
                whole = tag[:-2] + b">" + new + b"</" + one.tag(name) + b">"
                edits.append((one.start, one.end, whole))
            else:
                edits += [(one.start, one.inner, tag), add_inside(one, self._xml, new)]
        return splice(self._xml, edits)

    def _with_fill(self, base: int, fill: int) -> int:
        held = self._held["cellXfs"]
        if not held or len(held) + len(self._new["cellXfs"]) > MOST_FORMATS:
            raise NotEditable("more cell formats than Excel allows")
        one = held[base] if 0 <= base < len(held) else held[0]
        tag = tag_with(self._xml[one.start : one.inner], {"fillId": str(fill), "applyFill": "1"})
        return self._add("cellXfs", tag + self._xml[one.inner : one.end])

    def _add(self, name: str, new: bytes) -> int:
        self._new[name].append(new)
        return len(self._held[name]) + len(self._new[name]) - 1

    def _fill(self, rgb: str, under: Element | None) -> int:
        """A fill of one colour. Behind it, where no program shows it, stands the colour that the cell had before, so
        that the next copy can give it back."""
        before = dict(under.attributes) if under is not None else {"indexed": "64"}
        key = ("fill", rgb, tuple(sorted(before.items())))
        if key not in self._known:
            p = self._p
            back = tag_with(f"<{p}bgColor/>".encode(), before).decode()
            self._known[key] = self._add(
                "fills",
                f'<{p}fill><{p}patternFill patternType="solid"><{p}fgColor rgb="{rgb}"/>{back}'
                f"</{p}patternFill></{p}fill>".encode(),
            )
        return self._known[key]

    def _colour(self, fill: str, part: str = "fgColor") -> Element | None:
        """The colour of a solid fill."""
        number = int(fill) if fill.isdigit() else -1
        return self._solid.get(number, {}).get(part)

    def _fill_before(self, fill: str) -> int:
        behind = self._colour(fill, "bgColor")
        says = dict(behind.attributes) if behind is not None else {"indexed": "64"}
        if says.get("indexed") == "64":
            return 0
        p = self._p
        front = tag_with(f"<{p}fgColor/>".encode(), says).decode()
        key = ("before", front)
        if key not in self._known:
            self._known[key] = self._add(
                "fills",
                f'<{p}fill><{p}patternFill patternType="solid">{front}<{p}bgColor indexed="64"/></{p}patternFill>'
                f"</{p}fill>".encode(),
            )
        return self._known[key]
