"""Marks a partner's workbook: colours and comments the cells that findings name, and puts a sheet of findings in front.

An xlsx workbook is changed in place, part by part, and all that need not change stays byte for byte what it was; any
other file is shown as such a workbook first. Runs on untrusted bytes, so only in the child process.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from local_indicators.common.cell_references import COLUMNS, address_of_position
from local_indicators.inputs.readers.cells import decode, encode
from local_indicators.inputs.readers.read_file import read_file
from local_indicators.inputs.readers.refusals import Refused
from local_indicators.replies.annotation.active_content import RemovedContent, clean_other_part, remove_active_content
from local_indicators.replies.annotation.cell_marks import FindingRecord, SheetMarks, finding_lines, marks_by_sheet
from local_indicators.replies.annotation.findings_sheet import FindingLine, SheetContent, findings_sheet
from local_indicators.replies.annotation.ooxml.cell_styles import BLANK, Styles
from local_indicators.replies.annotation.ooxml.ooxml_package import Package
from local_indicators.replies.annotation.ooxml.xml_splicing import NotEditableError, parse_elements
from local_indicators.replies.annotation.sheet_edits.cell_comments import (
    MAX_ON_SHEET,
    add_comments,
    remove_own_comments,
)
from local_indicators.replies.annotation.sheet_edits.sheet_edit_plan import SheetEditPlan
from local_indicators.replies.annotation.sheet_edits.sheet_editor import SheetEditor
from local_indicators.replies.annotation.values_only_workbook import values_only_workbook
from local_indicators.replies.annotation.workbook_part import SPREADSHEET_TYPE, BookSheet, WorkbookPart

NAME = "Findings"
MAX_COMMENT_TEXTS = 4
"""Findings that the comment on one cell tells of."""
MAX_SKIPPED = 10
"""Cells without a comment that a note names."""
_MAY_NEED_CHANGE = re.compile(
    rb"<!DOCTYPE|tabSelected|\bmacro\s*=|<(?:[\w.-]+:)?(?:f|formula|formula1|formula2|hyperlink|oleObject|customPr|"
    rb"webPublishItems)\b"
)
"""What a sheet without marks must hold to need any change; most do not and are not even parsed."""
Head = Sequence[tuple[str, str]]
"""What stands above the findings, as (label, text)."""


def annotate_workbook(content: bytes, head: Head, findings: Sequence[FindingRecord], *, images: bool = False) -> bytes:
    """Return the marked copy of a file; pictures stay in it only with `images`.

    Raises Refused for a file that cannot be read at all, and NotEditableError where no copy can be made of it.
    """
    reason = ""
    try:
        if content.startswith(b"PK"):
            return _Annotation(Package(content), content, images=images).marked(head, findings)
    except NotEditableError as error:
        reason = str(error)
    cells = decode(encode(read_file(content)))  # as the parent sees them
    values, aliases, notes = values_only_workbook(cells)
    annotation = _Annotation(Package(values), values, aliases, [_values_only_note(cells.kind, reason), *notes])
    return annotation.marked(head, findings)


def annotate_in_child(body: bytes) -> bytes:
    """Do the job MARK_WORKBOOK of marked_up_copy: 8 bytes of length, as much JSON that says what to mark, the file.

    Raises Refused where no copy can be made.
    """
    size = struct.unpack(">Q", body[:8])[0]
    job = orjson.loads(body[8 : 8 + size])
    try:
        return annotate_workbook(body[8 + size :], job["head"], job["findings"], images=job["images"])
    except NotEditableError as why:
        raise Refused("return.unreadable", str(why)) from None


def _values_only_note(kind: str, reason: str) -> str:
    """Return why a copy shows the values only; `reason` is that for which an xlsx workbook could not be changed."""
    if kind == "xlsx":
        beginning = f"Your workbook has {reason}, so it could not be marked as it stands. This copy shows its values"
    else:
        beginning = f"Your file is of the kind {kind}. This copy shows its values"
    return (
        f"{beginning} at the same addresses, as an Excel workbook (.xlsx). Formulas, formats and whatever else it "
        "holds (comments, drawings, macros, links, embedded objects) are not in the copy."
    )


@dataclass
class _Annotation:
    """The annotation of one workbook, with what is noted on the way.

    With `images`, pictures stay in the copy. `aliases` are the names of sheets in the copy by those that findings use;
    `notes` are sentences about the copy, which grow; `removed` is what was removed.
    """

    package: Package
    content: bytes
    aliases: Mapping[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    removed: RemovedContent = field(default_factory=RemovedContent)
    images: bool = False

    def marked(self, head: Head, findings: Sequence[FindingRecord]) -> bytes:
        """Return the copy. Raises NotEditableError. Can be called once."""
        package, removed = self.package, self.removed
        workbook = WorkbookPart(package)
        earlier = self._earlier_sheets(workbook)
        kept_parts = self._take_out(workbook, earlier)
        removed_links = removed.links.get(package.workbook, set())
        sheets = [sheet for sheet in workbook.sheets if sheet.link not in earlier | removed_links]
        removed.sheets = {sheet.name.casefold() for sheet in workbook.sheets if sheet.link in removed_links}
        workbook.find_removed_names(removed)
        lines = finding_lines(findings, [sheet.name for sheet in sheets], self.aliases)
        marks = marks_by_sheet(lines, self.notes)
        styles_links = package.relations_of_kind(package.workbook, "styles")
        styles = Styles(package.part(styles_links[0].target) if styles_links else BLANK)
        editors = self._edit_sheets(sheets, marks, styles, unmark=bool(earlier))
        self._clean_other_parts(sheets, kept_parts)
        name = workbook.free_name(NAME, earlier)
        shown = SheetContent(head, lines, removed.in_words(), self.notes, frozenset(_hidden_lines(lines, editors)))
        workbook.put_in_front(name, self._add_findings_sheet(shown, styles), removed, earlier)
        if styles_links:
            package.set_part(styles_links[0].target, styles.xml())
        else:
            part = package.add_part("xl/styles#.xml", styles.xml(), f"{SPREADSHEET_TYPE}.styles+xml")
            package.add_relation(package.workbook, "styles", part)
        return package.save(kept_parts)

    def _earlier_sheets(self, workbook: WorkbookPart) -> set[str]:
        """Return the links of sheets of ours, where the file is a marked-up copy that came back."""
        candidates = [sheet for sheet in workbook.sheets if sheet.name.startswith(NAME)]
        if not candidates or len(candidates) == len(workbook.sheets):
            return set()
        try:
            own_names = {sheet.name for sheet in read_file(self.content).sheets if sheet.is_ours}
        except Refused:  # then nothing of it was read, and whose sheets they are makes no difference
            return set()
        return {sheet.link for sheet in candidates if sheet.name in own_names}

    def _take_out(self, workbook: WorkbookPart, earlier: set[str]) -> set[str]:
        """Remove earlier sheets of ours, unlisted sheets and active content; return the parts that stay."""
        package, listed = self.package, {sheet.link for sheet in workbook.sheets}
        for relation in list(package.relations(package.workbook).all):
            is_unlisted = relation.kind in ("worksheet", "chartsheet") and relation.id not in listed
            if relation.id in earlier or is_unlisted:
                package.remove_relation(package.workbook, relation)
        return remove_active_content(package, self.removed, images=self.images)

    def _edit_sheets(
        self, sheets: Sequence[BookSheet], marks: Mapping[str, SheetMarks], styles: Styles, *, unmark: bool
    ) -> dict[str, SheetEditor | None]:
        """Change each sheet; the editors of those that have marks, None for a hidden sheet."""
        editors: dict[str, SheetEditor | None] = {}
        for sheet in sheets:
            if sheet.part is None or self._is_chart(sheet):
                continue
            xml = self.package.part(sheet.part)
            sheet_marks = marks.get(sheet.name, SheetMarks())
            links = self.removed.links.get(sheet.part, set())
            if not (sheet_marks.colours or links or unmark or _MAY_NEED_CHANGE.search(xml)):
                continue
            plan = SheetEditPlan(
                xml=xml,
                name=sheet.name,
                marks=sheet_marks.colours,
                links=links,
                styles=styles,
                removed=self.removed,
                unmark=unmark,
            )
            editor = SheetEditor(plan)
            if unmark:
                remove_own_comments(self.package, sheet.part)
            self._comment(sheet.name, sheet.part, editor, sheet_marks)
            self.package.set_part(sheet.part, editor.xml())
            if sheet_marks.colours:
                editors[sheet.name] = None if sheet.hidden else editor
        return editors

    def _is_chart(self, sheet: BookSheet) -> bool:
        """Return whether a sheet is one chart and has no cells."""
        is_chart = sheet.kind == "chartsheet"
        if is_chart and parse_elements(self.package.part(sheet.part or ""))[0].name == "chartsheet":
            return True
        if sheet.kind != "worksheet":
            raise NotEditableError("a sheet of an unusual kind")
        return False

    def _comment(self, sheet: str, part: str, editor: SheetEditor, marks: SheetMarks) -> None:
        """Comment the marked cells of a sheet."""
        places = sorted(marks.comments)[:MAX_ON_SHEET]
        if len(marks.comments) > len(places):
            self.notes.append(f"Only the first {len(places):,} coloured cells of {sheet} have a comment.")
        texts = {place: "\n\n".join(marks.comments[place][:MAX_COMMENT_TEXTS]) for place in places}
        link, skipped = add_comments(self.package, part, editor.comment_drawing, texts)
        if link:
            editor.refer_to_comment_drawing(link, self.package.office)
        if skipped:
            cells = ", ".join(address_of_position(row * COLUMNS + column) for row, column in skipped[:MAX_SKIPPED])
            self.notes.append(
                f"{sheet}: {cells} has a conversation of yours, so what is wrong stands on this sheet alone."
            )

    def _clean_other_parts(self, sheets: Sequence[BookSheet], kept_parts: set[str]) -> None:
        """Clean what is neither workbook nor sheet, and drop the calculation order if formulas were removed.

        Excel notes in which order it calculates; with formulas removed that is wrong, and Excel makes it anew.
        """
        package = self.package
        edited = {package.workbook, *(sheet.part for sheet in sheets if sheet.kind != "chartsheet")}
        for part in sorted(kept_parts - {part for part in edited if part}):
            clean_other_part(package, part, self.removed)
        if not self.removed.formulas:
            return
        for relation in package.relations_of_kind(package.workbook, "calcChain"):
            kept_parts.discard(package.part_name(relation.target))
            package.remove_relation(package.workbook, relation)

    def _add_findings_sheet(self, content: SheetContent, styles: Styles) -> str:
        """Add the part of our own sheet; the relation of the workbook to it."""
        xml = findings_sheet(content, styles, strict=self.package.strict)
        part = self.package.add_part("xl/worksheets/findings#.xml", xml, f"{SPREADSHEET_TYPE}.worksheet+xml")
        return self.package.add_relation(self.package.workbook, "worksheet", part)


def _hidden_lines(lines: Sequence[FindingLine], editors: Mapping[str, SheetEditor | None]) -> Iterable[int]:
    """Yield the numbers of lines whose first cell lies on a hidden sheet, or in a hidden row or column."""
    for number, line in enumerate(lines):
        if line.ranges:
            sheet, cells = line.ranges[0]
            editor = editors.get(sheet)
            if sheet in editors and (editor is None or editor.hides(cells[:2])):
                yield number
