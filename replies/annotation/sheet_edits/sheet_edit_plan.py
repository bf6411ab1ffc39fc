"""What is to be changed on one sheet of a workbook, and what is known of its columns.

Runs on untrusted bytes, so only in the child process.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import cached_property

from local_indicators.replies.annotation.active_content import RemovedContent
from local_indicators.replies.annotation.ooxml.cell_styles import Styles
from local_indicators.replies.annotation.ooxml.xml_splicing import Element

Place = tuple[int, int]
"""Row and column of a cell, both counted from 0."""


@dataclass(eq=False)
class SheetEditPlan:
    """One sheet and the edits that it needs.

    `xml` is the sheet's part, `marks` the severity of each cell that gets a colour, `links` the relations that were
    removed from the package. With `unmark`, an earlier copy of ours may have coloured cells that are right by now.
    `styles` and `removed` are those of the whole workbook and grow.
    """

    xml: bytes
    name: str
    marks: Mapping[Place, str]
    links: Set[str]
    styles: Styles
    removed: RemovedContent
    unmark: bool = False

    @cached_property
    def marks_by_row(self) -> dict[int, dict[int, str]]:
        """The severities by row, then by column."""
        rows: dict[int, dict[int, str]] = {}
        for (row, column), severity in self.marks.items():
            rows.setdefault(row, {})[column] = severity
        return rows

    @cached_property
    def marked_rows(self) -> list[int]:
        """The rows with marks, from the top."""
        return sorted(self.marks_by_row)


class ColumnFormats:
    """The styles of whole columns of a sheet, and which columns are hidden."""

    def __init__(self) -> None:
        self._styles: list[tuple[int, int, int]] = []
        self._hidden: list[tuple[int, int]] = []

    def add(self, element: Element) -> None:
        """Note a `col` element, which may stand for several columns."""
        first, last = _number(element, "min", 1) - 1, _number(element, "max", 1) - 1
        self._styles.append((first, last, _number(element, "style", 0)))
        if is_true(element.attributes.get("hidden")):
            self._hidden.append((first, last))

    def style_of(self, column: int) -> int:
        """Return the number of the cell format of a column, counted from 0."""
        return next((style for first, last, style in self._styles if first <= column <= last), 0)

    def hides(self, column: int) -> bool:
        """Return whether a column is hidden."""
        return any(first <= column <= last for first, last in self._hidden)


def is_true(value: str | None) -> bool:
    """Return whether an attribute says yes."""
    return value in ("1", "true", "on")


def _number(element: Element, attribute: str, default: int) -> int:
    value = element.attributes.get(attribute, "")
    return int(value) if value.isdigit() and len(value) < 10 else default
