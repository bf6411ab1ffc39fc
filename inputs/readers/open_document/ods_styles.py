"""The styles of an OpenDocument text: data styles as the format codes that Excel writes, and fonts that tell something.

One place decides how a number looks (inputs.readers.appearance.number_formats), so data styles are translated into what
it understands. Runs on untrusted bytes, so only in the child process (inputs.sandbox.child_process). Source:
OpenDocument 1.3, Part 3, 16.29 (data styles), 16.2 (styles) and 20 (their properties); and what LibreOffice writes for
the formats of Excel.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from local_indicators.inputs.readers.excel.cell_styles import OFF, PLAIN, Font

DATA_STYLES = frozenset(
    ("number-style", "percentage-style", "currency-style", "date-style", "time-style", "text-style", "boolean-style")
)
DAY_PARTS: Mapping[str, str] = {
    "day": "d", "month": "m", "year": "yyyy", "era": "g", "day-of-week": "ddd", "week-of-year": "d", "quarter": "m",
    "hours": "h", "minutes": "mm", "seconds": "ss", "am-pm": "h",
}  # fmt: skip
GENERAL = "General"
NOTHING = '""'
"""A section that shows no character at all; alone, a blank one would show the number."""
RAW = frozenset(" -+()")
DEEPEST = 20
"""Styles that may inherit from one another in a row."""
MOST_DIGITS = 40
_CONDITION = re.compile(r"\s*value\(\)\s*(<=|>=|!=|<|>|=)\s*(-?[0-9.]+)\s*")
_POSITION = re.compile(r"(-?[0-9.]+)%")


@dataclass
class DataStyle:
    """A data style as it is read: its kind, the code of its own, and the styles that stand for it on conditions."""

    kind: str
    pieces: list[str] = field(default_factory=list)
    maps: list[tuple[str, str, str]] = field(default_factory=list)
    long: bool = False


@dataclass
class OdsStyle:
    """A style of cells, paragraphs or words: what it inherits from, its data style, and what it says of the font."""

    parent: str = ""
    data: str = ""
    font: dict[str, bool] = field(default_factory=dict)


class OdsStyles:
    """The styles of a file, gathered element by element. Names are local, without the prefix of their space."""

    def __init__(self) -> None:
        self.data: dict[str, DataStyle] = {}
        self.styles: dict[tuple[str, str], OdsStyle] = {}
        self._one: DataStyle | None = None
        self._style: OdsStyle | None = None
        self._number: Mapping[str, str] | None = None
        self._embedded: list[tuple[int, str]] = []
        self._text: list[str] | None = None
        self._codes: dict[str, str] = {}
        self._fonts: dict[tuple[str, str, Font], Font] = {}

    def start(self, name: str, given: Mapping[str, str]) -> None:
        """Take in the start of an element of styles."""
        if name in DATA_STYLES:
            self._one = self.data[given.get("name", "")] = DataStyle(
                name, long=given.get("truncate-on-overflow") == "false"
            )
        elif name in ("style", "default-style"):
            self._style = OdsStyle(given.get("parent-style-name", ""), given.get("data-style-name", ""))
            named = given.get("name", "") if name == "style" else ""
            self.styles[given.get("family", ""), named] = self._style
        elif name == "text-properties" and self._style is not None:
            self._style.font.update(_font(given))
        elif self._one is not None:
            self._in_data_style(self._one, name, given)

    def end(self, name: str) -> None:
        """Take in the end of an element of styles."""
        if name in DATA_STYLES:
            self._one = None
        elif name in ("style", "default-style"):
            self._style = None
        elif self._one is None:
            return
        elif name == "number" and self._number is not None:
            self._one.pieces.append(_digits(self._number, self._embedded))
            self._number = None
        elif self._text is not None and name in ("text", "currency-symbol", "embedded-text", "fill-character"):
            self._end_text(self._one, name, "".join(self._text))
            self._text = None

    def characters(self, text: str) -> None:
        """Take in text within a data style."""
        if self._text is not None:
            self._text.append(text)

    def _in_data_style(self, data_style: DataStyle, name: str, given: Mapping[str, str]) -> None:
        if name == "number":
            self._number, self._embedded = given, []
        elif name in ("text", "currency-symbol", "fill-character", "embedded-text"):
            self._text = []
            if name == "embedded-text":
                self._embedded.append((_whole(given, "position", 0), ""))
        elif name == "scientific-number":
            data_style.pieces.append(_decimal(given) + "E+" + "0" * max(_whole(given, "min-exponent-digits", 1), 1))
        elif name == "fraction":
            data_style.pieces.append(_fraction(given))
        elif name == "text-content":
            data_style.pieces.append("@")
        elif name == "boolean":
            data_style.pieces.append('"TRUE"')
        elif name in DAY_PARTS:
            part = "mmm" if name == "month" and given.get("textual") == "true" else DAY_PARTS[name]
            data_style.pieces.append(
                f"[{part}]" if data_style.long and part in ("h", "mm", "ss") and not data_style.pieces else part
            )
        elif name == "map" and (said := _CONDITION.fullmatch(given.get("condition", ""))):
            data_style.maps.append((said[1].replace("!=", "<>"), said[2], given.get("apply-style-name", "")))

    def _end_text(self, data_style: DataStyle, name: str, text: str) -> None:
        if name == "embedded-text":
            self._embedded[-1] = (self._embedded[-1][0], text)
        elif name == "currency-symbol":
            data_style.pieces.append(f"[${text.replace(']', '')}]")
        elif name == "text":
            data_style.pieces.append(_literal(text, percent=data_style.kind == "percentage-style"))

    def code(self, cell_style: str) -> str:
        """The format code by which cells of a style show their numbers."""
        if cell_style not in self._codes:
            data = next((style.data for style in self._line("table-cell", cell_style) if style.data), "")
            self._codes[cell_style] = self._code(data) if data in self.data else GENERAL
        return self._codes[cell_style]

    def _code(self, name: str) -> str:
        one = self.data[name]
        own = "".join(one.pieces)
        maps = [(sign, than, "".join(self.data[to].pieces)) for sign, than, to in one.maps[:3] if to in self.data]
        if not maps:
            return own or NOTHING
        parts = [part for *_, part in maps] + [own]
        on = [(sign, float(than) if than.count(".") < 2 and than.strip("-.") else 0.0) for sign, than, _ in maps]
        if on in ([(">=", 0.0)], [(">", 0.0), ("<", 0.0)], [(">", 0.0), ("<", 0.0), ("=", 0.0)]):
            return ";".join(parts)
        told = [f"[{sign}{than:.15g}]{part}" for (sign, than), part in zip(on, parts, strict=False)]
        return ";".join([*told, own])

    def knows(self, family: str, name: str) -> bool:
        """Whether the file defines a style."""
        return (family, name) in self.styles

    def font(self, family: str, name: str, base: Font = PLAIN) -> Font:
        """The font of a style, where what it stands in has another."""
        if (family, name, base) not in self._fonts:
            self._fonts[family, name, base] = self._font(family, name, base)
        return self._fonts[family, name, base]

    def _font(self, family: str, name: str, base: Font) -> Font:
        for style in reversed(self._line(family, name)):
            base = replace(base, **style.font) if style.font else base
        return PLAIN if base == PLAIN else base

    def _line(self, family: str, name: str) -> list[OdsStyle]:
        """A style, those that it inherits from, and the one that all of its family do."""
        ods_styles: list[OdsStyle] = []
        while name and (family, name) in self.styles and len(ods_styles) < DEEPEST:
            ods_styles.append(self.styles[family, name])
            name = ods_styles[-1].parent
        of_all = self.styles.get((family, "")) if family == "table-cell" else None
        return ods_styles if of_all is None else [*ods_styles, of_all]


def _font(given: Mapping[str, str]) -> dict[str, bool]:
    """What the properties of a text say of notes and of what is struck out."""
    said: dict[str, bool] = {}
    position = given.get("text-position", "").split()
    if position:
        height = _POSITION.fullmatch(position[0])
        by = float(height[1]) if height and height[1].count(".") < 2 and height[1].strip("-.") else 0.0
        said["raised"] = position[0] == "super" or by > 0
        said["lowered"] = position[0] == "sub" or by < 0
    through = [given[key] for key in ("text-line-through-style", "text-line-through-type") if key in given]
    if through:
        said["struck"] = not any(one in OFF for one in through)
    return said


# -- the pieces of a code


def _digits(given: Mapping[str, str], embedded: list[tuple[int, str]]) -> str:
    """The digits of a number, with the words that stand between them."""
    plain = not embedded and not given.keys() & {"display-factor", "grouping", "decimal-replacement"}
    if plain and "decimal-places" not in given and _whole(given, "min-integer-digits", 1) <= 1:
        return GENERAL
    factor = given.get("display-factor", "1")
    commas = {"1": "", "1000": ",", "1000000": ",,", "1000000000": ",,,"}.get(factor.removesuffix(".0"))
    code = _decimal(given, embedded)
    return code + commas if commas is not None else code + '"?"'  # no scale that a person could name


def _decimal(given: Mapping[str, str], embedded: list[tuple[int, str]] | None = None) -> str:
    least = min(_whole(given, "min-integer-digits", 0), MOST_DIGITS)
    grouping = given.get("grouping") == "true"
    places = min(_whole(given, "decimal-places", 0), MOST_DIGITS)
    needed = min(_whole(given, "min-decimal-places", places), places) if "decimal-replacement" not in given else 0
    within = {min(place, MOST_DIGITS): _literal(text) for place, text in embedded or ()}
    length = max(least, 4 if grouping else 1, *[place + 1 for place in within])
    whole = ""
    for place in range(length):
        whole = (
            ("0" if place < least else "#") + ("," if grouping and place == 3 else "") + within.get(place, "") + whole
        )
    return whole + ("." + "0" * needed + "#" * (places - needed) if places else "")


def _fraction(given: Mapping[str, str]) -> str:
    above = "?" * max(min(_whole(given, "min-numerator-digits", 1), 9), 1)
    below = "?" * max(min(_whole(given, "min-denominator-digits", 1), 9), 1)
    fixed = given.get("denominator-value", "")
    return ("# " if "min-integer-digits" in given else "") + f"{above}/{fixed if fixed.isdigit() else below}"


def _literal(text: str, *, percent: bool = False) -> str:
    """Words as they stand in a code."""
    pieces = re.split(r"(%|[ +()-])", text) if percent else re.split(r"([ +()-])", text)
    return "".join(
        piece if piece in RAW or (percent and piece == "%") else f'"{piece}"' if '"' not in piece else _escaped(piece)
        for piece in pieces
        if piece
    )


def _escaped(text: str) -> str:
    return "".join(f"\\{one}" for one in text)


def _whole(given: Mapping[str, str], key: str, otherwise: int) -> int:
    text = given.get(key, "")
    return int(text) if text.isdigit() and len(text) < 6 else otherwise
