"""Text with formatting inside a cell: raised and lowered runs are notes, struck-out runs are withdrawn.

The readers of each format take a cell's text apart into runs; here it becomes what a person reads.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

ORDINALS = ("st", "nd", "rd", "th")
UNITS = ("m", "km", "cm", "mm", "ft", "sq m", "R", "r")
"""Words behind which a raised 2 or 3 is a part of the word, as in km²."""
_STATUS = re.compile(r"[rp]|\([rp]\)|\[[rp]\]")
_FIGURE = re.compile(r"(?!(?:19|20)\d\d$)[-£]{0,2}\d[\d,]*(?:\.\d+)?%?")
"""A raised r or p behind a figure says that it is revised or provisional; behind a year it would change a heading."""


@dataclass(frozen=True)
class TextRun:
    """A piece of text in one look; `bare` where it has no look of its own and takes that of its cell."""

    text: str
    raised: bool = False
    lowered: bool = False
    struck: bool = False
    bare: bool = False

    @property
    def told(self) -> bool:
        """Whether the look says that the text is a note or withdrawn."""
        return self.raised or self.lowered or self.struck


@dataclass(frozen=True)
class RichTextReading:
    """What is read of a cell's runs, and whether all that they say is struck out, be there notes on it or not."""

    text: str
    struck: bool = False


def read_runs(runs: Iterable[TextRun]) -> RichTextReading:
    """The text that counts: without notes, and without what is struck out unless that is all there is."""
    whole = [run for run in runs if run.text]
    filled = [run for run in whole if run.text.strip()]
    plain = [run for run in filled if not (run.raised or run.lowered)]
    struck = bool(filled) and all(run.struck for run in plain or filled)
    kept = whole if struck else [run for run in whole if not run.struck]
    told = [run for run in kept if run.text.strip()]
    if told and all(run.raised or run.lowered for run in told):
        return RichTextReading("".join(run.text for run in kept), struck)
    return RichTextReading(_without_notes(kept), struck)


def _without_notes(runs: Sequence[TextRun]) -> str:
    """The text of runs without notes. Digits on both sides of a note are not one number: a line break parts them."""
    text, noted = "", False
    for number, run in enumerate(runs):
        if _is_note(runs, number):
            noted = True
            continue
        parted = noted and text.rstrip()[-1:].isdigit() and run.text.lstrip()[:1].isdigit()
        text, noted = f"{text}\n{run.text}" if parted else text + run.text, False
    return text


def _is_note(runs: Sequence[TextRun], number: int) -> bool:
    """Whether a run is a note on what stands before it, and no part of what it says: 1st, km² and CO₂ are words,
    and 12.3 with a raised p is provisional."""
    run = runs[number]
    if not (run.raised or run.lowered):
        return False
    before = "".join(run.text for run in runs[:number] if not (run.raised or run.lowered)).rstrip("\n")
    text = run.text.strip().casefold()
    if run.raised and text in ORDINALS and before[-1:].isdigit():
        return False
    if run.raised and text in ("2", "3") and re.search(rf"(?:^|[^A-Za-z])(?:{'|'.join(UNITS)})$", before):
        return False
    if run.raised and _STATUS.fullmatch(text) and _FIGURE.fullmatch(before.strip()) and number == len(runs) - 1:
        return False
    return not (run.lowered and before[-1:].isalpha())


# -- runs as xlsx writes them, in shared and inline strings (ECMA-376, Part 1, 18.4)

_RUN = re.compile(rb"<((?:[\w.-]+:)?)r(?=[\s>])[^>]*>(.*?)</\1r\s*>", re.S)
_TEXT = re.compile(rb"<((?:[\w.-]+:)?)t(?=[\s>])[^>]*?(?:/>|>(.*?)</\1t\s*>)", re.S)
_RAISED = re.compile(rb"""vertAlign\s[^>]*?val\s*=\s*["'](superscript|subscript)["']""")
_STRUCK = re.compile(rb"""<(?:[\w.-]+:)?strike(?:\s+val\s*=\s*["']([^"']*)["'])?\s*/?>""")
_PROPERTIES = re.compile(rb"<(?:[\w.-]+:)?rPr(?=[\s/>])")
_ITEM = re.compile(rb"<((?:[\w.-]+:)?)si(?=[\s/>])(?:[^>]*/>|[^>]*>(.*?)</\1si\s*>)", re.S)


def has_formatting(xml: bytes) -> bool:
    """Whether a part holds runs that are raised, lowered or struck out."""
    return b"vertAlign" in xml or b"strike" in xml


def runs_of(item: bytes) -> Iterator[TextRun]:
    """The runs of one string item."""
    for match in _RUN.finditer(item):
        inside = match[2]
        raised, struck = _RAISED.search(inside), _STRUCK.search(inside)
        text = b"".join(found[2] or b"" for found in _TEXT.finditer(inside))
        yield TextRun(
            _unescaped(text),
            raised=bool(raised and raised[1] == b"superscript"),
            lowered=bool(raised and raised[1] == b"subscript"),
            struck=bool(struck and (struck[1] or b"1") not in (b"0", b"false", b"off")),
            bare=not _PROPERTIES.search(inside),
        )


def formatted_items(strings: bytes, *, all_runs: bool) -> dict[int, tuple[TextRun, ...]]:
    """The runs of each shared string that is formatted inside, by its number; `all_runs` where the cells of the book
    have fonts that runs may not share."""
    if not (all_runs or has_formatting(strings)):
        return {}
    found: dict[int, tuple[TextRun, ...]] = {}
    for number, match in enumerate(_ITEM.finditer(strings)):
        if match[2] and (all_runs or has_formatting(match[2])):
            runs = tuple(runs_of(match[2]))
            if runs:
                found[number] = runs
    return found


def _unescaped(text: bytes) -> str:
    plain = html.unescape(text.decode("utf-8", "replace")).replace("\r\n", "\n")
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), plain)
