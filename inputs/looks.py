"""What the styles of an xlsx file say of how its cells look: number formats that tell, and what is struck out.

Runs on untrusted bytes, so only in the child process (inputs.child). Source: ECMA-376, Part 1, 18.8 (styles).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from inputs.number_formats import BUILT_IN, is_telling
from inputs.package import elements

OFF = ("0", "false", "off", "none")
CONTAINERS = ("numFmts", "fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs")
MOST_STYLES = 65_536


@dataclass(frozen=True)
class Looks:
    """By the number of a cell's style: the format of numbers that shows something else than the number, and whether the
    font is struck out."""

    formats: Mapping[int, str] = field(default_factory=dict)
    struck: frozenset[int] = frozenset()


def looks_of(styles: bytes) -> Looks:
    """The looks that a styles part defines. Raises Refused where it is not well-formed."""
    codes: dict[int, str] = dict(BUILT_IN)
    fonts: list[bool] = []
    formats: dict[int, str] = {}
    struck: set[int] = set()
    within, style = "", -1
    for one in elements(styles):
        if one.name in CONTAINERS:
            within = one.name
        elif one.name == "numFmt" and within == "numFmts":
            codes[_whole(one.get("numFmtId"))] = one.get("formatCode")
        elif one.name == "font" and within == "fonts":
            fonts.append(False)
        elif one.name == "strike" and within == "fonts" and fonts:
            fonts[-1] = one.attributes.get("val", "1") not in OFF
        elif one.name == "xf" and within == "cellXfs" and style < MOST_STYLES:
            style += 1
            code = codes.get(_whole(one.get("numFmtId")), "")
            if code and is_telling(code):
                formats[style] = code
            font = _whole(one.get("fontId"))
            if font < len(fonts) and fonts[font]:
                struck.add(style)
    return Looks(formats, frozenset(struck))


def _whole(text: str) -> int:
    return int(text) if text.isdigit() and len(text) < 9 else 0
