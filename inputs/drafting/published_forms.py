"""Tables in the form of a publisher that the layout language has a `shape` for."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from local_indicators.inputs.drafting.column_profiles import ColumnProfile
from local_indicators.inputs.drafting.indicator_entries import IndicatorBook, IndicatorNeed
from local_indicators.inputs.drafting.known_words import KnownWords
from local_indicators.inputs.drafting.period_patterns import by_subject, find_periods
from local_indicators.inputs.drafting.row_words import words_by_row
from local_indicators.inputs.drafting.table_draft import TableDraft
from local_indicators.inputs.drafting.table_regions import TableRegion
from local_indicators.inputs.drafting.toml_text import Toml, quoted
from local_indicators.inputs.layouts.text_comparison import normalised
from local_indicators.inputs.readers.heading_text import heading_text
from local_indicators.schemas.reference.periods import IDENTIFIERS

Shape = Literal["", "ees", "fingertips", "nomis"]
_EES = {"time_period", "time_identifier", "geographic_level"}
_FINGERTIPS = {"indicator id", "area code", "time period", "value"}
_EES_PLACES = re.compile(
    r"time_period|time_identifier|geographic_level|(?:old|new)_la_code|.*_(?:code|id|urn|ukprn|laestab)|country_name"
    r"|region_name|la_name|estab.*|school_name|pcon_name|lad_name|provider_name|.*quintile.*|version"
)
_NOMIS_UNIT = re.compile(r"^(?:number|%|percent|per cent|rate|conf)$", re.I)


def published_shape(region: TableRegion) -> Shape:
    """The published form that a table has; "" for none."""
    headings = {normalised(one.parts[-1]) for one in region.headings.values()}
    if headings >= _EES:
        return "ees"
    if headings >= _FINGERTIPS:
        return "fingertips"
    units = 2 * sum(bool(_NOMIS_UNIT.match(one.parts[-1])) for one in region.headings.values()) >= len(region.headings)
    titles = " ".join(_words_above(region)[:60]).casefold()
    below = " ".join(heading_text(cell) for row in region.sheet.rows[region.last + 1 :][:8] for cell in row[:2])
    return "nomis" if units and "nomis" in f"{titles} {below.casefold()}" and re.search(r"\bdate\b", titles) else ""


def _words_above(region: TableRegion) -> list[str]:
    """What stands above the figures, cell by cell."""
    return [heading_text(cell) for row in region.sheet.rows[: region.first] for cell in row if cell is not None]


def ees_profiles(profiles: Mapping[int, ColumnProfile]) -> dict[int, ColumnProfile]:
    """The columns of a tidy csv of Explore Education Statistics, those that its shape reads set aside."""
    return {
        at: replace(one, role="note") if _EES_PLACES.fullmatch(normalised(one.heading)) and one.role != "area" else one
        for at, one in profiles.items()
    }


def ees_kinds(profiles: Mapping[int, ColumnProfile]) -> tuple[str, ...]:
    """The kinds of period that the column of time identifiers names, the commonest first."""
    columns = [one for one in profiles.values() if normalised(one.heading) == "time_identifier"]
    named = [word for one in columns for word, _ in one.words.most_common()]
    return tuple(kind for word in named for kind in IDENTIFIERS if kind.casefold() == word.casefold())


def as_ees(draft: TableDraft) -> TableDraft:
    """A draft of such a csv with what its shape brings left out of it."""
    for key in ("columns", "header", "area", "period", "ignore", "blank", "blank_row", "stop"):
        draft.keys.pop(key, None)
        draft.why.pop(key, None)
        draft.questions.pop(key, None)
    rest = {key: value for key, value in draft.keys.items() if key != "sheet"}
    draft.keys = {"sheet": "", "shape": "ees", **rest}
    draft.why["shape"] = "the tidy csv of Explore Education Statistics: headings, areas and periods are known"
    return draft


def draft_fingertips(
    region: TableRegion, profiles: Mapping[int, ColumnProfile], _known: KnownWords, book: IndicatorBook
) -> TableDraft:
    """The draft of an export of Fingertips: each indicator by its number."""
    draft = TableDraft(region, [region.sheet.name], {"sheet": ""})
    draft.put("shape", "fingertips", "an export of Fingertips: headings, areas, periods and values are known")
    by_heading = {normalised(one.heading): one for one in profiles.values()}
    names, values = by_heading.get("indicator name"), by_heading["value"]
    periods = by_heading["time period"]
    mapped: dict[str, Toml] = {}
    for number, rows in list(words_by_row(by_heading["indicator id"]).items())[:40]:
        title = heading_text(names.cells[rows[0]]) if names else f"Fingertips {number}"
        texts = [heading_text(periods.cells[row]) for row in rows]
        kinds = [kind for text in texts[:1] for _, _, some in find_periods(text) for kind in some]
        numbers = [float(cell) for row in rows if isinstance(cell := values.cells[row], (int, float))]
        numbers = numbers or [
            float(t) for row in rows if re.fullmatch(r"-?\d+(\.\d+)?", t := heading_text(values.cells[row]))
        ]
        share = bool(re.search(r"prevalence|percentage|proportion|%", title, re.I))
        need = IndicatorNeed(
            title=title,
            unit="%" if share else "rate",
            decimals=1,
            lowest=min(numbers, default=0.0),
            highest=max(numbers, default=100.0),
            kinds=by_subject(dict.fromkeys(kinds), title),
            area_types=("National", "Region", "Local authority", "District"),
            first_year=min((int(y) for t in texts for y in re.findall(r"(?:19|20)\d{2}", t)), default=2000),
            key=number,
        )
        mapped[number] = book.propose(need, map(str, mapped.values())).id
    draft.put("indicator", {"column": "Indicator ID", "map": mapped}, "each indicator by its number")
    _put_only(draft, by_heading)
    return draft


def _put_only(draft: TableDraft, by_heading: Mapping[str, ColumnProfile]) -> None:
    tests: list[Toml] = []
    for name in ("sex", "age"):
        column = by_heading.get(name)
        if column is None or len(column.words) < 2:
            continue
        word = next((w for w in column.words if w in ("Persons", "All ages")), column.words.most_common(1)[0][0])
        tests.append({"column": column.heading, "match": f"^{re.escape(word)}$" if word.isprintable() else "."})
        draft.ask(
            "only",
            f"only rows whose {quoted(column.heading)} is {quoted(word)} are read; write another word, or say the"
            f" groups with breakdown.",
        )
    if tests:
        draft.put("only", tests)


def draft_nomis(
    region: TableRegion, profiles: Mapping[int, ColumnProfile], known: KnownWords, book: IndicatorBook
) -> TableDraft:
    """The draft of a table of Nomis: a row for each group, a number for each area."""
    draft = TableDraft(region, [region.sheet.name], {"sheet": ""})
    draft.put("shape", "nomis", "a table of Nomis: headings, areas and the date are known")
    titles = _words_above(region)
    title = titles[0] if titles else region.sheet.name
    date = next((b for a, b in itertools.pairwise(titles) if normalised(a) == "date"), "")
    kinds = tuple(kind for _, _, some in find_periods(date) for kind in some) or ("Calendar year",)
    counted = any(normalised(one.parts[-1]) == "number" for one in region.headings.values())
    unit = (
        "number"
        if counted
        else next(one.parts[-1] for one in region.headings.values() if _NOMIS_UNIT.match(one.parts[-1]))
    )
    columns = [at for at, one in region.headings.items() if normalised(one.parts[-1]) == normalised(unit)]
    areas = [known.prefixed_area(part) for at in columns for part in region.headings[at].parts]
    labels = next((one for one in profiles.values() if one.role in ("words", "group")), None)
    mapped: dict[str, Toml] = {}
    for word, rows in list(words_by_row(labels).items())[:60] if labels else []:
        cells = [cell for at in columns for row in rows if isinstance(cell := profiles[at].cells[row], (int, float))]
        need = IndicatorNeed(
            title=f"{title}: {word}",
            unit="%" if unit.casefold() in ("%", "percent", "per cent") else unit.casefold(),
            decimals=0 if counted else 1,
            lowest=min(map(float, cells), default=0.0),
            highest=max(map(float, cells), default=100.0),
            kinds=kinds,
            area_types=tuple(dict.fromkeys(area.area_type for area in areas if area is not None)),
            first_year=min((int(y) for y in re.findall(r"(?:19|20)\d{2}", date)), default=2000),
        )
        mapped[word] = book.propose(need, map(str, mapped.values())).id
    draft.put("indicator", {"column": "[A]", "map": mapped}, "each row is an indicator of its own")
    draft.ask(
        "indicator",
        'if the rows are groups of one indicator, write indicator = "ITS-ID" and breakdown.NAME = { column = "[A]",'
        " map = { ... } } in place of this map.",
    )
    draft.put("value", [{"match": f"{re.escape(unit)}$"}])
    return draft
