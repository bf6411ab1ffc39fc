"""Which of a partner's returns a file answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from inputs.cells import Cells
from inputs.headings import columns_under, headings_of
from inputs.layouts import Layout
from inputs.persons import person_level
from inputs.stamps import Stamp, stamp_of, stamped
from schemas.findings import Finding, finding


@dataclass(frozen=True)
class Origin:
    """Where a file came from: the folder says the partner ("" where nobody has said), the path the name; `arrived`
    picks the layout version, and `collection` is set where a person has said which return it is."""

    partner: str
    path: str
    arrived: date
    collection: str | None = None

    @property
    def name(self) -> str:
        return PurePosixPath(self.path).name


def identify(cells: Cells, origin: Origin, layouts: Sequence[Layout]) -> tuple[Layout, ...] | Finding:
    """The layouts of the sender's that a file answers, one for each return; or the finding that says why none.

    A template is told by its stamp. Any other file is told by its name, and where no name fits by its sheets and
    headings. A file that fits another partner's return and none of the sender's is in the wrong folder.
    """
    if person := person_level(cells):
        return person
    stamp = stamped(cells.properties)
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
        return _best_for_each(cells, named)
    if fitting := _fitting_best(cells, mine):
        return fitting
    theirs = [layout for layout in in_force if layout not in mine and _named(layout, origin.name)]
    if _fitting_best(cells, theirs):
        return finding("return.wrong-folder", found="a return that another partner sends", expected=origin.partner)
    if not mine:
        return finding("return.unknown", found=origin.name, expected="no return is expected of this partner today")
    nearest = max(mine, key=lambda layout: _fit(cells, layout).found)
    reason = "; ".join(_fit(cells, nearest).missing[:2])
    return finding("return.unknown", found=origin.name, expected=f"nearest is {nearest.title}: {reason}")


def _by_stamp(
    stamp: Stamp, cells: Cells, origin: Origin, layouts: Sequence[Layout]
) -> tuple[Layout, ...] | Finding | None:
    """What a template's stamp says of it: the layout it was drawn from, be it an earlier one; where that is not held
    any more the present one, if the file fits it; None where the stamp settles nothing."""
    if origin.partner not in ("", stamp.partner):
        return finding("return.wrong-folder", found="a template of another partner", expected=origin.partner)
    own = [one for one in layouts if (one.partner, one.collection) == (stamp.partner, stamp.collection)]
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
    return finding("return.old-template", found=f"template version {stamp.version}", expected=f"version {now}")


def _in_force(layout: Layout, day: date) -> bool:
    first, last = layout.says.valid_from, layout.says.valid_to
    return (first is None or first <= day) and (last is None or day <= last)


def _named(layout: Layout, name: str) -> bool:
    return any(fnmatchcase(name.casefold(), pattern.casefold()) for pattern in layout.files)


@dataclass(frozen=True)
class Fit:
    """How well a file fits a layout: the sheets and headings found, and what is missing, in words."""

    found: int
    missing: tuple[str, ...]


def _best_for_each(cells: Cells, candidates: Iterable[Layout]) -> tuple[Layout, ...]:
    """One layout for each return: of several versions the one with least missing."""
    best: dict[str, Layout] = {}
    for layout in candidates:
        held = best.get(layout.collection)
        if held is None or len(_fit(cells, layout).missing) < len(_fit(cells, held).missing):
            best[layout.collection] = layout
    return tuple(best.values())


def _fitting_best(cells: Cells, candidates: Iterable[Layout]) -> tuple[Layout, ...] | None:
    """The one layout that a file fits whole and best; None if there is none or two fit equally well."""
    whole = [(fit.found, layout) for layout in candidates if not (fit := _fit(cells, layout)).missing]
    most = max((found for found, _ in whole), default=0)
    best = [layout for found, layout in whole if found == most]
    return (best[0],) if len(best) == 1 else None


def _fit(cells: Cells, layout: Layout) -> Fit:
    found, missing = 0, []
    for table in layout.says.table:
        sheets = [s for s in cells.sheets if cells.kind == "csv" or (table.takes_sheet(s.name) and not s.is_ours)]
        if not sheets:
            missing += [] if table.optional else [f"no sheet called {' or '.join(table.sheet)}"]
            continue
        found += 0 if "*" in table.sheet else 1
        held = [headings for s in sheets if (headings := headings_of(s, table))]
        if not held:
            missing.append(f"no column headed {table.header.looked_for!r} on sheet {sheets[0].name}")
            continue
        labels = table.labels
        absent = [label for label in labels if not columns_under(held[0], label)]
        found += len(labels) - len(absent)
        missing += [f"no column headed {label!r} on sheet {sheets[0].name}" for label in absent]
    return Fit(found, tuple(missing))
