"""Refusing a file in which single people are recorded, before anything of it is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set

from local_indicators.common.cell_references import column_letters
from local_indicators.inputs.layouts.text_comparison import normalised
from local_indicators.inputs.personal_data.clues import Clue
from local_indicators.inputs.personal_data.named_people import find_named_people
from local_indicators.inputs.personal_data.people_in_hidden_content import find_people_in_hidden_content
from local_indicators.inputs.personal_data.person_columns import find_person_headings, find_person_number_columns
from local_indicators.inputs.personal_data.person_tables import find_person_tables
from local_indicators.inputs.personal_data.sheet_view import SheetView
from local_indicators.inputs.readers.cells import Cells, Sheet
from local_indicators.schemas.findings import Finding, make_finding

_USUAL = re.compile(r"(?:csv|data|sheet|table|figures|totals|return)(?: ?\d{1,3})?(?: ?\(\d{1,3}\))?")
"""Names of sheets that are nobody's."""
MOST_TOLD = 5
"""Columns of a sheet that are told in words; all are among the cells."""
NOTHING: Mapping[str, frozenset[int]] = {}


def refuse_person_level_data(
    cells: Cells, known: Set[str] = frozenset(), excused: Mapping[str, frozenset[int]] = NOTHING
) -> Finding | None:
    """The finding that refuses a file in which any sheet, hidden or not, has records of single people, or anything else
    in the file speaks of one; None where there are totals only.

    It says where they are and shows nothing of them: what a column holds in our own words, and a sheet by its number,
    for its name may be somebody's. `known` are names of sheets that may be shown, as inputs.layouts.layout_language.normalised writes them;
    `excused` are by sheet the columns of which the layout says that they hold roles or places.
    """
    home, places, said = "", [], []
    for number, sheet in enumerate(cells.sheets, start=1):
        told = list(_told(sheet, excused.get(sheet.name, frozenset())))
        if not told:
            continue
        name = _shown(sheet, number, known)
        home = home or name
        places += [one.cells if name == home else f"'{name.replace(chr(39), chr(39) * 2)}'!{one.cells}" for one in told]
        columns = ", ".join(f"{one.what} in column {column_letters(one.column)}" for one in told[:MOST_TOLD])
        said.append(f"{name}{' (hidden)' if sheet.hidden else ''}: {columns}")
    said += find_people_in_hidden_content(
        cells, {sheet.name: _shown(sheet, n, known) for n, sheet in enumerate(cells.sheets, start=1)}, known
    )
    said += [f"{words}: {one.what}" for words, sheet in cells.behind for one in list(_told(sheet, frozenset()))[:1]]
    if not said:
        return None
    found = "; ".join(said)
    return make_finding("return.person-level", sheet=home or None, cells=places, found=found, expected="totals only")


def _shown(sheet: Sheet, number: int, known: Set[str]) -> str:
    usual = normalised(sheet.name) in known or _USUAL.fullmatch(normalised(sheet.name))
    return sheet.name if usual else f"sheet {number}"


def _told(sheet: Sheet, excused: frozenset[int]) -> Iterator[Clue]:
    """What tells that a sheet is of single people, each column once; nothing where it is not."""
    if sheet.is_ours:
        return
    view = SheetView(sheet, excused)
    columns: set[int] = set()
    for one in (
        *find_person_headings(view),
        *find_person_number_columns(view),
        *find_person_tables(view),
        *find_named_people(view),
    ):
        if one.column not in columns:
            columns.add(one.column)
            yield one
