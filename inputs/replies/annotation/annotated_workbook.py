"""Mark a partner's workbook: colour and comment the cells that findings name, and put a sheet of findings in front.

An Excel workbook of today is changed in place, part by part, and all that need not change stays byte for byte what it
was; any other file is shown as such a workbook first. Runs on untrusted bytes, so only in the child process.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, product
from typing import Any

from inputs.cells import decode, encode
from inputs.formats import read
from inputs.refused import Refused
from inputs.replies.annotation.active_content import Removed, clean_other, take_out
from inputs.replies.annotation.cell_comments import MOST_ON_SHEET, comment_on, uncomment
from inputs.replies.annotation.cell_styles import BLANK, Styles
from inputs.replies.annotation.findings_sheet import MOST_LINES, Line, Page, findings_sheet
from inputs.replies.annotation.ooxml_package import Package
from inputs.replies.annotation.sheet_editor import Place, SheetEdit
from inputs.replies.annotation.values_only_workbook import render
from inputs.replies.annotation.workbook_part import SHEETS, Book, BookSheet
from inputs.replies.annotation.xml_splicing import NotEditable, elements
from schemas.findings import COLUMNS, a1, position

MOST_COLOURED = 100_000
"""Cells that are coloured; a workbook with more of them has one cause for them."""
MOST_COMMENTED = 50
"""Cells of one finding that are commented; all are coloured."""
NAME = "Findings"
_WORTH_READING = re.compile(
    rb"<!DOCTYPE|tabSelected|\bmacro\s*=|<(?:[\w.-]+:)?(?:f|formula|formula1|formula2|hyperlink|oleObject|customPr|"
    rb"webPublishItems)\b"
)
"""What a sheet without marks must hold to need any change; most do not and are not even parsed."""

Box = tuple[int, int, int, int]


@dataclass
class Marks:
    """What is to be done on one sheet: cells and their colours, and what their comments say."""

    colours: dict[Place, str] = field(default_factory=dict)
    texts: dict[Place, list[str]] = field(default_factory=dict)


def mark(content: bytes, head: Sequence[tuple[str, str]], findings: Sequence[Mapping[str, Any]]) -> bytes:
    """The marked copy of a file. `findings` are findings as JSON knows them, with `says`, `period` and `title`. Raises
    Refused for what cannot be read at all, and NotEditable where no copy can be made."""
    try:
        if content.startswith(b"PK"):
            return _marked(Package(content), content, head, findings, {}, [])
        why = ""
    except NotEditable as reason:
        why = str(reason)
    cells = decode(encode(read(content)))  # as the parent sees them
    plain, names, notes = render(cells)
    if cells.kind == "xlsx":
        said = f"Your workbook has {why}, so it could not be marked as it stands. This copy shows its values"
    else:
        said = f"Your file is of the kind {cells.kind}. This copy shows its values"
    said += (
        " at the same addresses, as an Excel workbook (.xlsx). Formulas, formats and whatever else it holds (comments, "
        "drawings, macros, links, embedded objects) are not in the copy."
    )
    return _marked(Package(plain), plain, head, findings, names, [said, *notes])


def _marked(
    package: Package,
    content: bytes,
    head: Sequence[tuple[str, str]],
    findings: Sequence[Mapping[str, Any]],
    aliases: Mapping[str, str],
    notes: list[str],
) -> bytes:
    book, removed = Book(package), Removed()
    earlier, listed = _earlier(book, content), {sheet.link for sheet in book.sheets}
    for one in list(package.relations(package.workbook).held):
        if one.id in earlier or (one.kind in ("worksheet", "chartsheet") and one.id not in listed):
            package.unlink(package.workbook, one)
    kept = take_out(package, removed)
    lost = removed.links.get(package.workbook, set())
    there = [sheet for sheet in book.sheets if sheet.link not in earlier | lost]
    removed.sheets = {sheet.name.casefold() for sheet in book.sheets if sheet.link in lost}
    book.forget_names(removed)
    lines = _lines(findings, [sheet.name for sheet in there], aliases)
    marks = _marks(lines, notes)
    links = package.linked(package.workbook, "styles")
    styles = Styles(package.part(links[0].target) if links else BLANK)
    hidden = _edit_sheets(package, there, marks, styles, removed, notes, remark=bool(earlier))
    inner = {package.workbook, *(sheet.part for sheet in there if sheet.kind != "chartsheet")}
    for name in sorted(kept - {part for part in inner if part}):
        clean_other(package, name, removed)
    _drop_calculation_order(package, kept, removed)
    name = book.name_for(NAME, earlier)
    page = Page(head, lines, removed.lines(), notes, frozenset(_unseen(lines, hidden)))
    part = package.add(
        "xl/worksheets/findings#.xml", findings_sheet(page, styles, strict=package.strict), f"{SHEETS}.worksheet+xml"
    )
    book.front(name, package.link(package.workbook, "worksheet", part), removed, earlier)
    if links:
        package.change(links[0].target, styles.xml())
    else:
        package.link(package.workbook, "styles", package.add("xl/styles#.xml", styles.xml(), f"{SHEETS}.styles+xml"))
    return package.save(kept)


def _earlier(book: Book, content: bytes) -> set[str]:
    """The links of sheets that an earlier copy of ours put in front, where the file is such a copy come back."""
    named = [sheet for sheet in book.sheets if sheet.name.startswith(NAME)]
    if not named or len(named) == len(book.sheets):
        return set()
    try:
        ours = {sheet.name for sheet in read(content).sheets if sheet.is_ours}
    except Refused:  # then nothing of it was read, and whose sheets they are makes no difference
        return set()
    return {sheet.link for sheet in named if sheet.name in ours}


# -- from findings to lines and marks ---------------------------------------------------------------------------------


def _lines(findings: Iterable[Mapping[str, Any]], sheets: Sequence[str], aliases: Mapping[str, str]) -> list[Line]:
    """The findings in the order in which an owner works through the workbook: what is wrong with the whole of it, then
    sheet by sheet, row by row, cell by cell."""
    order = {name: number for number, name in enumerate(sheets)}
    lines = []
    for one in findings:
        own = one["sheet"]
        ranges = []
        for address in one["cells"]:
            sheet, box = _split(address, own, order, aliases)
            if sheet is not None and box is not None:
                ranges.append((sheet, box))
        home = aliases.get(own, own) if own else None
        lines.append(
            Line(
                home,
                tuple(ranges),
                tuple(one["cells"]),
                *(one[key] for key in ("period", "severity", "says", "found", "expected", "fix", "rule", "title")),
            )
        )

    def place(line: Line) -> tuple[int, int, int, bool, str]:
        sheet, box = line.ranges[0] if line.ranges else (line.sheet or "", (-1, -1, -1, -1))
        return (order.get(sheet, -1), box[0], box[1], line.severity != "error", line.rule)

    return sorted(lines, key=place)


def _split(
    address: str, own: str | None, order: Mapping[str, int], aliases: Mapping[str, str]
) -> tuple[str | None, Box | None]:
    """The sheet and the cells that an address of a finding names; `'Other sheet'!B2` is on another sheet."""
    sheet, told, cells = address.rpartition("!")
    inside = sheet[1:-1] if sheet.startswith("'") and sheet.endswith("'") else sheet
    named = [inside, inside.replace("''", "'")] if told else [own or ""]
    found = next((a for n in named if (a := aliases.get(n, n)) in order), None)
    ends = [position(end) for end in cells.split(":")]
    if found is None or not 1 <= len(ends) <= 2 or ends[0] is None or ends[-1] is None:
        return found, None
    (top, left), (bottom, right) = divmod(ends[0], COLUMNS), divmod(ends[-1], COLUMNS)
    return found, (min(top, bottom), min(left, right), max(top, bottom), max(left, right))


def _marks(lines: Sequence[Line], notes: list[str]) -> dict[str, Marks]:
    """What is to be done on each sheet."""
    marks: dict[str, Marks] = {}
    room = MOST_COLOURED
    for line in lines[:MOST_LINES]:
        for number, (sheet, box) in enumerate(line.ranges):
            on = marks.setdefault(sheet, Marks())
            for place in islice(_places(box), room):
                room -= place not in on.colours
                if on.colours.get(place) != "error":
                    on.colours[place] = line.severity
            if number < MOST_COMMENTED and box[:2] in on.colours:
                on.texts.setdefault((box[0], box[1]), []).append(_comment(line, first=number == 0))
    if room <= 0:
        notes.append(f"Only the first {MOST_COLOURED:,} cells are coloured; every finding is listed above.")
    return marks


def _places(box: Box) -> Iterator[Place]:
    return product(range(box[0], box[2] + 1), range(box[1], box[3] + 1))


def _comment(line: Line, *, first: bool) -> str:
    if not first:
        return f"{line.says} See {line.addresses[0]}.\nWhat to do: {line.fix}"
    parts = [
        line.says,
        f"Found: {line.found}" if line.found else "",
        f"Expected: {line.expected}" if line.expected else "",
    ]
    return "\n".join([*(part for part in parts if part), f"What to do: {line.fix}"])


def _unseen(lines: Sequence[Line], hidden: Mapping[str, SheetEdit | None]) -> Iterable[int]:
    """The numbers of lines whose first cell lies on a hidden sheet, or in a hidden row or column."""
    for number, line in enumerate(lines):
        if line.ranges:
            sheet, box = line.ranges[0]
            edit = hidden.get(sheet)
            if sheet in hidden and (edit is None or edit.hides(box[:2])):
                yield number


# -- the sheets -------------------------------------------------------------------------------------------------------


def _edit_sheets(
    package: Package,
    sheets: Sequence[BookSheet],
    marks: Mapping[str, Marks],
    styles: Styles,
    removed: Removed,
    notes: list[str],
    *,
    remark: bool,
) -> dict[str, SheetEdit | None]:
    """Change each sheet; what is hidden on those that have marks, None for a hidden sheet."""
    seen: dict[str, SheetEdit | None] = {}
    for sheet in sheets:
        if sheet.part is None or _is_chart(package, sheet):
            continue
        xml = package.part(sheet.part)
        on, links = marks.get(sheet.name, Marks()), removed.links.get(sheet.part, set())
        if not (on.colours or links or remark or _WORTH_READING.search(xml)):
            continue
        edit = SheetEdit(xml, sheet.name, on.colours, styles, removed, links)
        edit.read(remark=remark)
        if remark:
            uncomment(package, sheet.part)
        _comment_sheet(package, sheet, edit, on, notes)
        package.change(sheet.part, edit.xml())
        if on.colours:
            seen[sheet.name] = None if sheet.hidden else edit
    return seen


def _is_chart(package: Package, sheet: BookSheet) -> bool:
    """Whether a sheet is one chart and has no cells."""
    if sheet.kind == "chartsheet" and elements(package.part(sheet.part or ""))[0].name == "chartsheet":
        return True
    if sheet.kind != "worksheet":
        raise NotEditable("a sheet of an unusual kind")
    return False


def _comment_sheet(package: Package, sheet: BookSheet, edit: SheetEdit, on: Marks, notes: list[str]) -> None:
    places = sorted(on.texts)[:MOST_ON_SHEET]
    if len(on.texts) > len(places):
        notes.append(f"Only the first {len(places):,} coloured cells of {sheet.name} have a comment.")
    texts = {place: "\n\n".join(on.texts[place][:4]) for place in places}
    link, barred = comment_on(package, sheet.part or "", edit.legacy, texts)
    if link:
        edit.set_legacy(link, package.office)
    if barred:
        cells = ", ".join(a1(row * COLUMNS + column) for row, column in barred[:10])
        notes.append(f"{sheet.name}: {cells} has a conversation of yours, so what is wrong stands on this sheet alone.")


def _drop_calculation_order(package: Package, kept: set[str], removed: Removed) -> None:
    """Excel notes in which order it calculates; where formulas were taken out that note is wrong, and Excel makes it
    anew."""
    if not removed.formulas:
        return
    for one in package.linked(package.workbook, "calcChain"):
        kept.discard(package.name_of(one.target))
        package.unlink(package.workbook, one)
