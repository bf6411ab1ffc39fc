"""ods: its cells, read from its one XML part; here everything is said that calamine leaves out.

Runs on untrusted bytes, so only in the child process (inputs.sandbox.child_process). Source: OpenDocument 1.3, Part 3,
9 and 19; and LibreOffice's own attribute calcext:value-type, which says that a cell shows an error.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from math import isfinite
from xml.parsers import expat

from local_indicators.common.cell_references import column_letters
from local_indicators.inputs.readers.appearance.rich_text import TextRun, read_runs
from local_indicators.inputs.readers.calamine_sheets import HIDDEN
from local_indicators.inputs.readers.cells import Area, Cell, Cells, ErrorValue, FormattedNumber, Sheet, Uncalculated
from local_indicators.inputs.readers.excel.cell_styles import PLAIN, Font
from local_indicators.inputs.readers.open_document.displayed_values import displayed_number, is_note_by_place
from local_indicators.inputs.readers.open_document.ods_styles import OdsStyles
from local_indicators.inputs.readers.refusals import (
    MOST_COLUMNS,
    MOST_ROWS,
    SizeBounds,
    refuse_damaged,
    refuse_encrypted,
    refuse_too_many_cells,
)
from local_indicators.inputs.readers.size_limits import clear_merged_cells, refuse_too_many_sheets
from local_indicators.inputs.readers.zip_package import XmlElement, ZipPackage, parse_xml, read_xml_part, xml_elements

ERROR = re.compile(r"#[A-Z]+(/[A-Z0-9]+)?[!?]?|Err:[0-9]{3}")
DURATION = re.compile(r"(-?)PT?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,](\d{1,6})\d*)?S)?")
SPACES = re.compile(r"[ \t\r\n]+")
NO_ZEROS = re.compile(rb"""<config:config-item\s[^>]*config:name=["']ShowZeroValues["'][^>]*>\s*false""")
STYLING = frozenset({"styles", "automatic-styles"})
ASIDE = frozenset({"annotation", "tracked-changes", "shapes", "forms", "named-expressions", "dde-links", "ruby-text"})
"""Elements inside a sheet whose text is no cell's; so is that of every drawing."""


def read_ods(package: ZipPackage, bounds: SizeBounds) -> Cells:
    """The cells of an ods file. Raises Refused."""
    manifest = "META-INF/manifest.xml"
    if manifest in package and any(
        element.name == "encryption-data" for element in xml_elements(read_xml_part(package, manifest))
    ):
        refuse_encrypted()
    common, settings = (
        read_xml_part(package, name) if name in package else b"" for name in ("styles.xml", "settings.xml")
    )
    return read_ods_content(read_xml_part(package, "content.xml"), bounds, common, settings)


def read_ods_content(xml: bytes, bounds: SizeBounds, common: bytes = b"", settings: bytes = b"") -> Cells:
    """The cells that an OpenDocument text holds, be it a part or a flat file of its own. `common` are the styles that a
    package keeps in another part, `settings` how its windows stand. Raises Refused."""
    work = _Work(bounds)
    if common:
        work.in_common = True
        _go_through(common, work)
        work.in_common = False
    _go_through(xml, work)
    if not work.is_spreadsheet:
        refuse_damaged("an OpenDocument file that holds no sheets")
    if NO_ZEROS.search(settings or xml):
        for sheet in work.sheets:
            _hide_zeros(sheet)
    return Cells("ods", tuple(work.sheets))


def _go_through(xml: bytes, work: _Work) -> None:
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = work.start, work.end
    parser.CharacterDataHandler = work.characters
    parse_xml(xml, parser)


def _hide_zeros(sheet: Sheet) -> None:
    for row in sheet.rows:
        for column, value in enumerate(row):
            if type(value) is float and value == 0:
                row[column] = FormattedNumber(0.0, HIDDEN)


class _Work:
    """The state of going through the XML: the sheet, row and cell that are open."""

    def __init__(self, bounds: SizeBounds) -> None:
        self.bounds, self.total = bounds, 0
        self.sheets: list[Sheet] = []
        self.is_spreadsheet = False
        self.hidden_styles: set[str] = set()
        self.style = ""
        self.styles = OdsStyles()
        self.in_common = False
        self.within = ""
        self.aside = self.depth = 0
        self.cell: XmlElement | None = None
        self.runs: list[TextRun] = []
        self.fonts: list[tuple[Font, bool]] = []
        self.in_text = 0
        self.told = False

    def start(self, full: str, given: dict[str, str]) -> None:
        space, _, name = full.rpartition(" ")
        if self.aside or name in ASIDE or ":drawing:" in space:
            self.aside += 1
            return
        if self.cell is not None:
            self._in_cell(name, given)
        elif name in ("table", "table-row", "table-column", "table-cell", "covered-table-cell"):
            self._in_sheet(XmlElement(name, _by_local_name(given)))
        elif name == "spreadsheet":
            self.is_spreadsheet = True
        elif name in STYLING:
            self.within = name
        elif self.within and not (self.in_common and self.within == "automatic-styles"):
            self._in_styles(name, _by_local_name(given))

    def end(self, full: str) -> None:
        name = full.rpartition(" ")[2]
        if self.aside:
            self.aside -= 1
        elif name in STYLING:
            self.within = ""
        elif self.within:
            self.styles.end(name)
        elif name in ("p", "h") and self.in_text:
            self.in_text -= 1
            self.fonts.pop()
        elif name == "span" and self.in_text:
            self.fonts.pop()
        elif name in ("table-cell", "covered-table-cell") and self.cell is not None:
            self._end_cell(self.cell)
            self.cell = None
        elif name == "table-row":
            self._end_row()
        elif name == "table":
            self._end_sheet()

    def characters(self, text: str) -> None:
        if self.within:
            self.styles.characters(text)
        elif self.in_text and not self.aside:
            self._say(SPACES.sub(" ", text))

    def _in_styles(self, name: str, said: dict[str, str]) -> None:
        if name == "style":
            self.style = said.get("name", "")
        elif name == "table-properties" and said.get("display") == "false":
            self.hidden_styles.add(self.style)
        self.styles.start(name, said)

    def _say(self, text: str) -> None:
        """Add to what a cell says, in the font that holds."""
        font, known = self.fonts[-1]
        if not known and is_note_by_place("".join(run.text for run in self.runs), text):
            font = Font(raised=True)
        self.told = self.told or font is not PLAIN
        self.runs.append(font.run(text))

    def _in_cell(self, name: str, given: dict[str, str]) -> None:
        if name in ("p", "h", "span"):
            style = next((value for key, value in given.items() if key.endswith(" style-name")), "")
            family = "text" if name == "span" else "paragraph"
            around, _ = self.fonts[-1]
            known = not style or self.styles.knows(family, style)
            self.fonts.append((self.styles.font(family, style, around), known))
        if name in ("p", "h"):
            if self.runs:
                self.runs.append(self.fonts[-2][0].run("\n"))
            self.in_text += 1
        elif name == "table":
            refuse_damaged(
                "a workbook with a table inside a cell", self.name, f"{column_letters(len(self.row))}{self.row_at + 1}"
            )
        elif name == "s":
            count = next((value for key, value in given.items() if key.endswith(" c")), "1")
            self._say(" " * min(_count(count), 1000))
        elif name == "tab":
            self._say("\t")
        elif name == "line-break":
            self._say("\n")

    def _in_sheet(self, xml_element: XmlElement) -> None:
        if xml_element.name == "table":
            self.name, self.hidden = xml_element.get("name"), xml_element.get("style-name") in self.hidden_styles
            self.rows: list[list[Cell]] = []
            self.merged: list[Area] = []
            self.hidden_rows: set[int] = set()
            self.hidden_columns: set[int] = set()
            self.row_at = self.column_at = self.width = 0
            self.struck: set[tuple[int, int]] = set()
            self.column_styles: list[tuple[int, str]] = []
        elif xml_element.name == "table-column":
            count = _count(xml_element.get("number-columns-repeated"))
            if xml_element.get("visibility") in ("collapse", "filter"):
                self.hidden_columns.update(range(self.column_at, min(self.column_at + count, 16_384)))
            self.column_at += count
            self.column_styles.append((self.column_at, xml_element.get("default-cell-style-name")))
        elif xml_element.name == "table-row":
            self.row: list[Cell] = []
            self.row_says = xml_element
            self.row_struck: list[int] = []
        else:
            self.cell, self.runs, self.in_text = xml_element, [], 0
            self.cell_style = (
                xml_element.get("style-name") or self.row_says.get("default-cell-style-name") or self._of_column()
            )
            font = self.styles.font("table-cell", self.cell_style)
            self.fonts, self.told = [(font, True)], font is not PLAIN

    def _of_column(self) -> str:
        """The style that cells of a column have where they name none."""
        at = len(self.row)
        return next((style for end, style in self.column_styles if at < end), "")

    def _end_cell(self, xml_element: XmlElement) -> None:
        count = _count(xml_element.get("number-columns-repeated"))
        covered = xml_element.name == "covered-table-cell"
        value = None if covered else self._seen(xml_element)
        if value is not None and len(self.row) + min(count, MOST_COLUMNS + 1) > MOST_COLUMNS:
            where = f"{column_letters(len(self.row))}{self.row_at + 1}"
            refuse_damaged(f"a cell outside the sheet: {where}", self.name, where)
        down, across = _count(xml_element.get("number-rows-spanned")), _count(xml_element.get("number-columns-spanned"))
        if not covered and (down > 1 or across > 1):
            at = len(self.row)
            # a range may be said to go on to the end of a larger sheet than there is
            last = min(self.row_at + down, max(MOST_ROWS, self.row_at + 1)), min(at + across, MOST_COLUMNS)
            self.merged.append((self.row_at, at, last[0] - 1, max(last[1], at + 1) - 1))
        refuse_too_many_cells(
            self.bounds, 1, len(self.row) + count if value is not None else 1, self.total, sheet=self.name
        )
        if value is not None and self._is_struck():
            self.row_struck += range(len(self.row), len(self.row) + count)
        # A blank that is repeated to the end of the sheet is kept as a number until something follows it.
        self.row.extend([value] * min(count, MOST_COLUMNS + 1 - len(self.row)))

    def _seen(self, xml_element: XmlElement) -> Cell:
        """What a cell shows: its number by style and text, or its text without notes and what is struck out."""
        text = self.runs[0].text if len(self.runs) == 1 else "".join(run.text for run in self.runs)
        told = self.told and any(run.told for run in self.runs) and text.strip()
        read = read_runs(self.runs).text if told else text
        value = _value(xml_element, text)
        if type(value) is float:
            code = self.styles.code(self.cell_style)
            return displayed_number(value, code, xml_element.get("value-type"), read)
        return (read or None) if told and value == text else value

    def _is_struck(self) -> bool:
        if self.told and any(run.text.strip() for run in self.runs):
            return read_runs(self.runs).struck
        return self.told and self.fonts[0][0].struck

    def _end_row(self) -> None:
        count = _count(self.row_says.get("number-rows-repeated"))
        while self.row and self.row[-1] is None:
            self.row.pop()
        if self.row_says.get("visibility") in ("collapse", "filter"):
            self.hidden_rows.update(range(self.row_at, min(self.row_at + count, 1_048_576)))
        if self.row:
            if self.row_at + count > MOST_ROWS:
                refuse_damaged(f"a row outside the sheet: {self.row_at + count:,}", self.name)
            self.width = max(self.width, len(self.row))
            refuse_too_many_cells(self.bounds, self.row_at + count, self.width, self.total, sheet=self.name)
            self.rows.extend([] for _ in range(self.row_at - len(self.rows)))
            self.rows.extend(list(self.row) for _ in range(count))
            self.struck.update((self.row_at + down, at) for at in self.row_struck for down in range(count))
        self.row_at += count

    def _end_sheet(self) -> None:
        self.total = refuse_too_many_cells(self.bounds, len(self.rows), self.width, self.total, sheet=self.name)
        clear_merged_cells(self.rows, self.merged, self.bounds, self.name)
        refuse_too_many_sheets([*(sheet.name for sheet in self.sheets), self.name])
        merged, hidden_rows = tuple(self.merged), frozenset(self.hidden_rows)
        hidden_columns, struck = frozenset(self.hidden_columns), frozenset(self.struck)
        self.sheets.append(
            Sheet(
                name=self.name,
                rows=self.rows,
                merged=merged,
                hidden=self.hidden,
                hidden_rows=hidden_rows,
                hidden_columns=hidden_columns,
                struck=struck,
            )
        )


def _by_local_name(given: dict[str, str]) -> dict[str, str]:
    """Attributes by name alone, but for LibreOffice's own value type, which is kept beside the standard's."""
    said = {}
    for key, value in given.items():
        space, _, name = key.rpartition(" ")
        said["shown-type" if name == "value-type" and "calc" in space else name] = value
    return said


def _value(xml_element: XmlElement, text: str) -> Cell:
    """What a cell holds, by its declared type. Raises Refused where the value is not of that type."""
    kind, is_formula = xml_element.get("value-type"), bool(xml_element.get("formula"))
    if xml_element.get("shown-type") == "error" or (is_formula and ERROR.fullmatch(text.strip())):
        return ErrorValue(text.strip()[:30] or "#error")
    if is_formula and not kind and not text:
        return Uncalculated()
    try:
        if kind in ("float", "percentage", "currency"):
            return _finite(xml_element.get("value"))
        if kind == "date":
            return _date(xml_element.get("date-value"))
        if kind == "time":
            return _time(xml_element.get("time-value"))
        if kind == "boolean":
            return xml_element.get("boolean-value") == "true"
    except (ValueError, OverflowError):
        refuse_damaged("a workbook with a cell whose value is not of its own kind")
    return xml_element.attributes.get("string-value", text) or None


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError(text)
    return number


def _date(text: str) -> Cell:
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=None) if found.year > 1 else str(date(found.year, found.month, found.day))


def _time(text: str) -> Cell:
    found = DURATION.fullmatch(text)
    if not found:
        raise ValueError(text)
    sign, hours, minutes, seconds, fraction = found.groups()
    long = timedelta(
        hours=int(hours or 0),
        minutes=int(minutes or 0),
        seconds=int(seconds or 0),
        microseconds=int((fraction or "0").ljust(6, "0")),
    )
    return str(-long if sign else long)


def _count(text: str) -> int:
    return int(text) if text.isdigit() and int(text[:9]) > 0 else 1
