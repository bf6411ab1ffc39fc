"""Change one sheet of a workbook: give cells a colour, take out what leads out of the workbook, leave the rest alone.

Runs on untrusted bytes, so only in the child process.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping

from inputs.replies.annotation.active_content import WORDS, Removed, dangling, leads_out, without, without_links
from inputs.replies.annotation.cell_styles import Styles
from inputs.replies.annotation.xml_splicing import (
    Edit,
    Element,
    NotEditable,
    dropped,
    element_at,
    finish,
    first,
    parser_of,
    run,
    splice,
    tag_end,
    tag_with,
)
from schemas.findings import COLUMNS, a1, at, position

Place = tuple[int, int]
"""Row and column of a cell, both counted from 0."""
_AFTER_LEGACY = frozenset(
    {"legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls", "webPublishItems", "tableParts", "extLst"}
)
_FORMULAS = frozenset({"formula", "formula1", "formula2", "f"})
_RULES = frozenset({"cfRule", "dataValidation", "sparkline", "sparklineGroup"})


class SheetEdit:
    """One sheet, read once; `xml()` gives it with every change. `marks` say what colour which cells get."""

    def __init__(
        self, xml: bytes, name: str, marks: Mapping[Place, str], styles: Styles, removed: Removed, links: set[str]
    ) -> None:
        self.content, self.name, self.styles, self.removed, self.links = xml, name, styles, removed, links
        self.marks = marks
        self.wanted: dict[int, dict[int, str]] = {}
        for (row, column), severity in marks.items():
            self.wanted.setdefault(row, {})[column] = severity
        self.rows_wanted = sorted(self.wanted)
        self.remark = False
        self.edits: list[Edit] = []
        self.outside: list[Element] = []
        self.column_styles: list[tuple[int, int, int]] = []
        self.hidden_columns: list[tuple[int, int]] = []
        self.hidden_rows: set[int] = set()
        self._legacy: str | None = None

    def read(self, *, remark: bool) -> None:
        """Go through the sheet. `remark`: an earlier copy of ours may have coloured cells that are right by now."""
        self.remark = remark
        _Pass(self).run()
        if not any(one.name == "sheetData" and one.parent == 0 for one in self.outside):
            raise NotEditable("a sheet of an unusual kind")
        self._clean_outside()

    @property
    def legacy(self) -> str | None:
        """The relation of the drawing that holds the boxes of comments."""
        one = first(self.outside, "legacyDrawing")
        return one.links.get("id") if one else None

    def set_legacy(self, link: str, office: str) -> None:
        """Refer to a drawing that holds the boxes of comments."""
        self._legacy = f'xmlns:r="{office}" r:id="{link}"'

    def hides(self, place: Place) -> bool:
        """Whether a cell lies in a hidden row or column."""
        row, column = place
        return row in self.hidden_rows or any(low <= column <= high for low, high in self.hidden_columns)

    def xml(self) -> bytes:
        """The sheet with the changes made."""
        if self._legacy:
            self.edits.append(self._legacy_edit())
        return splice(self.content, self.edits)

    def _legacy_edit(self) -> Edit:
        root = self.outside[0]
        after = (one for one in self.outside if one.parent == 0 and self._comes_after(one))
        where = next(after, None)
        start = where.start if where else root.close
        return (start, start, b"<" + root.tag("legacyDrawing") + f" {self._legacy}/>".encode())

    def _comes_after(self, one: Element) -> bool:
        if one.name == "AlternateContent":
            return any(one.start < kid.start < one.end and kid.name in _AFTER_LEGACY for kid in self.outside)
        return one.name in _AFTER_LEGACY

    # what is not a cell

    def note_outside(self, one: Element) -> None:
        """Take in an element that is no cell, while the sheet is read."""
        self.outside.append(one)
        if one.name == "col":
            low, high = _number(one, "min", 1) - 1, _number(one, "max", 1) - 1
            self.column_styles.append((low, high, _number(one, "style", 0)))
            if _true(one.attributes.get("hidden")):
                self.hidden_columns.append((low, high))

    def column_style(self, column: int) -> int:
        return next((style for low, high, style in self.column_styles if low <= column <= high), 0)

    def _clean_outside(self) -> None:
        found, xml = self.outside, self.content
        gone, lose = dangling(found, self.links)
        for one in (found[number] for number in lose):
            self.edits.append((one.start, one.inner, without_links(xml[one.start : one.inner], self.links)))
        for number, one in enumerate(found):
            says = one.attributes
            if one.name == "hyperlink" and (number in gone or _strange(says.get("location", ""))):
                self.removed.note(WORDS["hyperlink"], f"{self.name}!{says.get('ref', '')}")
                gone.append(number)
            elif one.name == "dimension" and (new := widened(says.get("ref", ""), self.marks)):
                self.edits.append((one.start, one.inner, tag_with(xml[one.start : one.inner], {"ref": new})))
            elif one.name in ("oleObject", "webPublishItems", "customPr"):
                gone.append(number)
            elif one.name in _FORMULAS and one.text and leads_out(one.text, self.removed):
                gone.append(self._rule_of(number))
                self.removed.note("a rule that leads out of the workbook", self.name)
            elif drop := dropped(says, "macro", "tabSelected"):
                self.edits.append((one.start, one.inner, tag_with(xml[one.start : one.inner], drop)))
        self._count_validations(set(gone))
        self.edits += without(found, gone)

    def _rule_of(self, number: int) -> int:
        while number > 0 and self.outside[number].name not in _RULES:
            number = self.outside[number].parent
        if number <= 0:
            raise NotEditable("a formula in an unusual place")
        return number

    def _count_validations(self, gone: set[int]) -> None:
        for number, one in enumerate(self.outside):
            if one.name != "dataValidations" or "count" not in one.attributes:
                continue
            kids = [n for n, kid in enumerate(self.outside) if kid.parent == number]
            left = str(len([n for n in kids if n not in gone]))
            if 0 < int(left) < len(kids):
                tag = tag_with(self.content[one.start : one.inner], {"count": left})
                self.edits.append((one.start, one.inner, tag))


def _number(one: Element, key: str, default: int) -> int:
    value = one.attributes.get(key, "")
    return int(value) if value.isdigit() and len(value) < 10 else default


def _true(value: str | None) -> bool:
    return value in ("1", "true", "on")


def _strange(location: str) -> bool:
    """Whether the place that a link within the workbook jumps to is none."""
    return any(sign in location for sign in ("://", "\\\\", "[", "file:", "javascript:"))


class _Pass:
    """One reading of a sheet from top to bottom, noting the edits that its cells need."""

    def __init__(self, sheet: SheetEdit) -> None:
        self.sheet, self.xml = sheet, sheet.content
        self.parser = parser_of()
        self.depth = 0
        self.stack: list[Element] = []
        self.numbers: list[int] = []
        self.in_data = False
        self.row, self.column = -1, -1
        self.row_tag: tuple[int, int, dict[str, str]] = (0, 0, {})  # where the tag of the row at work is
        self.waiting: list[int] = []  # columns of this row that are wanted and not met yet
        self.next_row = 0  # how many of the wanted rows have been met
        self.cell: tuple[int, dict[str, str]] | None = None
        self.formula: Element | None = None
        self.shared_out: set[str] = set()
        self.prefix = b""
        self.created = self.formula_out = False
        self.said: str | None = None  # the address of the cell at work, where its column has not been worked out
        self.cell_name = self.formula_name = ""

    def run(self) -> None:
        parser = self.parser
        parser.StartElementHandler, parser.EndElementHandler = self.begin, self.end
        parser.CharacterDataHandler = self.text
        run(parser, self.xml)

    def begin(self, name: str, given: dict[str, str]) -> None:
        self.depth += 1
        if self.in_data:
            if self.depth == 3:
                self._begin_row(self.parser.CurrentByteIndex, given)
            elif name == self.cell_name and self.depth == 4:
                self._begin_cell(self.parser.CurrentByteIndex, given)
            elif name == self.formula_name and self.depth == 5 and self.cell is not None:
                self.formula = element_at(self.xml, self.parser.CurrentByteIndex, name, given, -1)
            elif name in (self.cell_name, self.formula_name) or "markup-compatibility" in name:
                raise NotEditable("cells in an unusual place")
            return
        one = element_at(self.xml, self.parser.CurrentByteIndex, name, given, self.numbers[-1] if self.numbers else -1)
        self.sheet.note_outside(one)
        self.stack.append(one)
        self.numbers.append(len(self.sheet.outside) - 1)
        if self.depth == 2 and one.name == "sheetData":
            self.in_data = True
            self.cell_name, self.formula_name = name.replace("sheetData", "c"), name.replace("sheetData", "f")
            self.prefix = f"{one.prefix}:".encode() if one.prefix else b""

    def end(self, _: str) -> None:
        self.depth -= 1
        if self.in_data and self.depth > 1:
            if self.depth == 3:
                self._end_cell()
            elif self.depth == 4 and self.formula is not None:
                finish(self.formula, self.xml, self.parser.CurrentByteIndex)
                self._judge_formula(self.formula)
                self.formula = None
            elif self.depth == 2:
                self._end_row(self.parser.CurrentByteIndex)
            return
        one = self.stack.pop()
        self.numbers.pop()
        finish(one, self.xml, self.parser.CurrentByteIndex)
        if self.in_data and self.depth == 1:
            self.in_data = False
            self._end_sheet(one)

    def text(self, piece: str) -> None:
        if self.formula is not None:
            self.formula.pieces.append(piece)
        elif not self.in_data and self.stack and self.stack[-1].name in _FORMULAS:
            self.stack[-1].pieces.append(piece)

    # rows and cells

    def _begin_row(self, here: int, given: dict[str, str]) -> None:
        said = given.get("r", "")
        self.row = int(said) - 1 if said.isdigit() and len(said) < 9 else self.row + 1
        self.column, self.said, self.created = -1, None, False
        wanted = self.sheet.rows_wanted
        new: list[bytes] = []
        while self.next_row < len(wanted) and wanted[self.next_row] < self.row:
            new.append(self._new_row(wanted[self.next_row]))
            self.next_row += 1
        if new:
            self.sheet.edits.append((here, here, b"".join(new)))
        self.waiting = []
        if self.next_row < len(wanted) and wanted[self.next_row] == self.row:
            self.next_row += 1
            self.waiting = sorted(self.sheet.wanted[self.row])
        if _true(given.get("hidden")):
            self.sheet.hidden_rows.add(self.row)
        self.row_tag = (here, tag_end(self.xml, here) if self.waiting else here, given)

    def _begin_cell(self, here: int, given: dict[str, str]) -> None:
        self.cell = (here, given)
        said = given.get("r")
        if said is None:
            self.column = self._at() + 1
            self.said = None
        else:
            self.said = said
        if self.waiting and self.waiting[0] <= (column := self._at()):
            before = bisect_left(self.waiting, column)
            self._create(self.waiting[:before], here)
            self.waiting = self.waiting[before:]

    def _at(self) -> int:
        """The column of the cell at work, or of the last one; told from its address only where somebody asks."""
        if self.said is not None:
            where = position(self.said)
            self.column = self.column + 1 if where is None else where % COLUMNS
            self.said = None
        return self.column

    def _end_cell(self) -> None:
        if self.cell is None:
            return
        here, given = self.cell
        self.cell = None
        if not (self.waiting or self.sheet.remark or self.formula_out):
            return
        change: dict[str, str | None] = {}
        said = given.get("s", "0")
        base = int(said) if said.isdigit() else 0
        if self.waiting and self.waiting[0] == self._at():
            severity = self.sheet.wanted[self.row][self.waiting.pop(0)]
            change["s"] = str(self.sheet.styles.marked(base, severity))
        elif self.sheet.remark and (before := self.sheet.styles.unmarked(base)) is not None:
            change["s"] = str(before)
        if self.formula_out:
            change["cm"] = None
            self.formula_out = False
        if change:
            end = tag_end(self.xml, here)
            self.sheet.edits.append((here, end, tag_with(self.xml[here:end], change)))

    def _judge_formula(self, one: Element) -> None:
        shared = one.attributes.get("si") if one.attributes.get("t") == "shared" else None
        text = one.text
        out = leads_out(text, self.sheet.removed) if text else shared in self.shared_out
        if not out:
            return
        if shared is not None:
            self.shared_out.add(shared)
        self.formula_out = True
        self.sheet.removed.formulas = True
        where = f"{self.sheet.name}!{a1(at(self.row, self._at()))}"
        self.sheet.removed.note(
            "a formula that leads out of the workbook or needs a macro: its last value stays", where
        )
        self.sheet.edits.append((one.start, one.end, b""))

    def _end_row(self, here: int) -> None:
        start, end, given = self.row_tag
        tag = tag_with(self.xml[start:end], {"spans": None})  # a hint of the columns used, wrong with more cells
        if self.waiting and self.xml[end - 2 : end] == b"/>":
            cells = b"".join(self._new_cell(self.row, column) for column in self.waiting)
            name = re.match(rb"<([^\s/>]+)", tag)
            closing = b"</" + (name[1] if name else b"row") + b">"
            self.sheet.edits.append((start, end, tag[:-2] + b">" + cells + closing))
        else:
            self._create(self.waiting, here)
            if self.created and "spans" in given:
                self.sheet.edits.append((start, end, tag))
        self.waiting = []

    def _create(self, columns: list[int], here: int) -> None:
        """New cells before the byte `here` of the row at work."""
        if columns:
            self.created = True
            new = b"".join(self._new_cell(self.row, column) for column in columns)
            self.sheet.edits.append((here, here, new))

    def _new_row(self, row: int) -> bytes:
        cells = b"".join(self._new_cell(row, column, alone=True) for column in sorted(self.sheet.wanted[row]))
        opened = self.prefix + b'row r="' + str(row + 1).encode() + b'"'
        return b"<" + opened + b">" + cells + b"</" + self.prefix + b"row>"

    def _new_cell(self, row: int, column: int, *, alone: bool = False) -> bytes:
        given = {} if alone else self.row_tag[2]
        said = given.get("s", "") if _true(given.get("customFormat")) else ""
        base = int(said) if said.isdigit() else self.sheet.column_style(column)
        style = self.sheet.styles.marked(base, self.sheet.wanted[row][column])
        return b"<" + self.prefix + f'c r="{a1(at(row, column))}" s="{style}"/>'.encode()

    def _end_sheet(self, data: Element) -> None:
        wanted = self.sheet.rows_wanted[self.next_row :]
        if not wanted:
            return
        new = b"".join(self._new_row(row) for row in wanted)
        if data.empty:
            tag = self.xml[data.start : data.inner]
            whole = tag[:-2] + b">" + new + b"</" + data.tag("sheetData") + b">"
            self.sheet.edits.append((data.start, data.end, whole))
        else:
            self.sheet.edits.append((data.close, data.close, new))


def widened(reference: str, places: Mapping[Place, str]) -> str | None:
    """The used range of a sheet with marked cells in it; None where it holds them already."""
    ends = [position(end) for end in reference.split(":")]
    if not places or not reference or any(end is None for end in ends):
        return None
    corners = [divmod(end, COLUMNS) for end in ends if end is not None]
    rows = [row for row, _ in [*corners, *places]]
    columns = [column for _, column in [*corners, *places]]
    box = (min(rows), min(columns), max(rows), max(columns))
    if box == (*corners[0], *corners[-1]):
        return None
    return f"{a1(at(box[0], box[1]))}:{a1(at(box[2], box[3]))}"
