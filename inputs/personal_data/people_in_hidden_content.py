"""People in what a file holds beside the cells of its sheets: comments, properties, names, headers, titles."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set

from local_indicators.inputs.layouts.text_comparison import normalised
from local_indicators.inputs.personal_data import clues
from local_indicators.inputs.personal_data.sentences_about_people import what_tells_of_one_person
from local_indicators.inputs.personal_data.vocabulary import contact_details
from local_indicators.inputs.personal_data.vocabulary.person_headings import ROLE
from local_indicators.inputs.personal_data.vocabulary.personal_names import (
    LONGEST,
    NameLikelihood,
    count_names_in_list,
    name_likelihood,
)
from local_indicators.inputs.readers.cells import Cells, HiddenText

ORDINARY = frozenset(("author", "header or footer", "property of the file"))
"""Where a name is most often that of who made the workbook."""
_BY_LINE = re.compile(r"^[^\n:]{2,60}:\s*(?:\n|$|(?=\S))")


def find_people_in_hidden_content(cells: Cells, shown: Mapping[str, str], known: Set[str]) -> Iterator[str]:
    """Where else than in cells single people are spoken of, in words that show nothing of them; each kind of place of a
    sheet once. `shown` are the names by which sheets may be told."""
    done: set[tuple[str, str]] = set()
    named: dict[tuple[str, str], set[str]] = {}
    for one in cells.elsewhere:
        place = (one.where, shown.get(one.sheet, ""))
        if place in done:
            continue
        what = _told_in(one)
        if not what and one.where not in ORDINARY and name_likelihood(_unsigned(one)) is NameLikelihood.SURE:
            named.setdefault(place, set()).add(one.text)
            what = clues.NAMES if len(named[place]) >= 3 else ""
        if what:
            done.add(place)
            at = f" of {place[1]}{'!' + one.cell if one.cell else ''}" if place[1] else ""
            yield f"{one.where}{at}: {what}"
    yield from _in_titles(cells, known)


def _unsigned(hidden_text: HiddenText) -> str:
    """A text without the name of its author before a colon, as Excel begins a comment."""
    if (
        hidden_text.where == "comment"
        and (line := _BY_LINE.match(hidden_text.text))
        and name_likelihood(line[0].strip(" :\n")) >= NameLikelihood.PART
    ):
        return hidden_text.text[line.end() :].strip()
    return hidden_text.text.strip()


def _told_in(hidden_text: HiddenText) -> str:
    """What a text tells of single people; blank where it tells nothing."""
    text = _unsigned(hidden_text)
    if told := what_tells_of_one_person(text):
        return told[0]
    if hidden_text.where in ORDINARY:
        return ""
    if contact_details.count_personal_emails(text) >= 2 and not ROLE.search(text):
        return clues.EMAILS
    if not ROLE.search(text):
        whole, parts = count_names_in_list(text)
        if whole >= 3 or (whole >= 2 and whole == parts):
            return clues.NAMES
    if (
        hidden_text.where in ("property", "defined name")
        and len(text) <= LONGEST
        and name_likelihood(_spaced(text)) is NameLikelihood.SURE
    ):
        return clues.NAMES
    return ""


def _spaced(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.replace("_", " ").replace(".", " "))


def _in_titles(cells: Cells, known: Set[str]) -> Iterator[str]:
    """Titles of sheets that are the names of people, where they are no tabs of schools among others."""
    others = [sheet.name for sheet in cells.sheets if normalised(sheet.name) not in known and not sheet.is_ours]
    spoken = [name for name in others if what_tells_of_one_person(name)]
    named = [name for name in others if name_likelihood(_spaced(name)) is NameLikelihood.SURE]
    if spoken or (named and (len(cells.sheets) <= 3 or 2 * len(named) >= len(others))):
        yield f"the title of a sheet: {clues.NAMES}"
