"""The layout language: where each thing is said that a figure needs, and how its table lies on a sheet.

A thing (`indicator`, `area`, `period`, a `breakdown`, `provenance`) has one source: a fixed word, a column of the row,
the heading over the value, a banner row above, the sheet's name, one cell, or the file's name. Value columns say which
measure they hold and in what scale. Everything else says where a table begins, which rows belong to it, and where it
ends.
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

from inputs.stamps import OWN_SHEETS
from schemas.findings import position
from schemas.records import STRICT_KEYS
from schemas.tables import MEASURES

SHORTHAND: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("c", "*", "supp", "suppressed", "[c]"), "c"),
        **dict.fromkeys(("z", "n/a", "not applicable", "[z]"), "z"),
        **dict.fromkeys(("x", "..", ":", "not available", "[x]", "#"), "x"),
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
_FOOTNOTES = re.compile(r"(?:\s*\(\d{1,2}\)|\s*\[note \d+\]|[¹²³⁴-⁹*†‡]+)+$")


def _regex(text: object) -> re.Pattern[str]:
    if not isinstance(text, str):
        raise ValueError("must be a regular expression in quotes")
    try:
        return re.compile(text, re.IGNORECASE)
    except re.error as error:
        raise ValueError(f"is not a regular expression ({error})") from None


def plain(text: str) -> str:
    """Text as it is compared: case and spacing make no difference."""
    return " ".join(text.replace("’", "'").split()).casefold()


def same(text: str) -> str:
    """Text as it is compared where footnote marks at its end make no difference either."""
    return _FOOTNOTES.sub("", plain(text)).strip()


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Texts = Annotated[tuple[str, ...], BeforeValidator(_listed)]


@dataclass(frozen=True, eq=False)
class Source:
    """Where one thing is said. Exactly one of the places is given; a regular expression takes its first group, or the
    whole match. `pattern` then takes a part of what was found, `map` turns it into our word for it, and `default`
    stands where nothing is said."""

    __pydantic_config__ = STRICT_KEYS
    const: str | None = None
    column: Texts = ()
    header: Regex | None = None
    banner: Regex | None = None
    sheet: Regex | None = None
    cell: str | None = None
    file: Regex | None = None
    pattern: Regex | None = None
    map: Mapping[str, str] = field(default_factory=dict)
    default: str | None = None
    down: bool = False
    ending: bool = False
    identifier: str = ""

    def __post_init__(self) -> None:
        places = (self.const is not None, self.column, self.header, self.banner, self.sheet, self.cell, self.file)
        if sum(1 for place in places if place) != 1:
            raise ValueError("must name exactly one place: a plain word, column, header, banner, sheet, cell or file")
        if self.cell and position(self.cell) is None:
            raise ValueError(f"{self.cell!r} is not the address of a cell such as B2")

    @cached_property
    def mapped(self) -> Mapping[str, str]:
        return {same(key): value for key, value in self.map.items()}


Said = Annotated[Source, BeforeValidator(lambda value: {"const": value} if isinstance(value, str) else value)]
Scale = Literal["as given", "percent", "fraction", "thousands"] | float


@dataclass(frozen=True, eq=False)
class ValueColumn:
    """One value column, or all whose heading matches. `scale`: what a bare number in it means, or what it is multiplied
    by. `pattern` takes a part of what a cell says. A `margin` is how far value_low or value_high lies from the value,
    whatever its sign."""

    __pydantic_config__ = STRICT_KEYS
    column: str = ""
    match: Regex | None = None
    measure: Literal[MEASURES] = "value"  # type: ignore[valid-type]
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

    def __post_init__(self) -> None:
        if bool(self.column) == bool(self.match):
            raise ValueError("must give either column or match")
        if self.margin and self.measure not in ("value_low", "value_high"):
            raise ValueError("margin belongs to value_low or value_high")


@dataclass(frozen=True, eq=False)
class Header:
    """Where the headings are: the first row with a cell that reads `find`, or matches `match`, or row number
    `row`; only below a row that matches `after`, if that is given. `above` and `below` are further rows of the
    headings; `fill` carries a heading right over blank cells; `lead` puts a heading that matches above those to the
    right of it, up to the next that does (Pupils, Lower, Upper, Schools, Lower, Upper); `repeat` begins a new block
    wherever the headings come again."""

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

    def __post_init__(self) -> None:
        if sum(1 for way in (self.find, self.match, self.row) if way) != 1:
            raise ValueError("must say where the headings are in exactly one way: find, match or row")
        if self.row and self.repeat:
            raise ValueError("headings at a fixed row cannot repeat")

    @property
    def looked_for(self) -> str:
        """What is looked for, in words."""
        if self.row:
            return f"row {self.row}"
        return self.find or (self.match.pattern if self.match else "")


@dataclass(frozen=True, eq=False)
class RowTest:
    """Rows told by what a column says; by the first filled cell where no column is named. `of` tells figures instead,
    by what is said of their indicator, area, period or a breakdown, wherever that is said."""

    __pydantic_config__ = STRICT_KEYS
    match: Regex
    column: str = ""
    of: str = ""

    def __post_init__(self) -> None:
        if self.column and self.of:
            raise ValueError("must give column or of, not both")


RowTests = tuple[
    Annotated[RowTest, BeforeValidator(lambda value: {"match": value} if isinstance(value, str) else value)], ...
]


@dataclass(frozen=True, eq=False)
class TableLayout:
    """How one table lies on its sheets."""

    __pydantic_config__ = STRICT_KEYS
    header: Header
    value: tuple[ValueColumn, ...]
    sheet: Texts = ("*",)
    indicator: Said | None = None
    area: Said | None = None
    period: Said | None = None
    provenance: Said = field(default_factory=lambda: Source(const="reported"))
    breakdown: Mapping[str, Said] = field(default_factory=dict)
    status: Said | None = None
    ignore: Texts = ()
    only: RowTests = ()
    skip: RowTests = ()
    stop: tuple[Regex, ...] = ()
    blank_row: Literal["stop", "skip"] = "stop"
    blank: Literal["refuse", "skip", "x", "z"] = "refuse"
    markers: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, str] = field(default_factory=dict)
    hidden_rows: Literal["read", "skip"] = "read"
    hidden_sheets: Literal["read", "skip"] = "skip"
    optional: bool = False

    def __post_init__(self) -> None:
        if not self.value:
            raise ValueError("a table needs at least one value column")
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
        return {**SHORTHAND, **{plain(mark): status for mark, status in self.markers.items()}}

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
        every = (self.header.find, *named, *tested, *(value.column for value in self.value))
        return tuple(dict.fromkeys(label for label in every if label))

    @cached_property
    def indicators(self) -> tuple[str, ...]:
        """Every indicator that the table can be about, where the layout names them."""
        sources = [scope.indicator for scope in self.scopes if scope.indicator is not None]
        named = (word for one in sources for word in (one.const, one.default, *one.map.values()) if word)
        return tuple(dict.fromkeys(named))

    def takes_sheet(self, name: str) -> bool:
        return name.casefold() not in OWN_SHEETS and any(
            fnmatchcase(plain(name), plain(pattern)) for pattern in self.sheet
        )


def sources_of(scope: TableLayout | ValueColumn) -> Iterator[Source]:
    """Every source that a table or a value column gives."""
    named = (scope.indicator, scope.area, scope.period, scope.provenance, getattr(scope, "status", None))
    return (source for source in (*named, *scope.breakdown.values()) if isinstance(source, Source))


@dataclass(frozen=True, eq=False)
class LayoutRecord:
    """A layout as the TOML says it, with the dates of arrival it is for."""

    __pydantic_config__ = STRICT_KEYS
    table: tuple[TableLayout, ...]
    valid_from: date | None = None
    valid_to: date | None = None
    ignore_sheets: Texts = ()
