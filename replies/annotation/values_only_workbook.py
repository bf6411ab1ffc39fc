"""Shows a file that is no xlsx workbook as one: the same values at the same addresses, and nothing else.

Runs on untrusted bytes, so only in the child process.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from local_indicators.common.cell_references import COLUMNS, column_letters
from local_indicators.inputs.readers.cells import Cell, Cells, ErrorValue, FormattedNumber, Sheet, Uncalculated
from local_indicators.replies.annotation.ooxml.cell_styles import BLANK, MAIN
from local_indicators.replies.annotation.ooxml.ooxml_package import OFFICE, PACKAGE
from local_indicators.replies.annotation.ooxml.xml_splicing import escape_cell_text, escape_xml

ROWS = 1_048_576
MAX_CELLS = 1_000_000
"""Filled cells of a file that are shown; the copy says so where more are left out."""
MAX_CHARACTERS = 32_767
"""Characters that Excel allows in a cell."""
_DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001  (a cell's date has no zone)
_FORMATS = (
    '<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="14" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="22" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
)
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def values_only_workbook(cells: Cells) -> tuple[bytes, dict[str, str], list[str]]:
    """Return an xlsx workbook with the values of `cells`, the names of its sheets by their own, and notes in words.

    The notes say which sheets are called otherwise, and which are not shown whole.
    """
    names = _names([sheet.name for sheet in cells.sheets])
    notes = [f"Sheet {own!r} is called {new!r} here." for own, new in names.items() if own != new]
    parts = {}
    room = MAX_CELLS
    for number, sheet in enumerate(cells.sheets, start=1):
        xml, used, whole = _sheet(sheet, room)
        room -= used
        parts[f"xl/worksheets/sheet{number}.xml"] = xml
        if not whole:
            notes.append(f"Sheet {sheet.name!r} is longer or wider than this copy can be and is not shown whole.")
    return _zip(parts, cells.sheets, names), names, notes


def _names(own: Sequence[str]) -> dict[str, str]:
    """Return a name that Excel allows for each name of a sheet, all of them different."""
    allowed: dict[str, str] = {}
    for name in own:
        plain = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", name).strip("' ")[:31] or "Sheet"
        new, number = plain, 2
        while new.casefold() in {taken.casefold() for taken in allowed.values()}:
            new = f"{plain[:26]} ({number})"
            number += 1
        allowed.setdefault(name, new)
    return allowed


def _sheet(sheet: Sheet, room: int) -> tuple[str, int, bool]:
    """Return a sheet as XML with at most `room` filled cells, how many it has, and whether that is all of it."""
    rows, used, whole = [], 0, True
    letters = [column_letters(column) for column in range(min(max(map(len, sheet.rows), default=0), COLUMNS))]
    for number, row in enumerate(sheet.rows):
        filled = [(column, cell) for column, cell in enumerate(row) if cell is not None]
        if number >= ROWS or used + len(filled) > room or (filled and filled[-1][0] >= COLUMNS):
            whole = False
            if number >= ROWS or used >= room:
                break
            filled = [(column, cell) for column, cell in filled if column < COLUMNS][: room - used]
        used += len(filled)
        hidden = ' hidden="1"' if number in sheet.hidden_rows else ""
        if filled or hidden:
            inside = "".join(_cell(f"{letters[column]}{number + 1}", cell) for column, cell in filled)
            rows.append(f'<row r="{number + 1}"{hidden}>{inside}</row>')
    merged = [area for area in sheet.merged if area[2] < ROWS and area[3] < COLUMNS and area[:2] != area[2:]]
    merges = "".join(
        f'<mergeCell ref="{column_letters(left)}{top + 1}:{column_letters(right)}{bottom + 1}"/>'
        for top, left, bottom, right in merged
    )
    return (
        f'{_HEAD}<worksheet xmlns="{MAIN}">{_widths(sheet)}<sheetData>'
        f"{''.join(rows)}</sheetData>{f'<mergeCells>{merges}</mergeCells>' if merges else ''}</worksheet>",
        used,
        whole,
    )


def _widths(sheet: Sheet) -> str:
    """Columns as wide as what stands in them, within reason."""
    widest: dict[int, int] = {}
    for row in sheet.rows[:200]:
        for column, cell in enumerate(row[:200]):
            if cell is not None:
                widest[column] = max(widest.get(column, 8), min(len(str(cell)) + 2, 40))
    columns = "".join(
        f'<col min="{column + 1}" max="{column + 1}" width="{width}" customWidth="1"/>'
        for column, width in sorted(widest.items())
    )
    return f"<cols>{columns}</cols>" if columns else ""


_FIGURE = re.compile(r"-?(?:[0-9][0-9,]*(?:\.[0-9]+)?|\.[0-9]+)")


def _cell(address: str, cell: Cell) -> str:
    if isinstance(cell, bool):
        return f'<c r="{address}" t="b"><v>{int(cell)}</v></c>'
    if isinstance(cell, (int, float)):
        return f'<c r="{address}"><v>{cell!r}</v></c>' if abs(cell) < 1e300 else _text(address, str(cell))
    if isinstance(cell, ErrorValue):
        known = re.fullmatch(r"#(?:N/A|DIV/0!|REF!|VALUE!|NAME\?|NUM!|NULL!)", cell.text)
        return f'<c r="{address}" t="e"><v>{cell.text}</v></c>' if known else _text(address, cell.text)
    if isinstance(cell, date):
        return _date(address, cell)
    if isinstance(cell, FormattedNumber):
        return _text(address, _as_seen(cell))
    return "" if cell is None or isinstance(cell, Uncalculated) else _text(address, cell)


def _as_seen(cell: FormattedNumber) -> str:
    """Return a number as its format shows it, but with all its digits, so that the copy reads as the file did.

    A number that its format hides is shown.
    """
    look = cell.look
    if look.seen is not None:
        return f"{look.seen:.15g}{'%' if look.percent else ''}"
    figures = _FIGURE.findall(look.text)
    if len(figures) == 1 and abs(float(figures[0].replace(",", "")) - cell.number) < 1:
        return _FIGURE.sub(f"{cell.number:.15g}", look.text)
    return look.text or f"{cell.number:.15g}"


def _date(address: str, day: date) -> str:
    moment = day if isinstance(day, datetime) else datetime(day.year, day.month, day.day)  # noqa: DTZ001
    serial = (moment.replace(tzinfo=None) - _DAY_ZERO).total_seconds() / 86400
    if serial < 61:  # before March 1900 Excel counts a day that never was
        return _text(address, str(day))
    whole = serial == int(serial)
    return f'<c r="{address}" s="{1 if whole else 2}"><v>{int(serial) if whole else serial!r}</v></c>'


def _text(address: str, text: str) -> str:
    kept = escape_cell_text(text[:MAX_CHARACTERS])
    return f'<c r="{address}" t="inlineStr"><is><t xml:space="preserve">{kept}</t></is></c>'


def _zip(parts: Mapping[str, str], sheets: Sequence[Sheet], names: Mapping[str, str]) -> bytes:
    numbers = range(1, len(sheets) + 1)
    overrides = "".join(f'<Override PartName="/{name}" ContentType="{_SHEET_TYPE}.worksheet+xml"/>' for name in parts)
    listed = "".join(
        f'<sheet name="{escape_xml(names[sheet.name])}" sheetId="{n}" '
        f'state="{"hidden" if sheet.hidden else "visible"}" r:id="rId{n}"/>'
        for n, sheet in zip(numbers, sheets, strict=True)
    )
    linked = "".join(
        f'<Relationship Id="rId{n}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
    )
    last = len(sheets) + 1
    fixed = {
        "[Content_Types].xml": f'{_HEAD}<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
        'ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_SHEET_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_SHEET_TYPE}.styles+xml"/>{overrides}</Types>',
        "_rels/.rels": f'{_HEAD}<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'{_HEAD}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{_HEAD}<Relationships xmlns="{PACKAGE}/relationships">{linked}'
        f'<Relationship Id="rId{last}" Type="{OFFICE}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": re.sub("<cellXfs.*</cellXfs>", _FORMATS, BLANK.decode()),
    }
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {**fixed, **parts}.items():
            archive.writestr(name, text)
    return whole.getvalue()
