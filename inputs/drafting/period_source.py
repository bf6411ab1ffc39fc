"""Where a table says which period its figures are of."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from local_indicators.common.cell_references import address_of_position, cell_position
from local_indicators.inputs.drafting.cell_kinds import kind_of
from local_indicators.inputs.drafting.column_profiles import ColumnProfile
from local_indicators.inputs.drafting.period_patterns import KINDS, find_periods, kinds_of_period, reads_as
from local_indicators.inputs.drafting.table_draft import Choice
from local_indicators.inputs.drafting.table_regions import TableRegion
from local_indicators.inputs.drafting.table_words import column_label, label_above, row_banners, titles_above
from local_indicators.inputs.drafting.toml_text import Toml, as_inert, quoted, toml_string
from local_indicators.inputs.drafting.value_headings import HeadingReading, escaped, joined_pattern, simple_pattern
from local_indicators.inputs.readers.heading_text import heading_text

_LABELS = re.compile(r"(?:time |reporting )?(?:period|year|date|month|quarter|academic year|financial year)")
_NO_PERIOD = re.compile(
    r"publish|updated|(?:revised|revision) (?:on|in|at)|last"
    r" revised|released?|extract|download|printed|issued|next|copyright|census day|compar|version|©|boundar",
    re.I,
)
_ONLY_YEAR = re.compile(r"(?:19|20)\d{2}(?:\.0)?")


def period_columns(profiles: Mapping[int, ColumnProfile]) -> list[ColumnProfile]:
    """The columns that say the period of a row: one, or a quarter or month beside its year."""
    quarters = [one for one in profiles.values() if one.role == "quarter"]
    columns = [one for one in profiles.values() if one.role == "period"]
    if not columns:
        return []
    best = max(columns, key=lambda one: (bool(re.search(r"period|year|date|month", one.heading, re.I)), -one.at))
    return [quarters[0], best] if quarters and _parts_fit(quarters[0], best) else [best]


def _parts_fit(quarter: ColumnProfile, year: ColumnProfile) -> bool:
    texts = [f"{heading_text(a)} {heading_text(b)}" for a, b in zip(quarter.cells, year.cells, strict=True) if a and b]
    return bool(kinds_of_period(list(dict.fromkeys(texts))[:40]))


def choose_period(
    region: TableRegion,
    profiles: Mapping[int, ColumnProfile],
    reading: HeadingReading,
    file_name: str,
    since: int = 0,
) -> Choice:
    """The source of the period: columns, headings, banners, a label, a title, the sheet's name, the file's name; where
    nothing says it, one that reads nothing and a question. `since` is the row from which titles are of this table."""
    if columns := period_columns(profiles):
        return _in_columns(region, columns)
    named = _in_sheet_name(region)
    said = {one.period for one in reading.headings if one.period}
    if named is not None and len(said) <= 2 and str(named.texts[0]) == region.sheet.name.strip():
        return named
    if reading.period is not None:
        found = [(one.pattern, one.period, one.kinds) for one in reading.headings if one.period]
        why = f"the headings say it, as in {quoted(found[0][1])}"
        return Choice(dict(reading.period), why, texts=tuple(text for _, text, _ in found), kinds=_common(found))
    if (banner := _in_banners(region)) is not None:
        return banner
    for label, text in label_above(region, _LABELS):
        if kinds := kinds_of_period([text]):
            return Choice(
                {"beside": label}, f"{quoted(text)} stands beside {quoted(label)}", texts=(text,), kinds=kinds
            )
    return _in_titles(region, since) or named or _in_file_name(file_name) or _unknown()


def _common(found: Sequence[tuple[str, str, tuple[str, ...]]]) -> tuple[str, ...]:
    """The kinds that most of some periods may be of; all the same where there are such."""
    counted = Counter(kind for _, _, kinds in found for kind in kinds)
    most = max(counted.values(), default=0)
    return tuple(kind for kind in KINDS if counted[kind] == most)


def _in_columns(region: TableRegion, columns: Sequence[ColumnProfile]) -> Choice:
    labels = [column_label(region, one.at) for one in columns]
    last = columns[-1]
    if len(columns) == 2:
        texts = tuple(
            f"{heading_text(a)} {heading_text(b)}" for a, b in zip(columns[0].cells, last.cells, strict=True) if a and b
        )
        source: dict[str, Toml] = {"parts": [{"column": label} for label in labels]}
        kinds = kinds_of_period(list(dict.fromkeys(texts))[:40])
        return Choice(source, "its parts stand in two columns", (), texts, kinds, tuple(one.at for one in columns))
    source = {"column": labels[0]}
    blanks = sum(cell is None for cell in last.cells)
    if blanks and last.cells[0] is not None and blanks >= 0.3 * len(last.cells):
        source["down"] = True
    bad = [word for word in last.words if not any(reads_as(word, kind) for kind in last.kinds)]
    questions = []
    if bad and not any(kind_of(cell) == "date" for cell in last.cells):
        words = ", ".join(quoted(word) for word in bad[:3])
        questions.append(
            f"the column also says {words}, which is another kind of period; one indicator is measured over one kind."
            f" Rows"
            f" of another kind can be left out: skip ="
            f" [{{ column = {toml_string(labels[0])}, match = '^{as_inert(escaped(bad[0]))}$' }}]."
        )
    return Choice(
        source, f"says {quoted(next(iter(last.words)))}", tuple(questions), tuple(last.words), last.kinds, (last.at,)
    )


def _in_banners(region: TableRegion) -> Choice | None:
    texts = Counter(text for _, text in row_banners(region).values())
    found = {text: every[0] for text in texts if len(every := list(find_periods(text))) == 1 and len(text) < 40}
    if not found or len(found) < 0.5 * len(texts):
        return None
    pattern = joined_pattern([(p, t) for p, t, _ in found.values()], list(found))
    why = "a row above each block names its period"
    return Choice({"banner": pattern}, why, (), tuple(t for _, t, _ in found.values()), _common(list(found.values())))


def _in_titles(region: TableRegion, since: int) -> Choice | None:
    """A cell above the headings that names one period and speaks of nothing else that has a date."""
    found = []
    for row, column, text in titles_above(region, since):
        periods = list(find_periods(text))
        if len({typed for _, typed, _ in periods}) == 1 and not _NO_PERIOD.search(text):
            found.append((row, column, text, periods[0]))
    if not found:
        return None
    row, column, text, (pattern, typed, kinds) = found[0]
    address = address_of_position(cell_position(row, column))
    source: dict[str, Toml] = {"cell": address}
    if text != typed:
        source["pattern"] = simple_pattern(pattern, [text]) if _takes(pattern, text, typed) else pattern
    others = {one[3][1]: address_of_position(cell_position(one[0], one[1])) for one in found if one[3][1] != typed}
    questions = tuple(
        f"{quoted(other)} in {where} may be meant instead; then write {{ cell = \"{where}\", pattern = '...' }}."
        for other, where in list(others.items())[:2]
    )
    return Choice(source, f"{address} says {quoted(typed)}", questions, (typed,), kinds)


def _takes(pattern: str, text: str, typed: str) -> bool:
    match = re.search(simple_pattern(pattern, [text]), text, re.I)
    return match is not None and match[0] == typed


def _in_sheet_name(region: TableRegion) -> Choice | None:
    periods = list(find_periods(region.sheet.name))
    if len(periods) != 1:
        return None
    pattern, typed, kinds = periods[0]
    source = {"sheet": joined_pattern([(pattern, typed)], [region.sheet.name])}
    return Choice(source, f"the sheet is called {quoted(region.sheet.name)}", (), (typed,), kinds)


def _in_file_name(file_name: str) -> Choice | None:
    periods = list(find_periods(file_name))
    if len(periods) == 1:
        pattern, typed, kinds = periods[0]
        return Choice(
            {"file": joined_pattern([(pattern, typed)], [file_name])},
            f"the name of the file says {quoted(typed)}",
            ('every file of this return must then say its period in its name. Or write one: period = "2010/11", say.',),
            (typed,),
            kinds,
        )
    return None


def _unknown() -> Choice:
    question = (
        'nothing says which period these figures are of. If the sheet says it, write where: period = { cell = "A1" } or'
        ' { column = "ITS HEADING" }; or write the period itself: period = "2010/11".'
    )
    return Choice({"file": "WRITE THE PERIOD HERE"}, questions=(question,))


def has_single_years(choice: Choice) -> bool:
    """Whether all that a source reads is years such as 2010, which schools may write for 2009/10."""
    return bool(choice.texts) and all(_ONLY_YEAR.fullmatch(str(text).strip()) for text in choice.texts)


def first_year(choice: Choice) -> int:
    """The earliest year that a source names; 2000 where it names none."""
    years = [int(year) for text in choice.texts for year in re.findall(r"(?:19|20)\d{2}", str(text))]
    return min(years, default=2000)
