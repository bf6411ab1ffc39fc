"""People who are named anywhere on a sheet: in a column of names, in cells here and there, in notes and in lists."""

from __future__ import annotations

from collections.abc import Iterator

from local_indicators.common.cell_references import address_of_position, cell_position
from local_indicators.inputs.personal_data import clues
from local_indicators.inputs.personal_data.clues import Clue
from local_indicators.inputs.personal_data.sheet_view import ColumnSection, SheetView
from local_indicators.inputs.personal_data.vocabulary import contact_details
from local_indicators.inputs.personal_data.vocabulary.person_headings import INSTITUTION, ROLE, heading_kinds, is_label
from local_indicators.inputs.personal_data.vocabulary.personal_names import NameLikelihood, name_likelihood

FEW = 3
"""So many names of people on a sheet, which nobody is named for an office by, are people."""
_NOT_PEOPLE = frozenset(("role", "where"))
_PEOPLE = frozenset(("subject", "name", "called"))
_OPEN = frozenset(("name", "names", "full name", "full names", "case", "worker"))
"""Headings under which things are named as well as people."""
Named = list[tuple[int, str, NameLikelihood]]


def find_named_people(view: SheetView) -> Iterator[Clue]:
    """Columns and cells that name people or speak of one."""
    for text, what in view.words.told.items():
        row, column = view.places[text][0]
        yield Clue(what, column, address_of_position(cell_position(row, column)))
    yield from _listed(view)
    yield from _named(view)
    yield from _in_two_columns(view)
    yield from _reached(view)


def _listed(view: SheetView) -> Iterator[Clue]:
    """Cells that list several people, and do not say that they do so for their offices."""
    for text in view.words.lists:
        row, column = view.places[text][0]
        office = ROLE.search(text) or _is_of_office(view, row, column)
        if column not in view.excused and not office and not _heading_of(view, row, column) & {"role", "where"}:
            yield Clue(clues.NAMES, column, address_of_position(cell_position(row, column)))


def _heading_of(view: SheetView, row: int, column: int) -> frozenset[str]:
    """The kinds of the heading in force over a cell."""
    for section in view.sections(column):
        if any(number == row for number, _ in section.texts):
            return section.kinds
    return frozenset()


def _named(view: SheetView) -> Iterator[Clue]:
    """Columns of names, and names here and there."""
    scattered: dict[str, tuple[int, int]] = {}
    wanted = [text for text, its in view.words.looks.items() if its >= NameLikelihood.PART or "," in text]
    columns = {column for text in wanted for _, column in view.places[text]}
    for section in (section for column in sorted(columns - view.excused) for section in view.sections(column)):
        named = _names(view, section)
        if clue := _of_section(view, section, named):
            yield clue
        elif len(section.texts) <= 10 or len(named) >= 0.1 * len({text for _, text in section.texts}):
            scattered |= {text: (row, section.column) for row, text, how in named if how is NameLikelihood.SURE}
    if len(scattered) >= FEW:
        row, column = min(scattered.values())
        yield Clue(clues.NAMES, column, address_of_position(cell_position(row, column)))


def _names(view: SheetView, section: ColumnSection) -> Named:
    """The texts of a section that look like names and are those of no office and no place."""
    if _is_of_others(section):
        return []
    looks = view.words.looks
    found = [(row, text, looks[text]) for row, text in section.texts if text in looks]
    return [one for one in found if one[2] < NameLikelihood.PART or not _is_of_office(view, one[0], section.column)]


def _is_of_others(section: ColumnSection) -> bool:
    """Whether a heading says that under it are officers, or places and things that may be called after people."""
    if "role" in section.kinds:
        return True
    return bool(section.kinds & _NOT_PEOPLE) and not section.kinds & _PEOPLE and "area" not in section.kinds


def _is_of_office(view: SheetView, row: int, column: int) -> bool:
    """Whether the label beside a cell, or the one above it in a form, says that it names who is in charge."""
    labels = (view.left_of(row, column), view.sheet.cell(row - 1, column))
    return any(
        isinstance(label, str)
        and len(label) <= 80
        and name_likelihood(label) < NameLikelihood.PART
        and bool(
            ROLE.search(label)
            or (is_label(label) and heading_kinds(label) & {"where", "actions"} and "area" not in heading_kinds(label))
        )
        for label in labels
    )


def _of_section(view: SheetView, section: ColumnSection, named: Named) -> Clue | None:
    texts = {text for _, text in section.texts}
    sure, full, part = (
        len({t for _, t, its in named if its >= how})
        for how in (NameLikelihood.SURE, NameLikelihood.FULL, NameLikelihood.PART)
    )
    commas = {text for _, text, _ in named if "," in text}
    headed = bool(section.kinds & _PEOPLE) and not section.kinds & _NOT_PEOPLE
    own = headed and section.heading.casefold().strip(" :") not in _OPEN
    tells = (
        (sure >= FEW and (sure >= 0.1 * len(texts) or "area" in section.kinds))
        or (full >= FEW and full >= 0.4 * len(texts))
        or (part >= 4 and part >= 0.7 * len(texts) and "where" not in section.kinds)
        or (len(commas) >= 4 and len(commas) >= 0.8 * len(texts))
        or (headed and full >= 2 and full >= 0.5 * len(texts))
        or (own and part and part >= 0.5 * len(texts))
    )
    return Clue(clues.NAMES, section.column, view.span(section.column, [row for row, _, _ in named])) if tells else None


def _in_two_columns(view: SheetView) -> Iterator[Clue]:
    """Given names in one column and family names in the next, under any heading or none."""
    given = [text for text, its in view.words.looks.items() if its is NameLikelihood.PART]
    columns = {column for text in given for _, column in view.places[text]}
    with_left = {near for right in columns for near in (right - 1, right) if near >= 0}
    for column in sorted(with_left - view.excused):
        nexts = {
            r: t
            for section in view.sections(column + 1)
            if not section.kinds & {"role", "where"}
            for r, t in section.texts
        }
        for section in view.sections(column):
            if section.kinds & {"role", "where"}:
                continue
            rows = [row for row, _ in section.texts if row in nexts]
            pairs = {(text, nexts[row]) for row, text in section.texts if row in nexts}
            fits = sum(_is_pair(one, other) for one, other in pairs)
            if fits >= FEW and fits >= 0.6 * len(pairs):
                yield Clue(clues.NAMES, column, view.span(column, rows))
                break


def _is_pair(one: str, other: str) -> bool:
    if " " in one.strip() or len(one) > 25 or len(other) > 30:
        return False
    alone, beside = name_likelihood(one), name_likelihood(other)
    if alone is NameLikelihood.PART:
        return beside in (NameLikelihood.PART, NameLikelihood.SHAPED)
    return alone is NameLikelihood.SHAPED and beside is NameLikelihood.PART and " " not in other


def _reached(view: SheetView) -> Iterator[Clue]:
    """E-mail addresses and telephone numbers of people: at private providers, or so many that they are a list."""
    found: dict[str, dict[str, tuple[int, int]]] = {"private": {}, "mail": {}, "mobile": {}, "phone": {}}
    for text in view.words.marked:
        row, column = view.places[text][0]
        is_mail, is_phone = bool(contact_details.count_personal_emails(text)), bool(contact_details.PHONE.search(text))
        if (
            not (is_mail or is_phone)
            or _is_of_office(view, row, column)
            or _heading_of(view, row, column) & {"role", "where"}
        ):
            continue
        kinds = {
            "private": contact_details.count_private_provider_emails(text) > 0,
            "mail": is_mail,
            "mobile": bool(contact_details.MOBILE.search(text)),
            "phone": is_phone,
        }
        for kind in (kind for kind, fits in kinds.items() if fits):
            found[kind][text] = (row, column)
    offices = bool(found["mail"] or found["phone"]) and _has_offices(view)
    for kind, least, what in (
        ("private", 2, clues.EMAILS),
        ("mail", 4, clues.EMAILS),
        ("mobile", 3, clues.PHONES),
        ("phone", 4, clues.PHONES),
    ):
        if len(found[kind]) >= least and (kind == "private" or not offices):
            row, column = min(found[kind].values())
            yield Clue(what, column, address_of_position(cell_position(row, column)))


def _has_offices(view: SheetView) -> bool:
    """Whether a sheet lists officers or institutions, which can be reached."""
    return any(head.is_staff for head in view.heads) or any(
        INSTITUTION.search(text) or (its & {"where", "role"} and is_label(text))
        for text, its in view.words.kinds.items()
    )
