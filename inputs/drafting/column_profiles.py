"""What each column of a table holds: areas, periods, groups, numbers, or words."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from local_indicators.inputs.drafting.cell_kinds import kind_of
from local_indicators.inputs.drafting.known_words import KnownWords, is_total
from local_indicators.inputs.drafting.period_patterns import KINDS, find_periods, reads_as
from local_indicators.inputs.drafting.table_regions import TableRegion
from local_indicators.inputs.layouts.text_comparison import normalised
from local_indicators.inputs.readers.cells import Cell
from local_indicators.inputs.readers.heading_text import heading_text

Role = Literal["area", "period", "quarter", "year", "group", "value", "words", "note", "blank"]
MOST_DISTINCT = 400
"""Different cells of a column that are looked up."""
_CODED = re.compile(r"code|\bdfe\b|\bons\b|\bla ?(?:no|number|num)\b|lea|estab", re.I)
_PERIOD_WORDS = re.compile(
    r"^year|\byear$|period|^date|\bdate$|month|quarter|\bterm$|week|time|academic year|financial year|^year", re.I
)
_NOTE_WORDS = re.compile(r"foot ?note|^notes?\b|\bnotes?$|^flags?$|comment|remark|marker|^source$|^link$|working", re.I)
_INDEX_WORDS = re.compile(r"^(?:index|no\.?|number|row|id|#|order|rank|ranking|sort|old_?la_?code|urn)$", re.I)
PART_OF_YEAR = re.compile(
    r"(?:Q|quarter |qtr )[1-4]|(?:January|February|March|April|May|June|July|August|September|October|November"
    r"|December)|(?:autumn|spring|summer)(?: term)?",
    re.I,
)
"""A quarter, a month or a term without its year."""


@dataclass(frozen=True, eq=False)
class ColumnProfile:
    """A column of a table. `cells` are those of its rows of figures; `words` the different words in it with how often
    each comes; `known` the share of them that its role knows; `dimension` is set for groups, `kinds` for periods."""

    at: int
    heading: str
    role: Role
    cells: tuple[Cell, ...]
    words: Counter[str]
    known: float = 0.0
    dimension: str = ""
    kinds: tuple[str, ...] = ()
    coded: bool = False

    @property
    def filled(self) -> list[Cell]:
        """The cells that hold something."""
        return [cell for cell in self.cells if kind_of(cell) != "blank"]


def profile_columns(region: TableRegion, known: KnownWords) -> dict[int, ColumnProfile]:
    """The columns of a table from left to right."""
    under = _merged_down(region)
    profiles: dict[int, ColumnProfile] = {}
    for at in range(region.columns[0], region.columns[1] + 1):
        cells = tuple(
            cell if (cell := region.sheet.cell(row, at)) is not None else under.get((row, at)) for row in region.figures
        )
        heading = region.headings[at].text if at in region.headings else ""
        profiles[at] = _profile(at, heading, cells, known)
    return profiles


def _merged_down(region: TableRegion) -> dict[tuple[int, int], Cell]:
    """What is seen in cells that are merged into the one above."""
    seen: dict[tuple[int, int], Cell] = {}
    for top, left, bottom, _ in region.sheet.merged:
        if bottom > top >= region.first:
            for row in range(top + 1, min(bottom, region.last) + 1):
                seen[row, left] = region.sheet.cell(top, left)
    return seen


def _profile(at: int, heading: str, cells: tuple[Cell, ...], known: KnownWords) -> ColumnProfile:
    filled = [cell for cell in cells if kind_of(cell) != "blank"]
    words = Counter(heading_text(cell) for cell in filled)
    if not filled:
        return ColumnProfile(at, heading, "blank", cells, words)
    last = heading.rpartition(" | ")[2]
    kinds = Counter(kind_of(cell) for cell in filled)
    numbers = kinds["number"] / len(filled)
    distinct = list(words)[:MOST_DISTINCT]
    areas = _share(known.area(word) is not None or known.prefixed_area(word) is not None for word in distinct)
    coded = bool(_CODED.search(heading)) or all(any(sign.isdigit() for sign in word) for word in distinct)
    plain = kinds["text"] < 0.5 * len(filled)
    if areas >= (0.8 if plain else 0.4) and (not plain or _CODED.search(heading)):
        return ColumnProfile(at, heading, "area", cells, words, areas, coded=coded)
    if period := _period(at, heading, cells, words, filled):
        return period
    marks = kinds["mark"] + kinds["number"] + kinds["year"]
    if numbers >= 0.5 or (marks >= 0.8 * len(filled) and kinds["number"] + kinds["year"] > 0):
        role: Role = "note" if _INDEX_WORDS.match(last) and _counts_up(filled) else "value"
        return ColumnProfile(at, heading, role, cells, words, numbers)
    if kinds["mark"] == len(filled) and any(text == last for _, text, _ in find_periods(last)):
        return ColumnProfile(at, heading, "value", cells, words)  # a year of which nothing is known
    if dimension := known.dimension_of(distinct):
        share = _share(bool(known.group(dimension, word)) or is_total(word) for word in distinct)
        return ColumnProfile(at, heading, "group", cells, words, share, dimension)
    if _NOTE_WORDS.search(last) or (kinds["mark"] == len(filled) and not kinds["number"]):
        return ColumnProfile(at, heading, "note", cells, words)
    if kinds["number"] and kinds["number"] + kinds["mark"] >= 0.3 * len(filled) and len(words) > 6:
        return ColumnProfile(at, heading, "value", cells, words, numbers)
    return ColumnProfile(at, heading, "words", cells, words)


def _period(
    at: int, heading: str, cells: tuple[Cell, ...], words: Counter[str], filled: list[Cell]
) -> ColumnProfile | None:
    """The profile of a column of periods; None where it holds none."""
    last = heading.rpartition(" | ")[2]
    named = bool(_PERIOD_WORDS.search(normalised(last).replace("_", " ")))
    distinct = {heading_text(cell): cell for cell in filled}
    if _share(bool(PART_OF_YEAR.fullmatch(word)) for word in distinct) == 1 and len(distinct) <= 12:
        return ColumnProfile(at, heading, "quarter", cells, words)
    some = list(distinct.items())[:60]
    fitting = {kind: _share(_reads(word, cell, kind) for word, cell in some) for kind in KINDS}
    best = max(fitting.values())
    if named and best < 0.8:  # periods of several kinds, one for each indicator
        best = max(best, 0.8 * (_share(any(_reads(w, c, kind) for kind in KINDS) for w, c in some) >= 0.8))
    years = all(kind_of(cell) == "year" for cell in distinct.values())
    few = len(distinct) <= max(3, 0.5 * len(filled)) or _runs(filled)
    if best < 0.8 or (years and not named and not few):
        return None
    if years and not named and heading and not _is_sorted(filled) and len(distinct) > 1 and not few:
        return None
    kinds = tuple(kind for kind, share in fitting.items() if share == max(fitting.values()))
    return ColumnProfile(at, heading, "period", cells, words, best, kinds=kinds)


def _reads(word: str, cell: Cell, kind: str) -> bool:
    return reads_as(word, kind) or (not isinstance(cell, str) and reads_as(cell, kind))


def _runs(filled: list[Cell]) -> bool:
    """Whether years follow each other, one to a row."""
    numbers = [int(text) for cell in filled if (text := heading_text(cell)).isdigit()]
    steps = {abs(b - a) for a, b in itertools.pairwise(numbers)}
    return len(numbers) == len(filled) and steps <= {1, 101}


def _is_sorted(filled: list[Cell]) -> bool:
    texts = [heading_text(cell) for cell in filled]
    return texts in (sorted(texts), sorted(texts, reverse=True))


def _counts_up(filled: list[Cell]) -> bool:
    """Whether all are whole numbers, most of them different, as those that count rows are."""
    whole = [cell for cell in filled if isinstance(cell, (int, float)) and float(cell).is_integer()]
    return len(whole) == len(filled) and len(set(whole)) >= 0.8 * len(whole)


def _share(answers: Iterable[bool]) -> float:
    every = list(answers)
    return sum(every) / len(every) if every else 0.0
