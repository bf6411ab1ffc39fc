"""The cells of a file as its reader found them, before anything is made of them."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

import orjson

from local_indicators.inputs.readers.appearance.number_formats import Appearance, appearance


@dataclass(frozen=True)
class ErrorValue:
    """An Excel error such as #N/A where a value belongs, or what else stands in a cell that is no value; `rule` is the
    one that it breaks."""

    text: str
    rule: str = "cell.error-value"


@dataclass(frozen=True)
class Uncalculated:
    """A formula that the program which wrote the file never calculated."""


@dataclass(frozen=True, slots=True)
class FormattedNumber:
    """A number that its format shows as something else: 0.541 as 54.1%, 5200 as 5k, 3 as nothing at all. `number` is
    what the cell holds, `code` the format."""

    number: float
    code: str

    @property
    def look(self) -> Appearance:
        """How the number looks under its format."""
        return appearance(self.number, self.code)

    def __str__(self) -> str:
        return self.look.text or "nothing"


Area = tuple[int, int, int, int]
"""A range of cells: first row, first column, last row, last column, counted from 0 and inclusive."""

Cell = str | float | int | bool | date | datetime | ErrorValue | Uncalculated | FormattedNumber | None


FINDINGS_MARK = "Findings on your return, by Local Indicators"
"""What stands in A1 of the sheet that we put into a marked-up copy; such a sheet is never read as part of a return."""


@dataclass(frozen=True)
class Sheet:
    """One sheet. `rows` begin at A1 whatever the used range, so that a position is the address in the sender's file.
    `hidden_rows` and `hidden_columns` count from 0; a row that a filter hides is one of them. `struck` are the rows and
    columns of cells that are struck out as a whole."""

    name: str
    rows: list[list[Cell]]
    merged: tuple[Area, ...] = ()
    hidden: bool = False
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    struck: frozenset[tuple[int, int]] = frozenset()

    @property
    def is_ours(self) -> bool:
        """Whether this is the sheet of findings of a marked-up copy that came back."""
        return self.cell(0, 0) == FINDINGS_MARK

    def cell(self, row: int, column: int) -> Cell:
        """Return the cell at a row and column, both from 0; None beyond the sheet."""
        line = self.rows[row] if 0 <= row < len(self.rows) else []
        return line[column] if 0 <= column < len(line) else None


@dataclass(frozen=True)
class HiddenText:
    """A text that a file holds elsewhere than in a cell: in a comment, a property, a header. `where` is our word for
    the place; `sheet` and `cell` are blank where it belongs to none."""

    where: str
    text: str
    sheet: str = ""
    cell: str = ""


@dataclass(frozen=True)
class Cells:
    """What a file holds: its kind and its sheets in order; of a text table the character that separates its fields.
    `ended` is False for text whose last row is shorter than others and has no line end: nobody can tell whether it was
    written whole. `elsewhere` are the texts outside of cells, `behind` the tables that no sheet shows (what a pivot
    table was made from, custom XML), each with our words for where it is; both are only searched for people. `unseen`
    says what was not looked into: pictures, embedded objects."""

    kind: str
    sheets: tuple[Sheet, ...]
    properties: dict[str, str] = field(default_factory=dict)
    separator: str = ""
    ended: bool = True
    elsewhere: tuple[HiddenText, ...] = ()
    behind: tuple[tuple[str, Sheet], ...] = ()
    unseen: tuple[str, ...] = ()


# -- across the process boundary: plain JSON, so that a reader gone wrong can hand over nothing but data


def encode(cells: Cells) -> bytes:
    """Cells as JSON; values that JSON lacks become a list of a letter and a text."""
    payload = {
        "kind": cells.kind,
        "properties": cells.properties,
        "separator": cells.separator,
        "ended": cells.ended,
        "sheets": [_record(sheet) for sheet in cells.sheets],
        "elsewhere": [(one.where, one.text, one.sheet, one.cell) for one in cells.elsewhere],
        "behind": [(where, _record(sheet)) for where, sheet in cells.behind],
        "unseen": cells.unseen,
    }
    return orjson.dumps(
        payload, default=_plain, option=orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS
    )


def _record(sheet: Sheet) -> dict[str, object]:
    return {
        "name": sheet.name,
        "rows": sheet.rows,
        "merged": sheet.merged,
        "hidden": sheet.hidden,
        "hidden_rows": sorted(sheet.hidden_rows),
        "hidden_columns": sorted(sheet.hidden_columns),
        "struck": sorted(sheet.struck),
    }


def _plain(value: object) -> list[object]:
    if isinstance(value, FormattedNumber):
        return ["n", value.number, value.code]
    if isinstance(value, ErrorValue):
        return ["e", value.text, value.rule]
    if isinstance(value, Uncalculated):
        return ["u", ""]
    if isinstance(value, datetime):
        return ["d", value.isoformat()]
    if isinstance(value, date):
        return ["d", value.isoformat()]
    if isinstance(value, time):
        return ["s", value.isoformat()]
    if isinstance(value, timedelta):
        return ["s", str(value)]
    raise TypeError(f"a reader gave a {type(value).__name__}")


def decode(payload: bytes) -> Cells:
    """Cells from their JSON."""
    record = orjson.loads(payload)
    return Cells(
        kind=record["kind"],
        sheets=tuple(map(_sheet, record["sheets"])),
        properties=record["properties"],
        separator=record["separator"],
        ended=record["ended"],
        elsewhere=tuple(HiddenText(*one) for one in record["elsewhere"]),
        behind=tuple((where, _sheet(sheet)) for where, sheet in record["behind"]),
        unseen=tuple(record["unseen"]),
    )


def _sheet(record: dict[str, Any]) -> Sheet:
    return Sheet(
        name=record["name"],
        rows=[[_value(v) if type(v) is list else v for v in row] for row in record["rows"]],
        merged=tuple((m[0], m[1], m[2], m[3]) for m in record["merged"]),
        hidden=record["hidden"],
        hidden_rows=frozenset(record["hidden_rows"]),
        hidden_columns=frozenset(record["hidden_columns"]),
        struck=frozenset((row, column) for row, column in record["struck"]),
    )


def _value(tagged: list[Any]) -> Cell:
    if tagged[0] == "n":
        return FormattedNumber(tagged[1], sys.intern(tagged[2]))
    tag, text = str(tagged[0]), str(tagged[1])
    if tag == "e":
        return ErrorValue(text, tagged[2])
    if tag == "u":
        return Uncalculated()
    if tag == "d":
        return datetime.fromisoformat(text)
    return text
