"""The first sheet of a marked-up copy: every finding with a link to its cell, and what was removed from the copy.

Runs on untrusted bytes, so only in the child process.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from local_indicators.common.cell_references import cell_in_words, column_letters
from local_indicators.inputs.readers.cells import FINDINGS_MARK
from local_indicators.replies.annotation.ooxml.cell_styles import Styles
from local_indicators.replies.annotation.ooxml.xml_splicing import escape_cell_text, escape_xml

MAX_LINES = 5000
"""Findings that are listed; a workbook that has more has one cause for them."""
MAX_RANGES = 4
"""Addresses of one finding that are listed."""
MAX_SUMMARY = 6
"""Things removed that are named above the findings; all are listed under them."""
_INSTRUCTIONS = (
    "Correct the coloured cells on your own sheets, save the workbook under the name of your own file and send it "
    "again. This sheet is not read. The comment on a coloured cell says what to do."
)
_COLUMNS = (
    ("No.", 6),
    ("Where", 30),
    ("Period", 13),
    ("Kind", 13),
    ("What is wrong", 40),
    ("Found", 24),
    ("Expected", 30),
    ("What to do", 44),
    ("Rule", 26),
    ("Return", 24),
)
_MAIN = {
    False: "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    True: "http://purl.oclc.org/ooxml/spreadsheetml/main",
}


CellRange = tuple[int, int, int, int]
"""First row, first column, last row, last column, counted from 0."""
SheetCell = tuple[int, str, str]
"""Column, counted from 0, text, and the look of a cell (see cell_styles)."""


@dataclass(frozen=True)
class FindingLine:
    """One finding as the sheet shows it.

    `ranges` are cells on sheets of this copy, the one to look at first first; none for the whole file. `addresses` are
    the same in words.
    """

    sheet: str | None
    ranges: tuple[tuple[str, CellRange], ...]
    addresses: tuple[str, ...]
    period: str
    severity: str
    says: str
    found: str
    expected: str
    fix: str
    rule: str
    title: str

    @property
    def kind(self) -> str:
        """The severity in words for an owner."""
        return "To put right" if self.severity == "error" else "To look at"


@dataclass(frozen=True)
class SheetContent:
    """What stands on the sheet. `hidden` are the numbers of lines whose first cell cannot be seen."""

    head: Sequence[tuple[str, str]]
    lines: Sequence[FindingLine]
    removed: Sequence[tuple[str, str]]
    notes: Sequence[str]
    hidden: frozenset[int]


def findings_sheet(content: SheetContent, styles: Styles, *, strict: bool) -> bytes:
    """Return the sheet as XML. All text is typed as text, so that nothing of it can ever be a formula.

    With `strict`, the workbook is a Strict Open XML one.
    """
    several_returns = len({line.title for line in content.lines}) > 1
    rows = _Rows(styles)
    _add_head(rows, content)
    headings = [name for name, _ in _COLUMNS[: len(_COLUMNS) - (0 if several_returns else 1)]]
    heading_row = rows.add([(column, name, "head") for column, name in enumerate(headings)])
    links: list[str] = []
    for number, line in enumerate(content.lines[:MAX_LINES]):
        row = rows.add(_line_cells(number, line, with_title=several_returns, hidden=number in content.hidden))
        if line.ranges:
            links.append(_link(row, line))
    if len(content.lines) > MAX_LINES:
        rows.add([(4, f"... and {len(content.lines) - MAX_LINES} more findings of the same kinds.", "plain")])
    _add_list(rows, "Taken out of this copy", content.removed)
    _add_list(rows, "About this copy", [(note, "") for note in content.notes])
    return _sheet_xml(rows.xml, links, heading_row, strict=strict)


def _add_head(rows: _Rows, content: SheetContent) -> None:
    """Add what stands above the findings: which file this is, what was removed from it, what to do."""
    rows.add([(0, FINDINGS_MARK, "title")])
    for label, value in content.head:
        rows.add([(1, label, "label"), (2, value, "plain")])
    if content.removed:
        summary = "; ".join(what for what, _ in content.removed[:MAX_SUMMARY])
        summary += "; ..." if len(content.removed) > MAX_SUMMARY else ""
        rows.add([(1, "Taken out", "label"), (2, f"{summary} (listed under the findings)", "plain")])
    rows.add([(1, "What to do", "label"), (2, _INSTRUCTIONS, "plain")])
    rows.add([])


def _line_cells(number: int, line: FindingLine, *, with_title: bool, hidden: bool) -> list[SheetCell]:
    where = ", ".join(cell_in_words(line.sheet, address) for address in line.addresses[:MAX_RANGES])
    if len(line.addresses) > MAX_RANGES:
        where += f" and {len(line.addresses) - MAX_RANGES} more"
    if not line.addresses:
        where = f"{line.sheet}, the whole sheet" if line.sheet else "the whole file"
    if hidden:
        where += " (hidden)"
    texts = [str(number + 1), where, line.period, line.kind, line.says, line.found, line.expected, line.fix, line.rule]
    texts += [line.title] if with_title else []
    looks = {1: "link" if line.ranges else "text", 3: line.severity}
    return [(column, text, looks.get(column, "text")) for column, text in enumerate(texts)]


def _link(row: int, line: FindingLine) -> str:
    sheet, (top, left, bottom, right) = line.ranges[0]
    target = f"{column_letters(left)}{top + 1}"
    if (top, left) != (bottom, right):
        target += f":{column_letters(right)}{bottom + 1}"
    place = "'" + sheet.replace("'", "''") + "'!" + target
    return f'<hyperlink ref="B{row}" location="{escape_xml(place)}" display="{escape_xml(place)}"/>'


def _add_list(rows: _Rows, title: str, lines: Sequence[tuple[str, str]]) -> None:
    if lines:
        rows.add([])
        rows.add([(1, title, "heading")])
        for what, where in lines:
            rows.add([(1, f"{what}{': ' if where else ''}{where}", "plain")])


_WRAPPED = ("text", "link", "error", "warning")


def _line_count(column: int, text: str) -> int:
    """Lines that a text takes in its column: not every program works out for itself how high a row has to be."""
    width = _COLUMNS[column][1] - 2
    lines, used = 1, 0
    for word in text.split(" "):
        if used and used + len(word) > width:
            lines, used = lines + 1, 0
        lines += len(word) // (width + 1)
        used += len(word) % (width + 1) + 1
    return lines


class _Rows:
    """Rows of the sheet, from the top."""

    def __init__(self, styles: Styles) -> None:
        self._styles = styles
        self._xml: list[str] = []

    def add(self, cells: Sequence[SheetCell]) -> int:
        """Add a row below the others; return its number, counted from 1."""
        row = len(self._xml) + 1
        lines = max((_line_count(column, text) for column, text, look in cells if look in _WRAPPED), default=1)
        points = 20 if any(look == "title" for _, _, look in cells) else 13 * lines + 3
        height = f' ht="{points:g}" customHeight="1"'
        inside = "".join(
            f'<c r="{column_letters(column)}{row}" s="{self._styles.own(look)}" t="inlineStr">'
            f'<is><t xml:space="preserve">{escape_cell_text(text)}</t></is></c>'
            for column, text, look in cells
        )
        self._xml.append(f'<row r="{row}"{height}>{inside}</row>')
        return row

    @property
    def xml(self) -> str:
        """All rows as XML."""
        return "".join(self._xml)


def _sheet_xml(rows: str, links: list[str], heading_row: int, *, strict: bool) -> bytes:
    widths = "".join(
        f'<col min="{number}" max="{number}" width="{width}" customWidth="1"/>'
        for number, (_, width) in enumerate(_COLUMNS, start=1)
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="{_MAIN[strict]}">'
        '<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>'
        f'<sheetViews><sheetView showGridLines="0" tabSelected="1" workbookViewId="0"><pane ySplit="{heading_row}" '
        f'topLeftCell="A{heading_row + 1}" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f'<sheetFormatPr defaultRowHeight="15"/><cols>{widths}</cols><sheetData>{rows}</sheetData>'
        f"{'<hyperlinks>' + ''.join(links) + '</hyperlinks>' if links else ''}"
        '<pageMargins left="0.5" right="0.5" top="0.5" bottom="0.5" header="0.3" footer="0.3"/>'
        '<pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/>'
        f'<ignoredErrors><ignoredError sqref="A1:J{MAX_LINES}" numberStoredAsText="1"/></ignoredErrors></worksheet>'
    ).encode()
