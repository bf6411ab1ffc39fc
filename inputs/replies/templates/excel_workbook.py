"""A template as an Excel workbook: locked headings, open cells with drop-downs and limits, notes, and its stamp."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time

from openpyxl import Workbook
from openpyxl.cell.cell import Cell as SheetCell
from openpyxl.comments import Comment
from openpyxl.packaging.custom import StringProperty
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from inputs.replies.templates.allowed_entries import MOST_COUNTED, Answer, Choice, Depending, Number, Occasion
from inputs.replies.templates.page_layout import Box, Page, Template, describe
from inputs.stamps import LISTS_SHEET, NOTES_SHEET, stamp_of

MOST_FORMULA = 255
"""Characters that Excel takes for the formula of a validation."""
AUTHOR = "Local Indicators"
_LINE = Side(style="thin", color="FF9AA5B1")
_FILLS = {"heading": "FFD9E2EC", "given": "FFF0F0F0", "input": "FFFFF2B3", "spare": "FFFFFDF2"}
_FONT = "Calibri"


def write(template: Template) -> bytes:
    """The bytes of the workbook, the same every time for the same template."""
    book = Workbook()
    book.remove(book.active)
    notes = book.create_sheet(NOTES_SHEET)
    lists = _Lists(book.create_sheet(LISTS_SHEET), book)
    for page in template.pages:
        sheet = book.create_sheet(page.name, index=len(book.sheetnames) - 1)
        _draw_page(sheet, page)
        _Rules(sheet, page, lists).add()
    lists.close()
    _write_notes(notes, template)
    _sign(book, template.occasion)
    saved = io.BytesIO()
    book.save(saved)
    return timeless(saved.getvalue(), _moment(template.occasion.day))


def _moment(day: date) -> datetime:
    return datetime.combine(day, time(9))


def _sign(book: Workbook, occasion: Occasion) -> None:
    moment = _moment(occasion.day)
    properties = book.properties
    properties.creator = properties.lastModifiedBy = AUTHOR
    properties.title = _inert_title(occasion.layout.title)
    properties.created = properties.modified = moment
    for name, value in stamp_of(occasion.layout).properties.items():
        book.custom_doc_props.append(StringProperty(name=name, value=value))


def _inert_title(text: str) -> str:
    return " ".join(text.split())[:200]


def timeless(content: bytes, moment: datetime) -> bytes:
    """The same workbook as if it had been saved at a given moment (openpyxl writes the moment at which it runs)."""
    fixed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as saved, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as out:
        for name in saved.namelist():
            part = saved.read(name)
            if name == "docProps/core.xml":
                stamp = rf"\g<1>{moment:%Y-%m-%dT%H:%M:%SZ}".encode()
                part = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", stamp, part)
            info = zipfile.ZipInfo(name, moment.timetuple()[:6])
            info.create_system, info.compress_type = 3, zipfile.ZIP_DEFLATED
            out.writestr(info, part)
    return fixed.getvalue()


# -- cells ------------------------------------------------------------------------------------------------------------


def put(cell: SheetCell, text: str) -> None:
    """Write words as words: what begins like a formula is shown and never reckoned."""
    cell.value = text
    cell.data_type = "s"
    cell.quotePrefix = text[:1] in ("=", "+", "-", "@")


def _draw_page(sheet: Worksheet, page: Page) -> None:
    for (row, column), box in sorted(page.boxes.items()):
        cell = sheet.cell(row + 1, column + 1)
        if box.text:
            put(cell, box.text)
        _style(cell, box)
    for top, left, bottom, right in page.merged:
        sheet.merge_cells(start_row=top + 1, start_column=left + 1, end_row=bottom + 1, end_column=right + 1)
    for column in sorted({column for _, column in page.boxes}):
        below = [b.text or "" for (r, c), b in page.boxes.items() if c == column and r >= page.heading_rows[1]]
        widest = max((len(word) for word in below), default=0)
        sheet.column_dimensions[get_column_letter(column + 1)].width = min(max(widest + 2, 14), 46)
    sheet.freeze_panes = sheet.cell(page.heading_rows[1] + 2, 1)
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    _protect(sheet)


def _protect(sheet: Worksheet) -> None:
    """Lock what must stay as it is, without a password: rows, columns and formats may be changed."""
    protection = sheet.protection
    protection.sheet = True
    for name in ("formatCells", "formatColumns", "formatRows", "insertRows", "deleteRows", "sort", "autoFilter"):
        setattr(protection, name, False)


def _style(cell: SheetCell, box: Box) -> None:
    if box.style in _FILLS:
        cell.fill = PatternFill("solid", fgColor=_FILLS[box.style])
        cell.border = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
    if box.style == "title":
        cell.font = Font(name=_FONT, bold=True, size=14)
    if box.style == "heading":
        cell.font = Font(name=_FONT, bold=True)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    if box.style in ("input", "spare"):
        cell.protection = Protection(locked=False)
        cell.number_format = _format(box.answer)
    if box.note:
        note = Comment(box.note[:2000], AUTHOR, width=360, height=40 + 18 * (len(box.note) // 55 + 1))
        cell.comment = note


def _format(answer: Answer | None) -> str:
    """The number format of a cell; text where words belong, so that Excel makes no date of 2009-10."""
    if isinstance(answer, Depending):
        formats = sorted({_format(one) for _, one in answer.by}, key=len)
        alike = len({(one[:1], one[-1:] == "%") for one in formats}) == 1
        return formats[-1] if alike else "General"  # the one with most decimals shows every figure as it was typed
    if not isinstance(answer, Number):
        return "@"
    digits = "." + "0" * answer.decimals if answer.decimals and not answer.whole else ""
    return f"0{digits}%" if answer.factor == 100 else f"#,##0{digits}"


# -- lists and limits -------------------------------------------------------------------------------------------------


class _Lists:
    """The hidden sheet that holds the words of drop-downs and the limits of indicators, each list once."""

    def __init__(self, sheet: Worksheet, book: Workbook) -> None:
        self.sheet, self.book = sheet, book
        self.at: dict[tuple[str | float, ...], str] = {}
        self.names: dict[str, str] = {}

    def range_of(self, values: Sequence[str | float]) -> str:
        """Where a list stands, written there if it is new."""
        key = tuple(values)
        if key not in self.at:
            column = len(self.at) + 1
            for row, value in enumerate(values, start=1):
                cell = self.sheet.cell(row, column)
                if isinstance(value, str):
                    put(cell, value)
                else:
                    cell.value = value
            letter = get_column_letter(column)
            self.at[key] = f"{LISTS_SHEET}!${letter}$1:${letter}${len(values)}"
        return self.at[key]

    def name_of(self, values: Sequence[str | float]) -> str:
        """A short name for a list, for formulas that may not be long."""
        where = self.range_of(values)
        if where not in self.names:
            name = self.names[where] = f"_t{len(self.names) + 1}"
            self.book.defined_names[name] = DefinedName(name, attr_text=where, hidden=True)
        return self.names[where]

    def close(self) -> None:
        self.sheet.sheet_state = "hidden"
        self.sheet.protection.sheet = True


class _Rules:
    """What may be typed into the cells of one page, as Excel's data validation."""

    def __init__(self, sheet: Worksheet, page: Page, lists: _Lists) -> None:
        self.sheet, self.page, self.lists = sheet, page, lists

    def add(self) -> None:
        for column, answer, rows in self._runs():
            rule = self._rule(answer, column, rows[0])
            if rule is not None:
                letter = get_column_letter(column + 1)
                rule.add(f"{letter}{rows[0] + 1}:{letter}{rows[-1] + 1}")
                self.sheet.add_data_validation(rule)

    def _runs(self) -> Iterator[tuple[int, Answer, list[int]]]:
        """Neighbouring cells of a column in which the same may be typed."""
        for column in sorted({c for _, c in self.page.boxes}):
            run: list[int] = []
            held: Answer | None = None
            asked = ((r, b.answer) for (r, c), b in sorted(self.page.boxes.items()) if c == column)
            for row, answer in (*asked, (-1, None)):
                if held is not None and (answer != held or row != run[-1] + 1):
                    yield column, held, run
                    run = []
                held = answer
                run = [*run, row] if answer is not None else []

    def _rule(self, answer: Answer, column: int, row: int) -> DataValidation | None:
        here = f"{get_column_letter(column + 1)}{row + 1}"
        if isinstance(answer, Choice):
            return _choice(self.lists.range_of(answer.words), closed=answer.closed) if answer.words else None
        if isinstance(answer, Number):
            return self._number(answer, here, row)
        return self._depending(answer, here, row) if isinstance(answer, Depending) else None

    def _number(self, answer: Number, here: str, row: int) -> DataValidation:
        low, high = _figure(answer.low), _figure(answer.high)
        if answer.neighbours is None and answer.aside and (answer.factor == 1 or not answer.whole):
            kind = "whole" if answer.whole else "decimal"
            rule = DataValidation(type=kind, operator="between", formula1=low, formula2=high)
            return _told(rule, _number_words(answer))
        tests = [f"{here}>={low}", f"{here}<={high}"]
        if answer.whole:
            tests.append(_is_whole(here, answer.factor))
        tests += self._beside(answer, here, row)
        return self._custom(tests, answer.marks, _number_words(answer), here)

    def _beside(self, answer: Number, here: str, row: int) -> list[str]:
        """What the figures beside a figure ask of it."""

        def at(column: int) -> str:
            return f"${get_column_letter(column + 1)}{row + 1}"

        ends = ((answer.at_most, "<="), (answer.at_least, ">="))
        tests = [f"IF(COUNT({at(one)}),{here}{sign}{at(one)},TRUE)" for one, sign in ends if one is not None]
        if (of := answer.quotient) is not None:
            top, under, typed = at(of.numerator), at(of.denominator), at(of.value)
            value = typed if of.factor == 1 else f"({typed}*{_figure(of.factor)})"
            gap = f"ABS({value}-{_figure(of.per)}*{top}/{under})<={_rounding(value, of.decimals)}+1E-9"
            tests.append(f"IF(COUNT({typed},{top},{under})=3,{gap},TRUE)")
        return tests

    def _custom(self, tests: Sequence[str], marks: Sequence[str], says: str, here: str) -> DataValidation | None:
        otherwise = f"SUMPRODUCT(--({self.lists.name_of(marks)}={here}))>0" if marks else "FALSE"
        for kept in range(len(tests), 1, -1):  # where not all fit, the limits come first
            formula = f"IF(ISNUMBER({here}),AND({','.join(tests[:kept])}),{otherwise})"
            if len(formula) <= MOST_FORMULA:
                return _told(DataValidation(type="custom", formula1=formula), says)
        return None

    def _depending(self, answer: Depending, here: str, row: int) -> DataValidation | None:
        """The rule of a cell whose row names its indicator only when it is filled in."""
        names = self.lists.name_of([word for word, _ in answer.by])
        on = f"${get_column_letter(answer.on + 1)}{row + 1}"
        each = [one for _, one in answer.by]
        if all(isinstance(one, Choice) for one in each):
            return self._choice_by(names, on, [one for one in each if isinstance(one, Choice)])
        numbers = [one for one in each if isinstance(one, Number)]
        return self._number_by(names, on, numbers, here, row) if len(numbers) == len(each) else None

    def _choice_by(self, names: str, on: str, each: Sequence[Choice]) -> DataValidation | None:
        distinct = list(dict.fromkeys(each))
        if not all(one.words for one in distinct):
            return None
        numbers = self.lists.name_of([float(distinct.index(one) + 1) for one in each])
        lists = ",".join(self.lists.name_of(one.words) for one in distinct)
        formula = f"CHOOSE(SUMPRODUCT(({names}={on})*{numbers}),{lists})"
        return _choice(formula, closed=all(one.closed for one in each)) if len(formula) <= MOST_FORMULA else None

    def _number_by(self, names: str, on: str, each: Sequence[Number], here: str, row: int) -> DataValidation | None:
        def looked_up(values: Sequence[float]) -> str:
            if len(set(values)) == 1:
                return _figure(values[0])
            return f"SUMPRODUCT(({names}={on})*{self.lists.name_of(values)})"

        tests = [f"{here}>={looked_up([n.low for n in each])}", f"{here}<={looked_up([n.high for n in each])}"]
        first = each[0]
        is_whole, whole = _is_whole(here, first.factor), looked_up([float(n.whole) for n in each])
        if whole != "0":
            tests.append(is_whole if whole == "1" else f"OR({whole}=0,{is_whole})")
        tests += self._beside_by(looked_up, each, here, row)
        marks = tuple(mark for mark in first.marks if all(mark in n.marks for n in each))
        return self._custom(tests, marks, "Choose what the row is about first; its note gives the limits.", here)

    def _beside_by(
        self, looked_up: Callable[[Sequence[float]], str], each: Sequence[Number], here: str, row: int
    ) -> list[str]:
        """What the figures beside a figure ask of it, where they ask it of some indicators only."""
        asking = [n for n in each if n.neighbours is not None]
        if len({n.neighbours for n in asking}) != 1:
            return []
        asked = looked_up([float(n.neighbours is not None) for n in each])
        tests = self._beside(asking[0], here, row)
        return tests if asked == "1" else [f"IF({asked},{test},TRUE)" for test in tests]


def _choice(formula: str, *, closed: bool) -> DataValidation:
    rule = DataValidation(type="list", formula1=formula, allow_blank=True)
    return _told(rule, "Choose from the list." if closed else "Choose from the list, or type another.", closed=closed)


def _told(rule: DataValidation, says: str, *, closed: bool = True) -> DataValidation:
    """A validation with what it says to the person who fills in."""
    rule.allowBlank = True
    rule.showInputMessage, rule.prompt = True, says[:MOST_FORMULA]
    rule.showErrorMessage, rule.errorStyle = closed, "stop"
    rule.errorTitle, rule.error = "The check would refuse this", says[:225]
    return rule


def _number_words(answer: Number) -> str:
    """The limits of a number in words, as it is typed."""
    percent = answer.factor == 100
    ends = [f"{end * 100:,.10g}%" if percent else f"{end:,.10g}" for end in (answer.low, answer.high)]
    kind = "A whole number" if answer.whole else "A number"
    limits = f"{kind} of 0 or more" if answer.high >= MOST_COUNTED else f"{kind} from {ends[0]} to {ends[1]}"
    if answer.quotient is not None:
        limits += ", agreeing with the counts beside it"
    if answer.aside:
        limits += "; where there is none leave it blank and say why under Status"
    elif answer.marks:
        limits += "; or c confidential, x not available, z not applicable, low rounds to nought"
    return f"{limits}."


def _figure(value: float) -> str:
    """A number as a formula writes it."""
    return f"{value:.15g}".replace("e+", "E+")


def _is_whole(here: str, factor: float) -> str:
    return (
        f"{here}=INT({here})" if factor == 1 else f"ROUND({here}*{_figure(factor)},6)=ROUND({here}*{_figure(factor)},0)"
    )


def _rounding(value: str, decimals: int) -> str:
    """Half a unit of the last decimal that was typed, up to those that the indicator has."""
    half = _figure(0.5 * 10.0**-decimals)
    for fewer in reversed(range(decimals)):
        half = f"IF(ROUND({value},{fewer})={value},{_figure(0.5 * 10.0**-fewer)},{half})"
    return half


# -- the sheet that says how ------------------------------------------------------------------------------------------


HOW = (
    "1. Go through the sheets in turn and fill in the yellow cells.",
    "2. The pale rows under them are for other areas or periods: leave no blank row between, and leave those that you "
    "do not need blank.",
    "3. Where there is no figure, type a mark: c confidential, x not available, z not applicable, low rounds to "
    "nought. Where there is a Status column, leave the figure blank and put the mark there.",
    "4. What a cell refuses, the check would refuse too. A note on a heading says what the figure means. Pasting goes "
    "around the limits of a cell, and the check does not.",
    "5. Save the workbook, as {name} or under a name of your own, and put it into your folder.",
    "Headings are locked so that they stay as they are; there is no password. This sheet is not read.",
)


def _write_notes(sheet: Worksheet, template: Template) -> None:
    for row, (style, *cells) in enumerate(_notes(template), start=1):
        for column, text in enumerate(cells, start=1):
            cell = sheet.cell(row, column)
            put(cell, text)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            cell.font = Font(name=_FONT, bold=style != "line", size={"title": 14}.get(style, 11))
        if len(cells) == 1:
            sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=2)
        lines = len(cells[0]) // 100 + 1 if len(cells) == 1 else max(len(cells[0]) // 32, len(cells[1]) // 68) + 1
        sheet.row_dimensions[row].height = 16 * lines + (6 if style != "line" else 0)
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 34, 70
    sheet.sheet_view.showGridLines = False
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.protection.sheet = True
    stamp = stamp_of(template.occasion.layout)
    sheet.oddFooter.left.text = f"{stamp.collection}, template {stamp.version}"


def _notes(template: Template) -> Iterator[tuple[str, ...]]:
    """The lines of the sheet that says how: the style, and one or two cells."""
    occasion, stamp = template.occasion, stamp_of(template.occasion.layout)
    yield "title", occasion.layout.title
    if occasion.expected:
        due = f", due {occasion.due:%-d %B %Y}" if occasion.due else ""
        yield "line", "Period expected", f"{occasion.expected}{due}"
    yield "heading", "What to do"
    yield from (("line", line.replace("{name}", template.file_name)) for line in HOW)
    yield "heading", "Sheets"
    for page in template.pages:
        rows = f"{len(page.asked)} row{'' if len(page.asked) == 1 else 's'} to fill in"
        yield "line", page.name, rows if page.asked else "nothing expected this time"
    yield "heading", "Figures"
    for indicator in template.indicators:
        yield "line", indicator.title, describe(indicator).partition(": ")[2]
    yield "heading", "About this template"
    yield "line", "Return", f"{stamp.collection} ({stamp.partner})"
    yield "line", "Template version", stamp.version
    yield "line", "Definitions", stamp.definitions
