"""How the cells of Excel's files look by their style: number formats that tell, and fonts that are struck or raised.

The parts of an xlsx file are read here; xls and xlsb hold the same in records (inputs.readers.excel.xls_styles,
inputs.readers.excel.xlsb_styles). Runs on untrusted bytes, so only in the child process (inputs.sandbox.child_process).
Source: ECMA-376, Part 1, 18.8 (styles).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from local_indicators.inputs.readers.appearance.number_formats import BUILT_IN, changes_what_is_seen
from local_indicators.inputs.readers.appearance.rich_text import TextRun
from local_indicators.inputs.readers.zip_package import integer_attribute, xml_elements

OFF = ("0", "false", "off", "none")
CONTAINERS = ("numFmts", "fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs")
MOST_STYLES = 65_536


@dataclass(frozen=True, slots=True)
class Font:
    """What of a font says how its text is meant."""

    raised: bool = False
    lowered: bool = False
    struck: bool = False

    def run(self, text: str) -> TextRun:
        """Return a text in this font."""
        return TextRun(text, self.raised, self.lowered, self.struck)

    def holds(self, runs: Iterable[TextRun]) -> list[TextRun]:
        """Runs of a cell in this font: those without a look of their own take it."""
        return [self.run(run.text) if run.bare else run for run in runs]


PLAIN = Font()


@dataclass(frozen=True)
class CellStyles:
    """By the number of a cell's style: the format of numbers that shows something else than the number, and the font
    where that is not a plain one."""

    formats: Mapping[int, str] = field(default_factory=dict)
    fonts: Mapping[int, Font] = field(default_factory=dict)


def styles_by_number(
    codes: Mapping[int, str], fonts: Mapping[int, Font], styles: Iterable[tuple[int, int]]
) -> CellStyles:
    """The looks of styles that are given, in order, as the numbers of their format and font. `codes` are the formats
    that the file itself defines."""
    known = {**BUILT_IN, **codes}
    telling = {number: code for number, code in known.items() if code and changes_what_is_seen(code)}
    formats: dict[int, str] = {}
    told: dict[int, Font] = {}
    for style, (code, number) in enumerate(styles):
        if code in telling:
            formats[style] = telling[code]
        if (one := fonts.get(number, PLAIN)) != PLAIN:
            told[style] = one
    return CellStyles(formats, told)


def cell_runs(
    text: bytes, places: Sequence[tuple[int, int]], fonts: Mapping[int, Font], own: Font
) -> Iterator[TextRun]:
    """A text of UTF-16 as runs: the cell's own font holds up to the first of the places from which another does."""
    ends = [at for at, _ in places[1:]] + [len(text) // 2]
    first = min([at for at, _ in places[:1]] + [len(text) // 2])
    yield own.run(text[: 2 * first].decode("utf-16-le", "replace"))
    for (at, number), end in zip(places, ends, strict=True):
        yield fonts.get(number, PLAIN).run(text[2 * at : 2 * end].decode("utf-16-le", "replace"))


def read_styles_part(styles: bytes) -> CellStyles:
    """The looks that a styles part of xlsx defines. Raises Refused where it is not well-formed."""
    codes: dict[int, str] = {}
    fonts: list[Font] = []
    used: list[tuple[int, int]] = []
    within = ""
    for element in xml_elements(styles):
        if element.name in CONTAINERS:
            within = element.name
        elif element.name == "numFmt" and within == "numFmts":
            codes[integer_attribute(element.get("numFmtId"))] = element.get("formatCode")
        elif element.name == "font" and within == "fonts":
            fonts.append(PLAIN)
        elif element.name == "strike" and within == "fonts" and fonts:
            fonts[-1] = replace(fonts[-1], struck=element.attributes.get("val", "1") not in OFF)
        elif element.name == "vertAlign" and within == "fonts" and fonts:
            said = element.get("val")
            fonts[-1] = replace(fonts[-1], raised=said == "superscript", lowered=said == "subscript")
        elif element.name == "xf" and within == "cellXfs" and len(used) < MOST_STYLES:
            used.append((integer_attribute(element.get("numFmtId")), integer_attribute(element.get("fontId"))))
    return styles_by_number(codes, dict(enumerate(fonts)), used)
