"""The layout language: where each thing is said that a figure needs, and how its table lies on a sheet.

A thing (`indicator`, `area`, `period`, a `breakdown`, `provenance`) has one source: a fixed word, a column of the row,
the heading over the value, a banner row above, the sheet's name, one cell, the cell beside or under a label, the file's
name, or several of these read one after the other. Value columns say which measure they hold and in what scale.
Everything else says where a table begins, which rows belong to it, and where it ends. docs/layouts.md is for people.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from functools import cached_property
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import BeforeValidator

from local_indicators.common.cell_references import column_number, position_of_address, range_corners
from local_indicators.common.config_files import STRICT_KEYS
from local_indicators.inputs.layouts.text_comparison import normalised, normalised_without_footnotes
from local_indicators.schemas.observations import MEASURES, ROUNDING_BASES

NOTES_SHEET = "How to fill this in"
LISTS_SHEET = "_template_lists"
OWN_SHEETS = frozenset({NOTES_SHEET.casefold(), LISTS_SHEET})
"""Sheets of a template, in small letters, that hold nothing of the sender's: no layout reads them."""

SHORTHAND: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("c", "*", "supp", "suppressed", "[c]"), "c"),
        **dict.fromkeys(("z", "n/a", "not applicable", "[z]"), "z"),
        **dict.fromkeys(("x", "..", ":", "not available", "[x]", "[w]", "#"), "x"),
        **dict.fromkeys(("low", "k", "~", "[low]"), "low"),
        **dict.fromkeys(("u", "[u]"), "u"),
    }
)
"""Marks for a missing value that mean the same everywhere. `-` and `.` do not: a layout must say what they mean."""
STATUSES = ("c", "z", "x", "low", "u")
FLAGS = ("p", "e", "r", "u", "f", "b", "")
REASONS = ("c", "z", "x", "low")
"""What a status column may say of a figure that is not given; of one that is given it is left out of account."""

Regex = Annotated[re.Pattern[str], BeforeValidator(lambda text: _regex(text))]
_RANGE = re.compile(r"([A-Z]{1,3}):([A-Z]{1,3})")


def _regex(text: object) -> re.Pattern[str]:
    if not isinstance(text, str):
        raise ValueError("must be a regular expression in quotes")
    try:
        return re.compile(text, re.IGNORECASE)
    except re.error as error:
        raise ValueError(f"is not a regular expression ({error})") from None


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Texts = Annotated[tuple[str, ...], BeforeValidator(_listed)]


def _check_rounding(base: float | None) -> None:
    if base is not None and base not in ROUNDING_BASES:
        known = ", ".join(map(str, reversed(ROUNDING_BASES)))
        raise ValueError(f"rounded_to must be one of {known}; found {base:g}")


PLACES = ("column", "header", "banner", "sheet", "cell", "beside", "under", "file", "parts", "any")


@dataclass(frozen=True, eq=False)
class Source:
    """Where one thing is said. Exactly one of the places is given; a regular expression takes its first group, or the
    whole match. `pattern` then takes a part of what was found, `map` turns it into our word for it, and `default`
    stands where nothing is said. `parts` are several sources read one after the other, `any` several of which the first
    counts that says something. `down` carries what a column
    says down to the rows in which it says nothing (or nothing that fits `pattern`). `on` names the sheet that `cell`,
    `beside` or `under` look at, where it is another one. `level` is the column that says what kind of area a row is of,
    and `levels` our area types by the words in it: a code or name of another kind contradicts it."""

    __pydantic_config__ = STRICT_KEYS
    const: str | None = None
    column: Texts = ()
    header: Regex | None = None
    banner: Regex | None = None
    sheet: Regex | None = None
    cell: str | None = None
    beside: str = ""
    under: str = ""
    file: Regex | None = None
    parts: tuple[Said, ...] = ()
    any: tuple[Said, ...] = ()
    on: str = ""
    pattern: Regex | None = None
    map: Mapping[str, str] = field(default_factory=dict)
    default: str | None = None
    down: bool = False
    ending: bool = False
    identifier: str = ""
    level: str = ""
    levels: Mapping[str, Texts] = field(default_factory=dict)

    def __post_init__(self) -> None:
        where = (self.column, self.header, self.banner, self.sheet, self.cell, self.beside, self.under, self.file)
        if sum(1 for place in (self.const is not None, *where, self.parts, self.any) if place) != 1:
            raise ValueError(f"must name exactly one place: a plain word, {', '.join(PLACES)}")
        if self.cell and position_of_address(self.cell) is None:
            raise ValueError(f"{self.cell!r} is not the address of a cell such as B2")
        if self.on and not (self.cell or self.beside or self.under):
            raise ValueError("on belongs to cell, beside or under")
        for name, given in (("down", self.down), ("identifier", self.identifier), ("level", self.level)):
            if given and not self.column:
                raise ValueError(f"{name} belongs to column")
        if [one for one in self.any if one.column or one.any]:
            raise ValueError("any is of places other than columns: a list of columns is the first of them that fits")
        if self.levels and not self.level:
            raise ValueError("levels belongs to level")
        if self.const is not None and (self.pattern or self.map or self.default is not None):
            raise ValueError("a plain word needs no pattern, map or default")

    @cached_property
    def mapped(self) -> Mapping[str, str]:
        """The words of `map`, as they are compared, with ours for each."""
        return {normalised_without_footnotes(key): value for key, value in self.map.items()}

    @cached_property
    def kinds(self) -> Mapping[str, tuple[str, ...]]:
        """Our area types by the words of the column `level`, as they are compared."""
        return {normalised_without_footnotes(key): value for key, value in self.levels.items()}


Said = Annotated[Source, BeforeValidator(lambda value: {"const": value} if isinstance(value, str) else value)]
Scale = Literal["as given", "percent", "fraction", "thousands"] | float


@dataclass(frozen=True, eq=False)
class ValueColumn:
    """One value column, or all whose heading matches. `scale`: what a bare number in it means, or what it is multiplied
    by. `pattern` takes a part of what a cell says. A `margin` is how far value_low or value_high lies from the value,
    whatever its sign. The measure `status` is a column that says of the value beside it how sure it is. An `optional`
    column may be missing. Of several headings in `column` the first that is there counts. `rounded_to` is the base that
    the counts of the column are rounded to."""

    __pydantic_config__ = STRICT_KEYS
    column: str | tuple[str, ...] = ""
    match: Regex | None = None
    measure: Literal[(*MEASURES, "status")] = "value"  # type: ignore[valid-type]
    scale: Scale = "as given"
    pattern: Regex | None = None
    margin: bool = False
    indicator: Said | None = None
    area: Said | None = None
    period: Said | None = None
    provenance: Said | None = None
    status: Literal["p", "e", "r", "u", "f"] | None = None
    breakdown: Mapping[str, Said] = field(default_factory=dict)
    blank: Literal["refuse", "skip", "x", "z"] | None = None
    optional: bool = False
    rounded_to: float | None = None

    def __post_init__(self) -> None:
        _check_rounding(self.rounded_to)
        if bool(self.column) == bool(self.match):
            raise ValueError("must give either column or match")
        if self.measure in ("value_text", "status") and self.scale != "as given":
            raise ValueError(f"scale belongs to numbers, not to {self.measure}")
        if self.margin and self.measure not in ("value_low", "value_high"):
            raise ValueError("margin belongs to value_low or value_high")

    @property
    def headings(self) -> tuple[str, ...]:
        """The headings that the column may have, the first of them the one that we call it by; none with `match`."""
        return (self.column,) if isinstance(self.column, str) and self.column else tuple(self.column)

    @property
    def heading(self) -> str:
        """The first heading, "" where there is none."""
        return next(iter(self.headings), "")


@dataclass(frozen=True, eq=False)
class Header:
    """Where the headings are: the first row with a cell that reads `find`, or matches `match`, or row number
    `row`; only below a row that matches `after`, if that is given. `above` and `below` are further rows of the
    headings; `fill` carries a heading right over blank cells; `lead` puts a heading that matches above those to the
    right of it, up to the next that does (Pupils, Lower, Upper, Schools, Lower, Upper); `repeat` begins a new block
    wherever the headings come again further down, and `across` wherever they come again further right."""

    __pydantic_config__ = STRICT_KEYS
    find: str = ""
    match: Regex | None = None
    row: int = 0
    after: Regex | None = None
    above: int = 0
    below: int = 0
    fill: bool = False
    lead: Regex | None = None
    repeat: bool = False
    across: bool = False

    def __post_init__(self) -> None:
        if sum(1 for way in (self.find, self.match, self.row) if way) != 1:
            raise ValueError("must say where the headings are in exactly one way: find, match or row")
        if self.row and (self.repeat or self.across or self.after):
            raise ValueError("headings at a fixed row cannot repeat, go across or come after another row")
        if min(self.row, self.above, self.below) < 0:
            raise ValueError("row, above and below count rows and cannot be negative")

    @property
    def looked_for(self) -> str:
        """What is looked for, in words."""
        if self.row:
            return f"row {self.row}"
        return self.find or (self.match.pattern if self.match else "")


@dataclass(frozen=True, eq=False)
class RowFilter:
    """Rows told by what a column says; by the first filled cell where no column is named. `of` tells figures instead,
    by what is said of their indicator, area, period or a breakdown, wherever that is said. `preset` is the shape that a
    test comes from; nobody types it."""

    __pydantic_config__ = STRICT_KEYS
    match: Regex
    column: str = ""
    of: str = ""
    preset: str = ""

    def __post_init__(self) -> None:
        if self.column and self.of:
            raise ValueError("must give column or of, not both")


RowTests = tuple[
    Annotated[RowFilter, BeforeValidator(lambda value: {"match": value} if isinstance(value, str) else value)], ...
]


@dataclass(frozen=True, eq=False)
class TableLayout:
    """How one table lies on its sheets."""

    __pydantic_config__ = STRICT_KEYS
    header: Header
    value: tuple[ValueColumn, ...]
    sheet: Texts = ("*",)
    columns: str = ""
    indicator: Said | None = None
    area: Said | None = None
    period: Said | None = None
    provenance: Said = field(default_factory=lambda: Source(const="reported"))
    breakdown: Mapping[str, Said] = field(default_factory=dict)
    status: Said | None = None
    ignore: Texts = ()
    ignore_cells: Texts = ()
    roles: Texts = ()
    places: Texts = ()
    only: RowTests = ()
    skip: RowTests = ()
    stop: tuple[Regex, ...] = ()
    blank_row: Literal["stop", "skip"] = "stop"
    blank: Literal["refuse", "skip", "x", "z"] = "refuse"
    markers: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, str] = field(default_factory=dict)
    decimal: Literal[".", ","] = "."
    rounded_to: float | None = None
    formats: Literal["seen", "held"] = "seen"
    hidden_rows: Literal["read", "skip"] = "read"
    hidden_sheets: Literal["read", "skip"] = "skip"
    optional: bool = False

    def __post_init__(self) -> None:
        _check_rounding(self.rounded_to)
        if not self.value:
            raise ValueError("a table needs at least one value column")
        if self.columns and not _RANGE.fullmatch(self.columns):
            raise ValueError(f"columns must be a range of letters such as A:F; found {self.columns!r}")
        for cells in self.ignore_cells:
            if range_corners(cells) is None:
                raise ValueError(f"ignore_cells must be ranges of cells such as H1:K5; found {cells!r}")
        told = {"indicator", "area", "period", *(name for scope in self.scopes for name in scope.breakdown)}
        for test in (*self.only, *self.skip):
            if test.of and test.of not in told:
                raise ValueError(f"of must be one of {', '.join(sorted(told))}; found {test.of!r}")
        for mark, status in self.markers.items():
            if status not in STATUSES:
                raise ValueError(f"marker {mark!r} must mean one of {', '.join(STATUSES)}; found {status!r}")
        for mark, status in self.flags.items():
            if status not in FLAGS:
                raise ValueError(f"flag {mark!r} must mean one of {', '.join(FLAGS[:-1])} or nothing; found {status!r}")

    @cached_property
    def marks(self) -> Mapping[str, str]:
        """The status that each mark stands for, as marks are compared."""
        return {**SHORTHAND, **{normalised(mark): status for mark, status in self.markers.items()}}

    @property
    def scopes(self) -> tuple[TableLayout | ValueColumn, ...]:
        """The table itself and each value column: where sources are given."""
        return (self, *self.value)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Every heading that the layout looks for by name; a source of several columns needs one of them only."""
        sources = [source for scope in self.scopes for source in sources_of(scope)]
        named = [source.column[0] for source in sources if len(source.column) == 1]
        tested = [test.column for test in (*self.only, *self.skip)]
        valued = [value.heading for value in self.value if not value.optional and len(value.headings) == 1]
        every = (self.header.find, *named, *tested, *valued)
        return tuple(dict.fromkeys(label for label in every if label))

    @cached_property
    def indicators(self) -> tuple[str, ...]:
        """Every indicator that the table can be about, where the layout names them."""
        sources = [scope.indicator for scope in self.scopes if scope.indicator is not None]
        named = (word for source in sources for word in (source.const, source.default, *source.map.values()) if word)
        return tuple(dict.fromkeys(named))

    @cached_property
    def column_range(self) -> tuple[int, int] | None:
        """The first and the last column that the table may use, counted from 0; None for all."""
        match = _RANGE.fullmatch(self.columns)
        return (column_number(match[1]), column_number(match[2])) if match else None

    def takes_sheet(self, name: str) -> bool:
        """Whether the table is looked for on a sheet of this name."""
        return name.casefold() not in OWN_SHEETS and _like(name, self.sheet)


def _like(name: str, patterns: Texts) -> bool:
    return any(fnmatchcase(normalised(name), normalised(pattern)) for pattern in patterns)


FIELDS = ("indicator", "area", "period", "provenance", "status")
"""The fields of a figure that are no dimension of a breakdown."""


def field_sources(scope: TableLayout | ValueColumn) -> Iterator[tuple[str, Source]]:
    """Each field (one of FIELDS, or a dimension) that a table or a value column gives, with where it is given."""
    named = ((name, getattr(scope, name, None)) for name in FIELDS)
    for name, source in (*named, *scope.breakdown.items()):
        if isinstance(source, Source):
            yield name, source


def sources_of(scope: TableLayout | ValueColumn) -> Iterator[Source]:
    """Every source that a table or a value column gives, those that are put together from parts by their parts."""
    for _, source in field_sources(scope):
        yield from parts_of(source)


def parts_of(source: Source) -> Iterator[Source]:
    """A source itself, or those that it is put together from."""
    if not source.parts and not source.any:
        yield source
    for part in (*source.parts, *source.any):
        yield from parts_of(part)


@dataclass(frozen=True, eq=False)
class LayoutRecord:
    """A layout as the TOML says it, with the dates of arrival it is for. `images` says that pictures and embedded
    objects are expected: they are not told of, and pictures stay in a marked-up copy."""

    __pydantic_config__ = STRICT_KEYS
    table: tuple[TableLayout, ...]
    valid_from: date | None = None
    valid_to: date | None = None
    ignore_sheets: Texts = ()
    images: bool = False

    def ignores(self, sheet: str) -> bool:
        """Whether a sheet is one of those that are ignored where no table takes it."""
        return _like(sheet, self.ignore_sheets)

    def takes(self, table: TableLayout, sheet: str) -> bool:
        """Whether a table is to be read on a sheet. A sheet that is ignored is taken only by a table that gives its
        whole name; `*` ignores all that no table takes."""
        ignored = _like(sheet, tuple(sheet for sheet in self.ignore_sheets if sheet != "*"))
        whole = normalised(sheet) in map(normalised, table.sheet)
        return table.takes_sheet(sheet) and (whole or not ignored)
