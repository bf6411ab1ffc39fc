"""The words around a table: titles above it, labels with something beside them, banner rows, notes below; and the label
by which the parser knows a column."""

from __future__ import annotations

import re
from collections.abc import Iterator

from local_indicators.common.cell_references import column_letters
from local_indicators.inputs.drafting.cell_kinds import kind_of
from local_indicators.inputs.drafting.table_regions import TableRegion
from local_indicators.inputs.drafting.value_headings import escaped
from local_indicators.inputs.layouts.text_comparison import normalised_without_footnotes
from local_indicators.inputs.parsing.tables.headings import columns_under
from local_indicators.inputs.readers.cells import Sheet
from local_indicators.inputs.readers.heading_text import heading_text

LONGEST_TITLE = 250
LONGEST_BANNER = 80
_NOTE = re.compile(r"^(?:sources?|notes?|\(?[a-z\d]\)|\*|contact|this |please|figures |data )\b", re.I)


def titles_above(region: TableRegion, since: int = 0) -> list[tuple[int, int, str]]:
    """Row, column and text of each cell above the headings that holds words, from a row on."""
    found = []
    for row in range(since, region.top):
        for column, cell in enumerate(region.sheet.rows[row][:60]):
            if kind_of(cell) in ("text", "year", "date") and (text := heading_text(cell)):
                found.append((row, column, text[:LONGEST_TITLE]))
    return found


def row_banners(region: TableRegion) -> dict[int, tuple[int, str]]:
    """For each row of figures the banner above it: the row of the last that stands alone in its row between the
    headings and it, and its text."""
    figures = set(region.figures)
    start = region.first if not region.repeat else max(0, region.top - 3)
    banners: dict[int, tuple[int, str]] = {}
    held: tuple[int, str] | None = None
    for row in range(start, region.last + 1):
        if row in figures:
            if held is not None:
                banners[row] = held
            continue
        text = banner_text(region.sheet, row)
        if text and not _NOTE.search(text):
            held = row, text
    return banners


def banner_text(sheet: Sheet, row: int) -> str:
    """What a row says that holds one thing only, be it several times; "" for any other row."""
    line = sheet.rows[row] if row < len(sheet.rows) else []
    texts = {heading_text(cell) for cell in line if kind_of(cell) != "blank"}
    text = next(iter(texts), "")
    first = next((cell for cell in line if cell is not None), None)
    alone = len(texts) == 1 and len(text) <= LONGEST_BANNER and kind_of(first) in ("text", "year", "date")
    return text if alone else ""


def column_label(region: TableRegion, column: int) -> str:
    """What the layout calls a column: its heading where that names it alone, else its letter as [C]."""
    letter = f"[{column_letters(column)}]"
    heading = region.headings.get(column)
    if heading is None:
        return letter
    for label in (heading.parts[-1], heading.text):
        usual = label.isprintable() and len(label) <= 150 and not label.startswith("[") and label.strip() != "*"
        if usual and columns_under(region.headings, label) == [column]:
            return label
    return letter


def stop_patterns(region: TableRegion) -> list[str]:
    """The patterns of rows before which the table ends; none where nothing stands below it."""
    sheet = region.sheet
    body = {_first(sheet, row) for row in range(region.first, region.last + 1)}
    for row in range(region.last + 1, min(region.last + 40, len(sheet.rows))):
        text = _first(sheet, row, within=region.columns if region.shared else None)
        if not text:
            continue
        for pattern in _stops(text):
            if not any(re.search(pattern, one, re.I) for one in body if one):
                return [pattern]
        return []
    return []


def _stops(text: str) -> Iterator[str]:
    """Patterns that fit a text, the most general first."""
    word = re.match(r"(?:Sources?|Notes?|Footnotes?)\b", text, re.I)
    if word:
        yield f"^{word[0]}"
    if text.isprintable():
        yield f"^{escaped(text)}$" if len(text) <= 40 else f"^{escaped(text[:40])}"


def _first(sheet: Sheet, row: int, within: tuple[int, int] | None = None) -> str:
    line = sheet.rows[row] if within is None else sheet.rows[row][within[0] : within[1] + 1]
    return next((heading_text(cell) for cell in line if kind_of(cell) != "blank"), "")


def label_above(region: TableRegion, words: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """Labels above the headings that a pattern fits whole, each with the first thing beside it."""
    for row, column, text in titles_above(region):
        label = text.rstrip(": ")
        if not words.fullmatch(normalised_without_footnotes(label)):
            continue
        line = region.sheet.rows[row]
        beside = next((cell for cell in line[column + 1 :] if kind_of(cell) != "blank"), None)
        if beside is not None:
            yield label, heading_text(beside)
