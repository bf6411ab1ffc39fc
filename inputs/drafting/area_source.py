"""Where a table says which area its figures are of."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from local_indicators.inputs.drafting.column_profiles import ColumnProfile
from local_indicators.inputs.drafting.known_words import PREFIX, KnownWords
from local_indicators.inputs.drafting.table_draft import Choice
from local_indicators.inputs.drafting.table_regions import TableRegion
from local_indicators.inputs.drafting.table_words import column_label, label_above, row_banners, titles_above
from local_indicators.inputs.drafting.toml_text import Toml, quoted
from local_indicators.inputs.drafting.value_headings import HeadingReading, escaped
from local_indicators.inputs.readers.heading_text import heading_text

_LABELS = re.compile(
    r"(?:name of |your )?(?:area|area name|council|authority|local authority|la|la name|organisation|organisation name"
    r"|partner|geography|place|borough|district|county)"
)
_GSS = re.compile(r"[EWSNK]\d{8}")


def area_columns(profiles: Mapping[int, ColumnProfile], known: KnownWords) -> list[ColumnProfile]:
    """The columns that say the area of a row: first the one that names most councils (by code before name), then
    those that name areas where it names none."""
    columns = [one for one in profiles.values() if one.role == "area"]
    if not columns:
        return []
    named = {one.at: _areas_of(one, known) for one in columns}
    most = max(_fine(named[one.at], known) or len(named[one.at]) for one in columns)

    def rank(one: ColumnProfile) -> tuple[bool, bool, float, int]:
        count = _fine(named[one.at], known) or len(named[one.at])
        gss = sum(bool(_GSS.fullmatch(word)) for word in one.words) > 0.5 * len(one.words)
        return count >= 0.85 * most, gss, one.known if not gss else 1.0, -one.at

    ordered = sorted(columns, key=rank, reverse=True)
    chosen = ordered[:1]
    rows = range(len(chosen[0].cells))
    unread = {row for row in rows if not _reads(chosen[0], row, known)}
    for other in ordered[1:]:
        helped = {row for row in unread if _reads(other, row, known)}
        if helped and len(helped) > 0.01 * len(rows):
            chosen.append(other)
            unread -= helped
    return chosen


def _fine(codes: set[str], known: KnownWords) -> int:
    areas = (known.definitions.geography.area(code) for code in codes)
    return sum(area is not None and not known.is_wide(area) for area in areas)


def _areas_of(profile: ColumnProfile, known: KnownWords) -> set[str]:
    found = (known.area(word) or known.prefixed_area(word) for word in profile.words)
    return {area.area_code for area in found if area is not None}


def _reads(profile: ColumnProfile, row: int, known: KnownWords) -> bool:
    text = heading_text(profile.cells[row])
    return bool(text) and (known.area(text) or known.prefixed_area(text)) is not None


def choose_area(
    region: TableRegion,
    profiles: Mapping[int, ColumnProfile],
    reading: HeadingReading,
    known: KnownWords,
    file_name: str,
) -> Choice:
    """The source of the area: columns, headings, banners, a label, a title, the sheet's name, the file's name; where
    nothing says it, one that reads nothing and a question."""
    if columns := area_columns(profiles, known):
        return _in_columns(region, columns, known)
    if reading.area is not None:
        return _in_headings(reading, known)
    if (banner := _in_banners(region, known)) is not None:
        return banner
    for label, text in label_above(region, _LABELS):
        if known.area(text):
            return Choice({"beside": label}, f"{quoted(text)} stands beside {quoted(label)}", texts=(text,))
    return _in_names(region, known, file_name)


def _in_columns(region: TableRegion, columns: Sequence[ColumnProfile], known: KnownWords) -> Choice:
    labels = [column_label(region, one.at) for one in columns]
    first = columns[0]
    source: dict[str, Toml] = {"column": labels[0] if len(labels) == 1 else labels}
    plain = sum(known.area(word) is not None for word in first.words)
    if sum(known.prefixed_area(word) is not None for word in first.words) > plain:
        source["pattern"] = PREFIX
    blanks = [row for row, cell in enumerate(first.cells) if cell is None]
    if blanks and len(columns) == 1 and first.cells[0] is not None and len(blanks) >= 0.3 * len(first.cells):
        source["down"] = True
    known_words = [word for word in first.words if known.area(word) or known.prefixed_area(word)]
    why = f"areas such as {quoted(known_words[0])}" if known_words else ""
    texts = tuple(word for one in columns for word in one.words)
    return Choice(source, why, texts=texts, columns=tuple(one.at for one in columns))


def _in_headings(reading: HeadingReading, known: KnownWords) -> Choice:
    areas = [one.area for one in reading.headings if one.area]
    source: dict[str, Toml] = dict(reading.area or {})
    if any(known.area(area) is None for area in areas):
        source = {**source, "pattern": PREFIX}
    return Choice(source, f"the areas stand over the columns, such as {quoted(areas[0])}", texts=tuple(areas))


def _in_banners(region: TableRegion, known: KnownWords) -> Choice | None:
    texts = Counter(text for _, text in row_banners(region).values())
    areas = [text for text in texts if known.area(text)]
    if not areas or len(areas) < 0.5 * len(texts):
        return None
    spelt = "|".join(escaped(text) for text in texts)  # what is no area as well, so that nothing below it goes astray
    pattern = f"^({spelt})$" if len(spelt) <= 400 else r"^([A-Z][A-Za-z]+(?:[ ,&'’.-]+[A-Za-z]+)*)$"
    return Choice({"banner": pattern}, "a row above each block names its area", texts=tuple(areas))


def _in_names(region: TableRegion, known: KnownWords, file_name: str) -> Choice:
    places = [("the title", text) for _, _, text in titles_above(region)][:8]
    places.append(("the name of the sheet", region.sheet.name))
    for what, text in places:
        if typed := known.area_in(text):
            if what == "the name of the sheet" and known.area(text.strip()):
                return Choice({"sheet": "(.+)"}, f"{what} is an area, {quoted(text)}", texts=(text,))
            return _fixed(typed, f"{what} speaks of {quoted(typed)}")
    if typed := known.area_in(re.sub(r"\.\w+$", "", file_name).replace("_", " ")):
        return _fixed(typed, f"the name of the file speaks of {quoted(typed)}")
    if (home := _home(known)) is not None:
        question = (
            f"nothing in the file says which area these figures are of; {quoted(home)} is your own. If a column says"
            f" it,"
            ' write area = { column = "ITS HEADING" } instead, or the name of another area.'
        )
        return Choice(home, questions=(question,), texts=(home,), guessed=True)
    question = (
        "nothing that is known says which area these figures are of. If they are of one area, write its name or code,"
        " such"
        ' as area = "Leicester"; if a column says it, write area = { column = "ITS HEADING" }.'
    )
    return Choice({"file": "WRITE THE AREA HERE"}, questions=(question,))


def _home(known: KnownWords) -> str | None:
    """The name of the one council that the workspace is for, if it is for one."""
    geography = known.definitions.geography
    areas = [area for code in known.definitions.home if (area := geography.area(code)) and not known.is_wide(area)]
    found = areas[0].name if len(areas) == 1 else ""
    return found if found and geography.find(found) else None


def _fixed(typed: str, why: str) -> Choice:
    question = f'are all figures of {quoted(typed)}? If they are of another area, write that: area = "Leicester", say.'
    return Choice(typed, why, (question,), texts=(typed,))
