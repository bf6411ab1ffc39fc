"""What tells rows apart that are of the same area and period: the indicator, or groups that no dimension knows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from local_indicators.inputs.drafting.column_profiles import ColumnProfile
from local_indicators.inputs.drafting.known_words import is_total
from local_indicators.inputs.layouts.text_comparison import normalised_without_footnotes
from local_indicators.inputs.readers.heading_text import heading_text

_INDICATOR = re.compile(
    r"indicator|measure|metric|\bkpi\b|performance|description|question|statement|variable|outcome|output|title|item|\bni\b",
    re.I,
)
_KIND = re.compile(
    r"type|category|group|\bage\b|sex|gender|level|class|status|ethnic|school|sector|region|filter|tenure", re.I
)

FEW = 0.1
"""Up to this share of the rows of a table may repeat others, as sums below it do, before words must tell them apart."""


@dataclass(frozen=True)
class RowWords:
    """The column of words that names the indicator of each row, if one does, and those of which one group alone can be
    read. `banner`: the rows above blocks name the indicator. `repeated`: rows are of the same thing all the same."""

    indicator: ColumnProfile | None = None
    filters: tuple[ColumnProfile, ...] = ()
    banner: bool = False
    repeated: bool = False


def tell_apart(
    keys: Sequence[ColumnProfile],
    words: Sequence[ColumnProfile],
    banners: Sequence[str],
    *,
    across: bool,
    used_banner: bool,
) -> RowWords:
    """What tells rows apart beside their areas, periods and groups (`keys`). `across`: areas or periods stand over the
    columns, so that the words of a row most likely name its indicator. `banners` are by row."""
    rows = range(len((*keys, *words)[0].cells)) if keys or words else range(0)
    known = [tuple(_word(one, row) for one in keys) for row in rows]
    if used_banner:
        known = [(*key, banners[row]) for row, key in enumerate(known)]
    candidates = [one for one in words if len(one.words) > 1]
    chosen: list[ColumnProfile] = []
    while candidates and len(known) - len(set(known)) > FEW * len(known):
        best = max(candidates, key=lambda one: (_gain(known, one), _likely(one), -len(one.words), -one.at))
        if _gain(known, best) == 0:
            break
        candidates.remove(best)
        chosen.append(best)
        known = [(*key, _word(best, row)) for row, key in enumerate(known)]
    banner = False
    if not used_banner and any(banners) and _repeats(known):
        with_banner = [(*key, banners[row]) for row, key in enumerate(known)]
        if len(set(with_banner)) > len(set(known)):
            banner, known = True, with_banner
    indicator = next((one for one in chosen if _names_indicator(one, across, bool(keys))), None)
    if banner:
        indicator = None
    filters = tuple(one for one in chosen if one is not indicator)
    return RowWords(indicator, filters, banner, _repeats(known))


def _word(profile: ColumnProfile, row: int) -> str:
    return normalised_without_footnotes(heading_text(profile.cells[row]))


def _repeats(keys: Sequence[tuple[str, ...]]) -> bool:
    return len(set(keys)) < len(keys)


def _gain(keys: Sequence[tuple[str, ...]], profile: ColumnProfile) -> int:
    """How many more rows a column tells apart, in steps: a few rows more or less make no difference."""
    return len({(*key, _word(profile, row)) for row, key in enumerate(keys)}) - len(set(keys))


def _likely(profile: ColumnProfile) -> bool:
    return bool(_INDICATOR.search(profile.heading))


def _names_indicator(profile: ColumnProfile, across: bool, keyed: bool) -> bool:
    if _INDICATOR.search(profile.heading):
        return True
    return (across or not keyed) and not _KIND.search(profile.heading)


def total_word(profile: ColumnProfile) -> str:
    """The word of a column that stands for all of its groups; the commonest of it where none does."""
    totals = [word for word in profile.words if is_total(word)]
    totals += [word for word in profile.words if re.match(r"(?:all|total)\b", word, re.I)]
    return totals[0] if totals else profile.words.most_common(1)[0][0]


def words_by_row(profile: ColumnProfile) -> Mapping[str, list[int]]:
    """The rows of each word of a column, by the first way in which it is typed."""
    rows: dict[str, list[int]] = {}
    typed: dict[str, str] = {}
    for row, cell in enumerate(profile.cells):
        if text := heading_text(cell):
            rows.setdefault(typed.setdefault(normalised_without_footnotes(text), text), []).append(row)
    return rows
