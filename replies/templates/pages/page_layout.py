"""A template before it is a workbook: its pages, and in each cell what stands there and what may be typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from local_indicators.replies.templates.entries.allowed_entries import AllowedEntry
from local_indicators.replies.templates.layout_sources import possible_indicators
from local_indicators.replies.templates.template_request import TemplateRequest
from local_indicators.schemas.definitions.models import Indicator

Style = Literal["title", "line", "heading", "given", "input", "spare"]
Place = tuple[int, int]
"""A row and a column, counted from 0."""
Area = tuple[int, int, int, int]
"""First row, first column, last row, last column, counted from 0."""


@dataclass(frozen=True)
class TemplateCell:
    """One cell: what stands in it, what may be typed there (None: nothing, it is locked), and a note on it.

    A `spare` cell is filled in only if there is something to say.
    """

    style: Style
    text: str | None = None
    entry: AllowedEntry | None = None
    note: str = ""


Cells = dict[Place, TemplateCell]


@dataclass(frozen=True)
class Page:
    """One sheet. Rows and columns are counted from 0.

    `merged` are areas of merged cells, `heading_rows` the first and the last row of headings, `asked` the rows that
    wait for figures, `free` those that may stay blank.
    """

    name: str
    cells: Mapping[Place, TemplateCell]
    merged: tuple[Area, ...]
    heading_rows: tuple[int, int]
    asked: tuple[int, ...]
    free: tuple[int, ...]


@dataclass(frozen=True)
class Template:
    """A blank workbook: its pages, and the name of the file by which its layout knows it too."""

    request: TemplateRequest
    pages: tuple[Page, ...]
    file_name: str

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        """Every indicator that it can be about, in the order of its sheets."""
        tables = self.request.layout.says.table
        indicators = (i for table in tables for i in possible_indicators(table, self.request))
        return tuple({indicator.id: indicator for indicator in indicators}.values())


def describe(indicator: Indicator) -> str:
    """Return an indicator's definition in words: title, definition, counts, unit and plausible range, caution."""
    sentences = [f"{indicator.title}: {indicator.definition}"]
    if indicator.numerator and indicator.denominator:
        sentences.append(f"{indicator.numerator.capitalize()}, out of {indicator.denominator}.")
    low, high = indicator.range
    if indicator.kind == "number":
        sentences.append(f"In {indicator.unit}, from {low:,.10g} to {high:,.10g}.")
    if indicator.caution:
        sentences.append(indicator.caution)
    return " ".join(sentences)
