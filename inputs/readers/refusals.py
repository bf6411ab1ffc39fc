"""Why a file is not read: a rule, what was found and what to do, and the bounds that reading keeps to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn


@dataclass(frozen=True)
class SizeBounds:
    """What one file may unfold to: cells, counting every row as at least one and blanks between others as cells;
    bytes of all its parts when unpacked."""

    cells: int = 5_000_000
    inflated_bytes: int = 500_000_000


MOST_ROWS, MOST_COLUMNS = 1_048_576, 16_384
"""How far a sheet reaches, in every program of today."""


class Refused(Exception):
    """The file cannot be read. `fix` is what the owner can do; blank where what the rule says is enough. `sheet` and
    `cell` are where to look, blank where it is about the whole file."""

    def __init__(self, rule: str, found: str, fix: str = "", *, sheet: str = "", cell: str = "") -> None:
        super().__init__(rule, found, fix, sheet, cell)
        self.rule, self.found, self.fix, self.sheet, self.cell = rule, found, fix, sheet, cell


class DamagedFile(Refused):
    """The file is of a kind that is read, and its inside is not in order."""


SAVE_AS = "Open it in Excel, choose File, Save As and the type 'Excel Workbook (.xlsx)', and send that file."
SEND_AGAIN = "Save the file again, wait until it has been saved or uploaded whole, and send it again."


def refuse_encrypted(found: str = "a workbook that opens only with a password") -> NoReturn:
    """Raise Refused for a file that opens only with a password."""
    raise Refused("return.encrypted", found)


def refuse_rights_managed() -> NoReturn:
    """Raise Refused for a file that rights management protects."""
    raise Refused("return.rights-managed", "a file protected by a sensitivity label or by rights management")


def refuse_damaged(found: str = "a workbook that is damaged", sheet: str = "", cell: str = "") -> NoReturn:
    """Raise DamagedFile for a workbook whose inside is not in order."""
    raise DamagedFile("return.unreadable", found, sheet=sheet, cell=cell)


def refuse_cut_off(found: str = "a workbook whose end is missing") -> NoReturn:
    """Raise Refused for a file whose end is missing."""
    raise Refused("return.unreadable", found, SEND_AGAIN)


def refuse_old(found: str) -> NoReturn:
    """Raise Refused for a format that is too old to be read."""
    raise Refused("return.old-format", found)


def refuse_other(found: str, fix: str = "") -> NoReturn:
    """Raise Refused for a file that is no spreadsheet."""
    raise Refused("return.not-a-spreadsheet", found, fix)


def refuse_unsafe(found: str) -> NoReturn:
    """Raise Refused for a file that no program writes in good faith."""
    raise Refused("return.unsafe", found)


def refuse_too_many_cells(bounds: SizeBounds, rows: int, columns: int, before: int = 0, *, sheet: str) -> int:
    """The cells counted so far with those of one more sheet. Raises Refused where they are too many."""
    total = before + rows * max(columns, 1)
    if total > bounds.cells:
        where = f"sheet {sheet} reaches to row {rows:,}, column {columns:,}"
        found = f"{total:,} cells ({where}); at most {bounds.cells:,} are read"
        raise Refused("return.too-large", found, sheet=sheet)
    return total
