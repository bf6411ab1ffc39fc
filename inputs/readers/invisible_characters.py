"""Characters that nobody sees in a cell: taken out when a file is read, for nobody meant to type them."""

from __future__ import annotations

from local_indicators.inputs.readers.cells import Cell, Cells

_BLANKS = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters and signs that are drawn as nothing."""
_INVISIBLE = (
    (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x180B, 0x180E), (0x200B, 0x200F), (0x202A, 0x202E),
    (0x2060, 0x206F), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFB), (0x1D173, 0x1D17A), (0xE0001, 0xE007F),
    (0xE0100, 0xE01EF),
)  # fmt: skip
"""Zero-width signs, marks of direction, soft hyphens, a byte order mark inside a text, and selectors of variants, as
first and last of each range."""
_SEEN: dict[int, str | None] = {
    **{code: None for first, last in _INVISIBLE for code in range(first, last + 1)},
    **dict.fromkeys(map(ord, _BLANKS), " "),
    **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
    0x2010: "-",
    0x2011: "-",
    0x2012: "–",
    0x2043: "-",
    0x2044: "/",
    0x2215: "/",
}
"""What is seen of each: fullwidth letters and digits are letters and digits, and hyphens and slashes that nobody can
tell apart are one."""


def without_invisible_characters(text: str) -> str:
    """A text as it is seen: without invisible characters, with signs that look alike made one."""
    return text if text.isascii() else text.translate(_SEEN)


def clean_cells(cells: Cells) -> Cells:
    """The same cells, in place, with every text as it is seen; one of which nothing is seen becomes blank."""
    for sheet in cells.sheets:
        for row in sheet.rows:
            for column, cell in enumerate(row):
                if type(cell) is str and not cell.isascii():
                    row[column] = _kept(cell)
    return cells


def _kept(cell: str) -> Cell:
    text = without_invisible_characters(cell)
    return text if text.strip() else None
