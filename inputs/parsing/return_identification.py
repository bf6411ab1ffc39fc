"""Which of a partner's returns a file answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from local_indicators.common.cell_references import COLUMNS
from local_indicators.inputs.layouts.partner_layouts import Layout
from local_indicators.inputs.layouts.template_stamp import Stamp, read_stamp, stamp_of
from local_indicators.inputs.layouts.text_comparison import normalised, normalised_without_footnotes
from local_indicators.inputs.parsing.tables.headings import Heading, columns_under, find_headings, likeliest_header_row
from local_indicators.inputs.personal_data import refuse_person_level_data
from local_indicators.inputs.readers.cells import Cells, Sheet
from local_indicators.inputs.readers.heading_text import heading_text
from local_indicators.schemas.findings import Finding, make_finding


@dataclass(frozen=True)
class Origin:
    """Where a file came from: the folder says the partner ("" where nobody has said), the path the name; `arrived`
    picks the layout version, and `collection` is set where a person has said which return it is. `seen` is when it was
    first seen and `changed` when it was last changed by what the inbox said of it, where it came through one."""

    partner: str
    path: str
    arrived: date
    collection: str | None = None
    seen: datetime | None = None
    changed: datetime | None = None

    @property
    def name(self) -> str:
        """The file's name without its folders."""
        return PurePosixPath(self.path).name


def identify(cells: Cells, origin: Origin, layouts: Sequence[Layout]) -> tuple[Layout, ...] | Finding:
    """The layouts of the sender's that a file answers, one for each return; or the finding that says why none.

    A template is told by its stamp. Any other file is told by its name, and where no name fits by its sheets and
    headings. A file that fits another partner's return and none of the sender's is in the wrong folder. One that holds
    records of single people is refused, whatever it answers.
    """
    answer = _identify(cells, origin, layouts)
    excused = {} if isinstance(answer, Finding) else _no_people(cells, answer)
    return refuse_person_level_data(cells, _named_by(layouts), excused) or answer


def _identify(cells: Cells, origin: Origin, layouts: Sequence[Layout]) -> tuple[Layout, ...] | Finding:
    stamp = read_stamp(cells.properties)
    if stamp is not None and (answer := _by_stamp(stamp, cells, origin, layouts)) is not None:
        return answer
    in_force = [layout for layout in layouts if _in_force(layout, origin.arrived)]
    mine = [layout for layout in in_force if origin.partner in ("", layout.partner)]
    named = [
        layout
        for layout in mine
        if origin.collection == layout.collection or (origin.collection is None and _named(layout, origin.name))
    ]
    if named:
        return tuple(named)
    if fitting := _fitting_best(cells, mine):
        return fitting
    theirs = [layout for layout in in_force if layout not in mine and _named(layout, origin.name)]
    if _fitting_best(cells, theirs):
        return make_finding("return.wrong-folder", found="a return that another partner sends", expected=origin.partner)
    if not mine:
        return make_finding("return.unknown", found=origin.name, expected="no return is expected of this partner today")
    fits = [(_fit(cells, layout), layout) for layout in mine]
    fit, nearest = max(fits, key=lambda one: (one[0].found - len(one[0].missing), one[0].found))
    return make_finding(
        "return.unknown", found=origin.name, expected=f"nearest is {nearest.title}: {'; '.join(fit.missing[:2])}"
    )


def _no_people(cells: Cells, layouts: Sequence[Layout]) -> dict[str, frozenset[int]]:
    """By sheet, the columns of which layouts say that they hold roles or places, so that a name in them is nobody's."""
    found: dict[str, set[int]] = {}
    for layout in layouts:
        for table in (table for table in layout.says.table if table.roles or table.places):
            for sheet in cells.sheets:
                if cells.kind == "csv" or layout.says.takes(table, sheet.name):
                    headings = find_headings(sheet, table)
                    columns = (columns_under(headings, label) for label in (*table.roles, *table.places))
                    found.setdefault(sheet.name, set()).update(column for some in columns for column in some)
    return {name: frozenset(columns) for name, columns in found.items()}


def _named_by(layouts: Sequence[Layout]) -> frozenset[str]:
    """The names of sheets that layouts spell out."""
    patterns = (pattern for layout in layouts for table in layout.says.table for pattern in table.sheet)
    return frozenset(normalised(pattern) for pattern in patterns if not set(pattern) & set("*?["))


def describes_columns(cells: Cells) -> bool:
    """Whether a file is the meta file of a tidy csv, which says of each column what it is, and nothing else."""
    heads = (
        [normalised_without_footnotes(heading_text(cell)) for cell in cells.sheets[0].rows[0]]
        if cells.sheets and cells.sheets[0].rows
        else []
    )
    return {"col_name", "col_type"} <= set(heads) and refuse_person_level_data(cells) is None


def _by_stamp(
    stamp: Stamp, cells: Cells, origin: Origin, layouts: Sequence[Layout]
) -> tuple[Layout, ...] | Finding | None:
    """What a template's stamp says of it: the layout it was drawn from, be it an earlier one; where that is not held
    any more the present one, if the file fits it; None where the stamp settles nothing."""
    if origin.partner not in ("", stamp.partner):
        return make_finding("return.wrong-folder", found="a template of another partner", expected=origin.partner)
    own = [layout for layout in layouts if (layout.partner, layout.collection) == (stamp.partner, stamp.collection)]
    if not own or origin.collection not in (None, stamp.collection):
        return None
    stamps = [(stamp_of(layout), layout) for layout in own]
    if drawn_from := [layout for its, layout in stamps if its.version == stamp.version]:
        return (drawn_from[0],)
    reworded = [layout for its, layout in stamps if its.since == stamp.since]
    present = [layout for layout in own if _in_force(layout, origin.arrived)]
    if fitting := [layout for layout in (*reworded, *present) if not _fit(cells, layout).missing]:
        return (fitting[0],)
    now = stamp_of(present[0]).version if present else "none today"
    return make_finding("return.old-template", found=f"template version {stamp.version}", expected=f"version {now}")


def _in_force(layout: Layout, day: date) -> bool:
    first, last = layout.says.valid_from, layout.says.valid_to
    return (first is None or first <= day) and (last is None or day <= last)


def _named(layout: Layout, name: str) -> bool:
    return any(fnmatchcase(name.casefold(), pattern.casefold()) for pattern in layout.files)


@dataclass(frozen=True)
class LayoutFit:
    """How well a file fits a layout: the sheets and headings found, and what is missing, in words."""

    found: int
    missing: tuple[str, ...]


def _fitting_best(cells: Cells, candidates: Iterable[Layout]) -> tuple[Layout, ...] | None:
    """The one layout that a file fits whole and best; None if there is none or two fit equally well."""
    whole = [(fit.found, layout) for layout in candidates if not (fit := _fit(cells, layout)).missing]
    most = max((found for found, _ in whole), default=0)
    best = [layout for found, layout in whole if found == most]
    return (best[0],) if len(best) == 1 else None


def _fit(cells: Cells, layout: Layout) -> LayoutFit:
    found, missing = 0, []
    for table in layout.says.table:
        sheets = [
            s for s in cells.sheets if cells.kind == "csv" or (layout.says.takes(table, s.name) and not s.is_ours)
        ]
        if not sheets:
            held = ", ".join(s.name for s in cells.sheets[:6])
            missing += [] if table.optional else [f"no sheet called {' or '.join(table.sheet)}; there are {held}"]
            continue
        found += 0 if "*" in table.sheet else 1
        headed = [(sheet, headings) for sheet in sheets if (headings := find_headings(sheet, table))]
        sheet, headings = headed[0] if headed else (sheets[0], {})
        absent = [label for label in table.labels if not columns_under(headings, label)]
        if not headings:
            absent = [table.header.looked_for]
        found += len(table.labels) - len(absent) if headings else 0
        missing += [
            f"no column headed {label!r} on sheet {sheet.name}; {_held(sheet, headings)}" for label in absent[:1]
        ]
        missing += [f"no column headed {label!r} on sheet {sheet.name}" for label in absent[1:]]
    return LayoutFit(found, tuple(missing))


def _held(sheet: Sheet, headings: Mapping[int, Heading]) -> str:
    """What a sheet has where headings were looked for: those that were found, or the row most like headings."""
    if headings:
        first = next(iter(headings.values()))
        return f"row {first.at // COLUMNS + 1} has: {', '.join(h.text for h in list(headings.values())[:12])}"
    row = likeliest_header_row(sheet)
    held = [heading_text(cell) for cell in (sheet.rows[row] if sheet.rows else []) if cell is not None]
    return f"row {row + 1} has: {', '.join(held[:12])}" if held else "the sheet is blank"
