"""References to cells: A1 addresses, column letters, and positions, which are one whole number for row and column."""

from __future__ import annotations

import re

_PLAIN_SHEET = re.compile(r"[A-Za-z_]\w*")
_REFERENCE = re.compile(r"(?:'(?P<quoted>(?:[^']|'')+)'|(?P<plain>[^!]+?))(?:!|: )(?P<cell>\$?[A-Za-z]+\$?\d+)")
_A1 = re.compile(r"\$?([A-Za-z]{1,3})\$?([1-9]\d{0,6})")
COLUMNS = 16_384
"""Columns of an Excel sheet. A position is `row * COLUMNS + column`, both counted from 0."""


def column_letters(column: int) -> str:
    """Letters of a column counted from 0: 0 is A, 27 is AB."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def address_of_position(position: int) -> str:
    """The A1 address of a position."""
    row, column = divmod(position, COLUMNS)
    return f"{column_letters(column)}{row + 1}"


def cell_position(row: int, column: int) -> int:
    """The position of a row and a column, both counted from 0."""
    return row * COLUMNS + column


def position_of_address(address: str) -> int | None:
    """The position of an A1 address, or None where it is none."""
    match = _A1.fullmatch(address.strip())
    if not match:
        return None
    column = 0
    for letter in match[1].upper():
        column = column * 26 + ord(letter) - 64
    return cell_position(int(match[2]) - 1, column - 1) if column <= COLUMNS else None


def cell_in_words(sheet: str | None, cell: str) -> str:
    """A cell, or range of cells, with its sheet, as Excel writes it: Figures!B6, 'My sheet'!B6. One that names its
    sheet already is of that sheet; one of a file without sheets stays as it is."""
    if "!" in cell:
        sheet, _, cell = cell.rpartition("!")
        sheet = sheet[1:-1].replace("''", "'") if sheet.startswith("'") else sheet
    if not sheet:
        return cell
    quoted = sheet if _PLAIN_SHEET.fullmatch(sheet) and not _A1.fullmatch(sheet) else _in_quotes(sheet)
    return f"{quoted}!{cell}"


def _in_quotes(sheet: str) -> str:
    return "'" + sheet.replace("'", "''") + "'"


def read_cell_reference(text: str) -> tuple[str, int] | None:
    """The sheet and the position that a reference names, in whichever form a cell was ever printed: Figures!B6,
    'My sheet'!$B$6, Figures: B6, or B6 alone, whose sheet is then "". None where it names no cell."""
    if (alone := position_of_address(text)) is not None:
        return "", alone
    match = _REFERENCE.fullmatch(text.strip())
    place = position_of_address(match["cell"]) if match else None
    if match is None or place is None:
        return None
    return (match["quoted"] or "").replace("''", "'") or match["plain"], place


def column_number(letters: str) -> int:
    """The number of a column, counted from 0, by its letters: 0 for A, 27 for AB."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def range_corners(cells: str) -> tuple[int, int, int, int] | None:
    """The first row and column and the last of a range such as B2:D9, or of one cell, from 0; None where it is none."""
    first, _, last = cells.partition(":")
    begin, end = position_of_address(first), position_of_address(last or first)
    if begin is None or end is None:
        return None
    (top, left), (bottom, right) = divmod(begin, COLUMNS), divmod(end, COLUMNS)
    return top, left, bottom, right


def column_number_from_bytes(letters: bytes) -> int:
    """The number of a column, counted from 0, by its letters as a part of the file writes them."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number - 1
